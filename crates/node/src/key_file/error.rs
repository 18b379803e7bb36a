//! Why a key file cannot be used: which file, and which rule it breaks.

use std::path::Path;

use parclose_crypto::keystore::NotUnlocked;
use parclose_types::{Failure, Fault};

use super::KeyKind;
use crate::passphrase_file::PassphraseError;

/// A key file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` {cause}")]
pub struct KeyFileError {
    /// file
    pub path: String,
    /// the broken rule
    pub cause: Unusable,
}

/// What is wrong with a key file.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// KEF-01, KEF-08: cannot be read or written
    #[error("cannot be read or written: {0}")]
    Io(std::io::Error),
    /// KEF-02: something else
    #[error("is {0}")]
    NotAKeyFile(String),
    /// KEF-03: another kind of key
    #[error("is a {found} key; a {wanted} key is needed")]
    Kind {
        /// kind found
        found: KeyKind,
        /// kind wanted
        wanted: KeyKind,
    },
    /// KEF-04: the public half is not the secret's
    #[error("is damaged: its public half does not belong to its secret")]
    Mismatch,
    /// KEF-05: no passphrase
    #[error("stays locked: there is no passphrase")]
    Locked,
    /// KEF-06: not as it was written
    #[error("is damaged: {0}")]
    Damaged(&'static str),
    /// KEF-07: from before passphrases
    #[error("is a key file in clear text, which is no longer used")]
    ClearText,
    /// the rules of sealed keys
    #[error("does not open{with}: {cause}")]
    NotUnlocked {
        /// with whose passphrase; empty before one is tried
        with: String,
        /// why
        cause: NotUnlocked,
    },
    /// the rules of passphrases
    #[error("stays locked: {0}")]
    Passphrase(PassphraseError),
}

impl Unusable {
    /// Of this file.
    pub(crate) fn of(self, path: &Path) -> KeyFileError {
        KeyFileError { path: path.display().to_string(), cause: self }
    }
}

impl Failure for KeyFileError {
    fn code(&self) -> &'static str {
        match &self.cause {
            Unusable::Io(_) => "KEY_FILE",
            Unusable::NotAKeyFile(_) => "NOT_A_KEY_FILE",
            Unusable::Kind { .. } => "KEY_WRONG_KIND",
            Unusable::Mismatch | Unusable::Damaged(_) => "KEY_FILE_DAMAGED",
            Unusable::Locked => "KEY_LOCKED",
            Unusable::ClearText => "KEY_FILE_CLEAR",
            Unusable::NotUnlocked { cause, .. } => cause.code(),
            Unusable::Passphrase(e) => e.code(),
        }
    }

    fn rule(&self) -> &'static str {
        match &self.cause {
            Unusable::Io(_) => "KEF-01",
            Unusable::NotAKeyFile(_) => "KEF-02",
            Unusable::Kind { .. } => "KEF-03",
            Unusable::Mismatch => "KEF-04",
            Unusable::Locked => "KEF-05",
            Unusable::Damaged(_) => "KEF-06",
            Unusable::ClearText => "KEF-07",
            Unusable::NotUnlocked { cause, .. } => cause.rule(),
            Unusable::Passphrase(e) => e.rule(),
        }
    }

    fn fault(&self) -> Fault {
        Fault::Operator
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match &self.cause {
            Unusable::Io(_) => "check the path and its permissions; no key file is overwritten".into(),
            Unusable::NotAKeyFile(_) | Unusable::Kind { .. } => {
                "give the path of the key file; `parclose key inspect FILE` says what a file is".into()
            }
            Unusable::Mismatch | Unusable::Damaged(_) => "restore the file from a copy".into(),
            Unusable::Locked => {
                "give --passphrase-file FILE or --passphrase-fd N, set PARCLOSE_PASSPHRASE_FILE, \
                                 or run it on a terminal"
                    .into()
            }
            Unusable::ClearText => {
                format!("parclose key import {} --out NEW, then wipe the old file", self.path)
            }
            Unusable::NotUnlocked { cause, .. } => cause.fix(),
            Unusable::Passphrase(e) => e.fix(),
        }
    }
}
