//! What is left of a sealed part once the fields of some of its records, or some of its wraps, are erased.
//!
//! ```text
//!   SealedPart { salt, fields, wraps }                whole: what was ordered
//!     | shred: some records, an epoch or a generation are erased
//!   ErasedPart { leaf, salt?, erased, fields, wraps } explicit: which operations and wraps, and the hash of the whole
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
use parclose_types::{Malformed, RecordId, limits};

use crate::act::{ACT_ITEMS_MAX, Act};
use crate::body::{Body, SealedPart};
use crate::decode::{SEALED_BYTES_MAX, UnverifiedTransaction};

mod reach;

pub use reach::{GenerationSpan, Reach};

/// What is left of a sealed part: of records, or of an act with wraps.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ErasedPart {
    /// RFC 9162 leaf hash of the whole part, as it was ordered
    pub leaf: [u8; 32],
    /// 32 bytes, as long as a field or a wrap is left
    pub salt: Option<[u8; 32]>,
    /// operations whose fields are erased, ascending
    pub erased: Vec<u16>,
    /// sealed fields of each operation; none for those that are erased
    pub fields: Vec<Vec<SealedField>>,
    /// the wraps of its act
    pub wraps: Vec<LeftWrap>,
}

/// A wrap, or what is left of one.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum LeftWrap {
    /// as it was ordered
    Whole(Vec<u8>),
    /// erased: its RFC 9162 leaf hash
    Gone([u8; 32]),
}

impl LeftWrap {
    fn leaf(&self) -> [u8; 32] {
        match self {
            Self::Whole(wrap) => merkle::leaf_hash(wrap),
            Self::Gone(leaf) => *leaf,
        }
    }
}

impl ErasedPart {
    /// Takes a whole part, of which nothing is erased yet; `bytes` are its encoding.
    #[must_use]
    pub fn of_whole(bytes: &[u8], sealed: SealedPart) -> Self {
        let SealedPart { salt, fields, wraps } = sealed;
        let wraps = wraps.into_iter().map(LeftWrap::Whole).collect();
        Self { leaf: merkle::leaf_hash(bytes), salt: Some(salt), erased: Vec::new(), fields, wraps }
    }

    /// Erases what is reached of it, fields and wraps; whether anything was left of that.
    pub fn shred(&mut self, body: &Body, reach: &Reach<'_>) -> bool {
        let mut shredded = false;
        for ((at, operation), fields) in (0_u16..).zip(&body.operations).zip(&mut self.fields) {
            let gone = reach.has_fields(body, &operation.record);
            if let (false, true, Err(gap)) = (fields.is_empty(), gone, self.erased.binary_search(&at)) {
                fields.clear();
                self.erased.insert(gap, at);
                shredded = true;
            }
        }
        if let Some(act) = &body.act {
            for (place, wrap) in self.wraps.iter_mut().enumerate() {
                if matches!(wrap, LeftWrap::Whole(_)) && reach.has_wrap(act, place) {
                    *wrap = LeftWrap::Gone(wrap.leaf());
                    shredded = true;
                }
            }
        }
        if !self.has_rest() {
            self.salt = None;
        }
        shredded
    }

    /// Whether a field or a wrap is left.
    fn has_rest(&self) -> bool {
        self.fields.iter().any(|fields| !fields.is_empty())
            || self.wraps.iter().any(|wrap| matches!(wrap, LeftWrap::Whole(_)))
    }

    /// The places of wraps that are erased, ascending.
    pub fn gone_wraps(&self) -> impl Iterator<Item = usize> + '_ {
        let gone = |(place, wrap): (usize, &LeftWrap)| matches!(wrap, LeftWrap::Gone(_)).then_some(place);
        self.wraps.iter().enumerate().filter_map(gone)
    }

    /// Fields and wraps that it lacks.
    #[must_use]
    pub fn lacking(&self) -> usize {
        self.erased.len().saturating_add(self.gone_wraps().count())
    }

    /// Whether all that it lacks is lacking in another, too.
    #[must_use]
    pub fn lacks_only_of(&self, other: &Self) -> bool {
        self.erased.iter().all(|at| other.erased.contains(at))
            && self.gone_wraps().all(|place| matches!(other.wraps.get(place), Some(LeftWrap::Gone(_))))
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

    /// What is left, as a sealed part with no fields, and empty wraps, where they are erased; `None` without a salt.
    #[must_use]
    pub fn rest(&self) -> Option<SealedPart> {
        let wrap = |wrap: &LeftWrap| match wrap {
            LeftWrap::Whole(wrap) => wrap.clone(),
            LeftWrap::Gone(_) => Vec::new(),
        };
        let wraps = self.wraps.iter().map(wrap).collect();
        Some(SealedPart { salt: self.salt?, fields: self.fields.clone(), wraps })
    }
}

impl UnverifiedTransaction {
    /// Checks that what is left of a sealed part corresponds to the body. Its leaf is checked with the batch's.
    ///
    /// # Rules
    ///
    /// > ERA-05: what is left of a sealed part names the operations that are erased, holds of all others exactly what the body commits to, and the salt as long as one of them has fields, or a wrap is left.
    /// > ERA-16: of a wrap that is erased its leaf hash is left: whole and erased wraps together give the root that the act commits to.
    pub fn check_erased(&self, part: &ErasedPart) -> Result<(), Malformed> {
        let wrong = || Malformed::Mismatch { what: "what is left of a sealed part, and body" };
        at_most("erased operations", part.erased.len(), self.body.operations.len())?;
        ascending("erased operations", part.erased.iter())?;
        if part.lacking() == 0 || part.fields.len() != self.body.operations.len() {
            return Err(wrong());
        }
        self.check_left_wraps(part)?;
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
        let salt_fits = match &part.salt {
            Some(salt) => part.has_rest() && salt_digest(salt) == self.body.salt_digest,
            None => !part.has_rest(),
        };
        if part.erased.iter().all(known) && salt_fits { Ok(()) } else { Err(wrong()) }
    }

    fn check_left_wraps(&self, part: &ErasedPart) -> Result<(), Malformed> {
        at_most("wraps", part.wraps.len(), ACT_ITEMS_MAX)?;
        for wrap in &part.wraps {
            if let LeftWrap::Whole(wrap) = wrap {
                at_most("bytes of a wrap", wrap.len(), limits::TRANSACTION_BYTES_MAX)?;
            }
        }
        let root = self.body.act.as_ref().and_then(Act::wraps_root);
        let fits = match root {
            Some(root) => merkle::root_of_hashes(part.wraps.iter().map(LeftWrap::leaf)) == root,
            None => part.wraps.is_empty(),
        };
        if fits { Ok(()) } else { Err(Malformed::Mismatch { what: "what is left of the wraps, and act" }) }
    }
}

#[cfg(test)]
mod tests;
