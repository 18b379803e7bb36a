//! `parclose demo --scenario supply-chain`: invoices become claims that pass from hand to hand until they are paid.
//!
//! ```text
//!   invoices --rule--> claims: who keeps, splits and passes on, or discounts            crate finance
//!   issued, accepted, split, passed on; offered, bid for, awarded, financed             course.rs
//!   an invoice is pledged a second time, elsewhere, and refused                         second.rs
//!   on the due day the buyer pays whoever holds, claim against cash, and takes it back  course.rs
//!   what everybody has got, beside what the rule says; the same with view keys          judged.rs
//! ```
//!
//! With `--nodes` each of the six members is a process of its own, four of them validators; what is done is the same (`demo::ground`).
//! Financing and payment are deals of two channels: the claim in the one, cash in the other.

mod course;
mod floor;
mod judged;
mod second;

use parclose_finance::receivables::{Course, Receivable, Rule, receivables};
use serde_json::{Value, json};

use super::invoices::Invoices;
use crate::args::{Demo, Global};
use crate::error::CliError;
use crate::progress::Progress;
use floor::Floor;

/// Invoices where nobody says how many.
const INVOICES: usize = 16;

/// How often what happened, and how much it was about.
#[derive(Debug, Default)]
struct Counted {
    accepted: u64,
    split: u64,
    passed_on: u64,
    discounted: u64,
    settled: u64,
    deals: u64,
    aborted: u64,
    price_minor: u64,
}

fn refused(error: parclose_finance::Refused) -> CliError {
    CliError::usage(error.to_string(), "give a folder of invoices")
}

/// Runs it.
pub(super) fn run(
    global: &Global,
    options: &Demo,
    invoices: &Invoices,
    mut progress: Progress,
) -> Result<Value, CliError> {
    let rule = Rule::stated().map_err(refused)?;
    let mut claims = receivables(&invoices.documents, &rule).map_err(refused)?;
    let wanted = if options.all { claims.len() } else { options.legs.unwrap_or(INVOICES) };
    claims.truncate(wanted);
    let Some(first) = claims.iter().map(|claim| claim.issue).min() else {
        return Err(CliError::usage("there are no invoices", "--legs 10"));
    };
    progress.step(&format!("founding: a buyer, two suppliers, two banks; {} invoices", claims.len()));
    let floor = Floor::open((global, options), &claims, first)?;
    let mut counted = Counted::default();
    progress.step("issuing, accepting, splitting, passing on, bidding");
    let mut living = floor.begin_all(&claims, &mut counted)?;
    progress.step("the first invoice is pledged once more, in another channel");
    let second = claims.first().map(|claim| floor.pledge_again(claim)).transpose()?;
    progress.step("financing: claims against cash");
    floor.finance(&mut living, &mut counted)?;
    progress.step("due days come: the buyer pays whoever holds");
    floor.pay(&living, &mut counted, |day, settled| {
        progress.step(&format!("{day}: {settled} of {} claims are paid and settled", claims.len()));
    })?;
    progress.step("counting, and reading as the regulator");
    let mut judged = judged::judge(&floor, &claims, &living, &counted)?;
    let (seconds, nodes) = (progress.seconds(), floor.ground.nodes());
    floor.ground.close()?;
    if !second.as_ref().is_some_and(second::Second::is_refused) {
        judged.failures.push("an invoice could be financed twice".to_owned());
    }
    progress.step("done");
    let face: u64 = claims.iter().map(|claim| claim.face_minor).sum();
    let [expected_split, expected_passed, expected_discounted] = expected(&claims);
    let mut value = json!({
        "schema": "parclose.demo-supply-chain/1",
        "scenario": "supply-chain",
        "source": invoices.source,
        "receivables": claims.len(),
        "accepted": counted.accepted,
        "split": counted.split,
        "passed_on": counted.passed_on,
        "discounted": counted.discounted,
        "settled": counted.settled,
        "deals": counted.deals,
        "aborted": counted.aborted,
        "face_minor": face.to_string(),
        "cash_minor": judged.paid.to_string(),
        "price_minor": counted.price_minor.to_string(),
        "currency": invoices.currency.code(),
        "expected": {
            "settled": claims.len(),
            "split": expected_split,
            "passed_on": expected_passed,
            "discounted": expected_discounted,
            "cash_minor": face.to_string(),
            "price_minor": prices(&claims).to_string(),
        },
        "conserved": judged.failures.is_empty(),
        "confirmed_by_view_keys": judged.confirmed,
        "second_pledge": second.map(|second| second.to_json()),
        "seconds": super::rounded(seconds),
        "failures": judged.failures,
    });
    if options.nodes {
        value["nodes"] = nodes;
    }
    Ok(value)
}

fn prices(claims: &[Receivable]) -> u64 {
    let price = |claim: &Receivable| match &claim.course {
        Course::Discounted(quote) => quote.price_minor(),
        _ => 0,
    };
    claims.iter().map(price).sum()
}

/// How many the rule splits, passes on and discounts.
fn expected(claims: &[Receivable]) -> [usize; 3] {
    let count = |holds: fn(&&Receivable) -> bool| claims.iter().filter(holds).count();
    [
        count(|claim| matches!(claim.course, Course::PassedOn(_)) && claim.pieces.len() > 1),
        count(|claim| matches!(claim.course, Course::PassedOn(_))),
        count(|claim| matches!(claim.course, Course::Discounted(_))),
    ]
}
