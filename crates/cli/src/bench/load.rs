//! `parclose bench load`: a running node writes.

use parclose_node::measure::{self, LoadPlan};
use serde_json::Value;

use crate::args::{Global, Load};
use crate::context::with_consortium;
use crate::error::CliError;

pub(super) fn run(global: &Global, load: &Load) -> Result<Value, CliError> {
    let plan = LoadPlan {
        counterparty: load.counterparty.clone(),
        writes: load.writes,
        rate: load.rate,
        window: load.window.into(),
    };
    with_consortium(global, |consortium| {
        let rooms = load.channels.iter().map(|channel| consortium.room(&load.member, channel));
        let rooms = rooms.collect::<Result<Vec<_>, _>>()?;
        measure::load(&rooms, &plan).map_err(|e| super::failed(&*e))
    })
}
