//! What the engine's core wants done, done at once: signatures, checks, the host's answers, packets, timers.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use malachite_app::app::consensus::{ConsensusMsg, Effect, Error, Input, LivenessMsg, Resumable, Resume};
use malachite_app::app::engine::host::{self, Next, SyncedValueOutcome};
use malachite_app::app::metrics::Metrics;
use malachite_app::app::types::codec::Codec;
use malachite_app::app::types::streaming::StreamMessage;
use malachite_app::app::types::sync::Response;
use malachite_app::app::types::{LocallyProposedValue, PeerId, ProposedValue};
use malachite_app::{AppMsg, NetworkMsg};
use malachite_core::{LinearTimeouts, Round, SignedMessage, Timeout, TimeoutKind, ValueOrigin};
use malachite_signing::{Signer as _, Verifier as _, VerifierExt as _};
use parclose_store::StoreError;
use parclose_types::{Height, PublicKey};
use tokio::sync::{mpsc, oneshot};

use super::log::EngineLog;
use super::packet::Packet;
use super::{FROM_PEERS, Out, Outcome, Timer};
use crate::cluster::{Host, NOBODY, Shared, Timing};
use crate::engine::{EngineCodec, EngineHeight, Guard, NotSignedTwice, Part, RootContext, Signer, Verifier};
use crate::root_chain::RootUnavailable;

pub(super) type HeightParams = host::HeightParams<RootContext>;
pub(super) type EngineError = Error<RootContext>;

/// Parts of one block fit, before they are taken out.
const PARTS_MAX: usize = 64;
/// The timer of a reply that the host keeps back; below it are the engine's.
const HELD: u8 = u8::MAX;

/// Something that waits to be handled.
pub(super) enum Inner {
    Start(EngineHeight, Box<HeightParams>),
    Engine(Box<Input<RootContext>>),
    Proposed(Box<ProposedValue<RootContext>>, ValueOrigin),
    Part(PeerId, StreamMessage<Part>),
}

/// A reply that the host keeps back while the chain is idle.
enum Held {
    Ready(oneshot::Receiver<(EngineHeight, HeightParams)>),
    Next(oneshot::Receiver<Next<RootContext>>),
}

pub(super) struct Hands {
    host: Host,
    parts: mpsc::Receiver<NetworkMsg<RootContext>>,
    verifier: Verifier,
    signer: Option<Signer>,
    signs_unrecorded: bool,
    log: EngineLog,
    pub(super) metrics: Metrics,
    timing: Timing,
    timeouts: LinearTimeouts,
    votes: bool,
    pub(super) replays: bool,
    held: Option<Held>,
    holds: u64,
    pub(super) inbox: VecDeque<Inner>,
    pub(super) out: Vec<Out>,
    pub(super) fetched_from: Option<PublicKey>,
    pub(super) failed: Option<RootUnavailable>,
}

/// Everything here answers at once; what does not is a fault of this module.
fn now<T>(future: impl Future<Output = T>) -> Result<T, RootUnavailable> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err(failed("a stepped validator has to wait")),
    }
}

fn failed(reason: impl std::fmt::Display) -> RootUnavailable {
    RootUnavailable::Engine { reason: reason.to_string() }
}

/// Why nothing was signed: a disk that fails ends more than the engine.
fn unsigned(reason: malachite_signing::Error) -> RootUnavailable {
    let source = std::error::Error::source(&reason).and_then(|source| source.downcast_ref());
    match source {
        Some(NotSignedTwice::Store(reason)) => reason.clone().into(),
        _ => failed(reason),
    }
}

/// The log's disk fails.
fn unlogged(reason: String) -> RootUnavailable {
    StoreError::WriteFailed { path: "the engine's log".into(), reason }.into()
}

fn timer(timeout: Timeout) -> Timer {
    let kind = match timeout.kind {
        TimeoutKind::Propose => 0,
        TimeoutKind::Prevote => 1,
        TimeoutKind::Precommit => 2,
        TimeoutKind::Rebroadcast => 3,
        TimeoutKind::FinalizeHeight(_) => 4,
    };
    Timer { kind, number: timeout.round.as_u32().map_or(u64::MAX, u64::from) }
}

/// The engine's timeout of a timer; `None` if it is the host's.
pub(super) fn timeout(timer: Timer) -> Option<Timeout> {
    let kind = match timer.kind {
        0 => TimeoutKind::Propose,
        1 => TimeoutKind::Prevote,
        2 => TimeoutKind::Precommit,
        3 => TimeoutKind::Rebroadcast,
        _ => return None,
    };
    Some(Timeout::new(u32::try_from(timer.number).map_or(Round::Nil, Round::new), kind))
}

