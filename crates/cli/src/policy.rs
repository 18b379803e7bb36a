//! `parclose policy`: who may do what.

use parclose_access::{Effect, Policy as Parsed, PolicySource, Statement};
use parclose_node::found::read_template;
use parclose_transaction::Definition;
use serde_json::{Value, json};

use crate::args::{Global, Policy};
use crate::context::with_channel;
use crate::error::CliError;

/// Runs `parclose policy …`.
pub fn run(global: &Global, command: &Policy) -> Result<Value, CliError> {
    match command {
        Policy::Show { of } => {
            let statements = with_channel(global, of, |channel| {
                Ok(channel.policy().statements().iter().map(statement_json).collect::<Vec<_>>())
            })?;
            Ok(json!({ "schema": "parclose.policy/1", "statements": statements }))
        }
        Policy::Check { folder } => check(folder),
    }
}

/// Checks the three files of a template folder, each against the others.
fn check(folder: &std::path::Path) -> Result<Value, CliError> {
    let texts = read_template(folder)?;
    let definition = Definition::parse("channel.toml", &texts.channel_toml)?;
    let source = PolicySource {
        file_name: "policy.cedar".into(),
        text: &texts.policy,
        schema_text: &texts.policy_schema,
    };
    let policy = Parsed::parse(source)?;
    for record in &definition.records {
        let mut slots: Vec<&str> = record.slots.iter().map(|slot| slot.name.as_str()).collect();
        slots.sort_unstable();
        let known =
            policy.slots(&record.name).map(|slots| slots.keys().map(String::as_str).collect::<Vec<_>>());
        if known.as_ref() != Some(&slots) {
            return Err(CliError::usage(
                format!(
                    "policy.cedarschema does not have record type `{}` with the slots of channel.toml",
                    record.name
                ),
                "give both files the same record types and slots",
            ));
        }
    }
    Ok(json!({
        "schema": "parclose.policy-check/1",
        "template": definition.template,
        "version": definition.version,
        "digest": texts.digest().to_string(),
        "statements": policy.statements().iter().map(statement_json).collect::<Vec<_>>(),
    }))
}

fn statement_json(statement: &Statement) -> Value {
    let effect = match statement.effect {
        Effect::Permit => "permit",
        Effect::Forbid => "forbid",
    };
    json!({
        "id": statement.id,
        "effect": effect,
        "at": statement.place.to_string(),
        "text": statement.text.split_whitespace().collect::<Vec<_>>().join(" "),
    })
}
