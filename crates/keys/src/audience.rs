//! Audience secrets: dealt once per (channel, generation, member set), wrapped to each member.
//!
//! The dealer is a member of the audience. It publishes a check value and the root of all wraps,
//! signed; each member opens its wrap, compares the check value and acknowledges. A dealer that
//! gives different secrets to different members is found out by the check value (KEY-03).

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::seal::DoesNotOpen;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::{self, NotAKey, UnwrapKey};
use parclose_crypto::{Secret, hash, kdf_secret, merkle, verify};
use parclose_types::{AudienceId, ChannelId, Digest, Generation, PublicKey, SignatureBytes, enc, labels};
use rand_core::CryptoRng;

use crate::pseudonym::PseudonymKey;
use crate::tree::ClassSeed;
use parclose_types::ClassId;

/// The secret `R` of one audience.
#[derive(Debug)]
pub struct AudienceSecret(Secret);

impl AudienceSecret {
    /// Draws a fresh secret.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::generate(rng))
    }

    /// `kcv_R = KDF(R, 32, "root-kcv", channel, generation, audience)`.
    #[must_use]
    pub fn check_value(
        &self,
        channel: &ChannelId,
        generation: Generation,
        audience: &AudienceId,
    ) -> [u8; 32] {
        kdf_secret(
            &self.0,
            labels::ROOT_KCV,
            &[channel.as_ref(), &generation.0.to_be_bytes(), audience.as_ref()],
        )
        .expose(|bytes| *bytes)
    }

    /// The seed of one class.
    #[must_use]
    pub fn class(
        &self,
        channel: &ChannelId,
        generation: Generation,
        audience: &AudienceId,
        class: ClassId,
    ) -> ClassSeed {
        ClassSeed::derive(&self.0, channel, generation, audience, class)
    }

    /// Lends the raw secret to the sealed store.
    pub fn expose<T>(&self, look: impl FnOnce(&[u8; 32]) -> T) -> T {
        self.0.expose(look)
    }
}

/// Raw audience secrets, for the sealed store and vectors; and deals that no honest dealer makes, for tests.
pub mod hazmat {
    use super::{AudienceSecret, Deal, DealScope, PseudonymKey};
    use parclose_crypto::secret::hazmat::secret_from_bytes;

    /// The secret as read from the sealed store.
    #[must_use]
    pub fn audience_from_bytes(bytes: [u8; 32]) -> AudienceSecret {
        AudienceSecret(secret_from_bytes(bytes))
    }

    /// Signs a deal as it stands, whatever it says.
    pub fn sign_deal(deal: &mut Deal, scope: &DealScope, dealer: &PseudonymKey) {
        deal.signature = dealer.sign(&deal.statement(scope));
    }
}

/// Names a concrete member set: `H("audience", channel, generation, members ascending)`.
#[must_use]
pub fn audience_id(channel: &ChannelId, generation: Generation, members: &[PublicKey]) -> AudienceId {
    let members: Vec<u8> = members.iter().flat_map(|member| member.0).collect();
    AudienceId(hash(labels::AUDIENCE, &[channel.as_ref(), &generation.0.to_be_bytes(), &members]))
}

/// `info` of a wrap: what it is for, in which suite, for which scope, to whom (KEY-09).
///
/// # Rules
///
/// > KEY-09: a wrap binds purpose, suite, channel, generation, audience and recipient key.
#[must_use]
pub fn wrap_info(
    purpose: &str,
    channel: &ChannelId,
    generation: Generation,
    audience: &AudienceId,
    recipient: &[u8],
) -> Vec<u8> {
    let suite: Vec<u8> = wrap::SUITE.iter().flat_map(|id| id.to_be_bytes()).collect();
    enc(
        labels::WRAP_INFO,
        &[
            purpose.as_bytes(),
            &suite,
            channel.as_ref(),
            &generation.0.to_be_bytes(),
            audience.as_ref(),
            &hash(labels::WRAP_RECIPIENT, &[recipient]),
        ],
    )
}

