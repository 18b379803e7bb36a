//! Each party in a process of its own, four of them validators.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use parclose_node::Unlock;
use parclose_root::Genesis;
use serde_json::Value;

use super::Party;
use crate::args::Global;
use crate::demo::nodes::running::Running;
use crate::dev::Scene;
use crate::error::CliError;

/// One of them may fail.
pub(super) const VALIDATORS: u8 = 4;

/// The nodes, and what was answered so far.
pub(in crate::demo) struct Spread<'g> {
    running: Running<'g>,
    /// by channel, the event after the last one that a command is known to have ended in
    answered: Mutex<BTreeMap<&'static str, u64>>,
}

impl<'g> Spread<'g> {
    pub(super) fn found(global: &'g Global, scene: Scene) -> Result<Self, CliError> {
        Ok(Self { running: Running::up(global, VALIDATORS, scene)?, answered: Mutex::default() })
    }

    /// Once the party's node has executed what others were answered.
    pub(super) fn tell(&self, party: Party, words: &[&str]) -> Result<Value, CliError> {
        self.catch_up(party)?;
        let told = self.running.insist_unless_open(party, words)?;
        if let Some(sequence) = told["sequence"].as_u64() {
            let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            let known = answered.entry(party.1).or_default();
            *known = (*known).max(sequence.saturating_add(1));
        }
        Ok(told)
    }

    /// Once the party's node has executed what others were answered: else it refuses what it has not heard of.
    pub(super) fn refusal(&self, party: Party, words: &[&str]) -> Option<String> {
        self.catch_up(party).ok()?;
        self.running.refusal(party, words)
    }

    fn catch_up(&self, party: Party) -> Result<(), CliError> {
        let known = self.answered.lock().unwrap_or_else(PoisonError::into_inner).get(party.1).copied();
        let Some(known) = known else { return Ok(()) };
        let has_come = |shown: &Value| shown["events"].as_u64() >= Some(known);
        self.running.wait_until(party, &["channel", "show"], has_come).map(drop)
    }

    pub(super) fn until(
        &self,
        party: Party,
        words: &[&str],
        is_so: impl Fn(&Value) -> bool,
    ) -> Result<Value, CliError> {
        self.running.wait_until(party, words, is_so)
    }

    pub(super) fn level(&self) -> Result<(), CliError> {
        self.running.settle_all()
    }

    pub(super) fn regulator(&self) -> (PathBuf, Unlock) {
        let directory = self.running.regulator();
        let unlock = Unlock::of_home(&directory);
        (directory, unlock)
    }

    pub(super) fn genesis(&self) -> Result<Genesis, CliError> {
        self.running.genesis()
    }

    pub(super) fn processes(&self) -> usize {
        self.running.members().len()
    }

    pub(super) fn close(self) -> Result<(), CliError> {
        self.running.stop()
    }
}
