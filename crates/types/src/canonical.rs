//! borsh, strictly: what is stored or sent has exactly one encoding.
//!
//! Decoding takes the whole input, bounds it before it allocates, and encodes again to compare:
//! a second encoding of the same value is refused (WIR-02). The borsh feature `de_strict_order`
//! is on; without it unsorted and duplicate map keys would pass.

use std::io;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::failure::{Failure, Fault};

/// Why bytes are not the canonical encoding of the wanted type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// WIR-03: larger than its limit.
    #[error("{what} of {got} bytes is larger than its limit of {limit}")]
    TooLarge {
        /// what was decoded
        what: &'static str,
        /// bytes allowed
        limit: usize,
        /// bytes found
        got: usize,
    },
    /// WIR-02: cut short, trailing bytes, unknown variant, or a second encoding of the same value.
    #[error("{what} is not in its canonical encoding")]
    NotCanonical {
        /// what was decoded
        what: &'static str,
    },
    /// WIR-04: more elements than the limit allows.
    #[error("{what}: {got} exceeds the limit of {limit}")]
    TooMany {
        /// what was counted
        what: &'static str,
        /// elements allowed
        limit: usize,
        /// elements found
        got: usize,
    },
    /// WIR-05: a part that must be in ascending order, without duplicates, is not.
    #[error("{what} are not in strictly ascending order")]
    Unsorted {
        /// which list
        what: &'static str,
    },
    /// WIR-07: frames that are no message, or not in its order.
    #[error("the frames are not those of a message, in order")]
    Frames,
    /// WIR-08: exactly one of two parts is wanted.
    #[error("exactly one of {what} is wanted")]
    NotOneOf {
        /// which parts
        what: &'static str,
    },
    /// WIR-06: two parts that must correspond one to one do not.
    #[error("{what} do not match")]
    Mismatch {
        /// which parts
        what: &'static str,
    },
}

impl Failure for Malformed {
    fn code(&self) -> &'static str {
        "MALFORMED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NotCanonical { .. } => "WIR-02",
            Self::TooLarge { .. } => "WIR-03",
            Self::TooMany { .. } => "WIR-04",
            Self::Unsorted { .. } => "WIR-05",
            Self::Mismatch { .. } => "WIR-06",
            Self::Frames => "WIR-07",
            Self::NotOneOf { .. } => "WIR-08",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "send the canonical encoding, within the limits of specs/01-encoding.md".into()
    }
}

/// Encodes a value canonically.
///
/// # Panics
///
/// Never for the types of this project: writing to memory does not fail, and their lengths are bounded.
#[must_use]
pub fn encode<T: BorshSerialize>(value: &T) -> Vec<u8> {
    // Most values are encoded in about the bytes that they occupy; a kibibyte for each would be memory wasted.
    let mut bytes = Vec::with_capacity(size_of::<T>());
    value.serialize(&mut bytes).expect("writing to memory does not fail");
    bytes
}

/// Decodes the canonical encoding of a `T`, at most `limit` bytes long.
///
/// # Rules
///
/// > WIR-02: decoding re-encodes and compares; trailing bytes, unknown variants and second encodings are refused.
/// > WIR-03: nothing larger than its limit is decoded.
pub fn decode<T: BorshDeserialize + BorshSerialize>(
    what: &'static str,
    bytes: &[u8],
    limit: usize,
) -> Result<T, Malformed> {
    if bytes.len() > limit {
        return Err(Malformed::TooLarge { what, limit, got: bytes.len() });
    }
    let value = T::try_from_slice(bytes).map_err(|_| Malformed::NotCanonical { what })?;
    if encodes_to(&value, bytes) { Ok(value) } else { Err(Malformed::NotCanonical { what }) }
}

/// Whether a value's encoding is exactly `bytes`: compared as it is written, so that nothing holds it twice.
fn encodes_to<T: BorshSerialize>(value: &T, bytes: &[u8]) -> bool {
    let mut expected = Expected(bytes);
    value.serialize(&mut expected).is_ok() && expected.0.is_empty()
}

/// Takes only what it expects, in order.
struct Expected<'a>(&'a [u8]);

impl io::Write for Expected<'_> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(part).ok_or(io::ErrorKind::InvalidData)?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Refuses a list that is longer than `limit` (WIR-04).
pub fn at_most(what: &'static str, got: usize, limit: usize) -> Result<(), Malformed> {
    if got > limit { Err(Malformed::TooMany { what, limit, got }) } else { Ok(()) }
}

/// Refuses a list that is not strictly ascending (WIR-05).
pub fn ascending<K: Ord>(what: &'static str, keys: impl IntoIterator<Item = K>) -> Result<(), Malformed> {
    if keys.into_iter().is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(Malformed::Unsorted { what }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    type Map = BTreeMap<u8, u8>;

    fn pairs(list: &[(u8, u8)]) -> Vec<u8> {
        encode(&list.to_vec())
    }

    #[test]
    fn wir_02_trailing_bytes_are_refused() {
        let mut bytes = encode(&7_u32);
        assert_eq!(decode::<u32>("number", &bytes, 8), Ok(7));
        bytes.push(0);
        assert!(decode::<u32>("number", &bytes, 8).is_err());
        assert!(decode::<u32>("number", &bytes[..3], 8).is_err());
    }

    #[test]
    fn wir_02_only_the_very_encoding_is_the_encoding() {
        let value = (7_u32, vec![1_u8, 2, 3], Some(9_u64));
        let bytes = encode(&value);
        assert!(encodes_to(&value, &bytes));
        assert!((0..bytes.len()).all(|end| !encodes_to(&value, &bytes[..end])), "cut short");
        assert!(!encodes_to(&value, &[&bytes[..], &[0]].concat()), "a byte more");
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(!encodes_to(&value, &other), "byte {at}");
        }
    }

    #[test]
    fn wir_02_unsorted_and_duplicate_map_keys_are_refused() {
        assert!(decode::<Map>("map", &pairs(&[(1, 0), (2, 0)]), 64).is_ok());
        assert!(decode::<Map>("map", &pairs(&[(2, 0), (1, 0)]), 64).is_err());
        assert!(decode::<Map>("map", &pairs(&[(1, 0), (1, 1)]), 64).is_err());
    }

    #[test]
    fn wir_03_size_is_bounded_before_decoding() {
        let bytes = encode(&vec![0_u8; 100]);
        assert_eq!(
            decode::<Vec<u8>>("blob", &bytes, 99),
            Err(Malformed::TooLarge { what: "blob", limit: 99, got: 104 })
        );
        // A length prefix that lies about gigabytes costs nothing.
        assert!(decode::<Vec<u8>>("blob", &u32::MAX.to_le_bytes(), 99).is_err());
    }

    #[test]
    fn wir_04_lists_are_counted() {
        assert!(at_most("fields", 256, 256).is_ok());
        assert!(at_most("fields", 257, 256).is_err());
    }

    #[test]
    fn wir_05_lists_are_ascending() {
        assert!(ascending("keys", [1, 2, 3]).is_ok());
        assert!(ascending("keys", [1, 1]).is_err());
        assert!(ascending("keys", [2, 1]).is_err());
    }
}
