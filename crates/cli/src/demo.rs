//! `parclose demo`: a consortium shares a ledger of real invoices that each party sees differently.
//!
//! ```text
//!   invoices --import month by month--> three channels        load.rs
//!   each party's directory and keys alone --> its view        views.rs
//!   the leak scan over every store                            scan.rs
//!   the regulator: one wrapped view key, one export           regulator.rs
//!   receipts offline; tampering that must be caught           proof.rs, tamper.rs
//!   a bank is removed, and fails to read on                   removal.rs
//! ```
//!
//! All in one process, or with `--nodes` with a process for each member, which is told what to do over its socket
//! (`demo::nodes`). What is judged afterwards is the same: the homes, at rest.
//!
//! Everything is checked against sums computed straight from the documents. The demo exits 0 when all is
//! as it should be, and 6 when it is not.

mod exchange;
mod ground;
mod homes;
mod invoices;
mod load;
mod nodes;
mod proof;
mod regulator;
mod removal;
mod scan;
mod settlement;
mod supervised;
mod supply_chain;
mod tamper;
mod views;

use std::path::{Path, PathBuf};

use parclose_node::Home;
use serde_json::{Value, json};

use crate::args::{Demo, Global, Scenario};
use crate::dev;
use crate::error::CliError;
use crate::memory::peak_rss_bytes;
use crate::progress::Progress;
use homes::Homes;
use invoices::Invoices;
use load::Loaded;
use regulator::Handed;

/// Runs `parclose demo`.
pub fn run(global: &Global, options: &Demo) -> Result<Value, CliError> {
    let place = Place::of(global)?;
    let global = Global { home: place.home.clone(), ..global.clone() };
    let result = demo(&global, options);
    place.clean();
    let value = result?;
    match value["failures"].as_array() {
        Some(failures) if failures.is_empty() => Ok(value),
        _ => Err(CliError::verification("not everything was as it should be".into()).with_details(value)),
    }
}

/// Where the demo works: a given home, which is kept, or one of its own, which is removed.
struct Place {
    home: PathBuf,
    own: bool,
}

impl Place {
    fn of(global: &Global) -> Result<Self, CliError> {
        if global.home != Path::new(".parclose") {
            return Ok(Self { home: global.home.clone(), own: false });
        }
        let home = PathBuf::from(format!(".parclose-demo-{}", std::process::id()));
        if home.exists() {
            return Err(CliError::usage(
                format!("`{}` exists already", home.display()),
                "remove it, or give --home",
            ));
        }
        Ok(Self { home, own: true })
    }

    fn clean(&self) {
        if self.own {
            // What is left behind is told by the next run, which refuses to use it.
            let _ = std::fs::remove_dir_all(&self.home);
        }
    }
}

fn demo(global: &Global, options: &Demo) -> Result<Value, CliError> {
    let mut progress = Progress::start(global.quiet);
    if options.scenario == Scenario::Settlement {
        return settlement::run(global, options, progress);
    }
    let invoices = invoices::read(global, options, &mut progress)?;
    if options.scenario == Scenario::SupplyChain {
        return supply_chain::run(global, options, &invoices, progress);
    }
    if options.nodes {
        nodes::run(global, options, &invoices, progress)
    } else {
        shared(global, options, &invoices, progress)
    }
}

/// Everybody in one process.
fn shared(
    global: &Global,
    options: &Demo,
    invoices: &Invoices,
    mut progress: Progress,
) -> Result<Value, CliError> {
    progress.step("founding: five members, a regulator, three channels");
    let consortium = dev::up(global)?;
    let loaded = load::import(&consortium, invoices, &mut progress)?;
    progress.step("making receipts");
    let receipts = proof::make(&consortium, &loaded, options.receipts)?;
    progress.step("issuing a view key and an export to the regulator");
    let handed = regulator::prepare(&consortium, &loaded)?.reported_to(options.report.as_deref());
    let homes = Homes::shared(consortium.close());
    let mut judged = Judged::of(&homes, invoices, &loaded, (&handed, &receipts), &mut progress)?;
    progress.step("tampering");
    let verify = || tamper::verify(global);
    judged.tampered = tamper::run(global, homes, &judged.sample, &verify, &mut judged.checks)?;
    progress.step("removing a bank, and writing on without it");
    let home = global.passphrase.unlock(Home::open(&global.home)?)?;
    judged.removal = removal::run(home, invoices, &mut judged.checks)?;
    progress.step("done");
    Ok(judged.value(invoices, &loaded, &progress))
}

