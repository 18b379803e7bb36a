//! What a scan tells.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{AssetId, Sequence};

use super::super::{AuditedAsset, MalformedField};
use super::Coverage;

/// What a whole scan has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanReport {
    /// batches that were read
    pub batches: u64,
    /// their transactions
    pub standings: Standings,
    /// fields of applied transactions that opened
    pub opened_fields: u64,
    /// fields of applied transactions outside the keys' scope
    pub sealed_fields: u64,
    /// fields of applied transactions that the members have erased
    pub erased_fields: u64,
    /// fields of applied transactions in scope that do not open, or are not of their type
    pub malformed: Vec<MalformedField>,
    /// anchors whose batches break form: proven, and without effect
    pub void: Runs,
    /// anchors whose batches are not shown; none of them had an effect
    pub not_shown: Runs,
    /// anchors outside the exported epochs
    pub not_exported: Runs,
    /// what became of each asset
    pub assets: BTreeMap<AssetId, AuditedAsset>,
    /// of each view key, in the order in which they were given, what the export holds of its epochs
    pub coverage: Vec<Coverage>,
}

/// Transactions by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Standings {
    /// applied: their fields were read
    pub applied: u64,
    /// refused by a rule
    pub refused: u64,
    /// repeated, expired, or put forward by another than their sponsor
    pub passed_over: u64,
    /// ordered after the newest attested event: what becomes of them is not proven yet
    pub open: u64,
}

/// Anchors that follow each other in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Run {
    /// event of the first
    pub first: Sequence,
    /// event of the last
    pub last: Sequence,
    /// how many
    pub anchors: u64,
    /// number of the last among all anchors of the log
    ordinal: u64,
}

/// Some anchors of a log, in its order, those that follow each other together.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Runs(Vec<Run>);

impl Runs {
    pub(super) fn take(&mut self, sequence: Sequence, ordinal: u64) {
        match self.0.last_mut() {
            Some(run) if run.ordinal.checked_add(1) == Some(ordinal) => {
                run.anchors = run.anchors.saturating_add(1);
                (run.last, run.ordinal) = (sequence, ordinal);
            }
            _ => self.0.push(Run { first: sequence, last: sequence, anchors: 1, ordinal }),
        }
    }

    /// The runs, in the order of the log.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.0
    }

    /// How many anchors.
    #[must_use]
    pub fn anchors(&self) -> u64 {
        self.0.iter().fold(0, |sum, run| sum.saturating_add(run.anchors))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
