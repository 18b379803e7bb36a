//! The leak scan over every store of the home.
//!
//! Needles, of each channel: every row as the disks of its members hold it, every row after unsealing,
//! and every value that a member opens. Places: each member's store of each channel, raw and opened,
//! everything else in the members' directories, and the root chain. A needle must be found in its own
//! channel's stores, or the search is blind; found anywhere else it is a leak.
//!
//! A value that the other room was told by its own documents (a date, a name, an invoice number that is
//! part of another) proves nothing there, and is left out by searching those documents first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use parclose_channel::Channel;
use parclose_node::consortium::open_channel;
use parclose_node::home::{ChannelCard, MemberDirectory};
use parclose_node::leak_scan::{Kind, Needles, opened_values};
use serde_json::{Value, json};

use super::Checks;
use super::homes::Homes;
use super::invoices::{BOTH, Dealt, Invoices};
use crate::error::CliError;
use crate::import::values_of;

/// A member's store of a channel; `room` is the channel's number in this scan.
struct Store {
    directory: MemberDirectory,
    card: ChannelCard,
    room: u16,
}

impl Store {
    fn open(&self) -> Result<Channel, CliError> {
        Ok(open_channel(&self.directory, &self.card, &parclose_node::shared_cache(CACHE_BYTES))?)
    }

    fn path(&self) -> PathBuf {
        self.directory.database(&self.card.name)
    }
}

const CACHE_BYTES: usize = 8 << 20;

pub(crate) fn run(homes: &Homes, invoices: &Invoices, checks: &mut Checks) -> Result<Value, CliError> {
    let (stores, rooms) = stores(homes)?;
    let needles = needles(&stores, &rooms, invoices)?;
    let mut hits = Hits { needles: &needles, own: BTreeSet::new(), foreign: BTreeSet::new() };
    for store in &stores {
        hits.search_store(store)?;
    }
    for place in other_places(homes, &stores)? {
        hits.search_files(None, &place)?;
    }
    let (own, foreign) = (hits.own.len(), hits.foreign.len());
    checks.expect(own == needles.len(), format!("{own} of {} needles are found at home", needles.len()));
    let leaked = needles.kinds(&hits.foreign);
    checks.expect(foreign == 0, format!("{foreign} needles are found where they do not belong: {leaked:?}"));
    Ok(json!({ "needles": needles.len(), "own_hits": own, "foreign_hits": foreign }))
}

fn stores(homes: &Homes) -> Result<(Vec<Store>, BTreeMap<String, u16>), CliError> {
    let mut rooms: BTreeMap<String, u16> = BTreeMap::new();
    let mut stores = Vec::new();
    for (_, directory) in homes.members()? {
        for card in directory.channels()? {
            let next = u16::try_from(rooms.len()).unwrap_or(u16::MAX);
            let room = *rooms.entry(card.name.clone()).or_insert(next);
            stores.push(Store { directory: directory.clone(), card, room });
        }
    }
    Ok((stores, rooms))
}

fn needles(
    stores: &[Store],
    rooms: &BTreeMap<String, u16>,
    invoices: &Invoices,
) -> Result<Needles, CliError> {
    let mut needles = Needles::default();
    let mut values: BTreeMap<u16, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for store in stores {
        let channel = store.open()?;
        // Rows must lie whole in sorted files: the log cuts long ones into blocks.
        channel.store().flush().map_err(parclose_channel::ChannelError::from)?;
        needles.add_rows(store.room, &channel)?;
        values.entry(store.room).or_default().extend(opened_values(&channel)?);
    }
    let told = told_elsewhere(stores, rooms, &values, invoices)?;
    for (room, values) in &values {
        for value in values.iter().filter(|value| !told.contains(&(*room, (*value).clone()))) {
            needles.add(*room, Kind::Value, value);
        }
    }
    needles.prepare();
    Ok(needles)
}

