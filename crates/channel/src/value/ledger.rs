//! What the movements of one transaction meet: read first, because reading can fail and checking cannot.

use std::collections::{BTreeMap, BTreeSet};

use parclose_amounts::{AssetTerms, Effects, Ledger, Obligation, RangeEngine, UnspentNote};
use parclose_transaction::Body;
use parclose_transaction::definition::{RecordType, ValueRole};
use parclose_types::{AssetId, MemberId, NoteId, ObligationId, RecordId};

use super::{NoteRow, SupplyRow};
use crate::life::made_by;
use crate::obligations::ObligationRow;
use crate::process::{Execution, Stop};

/// Notes, obligations and assets that a transaction names.
#[derive(Debug, Default)]
pub(super) struct Met {
    notes: BTreeMap<NoteId, UnspentNote>,
    assets: BTreeMap<AssetId, (AssetTerms, SupplyRow)>,
    changed: BTreeSet<AssetId>,
    owed: BTreeMap<ObligationId, ObligationRow>,
}

impl Met {
    pub(super) fn insert_note(&mut self, row: NoteRow) {
        self.notes.insert(row.id, row.note);
    }

    pub(super) fn insert_obligation(&mut self, row: ObligationRow) {
        self.owed.insert(row.id, row);
    }

    pub(super) fn owed(&self, obligation: &ObligationId) -> Option<&ObligationRow> {
        self.owed.get(obligation)
    }

    pub(super) fn insert_asset(&mut self, terms: AssetTerms, row: SupplyRow) {
        self.assets.insert(row.asset, (terms, row));
    }

    /// What the next movement of the same transaction meets. It cannot spend what this one makes: the ids
    /// of new notes follow from the transaction's digest, which covers the movements.
    pub(super) fn follow(&mut self, effects: &Effects) {
        let mut spent = 0_u64;
        for note in effects.spent() {
            self.notes.remove(note);
            spent = spent.saturating_add(1);
        }
        for ended in effects.ended() {
            self.owed.remove(ended);
        }
        if let Some((_, row)) = self.assets.get_mut(&effects.asset()) {
            let supply = row.supply.after(effects.supply());
            let notes = row.notes.saturating_add(effects.made().len() as u64).saturating_sub(spent);
            let after = SupplyRow { supply, notes, ..*row };
            if after != *row {
                *row = after;
                self.changed.insert(effects.asset());
            }
        }
    }

    pub(super) fn changed_supplies(self) -> BTreeMap<AssetId, SupplyRow> {
        let Self { assets, changed, .. } = self;
        assets
            .into_iter()
            .filter(|(asset, _)| changed.contains(asset))
            .map(|(asset, (_, row))| (asset, row))
            .collect()
    }
}

impl Ledger for Met {
    fn unspent(&self, note: &NoteId) -> Option<UnspentNote> {
        self.notes.get(note).copied()
    }

    fn terms(&self, asset: &AssetId) -> Option<AssetTerms> {
        self.assets.get(asset).map(|(terms, _)| *terms)
    }

    fn obligation(&self, obligation: &ObligationId) -> Option<Obligation> {
        self.owed.get(obligation).map(|row| row.obligation)
    }
}

impl Execution<'_> {
    /// The terms of an asset: a record of that name, and its issuer's pseudonym in force. Of a later
    /// generation it is another key of the same member; who has left issues and redeems nothing more.
    ///
    /// # Rules
    ///
    /// > STA-13: an asset is a record of a type that stands for one, also one that the same transaction makes, named by its id, and its issuer is the member in the record's slot of the issuer as long as it has the slot's role.
    pub(super) fn terms(&self, asset: &AssetId, body: &Body) -> Result<Option<AssetTerms>, Stop> {
        let record = RecordId(asset.0);
        let (number, parties) = match (self.current(&record)?, made_by(body, &record)) {
            (Some(row), _) => (row.record_type, row.parties),
            (None, Some(made)) => (made.record_type, made.parties.clone()),
            (None, None) => return Ok(None),
        };
        let record_type = self.in_force.definition.record(number);
        let Some(record_type) = record_type.filter(|known| known.value == Some(ValueRole::Asset)) else {
            return Ok(None);
        };
        let member =
            self.issuer(record_type, &parties).and_then(|member| self.in_force.config.by_id(&member));
        let issuer = member.map(|entry| entry.certificate.pseudonym);
        Ok(Some(AssetTerms { issuer, engine: RangeEngine::OF_FORMAT_1 }))
    }

    fn issuer(&self, record_type: &RecordType, parties: &[(u8, MemberId)]) -> Option<MemberId> {
        let slot = record_type.slot_index(record_type.issuer_slot())?;
        let role = &record_type.slots.get(usize::from(slot))?.role;
        let member = parties.iter().find(|(at, _)| *at == slot).map(|(_, member)| *member)?;
        self.in_force.has_role(&member, role).then_some(member)
    }
}
