//! `parclose channel export` and `parclose audit report`: a channel's log for somebody who trusts no member.

mod fetch;
mod figures;
mod narrowed;
mod pack;
mod page;
mod questions;
mod scan;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use parclose_audit::bundle::Total;
use parclose_audit::bundle::{Era, MalformedField, Reading};
use parclose_audit::{AuditedAsset, Bundle, Grant, GrantInvalid, GrantedKey, VerifiedBundle};
use parclose_keys::ViewKey;
use parclose_node::home::read_genesis;
use parclose_node::key_file;
use parclose_transaction::Handed;
use parclose_types::{AssetId, Epoch, PublicKey, Sequence};
use serde_json::{Map, Value, json};

use self::narrowed::Narrowed;
use crate::access_log;
use crate::args::{Audit, AuditReport, Audited, Global, Handing, OfChannel};
use crate::context::with_consortium;
use crate::erase::target_json;
use crate::error::CliError;
use crate::evidence;
use crate::output::{create_private, write_text};
use crate::receipt::trust;
use crate::successor::end_json;
use crate::transaction::state_json;
use crate::view_key;

/// Runs `parclose audit …`.
pub fn run(global: &Global, command: &Audit) -> Result<Value, CliError> {
    match command {
        Audit::Report(options) => report(global, options),
        Audit::AccessLog { of } => access_log::log(global, of),
        Audit::Scan(options) => scan::run(global, options),
        Audit::Verify { file, from, signer } => pack::verify(file, from, signer.as_deref()),
        Audit::Complain { bundle, genesis, view_keys, with, out } => {
            complain(global, (bundle, genesis), (view_keys, with), out)
        }
        Audit::Evidence { file, genesis, bundle } => evidence::verify(file, genesis, bundle.as_deref()),
    }
}

/// Writes the log of a channel with the batches of some epochs, or of all.
pub fn export(
    global: &Global,
    of: &OfChannel,
    epochs: Option<(u32, u32)>,
    out: &Path,
    handing: &Handing,
) -> Result<Value, CliError> {
    if epochs.is_some_and(|(from, to)| from > to) {
        return Err(CliError::usage("the last epoch is before the first", "give --from and --to"));
    }
    let file = create_private(out).map_err(|e| CliError::file(out, &e))?;
    let written = with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let epochs = epochs.map(|(from, to)| (Epoch(from), Epoch(to)));
        let bundle = parclose_node::export::bundle(consortium, &room, epochs)?;
        let note = access_log::note(consortium, of, Handed::Export(epochs), handing, &bundle.encode())?;
        write(&bundle, file).map_err(|e| CliError::file(out, &e))?;
        Ok((bundle, note))
    });
    let (bundle, note) = written.inspect_err(|_| drop(std::fs::remove_file(out)))?;
    Ok(json!({
        "schema": "parclose.channel-export/1",
        "file": out.display().to_string(),
        "tag": bundle.setup.tag.to_string(),
        "events": bundle.events.len(),
        "batches": bundle.batches.len(),
        "epochs": epochs.map(|(from, to)| format!("{from} to {to}")),
        "note": note.map(|note| note.to_string()),
        "confidential": "it shows the frame of every transaction of these epochs, and all members",
    }))
}

fn write(bundle: &Bundle, file: File) -> std::io::Result<()> {
    let mut out = BufWriter::new(file);
    bundle.write(&mut out)?;
    out.flush()?;
    out.get_ref().sync_all()
}

