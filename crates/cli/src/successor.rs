//! `parclose channel succeed`: the way on from a channel that was closed.

use parclose_channel::Predecessor;
use serde_json::{Value, json};

use crate::args::{Global, OfChannel};
use crate::context::{in_room, with_consortium};
use crate::error::CliError;

/// Opens the successor of a channel that was closed.
pub fn succeed(global: &Global, of: &OfChannel, name: Option<&str>) -> Result<Value, CliError> {
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        let is_successor = in_room(&room, |channel| channel.setup().predecessor.is_some())?;
        let name = name.map_or_else(|| name_after(&of.channel, is_successor), str::to_owned);
        let setup = consortium.succeed(&of.member, &of.channel, &name)?;
        let definition =
            in_room(&consortium.room(&of.member, &name)?, |channel| channel.definition().clone())?;
        let members = setup.config.members.iter();
        let members = members.map(|entry| json!({ "name": entry.name, "roles": entry.certificate.roles }));
        Ok(json!({
            "schema": "parclose.channel-succeed/1",
            "name": name,
            "template": definition.template,
            "definition_version": definition.version,
            "tag": setup.tag.to_string(),
            "predecessor": setup.predecessor.as_ref().map(end_json),
            "members": members.collect::<Vec<_>>(),
            "records": format!("stay in `{}`, and are read there", of.channel),
        }))
    })
}

/// The end of a channel, as its successor names it.
pub fn end_json(end: &Predecessor) -> Value {
    json!({
        "tag": end.tag.to_string(),
        "last_event": end.last_event.0,
        "state_root": end.state_root.to_string(),
    })
}

/// `trade` is followed by `trade-2`, and a successor `trade-2` by `trade-3`; a number that a founder gave
/// is part of the name.
fn name_after(name: &str, is_successor: bool) -> String {
    let counted = name.rsplit_once('-').and_then(|(base, number)| Some((base, number.parse::<u32>().ok()?)));
    match counted.filter(|_| is_successor) {
        Some((base, number)) => format!("{base}-{}", number.saturating_add(1)),
        None => format!("{name}-2"),
    }
}

#[cfg(test)]
mod tests {
    use super::name_after;

    #[test]
    fn a_successor_is_named_after_its_predecessor() {
        assert_eq!(name_after("trade", false), "trade-2");
        assert_eq!(name_after("trade-2", true), "trade-3");
        assert_eq!(name_after("year-2024", false), "year-2024-2");
        assert_eq!(name_after("trade", true), "trade-2", "one that was named by hand");
    }
}
