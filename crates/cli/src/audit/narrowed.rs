//! A report on a part: one security, one party, an interval. What is complete is still told of the whole export.
//!
//! What is narrowed are the records that a report shows and answers from, each with its whole history, so that a state, a
//! chain or the end of a deal is never told from a piece. Counts of events and fields, and what is left out, stay whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use parclose_audit::VerifiedBundle;
use parclose_audit::bundle::{AuditedStep, Reading};
use parclose_channel::Terms;
use parclose_node::bounded::read_bytes;
use parclose_node::ceremony::{CARD_BYTES_MAX, NodeCard};
use parclose_transaction::definition::{ANSWER_FIELD, INSTRUCTION_FIELD, TERMS_FIELD, ValueRole};
use parclose_transaction::{Day, FieldState, FieldValue};
use parclose_types::{PublicKey, RecordId, hex};
use serde::{Deserialize, Serialize};

use crate::args::Narrowing;
use crate::error::CliError;

/// What a report is narrowed to; it stands in the report, so that whoever verifies a pack narrows alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Narrowed {
    /// a security, by its ISIN or its code
    isin: Option<String>,
    /// a member, by its name or its identity key
    party: Option<String>,
    /// a legal entity, as a member's card or a field of a record names it
    lei: Option<String>,
    /// the member whose card has that LEI
    lei_identity: Option<PublicKey>,
    from_epoch: Option<u32>,
    to_epoch: Option<u32>,
    /// a business day of the channel, as `YYYY-MM-DD`
    from_day: Option<String>,
    /// likewise
    to_day: Option<String>,
}

impl Narrowed {
    /// As it was asked for; every day is one, and a card is signed by the keys that it names.
    pub(super) fn of(asked: &Narrowing) -> Result<Self, CliError> {
        for day in asked.from_day.iter().chain(&asked.to_day) {
            if Day::of(day).is_none() {
                return Err(CliError::usage(format!("`{day}` is no day"), "write it as YYYY-MM-DD"));
            }
        }
        let lei_identity = match &asked.lei {
            Some(lei) => identity_of(lei, &asked.cards)?,
            None => None,
        };
        Ok(Self {
            isin: asked.isin.clone(),
            party: asked.party.clone(),
            lei: asked.lei.clone(),
            lei_identity,
            from_epoch: asked.from_epoch,
            to_epoch: asked.to_epoch,
            from_day: asked.from_day.clone(),
            to_day: asked.to_day.clone(),
        })
    }

    /// Whether it leaves nothing out.
    pub(super) fn is_whole(&self) -> bool {
        *self == Self::default()
    }

    /// One line for people.
    pub(super) fn told(&self) -> String {
        let number = |epoch: Option<u32>| epoch.map(|epoch| epoch.to_string());
        let parts = [
            ("ISIN", self.isin.clone()),
            ("party", self.party.clone()),
            ("LEI", self.lei.clone()),
            ("from epoch", number(self.from_epoch)),
            ("to epoch", number(self.to_epoch)),
            ("from day", self.from_day.clone()),
            ("to day", self.to_day.clone()),
        ];
        let parts = parts.into_iter().filter_map(|(what, of)| Some(format!("{what} {}", of?)));
        parts.collect::<Vec<_>>().join(", ")
    }

    /// Leaves of a reading the records that are asked for; calendar and descriptions of assets stay, for others are told by them.
    pub(super) fn narrow(&self, bundle: &VerifiedBundle, reading: &mut Reading<'_>) {
        if self.is_whole() {
            return;
        }
        let kept = self.kept(bundle, reading);
        let tells = |role: Option<ValueRole>| matches!(role, Some(ValueRole::Calendar | ValueRole::Asset));
        let Reading { view, assets, history } = reading;
        view.records.retain(|record| kept.contains(&record.record));
        history.steps.retain(|step| tells(step.record_type.value) || kept.contains(&step.operation.record));
        history.amounts.retain(|amount| {
            let own = amount.record.is_some_and(|(_, operation)| kept.contains(&operation.record));
            own || kept.contains(&RecordId(amount.asset.0))
        });
        if self.isin.is_some() {
            assets.retain(|asset, _| kept.contains(&RecordId(asset.0)));
        }
    }

    fn kept(&self, bundle: &VerifiedBundle, reading: &Reading<'_>) -> BTreeSet<RecordId> {
        let securities = self.isin.as_ref().map(|isin| securities(isin, reading));
        let mut found: BTreeMap<RecordId, Matched> = BTreeMap::new();
        let mut today = None;
        for step in &reading.history.steps {
            if step.record_type.value == Some(ValueRole::Calendar) {
                today = step.operation.day.or(today);
            }
            let matched = found.entry(step.operation.record).or_default();
            matched.party |= self.has_party(bundle, step);
            matched.time |= self.is_in_time(step, today);
            matched.security |= securities.as_ref().is_none_or(|securities| is_of(securities, step));
        }
        for amount in &reading.history.amounts {
            if let (Some((_, operation)), Some(securities)) = (amount.record, &securities)
                && securities.contains(&RecordId(amount.asset.0))
            {
                found.entry(operation.record).or_default().security = true;
            }
        }
        let whole = |matched: &Matched| matched.party && matched.time && matched.security;
        let mut kept: BTreeSet<RecordId> =
            found.iter().filter(|(_, matched)| whole(matched)).map(|(record, _)| *record).collect();
        // An answer belongs to its instruction, whenever it was given.
        let answers =
            reading.history.steps.iter().filter_map(|step| Some((answered(step)?, step.operation.record)));
        for (instruction, answer) in answers {
            if kept.contains(&instruction) {
                kept.insert(answer);
            }
        }
        kept
    }

