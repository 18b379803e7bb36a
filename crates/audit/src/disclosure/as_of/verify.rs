//! Verification of a value as of a height: the value as it was written, then the state, then the heights.

use parclose_channel::NotInState;
use parclose_channel::tables::StateField;
use parclose_root::Trust;
use parclose_types::{Height, Sequence};

use super::super::{DisclosureInvalid, VerifiedDisclosure};
use super::{DisclosureAsOf, VERSION};
use crate::receipt::{ReceiptInvalid, VerifiedOutcome};

/// What is proven of a value as of some heights. Only [`DisclosureAsOf::verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedAsOf {
    written: VerifiedDisclosure,
    record_version: u64,
    to: Height,
}

impl DisclosureAsOf {
    /// Verifies every step from the genesis, or from a checkpoint, to the value and its heights, offline.
    ///
    /// # Rules
    ///
    /// As in [`super::super::Disclosure::verify`] (DIS-02 to DIS-13), and:
    ///
    /// > DIS-18: the record's leaf is proven under the attested state root under which the transaction's outcome is.
    /// > DIS-19: in that leaf the disclosed transaction is the last that has written the field, with the entry, generation and epoch that it has there.
    /// > DIS-21: a value is shown as of a height only within those that are proven, for whoever discloses it and for whoever asks.
    ///
    /// `known` is the SHA-256 of `channel.toml` as the reader has it, `asked` the height that it asks about, if it does.
    pub fn verify(
        &self,
        trust: impl Into<Trust>,
        known: Option<&[u8; 32]>,
        asked: Option<Height>,
    ) -> Result<VerifiedAsOf, DisclosureInvalid> {
        if self.version != VERSION {
            return Err(DisclosureInvalid::Version { found: self.version });
        }
        let trust = trust.into();
        let written = self.written.verify(trust.clone(), known)?;
        let outcome = self.written.receipt.outcome.as_ref().ok_or(DisclosureInvalid::NotApplied)?;
        let verified = written.receipt().outcome().ok_or(DisclosureInvalid::NotApplied)?;
        let root = &outcome.proof.attested_by.header.attested_root;
        let field = StateField {
            entry: *written.entry(),
            generation: written.body().generation,
            epoch: written.body().epoch,
            transaction: *written.receipt().transaction(),
        };
        self.proof.verify(root, &written.record(), &field).map_err(|reason| match reason {
            NotInState::Record => DisclosureInvalid::NotInState,
            NotInState::Field => DisclosureInvalid::NotCurrent,
        })?;
        let to = self.last_height(trust, &written, verified)?;
        let from = written.receipt().height();
        if asked.is_some_and(|asked| asked < from || asked > to) {
            return Err(DisclosureInvalid::OtherHeight { from, to });
        }
        Ok(VerifiedAsOf { written, record_version: self.proof.record.version, to })
    }

    /// The last height at which the attested state was the channel's.
    ///
    /// # Rules
    ///
    /// > DIS-20: the last of the heights is the one before that of the event of the same log that follows the attested one, and not before that of the transaction.
    fn last_height(
        &self,
        mut trust: Trust,
        written: &VerifiedDisclosure,
        outcome: &VerifiedOutcome,
    ) -> Result<Height, DisclosureInvalid> {
        let receipt = &self.written.receipt;
        let attesting = receipt.outcome.as_ref().map(|outcome| &outcome.anchor);
        let next = self.next.as_ref().or(attesting).ok_or(DisclosureInvalid::NotApplied)?;
        trust.follow_all(&receipt.changes).map_err(ReceiptInvalid::from)?;
        let event = next.verify_under(&trust).map_err(ReceiptInvalid::Order)?;
        let following = outcome.attested().0.checked_add(1).map(Sequence);
        let of_this_log = event.entry().tag == *written.receipt().tag();
        let last = event.height().0.checked_sub(1).map(Height);
        match last.filter(|last| of_this_log && *last >= written.receipt().height()) {
            Some(last) if following == Some(event.entry().sequence) => Ok(last),
            _ => Err(DisclosureInvalid::OtherNext),
        }
    }
}

impl VerifiedAsOf {
    /// What is proven of how it was written, and the value.
    #[must_use]
    pub fn written(&self) -> &VerifiedDisclosure {
        &self.written
    }

    /// The version of the record in the attested state: later ones have written other fields.
    #[must_use]
    pub fn record_version(&self) -> u64 {
        self.record_version
    }

    /// The first height as of which it is the value: that of the transaction.
    #[must_use]
    pub fn from(&self) -> Height {
        self.written.receipt().height()
    }

    /// The last height as of which it is proven to be the value.
    #[must_use]
    pub fn to(&self) -> Height {
        self.to
    }
}
