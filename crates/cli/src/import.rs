//! `parclose import csv`: documents from CSV files become records, pipelined and idempotent.
//!
//! The record id is a pseudo-random function of the document's key under the importer's own secret, so
//! a document that is there already is recognised, and importing twice writes nothing new.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use parclose_channel::{Channel, Verdict};
use parclose_documents::{Document, Import as Read, Mapping, Source, read_documents};
use parclose_keys::MemberSecret;
use parclose_node::{Consortium, Outcome, RoomHandle, SubmitError, key_file};
use parclose_transaction::definition::RecordType;
use parclose_transaction::{DraftOperation, FieldType, FieldValue};
use parclose_types::{ChannelId, Failure, MemberId, RecordId};
use serde_json::{Value, json};

use crate::args::{Global, Import, OfChannel};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::progress::Progress;
use crate::transaction::member_named;

/// Runs `parclose import …`.
pub fn run(global: &Global, command: &Import) -> Result<Value, CliError> {
    let Import::Csv { of, sources, mapping, record_type, parties, dry_run, rejects } = command;
    let files = read_files(sources)?;
    let mapping = read_mapping(mapping)?;
    let read = read_all(&files, &mapping)?;
    if let Some(path) = rejects {
        write_rejects(path, &read)?;
    }
    if *dry_run {
        return Ok(report(&read, None));
    }
    let mut progress = Progress::start(global.quiet);
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let target = Target::resolve(consortium, of, &room, record_type, parties)?;
        let imported =
            target.import(&room, &read.documents, &mut |done, all| progress.count("imported", done, all))?;
        Ok(report(&read, Some(&imported)))
    })
}

/// Source files with their bytes; folders are read in the order of their names.
pub fn read_files(sources: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, CliError> {
    let mut paths = Vec::new();
    for source in sources {
        if source.is_dir() {
            let entries = std::fs::read_dir(source).map_err(|e| CliError::file(source, &e))?;
            let mut found: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
            found.retain(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")));
            found.sort();
            paths.extend(found);
        } else {
            paths.push(source.clone());
        }
    }
    if paths.is_empty() {
        return Err(CliError::usage("there are no CSV files there", "give files, or a folder with *.csv"));
    }
    let read = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, std::fs::read(path).map_err(|e| CliError::file(path, &e))?))
    };
    paths.iter().map(read).collect()
}

/// Reads a mapping file.
pub fn read_mapping(path: &Path) -> Result<Mapping, CliError> {
    let text = std::fs::read_to_string(path).map_err(|e| CliError::file(path, &e))?;
    Ok(Mapping::parse(&text, &path.display().to_string())?)
}

/// Reads the documents of all files in one run.
pub fn read_all(files: &[(String, Vec<u8>)], mapping: &Mapping) -> Result<Read, CliError> {
    let sources: Vec<Source<'_>> = files.iter().map(|(name, bytes)| Source { name, bytes }).collect();
    Ok(read_documents(&sources, mapping)?)
}

fn write_rejects(path: &Path, read: &Read) -> Result<(), CliError> {
    let mut file = std::fs::File::create(path).map_err(|e| CliError::file(path, &e))?;
    for rejection in &read.rejected {
        writeln!(file, "{}", rejection_json(rejection)).map_err(|e| CliError::file(path, &e))?;
    }
    Ok(())
}

fn rejection_json(rejection: &parclose_documents::Rejection) -> Value {
    json!({
        "source": rejection.source_name,
        "row": rejection.row,
        "column": rejection.column,
        "rule": rejection.rule(),
        "reason": rejection.reason.to_string(),
        "document": rejection.key,
    })
}

/// Where documents go: a record type of a channel, with its parties.
#[derive(Debug)]
pub struct Target {
    channel: ChannelId,
    member: MemberSecret,
    record_type: RecordType,
    parties: BTreeMap<String, MemberId>,
}

/// What an import did.
#[derive(Debug, Default)]
pub struct Imported {
    /// documents that took effect
    pub applied: Vec<Outcome>,
    /// documents that were there already
    pub already_there: usize,
    /// documents that were refused: key and rule
    pub refused: Vec<(Vec<String>, String)>,
}

