//! `H(label, f1..fn) = SHA-256(enc(label, f1..fn))`.

use parclose_types::encoding::enc_to;
use sha2::{Digest, Sha256};

/// Hashes a label and its fields to 32 bytes (WIR-01; FIPS 180-4).
#[must_use]
pub fn hash(label: &str, fields: &[&[u8]]) -> [u8; 32] {
    let mut state = Sha256::new();
    enc_to(label, fields, |bytes| state.update(bytes));
    state.finalize().into()
}

/// [`sha256`] of bytes that come part by part.
#[derive(Clone, Debug, Default)]
pub struct Sha256Stream(Sha256);

impl Sha256Stream {
    /// Takes the next part.
    pub fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// The hash of all parts.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// SHA-256 of plain bytes, where a published construction asks for it.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
