//! The bytes of everything that the engine sends and keeps: borsh, canonical, bounded before it allocates.
//!
//! Each of the engine's types has a mirror (`forms.rs`) with one encoding; what is not that encoding is refused.

use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use malachite_app::app::consensus::LivenessMsg;
use malachite_app::app::engine::util::streaming::StreamContent;
use malachite_app::app::types::codec::{Codec, HasEncodedLen};
use malachite_app::app::types::streaming::{StreamId, StreamMessage};
use malachite_app::app::types::sync::{RawDecidedValue, Request, Response, Status};
use malachite_app::app::types::{PeerId, ProposedValue, SignedConsensusMsg};
use malachite_core::{PolkaCertificate, ValidatorProof, Validity};
use malachite_sync::{ValueRequest, ValueResponse};
use parclose_types::{Malformed, decode, encode};

use super::context::RootContext;
use super::forms::{
    CertificateForm, DecidedForm, LivenessForm, MessageForm, PartForm, ProofForm, ProposalForm, ProposedForm,
    RequestForm, ResponseForm, RoundForm, StatusForm, StreamForm, VoteForm, round,
};
use super::height::EngineHeight;
use super::members::Address;
use super::part::{PART_BYTES_MAX, Part};
use super::value::Value;

/// Votes, proposals, certificates: 256 validators with their signatures fit.
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
            LivenessMsg::PolkaCertificate(polka) => LivenessForm::Polka(CertificateForm::of_polka(polka)),
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
            certificate: CertificateForm::of_commit(&value.certificate),
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
        Ok(read::<CertificateForm>("polka certificate", &bytes, MESSAGE_BYTES_MAX)?.polka())
    }

    fn encode(&self, certificate: &PolkaCertificate<RootContext>) -> Result<Bytes, Malformed> {
        written(&CertificateForm::of_polka(certificate))
    }
}
