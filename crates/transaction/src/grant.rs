//! Grants: who gave whom the power to read what, signed by two readers of the audience.
//!
//! A grant names scope and grantee and lists a check value for each node of the cover, never a seed.
//! Two members of the audience sign it, each after comparing the check values with its own secret; so
//! a wrong or a made-up view key is noticed before anything is opened with it, and issuing one leaves
//! a trace that the issuer cannot make alone.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash::sha256;
use parclose_crypto::verify;
use parclose_crypto::wrap::{UnwrapKey, wrap};
use parclose_keys::audience::wrap_info;
use parclose_keys::{PseudonymKey, ViewKey};
use parclose_types::{
    AudienceId, ChannelId, ClassId, Digest, Epoch, Generation, PublicKey, SignatureBytes, enc, labels,
};
use rand_core::CryptoRng;

use crate::generation::GenerationConfig;
use crate::key_ring::KeyRing;

mod invalid;
mod standing;

pub use invalid::GrantInvalid;
pub use standing::{
    CHECK_VALUES_MAX, COVERS_MAX, GRANTEE_BYTES, GrantConfirmation, GrantCover, GrantCovers, NARROWED_MAX,
    StandingGrant,
};

/// What a wrap of a granted view key is for.
const PURPOSE: &str = "grant";

/// What a view key opens: one class of fields of one audience over an interval of epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GrantScope {
    /// channel
    pub channel: ChannelId,
    /// generation
    pub generation: Generation,
    /// concrete audience
    pub audience: AudienceId,
    /// class of fields
    pub class: ClassId,
    /// first epoch
    pub from: Epoch,
    /// last epoch
    pub to: Epoch,
}

/// What two readers sign.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GrantTerms {
    /// what may be read
    pub scope: GrantScope,
    /// SHA-256 of the grantee's X-Wing public key
    pub grantee: Digest,
    /// check values of the cover's nodes, in order
    pub check_values: Vec<[u8; 32]>,
    /// member that issues it
    pub issuer: PublicKey,
    /// another reader of the audience
    pub second_reader: PublicKey,
}

/// A grant: terms and both signatures.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Grant {
    /// what is granted
    pub terms: GrantTerms,
    /// by the issuer
    pub issuer_signature: SignatureBytes,
    /// by the second reader
    pub second_signature: SignatureBytes,
}

impl GrantScope {
    /// Cuts the view key of this scope from a member's secrets.
    ///
    /// # Rules
    ///
    /// > GRA-01: a grant covers an interval that is not empty, of an audience that its signers can read.
    pub fn cut(&self, keys: &KeyRing) -> Result<ViewKey, GrantInvalid> {
        let cut = keys.cut(&self.audience, self.class, self.from, self.to).ok_or(GrantInvalid::Scope)?;
        let Self { channel, generation, .. } = *self;
        Ok(ViewKey { channel, generation, ..cut })
    }

    /// Whether a view key has exactly this scope.
    #[must_use]
    pub fn is_of(&self, key: &ViewKey) -> bool {
        let (from, to) = (key.cover.from(), key.cover.to());
        *self
            == Self {
                channel: key.channel,
                generation: key.generation,
                audience: key.audience,
                class: key.class,
                from,
                to,
            }
    }
}

impl GrantTerms {
    /// Draws up terms for the holder of an X-Wing public key, with the issuer's own check values.
    pub fn draw_up(
        keys: &KeyRing,
        scope: GrantScope,
        grantee: &[u8],
        issuer: PublicKey,
        second_reader: PublicKey,
    ) -> Result<Self, GrantInvalid> {
        let check_values = scope.cut(keys)?.cover.check_values();
        Ok(Self { scope, grantee: Digest(sha256(grantee)), check_values, issuer, second_reader })
    }

    /// What issuer and second reader sign.
    #[must_use]
    pub fn signing_bytes(&self) -> Vec<u8> {
        let GrantScope { channel, generation, audience, class, from, to } = &self.scope;
        enc(
            labels::GRANT,
            &[
                channel.as_ref(),
                &generation.0.to_be_bytes(),
                audience.as_ref(),
                &class.0.to_be_bytes(),
                &from.0.to_be_bytes(),
                &to.0.to_be_bytes(),
                self.grantee.as_ref(),
                self.check_values.as_flattened(),
                self.issuer.as_ref(),
                self.second_reader.as_ref(),
            ],
        )
    }

