//! Verification of a disclosure, step by step; the value is opened last.

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::{FieldKey, FieldPlace, field_leaf, record_key_hash};
use parclose_root::Trust;
use parclose_transaction::{Body, FieldEntry, FieldType, FieldValue};
use parclose_types::RecordId;
use zeroize::Zeroizing;

use super::written::{Names, Place, Written};
use super::{Disclosure, DisclosureInvalid, VERSION};
use crate::receipt::VerifiedReceipt;

/// What a disclosure proves. Only [`Disclosure::verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedDisclosure {
    receipt: VerifiedReceipt,
    body: Body,
    record: RecordId,
    version: u64,
    record_type: String,
    field: String,
    template: String,
    definition: [u8; 32],
    entry: FieldEntry,
    value: FieldValue,
}

impl Disclosure {
    /// Verifies every step from the genesis, or from a checkpoint, to the value, offline.
    ///
    /// # Rules
    ///
    /// As in [`crate::Receipt::verify`] (REC-02 to REC-14) for the transaction, in `Written::of`, in `Names`, and:
    ///
    /// > DIS-02: a disclosure is of a version that the verifier knows.
    ///
    /// `known` is the SHA-256 of `channel.toml` as the reader has it, if it does.
    pub fn verify(
        &self,
        trust: impl Into<Trust>,
        known: Option<&[u8; 32]>,
    ) -> Result<VerifiedDisclosure, DisclosureInvalid> {
        if self.version != VERSION {
            return Err(DisclosureInvalid::Version { found: self.version });
        }
        let Written { receipt, body } = Written::of(&self.receipt, trust)?;
        let names = Names::of(&self.definition, known)?;
        let place = names.place(&body, (self.operation, self.field))?;
        let key = FieldKey::of_disclosed(secret_from_bytes(self.key));
        let plain = self.open(&body, &place, &key, known.is_some())?;
        check_amount(&body, place.entry, &key, &plain, known.is_some())?;
        let value = FieldValue::from_bytes(place.schema.field_type, &plain);
        let value = value.map_err(|_| DisclosureInvalid::NotOpened { known: known.is_some() })?;
        if place.schema.field_type == FieldType::Quantity && body.amount_at(&place.entry.leaf).is_none() {
            return Err(DisclosureInvalid::OtherAmount { known: known.is_some() });
        }
        let (record, version) = (place.operation.record, place.operation.version);
        let (record_type, field) = (place.record_type.name.clone(), place.schema.name.clone());
        Ok(VerifiedDisclosure {
            receipt,
            record,
            version,
            record_type,
            field,
            template: names.definition.template.clone(),
            definition: names.digest,
            entry: *place.entry,
            value,
            body,
        })
    }

    /// The commitment to the key first: a ciphertext that opens under two keys shows nobody a value.
    ///
    /// # Rules
    ///
    /// > DIS-06: the key gives the key commitment of the field at its place, before anything is decrypted.
    /// > DIS-07: key commitment and ciphertext are those of the field's leaf in the transaction.
    /// > DIS-08: the ciphertext opens to a value of the field's type.
    fn open(
        &self,
        body: &Body,
        at: &Place<'_>,
        key: &FieldKey,
        known: bool,
    ) -> Result<Zeroizing<Vec<u8>>, DisclosureInvalid> {
        let place = FieldPlace {
            channel: body.channel,
            generation: body.generation,
            epoch: body.epoch,
            audience: at.entry.audience,
            class: at.schema.class,
            record_key: record_key_hash(&at.record_type.name, &at.operation.record),
            field: at.entry.field,
            salt_digest: body.salt_digest,
        };
        let context = place.context();
        if key.seal_keys(&context).commitment() != &self.sealed.commitment {
            return Err(DisclosureInvalid::OtherKey);
        }
        if field_leaf(at.entry.field, &self.sealed) != at.entry.leaf {
            return Err(DisclosureInvalid::OtherLeaf);
        }
        key.open(&context, &self.sealed).map_err(|_| DisclosureInvalid::NotOpened { known })
    }
}

