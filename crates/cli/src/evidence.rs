//! `parclose channel evidence` and `parclose audit evidence`: what members have signed and should not have.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use parclose_audit::evidence::{VerifiedEvidence, Weight, verify_json};
use parclose_audit::{Bundle, Evidence};
use parclose_node::bounded::read_text;
use parclose_node::evidence::collect;
use parclose_node::home::read_genesis;
use parclose_types::PublicKey;
use parclose_types::limits::RECEIPT_BYTES_MAX;
use serde_json::{Value, json};

use crate::args::{Global, OfChannel};
use crate::context::{in_room, with_consortium};
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

fn write(
    evidence: &Evidence,
    genesis: &parclose_root::Genesis,
    folder: &Path,
    number: usize,
) -> Result<String, CliError> {
    let file = folder.join(format!("evidence-{number}.json"));
    let text = evidence.to_json(genesis)?;
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| replace_private(&file))
        .and_then(|mut to| to.write_all(text.as_bytes()));
    written.map_err(|e| CliError::file(&file, &e))?;
    Ok(file.display().to_string())
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
    json!({
        "kind": evidence.kind(),
        "network": evidence.network().to_string(),
        "event": evidence.event().0,
        "accused": accused.collect::<Vec<_>>(),
        "convicts": evidence.weight() == Weight::Convicts,
    })
}
