//! Instructions and the answers to them, as a party of them reads them off the log, one after the other.

use std::collections::BTreeMap;

use parclose_root::DealOutcome;
use parclose_transaction::definition::{
    ANSWER_FIELD, Definition, INSTRUCTION_FIELD, RecordType, TERMS_FIELD, ValueRole,
};
use parclose_transaction::view::FieldView;
use parclose_transaction::{DraftOperation, FieldState, FieldValue, Operation};
use parclose_types::{DealId, Height, MemberId, RecordId, Sequence, hex};
use serde_json::Value;

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::ledger::StoredTransaction;
use crate::payment::CannotPay;
use crate::tables::{EventOutcome, EventRow, Verdict};
use crate::terms::{Answer, Terms};

/// A deal that somebody has proposed.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// its record
    pub record: RecordId,
    /// who proposes
    pub proposer: MemberId,
    /// everybody who has a part in it, the proposer among them
    pub parties: Vec<MemberId>,
    /// who is asked: acceptor and third
    pub asked: [MemberId; 2],
    /// what is proposed
    pub terms: Terms,
    /// height of the block that has it
    pub height: Height,
}

/// What the log says of deals.
#[derive(Clone, Debug)]
pub enum News {
    /// somebody proposes
    Proposed(Box<Instruction>),
    /// a party answers
    Answered {
        /// to which instruction
        instruction: RecordId,
        /// who
        member: MemberId,
        /// what
        answer: Answer,
    },
}

impl Channel {
    /// What the log says of deals that this member can read, from a verdict on; and the verdict to go on with.
    ///
    /// # Rules
    ///
    /// > DVP-02: an instruction counts as its first version only, of whoever stands in its slot `proposer`, if all who give or get something stand in its slots, and if a deal could be opened on its terms and each leg moves something from one member to another.
    /// > DVP-03: an answer counts as its first version only, as the answer of whoever has written it.
    pub fn deal_news(&self, from: u64, limit: usize) -> Result<(u64, Vec<News>), ChannelError> {
        if !self.agrees_on_deals() {
            return Ok((from, Vec::new()));
        }
        let verdicts = self.verdicts(from, limit)?;
        let mut news = Vec::new();
        let mut next = from;
        for (at, row) in verdicts {
            next = at.saturating_add(1);
            if row.verdict == Verdict::Applied
                && let Some(stored) = self.transaction(&row.transaction)?
            {
                self.news_of(&stored, &mut news)?;
            }
        }
        Ok((next, news))
    }

    /// Whether deals are agreed here.
    fn agrees_on_deals(&self) -> bool {
        self.definition().records.iter().any(|record| record.value == Some(ValueRole::Instruction))
    }

    /// Whether something may be due here for a deal, though nothing comes: deals are agreed here, or a note is held for one.
    #[must_use]
    pub fn concerns_deals(&self) -> bool {
        self.agrees_on_deals() || self.open_locks().next().is_some()
    }

    /// Decisions that this member has executed, from an event on; and the event to go on with.
    pub fn decisions(
        &self,
        from: Sequence,
        limit: usize,
    ) -> Result<(Sequence, Vec<(DealId, DealOutcome)>), ChannelError> {
        let events = self.events(from, limit)?;
        let next = events.last().map_or(from, |(last, _)| Sequence(last.0.saturating_add(1)));
        let decided = |(_, row): (Sequence, EventRow)| match row.outcome {
            EventOutcome::Decided { deal, outcome, .. } => Some((deal, outcome)),
            _ => None,
        };
        Ok((next, events.into_iter().filter_map(decided).collect()))
    }

    fn news_of(&self, stored: &StoredTransaction, news: &mut Vec<News>) -> Result<(), ChannelError> {
        let written_in = self.generation(stored.body.generation)?;
        let definition = &written_in.definition;
        let concerns = |operation: &Operation| deal_type(definition, operation).is_some();
        if !stored.body.operations.iter().any(concerns) {
            return Ok(());
        }
        let Some(author) = written_in.config.member(&stored.body.author).map(|entry| entry.id()) else {
            return Ok(());
        };
        let views = self.view_transaction(self.keys(), stored)?;
        for (operation, fields) in stored.body.operations.iter().zip(&views) {
            let Some(record_type) = definition.record(operation.record_type) else { continue };
            let opened = |name: &str| opened(record_type, fields, name);
            news.extend(News::of(record_type, operation, &opened, (author, stored.height)));
        }
        Ok(())
    }
}

fn deal_type<'d>(definition: &'d Definition, operation: &Operation) -> Option<&'d RecordType> {
    let record_type = definition.record(operation.record_type)?;
    let of_deals = matches!(record_type.value, Some(ValueRole::Instruction | ValueRole::Affirmation));
    (of_deals && operation.version == 1).then_some(record_type)
}

