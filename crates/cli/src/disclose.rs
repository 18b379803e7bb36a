//! `parclose disclose`: one field of one record, or between what amounts lie, shown to somebody who has no part in their channel.

use std::io::Write;
use std::path::Path;

use parclose_audit::disclosure::{as_of as value, schema_of, sum, verify_json};
use parclose_audit::{Disclosure, VerifiedDisclosure};
use parclose_crypto::hash::sha256;
use parclose_node::bounded::read_text;
use parclose_transaction::{FieldType, Handed};
use parclose_types::{Height, RecordId, Sequence, hex, limits};
use serde_json::{Value, json};

use crate::access_log;
use crate::args::{Disclose, From, Global, Handing, OfChannel};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::output::replace_private;
use crate::receipt::trust;

mod amount;
mod as_of;

/// Runs `parclose disclose …`.
pub fn run(global: &Global, command: &Disclose) -> Result<Value, CliError> {
    match command {
        Disclose::Field { of, record, field, as_of: None, out, handing } => {
            disclose(global, of, (record, field), out, handing)
        }
        Disclose::Field { of, record, field, as_of: Some(height), out, handing } => {
            as_of::disclose(global, of, (record, field, Height(*height)), out, handing)
        }
        Disclose::Amount { of, records, field, within, purpose, out, handing } => {
            amount::state(global, of, &amount::Line { records, field, within, purpose, handing }, out)
        }
        Disclose::Verify { file, from, definition, as_of, purpose } => {
            let asked = Asked { height: as_of.map(Height), purpose: purpose.as_deref() };
            verify(file, from, definition.as_deref(), &asked)
        }
    }
}

fn disclose(
    global: &Global,
    of: &OfChannel,
    (record, field): (&str, &str),
    out: &Path,
    handing: &Handing,
) -> Result<Value, CliError> {
    let id = record_of(record)?;
    let name = field.to_owned();
    with_consortium(global, |consortium| {
        consortium.quiesce();
        let room = consortium.room(&of.member, &of.channel)?;
        let root = consortium.root().clone();
        let genesis = root.genesis().clone();
        let changes = root.prove_changes()?;
        let proven = in_room(&room, move |channel| {
            let tag = channel.tag();
            let proof = |sequence: Sequence| root.prove(&tag, sequence).ok().flatten();
            Disclosure::prove(channel, &id, &name, proof)
        })?;
        let text = proven.map_err(CliError::from)?.with_changes(changes).to_json(&genesis)?;
        let handed = Handed::Field { record: id, field: field.to_owned() };
        let note = access_log::note(consortium, of, handed, handing, text.as_bytes())?;
        let written = replace_private(out).and_then(|mut to| to.write_all(text.as_bytes()));
        written.map_err(|e| CliError::file(out, &e))?;
        let disclosed = verify_json(&text, &genesis, None)?;
        let mut value = told(&disclosed, true);
        value["schema"] = json!("parclose.disclose-field/1");
        value["statement"] = json!("was-written");
        value["file"] = json!(out.display().to_string());
        value["note"] = json!(note.map(|note| note.to_string()));
        value["confidential"] = json!(confidential(disclosed.field_type()));
        Ok(value)
    })
}

/// A record by its id, as it is typed.
pub(crate) fn record_of(record: &str) -> Result<RecordId, CliError> {
    record.parse().map_err(|_| CliError::usage(format!("`{record}` is no record"), "parclose record list"))
}

/// From the key of an amount follows what blinds the owner of its note (chapter 07).
fn confidential(shown: FieldType) -> &'static str {
    match shown {
        FieldType::Quantity => {
            "whoever has the file reads this amount, and can test of an account's key whose account it is that holds it"
        }
        _ => "whoever has the file reads this field, and no other",
    }
}

/// What whoever verifies asks about.
struct Asked<'a> {
    height: Option<Height>,
    purpose: Option<&'a str>,
}

impl Asked<'_> {
    /// A question that the file does not answer is none to pass over.
    fn only(&self, height: bool, purpose: bool) -> Result<(), CliError> {
        if (self.height.is_some() && !height) || (self.purpose.is_some() && !purpose) {
            let what =
                "the file states something else: --as-of is about values as of a height, --for about amounts";
            return Err(CliError::usage(what, "parclose disclose verify --help"));
        }
        Ok(())
    }
}

fn verify(file: &Path, from: &From, definition: Option<&Path>, asked: &Asked<'_>) -> Result<Value, CliError> {
    let text = read_text(file, sum::FILE_BYTES_MAX).map_err(|e| CliError::file(file, &e))?;
    let definition = definition.map(definition_text).transpose()?;
    let known = definition.map(|text| sha256(text.as_bytes()));
    match schema_of(&text).as_deref() {
        Some(sum::SCHEMA) => {
            asked.only(false, true)?;
            amount::verify(&text, trust(from)?, known.as_ref(), asked.purpose)
        }
        Some(value::SCHEMA) => {
            asked.only(true, false)?;
            as_of::verify(&text, trust(from)?, known.as_ref(), asked.height)
        }
        _ => {
            asked.only(false, false)?;
            Ok(written(&verify_json(&text, trust(from)?, known.as_ref())?, known.is_some()))
        }
    }
}

fn written(disclosed: &VerifiedDisclosure, known: bool) -> Value {
    let mut value = told(disclosed, known);
    value["schema"] = json!("parclose.disclosure-verified/1");
    value["statement"] = json!("was-written");
    value["proves"] = json!("was written in this transaction; not that no later one has written it again");
    value["definition_known"] = json!(known);
    value["value"] = disclosed.value().to_json();
    value
}

fn definition_text(definition: &Path) -> Result<String, CliError> {
    let text = read_text(definition, limits::DEFINITION_BYTES_MAX);
    text.map_err(|e| CliError::file(definition, &e))
}

/// What is proven, but for the value. What the names rest on is told apart unless the reader has the definition itself.
fn told(disclosed: &VerifiedDisclosure, known: bool) -> Value {
    let receipt = disclosed.receipt();
    let mut value = json!({
        "network": receipt.network().to_string(),
        "tag": receipt.tag().to_string(),
        "transaction": receipt.transaction().to_string(),
        "height": receipt.height().0,
        "attested_at_height": receipt.outcome().map(|outcome| outcome.attested_at().0),
        "author": disclosed.body().author.to_string(),
        "record": disclosed.record().to_string(),
        "version": disclosed.version(),
        "definition": hex::encode(disclosed.definition()),
    });
    let names = json!({
        "record_type": disclosed.record_type(),
        "field": disclosed.field(),
        "type": disclosed.field_type().to_string(),
        "template": disclosed.template(),
    });
    if known {
        for (name, told) in names.as_object().into_iter().flatten() {
            value[name] = told.clone();
        }
    } else {
        value["as_the_file_says"] = names;
    }
    value
}
