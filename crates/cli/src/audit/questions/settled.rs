//! What became of each instruction: whether its deal was settled, aborted or lapsed, and when.
//!
//! Terms and answers together give the deal's id, and the log of the channel says under this id what the root chain has
//! ordered of it. So the end of a deal is proven like the log, and only which deal is whose needs the view keys.

use std::collections::BTreeMap;

use parclose_audit::VerifiedBundle;
use parclose_audit::bundle::{AuditedStep, DealEvent, DealStep, Reading};
use parclose_channel::{LegTerms, News};
use parclose_node::desk::{Case, Stage};
use parclose_root::DealOutcome;
use parclose_transaction::definition::ValueRole;
use parclose_transaction::{FieldState, FieldValue};
use parclose_types::{DealId, Height, MemberId, RecordId};

use super::member;

/// How an instruction stands at the height of the export.
pub(super) struct Settlement {
    /// a word for people
    pub(super) word: &'static str,
    /// height of what has ended it
    pub(super) at: Option<Height>,
    /// who has not done its part in this channel, and what it is
    pub(super) fails: Vec<(String, &'static str)>,
}

/// All instructions of which the terms have opened.
pub(super) struct Settlements {
    all: BTreeMap<RecordId, Settlement>,
    /// instructions and answers that have not opened, or say nothing that counts
    pub(super) unread: u64,
}

impl Settlements {
    pub(super) fn of(bundle: &VerifiedBundle, reading: &Reading<'_>) -> Self {
        let mut told = Told::default();
        let mut unread = 0;
        for step in &reading.history.steps {
            let role = step.record_type.value;
            if step.operation.version == 1
                && matches!(role, Some(ValueRole::Instruction | ValueRole::Affirmation))
            {
                match news(bundle, step) {
                    Some(news) => told.take(news, step.height),
                    None => unread += 1,
                }
            }
        }
        let mut events: BTreeMap<DealId, Vec<DealEvent>> = BTreeMap::new();
        for event in bundle.deals() {
            events.entry(event.deal).or_default().push(*event);
        }
        let ended = told.cases.iter().map(|(record, case)| {
            let refused_at = told.refused_at.get(record).copied();
            (*record, settlement(bundle, case, refused_at, (&events, unread)))
        });
        Self { all: ended.collect(), unread }
    }

    pub(super) fn find(&self, instruction: &RecordId) -> Option<&Settlement> {
        self.all.get(instruction)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Settlement> {
        self.all.values()
    }
}

#[derive(Default)]
struct Told {
    cases: BTreeMap<RecordId, Case>,
    refused_at: BTreeMap<RecordId, Height>,
}

impl Told {
    fn take(&mut self, news: News, height: Height) {
        match news {
            News::Proposed(instruction) => {
                let record = instruction.record;
                self.cases.entry(record).or_insert_with(|| Case::new("", *instruction));
            }
            News::Answered { instruction, member, answer } => {
                let Some(case) = self.cases.get_mut(&instruction) else { return };
                case.answered(member, answer);
                if case.stage == Stage::Refused {
                    self.refused_at.entry(instruction).or_insert(height);
                }
            }
        }
    }
}

/// What a step says of a deal, by the rules by which its parties read it; `None` if it says nothing or is sealed.
fn news(bundle: &VerifiedBundle, step: &AuditedStep<'_>) -> Option<News> {
    let body = &step.transaction.body;
    let era = bundle.eras().iter().find(|era| era.config.generation == body.generation)?;
    let author = era.config.member(&body.author)?.id();
    let opened = |name: &str| -> Option<FieldValue> {
        step.fields.iter().find(|(field, _)| field == name).and_then(|(_, state)| match state {
            FieldState::Opened(value) => Some(value.clone()),
            _ => None,
        })
    };
    News::of(step.record_type, step.operation, &opened, (author, step.height))
}

fn settlement(
    bundle: &VerifiedBundle,
    case: &Case,
    refused_at: Option<Height>,
    (events, unread): (&BTreeMap<DealId, Vec<DealEvent>>, u64),
) -> Settlement {
    let terms = &case.instruction.terms;
    let ended = |word, at| Settlement { word, at, fails: Vec::new() };
    if case.stage == Stage::Refused {
        return ended("refused", refused_at);
    }
    let Some((id, _)) = case.deal(&bundle.setup().config.network) else {
        // An answer that has not opened may be the one that is missing.
        return match (unread, bundle.height() >= terms.allocate_before) {
            (0, true) => ended("lapsed", Some(terms.allocate_before)),
            (0, false) => ended("proposed", None),
            _ => ended("not shown", None),
        };
    };
    let events = events.get(&id).map(Vec::as_slice).unwrap_or_default();
    let decided = events.iter().find_map(|event| match event.what {
        DealStep::Decided(outcome) => Some((outcome, event.height)),
        _ => None,
    });
    let (word, at) = match decided {
        Some((DealOutcome::Commit, at)) => ("settled", Some(at)),
        Some((DealOutcome::Abort, at)) => ("aborted", Some(at)),
        // The log of a channel that has prepared nothing has no decision.
        None if bundle.height() >= terms.settle_before => ("lapsed", Some(terms.settle_before)),
        None => ("agreed", None),
    };
    let fails = if matches!(word, "aborted" | "lapsed") { fails(bundle, case, events) } else { Vec::new() };
    Settlement { word, at, fails }
}

/// Of the legs in this channel: whose was not held in time, and whose receiver has withdrawn.
fn fails(bundle: &VerifiedBundle, case: &Case, events: &[DealEvent]) -> Vec<(String, &'static str)> {
    let has = |what: DealStep| events.iter().any(|event| event.what == what);
    let here = (0_u8..).zip(&case.instruction.terms.legs).filter(|(_, leg)| leg.tag == *bundle.tag());
    let named = |id: &MemberId| member(bundle, id);
    let fail = |(leg, terms): (u8, &LegTerms)| {
        if has(DealStep::Refused { leg }) {
            Some((named(&terms.receiver), "withdrew from a deal"))
        } else if has(DealStep::Prepared { leg }) {
            None
        } else {
            Some((named(&terms.sender), "did not deliver in time"))
        }
    };
    here.filter_map(fail).collect()
}
