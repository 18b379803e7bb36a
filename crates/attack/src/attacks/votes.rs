//! Votes and accusations as bytes, for whoever has a validator's key and not its program.

use borsh::BorshSerialize;
use parclose_root::commit::precommit_bytes;
use parclose_types::{PublicKey, SignatureBytes, ValueHash, encode};

use super::*;

/// A precommit of round 0, in the form in which it is sent.
#[derive(BorshSerialize)]
pub(super) struct Precommit {
    is_precommit: bool,
    height: u64,
    round: Option<u32>,
    value: Option<ValueHash>,
    pub(super) validator: PublicKey,
    signature: SignatureBytes,
}

impl Precommit {
    pub(super) fn of(stage: &Stage, number: u8, height: Height, value: ValueHash) -> Self {
        let key = validator(number);
        let signed = precommit_bytes(stage.chain.root.network(), height, 0, &value, &key.public());
        Self {
            is_precommit: true,
            height: height.0,
            round: Some(0),
            value: Some(value),
            validator: key.public(),
            signature: key.sign(&signed),
        }
    }

    /// As a message: a vote is the first of its kinds.
    fn message(&self) -> Vec<u8> {
        [&[0][..], &encode(self)].concat()
    }
}

/// Two messages that are said to exclude each other, as evidence.
pub(super) fn accusation(
    height: Height,
    accused: PublicKey,
    messages: [&Precommit; 2],
) -> Result<ValidatorEvidence, Failed> {
    #[derive(BorshSerialize)]
    struct Accusation {
        height: Height,
        accused: PublicKey,
        messages: (Vec<u8>, Vec<u8>),
    }
    let messages = (messages[0].message(), messages[1].message());
    let changes: Vec<Vec<u8>> = Vec::new();
    Ok(ValidatorEvidence::decode(&encode(&(vec![Accusation { height, accused, messages }], changes)))?)
}
