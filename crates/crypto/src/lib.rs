//! The cryptography of Parclose: constructions fixed in specs/04-cryptography.md, nothing invented.
//!
//! Floor 1. Each module wraps one published construction behind types that cannot be misused, and
//! is checked against that construction's own vectors (`tests/`). Randomness is always an argument.
//!
//! - [`mod@hash`]: `H(label, fields…)`, SHA-256
//! - [`mod@kdf`]: HKDF-Expand-SHA-256 with `enc` as info
//! - [`seal`]: derive-then-seal, fully committing field encryption
//! - [`padding`]: the size classes of sealed fields
//! - [`keystore`]: a secret sealed under a [`passphrase`]
//! - [`wrap`]: HPKE X-Wing key wraps
//! - [`sign`]: Ed25519 with the strict rule
//! - [`merkle`]: RFC 9162 trees
//! - [`state_tree`]: the versioned sparse Merkle tree
//! - [`secret`]: bytes that never print; [`locked`]: pages kept out of swap

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

pub mod hash;
pub mod kdf;
pub mod keystore;
pub mod locked;
pub mod merkle;
pub mod padding;
pub mod passphrase;
pub mod seal;
pub mod secret;
pub mod sign;
pub mod state_tree;
pub mod wrap;

pub use hash::hash;
pub use kdf::{PreparedKey, kdf, kdf_secret};
pub use passphrase::{NotAPassphrase, Passphrase};
pub use secret::Secret;
pub use sign::{NotSigned, SigningKey, Verifier, verify};
