//! The channel's tag key, and the tags that this member makes with it.

use std::collections::BTreeMap;

use parclose_transaction::definition::{KEY_FIELD, RecordType, ValueRole};
use parclose_transaction::tag::tag_key_record;
use parclose_transaction::{DraftOperation, FieldState, FieldValue, TagKey};
use parclose_types::{KeyedTag, RecordId};

use super::TagConflict;
use crate::channel::Channel;
use crate::error::ChannelError;
use crate::payment::CannotPay;
use crate::steps::Values;

impl Channel {
    /// The channel's tag key, if anybody has said it and this member can read it.
    pub fn tag_key(&self) -> Result<Option<TagKey>, ChannelError> {
        let values = self.opened(&tag_key_record(&self.id()))?;
        Ok(values.get(KEY_FIELD).and_then(TagKey::of_value))
    }

    /// Says the channel's tag key: the next version of its record.
    pub fn say_tag_key(&self, key: &TagKey) -> Result<DraftOperation, CannotPay> {
        let record = tag_key_record(&self.id());
        let before = self.record(&record)?;
        let record_type = self.type_of(ValueRole::TagKey)?;
        Ok(DraftOperation {
            action: if before.is_some() { "update" } else { "create" }.into(),
            record_type: record_type.name.clone(),
            record,
            version: before.map_or(1, |row| row.version.saturating_add(1)),
            parties: record_type.slots.iter().map(|slot| (slot.name.clone(), self.own_id())).collect(),
            fields: [(KEY_FIELD.to_owned(), key.to_value())].into(),
            keyed_tag: None,
        })
    }

    /// The keyed tag of a record with these parties and fields, if its life cycle has one.
    ///
    /// # Rules
    ///
    /// > TAG-08: whoever takes a step that claims a tag makes it with the channel's tag key of what the record says, or does not take it.
    pub fn make_tag(
        &self,
        record_type: &RecordType,
        parties: &BTreeMap<String, parclose_types::MemberId>,
        fields: &Values,
    ) -> Result<Option<KeyedTag>, CannotPay> {
        let Some(by) = record_type.lifecycle.as_ref().and_then(|life| life.tag.as_ref()) else {
            return Ok(None);
        };
        let key = self.tag_key()?.ok_or(TagConflict::NoKey)?;
        Ok(Some(key.tag(by, parties, fields).ok_or(TagConflict::NotMade)?))
    }

    /// Whether a record's tag is the one that its fields make, so that whoever finances it is not shown another; `None` if it has none, or
    /// this member cannot tell.
    pub fn has_own_tag(&self, record: &RecordId) -> Result<Option<bool>, ChannelError> {
        let Some(row) = self.record(record)? else { return Ok(None) };
        let record_type = self.definition().record(row.record_type);
        let (Some(record_type), Some(tag)) = (record_type, row.keyed_tag) else { return Ok(None) };
        let named = |(index, member): &(u8, parclose_types::MemberId)| {
            record_type.slots.get(usize::from(*index)).map(|slot| (slot.name.clone(), *member))
        };
        let parties = row.parties.iter().filter_map(named).collect();
        match self.make_tag(record_type, &parties, &self.opened(record)?) {
            Ok(made) => Ok(made.map(|made| made == tag)),
            Err(CannotPay::Channel(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The fields of a record that open here.
    pub(crate) fn opened(&self, record: &RecordId) -> Result<BTreeMap<String, FieldValue>, ChannelError> {
        let Some(view) = self.view_record(self.keys(), record)? else { return Ok(BTreeMap::new()) };
        let Some(record_type) = self.definition().record(view.row.record_type) else {
            return Ok(BTreeMap::new());
        };
        let named = |field: parclose_transaction::FieldView| {
            let name = record_type.field(field.field)?.name.clone();
            match field.state {
                FieldState::Opened(value) => Some((name, value)),
                _ => None,
            }
        };
        Ok(view.fields.into_iter().filter_map(named).collect())
    }
}
