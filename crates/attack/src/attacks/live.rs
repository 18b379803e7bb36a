//! A consortium whose members' rooms run in this process, in a home of its own, for attacks on what a running node makes.

use parclose_node::found::{Party, found_channel, found_consortium};
use parclose_node::home::MemberDirectory;
use parclose_node::{Consortium, Home};
use parclose_transaction::Definition;

use super::*;

/// The room that its two members have.
pub(super) const ROOM: &str = "statements";
const FOUNDERS: [&str; 2] = ["ann", "bob"];

/// A running consortium of two.
pub(super) struct Live {
    pub(super) consortium: Consortium,
}

impl Live {
    pub(super) fn found(stage: &mut Stage) -> Result<Self, Failed> {
        let home = stage.folder.join("home");
        found_consortium(&home, &FOUNDERS, &mut stage.rng)?;
        let consortium = Consortium::open(Home::open(&home)?)?;
        let texts = texts(TRADE);
        let definition = Definition::parse("channel.toml", &texts.channel_toml)?;
        let mut parties = Vec::new();
        for name in FOUNDERS {
            let directory = consortium.home().member_directory(name)?;
            parties.push(Party { directory, name: name.into(), roles: vec!["member".into()] });
        }
        let (network, cache) = (consortium.root().network(), consortium.cache().clone());
        let (open, _) = found_channel(ROOM, network, texts, &definition, &parties, &cache)?;
        consortium.open_on_root(ROOM, &FOUNDERS.map(str::to_owned), open)?;
        consortium.quiesce();
        Ok(Self { consortium })
    }

    pub(super) fn directory(&self, member: &str) -> Result<MemberDirectory, Failed> {
        Ok(self.consortium.home().member_directory(member)?)
    }
}