    /// Signs as one of the two readers, whose own secret must give the check values.
    ///
    /// # Rules
    ///
    /// > GRA-02: a reader signs a grant only when its own secret gives every check value.
    pub fn sign(&self, keys: &KeyRing, reader: &PseudonymKey) -> Result<SignatureBytes, GrantInvalid> {
        if self.scope.cut(keys)?.cover.check_values() != self.check_values {
            return Err(GrantInvalid::CheckValues);
        }
        Ok(reader.sign(&self.signing_bytes()))
    }

    /// Cuts the view key of these terms and wraps it to the grantee's X-Wing public key: an HPKE encapsulated key and a
    /// ciphertext, whose associated data is the terms, so no wrap goes with others.
    pub fn wrap(
        &self,
        keys: &KeyRing,
        grantee: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, GrantInvalid> {
        if Digest(sha256(grantee)) != self.grantee {
            return Err(GrantInvalid::OtherGrantee);
        }
        let view_key = self.scope.cut(keys)?;
        self.fits(&view_key)?;
        let info = self.wrap_info(grantee);
        wrap(grantee, &info, &self.signing_bytes(), &view_key.to_bytes(), rng).map_err(|_| GrantInvalid::Wrap)
    }

    /// Opens a wrap and checks scope and seeds against the terms.
    ///
    /// # Rules
    ///
    /// > GRA-06: a view key is opened by the grantee that its grant names.
    /// > GRA-07: a wrap opens for the very terms, scope and key that it was made for.
    pub fn unwrap(&self, wrapped: &[u8], key: &UnwrapKey) -> Result<ViewKey, GrantInvalid> {
        if Digest(sha256(key.public())) != self.grantee {
            return Err(GrantInvalid::OtherGrantee);
        }
        let bytes = key
            .unwrap_with(&self.wrap_info(key.public()), &self.signing_bytes(), wrapped)
            .map_err(|_| GrantInvalid::Wrap)?;
        let view_key = ViewKey::from_bytes(&bytes)?;
        self.fits(&view_key)?;
        Ok(view_key)
    }

    /// # Rules
    ///
    /// > GRA-08: a view key has the scope of its grant.
    /// > GRA-09: every seed of a view key gives the check value that its grant lists.
    fn fits(&self, key: &ViewKey) -> Result<(), GrantInvalid> {
        if !self.scope.is_of(key) {
            return Err(GrantInvalid::OtherScope);
        }
        if key.cover.check_values() == self.check_values { Ok(()) } else { Err(GrantInvalid::WrongSeeds) }
    }

    fn wrap_info(&self, grantee: &[u8]) -> Vec<u8> {
        let GrantScope { channel, generation, audience, .. } = &self.scope;
        wrap_info(PURPOSE, channel, *generation, audience, grantee)
    }
}

impl Grant {
    /// Checks a grant against the configuration of its generation and the members of its audience.
    ///
    /// # Rules
    ///
    /// > GRA-03: a grant is of the channel and the generation of its configuration, and of an audience of its members.
    /// > GRA-04: issuer and second reader are two different members of the audience; of an audience of one, that one is both.
    /// > GRA-05: issuer and second reader have both signed exactly these terms.
    pub fn verify(&self, config: &GenerationConfig, members: &[PublicKey]) -> Result<(), GrantInvalid> {
        let GrantTerms { scope, issuer, second_reader, .. } = &self.terms;
        if config.audience_of(members) != scope.audience {
            return Err(GrantInvalid::OtherChannel);
        }
        if (scope.channel, scope.generation) != (config.channel, config.generation) {
            return Err(GrantInvalid::OtherChannel);
        }
        let readers = [issuer, second_reader];
        // What one member alone can read is its own, and nobody else could sign.
        let apart = issuer != second_reader;
        if apart != (members.len() > 1) || !readers.iter().all(|reader| members.contains(reader)) {
            return Err(GrantInvalid::Readers);
        }
        let signed = self.terms.signing_bytes();
        let signatures = [&self.issuer_signature, &self.second_signature];
        readers
            .into_iter()
            .zip(signatures)
            .try_for_each(|(reader, signature)| verify(reader, &signed, signature))
            .map_err(|_| GrantInvalid::Signature)
    }
}
