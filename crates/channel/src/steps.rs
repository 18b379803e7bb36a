//! Steps of this member's: what belongs into one transaction so that a step can be taken.
//!
//! What a step's record type is about is the template's affair: fields are named by the caller. What stands here
//! holds for every life cycle: the next version, the parties that the record has, notes that are issued, passed
//! on or redeemed with it. Whether the step leads from the state is looked at before anything is sealed; what
//! counts is the state that the transaction will meet.

use std::collections::BTreeMap;

use parclose_transaction::day::calendar_record;
use parclose_transaction::definition::{DATE_FIELD, RecordType, Step, ValueRole};
use parclose_transaction::{Day, DraftMovement, DraftOperation, FieldValue};
use parclose_types::{AssetId, Height, MemberId, PublicKey, RecordId};
use rand_core::CryptoRng;

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::holdings::OwnNote;
use crate::life::{LifeConflict, allows};
use crate::payment::pieces::check_pieces;
use crate::payment::{CannotPay, Drafted, fresh};
use crate::tables::{RECORDS, RecordRow};
use crate::value::{SUPPLIES, SupplyRow};

/// Values by the names of their fields.
pub type Values = BTreeMap<String, FieldValue>;

/// A note to make: whose it is, how much, and what its record says besides.
#[derive(Clone)]
pub struct NewNote {
    /// who holds it then
    pub to: MemberId,
    /// smallest units of the asset
    pub amount: u64,
    /// fields of its record, but for the amount
    pub fields: Values,
}

impl std::fmt::Debug for NewNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewNote({:?}, ..)", self.to)
    }
}

impl Channel {
    /// The channel's business day, if anybody has said one.
    pub fn business_day(&self) -> Result<Option<Day>, ChannelError> {
        Ok(self.store.get(&RECORDS, &calendar_record(&self.id()))?.and_then(|row: RecordRow| row.day))
    }

    /// How much of an asset circulates and in how many notes; `None` if it was never issued.
    pub fn circulating(&self, asset: &AssetId) -> Result<Option<SupplyRow>, ChannelError> {
        Ok(self.store.get(&SUPPLIES, asset)?)
    }

    /// Says a business day: the calendar's next version.
    pub fn say_business_day(&self, date: &str) -> Result<DraftOperation, CannotPay> {
        let day = Day::of(date).ok_or(LifeConflict::Day)?;
        let record = calendar_record(&self.id());
        let before = self.record(&record)?;
        if let Some(today) = before.as_ref().and_then(|row| row.day).filter(|today| day <= *today) {
            return Err(LifeConflict::NotLater { day: today }.into());
        }
        let record_type = self.type_of(ValueRole::Calendar)?;
        let version = before.as_ref().map_or(1, |row| row.version.saturating_add(1));
        let own = self.own_id();
        Ok(DraftOperation {
            keyed_tag: None,
            action: if before.is_some() { "update" } else { "create" }.into(),
            record_type: record_type.name.clone(),
            record,
            version,
            parties: parties(record_type, |_| own),
            fields: [(DATE_FIELD.to_owned(), FieldValue::Date(date.to_owned()))].into(),
        })
    }

    /// A step of a record that is there, if it leads from the state in which the record is now.
    pub fn draft_step(
        &self,
        record: &RecordId,
        step: &str,
        fields: Values,
    ) -> Result<DraftOperation, CannotPay> {
        let row = self.record(record)?.ok_or(ChannelError::Unknown { what: "record" })?;
        let record_type = self.definition().record(row.record_type);
        let record_type = record_type.ok_or(ChannelError::Unknown { what: "record type" })?;
        self.check_step(record_type, &row, step)?;
        let member = |slot: &str| {
            let index = record_type.slot_index(slot);
            let party = row.parties.iter().find(|(at, _)| Some(*at) == index);
            party.map_or(row.owner, |(_, member)| *member)
        };
        let parties = parties(record_type, member);
        let keyed_tag = match &record_type.lifecycle {
            Some(life) if life.is_tagged_by(step) => {
                let mut says = self.opened(record)?;
                says.extend(fields.clone());
                self.make_tag(record_type, &parties, &says)?
            }
            _ => None,
        };
        Ok(DraftOperation {
            keyed_tag,
            action: step.to_owned(),
            record_type: record_type.name.clone(),
            record: *record,
            version: row.version.saturating_add(1),
            parties,
            fields,
        })
    }