impl News {
    /// What one record of a transaction says of deals, for somebody to whom `opened` shows its fields by their names:
    /// who wrote it, and at which height. `None` if it says nothing that counts (DVP-02, DVP-03), or does not open.
    #[must_use]
    pub fn of(
        record_type: &RecordType,
        operation: &Operation,
        opened: &dyn Fn(&str) -> Option<FieldValue>,
        (author, height): (MemberId, Height),
    ) -> Option<Self> {
        let counts = operation.version == 1;
        counts.then(|| Reading { record_type, operation, opened, author, height }.news()).flatten()
    }
}

fn opened(record_type: &RecordType, fields: &[FieldView], name: &str) -> Option<FieldValue> {
    let field = record_type.field_named(name)?.id;
    match &fields.iter().find(|view| view.field == field)?.state {
        FieldState::Opened(value) => Some(value.clone()),
        _ => None,
    }
}

struct Reading<'a> {
    record_type: &'a RecordType,
    operation: &'a Operation,
    opened: &'a dyn Fn(&str) -> Option<FieldValue>,
    author: MemberId,
    height: Height,
}

impl Reading<'_> {
    fn news(&self) -> Option<News> {
        match self.record_type.value? {
            ValueRole::Instruction => self.instruction().map(|read| News::Proposed(Box::new(read))),
            ValueRole::Affirmation => self.answer(),
            _ => None,
        }
    }

    fn instruction(&self) -> Option<Instruction> {
        let parties: Vec<MemberId> = self.operation.parties.iter().map(|(_, member)| *member).collect();
        let own = self.slot("proposer")? == self.author;
        let terms = Terms::from_json(&self.json(TERMS_FIELD)?)?;
        let have_parts = terms.legs.iter().flat_map(|leg| [leg.sender, leg.receiver]);
        let possible = terms.are_possible(self.height);
        let among = have_parts.into_iter().all(|member| parties.contains(&member));
        let record = self.operation.record;
        let asked = [self.slot("acceptor")?, self.slot("third")?];
        (own && among && possible).then_some(Instruction {
            record,
            proposer: self.author,
            parties,
            asked,
            terms,
            height: self.height,
        })
    }

    fn slot(&self, name: &str) -> Option<MemberId> {
        let index = self.record_type.slot_index(name)?;
        self.operation.parties.iter().find(|(slot, _)| *slot == index).map(|(_, member)| *member)
    }

    fn answer(&self) -> Option<News> {
        let FieldValue::Text(named) = (self.opened)(INSTRUCTION_FIELD)? else { return None };
        let instruction = RecordId(hex::decode_array(&named).ok()?);
        let answer = Answer::from_json(&self.json(ANSWER_FIELD)?)?;
        Some(News::Answered { instruction, member: self.author, answer })
    }

    fn json(&self, name: &str) -> Option<Value> {
        let FieldValue::Json(text) = (self.opened)(name)? else { return None };
        serde_json::from_str(&text).ok()
    }
}

impl Channel {
    /// An instruction of this member's, as a new record. The third party is the acceptor again where there are two.
    pub fn propose_deal(
        &self,
        record: RecordId,
        (acceptor, third): (MemberId, MemberId),
        terms: &Terms,
        details: Vec<(String, FieldValue)>,
    ) -> Result<DraftOperation, CannotPay> {
        let terms = FieldValue::Json(terms.to_json().to_string());
        let fields = details.into_iter().chain([(TERMS_FIELD.to_owned(), terms)]);
        let parties = [self.own_id(), acceptor, third];
        self.of_deal(ValueRole::Instruction, record, parties, fields.collect())
    }

    /// An answer of this member's to an instruction, as a new record.
    pub fn answer_deal(
        &self,
        record: RecordId,
        instruction: &Instruction,
        answer: &Answer,
    ) -> Result<DraftOperation, CannotPay> {
        let named = FieldValue::Text(hex::encode(&instruction.record.0));
        let answer = FieldValue::Json(answer.to_json().to_string());
        let fields = [(INSTRUCTION_FIELD.to_owned(), named), (ANSWER_FIELD.to_owned(), answer)];
        let [acceptor, third] = instruction.asked;
        let parties = [instruction.proposer, acceptor, third];
        self.of_deal(ValueRole::Affirmation, record, parties, fields.into())
    }

    fn of_deal(
        &self,
        role: ValueRole,
        record: RecordId,
        [proposer, acceptor, third]: [MemberId; 3],
        fields: BTreeMap<String, FieldValue>,
    ) -> Result<DraftOperation, CannotPay> {
        let known = self.definition().records.iter().find(|record| record.value == Some(role));
        let record_type = known.ok_or(CannotPay::NoValue { role })?;
        let party = |slot: &str| match slot {
            "acceptor" => acceptor,
            "third" => third,
            _ => proposer,
        };
        let parties = record_type.slots.iter().map(|slot| (slot.name.clone(), party(&slot.name))).collect();
        let record_type = record_type.name.clone();
        Ok(DraftOperation {
            keyed_tag: None,
            action: "create".into(),
            record_type,
            record,
            version: 1,
            parties,
            fields,
        })
    }
}

#[cfg(test)]
mod tests;
