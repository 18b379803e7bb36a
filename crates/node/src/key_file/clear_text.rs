//! Key files in clear text, `parclose.key/1`: read once, to be sealed.

use parclose_crypto::Secret;
use parclose_types::hex;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{KeyKind, Unusable};

/// What such a file holds.
pub(super) struct ClearText {
    pub(super) kind: KeyKind,
    pub(super) public: Vec<u8>,
    pub(super) secret: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(rename = "schema")]
    _schema: String,
    kind: KeyKind,
    public: String,
    secret: Zeroizing<String>,
}

pub(super) fn parse(bytes: &[u8]) -> Result<ClearText, Unusable> {
    let text: Text =
        serde_json::from_slice(bytes).map_err(|_| Unusable::Damaged("its members are others"))?;
    let not_hex = |_| Unusable::Damaged("it is not in lower-case hex");
    let public = hex::decode(&text.public).map_err(not_hex)?;
    let bytes = Zeroizing::new(hex::decode(&text.secret).map_err(not_hex)?);
    let Some(bytes) = bytes.first_chunk::<32>().filter(|_| bytes.len() == 32) else {
        return Err(Unusable::Damaged("its secret has another length"));
    };
    let secret = Secret::locked(|secret| secret.copy_from_slice(bytes));
    Ok(ClearText { kind: text.kind, public, secret })
}
