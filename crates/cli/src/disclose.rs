//! `parclose disclose`: one field of one record, shown to somebody who has no part in its channel.

use std::io::Write;
use std::path::Path;

use parclose_audit::disclosure::{FILE_BYTES_MAX, verify_json};
use parclose_audit::{Disclosure, VerifiedDisclosure};
use parclose_crypto::hash::sha256;
use parclose_node::bounded::read_text;
use parclose_types::{RecordId, Sequence, hex, limits};
use serde_json::{Value, json};

use crate::args::{Disclose, From, Global, OfChannel};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::output::replace_private;
use crate::receipt::trust;

/// Runs `parclose disclose …`.
pub fn run(global: &Global, command: &Disclose) -> Result<Value, CliError> {
    match command {
        Disclose::Field { of, record, field, out } => disclose(global, of, (record, field), out),
        Disclose::Verify { file, from, definition } => verify(file, from, definition.as_deref()),
    }
}

fn disclose(
    global: &Global,
    of: &OfChannel,
    (record, field): (&str, &str),
    out: &Path,
) -> Result<Value, CliError> {
    let id: RecordId = record
        .parse()
        .map_err(|_| CliError::usage(format!("`{record}` is no record"), "parclose record list"))?;
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
        let written = replace_private(out).and_then(|mut to| to.write_all(text.as_bytes()));
        written.map_err(|e| CliError::file(out, &e))?;
        let disclosed = verify_json(&text, &genesis)?;
        let mut value = told(&disclosed);
        value["schema"] = json!("parclose.disclose-field/1");
        value["file"] = json!(out.display().to_string());
        value["confidential"] = json!("whoever has the file reads this field, and no other");
        Ok(value)
    })
}

fn verify(file: &Path, from: &From, definition: Option<&Path>) -> Result<Value, CliError> {
    let text = read_text(file, FILE_BYTES_MAX).map_err(|e| CliError::file(file, &e))?;
    let disclosed = verify_json(&text, trust(from)?)?;
    let known = definition.map(|path| is_of(&disclosed, path)).transpose()?;
    let mut value = told(&disclosed);
    value["schema"] = json!("parclose.disclosure-verified/1");
    value["proves"] = json!("was written in this transaction; not that no later one has written it again");
    value["definition_known"] = json!(known);
    value["value"] = disclosed.value().to_json();
    Ok(value)
}

/// # Rules
///
/// > DIS-11: a reader who gives the channel's definition is shown a value only if names and types were those of exactly this definition.
fn is_of(disclosed: &VerifiedDisclosure, path: &Path) -> Result<bool, CliError> {
    let text = read_text(path, limits::DEFINITION_BYTES_MAX).map_err(|e| CliError::file(path, &e))?;
    if sha256(text.as_bytes()) != *disclosed.definition() {
        let told = "the disclosure goes by another definition than the one that is given".to_owned();
        let fix = "compare the versions of the channel's definition, or do not rely on the value";
        return Err(CliError::new("DISCLOSURE_INVALID", "DIS-11", parclose_types::Fault::Sender, told, fix));
    }
    Ok(true)
}

/// What is proven, but for the value.
fn told(disclosed: &VerifiedDisclosure) -> Value {
    let receipt = disclosed.receipt();
    json!({
        "network": receipt.network().to_string(),
        "tag": receipt.tag().to_string(),
        "transaction": receipt.transaction().to_string(),
        "height": receipt.height().0,
        "attested_at_height": receipt.outcome().map(|outcome| outcome.attested_at().0),
        "author": disclosed.body().author.to_string(),
        "record": disclosed.record().to_string(),
        "record_type": disclosed.record_type(),
        "version": disclosed.version(),
        "field": disclosed.field(),
        "type": disclosed.field_type().to_string(),
        "template": disclosed.template(),
        "definition": hex::encode(disclosed.definition()),
    })
}
