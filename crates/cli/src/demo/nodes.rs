//! The demonstration on processes: every step is a command to the node of whoever takes it, and what goes from one to
//! another is a file.

mod handed;
mod load;
mod removal;
pub(super) mod running;
mod split;

use serde_json::{Value, json};

use super::invoices::Invoices;
use super::removal::Before;
use super::{Judged, tamper};
use crate::args::{Demo, Global};
use crate::dev::DEVELOPMENT;
use crate::error::CliError;
use crate::progress::Progress;
use running::Running;

/// Of five nodes: one may fail.
const VALIDATORS: u8 = 4;

/// Runs it.
pub(super) fn run(
    global: &Global,
    options: &Demo,
    invoices: &Invoices,
    mut progress: Progress,
) -> Result<Value, CliError> {
    progress.step(
        "founding: five members with a node each, four of them validators; a regulator, three channels",
    );
    let running = Running::up(global, VALIDATORS, DEVELOPMENT)?;
    let loaded = load::import(&running, invoices, &mut progress)?;
    progress.step("making receipts");
    let receipts = handed::receipts(&running, &loaded, options.receipts)?;
    progress.step("issuing a view key and an export to the regulator");
    let handed = handed::to_regulator(&running, &loaded)?.reported_to(options.report.as_deref());
    progress.step("stopping all nodes");
    running.stop()?;
    let homes = running.homes()?;
    let mut judged = Judged::of(&homes, invoices, &loaded, (&handed, &receipts), &mut progress)?;
    progress.step("tampering");
    let verify = || running.verify_alone(tamper::VICTIM);
    judged.tampered = tamper::run(global, homes, &judged.sample, &verify, &mut judged.checks)?;
    progress.step("removing a bank, and writing on without it");
    let before = Before::of(&running.homes()?)?;
    running.start()?;
    let written = removal::replace_the_bank(&running)?;
    running.stop()?;
    judged.removal = before.judge(&running.homes()?, written, &mut judged.checks)?;
    progress.step("done");
    let mut value = judged.value(invoices, &loaded, &progress);
    value["nodes"] = json!({ "processes": running.members().len(), "validators": VALIDATORS });
    Ok(value)
}
