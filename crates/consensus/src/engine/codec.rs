//! The bytes of everything that the engine sends and keeps: borsh, canonical, bounded before it allocates.
//!
//! Each of the engine's types has a mirror here made of our own types; a mirror has one encoding, and what
//! is not that encoding is refused. The write-ahead log of the engine holds the same bytes, so a change of
//! a mirror is a change of its format.

use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use malachite_app::app::consensus::LivenessMsg;
use malachite_app::app::engine::util::streaming::StreamContent;
use malachite_app::app::types::codec::{Codec, HasEncodedLen};
use malachite_app::app::types::streaming::{StreamId, StreamMessage};
use malachite_app::app::types::sync::{RawDecidedValue, Request, Response, Status};
use malachite_app::app::types::{PeerId, ProposedValue, SignedConsensusMsg};
use malachite_core::{
    CommitCertificate, ExtendedCommitCertificate, ExtendedCommitSignature, NilOrVal, PolkaCertificate,
    PolkaSignature, Round, RoundCertificate, RoundCertificateType, RoundSignature, SignedMessage,
    ValidatorProof, Validity, VoteType,
};
use malachite_sync::{ValueRequest, ValueResponse};
use parclose_types::{Malformed, PublicKey, SignatureBytes, ValueHash, decode, encode};

use super::context::RootContext;
use super::height::EngineHeight;
use super::members::Address;
use super::part::{PART_BYTES_MAX, Part};
use super::proposal::Proposal;
use super::value::Value;
use super::vote::{Step, Vote};

/// Votes, proposals, certificates: 512 validators with their signatures fit.
const MESSAGE_BYTES_MAX: usize = 64 << 10;
/// A part in its envelope.
const STREAM_BYTES_MAX: usize = PART_BYTES_MAX + 4096;
/// A reply to whoever is behind; the engine cuts replies to this size as well.
const RESPONSE_BYTES_MAX: usize = 10 << 20;
/// Bytes of a stream's name.
const STREAM_ID_BYTES_MAX: usize = 64;

/// The one codec.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineCodec;

type Maybe<T> = Option<T>;