/// The signed statement of a dealer about one audience.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Deal {
    /// which audience
    pub audience: AudienceId,
    /// its members, ascending
    pub members: Vec<PublicKey>,
    /// the member that dealt
    pub dealer: PublicKey,
    /// check value of the secret
    pub check_value: [u8; 32],
    /// RFC 9162 root over the wraps of its first members, in their order
    pub wraps_root: [u8; 32],
    /// by the dealer
    pub signature: SignatureBytes,
}

/// Why a deal is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDealt {
    /// a member's published encryption key is none
    #[error("a member's encryption key is not an X-Wing public key")]
    Recipient,
    /// the dealer is outside the audience, or its signature does not verify
    #[error("the deal is not signed by a member of its audience")]
    Signature,
    /// members are not ascending, or the audience id is not theirs
    #[error("the deal's audience is not the set of its members")]
    Members,
    /// the wraps are not those that the dealer signed
    #[error("the wraps are not those that the dealer signed")]
    Wraps,
    /// the wrap does not open, or opens to another secret
    #[error("the wrap does not open to the secret of the check value")]
    CheckValue,
}

impl From<NotAKey> for NotDealt {
    fn from(_: NotAKey) -> Self {
        Self::Recipient
    }
}

impl From<DoesNotOpen> for NotDealt {
    fn from(_: DoesNotOpen) -> Self {
        Self::CheckValue
    }
}

/// Which generation a deal belongs to; its configuration is the wraps' associated data.
#[derive(Clone, Copy, Debug)]
pub struct DealScope {
    /// channel
    pub channel: ChannelId,
    /// generation
    pub generation: Generation,
    /// digest of the generation's configuration
    pub configuration: Digest,
}

const PURPOSE: &str = "audience";

/// Wraps that travel with a deal; more members get theirs by [`Deal::rewrap`]. So many fit into a transaction.
pub const DEALT_WRAPS_MAX: usize = 180;

impl Deal {
    /// Deals a fresh secret to `recipients`: (pseudonym, X-Wing public key), ascending. The wraps are
    /// those of the first [`DEALT_WRAPS_MAX`], 1168 bytes each: encapsulated key, ciphertext.
    pub fn make(
        scope: &DealScope,
        dealer: &PseudonymKey,
        recipients: &[(PublicKey, &[u8])],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<Vec<u8>>), NotDealt> {
        let secret = AudienceSecret::generate(rng);
        let members: Vec<PublicKey> = recipients.iter().map(|(member, _)| *member).collect();
        let audience = audience_id(&scope.channel, scope.generation, &members);
        let first = recipients.iter().take(DEALT_WRAPS_MAX);
        let wraps = first
            .map(|(_, key)| wrap_secret(scope, &audience, &secret, key, rng))
            .collect::<Result<Vec<_>, NotDealt>>()?;
        let mut deal = Self {
            audience,
            members,
            dealer: dealer.public(),
            check_value: secret.check_value(&scope.channel, scope.generation, &audience),
            wraps_root: merkle::root(&wraps),
            signature: SignatureBytes([0; 64]),
        };
        deal.signature = dealer.sign(&deal.statement(scope));
        Ok((deal, wraps))
    }

    /// Checks what every member can check: the set, the wraps, the dealer's signature.
    ///
    /// # Rules
    ///
    /// > KEY-10: a deal is signed by a member of its audience, over the set, the check value and the wraps.
    pub fn verify(&self, scope: &DealScope, wraps: &[Vec<u8>]) -> Result<(), NotDealt> {
        if wraps.len() != self.members.len().min(DEALT_WRAPS_MAX) || self.wraps_root != merkle::root(wraps) {
            return Err(NotDealt::Wraps);
        }
        self.verify_statement(scope)
    }

