//! Signatures of readers: that they have opened what a transaction seals for them.
//!
//! Execution never reads sealed values, so a writer could seal what nobody opens, or another amount than it commits to. Where the
//! definition demands it, a reader looks first, and says so beside the author: over the digest, which fixes every sealed byte
//! leaf by leaf. The digest does not cover these signatures, as it does not cover the author's.

use std::io::{self, Read, Write};

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{PublicKey, SignatureBytes, TransactionDigest, enc, labels};

/// One reader's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Opener {
    /// the reader's pseudonym
    pub reader: PublicKey,
    /// over [`opened_bytes`]
    pub signature: SignatureBytes,
}

/// What a reader signs that has opened a transaction.
#[must_use]
pub fn opened_bytes(digest: &TransactionDigest) -> Vec<u8> {
    enc(labels::TRANSACTION_OPENED, &[digest.as_ref()])
}

/// The end of a permanent part. It has no bytes at all where nobody has signed, so that a transaction which needs no reader is
/// written as it was before readers could sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Openers(pub(crate) Vec<Opener>);

impl Openers {
    /// Bytes that it has.
    pub(crate) fn bytes(&self) -> usize {
        let each = size_of::<PublicKey>().saturating_add(size_of::<SignatureBytes>());
        if self.0.is_empty() { 0 } else { each.saturating_mul(self.0.len()).saturating_add(size_of::<u32>()) }
    }
}

impl BorshSerialize for Openers {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        if self.0.is_empty() { Ok(()) } else { self.0.serialize(writer) }
    }
}

/// A written list without elements reads as none, which is written otherwise: so it is not canonical (WIR-02).
impl BorshDeserialize for Openers {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let mut first = [0; 1];
        if reader.read(&mut first)? == 0 {
            return Ok(Self::default());
        }
        Vec::deserialize_reader(&mut first.chain(reader)).map(Self)
    }
}