impl Target {
    /// Finds record type and parties; a slot that one member's role alone fits fills itself.
    pub fn resolve(
        consortium: &Consortium,
        of: &OfChannel,
        room: &RoomHandle,
        record_type: &str,
        parties: &[String],
    ) -> Result<Self, CliError> {
        let directory = consortium.home().member_directory(&of.member)?;
        let member = key_file::member(&directory.key_file(), directory.unlock())?;
        let (wanted, named) = (record_type.to_owned(), parties.to_vec());
        in_room(room, move |channel| {
            let known = channel.definition().record_named(&wanted).cloned();
            let record_type = known.ok_or_else(|| {
                CliError::usage(format!("no record type `{wanted}`"), "parclose channel show")
            })?;
            let parties = slot_parties(channel, &record_type, &named)?;
            Ok(Self { channel: channel.id(), member, record_type, parties })
        })?
    }

    fn record_of(&self, document: &Document) -> RecordId {
        self.member.record_id(&self.channel, &self.record_type.name, &document.key)
    }

    /// Imports documents, keeping many on their way; `tell` hears how far it is.
    pub fn import(
        &self,
        room: &RoomHandle,
        documents: &[Document],
        tell: &mut dyn FnMut(usize, usize),
    ) -> Result<Imported, CliError> {
        let records: Vec<RecordId> = documents.iter().map(|document| self.record_of(document)).collect();
        let known = known_records(room, records.clone())?;
        let window = Window::new();
        let mut imported = Imported::default();
        for (at, (document, record)) in documents.iter().zip(records).enumerate() {
            if known.contains(&record) {
                imported.already_there += 1;
                continue;
            }
            let operation = self.operation(document, record)?;
            window.enter();
            let (done, key) = (window.clone(), document.key.clone());
            room.submit(vec![operation], Box::new(move |outcome| done.leave(key, outcome)));
            tell(at, documents.len());
        }
        for (key, outcome) in window.drain() {
            match outcome {
                Ok(outcome) => match &outcome.verdict {
                    Verdict::Applied => imported.applied.push(outcome),
                    Verdict::Refused(rule) => imported.refused.push((key, rule.clone())),
                },
                Err(error) if error.definite() => imported.refused.push((key, error.rule().to_owned())),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(imported)
    }

    /// A document as a new record: each field of the record type from the document's part of that name.
    fn operation(&self, document: &Document, record: RecordId) -> Result<DraftOperation, CliError> {
        let mut fields = BTreeMap::new();
        for field in &self.record_type.fields {
            if let Some(value) = field_value(document, &field.name, field.field_type) {
                fields.insert(field.name.clone(), value);
            }
        }
        Ok(DraftOperation {
            action: "create".into(),
            record_type: self.record_type.name.clone(),
            record,
            version: 1,
            parties: self.parties.clone(),
            fields,
        })
    }
}

/// The advance that a supplier asks for on a receivable: 80 % of the face amount, half up. The source
/// files have none; it is derived, and documented as such.
const ADVANCE_PERCENT: u128 = 80;

/// `face_amount` is the total, `requested_advance` is derived from it, `lines` are the lines,
/// `X_date` is the date `X`, anything else is the document field of that name.
fn field_value(document: &Document, name: &str, field_type: FieldType) -> Option<FieldValue> {
    let currency = document.currency.bytes();
    match (name, field_type) {
        ("face_amount", FieldType::Amount) => Some(FieldValue::Amount(document.total_minor, currency)),
        ("requested_advance", FieldType::Amount) => {
            let advance = (u128::from(document.total_minor) * ADVANCE_PERCENT + 50) / 100;
            Some(FieldValue::Amount(u64::try_from(advance).ok()?, currency))
        }
        ("lines", FieldType::Json) => Some(FieldValue::Json(lines_json(document).to_string())),
        (_, FieldType::Date) => {
            let date = document.dates.get(name.strip_suffix("_date")?)?;
            Some(FieldValue::Date(date.day.to_string()))
        }
        (_, FieldType::Text) => document.fields.get(name).map(|text| FieldValue::Text(text.clone())),
        _ => None,
    }
}

/// The bytes of every field value that a document brings to a record type.
pub(crate) fn values_of(document: &Document, record_type: &RecordType) -> Vec<Vec<u8>> {
    let value = |field: &parclose_transaction::definition::FieldSchema| {
        field_value(document, &field.name, field.field_type).map(|value| value.to_bytes())
    };
    record_type.fields.iter().filter_map(value).collect()
}

fn lines_json(document: &Document) -> Value {
    let line = |line: &parclose_documents::Line| {
        let mut value = json!({
            "id": line.id,
            "description": line.description,
            "amount_minor": line.amount_minor.to_string(),
            "currency": document.currency.code(),
            "source": format!("{}:{}", line.source_name, line.row),
        });
        for (name, text) in &line.fields {
            value[name] = json!(text);
        }
        value
    };
    Value::Array(document.lines.iter().map(line).collect())
}

fn known_records(room: &RoomHandle, records: Vec<RecordId>) -> Result<BTreeSet<RecordId>, CliError> {
    let known = in_room(room, move |channel| {
        let mut known = BTreeSet::new();
        for record in records {
            if channel.record(&record)?.is_some() {
                known.insert(record);
            }
        }
        Ok::<_, parclose_channel::ChannelError>(known)
    })??;
    Ok(known)
}

fn slot_parties(
    channel: &Channel,
    record_type: &RecordType,
    named: &[String],
) -> Result<BTreeMap<String, MemberId>, CliError> {
    let mut parties = BTreeMap::new();
    for text in named {
        let (slot, member) = text.split_once('=').ok_or_else(|| {
            CliError::usage(format!("`{text}` is not SLOT=MEMBER"), "for example --party bank=bank-1")
        })?;
        parties.insert(slot.to_owned(), member_named(channel, member)?);
    }
    for slot in &record_type.slots {
        let mut holders =
            channel.config().members.iter().filter(|member| member.certificate.roles.contains(&slot.role));
        if let (false, Some(only), None) = (parties.contains_key(&slot.name), holders.next(), holders.next())
        {
            parties.insert(slot.name.clone(), only.id());
        }
    }
    Ok(parties)
}

type Answers = Vec<(Vec<String>, Result<Outcome, SubmitError>)>;

/// Keeps a bounded number of submissions on their way: enough to fill batches, little enough memory.
#[derive(Clone, Default)]
struct Window(Arc<(Mutex<(usize, Answers)>, Condvar)>);

const ON_THE_WAY_MAX: usize = 2048;

impl Window {
    fn new() -> Self {
        Self::default()
    }

    fn enter(&self) {
        let (state, changed) = &*self.0;
        let mut guard = state.lock().unwrap_or_else(PoisonError::into_inner);
        while guard.0 >= ON_THE_WAY_MAX {
            guard = changed.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        guard.0 += 1;
    }

    fn leave(&self, key: Vec<String>, outcome: Result<Outcome, SubmitError>) {
        let (state, changed) = &*self.0;
        let mut guard = state.lock().unwrap_or_else(PoisonError::into_inner);
        guard.0 -= 1;
        guard.1.push((key, outcome));
        changed.notify_all();
    }

    fn drain(&self) -> Answers {
        let (state, changed) = &*self.0;
        let mut guard = state.lock().unwrap_or_else(PoisonError::into_inner);
        while guard.0 > 0 {
            guard = changed.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::take(&mut guard.1)
    }
}

/// Rejections shown; `--rejects` writes all of them.
const REJECTIONS_SHOWN: usize = 100;

fn report(read: &Read, imported: Option<&Imported>) -> Value {
    let totals: BTreeMap<String, u128> =
        read.documents.iter().fold(BTreeMap::new(), |mut totals, document| {
            *totals.entry(document.currency.code().to_owned()).or_default() +=
                u128::from(document.total_minor);
            totals
        });
    let mut value = json!({
        "schema": "parclose.import/1",
        "dry_run": imported.is_none(),
        "rows": read.report.rows,
        "documents": read.documents.len(),
        "rejected_documents": read.report.rejected_documents,
        "rejected_rows": read.report.rejected_rows,
        "totals": totals.iter().map(|(currency, minor)| json!({
            "currency": currency, "amount_minor": minor.to_string(),
        })).collect::<Vec<_>>(),
        "rejections": read.rejected.iter().take(REJECTIONS_SHOWN).map(rejection_json).collect::<Vec<_>>(),
    });
    if let Some(imported) = imported {
        value["applied"] = json!(imported.applied.len());
        value["already_there"] = json!(imported.already_there);
        value["refused"] = json!(
            imported
                .refused
                .iter()
                .take(REJECTIONS_SHOWN)
                .map(|(key, rule)| json!({
                    "document": key, "rule": rule,
                }))
                .collect::<Vec<_>>()
        );
    }
    value
}
