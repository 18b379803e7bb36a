//! Key files: one secret each, JSON, readable by its owner only (mode 0600).
//!
//! The public half stands in the same file, so it can be inspected without using the secret. Key files
//! are not passphrase-protected yet: who can read the file has the key (specs/08-threats.md says so).

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::UnwrapKey;
use parclose_crypto::{Secret, SigningKey};
use parclose_keys::MemberSecret;
use parclose_keys::member::hazmat::{expose_member, member_from_bytes};
use parclose_types::{Failure, Fault, PublicKey, hex};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What a key file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// a member's master: identity, pseudonyms, storage
    Member,
    /// a regulator's key: view keys are wrapped to it
    Regulator,
    /// a validator's signing key
    Validator,
}

/// The public half of a key file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicKeyFile {
    /// what it is for
    pub kind: KeyKind,
    /// Ed25519 key of a member or validator, X-Wing key of a regulator; hex
    pub public: String,
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// KEF-01: cannot be read or written
    #[error("`{path}`: {reason}")]
    Io {
        /// file
        path: String,
        /// what the system said
        reason: String,
    },
    /// KEF-02: not a key file
    #[error("`{path}` is not a key file")]
    Shape {
        /// file
        path: String,
    },
    /// KEF-03: another kind of key
    #[error("`{path}` holds a {found:?} key, a {wanted:?} key is needed")]
    Kind {
        /// file
        path: String,
        /// kind found
        found: KeyKind,
        /// kind wanted
        wanted: KeyKind,
    },
    /// KEF-04: the public half is not the secret's
    #[error("the public half in `{path}` does not belong to its secret")]
    Mismatch {
        /// file
        path: String,
    },
}

impl Failure for KeyFileError {
    fn code(&self) -> &'static str {
        "KEY_FILE"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Io { .. } => "KEF-01",
            Self::Shape { .. } => "KEF-02",
            Self::Kind { .. } => "KEF-03",
            Self::Mismatch { .. } => "KEF-04",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Operator
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "give the path of a key file made by `parclose key generate`".into()
    }
}

const SCHEMA: &str = "parclose.key/1";
const KEY_FILE_BYTES_MAX: u64 = 16 << 10;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    schema: String,
    kind: KeyKind,
    public: String,
    secret: Zeroizing<String>,
}

/// Draws a fresh key and writes it to a new file.
///
/// # Rules
///
/// > KEF-01: a key file is written once, to a new file that its owner alone can read.
pub fn generate(path: &Path, kind: KeyKind, rng: &mut impl CryptoRng) -> Result<PublicKeyFile, KeyFileError> {
    write(path, kind, &Secret::generate(rng))
}

fn write(path: &Path, kind: KeyKind, secret: &Secret) -> Result<PublicKeyFile, KeyFileError> {
    let io = |e: std::io::Error| KeyFileError::Io { path: path.display().to_string(), reason: e.to_string() };
    let file = KeyFile {
        schema: SCHEMA.into(),
        kind,
        public: public_of(kind, secret),
        secret: Zeroizing::new(secret.expose(|bytes| hex::encode(bytes))),
    };
    let text = Zeroizing::new(serde_json::to_string_pretty(&file).map_err(|e| io(e.into()))?);
    let mut handle = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
    handle.write_all(text.as_bytes()).and_then(|()| handle.sync_all()).map_err(io)?;
    Ok(PublicKeyFile { kind, public: file.public })
}

fn public_of(kind: KeyKind, secret: &Secret) -> String {
    match kind {
        KeyKind::Member => {
            let member = secret.expose(|bytes| member_from_bytes(*bytes));
            member.identity().public().to_string()
        }
        KeyKind::Validator => SigningKey::from_seed(secret).public().to_string(),
        KeyKind::Regulator => hex::encode(UnwrapKey::from_secret(secret).public()),
    }
}

/// Reads the public half of a key file; the secret is not used.
pub fn inspect(path: &Path) -> Result<PublicKeyFile, KeyFileError> {
    let file = read(path)?;
    Ok(PublicKeyFile { kind: file.kind, public: file.public })
}

