//! Whether a life cycle hangs together.

use std::collections::BTreeSet;

use super::{Lifecycle, Step, Transfers};
use crate::definition::{Definition, DefinitionInvalid, RecordType, ValueRole};
use crate::value::FieldType;

/// What is wrong with a life cycle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LifecycleInvalid {
    /// a name that stands twice, or is none
    #[error(
        "a state or step is called `{name}`: names are short, of a-z, 0-9, `-` and `_`, and a state's stands once"
    )]
    Name {
        /// the name
        name: String,
    },
    /// a step from or to what is no state
    #[error("step `{step}` names the state `{state}`, which there is not")]
    NoState {
        /// the step
        step: String,
        /// the state
        state: String,
    },
    /// two steps of one name from one state
    #[error("step `{step}` leads from `{from}` twice")]
    TwoWays {
        /// the step
        step: String,
        /// the state, or what stands for none
        from: String,
    },
    /// a state in which no record can be
    #[error("no steps lead to the state `{state}`")]
    Unreachable {
        /// the state
        state: String,
    },
    /// guards on a due day that there is not, or more than one of them
    #[error("step `{step}` has more than one guard on the due day, or the record has none")]
    DueGuard {
        /// the step
        step: String,
    },
    /// a due day without a field, without days, or without a business day to compare it with
    #[error(
        "a due day needs a required date field, a bucket of 1 to 366 days, and a record type that is the calendar"
    )]
    DueDay,
    /// notes of what is no asset
    #[error("`{name}` says something about notes, and the record type is no asset")]
    NoAsset {
        /// state or step
        name: String,
    },
    /// a step that writes what the record does not have
    #[error("step `{step}` writes the field `{field}`, which the record does not have")]
    NoField {
        /// the step
        step: String,
        /// the field
        field: String,
    },
    /// a keyed tag of what is not there, or a step that claims or frees one though there is none
    #[error(
        "`{name}`: a keyed tag is made of slots and of required texts of an asset, in a channel with a tag key, and steps of one name claim it or do not"
    )]
    Tag {
        /// slot, field, step or record
        name: String,
    },
    /// a step that comes with one that there is not, or that does not come with it
    #[error("step `{step}` comes with `{with}`, which is no step that comes with it")]
    NoPartner {
        /// the step
        step: String,
        /// its partner
        with: String,
    },
}

impl Definition {
    /// # Rules
    ///
    /// > DEF-17: a life cycle names each state once; every step leads between its states, from each in one way, and every state can be reached; a guard on the due day needs a due day, which needs a required date field and the channel's calendar; only of an asset a state or a step says something about notes; a step writes fields of its record; steps that come together name each other; and a keyed tag is made of slots and required texts of an asset, where the channel has a tag key, claimed by all steps of a name or by none, and by every step that issues.
    pub(in crate::definition) fn check_lifecycles(&self) -> Result<(), DefinitionInvalid> {
        for record in &self.records {
            let Some(life) = &record.lifecycle else { continue };
            self.check_lifecycle(record, life).map_err(|reason| DefinitionInvalid::Lifecycle {
                record: record.name.clone(),
                reason: Box::new(reason),
            })?;
        }
        Ok(())
    }

    fn check_lifecycle(&self, record: &RecordType, life: &Lifecycle) -> Result<(), LifecycleInvalid> {
        life.check_names()?;
        life.check_ways()?;
        life.check_reached()?;
        self.check_due(record, life)?;
        check_notes(record, life)?;
        self.check_tag(record, life)?;
        for step in &life.steps {
            if let Some(field) = step.writes.iter().find(|field| record.field_named(field).is_none()) {
                return Err(LifecycleInvalid::NoField { step: step.name.clone(), field: field.clone() });
            }
            self.check_partner(record, step)?;
        }
        Ok(())
    }

    fn check_due(&self, record: &RecordType, life: &Lifecycle) -> Result<(), LifecycleInvalid> {
        if let Some(due) = &life.due {
            let field = record.field_named(&due.field);
            let dated = field.is_some_and(|field| field.required && field.field_type == FieldType::Date);
            if !dated || !(1..=366).contains(&due.bucket_days) || self.calendar().is_none() {
                return Err(LifecycleInvalid::DueDay);
            }
        }
        let guards = |step: &Step| {
            [step.before_due, step.on_or_after_due, step.after_due.is_some()].iter().filter(|on| **on).count()
        };
        let allowed = usize::from(life.due.is_some());
        if let Some(step) = life.steps.iter().find(|step| guards(step) > allowed) {
            return Err(LifecycleInvalid::DueGuard { step: step.name.clone() });
        }
        match life.states.iter().find(|state| state.transfers == Transfers::UntilDue) {
            Some(_) if life.due.is_none() => Err(LifecycleInvalid::DueDay),
            _ => Ok(()),
        }
    }

