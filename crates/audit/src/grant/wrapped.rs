//! A view key on its way: wrapped to the grantee, with its grant, as one file.
//!
//! The wrap's associated data is the signed terms, so no wrap goes with another grant. Whoever opens it
//! checks scope and seeds against the grant before the key is handed out; whether the grant itself is
//! the channel's is checked by [`crate::VerifiedBundle::accept`].

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::wrap::UnwrapKey;
use parclose_keys::ViewKey;
use parclose_transaction::KeyRing;
use parclose_types::{
    AudienceId, ChannelId, ClassId, Digest, Epoch, Generation, Malformed, PublicKey, decode, encode, hex,
};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::{Grant, GrantInvalid, GrantScope, GrantTerms};
use crate::readable;

/// The `schema` member of a view key file.
pub(super) const SCHEMA: &str = "parclose.viewkey/1";

/// 62 check values and 62 nodes at most; with all else it stays far below.
const WRAPPED_BYTES_MAX: usize = 16 << 10;
const FILE_BYTES_MAX: usize = 2 * WRAPPED_BYTES_MAX + 4096;

/// A view key, wrapped to its grantee.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct WrappedViewKey {
    /// who may read what, signed
    pub grant: Grant,
    /// HPKE: encapsulated key, ciphertext
    pub wrap: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewKeyFile {
    schema: String,
    channel: ChannelId,
    generation: Generation,
    audience: AudienceId,
    class: ClassId,
    from: Epoch,
    to: Epoch,
    grantee: Digest,
    issuer: PublicKey,
    second_reader: PublicKey,
    bytes: String,
}

impl WrappedViewKey {
    /// Wraps the view key of a grant to the grantee's X-Wing public key.
    pub fn issue(
        keys: &KeyRing,
        grant: Grant,
        grantee: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, GrantInvalid> {
        let wrap = grant.terms.wrap(keys, grantee, rng)?;
        Ok(Self { grant, wrap })
    }

    /// Opens the wrap and checks scope and seeds against the grant (GRA-06 to GRA-09).
    pub fn open(&self, key: &UnwrapKey) -> Result<ViewKey, GrantInvalid> {
        self.grant.terms.unwrap(&self.wrap, key)
    }

    /// Decodes canonical bytes, at most 16 KiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("wrapped view key", bytes, WRAPPED_BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Writes the file form.
    #[must_use]
    pub fn to_json(&self) -> String {
        readable::print(&self.file(hex::encode(&self.encode())))
    }

    /// Reads the file form.
    ///
    /// # Rules
    ///
    /// > GRA-10: a view key file is JSON with exactly the members of its schema, within its limit, its bytes in lower-case hex.
    /// > GRA-11: every readable member of a view key file is what its bytes say.
    pub fn from_json(text: &str) -> Result<Self, GrantInvalid> {
        let not_a_file = |reason| GrantInvalid::File { reason };
        let file: ViewKeyFile = readable::parse(text, FILE_BYTES_MAX).map_err(not_a_file)?;
        if file.schema != SCHEMA {
            return Err(not_a_file(format!("the schema is not `{SCHEMA}`")));
        }
        let bytes = hex::decode(&file.bytes).map_err(|e| not_a_file(format!("`bytes`: {e}")))?;
        let wrapped = Self::decode(&bytes)?;
        match readable::differing(&file, &wrapped.file(file.bytes.clone())) {
            Some(member) => Err(GrantInvalid::Readable { member }),
            None => Ok(wrapped),
        }
    }

    fn file(&self, bytes: String) -> ViewKeyFile {
        let GrantTerms { scope, grantee, issuer, second_reader, .. } = &self.grant.terms;
        let GrantScope { channel, generation, audience, class, from, to } = *scope;
        ViewKeyFile {
            schema: SCHEMA.into(),
            channel,
            generation,
            audience,
            class,
            from,
            to,
            grantee: *grantee,
            issuer: *issuer,
            second_reader: *second_reader,
            bytes,
        }
    }
}
