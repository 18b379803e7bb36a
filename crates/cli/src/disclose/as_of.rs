//! `parclose disclose field --as-of`: a field as the value as of a height.

use std::io::Write;
use std::path::Path;

use parclose_audit::disclosure::as_of::verify_json;
use parclose_audit::{DisclosureAsOf, VerifiedAsOf};
use parclose_root::Trust;
use parclose_transaction::Handed;
use parclose_types::{Height, Sequence};
use serde_json::{Value, json};

use super::{confidential, record_of};
use crate::access_log;
use crate::args::{Global, Handing, OfChannel};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::output::replace_private;

/// Writes the file.
pub(super) fn disclose(
    global: &Global,
    of: &OfChannel,
    (record, field, height): (&str, &str, Height),
    out: &Path,
    handing: &Handing,
) -> Result<Value, CliError> {
    let (id, name) = (record_of(record)?, field.to_owned());
    with_consortium(global, |consortium| {
        consortium.quiesce();
        let room = consortium.room(&of.member, &of.channel)?;
        let root = consortium.root().clone();
        let genesis = root.genesis().clone();
        let changes = root.prove_changes()?;
        let proven = in_room(&room, move |channel| {
            let tag = channel.tag();
            let proof = |sequence: Sequence| root.prove(&tag, sequence).ok().flatten();
            DisclosureAsOf::prove(channel, &id, &name, height, proof)
        })?;
        let text = proven.map_err(CliError::from)?.with_changes(changes).to_json(&genesis)?;
        let handed = Handed::Field { record: id, field: field.to_owned() };
        let note = access_log::note(consortium, of, handed, handing, text.as_bytes())?;
        let written = replace_private(out).and_then(|mut to| to.write_all(text.as_bytes()));
        written.map_err(|e| CliError::file(out, &e))?;
        let shown = verify_json(&text, &genesis, None, Some(height))?;
        let mut value = told(&shown, true);
        value["schema"] = json!("parclose.disclose-field/1");
        value["file"] = json!(out.display().to_string());
        value["note"] = json!(note.map(|note| note.to_string()));
        value["confidential"] = json!(confidential(shown.written().field_type()));
        Ok(value)
    })
}

/// Verifies the file, and shows the value and the heights.
pub(super) fn verify(
    text: &str,
    trust: Trust,
    known: Option<&[u8; 32]>,
    asked: Option<Height>,
) -> Result<Value, CliError> {
    let shown = verify_json(text, trust, known, asked)?;
    let mut value = told(&shown, known.is_some());
    value["schema"] = json!("parclose.disclosure-as-of-verified/1");
    value["proves"] = json!("is the value as of every root height from `from_height` to `to_height`");
    value["definition_known"] = json!(known.is_some());
    value["value"] = shown.written().value().to_json();
    Ok(value)
}

fn told(shown: &VerifiedAsOf, known: bool) -> Value {
    let mut value = super::told(shown.written(), known);
    value["statement"] = json!("is-value-as-of");
    value["from_height"] = json!(shown.from().0);
    value["to_height"] = json!(shown.to().0);
    value["record_version"] = json!(shown.record_version());
    value
}
