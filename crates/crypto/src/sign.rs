//! Ed25519 (RFC 8032) with one rule on every path: `verify_strict`.
//!
//! It refuses small-order `A` and `R`, non-canonical `R` and non-canonical `s`, so two verifiers
//! cannot disagree (AUT-02), about the votes of the root chain no more than about anything else.

use ed25519_dalek::{Signature, Signer, VerifyingKey};
use parclose_types::{PublicKey, SignatureBytes};

use crate::secret::Secret;

/// A signature does not verify. Without detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("signature does not verify")]
pub struct NotSigned;

/// An Ed25519 signing key; boxed, wiped on drop, prints its public half only.
pub struct SigningKey(Box<ed25519_dalek::SigningKey>);

impl SigningKey {
    /// The key of a 32-byte seed.
    #[must_use]
    pub fn from_seed(seed: &Secret) -> Self {
        Self(Box::new(seed.expose(ed25519_dalek::SigningKey::from_bytes)))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `message`, which is `enc(label, …)` or a hash over it.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> SignatureBytes {
        SignatureBytes(self.0.sign(message).to_bytes())
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.public())
    }
}

/// A public key read once as a point of the curve, for whoever checks many signatures of one signer.
#[derive(Clone, Debug)]
pub struct Verifier(VerifyingKey);

impl Verifier {
    /// Reads a public key; bytes that are no point sign nothing.
    pub fn of(key: &PublicKey) -> Result<Self, NotSigned> {
        VerifyingKey::from_bytes(&key.0).map(Self).map_err(|_| NotSigned)
    }

    /// Verifies a signature.
    ///
    /// # Rules
    ///
    /// > AUT-02: every signature, the engine's votes among them, is checked with the strict Ed25519 rule, one by one.
    pub fn verify(&self, message: &[u8], signature: &SignatureBytes) -> Result<(), NotSigned> {
        self.0.verify_strict(message, &Signature::from_bytes(&signature.0)).map_err(|_| NotSigned)
    }
}

/// Verifies one signature, by [`Verifier`]'s rule.
pub fn verify(key: &PublicKey, message: &[u8], signature: &SignatureBytes) -> Result<(), NotSigned> {
    Verifier::of(key)?.verify(message, signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::hazmat::secret_from_bytes;

    #[test]
    fn a_signing_key_prints_its_public_half_only() {
        let key = SigningKey::from_seed(&secret_from_bytes([0xAB; 32]));
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public()));
    }
}