impl Hands {
    pub(super) fn new(host: Host, verifier: Verifier, log: EngineLog) -> Self {
        Self {
            host,
            parts: mpsc::channel(1).1,
            verifier,
            signer: None,
            signs_unrecorded: false,
            log,
            metrics: Metrics::new(),
            timing: Timing::default(),
            timeouts: LinearTimeouts::default(),
            votes: false,
            replays: false,
            held: None,
            holds: 0,
            inbox: VecDeque::new(),
            out: Vec::new(),
            fetched_from: None,
            failed: None,
        }
    }

    /// Starts a host, which holds its first reply until peers are there.
    pub(super) fn begin(
        &mut self,
        shared: Arc<Shared>,
        (votes, guard): (Option<Signer>, Option<Arc<Guard>>),
        timing: Timing,
        signs_unrecorded: bool,
    ) -> Outcome {
        let (parts, received) = mpsc::channel(PARTS_MAX);
        (self.parts, self.timing, self.signs_unrecorded) = (received, timing, signs_unrecorded);
        self.signer.clone_from(&votes);
        self.host = Host::new(shared, (votes, guard), timing, parts);
        self.out.push(Out::CancelAll);
        let (reply, ready) = oneshot::channel();
        self.ask(AppMsg::ConsensusReady { reply })?;
        self.hold(Held::Ready(ready), timing.gather);
        self.look()
    }

    /// By whose name the engine knows this validator.
    pub(super) fn address(&self) -> PublicKey {
        self.signer.as_ref().map_or(NOBODY, |signer| signer.key.public())
    }

    pub(super) fn has_votes(&self) -> bool {
        self.signer.is_some()
    }

    pub(super) fn may_vote_now(&self) -> bool {
        self.host.may_vote_now()
    }

    pub(super) fn begin_height(
        &mut self,
        height: EngineHeight,
        params: &HeightParams,
        votes: bool,
    ) -> Result<Vec<Input<RootContext>>, RootUnavailable> {
        (self.votes, self.timeouts) = (votes, params.timeouts);
        self.log.begin(height, votes).map_err(unlogged)
    }

    fn hold(&mut self, held: Held, duration: std::time::Duration) {
        self.held = Some(held);
        self.holds = self.holds.saturating_add(1);
        self.out.push(Out::Set(Timer { kind: HELD, number: self.holds }, duration));
    }

    /// The time of a held reply is over.
    pub(super) fn let_go(&mut self, timer: Timer) -> Outcome {
        if timer.number == self.holds {
            self.host.release()?;
            self.look()?;
        }
        Ok(())
    }

    /// Something has come in that may be a reason for a block.
    pub(super) fn wanted(&mut self) -> Outcome {
        self.host.release_if_wanted()?;
        self.look()
    }

    /// Asks the host, and sends what it sends.
    fn ask(&mut self, message: AppMsg<RootContext>) -> Outcome {
        now(self.host.answer(message))??;
        while let Ok(NetworkMsg::PublishProposalPart(part)) = self.parts.try_recv() {
            let bytes = EngineCodec.encode(&part).map_err(failed)?;
            self.out.push(Out::Publish(Packet::Part(bytes)));
        }
        Ok(())
    }

    /// Asks the host for something that it has at once, or not at all.
    fn answer<T>(
        &mut self,
        message: impl FnOnce(oneshot::Sender<T>) -> AppMsg<RootContext>,
    ) -> Result<Option<T>, RootUnavailable> {
        let (reply, mut answer) = oneshot::channel();
        self.ask(message(reply))?;
        Ok(answer.try_recv().ok())
    }

    /// Whether the host has let a reply go.
    fn look(&mut self) -> Outcome {
        let started = match &mut self.held {
            Some(Held::Ready(reply)) => reply.try_recv().ok(),
            Some(Held::Next(reply)) => match reply.try_recv() {
                Ok(Next::Start(height, params) | Next::Restart(height, params)) => Some((height, params)),
                Err(_) => None,
            },
            None => None,
        };
        if let Some((height, params)) = started {
            self.held = None;
            self.inbox.push_back(Inner::Start(height, Box::new(params)));
        }
        Ok(())
    }

    pub(super) fn part(&mut self, from: PeerId, part: StreamMessage<Part>) -> Outcome {
        let value = self.answer(|reply| AppMsg::ReceivedProposalPart {
            from,
            published_by: Some(from),
            part,
            reply,
        })?;
        // A part may be a reason to begin the next height, which comes first then.
        self.look()?;
        if let Some(value) = value.flatten() {
            self.inbox.push_back(Inner::Proposed(Box::new(value), FROM_PEERS));
        }
        Ok(())
    }

