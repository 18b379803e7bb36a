//! Key files: one secret each, sealed under a passphrase, with its public half in clear.
//!
//! ```text
//!   path --read, at most 4 KiB--> form::KeyFile --Unlock--> Secret --its public half?--> key
//! ```
//!
//! A file is made once; only [`change_passphrase`] replaces one, in one step. What goes wrong is one of
//! three things that its owner must be able to tell apart: not the file that was meant, not the
//! passphrase, or not as it was written.

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

mod clear_text;
mod error;
pub mod form;

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::keystore::{Cost, Header, SealedKey};
use parclose_crypto::wrap::UnwrapKey;
use parclose_crypto::{Secret, SigningKey};
use parclose_keys::MemberSecret;
use parclose_keys::member::hazmat::member_from_secret;
use parclose_types::hex;
use parclose_types::limits::KEY_FILE_BYTES_MAX;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use error::{KeyFileError, Unusable};
use form::{KeyFile, PublicPart};

use crate::node_key::NodeKey;
use crate::unlock::Unlock;

/// What a key file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
#[borsh(use_discriminant = false)]
pub enum KeyKind {
    /// a member's master: identity, pseudonyms, storage
    Member,
    /// a regulator's key: view keys are wrapped to it
    Regulator,
    /// a validator's signing key
    Validator,
    /// the key by which a node is known on the network
    Node,
}

impl std::fmt::Display for KeyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Member => "member",
            Self::Regulator => "regulator",
            Self::Validator => "validator",
            Self::Node => "node",
        })
    }
}

/// What a key file says without its passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeyFile {
    /// what it is for
    pub kind: KeyKind,
    /// whose it is
    pub name: Option<String>,
    /// Ed25519 key of a member, validator or node, X-Wing key of a regulator; hex
    pub public: String,
    /// what a guess of its passphrase costs
    pub cost: Cost,
}

impl From<&KeyFile> for PublicKeyFile {
    fn from(file: &KeyFile) -> Self {
        let PublicPart { kind, name, public } = &file.public;
        Self {
            kind: *kind,
            name: name.clone(),
            public: hex::encode(public),
            cost: file.sealed.header().cost(),
        }
    }
}

/// Draws a fresh key and seals it into a new file.
///
/// # Rules
///
/// > KEF-01: a fresh key goes to a new file that its owner alone can read; no key file is overwritten.
pub fn generate(
    path: &Path,
    kind: KeyKind,
    name: Option<&str>,
    unlock: &Unlock,
    rng: &mut impl CryptoRng,
) -> Result<PublicKeyFile, KeyFileError> {
    let secret = Secret::locked(|bytes| rng.fill_bytes(bytes));
    create(path, public_part(kind, name, &secret), &secret, unlock, rng)
}

/// Seals a secret into a new file.
fn create(
    path: &Path,
    public: PublicPart,
    secret: &Secret,
    unlock: &Unlock,
    rng: &mut impl CryptoRng,
) -> Result<PublicKeyFile, KeyFileError> {
    if path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let file = seal(path, public, secret, unlock, rng)?;
    write_new(path, &file).map_err(|e| Unusable::Io(e).of(path))?;
    Ok(PublicKeyFile::from(&file))
}

/// The error of a new file that is there already.
#[must_use]
pub fn exists(path: &Path) -> KeyFileError {
    Unusable::Io(std::io::ErrorKind::AlreadyExists.into()).of(path)
}

fn seal(
    path: &Path,
    public: PublicPart,
    secret: &Secret,
    unlock: &Unlock,
    rng: &mut impl CryptoRng,
) -> Result<KeyFile, KeyFileError> {
    let means = unlock.means(path)?;
    let not_sealed = |cause| Unusable::NotUnlocked { with: String::new(), cause }.of(path);
    let header = Header::fresh(means.cost(), rng).map_err(not_sealed)?;
    let stretched = means.stretched(&header).map_err(not_sealed)?;
    let sealed = SealedKey::seal(header, &stretched, &public.bytes(), secret);
    Ok(KeyFile { public, sealed })
}

