//! A record as this member sees it, by the names of its fields and slots.

use parclose_channel::tables::RecordRow;
use parclose_channel::{Channel, ChannelError, RecordView, Values};
use parclose_transaction::definition::RecordType;
use parclose_transaction::{Day, FieldState, FieldValue};
use parclose_types::{MemberId, RecordId};

use crate::error::CliError;

/// A record, and what opens of it.
pub(super) struct Seen {
    pub(super) row: RecordRow,
    pub(super) record_type: RecordType,
    pub(super) values: Values,
    /// fields that are this member's to read and do not open as they should
    pub(super) malformed: Vec<String>,
}

impl Seen {
    /// A record of whatever type.
    pub(super) fn of(channel: &Channel, record: &RecordId) -> Result<Option<Self>, ChannelError> {
        let view = channel.view_record(channel.keys(), record)?;
        Ok(view.and_then(|view| Self::of_view(channel, view)))
    }

    /// A record of a type, or why there is none.
    pub(super) fn typed(channel: &Channel, record: &RecordId, name: &str) -> Result<Self, CliError> {
        let seen = Self::of(channel, record)?.filter(|seen| seen.record_type.name == name);
        seen.ok_or_else(|| CliError::usage(format!("`{record}` is no {name}"), "parclose receivable list"))
    }

    pub(super) fn of_view(channel: &Channel, view: RecordView) -> Option<Self> {
        let record_type = channel.definition().record(view.row.record_type)?.clone();
        let (mut values, mut malformed) = (Values::new(), Vec::new());
        for field in view.fields {
            let Some(name) = record_type.field(field.field).map(|known| known.name.clone()) else { continue };
            match field.state {
                FieldState::Opened(value) => drop(values.insert(name, value)),
                FieldState::Malformed => malformed.push(name),
                FieldState::Sealed | FieldState::Erased | FieldState::Missing => {}
            }
        }
        Some(Self { row: view.row, record_type, values, malformed })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(FieldValue::Text(text) | FieldValue::Date(text)) => Some(text),
            _ => None,
        }
    }

    /// Units and currency.
    pub(super) fn amount(&self, name: &str) -> Option<(u64, String)> {
        match self.values.get(name) {
            Some(FieldValue::Amount(units, code)) => Some((*units, String::from_utf8_lossy(code).into())),
            _ => None,
        }
    }

    pub(super) fn party(&self, slot: &str) -> Option<MemberId> {
        let index = self.record_type.slot_index(slot)?;
        self.row.parties.iter().find(|(at, _)| *at == index).map(|(_, member)| *member)
    }

    pub(super) fn named(&self, channel: &Channel, slot: &str) -> Result<Option<String>, ChannelError> {
        Ok(self.party(slot).map(|member| channel.name_of(&member)).transpose()?.flatten())
    }

    /// Whether the sealed due date lies in the bucket that everybody sees; `None` for who cannot read it.
    pub(super) fn due_agrees(&self) -> Option<bool> {
        let due = self.record_type.lifecycle.as_ref()?.due.as_ref()?;
        let exact = Day::of_value(self.values.get(&due.field)?)?;
        Some(self.row.day == Some(exact.bucket(due.bucket_days)))
    }
}