    pub(super) fn serve(&mut self, from: Height, to: Height) -> Result<Vec<u8>, RootUnavailable> {
        let range = EngineHeight(from.0)..=EngineHeight(to.0);
        let values = self.answer(|reply| AppMsg::GetDecidedValues { range, reply })?.unwrap_or_default();
        let response = malachite_sync::ValueResponse::new(EngineHeight(from.0), values);
        let bytes = EngineCodec.encode(&Response::ValueResponse(response)).map_err(failed)?;
        Ok(bytes.to_vec())
    }

    fn wants(&mut self, out: Out) {
        self.out.push(out);
    }

    fn flush(&mut self) -> Outcome {
        if self.votes && !self.replays { self.log.flush().map_err(unlogged) } else { Ok(()) }
    }

    /// Does one thing that the core wants. Whatever goes wrong here ends the engine.
    pub(super) fn act(&mut self, effect: Effect<RootContext>) -> Result<Resume<RootContext>, String> {
        self.acted(effect).map_err(|reason| {
            let text = reason.to_string();
            self.failed.get_or_insert(reason);
            text
        })
    }

    fn acted(&mut self, effect: Effect<RootContext>) -> Result<Resume<RootContext>, RootUnavailable> {
        use Effect as E;
        Ok(match effect {
            E::CancelAllTimeouts(r) => {
                self.wants(Out::CancelAll);
                r.resume_with(())
            }
            E::CancelTimeout(timeout, r) => {
                self.wants(Out::Cancel(timer(timeout)));
                r.resume_with(())
            }
            E::ScheduleTimeout(timeout, r) => {
                let after = self.timeouts.duration_for(timeout);
                self.wants(Out::Set(timer(timeout), after));
                r.resume_with(())
            }
            E::StartRound(height, round, proposer, role, r) => {
                self.flush()?;
                let known = self.answer(|reply_value| AppMsg::StartedRound {
                    height,
                    round,
                    proposer,
                    role,
                    reply_value,
                })?;
                for value in known.unwrap_or_default() {
                    self.inbox.push_back(Inner::Proposed(Box::new(value), FROM_PEERS));
                }
                r.resume_with(())
            }
            E::GetValue(height, round, timeout, r) => {
                let timeout = self.timeouts.duration_for(timeout);
                let built: Option<LocallyProposedValue<RootContext>> =
                    self.answer(|reply| AppMsg::GetValue { height, round, timeout, reply })?;
                if let Some(built) = built {
                    self.inbox.push_back(Inner::Engine(Box::new(Input::Propose(built))));
                }
                r.resume_with(())
            }
            E::RestreamProposal(height, round, valid_round, address, value_id, r) => {
                let again = AppMsg::RestreamProposal { height, round, valid_round, address, value_id };
                self.ask(again)?;
                r.resume_with(())
            }
            E::WalAppend(height, entry, r) => {
                if self.votes && !self.replays {
                    self.log.append(height, entry);
                }
                r.resume_with(())
            }
            E::Decide(certificate, extensions, r) => {
                self.flush()?;
                self.answer(|reply| AppMsg::Decided { certificate, extensions, reply })?;
                r.resume_with(())
            }
            E::Finalize(certificate, extensions, evidence, r) => {
                let (reply, next) = oneshot::channel();
                self.ask(AppMsg::Finalized { certificate, extensions, evidence, reply })?;
                self.hold(Held::Next(next), self.timing.heartbeat);
                self.look()?;
                r.resume_with(())
            }
            published @ (E::PublishConsensusMsg(..)
            | E::PublishLivenessMsg(..)
            | E::RepublishVote(..)
            | E::RepublishRoundCertificate(..)) => self.publish(published)?,
            fetched @ (E::CertVerifiedSyncValue(..) | E::CertRejectedSyncValue(..)) => {
                self.fetched(fetched)?
            }
            signed => self.sign_or_verify(signed)?,
        })
    }

    fn publish(&mut self, effect: Effect<RootContext>) -> Result<Resume<RootContext>, RootUnavailable> {
        let (liveness, r) = match effect {
            Effect::PublishConsensusMsg(message, r) => {
                self.flush()?;
                let bytes = EngineCodec.encode(&message).map_err(failed)?;
                self.wants(Out::Publish(Packet::Consensus(bytes)));
                return Ok(r.resume_with(()));
            }
            Effect::PublishLivenessMsg(message, r) => (message, r),
            Effect::RepublishVote(vote, r) => (LivenessMsg::Vote(vote), r),
            Effect::RepublishRoundCertificate(certificate, r) => {
                (LivenessMsg::SkipRoundCertificate(certificate), r)
            }
            _ => return Err(failed("nothing to publish")),
        };
        let bytes = EngineCodec.encode(&liveness).map_err(failed)?;
        self.wants(Out::Publish(Packet::Liveness(bytes)));
        Ok(r.resume_with(()))
    }

