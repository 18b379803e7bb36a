//! When two signed messages of a validator exclude each other.

use malachite_app::app::types::SignedConsensusMsg;
use parclose_crypto::verify;
use parclose_types::{Height, NetworkId, PublicKey};

use super::context::RootContext;
use super::height::EngineHeight;

type Message = SignedConsensusMsg<RootContext>;

/// Whether a validator signed both, for the same place and different values.
pub(crate) fn conflict(
    network: &NetworkId,
    validator: &PublicKey,
    height: Height,
    first: &Message,
    second: &Message,
) -> bool {
    let at = EngineHeight::from(height);
    let excludes = match (first, second) {
        (Message::Vote(a), Message::Vote(b)) => {
            let (a, b) = (&a.message, &b.message);
            let same = (a.step, a.height, a.round, a.address) == (b.step, b.height, b.round, b.address);
            same && a.value != b.value && a.height == at && a.address.0 == *validator
        }
        (Message::Proposal(a), Message::Proposal(b)) => {
            let (a, b) = (&a.message, &b.message);
            let same = (a.height, a.round, a.address) == (b.height, b.round, b.address);
            same && a != b && a.height == at && a.address.0 == *validator
        }
        _ => false,
    };
    excludes && [first, second].into_iter().all(|message| is_signed(network, validator, message))
}

fn is_signed(network: &NetworkId, validator: &PublicKey, message: &Message) -> bool {
    let bytes = match message {
        Message::Vote(vote) => vote.message.signing_bytes(network),
        Message::Proposal(proposal) => proposal.message.signing_bytes(network),
    };
    verify(validator, &bytes, message.signature()).is_ok()
}
