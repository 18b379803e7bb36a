//! Keys that archives are sealed to and opened with.

use std::path::Path;

use parclose_crypto::wrap::{PUBLIC_KEY_BYTES, UnwrapKey, check_public_key};
use parclose_types::hex;

use super::BackupError;
use crate::key_file::{self, KeyKind};
use crate::unlock::Unlock;

/// The public key to seal an archive to: that of a regulator's key file, which needs no passphrase; that
/// of a member's, which is opened; or a public key in hex, as `key inspect` shows it.
///
/// # Rules
///
/// > BAK-13: an archive is sealed to one X-Wing key: a regulator's, or the one that a member's master gives.
pub fn recipient(path: &Path, unlock: &Unlock) -> Result<Vec<u8>, BackupError> {
    if let Some(public) = public_key(path) {
        return Ok(public);
    }
    let inspected = key_file::inspect(path)?;
    match inspected.kind {
        KeyKind::Regulator => hex::decode(&inspected.public).map_err(|_| BackupError::NotARecipient),
        _ => Ok(opening_key(path, unlock)?.public().to_vec()),
    }
}

/// A file that holds a public key in hex and nothing else.
fn public_key(path: &Path) -> Option<Vec<u8>> {
    let size = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?.len();
    if size > 2 * PUBLIC_KEY_BYTES as u64 + 2 {
        return None;
    }
    let public = hex::decode(std::fs::read_to_string(path).ok()?.trim()).ok()?;
    check_public_key(&public).is_ok().then_some(public)
}

/// The key of a key file that opens archives: a regulator's own, or the one that a member's master gives.
pub fn opening_key(path: &Path, unlock: &Unlock) -> Result<UnwrapKey, BackupError> {
    Ok(match key_file::inspect(path)?.kind {
        KeyKind::Regulator => key_file::regulator(path, unlock)?,
        _ => key_file::member(path, unlock)?.encryption(),
    })
}
