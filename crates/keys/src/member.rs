//! What a member keeps: one master, and four independent branches of it.

use parclose_crypto::wrap::UnwrapKey;
use parclose_crypto::{Secret, SigningKey, kdf_secret};
use parclose_types::{ChannelId, Generation, RecordId, labels};
use rand_core::CryptoRng;

use crate::pseudonym::PseudonymKey;

/// A member's master secret, 32 bytes.
pub struct MemberSecret(Secret);

impl MemberSecret {
    /// Draws a fresh master.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::generate(rng))
    }

    /// A second holder of the same master, spelled out so that it can be searched for.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }

    /// The member's identity key.
    #[must_use]
    pub fn identity(&self) -> SigningKey {
        SigningKey::from_seed(&kdf_secret(&self.0, labels::IDENTITY, &[]))
    }

    /// The member's own X-Wing key, to which it seals its archives. It outlives generations, so nothing
    /// that a channel deals is ever wrapped to it.
    #[must_use]
    pub fn encryption(&self) -> UnwrapKey {
        UnwrapKey::from_secret(&kdf_secret(&self.0, labels::ENCRYPTION, &[]))
    }

    /// The pseudonym of one channel and generation: unlinkable to others without the master.
    ///
    /// # Rules
    ///
    /// > KEY-01: a member's pseudonym is derived per channel and generation, so that two channels share no key.
    #[must_use]
    pub fn pseudonym(&self, channel: &ChannelId, generation: Generation) -> PseudonymKey {
        let seed = kdf_secret(
            &self.channels(),
            labels::PSEUDONYM_SIGN,
            &[channel.as_ref(), &generation.0.to_be_bytes()],
        );
        PseudonymKey::from_seed(&seed)
    }

    /// The secret from which keys of notes are derived, one for each account (chapter 13): a branch of its own, so that who spends
    /// need not be able to sign as the member.
    #[must_use]
    pub fn owner(&self) -> Secret {
        kdf_secret(&self.0, labels::OWNERS, &[])
    }

    /// The storage master of this member's node.
    #[must_use]
    pub fn node(&self) -> Secret {
        kdf_secret(&self.0, labels::NODE, &[])
    }

    /// The storage key of one channel on this member's node; `since` is the generation of its creation.
    #[must_use]
    pub fn node_at_rest(&self, channel: &ChannelId, since: Generation) -> Secret {
        kdf_secret(&self.node(), labels::NODE_AT_REST, &[channel.as_ref(), &since.0.to_be_bytes()])
    }

    /// The record id of a business key: a pseudo-random function that only this member can compute.
    ///
    /// The same key gives the same id in every generation, which makes imports idempotent, and no
    /// dictionary of invoice numbers finds it.
    ///
    /// # Rules
    ///
    /// > KEY-02: a record id is random or a pseudo-random function of the business key, never a plain hash of it.
    #[must_use]
    pub fn record_id(&self, channel: &ChannelId, record_type: &str, key: &[String]) -> RecordId {
        let mut fields: Vec<&[u8]> = vec![channel.as_ref(), record_type.as_bytes()];
        let parts = parclose_types::encode(&key.to_vec());
        fields.push(&parts);
        let id = kdf_secret(&self.channels(), labels::RECORD_ID, &fields);
        RecordId(id.expose(|bytes| *bytes))
    }

    fn channels(&self) -> Secret {
        kdf_secret(&self.0, labels::CHANNELS, &[])
    }
}

impl std::fmt::Debug for MemberSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemberSecret(..)")
    }
}

/// Raw bytes of a master: for key files only.
pub mod hazmat {
    use super::MemberSecret;
    use parclose_crypto::Secret;
    use parclose_crypto::secret::hazmat::secret_from_bytes;

    /// The master as a key file opened it; the secret moves with its place in memory.
    #[must_use]
    pub fn member_from_secret(secret: Secret) -> MemberSecret {
        MemberSecret(secret)
    }

    /// The master of given bytes: for tests and vectors.
    #[must_use]
    pub fn member_from_bytes(bytes: [u8; 32]) -> MemberSecret {
        MemberSecret(secret_from_bytes(bytes))
    }

    /// Lends the raw master to `write`.
    pub fn expose_member<T>(member: &MemberSecret, write: impl FnOnce(&[u8; 32]) -> T) -> T {
        member.0.expose(write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(byte: u8) -> MemberSecret {
        hazmat::member_from_bytes([byte; 32])
    }

    #[test]
    fn key_01_pseudonyms_differ_by_channel_generation_and_member() {
        let base = member(1).pseudonym(&ChannelId([1; 32]), Generation(0)).public();
        assert_eq!(base, member(1).pseudonym(&ChannelId([1; 32]), Generation(0)).public());
        assert_ne!(base, member(1).pseudonym(&ChannelId([2; 32]), Generation(0)).public());
        assert_ne!(base, member(1).pseudonym(&ChannelId([1; 32]), Generation(1)).public());
        assert_ne!(base, member(2).pseudonym(&ChannelId([1; 32]), Generation(0)).public());
        assert_ne!(base, member(1).identity().public());
    }

    #[test]
    fn the_branches_of_a_master_are_apart() {
        let (member, bytes) = (member(1), |secret: &Secret| secret.expose(|bytes| *bytes));
        let branches = [bytes(&member.owner()), bytes(&member.node()), bytes(&member.channels())];
        let identity = bytes(&kdf_secret(&member.0, labels::IDENTITY, &[]));
        assert!(branches.iter().all(|branch| *branch != identity));
        assert!(branches.windows(2).all(|two| two[0] != two[1]) && branches[0] != branches[2]);
    }

    #[test]
    fn key_02_record_ids_need_the_members_secret() {
        let channel = ChannelId([1; 32]);
        let key = ["S1".to_owned(), "INV-1".to_owned()];
        let id = member(1).record_id(&channel, "receivable", &key);
        assert_eq!(id, member(1).record_id(&channel, "receivable", &key));
        assert_ne!(id, member(2).record_id(&channel, "receivable", &key));
        assert_ne!(id, member(1).record_id(&ChannelId([2; 32]), "receivable", &key));
        assert_ne!(id, member(1).record_id(&channel, "acceptance", &key));
        // Parts are kept apart.
        let joined = ["S1I".to_owned(), "NV-1".to_owned()];
        assert_ne!(id, member(1).record_id(&channel, "receivable", &joined));
        assert_ne!(member(1).node_at_rest(&channel, Generation(0)).expose(|b| *b), id.0);
    }

    #[test]
    fn secrets_print_their_name_only() {
        assert_eq!(format!("{:?}", member(1)), "MemberSecret(..)");
    }
}
