//! Field keys and sealed fields.
//!
//! `K_f = KDF(L_e, 32, "field", salt, fctx)` is used once: the salt is fresh for every build of a
//! transaction, and `fctx` names the place. `fctx` is the associated data of the sealing, so a
//! ciphertext cannot be moved to another channel, epoch, audience, class, record or field.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash::sha256;
use parclose_crypto::seal::{self, DoesNotOpen};
use parclose_crypto::{Secret, hash, kdf_secret, padding};
use parclose_types::{AudienceId, ChannelId, ClassId, Epoch, FieldId, Generation, RecordId, enc, labels};
use zeroize::Zeroizing;

use crate::tree::{LeafKey, PreparedLeaf};

/// Where a field stands: everything that its ciphertext is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldPlace {
    /// channel
    pub channel: ChannelId,
    /// generation
    pub generation: Generation,
    /// epoch in which it was sealed
    pub epoch: Epoch,
    /// concrete audience
    pub audience: AudienceId,
    /// class, from the schema
    pub class: ClassId,
    /// [`record_key_hash`] of its record
    pub record_key: [u8; 32],
    /// field, from the schema
    pub field: FieldId,
    /// `H("salt", salt)` of its transaction
    pub salt_digest: [u8; 32],
}

/// `H("salt", salt)`: names a salt without showing it.
#[must_use]
pub fn salt_digest(salt: &[u8; 32]) -> [u8; 32] {
    hash(labels::SALT, &[salt])
}

/// `H("record-key", record type, record id)`: names a record inside field contexts.
#[must_use]
pub fn record_key_hash(record_type: &str, record: &RecordId) -> [u8; 32] {
    hash(labels::RECORD_KEY, &[record_type.as_bytes(), record.as_ref()])
}

impl FieldPlace {
    /// `fctx`, the context of the field (SEA-05).
    ///
    /// # Rules
    ///
    /// > SEA-05: the field context binds channel, generation, epoch, audience, class, record, field and salt.
    #[must_use]
    pub fn context(&self) -> Vec<u8> {
        enc(
            labels::FCTX,
            &[
                self.channel.as_ref(),
                &self.generation.0.to_be_bytes(),
                &self.epoch.0.to_be_bytes(),
                self.audience.as_ref(),
                &self.class.0.to_be_bytes(),
                &self.record_key,
                &self.field.0.to_be_bytes(),
                &self.salt_digest,
            ],
        )
    }
}

/// The key of one field of one transaction. Single use.
#[derive(Debug)]
pub struct FieldKey(Secret);

impl FieldKey {
    /// `K_f = KDF(L_e, 32, "field", salt, fctx)`.
    #[must_use]
    pub fn derive(leaf: &LeafKey, salt: &[u8; 32], context: &[u8]) -> Self {
        Self(kdf_secret(&leaf.0, labels::FIELD, &[salt, context]))
    }

    /// As [`FieldKey::derive`], from a leaf that was prepared.
    #[must_use]
    pub fn derive_prepared(leaf: &PreparedLeaf, salt: &[u8; 32], context: &[u8]) -> Self {
        Self(Secret::from_zeroizing(&leaf.0.kdf(labels::FIELD, &[salt, context])))
    }

    /// The key of a field that somebody has disclosed. It proves nothing by itself.
    #[must_use]
    pub fn of_disclosed(key: Secret) -> Self {
        Self(key)
    }

    /// Seals one plaintext; takes the key, because it must not seal a second.
    #[must_use]
    pub fn seal(self, context: &[u8], plaintext: &[u8]) -> SealedField {
        let sealed = seal::seal(&self.0, labels::SEAL, context, &padding::pad(plaintext));
        SealedField { commitment: sealed.commitment, ciphertext: sealed.ciphertext }
    }

    /// Opens: key commitment, ciphertext, padding; one failure without detail.
    pub fn open(&self, context: &[u8], sealed: &SealedField) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let padded = seal::open(&self.0, labels::SEAL, context, &sealed.commitment, &sealed.ciphertext)?;
        padding::unpad(&padded).map(|plain| Zeroizing::new(plain.to_vec())).ok_or(DoesNotOpen)
    }

    /// The key of a field that holds an amount, from which its blindings are derived (chapter 13).
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Lends key, nonce and commitment and the field key itself, for vectors.
    pub fn expose<T>(&self, look: impl FnOnce(&[u8; 32]) -> T) -> T {
        self.0.expose(look)
    }

    /// The derived sealing values, for vectors.
    #[must_use]
    pub fn seal_keys(&self, context: &[u8]) -> seal::SealKeys {
        seal::SealKeys::derive(&self.0, labels::SEAL, context)
    }
}

