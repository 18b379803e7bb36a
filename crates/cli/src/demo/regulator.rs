//! The regulator: belongs to no channel, holds view keys of one grant (one class, three months, one
//! channel) and an export made by a member it does not trust.

use std::io::Write;
use std::path::{Path, PathBuf};

use parclose_audit::{Bundle, GrantedKey};
use parclose_node::{Consortium, key_file};
use parclose_types::Epoch;
use serde_json::Value;

use super::Checks;
use super::homes::Homes;
use super::invoices::{Dealt, Invoices};
use super::load::Loaded;
use super::views::{Seen, is_summed};
use crate::args::{Handing, OfChannel, ViewKeyIssue};
use crate::audit;
use crate::error::CliError;
use crate::output::replace_private;
use crate::view_key;

/// What the regulator may read.
pub(super) const CHANNEL: Dealt = Dealt::A;
pub(super) const FIELD: &str = "face_amount";
pub(super) const FIRST_MONTH: usize = 3;
pub(super) const MONTHS: usize = 3;

/// What was handed to the regulator.
pub(crate) struct Handed {
    months: Vec<String>,
    /// where its report is wanted as a page
    report: Option<PathBuf>,
}

fn file(home: &Path, name: &str) -> PathBuf {
    home.join("regulator").join(name)
}

/// The supplier proposes the grant and its bank agrees; the nodes of both cover it; the bank exports; both files go to the
/// regulator.
pub(crate) fn prepare(consortium: &Consortium, loaded: &Loaded) -> Result<Handed, CliError> {
    let key = consortium.home().regulator_directory().join("regulator.key");
    let grantee = view_key::grantee(&key)?;
    let (handed, from, to) = Handed::of(loaded)?;
    let of = OfChannel { channel: CHANNEL.channel().into(), member: CHANNEL.supplier().into() };
    let asked = ViewKeyIssue {
        of: of.clone(),
        second: Some(CHANNEL.bank().into()),
        audience: None,
        class: None,
        field: Some(format!("receivable.{FIELD}")),
        members: vec![CHANNEL.supplier().into(), CHANNEL.bank().into()],
        parties: Vec::new(),
        from_epoch: from.0,
        to_epoch: to.0,
        to: key,
        name: "regulator".into(),
        out: None,
    };
    let (grant, _) = view_key::agreed(consortium, &asked, grantee)?;
    let handing = Handing { recipient: "regulator".into(), unnoted: false };
    let keys = file(consortium.home().path(), "viewkey.json");
    view_key::export(consortium, &of, grant, (&keys, &handing), false)?;
    let second = consortium.room(CHANNEL.bank(), CHANNEL.channel())?;
    let bundle = parclose_node::export::bundle(consortium, &second, Some((from, to)))?;
    write(&file(consortium.home().path(), "export.bundle"), &bundle.encode())?;
    Ok(handed)
}

impl Handed {
    /// The months that are handed over, and their epochs.
    pub(crate) fn of(loaded: &Loaded) -> Result<(Self, Epoch, Epoch), CliError> {
        let of_channel = loaded.epochs.keys().filter(|(channel, _)| *channel == CHANNEL.channel());
        let all = of_channel.map(|(_, month)| month);
        let months: Vec<String> = all.skip(FIRST_MONTH).take(MONTHS).cloned().collect();
        let (from, to) = interval(loaded, &months)?;
        Ok((Self { months, report: None }, from, to))
    }

    /// Has the report written as a page, too.
    pub(crate) fn reported_to(self, report: Option<&Path>) -> Self {
        Self { report: report.map(Path::to_owned), ..self }
    }
}