fn read(path: &Path) -> Result<KeyFile, KeyFileError> {
    let named = path.display().to_string();
    let io = |e: std::io::Error| KeyFileError::Io { path: named.clone(), reason: e.to_string() };
    let size = std::fs::metadata(path).map_err(io)?.len();
    if size > KEY_FILE_BYTES_MAX {
        return Err(KeyFileError::Shape { path: named });
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(io)?);
    let file: KeyFile =
        serde_json::from_str(&text).map_err(|_| KeyFileError::Shape { path: named.clone() })?;
    if file.schema == SCHEMA { Ok(file) } else { Err(KeyFileError::Shape { path: named }) }
}

fn secret_of(path: &Path, wanted: KeyKind) -> Result<Secret, KeyFileError> {
    let named = || path.display().to_string();
    let file = read(path)?;
    if file.kind != wanted {
        return Err(KeyFileError::Kind { path: named(), found: file.kind, wanted });
    }
    let bytes = hex::decode_array(&file.secret).map_err(|_| KeyFileError::Shape { path: named() })?;
    let secret = secret_from_bytes(bytes);
    if public_of(wanted, &secret) == file.public {
        Ok(secret)
    } else {
        Err(KeyFileError::Mismatch { path: named() })
    }
}

/// Reads a member's master.
///
/// # Rules
///
/// > KEF-02: a key file has the known shape and nothing else.
/// > KEF-03: a key is used only for its kind.
/// > KEF-04: the public half in a key file is its secret's.
pub fn member(path: &Path) -> Result<MemberSecret, KeyFileError> {
    Ok(secret_of(path, KeyKind::Member)?.expose(|bytes| member_from_bytes(*bytes)))
}

/// Reads a regulator's key.
pub fn regulator(path: &Path) -> Result<UnwrapKey, KeyFileError> {
    Ok(UnwrapKey::from_secret(&secret_of(path, KeyKind::Regulator)?))
}

/// Reads a validator's signing key.
pub fn validator(path: &Path) -> Result<SigningKey, KeyFileError> {
    Ok(SigningKey::from_seed(&secret_of(path, KeyKind::Validator)?))
}

/// Writes a member's master to a new file.
pub fn write_member(path: &Path, member: &MemberSecret) -> Result<PublicKeyFile, KeyFileError> {
    write(path, KeyKind::Member, &expose_member(member, |bytes| secret_from_bytes(*bytes)))
}

/// A public key as members print it.
#[must_use]
pub fn short(key: &PublicKey) -> String {
    key.to_string().chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::generator;

    #[test]
    fn kef_01_a_key_file_is_new_and_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k");
        let made = generate(&path, KeyKind::Member, &mut generator()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(generate(&path, KeyKind::Member, &mut generator()).unwrap_err().rule(), "KEF-01");
        assert_eq!(inspect(&path).unwrap(), made, "the first key is still there");
        assert_eq!(member(&dir.path().join("absent")).unwrap_err().rule(), "KEF-01");
    }

    #[test]
    fn kef_02_only_key_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k");
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(member(&path).unwrap_err().rule(), "KEF-02");
        assert_eq!(member(&dir.path().join("absent")).unwrap_err().rule(), "KEF-01");
        std::fs::write(&path, vec![b' '; 20_000]).unwrap();
        assert_eq!(inspect(&path).unwrap_err().rule(), "KEF-02");
    }

    #[test]
    fn kef_03_a_key_serves_its_kind_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k");
        let made = generate(&path, KeyKind::Regulator, &mut generator()).unwrap();
        assert_eq!(inspect(&path).unwrap(), made);
        assert_eq!(member(&path).unwrap_err().rule(), "KEF-03");
        assert_eq!(hex::encode(regulator(&path).unwrap().public()), made.public);
        assert_eq!(generate(&path, KeyKind::Member, &mut generator()).unwrap_err().rule(), "KEF-01");
    }

    #[test]
    fn kef_04_a_swapped_public_half_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        generate(&a, KeyKind::Member, &mut generator()).unwrap();
        let other = generate(&b, KeyKind::Member, &mut generator()).unwrap();
        let text = std::fs::read_to_string(&a).unwrap();
        let mine = inspect(&a).unwrap().public;
        std::fs::write(&a, text.replace(&mine, &other.public)).unwrap();
        assert_eq!(member(&a).unwrap_err().rule(), "KEF-04");
    }
}
