//! Submissions on their way: enough to fill batches, little enough memory.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use parclose_node::{Outcome, SubmitError};

use super::importer::Footprint;

/// A document and what became of its submission.
pub(super) type Answer = (Footprint, Result<Outcome, SubmitError>);

#[derive(Default)]
struct State {
    documents: usize,
    lines: usize,
    answers: Vec<Answer>,
}

/// Keeps a bounded number of submissions on their way.
#[derive(Clone, Default)]
pub(super) struct Window(Arc<(Mutex<State>, Condvar)>);

const DOCUMENTS_MAX: usize = 2048;
/// One document may have more; then it goes alone.
const LINES_MAX: usize = 1 << 16;

impl Window {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place.
    pub(super) fn enter(&self, lines: usize) {
        let full = |state: &mut State| {
            state.documents >= DOCUMENTS_MAX || (state.documents > 0 && state.lines + lines > LINES_MAX)
        };
        let mut state = self.0.1.wait_while(self.state(), full).unwrap_or_else(PoisonError::into_inner);
        state.documents += 1;
        state.lines += lines;
    }

    /// Gives the place back, with the answer.
    pub(super) fn leave(&self, footprint: Footprint, outcome: Result<Outcome, SubmitError>) {
        let mut state = self.state();
        state.documents -= 1;
        state.lines -= footprint.rows.len();
        state.answers.push((footprint, outcome));
        drop(state);
        self.0.1.notify_all();
    }

    /// The answers so far.
    pub(super) fn arrived(&self) -> Vec<Answer> {
        std::mem::take(&mut self.state().answers)
    }

    /// Waits for all answers.
    pub(super) fn drain(&self) -> Vec<Answer> {
        let waiting = |state: &mut State| state.documents > 0;
        let mut state = self.0.1.wait_while(self.state(), waiting).unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.answers)
    }
}
