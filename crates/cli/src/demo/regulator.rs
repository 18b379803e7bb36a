//! The regulator: belongs to no channel, holds one wrapped view key (one class, three months, one
//! channel) and an export made by a member it does not trust.

use std::io::Write;
use std::path::{Path, PathBuf};

use parclose_audit::{Bundle, GrantScope, WrappedViewKey};
use parclose_channel::Channel;
use parclose_node::{Consortium, key_file};
use parclose_types::{Epoch, hex};
use serde_json::Value;

use super::Checks;
use super::homes::Homes;
use super::invoices::{Dealt, Invoices};
use super::load::Loaded;
use super::views::{Seen, is_summed};
use crate::audit;
use crate::error::CliError;
use crate::import::slot_parties;
use crate::output::replace_private;
use crate::view_key;

/// What the regulator may read.
pub(super) const CHANNEL: Dealt = Dealt::A;
const CLASS: &str = "amount";
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

/// The issuer and a second reader sign the grant; the bank exports; both go to the regulator as files.
pub(crate) fn prepare(consortium: &Consortium, loaded: &Loaded) -> Result<Handed, CliError> {
    let key = key_file::inspect(&consortium.home().regulator_directory().join("regulator.key"))?;
    let grantee =
        hex::decode(&key.public).map_err(|_| CliError::verification("the regulator's key".into()))?;
    let (handed, from, to) = Handed::of(loaded)?;
    let issuer = consortium.room(CHANNEL.supplier(), CHANNEL.channel())?;
    let second = consortium.room(CHANNEL.bank(), CHANNEL.channel())?;
    let wrapped = view_key::wrap(&issuer, &second, grantee, move |channel| scope(channel, from, to))?;
    write(&file(consortium.home().path(), "viewkey.json"), wrapped.to_json().as_bytes())?;
    let bundle = audit::bundle(consortium, &second, Some((from, to)))?;
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

/// The amounts of the receivables between the three parties, over some epochs.
fn scope(channel: &Channel, from: Epoch, to: Epoch) -> Result<GrantScope, CliError> {
    let (definition, config) = (channel.definition(), channel.config());
    let receivable =
        definition.record_named("receivable").ok_or_else(|| CliError::not_found("record type"))?;
    let rule = receivable.field_named(FIELD).and_then(|field| definition.audience(&field.audience));
    let class = definition.class_named(CLASS).map(|class| class.id);
    let (Some(rule), Some(class)) = (rule, class) else { return Err(CliError::not_found("class")) };
    let parties = slot_parties(channel, receivable, &[])?;
    let parties = parties.iter().map(|(slot, member)| (slot.as_str(), *member)).collect();
    let audience = config.audience_of(&config.audience_members(rule, &parties));
    Ok(GrantScope { channel: channel.id(), generation: config.generation, audience, class, from, to })
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
    let wrapped = WrappedViewKey::from_json(&String::from_utf8_lossy(&read("viewkey.json")?))?;
    let bundle = Bundle::decode(&read("export.bundle")?)?.verify(&genesis)?;
    bundle.accept(&wrapped.grant)?;
    let view_key = wrapped.open(&key)?;
    let audit = bundle.read(std::slice::from_ref(&view_key));
    if let Some(path) = &handed.report {
        let keys = std::slice::from_ref(&view_key);
        let page = audit::page_of(&bundle, keys);
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
        nothing_else_opens(homes, &view_key, documents)?,
        "the view key opens nothing else of the whole ledger",
    );
    let _ = loaded;
    Ok(seen.row("regulator", CHANNEL.channel(), Some(expected)))
}

/// The view key is tried on every field of every store of the consortium: it opens its scope, once in
/// each store of its channel, and nothing else.
fn nothing_else_opens(homes: &Homes, key: &parclose_keys::ViewKey, documents: u64) -> Result<bool, CliError> {
    let mut holds = true;
    for (_, directory) in homes.members()? {
        for card in directory.channels()? {
            let cache = parclose_node::shared_cache(8 << 20);
            let channel = parclose_node::consortium::open_channel(&directory, &card, &cache)?;
            let mut opened = 0;
            channel.view_records(key, |view| {
                let open = |field: &&parclose_transaction::FieldView| {
                    matches!(field.state, parclose_transaction::FieldState::Opened(_))
                };
                opened += view.fields.iter().filter(open).count() as u64;
            })?;
            holds &= opened == if card.name == CHANNEL.channel() { documents } else { 0 };
        }
    }
    Ok(holds)
}
