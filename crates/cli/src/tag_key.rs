//! `parclose tag-key`: the key by which channels see that nothing is financed twice. These commands show its check value alone.

use parclose_channel::{Channel, ChannelError, Drafted, TagConflict};
use parclose_node::randomness::generator;
use parclose_transaction::TagKey;
use parclose_transaction::tag::tag_key_record;
use parclose_types::hex;
use serde_json::{Value, json};

use crate::args::{Global, OfChannel, TagKeyCommand};
use crate::asset::submit;
use crate::business_date::said;
use crate::context::with_channel;
use crate::error::CliError;

/// Runs `parclose tag-key …`.
pub fn run(global: &Global, command: &TagKeyCommand) -> Result<Value, CliError> {
    match command {
        TagKeyCommand::Create { of } => create(global, of),
        TagKeyCommand::Share { of, to } => share(global, of, to),
        TagKeyCommand::Show { of } => show(global, of),
    }
}

/// # Rules
///
/// > RCV-07: a channel's tag key is made once: a channel that has one gets another only from a channel that has another.
fn create(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    let channel = of.channel.clone();
    submit(global, of, "parclose.tag-key-create/1", move |here, _| {
        if here.record(&tag_key_record(&here.id()))?.is_some() {
            return Err(CliError::usage(
                format!("the channel `{channel}` has a tag key already"),
                "parclose tag-key show",
            ));
        }
        drafted(here, &TagKey::generate(&mut generator()))
    })
}

fn share(global: &Global, of: &OfChannel, to: &str) -> Result<Value, CliError> {
    let key = with_channel(global, of, |channel| channel.tag_key())?;
    let key = key.ok_or(TagConflict::NoKey)?;
    let there = OfChannel { channel: to.to_owned(), member: of.member.clone() };
    submit(global, &there, "parclose.tag-key-share/1", move |channel, _| drafted(channel, &key))
}

fn drafted(channel: &Channel, key: &TagKey) -> Result<(Drafted, Value), CliError> {
    let operation = channel.say_tag_key(key)?;
    let told = json!({ "check_value": hex::encode(&key.check_value()), "version": operation.version });
    Ok((Drafted { operations: vec![operation], ..Drafted::default() }, told))
}

fn show(global: &Global, of: &OfChannel) -> Result<Value, CliError> {
    let name = of.channel.clone();
    with_channel(global, of, move |channel| {
        let row = channel.record(&tag_key_record(&channel.id()))?;
        let (digest, by) = said(channel, row.as_ref())?;
        let key = channel.tag_key()?;
        Ok::<_, ChannelError>(json!({
            "schema": "parclose.tag-key/1",
            "channel": name,
            "check_value": key.map(|key| hex::encode(&key.check_value())),
            "version": row.map(|row| row.version),
            "said_by": by,
            "tx": digest.map(|digest| digest.to_string()),
        }))
    })
}
