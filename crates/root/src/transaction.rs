//! What stands in the root chain's blocks and logs, and which kind of log event each is.
//!
//! Nearly all of it is both: a transaction of a block takes its place in one log. A deal that is opened enters
//! no log, and a decision about one is in no block's transactions: it follows from them, or from the height.
//! Numbers of kinds are part of every hash chain: they never change.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash;
use parclose_types::limits::ROOT_TRANSACTION_BYTES_MAX;
use parclose_types::{Digest, Height, Malformed, NetworkId, Tag, decode, encode, labels};
use serde::Serialize;

use crate::anchor::Anchor;
use crate::claim::{ClaimTag, ReleaseTag};
use crate::close::Close;
use crate::deal::{Decision, OpenDeal};
use crate::open::OpenChannel;
use crate::prepare::{Prepare, Refuse};
use crate::reject::RootReject;
use crate::rotate::Rotate;
use crate::tag::LogEntry;
use crate::update::UpdateValidators;
use crate::validators::validators_tag;

/// The kind of an event in a tag's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize, Serialize)]
#[borsh(use_discriminant = true)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum EventKind {
    /// the channel was opened: sequence 0
    Open = 0,
    /// a batch was ordered
    Anchor = 1,
    /// a leg of a deal is ready
    Prepare = 2,
    /// a leg of a deal will not be ready
    Refuse = 3,
    /// a deal that the channel has prepared or refused is decided
    Decision = 4,
    /// the endorsers of the next generation take over
    Rotate = 5,
    /// the channel was closed: no anchors follow
    Close = 6,
    /// the network's validators change
    Validators = 7,
    /// the channel holds 32 bytes that no other holds
    Claim = 8,
    /// the channel has given back what it held
    Release = 9,
}

impl std::fmt::Display for EventKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Anchor => "anchor",
            Self::Prepare => "prepare",
            Self::Refuse => "refuse",
            Self::Decision => "decision",
            Self::Rotate => "rotate",
            Self::Close => "close",
            Self::Validators => "validators",
            Self::Claim => "claim",
            Self::Release => "release",
        })
    }
}

/// What a block orders, or a log holds.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum RootTransaction {
    /// opens a tag
    OpenChannel(OpenChannel),
    /// orders a batch
    Anchor(Anchor),
    /// ends a tag
    Close(Close),
    /// hands a tag on to its next endorsers
    Rotate(Rotate),
    /// changes the network's validators
    UpdateValidators(UpdateValidators),
    /// opens a deal; enters no log
    OpenDeal(OpenDeal),
    /// a leg of a deal is ready
    Prepare(Prepare),
    /// a leg of a deal will not be ready
    Refuse(Refuse),
    /// how a deal ends; only in logs, never in a block's transactions
    Decision(Decision),
    /// takes 32 bytes
    ClaimTag(ClaimTag),
    /// gives them back
    ReleaseTag(ReleaseTag),
}

