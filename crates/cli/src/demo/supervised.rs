//! What a regulator finds that can open every amount of a channel: the view keys of one grant,
//! and an export whose maker it does not trust.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parclose_audit::{AuditedAsset, Bundle, GrantedKey};
use parclose_node::key_file;
use parclose_types::AssetId;

use super::ground::Ground;
use crate::error::CliError;
use crate::view_key;

/// A channel of notes.
pub(super) struct Supervised {
    pub(super) channel: &'static str,
    /// whoever reads amounts there: each set of readers agrees to the grant itself
    pub(super) members: &'static [&'static str],
    /// the field that holds what a note is worth, for its payer and its holder
    pub(super) quantity: &'static str,
    /// who makes the export
    pub(super) exporter: &'static str,
}

impl Supervised {
    /// What became of each asset, as the regulator's own directory opens it.
    pub(super) fn audited(&self, ground: &Ground<'_>) -> Result<BTreeMap<AssetId, AuditedAsset>, CliError> {
        let (directory, unlock) = ground.regulator();
        let directory = std::path::absolute(&directory).map_err(|e| CliError::file(&directory, &e))?;
        let key = directory.join("regulator.key");
        let exporter = (self.exporter, self.channel);
        let epoch = ground.tell(exporter, &["channel", "show"])?["epoch_now"].to_string();
        let granted = self.grant(ground, &key, &epoch)?;
        let export = directory.join(format!("{}.bundle", self.channel));
        ground.tell(exporter, &["channel", "export", "--out", &export.to_string_lossy()])?;
        let bundle = Bundle::decode(&read(&export)?)?.verify(&ground.genesis()?)?;
        let key = key_file::regulator(&key, &unlock)?;
        let open = |granted: &GrantedKey| {
            bundle.accept(granted.grant())?;
            Ok(granted.open(&key)?)
        };
        let granted = view_key::read(&granted)?;
        let keys = granted.keys().iter().map(open).collect::<Result<Vec<_>, CliError>>()?;
        Ok(bundle.value(&keys))
    }

    /// The view keys of every set of readers that has amounts of the channel, to which all of them have agreed.
    fn grant(&self, ground: &Ground<'_>, key: &Path, epoch: &str) -> Result<PathBuf, CliError> {
        let file = key.with_file_name(format!("{}.viewkeys.json", self.channel));
        let (to, out) = (key.to_string_lossy(), file.to_string_lossy());
        let first = self.exporter;
        let words = ["viewkey", "issue", "--field", self.quantity, "--to", &to];
        let epochs = ["--from-epoch", "0", "--to-epoch", epoch];
        let proposed = ground.tell((first, self.channel), &[&words[..], &epochs].concat())?;
        let grant = proposed["grant"].as_str().unwrap_or_default().to_owned();
        for member in self.members.iter().filter(|member| **member != first) {
            ground.tell((member, self.channel), &["viewkey", "approve", &grant])?;
        }
        ground.tell((first, self.channel), &["viewkey", "export", &grant, "--out", &out])?;
        Ok(file)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|e| CliError::file(path, &e))
}
