//! Erasing, and what other members say is erased: asked of the next one where the log does not say so.

use std::collections::{BTreeMap, BTreeSet};

use parclose_channel::ChannelError;
use parclose_exchange::Message;
use parclose_types::{ChannelCommitment, PublicKey};

use super::Room;

/// Batches that are asked for at one head.
const ASKED_AT_ONCE: usize = 4;

/// Batches of which something was handed out as erased that the log does not erase, and who was asked for them.
#[derive(Debug, Default)]
pub(super) struct Withheld(BTreeMap<ChannelCommitment, BTreeSet<PublicKey>>);

impl Withheld {
    /// Whether what is lacking of a batch was asked for.
    pub(super) fn expects(&self, commitment: &ChannelCommitment) -> bool {
        self.0.contains_key(commitment)
    }

    /// Who is asked next: one after the other, and from the first on again.
    fn next(&mut self, commitment: ChannelCommitment, others: &[PublicKey]) -> Option<PublicKey> {
        let asked = self.0.entry(commitment).or_default();
        if others.iter().all(|other| asked.contains(other)) {
            asked.clear();
        }
        let next = others.iter().find(|other| !asked.contains(*other)).copied();
        asked.extend(next);
        next
    }
}

impl Room {
    /// Carries out what the log has erased; a store that cannot stops the room.
    pub(super) fn shred(&mut self) {
        match self.channel.carry_out_erasures() {
            // What is confirmed is read off the state.
            Ok(shredded) => self.upkeep_wanted |= shredded,
            Err(error) => self.stopped = Some(error),
        }
    }

    /// Asks for what is lacking here and the log does not erase, once everything that is ordered is executed.
    ///
    /// # Rules
    ///
    /// > NOD-39: a room that has executed everything asks one member after the other, at each head, for what was handed out to it as erased and is not erased by the log.
    pub(super) fn ask_for_withheld(&mut self) {
        if self.stopped.is_some() || self.executed() < self.ordered() {
            return;
        }
        let Ok(lacking) = self.channel.withheld() else { return };
        self.withheld.0.retain(|commitment, _| lacking.contains(commitment));
        let (tag, others) = (self.channel.tag(), self.newest.others());
        for commitment in lacking.into_iter().take(ASKED_AT_ONCE) {
            if let Some(member) = self.withheld.next(commitment, &others) {
                self.send(&member, &Message::Fetch { tag, commitment });
            }
        }
    }

    pub(super) fn on_filled(&mut self, filled: Result<bool, ChannelError>) {
        match filled {
            Ok(true) => self.shred(),
            Ok(false) => {}
            Err(error) => self.stopped = Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use parclose_types::Digest;

    use super::*;

    #[test]
    fn nod_39_one_member_after_the_other_is_asked() {
        let members = [1, 2, 3].map(|byte| PublicKey([byte; 32]));
        let of = |byte| ChannelCommitment(Digest([byte; 32]));
        let mut withheld = Withheld::default();
        assert!(!withheld.expects(&of(7)));
        let asked: Vec<_> = (0..4).filter_map(|_| withheld.next(of(7), &members)).collect();
        assert_eq!(asked, [members[0], members[1], members[2], members[0]]);
        assert_eq!(withheld.next(of(8), &members), Some(members[0]), "each batch by itself");
        assert_eq!(withheld.next(of(8), &[]), None);
        assert!(withheld.expects(&of(7)));
    }
}
