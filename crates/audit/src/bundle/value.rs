//! Value in a verified bundle: how much of each asset was issued, redeemed and is held, recomputed from what opens
//! and from public commitments. No proof of any movement is looked at: were a proof system ever to fail, this is
//! where it would show.

use std::collections::{BTreeMap, BTreeSet};

use parclose_amounts::{AmountCommitment, Movement, NoteOutput, Supply, SupplyChange, TotalOpening};
use parclose_channel::Verdict;
use parclose_keys::{SealedField, ViewKey};
use parclose_transaction::definition::{RecordType, ValueRole};
use parclose_transaction::view::open_amount;
use parclose_transaction::{FieldEntry, NoteState, OpenedNote, Operation};
use parclose_types::{AssetId, Epoch, NoteId, ObligationId, TransactionDigest};

use super::{Standing, VerifiedBundle, VerifiedTransaction};

/// Units that opened, and how many amounts did not.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
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
#[derive(Clone, Default)]
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
        let mut audit = ValueAudit {
            bundle: self,
            keys,
            assets: BTreeMap::new(),
            notes: BTreeMap::new(),
            back: BTreeMap::new(),
            owed: BTreeMap::new(),
        };
        for transaction in self.batches().iter().flat_map(|batch| &batch.transactions) {
            if transaction.standing == Standing::Decided(Verdict::Applied) {
                audit.transaction(transaction);
            }
        }
        audit.finish()
    }

    /// Whether every batch of the log is in the export.
    fn is_whole(&self) -> bool {
        self.not_shown().is_empty() && self.not_exported().is_empty()
    }
}

/// An asset while the log is walked.
struct Walked {
    audited: AuditedAsset,
    /// issued less redeemed, as commitments
    supply: Supply,
    /// and as openings, as long as all of them open
    opening: Option<TotalOpening>,
}

impl Walked {
    fn new(asset: AssetId) -> Self {
        Self {
            audited: AuditedAsset::default(),
            supply: Supply::nothing(),
            opening: Some(TotalOpening::nothing(asset)),
        }
    }

    fn circulates(&mut self, epoch: Epoch, change: SupplyChange, opened: Option<&OpenedNote>) {
        self.supply = self.supply.after(change);
        let totals = match change {
            SupplyChange::None => return,
            SupplyChange::Issued(_) => &mut self.audited.issued,
            SupplyChange::Redeemed(_) => &mut self.audited.redeemed,
        };
        totals.entry(epoch).or_default().add(opened);
        match (opened, change, self.opening.as_mut()) {
            (Some(opened), SupplyChange::Issued(_), Some(total)) => total.add(&opened.opening),
            (Some(opened), SupplyChange::Redeemed(_), Some(total)) => total.subtract(&opened.opening),
            _ => self.opening = None,
        }
    }
}

struct ValueAudit<'a> {
    bundle: &'a VerifiedBundle,
    keys: &'a [ViewKey],
    assets: BTreeMap<AssetId, Walked>,
    /// notes that are not spent
    notes: BTreeMap<NoteId, (AssetId, Option<u64>)>,
    /// notes that went back to whoever had locked them, to the id under which they were held: one amount, two names
    back: BTreeMap<NoteId, NoteId>,
    /// what is neither netted nor paid
    owed: BTreeMap<ObligationId, Option<u64>>,
}