    fn has_party(&self, bundle: &VerifiedBundle, step: &AuditedStep<'_>) -> bool {
        let stands = |is: &dyn Fn(&str, &PublicKey) -> bool| {
            let entries = step
                .operation
                .parties
                .iter()
                .filter_map(|(_, id)| bundle.eras().iter().find_map(|era| era.config.by_id(id)));
            let author =
                bundle.eras().iter().find_map(|era| era.config.member(&step.transaction.body.author));
            entries.chain(author).any(|entry| is(&entry.name, &entry.certificate.identity))
        };
        let named = self
            .party
            .as_ref()
            .is_none_or(|party| stands(&|name, identity| name == party || identity.to_string() == *party));
        let entity = self.lei.as_ref().is_none_or(|lei| {
            let written = step.fields.iter().any(|(_, state)| text(state) == Some(lei));
            written || self.lei_identity.is_some_and(|of| stands(&|_, identity| *identity == of))
        });
        named && entity
    }

    fn is_in_time(&self, step: &AuditedStep<'_>, today: Option<Day>) -> bool {
        let epoch = step.transaction.body.epoch.0;
        let day = |text: &Option<String>| text.as_deref().and_then(Day::of);
        let (from, to) = (day(&self.from_day), day(&self.to_day));
        let in_days = (from.is_none() && to.is_none())
            || today.is_some_and(|today| {
                from.is_none_or(|from| today >= from) && to.is_none_or(|to| today <= to)
            });
        self.from_epoch.is_none_or(|from| epoch >= from)
            && self.to_epoch.is_none_or(|to| epoch <= to)
            && in_days
    }
}

/// What of the conditions holds for some step of a record.
#[derive(Default)]
struct Matched {
    party: bool,
    time: bool,
    security: bool,
}

/// The member whose card has an LEI, if one of these cards has it.
fn identity_of(lei: &str, cards: &[PathBuf]) -> Result<Option<PublicKey>, CliError> {
    for path in cards {
        let bytes = read_bytes(path, CARD_BYTES_MAX).map_err(|e| CliError::file(path, &e))?;
        let card = NodeCard::parse(&bytes)?;
        if card.claims().lei == lei {
            return Ok(Some(card.claims().identity));
        }
    }
    Ok(None)
}

/// The assets that say of themselves that they have this ISIN, or this code.
fn securities(isin: &str, reading: &Reading<'_>) -> BTreeSet<RecordId> {
    let steps = reading.history.steps.iter();
    let assets = steps.filter(|step| step.record_type.value == Some(ValueRole::Asset));
    let named = assets.filter(|step| {
        let of = |(name, state): &(String, FieldState)| {
            matches!(name.as_str(), "isin" | "code") && text(state).is_some_and(|text| text == isin)
        };
        step.fields.iter().any(of)
    });
    named.map(|step| step.operation.record).collect()
}

/// Whether a step is about one of some assets: it is the asset, or an instruction with a leg of it.
fn is_of(securities: &BTreeSet<RecordId>, step: &AuditedStep<'_>) -> bool {
    let terms = || {
        let text = field(step, TERMS_FIELD)?;
        Terms::from_json(&serde_json::from_str(text).ok()?)
    };
    securities.contains(&step.operation.record)
        || (step.record_type.value == Some(ValueRole::Instruction)
            && terms().is_some_and(|terms| {
                terms.legs.iter().any(|leg| securities.contains(&RecordId(leg.asset.0)))
            }))
}

/// The instruction that a step answers.
fn answered(step: &AuditedStep<'_>) -> Option<RecordId> {
    let is_answer = step.record_type.value == Some(ValueRole::Affirmation);
    let named =
        field(step, INSTRUCTION_FIELD).filter(|_| is_answer && field(step, ANSWER_FIELD).is_some())?;
    Some(RecordId(hex::decode_array(named).ok()?))
}

fn field<'s>(step: &'s AuditedStep<'_>, name: &str) -> Option<&'s String> {
    step.fields.iter().find(|(field, _)| field == name).and_then(|(_, state)| text(state))
}

fn text(state: &FieldState) -> Option<&String> {
    match state {
        FieldState::Opened(FieldValue::Text(text) | FieldValue::Date(text) | FieldValue::Json(text)) => {
            Some(text)
        }
        _ => None,
    }
}