impl RootTransaction {
    /// Decodes the canonical bytes of a root transaction, at most 128 KiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("root transaction", bytes, ROOT_TRANSACTION_BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// `H(ROOT_TRANSACTION, canonical bytes)`: what the log's hash chain covers.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(hash(labels::ROOT_TRANSACTION, &[&self.encode()]))
    }

    /// The last height at which it can be ordered; `None` if it has no end.
    #[must_use]
    pub fn last_height(&self) -> Option<Height> {
        match self {
            Self::OpenChannel(_) | Self::Decision(_) => None,
            Self::Anchor(anchor) => Some(anchor.last_height),
            Self::Close(close) => Some(close.last_height),
            Self::Rotate(rotate) => Some(rotate.last_height),
            Self::UpdateValidators(update) => Some(update.change.last_height),
            Self::OpenDeal(open) => Some(Height(open.deal.allocate_before.0.saturating_sub(1))),
            Self::Prepare(prepare) => Some(prepare.last_height),
            Self::Refuse(refuse) => Some(refuse.last_height),
            Self::ClaimTag(claim) => Some(claim.last_height),
            Self::ReleaseTag(release) => Some(release.last_height),
        }
    }

    /// Why it can be ordered at no height from here on, if its time has passed.
    #[must_use]
    pub fn lapsed(&self, height: Height) -> Option<RootReject> {
        let last_height = self.last_height().filter(|last| *last < height)?;
        Some(match self {
            Self::OpenDeal(OpenDeal { deal }) => {
                RootReject::OpensTooLate { height, allocate_before: deal.allocate_before }
            }
            _ => RootReject::Expired { height, last_height },
        })
    }

    /// The kind of event that this is; `None` if it enters no log.
    #[must_use]
    pub fn kind(&self) -> Option<EventKind> {
        match self {
            Self::OpenChannel(_) => Some(EventKind::Open),
            Self::Anchor(_) => Some(EventKind::Anchor),
            Self::Close(_) => Some(EventKind::Close),
            Self::Rotate(_) => Some(EventKind::Rotate),
            Self::UpdateValidators(_) => Some(EventKind::Validators),
            Self::OpenDeal(_) => None,
            Self::Prepare(_) => Some(EventKind::Prepare),
            Self::Refuse(_) => Some(EventKind::Refuse),
            Self::Decision(_) => Some(EventKind::Decision),
            Self::ClaimTag(_) => Some(EventKind::Claim),
            Self::ReleaseTag(_) => Some(EventKind::Release),
        }
    }

    /// The one tag that it names, in whose log it takes its place; `None` if it enters no log, or, as a decision,
    /// several.
    #[must_use]
    pub fn tag(&self, network: &NetworkId) -> Option<Tag> {
        match self {
            Self::OpenChannel(open) => Some(open.body.tag(network)),
            Self::Anchor(anchor) => Some(anchor.tag),
            Self::Close(close) => Some(close.tag),
            Self::Rotate(rotate) => Some(rotate.tag),
            Self::UpdateValidators(_) => Some(validators_tag(network)),
            Self::OpenDeal(_) | Self::Decision(_) => None,
            Self::Prepare(prepare) => Some(prepare.tag),
            Self::Refuse(refuse) => Some(refuse.tag),
            Self::ClaimTag(claim) => Some(claim.tag),
            Self::ReleaseTag(release) => Some(release.tag),
        }
    }

    /// Whether a log entry is an event of this: it has its digest and kind, and stands in a log where it may.
    #[must_use]
    pub fn is_of(&self, entry: &LogEntry, network: &NetworkId) -> bool {
        let here = self.tag(network).is_none_or(|tag| tag == entry.tag);
        here && self.kind() == Some(entry.kind) && self.digest() == entry.transaction
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deal::DealOutcome;
    use crate::fixtures::Network;
    use crate::fixtures::dealing::open_deal;
    use crate::genesis::VALIDATORS_MAX;

    #[test]
    fn transactions_survive_their_encoding_and_nothing_else_decodes() {
        let network = Network::new();
        let (channel, open) = network.open(3, 2);
        let anchor = RootTransaction::Anchor(network.anchor(&channel, 1, 0, 5));
        let close = RootTransaction::Close(network.close(&channel, 0));
        let rotate = RootTransaction::Rotate(network.rotate(&channel, &network.members(2, 2)));
        let update = RootTransaction::UpdateValidators(network.update(&[0, 1]));
        let deal = network.deal(&[&channel, &channel]);
        let decision = Decision { deal: deal.id(&network.id), outcome: DealOutcome::Abort };
        let between = [
            open_deal(&deal),
            network.prepare(&channel, &deal, 0),
            network.refuse(&channel, &deal, 1),
            RootTransaction::Decision(decision),
            network.claim(&channel, 1),
            network.release(&channel, 1),
        ];
        for (transaction, number) in between.iter().zip(5..) {
            assert_eq!(transaction.encode()[0], number, "what is stored keeps its meaning");
        }
        for transaction in [open, anchor, close, rotate, update].into_iter().chain(between) {
            let bytes = transaction.encode();
            assert_eq!(RootTransaction::decode(&bytes), Ok(transaction));
            assert!(RootTransaction::decode(&bytes[..bytes.len() - 1]).is_err());
            assert!(RootTransaction::decode(&[bytes.as_slice(), &[0]].concat()).is_err());
        }
        assert!(RootTransaction::decode(&[11]).is_err());
        assert!(RootTransaction::decode(&vec![0; ROOT_TRANSACTION_BYTES_MAX + 1]).is_err());
    }

    #[test]
    fn the_largest_transactions_are_within_the_limit() {
        let network = Network::new();
        let (channel, open) = network.open(512, 512);
        let mut deal = network.deal(&[&channel; 8]);
        deal.legs
            .iter_mut()
            .for_each(|leg| leg.approver = Some(crate::fixtures::key("approver", 0).public()));
        for transaction in [open_deal(&deal), network.prepare(&channel, &deal, 7), network.claim(&channel, 1)]
        {
            assert!(transaction.encode().len() <= ROOT_TRANSACTION_BYTES_MAX);
        }
        assert!(open.encode().len() <= ROOT_TRANSACTION_BYTES_MAX);
        let rotate = network.rotate(&channel, &network.members(512, 512));
        assert!(RootTransaction::Rotate(rotate).encode().len() <= ROOT_TRANSACTION_BYTES_MAX);
        // Two sets without a common validator, of which everybody has signed.
        let seats: Vec<usize> = (0..VALIDATORS_MAX).collect();
        let mut update = network.update(&seats);
        update.signatures.resize(2 * VALIDATORS_MAX, update.signatures[0]);
        assert!(RootTransaction::UpdateValidators(update).encode().len() <= ROOT_TRANSACTION_BYTES_MAX);
    }

    #[test]
    fn kinds_have_the_numbers_that_chains_are_made_of() {
        let kinds = [
            EventKind::Open,
            EventKind::Anchor,
            EventKind::Prepare,
            EventKind::Refuse,
            EventKind::Decision,
            EventKind::Rotate,
            EventKind::Close,
            EventKind::Validators,
            EventKind::Claim,
            EventKind::Release,
        ];
        for (kind, number) in kinds.into_iter().zip(0_u8..) {
            assert_eq!((kind as u8, encode(&kind)), (number, vec![number]), "{kind}");
        }
    }

    #[test]
    fn the_digest_covers_every_byte() {
        let network = Network::new();
        let (channel, _) = network.open(1, 1);
        let transaction = RootTransaction::Anchor(network.anchor(&channel, 1, 0, 5));
        let bytes = transaction.encode();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            if let Ok(other) = RootTransaction::decode(&changed) {
                assert_ne!(other.digest(), transaction.digest(), "byte {at}");
            }
        }
    }
}