/// What was found in the homes, at rest.
struct Judged {
    views: Vec<Value>,
    stores: Vec<Value>,
    scan: Value,
    receipts: Value,
    /// a valid receipt, to tamper with
    sample: String,
    tampered: Value,
    removal: Value,
    checks: Checks,
}

impl Judged {
    /// Looks at the ledger as each party, with its directory and keys alone.
    fn of(
        homes: &Homes,
        invoices: &Invoices,
        loaded: &Loaded,
        (handed, receipts): (&Handed, &[PathBuf]),
        progress: &mut Progress,
    ) -> Result<Self, CliError> {
        let mut checks = Checks::default();
        progress.step("looking at the ledger as each party, with its directory and keys alone");
        let mut views = views::of_members(homes, invoices, loaded, &mut checks)?;
        progress.step("searching every store for what belongs to others");
        let scan = scan::run(homes, invoices, &mut checks)?;
        progress.step("reading as the regulator");
        views.push(regulator::view(homes, handed, invoices, loaded, &mut checks)?);
        progress.step("verifying receipts offline");
        let receipts = proof::verify(homes, receipts, &mut checks)?;
        Ok(Self {
            views,
            stores: stores(homes)?,
            scan,
            sample: receipts.sample,
            receipts: json!({ "checked": receipts.checked, "valid": receipts.valid }),
            tampered: Value::Null,
            removal: Value::Null,
            checks,
        })
    }

    fn value(self, invoices: &Invoices, loaded: &Loaded, progress: &Progress) -> Value {
        let bytes_per_record = bytes_per_record(&self.stores, loaded.records);
        let mut removal = self.removal;
        let readers = removal.as_object_mut().and_then(|removal| removal.remove("readers"));
        json!({
            "schema": "parclose.demo/1",
            "source": invoices.source,
            "invoices": invoices.documents.len(),
            "total_minor": invoices.total_minor().to_string(),
            "currency": invoices.currency.code(),
            "views": self.views,
            "stores": self.stores,
            "scan": self.scan,
            "receipts": self.receipts,
            "tamper": self.tampered,
            "removal": removal,
            "after_the_removal": readers,
            "failures": self.checks.failures,
            "seconds": rounded(progress.seconds()),
            "import_seconds": rounded(loaded.seconds),
            "tx_per_second": rounded(loaded.transactions_per_second()),
            "bytes_per_record": rounded(bytes_per_record),
            "peak_rss_bytes": peak_rss_bytes(),
        })
    }
}

/// What should hold, and does not.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    failures: Vec<String>,
}

impl Checks {
    pub(crate) fn expect(&mut self, holds: bool, what: impl Into<String>) {
        if !holds {
            self.failures.push(what.into());
        }
    }
}

fn stores(homes: &Homes) -> Result<Vec<Value>, CliError> {
    let mut stores = Vec::new();
    for (member, directory) in homes.members()? {
        for card in directory.channels()? {
            let path = directory.database(&card.name);
            stores.push(json!({
                "member": member,
                "channel": card.name,
                "path": path.display().to_string(),
                "bytes": folder_bytes(&path)?,
            }));
        }
    }
    Ok(stores)
}

/// Bytes that all members together keep for each record.
fn bytes_per_record(stores: &[Value], records: usize) -> f64 {
    let bytes: u64 = stores.iter().filter_map(|store| store["bytes"].as_u64()).sum();
    bytes as f64 / records.max(1) as f64
}

fn folder_bytes(folder: &Path) -> Result<u64, CliError> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).map_err(|e| CliError::file(folder, &e))? {
        let metadata = entry.and_then(|entry| entry.metadata()).map_err(|e| CliError::file(folder, &e))?;
        bytes += if metadata.is_file() { metadata.len() } else { 0 };
    }
    Ok(bytes)
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
