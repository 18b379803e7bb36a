//! Messages between the members of a channel. All of them are about one channel's tag.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{ChannelCommitment, Malformed, PublicKey, SignatureBytes, Tag, decode, encode, limits};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Message {
    /// a batch to store and endorse: the bytes of a `Proposal`
    Propose {
        /// channel
        tag: Tag,
        /// the proposal
        proposal: Vec<u8>,
    },
    /// a batch is stored and endorsed
    Endorse {
        /// channel
        tag: Tag,
        /// which batch
        commitment: ChannelCommitment,
        /// the endorser
        endorser: PublicKey,
        /// over the anchor's statement
        signature: SignatureBytes,
    },
    /// a batch is not endorsed
    Refuse {
        /// channel
        tag: Tag,
        /// which batch
        commitment: ChannelCommitment,
        /// the broken rule
        rule: String,
    },
    /// asks for an anchored batch that is missing
    Fetch {
        /// channel
        tag: Tag,
        /// which batch
        commitment: ChannelCommitment,
    },
    /// answers a fetch: the bytes of a `Proposal`
    Fetched {
        /// channel
        tag: Tag,
        /// the proposal
        proposal: Vec<u8>,
    },
}

/// A batch with its envelope.
const MESSAGE_BYTES_MAX: usize = limits::BATCH_BYTES_MAX + 4096;

impl Message {
    /// The channel that it is about.
    #[must_use]
    pub fn tag(&self) -> &Tag {
        match self {
            Self::Propose { tag, .. }
            | Self::Endorse { tag, .. }
            | Self::Refuse { tag, .. }
            | Self::Fetch { tag, .. }
            | Self::Fetched { tag, .. } => tag,
        }
    }

    /// Its canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Decodes canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("message", bytes, MESSAGE_BYTES_MAX)
    }
}
