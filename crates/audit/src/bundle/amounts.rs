//! Committed amounts as view keys open them: each compared with its commitment, many at once.

use parclose_amounts::{AmountCommitment, Movement, check_openings};
use parclose_keys::SealedField;
use parclose_transaction::definition::{RecordType, ValueRole};
use parclose_transaction::view::Site;
use parclose_transaction::{FieldEntry, NoteState, OpenedNote, Operation};
use parclose_types::AssetId;

use super::{VerifiedBundle, VerifiedTransaction};
use crate::ring::Ring;

/// Amounts that are compared at once.
const TOGETHER: usize = 4096;

/// What opens of some transactions' amounts.
pub(super) struct Amounts {
    /// of each transaction, in the order in which it makes them
    found: Vec<Vec<NoteState>>,
    /// which of them are to be compared: transaction, amount in it
    open: Vec<(usize, usize, AmountCommitment, OpenedNote)>,
}

impl Amounts {
    /// The amounts of transactions, each with every key that may open it.
    pub(super) fn of(
        bundle: &VerifiedBundle,
        ring: &Ring<'_>,
        transactions: &[&VerifiedTransaction],
    ) -> Vec<Vec<NoteState>> {
        let mut amounts = Self { found: Vec::with_capacity(transactions.len()), open: Vec::new() };
        for transaction in transactions {
            amounts.transaction(bundle, ring, transaction);
            if amounts.open.len() >= TOGETHER {
                amounts.compare();
            }
        }
        amounts.compare();
        amounts.found
    }

    fn transaction(&mut self, bundle: &VerifiedBundle, ring: &Ring<'_>, transaction: &VerifiedTransaction) {
        let (at, generation) = (self.found.len(), transaction.body.generation);
        let made = transaction.body.movements.iter().flat_map(made);
        let mut carriers = carriers(bundle, transaction).into_iter();
        let mut found = Vec::new();
        for (asset, commitment) in made {
            let mut state = NoteState::Sealed;
            if let Some(Carrier { operation, record_type, entry, sealed }) = carriers.next() {
                let class = record_type.field(entry.field).map(|schema| schema.class);
                let from = transaction.provenance(bundle.channel(), operation.record);
                let site = Site::of(record_type, &from);
                let readers =
                    class.into_iter().flat_map(|class| ring.readers(generation, entry.audience, class));
                for reader in readers {
                    match site.open_quantity(reader, (entry, sealed), &asset) {
                        NoteState::Opened(opened) => self.open.push((at, found.len(), commitment, opened)),
                        NoteState::Malformed => state = NoteState::Malformed,
                        NoteState::Sealed => {}
                    }
                }
            }
            found.push(state);
        }
        self.found.push(found);
    }

    /// Opened if one key opens it as committed; a key that opens it otherwise does not hide that.
    fn compare(&mut self) {
        let open = std::mem::take(&mut self.open);
        let amounts: Vec<_> =
            open.iter().map(|(_, _, commitment, opened)| (commitment, &opened.opening)).collect();
        let holds = check_openings(&amounts);
        for ((at, number, _, opened), holds) in open.into_iter().zip(holds) {
            let state = self.found.get_mut(at).and_then(|found| found.get_mut(number));
            match state {
                Some(state) if holds => *state = NoteState::Opened(opened),
                Some(state @ NoteState::Sealed) => *state = NoteState::Malformed,
                _ => {}
            }
        }
    }
}

/// The amounts that a movement makes, in the order of their records (SCH-07): all but one that was owed.
pub(super) fn made(movement: &Movement) -> impl Iterator<Item = (AssetId, AmountCommitment)> + '_ {
    let owed = movement.obligations().into_iter().map(|owed| owed.output.note.commitment);
    let paid = usize::from(movement.pays().is_some());
    let notes = movement.outputs().iter().skip(paid).map(|output| output.commitment);
    let redeemed = movement.redeemed().map(|amount| amount.commitment);
    owed.chain(notes).chain(redeemed).map(|commitment| (movement.asset(), commitment))
}

struct Carrier<'t> {
    operation: &'t Operation,
    record_type: &'t RecordType,
    entry: &'t FieldEntry,
    sealed: &'t SealedField,
}

/// The records that stand for amounts, with their quantity and its sealed form, in order (SCH-07).
fn carriers<'t>(bundle: &'t VerifiedBundle, transaction: &'t VerifiedTransaction) -> Vec<Carrier<'t>> {
    let Some(definition) = bundle.definition_in(transaction.body.generation) else {
        return Vec::new();
    };
    let carrier = |(operation, sealed): (&'t Operation, &'t Vec<SealedField>)| {
        let record_type = definition.record(operation.record_type)?;
        record_type.value.filter(|role: &ValueRole| role.has_quantity())?;
        let quantity = record_type.quantity_field()?.id;
        let place = operation.fields.iter().position(|entry| entry.field == quantity)?;
        Some(Carrier {
            operation,
            record_type,
            entry: operation.fields.get(place)?,
            sealed: sealed.get(place)?,
        })
    };
    transaction.body.operations.iter().zip(&transaction.sealed.fields).filter_map(carrier).collect()
}

/// The records that stand for amounts, in order, with their types.
pub(super) fn carrying<'t>(
    bundle: &'t VerifiedBundle,
    transaction: &'t VerifiedTransaction,
) -> Vec<(&'t RecordType, &'t Operation)> {
    let carriers = carriers(bundle, transaction).into_iter();
    carriers.map(|carrier| (carrier.record_type, carrier.operation)).collect()
}
