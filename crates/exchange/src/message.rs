//! Messages between the members of a channel. All of them are about one channel's tag.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{
    ChannelCommitment, DealId, KeyedTag, Malformed, PublicKey, SignatureBytes, Tag, TransactionDigest,
    decode, encode, limits,
};

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
    /// asks for signatures under a rotation or a close: the bytes of its statement
    AskHandover {
        /// channel
        tag: Tag,
        /// the statement
        statement: Vec<u8>,
    },
    /// signatures under the statement that the receiver has put together
    Handover {
        /// channel
        tag: Tag,
        /// of the generation in force
        current: (PublicKey, SignatureBytes),
        /// of the next generation, under a rotation, if the sender is in it
        next: Option<(PublicKey, SignatureBytes)>,
    },
    /// asks for what a member keeps of the founding, to join the channel
    AskSetup {
        /// channel
        tag: Tag,
    },
    /// answers that: the bytes of a `Setup`
    Setup {
        /// channel
        tag: Tag,
        /// the setup
        setup: Vec<u8>,
    },
    /// asks whether a member holds a batch
    AskHolding {
        /// channel
        tag: Tag,
        /// which batch
        commitment: ChannelCommitment,
        /// fresh
        nonce: [u8; 32],
    },
    /// answers that: the bytes of a `Holding`
    Holding {
        /// channel
        tag: Tag,
        /// the answer
        holding: Vec<u8>,
    },
    /// asks for signatures under prepares of deals' legs: the bytes of each statement
    AskPrepares {
        /// channel
        tag: Tag,
        /// the statements
        statements: Vec<Vec<u8>>,
    },
    /// signatures under prepares that the receiver has put together
    Prepares {
        /// channel
        tag: Tag,
        /// one for each statement that is signed
        signed: Vec<SignedPrepare>,
    },
    /// asks for a signature under a refusal of a deal's leg
    AskRefusal {
        /// channel
        tag: Tag,
        /// the bytes of its statement
        statement: Vec<u8>,
        /// the signature of the leg's approver
        approval: SignatureBytes,
    },
    /// a signature under a refusal that the receiver has put together
    Refusal {
        /// channel
        tag: Tag,
        /// the deal
        deal: DealId,
        /// which leg
        leg: u8,
        /// over its statement
        endorsement: (PublicKey, SignatureBytes),
    },
    /// asks for signatures under claims and releases of keyed tags: the bytes of each statement
    AskClaims {
        /// channel
        tag: Tag,
        /// the statements
        statements: Vec<Vec<u8>>,
    },
    /// signatures under claims and releases that the receiver has put together
    Claims {
        /// channel
        tag: Tag,
        /// one for each statement that is signed
        signed: Vec<SignedClaim>,
    },
    /// answers a fetch where something of the batch is erased: the bytes of an `ErasedBatch`
    FetchedErased {
        /// channel
        tag: Tag,
        /// what is left of the batch
        batch: Vec<u8>,
    },
    /// asks a reader to open a transaction of the sender's that is not ordered yet
    AskOpened {
        /// channel
        tag: Tag,
        /// its permanent part, without any reader's signature
        permanent: Vec<u8>,
        /// its sealed part
        sealed: Vec<u8>,
    },
    /// answers that
    Opened {
        /// channel
        tag: Tag,
        /// which transaction
        transaction: TransactionDigest,
        /// what the reader says
        said: Said,
    },
}

/// What a reader says to a transaction that it was asked to open.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Said {
    /// it has opened what it is to open: its signature over the transaction
    Opened(SignatureBytes),
    /// it does not sign: the broken rule
    Refused(String),
}

/// An endorser's signature under the claim of a keyed tag, or its release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SignedClaim {
    /// the keyed tag
    pub claim: KeyedTag,
    /// over the statement
    pub endorsement: (PublicKey, SignatureBytes),
}

/// An endorser's signature under a prepare, and its approval if it is the receiver of the leg.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SignedPrepare {
    /// the deal
    pub deal: DealId,
    /// which leg
    pub leg: u8,
    /// over the prepare's statement
    pub endorsement: (PublicKey, SignatureBytes),
    /// over what the receiver approves
    pub approval: Option<SignatureBytes>,
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
            | Self::Fetched { tag, .. }
            | Self::AskHandover { tag, .. }
            | Self::Handover { tag, .. }
            | Self::AskSetup { tag }
            | Self::Setup { tag, .. }
            | Self::AskHolding { tag, .. }
            | Self::Holding { tag, .. }
            | Self::AskPrepares { tag, .. }
            | Self::Prepares { tag, .. }
            | Self::AskRefusal { tag, .. }
            | Self::Refusal { tag, .. }
            | Self::AskClaims { tag, .. }
            | Self::Claims { tag, .. }
            | Self::FetchedErased { tag, .. }
            | Self::AskOpened { tag, .. }
            | Self::Opened { tag, .. } => tag,
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

