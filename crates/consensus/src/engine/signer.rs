//! The validator's hand: it signs what the engine asks for, and nothing twice.

use std::sync::Arc;

use async_trait::async_trait;
use malachite_core::{SignedMessage, ValidatorProof, VoteExtensionScope};
use malachite_signing::Error;
use parclose_crypto::SigningKey;
use parclose_types::{NetworkId, SignatureBytes};

use super::context::RootContext;
use super::guard::{Guard, Slot};
use super::proposal::Proposal;
use super::vote::{Step, Vote};

/// A validator's key behind its guard.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) network: NetworkId,
    pub(crate) key: Arc<SigningKey>,
    pub(crate) guard: Arc<Guard>,
}

/// A message with its signature, as the engine takes it.
pub(crate) type Signed<T> = SignedMessage<RootContext, T>;

impl Signer {
    /// Signs once the record says that it was signed.
    fn sign(&self, slot: Slot, message: &[u8]) -> Result<SignatureBytes, Error> {
        self.guard.admit(slot, message).map_err(Error::from_source)?;
        Ok(self.key.sign(message))
    }
}

#[async_trait]
impl malachite_signing::Signer<RootContext> for Signer {
    async fn sign_vote(&self, vote: Vote) -> Result<Signed<Vote>, Error> {
        let slot = match vote.step {
            Step::Prevote => Slot::prevote(vote.height, vote.round),
            Step::Precommit => Slot::precommit(vote.height, vote.round),
        };
        let signature = self.sign(slot, &vote.signing_bytes(&self.network))?;
        Ok(Signed::new(vote, signature))
    }

    async fn sign_proposal(&self, proposal: Proposal) -> Result<Signed<Proposal>, Error> {
        let slot = Slot::proposal(proposal.height, proposal.round);
        let signature = self.sign(slot, &proposal.signing_bytes(&self.network))?;
        Ok(Signed::new(proposal, signature))
    }

    async fn sign_vote_extension(
        &self,
        _: VoteExtensionScope<RootContext>,
        _: (),
    ) -> Result<Signed<()>, Error> {
        // The policy is "disabled" at every height, so nothing asks for one.
        Err(Error::new())
    }

    async fn sign_validator_proof(
        &self,
        public_key: Vec<u8>,
        peer_id: Vec<u8>,
    ) -> Result<ValidatorProof<RootContext>, Error> {
        let signature = self.key.sign(&ValidatorProof::<RootContext>::signing_bytes(&public_key, &peer_id));
        Ok(ValidatorProof::new(public_key, peer_id, signature))
    }
}
