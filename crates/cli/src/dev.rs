//! `parclose dev`: a consortium of five members, a regulator and three channels in one directory.

pub(crate) mod nodes;
mod partition;
pub(crate) mod ports;

use parclose_node::found::{
    Party, found_channel, found_consortium, found_consortium_under, read_template, template_folder,
};
use parclose_node::home::check_channel_name;
use parclose_node::randomness::generator;
use parclose_node::{Consortium, Home, passphrase_file};
use parclose_transaction::Definition;
use parclose_types::Failure;
use serde_json::{Value, json};

use crate::args::{Dev, Global};
use crate::error::CliError;
use crate::member::card_json;

/// A channel of the development consortium: name, template, members with their roles, `+` between them.
pub type ChannelPlan = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The members.
pub const MEMBERS: &[&str] = &["buyer", "supplier-a", "supplier-b", "bank-1", "bank-2"];

/// The channels: each supplier's room with the buyer and one bank, and the banks alone.
pub const CHANNELS: &[ChannelPlan] = &[
    (
        "trade-a",
        "scf-receivable",
        &[("buyer", "buyer+holder"), ("supplier-a", "supplier+holder"), ("bank-1", "bank+holder+timekeeper")],
    ),
    (
        "trade-b",
        "scf-receivable",
        &[("buyer", "buyer+holder"), ("supplier-b", "supplier+holder"), ("bank-2", "bank+holder+timekeeper")],
    ),
    ("banks", "bilateral", &[("bank-1", "member"), ("bank-2", "member")]),
];

/// Who is there, and in which channels.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// by name
    pub members: &'static [&'static str],
    /// all of them
    pub channels: &'static [ChannelPlan],
}

/// The consortium for development.
pub const DEVELOPMENT: Scene = Scene { members: MEMBERS, channels: CHANNELS };

/// Runs `parclose dev …`.
pub fn run(global: &Global, command: &Dev) -> Result<Value, CliError> {
    match command {
        Dev::Up { validators: Some(count), port_base } => nodes::up(global, *count, *port_base),
        Dev::Status => nodes::status(global),
        Dev::Down => nodes::down(global),
        Dev::Kill { node } => nodes::kill(global, node),
        Dev::Restart { node } => nodes::restart(global, node),
        Dev::Partition { group, from } => partition::cut(global, group, from.as_deref()),
        Dev::Heal => partition::heal(global),
        Dev::Up { validators: None, .. } => {
            let consortium = up(global)?;
            let cards: Vec<Value> = consortium.home().members().iter().map(card_json).collect();
            let network = consortium.root().network().to_string();
            let own = passphrase_file::of_home(consortium.home().path());
            let passphrase = if own.exists() { own.display().to_string() } else { "as given".into() };
            drop(consortium.close());
            Ok(json!({
                "schema": "parclose.dev/1",
                "home": global.home.display().to_string(),
                "network": network,
                "passphrase": passphrase,
                "members": cards,
                "channels": CHANNELS.iter().map(|(name, template, members)| json!({
                    "name": name,
                    "template": template,
                    "members": members.iter().map(|(member, _)| *member).collect::<Vec<_>>(),
                })).collect::<Vec<_>>(),
                "try": [
                    "parclose channel list --as buyer",
                    "parclose channel visibility -c trade-a --as buyer",
                    "parclose policy show -c trade-a --as bank-1",
                ],
            }))
        }
    }
}

/// Makes the development consortium and opens it.
pub fn up(global: &Global) -> Result<Consortium, CliError> {
    set_up(global, &DEVELOPMENT)
}

/// Makes members and channels in one home, and opens it.
pub(crate) fn set_up(global: &Global, scene: &Scene) -> Result<Consortium, CliError> {
    let consortium = found(global, scene.members)?;
    for (name, template, members) in scene.channels {
        let members: Vec<(String, Vec<String>)> =
            members.iter().map(|(member, roles)| ((*member).into(), roles_of(roles))).collect();
        create_channel(&consortium, global, name, template, &members)?;
    }
    Ok(consortium)
}

/// Roles as a plan writes them.
pub(crate) fn roles_of(text: &str) -> Vec<String> {
    text.split('+').map(str::to_owned).collect()
}

/// Makes a home and opens it: under the passphrase that was given, or one of its own. It never asks.
pub fn found(global: &Global, members: &[&str]) -> Result<Consortium, CliError> {
    match global.passphrase.given()? {
        Some(unlock) => found_consortium_under(&unlock, &global.home, members, &mut generator())?,
        None => found_consortium(&global.home, members, &mut generator())?,
    }
    Ok(Consortium::open(global.passphrase.unlock(Home::open(&global.home)?)?)?)
}

/// Founds a channel and opens it on the root chain.
pub fn create_channel(
    consortium: &Consortium,
    global: &Global,
    name: &str,
    template: &str,
    members: &[(String, Vec<String>)],
) -> Result<parclose_types::Tag, CliError> {
    check_channel_name(name).map_err(|e| CliError::usage(e.to_string(), &e.fix()))?;
    let texts = read_template(&template_folder(&global.templates, template))?;
    let definition = Definition::parse("channel.toml", &texts.channel_toml)?;
    let party = |(member, roles): &(String, Vec<String>)| {
        let directory = consortium.home().member_directory(member)?;
        if directory.channel(name).is_ok() {
            return Err(CliError::usage(
                format!("member `{member}` has a channel `{name}` already"),
                "use another name",
            ));
        }
        Ok(Party { directory, name: member.clone(), roles: roles.clone() })
    };
    let parties = members.iter().map(party).collect::<Result<Vec<_>, CliError>>()?;
    let network = consortium.root().network();
    let (open, setup) = found_channel(name, network, texts, &definition, &parties, consortium.cache())?;
    let names: Vec<String> = members.iter().map(|(member, _)| member.clone()).collect();
    consortium.open_on_root(name, &names, open)?;
    Ok(setup.tag)
}
