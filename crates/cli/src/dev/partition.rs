//! `parclose dev partition|heal`: cuts the links between running nodes, and heals them.

use std::collections::BTreeSet;

use parclose_node::links::Cut;
use serde_json::Value;

use super::MEMBERS;
use super::nodes::{folder, status};
use crate::args::Global;
use crate::error::CliError;

type Group = BTreeSet<String>;

/// Cuts every link between two groups; without a second one, to everybody else. What was cut before stays cut.
///
/// # Rules
///
/// > LNK-02: a partition is between members of the development consortium, none of them on both sides.
pub(super) fn cut(global: &Global, group: &str, from: Option<&str>) -> Result<Value, CliError> {
    let all: Group = MEMBERS.iter().map(|name| (*name).to_owned()).collect();
    let one = named(group);
    let two = from.map_or_else(|| &all - &one, named);
    if let Some(stranger) = (&one | &two).difference(&all).next() {
        return Err(refused(
            &format!("`{stranger}` is no member"),
            &format!("members: {}", MEMBERS.join(", ")),
        ));
    }
    if let Some(both) = one.intersection(&two).next() {
        return Err(refused(&format!("`{both}` would be on both sides"), "name each member once"));
    }
    if one.is_empty() || two.is_empty() {
        return Err(refused("one side is empty", "name at least one member, and leave one out"));
    }
    for (own, others) in [(&one, &two), (&two, &one)] {
        for name in own {
            let cut = cut_of(global, name)?;
            Cut::off(&cut | others).impose(&folder(global, name))?;
        }
    }
    status(global)
}

/// Names with commas between them.
fn named(side: &str) -> Group {
    side.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Heals every link.
pub(super) fn heal(global: &Global) -> Result<Value, CliError> {
    for name in MEMBERS {
        cut_of(global, name)?;
        Cut::off(Group::new()).impose(&folder(global, name))?;
    }
    status(global)
}

/// From whom a node is cut off.
fn cut_of(global: &Global, name: &str) -> Result<Group, CliError> {
    if !global.home.join("nodes").exists() {
        return Err(CliError::not_found("consortium of nodes"));
    }
    Ok(Cut::read(&folder(global, name))?.cut)
}

fn refused(text: &str, fix: &str) -> CliError {
    CliError::new("USAGE", "LNK-02", parclose_types::Fault::Sender, text.into(), fix)
}
