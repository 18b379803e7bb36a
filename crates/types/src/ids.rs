//! Names and counters.
//!
//! A 32-byte name is a newtype of its own, so that a channel id cannot stand where a tag is
//! wanted. All of them print as lower-case hex and travel as 32 raw bytes. Counters are fixed-width
//! integers; arithmetic on them is checked by the caller.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::hex;

macro_rules! name32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The raw 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex::encode(&self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), hex::encode(&self.0[..6]))
            }
        }

        impl std::str::FromStr for $name {
            type Err = hex::NotHex;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                hex::decode_array(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <String as Deserialize>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name32!(
    /// A SHA-256 digest that has no narrower name.
    Digest
);
name32!(
    /// The consortium's network: the hash of its genesis file.
    NetworkId
);
name32!(
    /// A channel as its members know it: 32 random bytes. The root chain never sees it.
    ChannelId
);
name32!(
    /// A channel as the root chain knows it: the hash of its `OpenChannel` body (ROO-01).
    Tag
);
name32!(
    /// A deal between channels: `H("deal-id", network, deal)` (ROO-64).
    DealId
);
name32!(
    /// What a member owes another on a day: `H("obligation", …)` (VAL-25).
    ObligationId
);
name32!(
    /// A record of a channel: random, or a pseudo-random function of a business key (STA-05).
    RecordId
);
name32!(
    /// A concrete set of members that shares one audience secret.
    AudienceId
);
name32!(
    /// A transaction: `H("transaction", permanent bytes)`.
    TransactionDigest
);
name32!(
    /// A batch header: `H("batch", header bytes)`.
    BatchDigest
);
name32!(
    /// The root of a channel's state tree.
    StateRoot
);
name32!(
    /// The definition of a channel: template, policy, policy schema.
    DefinitionDigest
);
name32!(
    /// A root block header's hash: the value on which the BFT engine votes.
    ValueHash
);
name32!(
    /// An Ed25519 public key (RFC 8032), as 32 bytes; not yet known to be a valid point.
    PublicKey
);

name32!(
    /// A member of a channel, by its identity key: the same in every generation, known inside the channel only.
    MemberId
);

name32!(
    /// An asset of a channel: 32 random bytes.
    AssetId
);
name32!(
    /// What one channel of the network holds at a time, so that nothing is financed twice (ROO-84).
    KeyedTag
);
name32!(
    /// A note: `H("note", channel, transaction, index, commitment, owner commitment)`.
    NoteId
);

/// A 64-byte Ed25519 signature (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct SignatureBytes(pub [u8; 64]);

impl std::fmt::Debug for SignatureBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignatureBytes({})", hex::encode(&self.0[..6]))
    }
}

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident, $int:ty) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            BorshSerialize, BorshDeserialize, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

counter!(
    /// A height of the root chain: the only time there is.
    Height, u64
);
counter!(
    /// An interval of root heights; lies in one generation; runs on over generations.
    Epoch, u32
);
counter!(
    /// The life of one set of channel keys.
    Generation, u64
);
counter!(
    /// The index of an event in its tag's log.
    Sequence, u64
);
counter!(
    /// A class of fields (what kind of data), from the channel's definition.
    ClassId, u32
);
counter!(
    /// A field of a record type, from the channel's definition.
    FieldId, u32
);
