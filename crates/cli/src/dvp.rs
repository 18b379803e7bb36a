//! `parclose dvp`: deals between channels, proposed, accepted, watched.

mod legs;
mod status;

use parclose_channel::{Answer, Terms, Verdict};
use parclose_node::desk::{Case, Desk, Stage};
use parclose_node::randomness::generator;
use parclose_node::{Consortium, RoomHandle};
use parclose_transaction::{DraftOperation, FieldValue};
use parclose_types::{Height, RecordId, hex};
use rand_core::Rng;
use serde_json::{Value, json};

use crate::args::{Dvp, DvpAnswer, DvpPropose, Global, OfChannel};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;
use crate::hosting;
use crate::transaction::{member_named, outcome_json};
use legs::Legs;

/// Runs `parclose dvp …`.
pub(crate) fn run(global: &Global, command: &Dvp) -> Result<Value, CliError> {
    with_consortium(global, |consortium| match command {
        Dvp::Propose(options) => propose(consortium, options),
        Dvp::Accept(answer) => accept(consortium, answer),
        Dvp::Abort(answer) => abort(consortium, answer),
        Dvp::Status { of, instruction } => status::show(consortium, of, instruction.as_deref()),
        Dvp::Watch { answer, seconds } => status::watch(consortium, answer, *seconds),
    })
}

/// In a node its own thread does what is due; a home that only this command has open is worked here.
fn work(consortium: &Consortium) {
    if hosting::here().is_none() {
        consortium.settle_deals();
    } else {
        consortium.read_deals();
    }
}

fn fresh() -> RecordId {
    let mut id = [0; 32];
    generator().fill_bytes(&mut id);
    RecordId(id)
}

/// Proposes a deal.
pub(crate) fn propose(consortium: &Consortium, options: &DvpPropose) -> Result<Value, CliError> {
    let DvpPropose { of, .. } = options;
    let room = consortium.room(&of.member, &of.channel)?;
    let (to, third) = (options.to.clone(), options.third.clone());
    let parties = in_room(&room, move |channel| {
        let acceptor = member_named(channel, &to)?;
        let third = third.map_or(Ok(acceptor), |third| member_named(channel, &third))?;
        Ok::<_, CliError>((acceptor, third))
    })??;
    let legs = Legs::of(consortium, options)?;
    let head = consortium.root().head().0;
    let allocate_before = Height(head.saturating_add(options.allocate_within));
    let settle_before = Height(allocate_before.0.saturating_add(options.settle_within));
    let mut terms = Terms::new((allocate_before, settle_before), legs.terms(), &mut generator());
    let record = fresh();
    terms.approvers = legs.approvers(&record, parclose_types::MemberId(legs.own.0))?;
    let details = details(options)?;
    let operation = in_room(&room, move |channel| channel.propose_deal(record, parties, &terms, details))??;
    let mut value = submit(&room, operation, "parclose.dvp-propose/1")?;
    value["instruction"] = json!(record.to_string());
    value["allocate_before"] = json!(allocate_before.0);
    value["settle_before"] = json!(settle_before.0);
    value["legs"] = legs.to_json();
    work(consortium);
    Ok(value)
}