fn public_part(kind: KeyKind, name: Option<&str>, secret: &Secret) -> PublicPart {
    PublicPart { kind, name: name.map(str::to_owned), public: public_of(kind, secret) }
}

fn public_of(kind: KeyKind, secret: &Secret) -> Vec<u8> {
    match kind {
        KeyKind::Member => member_from_secret(secret.duplicate()).identity().public().0.to_vec(),
        KeyKind::Validator | KeyKind::Node => SigningKey::from_seed(secret).public().0.to_vec(),
        KeyKind::Regulator => UnwrapKey::from_secret(secret).public().to_vec(),
    }
}

/// Writes a file that is not there yet, and waits until the disk has it; half a file is taken away.
fn write_new(path: &Path, file: &KeyFile) -> std::io::Result<()> {
    let mut handle = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = handle.write_all(file.to_text().as_bytes());
    let written = written.and_then(|()| handle.sync_all()).and_then(|()| sync_folder(path));
    if written.is_err() {
        // What is told is why it could not be written.
        let _ = std::fs::remove_file(path);
    }
    written
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// Reads what a key file says without its passphrase.
pub fn inspect(path: &Path) -> Result<PublicKeyFile, KeyFileError> {
    Ok(PublicKeyFile::from(&read(path)?))
}

fn read(path: &Path) -> Result<KeyFile, KeyFileError> {
    let bytes = read_bytes(path).map_err(|e| Unusable::Io(e).of(path))?;
    KeyFile::parse(&bytes).map_err(|cause| cause.of(path))
}

/// One byte more than a key file may have shows that there is more. Without blocking: a pipe that
/// nobody writes to is no key file, and no reason to wait.
fn read_bytes(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_FILE_BYTES_MAX + 1));
    file.take(KEY_FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a key file for one purpose.
///
/// # Rules
///
/// > KEF-03: a key is used only for its kind.
fn secret_of(path: &Path, wanted: KeyKind, unlock: &Unlock) -> Result<Secret, KeyFileError> {
    let file = read(path)?;
    if file.public.kind != wanted {
        return Err(Unusable::Kind { found: file.public.kind, wanted }.of(path));
    }
    open(path, &file, unlock)
}

/// Opens a key file that was read.
///
/// # Rules
///
/// > KEF-04: the public half in a key file is its secret's.
fn open(path: &Path, file: &KeyFile, unlock: &Unlock) -> Result<Secret, KeyFileError> {
    let means = unlock.means(path)?;
    let opened = means
        .stretched(file.sealed.header())
        .and_then(|stretched| file.sealed.open(&stretched, &file.public.bytes()));
    let secret = opened.map_err(|cause| {
        Unusable::NotUnlocked { with: format!(" with the passphrase from {}", means.from()), cause }.of(path)
    })?;
    if public_of(file.public.kind, &secret) == file.public.public {
        Ok(secret)
    } else {
        Err(Unusable::Mismatch.of(path))
    }
}

/// Opens a member's master.
pub fn member(path: &Path, unlock: &Unlock) -> Result<MemberSecret, KeyFileError> {
    Ok(member_from_secret(secret_of(path, KeyKind::Member, unlock)?))
}

/// Opens a regulator's key.
pub fn regulator(path: &Path, unlock: &Unlock) -> Result<UnwrapKey, KeyFileError> {
    Ok(UnwrapKey::from_secret(&secret_of(path, KeyKind::Regulator, unlock)?))
}

/// Opens a validator's signing key.
pub fn validator(path: &Path, unlock: &Unlock) -> Result<SigningKey, KeyFileError> {
    Ok(SigningKey::from_seed(&secret_of(path, KeyKind::Validator, unlock)?))
}

/// Opens a node's identity key.
pub fn node(path: &Path, unlock: &Unlock) -> Result<NodeKey, KeyFileError> {
    Ok(NodeKey::from_secret(secret_of(path, KeyKind::Node, unlock)?))
}

/// Seals a key file anew, under another passphrase.
///
/// # Rules
///
/// > KEF-08: a change of passphrase replaces the file in one step, once the new one has opened: there is the old file or the new one.
pub fn change_passphrase(
    path: &Path,
    old: &Unlock,
    new: &Unlock,
    rng: &mut impl CryptoRng,
) -> Result<PublicKeyFile, KeyFileError> {
    // A link stays a link: what it leads to is replaced.
    let target = path.canonicalize().map_err(|e| Unusable::Io(e).of(path))?;
    let file = read(&target)?;
    let secret = open(&target, &file, old)?;
    let changed = seal(&target, file.public, &secret, new, rng)?;
    let mut random = [0_u8; 8];
    rng.fill_bytes(&mut random);
    let unfinished = beside(&target, &hex::encode(&random));
    let replaced = replace(&target, &unfinished, &changed, new);
    if replaced.is_err() {
        // It may not be there at all; the old file is as it was.
        let _ = std::fs::remove_file(&unfinished);
    }
    replaced
}

/// A name that nobody else uses: two changes at once never write to one file.
fn beside(target: &Path, random: &str) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{random}.new"));
    target.with_file_name(name)
}

