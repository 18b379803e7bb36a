//! Why a channel cannot go on here, for whoever is outside its room.

use std::sync::{Arc, Mutex, PoisonError};

use parclose_channel::ChannelError;
use parclose_types::{Failure, Fault};

/// Why a channel cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// the broken rule
    pub rule: &'static str,
    /// who erred
    pub fault: Fault,
    /// in words
    pub message: String,
    /// what helps
    pub fix: String,
}

impl Halt {
    /// Of an error that stops a room. Who has left a channel is not stopped by a fault.
    pub(super) fn of(error: &ChannelError) -> Option<Self> {
        if matches!(error, ChannelError::Left) {
            return None;
        }
        let (rule, fault) = (error.rule(), error.fault());
        Some(Self { rule, fault, message: error.to_string(), fix: error.fix() })
    }
}

/// A room's last word on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Halted(Arc<Mutex<Option<Halt>>>);

impl Halted {
    pub(super) fn tell(&self, stopped: Option<&ChannelError>) {
        let halt = stopped.and_then(Halt::of);
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *told != halt {
            if let Some(Halt { rule, message, fix, .. }) = &halt {
                tracing::error!(rule, message, fix, "a channel cannot go on");
            }
            *told = halt;
        }
    }

    pub(super) fn why(&self) -> Option<Halt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
