//! `cargo bench`: the cost of a record write by role, as a multiple of the unavoidable.
//!
//! The same measurement as `parclose bench record-write`; ratios are what to compare between machines.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

fn main() {
    let directory = std::env::temp_dir().join(format!("parclose-bench-{}", std::process::id()));
    let measured = parclose_node::measure::record_write(&directory, 2048);
    let removed = std::fs::remove_dir_all(&directory);
    match measured {
        Ok(value) => println!("{}", parclose_cli::output::render(&value)),
        Err(error) => panic!("the measurement failed: {error}"),
    }
    removed.expect("the benchmark's own directory can be removed");
}
