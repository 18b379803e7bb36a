//! How fast one node is sent to: below what it hears, so that nothing is sent for nothing.

use std::time::Duration;

use tokio::time::Instant;

/// Bytes in a second, below the share of NET-05 by more than may come at once.
const BYTES_PER_SECOND: u64 = 28 << 20;
/// Requests in a second, likewise.
const ASKS_PER_SECOND: u64 = 3584;
/// What may come at once, as a time.
const AT_ONCE: Duration = Duration::from_millis(60);

/// When everything that was sent so far has had its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace(Instant);

impl Pace {
    pub(super) fn from(now: Instant) -> Self {
        Self(now)
    }

    /// Takes the time of one request, or says when there is some.
    ///
    /// # Rules
    ///
    /// > NET-10: a node sends another at most 28 MiB and 3584 requests a second on the average, and what is beyond that waits.
    pub(super) fn take(&mut self, now: Instant, bytes: usize) -> Result<(), Instant> {
        let begun = self.0.max(now);
        let latest = begun.checked_sub(AT_ONCE).unwrap_or(now);
        if latest > now {
            return Err(latest);
        }
        self.0 = begun.checked_add(time_of(bytes)).unwrap_or(begun);
        Ok(())
    }
}

/// The time of a request: that of its bytes, or that of any.
fn time_of(bytes: usize) -> Duration {
    let of_bytes = (bytes as u64).saturating_mul(1_000_000_000) / BYTES_PER_SECOND;
    Duration::from_nanos(of_bytes.max(1_000_000_000 / ASKS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests of a size that are sent within a second.
    fn within_a_second(bytes: usize) -> u64 {
        let start = Instant::now();
        let (mut pace, mut now, mut sent) = (Pace::from(start), start, 0);
        loop {
            match pace.take(now, bytes) {
                Ok(()) => sent += 1,
                Err(later) if later > start + Duration::from_secs(1) => return sent,
                Err(later) => now = later,
            }
        }
    }

    #[test]
    fn net_10_what_is_sent_in_a_second_is_below_what_is_heard() {
        let large = within_a_second(1 << 20);
        assert!((27..=31).contains(&large), "{large} MiB");
        let small = within_a_second(10);
        assert!((3500..=3900).contains(&small), "{small} requests");
        let mut pace = Pace::from(Instant::now());
        let later = Instant::now() + Duration::from_secs(9);
        assert_eq!(pace.take(later, 1 << 20), Ok(()), "who was silent has gathered no more than anybody");
        assert!(pace.take(later, 1 << 20).is_ok() && pace.take(later, 1 << 20).is_err());
    }
}
