//! `parclose member`: what everybody in the consortium knows of a member.

use parclose_node::Home;
use parclose_node::home::MemberCard;
use serde_json::{Value, json};

use crate::args::{Global, Member};
use crate::context::with_home;
use crate::error::CliError;

/// Runs `parclose member …`.
pub fn run(global: &Global, command: &Member) -> Result<Value, CliError> {
    with_home(global, |home| of_home(home, command))
}

fn of_home(home: &Home, command: &Member) -> Result<Value, CliError> {
    match command {
        Member::List => {
            let members: Vec<Value> = home.members().iter().map(card_json).collect();
            Ok(json!({ "schema": "parclose.members/1", "members": members }))
        }
        Member::Show { name } => {
            let mut value = card_json(home.member(name)?);
            value["schema"] = json!("parclose.member/1");
            Ok(value)
        }
    }
}

/// A member's public card.
#[must_use]
pub fn card_json(card: &MemberCard) -> Value {
    json!({ "name": card.name, "lei": card.lei, "identity": card.identity })
}

/// A member with its roles, as a command line names it: NAME=ROLE[+ROLE].
pub fn with_roles(text: &str) -> Result<(String, Vec<String>), CliError> {
    let (member, roles) = text.split_once('=').ok_or_else(|| {
        CliError::usage(format!("`{text}` is not NAME=ROLE"), "for example --member buyer=buyer")
    })?;
    Ok((member.to_owned(), roles.split('+').map(str::to_owned).collect()))
}
