//! A field of a record as this member holds it: where it was written, and what opens it.

use parclose_amounts::{AmountCommitment, Opening};
use parclose_channel::{Channel, ChannelError};
use parclose_keys::field::salt_digest;
use parclose_keys::{FieldKey, FieldPlace, SealedField, record_key_hash};
use parclose_root::OrderProof;
use parclose_transaction::{Body, Perspective};
use parclose_types::{AssetId, ClassId, FieldId, NetworkId, RecordId, Sequence, TransactionDigest};

use super::refused::NotDisclosed;
use crate::receipt::Receipt;

/// A field that this member can open.
pub(crate) struct Held {
    /// the transaction that wrote it
    pub(crate) transaction: TransactionDigest,
    /// its permanent part
    pub(crate) permanent: Vec<u8>,
    pub(crate) body: Body,
    /// `channel.toml` of its generation
    pub(crate) definition: String,
    /// which operation of the transaction, and which field of that
    pub(crate) at: (u32, u32),
    pub(crate) record_type: String,
    pub(crate) class: ClassId,
    pub(crate) leaf: [u8; 32],
    context: Vec<u8>,
    pub(crate) key: FieldKey,
    pub(crate) sealed: SealedField,
}

/// An amount that this member can open, as a movement of its transaction has it.
pub(super) struct HeldAmount {
    pub(super) asset: AssetId,
    pub(super) commitment: AmountCommitment,
    pub(super) opening: Opening,
}

impl Held {
    /// A field of a record as this member has it now.
    pub(crate) fn find(channel: &Channel, record: &RecordId, field: &str) -> Result<Self, NotDisclosed> {
        let transaction = writer(channel, record, field)?;
        let stored = channel.transaction(&transaction)?.ok_or(NotDisclosed::NoField)?;
        let body = stored.body;
        let (_, texts, _) = channel.kept_of(body.generation)?;
        let definition = channel.definition_in(body.generation)?;
        let mut operations = body.operations.iter().zip(0_u32..);
        let found = operations.find(|(operation, _)| operation.record == *record);
        let (operation, at) = found.ok_or(NotDisclosed::NoField)?;
        let record_type = definition.record(operation.record_type).ok_or(NotDisclosed::NoField)?;
        let schema = record_type.field_named(field).ok_or(NotDisclosed::NoField)?;
        let place = operation.fields.iter().zip(0_u32..).find(|(entry, _)| entry.field == schema.id);
        let (entry, field) = place.ok_or(NotDisclosed::NoField)?;
        let leaf = entry.leaf;
        let sealed_part = stored.sealed.as_ref().ok_or(NotDisclosed::NoField)?;
        let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let sealed = sealed_part.fields.get(index(at)).and_then(|fields| fields.get(index(field)));
        let place = FieldPlace {
            channel: channel.config().channel,
            generation: body.generation,
            epoch: body.epoch,
            audience: entry.audience,
            class: schema.class,
            record_key: record_key_hash(&record_type.name, record),
            field: entry.field,
            salt_digest: salt_digest(&sealed_part.salt),
        };
        let context = place.context();
        let key = channel.keys().field_key(&place, &sealed_part.salt, &context);
        Ok(Self {
            transaction,
            permanent: stored.permanent,
            record_type: record_type.name.clone(),
            class: schema.class,
            definition: texts.channel_toml,
            at: (at, field),
            leaf,
            context,
            key: key.ok_or(NotDisclosed::Sealed)?,
            sealed: sealed.ok_or(NotDisclosed::NoField)?.clone(),
            body,
        })
    }

    /// The network that its transaction names.
    pub(super) fn network(&self) -> NetworkId {
        self.body.network
    }

    /// What the transaction commits to by this field, opened.
    pub(super) fn amount(&self) -> Result<HeldAmount, NotDisclosed> {
        let (asset, commitment) = self.body.amount_at(&self.leaf).ok_or(NotDisclosed::NoAmount)?;
        let plain = self.key.open(&self.context, &self.sealed).map_err(|_| NotDisclosed::Sealed)?;
        let value = plain.as_slice().try_into().map(u64::from_be_bytes);
        let opening = Opening::derive(&asset, value.map_err(|_| NotDisclosed::Sealed)?, self.key.secret());
        Ok(HeldAmount { asset, commitment, opening })
    }
}

/// The receipt of a transaction whose outcome is attested.
pub(super) fn attested(
    channel: &Channel,
    transaction: &TransactionDigest,
    order_proof: impl Fn(Sequence) -> Option<OrderProof>,
) -> Result<Receipt, NotDisclosed> {
    let receipt = Receipt::prove(channel, transaction, order_proof)?;
    if receipt.outcome.is_none() {
        let sequence = receipt.ordered.batch.sequence;
        return Err(ChannelError::NotAttested { sequence }.into());
    }
    Ok(receipt)
}

/// The number of a field of a record, by its name in the definition in force.
pub(super) fn field_id(channel: &Channel, record: &RecordId, field: &str) -> Result<FieldId, NotDisclosed> {
    let row = channel.record(record)?.ok_or(NotDisclosed::NoField)?;
    let record_type = channel.definition().record(row.record_type).ok_or(NotDisclosed::NoField)?;
    record_type.field_named(field).map(|schema| schema.id).ok_or(NotDisclosed::NoField)
}

/// The transaction that wrote what a field of a record is now.
fn writer(channel: &Channel, record: &RecordId, field: &str) -> Result<TransactionDigest, NotDisclosed> {
    let row = channel.record(record)?.ok_or(NotDisclosed::NoField)?;
    let id = field_id(channel, record, field)?;
    let held = row.fields.iter().find(|held| held.state.entry.field == id);
    held.map(|held| held.state.transaction).ok_or(NotDisclosed::NoField)
}