    /// As [`Deal::verify`], once the wraps themselves are gone.
    pub fn verify_statement(&self, scope: &DealScope) -> Result<(), NotDealt> {
        let ascending = self.members.is_sorted_by(|a, b| a < b);
        if !ascending || self.audience != audience_id(&scope.channel, scope.generation, &self.members) {
            return Err(NotDealt::Members);
        }
        if !self.members.contains(&self.dealer) {
            return Err(NotDealt::Signature);
        }
        verify(&self.dealer, &self.statement(scope), &self.signature).map_err(|_| NotDealt::Signature)
    }

    /// Opens this member's wrap and compares the check value.
    ///
    /// # Rules
    ///
    /// > KEY-03: a member accepts an audience secret only if its check value is the one the dealer signed.
    pub fn accept(
        &self,
        scope: &DealScope,
        wrap: &[u8],
        key: &UnwrapKey,
    ) -> Result<AudienceSecret, NotDealt> {
        let info = wrap_info(PURPOSE, &scope.channel, scope.generation, &self.audience, key.public());
        let opened = key.unwrap_with(&info, scope.configuration.as_ref(), wrap)?;
        let bytes: [u8; 32] = opened.as_slice().try_into().map_err(|_| NotDealt::CheckValue)?;
        let secret = AudienceSecret(secret_from_bytes(bytes));
        if self.is_of(scope, &secret) { Ok(secret) } else { Err(NotDealt::CheckValue) }
    }

