//! What a reader finds that does not open: the complaint, with the key that it takes.

use parclose_channel::Channel;
use parclose_keys::{FieldPlace, PseudonymCertificate, SealedField, ViewKey, record_key_hash};
use parclose_transaction::{FieldEntry, FieldValue, GenerationConfig, Operation};
use parclose_types::{ChannelId, Generation, NetworkId, RecordId, TransactionDigest};

use super::{Against, Broken, Complaint, NotComplained};
use crate::bundle::{MalformedField, VerifiedBundle, VerifiedTransaction};
use crate::disclosure::NotDisclosed;
use crate::disclosure::held::Held;
use crate::evidence::{Evidence, Misconduct};
use crate::ring::{Keys, Ring};

impl Complaint {
    /// A member's complaint of a field of a record as it has it now.
    ///
    /// # Rules
    ///
    /// > MIS-18: a reader reveals the key of a field only where it convicts the field's author, and not where the field opens as it should.
    pub fn of_record(channel: &Channel, record: &RecordId, field: &str) -> Result<Evidence, NotComplained> {
        let held = Held::find(channel, record, field)?;
        let (generation, author) = (held.body.generation, held.body.author);
        let config = channel.kept_of(generation)?.0.config;
        let definition = channel.definition_in(generation)?;
        let complaint = Self {
            permanent: held.permanent,
            operation: held.at.0,
            field: held.at.1,
            record_type: held.record_type,
            class: held.class,
            key: held.key.expose(|bytes| *bytes),
            sealed: held.sealed,
        };
        let operation = held.body.operations.get(usize::try_from(held.at.0).unwrap_or(usize::MAX));
        let record_type = operation.and_then(|operation| definition.record(operation.record_type));
        let schema = record_type.and_then(|known| known.field_named(field)).ok_or(NotDisclosed::NoField)?;
        let of_type = |plain: &[u8]| FieldValue::from_bytes(schema.field_type, plain).is_ok();
        let accused = config.member(&author).ok_or(NotComplained::NoAuthor)?.certificate.clone();
        let evidence = against(&config, accused, complaint);
        convicts(&held.body.network, &evidence, of_type)?;
        Ok(evidence)
    }

    /// An auditor's complaint of a field that its view keys do not open.
    pub fn of_bundle(
        bundle: &VerifiedBundle,
        keys: &[ViewKey],
        malformed: &MalformedField,
    ) -> Result<Evidence, NotComplained> {
        let mut all = bundle.batches().iter().flat_map(|batch| &batch.transactions);
        let found = all.find(|transaction| transaction.digest == malformed.transaction);
        let transaction = found.ok_or(NotDisclosed::NoField)?;
        let generation = transaction.body.generation;
        let era = bundle.eras().iter().find(|era| era.config.generation == generation);
        let era = era.ok_or(NotDisclosed::NoField)?;
        let (at, operation, entry, sealed) = place(transaction, malformed).ok_or(NotDisclosed::NoField)?;
        let record_type = era.definition.record(operation.record_type).ok_or(NotDisclosed::NoField)?;
        let schema = record_type.field(entry.field).ok_or(NotDisclosed::NoField)?;
        let field_place = FieldPlace {
            channel: *bundle.channel(),
            generation,
            epoch: transaction.body.epoch,
            audience: entry.audience,
            class: schema.class,
            record_key: record_key_hash(&record_type.name, &operation.record),
            field: entry.field,
            salt_digest: transaction.body.salt_digest,
        };
        let (context, ring) = (field_place.context(), Ring::of(bundle.channel(), Keys::Views(keys)));
        let salt = &transaction.sealed.salt;
        let mut readers = ring.readers(generation, entry.audience, schema.class);
        // Another key for the same scope is somebody's invention, or the author has used another: either convicts nobody.
        let key = readers.find_map(|reader| {
            let key = reader.field_key(&field_place, salt, &context)?;
            (key.seal_keys(&context).commitment() == &sealed.commitment).then_some(key)
        });
        let key = key.ok_or(NotDisclosed::Sealed)?;
        let complaint = Self {
            permanent: transaction.permanent(),
            operation: at.0,
            field: at.1,
            record_type: record_type.name.clone(),
            class: schema.class,
            key: key.expose(|bytes| *bytes),
            sealed: sealed.clone(),
        };
        let of_type = |plain: &[u8]| FieldValue::from_bytes(schema.field_type, plain).is_ok();
        let accused = era.config.member(&transaction.body.author).ok_or(NotComplained::NoAuthor)?;
        let evidence = against(&era.config, accused.certificate.clone(), complaint);
        convicts(&transaction.body.network, &evidence, of_type)?;
        Ok(evidence)
    }
}

