//! Verification of a disclosure, step by step; the value is opened last.

use parclose_crypto::hash::sha256;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::{FieldKey, FieldPlace, field_leaf, record_key_hash};
use parclose_root::Trust;
use parclose_transaction::definition::{FieldSchema, RecordType};
use parclose_transaction::{
    Body, Definition, FieldEntry, FieldType, FieldValue, Operation, UnverifiedTransaction,
};
use parclose_types::RecordId;

use super::{Disclosure, DisclosureInvalid, VERSION, is_applied};
use crate::bundle::amounts::amount_of;
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
    pub fn verify(&self, trust: impl Into<Trust>) -> Result<VerifiedDisclosure, DisclosureInvalid> {
        if self.version != VERSION {
            return Err(DisclosureInvalid::Version { found: self.version });
        }
        let receipt = self.receipt.verify(trust)?;
        if !receipt.outcome().is_some_and(|outcome| is_applied(outcome.verdict())) {
            return Err(DisclosureInvalid::NotApplied);
        }
        let body = UnverifiedTransaction::decode(&self.receipt.ordered.permanent)?.claimed_body().clone();
        let definition = self.definition_of(&body)?;
        let place = self.place(&body, &definition)?;
        let key = FieldKey::of_disclosed(secret_from_bytes(self.key));
        let value = self.open(&body, &place, &key)?;
        self.check_amount(&body, &definition, &key, &value)?;
        let (record, version) = (place.operation.record, place.operation.version);
        let (record_type, field) = (place.record_type.name.clone(), place.schema.name.clone());
        Ok(VerifiedDisclosure {
            receipt,
            record,
            version,
            record_type,
            field,
            template: definition.template.clone(),
            definition: sha256(self.definition.as_bytes()),
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
    fn open(&self, body: &Body, at: &Place<'_>, key: &FieldKey) -> Result<FieldValue, DisclosureInvalid> {
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
        let plain = key.open(&context, &self.sealed).map_err(|_| DisclosureInvalid::NotOpened)?;
        FieldValue::from_bytes(at.schema.field_type, &plain).map_err(|_| DisclosureInvalid::NotOpened)
    }

    /// # Rules
    ///
    /// > DIS-09: the amount of a note, of a redemption or of an obligation is the one that its commitment is to.
    fn check_amount(
        &self,
        body: &Body,
        definition: &Definition,
        key: &FieldKey,
        value: &FieldValue,
    ) -> Result<(), DisclosureInvalid> {
        let FieldValue::Quantity(value) = value else { return Ok(()) };
        let operation = usize::try_from(self.operation).unwrap_or(usize::MAX);
        let (asset, commitment) =
            amount_of(body, definition, operation).ok_or(DisclosureInvalid::OtherAmount)?;
        commitment.check_opening(&asset, *value, key.secret()).map_err(|_| DisclosureInvalid::OtherAmount)
    }
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
    use parclose_types::{AssetId, AudienceId, Failure};

    use super::*;
    use crate::fixtures::Consortium;

    const CASH: &str = include_str!("../../../../channels/dvp-cash/channel.toml");
    const ASSET: AssetId = AssetId([7; 32]);

    fn key(byte: u8) -> FieldKey {
        FieldKey::of_disclosed(secret_from_bytes([byte; 32]))
    }

    /// A transaction that issues two notes, after a record that is none: the amounts are 700 and 300.
    fn issue(consortium: &mut Consortium) -> Body {
        let definition = Definition::parse("channel.toml", CASH).unwrap();
        let mut body = consortium.statement(0, 1, 1, 1).body().clone();
        let openings =
            [(700, 3), (300, 4)].map(|(value, byte)| Opening::derive(&ASSET, value, key(byte).secret()));
        let owner = OwnerCommitment([2; 32]);
        let made = openings.each_ref().map(|opening| NewNote { owner, leaf: [0; 32], opening });
        let issuer = SigningKey::from_seed(&secret_from_bytes([9; 32]));
        let engine = RangeEngine::OF_FORMAT_1;
        let issue = Issue::new(&body.place(), ASSET, engine, &made, &issuer, &mut consortium.rng).unwrap();
        body.movements = vec![Movement::Issue(issue)];
        let operation = |name: &str, field: &str| {
            let record_type = definition.record_named(name).unwrap();
            let field = record_type.field_named(field).unwrap().id;
            let entry = FieldEntry { field, audience: AudienceId([1; 32]), leaf: [0; 32] };
            Operation { record_type: record_type.id, fields: vec![entry], ..body.operations[0].clone() }
        };
        let holding = || operation("holding", "quantity");
        body.operations = vec![operation("account", "owner_key"), holding(), holding()];
        body
    }

    #[test]
    fn dis_09_an_amount_is_the_one_that_was_committed_to() {
        let mut consortium = Consortium::new();
        let body = issue(&mut consortium);
        consortium.anchored(&[]);
        let definition = Definition::parse("channel.toml", CASH).unwrap();
        let statement = consortium.statement(0, 1, 1, 1);
        consortium.anchored(&[statement]);
        consortium.anchored(&[]);
        let proof = |sequence| consortium.order_proof(sequence);
        let disclosure =
            Disclosure::prove(&consortium.members[1], &RecordId([1; 32]), "total", proof).unwrap();
        let rule = |operation: u32, byte: u8, value: FieldValue| {
            let disclosure = Disclosure { operation, ..disclosure.clone() };
            disclosure
                .check_amount(&body, &definition, &key(byte), &value)
                .map_or_else(|refused| refused.rule(), |()| "")
        };
        assert_eq!(rule(1, 3, FieldValue::Quantity(700)), "");
        assert_eq!(rule(2, 4, FieldValue::Quantity(300)), "");
        for (operation, byte, value) in
            [(1, 3, 701), (1, 4, 700), (2, 3, 700), (1, 4, 300), (0, 3, 700), (3, 3, 700)]
        {
            assert_eq!(rule(operation, byte, FieldValue::Quantity(value)), "DIS-09", "{operation} {value}");
        }
        assert_eq!(rule(1, 3, FieldValue::Integer(5)), "", "what is no amount has no commitment");
    }
}
