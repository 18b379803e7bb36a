//! Value in a verified bundle: how much of each asset was issued, redeemed and is held, recomputed from what opens
//! and from public commitments. No proof of any movement is looked at: were a proof system ever to fail, this is
//! where it would show.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_amounts::{Movement, NoteOutput};
use parclose_keys::ViewKey;
use parclose_transaction::{NoteState, OpenedNote};
use parclose_types::{AssetId, ChannelId, Epoch, NoteId, ObligationId, TransactionDigest};

use super::amounts::Amounts;
use super::{VerifiedBundle, VerifiedTransaction};
use crate::ring::{self, Keys};

/// Units that opened, and how many amounts did not.
#[derive(Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Total {
    /// smallest units of the asset
    pub units: u128,
    /// amounts out of the keys' reach, or malformed
    pub unopened: u64,
}

impl std::fmt::Debug for Total {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Total({} unopened)", self.unopened)
    }
}

impl Total {
    fn add(&mut self, opened: Option<&OpenedNote>) {
        match opened {
            Some(opened) => self.units = self.units.saturating_add(opened.value.into()),
            None => self.unopened = self.unopened.saturating_add(1),
        }
    }

    /// The units, where everything opened.
    #[must_use]
    pub fn known(&self) -> Option<u128> {
        (self.unopened == 0).then_some(self.units)
    }
}

/// What became of one asset.
#[derive(Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AuditedAsset {
    /// issued, by the epoch of the transaction
    pub issued: BTreeMap<Epoch, Total>,
    /// redeemed, by the epoch of the transaction
    pub redeemed: BTreeMap<Epoch, Total>,
    /// notes that are not spent
    pub unspent: Total,
    /// how many they are
    pub notes: u64,
    /// issued less redeemed, if all of it opened and is what the commitments are to
    pub supply: Option<u128>,
    /// transactions with an amount in reach that does not open as committed
    pub malformed: BTreeSet<TransactionDigest>,
    /// notes were spent that the bundle does not show being made
    pub from_before: bool,
}

impl std::fmt::Debug for AuditedAsset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuditedAsset({} notes, {:?})", self.notes, self.unspent)
    }
}

impl AuditedAsset {
    /// Whether what is held is what was issued less what was redeemed; `None` where not everything opened.
    ///
    /// # Rules
    ///
    /// > BUN-15: an asset's supply is told only where every issue and redemption of the log is shown and opens to what its commitments sum up to, and is compared with the sum of all unspent notes only where each of them opens.
    #[must_use]
    pub fn agrees(&self) -> Option<bool> {
        let held = self.unspent.known().filter(|_| !self.from_before)?;
        Some(self.supply? == held)
    }
}

impl VerifiedBundle {
    /// What became of each asset, as far as the view keys reach.
    #[must_use]
    pub fn value(&self, keys: &[ViewKey]) -> BTreeMap<AssetId, AuditedAsset> {
        self.value_with(Keys::Views(keys))
    }

    pub(super) fn value_with(&self, keys: Keys<'_>) -> BTreeMap<AssetId, AuditedAsset> {
        let applied = self.applied();
        let found = ring::each((self.channel(), keys), &applied, |ring, part| Amounts::of(self, ring, part));
        let mut audit = ValueAudit::default();
        for (transaction, found) in applied.iter().zip(found) {
            audit.transaction(self.channel(), transaction, found);
        }
        audit.finish(self.is_whole())
    }

    /// Whether every batch of the log is in the export.
    pub(super) fn is_whole(&self) -> bool {
        self.not_shown().is_empty() && self.not_exported().is_empty()
    }
}

/// A sum that grew by the issues of a log, or by its redemptions.
fn sum(totals: &BTreeMap<Epoch, Total>) -> Option<u128> {
    totals.values().try_fold(0_u128, |sum, total| sum.checked_add(total.known()?))
}

/// The assets while the log is walked; notes are forgotten as they are spent.
#[derive(Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct ValueAudit {
    assets: BTreeMap<AssetId, AuditedAsset>,
    /// notes that are not spent
    notes: BTreeMap<NoteId, (AssetId, Option<u64>)>,
    /// notes that went back to whoever had locked them, to the id under which they were held: one amount, two names
    back: BTreeMap<NoteId, NoteId>,
    /// what is neither netted nor paid
    owed: BTreeMap<ObligationId, Option<u64>>,
}

