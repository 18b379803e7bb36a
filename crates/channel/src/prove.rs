//! Proofs: the form of commitments, and what the movements of notes have to show.

use parclose_access::Permit;
use parclose_transaction::AuthenticatedTransaction;

use crate::authorize::AuthorizedTransaction;
use crate::process::{Execution, Stop};
use crate::reject::NotProven;
use crate::tables::RecordRow;
use crate::value::Moved;

/// A transaction whose commitments have the right form and whose proofs hold.
#[derive(Debug)]
pub struct ProvenTransaction {
    pub(crate) transaction: AuthenticatedTransaction,
    pub(crate) permits: Vec<Permit>,
    /// its records as it meets them, by operation
    pub(crate) before: Vec<Option<RecordRow>>,
    /// what it does to value
    pub(crate) moved: Moved,
}

impl Execution<'_> {
    /// Checks the form of every field commitment, and every movement of notes.
    ///
    /// # Rules
    ///
    /// > AMT-01: a field commitment is not zero and stands once in its transaction.
    pub(crate) fn prove(&mut self, tx: AuthorizedTransaction) -> Result<ProvenTransaction, Stop> {
        let operations = tx.transaction.body().operations.iter();
        let mut leaves: Vec<_> = operations.flat_map(|op| &op.fields).map(|entry| entry.leaf).collect();
        leaves.sort_unstable();
        if leaves.first() == Some(&[0; 32]) || !leaves.is_sorted_by(|a, b| a < b) {
            return Err(NotProven::Form.into());
        }
        let moved = self.prove_movements(&tx.transaction, &tx.carriers)?;
        Ok(ProvenTransaction { transaction: tx.transaction, permits: tx.permits, before: tx.before, moved })
    }
}

impl ProvenTransaction {
    /// The digest of the transaction.
    #[must_use]
    pub fn digest(&self) -> parclose_types::TransactionDigest {
        self.transaction.digest()
    }
}

#[cfg(test)]
mod tests;
