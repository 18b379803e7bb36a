//! All rules over one checkout.

use std::path::Path;

use crate::allowed::Allowed;
use crate::licences::{Licences, NoList};
use crate::lock::Lock;
use crate::tree::{Tree, Unreadable};

/// Why a checkout cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum Unjudged {
    /// a file is missing
    #[error("`{0}` cannot be read: {1}")]
    File(String, std::io::Error),
    /// a list has another form
    #[error("`{0}` has another form: {1}")]
    Form(String, toml::de::Error),
    /// the licences of deny.toml
    #[error(transparent)]
    Licences(#[from] NoList),
    /// the tree
    #[error(transparent)]
    Tree(#[from] Unreadable),
}

/// The rules of a checkout, as its files say them.
#[derive(Debug)]
pub struct Rules {
    allowed: Allowed,
    licences: Licences,
}

impl Rules {
    /// Reads a list of what may run at build time, and `deny.toml`.
    pub fn read(checkout: &Path, list: &str) -> Result<Self, Unjudged> {
        let form = |error| Unjudged::Form(list.into(), error);
        Ok(Self {
            allowed: Allowed::parse(&text(checkout, list)?).map_err(form)?,
            licences: Licences::parse(&text(checkout, "deny.toml")?)?,
        })
    }

    /// What of this tree and lock file breaks a rule.
    pub fn complaints(&self, tree: &Tree, lock: &Lock) -> Vec<String> {
        let mut wrong = lock.complaints();
        wrong.extend(self.licences.complaints(tree));
        wrong.extend(self.allowed.complaints(tree));
        wrong
    }
}

/// The list of what may run at build time, within a checkout.
pub const ALLOWED: &str = "crates/supply/allowed.toml";

/// The workspace of libFuzzer within a checkout: it has a lock file of its own.
pub const LIBFUZZER: &str = "fuzz/libfuzzer";

/// The list of what it may run beyond [`ALLOWED`].
pub const ALLOWED_OF_LIBFUZZER: &str = "crates/supply/allowed-libfuzzer.toml";

/// The lock file of a workspace.
pub fn lock(workspace: &Path) -> Result<Lock, Unjudged> {
    let form = |error| Unjudged::Form("Cargo.lock".into(), error);
    Lock::parse(&text(workspace, "Cargo.lock")?).map_err(form)
}

/// One text of a checkout.
pub fn text(checkout: &Path, file: &str) -> Result<String, Unjudged> {
    std::fs::read_to_string(checkout.join(file)).map_err(|error| Unjudged::File(file.into(), error))
}
