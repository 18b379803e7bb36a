//! `parclose business-date`: the day that the channel goes by. No clock is asked.

use parclose_channel::tables::RecordRow;
use parclose_channel::{Channel, ChannelError, Drafted};
use parclose_transaction::Day;
use parclose_transaction::day::calendar_record;
use parclose_types::TransactionDigest;
use serde_json::{Value, json};

use crate::args::{BusinessDate, Global, OfChannel};
use crate::asset::submit;
use crate::context::with_channel;
use crate::error::CliError;

/// Runs `parclose business-date …`.
pub fn run(global: &Global, command: &BusinessDate) -> Result<Value, CliError> {
    match command {
        BusinessDate::Show { of } => show(global, of),
        BusinessDate::Advance { of, date } => advance(global, of, date),
    }
}

fn show(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    let name = of.channel.clone();
    with_channel(global, of, move |channel| {
        let row = channel.record(&calendar_record(&channel.id()))?;
        let (said, by) = said(channel, row.as_ref())?;
        Ok::<_, ChannelError>(json!({
            "schema": "parclose.business-date/1",
            "channel": name,
            "business_day": row.and_then(|row| row.day).map(|day| day.to_string()),
            "said_by": by,
            "tx": said.map(|digest| digest.to_string()),
        }))
    })
}

/// By which transaction a record of the whole channel was said last, and by whom.
pub(crate) fn said(
    channel: &Channel,
    row: Option<&RecordRow>,
) -> Result<(Option<TransactionDigest>, Option<String>), ChannelError> {
    let Some(field) = row.and_then(|row| row.fields.first()) else { return Ok((None, None)) };
    let digest = field.state.transaction;
    let Some(stored) = channel.transaction(&digest)? else { return Ok((Some(digest), None)) };
    Ok((Some(digest), channel.name_in(stored.body.generation, &stored.body.author)?))
}

fn advance(global: &Global, of: &OfChannel, date: &str) -> Result<Value, CliError> {
    if Day::of(date).is_none_or(|day| day.to_string() != date) {
        return Err(CliError::usage(format!("`{date}` is no day of 1970 or later"), "2026-11-26"));
    }
    let date = date.to_owned();
    submit(global, of, "parclose.business-date-advance/1", move |channel, _| {
        let operation = channel.say_business_day(&date)?;
        let before = channel.business_day()?.map(|day| day.to_string());
        let told = json!({ "business_day": date, "before": before });
        Ok((Drafted { operations: vec![operation], ..Drafted::default() }, told))
    })
}
