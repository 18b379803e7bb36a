//! The file form of a receipt: JSON that a person can read, around the bytes that prove it.
//!
//! `bytes` is the lower-case hex of the canonical receipt. The other members repeat what it proves,
//! and a file in which one of them says something else is refused.

use parclose_channel::Verdict;
use parclose_root::Trust;
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{Height, NetworkId, Sequence, Tag, TransactionDigest, hex};
use serde::{Deserialize, Serialize};

use super::{Receipt, ReceiptInvalid, VerifiedReceipt};
use crate::readable;

/// The `schema` member of a receipt file.
pub const SCHEMA: &str = "parclose.receipt/1";

/// The hex of the largest receipt, and room for the other members.
const FILE_BYTES_MAX: usize = 2 * RECEIPT_BYTES_MAX + 4096;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptFile {
    schema: String,
    kind: String,
    network: NetworkId,
    tag: Tag,
    transaction: TransactionDigest,
    height: Height,
    sequence: Sequence,
    index: u32,
    #[serde(deserialize_with = "readable::required")]
    verdict: Option<String>,
    bytes: String,
}

impl ReceiptFile {
    fn of(receipt: &VerifiedReceipt, bytes: String) -> Self {
        let verdict = receipt.outcome().map(|outcome| verdict_text(outcome.verdict()));
        Self {
            schema: SCHEMA.into(),
            kind: if verdict.is_some() { "outcome" } else { "ordered" }.into(),
            network: *receipt.network(),
            tag: *receipt.tag(),
            transaction: *receipt.transaction(),
            height: receipt.height(),
            sequence: receipt.sequence(),
            index: receipt.index(),
            verdict,
            bytes,
        }
    }
}

/// `applied`, or `refused:` and the broken rule.
fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Applied => "applied".into(),
        Verdict::Refused(rule) => format!("refused:{rule}"),
    }
}

impl Receipt {
    /// Writes the file form; a receipt that does not verify has none.
    pub fn to_json(&self, trust: impl Into<Trust>) -> Result<String, ReceiptInvalid> {
        let bytes = self.encode();
        let verified = Self::decode(&bytes)?.verify(trust)?;
        Ok(readable::print(&ReceiptFile::of(&verified, hex::encode(&bytes))))
    }
}

/// Verifies a receipt file from the genesis alone, or from a checkpoint.
///
/// # Rules
///
/// > REC-01: a receipt file is JSON with exactly the members of its schema, within its limit, its bytes in lower-case hex.
/// > REC-15: every readable member of a receipt file is what its bytes prove; without an outcome no verdict stands in it.
pub fn verify_json(text: &str, trust: impl Into<Trust>) -> Result<VerifiedReceipt, ReceiptInvalid> {
    let not_a_file = |reason| ReceiptInvalid::File { reason };
    let file: ReceiptFile = readable::parse(text, FILE_BYTES_MAX).map_err(not_a_file)?;
    if file.schema != SCHEMA {
        return Err(not_a_file(format!("the schema is not `{SCHEMA}`")));
    }
    let bytes = hex::decode(&file.bytes).map_err(|e| not_a_file(format!("`bytes`: {e}")))?;
    let verified = Receipt::decode(&bytes)?.verify(trust)?;
    match readable::differing(&file, &ReceiptFile::of(&verified, file.bytes.clone())) {
        Some(member) => Err(ReceiptInvalid::Readable { member }),
        None => Ok(verified),
    }
}
