//! Clocks of a measurement.

use std::sync::LazyLock;
use std::time::Instant;

use super::Failed;

/// Seconds since some moment.
pub(super) type Clock = fn() -> Result<f64, Failed>;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The time that passes, also while a disk is waited for.
pub(super) fn wall() -> Result<f64, Failed> {
    Ok(START.elapsed().as_secs_f64())
}

/// The time for which this thread has had a processor (Linux: `schedstat`).
pub(super) fn processor() -> Result<f64, Failed> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds as f64 / 1e9)
}
