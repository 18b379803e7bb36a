//! Lives of records: whether the steps of a transaction may be taken in the state that it meets.
//!
//! The policy has permitted each step already, to whoever takes it. Here it is asked whether it is time: the
//! state that the record is in, the business day, the notes of the record where it is an asset, and the steps
//! that have to come with it. Everything that is asked is public in the channel; no clock is read.

mod claim;
mod conflict;
mod notes;

use std::collections::BTreeMap;

use parclose_transaction::day::calendar_record;
use parclose_transaction::definition::{DueGuard, Lifecycle, RecordType, Step, ValueRole};
use parclose_transaction::{Day, FieldEntry, Operation};
use parclose_types::{MemberId, RecordId};

use crate::claims::ClaimRow;
use crate::process::{Execution, Stop};
use crate::prove::ProvenTransaction;
use crate::tables::RecordRow;

use claim::check_apart;
pub(crate) use claim::check_keyed_tag;
pub use conflict::LifeConflict;
pub(crate) use notes::made_by;

/// A step that a transaction takes.
pub(crate) struct Taken<'a> {
    record_type: &'a RecordType,
    operation: &'a Operation,
    step: &'a Step,
    /// the day on which the record is due
    due: Option<Day>,
}

/// What the steps of a transaction lead to.
pub(crate) struct Lives {
    /// the states to which its records go, by operation
    pub(crate) states: Vec<Option<String>>,
    /// claims that they make or give up
    pub(crate) claimed: Vec<ClaimRow>,
}

impl Execution<'_> {
    /// Checks the steps of a transaction, and what its movements may do with notes of assets that have a life.
    pub(crate) fn admit_lives(&self, tx: &ProvenTransaction, author: MemberId) -> Result<Lives, Stop> {
        let body = tx.transaction.body();
        let in_force = self.in_force.clone();
        let mut taken = BTreeMap::new();
        let mut states = Vec::with_capacity(body.operations.len());
        let mut claimed = Vec::new();
        for (operation, before) in body.operations.iter().zip(&tx.before) {
            let record_type = in_force.definition.record(operation.record_type);
            let value = record_type.and_then(|known| known.value);
            self.check_calendar(operation, before.as_ref(), value == Some(ValueRole::Calendar))?;
            self.check_tag_key(operation, value == Some(ValueRole::TagKey))?;
            let life = record_type.and_then(|known| Some((known, known.lifecycle.as_ref()?)));
            let step = life.map(|(_, life)| step_of(life, operation, before.as_ref())).transpose()?;
            states.push(step.map(|step| step.to.clone()));
            if let (Some((record_type, _)), Some(step)) = (life, step) {
                claimed.extend(self.claim_of(step, operation, before.as_ref(), author)?);
                let due = before.as_ref().map_or(operation.day, |row| row.day);
                taken.insert(operation.record, Taken { record_type, operation, step, due });
            }
        }
        for step in taken.values() {
            check_writes(step)?;
            self.check_due(step)?;
            self.check_step_notes(tx, step)?;
            check_partner(step, &taken)?;
        }
        check_apart(&claimed)?;
        self.check_movements(tx, &taken, author)?;
        Ok(Lives { states, claimed })
    }

    /// The channel's business day, as a transaction meets it.
    pub(crate) fn business_day(&self) -> Result<Option<Day>, Stop> {
        Ok(self.current(&calendar_record(&self.in_force.config.channel))?.and_then(|row| row.day))
    }

    /// # Rules
    ///
    /// > LIF-04: the business day is that of the one calendar record, whose id follows from the channel's and is no other record's, and only a later day follows it.
    fn check_calendar(
        &self,
        operation: &Operation,
        before: Option<&RecordRow>,
        is_calendar: bool,
    ) -> Result<(), LifeConflict> {
        let is_its_record = operation.record == calendar_record(&self.in_force.config.channel);
        if is_its_record != is_calendar {
            return Err(LifeConflict::OtherCalendar);
        }
        if !is_calendar {
            return Ok(());
        }
        match before.and_then(|row| row.day) {
            Some(day) if operation.day <= Some(day) => Err(LifeConflict::NotLater { day }),
            _ => Ok(()),
        }
    }

    /// # Rules
    ///
    /// > LIF-05: a step with a guard on the due day is taken only if the business day that its transaction meets allows it.
    fn check_due(&self, taken: &Taken<'_>) -> Result<(), Stop> {
        let Some(guard) = taken.step.due_guard() else { return Ok(()) };
        let step = || taken.step.name.clone();
        let (Some(today), Some(due)) = (self.business_day()?, taken.due) else {
            return Err(LifeConflict::NoBusinessDay { step: step() }.into());
        };
        if allows(guard, today, due) {
            Ok(())
        } else {
            Err(LifeConflict::NotTheDay { step: step(), guard, due, today }.into())
        }
    }
}