    /// A fetched block, of which the certificate holds or does not.
    fn fetched(&mut self, effect: Effect<RootContext>) -> Result<Resume<RootContext>, RootUnavailable> {
        match effect {
            Effect::CertVerifiedSyncValue(value, proposer, r) => {
                let certificate = value.certificate;
                let (height, round) = (certificate.height, certificate.round);
                let value_bytes = value.value_bytes;
                let outcome = self.answer(|reply| AppMsg::ProcessSyncedValue {
                    height,
                    round,
                    proposer,
                    value_bytes,
                    reply,
                })?;
                match outcome {
                    Some(SyncedValueOutcome::Verdict(mut verdict))
                        if verdict.value.0 == certificate.value_id =>
                    {
                        verdict.round = round;
                        self.inbox.push_back(Inner::Proposed(Box::new(verdict), ValueOrigin::Sync));
                    }
                    Some(SyncedValueOutcome::LocalTransientError) | None => {}
                    Some(_) => self.blame(),
                }
                Ok(r.resume_with(()))
            }
            Effect::CertRejectedSyncValue(_, _, error, r) => {
                if matches!(error, Error::InvalidCommitCertificate(..)) {
                    self.blame();
                }
                Ok(r.resume_with(()))
            }
            _ => Err(failed("nothing was fetched")),
        }
    }

    fn blame(&mut self) {
        let from = self.fetched_from;
        self.out.extend(from.map(Out::Blame));
    }

    fn signer(&self) -> Result<Signer, RootUnavailable> {
        self.signer.clone().ok_or_else(|| failed("nobody signs here"))
    }

    fn sign_or_verify(
        &mut self,
        effect: Effect<RootContext>,
    ) -> Result<Resume<RootContext>, RootUnavailable> {
        use Effect as E;
        Ok(match effect {
            E::SignProposal(proposal, r) => {
                let signer = self.signer()?;
                if self.signs_unrecorded {
                    let signature = signer.key.sign(&proposal.signing_bytes(&signer.network));
                    return Ok(r.resume_with(SignedMessage::new(proposal, signature)));
                }
                r.resume_with(now(signer.sign_proposal(proposal))?.map_err(unsigned)?)
            }
            E::SignVote(vote, r) => {
                let signer = self.signer()?;
                if self.signs_unrecorded {
                    let signature = signer.key.sign(&vote.signing_bytes(&signer.network));
                    return Ok(r.resume_with(SignedMessage::new(vote, signature)));
                }
                r.resume_with(now(signer.sign_vote(vote))?.map_err(unsigned)?)
            }
            E::VerifySignature(signed, key, r) => {
                let signature = &signed.signature;
                let result = match &signed.message {
                    ConsensusMsg::Vote(vote) => now(self.verifier.verify_signed_vote(vote, signature, &key))?,
                    ConsensusMsg::Proposal(proposal) => {
                        now(self.verifier.verify_signed_proposal(proposal, signature, &key))?
                    }
                };
                r.resume_with(result.is_ok_and(|result| result.is_valid()))
            }
            E::VerifyCommitCertificate(certificate, set, thresholds, r) => {
                let checked =
                    self.verifier.verify_commit_certificate(&RootContext, &certificate, &set, thresholds);
                r.resume_with(now(checked)?)
            }
            E::VerifyExtendedCommitCertificate(certificate, set, thresholds, policy, r) => {
                let (verifier, context) = (&self.verifier, &RootContext);
                let checked = verifier.verify_extended_commit_certificate(
                    context,
                    &certificate,
                    &set,
                    thresholds,
                    policy,
                );
                r.resume_with(now(checked)?)
            }
            E::VerifyPolkaCertificate(certificate, set, thresholds, r) => {
                let checked =
                    self.verifier.verify_polka_certificate(&RootContext, &certificate, &set, thresholds);
                r.resume_with(now(checked)?)
            }
            E::VerifyRoundCertificate(certificate, set, thresholds, r) => {
                let checked =
                    self.verifier.verify_round_certificate(&RootContext, &certificate, &set, thresholds);
                r.resume_with(now(checked)?)
            }
            E::ExtendVote(_, _, _, _, r) => r.resume_with(None),
            E::VerifyVoteExtension(_, _, _, _, _, _, r) => r.resume_with(Ok(())),
            _ => return Err(failed("the engine wants something unknown")),
        })
    }
}
