//! The form of a sealed export: its length, its bytes, zeros, sealed as a stream to the grantee.

use std::io::Write;
use std::path::Path;

use parclose_types::{Tag, TransactionDigest, labels};
use rand_core::CryptoRng;

use super::SealedExportError;
use crate::sealed::{Form, Sealer};

/// The form for one tag and one grant: what was made for others does not open.
pub(super) fn form((tag, grant): (Tag, TransactionDigest)) -> Form {
    Form {
        header: *b"PCLDESK\x01",
        purpose: "audit-desk",
        wrap: labels::AUDIT_DESK,
        seal: labels::AUDIT_DESK_SEAL,
        chunk: labels::AUDIT_DESK_CHUNK,
        bound_to: vec![tag.0, grant.0],
    }
}

/// Writes an export, sealed.
pub(super) fn seal_into<W: Write>(
    to: (W, &Path),
    exported: &[u8],
    asked: (Tag, TransactionDigest),
    grantee: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<W, SealedExportError> {
    let mut sealer = Sealer::new(to, form(asked), grantee, rng)?;
    sealer.put(&(exported.len() as u64).to_be_bytes())?;
    sealer.put(exported)?;
    Ok(sealer.finish()?)
}

/// Seals an export for whoever has a public key, as a desk does it: for one tag and one grant.
pub fn seal<W: Write>(
    to: W,
    exported: &[u8],
    asked: (Tag, TransactionDigest),
    grantee: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<W, SealedExportError> {
    seal_into((to, Path::new("memory")), exported, asked, grantee, rng)
}
