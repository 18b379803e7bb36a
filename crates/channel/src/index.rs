//! The blind index: from what a member can read to the records that say it.
//!
//! ```text
//!   a text that the member's keys open --> the records in which it stands or stood
//!   a record                           --> the transactions that have written it
//! ```
//!
//! The index is the member's own and lies in its store under blinded keys, with sealed values: on the
//! disk nobody sees which records share a value, and other members see nothing at all. It follows the
//! verdict log and is brought up to date when somebody asks, so that writing costs nothing more. Where
//! the member has got keys since, it is made anew.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_store::Durability;
use parclose_transaction::definition::RecordType;
use parclose_transaction::{FieldState, FieldType, FieldValue};
use parclose_types::{FieldId, RecordId, TransactionDigest, encode};

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::ledger::StoredTransaction;
use crate::tables::{INDEX, INDEXED, ONLY, Verdict};

/// How far the index has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Indexed {
    /// counts how often it was made anew; pages of earlier makings count as absent
    era: u32,
    /// keys that the member held when it was begun
    keys: u64,
    /// the next index in the verdict log
    next: u64,
}

/// What a page is named by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
enum Name {
    /// a text in a field of a record type
    Text(u32, FieldId, String),
    /// a record
    Record(RecordId),
}

/// Some of what stands under a name: record ids or transaction digests.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct IndexPage {
    era: u32,
    /// pages under the name; kept in the first
    pages: u32,
    entries: Vec<[u8; 32]>,
}

/// Entries of a page: a row stays small, and adding to it cheap.
const PAGE: usize = 128;
/// Verdicts that are indexed in one write.
const VERDICTS_AT_ONCE: usize = 2048;
/// Bytes of an indexed text; longer texts are no keys of anybody's business.
pub const INDEXED_TEXT_BYTES_MAX: usize = 256;

/// A record in which a text was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// the record
    pub record: RecordId,
    /// number of its type
    pub record_type: u32,
    /// the field
    pub field: FieldId,
    /// whether the field still says so
    pub current: bool,
}

