//! Narrowed view keys: what the holder of a view key passes on of it, offline.
//!
//! A holder cuts the cover of fewer epochs out of its own nodes, and wraps it to somebody else. It can never widen: no
//! node above its own follows from what it has. Nobody signs it: the grant goes with it, and what is read with it is
//! checked by the key commitments of the fields.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash::sha256;
use parclose_crypto::wrap::{UnwrapKey, wrap};
use parclose_keys::ViewKey;
use parclose_keys::audience::wrap_info;
use parclose_types::{
    AudienceId, ChannelId, ClassId, Digest, Epoch, Generation, decode, enc, encode, hex, labels,
};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::{Grant, GrantInvalid, GrantScope};
use crate::readable;

/// The `schema` member of a narrowed view key's file.
pub(super) const SCHEMA: &str = "parclose.viewkey-narrowed/1";

const PURPOSE: &str = "narrowed";
const BYTES_MAX: usize = 24 << 10;
const FILE_BYTES_MAX: usize = 2 * BYTES_MAX + 4096;

/// A part of a granted view key, wrapped to somebody else than its grantee.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NarrowedViewKey {
    /// the grant that it is a part of
    pub grant: Grant,
    /// first epoch
    pub from: Epoch,
    /// last epoch
    pub to: Epoch,
    /// SHA-256 of the X-Wing public key that it is wrapped to
    pub grantee: Digest,
    /// check values of its nodes, in order
    pub check_values: Vec<[u8; 32]>,
    /// HPKE: encapsulated key, ciphertext
    pub wrap: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NarrowedFile {
    schema: String,
    channel: ChannelId,
    generation: Generation,
    audience: AudienceId,
    class: ClassId,
    from: Epoch,
    to: Epoch,
    grantee: Digest,
    bytes: String,
}

impl NarrowedViewKey {
    /// Cuts fewer epochs out of a view key and wraps them to an X-Wing public key.
    ///
    /// # Rules
    ///
    /// > GRA-19: a narrowed view key gives epochs that its grant gives, and no others.
    pub fn cut(
        view_key: &ViewKey,
        grant: &Grant,
        (from, to): (Epoch, Epoch),
        grantee: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, GrantInvalid> {
        let cover = view_key.cover.narrow(from, to).ok_or(GrantInvalid::Wider)?;
        let check_values = cover.check_values();
        let narrowed = Self {
            grant: grant.clone(),
            from,
            to,
            grantee: Digest(sha256(grantee)),
            check_values,
            wrap: Vec::new(),
        };
        let ViewKey { channel, generation, audience, class, .. } = *view_key;
        let view_key = ViewKey { channel, generation, audience, class, cover };
        let (info, aad) = (narrowed.info(grantee), narrowed.aad());
        let wrap = wrap(grantee, &info, &aad, &view_key.to_bytes(), rng).map_err(|_| GrantInvalid::Wrap)?;
        Ok(Self { wrap, ..narrowed })
    }

    /// What it opens.
    #[must_use]
    pub fn scope(&self) -> GrantScope {
        GrantScope { from: self.from, to: self.to, ..self.grant.terms.scope }
    }

    /// Opens the wrap, and checks scope and seeds.
    ///
    /// # Rules
    ///
    /// > GRA-20: a narrowed view key is opened by the key that it was wrapped to, with its grant, its epochs and its check values, and its seeds give these.
    pub fn open(&self, key: &UnwrapKey) -> Result<ViewKey, GrantInvalid> {
        let granted = &self.grant.terms.scope;
        if self.from > self.to || self.from < granted.from || granted.to < self.to {
            return Err(GrantInvalid::Wider);
        }
        if Digest(sha256(key.public())) != self.grantee {
            return Err(GrantInvalid::OtherGrantee);
        }
        let opened = key.unwrap_with(&self.info(key.public()), &self.aad(), &self.wrap);
        let view_key = ViewKey::from_bytes(&opened.map_err(|_| GrantInvalid::Wrap)?)?;
        if !self.scope().is_of(&view_key) {
            return Err(GrantInvalid::OtherScope);
        }
        if view_key.cover.check_values() != self.check_values {
            return Err(GrantInvalid::WrongSeeds);
        }
        Ok(view_key)
    }

    pub(super) fn info(&self, grantee: &[u8]) -> Vec<u8> {
        let GrantScope { channel, generation, audience, .. } = &self.grant.terms.scope;
        wrap_info(PURPOSE, channel, *generation, audience, grantee)
    }

    pub(super) fn aad(&self) -> Vec<u8> {
        enc(
            labels::NARROWED,
            &[
                &self.grant.terms.signing_bytes(),
                &self.from.0.to_be_bytes(),
                &self.to.0.to_be_bytes(),
                self.grantee.as_ref(),
                self.check_values.as_flattened(),
            ],
        )
    }

    /// Writes the file form.
    #[must_use]
    pub fn to_json(&self) -> String {
        readable::print(&self.file(hex::encode(&encode(self))))
    }

    /// Reads the file form (GRA-10, GRA-11).
    pub fn from_json(text: &str) -> Result<Self, GrantInvalid> {
        let not_a_file = |reason| GrantInvalid::File { reason };
        let file: NarrowedFile = readable::parse(text, FILE_BYTES_MAX).map_err(not_a_file)?;
        if file.schema != SCHEMA {
            return Err(not_a_file(format!("the schema is not `{SCHEMA}`")));
        }
        let bytes = hex::decode(&file.bytes).map_err(|e| not_a_file(format!("`bytes`: {e}")))?;
        let narrowed: Self = decode("narrowed view key", &bytes, BYTES_MAX)?;
        match readable::differing(&file, &narrowed.file(file.bytes.clone())) {
            Some(member) => Err(GrantInvalid::Readable { member }),
            None => Ok(narrowed),
        }
    }

    fn file(&self, bytes: String) -> NarrowedFile {
        let GrantScope { channel, generation, audience, class, from, to } = self.scope();
        let (schema, grantee) = (SCHEMA.into(), self.grantee);
        NarrowedFile { schema, channel, generation, audience, class, from, to, grantee, bytes }
    }
}