fn replace(
    target: &Path,
    unfinished: &Path,
    changed: &KeyFile,
    new: &Unlock,
) -> Result<PublicKeyFile, KeyFileError> {
    let io = |e| Unusable::Io(e).of(target);
    write_new(unfinished, changed).and_then(|()| keep_owner(target, unfinished)).map_err(io)?;
    open(unfinished, &read(unfinished)?, new)?;
    std::fs::rename(unfinished, target).and_then(|()| sync_folder(target)).map_err(io)?;
    Ok(PublicKeyFile::from(changed))
}

/// Whoever could read the old file can read the new one, also when root changes it.
fn keep_owner(old: &Path, new: &Path) -> std::io::Result<()> {
    let (old, file) = (old.metadata()?, File::open(new)?);
    let mine = file.metadata()?;
    if (old.uid(), old.gid()) == (mine.uid(), mine.gid()) {
        return Ok(());
    }
    fchown(&file, Some(old.uid()), Some(old.gid()))
}

/// Seals a copy of a key under another passphrase into a new file, to carry it away.
pub fn export(
    from: &Path,
    to: &Path,
    old: &Unlock,
    new: &Unlock,
    rng: &mut impl CryptoRng,
) -> Result<PublicKeyFile, KeyFileError> {
    let file = read(from)?;
    let secret = open(from, &file, old)?;
    create(to, file.public, &secret, new, rng)
}

/// Takes over a key that was carried here, or one in clear text, into a new file.
pub fn import(
    from: &Path,
    to: &Path,
    old: &Unlock,
    new: &Unlock,
    rng: &mut impl CryptoRng,
) -> Result<PublicKeyFile, KeyFileError> {
    if !is_clear_text(from) {
        return export(from, to, old, new, rng);
    }
    let bytes = read_bytes(from).map_err(|e| Unusable::Io(e).of(from))?;
    let clear = clear_text::parse(&bytes).map_err(|cause| cause.of(from))?;
    let public = public_part(clear.kind, None, &clear.secret);
    if public.public != clear.public {
        return Err(Unusable::Mismatch.of(from));
    }
    create(to, public, &clear.secret, new, rng)
}

/// Whether a key file is one in clear text, which needs no passphrase to be imported.
#[must_use]
pub fn is_clear_text(path: &Path) -> bool {
    matches!(read(path), Err(KeyFileError { cause: Unusable::ClearText, .. }))
}

#[cfg(test)]
mod tests;