/// Whatever the definition calls it: what a movement commits to by the field's leaf is the amount.
///
/// # Rules
///
/// > DIS-09: the field by whose leaf a movement of the transaction has an amount opens to the amount that its commitment is to; no other field is shown as a quantity.
fn check_amount(
    body: &Body,
    entry: &FieldEntry,
    key: &FieldKey,
    plain: &[u8],
    known: bool,
) -> Result<(), DisclosureInvalid> {
    let Some((asset, commitment)) = body.amount_at(&entry.leaf) else { return Ok(()) };
    let value = plain.try_into().map(u64::from_be_bytes).ok();
    let opens = |value| commitment.check_opening(&asset, value, key.secret()).is_ok();
    if value.is_some_and(opens) { Ok(()) } else { Err(DisclosureInvalid::OtherAmount { known }) }
}

impl VerifiedDisclosure {
    /// What is proven of the transaction.
    #[must_use]
    pub fn receipt(&self) -> &VerifiedReceipt {
        &self.receipt
    }

    /// The transaction: who wrote it, when it was sealed.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> RecordId {
        self.record
    }

    /// The version of the record that the transaction made.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Name of the record's type.
    #[must_use]
    pub fn record_type(&self) -> &str {
        &self.record_type
    }

    /// Name of the field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Name of the definition's template.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }

    /// SHA-256 of `channel.toml`, to compare with the channel's.
    #[must_use]
    pub fn definition(&self) -> &[u8; 32] {
        &self.definition
    }

    /// The field's entry in its transaction.
    pub(super) fn entry(&self) -> &FieldEntry {
        &self.entry
    }

    /// The value that was written.
    #[must_use]
    pub fn value(&self) -> &FieldValue {
        &self.value
    }

    /// Its type.
    #[must_use]
    pub fn field_type(&self) -> FieldType {
        self.value.field_type()
    }
}

#[cfg(test)]
mod tests {
    use parclose_amounts::{Issue, Movement, NewNote, Opening, OwnerCommitment, RangeEngine};
    use parclose_crypto::SigningKey;
    use parclose_types::{AssetId, AudienceId, Failure, FieldId};

    use super::*;
    use crate::fixtures::Consortium;

    const ASSET: AssetId = AssetId([7; 32]);

    fn key(byte: u8) -> FieldKey {
        FieldKey::of_disclosed(secret_from_bytes([byte; 32]))
    }

    fn entry(leaf: u8) -> FieldEntry {
        FieldEntry { field: FieldId(1), audience: AudienceId([1; 32]), leaf: [leaf; 32] }
    }

    /// A transaction that issues two notes: 700 by leaf 1, 300 by leaf 2.
    fn issue(consortium: &mut Consortium) -> Body {
        let mut body = consortium.statement(0, 1, 1, 1).body().clone();
        let openings =
            [(700, 3), (300, 4)].map(|(value, byte)| Opening::derive(&ASSET, value, key(byte).secret()));
        let owner = OwnerCommitment([2; 32]);
        let [first, second] = &openings;
        let made =
            [(first, 1), (second, 2)].map(|(opening, leaf)| NewNote { owner, leaf: [leaf; 32], opening });
        let issuer = SigningKey::from_seed(&secret_from_bytes([9; 32]));
        let engine = RangeEngine::OF_FORMAT_1;
        let issue = Issue::new(&body.place(), ASSET, engine, &made, &issuer, &mut consortium.rng).unwrap();
        body.movements = vec![Movement::Issue(issue)];
        body
    }

    #[test]
    fn dis_09_an_amount_is_the_one_that_was_committed_to_whatever_it_is_called() {
        let body = issue(&mut Consortium::new());
        let rule = |leaf: u8, byte: u8, plain: &[u8]| {
            check_amount(&body, &entry(leaf), &key(byte), plain, true)
                .map_or_else(|refused| refused.rule(), |()| "")
        };
        assert_eq!(rule(1, 3, &700_u64.to_be_bytes()), "");
        assert_eq!(rule(2, 4, &300_u64.to_be_bytes()), "");
        for (leaf, byte, value) in [(1, 3, 701_u64), (1, 4, 700), (2, 3, 700), (1, 4, 300)] {
            assert_eq!(rule(leaf, byte, &value.to_be_bytes()), "DIS-09", "{leaf} {value}");
        }
        assert_eq!(rule(1, 3, b"2026-10"), "DIS-09", "read as a text");
        assert_eq!(rule(5, 3, b"2026-10"), "", "what is no amount has no commitment");
    }
}