    /// The steps that lead from a record's state on the business day, whoever may take them.
    pub fn open_steps(&self, row: &RecordRow) -> Result<Vec<Step>, ChannelError> {
        let life = self.definition().record(row.record_type).and_then(|known| known.lifecycle.as_ref());
        let Some(life) = life else { return Ok(Vec::new()) };
        let today = self.business_day()?;
        let in_time = |step: &&Step| match (step.due_guard(), today, row.day) {
            (None, ..) => true,
            (Some(guard), Some(today), Some(due)) => allows(guard, today, due),
            (Some(_), ..) => false,
        };
        Ok(life.steps_from(row.status.as_deref()).filter(in_time).cloned().collect())
    }

    fn check_step(&self, record_type: &RecordType, row: &RecordRow, name: &str) -> Result<(), CannotPay> {
        let life = record_type.lifecycle.as_ref();
        let found = life.and_then(|life| life.step(name, Some(row.status.as_deref().unwrap_or_default())));
        let Some(step) = found else {
            return Err(LifeConflict::State { step: name.into(), state: row.status.clone() }.into());
        };
        let Some(guard) = step.due_guard() else { return Ok(()) };
        match (self.business_day()?, row.day) {
            (Some(today), Some(due)) if allows(guard, today, due) => Ok(()),
            (Some(today), Some(due)) => {
                Err(LifeConflict::NotTheDay { step: name.into(), guard, due, today }.into())
            }
            _ => Err(LifeConflict::NoBusinessDay { step: name.into() }.into()),
        }
    }

    /// A new record, made by a step or by `create`.
    pub fn draft_record(
        &self,
        record_type: &str,
        action: &str,
        member: impl Fn(&str) -> MemberId,
        fields: Values,
        rng: &mut impl CryptoRng,
    ) -> Result<DraftOperation, CannotPay> {
        let record_type = self.definition().record_named(record_type);
        let record_type = record_type.ok_or(ChannelError::Unknown { what: "record type" })?;
        let parties = parties(record_type, member);
        let keyed_tag = match &record_type.lifecycle {
            Some(life) if life.is_tagged_by(action) => self.make_tag(record_type, &parties, &fields)?,
            _ => None,
        };
        Ok(DraftOperation {
            keyed_tag,
            action: action.to_owned(),
            record_type: record_type.name.clone(),
            record: fresh(rng),
            version: 1,
            parties,
            fields,
        })
    }

    /// A step that issues: the one note of the asset, which its record is.
    pub fn draft_issue(
        &self,
        step: DraftOperation,
        note: &NewNote,
        rng: &mut impl CryptoRng,
    ) -> Result<Drafted, CannotPay> {
        check_pieces(std::iter::empty(), std::slice::from_ref(note))?;
        let asset = AssetId(step.record.0);
        let (made, owner) = self.new_note((step.record_type.as_str(), &step.parties), note, rng)?;
        let movements = vec![DraftMovement::Issue { asset, owners: vec![owner] }];
        Ok(Drafted { operations: vec![step, made], movements, set_aside: Vec::new() })
    }

    /// Notes of an asset become other notes of it: passed on, split, merged. They have to add up.
    /// `now` is the root chain's head.
    pub fn draft_moves(
        &mut self,
        asset: AssetId,
        spent: Vec<OwnNote>,
        notes: &[NewNote],
        now: Height,
        rng: &mut impl CryptoRng,
    ) -> Result<Drafted, CannotPay> {
        check_pieces(spent.iter().map(|note| note.opened.value), notes)?;
        let (operations, owners) = self.new_notes(asset, notes, rng)?;
        let set_aside = self.set_aside(&spent, now);
        let movements = vec![DraftMovement::Transfer { asset, spends: self.to_spends(spent), owners }];
        Ok(Drafted { operations, movements, set_aside })
    }

