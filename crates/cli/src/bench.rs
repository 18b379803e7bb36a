//! `parclose bench`: what a record write costs, next to what it cannot cost less than.

use std::path::PathBuf;

use parclose_node::measure;
use parclose_types::Fault;
use serde_json::Value;

use crate::args::Bench;
use crate::error::CliError;

/// Runs `parclose bench …`.
///
/// # Rules
///
/// > CLI-07: a measurement that could not be finished is an error, never a number.
pub fn run(command: &Bench) -> Result<Value, CliError> {
    let Bench::RecordWrite { writes, directory } = command;
    let place = directory.clone().unwrap_or_else(|| PathBuf::from(".parclose-bench"));
    if place.exists() {
        return Err(CliError::usage(
            format!("`{}` exists already", place.display()),
            "give another --directory",
        ));
    }
    let measured = measure::record_write(&place, *writes);
    let removed = std::fs::remove_dir_all(&place);
    let measured = measured.map_err(|e| {
        CliError::new("BENCH_FAILED", "CLI-07", Fault::Operator, e.to_string(), "run it on a disk with space")
    })?;
    removed.map_err(|e| CliError::file(&place, &e))?;
    Ok(measured)
}
