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

/// SHA-256 of plain bytes, where a published construction asks for it.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
