//! An anchored batch that is not here: who was asked for it, and who is asked next.

use std::collections::BTreeMap;

use parclose_exchange::{Gathering, Message};
use parclose_types::{ChannelCommitment, Height, PublicKey};

use super::Room;

/// Looks before somebody who has not answered is asked again. A room looks at every head.
const ASKED_AGAIN_AFTER: u64 = 16;
/// Looks for which an answer that has begun to come is waited with.
const COMES_WITHIN: u64 = 4;

/// A batch that is missing here, since a height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) commitment: ChannelCommitment,
    since: Height,
    /// how often it was looked for
    looks: u64,
    /// who was asked for it last at which look
    asked: BTreeMap<PublicKey, u64>,
}

impl Missing {
    fn since(commitment: ChannelCommitment, height: Height) -> Self {
        Self { commitment, since: height, looks: 0, asked: BTreeMap::new() }
    }

    /// Who may be asked now, of those who may have it; nobody while an answer comes.
    fn due(&self, others: &[PublicKey], comes_from: impl Fn(&PublicKey) -> bool) -> Vec<PublicKey> {
        let within = |asked: &u64, looks: u64| self.looks < asked.saturating_add(looks);
        if self.asked.iter().any(|(member, at)| within(at, COMES_WITHIN) && comes_from(member)) {
            return Vec::new();
        }
        let is_due =
            |other: &&PublicKey| self.asked.get(*other).is_none_or(|at| !within(at, ASKED_AGAIN_AFTER));
        others.iter().filter(is_due).copied().collect()
    }
}

impl Room {
    /// Asks for a batch that is missing: `false` once that was in vain for too long.
    ///
    /// # Rules
    ///
    /// > NOD-06: a batch that stays missing for `missing_batch_after` heights stops the channel visibly, counted from when it was first missed here.
    /// > NOD-26: who is behind by more than one event asks one member at a time for the batch that it misses, nobody while an answer comes, and each at most every 16 looks.
    pub(super) fn ask_for_missing(&mut self, commitment: ChannelCommitment) -> bool {
        let head = self.parts.root.head();
        let known = self.missing.take().filter(|missing| missing.commitment == commitment);
        let mut missing = known.unwrap_or_else(|| Missing::since(commitment, head));
        let patience = self.channel.definition().parameters.missing_batch_after;
        let is_in_time = head.0 <= missing.since.0.saturating_add(patience);
        if is_in_time {
            self.ask_next(&mut missing);
        }
        self.missing = Some(missing);
        is_in_time
    }

    fn ask_next(&mut self, missing: &mut Missing) {
        missing.looks = missing.looks.saturating_add(1);
        if let (true, true, Some(informant)) =
            (missing.asked.is_empty(), self.ahead.expects(&missing.commitment), self.informant)
        {
            // It was asked for with the one before.
            missing.asked.insert(informant, missing.looks);
            return;
        }
        let begun = |from: &PublicKey| self.gathering.get(from).is_some_and(Gathering::is_begun);
        let mut due = missing.due(&self.newest.others(), begun);
        // Who had the one before has this one, too.
        due.sort_by_key(|member| Some(*member) != self.informant);
        let asks_all = missing.asked.is_empty() && self.behind() <= 1;
        let fetch = Message::Fetch { tag: self.channel.tag(), commitment: missing.commitment };
        for member in due {
            if self.send(&member, &fetch) {
                missing.asked.insert(member, missing.looks);
                if !asks_all {
                    self.ahead.forget();
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nod_26_nobody_is_asked_while_an_answer_comes_or_twice_in_a_while() {
        let members = [1, 2, 3].map(|byte| PublicKey([byte; 32]));
        let mut missing = Missing::since(ChannelCommitment(parclose_types::Digest([7; 32])), Height(10));
        let due = |missing: &Missing, looks: u64, from: &[PublicKey]| {
            Missing { looks, ..missing.clone() }.due(&members, |member| from.contains(member))
        };
        assert_eq!(due(&missing, 10, &members), members, "nobody was asked: what comes is something else");
        missing.asked.insert(members[0], 10);
        assert_eq!(due(&missing, 10, &[]), members[1..]);
        assert_eq!(due(&missing, 13, &members[..1]), [], "its answer comes");
        assert_eq!(due(&missing, 13, &members[1..]), members[1..], "that is no answer");
        assert_eq!(due(&missing, 14, &members[..1]), members[1..], "it has stayed away half way");
        assert_eq!(due(&missing, 25, &[]), members[1..]);
        assert_eq!(due(&missing, 26, &[]), members, "it may be asked again");
    }
}
