//! What is left of a sealed part once the fields of some of its records are erased.
//!
//! ```text
//!   SealedPart { salt, fields, wraps }                whole: what was ordered
//!     | shred: some records are erased
//!   ErasedPart { leaf, salt?, erased, fields }        explicit: which operations, and the hash of the whole
//! ```
//!
//! The hash of the whole part stands in for it under the batch's header. The other fields still correspond to their leaves. The
//! salt goes with the last field that needs it: without it nobody can derive a key of this transaction again, and no guess
//! at an erased value can be compared with its leaf.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::merkle;
use parclose_keys::field::salt_digest;
use parclose_keys::{SealedField, field_leaf};
use parclose_types::canonical::{ascending, at_most};
use parclose_types::{Malformed, RecordId};

use crate::body::{Body, SealedPart};
use crate::decode::{SEALED_BYTES_MAX, UnverifiedTransaction};

/// What is left of a sealed part; a transaction that writes records has no wraps.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ErasedPart {
    /// RFC 9162 leaf hash of the whole part, as it was ordered
    pub leaf: [u8; 32],
    /// 32 bytes, as long as a field is left
    pub salt: Option<[u8; 32]>,
    /// operations whose fields are erased, ascending
    pub erased: Vec<u16>,
    /// sealed fields of each operation; none for those that are erased
    pub fields: Vec<Vec<SealedField>>,
}

impl ErasedPart {
    /// Takes a whole part, of which nothing is erased yet; `bytes` are its encoding.
    #[must_use]
    pub fn of_whole(bytes: &[u8], sealed: SealedPart) -> Self {
        let SealedPart { salt, fields, .. } = sealed;
        Self { leaf: merkle::leaf_hash(bytes), salt: Some(salt), erased: Vec::new(), fields }
    }

    /// Erases the fields of every operation on a record that is gone; whether anything was left of them.
    pub fn shred(&mut self, body: &Body, gone: impl Fn(&RecordId) -> bool) -> bool {
        let mut shredded = false;
        for ((at, operation), fields) in (0_u16..).zip(&body.operations).zip(&mut self.fields) {
            if let (false, true, Err(gap)) =
                (fields.is_empty(), gone(&operation.record), self.erased.binary_search(&at))
            {
                fields.clear();
                self.erased.insert(gap, at);
                shredded = true;
            }
        }
        if self.fields.iter().all(Vec::is_empty) {
            self.salt = None;
        }
        shredded
    }

    /// Whether an operation's fields are erased.
    #[must_use]
    pub fn has_erased(&self, operation: usize) -> bool {
        u16::try_from(operation).is_ok_and(|operation| self.erased.binary_search(&operation).is_ok())
    }

    /// The records whose fields are erased in it.
    pub fn records<'b>(&self, body: &'b Body) -> impl Iterator<Item = &'b RecordId> {
        let named = |at: &u16| body.operations.get(usize::from(*at)).map(|operation| &operation.record);
        self.erased.iter().filter_map(named)
    }

    /// What is left, as a sealed part with no fields where they are erased; `None` without a salt.
    #[must_use]
    pub fn rest(&self) -> Option<SealedPart> {
        Some(SealedPart { salt: self.salt?, fields: self.fields.clone(), wraps: Vec::new() })
    }
}

impl UnverifiedTransaction {
    /// Checks that what is left of a sealed part corresponds to the body. Its leaf is checked with the batch's.
    ///
    /// # Rules
    ///
    /// > ERA-05: what is left of a sealed part names the operations that are erased, holds of all others exactly what the body commits to, and the salt as long as one of them has fields.
    pub fn check_erased(&self, part: &ErasedPart) -> Result<(), Malformed> {
        let wrong = || Malformed::Mismatch { what: "what is left of a sealed part, and body" };
        at_most("erased operations", part.erased.len(), self.body.operations.len())?;
        ascending("erased operations", part.erased.iter())?;
        if part.erased.is_empty() || part.fields.len() != self.body.operations.len() {
            return Err(wrong());
        }
        for ((at, operation), fields) in (0_usize..).zip(&self.body.operations).zip(&part.fields) {
            if part.has_erased(at) {
                if !fields.is_empty() || operation.fields.is_empty() {
                    return Err(wrong());
                }
                continue;
            }
            let leaves = operation.fields.iter().map(|entry| entry.leaf);
            let sealed = operation.fields.iter().zip(fields);
            let sealed_leaves = sealed.map(|(entry, field)| field_leaf(entry.field, field));
            if fields.len() != operation.fields.len() || !leaves.eq(sealed_leaves) {
                return Err(wrong());
            }
            for field in fields {
                at_most("bytes of a sealed field", field.ciphertext.len(), SEALED_BYTES_MAX)?;
            }
        }
        let known = |at: &u16| usize::from(*at) < self.body.operations.len();
        let left = part.fields.iter().any(|fields| !fields.is_empty());
        let salt_fits = match &part.salt {
            Some(salt) => left && salt_digest(salt) == self.body.salt_digest,
            None => !left,
        };
        if part.erased.iter().all(known) && salt_fits { Ok(()) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests;
