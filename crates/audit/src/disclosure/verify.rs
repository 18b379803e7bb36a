//! Verification of a disclosure, step by step; the value is opened last.

use parclose_channel::Verdict;
use parclose_crypto::hash::sha256;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::{FieldKey, FieldPlace, field_leaf, record_key_hash};
use parclose_root::Trust;
use parclose_transaction::authenticate::is_signed;
use parclose_transaction::definition::{FieldSchema, RecordType};
use parclose_transaction::{
    Body, Definition, FieldEntry, FieldType, FieldValue, Operation, UnverifiedTransaction,
};
use parclose_types::RecordId;
use zeroize::Zeroizing;

use super::{Disclosure, DisclosureInvalid, VERSION};
use crate::bundle::amounts::amount_at;
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
    value: FieldValue,
}

/// Where in a transaction the field stands, and what the definition says of it.
struct Place<'a> {
    operation: &'a Operation,
    entry: &'a FieldEntry,
    record_type: &'a RecordType,
    schema: &'a FieldSchema,
}

impl Disclosure {
    /// Verifies every step from the genesis, or from a checkpoint, to the value, offline.
    ///
    /// # Rules
    ///
    /// As in [`crate::Receipt::verify`] (REC-02 to REC-14) for the transaction, and:
    ///
    /// > DIS-02: a disclosure is of a version that the verifier knows.
    /// > DIS-03: the transaction has an outcome, and was applied.
    /// > DIS-11: a reader who gives the channel's definition is shown a value only if names and types were those of exactly this definition.
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
        let receipt = self.receipt.verify(trust)?;
        if !receipt.outcome().is_some_and(|outcome| *outcome.verdict() == Verdict::Applied) {
            return Err(DisclosureInvalid::NotApplied);
        }
        let body = signed(&self.receipt.ordered.permanent)?;
        let digest = sha256(self.definition.as_bytes());
        if known.is_some_and(|known| *known != digest) {
            return Err(DisclosureInvalid::OtherDefinition);
        }
        let definition = self.definition_of(&body)?;
        let place = self.place(&body, &definition)?;
        let key = FieldKey::of_disclosed(secret_from_bytes(self.key));
        let plain = self.open(&body, &place, &key, known.is_some())?;
        check_amount(&body, place.entry, &key, &plain, known.is_some())?;
        let value = FieldValue::from_bytes(place.schema.field_type, &plain);
        let value = value.map_err(|_| DisclosureInvalid::NotOpened { known: known.is_some() })?;
        if place.schema.field_type == FieldType::Quantity && amount_at(&body, &place.entry.leaf).is_none() {
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
            template: definition.template.clone(),
            definition: digest,
            value,
            body,
        })
    }

    /// # Rules
    ///
    /// > DIS-04: the definition is one of the version that the transaction names; whether it is the channel's is for a reader to compare who has that.
    fn definition_of(&self, body: &Body) -> Result<Definition, DisclosureInvalid> {
        let read = Definition::parse("channel.toml", &self.definition);
        read.ok()
            .filter(|definition| definition.version == body.definition_version)
            .ok_or(DisclosureInvalid::Definition)
    }

    /// # Rules
    ///
    /// > DIS-05: operation and field are there in the transaction, and the definition knows their types.
    fn place<'a>(&self, body: &'a Body, definition: &'a Definition) -> Result<Place<'a>, DisclosureInvalid> {
        let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let place = || {
            let operation = body.operations.get(index(self.operation))?;
            let entry = operation.fields.get(index(self.field))?;
            let record_type = definition.record(operation.record_type)?;
            Some(Place { operation, entry, record_type, schema: record_type.field(entry.field)? })
        };
        place().ok_or(DisclosureInvalid::NoField)
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

/// The transaction, if its author has signed it: endorsers alone could have applied what it never wrote.
///
/// # Rules
///
/// > DIS-13: the author that the transaction names has signed it.
fn signed(permanent: &[u8]) -> Result<Body, DisclosureInvalid> {
    let transaction = UnverifiedTransaction::decode(permanent)?;
    let body = transaction.claimed_body();
    if is_signed(&transaction.digest(), &body.author, transaction.claimed_signature()) {
        Ok(body.clone())
    } else {
        Err(DisclosureInvalid::NotSigned)
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
    let Some((asset, commitment)) = amount_at(body, &entry.leaf) else { return Ok(()) };
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

    #[test]
    fn dis_13_what_its_author_has_not_signed_was_not_written_by_it() {
        let mut consortium = Consortium::new();
        let statement = consortium.statement(0, 1, 1, 1);
        let (permanent, _) = statement.encode_parts();
        assert_eq!(signed(&permanent), Ok(statement.body().clone()));
        for at in [permanent.len() - 1, permanent.len() - 40] {
            let mut forged = permanent.clone();
            forged[at] ^= 1;
            assert_eq!(signed(&forged), Err(DisclosureInvalid::NotSigned));
        }
    }
}