/// Verifies an export from the genesis alone (BUN-01 to BUN-14), then opens what the view keys reach, if their
/// signers were entitled to the grants (GRA-03 to GRA-05). Neither a home nor a member's key is needed.
fn report(global: &Global, options: &AuditReport) -> Result<Value, CliError> {
    let of = &options.of;
    let file = File::open(&of.bundle).map_err(|e| CliError::file(&of.bundle, &e))?;
    let bundle = Bundle::read_from(&mut BufReader::new(file))?.verify(trust(&of.from)?)?;
    let keys = view_keys(global, of, |grant| bundle.accept(grant))?;
    let (mut reading, narrowed) = (bundle.reading(&keys), Narrowed::of(&options.narrowed)?);
    narrowed.narrow(&bundle, &mut reading);
    let mut report = report_json(&bundle, &reading, &narrowed);
    if let (Some(path), Some(sign)) = (&options.pack, &options.sign) {
        pack::write(global, (path, sign), of, &report, bundle.field_lines(&keys))?;
        report["pack"] = json!(path.display().to_string());
    }
    if let Some(path) = &options.html {
        write_text(path, &page::page(&bundle, &reading, &report))?;
        report["html"] = json!(path.display().to_string());
    }
    if let Some(path) = &options.csv {
        let table = table::table(&reading.view).map_err(|error| CliError::file(path, &error.into()))?;
        write_text(path, &String::from_utf8_lossy(&table))?;
        report["csv"] = json!(path.display().to_string());
    }
    Ok(report)
}

/// Opens the view keys, each if its grant is accepted.
fn view_keys(
    global: &Global,
    of: &Audited,
    accept: impl Fn(&Grant) -> Result<(), GrantInvalid>,
) -> Result<Vec<ViewKey>, CliError> {
    match &of.with {
        Some(with) => opened(global, &of.view_keys, with, accept),
        None => Ok(Vec::new()),
    }
}

/// The view keys of some files, if their signers were entitled to the grants (GRA-03 to GRA-05).
fn opened(
    global: &Global,
    files: &[PathBuf],
    with: &Path,
    accept: impl Fn(&Grant) -> Result<(), GrantInvalid>,
) -> Result<Vec<ViewKey>, CliError> {
    let key = key_file::regulator(with, &global.passphrase.opening(with, &global.home)?)?;
    let files = files.iter().map(|file| view_key::read(file)).collect::<Result<Vec<_>, _>>()?;
    let open = |granted: &GrantedKey| {
        accept(granted.grant())?;
        Ok(granted.open(&key)?)
    };
    files.iter().flat_map(|file| file.keys()).map(open).collect()
}

fn complain(
    global: &Global,
    (bundle, genesis): (&Path, &Path),
    (view_keys, with): (&[PathBuf], &Path),
    out: &Path,
) -> Result<Value, CliError> {
    let (genesis, file) =
        (read_genesis(genesis)?, File::open(bundle).map_err(|e| CliError::file(bundle, &e))?);
    let bundle = Bundle::read_from(&mut BufReader::new(file))?.verify(&genesis)?;
    let keys = opened(global, view_keys, with, |grant| bundle.accept(grant))?;
    evidence::complain_of(&bundle, &keys, &genesis, out)
}

/// What became of each asset: units as decimal strings, `null` where not everything opened.
fn value_json(assets: &BTreeMap<AssetId, AuditedAsset>) -> Vec<Value> {
    let total = |totals: &BTreeMap<Epoch, Total>| {
        let known: Option<Vec<u128>> = totals.values().map(Total::known).collect();
        known.map(|known| known.iter().sum::<u128>().to_string())
    };
    let rows = assets.iter().map(|(asset, audited)| {
        let epochs: BTreeSet<Epoch> = audited.issued.keys().chain(audited.redeemed.keys()).copied().collect();
        let of = |totals: &BTreeMap<Epoch, Total>, epoch: &Epoch| {
            totals.get(epoch).copied().unwrap_or_default().known().map(|units| units.to_string())
        };
        let by_epoch = epochs.iter().map(|epoch| {
            json!({
                "epoch": epoch.0,
                "issued_minor": of(&audited.issued, epoch),
                "redeemed_minor": of(&audited.redeemed, epoch),
            })
        });
        json!({
            "asset": asset.to_string(),
            "issued_minor": total(&audited.issued),
            "redeemed_minor": total(&audited.redeemed),
            "supply_minor": audited.supply.map(|units| units.to_string()),
            "held_minor": audited.unspent.known().map(|units| units.to_string()),
            "notes": audited.notes,
            "unopened_notes": audited.unspent.unopened,
            "agrees": audited.agrees(),
            "malformed": audited.malformed.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "epochs": by_epoch.collect::<Vec<_>>(),
        })
    });
    rows.collect()
}

