//! Views: the same bytes, as each reader sees them.
//!
//! A field is `opened`, `sealed` (the reader's keys do not reach it) or `malformed` (they do, and
//! it does not open or is not of its type: the writer's doing, and a matter for a complaint).

use parclose_amounts::{AmountCommitment, Opening, OwnerBlind};
use parclose_keys::{FieldKey, FieldPlace, SealedField, record_key_hash};
use parclose_types::{AssetId, ChannelId, Epoch, FieldId, Generation, RecordId};

use crate::body::FieldEntry;
use crate::definition::{FieldSchema, RecordType};
use crate::key_ring::Perspective;
use crate::value::FieldValue;

/// What a reader gets of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldState {
    /// opened: the value
    Opened(FieldValue),
    /// the reader's keys do not reach it
    Sealed,
    /// in reach, but does not open or is not of its type
    Malformed,
    /// the members have erased it: nobody can open it any more
    Erased,
    /// it is not here, though it should be: another member has it
    Missing,
}

/// A field as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldView {
    /// which field
    pub field: FieldId,
    /// what the reader gets
    pub state: FieldState,
}

/// Where a record's field was sealed, but for the field itself.
#[derive(Clone, Copy, Debug)]
pub struct Provenance<'a> {
    /// channel
    pub channel: ChannelId,
    /// generation of sealing
    pub generation: Generation,
    /// epoch of sealing
    pub epoch: Epoch,
    /// salt of the transaction
    pub salt: &'a [u8; 32],
    /// record
    pub record: RecordId,
}

/// A record in one transaction: where its fields were sealed, worked out once for all of them.
#[derive(Debug)]
pub struct Site<'a> {
    record_type: &'a RecordType,
    from: Provenance<'a>,
    record_key: [u8; 32],
    salt_digest: [u8; 32],
}

/// A field in a reader's reach, or not.
struct Reach {
    place: FieldPlace,
    context: Vec<u8>,
    key: Option<FieldKey>,
}

/// A value with the key that opened it; `None` in place of a value that does not open or is not of its type.
struct Found(Option<(FieldValue, FieldKey)>);

impl<'a> Site<'a> {
    /// The site of a record of a type.
    #[must_use]
    pub fn of(record_type: &'a RecordType, from: &Provenance<'a>) -> Self {
        let record_key = record_key_hash(&record_type.name, &from.record);
        let salt_digest = parclose_keys::field::salt_digest(from.salt);
        Self { record_type, from: *from, record_key, salt_digest }
    }

    fn reach(&self, reader: &dyn Perspective, schema: &FieldSchema, entry: &FieldEntry) -> Reach {
        let place = FieldPlace {
            channel: self.from.channel,
            generation: self.from.generation,
            epoch: self.from.epoch,
            audience: entry.audience,
            class: schema.class,
            record_key: self.record_key,
            field: entry.field,
            salt_digest: self.salt_digest,
        };
        let context = place.context();
        let key = reader.field_key(&place, self.from.salt, &context);
        Reach { place, context, key }
    }

    /// `None` where the reader's keys do not reach.
    ///
    /// # Rules
    ///
    /// > VIE-01: a field is opened only with a key that reaches its audience, class and epoch; all else stays sealed.
    /// > VIE-02: a field in reach of a checked key that does not open, or is not of its type, is shown as malformed and never as absent.
    fn find(&self, reader: &dyn Perspective, entry: &FieldEntry, sealed: &SealedField) -> Option<Found> {
        let Some(schema) = self.record_type.field(entry.field) else { return Some(Found(None)) };
        let Reach { place, context, key } = self.reach(reader, schema, entry);
        let key = key?;
        let plain = key.open(&context, sealed).ok();
        let value = plain.and_then(|plain| FieldValue::from_bytes(schema.field_type, &plain).ok());
        match value {
            Some(value) => Some(Found(Some((value, key)))),
            None => reader.is_checked(&place).then_some(Found(None)),
        }
    }

    /// Tries to open one field with a reader's keys.
    #[must_use]
    pub fn open_field(
        &self,
        reader: &dyn Perspective,
        entry: &FieldEntry,
        sealed: &SealedField,
    ) -> FieldState {
        match self.find(reader, entry, sealed) {
            Some(Found(Some((value, _)))) => FieldState::Opened(value),
            Some(Found(None)) => FieldState::Malformed,
            None => FieldState::Sealed,
        }
    }

    /// Tries to open the field of a committed amount. What it opens to has still to be compared with the commitment (VIE-03).
    #[must_use]
    pub fn open_quantity(
        &self,
        reader: &dyn Perspective,
        (entry, sealed): (&FieldEntry, &SealedField),
        asset: &AssetId,
    ) -> NoteState {
        let opened = |value, key: &FieldKey| OpenedNote {
            value,
            opening: Opening::derive(asset, value, key.secret()),
            blind: OwnerBlind::derive(key.secret()),
        };
        match self.find(reader, entry, sealed) {
            Some(Found(Some((FieldValue::Quantity(value), key)))) => NoteState::Opened(opened(value, &key)),
            Some(Found(_)) => NoteState::Malformed,
            None => NoteState::Sealed,
        }
    }
}

/// Tries to open one field with a reader's keys.
#[must_use]
pub fn open_field(
    reader: &dyn Perspective,
    record_type: &RecordType,
    from: &Provenance<'_>,
    entry: &FieldEntry,
    sealed: &SealedField,
) -> FieldView {
    FieldView { field: entry.field, state: Site::of(record_type, from).open_field(reader, entry, sealed) }
}

/// What a reader gets of a note.
#[derive(Debug)]
pub enum NoteState {
    /// opened, and what the commitment is to
    Opened(OpenedNote),
    /// the reader's keys do not reach its amount
    Sealed,
    /// in reach, but does not open, or to another amount than the committed one
    Malformed,
}

/// A note whose amount a reader has opened: all that it takes to spend it, but for its owner's key.
pub struct OpenedNote {
    /// smallest units of the asset
    pub value: u64,
    /// what its commitment opens to
    pub opening: Opening,
    /// what blinds its owner commitment
    pub blind: OwnerBlind,
}

impl std::fmt::Debug for OpenedNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenedNote(..)")
    }
}

/// Tries to open a committed amount by its field.
///
/// # Rules
///
/// > VIE-03: a committed amount is shown as opened only if the field's value and key give the commitment; else it is malformed.
#[must_use]
pub fn open_amount(
    reader: &dyn Perspective,
    record_type: &RecordType,
    from: &Provenance<'_>,
    (entry, sealed): (&FieldEntry, &SealedField),
    (asset, commitment): (&AssetId, &AmountCommitment),
) -> NoteState {
    match Site::of(record_type, from).open_quantity(reader, (entry, sealed), asset) {
        NoteState::Opened(opened) if opened.opening.commitment() != *commitment => NoteState::Malformed,
        state => state,
    }
}

#[cfg(test)]
mod tests;
