//! Checks the signatures of the other validators, by the strict rule, and notes who was heard.

use std::sync::Arc;

use async_trait::async_trait;
use malachite_core::{ValidatorProof, VoteExtensionScope};
use malachite_signing::{Error, VerificationResult};
use parclose_crypto::verify;
use parclose_types::{NetworkId, PublicKey, SignatureBytes};
use tokio::time::Instant;

use super::context::RootContext;
use super::heard::Heard;
use super::proposal::Proposal;
use super::vote::Vote;

/// Verifies for one network.
#[derive(Clone, Debug)]
pub(crate) struct Verifier {
    pub(crate) network: NetworkId,
    pub(crate) heard: Arc<Heard>,
}

impl Verifier {
    pub(crate) fn of(network: NetworkId) -> Self {
        Self { network, heard: Arc::default() }
    }

    fn hears(&self, key: &PublicKey, bytes: &[u8], signature: &SignatureBytes) -> VerificationResult {
        let result = checked(key, bytes, signature);
        if result.is_valid() {
            self.heard.note(key, Instant::now());
        }
        result
    }
}

/// # Rules
///
/// > CON-25: a vote, a proposal or a certificate of the engine's network counts by signatures of validators over this network's id, each signer once, and by nothing else.
fn checked(key: &PublicKey, bytes: &[u8], signature: &SignatureBytes) -> VerificationResult {
    VerificationResult::from_bool(verify(key, bytes, signature).is_ok())
}

#[async_trait]
impl malachite_signing::Verifier<RootContext> for Verifier {
    async fn verify_signed_vote(
        &self,
        vote: &Vote,
        signature: &SignatureBytes,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(self.hears(key, &vote.signing_bytes(&self.network), signature))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &SignatureBytes,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(self.hears(key, &proposal.signing_bytes(&self.network), signature))
    }

    async fn verify_signed_vote_extension(
        &self,
        _: &VoteExtensionScope<RootContext>,
        (): &(),
        _: &SignatureBytes,
        _: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(
        &self,
        proof: &ValidatorProof<RootContext>,
    ) -> Result<VerificationResult, Error> {
        let key: Result<[u8; 32], _> = proof.public_key.as_slice().try_into();
        let Ok(key) = key else { return Ok(VerificationResult::Invalid) };
        Ok(checked(&PublicKey(key), &proof.preimage(), &proof.signature))
    }
}
