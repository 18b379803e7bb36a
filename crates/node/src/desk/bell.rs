//! The bell: how rooms tell the desks of their process that there is something to read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

/// Rung by rooms, heard by whoever works the desks.
#[derive(Clone, Debug)]
pub struct Bell {
    rung: Arc<AtomicBool>,
    wake: SyncSender<()>,
}

impl Bell {
    /// A bell that wakes the other end of a channel. It has rung already: what was executed before is not read yet.
    #[must_use]
    pub fn new(wake: SyncSender<()>) -> Self {
        Self { rung: Arc::new(AtomicBool::new(true)), wake }
    }

    /// Says that something of a deal was executed.
    pub fn ring(&self) {
        self.rung.store(true, Ordering::SeqCst);
        // One that is not taken up yet stands for this one too.
        let _ = self.wake.try_send(());
    }

    /// Whether it has rung since this was asked last.
    pub(crate) fn has_rung(&self) -> bool {
        self.rung.swap(false, Ordering::SeqCst)
    }
}
