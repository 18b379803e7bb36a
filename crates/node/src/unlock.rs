//! What opens and seals key files: a passphrase that was given, that of a development home, or none.
//!
//! Stretching a passphrase is slow on purpose, and one command opens a key file several times: what was
//! stretched is remembered for as long as the passphrase itself is, in locked pages like it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use parclose_crypto::Passphrase;
use parclose_crypto::keystore::{Cost, Header, NotUnlocked, Stretched};

use crate::key_file::{KeyFileError, Unusable};
use crate::passphrase_file;

/// How key files are unlocked. Cheap to clone: all clones share one passphrase.
#[derive(Clone)]
pub struct Unlock(Arc<Source>);

enum Source {
    None,
    Given(Means),
    Home { home: PathBuf, means: OnceLock<Means> },
}

/// A passphrase with what belongs to it.
pub(crate) struct Means {
    passphrase: Passphrase,
    /// where it came from, for errors
    from: String,
    /// what new key files cost
    cost: Cost,
    remembered: Mutex<Vec<(Header, Arc<Stretched>)>>,
}

/// Stretched passphrases that are kept; the oldest goes first.
const REMEMBERED_MAX: usize = 64;

impl Unlock {
    /// Nothing: every key file stays locked.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(Source::None))
    }

    /// A passphrase that somebody gave; `from` names its source in errors.
    #[must_use]
    pub fn with(passphrase: Passphrase, from: &str) -> Self {
        Self(Arc::new(Source::Given(Means::new(passphrase, from.into(), Cost::STANDARD))))
    }

    /// The passphrase of a development home, read when it is needed first; none if the home has none.
    #[must_use]
    pub fn of_home(home: &Path) -> Self {
        Self(Arc::new(Source::Home { home: home.to_owned(), means: OnceLock::new() }))
    }

    /// Whether there is a passphrase for this key file, which need not exist yet.
    #[must_use]
    pub fn reaches(&self, key_file: &Path) -> bool {
        match &*self.0 {
            Source::None => false,
            Source::Given(_) => true,
            Source::Home { home, .. } => passphrase_file::of_home(home).exists() && lies_in(key_file, home),
        }
    }

    /// The passphrase for a key file.
    ///
    /// # Rules
    ///
    /// > PAS-04: the passphrase of a development home opens and seals key files of that home only.
    /// > KEF-05: without a passphrase a key file stays locked, and it is never asked for where nobody can answer.
    pub(crate) fn means(&self, key_file: &Path) -> Result<&Means, KeyFileError> {
        if !self.reaches(key_file) {
            return Err(Unusable::Locked.of(key_file));
        }
        match &*self.0 {
            Source::None => Err(Unusable::Locked.of(key_file)),
            Source::Given(means) => Ok(means),
            Source::Home { home, means } => {
                if let Some(means) = means.get() {
                    return Ok(means);
                }
                let file = passphrase_file::of_home(home);
                let read = passphrase_file::read(&file).map_err(|e| Unusable::Passphrase(e).of(key_file))?;
                let from = format!("`{}`", file.display());
                Ok(means.get_or_init(|| Means::new(read, from, Cost::FLOOR)))
            }
        }
    }
}

/// Whether a file, or the place for a new one, lies below a directory, links resolved.
fn lies_in(file: &Path, directory: &Path) -> bool {
    let folder = match file.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return false,
    };
    let resolved = file.canonicalize().or_else(|_| folder.canonicalize());
    matches!((resolved, directory.canonicalize()), (Ok(file), Ok(directory)) if file.starts_with(&directory))
}

impl std::fmt::Debug for Unlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &*self.0 {
            Source::None => f.write_str("Unlock(none)"),
            Source::Given(means) => write!(f, "Unlock(passphrase from {})", means.from),
            Source::Home { home, .. } => write!(f, "Unlock(home {})", home.display()),
        }
    }
}

impl Means {
    fn new(passphrase: Passphrase, from: String, cost: Cost) -> Self {
        Self { passphrase, from, cost, remembered: Mutex::default() }
    }

    pub(crate) fn from(&self) -> &str {
        &self.from
    }

    pub(crate) fn cost(&self) -> Cost {
        self.cost
    }

    /// Its passphrase stretched for a header. One at a time, so that the memory is needed once.
    pub(crate) fn stretched(&self, header: &Header) -> Result<Arc<Stretched>, NotUnlocked> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &&(Header, Arc<Stretched>)| {
            known.0.salt() == header.salt() && known.0.cost() == header.cost()
        };
        if let Some((_, stretched)) = remembered.iter().find(same) {
            return Ok(stretched.clone());
        }
        let stretched = Arc::new(Stretched::from_passphrase(&self.passphrase, header)?);
        if remembered.len() == REMEMBERED_MAX {
            remembered.remove(0);
        }
        remembered.push((header.clone(), stretched.clone()));
        Ok(stretched)
    }
}

#[cfg(test)]
mod tests;
