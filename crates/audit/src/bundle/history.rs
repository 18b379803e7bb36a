//! What became of every record of an export, step by step, and who passed which amounts to whom.
//!
//! [`AuditView`] has the newest value of each field. A chain of title, a state and a dispute are not values: they follow
//! from all applied transactions, in log order. Who wrote what, and in whose name, is seen without any key.

use std::collections::BTreeMap;

use parclose_amounts::Movement;
use parclose_keys::ViewKey;
use parclose_transaction::definition::RecordType;
use parclose_transaction::{FieldState, NoteState, Operation};
use parclose_types::{AssetId, Height, RecordId};

use super::amounts::{Amounts, carrying, made};
use super::read::States;
use super::value::ValueAudit;
use super::{AuditView, AuditedAsset, FieldKeys, VerifiedBundle, VerifiedTransaction};
use crate::ring::{self, Keys};

/// All that keys show of an export.
#[derive(Debug)]
pub struct Reading<'b> {
    /// every record with its newest values
    pub view: AuditView,
    /// what became of each asset
    pub assets: BTreeMap<AssetId, AuditedAsset>,
    /// how it came about
    pub history: History<'b>,
}

/// The steps of all records, and all amounts that were made or taken back, in log order.
#[derive(Debug, Default)]
pub struct History<'b> {
    /// what was written of which record
    pub steps: Vec<AuditedStep<'b>>,
    /// amounts, each with the movement that made it
    pub amounts: Vec<AuditedAmount<'b>>,
}

/// One record, as one transaction wrote it.
#[derive(Debug)]
pub struct AuditedStep<'b> {
    /// the transaction
    pub transaction: &'b VerifiedTransaction,
    /// height of its block
    pub height: Height,
    /// what it says of the record in clear: action, version, parties, day, keyed tag
    pub operation: &'b Operation,
    /// the record's type in its generation
    pub record_type: &'b RecordType,
    /// the state of its life cycle after this step, if its type has one and its beginning is in the export
    pub state: Option<String>,
    /// the fields that it wrote, by name
    pub fields: Vec<(String, FieldState)>,
}

/// What a transaction did with an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// its issuer made it
    Issued,
    /// it went to somebody, or back as what was left
    PassedOn,
    /// it left circulation
    Redeemed,
    /// it is held for a deal, or is what was left
    Locked,
    /// somebody owes it
    Owed,
    /// it is owed in place of others
    Netted,
    /// it paid what was owed, or is what was left
    Discharged,
}

impl Moved {
    fn by(movement: &Movement) -> Self {
        match movement {
            Movement::Issue(_) => Self::Issued,
            Movement::Transfer(_) | Movement::Redeem(_) => Self::PassedOn,
            Movement::Lock(_) => Self::Locked,
            Movement::Oblige(_) => Self::Owed,
            Movement::Net(_) => Self::Netted,
            Movement::Discharge(_) => Self::Discharged,
        }
    }
}

/// One amount.
#[derive(Debug)]
pub struct AuditedAmount<'b> {
    /// the transaction
    pub transaction: &'b VerifiedTransaction,
    /// height of its block
    pub height: Height,
    /// what became of it
    pub what: Moved,
    /// of which asset
    pub asset: AssetId,
    /// the record that stands for it, with whom it is between
    pub record: Option<(&'b RecordType, &'b Operation)>,
    /// smallest units, if they open as committed
    pub units: Option<u64>,
}

impl VerifiedBundle {
    /// All that view keys show: newest values, assets, and how they came about.
    #[must_use]
    pub fn reading(&self, keys: &[ViewKey]) -> Reading<'_> {
        self.reading_with(Keys::Views(keys))
    }

    /// All that keys of single fields show.
    #[must_use]
    pub fn reading_of_fields(&self, keys: &FieldKeys) -> Reading<'_> {
        self.reading_with(Keys::Fields(keys))
    }

    fn reading_with(&self, keys: Keys<'_>) -> Reading<'_> {
        let applied = self.applied();
        let opened = ring::each((self.channel(), keys), &applied, |ring, part| {
            part.iter().map(|transaction| self.states(ring, transaction)).collect()
        });
        let found = ring::each((self.channel(), keys), &applied, |ring, part| Amounts::of(self, ring, part));
        let mut chronicle = Chronicle { bundle: self, history: History::default(), states: BTreeMap::new() };
        for ((transaction, states), found) in self.applied_at().zip(&opened).zip(&found) {
            chronicle.transaction(transaction, states, found);
        }
        let history = chronicle.history;
        let mut value = ValueAudit::default();
        for (transaction, found) in applied.iter().zip(found) {
            value.transaction(self.channel(), transaction, found);
        }
        let assets = value.finish(self.is_whole());
        Reading { view: self.view_of(&applied, opened), assets, history }
    }
}

struct Chronicle<'b> {
    bundle: &'b VerifiedBundle,
    history: History<'b>,
    /// the state of each record
    states: BTreeMap<RecordId, String>,
}

impl<'b> Chronicle<'b> {
    fn transaction(
        &mut self,
        (transaction, height): (&'b VerifiedTransaction, Height),
        states: &[States],
        found: &[NoteState],
    ) {
        let definition = self.bundle.definition_in(transaction.body.generation);
        for (operation, states) in transaction.body.operations.iter().zip(states) {
            let record_type = definition.and_then(|d| d.record(operation.record_type));
            let Some(record_type) = record_type else { continue };
            let named = |(field, state): &(parclose_types::FieldId, FieldState)| {
                let schema = record_type.field(*field);
                (schema.map_or_else(|| field.to_string(), |schema| schema.name.clone()), state.clone())
            };
            let fields = states.iter().flatten().map(named).collect();
            let state = self.step(record_type, operation);
            let step = AuditedStep { transaction, height, operation, record_type, state, fields };
            self.history.steps.push(step);
        }
        let mut records = carrying(self.bundle, transaction).into_iter();
        let mut found = found.iter();
        for movement in &transaction.body.movements {
            let redeemed = movement.redeemed().map(|amount| amount.commitment);
            for (asset, commitment) in made(movement) {
                let what = if redeemed == Some(commitment) { Moved::Redeemed } else { Moved::by(movement) };
                let units = match found.next() {
                    Some(NoteState::Opened(opened)) => Some(opened.value),
                    _ => None,
                };
                let record = records.next();
                let amount = AuditedAmount { transaction, height, what, asset, record, units };
                self.history.amounts.push(amount);
            }
        }
    }

    fn step(&mut self, record_type: &RecordType, operation: &Operation) -> Option<String> {
        let life = record_type.lifecycle.as_ref()?;
        let from = self.states.get(&operation.record).map(String::as_str);
        let to = life.step(&operation.action, from)?.to.clone();
        self.states.insert(operation.record, to.clone());
        Some(to)
    }
}
