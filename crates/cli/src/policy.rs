//! `parclose policy`: who may do what, why, and what another policy would change.

pub(crate) mod check;
mod diff;
mod explain;
mod read;
mod subject;

use parclose_access::Statement;
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
        Policy::Check { folder, follows } => check::run(global, folder, follows),
        Policy::Explain(question) => explain::run(global, question),
        Policy::Diff { of, motion, folders } => diff::run(global, of, motion.as_deref(), folders),
    }
}

fn statement_json(statement: &Statement) -> Value {
    json!({
        "id": statement.id,
        "effect": statement.effect.to_string(),
        "at": statement.place.to_string(),
        "text": statement.text.split_whitespace().collect::<Vec<_>>().join(" "),
    })
}
