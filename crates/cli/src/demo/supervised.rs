//! What a regulator finds that can open every amount of a channel: view keys of each two members that have amounts in
//! common, and an export whose maker it does not trust.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parclose_audit::{AuditedAsset, Bundle, WrappedViewKey};
use parclose_node::key_file;
use parclose_types::AssetId;

use super::ground::Ground;
use crate::error::CliError;

/// Between two members that have nothing in common no view key can be granted.
const NOTHING_IN_COMMON: &str = "GRA-01";

/// A channel of notes.
pub(super) struct Supervised {
    pub(super) channel: &'static str,
    pub(super) members: &'static [&'static str],
    /// the field that holds what a note is worth, for its payer and its holder
    pub(super) quantity: &'static str,
    /// who makes the export
    pub(super) exporter: &'static str,
}

/// Two members, or one with itself: what it keeps as change nobody else reads.
type Pair = (&'static str, &'static str);

impl Supervised {
    /// What became of each asset, as the regulator's own directory opens it.
    pub(super) fn audited(&self, ground: &Ground<'_>) -> Result<BTreeMap<AssetId, AuditedAsset>, CliError> {
        let (directory, unlock) = ground.regulator();
        let directory = std::path::absolute(&directory).map_err(|e| CliError::file(&directory, &e))?;
        let key = directory.join("regulator.key");
        let exporter = (self.exporter, self.channel);
        let epoch = ground.tell(exporter, &["channel", "show"])?["epoch_now"].to_string();
        let granted = ground.each(&self.pairs(), |pair| self.grant(ground, *pair, &key, &epoch))?;
        let export = directory.join(format!("{}.bundle", self.channel));
        ground.tell(exporter, &["channel", "export", "--out", &export.to_string_lossy()])?;
        let bundle = Bundle::decode(&read(&export)?)?.verify(&ground.genesis()?)?;
        let key = key_file::regulator(&key, &unlock)?;
        let mut keys = Vec::new();
        for file in granted.iter().flatten() {
            let wrapped = WrappedViewKey::from_json(&String::from_utf8_lossy(&read(file)?))?;
            bundle.accept(&wrapped.grant)?;
            keys.push(wrapped.open(&key)?);
        }
        Ok(bundle.value(&keys))
    }

    fn pairs(&self) -> Vec<Pair> {
        let with = |(at, first): (usize, &&'static str)| {
            let first = *first;
            self.members.get(at..).unwrap_or_default().iter().map(move |second| (first, *second))
        };
        self.members.iter().enumerate().flat_map(with).collect()
    }

    /// The view key of two members, which both have signed; none if they have nothing in common.
    fn grant(
        &self,
        ground: &Ground<'_>,
        (payer, holder): Pair,
        key: &Path,
        epoch: &str,
    ) -> Result<Option<PathBuf>, CliError> {
        let file = |what: &str| key.with_file_name(format!("{}-{payer}-{holder}.{what}.json", self.channel));
        let (draft, signed) = (file("draft"), file("viewkey"));
        let (to, out) = (key.to_string_lossy(), draft.to_string_lossy());
        let parties = [("payer", payer), ("holder", holder)].map(|(slot, member)| format!("{slot}={member}"));
        let mut words = vec!["viewkey", "draft", "--second", holder, "--field", self.quantity, "--for", &to];
        words.extend(["--from", "0", "--to", epoch, "--out", &out]);
        parties.iter().for_each(|party| words.extend(["--party", party]));
        match ground.tell((payer, self.channel), &words) {
            Err(error) if error.is_by_rule(NOTHING_IN_COMMON) => return Ok(None),
            told => drop(told?),
        }
        let words = ["viewkey", "countersign", &draft.to_string_lossy(), "--out", &signed.to_string_lossy()];
        ground.tell((holder, self.channel), &words)?;
        Ok(Some(signed))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|e| CliError::file(path, &e))
}
