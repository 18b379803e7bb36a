//! Proposing: a sponsor's own transactions become a batch, stored and committed to.

use parclose_root::{Anchor, Certificate, Endorsement};
use parclose_transaction::{Act, SignedTransaction, UnverifiedTransaction};
use parclose_types::{Height, Sequence, TransactionDigest};
use rand_core::CryptoRng;

use crate::batch::{Batch, BatchHeader, Proposal};
use crate::channel::Channel;
use crate::error::ChannelError;
use crate::governance::act::ActContext;
use crate::process::Stop;
use crate::reject::Reject;

/// A transaction that passed the stages before ordering; waits for its batch.
#[derive(Debug)]
pub struct Pooled {
    pub(crate) permanent: Vec<u8>,
    pub(crate) prunable: Vec<u8>,
}

impl Pooled {
    /// The transactions of a proposal whose anchor was refused: they go into a new batch.
    #[must_use]
    pub fn of(proposal: Proposal) -> Vec<Self> {
        let parts = proposal.batch.permanent.into_iter().zip(proposal.batch.prunable);
        parts.map(|(permanent, prunable)| Self { permanent, prunable }).collect()
    }

    /// Bytes of both parts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.permanent.len() + self.prunable.len()
    }
}

impl Channel {
    /// Runs decode, authenticate, authorize and prove on a member's own transaction, as advice.
    pub fn advise(
        &mut self,
        signed: &SignedTransaction,
        height: Height,
    ) -> Result<Result<Pooled, Reject>, ChannelError> {
        let (permanent, prunable) = signed.encode_parts();
        let advice = match UnverifiedTransaction::decode(&permanent) {
            Ok(tx) => self.execution(height)?.advise(tx),
            Err(malformed) => Err(malformed.into()),
        };
        match advice {
            Ok(_) => {
                self.known.remember(signed);
                Ok(Ok(Pooled { permanent, prunable }))
            }
            Err(Stop::Reject(reject)) => Ok(Err(reject)),
            Err(Stop::Broken(error)) => Err(error),
        }
    }

    /// Whether an act would be admitted by the state as it stands: with the whole reason, which a verdict
    /// does not tell.
    pub fn rehearse(&mut self, act: &Act, height: Height) -> Result<Result<(), Reject>, ChannelError> {
        let author = self.own_id();
        let execution = self.execution(height)?;
        match execution.erasure_after(act, author, TransactionDigest([0; 32])) {
            Ok(None) => {}
            Ok(Some(_)) => return Ok(Ok(())),
            Err(Stop::Reject(reject)) => return Ok(Err(reject)),
            Err(Stop::Broken(error)) => return Err(error),
        }
        let context = ActContext {
            in_force: &execution.in_force,
            author,
            transaction: TransactionDigest([0; 32]),
            height,
            sequence: execution.sequence,
            past: execution.state.past(),
            bound_until: &|members| execution.bound_until(members),
        };
        match execution.governance().after(act, &context) {
            Ok(_) => Ok(Ok(())),
            Err(Stop::Reject(reject)) => Ok(Err(reject)),
            Err(Stop::Broken(error)) => Err(error),
        }
    }

    /// Makes a batch of pooled transactions, stores it synced, and commits to it with a fresh blinder.
    ///
    /// # Rules
    ///
    /// > END-02: a sponsor stores its batch durably before anybody else hears of it.
    pub fn propose(
        &mut self,
        pooled: Vec<Pooled>,
        last_height: Height,
        rng: &mut impl CryptoRng,
    ) -> Result<Proposal, ChannelError> {
        let head = self.head.as_ref().ok_or(ChannelError::Unknown { what: "state before the opening" })?;
        let header = BatchHeader {
            network: self.config().network,
            channel: self.config().channel,
            generation: self.config().generation,
            sponsor: self.pseudonym.public(),
            attested: Sequence(head.next.0 - 1),
            attested_root: head.root,
            transactions: 0,
            permanent_root: [0; 32],
            prunable_root: [0; 32],
        };
        let parts = pooled.into_iter().map(|p| (p.permanent, p.prunable)).collect();
        let batch = Batch::assemble(header, parts, &self.pseudonym);
        let mut blinder = [0_u8; 32];
        rng.fill_bytes(&mut blinder);
        let proposal = Proposal { batch, blinder, last_height };
        self.keep(&proposal, None)?;
        Ok(proposal)
    }

    /// This member's endorsement of a proposal that it has stored.
    #[must_use]
    pub(crate) fn sign_endorsement(&self, proposal: &Proposal) -> Endorsement {
        let statement = proposal.statement(self.setup.tag);
        (self.pseudonym.public(), self.pseudonym.sign(&statement.signing_bytes()))
    }

    /// The sponsor's own endorsement: it stored the batch and knows the state.
    #[must_use]
    pub fn endorse_own(&self, proposal: &Proposal) -> Endorsement {
        self.sign_endorsement(proposal)
    }

    /// The anchor of a proposal, once enough endorsements are there.
    #[must_use]
    pub fn anchor(&self, proposal: &Proposal, endorsements: &[Endorsement]) -> Option<Anchor> {
        let statement = proposal.statement(self.setup.tag);
        let certificate = Certificate::assemble(&self.endorsers, endorsements)?;
        Some(Anchor {
            tag: statement.tag,
            generation: statement.generation,
            commitment: statement.commitment,
            attested: statement.attested,
            last_height: statement.last_height,
            certificate,
        })
    }
}

#[cfg(test)]
mod tests;
