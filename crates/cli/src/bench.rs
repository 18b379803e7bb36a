//! `parclose bench`: what things cost on this machine, measured on the real code.

mod deals;
mod load;
mod nodes;
mod running;

use std::path::{Path, PathBuf};
use std::process::Command;

use parclose_node::measure;
use parclose_types::Fault;
use serde_json::Value;

use crate::args::{Bench, Global};
use crate::error::CliError;

type Measured = Result<Value, Box<dyn std::error::Error>>;

/// Runs `parclose bench …`.
///
/// # Rules
///
/// > CLI-07: a measurement that could not be finished is an error, never a number.
pub fn run(global: &Global, command: &Bench) -> Result<Value, CliError> {
    match command {
        Bench::RecordWrite { writes, nodes: true, seconds, channels, directory } => {
            let home = std::path::absolute(place(directory.as_deref()))
                .map_err(|e| CliError::file(&place(directory.as_deref()), &e))?;
            let global = Global { home: home.clone(), ..global.clone() };
            in_place(Some(&home), |_| Ok(nodes::record_write(&global, (*writes, *seconds), channels)))?
        }
        Bench::RecordWrite { writes, nodes: false, directory, .. } => {
            in_place(directory.as_deref(), |place| measure::record_write(place, *writes as usize))
        }
        Bench::Transfer { batches, batch, directory } => in_place(directory.as_deref(), |place| {
            measure::transfer(place, usize::from(*batches), usize::from(*batch))
        }),
        Bench::Audit { records, amounts, directory } => in_place(directory.as_deref(), |place| {
            measure::audit(place, *records as usize, usize::from(*amounts))
        }),
        Bench::Dvp { count, directory } => {
            let home = place(directory.as_deref());
            let global = Global { home, ..global.clone() };
            in_place(directory.as_deref(), |_| Ok(deals::dvp(&global, usize::from(*count))))?
        }
        Bench::Rotation { members, audiences, directory } => in_place(directory.as_deref(), |place| {
            measure::rotation(place, usize::from(*members), usize::from(*audiences))
        }),
        Bench::Channels { channels, directory } => {
            in_place(directory.as_deref(), |place| open_in_a_process_of_its_own(place, *channels))
        }
        Bench::Load(load) => load::run(global, load),
        Bench::Usage => measure::usage().map_err(|e| failed(&*e)),
        Bench::Open { directory } => measure::open_channels(directory).map_err(|e| failed(&*e)),
    }
}

fn place(directory: Option<&Path>) -> PathBuf {
    directory.map_or_else(|| PathBuf::from(".parclose-bench"), Path::to_owned)
}

/// Measures in a directory that is not there yet, and removes it.
fn in_place<T>(
    directory: Option<&Path>,
    measure: impl FnOnce(&Path) -> Result<T, Box<dyn std::error::Error>>,
) -> Result<T, CliError> {
    let place = place(directory);
    if place.exists() {
        return Err(CliError::usage(
            format!("`{}` exists already", place.display()),
            "give another --directory",
        ));
    }
    let measured = measure(&place);
    let removed = std::fs::remove_dir_all(&place);
    let measured = measured.map_err(|e| failed(&*e))?;
    removed.map_err(|e| CliError::file(&place, &e))?;
    Ok(measured)
}

fn open_in_a_process_of_its_own(place: &Path, channels: usize) -> Measured {
    measure::found_channels(place, channels)?;
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.args(["--json", "bench", "open"]).arg(place).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn failed(error: &dyn std::error::Error) -> CliError {
    let fix = "run it on a disk with space";
    CliError::new("BENCH_FAILED", "CLI-07", Fault::Operator, error.to_string(), fix)
}
