//! `parclose policy check`: the three files of a template folder, each against the others.

use std::path::{Path, PathBuf};

use parclose_access::Policy;
use parclose_node::found::{read_template, template_folder};
use parclose_transaction::{Definition, DefinitionTexts};
use serde_json::{Value, json};

use super::statement_json;
use super::subject::parse;
use crate::args::Global;
use crate::error::CliError;

/// Checks a folder, also as the next version of others.
pub(super) fn run(global: &Global, folder: &Path, follows: &[PathBuf]) -> Result<Value, CliError> {
    let texts = read_template(folder)?;
    let (definition, policy) = agreed(&texts)?;
    let digest = texts.digest();
    let mut value = json!({
        "schema": "parclose.policy-check/1",
        "template": definition.template,
        "version": definition.version,
        "digest": digest.to_string(),
        "statements": policy.statements().iter().map(statement_json).collect::<Vec<_>>(),
    });
    if let Some(version) = check_succession(global, &definition, follows)? {
        value["may_follow_version"] = json!(version);
    }
    Ok(value)
}

/// Reads definition and policy, and holds each against the other.
pub(crate) fn agreed(texts: &DefinitionTexts) -> Result<(Definition, Policy), CliError> {
    let (definition, policy) = parse(texts)?;
    same_slots(&definition, &policy)?;
    Ok((definition, policy))
}

/// Policy schema and definition name the same record types and slots. The policy may have more record
/// types than the definition: those that are no records, with actions of their own.
fn same_slots(definition: &Definition, policy: &Policy) -> Result<(), CliError> {
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
    Ok(())
}

/// The version that it may follow: the highest of the others is the one in force.
fn check_succession(
    global: &Global,
    definition: &Definition,
    follows: &[PathBuf],
) -> Result<Option<u32>, CliError> {
    let read = |folder: &PathBuf| {
        let folder = template_folder(&global.templates, &folder.display().to_string());
        Ok(Definition::parse("channel.toml", &read_template(&folder)?.channel_toml)?)
    };
    let mut earlier = follows.iter().map(read).collect::<Result<Vec<Definition>, CliError>>()?;
    earlier.sort_by_key(|definition| definition.version);
    let Some(in_force) = earlier.pop() else { return Ok(None) };
    definition.may_follow(&in_force, &earlier)?;
    Ok(Some(in_force.version))
}