#[derive(BorshSerialize, BorshDeserialize)]
struct VoteForm {
    precommit: bool,
    height: u64,
    round: Maybe<u32>,
    value: Maybe<ValueHash>,
    validator: PublicKey,
    signature: SignatureBytes,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct ProposalForm {
    height: u64,
    round: Maybe<u32>,
    value: ValueHash,
    pol_round: Maybe<u32>,
    proposer: PublicKey,
    signature: SignatureBytes,
}

#[derive(BorshSerialize, BorshDeserialize)]
enum MessageForm {
    Vote(VoteForm),
    Proposal(ProposalForm),
}

#[derive(BorshSerialize, BorshDeserialize)]
struct PolkaForm {
    height: u64,
    round: Maybe<u32>,
    value: ValueHash,
    signatures: Vec<(PublicKey, SignatureBytes)>,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct RoundForm {
    height: u64,
    round: Maybe<u32>,
    precommits: bool,
    signatures: Vec<(bool, Maybe<ValueHash>, PublicKey, SignatureBytes)>,
}

#[derive(BorshSerialize, BorshDeserialize)]
enum LivenessForm {
    Vote(VoteForm),
    Polka(PolkaForm),
    Round(RoundForm),
}

#[derive(BorshSerialize, BorshDeserialize)]
enum PartForm {
    Init { height: u64, round: u32, proposer: PublicKey },
    Data(Vec<u8>),
    Fin(SignatureBytes),
}

#[derive(BorshSerialize, BorshDeserialize)]
struct StreamForm {
    stream: Vec<u8>,
    sequence: u64,
    /// `None` ends the stream
    part: Maybe<PartForm>,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct ProofForm {
    public_key: Vec<u8>,
    peer: Vec<u8>,
    signature: SignatureBytes,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct StatusForm {
    peer: Vec<u8>,
    tip: u64,
    first: u64,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct RequestForm {
    from: u64,
    to: u64,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct DecidedForm {
    block: Vec<u8>,
    certificate: PolkaForm,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct ResponseForm {
    start: u64,
    values: Vec<DecidedForm>,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct ProposedForm {
    height: u64,
    round: Maybe<u32>,
    valid_round: Maybe<u32>,
    proposer: PublicKey,
    value: ValueHash,
    valid: bool,
}

fn round(form: Maybe<u32>) -> Round {
    form.map_or(Round::Nil, Round::new)
}

fn value(form: Maybe<ValueHash>) -> NilOrVal<ValueHash> {
    form.map_or(NilOrVal::Nil, NilOrVal::Val)
}

fn maybe(value: &NilOrVal<ValueHash>) -> Maybe<ValueHash> {
    match value {
        NilOrVal::Nil => None,
        NilOrVal::Val(value) => Some(*value),
    }
}

impl VoteForm {
    fn of(signed: &SignedMessage<RootContext, Vote>) -> Self {
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

    fn signed(self) -> SignedMessage<RootContext, Vote> {
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
    fn of(signed: &SignedMessage<RootContext, Proposal>) -> Self {
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

    fn signed(self) -> SignedMessage<RootContext, Proposal> {
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

impl PolkaForm {
    fn of_commit(certificate: &ExtendedCommitCertificate<RootContext>) -> Self {
        let signature = |s: &ExtendedCommitSignature<RootContext>| (s.address.0, s.signature);
        Self {
            height: certificate.height.0,
            round: certificate.round.as_u32(),
            value: certificate.value_id,
            signatures: certificate.commit_signatures.iter().map(signature).collect(),
        }
    }

    fn commit(self) -> ExtendedCommitCertificate<RootContext> {
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

    fn of_polka(certificate: &PolkaCertificate<RootContext>) -> Self {
        let signature = |s: &PolkaSignature<RootContext>| (s.address.0, s.signature);
        Self {
            height: certificate.height.0,
            round: certificate.round.as_u32(),
            value: certificate.value_id,
            signatures: certificate.polka_signatures.iter().map(signature).collect(),
        }
    }

    fn polka(self) -> PolkaCertificate<RootContext> {
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
    fn of(certificate: &RoundCertificate<RootContext>) -> Self {
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

    fn certificate(self) -> RoundCertificate<RootContext> {
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
    fn of(part: &Part) -> Self {
        match part {
            Part::Init { height, round, proposer } => {
                Self::Init { height: height.0, round: *round, proposer: *proposer }
            }
            Part::Data(bytes) => Self::Data(bytes.to_vec()),
            Part::Fin(signature) => Self::Fin(*signature),
        }
    }

    fn part(self) -> Part {
        match self {
            Self::Init { height, round, proposer } => {
                Part::Init { height: EngineHeight(height), round, proposer }
            }
            Self::Data(bytes) => Part::Data(bytes.into()),
            Self::Fin(signature) => Part::Fin(signature),
        }
    }
}

fn read<T: BorshSerialize + BorshDeserialize>(
    what: &'static str,
    bytes: &Bytes,
    limit: usize,
) -> Result<T, Malformed> {
    decode(what, bytes, limit)
}

fn written<T: BorshSerialize>(form: &T) -> Result<Bytes, Malformed> {
    Ok(encode(form).into())
}

fn peer(bytes: &[u8]) -> Result<PeerId, Malformed> {
    PeerId::from_bytes(bytes).map_err(|_| Malformed::NotCanonical { what: "peer id" })
}

impl Codec<Part> for EngineCodec {
    type Error = Malformed;

    fn decode(&self, bytes: Bytes) -> Result<Part, Malformed> {
        Ok(read::<PartForm>("part", &bytes, STREAM_BYTES_MAX)?.part())
    }

    fn encode(&self, part: &Part) -> Result<Bytes, Malformed> {
        written(&PartForm::of(part))
    }
}

impl Codec<SignedConsensusMsg<RootContext>> for EngineCodec {
    type Error = Malformed;

    fn decode(&self, bytes: Bytes) -> Result<SignedConsensusMsg<RootContext>, Malformed> {
        Ok(match read("consensus message", &bytes, MESSAGE_BYTES_MAX)? {
            MessageForm::Vote(vote) => SignedConsensusMsg::Vote(vote.signed()),
            MessageForm::Proposal(proposal) => SignedConsensusMsg::Proposal(proposal.signed()),
        })
    }

    fn encode(&self, message: &SignedConsensusMsg<RootContext>) -> Result<Bytes, Malformed> {
        written(&match message {
            SignedConsensusMsg::Vote(vote) => MessageForm::Vote(VoteForm::of(vote)),
            SignedConsensusMsg::Proposal(proposal) => MessageForm::Proposal(ProposalForm::of(proposal)),
        })
    }
}

impl Codec<LivenessMsg<RootContext>> for EngineCodec {
    type Error = Malformed;

    fn decode(&self, bytes: Bytes) -> Result<LivenessMsg<RootContext>, Malformed> {
        Ok(match read("liveness message", &bytes, MESSAGE_BYTES_MAX)? {
            LivenessForm::Vote(vote) => LivenessMsg::Vote(vote.signed()),
            LivenessForm::Polka(polka) => LivenessMsg::PolkaCertificate(polka.polka()),
            LivenessForm::Round(round) => LivenessMsg::SkipRoundCertificate(round.certificate()),
        })
    }

    fn encode(&self, message: &LivenessMsg<RootContext>) -> Result<Bytes, Malformed> {
        written(&match message {
            LivenessMsg::Vote(vote) => LivenessForm::Vote(VoteForm::of(vote)),
            LivenessMsg::PolkaCertificate(polka) => LivenessForm::Polka(PolkaForm::of_polka(polka)),
            LivenessMsg::SkipRoundCertificate(round) => LivenessForm::Round(RoundForm::of(round)),
        })
    }
}

impl Codec<StreamMessage<Part>> for EngineCodec {
    type Error = Malformed;

    fn decode(&self, bytes: Bytes) -> Result<StreamMessage<Part>, Malformed> {
        let form: StreamForm = read("stream message", &bytes, STREAM_BYTES_MAX)?;
        if form.stream.len() > STREAM_ID_BYTES_MAX {
            let (limit, got) = (STREAM_ID_BYTES_MAX, form.stream.len());
            return Err(Malformed::TooLarge { what: "stream id", limit, got });
        }
        let content = form.part.map_or(StreamContent::Fin, |part| StreamContent::Data(part.part()));
        Ok(StreamMessage::new(StreamId::new(form.stream.into()), form.sequence, content))
    }

    fn encode(&self, message: &StreamMessage<Part>) -> Result<Bytes, Malformed> {
        written(&StreamForm {
            stream: message.stream_id.to_bytes().to_vec(),
            sequence: message.sequence,
            part: message.content.as_data().map(PartForm::of),
        })
    }
}

impl Codec<ValidatorProof<RootContext>> for EngineCodec {
    type Error = Malformed;

    fn decode(&self, bytes: Bytes) -> Result<ValidatorProof<RootContext>, Malformed> {
        let form: ProofForm = read("validator proof", &bytes, MESSAGE_BYTES_MAX)?;
        Ok(ValidatorProof::new(form.public_key, form.peer, form.signature))
    }

    fn encode(&self, proof: &ValidatorProof<RootContext>) -> Result<Bytes, Malformed> {
        let (public_key, peer) = (proof.public_key.clone(), proof.peer_id.clone());
        written(&ProofForm { public_key, peer, signature: proof.signature })
    }
}

impl Codec<Status<RootContext>> for EngineCodec {
    type Error = Malformed;

    fn decode(&self, bytes: Bytes) -> Result<Status<RootContext>, Malformed> {
        let form: StatusForm = read("status", &bytes, MESSAGE_BYTES_MAX)?;
        Ok(Status {
            peer_id: peer(&form.peer)?,
            tip_height: EngineHeight(form.tip),
            history_min_height: EngineHeight(form.first),
        })
    }

    fn encode(&self, status: &Status<RootContext>) -> Result<Bytes, Malformed> {
        written(&StatusForm {
            peer: status.peer_id.to_bytes(),
            tip: status.tip_height.0,
            first: status.history_min_height.0,
        })
    }
}

impl Codec<Request<RootContext>> for EngineCodec {
    type Error = Malformed;

    fn decode(&self, bytes: Bytes) -> Result<Request<RootContext>, Malformed> {
        let form: RequestForm = read("request", &bytes, MESSAGE_BYTES_MAX)?;
        Ok(Request::ValueRequest(ValueRequest::new(EngineHeight(form.from)..=EngineHeight(form.to))))
    }

    fn encode(&self, request: &Request<RootContext>) -> Result<Bytes, Malformed> {
        let Request::ValueRequest(request) = request;
        written(&RequestForm { from: request.range.start().0, to: request.range.end().0 })
    }
}

impl Codec<Response<RootContext>> for EngineCodec {
    type Error = Malformed;

    fn decode(&self, bytes: Bytes) -> Result<Response<RootContext>, Malformed> {
        let form: ResponseForm = read("response", &bytes, RESPONSE_BYTES_MAX)?;
        let decided =
            |value: DecidedForm| RawDecidedValue::new(value.block.into(), value.certificate.commit());
        let values = form.values.into_iter().map(decided).collect();
        Ok(Response::ValueResponse(ValueResponse::new(EngineHeight(form.start), values)))
    }

    fn encode(&self, response: &Response<RootContext>) -> Result<Bytes, Malformed> {
        let Response::ValueResponse(response) = response;
        let decided = |value: &RawDecidedValue<RootContext>| DecidedForm {
            block: value.value_bytes.to_vec(),
            certificate: PolkaForm::of_commit(&value.certificate),
        };
        let values = response.values.iter().map(decided).collect();
        written(&ResponseForm { start: response.start_height.0, values })
    }
}

impl HasEncodedLen<Response<RootContext>> for EngineCodec {
    fn encoded_len(&self, response: &Response<RootContext>) -> Result<usize, Malformed> {
        Ok(Codec::encode(self, response)?.len())
    }
}

impl Codec<ProposedValue<RootContext>> for EngineCodec {
    type Error = Malformed;

    fn decode(&self, bytes: Bytes) -> Result<ProposedValue<RootContext>, Malformed> {
        let form: ProposedForm = read("proposed value", &bytes, MESSAGE_BYTES_MAX)?;
        Ok(ProposedValue {
            height: EngineHeight(form.height),
            round: round(form.round),
            valid_round: round(form.valid_round),
            proposer: Address(form.proposer),
            value: Value(form.value),
            validity: Validity::from_bool(form.valid),
        })
    }

    fn encode(&self, proposed: &ProposedValue<RootContext>) -> Result<Bytes, Malformed> {
        written(&ProposedForm {
            height: proposed.height.0,
            round: proposed.round.as_u32(),
            valid_round: proposed.valid_round.as_u32(),
            proposer: proposed.proposer.0,
            value: proposed.value.0,
            valid: proposed.validity.is_valid(),
        })
    }
}

impl Codec<PolkaCertificate<RootContext>> for EngineCodec {
    type Error = Malformed;

    fn decode(&self, bytes: Bytes) -> Result<PolkaCertificate<RootContext>, Malformed> {
        Ok(read::<PolkaForm>("polka certificate", &bytes, MESSAGE_BYTES_MAX)?.polka())
    }

    fn encode(&self, certificate: &PolkaCertificate<RootContext>) -> Result<Bytes, Malformed> {
        written(&PolkaForm::of_polka(certificate))
    }
}

/// The certificate of a final block, as the engine sends it to those who are behind.
pub(crate) fn to_engine(
    certificate: &parclose_root::CommitCertificate,
) -> ExtendedCommitCertificate<RootContext> {
    PolkaForm {
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
