//! View key files: one cover for each audience set and generation that a grant spans, in one file.

use parclose_crypto::wrap::UnwrapKey;
use parclose_keys::ViewKey;
use parclose_types::{ChannelId, Digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Grant, GrantInvalid, GrantScope, NarrowedViewKey, WrappedViewKey, narrowed, wrapped};
use crate::readable;

/// The `schema` member of a file of view keys.
pub const SCHEMA: &str = "parclose.viewkeys/1";

/// Covers of one file.
pub const VIEW_KEYS_MAX: usize = 4096;
/// So many covers at their largest, as hex and indented.
pub const FILE_BYTES_MAX: usize = 128 << 20;

/// A view key on its way: as it was granted, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantedKey {
    /// as it was granted
    Whole(WrappedViewKey),
    /// a part, passed on by its holder
    Narrowed(NarrowedViewKey),
}

/// View keys of one channel for one holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewKeys {
    keys: Vec<GrantedKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewKeysFile {
    schema: String,
    keys: Vec<Value>,
}

impl GrantedKey {
    /// The grant that readers have signed.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        match self {
            Self::Whole(key) => &key.grant,
            Self::Narrowed(key) => &key.grant,
        }
    }

    /// What it opens.
    #[must_use]
    pub fn scope(&self) -> GrantScope {
        match self {
            Self::Whole(key) => key.grant.terms.scope,
            Self::Narrowed(key) => key.scope(),
        }
    }

    /// SHA-256 of the X-Wing public key that it is wrapped to.
    #[must_use]
    pub fn grantee(&self) -> Digest {
        match self {
            Self::Whole(key) => key.grant.terms.grantee,
            Self::Narrowed(key) => key.grantee,
        }
    }

    /// Opens it as its holder (GRA-06 to GRA-09, GRA-20).
    pub fn open(&self, key: &UnwrapKey) -> Result<ViewKey, GrantInvalid> {
        match self {
            Self::Whole(wrapped) => wrapped.open(key),
            Self::Narrowed(narrowed) => narrowed.open(key),
        }
    }

    fn to_value(&self) -> Value {
        let text = match self {
            Self::Whole(key) => key.to_json(),
            Self::Narrowed(key) => key.to_json(),
        };
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn from_value(value: &Value) -> Result<Self, GrantInvalid> {
        let text = value.to_string();
        if value.get("schema").is_some_and(|schema| schema == narrowed::SCHEMA) {
            return NarrowedViewKey::from_json(&text).map(Self::Narrowed);
        }
        WrappedViewKey::from_json(&text).map(Self::Whole)
    }
}

impl ViewKeys {
    /// Puts view keys together.
    ///
    /// # Rules
    ///
    /// > GRA-21: a file of view keys holds 1 to 4,096 of one channel and for one holder, each scope once.
    pub fn new(mut keys: Vec<GrantedKey>) -> Result<Self, GrantInvalid> {
        keys.sort_by_key(|key| order(&key.scope()));
        let of = |key: &GrantedKey| -> (ChannelId, Digest) { (key.scope().channel, key.grantee()) };
        let one = keys.windows(2).all(|pair| match pair {
            [a, b] => of(a) == of(b) && order(&a.scope()) < order(&b.scope()),
            _ => true,
        });
        let some = (1..=VIEW_KEYS_MAX).contains(&keys.len());
        if one && some { Ok(Self { keys }) } else { Err(GrantInvalid::Together) }
    }

    /// The view keys, by generation, audience, class and epochs.
    #[must_use]
    pub fn keys(&self) -> &[GrantedKey] {
        &self.keys
    }

    /// Writes the file form.
    #[must_use]
    pub fn to_json(&self) -> String {
        let keys = self.keys.iter().map(GrantedKey::to_value).collect();
        readable::print(&ViewKeysFile { schema: SCHEMA.into(), keys })
    }

    /// Reads the file form, or that of one view key alone (GRA-10, GRA-11).
    pub fn from_json(text: &str) -> Result<Self, GrantInvalid> {
        let not_a_file = |reason| GrantInvalid::File { reason };
        if text.len() > FILE_BYTES_MAX {
            return Err(not_a_file(format!("larger than {FILE_BYTES_MAX} bytes")));
        }
        let value: Value = serde_json::from_str(text).map_err(|e| not_a_file(e.to_string()))?;
        if value.get("schema").is_some_and(|schema| schema == wrapped::SCHEMA) {
            return Self::new(vec![GrantedKey::Whole(WrappedViewKey::from_json(text)?)]);
        }
        let file: ViewKeysFile = readable::parse(text, FILE_BYTES_MAX).map_err(not_a_file)?;
        if file.schema != SCHEMA {
            return Err(not_a_file(format!("the schema is not `{SCHEMA}`")));
        }
        Self::new(file.keys.iter().map(GrantedKey::from_value).collect::<Result<_, _>>()?)
    }
}

fn order(scope: &GrantScope) -> impl Ord + use<> {
    (scope.generation, scope.audience, scope.class, scope.from, scope.to)
}
