//! One transaction, from its decoded form to effects. Every line changes the type; none can be skipped.
//!
//! Before ordering the same stages up to `prove` run as advice ([`Execution::advise`]); only
//! execution after ordering decides ([`Execution::process`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parclose_access::Decider;
use parclose_amounts::KnownRanges;
use parclose_transaction::{ErasureTarget, KnownSignatures, Setting, UnverifiedTransaction};
use parclose_types::{AssetId, Epoch, Height, NoteId, ObligationId, RecordId, Sequence, TransactionDigest};

use crate::absent::Absent;
use crate::apply::Effects;
use crate::claims::{Claims, ClaimsWritten};
use crate::erasure::{ErasureRow, ErasuresWritten};
use crate::error::ChannelError;
use crate::governance::{Governance, InForce, Past};
use crate::locks::Locks;
use crate::obligations::ObligationRow;
use crate::prove::ProvenTransaction;
use crate::reject::Reject;
use crate::tables::{RecordRow, StateField, TransactionRow};
use crate::value::{NoteRow, SupplyRow, ValueWritten};

/// What execution reads of the state before the event.
pub trait StateBefore {
    /// A record as it stood before the event.
    fn record(&self, record: &RecordId) -> Result<Option<RecordRow>, ChannelError>;
    /// Where a transaction got its verdict, if it has one.
    fn executed(&self, digest: &TransactionDigest) -> Result<Option<TransactionRow>, ChannelError>;
    /// A note as it stood before the event.
    fn note(&self, note: &NoteId) -> Result<Option<NoteRow>, ChannelError>;
    /// How much of an asset circulated before the event.
    fn supply(&self, asset: &AssetId) -> Result<Option<SupplyRow>, ChannelError>;
    /// An obligation as it stood before the event.
    fn obligation(&self, obligation: &ObligationId) -> Result<Option<ObligationRow>, ChannelError>;
    /// Whether a salt was seen in an epoch.
    fn salt_seen(&self, epoch: Epoch, salt: &[u8; 32]) -> Result<bool, ChannelError>;
    /// An erasure as it stood before the event.
    fn erasure(&self, target: &ErasureTarget) -> Result<Option<ErasureRow>, ChannelError>;
    /// Records with a current field that this is so of, each with whether a note of it can be spent, is held or is owed.
    fn resting_on(
        &self,
        in_scope: &dyn Fn(&StateField) -> bool,
    ) -> Result<Vec<(RecordRow, bool)>, ChannelError>;
    /// What is kept of earlier generations.
    fn past(&self) -> &dyn Past;
}

/// The transactions of one event, one after the other, over the state before it.
pub struct Execution<'a> {
    pub(crate) state: &'a dyn StateBefore,
    /// what that state is known to lack
    pub(crate) absent: Absent,
    /// the generation in force at the event's height, with its definition
    pub(crate) in_force: Arc<InForce>,
    pub(crate) decider: &'a mut Decider,
    pub(crate) known: &'a mut KnownSignatures,
    pub(crate) ranges: &'a mut KnownRanges,
    /// how the channel stood before the event
    pub(crate) governance: &'a Governance,
    /// how it stands now, if this event has changed that
    pub(crate) changed: Option<Governance>,
    pub(crate) setting: Setting,
    pub(crate) sequence: Sequence,
    /// records written by this event so far
    pub(crate) written: BTreeMap<RecordId, RecordRow>,
    /// transactions with a verdict by this event so far
    pub(crate) decided: BTreeSet<TransactionDigest>,
    /// asked last, and without a verdict in the state before
    pub(crate) undecided: Option<TransactionDigest>,
    /// salts used by this event so far
    pub(crate) salts: BTreeSet<(Epoch, [u8; 32])>,
    /// the locks before the event
    pub(crate) locks: &'a Locks,
    /// the claims before the event
    pub(crate) claims: &'a Claims,
    /// what this event has done to claims so far
    pub(crate) claimed: ClaimsWritten,
    /// what was erased before the event
    pub(crate) erased: &'a BTreeSet<ErasureTarget>,
    /// what this event has done to erasures so far
    pub(crate) erasures: ErasuresWritten,
    /// what this event has done to value so far
    pub(crate) value: ValueWritten,
}

/// The store failed, or the transaction is refused: only the second is a verdict.
#[derive(Debug)]
pub enum Stop {
    /// the transaction breaks a rule
    Reject(Reject),
    /// the node cannot read its own state
    Broken(ChannelError),
}

impl<R: Into<Reject>> From<R> for Stop {
    fn from(reject: R) -> Self {
        Self::Reject(reject.into())
    }
}

impl Execution<'_> {
    /// Runs the stages before ordering, as advice.
    pub fn advise(&mut self, tx: UnverifiedTransaction) -> Result<ProvenTransaction, Stop> {
        let config = &self.in_force.config;
        let tx = tx.authenticate(&self.setting, |key| config.member(key).is_some(), self.known)?;
        let tx = self.authorize(tx)?;
        self.prove(tx)
    }

    /// Runs all stages, in log order: the result is the verdict.
    pub fn process(&mut self, tx: UnverifiedTransaction, place: (u64, u32)) -> Result<Effects, Stop> {
        let tx = self.advise(tx)?;
        let tx = self.admit(tx)?;
        Ok(self.apply(tx, place))
    }

    /// Whether a transaction already has its verdict: the first occurrence under its sponsor counts.
    ///
    /// # Rules
    ///
    /// > STA-03: a transaction's outcome is the verdict of its first occurrence under its sponsor; later ones are ignored.
    pub(crate) fn is_decided(&mut self, digest: &TransactionDigest) -> Result<bool, Stop> {
        if self.decided.contains(digest) {
            return Ok(true);
        }
        if self.undecided == Some(*digest) {
            return Ok(false);
        }
        let decided = !self.absent.transactions.contains(digest)
            && self.state.executed(digest).map_err(Stop::Broken)?.is_some();
        self.undecided = (!decided).then_some(*digest);
        Ok(decided)
    }

    /// A record as this transaction meets it.
    pub(crate) fn current(&self, record: &RecordId) -> Result<Option<RecordRow>, Stop> {
        match self.written.get(record) {
            Some(row) => Ok(Some(row.clone())),
            None if self.absent.records.contains(record) => Ok(None),
            None => self.state.record(record).map_err(Stop::Broken),
        }
    }

    /// Whether a salt was used before this transaction.
    pub(crate) fn salt_seen(&self, salt: &(Epoch, [u8; 32])) -> Result<bool, Stop> {
        if self.salts.contains(salt) {
            return Ok(true);
        }
        let seen = || self.state.salt_seen(salt.0, &salt.1).map_err(Stop::Broken);
        if self.absent.salts.contains(salt) { Ok(false) } else { seen() }
    }

    /// How the channel stands as this transaction meets it.
    pub(crate) fn governance(&self) -> &Governance {
        self.changed.as_ref().unwrap_or(self.governance)
    }

    /// The height that this event has.
    pub(crate) fn height(&self) -> Height {
        self.setting.height
    }
}

impl std::fmt::Debug for Execution<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Execution({} written)", self.written.len())
    }
}

#[cfg(test)]
mod tests;
