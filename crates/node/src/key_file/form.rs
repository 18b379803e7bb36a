//! The text of a key file: what is public, what is sealed, and a check value over both.
//!
//! One key file has one text. Whoever holds it can read its public part and tell whether it is whole,
//! without a passphrase; that the public part belongs to the sealed one shows when it is opened.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash;
use parclose_crypto::keystore::SealedKey;
use parclose_crypto::wrap::PUBLIC_KEY_BYTES;
use parclose_types::limits::{KEY_FILE_BYTES_MAX, NAME_BYTES_MAX};
use parclose_types::{hex, labels};
use serde::{Deserialize, Serialize};

use super::{KeyKind, Unusable};

/// Schema of a key file.
pub const SCHEMA: &str = "parclose.key/2";
/// Schema of key files in clear text.
pub(super) const CLEAR_SCHEMA: &str = "parclose.key/1";

/// What anybody may read of a key file; sealed with the secret as its associated data.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PublicPart {
    /// what it is for
    pub kind: KeyKind,
    /// whose it is
    pub name: Option<String>,
    /// Ed25519 key of a member's identity, a validator or a node, X-Wing key of a regulator
    pub public: Vec<u8>,
}

/// A key file as it was read: whole, and not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    /// the public part
    pub public: PublicPart,
    /// the secret under its passphrase
    pub sealed: SealedKey,
}

/// What every schema has. The rest is skipped and not copied: it may be a secret in clear text.
#[derive(Deserialize)]
struct Outer {
    schema: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    schema: String,
    kind: KeyKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    public: String,
    sealed: String,
    check: String,
}

impl PublicPart {
    /// The bytes that are sealed with the secret.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        parclose_types::encode(self)
    }

    fn is_well_formed(&self) -> bool {
        let length = match self.kind {
            KeyKind::Member | KeyKind::Validator | KeyKind::Node => 32,
            KeyKind::Regulator => PUBLIC_KEY_BYTES,
        };
        self.public.len() == length && self.name.as_deref().is_none_or(is_name)
    }
}

/// Whether a text can name the owner of a key.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

impl KeyFile {
    /// Its one text.
    ///
    /// # Panics
    ///
    /// Never: the members are texts.
    #[must_use]
    pub fn to_text(&self) -> String {
        let sealed = self.sealed.encode();
        let check = hash(labels::KEY_FILE, &[&self.public.bytes(), &sealed]);
        let text = Text {
            schema: SCHEMA.into(),
            kind: self.public.kind,
            name: self.public.name.clone(),
            public: hex::encode(&self.public.public),
            sealed: hex::encode(&sealed),
            check: hex::encode(&check),
        };
        let mut text = serde_json::to_string_pretty(&text).expect("texts are JSON");
        text.push('\n');
        text
    }

    /// Reads it; nothing is computed but the check value.
    ///
    /// # Rules
    ///
    /// > KEF-02: a key file has the known shape and nothing else.
    /// > KEF-06: a key file is the one text of its members, at most 4096 bytes, and its check value is theirs.
    /// > KEF-07: a key file in clear text is never used, only imported.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unusable> {
        if bytes.len() > KEY_FILE_BYTES_MAX && !begins_as_key_file(bytes) {
            return Err(Unusable::NotAKeyFile(recognised(bytes)));
        }
        if bytes.len() > KEY_FILE_BYTES_MAX {
            return Err(Unusable::Damaged("it is too large"));
        }
        match serde_json::from_slice::<Outer>(bytes) {
            Ok(outer) if outer.schema == SCHEMA => Self::of_text(bytes),
            Ok(outer) if outer.schema == CLEAR_SCHEMA => Err(Unusable::ClearText),
            Err(_) if begins_as_key_file(bytes) => Err(Unusable::Damaged("it is cut off or no longer JSON")),
            _ => Err(Unusable::NotAKeyFile(recognised(bytes))),
        }
    }

    fn of_text(bytes: &[u8]) -> Result<Self, Unusable> {
        let text: Text =
            serde_json::from_slice(bytes).map_err(|_| Unusable::Damaged("its members are others"))?;
        let not_hex = |_| Unusable::Damaged("it is not in lower-case hex");
        let public = hex::decode(&text.public).map_err(not_hex)?;
        let sealed = hex::decode(&text.sealed).map_err(not_hex)?;
        let public = PublicPart { kind: text.kind, name: text.name, public };
        let check = hash(labels::KEY_FILE, &[&public.bytes(), &sealed]);
        if text.check != hex::encode(&check) {
            return Err(Unusable::Damaged("its check value does not fit"));
        }
        if !public.is_well_formed() {
            return Err(Unusable::Damaged("its public part has another form"));
        }
        let sealed = SealedKey::decode(&sealed)
            .map_err(|cause| Unusable::NotUnlocked { with: String::new(), cause })?;
        let file = Self { public, sealed };
        if file.to_text().as_bytes() == bytes {
            Ok(file)
        } else {
            Err(Unusable::Damaged("it is not written as key files are"))
        }
    }
}

/// Whether a text that is not JSON was a key file before it was cut or changed.
fn begins_as_key_file(bytes: &[u8]) -> bool {
    let begin = format!("{{\n  \"schema\": \"{SCHEMA}\"");
    bytes.starts_with(begin.as_bytes())
}

/// What a file is that is no key file, as far as its first bytes tell.
fn recognised(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if text.trim().len() == 2 * PUBLIC_KEY_BYTES && hex::decode(text.trim()).is_ok() {
        return "a regulator's public key, not a key file".into();
    }
    match (member_text(&text, "schema"), member_text(&text, "kind")) {
        (Some("parclose.key-public/1"), Some(kind @ ("member" | "regulator" | "validator"))) => {
            format!("a {kind}'s public key, not a key file")
        }
        (Some(schema), _) if schema.starts_with("parclose.") && schema != SCHEMA => {
            format!("a `{schema}` file, not a key file")
        }
        _ => "not a key file".into(),
    }
}

/// A plain word that stands as a member of JSON, which may be cut off: nothing odd is repeated to anybody.
fn member_text<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = json.split_once(&format!("\"{name}\""))?;
    let value = after.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let (word, _) = value.split_once('"')?;
    let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'/');
    (word.len() <= NAME_BYTES_MAX && word.bytes().all(plain)).then_some(word)
}

#[cfg(test)]
mod tests;
