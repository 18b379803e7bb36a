//! Who holds a copy of a batch: a member's signed answer to a fresh question.
//!
//! ```text
//!   asker    nonce, which batch                                   --> every member
//!   member   digest over nonce and batch, signed with its height  --> asker, which has the batch too
//! ```
//!
//! The digest takes the whole batch, so whoever signs it had the bytes; the nonce keeps an answer of before from
//! counting again. What somebody does with its copy afterwards, no answer can say.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::{hash, verify};
use parclose_types::{
    ChannelCommitment, Digest, Failure, Fault, Height, NetworkId, PublicKey, SignatureBytes, Tag, enc,
    encode, labels,
};

use crate::channel::Channel;
use crate::error::ChannelError;

/// What is asked: which batch, and a nonce that nobody can foresee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct HoldingQuestion {
    /// the batch
    pub commitment: ChannelCommitment,
    /// fresh
    pub nonce: [u8; 32],
}

/// A member's answer, about which nothing has been checked.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Holding {
    /// what was asked
    pub question: HoldingQuestion,
    /// over the nonce and the batch
    pub copy: Digest,
    /// the last final height that the member knew
    pub height: Height,
    /// its pseudonym in the generation in force
    pub holder: PublicKey,
    /// over all of it
    pub signature: SignatureBytes,
}

/// Why an answer does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldingInvalid {
    /// HOL-02: not by a member
    #[error("the answer is not by a member of the channel")]
    Stranger,
    /// HOL-02: of other bytes than the asker has
    #[error("the answer is not about the batch that was asked for")]
    OtherCopy,
    /// HOL-01: not signed
    #[error("the answer is not signed by whoever it names")]
    NotSigned,
}

impl Failure for HoldingInvalid {
    fn code(&self) -> &'static str {
        "HOLDING_INVALID"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NotSigned => "HOL-01",
            Self::Stranger | Self::OtherCopy => "HOL-02",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Peer
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "ask again; a member that answers so again holds no copy".into()
    }
}

impl Holding {
    /// What is signed.
    fn signing_bytes(&self, network: &NetworkId, tag: &Tag) -> Vec<u8> {
        let HoldingQuestion { commitment, nonce } = &self.question;
        let height = self.height.0.to_be_bytes();
        enc(
            labels::HOLDING,
            &[
                network.as_ref(),
                tag.as_ref(),
                commitment.0.as_ref(),
                nonce,
                self.copy.as_ref(),
                &height,
                self.holder.as_ref(),
            ],
        )
    }
}

impl Channel {
    /// Answers a question; `None` if the batch is not here, or this member has no part in the channel any more.
    ///
    /// # Rules
    ///
    /// > HOL-01: an answer is signed by its holder's pseudonym, over network, tag, commitment, nonce, digest of the copy, height and holder.
    pub fn attest_holding(
        &self,
        question: HoldingQuestion,
        height: Height,
    ) -> Result<Option<Holding>, ChannelError> {
        let Some(copy) = self.copy_of(&question)?.filter(|_| self.is_member()) else { return Ok(None) };
        let holder = self.pseudonym().public();
        let mut holding = Holding { question, copy, height, holder, signature: SignatureBytes([0; 64]) };
        let signed = holding.signing_bytes(&self.config().network, &self.tag());
        holding.signature = self.pseudonym().sign(&signed);
        Ok(Some(holding))
    }

    /// Whether an answer says that its holder has what this member has.
    ///
    /// # Rules
    ///
    /// > HOL-02: an answer counts for a member of the generation in force, about the bytes that the asker has under the commitment, with the nonce that was asked.
    pub fn check_holding(&self, holding: &Holding) -> Result<Result<(), HoldingInvalid>, ChannelError> {
        if self.config().member(&holding.holder).is_none() {
            return Ok(Err(HoldingInvalid::Stranger));
        }
        if self.copy_of(&holding.question)? != Some(holding.copy) {
            return Ok(Err(HoldingInvalid::OtherCopy));
        }
        let signed = holding.signing_bytes(&self.config().network, &self.tag());
        Ok(verify(&holding.holder, &signed, &holding.signature).map_err(|_| HoldingInvalid::NotSigned))
    }

