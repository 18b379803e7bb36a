//! The file form of evidence: JSON that a person can read, around the bytes that prove it.

use parclose_root::Genesis;
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{NetworkId, PublicKey, Sequence, hex};
use serde::{Deserialize, Serialize};

use super::{Evidence, EvidenceInvalid, VerifiedEvidence};
use crate::bundle::VerifiedBundle;
use crate::readable;

/// The `schema` member of an evidence file.
pub const SCHEMA: &str = "parclose.evidence/1";

/// The hex of the largest evidence, and room for the other members.
const FILE_BYTES_MAX: usize = 2 * RECEIPT_BYTES_MAX + (1 << 20);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceFile {
    schema: String,
    kind: String,
    network: NetworkId,
    #[serde(deserialize_with = "readable::required")]
    event: Option<Sequence>,
    accused: Vec<PublicKey>,
    bytes: String,
}

impl EvidenceFile {
    fn of(evidence: &VerifiedEvidence, bytes: String) -> Self {
        Self {
            schema: SCHEMA.into(),
            kind: evidence.kind().into(),
            network: *evidence.network(),
            event: evidence.event(),
            accused: evidence.accused().to_vec(),
            bytes,
        }
    }
}

impl Evidence {
    /// Writes the file form; evidence that does not verify has none.
    pub fn to_json(&self, genesis: &Genesis) -> Result<String, EvidenceInvalid> {
        let bytes = self.encode();
        let verified = Self::decode(&bytes)?.verify(genesis, None)?;
        Ok(readable::print(&EvidenceFile::of(&verified, hex::encode(&bytes))))
    }
}

/// Verifies an evidence file offline.
///
/// # Rules
///
/// > MIS-07: an evidence file is JSON with exactly the members of its schema, within its limit, its bytes in lower-case hex.
/// > MIS-12: every readable member of an evidence file is what its bytes prove.
pub fn verify_json(
    text: &str,
    genesis: &Genesis,
    export: Option<&VerifiedBundle>,
) -> Result<VerifiedEvidence, EvidenceInvalid> {
    let not_a_file = |reason| EvidenceInvalid::File { reason };
    let file: EvidenceFile = readable::parse(text, FILE_BYTES_MAX).map_err(not_a_file)?;
    if file.schema != SCHEMA {
        return Err(not_a_file(format!("the schema is not `{SCHEMA}`")));
    }
    let bytes = hex::decode(&file.bytes).map_err(|e| not_a_file(format!("`bytes`: {e}")))?;
    let verified = Evidence::decode(&bytes)?.verify(genesis, export)?;
    match readable::differing(&file, &EvidenceFile::of(&verified, file.bytes.clone())) {
        Some(member) => Err(EvidenceInvalid::Readable { member }),
        None => Ok(verified),
    }
}