impl Channel {
    /// Records in which a text stands, or stood, in a field that this member can read. The whole text has
    /// to be the same.
    ///
    /// # Rules
    ///
    /// > LOO-01: a text is found in every record in which a field that the member's keys open says it or has said it, and nowhere else.
    pub fn find(&mut self, text: &str) -> Result<Vec<Found>, ChannelError> {
        let indexed = self.bring_up_to_date()?;
        let mut found = BTreeSet::new();
        for (record_type, field) in self.text_fields()? {
            let name = Name::Text(record_type, field, text.to_owned());
            for entry in self.entries(&name, indexed.era)? {
                let record = RecordId(entry);
                let current = self.says(&record, field, text)?;
                found.insert(Found { record, record_type, field, current });
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Transactions that have written a record, in the order of the log.
    ///
    /// # Rules
    ///
    /// > LOO-02: the history of a record is every transaction that took effect on it, in the order of the log.
    pub fn history_of(&mut self, record: &RecordId) -> Result<Vec<TransactionDigest>, ChannelError> {
        let indexed = self.bring_up_to_date()?;
        let mut seen = BTreeSet::new();
        let mut history = self.entries(&Name::Record(*record), indexed.era)?;
        history.retain(|entry| seen.insert(*entry));
        Ok(history.into_iter().map(TransactionDigest).collect())
    }

    fn says(&self, record: &RecordId, field: FieldId, text: &str) -> Result<bool, ChannelError> {
        let view = self.view_record(self.keys(), record)?;
        let mut fields = view.into_iter().flat_map(|view| view.fields);
        Ok(fields.any(|view| {
            view.field == field
                && matches!(&view.state, FieldState::Opened(FieldValue::Text(now)) if now == text)
        }))
    }

    /// Text fields of every definition that the channel has had.
    fn text_fields(&self) -> Result<BTreeSet<(u32, FieldId)>, ChannelError> {
        let mut fields = BTreeSet::new();
        for term in &self.terms {
            let definition = self.definition_in(term.generation)?;
            let texts = |record: &RecordType| {
                let id = record.id;
                let texts = record.fields.iter().filter(|field| field.field_type == FieldType::Text);
                texts.map(move |field| (id, field.id)).collect::<Vec<_>>()
            };
            fields.extend(definition.records.iter().flat_map(texts));
        }
        Ok(fields)
    }

    /// Takes up what the log has brought since, a part at a time.
    fn bring_up_to_date(&mut self) -> Result<Indexed, ChannelError> {
        let keys = self.keys.len() as u64;
        let mut indexed: Indexed = self.store.get(&INDEXED, &ONLY)?.unwrap_or_default();
        if indexed.keys != keys {
            indexed = Indexed { era: indexed.era.wrapping_add(1), keys, next: 0 };
        }
        loop {
            let rows = self.verdicts(indexed.next, VERDICTS_AT_ONCE)?;
            let Some((last, _)) = rows.last() else { return Ok(indexed) };
            indexed.next = last + 1;
            let mut names: BTreeMap<Name, Vec<[u8; 32]>> = BTreeMap::new();
            for (_, row) in rows.iter().filter(|(_, row)| row.verdict == Verdict::Applied) {
                if let Some(stored) = self.transaction(&row.transaction)? {
                    self.collect(&stored, &mut names)?;
                }
            }
            let mut batch = self.store.batch();
            for (name, entries) in names {
                self.append(&name, entries, indexed.era, &mut batch)?;
            }
            batch.put(&INDEXED, &ONLY, &indexed);
            // It can be made again from the log: it need not survive a loss of power.
            self.store.commit(batch, Durability::Buffered)?;
        }
    }

    fn collect(
        &self,
        stored: &StoredTransaction,
        names: &mut BTreeMap<Name, Vec<[u8; 32]>>,
    ) -> Result<(), ChannelError> {
        let views = self.view_transaction(self.keys(), stored)?;
        for (operation, fields) in stored.body.operations.iter().zip(views) {
            names.entry(Name::Record(operation.record)).or_default().push(stored.digest.0);
            for view in fields {
                if let FieldState::Opened(FieldValue::Text(text)) = view.state
                    && text.len() <= INDEXED_TEXT_BYTES_MAX
                {
                    let name = Name::Text(operation.record_type, view.field, text);
                    names.entry(name).or_default().push(operation.record.0);
                }
            }
        }
        Ok(())
    }

    fn append(
        &self,
        name: &Name,
        mut entries: Vec<[u8; 32]>,
        era: u32,
        batch: &mut parclose_store::Batch,
    ) -> Result<(), ChannelError> {
        let mut first = self.page(name, 0, era)?.unwrap_or(IndexPage { era, pages: 1, entries: Vec::new() });
        let mut at = first.pages - 1;
        let mut page = if at == 0 { first.clone() } else { self.page(name, at, era)?.unwrap_or_default() };
        let mut rest = entries.drain(..).peekable();
        while rest.peek().is_some() {
            if page.entries.len() >= PAGE {
                if at > 0 {
                    batch.put(&INDEX, &key(name, at), &page);
                } else {
                    first.entries.clone_from(&page.entries);
                }
                at += 1;
                page = IndexPage { era, pages: 0, entries: Vec::new() };
            }
            page.era = era;
            let room = PAGE - page.entries.len();
            page.entries.extend(rest.by_ref().take(room));
        }
        if at > 0 {
            batch.put(&INDEX, &key(name, at), &page);
        } else {
            first.entries = page.entries;
        }
        first.pages = at + 1;
        batch.put(&INDEX, &key(name, 0), &first);
        Ok(())
    }

    fn entries(&self, name: &Name, era: u32) -> Result<Vec<[u8; 32]>, ChannelError> {
        let Some(first) = self.page(name, 0, era)? else { return Ok(Vec::new()) };
        let mut entries = first.entries;
        for at in 1..first.pages {
            entries.extend(self.page(name, at, era)?.unwrap_or_default().entries);
        }
        Ok(entries)
    }

    fn page(&self, name: &Name, at: u32, era: u32) -> Result<Option<IndexPage>, ChannelError> {
        let page: Option<IndexPage> = self.store.get(&INDEX, &key(name, at))?;
        Ok(page.filter(|page| page.era == era))
    }
}

fn key(name: &Name, page: u32) -> Vec<u8> {
    encode(&(name, page))
}

#[cfg(test)]
mod tests;
