//! What the node asks of the machine below it: room on the disk, open files, a clock that does not jump.
#![allow(
    clippy::disallowed_methods,
    reason = "health and preflight tell what the clock does; nothing is decided by it"
)]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Bytes that must be free: two write-ahead logs of every store that is open fit.
pub const DISK_FREE_MIN: u64 = 256 << 20;

/// Writes and removes a file below a directory: the bytes that are free there.
pub fn disk(directory: &Path) -> std::io::Result<u64> {
    let probe = directory.join(format!(".probe-{}", std::process::id()));
    let written = File::create(&probe).and_then(|mut file| file.write_all(b"probe"));
    // What could not be written may not be there.
    let _ = std::fs::remove_file(&probe);
    written?;
    let told = rustix::fs::statvfs(directory)?;
    Ok(told.f_bavail.saturating_mul(told.f_frsize))
}

/// Files that this process may have open; none if there is no limit.
#[must_use]
pub fn open_files_max() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

/// The time of the wall clock, in seconds since 1970.
#[must_use]
pub fn wall_clock() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// When a file was written, in the same seconds.
#[must_use]
pub fn written_at(path: &Path) -> Option<u64> {
    let written = path.metadata().ok()?.modified().ok()?;
    Some(written.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
}

type Wall = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Watches the wall clock against the time that passes.
#[derive(Clone)]
pub struct ClockWatch {
    started: Instant,
    first: SystemTime,
    wall: Wall,
}

impl std::fmt::Debug for ClockWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClockWatch").field("first", &self.first).finish_non_exhaustive()
    }
}

impl ClockWatch {
    /// Begins now.
    #[must_use]
    pub fn start() -> Self {
        Self::of(Arc::new(SystemTime::now))
    }

    /// Watches another clock than this machine's.
    pub(crate) fn of(wall: Wall) -> Self {
        Self { started: Instant::now(), first: wall(), wall }
    }

    /// How far the wall clock has moved since, forwards or back, beyond the time that has passed.
    ///
    /// # Rules
    ///
    /// > NOD-29: the wall clock is read for health and preflight only: a clock that jumps is reported, and changes no result.
    #[must_use]
    pub fn jump(&self) -> Duration {
        let passed = self.started.elapsed();
        match (self.wall)().duration_since(self.first) {
            Ok(moved) => moved.abs_diff(passed),
            Err(back) => back.duration().saturating_add(passed),
        }
    }

    #[cfg(test)]
    pub(crate) fn started_at(first: SystemTime) -> Self {
        Self { first, ..Self::start() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_moved_is_noticed_both_ways() {
        assert!(ClockWatch::start().jump() < Duration::from_secs(5));
        let hour = Duration::from_secs(3600);
        for moved in [SystemTime::now() - hour, SystemTime::now() + hour] {
            let jump = ClockWatch::started_at(moved).jump();
            assert!((3500..3700).contains(&jump.as_secs()), "{jump:?}");
        }
    }

    #[test]
    fn a_disk_is_probed_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        assert!(disk(folder.path()).unwrap() > 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(disk(&folder.path().join("absent")).is_err());
    }

    #[test]
    fn the_limits_of_this_process_are_told() {
        assert!(open_files_max().is_none_or(|files| files > 0));
        assert!(wall_clock() > 1_600_000_000);
    }
}
