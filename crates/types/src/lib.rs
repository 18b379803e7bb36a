//! The words of Parclose, as types: ids, heights, epochs, limits, encodings, labels, errors.
//!
//! Floor 0: no cryptography, no storage, no clock, no randomness. Every other crate imports this
//! one and nothing here knows what they do with it.
//!
//! - [`ids`]: 32-byte names that cannot be mixed up, and the counters (height, epoch, generation, sequence)
//! - [`encoding`]: `enc(label, fields…)`, the input of every hash, key derivation and signature
//! - [`canonical`]: borsh for everything stored or sent; decoding re-encodes and compares
//! - [`labels`]: the one table of domain labels
//! - [`limits`]: the sizes that decoders enforce
//! - [`nearest`]: the name that somebody probably meant
//! - [`failure`]: what every error of every stage can say about itself
//! - [`commitment`]: the hiding commitment that a channel makes and the root chain orders

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

pub mod canonical;
pub mod commitment;
pub mod encoding;
pub mod failure;
pub mod hex;
pub mod ids;
pub mod labels;
pub mod limits;
pub mod nearest;

pub use canonical::{Malformed, decode, encode};
pub use commitment::ChannelCommitment;
pub use encoding::enc;
pub use failure::{Failure, Fault};
pub use ids::{
    AssetId, AudienceId, BatchDigest, ChannelId, ClassId, DealId, DefinitionDigest, Digest, Epoch, FieldId,
    Generation, Height, KeyedTag, MemberId, NetworkId, NoteId, ObligationId, PublicKey, RecordId, Sequence,
    SignatureBytes, StateRoot, Tag, TransactionDigest, ValueHash,
};
