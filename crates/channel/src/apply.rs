//! Application: from an admitted transaction to the rows it writes. Cannot fail.

use parclose_transaction::Operation;
use parclose_types::TransactionDigest;

use crate::admit::AdmittedTransaction;
use crate::process::Execution;
use crate::tables::{RecordField, RecordRow, StateField};

/// What a transaction wrote.
#[derive(Debug)]
pub struct Effects {
    /// the transaction
    pub transaction: TransactionDigest,
    /// records written
    pub records: usize,
    /// it changed the channel
    pub governed: bool,
}

impl Execution<'_> {
    /// Writes the records of a transaction, or takes over what its act leads to; `place` is its batch
    /// number and index.
    pub(crate) fn apply(&mut self, tx: AdmittedTransaction, place: (u64, u32)) -> Effects {
        let governed = tx.governed.is_some();
        if governed {
            self.changed = tx.governed;
        }
        let body = tx.transaction.body();
        let digest = tx.transaction.digest();
        for (number, (operation, before)) in body.operations.iter().zip(&tx.before).enumerate() {
            let mut row = before.clone().unwrap_or_else(|| RecordRow {
                record: operation.record,
                record_type: operation.record_type,
                version: 0,
                owner: tx.author,
                parties: operation.parties.clone(),
                status: None,
                day: None,
                keyed_tag: None,
                fields: Vec::new(),
            });
            row.version = operation.version;
            row.day = operation.day.or(row.day);
            row.keyed_tag = operation.keyed_tag.or(row.keyed_tag);
            row.status = tx.states.get(number).cloned().flatten();
            let state = |entry| StateField {
                entry,
                generation: body.generation,
                epoch: body.epoch,
                transaction: digest,
            };
            let at = |position| (place.0, place.1, index(number), index(position));
            write_fields(&mut row, operation, state, at);
            self.written.insert(operation.record, row);
        }
        self.salts.insert((body.epoch, body.salt_digest));
        self.claimed.extend(tx.claimed.into_iter().map(|row| (row.tag, row)));
        self.erasures.extend(tx.erasure.map(|row| (row.target, row)));
        self.value.apply(tx.moved);
        Effects { transaction: digest, records: body.operations.len(), governed }
    }
}

fn write_fields(
    row: &mut RecordRow,
    operation: &Operation,
    state: impl Fn(parclose_transaction::FieldEntry) -> StateField,
    at: impl Fn(usize) -> (u64, u32, u16, u16),
) {
    for (position, entry) in operation.fields.iter().enumerate() {
        let field = RecordField { state: state(*entry), place: at(position) };
        match row.fields.binary_search_by_key(&entry.field, |known| known.state.entry.field) {
            Ok(known) => {
                if let Some(old) = row.fields.get_mut(known) {
                    *old = field;
                }
            }
            Err(gap) => row.fields.insert(gap, field),
        }
    }
}

/// Operations and fields are bounded far below 65,536 while decoding.
fn index(position: usize) -> u16 {
    u16::try_from(position).expect("bounded by the decoder's limits")
}

#[cfg(test)]
mod tests;
