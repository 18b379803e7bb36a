//! Deals of a demonstration: proposed by one party, accepted by the other, and settled together.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ground::{Ground, Line};
use crate::error::CliError;

/// Heights within which legs are locked, and after that settled: nodes may be slow, and nothing is to lapse.
const WITHIN: &str = "2048";
/// Deals that are on their way together: as many as a block opens.
pub(super) const TOGETHER: usize = 32;

/// What two members exchange.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) proposer: &'static str,
    pub(super) acceptor: &'static str,
    /// what the proposer gives, as `--give` takes it
    pub(super) give: String,
    /// what it gets
    pub(super) get: String,
    /// of the trade, in their own books
    pub(super) reference: String,
}

/// Agrees on exchanges in a channel and settles them, on both sides; whether each was committed.
pub(super) fn settle(
    ground: &Ground<'_>,
    channel: &'static str,
    exchanges: &[Exchange],
) -> Result<Vec<bool>, CliError> {
    let proposed =
        ground.together(&exchanges.iter().map(|made| propose(channel, made)).collect::<Vec<_>>())?;
    let instruction = |value: &Value| value["instruction"].as_str().map(str::to_owned);
    let instructions: Option<Vec<String>> = proposed.iter().map(instruction).collect();
    let instructions = instructions.ok_or_else(|| CliError::not_found("instruction"))?;
    let of_each = |party: fn(&Exchange) -> &'static str| {
        let mut of_each: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
        for (exchange, instruction) in exchanges.iter().zip(&instructions) {
            of_each.entry(party(exchange)).or_default().push(instruction);
        }
        of_each
    };
    let acceptors = of_each(|exchange| exchange.acceptor);
    for (acceptor, instructions) in &acceptors {
        wait(ground, (acceptor, channel), instructions, |stage| stage.is_some())?;
    }
    let accept = |(exchange, instruction): (&Exchange, &String)| {
        Line::of((exchange.acceptor, channel), &["dvp", "accept", instruction])
    };
    ground.together(&exchanges.iter().zip(&instructions).map(accept).collect::<Vec<_>>())?;
    let is_over =
        |stage: Option<&str>| stage.is_some_and(|stage| !["proposed", "agreed", "open"].contains(&stage));
    let mut stages = BTreeMap::new();
    for (party, instructions) in acceptors.iter().chain(&of_each(|exchange| exchange.proposer)) {
        stages.extend(wait(ground, (party, channel), instructions, is_over)?);
    }
    let committed = |instruction| stages.get(instruction).is_some_and(|stage| stage == "committed");
    Ok(instructions.iter().map(committed).collect())
}

fn propose(channel: &'static str, exchange: &Exchange) -> Line {
    let Exchange { proposer, acceptor, give, get, reference } = exchange;
    let what = ["dvp", "propose", "--to", acceptor, "--give", give, "--get", get, "--reference", reference];
    let when = ["--allocate-within", WITHIN, "--settle-within", WITHIN];
    Line::of((proposer, channel), &[&what[..], &when].concat())
}

/// Waits until a party's desk has deals in a stage that is wanted: the stages of all its deals.
fn wait(
    ground: &Ground<'_>,
    party: super::ground::Party,
    instructions: &[&str],
    is_wanted: impl Fn(Option<&str>) -> bool,
) -> Result<BTreeMap<String, String>, CliError> {
    let is_so = |shown: &Value| {
        let stages = stages(shown);
        instructions.iter().all(|one| is_wanted(stages.get(*one).map(String::as_str)))
    };
    Ok(stages(&ground.until(party, &["dvp", "status"], is_so)?))
}

fn stages(shown: &Value) -> BTreeMap<String, String> {
    let deals = shown["deals"].as_array().map_or(&[][..], Vec::as_slice);
    let stage =
        |deal: &Value| Some((deal["instruction"].as_str()?.to_owned(), deal["stage"].as_str()?.to_owned()));
    deals.iter().filter_map(stage).collect()
}
