//! `parclose demo --scenario settlement`: auctions of government securities, settled against cash in another channel.
//!
//! ```text
//!   auctions --read--> legs --plan--> days: redemptions due, then new deals      crate finance
//!   the issuer and six classes of buyers: two channels, accounts, cash, notes    market.rs
//!   each day: what matures is owed, delivered, netted, paid                      matured.rs
//!             what was auctioned is proposed, locked, prepared, decided          day.rs
//!   holdings with each member's own keys, and with the regulator's               judged.rs
//! ```
//!
//! Every leg of the table is a deal of its own: securities in the one channel, cash in the other. What matures is delivered
//! back gross and paid net, one sum for each class and day.
//! With `--nodes` each of the eight members is a process of its own, four of them validators; what is done is the same (`demo::ground`).
//! What everybody holds at the end is compared with what the plan says, and so are the sums.

mod day;
mod judged;
mod market;
mod matured;

use parclose_finance::plan::{Holdings, Plan};
use parclose_finance::{synthetic, treasury};
use serde_json::{Value, json};

use crate::args::{Demo, Global};
use crate::error::CliError;
use crate::progress::Progress;
use market::Market;

/// Legs where nobody says how many.
const LEGS: usize = 60;
/// The auctions that a fresh machine has.
const SEED: u64 = 42;
const AUCTIONS: u32 = 24;

/// What was settled.
#[derive(Debug, Default)]
struct Settled {
    deals: u64,
    committed: u64,
    aborted: u64,
    redemptions: u64,
    /// what was left of the redemptions once they were netted
    payments: u64,
    par: u64,
    cash_minor: u64,
}

fn refused(error: parclose_finance::Refused) -> CliError {
    CliError::usage(error.to_string(), "give the Treasury's table of auctions")
}

/// Runs it.
pub(super) fn run(global: &Global, options: &Demo, mut progress: Progress) -> Result<Value, CliError> {
    let (source, bytes) = match &options.trades {
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|error| CliError::file(path, &error))?;
            (path.display().to_string(), bytes)
        }
        None => (format!("generated from seed {SEED}"), synthetic::auctions(SEED, AUCTIONS).csv.into_bytes()),
    };
    let all = treasury::read(&bytes).map_err(refused)?;
    let wanted = if options.all { all.len() } else { options.legs.unwrap_or(LEGS) };
    let legs = treasury::first(&all, wanted);
    let expected = treasury::totals(legs).map_err(refused)?;
    let plan = Plan::of(legs).map_err(refused)?;
    let Some(last) = legs.iter().map(|leg| leg.settlement).max() else {
        return Err(CliError::usage("there is nothing to settle", "--legs 10"));
    };
    progress
        .step(&format!("founding: an issuer, a central bank, six classes of buyers; {} legs", legs.len()));
    let market = Market::open((global, options), legs, &plan, last, &mut progress)?;
    let (mut settled, mut holdings) = (Settled::default(), Holdings::default());
    for day in plan.until(last) {
        market.settle(day, &mut settled)?;
        holdings = holdings.after(day).map_err(refused)?;
        progress.step(&format!("{}: {} of {} legs settled", day.date, settled.committed, legs.len()));
    }
    progress.step("reading what everybody holds, with its own keys, and as the regulator");
    let cash = judged::cash(plan.until(last));
    let redemptions: usize = plan.until(last).map(|day| day.redemptions.len()).sum();
    let payments: usize = plan.until(last).map(|day| matured::payments(&day.redemptions)).sum();
    let judged = judged::judge(&market, &holdings, &cash)?;
    let (seconds, nodes) = (progress.seconds(), market.ground.nodes());
    market.ground.close()?;
    progress.step("done");
    let mut failures = judged.failures;
    let totals = (settled.committed, settled.par, settled.cash_minor);
    if totals != (expected.legs as u64, expected.par, expected.cash_minor) {
        failures.push(format!("settled {totals:?}, expected {expected:?}"));
    }
    if (settled.redemptions, settled.payments) != (redemptions as u64, payments as u64) {
        failures.push(format!("{redemptions} redemptions should have come to {payments} payments"));
    }
    if settled.aborted > 0 {
        failures.push(format!("{} deals were aborted", settled.aborted));
    }
    let mut value = json!({
        "schema": "parclose.demo-settlement/1",
        "scenario": "settlement",
        "source": source,
        "deals": settled.deals,
        "settled": settled.committed,
        "redemptions": settled.redemptions,
        "redemption_payments": settled.payments,
        "aborted": settled.aborted,
        "par_minor": minor(settled.par).to_string(),
        "cash_minor": settled.cash_minor.to_string(),
        "currency": "USD",
        "expected": {
            "settled": expected.legs,
            "redemptions": redemptions,
            "redemption_payments": payments,
            "par_minor": minor(expected.par).to_string(),
            "cash_minor": expected.cash_minor.to_string(),
        },
        "securities": judged.securities,
        "held_par_minor": judged.held.to_string(),
        "conserved": failures.is_empty(),
        "confirmed_by_view_keys": judged.confirmed,
        "deals_per_second": super::rounded(settled.deals as f64 / seconds.max(f64::EPSILON)),
        "seconds": super::rounded(seconds),
        "failures": failures,
    });
    if options.nodes {
        value["nodes"] = nodes;
    }
    Ok(value)
}

/// Cents of dollars of par.
fn minor(par: u64) -> u64 {
    par.saturating_mul(100)
}
