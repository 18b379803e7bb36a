//! What a member holds: notes as a reader's keys show them, and which of them its own keys can spend.
//!
//! Reading is not spending. A view key opens amounts; a note is a member's own if its owner commitment is
//! to the key of one of the member's accounts, which the member derives from its secret.

use parclose_amounts::{AmountCommitment, OwnerCommitment, OwnerKey, Supply};
use parclose_transaction::definition::{OWNER_KEY_FIELD, RecordType, ValueRole};
use parclose_transaction::view::open_amount;
use parclose_transaction::{DraftSpend, FieldState, FieldValue, NoteState, OpenedNote, Perspective};
use parclose_types::{AssetId, MemberId, PublicKey, RecordId, hex};

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::ledger::LastPart;
use crate::tables::{RECORDS, RecordRow};
use crate::value::{NOTES, NoteRow, SUPPLIES};

/// A note that is not spent, as a reader sees it.
#[derive(Debug)]
pub struct NoteView {
    /// what every member sees of it
    pub row: NoteRow,
    /// its amount
    pub state: NoteState,
}

/// A note of this member's, with the account whose key spends it.
#[derive(Debug)]
pub struct OwnNote {
    /// what every member sees of it
    pub row: NoteRow,
    /// its amount, and what it takes to spend it but for the key
    pub opened: OpenedNote,
    /// the account that was paid
    pub account: RecordId,
}

/// Accounts of one member, each with the key that spends what is paid to it.
#[derive(Debug)]
pub struct OwnAccounts(Vec<(RecordId, PublicKey)>);

impl OwnAccounts {
    /// The account that a note was paid to, if it is one of these and the note opens.
    #[must_use]
    pub fn paid(&self, row: &NoteRow, state: &NoteState) -> Option<RecordId> {
        let NoteState::Opened(opened) = state else { return None };
        self.of(&row.note.owner, opened)
    }

    /// The account that an owner commitment is to, if it is one of these.
    pub(crate) fn of(&self, owner: &OwnerCommitment, opened: &OpenedNote) -> Option<RecordId> {
        let pays = |key: &PublicKey| OwnerCommitment::new(key, &opened.blind) == *owner;
        self.0.iter().find(|(_, key)| pays(key)).map(|(account, _)| *account)
    }
}

/// Where a member is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// its record
    pub record: RecordId,
    /// whose it is
    pub owner: MemberId,
    /// the key of the notes that are paid to it
    pub key: PublicKey,
}

impl Channel {
    /// Every note that is not spent, as `reader` sees it. The order means nothing.
    pub fn notes(&self, reader: &dyn Perspective) -> Result<Vec<NoteView>, ChannelError> {
        let mut rows = Vec::new();
        self.store.for_each(&NOTES, |_, row| rows.push(row))?;
        let mut last = None;
        let view = |row: NoteRow| Ok(NoteView { state: self.view_note(reader, &row, &mut last)?, row });
        rows.into_iter().map(view).collect()
    }

    pub(crate) fn view_note(
        &self,
        reader: &dyn Perspective,
        note: &NoteRow,
        last: &mut LastPart,
    ) -> Result<NoteState, ChannelError> {
        self.view_amount(reader, &note.record, (&note.note.asset, &note.note.commitment), last)
    }

    /// The amount that a record stands for, as `reader` sees it.
    pub(crate) fn view_amount(
        &self,
        reader: &dyn Perspective,
        record: &RecordId,
        amount: (&AssetId, &AmountCommitment),
        last: &mut LastPart,
    ) -> Result<NoteState, ChannelError> {
        let Some(row) = self.record(record)? else { return Ok(NoteState::Malformed) };
        let Some(first) = row.fields.first() else { return Ok(NoteState::Malformed) };
        let written_in = self.generation(first.state.generation)?;
        let quantity = written_in.definition.record(row.record_type).and_then(RecordType::quantity_field);
        let field = row.fields.iter().find(|field| Some(field.state.entry.field) == quantity.map(|q| q.id));
        let Some(field) = field else { return Ok(NoteState::Malformed) };
        let state = self.with_sealed(&row, field, last, |record_type, from, sealed| {
            open_amount(reader, record_type, from, (&field.state.entry, sealed), amount)
        });
        Ok(state?.unwrap_or(NoteState::Malformed))
    }

