//! The file form of what is said of a sum: JSON that a person can read, around the bytes that prove it.

use parclose_root::Trust;
use parclose_types::{AssetId, Height, NetworkId, PublicKey, RecordId, Tag, TransactionDigest, hex};
use serde::{Deserialize, Serialize};

use super::super::DisclosureInvalid;
use super::{Asked, BYTES_MAX, SumDisclosure, VerifiedAmount, VerifiedSum};
use crate::readable;

/// The `schema` member of the file.
pub const SCHEMA: &str = "parclose.sum-disclosure/1";

/// What it states: amounts were written that lie so; not that they are still there.
const STATEMENT: &str = "sum-was-written";

/// The hex of the largest, and room for the other members.
pub const FILE_BYTES_MAX: usize = 2 * BYTES_MAX + (1 << 20);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SumFile {
    schema: String,
    statement: String,
    network: NetworkId,
    tag: Tag,
    asset: AssetId,
    /// as text: other programs read numbers of JSON as fractions
    #[serde(deserialize_with = "readable::required")]
    at_least: Option<String>,
    #[serde(deserialize_with = "readable::required")]
    at_most: Option<String>,
    purpose: String,
    amounts: Vec<AmountLine>,
    bytes: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AmountLine {
    transaction: TransactionDigest,
    height: Height,
    author: PublicKey,
    record: RecordId,
    record_type: String,
    version: u64,
    field: String,
}

impl AmountLine {
    fn of(amount: &VerifiedAmount) -> Self {
        Self {
            transaction: *amount.receipt.transaction(),
            height: amount.receipt.height(),
            author: amount.author,
            record: amount.record,
            record_type: amount.record_type.clone(),
            version: amount.version,
            field: amount.field.clone(),
        }
    }
}

impl SumFile {
    fn of(sum: &VerifiedSum, bytes: String) -> Self {
        let statement = sum.statement();
        Self {
            schema: SCHEMA.into(),
            statement: STATEMENT.into(),
            network: statement.network,
            tag: statement.tag,
            asset: statement.asset,
            at_least: statement.bounds.least().map(|least| least.to_string()),
            at_most: statement.bounds.most().map(|most| most.to_string()),
            purpose: statement.purpose.as_str().to_owned(),
            amounts: sum.amounts().iter().map(AmountLine::of).collect(),
            bytes,
        }
    }
}

impl SumDisclosure {
    /// Writes the file form; a sum that does not verify has none.
    pub fn to_json(&self, trust: impl Into<Trust>) -> Result<String, DisclosureInvalid> {
        let bytes = self.encode();
        let verified = Self::decode(&bytes)?.verify(trust, Asked::default())?;
        Ok(readable::print(&SumFile::of(&verified, hex::encode(&bytes))))
    }
}

/// Verifies a file from the genesis alone, or from a checkpoint (DIS-01, DIS-10).
pub fn verify_json(
    text: &str,
    trust: impl Into<Trust>,
    asked: Asked<'_>,
) -> Result<VerifiedSum, DisclosureInvalid> {
    let not_a_file = |reason| DisclosureInvalid::File { reason };
    let file: SumFile = readable::parse(text, FILE_BYTES_MAX).map_err(not_a_file)?;
    if file.schema != SCHEMA {
        return Err(not_a_file(format!("the schema is not `{SCHEMA}`")));
    }
    let bytes = hex::decode(&file.bytes).map_err(|e| not_a_file(format!("`bytes`: {e}")))?;
    let verified = SumDisclosure::decode(&bytes)?.verify(trust, asked)?;
    match readable::differing(&file, &SumFile::of(&verified, file.bytes.clone())) {
        Some(member) => Err(DisclosureInvalid::Readable { member }),
        None => Ok(verified),
    }
}