/// Whether a guard allows a step on a business day.
pub(crate) fn allows(guard: DueGuard, today: Day, due: Day) -> bool {
    match guard {
        DueGuard::Before => today < due,
        DueGuard::Reached => today >= due,
        DueGuard::Passed(days) => today > due.after(days),
    }
}

/// # Rules
///
/// > LIF-01: a record with a life cycle is made and changed by steps alone: an operation's action is a step that leads from the state in which the record is, or one that makes it.
fn step_of<'a>(
    life: &'a Lifecycle,
    operation: &Operation,
    before: Option<&RecordRow>,
) -> Result<&'a Step, LifeConflict> {
    let state = before.map(|row| row.status.as_deref().unwrap_or_default());
    life.step(&operation.action, state).ok_or_else(|| LifeConflict::State {
        step: operation.action.clone(),
        state: state.map(str::to_owned),
    })
}

/// # Rules
///
/// > LIF-10: steps that come with each other are taken equally often in a transaction.
fn check_partner(taken: &Taken<'_>, all: &BTreeMap<RecordId, Taken<'_>>) -> Result<(), LifeConflict> {
    let Some((record, step)) = taken.step.partner() else { return Ok(()) };
    let count = |record: &str, step: &str| {
        all.values().filter(|one| one.record_type.name == record && one.step.name == step).count()
    };
    if count(record, step) == count(&taken.record_type.name, &taken.step.name) {
        Ok(())
    } else {
        Err(LifeConflict::Alone { step: taken.step.name.clone(), with: format!("{record}.{step}") })
    }
}

/// # Rules
///
/// > LIF-02: a step that changes a record writes fields that it names, and no others.
fn check_writes(taken: &Taken<'_>) -> Result<(), LifeConflict> {
    let named = |entry: &FieldEntry| {
        let field = taken.record_type.field(entry.field);
        field.is_some_and(|field| taken.step.writes.contains(&field.name))
    };
    let writes = taken.step.from.is_empty() || taken.operation.fields.iter().all(named);
    if writes { Ok(()) } else { Err(LifeConflict::Writes { step: taken.step.name.clone() }) }
}

/// What the definition says of an operation's public day; no state is asked.
///
/// # Rules
///
/// > LIF-03: an operation has a public day exactly if it writes the calendar or makes a record with a due day, which is then the first day of a bucket.
pub(crate) fn check_day(record_type: &RecordType, operation: &Operation) -> Result<(), LifeConflict> {
    let due = record_type.lifecycle.as_ref().and_then(|life| life.due.as_ref());
    let due = due.filter(|_| operation.version == 1);
    let fits = match (record_type.value == Some(ValueRole::Calendar), due, operation.day) {
        (true, _, day) => day.is_some(),
        (false, Some(due), Some(day)) => day == day.bucket(due.bucket_days),
        (false, due, day) => due.is_none() && day.is_none(),
    };
    if fits { Ok(()) } else { Err(LifeConflict::Day) }
}

#[cfg(test)]
mod tests;
