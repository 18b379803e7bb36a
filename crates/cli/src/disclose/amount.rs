//! `parclose disclose amount`: between what amounts lie together, and not how much they are.

use std::io::Write;
use std::path::Path;

use parclose_audit::SumDisclosure;
use parclose_audit::disclosure::sum::{
    Asked, Bounds, Purpose, Said, VerifiedAmount, VerifiedSum, verify_json,
};
use parclose_node::randomness::generator;
use parclose_root::Trust;
use parclose_transaction::Handed;
use parclose_types::limits::PURPOSE_BYTES_MAX;
use parclose_types::{Sequence, hex};
use serde_json::{Value, json};

use super::record_of;
use crate::access_log;
use crate::args::{Global, Handing, OfChannel, Within};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::output::replace_private;

/// What the line says of them.
pub(super) struct Line<'a> {
    /// the records
    pub(super) records: &'a [String],
    /// the field that holds the amount of each
    pub(super) field: &'a str,
    /// between what they lie
    pub(super) within: &'a Within,
    /// what it is stated for
    pub purpose: &'a str,
    /// what the log says of it
    pub(super) handing: &'a Handing,
}

/// States it, and writes the file.
pub(super) fn state(global: &Global, of: &OfChannel, line: &Line<'_>, out: &Path) -> Result<Value, CliError> {
    let records = line.records.iter().map(|record| record_of(record)).collect::<Result<Vec<_>, _>>()?;
    let (bounds, purpose, field) = (bounds(line.within)?, purpose(line.purpose)?, line.field.to_owned());
    with_consortium(global, |consortium| {
        consortium.quiesce();
        let room = consortium.room(&of.member, &of.channel)?;
        let root = consortium.root().clone();
        let genesis = root.genesis().clone();
        let changes = root.prove_changes()?;
        let of_records = records.clone();
        let proven = in_room(&room, move |channel| {
            let tag = channel.tag();
            let proof = |sequence: Sequence| root.prove(&tag, sequence).ok().flatten();
            let said = Said { records: &of_records, field: &field, bounds, purpose };
            SumDisclosure::prove(channel, &said, proof, &mut generator())
        })?;
        let text = proven.map_err(CliError::from)?.with_changes(&changes).to_json(&genesis)?;
        let handed = Handed::Bounds { records, field: line.field.to_owned() };
        let note = access_log::note(consortium, of, handed, line.handing, text.as_bytes())?;
        let written = replace_private(out).and_then(|mut to| to.write_all(text.as_bytes()));
        written.map_err(|e| CliError::file(out, &e))?;
        let mut value = told(&verify_json(&text, &genesis, Asked::default())?, true);
        value["schema"] = json!("parclose.disclose-amount/1");
        value["file"] = json!(out.display().to_string());
        value["note"] = json!(note.map(|note| note.to_string()));
        value["confidential"] = json!(
            "whoever has the file learns that the sum lies so, and who wrote which records; no amount and no key is in it"
        );
        Ok(value)
    })
}

fn bounds(within: &Within) -> Result<Bounds, CliError> {
    match (within.at_least, within.at_most, within.between.as_deref()) {
        (Some(least), None, None) => Ok(Bounds::AtLeast(least)),
        (None, Some(most), None) => Ok(Bounds::AtMost(most)),
        (None, None, Some([least, most])) => Ok(Bounds::Between(*least, *most)),
        _ => Err(CliError::usage(
            "one of --at-least, --at-most and --between says what is stated",
            "parclose disclose amount --help",
        )),
    }
}

fn purpose(text: &str) -> Result<Purpose, CliError> {
    Purpose::new(text).ok_or_else(|| {
        let said = format!("a purpose has at most {PURPOSE_BYTES_MAX} bytes and no control characters");
        CliError::usage(said, "parclose disclose amount --help")
    })
}

/// Verifies the file of a sum, and shows what is proven.
pub(super) fn verify(
    text: &str,
    trust: Trust,
    known: Option<&[u8; 32]>,
    purpose: Option<&str>,
) -> Result<Value, CliError> {
    let sum = verify_json(text, trust, Asked { definition: known, purpose })?;
    let mut value = told(&sum, known.is_some());
    value["schema"] = json!("parclose.sum-verified/1");
    value["statement"] = json!("sum-was-written");
    value["proves"] = json!(
        "these amounts were written, and their sum lies within the bounds; not that none of them has been spent since"
    );
    value["definition_known"] = json!(known.is_some());
    value["asked_for"] = json!(purpose.is_some());
    Ok(value)
}

/// What is proven. What the names rest on is told apart unless the reader has the definition itself.
fn told(sum: &VerifiedSum, known: bool) -> Value {
    let statement = sum.statement();
    let amounts: Vec<Value> = sum.amounts().iter().map(|amount| amount_told(amount, known)).collect();
    let mut value = json!({
        "network": statement.network.to_string(),
        "tag": statement.tag.to_string(),
        "asset": statement.asset.to_string(),
        "at_least": statement.bounds.least().map(|least| least.to_string()),
        "at_most": statement.bounds.most().map(|most| most.to_string()),
        "purpose": statement.purpose.as_str(),
        "definition": hex::encode(sum.definition()),
        "amounts": amounts,
    });
    if known {
        value["template"] = json!(sum.template());
    }
    value
}

fn amount_told(amount: &VerifiedAmount, known: bool) -> Value {
    let receipt = &amount.receipt;
    let mut value = json!({
        "transaction": receipt.transaction().to_string(),
        "height": receipt.height().0,
        "attested_at_height": receipt.outcome().map(|outcome| outcome.attested_at().0),
        "author": amount.author.to_string(),
        "record": amount.record.to_string(),
        "version": amount.version,
    });
    let names = json!({ "record_type": amount.record_type, "field": amount.field });
    if known {
        value["record_type"] = names["record_type"].clone();
        value["field"] = names["field"].clone();
    } else {
        value["as_the_file_says"] = names;
    }
    value
}
