//! Batches behind the one that is missing, asked of whoever answers: they come while that one is executed.

use std::collections::BTreeSet;

use parclose_exchange::Message;
use parclose_root::RootTransaction;
use parclose_types::{ChannelCommitment, PublicKey, Sequence};

use super::Room;

/// Batches on their way behind the one that is missing: a megabyte each at most.
const AHEAD: usize = 4;

/// What was asked for, and has not come.
#[derive(Debug, Default)]
pub(super) struct Ahead(BTreeSet<ChannelCommitment>);

impl Ahead {
    /// Whether it was asked for; it is asked for no more.
    pub(super) fn takes(&mut self, commitment: &ChannelCommitment) -> bool {
        self.0.remove(commitment)
    }

    /// Whether it is on its way.
    pub(super) fn expects(&self, commitment: &ChannelCommitment) -> bool {
        self.0.contains(commitment)
    }

    /// Nothing is missing any more, or somebody else is asked: what was asked for may never come.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

impl Room {
    /// # Rules
    ///
    /// > NOD-33: who is behind asks the member that answers for the four batches after the missing one too, and keeps no batch that it did not ask for.
    pub(super) fn ask_ahead(&mut self, of: &PublicKey) {
        let Some(missing) = self.missing.as_ref().map(|missing| missing.commitment) else { return };
        let room = AHEAD.saturating_sub(self.ahead.0.len());
        if room == 0 {
            return;
        }
        let next = self.channel.head().map_or(Sequence(0), |head| head.next);
        let tag = self.channel.tag();
        // The missing one, those on their way, those that are here already, and as many as may be asked.
        let Ok(events) = self.parts.root.events(&tag, next, 4 * AHEAD) else { return };
        let anchored = events.into_iter().filter_map(|event| match event.transaction {
            RootTransaction::Anchor(anchor) => Some(anchor.commitment),
            _ => None,
        });
        let is_wanted = |commitment: &ChannelCommitment| {
            *commitment != missing
                && !self.ahead.expects(commitment)
                && matches!(self.channel.holds(commitment), Ok(false))
        };
        let wanted: Vec<_> = anchored.filter(is_wanted).take(room).collect();
        for commitment in wanted {
            if !self.send(of, &Message::Fetch { tag, commitment }) {
                return;
            }
            self.ahead.0.insert(commitment);
        }
    }
}

#[cfg(test)]
mod tests {
    use parclose_types::Digest;

    use super::*;

    #[test]
    fn nod_33_only_what_was_asked_for_is_taken_and_that_once() {
        let of = |byte| ChannelCommitment(Digest([byte; 32]));
        let mut ahead = Ahead([of(1), of(2)].into());
        assert!(!ahead.takes(&of(3)) && ahead.expects(&of(1)));
        assert!(ahead.takes(&of(1)));
        assert!(!ahead.takes(&of(1)), "once");
        ahead.forget();
        assert!(!ahead.takes(&of(2)));
    }
}