    /// Digest over the nonce and the stored batch: header, signature, blinder and both parts of every transaction; or what is
    /// left of them, which is the same at everybody who has carried out the same erasures.
    fn copy_of(&self, question: &HoldingQuestion) -> Result<Option<Digest>, ChannelError> {
        let Some(stored) = self.stored_batch(&question.commitment)? else { return Ok(None) };
        let bytes = if stored.erased.is_empty() {
            stored.whole().map(|whole| encode(&whole))
        } else {
            Some(encode(&stored))
        };
        Ok(bytes.map(|bytes| Digest(hash(labels::HELD_COPY, &[&question.nonce, &bytes]))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Trio, create};
    use crate::tables::EventOutcome;

    fn asked(trio: &mut Trio) -> HoldingQuestion {
        let write = trio.statement(create(1));
        let sequence = trio.anchor(0, std::slice::from_ref(&write));
        trio.settle();
        let event = trio.member(0).event(sequence).unwrap().unwrap();
        let EventOutcome::Executed { commitment, .. } = event.outcome else { panic!("a batch") };
        HoldingQuestion { commitment, nonce: [7; 32] }
    }

    fn rule(trio: &Trio, holding: &Holding) -> Option<&'static str> {
        trio.member(0).check_holding(holding).unwrap().err().map(|invalid| invalid.rule())
    }

    #[test]
    fn hol_01_an_answer_is_signed_over_everything_in_it() {
        let mut trio = Trio::new();
        let question = asked(&mut trio);
        let holding = trio.member(1).attest_holding(question, Height(9)).unwrap().unwrap();
        assert_eq!(rule(&trio, &holding), None);
        let mut forged = holding.clone();
        forged.height = Height(10);
        assert_eq!(rule(&trio, &forged), Some("HOL-01"));
        forged = holding.clone();
        forged.holder = trio.pseudonym(2);
        assert_eq!(rule(&trio, &forged), Some("HOL-01"), "nobody answers for another");
        forged = holding.clone();
        forged.signature.0[5] ^= 1;
        assert_eq!(rule(&trio, &forged), Some("HOL-01"));
        let other = Holding { question: HoldingQuestion { nonce: [8; 32], ..question }, ..holding };
        assert_eq!(rule(&trio, &other), Some("HOL-02"), "a digest is of its nonce");
        let (network, tag) = (trio.member(0).config().network, trio.member(0).tag());
        let bytes = holding.signing_bytes(&network, &tag);
        assert_ne!(bytes, holding.signing_bytes(&NetworkId([1; 32]), &tag));
        assert_ne!(bytes, holding.signing_bytes(&network, &Tag([1; 32])));
        assert_ne!(bytes, other.signing_bytes(&network, &tag));
    }

    #[test]
    fn hol_02_an_answer_is_of_a_member_and_of_the_bytes_that_the_asker_has() {
        let mut trio = Trio::new();
        let question = asked(&mut trio);
        let holding = trio.member(1).attest_holding(question, Height(9)).unwrap().unwrap();
        let stranger = Holding { holder: PublicKey([3; 32]), ..holding };
        assert_eq!(rule(&trio, &stranger), Some("HOL-02"));
        let guessed = Holding { copy: Digest([4; 32]), ..holding };
        assert_eq!(rule(&trio, &guessed), Some("HOL-02"));
        let nothing = ChannelCommitment(Digest([5; 32]));
        let unknown = HoldingQuestion { commitment: nothing, ..question };
        assert_eq!(trio.member(1).attest_holding(unknown, Height(9)).unwrap(), None, "it is not there");
    }
}
