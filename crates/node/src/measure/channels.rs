//! What a node costs that has many channels and little to do: to open it, and to keep it open.
//!
//! Founding and opening are two processes, so that the memory of one is not that of the other.

use std::path::{Path, PathBuf};

use parclose_transaction::{Definition, DefinitionTexts};
use serde_json::{Value, json};

use super::Failed;
use super::clock::wall;
use crate::consortium::Consortium;
use crate::found::{Party, found_channel, found_consortium};
use crate::home::Home;
use crate::randomness::generator;
use crate::unlock::Unlock;

const MEMBERS: [&str; 2] = ["first", "second"];

/// Founds a home with so many channels of two members, and another with one.
pub fn found_channels(home: &Path, count: usize) -> Result<(), Failed> {
    found_home(home, count)?;
    found_home(&beside(home), 1)
}

fn found_home(home: &Path, count: usize) -> Result<(), Failed> {
    found_consortium(home, &MEMBERS, &mut generator())?;
    let consortium = open(home)?;
    for number in 0..count {
        found(&consortium, &format!("channel-{number:03}"))?;
    }
    drop(consortium.close());
    Ok(())
}

/// Inside the other home, so that it goes with it.
fn beside(home: &Path) -> PathBuf {
    home.join("beside")
}

/// Opens a home and tells what that cost; memory is what the process has more than before.
pub fn open_channels(home: &Path) -> Result<Value, Failed> {
    // What any home costs is not the rooms': another is opened first, and stays.
    let other = open(&beside(home))?;
    let (before, started) = (resident_bytes()?, wall()?);
    let consortium = open(home)?;
    let (seconds, resident) = (wall()? - started, resident_bytes()?.saturating_sub(before));
    let directory = consortium.home().member_directory(MEMBERS[0])?;
    let rooms = MEMBERS.len() * directory.channels()?.len();
    drop((consortium.close(), other.close()));
    Ok(json!({
        "schema": "parclose.bench-channels/1",
        "rooms": rooms,
        "seconds": seconds,
        "seconds_of_100": seconds * 100.0 / rooms as f64,
        "resident_bytes_of_a_room": resident / rooms.max(1) as u64,
    }))
}

fn open(home: &Path) -> Result<Consortium, Failed> {
    Ok(Consortium::open(Home::open(home)?.with_unlock(Unlock::of_home(home)))?)
}

fn found(consortium: &Consortium, name: &str) -> Result<(), Failed> {
    let template = [
        include_str!("../../../../channels/bilateral/channel.toml"),
        include_str!("../../../../channels/bilateral/policy.cedar"),
        include_str!("../../../../channels/bilateral/policy.cedarschema"),
    ];
    let [channel_toml, policy, policy_schema] = template.map(str::to_owned);
    let definition = Definition::parse("channel.toml", &channel_toml)?;
    let texts = DefinitionTexts { channel_toml, policy, policy_schema };
    let mut parties = Vec::new();
    for member in MEMBERS {
        let directory = consortium.home().member_directory(member)?;
        parties.push(Party { directory, name: member.into(), roles: vec!["member".into()] });
    }
    let network = consortium.root().network();
    let (open, _) = found_channel(name, network, texts, &definition, &parties, consortium.cache())?;
    Ok(consortium.open_on_root(name, &MEMBERS.map(str::to_owned), open)?)
}

/// What the process occupies (Linux: `statm`, in pages of 4 KiB).
fn resident_bytes() -> Result<u64, Failed> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = text.split(' ').nth(1).unwrap_or_default().parse()?;
    Ok(pages * 4096)
}
