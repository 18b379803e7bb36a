//! The file form of a value as of a height: JSON that a person can read, around the bytes that prove it.

use parclose_root::Trust;
use parclose_types::{Height, NetworkId, PublicKey, RecordId, Tag, TransactionDigest, hex};
use serde::{Deserialize, Serialize};

use super::super::DisclosureInvalid;
use super::{BYTES_MAX, DisclosureAsOf, VerifiedAsOf};
use crate::readable;

/// The `schema` member of the file.
pub const SCHEMA: &str = "parclose.disclosure-as-of/1";

/// What it states: the value, as of heights; not only that it was written.
pub(super) const STATEMENT: &str = "is-value-as-of";

/// The hex of the largest, and room for the other members.
pub const FILE_BYTES_MAX: usize = 2 * BYTES_MAX + 4096;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AsOfFile {
    schema: String,
    statement: String,
    network: NetworkId,
    tag: Tag,
    transaction: TransactionDigest,
    author: PublicKey,
    record: RecordId,
    record_type: String,
    version: u64,
    record_version: u64,
    field: String,
    from_height: Height,
    to_height: Height,
    bytes: String,
}

impl AsOfFile {
    fn of(shown: &VerifiedAsOf, bytes: String) -> Self {
        let written = shown.written();
        let receipt = written.receipt();
        Self {
            schema: SCHEMA.into(),
            statement: STATEMENT.into(),
            network: *receipt.network(),
            tag: *receipt.tag(),
            transaction: *receipt.transaction(),
            author: written.body().author,
            record: written.record(),
            record_type: written.record_type().to_owned(),
            version: written.version(),
            record_version: shown.record_version(),
            field: written.field().to_owned(),
            from_height: shown.from(),
            to_height: shown.to(),
            bytes,
        }
    }
}

impl DisclosureAsOf {
    /// Writes the file form; one that does not verify has none.
    pub fn to_json(&self, trust: impl Into<Trust>) -> Result<String, DisclosureInvalid> {
        let bytes = self.encode();
        let verified = Self::decode(&bytes)?.verify(trust, None, None)?;
        Ok(readable::print(&AsOfFile::of(&verified, hex::encode(&bytes))))
    }
}

/// Verifies a file from the genesis alone, or from a checkpoint (DIS-01, DIS-10).
pub fn verify_json(
    text: &str,
    trust: impl Into<Trust>,
    known: Option<&[u8; 32]>,
    asked: Option<Height>,
) -> Result<VerifiedAsOf, DisclosureInvalid> {
    let not_a_file = |reason| DisclosureInvalid::File { reason };
    let file: AsOfFile = readable::parse(text, FILE_BYTES_MAX).map_err(not_a_file)?;
    if file.schema != SCHEMA {
        return Err(not_a_file(format!("the schema is not `{SCHEMA}`")));
    }
    let bytes = hex::decode(&file.bytes).map_err(|e| not_a_file(format!("`bytes`: {e}")))?;
    let verified = DisclosureAsOf::decode(&bytes)?.verify(trust, known, asked)?;
    match readable::differing(&file, &AsOfFile::of(&verified, file.bytes.clone())) {
        Some(member) => Err(DisclosureInvalid::Readable { member }),
        None => Ok(verified),
    }
}