    /// The notes that this member can spend, with what it takes.
    ///
    /// # Rules
    ///
    /// > VAL-20: a note counts as a member's own only if it opens and its owner commitment is to the key of one of the member's accounts.
    pub fn own_notes(&self) -> Result<Vec<OwnNote>, ChannelError> {
        let accounts = self.own_accounts()?;
        let own = |NoteView { row, state }: NoteView| {
            let account = accounts.paid(&row, &state)?;
            let NoteState::Opened(opened) = state else { return None };
            Some(OwnNote { row, opened, account })
        };
        Ok(self.notes(self.keys())?.into_iter().filter_map(own).collect())
    }

    /// The accounts of this member's, by which it tells its own notes.
    pub fn own_accounts(&self) -> Result<OwnAccounts, ChannelError> {
        let own = self.own_id();
        let accounts = self.accounts()?.into_iter().filter(|account| account.owner == own);
        Ok(OwnAccounts(accounts.map(|own| (own.record, self.account_key(&own.record))).collect()))
    }

    /// Takes a note of this member's to spend it in a draft.
    #[must_use]
    pub fn to_spend(&self, note: OwnNote) -> DraftSpend {
        let OwnNote { row, opened, account } = note;
        DraftSpend {
            note: row.id,
            owner: self.owner_key(&account),
            blind: opened.blind,
            opening: opened.opening,
        }
    }

    /// The key of an account of this member's, which the account's record makes known.
    #[must_use]
    pub fn account_key(&self, account: &RecordId) -> PublicKey {
        self.owner_key(account).public()
    }

    fn owner_key(&self, account: &RecordId) -> OwnerKey {
        OwnerKey::derive(&self.member.owner(), &self.id(), &account.0)
    }

    /// Where members are paid: accounts that this member can read, the newest last. One that somebody has made in another's
    /// name, or that was written again is none.
    pub fn accounts(&self) -> Result<Vec<Account>, ChannelError> {
        self.known_accounts(|| self.read_accounts())
    }

    fn read_accounts(&self) -> Result<Vec<Account>, ChannelError> {
        let mut accounts = Vec::new();
        for row in self.account_rows()? {
            let Some(view) = self.view_record(self.keys(), &row.record)? else { continue };
            let record_type = self.record_type_of(&row)?;
            let key = record_type.as_ref().and_then(|known| known.field_named(OWNER_KEY_FIELD));
            let field = view.fields.iter().find(|view| Some(view.field) == key.map(|key| key.id));
            if let Some(FieldState::Opened(FieldValue::Text(text))) = field.map(|view| &view.state)
                && let Ok(bytes) = hex::decode_array(text)
            {
                accounts.push(Account { record: row.record, owner: row.owner, key: PublicKey(bytes) });
            }
        }
        Ok(accounts)
    }

    /// Accounts by their rows, the newest last: made by whoever is paid there, and never written again.
    fn account_rows(&self) -> Result<Vec<RecordRow>, ChannelError> {
        let mut accounts = self.rows_of(ValueRole::Account)?;
        let definition = self.definition();
        accounts.retain(|row| {
            let slot = definition.record(row.record_type).and_then(|known| known.slot_index("holder"));
            let holder = row.parties.iter().find(|(at, _)| Some(*at) == slot).map(|(_, member)| *member);
            row.version == 1 && holder == Some(row.owner)
        });
        Ok(accounts)
    }

    /// The records that are assets, the newest last.
    pub fn assets(&self) -> Result<Vec<RecordRow>, ChannelError> {
        self.rows_of(ValueRole::Asset)
    }

    /// How much of an asset circulates: a commitment, which who reads all notes can open.
    pub fn supply(&self, asset: &AssetId) -> Result<Supply, ChannelError> {
        let row = self.store.get(&SUPPLIES, asset)?;
        Ok(row.map_or_else(Supply::nothing, |row| row.supply))
    }

    fn rows_of(&self, role: ValueRole) -> Result<Vec<RecordRow>, ChannelError> {
        let definition = self.definition();
        let plays = |row: &RecordRow| {
            definition.record(row.record_type).is_some_and(|known| known.value == Some(role))
        };
        let mut rows = Vec::new();
        self.store.for_each(&RECORDS, |_, row: RecordRow| rows.extend(plays(&row).then_some(row)))?;
        rows.sort_by_key(|row| row.fields.first().map(|field| field.place));
        Ok(rows)
    }

    fn record_type_of(&self, row: &RecordRow) -> Result<Option<RecordType>, ChannelError> {
        let Some(first) = row.fields.first() else { return Ok(None) };
        Ok(self.generation(first.state.generation)?.definition.record(row.record_type).cloned())
    }
}

#[cfg(test)]
mod tests;