    /// Wraps the secret once more, for a member without a wrap that opens.
    pub fn rewrap(
        &self,
        scope: &DealScope,
        secret: &AudienceSecret,
        recipient: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, NotDealt> {
        wrap_secret(scope, &self.audience, secret, recipient, rng)
    }

    /// Whether a secret is the one of the check value.
    #[must_use]
    pub fn is_of(&self, scope: &DealScope, secret: &AudienceSecret) -> bool {
        secret.check_value(&scope.channel, scope.generation, &self.audience) == self.check_value
    }

    fn statement(&self, scope: &DealScope) -> Vec<u8> {
        enc(
            labels::DEAL,
            &[
                scope.channel.as_ref(),
                &scope.generation.0.to_be_bytes(),
                scope.configuration.as_ref(),
                self.audience.as_ref(),
                &self.check_value,
                &self.wraps_root,
            ],
        )
    }
}

fn wrap_secret(
    scope: &DealScope,
    audience: &AudienceId,
    secret: &AudienceSecret,
    recipient: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, NotDealt> {
    let info = wrap_info(PURPOSE, &scope.channel, scope.generation, audience, recipient);
    Ok(secret.expose(|r| wrap::wrap(recipient, &info, scope.configuration.as_ref(), r, rng))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::member::hazmat::member_from_bytes;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    struct Party {
        pseudonym: PseudonymKey,
        key: UnwrapKey,
    }

    fn scope() -> DealScope {
        DealScope { channel: ChannelId([1; 32]), generation: Generation(0), configuration: Digest([2; 32]) }
    }

    fn parties(rng: &mut ChaCha20Rng) -> Vec<Party> {
        let make = |byte| Party {
            pseudonym: member_from_bytes([byte; 32]).pseudonym(&scope().channel, Generation(0)),
            key: UnwrapKey::generate(rng),
        };
        let mut all: Vec<Party> = (1..4).map(make).collect();
        all.sort_by_key(|party| party.pseudonym.public());
        all
    }

    fn dealt() -> (Vec<Party>, Deal, Vec<Vec<u8>>) {
        let mut rng = ChaCha20Rng::from_seed([5; 32]);
        let all = parties(&mut rng);
        let recipients: Vec<_> = all.iter().map(|p| (p.pseudonym.public(), p.key.public())).collect();
        let (deal, wraps) = Deal::make(&scope(), &all[0].pseudonym, &recipients, &mut rng).unwrap();
        (all, deal, wraps)
    }

    #[test]
    fn key_03_members_get_one_secret_and_notice_another() {
        let (all, deal, wraps) = dealt();
        deal.verify(&scope(), &wraps).unwrap();
        let secrets: Vec<_> = all
            .iter()
            .zip(&wraps)
            .map(|(p, w)| deal.accept(&scope(), w, &p.key).unwrap().expose(|b| *b))
            .collect();
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
        // A dealer that publishes the check value of another secret is noticed.
        let lying = Deal { check_value: [0; 32], ..deal.clone() };
        assert_eq!(lying.accept(&scope(), &wraps[0], &all[0].key).unwrap_err(), NotDealt::CheckValue);
        // Another member's wrap does not open.
        assert!(deal.accept(&scope(), &wraps[1], &all[0].key).is_err());
    }

    #[test]
    fn key_09_a_wrap_opens_in_its_scope_only() {
        let (all, deal, wraps) = dealt();
        let opens = |scope: DealScope| deal.accept(&scope, &wraps[0], &all[0].key).is_ok();
        assert!(opens(scope()));
        assert!(!opens(DealScope { channel: ChannelId([9; 32]), ..scope() }));
        assert!(!opens(DealScope { generation: Generation(9), ..scope() }));
        assert!(!opens(DealScope { configuration: Digest([9; 32]), ..scope() }));
        let audience = &deal.audience;
        let info =
            |purpose| wrap_info(purpose, &scope().channel, Generation(0), audience, all[0].key.public());
        assert_ne!(info("audience"), info("grant"));
        assert!(all[0].key.unwrap_with(&info("grant"), scope().configuration.as_ref(), &wraps[0]).is_err());
    }

    #[test]
    fn key_03_a_secret_that_is_wrapped_again_opens_for_whom_it_was_wrapped() {
        let (all, deal, wraps) = dealt();
        let secret = deal.accept(&scope(), &wraps[0], &all[0].key).unwrap();
        let mut rng = ChaCha20Rng::from_seed([6; 32]);
        let again = deal.rewrap(&scope(), &secret, all[2].key.public(), &mut rng).unwrap();
        assert_ne!(again, wraps[2]);
        let opened = deal.accept(&scope(), &again, &all[2].key).unwrap();
        assert_eq!(opened.expose(|b| *b), secret.expose(|b| *b));
        assert!(deal.accept(&scope(), &again, &all[1].key).is_err());
        let other = AudienceSecret::generate(&mut rng);
        let wrong = deal.rewrap(&scope(), &other, all[2].key.public(), &mut rng).unwrap();
        assert_eq!(deal.accept(&scope(), &wrong, &all[2].key).unwrap_err(), NotDealt::CheckValue);
    }

    #[test]
    fn key_10_deals_bind_set_wraps_and_dealer() {
        let (all, deal, wraps) = dealt();
        let verify = |deal: &Deal, wraps: &[Vec<u8>]| deal.verify(&scope(), wraps);
        let mut swapped = wraps.clone();
        swapped.swap(0, 1);
        assert_eq!(verify(&deal, &swapped), Err(NotDealt::Wraps));
        assert_eq!(verify(&deal, &wraps[..2]), Err(NotDealt::Wraps));
        let mut fewer = deal.clone();
        fewer.members.pop();
        assert_eq!(verify(&fewer, &wraps[..2]), Err(NotDealt::Wraps));
        fewer.wraps_root = merkle::root(&wraps[..2]);
        assert_eq!(verify(&fewer, &wraps[..2]), Err(NotDealt::Members));
        let stranger = member_from_bytes([77; 32]).identity().public();
        assert_eq!(verify(&Deal { dealer: stranger, ..deal.clone() }, &wraps), Err(NotDealt::Signature));
        let other = all[1].pseudonym.public();
        assert_eq!(verify(&Deal { dealer: other, ..deal.clone() }, &wraps), Err(NotDealt::Signature));
        assert_eq!(verify(&Deal { check_value: [1; 32], ..deal }, &wraps), Err(NotDealt::Signature));
    }
}