/// A sealed field as stored and sent: key commitment and ciphertext.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SealedField {
    /// 32-byte key commitment
    pub commitment: [u8; 32],
    /// padded ciphertext with its tag
    pub ciphertext: Vec<u8>,
}

impl std::fmt::Debug for SealedField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedField({} bytes)", self.ciphertext.len())
    }
}

/// `H("field-leaf", field id, com, SHA-256(ct))`: what the log keeps of a sealed field.
///
/// # Rules
///
/// > SEA-06: a field leaf commits to field id, key commitment and ciphertext, and hides the plaintext.
#[must_use]
pub fn field_leaf(field: FieldId, sealed: &SealedField) -> [u8; 32] {
    hash(labels::FIELD_LEAF, &[&field.0.to_be_bytes(), &sealed.commitment, &sha256(&sealed.ciphertext)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use parclose_crypto::secret::hazmat::secret_from_bytes;

    fn place() -> FieldPlace {
        FieldPlace {
            channel: ChannelId([1; 32]),
            generation: Generation(2),
            epoch: Epoch(3),
            audience: AudienceId([4; 32]),
            class: ClassId(5),
            record_key: [6; 32],
            field: FieldId(7),
            salt_digest: [8; 32],
        }
    }

    fn key() -> FieldKey {
        FieldKey(secret_from_bytes([9; 32]))
    }

    #[test]
    fn sea_05_moving_a_field_anywhere_fails() {
        let sealed = key().seal(&place().context(), b"42");
        let opens = |place: FieldPlace| key().open(&place.context(), &sealed).is_ok();
        assert!(opens(place()));
        assert!(!opens(FieldPlace { channel: ChannelId([9; 32]), ..place() }));
        assert!(!opens(FieldPlace { generation: Generation(9), ..place() }));
        assert!(!opens(FieldPlace { epoch: Epoch(9), ..place() }));
        assert!(!opens(FieldPlace { audience: AudienceId([9; 32]), ..place() }));
        assert!(!opens(FieldPlace { class: ClassId(9), ..place() }));
        assert!(!opens(FieldPlace { record_key: [9; 32], ..place() }));
        assert!(!opens(FieldPlace { field: FieldId(9), ..place() }));
        assert!(!opens(FieldPlace { salt_digest: [9; 32], ..place() }));
    }

    #[test]
    fn sea_05_a_record_is_named_by_its_type_and_id_and_a_salt_by_itself() {
        let of = |record_type, id| record_key_hash(record_type, &RecordId([id; 32]));
        assert_ne!(of("a", 1), of("b", 1));
        assert_ne!(of("a", 1), of("a", 2));
        assert_ne!(salt_digest(&[1; 32]), salt_digest(&[2; 32]));
        assert_ne!(of("a", 1), hash(labels::SALT, &[b"a", &[1; 32]]), "the label counts");
    }

    #[test]
    fn sea_05_salt_and_context_make_the_key() {
        let leaf = LeafKey(secret_from_bytes([1; 32]));
        let of = |salt: u8, context: &[u8]| FieldKey::derive(&leaf, &[salt; 32], context).expose(|b| *b);
        assert_ne!(of(1, b"c"), of(2, b"c"));
        assert_ne!(of(1, b"c"), of(1, b"d"));
    }

    #[test]
    fn sea_06_leaf_covers_field_commitment_and_ciphertext() {
        let sealed = key().seal(&place().context(), b"42");
        let leaf = field_leaf(FieldId(7), &sealed);
        assert_ne!(leaf, field_leaf(FieldId(8), &sealed));
        let mut other = sealed.clone();
        other.commitment[0] ^= 1;
        assert_ne!(leaf, field_leaf(FieldId(7), &other));
        let mut other = sealed;
        other.ciphertext[0] ^= 1;
        assert_ne!(leaf, field_leaf(FieldId(7), &other));
    }

    #[test]
    fn sealed_fields_and_keys_do_not_print_contents() {
        assert_eq!(format!("{:?}", key()), "FieldKey(Secret(..))");
        assert_eq!(format!("{:?}", key().seal(b"", b"")), "SealedField(48 bytes)");
    }
}