/// Every field of an export that its view keys do not open as they should, with the complaint of it, where it convicts.
///
/// Amounts are among them that open to another than the committed one.
#[must_use]
pub fn complaints(
    bundle: &VerifiedBundle,
    keys: &[ViewKey],
) -> Vec<(MalformedField, Result<Evidence, NotComplained>)> {
    let mut malformed = bundle.read(keys).malformed;
    let amounts = bundle.value(keys).into_values().flat_map(|asset| asset.malformed);
    for digest in amounts {
        let others = amounts_of(bundle, &digest).into_iter().filter(|field| !malformed.contains(field));
        malformed.extend(others.collect::<Vec<_>>());
    }
    let complaint = |field: MalformedField| {
        let made = Complaint::of_bundle(bundle, keys, &field);
        (field, made)
    };
    let all = malformed.into_iter().map(complaint);
    // Of a transaction with one wrong amount the others open.
    all.filter(|(_, made)| !matches!(made, Err(NotComplained::Opens))).collect()
}

/// The fields of a transaction by whose leaves its movements have amounts.
fn amounts_of(bundle: &VerifiedBundle, digest: &TransactionDigest) -> Vec<MalformedField> {
    let mut all = bundle.batches().iter().flat_map(|batch| &batch.transactions);
    let Some(transaction) = all.find(|transaction| transaction.digest == *digest) else { return Vec::new() };
    let body = &transaction.body;
    let fields = body.operations.iter().flat_map(|operation| {
        let amounts = operation.fields.iter().filter(|entry| body.amount_at(&entry.leaf).is_some());
        amounts.map(|entry| MalformedField {
            author: body.author,
            transaction: *digest,
            record: operation.record,
            field: entry.field,
            signed: transaction.is_signed_by_author(),
        })
    });
    fields.collect()
}

fn against(config: &GenerationConfig, accused: PseudonymCertificate, complaint: Complaint) -> Evidence {
    let of: (ChannelId, Generation) = (config.channel, config.generation);
    Evidence::against(of, vec![accused], Misconduct::Sealed(Box::new(complaint)))
}

/// What is to be shown is looked at first, as whoever gets it will.
fn convicts(
    network: &NetworkId,
    evidence: &Evidence,
    of_type: impl Fn(&[u8]) -> bool,
) -> Result<Broken, NotComplained> {
    let Misconduct::Sealed(complaint) = &evidence.misconduct else { return Err(NotComplained::Opens) };
    let Evidence { channel, generation, accused, .. } = evidence;
    let whom = Against { network, channel: *channel, generation: *generation, accused };
    if let Some(broken) = complaint.verify(&whom, None)?.broken {
        return Ok(broken);
    }
    let (_, body) = complaint.signed(&whom)?;
    let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    let operation = body.operations.get(index(complaint.operation));
    let entry = operation.and_then(|operation| operation.fields.get(index(complaint.field)));
    let (operation, entry) = operation.zip(entry).ok_or(NotDisclosed::NoField)?;
    match complaint.open(&body, (operation, entry))? {
        Err(broken) => Ok(broken),
        Ok(plain) if !of_type(&plain) => Ok(Broken::OtherType),
        Ok(_) => Err(NotComplained::Opens),
    }
}

type Place<'a> = ((u32, u32), &'a Operation, &'a FieldEntry, &'a SealedField);

fn place<'a>(transaction: &'a VerifiedTransaction, malformed: &MalformedField) -> Option<Place<'a>> {
    let operations = transaction.body.operations.iter().zip(&transaction.sealed.fields);
    let mut operations = operations.zip(0_u32..);
    let ((operation, sealed), at) =
        operations.find(|((operation, _), _)| operation.record == malformed.record)?;
    let mut fields = operation.fields.iter().zip(sealed).zip(0_u32..);
    let ((entry, sealed), field) = fields.find(|((entry, _), _)| entry.field == malformed.field)?;
    Some(((at, field), operation, entry, sealed))
}
