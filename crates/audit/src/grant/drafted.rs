//! A grant on its way from its issuer to its second reader, who may sit at another node.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_keys::PseudonymKey;
use parclose_transaction::{GenerationConfig, KeyRing};
use parclose_types::{PublicKey, SignatureBytes, decode, encode, hex};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::{Grant, GrantInvalid, GrantScope, GrantTerms, WrappedViewKey};
use crate::readable;

/// The `schema` member of a drafted grant's file.
pub const DRAFT_SCHEMA: &str = "parclose.viewkey-draft/1";

/// 62 check values at most, and an X-Wing public key.
const DRAFT_BYTES_MAX: usize = 8 << 10;
const FILE_BYTES_MAX: usize = 2 * DRAFT_BYTES_MAX + 1024;

/// Terms that their issuer has signed, with the key that the view key will be wrapped to. It opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct DraftedGrant {
    /// what would be granted
    pub terms: GrantTerms,
    issuer_signature: SignatureBytes,
    grantee: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftFile {
    schema: String,
    bytes: String,
}

impl DraftedGrant {
    /// Draws up terms and signs them as their issuer.
    pub fn draw_up(
        keys: &KeyRing,
        scope: GrantScope,
        grantee: Vec<u8>,
        issuer: &PseudonymKey,
        second_reader: PublicKey,
    ) -> Result<Self, GrantInvalid> {
        let terms = GrantTerms::draw_up(keys, scope, &grantee, issuer.public(), second_reader)?;
        Ok(Self { issuer_signature: terms.sign(keys, issuer)?, terms, grantee })
    }

    /// Signs as the second reader, after looking at everything (GRA-01 to 06), and wraps the view key to its grantee.
    /// `members` are those of the audience.
    pub fn complete(
        self,
        keys: &KeyRing,
        second_reader: &PseudonymKey,
        config: &GenerationConfig,
        members: &[PublicKey],
        rng: &mut impl CryptoRng,
    ) -> Result<WrappedViewKey, GrantInvalid> {
        let Self { terms, issuer_signature, grantee } = self;
        let second_signature = terms.sign(keys, second_reader)?;
        let grant = Grant { terms, issuer_signature, second_signature };
        grant.verify(config, members)?;
        WrappedViewKey::issue(keys, grant, &grantee, rng)
    }

    /// Writes the file form.
    #[must_use]
    pub fn to_json(&self) -> String {
        readable::print(&DraftFile { schema: DRAFT_SCHEMA.into(), bytes: hex::encode(&encode(self)) })
    }

    /// Reads the file form (GRA-10).
    pub fn from_json(text: &str) -> Result<Self, GrantInvalid> {
        let not_a_file = |reason| GrantInvalid::File { reason };
        let file: DraftFile = readable::parse(text, FILE_BYTES_MAX).map_err(not_a_file)?;
        if file.schema != DRAFT_SCHEMA {
            return Err(not_a_file(format!("the schema is not `{DRAFT_SCHEMA}`")));
        }
        let bytes = hex::decode(&file.bytes).map_err(|e| not_a_file(format!("`bytes`: {e}")))?;
        Ok(decode("drafted grant", &bytes, DRAFT_BYTES_MAX)?)
    }
}
