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

/// A field in a reader's reach, or not.
struct Reach {
    place: FieldPlace,
    context: Vec<u8>,
    key: Option<FieldKey>,
}

impl Reach {
    fn of(
        reader: &dyn Perspective,
        record_type: &RecordType,
        schema: &FieldSchema,
        from: &Provenance<'_>,
        entry: &FieldEntry,
    ) -> Self {
        let place = FieldPlace {
            channel: from.channel,
            generation: from.generation,
            epoch: from.epoch,
            audience: entry.audience,
            class: schema.class,
            record_key: record_key_hash(&record_type.name, &from.record),
            field: entry.field,
            salt_digest: parclose_keys::field::salt_digest(from.salt),
        };
        let context = place.context();
        let key = reader.field_key(&place, from.salt, &context);
        Self { place, context, key }
    }
}

/// Tries to open one field with a reader's keys.
///
/// # Rules
///
/// > VIE-01: a field is opened only with a key that reaches its audience, class and epoch; all else stays sealed.
/// > VIE-02: a field in reach of a checked key that does not open, or is not of its type, is shown as malformed and never as absent.
#[must_use]
pub fn open_field(
    reader: &dyn Perspective,
    record_type: &RecordType,
    from: &Provenance<'_>,
    entry: &FieldEntry,
    sealed: &SealedField,
) -> FieldView {
    let view = |state| FieldView { field: entry.field, state };
    let Some(schema) = record_type.field(entry.field) else {
        return view(FieldState::Malformed);
    };
    let Reach { place, context, key } = Reach::of(reader, record_type, schema, from, entry);
    let Some(key) = key else {
        return view(FieldState::Sealed);
    };
    let value = key
        .open(&context, sealed)
        .ok()
        .and_then(|plain| FieldValue::from_bytes(schema.field_type, &plain).ok());
    let otherwise = if reader.is_checked(&place) { FieldState::Malformed } else { FieldState::Sealed };
    view(value.map_or(otherwise, FieldState::Opened))
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
    let FieldView { state, .. } = open_field(reader, record_type, from, entry, sealed);
    let value = match state {
        FieldState::Opened(FieldValue::Quantity(value)) => value,
        FieldState::Sealed => return NoteState::Sealed,
        FieldState::Opened(_) | FieldState::Malformed => return NoteState::Malformed,
    };
    let key = record_type
        .field(entry.field)
        .and_then(|schema| Reach::of(reader, record_type, schema, from, entry).key);
    let Some(key) = key.filter(|key| commitment.check_opening(asset, value, key.secret()).is_ok()) else {
        return NoteState::Malformed;
    };
    NoteState::Opened(OpenedNote {
        value,
        opening: Opening::derive(asset, value, key.secret()),
        blind: OwnerBlind::derive(key.secret()),
    })
}

#[cfg(test)]
mod tests;
