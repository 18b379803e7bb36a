//! Where passphrases are read from: files that their owner alone can read, and other sources by name.
//!
//! A home for development has a passphrase of its own in `HOME/passphrase`: random, and beside the keys
//! that it opens. It lets every command and test go the way of real keys without anybody at the keyboard;
//! it protects a key file that is carried away alone, and nothing else.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use parclose_crypto::{NotAPassphrase, Passphrase};
use parclose_types::{Failure, Fault, hex};
use rand_core::CryptoRng;

/// Why there is no passphrase from a source that was named.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// PAS-01: empty or too long
    #[error("{source_name}: {cause}")]
    Refused {
        /// where it comes from
        source_name: String,
        /// what is wrong
        cause: NotAPassphrase,
    },
    /// PAS-02: others can reach it
    #[error("`{path}` has mode {mode:04o}: others than its owner can read or write the passphrase")]
    Shared {
        /// file
        path: String,
        /// its mode
        mode: u32,
    },
    /// PAS-03: it cannot be read or written
    #[error("{source_name}: {reason}")]
    Unreadable {
        /// where it should come from
        source_name: String,
        /// what the system says
        reason: std::io::Error,
    },
}

impl Failure for PassphraseError {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } | Self::Shared { .. } => "PASSPHRASE_REFUSED",
            Self::Unreadable { reason, .. } if reason.kind() == std::io::ErrorKind::NotFound => {
                "FILE_NOT_FOUND"
            }
            Self::Unreadable { .. } => "FILE",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "PAS-01",
            Self::Shared { .. } => "PAS-02",
            Self::Unreadable { .. } => "PAS-03",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Operator
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Refused { .. } => "give 1 to 1024 bytes".into(),
            Self::Shared { path, .. } => format!("chmod 600 {path}"),
            Self::Unreadable { .. } => "check the path, the descriptor and the permissions".into(),
        }
    }
}

/// Reads a passphrase file.
///
/// # Rules
///
/// > PAS-02: a passphrase file is one that its owner alone can read and write.
pub fn read(path: &Path) -> Result<Passphrase, PassphraseError> {
    let source_name = format!("`{}`", path.display());
    let unreadable = |reason| PassphraseError::Unreadable { source_name: source_name.clone(), reason };
    let mut file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PassphraseError::Shared { path: path.display().to_string(), mode });
    }
    read_from(&mut file, &source_name)
}

/// Reads a passphrase from a source with a name.
///
/// # Rules
///
/// > PAS-03: a source of a passphrase that cannot be read is named, and no other takes its place.
pub fn read_from(source: &mut impl Read, name: &str) -> Result<Passphrase, PassphraseError> {
    Passphrase::read(source).map_err(|cause| match cause {
        NotAPassphrase::Unreadable(reason) => {
            PassphraseError::Unreadable { source_name: name.into(), reason }
        }
        cause => PassphraseError::Refused { source_name: name.into(), cause },
    })
}

/// Where a development home has its passphrase.
#[must_use]
pub fn of_home(home: &Path) -> PathBuf {
    home.join("passphrase")
}

/// Gives a new home a passphrase of its own, which says what it is for.
pub(crate) fn write_development(home: &Path, rng: &mut impl CryptoRng) -> Result<(), PassphraseError> {
    let path = of_home(home);
    let mut random = [0_u8; 32];
    rng.fill_bytes(&mut random);
    let written =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).and_then(|mut file| {
            writeln!(file, "for-development-only-{}", hex::encode(&random))?;
            file.sync_all()
        });
    written.map_err(|reason| PassphraseError::Unreadable {
        source_name: format!("`{}`", path.display()),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::generator;
    use std::os::unix::fs::PermissionsExt;

    fn file(mode: u32, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn pas_01_an_empty_file_and_a_long_one_are_refused_by_name() {
        for bytes in [&b""[..], b"\n", &[b'x'; 2000]] {
            let (_folder, path) = file(0o600, bytes);
            let error = read(&path).unwrap_err();
            assert_eq!((error.rule(), error.code()), ("PAS-01", "PASSPHRASE_REFUSED"));
            assert!(error.to_string().contains("passphrase`") && !error.to_string().contains("xx"));
        }
    }

    #[test]
    fn pas_02_a_file_that_others_can_read_or_write_is_refused() {
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o610, 0o777] {
            let (_folder, path) = file(mode, b"canary");
            let error = read(&path).unwrap_err();
            assert_eq!(error.rule(), "PAS-02", "{mode:o}");
            assert_eq!(error.fix(), format!("chmod 600 {}", path.display()));
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
        for mode in [0o600, 0o400] {
            let (_folder, path) = file(mode, b"canary\n");
            assert_eq!(read(&path).unwrap().expose(<[u8]>::to_vec), b"canary");
        }
    }

    #[test]
    fn pas_03_what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let absent = read(&folder.path().join("absent")).unwrap_err();
        assert_eq!((absent.rule(), absent.code()), ("PAS-03", "FILE_NOT_FOUND"));
        assert!(absent.to_string().contains("absent"));
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let directory = read(folder.path()).unwrap_err();
        assert_eq!((directory.rule(), directory.code()), ("PAS-03", "FILE"), "{directory}");
    }

    #[test]
    fn pas_04_a_development_passphrase_is_random_private_and_says_so() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let made = folders.each_ref().map(|folder| {
            write_development(folder.path(), &mut generator()).unwrap();
            read(&of_home(folder.path())).unwrap().expose(<[u8]>::to_vec)
        });
        assert!(made.iter().all(|made| made.starts_with(b"for-development-only-") && made.len() == 21 + 64));
        assert_ne!(made[0], made[1]);
        assert!(write_development(folders[0].path(), &mut generator()).is_err(), "it is never overwritten");
    }
}