#[cfg(test)]
mod tests {
    use parclose_types::{Digest, Failure};

    use super::*;

    fn messages() -> Vec<Message> {
        let (tag, commitment) = (Tag([1; 32]), ChannelCommitment(Digest([2; 32])));
        vec![
            Message::Propose { tag, proposal: vec![3; 100] },
            Message::Endorse {
                tag,
                commitment,
                endorser: PublicKey([4; 32]),
                signature: SignatureBytes([5; 64]),
            },
            Message::Refuse { tag, commitment, rule: "END-05".into() },
            Message::Fetch { tag, commitment },
            Message::Fetched { tag, proposal: vec![] },
            Message::AskHandover { tag, statement: vec![6; 70] },
            Message::Handover {
                tag,
                current: (PublicKey([4; 32]), SignatureBytes([5; 64])),
                next: Some((PublicKey([6; 32]), SignatureBytes([7; 64]))),
            },
            Message::AskSetup { tag },
            Message::Setup { tag, setup: vec![8; 9] },
            Message::AskHolding { tag, commitment, nonce: [9; 32] },
            Message::Holding { tag, holding: vec![10; 11] },
            Message::AskPrepares { tag, statements: vec![vec![12; 13], vec![]] },
            Message::Prepares {
                tag,
                signed: vec![SignedPrepare {
                    deal: DealId([14; 32]),
                    leg: 1,
                    endorsement: (PublicKey([4; 32]), SignatureBytes([5; 64])),
                    approval: Some(SignatureBytes([15; 64])),
                }],
            },
            Message::AskRefusal { tag, statement: vec![16; 17], approval: SignatureBytes([15; 64]) },
            Message::Refusal {
                tag,
                deal: DealId([14; 32]),
                leg: 1,
                endorsement: (PublicKey([4; 32]), SignatureBytes([5; 64])),
            },
            Message::AskClaims { tag, statements: vec![vec![16; 17]] },
            Message::Claims {
                tag,
                signed: vec![SignedClaim {
                    claim: KeyedTag([18; 32]),
                    endorsement: (PublicKey([4; 32]), SignatureBytes([5; 64])),
                }],
            },
            Message::FetchedErased { tag, batch: vec![19; 20] },
            Message::AskOpened { tag, permanent: vec![21; 22], sealed: vec![] },
            Message::Opened {
                tag,
                transaction: TransactionDigest([23; 32]),
                said: Said::Opened(SignatureBytes([5; 64])),
            },
        ]
    }

    #[test]
    fn wir_02_a_message_has_one_encoding() {
        for (kind, message) in (0_u8..).zip(messages()) {
            let bytes = message.to_bytes();
            assert_eq!(bytes[0], kind, "kinds keep their numbers");
            assert_eq!(bytes[1..33], [1; 32]);
            assert_eq!(*message.tag(), Tag([1; 32]));
            assert_eq!(Message::from_bytes(&bytes), Ok(message));
            let rule = |bytes: &[u8]| Message::from_bytes(bytes).unwrap_err().rule();
            assert_eq!(rule(&bytes[..bytes.len() - 1]), "WIR-02");
            assert_eq!(rule(&[&bytes[..], &[0]].concat()), "WIR-02");
            assert_eq!(rule(&[&[20], &bytes[1..]].concat()), "WIR-02", "no such kind");
        }
        assert_eq!(Message::from_bytes(&[]).unwrap_err().rule(), "WIR-02");
    }

    #[test]
    fn wir_02_a_length_that_promises_more_than_there_is_costs_nothing() {
        let tag = Tag([1; 32]);
        let mut bytes = Message::Propose { tag, proposal: vec![] }.to_bytes();
        let length = bytes.len() - 4;
        bytes[length..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Message::from_bytes(&bytes).unwrap_err().rule(), "WIR-02");
    }

    #[test]
    fn wir_03_a_message_holds_one_batch_and_no_more() {
        let tag = Tag([1; 32]);
        let largest = Message::Propose { tag, proposal: vec![0; limits::BATCH_BYTES_MAX] };
        assert_eq!(Message::from_bytes(&largest.to_bytes()), Ok(largest));
        let larger = Message::Propose { tag, proposal: vec![0; MESSAGE_BYTES_MAX] };
        assert_eq!(Message::from_bytes(&larger.to_bytes()).unwrap_err().rule(), "WIR-03");
    }

    #[test]
    fn wir_07_the_largest_message_travels_in_frames() {
        let tag = Tag([1; 32]);
        let largest = Message::Fetched { tag, proposal: vec![7; limits::BATCH_BYTES_MAX] };
        let mut gathering = crate::Gathering::default();
        let gathered = crate::split(1, &largest.to_bytes())
            .iter()
            .find_map(|frame| gathering.take(frame).unwrap())
            .unwrap();
        assert_eq!(Message::from_bytes(&gathered), Ok(largest));
    }
}
