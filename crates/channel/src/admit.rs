//! Admission: does the transaction fit the state that it meets?

use parclose_access::PolicyEpoch;
use parclose_transaction::{AuthenticatedTransaction, NotAuthentic, Operation};
use parclose_types::{MemberId, RecordId};

use crate::claims::ClaimRow;
use crate::erasure::ErasureRow;
use crate::governance::Governance;
use crate::governance::act::ActContext;
use crate::life::Lives;
use crate::process::{Execution, Stop};
use crate::prove::ProvenTransaction;
use crate::reject::Stale;
use crate::tables::RecordRow;
use crate::value::Moved;

/// A transaction that fits the state: its effects follow without further checks.
#[derive(Debug)]
pub struct AdmittedTransaction {
    pub(crate) transaction: AuthenticatedTransaction,
    pub(crate) author: MemberId,
    /// records before, by operation
    pub(crate) before: Vec<Option<RecordRow>>,
    /// states of its records' lives after it, by operation
    pub(crate) states: Vec<Option<String>>,
    /// claims that its steps make or give up
    pub(crate) claimed: Vec<ClaimRow>,
    /// the governance that its act leads to
    pub(crate) governed: Option<Governance>,
    /// the erasure that its act leads to
    pub(crate) erasure: Option<ErasureRow>,
    /// what it does to value
    pub(crate) moved: Moved,
}

impl Execution<'_> {
    /// Checks first occurrence, salt and versions, or what the act's own rules say.
    ///
    /// # Rules
    ///
    /// > STA-07: a salt is used once in a channel and epoch.
    pub(crate) fn admit(&mut self, tx: ProvenTransaction) -> Result<AdmittedTransaction, Stop> {
        let body = tx.transaction.body();
        let in_force = PolicyEpoch(u64::from(self.in_force.config.definition_version));
        assert!(tx.permits.iter().all(|permit| permit.epoch() == in_force), "permits are of this definition");
        if self.is_decided(&tx.transaction.digest())? {
            return Err(Stale::Repeated.into());
        }
        if self.salt_seen(&(body.epoch, body.salt_digest))? {
            return Err(Stale::Salt.into());
        }
        for (operation, current) in body.operations.iter().zip(&tx.before) {
            let lives = self.in_force.definition.record(operation.record_type);
            let lives = lives.is_some_and(|known| known.lifecycle.is_some());
            check_version(operation, current.as_ref(), lives)?;
            self.check_not_erased(&operation.record)?;
        }
        for movement in &body.movements {
            self.check_not_erased(&RecordId(movement.asset().0))?;
        }
        check_once(&body.operations)?;
        let author = self.in_force.config.member(&body.author).ok_or(NotAuthentic::NotMember)?.id();
        let Lives { states, claimed } = self.admit_lives(&tx, author)?;
        let digest = tx.transaction.digest();
        let erasure = match &tx.transaction.body().act {
            Some(act) => self.erasure_after(act, author, digest)?,
            None => None,
        };
        let governed = if erasure.is_some() { None } else { self.admit_act(&tx.transaction, author)? };
        let ProvenTransaction { transaction, before, moved, .. } = tx;
        Ok(AdmittedTransaction { transaction, author, before, states, claimed, governed, erasure, moved })
    }

    fn admit_act(
        &self,
        transaction: &AuthenticatedTransaction,
        author: MemberId,
    ) -> Result<Option<Governance>, Stop> {
        let Some(act) = &transaction.body().act else { return Ok(None) };
        let context = ActContext {
            in_force: &self.in_force,
            author,
            transaction: transaction.digest(),
            height: self.height(),
            sequence: self.sequence,
            past: self.state.past(),
            bound_until: &|members| self.bound_until(members),
        };
        self.governance().after(act, &context).map(Some)
    }
}

/// A record with a life is made by a step, whatever that is called (LIF-01); any other by `create`.
///
/// # Rules
///
/// > STA-04: an operation makes exactly the version that follows the record's.
/// > STA-05: a record is created once.
/// > STA-06: an update keeps the type and the parties of its record.
fn check_version(operation: &Operation, current: Option<&RecordRow>, lives: bool) -> Result<(), Stale> {
    let version = current.map_or(0, |row| row.version);
    let creates = if lives { operation.version == 1 } else { operation.action == "create" };
    if creates && operation.version == 1 && version > 0 {
        return Err(Stale::Exists);
    }
    if version.checked_add(1) != Some(operation.version) || creates != (version == 0) {
        return Err(Stale::Version { current: version, wanted: operation.version });
    }
    match current {
        Some(row) if (row.record_type, &row.parties) != (operation.record_type, &operation.parties) => {
            Err(Stale::Shape)
        }
        _ => Ok(()),
    }
}

/// A transaction writes a record at most once: otherwise the second operation would meet the first.
fn check_once(operations: &[Operation]) -> Result<(), Stale> {
    let mut records: Vec<_> = operations.iter().map(|operation| operation.record).collect();
    records.sort_unstable();
    if records.is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(Stale::Exists) }
}

#[cfg(test)]
mod tests;
