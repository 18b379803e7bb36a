//! The fuzz suites and every entrance, one after the other.

use parclose_findings::{Budget, Item};
use parclose_fuzz_targets::TARGETS;
use parclose_fuzz_targets::runner::Runner;
use parclose_fuzz_targets::suites::SUITES;
use parclose_fuzz_targets::suites::formats::{METER, Meter};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Each with its part of the time.
pub(crate) fn all(budget: &Budget) -> Vec<Item> {
    // Memory is part of what a decoder promises; a meter that is set already counts as well.
    let _ = METER.set(Meter {
        start: || {
            ALLOCATOR.reset_peak_usage();
            ALLOCATOR.current_usage()
        },
        peak: || ALLOCATOR.peak_usage(),
    });
    parclose_fuzz_targets::mutator::keep_runs_quiet();
    let parts = u32::try_from(SUITES.len() + TARGETS.len()).unwrap_or(u32::MAX);
    let runner = Runner::default();
    let of_suites = SUITES.iter().map(|suite| runner.run(suite, &budget.part(parts)));
    of_suites.chain(TARGETS.iter().map(|target| runner.run_target(target, &budget.part(parts)))).collect()
}