/// Values that another room's own documents contain.
fn told_elsewhere(
    stores: &[Store],
    rooms: &BTreeMap<String, u16>,
    values: &BTreeMap<u16, BTreeSet<Vec<u8>>>,
    invoices: &Invoices,
) -> Result<BTreeSet<(u16, Vec<u8>)>, CliError> {
    let mut all = Needles::default();
    let mut listed = BTreeMap::new();
    for (room, values) in values {
        for value in values {
            all.add(*room, Kind::Value, value);
            listed.entry((*room, parclose_crypto::hash::sha256(value))).or_insert_with(|| value.clone());
        }
    }
    all.prepare();
    let mut told = BTreeSet::new();
    let mut tell = |here: u16, bytes: &[u8]| {
        all.search(bytes, &mut |index| {
            let needle = all.room(index).zip(all.digest(index)).filter(|(room, _)| *room != here);
            if let Some(value) = needle.and_then(|key| listed.get(&key).map(|value| (key.0, value.clone()))) {
                told.insert(value);
            }
        });
    };
    for store in stores {
        let Some(dealt) = BOTH.into_iter().find(|dealt| dealt.channel() == store.card.name) else {
            // Statements are figures that the banks write from their own books.
            values.get(&store.room).into_iter().flatten().for_each(|value| tell(store.room, value));
            continue;
        };
        if rooms.get(dealt.channel()) != Some(&store.room)
            || !store.directory.path().ends_with(dealt.supplier())
        {
            continue;
        }
        let channel = store.open()?;
        let Some(record_type) = channel.definition().record_named("receivable") else { continue };
        for document in invoices.documents.iter().filter(|document| Dealt::of(document) == dealt) {
            values_of(document, record_type).iter().for_each(|bytes| tell(store.room, bytes));
        }
    }
    Ok(told)
}

/// Directories of members but for their stores, and what else their homes hold: the root chain, logs, address books.
/// What was made for somebody else, receipts and the regulator's files, is not there for members to hold.
fn other_places(homes: &Homes, stores: &[Store]) -> Result<Vec<PathBuf>, CliError> {
    let databases: BTreeSet<PathBuf> = stores.iter().map(Store::path).collect();
    let mut places = Vec::new();
    for home in homes.paths() {
        for entry in std::fs::read_dir(home).map_err(|e| CliError::file(home, &e))? {
            let path = entry.map_err(|e| CliError::file(home, &e))?.path();
            let is_apart = ["members", "receipts", "regulator"].iter().any(|apart| path.ends_with(apart));
            let is_kept = path.is_dir() || path.is_file();
            if is_kept && !is_apart {
                places.push(path);
            }
        }
    }
    for (_, directory) in homes.members()? {
        files_outside(directory.path(), &databases, &mut places)?;
    }
    Ok(places)
}

fn files_outside(
    folder: &Path,
    databases: &BTreeSet<PathBuf>,
    places: &mut Vec<PathBuf>,
) -> Result<(), CliError> {
    for entry in std::fs::read_dir(folder).map_err(|e| CliError::file(folder, &e))? {
        let path = entry.map_err(|e| CliError::file(folder, &e))?.path();
        if path.is_file() {
            places.push(path);
        } else if !databases.contains(&path) {
            files_outside(&path, databases, places)?;
        }
    }
    Ok(())
}

struct Hits<'a> {
    needles: &'a Needles,
    own: BTreeSet<usize>,
    foreign: BTreeSet<usize>,
}

impl Hits<'_> {
    fn note(&mut self, place: Option<u16>, index: usize) {
        let home = place.is_some() && self.needles.room(index) == place;
        if home {
            self.own.insert(index)
        } else {
            self.foreign.insert(index)
        };
    }

    fn search_store(&mut self, store: &Store) -> Result<(), CliError> {
        let needles = self.needles;
        needles.search_opened(&store.open()?, &mut |index| self.note(Some(store.room), index))?;
        self.search_files(Some(store.room), &store.path())
    }

    fn search_files(&mut self, room: Option<u16>, place: &Path) -> Result<(), CliError> {
        let needles = self.needles;
        let searched = needles.search_files(place, &mut |index| self.note(room, index));
        searched.map_err(|e| CliError::file(place, &e))
    }
}