/// A report as a page for people.
pub(crate) fn page_of(bundle: &VerifiedBundle, keys: &[ViewKey]) -> String {
    let reading = bundle.reading(keys);
    page::page(bundle, &reading, &report_json(bundle, &reading, &Narrowed::default()))
}

/// The report: it follows from an export and what opens of it, and from nothing else.
fn report_json(bundle: &VerifiedBundle, reading: &Reading<'_>, narrowed: &Narrowed) -> Value {
    let view = &reading.view;
    let (from, to) = bundle.epochs();
    let records = view.records.iter().map(|record| {
        let shown = |(field, state): &(String, parclose_transaction::FieldState)| {
            let (word, value) = state_json(state);
            (field.clone(), if value.is_null() { json!(word) } else { value })
        };
        json!({
            "record": record.record.to_string(),
            "type": record.record_type,
            "version": record.version,
            "author": name(bundle.eras(), &record.author),
            "tx": record.transaction.to_string(),
            "fields": record.fields.iter().map(shown).collect::<Map<_, _>>(),
        })
    });
    let erased = bundle.erasures().map(|erasure| {
        let asked = erasure.asked.iter().map(|(author, act, reason)| {
            json!({ "member": name(bundle.eras(), author), "tx": act.to_string(), "reason": reason })
        });
        let confirmed = erasure.confirmed.iter().map(|(author, _)| name(bundle.eras(), author));
        let mut value = json!({
            "asked": asked.collect::<Vec<_>>(),
            "confirmed_by": confirmed.collect::<Vec<_>>(),
        });
        let (what, which) = target_json(&erasure.target);
        value[what] = which;
        value
    });
    let numbers = |events: &[Sequence]| events.iter().map(|event| event.0).collect::<Vec<_>>();
    json!({
        "schema": "parclose.audit-report/1",
        "tag": bundle.tag().to_string(),
        "height": bundle.height().0,
        "events": bundle.events(),
        "attested_event": bundle.attested().map(|event| event.0),
        "epochs": (to != Epoch(u32::MAX)).then(|| format!("{} to {}", from.0, to.0)),
        "narrowed_to": (!narrowed.is_whole()).then_some(narrowed),
        "narrowed_to_text": (!narrowed.is_whole()).then(|| narrowed.told()),
        "predecessor": bundle.setup().predecessor.as_ref().map(end_json),
        "void": numbers(bundle.void()),
        "not_shown": numbers(bundle.not_shown()),
        "not_exported": numbers(bundle.not_exported()),
        "opened_fields": view.opened_fields,
        "sealed_fields": view.sealed_fields,
        "erased_fields": view.erased_fields,
        "erased": erased.collect::<Vec<_>>(),
        "malformed": malformed_json(bundle.eras(), &view.malformed),
        "records": records.collect::<Vec<_>>(),
        "assets": value_json(&reading.assets),
        "questions": questions::questions(bundle, reading),
        "field_names": questions::field_names(bundle),
    })
}

/// A member by its name, where a generation has it.
fn name(eras: &[Era], author: &PublicKey) -> String {
    let entry = eras.iter().find_map(|era| era.config.member(author));
    entry.map_or_else(|| author.to_string(), |entry| entry.name.clone())
}

/// What does not open, each with who wrote it.
fn malformed_json(eras: &[Era], fields: &[MalformedField]) -> Vec<Value> {
    let row = |field: &MalformedField| {
        json!({
            "author": name(eras, &field.author),
            "tx": field.transaction.to_string(),
            "record": field.record.to_string(),
            "field": field.field.0,
            "signed_by_author": field.signed,
        })
    };
    fields.iter().map(row).collect()
}
