//! `parclose node evidence`: validators that were found to sign twice, shown, written and judged.

use std::path::Path;

use parclose_node::bounded::read_text;
use parclose_node::home::read_genesis;
use parclose_node::{Evidence, Offence};
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{Fault, hex};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::args::Global;
use crate::context::with_consortium;
use crate::error::CliError;
use crate::output::write_text;

/// Schema of an evidence file.
const SCHEMA: &str = "parclose.validator-evidence/1";
/// The hex of the largest evidence, and room for the other members.
const FILE_BYTES_MAX: usize = 2 * RECEIPT_BYTES_MAX + 4096;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceFile {
    schema: String,
    bytes: String,
}

/// What this node has found out; with a file, also for others to judge.
pub(super) fn list(global: &Global, out: Option<&Path>) -> Result<Value, CliError> {
    with_consortium(global, |consortium| {
        let root = consortium.root();
        let evidence = root.evidence()?;
        let offences =
            if evidence.found.is_empty() { Vec::new() } else { evidence.verify(root.genesis())? };
        if let Some(path) = out {
            let file = EvidenceFile { schema: SCHEMA.into(), bytes: hex::encode(&evidence.encode()) };
            let text = serde_json::to_string_pretty(&file).unwrap_or_default();
            write_text(path, &(text + "\n"))?;
        }
        Ok(told(&offences, out))
    })
}

/// Judges a file by a genesis; needs no node.
///
/// # Rules
///
/// > CLI-15: an evidence file is JSON with its schema and its bytes in hex, and nothing else.
pub(super) fn verify(file: &Path, genesis: &Path) -> Result<Value, CliError> {
    let genesis = read_genesis(genesis)?;
    let text = read_text(file, FILE_BYTES_MAX).map_err(|e| CliError::file(file, &e))?;
    let refused = |reason: String| {
        let fix = "ask whoever has it for the file as `parclose node evidence --out` wrote it";
        CliError::new(
            "EVIDENCE_INVALID",
            "CLI-15",
            Fault::Sender,
            format!("not an evidence file: {reason}"),
            fix,
        )
    };
    let form: EvidenceFile = serde_json::from_str(&text).map_err(|e| refused(e.to_string()))?;
    if form.schema != SCHEMA {
        return Err(refused("another schema".into()));
    }
    let bytes = hex::decode(&form.bytes).map_err(|e| refused(e.to_string()))?;
    let offences = Evidence::decode(&bytes)?.verify(&genesis)?;
    Ok(told(&offences, None))
}

fn told(offences: &[Offence], out: Option<&Path>) -> Value {
    let offences: Vec<Value> = offences
        .iter()
        .map(|offence| {
            json!({
                "validator": offence.validator.to_string(),
                "height": offence.height.0,
                "round": offence.round,
                "signed_twice": offence.step,
            })
        })
        .collect();
    json!({
        "schema": "parclose.node-evidence/1",
        "offences": offences,
        "file": out.map(|path| path.display().to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cli_15_an_evidence_file_has_its_schema_and_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let key = parclose_crypto::SigningKey::from_seed(
            &parclose_crypto::secret::hazmat::secret_from_bytes([1; 32]),
        );
        let validators = vec![parclose_root::Validator { key: key.public(), power: 1 }];
        let nonce = parclose_types::Digest([7; 32]);
        let genesis =
            parclose_root::Genesis::new("test".into(), validators, Default::default(), nonce).unwrap();
        let genesis_path = folder.path().join("genesis.json");
        std::fs::write(&genesis_path, genesis.to_json()).unwrap();
        let told = |text: &str| {
            let file = folder.path().join("evidence.json");
            std::fs::write(&file, text).unwrap();
            verify(&file, &genesis_path).unwrap_err().to_json()["rule"].clone()
        };
        let nothing = hex::encode(&Evidence { found: Vec::new(), changes: Vec::new() }.encode());
        let good = format!("{{\"schema\":\"{SCHEMA}\",\"bytes\":\"{nothing}\"}}");
        assert_eq!(told(&good), "CON-22", "the form is right, and it convicts nobody");
        assert_eq!(told(&good.replace("evidence/1", "evidence/2")), "CLI-15");
        assert_eq!(told(&good.replace("\"bytes\"", "\"more\":1,\"bytes\"")), "CLI-15");
        assert_eq!(told(&good.replace(&nothing, "xyz")), "CLI-15");
        assert_eq!(told(""), "CLI-15");
    }
}
