//! What nodes say to each other: one request, one reply.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{PublicKey, SignatureBytes, Tag, limits};

/// A number used once.
pub(super) type Nonce = [u8; 32];

/// Bytes of a request between members: a frame in its envelope.
pub(super) const ASK_BYTES_MAX: usize = limits::FRAME_BYTES_MAX + 1024;
/// Bytes of a reply: a member has one place in a channel, or two while its keys turn over.
pub(super) const REPLY_BYTES_MAX: usize = 4096;
/// Bytes of an offered root transaction in its envelope.
pub(super) const OFFER_BYTES_MAX: usize = limits::ROOT_TRANSACTION_BYTES_MAX + 64;

/// A request between members.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Ask {
    /// a number to prove something with; it says nothing about a channel
    Nonce,
    /// proves a pseudonym
    Prove(Proof),
    /// a frame between two pseudonyms that were proven on this connection
    Frame { tag: Tag, from: PublicKey, to: PublicKey, frame: Vec<u8> },
}

/// A proof that the caller has a place in a channel.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Proof {
    pub(super) tag: Tag,
    pub(super) from: PublicKey,
    /// the number that the called node gave
    pub(super) given: Nonce,
    /// the caller's own
    pub(super) own: Nonce,
    pub(super) signature: SignatureBytes,
}

/// A reply between members.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Reply {
    /// the number that was asked for
    Nonce(Nonce),
    /// the places of the called node in that channel, each with its signature
    Proven(Vec<(PublicKey, SignatureBytes)>),
    /// the frame is taken
    Taken,
    /// there is no room for the frame now
    Full,
    /// no such channel, not yours, or not proven: one answer for all of them
    Unknown,
}

/// A root transaction that is offered.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Offer {
    /// whether it comes from its submitter, and not from a validator that passes it on
    pub(super) is_handed_in: bool,
    /// its canonical bytes
    pub(super) transaction: Vec<u8>,
}

/// What a validator answers to an offer.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum OfferReply {
    /// it waits for its block
    Taken,
    /// it waits already
    Known,
    /// no room now, or not a validator
    Full,
    /// it breaks a rule
    Refused(String),
}