    /// A step that redeems some of its asset's notes, but for the rest. `now` is the root chain's head.
    pub fn draft_redemption(
        &mut self,
        step: DraftOperation,
        (spent, amount): (Vec<OwnNote>, u64),
        rest: &[NewNote],
        now: Height,
        rng: &mut impl CryptoRng,
    ) -> Result<Drafted, CannotPay> {
        let asset = AssetId(step.record.0);
        let (mut operations, owners) = self.new_notes(asset, rest, rng)?;
        let record_type = self.type_of(ValueRole::Redemption)?;
        let quantity = record_type.quantity_field().map(|field| field.name.clone());
        let own = self.own_id();
        operations.push(DraftOperation {
            keyed_tag: None,
            action: "create".into(),
            record_type: record_type.name.clone(),
            record: fresh(rng),
            version: 1,
            parties: parties(record_type, |_| own),
            fields: quantity.into_iter().map(|name| (name, FieldValue::Quantity(amount))).collect(),
        });
        operations.push(step);
        let set_aside = self.set_aside(&spent, now);
        let movements = vec![DraftMovement::Redeem { asset, spends: self.to_spends(spent), owners }];
        Ok(Drafted { operations, movements, set_aside })
    }

    pub(crate) fn new_notes(
        &self,
        asset: AssetId,
        notes: &[NewNote],
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<DraftOperation>, Vec<PublicKey>), CannotPay> {
        let row = self.record(&RecordId(asset.0))?.ok_or(ChannelError::Unknown { what: "asset" })?;
        let record_type = self.definition().record(row.record_type);
        let record_type = record_type.ok_or(ChannelError::Unknown { what: "record type" })?;
        let named = |(index, member): &(u8, MemberId)| {
            record_type.slots.get(usize::from(*index)).map(|slot| (slot.name.clone(), *member))
        };
        let of: BTreeMap<String, MemberId> = row.parties.iter().filter_map(named).collect();
        let made = notes.iter().map(|note| self.new_note((record_type.name.as_str(), &of), note, rng));
        Ok(made.collect::<Result<Vec<_>, _>>()?.into_iter().unzip())
    }

    /// A note's record: whoever is paid stands in `holder`, the asset's issuer in the slot that is called as its own,
    /// this member in every other.
    fn new_note(
        &self,
        (asset_type, asset_parties): (&str, &BTreeMap<String, MemberId>),
        note: &NewNote,
        rng: &mut impl CryptoRng,
    ) -> Result<(DraftOperation, PublicKey), CannotPay> {
        let record_type = self.type_of(ValueRole::Note)?;
        let issuer_slot =
            self.definition().record_named(asset_type).map_or("issuer", RecordType::issuer_slot);
        let issuer = asset_parties.get(issuer_slot).copied();
        let own = self.own_id();
        let member = |slot: &str| match slot {
            "holder" => note.to,
            slot if slot == issuer_slot => issuer.unwrap_or(own),
            _ => own,
        };
        let mut fields = note.fields.clone();
        let quantity = record_type.quantity_field().map(|field| field.name.clone());
        fields.extend(quantity.map(|name| (name, FieldValue::Quantity(note.amount))));
        let operation = DraftOperation {
            keyed_tag: None,
            action: "create".into(),
            record_type: record_type.name.clone(),
            record: fresh(rng),
            version: 1,
            parties: parties(record_type, member),
            fields,
        };
        Ok((operation, self.account_of(note.to)?.key))
    }
}

/// A member for each slot of a record type.
fn parties(record_type: &RecordType, member: impl Fn(&str) -> MemberId) -> BTreeMap<String, MemberId> {
    record_type.slots.iter().map(|slot| (slot.name.clone(), member(&slot.name))).collect()
}