impl std::fmt::Debug for ValueAudit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ValueAudit({} assets, {} notes)", self.assets.len(), self.notes.len())
    }
}

impl ValueAudit {
    /// Takes in an applied transaction with what opened of its amounts.
    pub(super) fn transaction(
        &mut self,
        channel: &ChannelId,
        transaction: &VerifiedTransaction,
        found: Vec<NoteState>,
    ) {
        let mut found = found.into_iter();
        let (mut index, mut owed) = (0, 0);
        for movement in &transaction.body.movements {
            self.spend(movement);
            // The note that is paid was opened when it was owed.
            let mut paid = movement.pays().map(|paid| self.owed.get(&paid).copied().flatten());
            for ended in movement.ended() {
                self.owed.remove(ended);
            }
            for made in movement.obligations() {
                let opened = self.opened(transaction, movement, found.next());
                let id = made.id(channel, &transaction.digest, owed);
                self.owed.insert(id, opened.map(|opened| opened.value));
                owed = owed.saturating_add(1);
            }
            let mut hold = movement.hold();
            for output in movement.outputs() {
                let (opened, value) = match paid.take() {
                    Some(value) => (None, value),
                    None => {
                        let opened = self.opened(transaction, movement, found.next());
                        let value = opened.as_ref().map(|opened| opened.value);
                        (opened, value)
                    }
                };
                let id_of = |output: &NoteOutput| output.id(channel, &transaction.digest, index);
                let id = id_of(output);
                if let Some(hold) = hold.take() {
                    self.back.insert(id_of(&NoteOutput { owner: hold.back, ..*output }), id);
                }
                index = index.saturating_add(1);
                self.notes.insert(id, (movement.asset(), value));
                if let Movement::Issue(_) = movement {
                    let issued = &mut self.asset(movement.asset()).issued;
                    issued.entry(transaction.body.epoch).or_default().add(opened.as_ref());
                }
            }
            if movement.redeemed().is_some() {
                let opened = self.opened(transaction, movement, found.next());
                let redeemed = &mut self.asset(movement.asset()).redeemed;
                redeemed.entry(transaction.body.epoch).or_default().add(opened.as_ref());
            }
        }
    }

    fn asset(&mut self, asset: AssetId) -> &mut AuditedAsset {
        self.assets.entry(asset).or_default()
    }

    fn spend(&mut self, movement: &Movement) {
        for input in movement.inputs() {
            let note = self.back.remove(&input.note).unwrap_or(input.note);
            if self.notes.remove(&note).is_none() {
                self.asset(movement.asset()).from_before = true;
            }
        }
    }

    /// What was found for the next amount; one that is in reach and does not open as committed is noted down.
    fn opened(
        &mut self,
        transaction: &VerifiedTransaction,
        movement: &Movement,
        found: Option<NoteState>,
    ) -> Option<OpenedNote> {
        match found? {
            NoteState::Opened(opened) => return Some(opened),
            NoteState::Malformed => {
                self.asset(movement.asset()).malformed.insert(transaction.digest);
            }
            NoteState::Sealed => {}
        }
        None
    }

    /// Every amount was compared with its own commitment, so sums of them are what the sums of those are to.
    pub(super) fn finish(mut self, whole: bool) -> BTreeMap<AssetId, AuditedAsset> {
        for (asset, value) in std::mem::take(&mut self.notes).into_values() {
            let audited = self.asset(asset);
            audited.notes = audited.notes.saturating_add(1);
            match value {
                Some(value) => audited.unspent.units = audited.unspent.units.saturating_add(value.into()),
                None => audited.unspent.unopened = audited.unspent.unopened.saturating_add(1),
            }
        }
        for audited in self.assets.values_mut().filter(|_| whole) {
            let (issued, redeemed) = (sum(&audited.issued), sum(&audited.redeemed));
            audited.supply = issued.zip(redeemed).and_then(|(issued, redeemed)| issued.checked_sub(redeemed));
        }
        self.assets
    }
}
