//! The suites of formats and bombs under a counting allocator: one test, so that nothing else allocates beside it.

mod seed;

use std::path::Path;
use std::time::Duration;

use parclose_findings::Budget;
use parclose_fuzz_targets::packs;
use parclose_fuzz_targets::runner::Runner;
use parclose_fuzz_targets::suites::formats::{METER, Meter};
use parclose_fuzz_targets::suites::suite;
use peak_alloc::PeakAlloc;
use seed::seed;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

#[test]
fn formats_and_bombs_keep_their_promise_within_their_memory() {
    let meter = Meter {
        start: || {
            ALLOCATOR.reset_peak_usage();
            ALLOCATOR.current_usage()
        },
        peak: || ALLOCATOR.peak_usage(),
    };
    assert!(METER.set(meter).is_ok(), "nobody else measures here");
    for id in ["F01", "F23"] {
        let suite = suite(id).expect("a suite of this id");
        let budget = Budget::new(seed(), Duration::from_millis(300));
        let crashes = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
        let item = Runner::new(crashes).run_with(suite, &packs::read(suite), &budget);
        println!("{item:#?}");
        assert_eq!(item.faults(), [], "again: make fuzz TARGET={id} SEED={} SECONDS=60", seed());
    }
}
