//! Keys as bytes, in an order that RocksDB's byte order agrees with.
//!
//! Integers are fixed-width big-endian, 32-byte names stand as they are, tuples are concatenated. Every
//! part but the last has a fixed width, so the encoding is injective and sorts as the tuple does.

use parclose_types::{
    AssetId, AudienceId, BatchDigest, ChannelCommitment, ChannelId, ClassId, DealId, DefinitionDigest,
    Digest, Epoch, FieldId, Generation, Height, KeyedTag, MemberId, NetworkId, NoteId, ObligationId,
    PublicKey, RecordId, Sequence, StateRoot, Tag, TransactionDigest, ValueHash,
};

/// A key that a table may have: its bytes sort as its values do.
pub trait RowKey: Sized {
    /// The key's bytes.
    fn to_row_key(&self) -> Vec<u8>;
    /// Reads all of `bytes`; `None` if they are no such key.
    fn from_row_key(bytes: &[u8]) -> Option<Self>;
}

/// A key of one width, which therefore may stand before others in a tuple.
pub trait FixedRowKey: RowKey {
    /// Bytes of every key.
    const WIDTH: usize;
}

/// The key as stored: the table's id, then the key's bytes.
pub(crate) fn stored_key(table: u8, key: &[u8]) -> Vec<u8> {
    [&[table], key].concat()
}

/// The first key after all rows of a table; `None` for the last table.
pub(crate) fn table_end(table: u8) -> Option<Vec<u8>> {
    table.checked_add(1).map(|next| vec![next])
}

/// The table and the key's own bytes; `None` for the empty key, which no table writes.
pub(crate) fn table_of(row_key: &[u8]) -> Option<(u8, &[u8])> {
    row_key.split_first().map(|(table, key)| (*table, key))
}

impl RowKey for () {
    fn to_row_key(&self) -> Vec<u8> {
        Vec::new()
    }
    fn from_row_key(bytes: &[u8]) -> Option<Self> {
        bytes.is_empty().then_some(())
    }
}

impl FixedRowKey for () {
    const WIDTH: usize = 0;
}

impl<const N: usize> RowKey for [u8; N] {
    fn to_row_key(&self) -> Vec<u8> {
        self.to_vec()
    }
    fn from_row_key(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok()
    }
}

impl<const N: usize> FixedRowKey for [u8; N] {
    const WIDTH: usize = N;
}

/// Bytes of any length, in lexicographic order: a whole key, or the last part of one.
impl RowKey for Vec<u8> {
    fn to_row_key(&self) -> Vec<u8> {
        self.clone()
    }
    fn from_row_key(bytes: &[u8]) -> Option<Self> {
        Some(bytes.to_vec())
    }
}

macro_rules! integer_keys {
    ($($int:ty),*) => {$(
        impl RowKey for $int {
            fn to_row_key(&self) -> Vec<u8> {
                self.to_be_bytes().to_vec()
            }
            fn from_row_key(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self::from_be_bytes)
            }
        }
        impl FixedRowKey for $int {
            const WIDTH: usize = size_of::<$int>();
        }
    )*};
}

/// Newtypes are written as what they wrap.
macro_rules! newtype_keys {
    ($($name:ident($inner:ty)),* $(,)?) => {$(
        impl RowKey for $name {
            fn to_row_key(&self) -> Vec<u8> {
                self.0.to_row_key()
            }
            fn from_row_key(bytes: &[u8]) -> Option<Self> {
                <$inner>::from_row_key(bytes).map(Self)
            }
        }
        impl FixedRowKey for $name {
            const WIDTH: usize = <$inner>::WIDTH;
        }
    )*};
}

integer_keys!(u8, u16, u32, u64);
newtype_keys!(
    Height(u64),
    Epoch(u32),
    Generation(u64),
    Sequence(u64),
    ClassId(u32),
    FieldId(u32),
    Digest([u8; 32]),
    NetworkId([u8; 32]),
    ChannelId([u8; 32]),
    Tag([u8; 32]),
    DealId([u8; 32]),
    RecordId([u8; 32]),
    AssetId([u8; 32]),
    KeyedTag([u8; 32]),
    NoteId([u8; 32]),
    ObligationId([u8; 32]),
    AudienceId([u8; 32]),
    TransactionDigest([u8; 32]),
    BatchDigest([u8; 32]),
    StateRoot([u8; 32]),
    DefinitionDigest([u8; 32]),
    ValueHash([u8; 32]),
    PublicKey([u8; 32]),
    MemberId([u8; 32]),
    ChannelCommitment(Digest),
);

impl<A: FixedRowKey, B: RowKey> RowKey for (A, B) {
    fn to_row_key(&self) -> Vec<u8> {
        [self.0.to_row_key(), self.1.to_row_key()].concat()
    }
    fn from_row_key(bytes: &[u8]) -> Option<Self> {
        let (a, b) = bytes.split_at_checked(A::WIDTH)?;
        Some((A::from_row_key(a)?, B::from_row_key(b)?))
    }
}

impl<A: FixedRowKey, B: FixedRowKey> FixedRowKey for (A, B) {
    const WIDTH: usize = A::WIDTH + B::WIDTH;
}

impl<A: FixedRowKey, B: FixedRowKey, C: RowKey> RowKey for (A, B, C) {
    fn to_row_key(&self) -> Vec<u8> {
        [self.0.to_row_key(), self.1.to_row_key(), self.2.to_row_key()].concat()
    }
    fn from_row_key(bytes: &[u8]) -> Option<Self> {
        let (a, rest) = bytes.split_at_checked(A::WIDTH)?;
        let (b, c) = rest.split_at_checked(B::WIDTH)?;
        Some((A::from_row_key(a)?, B::from_row_key(b)?, C::from_row_key(c)?))
    }
}

impl<A: FixedRowKey, B: FixedRowKey, C: FixedRowKey> FixedRowKey for (A, B, C) {
    const WIDTH: usize = A::WIDTH + B::WIDTH + C::WIDTH;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip<K: RowKey + PartialEq + std::fmt::Debug>(key: &K) {
        let bytes = key.to_row_key();
        assert_eq!(K::from_row_key(&bytes).as_ref(), Some(key));
    }

    #[test]
    fn sto_02_a_key_of_the_wrong_width_is_no_key() {
        assert_eq!(u64::from_row_key(&[0; 7]), None);
        assert_eq!(u64::from_row_key(&[0; 9]), None);
        assert_eq!(<(u8, Tag)>::from_row_key(&[0; 32]), None);
        assert_eq!(<(u8, u32, u64)>::from_row_key(&[0; 14]), None);
        assert_eq!(<()>::from_row_key(&[0]), None);
    }

    #[test]
    fn the_last_table_has_no_end_and_the_empty_key_no_table() {
        assert_eq!(table_end(255), None);
        assert_eq!(table_end(1), Some(vec![2]));
        assert_eq!(table_of(&[]), None);
    }

    proptest! {
        #[test]
        fn keys_round_trip_and_sort_as_their_bytes(
            a: (u8, u64, Vec<u8>), b: (u8, u64, Vec<u8>), c: (u32, [u8; 32]), d: (u32, [u8; 32]),
        ) {
            round_trip(&a);
            round_trip(&c);
            round_trip(&(Height(a.1), Epoch(c.0)));
            prop_assert_eq!(a.cmp(&b), a.to_row_key().cmp(&b.to_row_key()));
            prop_assert_eq!(c.cmp(&d), c.to_row_key().cmp(&d.to_row_key()));
        }
    }
}
