//! `parclose channel evidence|complain` and `parclose audit evidence|complain`: what members have signed and should not have.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use parclose_audit::evidence::{Broken, Complaint, VerifiedEvidence, Weight, complaints, verify_json};
use parclose_audit::{Bundle, Evidence, VerifiedBundle};
use parclose_keys::ViewKey;
use parclose_node::bounded::read_text;
use parclose_node::evidence::collect;
use parclose_node::home::read_genesis;
use parclose_root::Genesis;
use parclose_types::PublicKey;
use parclose_types::limits::RECEIPT_BYTES_MAX;
use serde_json::{Value, json};

use crate::args::{Global, OfChannel};
use crate::context::{in_room, with_consortium};
use crate::disclose::record_of;
use crate::error::CliError;
use crate::output::replace_private;

/// Shows what a member has against others of a channel, and writes each into a file of its own.
pub fn show(global: &Global, of: &OfChannel, out: Option<&Path>) -> Result<Value, CliError> {
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let (root, halt) = (consortium.root().clone(), room.halted());
        let genesis = root.genesis().clone();
        let (found, names) = in_room(&room, move |channel| {
            let members = channel.config().members.iter();
            let names: BTreeMap<PublicKey, String> =
                members.map(|member| (member.certificate.identity, member.name.clone())).collect();
            collect(channel, root.as_ref(), halt.as_ref()).map(|found| (found, names))
        })??;
        let mut shown = Vec::new();
        for (number, evidence) in (1_usize..).zip(&found) {
            let file = out.map(|folder| write(evidence, &genesis, folder, number)).transpose()?;
            let mut value = evidence_json(&evidence.verify(&genesis, None)?, &names);
            value["file"] = json!(file);
            shown.push(value);
        }
        Ok(json!({ "schema": "parclose.channel-evidence/1", "channel": of.channel, "evidence": shown }))
    })
}

fn write(evidence: &Evidence, genesis: &Genesis, folder: &Path, number: usize) -> Result<String, CliError> {
    let file = folder.join(format!("evidence-{number}.json"));
    let text = evidence.to_json(genesis)?;
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| replace_private(&file))
        .and_then(|mut to| to.write_all(text.as_bytes()));
    written.map_err(|e| CliError::file(&file, &e))?;
    Ok(file.display().to_string())
}

/// Writes the complaint of a field of a record that a member cannot read as it should be, with the key of that field.
pub fn complain(
    global: &Global,
    of: &OfChannel,
    (record, field): (&str, &str),
    out: &Path,
) -> Result<Value, CliError> {
    let (id, name) = (record_of(record)?, field.to_owned());
    with_consortium(global, |consortium| {
        consortium.quiesce();
        let room = consortium.room(&of.member, &of.channel)?;
        let genesis = consortium.root().genesis().clone();
        let evidence = in_room(&room, move |channel| Complaint::of_record(channel, &id, &name))??;
        let text = evidence.to_json(&genesis)?;
        let written = replace_private(out).and_then(|mut to| to.write_all(text.as_bytes()));
        written.map_err(|e| CliError::file(out, &e))?;
        let mut value = evidence_json(&evidence.verify(&genesis, None)?, &BTreeMap::new());
        value["schema"] = json!("parclose.complaint/1");
        value["file"] = json!(out.display().to_string());
        value["confidential"] = json!("whoever has the file has the key of this field, and of no other");
        Ok(value)
    })
}

/// Writes the complaint of every field of an export that its view keys do not open as they should.
pub fn complain_of(
    bundle: &VerifiedBundle,
    keys: &[ViewKey],
    genesis: &Genesis,
    folder: &Path,
) -> Result<Value, CliError> {
    let (mut written, mut unproven) = (Vec::new(), Vec::new());
    for (number, (field, complaint)) in (1_usize..).zip(complaints(bundle, keys)) {
        match complaint {
            Ok(evidence) => {
                let file = write(&evidence, genesis, folder, number)?;
                let mut value = evidence_json(&evidence.verify(genesis, Some(bundle))?, &names_of(bundle));
                value["file"] = json!(file);
                written.push(value);
            }
            // It is named all the same: what convicts nobody can still be asked for again.
            Err(reason) => unproven.push(json!({
                "transaction": field.transaction.to_string(),
                "record": field.record.to_string(),
                "field": field.field.0,
                "author": field.author.to_string(),
                "why": reason.to_string(),
            })),
        }
    }
    Ok(json!({ "schema": "parclose.complaints/1", "complaints": written, "unproven": unproven }))
}

fn names_of(bundle: &VerifiedBundle) -> BTreeMap<PublicKey, String> {
    let members = bundle.eras().iter().flat_map(|era| &era.config.members);
    members.map(|member| (member.certificate.identity, member.name.clone())).collect()
}

/// Verifies an evidence file offline (MIS-02 to MIS-12), against an export of the channel if there is one.
pub fn verify(file: &Path, genesis: &Path, bundle: Option<&Path>) -> Result<Value, CliError> {
    let genesis = read_genesis(genesis)?;
    let text = read_text(file, 4 * RECEIPT_BYTES_MAX).map_err(|e| CliError::file(file, &e))?;
    let export = match bundle {
        None => None,
        Some(path) => {
            let opened = File::open(path).map_err(|e| CliError::file(path, &e))?;
            Some(Bundle::read_from(&mut BufReader::new(opened))?.verify(&genesis)?)
        }
    };
    let names = export.iter().flat_map(|export| &export.config().members);
    let names = names.map(|member| (member.certificate.identity, member.name.clone())).collect();
    let mut value = evidence_json(&verify_json(&text, &genesis, export.as_ref())?, &names);
    value["schema"] = json!("parclose.evidence-verified/1");
    Ok(value)
}

fn evidence_json(evidence: &VerifiedEvidence, names: &BTreeMap<PublicKey, String>) -> Value {
    let accused = evidence
        .accused()
        .iter()
        .map(|identity| json!({ "identity": identity.to_string(), "name": names.get(identity) }));
    let field = evidence.field().map(|field| {
        json!({
            "transaction": field.transaction.to_string(),
            "record": field.record.to_string(),
            "field": field.field.0,
            "wrong": field.broken.map(wrong),
        })
    });
    json!({
        "kind": evidence.kind(),
        "field": field,
        "network": evidence.network().to_string(),
        "event": evidence.event().map(|event| event.0),
        "accused": accused.collect::<Vec<_>>(),
        "convicts": evidence.weight() == Weight::Convicts,
    })
}

fn wrong(broken: Broken) -> &'static str {
    match broken {
        Broken::Unreadable => "it does not open under its own key",
        Broken::OtherAmount => "it opens to another amount than the committed one",
        Broken::OtherType => "it opens to no value of its type",
    }
}