fn details(options: &DvpPropose) -> Result<Vec<(String, FieldValue)>, CliError> {
    let date = |name: &str, given: &Option<String>| {
        let Some(text) = given else { return Ok(None) };
        let read = FieldValue::from_json(parclose_transaction::FieldType::Date, &json!(text));
        let value = read.map_err(|error| CliError::usage(format!("--{name}: {error}"), "2026-11-26"))?;
        Ok::<_, CliError>(Some(value))
    };
    let text = |given: &Option<String>| given.clone().map(FieldValue::Text);
    let fields = [
        ("trade_reference", text(&options.reference)),
        ("price", text(&options.price)),
        ("trade_date", date("trade-date", &options.trade_date)?),
        ("settlement_date", date("settlement-date", &options.settlement_date)?),
    ];
    Ok(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

fn submit(room: &RoomHandle, operation: DraftOperation, schema: &str) -> Result<Value, CliError> {
    let outcome = room.submit_and_wait(vec![operation])?;
    let value = outcome_json(schema, &outcome);
    match &outcome.verdict {
        Verdict::Applied => Ok(value),
        Verdict::Refused(rule) => Err(CliError::refused(rule).with_details(value)),
    }
}

/// A case of a member's desk, by its instruction.
fn case_of(
    consortium: &Consortium,
    of: &OfChannel,
    named: &str,
) -> Result<(std::sync::Arc<Desk>, Case), CliError> {
    work(consortium);
    let id = hex::decode_array(named).map(RecordId);
    let id = id.map_err(|error| CliError::usage(format!("`{named}`: {error}"), "parclose dvp status"))?;
    let desk = consortium.desk(&of.member)?;
    let case = desk.case(&of.channel, &id);
    let case = case.ok_or_else(|| {
        CliError::usage(format!("this member is no party of a deal `{named}` there"), "parclose dvp status")
    })?;
    Ok((desk, case))
}

fn accept(consortium: &Consortium, answer: &DvpAnswer) -> Result<Value, CliError> {
    let DvpAnswer { of, instruction } = answer;
    let (_, case) = case_of(consortium, of, instruction)?;
    let legs = Legs::of_terms(consortium, &of.member, &case.instruction.terms)?;
    if case.stage != Stage::Proposed {
        return Err(over(case.stage));
    }
    let keys = legs.approvers(&case.instruction.record, parclose_types::MemberId(legs.own.0))?;
    let mut value = give_answer(consortium, of, &case, Answer::Accepted(keys), "parclose.dvp-accept/1")?;
    value["legs"] = legs.to_json();
    Ok(value)
}

fn abort(consortium: &Consortium, answer: &DvpAnswer) -> Result<Value, CliError> {
    let DvpAnswer { of, instruction } = answer;
    let (_, case) = case_of(consortium, of, instruction)?;
    match case.deal(&consortium.root().network()) {
        Some((deal, _)) if !case.stage.is_over() => {
            let id = (of.channel.as_str(), &case.instruction.record);
            consortium.withdraw_from_deal(&of.member, id, &deal)??;
            status::watch_abort(consortium, answer)
        }
        _ if case.stage == Stage::Proposed => {
            give_answer(consortium, of, &case, Answer::Refused, "parclose.dvp-abort/1")
        }
        _ => Err(over(case.stage)),
    }
}

fn give_answer(
    consortium: &Consortium,
    of: &OfChannel,
    case: &Case,
    answer: Answer,
    schema: &str,
) -> Result<Value, CliError> {
    let room = consortium.room(&of.member, &of.channel)?;
    let (record, instruction) = (fresh(), case.instruction.clone());
    let operation = in_room(&room, move |channel| channel.answer_deal(record, &instruction, &answer))??;
    let mut value = submit(&room, operation, schema)?;
    value["instruction"] = json!(case.instruction.record.to_string());
    work(consortium);
    Ok(value)
}

/// Why a deal cannot be answered to any more.
fn over(stage: Stage) -> CliError {
    let (code, rule, fix) = match stage {
        Stage::Committed | Stage::Aborted | Stage::Lapsed => {
            ("DEAL_ALREADY_DECIDED", "DVP-04", "nothing is to be done: see `parclose dvp status`")
        }
        Stage::Refused => ("DEAL_REFUSED", "DVP-04", "propose it again"),
        Stage::Proposed | Stage::Agreed | Stage::Open => (
            "DEAL_AGREED",
            "LOC-03",
            "what is locked cannot be taken back: the deal is committed, or lapses at `settle_before`",
        ),
    };
    let told = format!("the deal is {}", stage.name());
    CliError::new(code, rule, parclose_types::Fault::Sender, told, fix)
}
