//! What was handed in together, and is waited for together.

use std::sync::mpsc::{Receiver, channel};

use parclose_channel::{Drafted, Verdict};
use parclose_node::{Outcome, RoomHandle, SubmitError};
use parclose_transaction::DraftOperation;

use crate::error::CliError;

/// Transactions on their way, all of which should be applied.
pub(crate) struct Waiting(Vec<Receiver<Result<Outcome, SubmitError>>>);

impl Waiting {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Hands in records and movements as one transaction.
    pub(crate) fn submit(&mut self, room: &RoomHandle, drafted: Drafted) {
        let (done, wait) = channel();
        let answer = Box::new(move |outcome| drop(done.send(outcome)));
        room.submit_with(drafted.operations, drafted.movements, answer);
        self.0.push(wait);
    }

    /// Hands in one record.
    pub(crate) fn record(&mut self, room: &RoomHandle, operation: DraftOperation) {
        self.submit(room, Drafted { operations: vec![operation], ..Drafted::default() });
    }

    /// Waits for all verdicts; the first that is not what it should be is told.
    pub(crate) fn all_applied(self) -> Result<(), CliError> {
        for wait in self.0 {
            let outcome = wait.recv().unwrap_or(Err(SubmitError::Stopped { transaction: None }))?;
            if let Verdict::Refused(rule) = &outcome.verdict {
                return Err(CliError::refused(rule));
            }
        }
        Ok(())
    }
}
