//! The leak scan over every store of the home.
//!
//! For each member's store of each channel: every row as its disk holds it, every row after unsealing,
//! and every value that it opens are searched in its own store (they must be found, or the search is
//! blind) and in the directories of everybody who does not belong to that channel, and in the root chain.

use std::collections::BTreeSet;
use std::path::PathBuf;

use parclose_channel::Channel;
use parclose_node::Home;
use parclose_node::consortium::open_channel;
use parclose_node::home::{ChannelCard, MemberDirectory};
use parclose_node::leak_scan::{Needles, opened_values};
use serde_json::{Value, json};

use super::Checks;
use crate::error::CliError;

struct Store {
    member: String,
    directory: MemberDirectory,
    card: ChannelCard,
}

impl Store {
    fn open(&self) -> Result<Channel, CliError> {
        Ok(open_channel(&self.directory, &self.card, &parclose_node::shared_cache(CACHE_BYTES))?)
    }
}

const CACHE_BYTES: usize = 8 << 20;

pub(crate) fn run(home: &Home, checks: &mut Checks) -> Result<Value, CliError> {
    let stores = stores(home)?;
    let shared = shared_values(&stores)?;
    let (mut needles, mut own_hits, mut foreign_hits) = (0, 0, 0);
    for store in &stores {
        let mine = needles_of(store, &shared)?;
        let own = search_own(store, &mine)?;
        let foreign = search_foreign(home, &stores, store, &mine)?;
        checks.expect(own == mine.len(), format!("{} of {} needles of {} are found at home", own, mine.len(), store.member));
        checks.expect(foreign == 0, format!("{foreign} needles of {}'s {} are found elsewhere", store.member, store.card.name));
        needles += mine.len();
        own_hits += own;
        foreign_hits += foreign;
    }
    Ok(json!({ "needles": needles, "own_hits": own_hits, "foreign_hits": foreign_hits }))
}

fn stores(home: &Home) -> Result<Vec<Store>, CliError> {
    let mut stores = Vec::new();
    for member in home.members() {
        let directory = home.member_directory(&member.name)?;
        for card in directory.channels()? {
            stores.push(Store { member: member.name.clone(), directory: directory.clone(), card });
        }
    }
    Ok(stores)
}

/// Values that more than one channel holds (dates, names): found elsewhere they prove nothing.
fn shared_values(stores: &[Store]) -> Result<BTreeSet<Vec<u8>>, CliError> {
    let mut first_seen: std::collections::BTreeMap<Vec<u8>, &str> = std::collections::BTreeMap::new();
    let mut shared = BTreeSet::new();
    for store in stores {
        for value in opened_values(&store.open()?)? {
            match first_seen.get(&value) {
                Some(channel) if *channel != store.card.name => {
                    shared.insert(value);
                }
                Some(_) => {}
                None => {
                    first_seen.insert(value, &store.card.name);
                }
            }
        }
    }
    Ok(shared)
}

fn needles_of(store: &Store, shared: &BTreeSet<Vec<u8>>) -> Result<Needles, CliError> {
    let channel = store.open()?;
    // Rows must lie whole in sorted files: the log cuts long ones into blocks.
    channel.store().flush().map_err(parclose_channel::ChannelError::from)?;
    let mut needles = Needles::default();
    needles.add_rows(&channel)?;
    for value in opened_values(&channel)?.difference(shared) {
        needles.add(value);
    }
    needles.prepare();
    Ok(needles)
}

fn search_own(store: &Store, needles: &Needles) -> Result<usize, CliError> {
    let mut found = BTreeSet::new();
    needles.search_opened(&store.open()?, &mut found)?;
    let path = store.directory.database(&store.card.name);
    needles.search_files(&path, &mut found).map_err(|e| CliError::file(&path, &e))?;
    Ok(found.len())
}

/// Everybody who does not belong to this channel, raw and opened, and the root chain.
fn search_foreign(home: &Home, stores: &[Store], of: &Store, needles: &Needles) -> Result<usize, CliError> {
    let mut found = BTreeSet::new();
    let insiders: BTreeSet<&str> =
        stores.iter().filter(|s| s.card.channel == of.card.channel).map(|s| s.member.as_str()).collect();
    let mut places: Vec<PathBuf> = vec![home.path().join("root"), home.path().join("genesis.json")];
    for member in home.members().iter().filter(|member| !insiders.contains(member.name.as_str())) {
        places.push(home.member_directory(&member.name)?.path().to_owned());
    }
    for place in &places {
        needles.search_files(place, &mut found).map_err(|e| CliError::file(place, &e))?;
    }
    // An insider's other rooms are foreign too.
    for store in stores.iter().filter(|store| store.card.channel != of.card.channel) {
        if insiders.contains(store.member.as_str()) {
            let path = store.directory.database(&store.card.name);
            needles.search_files(&path, &mut found).map_err(|e| CliError::file(&path, &e))?;
        }
        needles.search_opened(&store.open()?, &mut found)?;
    }
    Ok(found.len())
}