    fn check_tag(&self, record: &RecordType, life: &Lifecycle) -> Result<(), LifecycleInvalid> {
        let odd = |name: &str| Err(LifecycleInvalid::Tag { name: name.to_owned() });
        let Some(tag) = &life.tag else {
            let step = life.steps.iter().find(|step| step.tags || step.frees);
            return step.map_or(Ok(()), |step| odd(&step.name));
        };
        if let Some(slot) = tag.slots.iter().find(|slot| record.slot_index(slot).is_none()) {
            return odd(slot);
        }
        let is_text = |name: &String| {
            let field = record.field_named(name);
            field.is_some_and(|field| field.required && field.field_type == FieldType::Text)
        };
        if let Some(field) = tag.fields.iter().find(|field| !is_text(field)) {
            return odd(field);
        }
        let both_ways = life.steps.iter().find(|step| {
            !step.tags && (step.issues || life.is_tagged_by(&step.name)) || step.tags && step.frees
        });
        if let Some(step) = both_ways {
            return odd(&step.name);
        }
        let is_whole = !tag.slots.is_empty() && !tag.fields.is_empty();
        let can = record.value == Some(ValueRole::Asset) && self.tag_key().is_some();
        if is_whole && can { Ok(()) } else { odd(&record.name) }
    }

    fn check_partner(&self, record: &RecordType, step: &Step) -> Result<(), LifecycleInvalid> {
        let Some(with) = &step.with else { return Ok(()) };
        let own = format!("{}.{}", record.name, step.name);
        let other = step.partner().and_then(|(name, other)| {
            let life = self.record_named(name)?.lifecycle.as_ref()?;
            life.steps.iter().find(|step| step.name == other)
        });
        match other {
            Some(other) if other.with.as_ref() == Some(&own) && *with != own => Ok(()),
            _ => Err(LifecycleInvalid::NoPartner { step: step.name.clone(), with: with.clone() }),
        }
    }

    /// The record type of the channel's tag key.
    #[must_use]
    pub fn tag_key(&self) -> Option<&RecordType> {
        self.records.iter().find(|record| record.value == Some(ValueRole::TagKey))
    }

    /// The record type of the channel's business day.
    #[must_use]
    pub fn calendar(&self) -> Option<&RecordType> {
        self.records.iter().find(|record| record.value == Some(ValueRole::Calendar))
    }
}

fn check_notes(record: &RecordType, life: &Lifecycle) -> Result<(), LifecycleInvalid> {
    if record.value == Some(ValueRole::Asset) {
        return Ok(());
    }
    let step = life.steps.iter().find(|step| step.is_about_notes()).map(|step| &step.name);
    let state = life.states.iter().find(|state| state.transfers != Transfers::None).map(|state| &state.name);
    match step.or(state) {
        Some(name) => Err(LifecycleInvalid::NoAsset { name: name.clone() }),
        None => Ok(()),
    }
}

impl Lifecycle {
    fn check_names(&self) -> Result<(), LifecycleInvalid> {
        let states = self.states.iter().map(|state| &state.name);
        let steps = self.steps.iter().map(|step| &step.name);
        let mut seen = BTreeSet::new();
        match states
            .clone()
            .find(|name| !seen.insert(*name))
            .or_else(|| states.chain(steps).find(|name| !is_name(name)))
        {
            Some(name) => {
                Err(LifecycleInvalid::Name { name: super::super::cut(name, super::super::NAME_SHOWN) })
            }
            None => Ok(()),
        }
    }

    fn check_ways(&self) -> Result<(), LifecycleInvalid> {
        let mut ways = BTreeSet::new();
        for step in &self.steps {
            let named = step.from.iter().chain([&step.to]);
            if let Some(state) = named.clone().find(|name| self.state(name).is_none()) {
                return Err(LifecycleInvalid::NoState { step: step.name.clone(), state: state.clone() });
            }
            let from: Vec<&str> =
                if step.from.is_empty() { vec![""] } else { step.from.iter().map(String::as_str).collect() };
            if let Some(from) = from.into_iter().find(|from| !ways.insert((step.name.as_str(), *from))) {
                return Err(LifecycleInvalid::TwoWays { step: step.name.clone(), from: from.into() });
            }
        }
        Ok(())
    }

    /// From what makes a record, step by step.
    fn check_reached(&self) -> Result<(), LifecycleInvalid> {
        let mut reached: BTreeSet<&str> = self.steps_from(None).map(|step| step.to.as_str()).collect();
        loop {
            let next =
                self.steps.iter().filter(|step| step.from.iter().any(|from| reached.contains(from.as_str())));
            let further: Vec<&str> =
                next.map(|step| step.to.as_str()).filter(|to| !reached.contains(to)).collect();
            if further.is_empty() {
                break;
            }
            reached.extend(further);
        }
        match self.states.iter().find(|state| !reached.contains(state.name.as_str())) {
            Some(state) => Err(LifecycleInvalid::Unreachable { state: state.name.clone() }),
            None => Ok(()),
        }
    }
}

fn is_name(name: &str) -> bool {
    let short = (1..=parclose_types::limits::NAME_BYTES_MAX).contains(&name.len());
    short && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}