impl ValueAudit<'_> {
    fn transaction(&mut self, transaction: &VerifiedTransaction) {
        let mut carriers = self.carriers(transaction).into_iter();
        let (mut index, mut owed) = (0, 0);
        for movement in &transaction.body.movements {
            self.spend(movement);
            // The note that is paid was opened when it was owed.
            let mut paid = movement.pays().map(|paid| self.owed.get(&paid).copied().flatten());
            for ended in movement.ended() {
                self.owed.remove(ended);
            }
            for made in movement.obligations() {
                let amount = (movement.asset(), made.output.note.commitment);
                let opened = self.open(transaction, carriers.next(), amount);
                let id = made.id(self.bundle.channel(), &transaction.digest, owed);
                self.owed.insert(id, opened.map(|opened| opened.value));
                owed = owed.saturating_add(1);
            }
            let mut hold = movement.hold();
            for output in movement.outputs() {
                let amount = (movement.asset(), output.commitment);
                let (opened, value) = match paid.take() {
                    Some(value) => (None, value),
                    None => {
                        let opened = self.open(transaction, carriers.next(), amount);
                        let value = opened.as_ref().map(|opened| opened.value);
                        (opened, value)
                    }
                };
                let id_of =
                    |output: &NoteOutput| output.id(self.bundle.channel(), &transaction.digest, index);
                let id = id_of(output);
                if let Some(hold) = hold.take() {
                    self.back.insert(id_of(&NoteOutput { owner: hold.back, ..*output }), id);
                }
                index = index.saturating_add(1);
                self.notes.insert(id, (movement.asset(), value));
                if let Movement::Issue(_) = movement {
                    let change = SupplyChange::Issued(output.commitment);
                    self.asset(movement.asset()).circulates(transaction.body.epoch, change, opened.as_ref());
                }
            }
            if let Some(redeemed) = movement.redeemed() {
                let amount = (movement.asset(), redeemed.commitment);
                let opened = self.open(transaction, carriers.next(), amount);
                let change = SupplyChange::Redeemed(redeemed.commitment);
                self.asset(movement.asset()).circulates(transaction.body.epoch, change, opened.as_ref());
            }
        }
    }

    fn asset(&mut self, asset: AssetId) -> &mut Walked {
        self.assets.entry(asset).or_insert_with(|| Walked::new(asset))
    }

    fn spend(&mut self, movement: &Movement) {
        for input in movement.inputs() {
            let note = self.back.remove(&input.note).unwrap_or(input.note);
            if self.notes.remove(&note).is_none() {
                self.asset(movement.asset()).audited.from_before = true;
            }
        }
    }

    /// The records that stand for amounts, with their quantity and its sealed form, in order (SCH-07).
    fn carriers<'t>(&self, transaction: &'t VerifiedTransaction) -> Vec<Carrier<'t>>
    where
        Self: 't,
    {
        let Some(definition) = self.bundle.definition_in(transaction.body.generation) else {
            return Vec::new();
        };
        let carrier = |(operation, sealed): (&'t Operation, &'t Vec<SealedField>)| {
            let record_type = definition.record(operation.record_type)?;
            record_type.value.filter(|role: &ValueRole| role.has_quantity())?;
            let quantity = record_type.quantity_field()?.id;
            let place = operation.fields.iter().position(|entry| entry.field == quantity)?;
            Some(Carrier {
                operation,
                record_type: record_type.clone(),
                entry: operation.fields.get(place)?,
                sealed: sealed.get(place)?,
            })
        };
        transaction.body.operations.iter().zip(&transaction.sealed.fields).filter_map(carrier).collect()
    }

    /// Opened if one key opens it as committed.
    fn open(
        &mut self,
        transaction: &VerifiedTransaction,
        carrier: Option<Carrier<'_>>,
        (asset, commitment): (AssetId, AmountCommitment),
    ) -> Option<OpenedNote> {
        let Carrier { operation, record_type, entry, sealed } = carrier?;
        let from = transaction.provenance(self.bundle.channel(), operation.record);
        let mut malformed = false;
        for key in self.keys {
            match open_amount(key, &record_type, &from, (entry, sealed), (&asset, &commitment)) {
                NoteState::Opened(opened) => return Some(opened),
                NoteState::Malformed => malformed = true,
                NoteState::Sealed => {}
            }
        }
        if malformed {
            self.asset(asset).audited.malformed.insert(transaction.digest);
        }
        None
    }

    fn finish(mut self) -> BTreeMap<AssetId, AuditedAsset> {
        for (asset, value) in std::mem::take(&mut self.notes).into_values() {
            let audited = &mut self.asset(asset).audited;
            audited.notes = audited.notes.saturating_add(1);
            match value {
                Some(value) => audited.unspent.units = audited.unspent.units.saturating_add(value.into()),
                None => audited.unspent.unopened = audited.unspent.unopened.saturating_add(1),
            }
        }
        let whole = self.bundle.is_whole();
        let done = |(asset, walked): (AssetId, Walked)| {
            let Walked { mut audited, supply, opening } = walked;
            let opened = opening.filter(|_| whole).and_then(|total| total.check(&supply.0).ok());
            audited.supply = opened;
            (asset, audited)
        };
        self.assets.into_iter().map(done).collect()
    }
}

struct Carrier<'t> {
    operation: &'t Operation,
    record_type: RecordType,
    entry: &'t FieldEntry,
    sealed: &'t SealedField,
}
