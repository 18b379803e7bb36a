//! A block on its way to the other validators, in parts.

use bytes::Bytes;
use parclose_types::{NetworkId, PublicKey, SignatureBytes, ValueHash, enc, labels};

use super::context::RootContext;
use super::height::EngineHeight;

/// Bytes of a block in one part.
pub(crate) const PART_BYTES_MAX: usize = 128 << 10;

/// One part. A block is `Init`, one `Data` or more, `Fin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// whose block of which round follows
    Init {
        /// height
        height: EngineHeight,
        /// round in which it was first proposed
        round: u32,
        /// its proposer
        proposer: PublicKey,
    },
    /// some bytes of the block
    Data(Bytes),
    /// the proposer's signature under what came before
    Fin(SignatureBytes),
}

impl malachite_core::ProposalPart<RootContext> for Part {
    fn is_first(&self) -> bool {
        matches!(self, Self::Init { .. })
    }

    fn is_last(&self) -> bool {
        matches!(self, Self::Fin(_))
    }
}

/// What the proposer signs under its parts: nobody else can make a validator store a block.
///
/// # Rules
///
/// > CON-11: the parts of a block are signed by its proposer, over network, height, round and the header's hash.
pub(crate) fn signing_bytes(
    network: &NetworkId,
    height: EngineHeight,
    round: u32,
    value: &ValueHash,
) -> Vec<u8> {
    enc(
        labels::PROPOSAL_PARTS,
        &[network.as_ref(), &height.0.to_be_bytes(), &round.to_be_bytes(), value.as_ref()],
    )
}
