//! `parclose audit scan`: an export of any length, read from end to end, and taken up where it was stopped.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use parclose_audit::bundle::scan::{Coverage, Gap, Run, Runs, Scan, Source};
use parclose_audit::{ScanReport, Scannable};
use parclose_types::Epoch;
use serde_json::{Value, json};

use super::{fetch, malformed_json, value_json, view_keys};
use crate::args::{AuditScan, Global};
use crate::error::CliError;
use crate::output::replace_in_one_step;
use crate::receipt::trust;

/// Anchors between two writings of the progress.
const KEPT_EACH: u64 = 256;

struct OfFile(PathBuf);

impl Source for OfFile {
    type Input = BufReader<File>;
    fn open(&self, offset: u64) -> std::io::Result<Self::Input> {
        let mut file = File::open(&self.0)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(BufReader::new(file))
    }
}

/// Verifies an export from the genesis alone, then reads all of it in memory that does not grow with it.
pub(super) fn run(global: &Global, options: &AuditScan) -> Result<Value, CliError> {
    let of = &options.of;
    let asked = fetch::fetch(global, of, &options.from_node)?;
    let source = OfFile(of.bundle.clone());
    source.open(0).map_err(|e| CliError::file(&of.bundle, &e))?;
    let scannable = Scannable::prove(source, trust(&of.from)?)?;
    fetch::is_of(asked, scannable.tag())?;
    let keys = view_keys(global, of, |grant| scannable.accept(grant))?;
    let kept = options.progress.as_deref().map(read).transpose()?.flatten();
    let mut scan = scannable.scan(&keys, kept.as_deref())?;
    let mut since = 0_u64;
    while scan.step()? {
        since += 1;
        if since.is_multiple_of(KEPT_EACH) {
            keep(&scan, options.progress.as_deref())?;
        }
    }
    keep(&scan, options.progress.as_deref())?;
    Ok(scan_json(&scannable, &scan.finish()?))
}

/// A progress that is there.
fn read(path: &Path) -> Result<Option<Vec<u8>>, CliError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(CliError::file(path, &e)),
    }
}

/// Writes the progress, unless another scan of the same has come further (SCN-05).
fn keep<S: Source>(scan: &Scan<'_, S>, path: Option<&Path>) -> Result<(), CliError> {
    let Some(path) = path else { return Ok(()) };
    if let Some(kept) = read(path)?
        && !scan.is_beyond(&kept)?
    {
        return Ok(());
    }
    replace_in_one_step(path, &scan.progress()).map_err(|e| CliError::file(path, &e))
}

fn scan_json<S: Source>(scannable: &Scannable<S>, report: &ScanReport) -> Value {
    let (from, to) = scannable.epochs();
    let ScanReport { standings, .. } = report;
    json!({
        "schema": "parclose.audit-scan/1",
        "tag": scannable.tag().to_string(),
        "height": scannable.height().0,
        "events": scannable.events(),
        "attested_event": scannable.attested().map(|event| event.0),
        "epochs": (to != Epoch(u32::MAX)).then(|| interval(from, to)),
        "batches": report.batches,
        "applied": standings.applied,
        "refused": standings.refused,
        "passed_over": standings.passed_over,
        "not_decided": standings.open,
        "opened_fields": report.opened_fields,
        "sealed_fields": report.sealed_fields,
        "malformed": malformed_json(scannable.eras(), &report.malformed),
        "void": runs_json(&report.void),
        "not_shown": runs_json(&report.not_shown),
        "not_exported": runs_json(&report.not_exported),
        "assets": value_json(&report.assets),
        "view_keys": report.coverage.iter().map(coverage_json).collect::<Vec<_>>(),
    })
}

fn runs_json(runs: &Runs) -> Vec<Value> {
    let row = |run: &Run| json!({ "first": run.first.0, "last": run.last.0, "batches": run.anchors });
    runs.runs().iter().map(row).collect()
}

fn interval(from: Epoch, to: Epoch) -> String {
    format!("{} to {}", from.0, to.0)
}

/// What is complete, key by key: nothing is claimed of the other epochs.
fn coverage_json(coverage: &Coverage) -> Value {
    let Coverage { scope, held, gaps } = coverage;
    let gap = |gap: &Gap| json!({ "epochs": interval(gap.from, gap.to), "why": gap.why.code() });
    json!({
        "generation": scope.generation.0,
        "audience": scope.audience.to_string(),
        "class": scope.class.0,
        "epochs": interval(scope.from, scope.to),
        "nothing_left_out": held.map(|(from, to)| interval(from, to)),
        "not_held": gaps.iter().map(gap).collect::<Vec<_>>(),
    })
}
