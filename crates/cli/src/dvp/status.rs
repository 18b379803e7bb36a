//! How deals stand.

use std::time::Duration;

use parclose_node::Consortium;
use parclose_node::desk::{Case, Stage};
use parclose_root::{DealOutcome, DealState};
use parclose_types::Fault;
use serde_json::{Value, json};

use super::legs::Legs;
use super::{case_of, over, work};
use crate::args::{DvpAnswer, OfChannel};
use crate::error::CliError;

/// `parclose dvp status`
pub(super) fn show(consortium: &Consortium, of: &OfChannel, named: Option<&str>) -> Result<Value, CliError> {
    if let Some(named) = named {
        let (_, case) = case_of(consortium, of, named)?;
        return told(consortium, of, &case);
    }
    work(consortium);
    let desk = consortium.desk(&of.member)?;
    let deals: Vec<Value> = desk
        .all()
        .into_iter()
        .filter(|status| status.room == of.channel)
        .map(|status| {
            json!({
                "instruction": status.instruction.to_string(),
                "height": status.height.0,
                "stage": status.stage.name(),
                "locked_here": status.locked,
                "hindered": status.hindered,
            })
        })
        .collect();
    Ok(json!({ "schema": "parclose.dvp-list/1", "channel": of.channel, "deals": deals }))
}

/// `parclose dvp watch`
pub(super) fn watch(consortium: &Consortium, answer: &DvpAnswer, seconds: u64) -> Result<Value, CliError> {
    let (case, value) = until_over(consortium, answer, seconds)?;
    if case.stage == Stage::Committed { Ok(value) } else { Err(not_settled(&case, value)) }
}

/// Waits until a deal is aborted from which this member has withdrawn.
pub(super) fn watch_abort(consortium: &Consortium, answer: &DvpAnswer) -> Result<Value, CliError> {
    let (case, value) = until_over(consortium, answer, ABORT_SECONDS)?;
    match case.stage {
        Stage::Aborted | Stage::Lapsed => Ok(value),
        Stage::Committed => Err(over(case.stage).with_details(value)),
        _ => Err(not_settled(&case, value)),
    }
}

/// For how long an abort is waited for: for the signatures of the others, and a block.
const ABORT_SECONDS: u64 = 30;

/// The case once it is over, or once so much time has passed.
fn until_over(consortium: &Consortium, answer: &DvpAnswer, seconds: u64) -> Result<(Case, Value), CliError> {
    const STEP: Duration = Duration::from_millis(50);
    let DvpAnswer { of, instruction } = answer;
    let mut steps = seconds.saturating_mul(20);
    loop {
        let (_, case) = case_of(consortium, of, instruction)?;
        if case.stage.is_over() || steps == 0 {
            let value = told(consortium, of, &case)?;
            return Ok((case, value));
        }
        steps -= 1;
        std::thread::sleep(STEP);
    }
}

fn not_settled(case: &Case, value: Value) -> CliError {
    let told = format!("the deal is {}", case.stage.name());
    let (code, fix) = match case.stage {
        Stage::Aborted => ("DEAL_ABORTED", "everybody has back what was held: propose it again"),
        Stage::Lapsed => ("NOT_ALLOCATED_IN_TIME", "propose it again, with more time to lock"),
        Stage::Refused => ("DEAL_REFUSED", "ask the other party, and propose it again"),
        _ => ("DEAL_PENDING", "watch it again: it is decided at `settle_before` at the latest"),
    };
    CliError::new(code, "DVP-04", Fault::Peer, told, fix).with_details(value)
}

fn told(consortium: &Consortium, of: &OfChannel, case: &Case) -> Result<Value, CliError> {
    let terms = &case.instruction.terms;
    let deal = case.deal(&consortium.root().network());
    let state = match &deal {
        Some((id, _)) => consortium.root().deal(id).map_err(parclose_node::HomeError::from)?,
        None => None,
    };
    // Of a deal that was aborted the root chain keeps no more than that.
    let (prepared, known, outcome) = match &state {
        Some(DealState::Open { prepared, .. }) => (Some(prepared.iter().flatten().count()), "open", None),
        Some(DealState::Decided { outcome: DealOutcome::Commit, .. }) => {
            (Some(terms.legs.len()), "decided", Some("commit"))
        }
        Some(DealState::Decided { outcome: DealOutcome::Abort, .. }) => (None, "decided", Some("abort")),
        None => (Some(0), "unknown", None),
    };
    let legs = Legs::of_terms(consortium, &of.member, terms)?;
    Ok(json!({
        "schema": "parclose.dvp-status/1",
        "instruction": case.instruction.record.to_string(),
        "deal": deal.as_ref().map(|(id, _)| id.to_string()),
        "stage": case.stage.name(),
        "root": known,
        "outcome": outcome,
        "prepared": prepared,
        "legs_in_all": terms.legs.len(),
        "locked_here": case.locked.len(),
        "hindered": case.hindered,
        "answers": case.answers.len(),
        "allocate_before": terms.allocate_before.0,
        "settle_before": terms.settle_before.0,
        "head": consortium.root().head().0,
        "legs": legs.to_json(),
    }))
}
