//! When each validator was last heard: a vote or a proposal of it that was new, with its signature.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use parclose_types::PublicKey;
use tokio::time::Instant;

/// What the verifier of signatures notes, and others look at.
#[derive(Debug, Default)]
pub(crate) struct Heard(Mutex<BTreeMap<PublicKey, Instant>>);

impl Heard {
    /// A signature of a validator has held.
    pub(crate) fn note(&self, validator: &PublicKey, now: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(*validator, now);
    }

    /// When a validator was heard last, if it ever was.
    pub(crate) fn last(&self, validator: &PublicKey) -> Option<Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(validator).copied()
    }
}
