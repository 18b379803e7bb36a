//! Views: the same bytes, as each reader sees them.
//!
//! A field is `opened`, `sealed` (the reader's keys do not reach it) or `malformed` (they do, and
//! it does not open or is not of its type: the writer's doing, and a matter for a complaint).

use parclose_keys::{FieldPlace, SealedField, record_key_hash};
use parclose_types::{ChannelId, Epoch, FieldId, Generation, RecordId};

use crate::body::FieldEntry;
use crate::definition::RecordType;
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
    let Some(key) = reader.field_key(&place, from.salt, &context) else {
        return view(FieldState::Sealed);
    };
    let value = key
        .open(&context, sealed)
        .ok()
        .and_then(|plain| FieldValue::from_bytes(schema.field_type, &plain).ok());
    let otherwise = if reader.is_checked(&place) { FieldState::Malformed } else { FieldState::Sealed };
    view(value.map_or(otherwise, FieldState::Opened))
}

#[cfg(test)]
mod tests;
