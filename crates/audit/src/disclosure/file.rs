//! The file form of a disclosure: JSON that a person can read, around the bytes that prove it.
//!
//! The value does not stand in it in the clear: whoever reads it has verified it before.

use parclose_root::Trust;
use parclose_types::{Height, NetworkId, PublicKey, RecordId, Tag, TransactionDigest, hex};
use serde::{Deserialize, Serialize};

use super::{BYTES_MAX, Disclosure, DisclosureInvalid, VerifiedDisclosure};
use crate::readable;

/// The `schema` member of a disclosure file.
pub const SCHEMA: &str = "parclose.disclosure/1";

/// What it states: a value was written in a transaction; not that it is the newest.
const STATEMENT: &str = "was-written";

/// The hex of the largest disclosure, and room for the other members.
pub const FILE_BYTES_MAX: usize = 2 * BYTES_MAX + 4096;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DisclosureFile {
    schema: String,
    statement: String,
    network: NetworkId,
    tag: Tag,
    transaction: TransactionDigest,
    height: Height,
    author: PublicKey,
    record: RecordId,
    record_type: String,
    version: u64,
    field: String,
    bytes: String,
}

/// What a file calls itself: which kind of disclosure it is. About the rest nothing is said.
#[must_use]
pub fn schema_of(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        schema: String,
    }
    serde_json::from_str(text).ok().map(|file: Named| file.schema)
}

impl DisclosureFile {
    fn of(disclosed: &VerifiedDisclosure, bytes: String) -> Self {
        let receipt = disclosed.receipt();
        Self {
            schema: SCHEMA.into(),
            statement: STATEMENT.into(),
            network: *receipt.network(),
            tag: *receipt.tag(),
            transaction: *receipt.transaction(),
            height: receipt.height(),
            author: disclosed.body().author,
            record: disclosed.record(),
            record_type: disclosed.record_type().to_owned(),
            version: disclosed.version(),
            field: disclosed.field().to_owned(),
            bytes,
        }
    }
}

impl Disclosure {
    /// Writes the file form; a disclosure that does not verify has none.
    pub fn to_json(&self, trust: impl Into<Trust>) -> Result<String, DisclosureInvalid> {
        let bytes = self.encode();
        let verified = Self::decode(&bytes)?.verify(trust, None)?;
        Ok(readable::print(&DisclosureFile::of(&verified, hex::encode(&bytes))))
    }
}

/// Verifies a disclosure file from the genesis alone, or from a checkpoint.
///
/// # Rules
///
/// > DIS-01: a disclosure file is JSON with exactly the members of its schema, within its limit, its bytes in lower-case hex.
/// > DIS-10: every readable member of a disclosure file is what its bytes prove, names by the definition that it brings; the value stands in none.
///
/// `known` is the SHA-256 of `channel.toml` as the reader has it, if it does.
pub fn verify_json(
    text: &str,
    trust: impl Into<Trust>,
    known: Option<&[u8; 32]>,
) -> Result<VerifiedDisclosure, DisclosureInvalid> {
    let not_a_file = |reason| DisclosureInvalid::File { reason };
    let file: DisclosureFile = readable::parse(text, FILE_BYTES_MAX).map_err(not_a_file)?;
    if file.schema != SCHEMA {
        return Err(not_a_file(format!("the schema is not `{SCHEMA}`")));
    }
    let bytes = hex::decode(&file.bytes).map_err(|e| not_a_file(format!("`bytes`: {e}")))?;
    let verified = Disclosure::decode(&bytes)?.verify(trust, known)?;
    match readable::differing(&file, &DisclosureFile::of(&verified, file.bytes.clone())) {
        Some(member) => Err(DisclosureInvalid::Readable { member }),
        None => Ok(verified),
    }
}
