//! Ed25519 by the strict rule, for the engine's votes as for everything else.
//!
//! With one rule on both sides a certificate that the engine made is one that every receipt's verifier
//! accepts; under two rules a validator could sign so that the engine counts what verifiers refuse.

use malachite_core::SigningScheme;
use parclose_types::{Malformed, PublicKey, SignatureBytes};

/// The signature scheme of votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StrictEd25519;

/// Never made: the engine signs through a `Signer`, which keeps the key to itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NoPrivateKey {}

impl SigningScheme for StrictEd25519 {
    type DecodingError = Malformed;
    type Signature = SignatureBytes;
    type PublicKey = PublicKey;
    type PrivateKey = NoPrivateKey;

    fn decode_signature(bytes: &[u8]) -> Result<SignatureBytes, Malformed> {
        bytes.try_into().map(SignatureBytes).map_err(|_| Malformed::NotCanonical { what: "signature" })
    }

    fn encode_signature(signature: &SignatureBytes) -> Vec<u8> {
        signature.0.to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, Malformed> {
        bytes.try_into().map(PublicKey).map_err(|_| Malformed::NotCanonical { what: "public key" })
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.0.to_vec()
    }
}
