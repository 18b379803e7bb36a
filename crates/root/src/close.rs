//! Closing a channel: the endorsers name the last event of its log, and nothing follows.
//!
//! What members have executed is never taken back: a close that another event came before is refused,
//! and signed again. A successor channel may open from the state there.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{Height, NetworkId, Sequence, Tag};

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
    /// the last event of its log
    pub last_sequence: Sequence,
    /// last height at which this may be ordered
    pub last_height: Height,
    /// t endorsers' signatures under the [`CloseStatement`] of the tag's current generation
    pub certificate: Certificate,
}

impl Close {
    /// Orders this close.
    ///
    /// # Rules
    ///
    /// > ROO-24: a tag closes once.
    /// > ROO-25: a close names the last event of its tag's log.
    pub(crate) fn order(&self, tag: &mut TagState, at: &Place<'_>) -> Result<(), RootReject> {
        if tag.closed.is_some() {
            return Err(RootReject::ClosedTwice { tag: self.tag });
        }
        at.is_within(self.last_height)?;
        let (named, last) = (self.last_sequence, tag.last_sequence());
        if named != last {
            return Err(RootReject::ClosesElsewhere { named, last });
        }
        self.certificate.verify(&tag.keys, &self.statement(at.network, tag).signing_bytes())?;
        tag.closed = Some(named);
        Ok(())
    }

    fn statement(&self, network: &NetworkId, tag: &TagState) -> CloseStatement {
        CloseStatement {
            network: *network,
            tag: self.tag,
            generation: tag.keys.generation(),
            last_sequence: self.last_sequence,
            last_height: self.last_height,
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
    fn a_close_ends_the_log() {
        let (mut network, channel) = after_two_anchors();
        network.order(vec![RootTransaction::Close(network.close(&channel, 2))]);
        assert_eq!(network.state.tag(&channel.tag).unwrap().closed, Some(Sequence(2)));
    }

    #[test]
    fn roo_24_a_tag_closes_once() {
        let (mut network, channel) = after_two_anchors();
        network.order(vec![RootTransaction::Close(network.close(&channel, 2))]);
        let again = RootTransaction::Close(network.close(&channel, 3));
        assert_eq!(network.refusal(again), Some(RootReject::ClosedTwice { tag: channel.tag }));
    }

    #[test]
    fn roo_25_a_close_names_the_last_event_of_the_log() {
        let (network, channel) = after_two_anchors();
        for named in [0, 1, 3] {
            let refused = network.refusal(RootTransaction::Close(network.close(&channel, named)));
            let named = Sequence(named);
            assert_eq!(refused, Some(RootReject::ClosesElsewhere { named, last: Sequence(2) }));
        }
    }

    #[test]
    fn roo_16_signatures_under_a_close_lapse() {
        let (mut network, channel) = after_two_anchors();
        let close = network.close(&channel, 2);
        while network.next() <= close.last_height {
            assert_eq!(network.refusal(RootTransaction::Close(close.clone())), None);
            network.order(Vec::new());
        }
        let refused = network.refusal(RootTransaction::Close(close));
        assert!(matches!(refused, Some(RootReject::Expired { .. })), "{refused:?}");
    }

    #[test]
    fn roo_11_a_close_needs_signatures_under_its_own_statement() {
        let (network, channel) = after_two_anchors();
        let refused = |close| network.refusal(RootTransaction::Close(close));
        let mut other = network.close(&channel, 2);
        other.last_height.0 += 1;
        assert_eq!(refused(other), Some(RootReject::NotCertified(NotCertified::Signature { index: 0 })));

        let anchor = network.anchor(&channel, 3, 1, 9);
        let lent = Close { certificate: anchor.certificate, ..network.close(&channel, 2) };
        assert_eq!(refused(lent), Some(RootReject::NotCertified(NotCertified::Signature { index: 0 })));
    }
}