fn interval(loaded: &Loaded, months: &[String]) -> Result<(Epoch, Epoch), CliError> {
    let of = |month: &String| loaded.epochs.get(&(CHANNEL.channel(), month.clone())).copied();
    let epochs: Vec<(Epoch, Epoch)> = months.iter().filter_map(of).collect();
    match (epochs.first(), epochs.last()) {
        (Some((from, _)), Some((_, to))) => Ok((*from, *to)),
        _ => Err(CliError::usage("there are not enough months for the regulator", "import more months")),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    std::fs::write(path, bytes).map_err(|e| CliError::file(path, &e))
}

/// Reads as the regulator: its directory, its key, the genesis, and nothing else.
pub(crate) fn view(
    homes: &Homes,
    handed: &Handed,
    invoices: &Invoices,
    loaded: &Loaded,
    checks: &mut Checks,
) -> Result<Value, CliError> {
    let directory = homes.regulator();
    let read = |name: &str| {
        let path = directory.join(name);
        std::fs::read(&path).map_err(|e| CliError::file(&path, &e))
    };
    let genesis = parclose_node::home::read_genesis(&directory.join("genesis.json"))?;
    let key = key_file::regulator(&directory.join("regulator.key"), homes.regulator_unlock())?;
    let granted = view_key::read(&directory.join("viewkey.json"))?;
    let bundle = Bundle::decode(&read("export.bundle")?)?.verify(&genesis)?;
    let open = |granted: &GrantedKey| {
        bundle.accept(granted.grant())?;
        Ok(granted.open(&key)?)
    };
    let keys = granted.keys().iter().map(open).collect::<Result<Vec<_>, CliError>>()?;
    let audit = bundle.read(&keys);
    if let Some(path) = &handed.report {
        let page = audit::page_of(&bundle, &keys);
        let written = replace_private(path).and_then(|mut to| to.write_all(page.as_bytes()));
        written.map_err(|e| CliError::file(path, &e))?;
    }
    let mut seen = Seen {
        records: audit.records.len() as u64,
        malformed: audit.malformed.len() as u64,
        ..Seen::default()
    };
    for record in &audit.records {
        for (name, state) in &record.fields {
            seen.add(is_summed(&record.record_type, name), state);
        }
    }
    let mine = |month: &&String| handed.months.contains(month);
    let expected: u128 = invoices
        .documents
        .iter()
        .filter(|document| Dealt::of(document) == CHANNEL && mine(&&document.month))
        .map(|document| u128::from(document.total_minor))
        .sum();
    let documents = invoices
        .documents
        .iter()
        .filter(|document| Dealt::of(document) == CHANNEL && mine(&&document.month))
        .count() as u64;
    checks.expect(seen.sum_minor == Some(expected), "the regulator's sum is that of its three months");
    checks.expect(
        seen.opened == documents,
        "the regulator opens one field of each record in its months, and no other",
    );
    checks.expect(seen.malformed == 0, "the regulator finds no malformed field");
    checks.expect(
        nothing_else_opens(homes, &keys, documents)?,
        "the view key opens nothing else of the whole ledger",
    );
    let _ = loaded;
    Ok(seen.row("regulator", CHANNEL.channel(), Some(expected)))
}

/// The view keys are tried on every field of every store of the consortium: they open their scope, once in
/// each store of its channel, and nothing else.
fn nothing_else_opens(
    homes: &Homes,
    keys: &[parclose_keys::ViewKey],
    documents: u64,
) -> Result<bool, CliError> {
    let mut holds = true;
    for (_, directory) in homes.members()? {
        for card in directory.channels()? {
            let cache = parclose_node::shared_cache(8 << 20);
            let channel = parclose_node::consortium::open_channel(&directory, &card, &cache)?;
            let mut opened = 0;
            for key in keys {
                channel.view_records(key, |view| {
                    let open = |field: &&parclose_transaction::FieldView| {
                        matches!(field.state, parclose_transaction::FieldState::Opened(_))
                    };
                    opened += view.fields.iter().filter(open).count() as u64;
                })?;
            }
            holds &= opened == if card.name == CHANNEL.channel() { documents } else { 0 };
        }
    }
    Ok(holds)
}
