//! Closing a channel: the endorsers name the last event that counts.
//!
//! Anchors after it are void; a successor channel may open from the state there (R28). So a batch that
//! nobody can produce ends a channel, but rolls nothing back that an anchor has attested.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{NetworkId, Sequence, Tag};

use crate::certificate::Certificate;
use crate::execution::Place;
use crate::reject::RootReject;
use crate::statement::CloseStatement;
use crate::tag::TagState;

/// Ends a tag.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Close {
    /// the channel
    pub tag: Tag,
    /// the last event that counts
    pub last_sequence: Sequence,
    /// t endorsers' signatures under the [`CloseStatement`] of the tag's current generation
    pub certificate: Certificate,
}

impl Close {
    /// Orders this close.
    ///
    /// # Rules
    ///
    /// > ROO-24: a tag closes once.
    /// > ROO-25: a close names an event that is already in its tag's log.
    /// > ROO-26: a close names no event before the highest attested one.
    pub(crate) fn order(&self, tag: &mut TagState, at: &Place<'_>) -> Result<(), RootReject> {
        if tag.closed.is_some() {
            return Err(RootReject::ClosedTwice { tag: self.tag });
        }
        let (last, next) = (self.last_sequence, tag.next_sequence());
        if last >= next {
            return Err(RootReject::ClosesAhead { last, next });
        }
        if let Some(highest) = tag.attested.filter(|highest| last < *highest) {
            return Err(RootReject::ClosesBack { last, highest });
        }
        self.certificate.verify(&tag.keys, &self.statement(at.network, tag).signing_bytes())?;
        tag.closed = Some(last);
        Ok(())
    }

    fn statement(&self, network: &NetworkId, tag: &TagState) -> CloseStatement {
        CloseStatement {
            network: *network,
            tag: self.tag,
            generation: tag.keys.generation(),
            last_sequence: self.last_sequence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::NotCertified;
    use crate::fixtures::Network;
    use crate::transaction::RootTransaction;

    /// A network with one channel of the log `open, anchor, anchor`, event 1 attested.
    fn after_two_anchors() -> (Network, crate::fixtures::Channel) {
        let mut network = Network::new();
        let channel = network.opened(3, 2);
        network.anchored(&channel, 1, 0);
        network.anchored(&channel, 2, 1);
        (network, channel)
    }

    #[test]
    fn a_close_ends_the_log_at_an_attested_or_later_event() {
        for last in [1, 2] {
            let (mut network, channel) = after_two_anchors();
            network.order(vec![RootTransaction::Close(network.close(&channel, last))]);
            assert_eq!(network.state.tag(&channel.tag).unwrap().closed, Some(Sequence(last)));
        }
    }

    #[test]
    fn roo_24_a_tag_closes_once() {
        let (mut network, channel) = after_two_anchors();
        network.order(vec![RootTransaction::Close(network.close(&channel, 2))]);
        let again = RootTransaction::Close(network.close(&channel, 3));
        assert_eq!(network.refusal(again), Some(RootReject::ClosedTwice { tag: channel.tag }));
    }

    #[test]
    fn roo_25_a_close_names_an_event_of_the_log() {
        let (network, channel) = after_two_anchors();
        let refused = network.refusal(RootTransaction::Close(network.close(&channel, 3)));
        assert_eq!(refused, Some(RootReject::ClosesAhead { last: Sequence(3), next: Sequence(3) }));
    }

    #[test]
    fn roo_26_a_close_cannot_undo_what_was_attested() {
        let (network, channel) = after_two_anchors();
        let refused = network.refusal(RootTransaction::Close(network.close(&channel, 0)));
        assert_eq!(refused, Some(RootReject::ClosesBack { last: Sequence(0), highest: Sequence(1) }));
    }

    #[test]
    fn roo_11_a_close_needs_signatures_under_its_own_statement() {
        let (network, channel) = after_two_anchors();
        let refused = |close| network.refusal(RootTransaction::Close(close));
        let mut other = network.close(&channel, 1);
        other.last_sequence = Sequence(2);
        assert_eq!(refused(other), Some(RootReject::NotCertified(NotCertified::Signature { index: 0 })));

        let anchor = network.anchor(&channel, 3, 1, 9);
        let lent = Close { certificate: anchor.certificate, ..network.close(&channel, 2) };
        assert_eq!(refused(lent), Some(RootReject::NotCertified(NotCertified::Signature { index: 0 })));
    }
}
