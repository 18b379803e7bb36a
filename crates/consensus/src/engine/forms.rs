//! The mirrors of the engine's types: made of our own types, with one encoding each.
//!
//! The engine's write-ahead log and the network hold their bytes, so a change here is a change of both formats.

use borsh::{BorshDeserialize, BorshSerialize};
use malachite_core::{
    CommitCertificate, ExtendedCommitCertificate, ExtendedCommitSignature, NilOrVal, PolkaCertificate,
    PolkaSignature, Round, RoundCertificate, RoundCertificateType, RoundSignature, SignedMessage, VoteType,
};
use parclose_types::{PublicKey, SignatureBytes, ValueHash};

use super::context::RootContext;
use super::height::EngineHeight;
use super::members::Address;
use super::part::Part;
use super::proposal::Proposal;
use super::value::Value;
use super::vote::{Step, Vote};

pub(super) type Maybe<T> = Option<T>;

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct VoteForm {
    pub(super) precommit: bool,
    pub(super) height: u64,
    pub(super) round: Maybe<u32>,
    pub(super) value: Maybe<ValueHash>,
    pub(super) validator: PublicKey,
    pub(super) signature: SignatureBytes,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct ProposalForm {
    pub(super) height: u64,
    pub(super) round: Maybe<u32>,
    pub(super) value: ValueHash,
    pub(super) pol_round: Maybe<u32>,
    pub(super) proposer: PublicKey,
    pub(super) signature: SignatureBytes,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) enum MessageForm {
    Vote(VoteForm),
    Proposal(ProposalForm),
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct CertificateForm {
    pub(super) height: u64,
    pub(super) round: Maybe<u32>,
    pub(super) value: ValueHash,
    pub(super) signatures: Vec<(PublicKey, SignatureBytes)>,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct RoundForm {
    pub(super) height: u64,
    pub(super) round: Maybe<u32>,
    pub(super) precommits: bool,
    pub(super) signatures: Vec<(bool, Maybe<ValueHash>, PublicKey, SignatureBytes)>,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) enum LivenessForm {
    Vote(VoteForm),
    Polka(CertificateForm),
    Round(RoundForm),
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) enum PartForm {
    Init { height: u64, round: u32, proposer: PublicKey },
    Data(Vec<u8>),
    Fin(SignatureBytes),
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct StreamForm {
    pub(super) stream: Vec<u8>,
    pub(super) sequence: u64,
    /// `None` ends the stream
    pub(super) part: Maybe<PartForm>,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct ProofForm {
    pub(super) public_key: Vec<u8>,
    pub(super) peer: Vec<u8>,
    pub(super) signature: SignatureBytes,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct StatusForm {
    pub(super) peer: Vec<u8>,
    pub(super) tip: u64,
    pub(super) first: u64,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct RequestForm {
    pub(super) from: u64,
    pub(super) to: u64,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct DecidedForm {
    pub(super) block: Vec<u8>,
    pub(super) certificate: CertificateForm,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct ResponseForm {
    pub(super) start: u64,
    pub(super) values: Vec<DecidedForm>,
}

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct ProposedForm {
    pub(super) height: u64,
    pub(super) round: Maybe<u32>,
    pub(super) valid_round: Maybe<u32>,
    pub(super) proposer: PublicKey,
    pub(super) value: ValueHash,
    pub(super) valid: bool,
}

pub(super) fn round(form: Maybe<u32>) -> Round {
    form.map_or(Round::Nil, Round::new)
}

pub(super) fn value(form: Maybe<ValueHash>) -> NilOrVal<ValueHash> {
    form.map_or(NilOrVal::Nil, NilOrVal::Val)
}

pub(super) fn maybe(value: &NilOrVal<ValueHash>) -> Maybe<ValueHash> {
    match value {
        NilOrVal::Nil => None,
        NilOrVal::Val(value) => Some(*value),
    }
}

impl VoteForm {
    pub(super) fn of(signed: &SignedMessage<RootContext, Vote>) -> Self {
        let vote = &signed.message;
        Self {
            precommit: vote.step == Step::Precommit,
            height: vote.height.0,
            round: vote.round.as_u32(),
            value: maybe(&vote.value),
            validator: vote.address.0,
            signature: signed.signature,
        }
    }

    pub(super) fn signed(self) -> SignedMessage<RootContext, Vote> {
        let vote = Vote {
            step: if self.precommit { Step::Precommit } else { Step::Prevote },
            height: EngineHeight(self.height),
            round: round(self.round),
            value: value(self.value),
            address: Address(self.validator),
        };
        SignedMessage::new(vote, self.signature)
    }
}

impl ProposalForm {
    pub(super) fn of(signed: &SignedMessage<RootContext, Proposal>) -> Self {
        let proposal = &signed.message;
        Self {
            height: proposal.height.0,
            round: proposal.round.as_u32(),
            value: proposal.value.0,
            pol_round: proposal.pol_round.as_u32(),
            proposer: proposal.address.0,
            signature: signed.signature,
        }
    }

    pub(super) fn signed(self) -> SignedMessage<RootContext, Proposal> {
        let proposal = Proposal {
            height: EngineHeight(self.height),
            round: round(self.round),
            value: Value(self.value),
            pol_round: round(self.pol_round),
            address: Address(self.proposer),
        };
        SignedMessage::new(proposal, self.signature)
    }
}

impl CertificateForm {
    pub(super) fn of_commit(certificate: &ExtendedCommitCertificate<RootContext>) -> Self {
        let signature = |s: &ExtendedCommitSignature<RootContext>| (s.address.0, s.signature);
        Self {
            height: certificate.height.0,
            round: certificate.round.as_u32(),
            value: certificate.value_id,
            signatures: certificate.commit_signatures.iter().map(signature).collect(),
        }
    }

    pub(super) fn commit(self) -> ExtendedCommitCertificate<RootContext> {
        let signature = |(validator, signature): (PublicKey, SignatureBytes)| {
            ExtendedCommitSignature::new(Address(validator), signature, None)
        };
        ExtendedCommitCertificate {
            height: EngineHeight(self.height),
            round: round(self.round),
            value_id: self.value,
            commit_signatures: self.signatures.into_iter().map(signature).collect(),
        }
    }

    pub(super) fn of_polka(certificate: &PolkaCertificate<RootContext>) -> Self {
        let signature = |s: &PolkaSignature<RootContext>| (s.address.0, s.signature);
        Self {
            height: certificate.height.0,
            round: certificate.round.as_u32(),
            value: certificate.value_id,
            signatures: certificate.polka_signatures.iter().map(signature).collect(),
        }
    }

    pub(super) fn polka(self) -> PolkaCertificate<RootContext> {
        let signature = |(validator, signature): (PublicKey, SignatureBytes)| {
            PolkaSignature::new(Address(validator), signature)
        };
        PolkaCertificate {
            height: EngineHeight(self.height),
            round: round(self.round),
            value_id: self.value,
            polka_signatures: self.signatures.into_iter().map(signature).collect(),
        }
    }
}

impl RoundForm {
    pub(super) fn of(certificate: &RoundCertificate<RootContext>) -> Self {
        let signature = |s: &RoundSignature<RootContext>| {
            (s.vote_type == VoteType::Precommit, maybe(&s.value_id), s.address.0, s.signature)
        };
        Self {
            height: certificate.height.0,
            round: certificate.round.as_u32(),
            precommits: matches!(certificate.cert_type, RoundCertificateType::Precommit),
            signatures: certificate.round_signatures.iter().map(signature).collect(),
        }
    }

    pub(super) fn certificate(self) -> RoundCertificate<RootContext> {
        let signature = |(precommit, voted, validator, signature)| {
            let step = if precommit { VoteType::Precommit } else { VoteType::Prevote };
            RoundSignature::new(step, value(voted), Address(validator), signature)
        };
        let kind = if self.precommits { RoundCertificateType::Precommit } else { RoundCertificateType::Skip };
        RoundCertificate {
            height: EngineHeight(self.height),
            round: round(self.round),
            cert_type: kind,
            round_signatures: self.signatures.into_iter().map(signature).collect(),
        }
    }
}

impl PartForm {
    pub(super) fn of(part: &Part) -> Self {
        match part {
            Part::Init { height, round, proposer } => {
                Self::Init { height: height.0, round: *round, proposer: *proposer }
            }
            Part::Data(bytes) => Self::Data(bytes.to_vec()),
            Part::Fin(signature) => Self::Fin(*signature),
        }
    }

    pub(super) fn part(self) -> Part {
        match self {
            Self::Init { height, round, proposer } => {
                Part::Init { height: EngineHeight(height), round, proposer }
            }
            Self::Data(bytes) => Part::Data(bytes.into()),
            Self::Fin(signature) => Part::Fin(signature),
        }
    }
}

/// The certificate of a final block, as the engine sends it to those who are behind.
pub(crate) fn to_engine(
    certificate: &parclose_root::CommitCertificate,
) -> ExtendedCommitCertificate<RootContext> {
    CertificateForm {
        height: certificate.height.0,
        round: Some(certificate.round),
        value: certificate.value,
        signatures: certificate.signatures.clone(),
    }
    .commit()
}

/// The engine's certificate, in the order and form that receipts hold.
pub(crate) fn from_engine(certificate: &CommitCertificate<RootContext>) -> parclose_root::CommitCertificate {
    let signature = |s: &malachite_core::CommitSignature<RootContext>| (s.address.0, s.signature);
    let mut signatures: Vec<_> = certificate.commit_signatures.iter().map(signature).collect();
    signatures.sort_unstable_by_key(|(validator, _)| *validator);
    parclose_root::CommitCertificate {
        height: certificate.height.into(),
        round: certificate.round.as_u32().unwrap_or_default(),
        value: certificate.value_id,
        signatures,
    }
}
