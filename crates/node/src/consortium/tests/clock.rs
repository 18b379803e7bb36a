//! A wall clock that jumps.
#![allow(clippy::disallowed_methods, reason = "the clock that is read here is the one that jumps")]

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use super::*;
use crate::admin::Health;
use crate::machine::ClockWatch;
use crate::status::NodeStatus;

/// A year, in seconds.
const YEAR: i64 = 365 * 24 * 3600;

/// This machine's clock, and how far it is moved, in seconds.
fn moved(by: &Arc<AtomicI64>) -> ClockWatch {
    let by = by.clone();
    ClockWatch::of(Arc::new(move || {
        let seconds = by.load(Ordering::SeqCst);
        let distance = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { SystemTime::now() - distance } else { SystemTime::now() + distance }
    }))
}

#[test]
fn nod_29_a_clock_that_jumps_by_years_is_reported_and_changes_no_result() {
    let (folder, consortium) = consortium(&["ann", "bob"]);
    let by = Arc::new(AtomicI64::new(0));
    let clock = moved(&by);
    for (record, years) in [(1, 0), (2, 20), (3, -20), (4, 0)] {
        by.store(years * YEAR, Ordering::SeqCst);
        assert_eq!(consortium.submit(record).recv().unwrap().unwrap().verdict, Verdict::Applied);
        let health = Health::of(&consortium.status().report(), folder.path(), &clock);
        let check = health.checks.iter().find(|check| check.name == "clock").unwrap();
        assert_eq!((check.ok, health.ready), (years == 0, years == 0), "{years}: {health:?}");
    }
    consortium.quiesce();
    assert_eq!(consortium.state("ann"), consortium.state("bob"));
}
