//! Notes: amounts of an asset held by an owner.
//!
//! The owner is hidden until the note is spent: an output holds a commitment to a one-time key, blinded
//! from the amount field's key. Reading and spending are two powers. Whoever has the field key knows the
//! amount, its blinding and the owner commitment's blinding, and can spend nothing without the owner key.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::{Secret, SigningKey, hash, kdf, kdf_secret};
use parclose_types::{AssetId, ChannelId, NoteId, PublicKey, SignatureBytes, TransactionDigest, hex, labels};

use crate::commitment::AmountCommitment;
use crate::statement::StatementDigest;

/// A one-time key under which one note can be spent.
#[derive(Debug)]
pub struct OwnerKey(SigningKey);

impl OwnerKey {
    /// The key of a nonce that is used once, so that its owner need not keep it: `KDF(secret, 32, "owner-key", channel, nonce)`.
    #[must_use]
    pub fn derive(secret: &Secret, channel: &ChannelId, nonce: &[u8; 32]) -> Self {
        Self(SigningKey::from_seed(&kdf_secret(secret, labels::OWNER_KEY, &[&channel.0, nonce])))
    }

    /// What whoever pays needs to know.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.0.public()
    }

    /// Signs a statement that spends the note.
    pub(crate) fn sign(&self, statement: &StatementDigest) -> SignatureBytes {
        self.0.sign(statement.as_bytes())
    }
}

/// What blinds the commitment to an owner's key. Revealed when the note is spent; says nothing about the field key.
#[derive(Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OwnerBlind(pub [u8; 32]);

impl OwnerBlind {
    /// `KDF(K_f, 32, "owner-blind")` of the note's amount field.
    #[must_use]
    pub fn derive(field_key: &Secret) -> Self {
        Self(field_key.expose(|key| *kdf::<32>(key, labels::OWNER_BLIND, &[])))
    }
}

impl std::fmt::Debug for OwnerBlind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnerBlind(..)")
    }
}

/// A hiding commitment to the key that can spend a note: `H("owner", key, blind)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct OwnerCommitment(pub [u8; 32]);

impl OwnerCommitment {
    /// The commitment to an owner's key.
    #[must_use]
    pub fn new(owner: &PublicKey, blind: &OwnerBlind) -> Self {
        Self(hash(labels::OWNER, &[&owner.0, &blind.0]))
    }
}

impl std::fmt::Debug for OwnerCommitment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OwnerCommitment({})", hex::encode(&self.0))
    }
}

/// A note as it is made: what every member of the channel sees of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NoteOutput {
    /// commitment to the amount
    pub commitment: AmountCommitment,
    /// commitment to the owner's key
    pub owner: OwnerCommitment,
    /// leaf of the sealed field that holds the amount
    pub leaf: [u8; 32],
}

impl NoteOutput {
    /// The note's name.
    ///
    /// # Rules
    ///
    /// > VAL-04: a note's id binds channel, transaction, its index among the transaction's notes, amount commitment and owner commitment.
    #[must_use]
    pub fn id(&self, channel: &ChannelId, transaction: &TransactionDigest, index: u32) -> NoteId {
        NoteId(hash(
            labels::NOTE,
            &[&channel.0, &transaction.0, &index.to_be_bytes(), self.commitment.as_bytes(), &self.owner.0],
        ))
    }
}

/// A note that can be spent, as the channel's state keeps it under its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct UnspentNote {
    /// its asset
    pub asset: AssetId,
    /// commitment to the amount
    pub commitment: AmountCommitment,
    /// commitment to the owner's key
    pub owner: OwnerCommitment,
}

/// A note that is to be spent: its name, and what its owner commitment opens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Input {
    /// the note
    pub note: NoteId,
    /// its owner's key, seen for the first time
    pub owner: PublicKey,
    /// what blinded the owner commitment
    pub blind: OwnerBlind,
}

impl Input {
    /// Whether the owner revealed is the one that the note was made for.
    pub(crate) fn opens(&self, owner: &OwnerCommitment) -> bool {
        OwnerCommitment::new(&self.owner, &self.blind) == *owner
    }
}

/// An amount that leaves circulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RedeemedAmount {
    /// commitment to the amount
    pub commitment: AmountCommitment,
    /// leaf of the sealed field that holds the amount
    pub leaf: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commitment::Opening;
    use parclose_crypto::secret::hazmat::secret_from_bytes;

    fn output() -> NoteOutput {
        let key = secret_from_bytes([3; 32]);
        let owner = OwnerCommitment::new(&PublicKey([4; 32]), &OwnerBlind::derive(&key));
        NoteOutput {
            commitment: Opening::derive(&AssetId([1; 32]), 5, &key).commitment(),
            owner,
            leaf: [6; 32],
        }
    }

    #[test]
    fn val_04_each_part_of_a_note_changes_its_id() {
        let (channel, transaction) = (ChannelId([7; 32]), TransactionDigest([8; 32]));
        let id = output().id(&channel, &transaction, 0);
        let mut other_amount = output();
        other_amount.commitment = AmountCommitment::zero();
        let mut other_owner = output();
        other_owner.owner.0[0] ^= 1;
        let others = [
            output().id(&ChannelId([9; 32]), &transaction, 0),
            output().id(&channel, &TransactionDigest([9; 32]), 0),
            output().id(&channel, &transaction, 1),
            other_amount.id(&channel, &transaction, 0),
            other_owner.id(&channel, &transaction, 0),
        ];
        assert!(others.iter().all(|other| *other != id));
    }

    #[test]
    fn an_owner_is_hidden_by_its_blind_and_bound_by_both() {
        let (key, other) = (secret_from_bytes([3; 32]), secret_from_bytes([4; 32]));
        let commit =
            |owner: u8, key: &Secret| OwnerCommitment::new(&PublicKey([owner; 32]), &OwnerBlind::derive(key));
        assert_eq!(commit(1, &key), commit(1, &key));
        assert_ne!(commit(1, &key), commit(2, &key));
        assert_ne!(commit(1, &key), commit(1, &other));
    }

    #[test]
    fn owner_keys_are_one_for_each_nonce_and_channel() {
        let secret = secret_from_bytes([3; 32]);
        let public = |channel: u8, nonce: u8| {
            OwnerKey::derive(&secret, &ChannelId([channel; 32]), &[nonce; 32]).public()
        };
        assert_eq!(public(1, 1), public(1, 1));
        assert_ne!(public(1, 1), public(1, 2));
        assert_ne!(public(1, 1), public(2, 1));
    }
}
