//! Two channels of one consortium share nothing on any disk: no row, no value, no key, no name.
//!
//! Every row of every store, as the disk holds it and after unsealing, and every value that its owner
//! opens is searched wherever it does not belong. A planted leak shows that the search would find one.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use parclose_channel::Channel;
use parclose_node::consortium::open_channel;
use parclose_node::home::{ChannelCard, MemberDirectory};
use parclose_node::leak_scan::{Kind, Needles, opened_values};
use parclose_node::{Home, shared_cache};
use support::{issue, up};

/// One member's store of one channel.
struct Store {
    member: String,
    directory: MemberDirectory,
    card: ChannelCard,
}

impl Store {
    fn open(&self) -> Channel {
        open_channel(&self.directory, &self.card, &shared_cache(4 << 20))
            .expect("a member opens its own store")
    }
}

/// A consortium with receivables in both trade channels.
fn home(path: &Path) -> Home {
    let consortium = up(path);
    for at in 0..12 {
        issue(&consortium, ("supplier-a", "trade-a"), &format!("ALPHA-{at}"), 100_000_001 + at);
        issue(&consortium, ("supplier-b", "trade-b"), &format!("BRAVO-{at}"), 200_000_002 + at);
    }
    consortium.close()
}

fn stores(home: &Home) -> Vec<Store> {
    let of_member = |member: &parclose_node::home::MemberCard| {
        let directory = home.member_directory(&member.name).expect("a member has its directory");
        let cards = directory.channels().expect("its channels are listed");
        let store = move |card| Store { member: member.name.clone(), directory: directory.clone(), card };
        cards.into_iter().map(store).collect::<Vec<_>>()
    };
    home.members().iter().flat_map(of_member).collect()
}

/// Everything of a channel: the rows of all its stores, and the values that no other channel holds.
fn needles(stores: &[Store], channel: &str) -> Needles {
    let mut needles = Needles::default();
    let (mut mine, mut others) = (BTreeSet::new(), BTreeSet::new());
    for store in stores {
        let opened = store.open();
        let values = opened_values(&opened).expect("a store can be read");
        if store.card.name == channel {
            // Rows must lie whole in sorted files: the log cuts long ones into blocks.
            opened.store().flush().expect("a store can be flushed");
            needles.add_rows(0, &opened).expect("a store can be read");
            mine.extend(values);
        } else {
            others.extend(values);
        }
    }
    for value in mine.difference(&others) {
        needles.add(0, Kind::Value, value);
    }
    needles.prepare();
    needles
}

/// Needles found in the stores of a channel, in their files and after unsealing.
fn found_at_home(stores: &[Store], channel: &str, needles: &Needles) -> usize {
    let mut found = BTreeSet::new();
    for store in stores.iter().filter(|store| store.card.name == channel) {
        let mut tell = |needle| {
            found.insert(needle);
        };
        needles.search_opened(&store.open(), &mut tell).expect("a store can be read");
        needles.search_files(&store.directory.database(channel), &mut tell).expect("files can be read");
    }
    found.len()
}

/// Needles found wherever the channel does not belong: the directories of those who are not its
/// members, its members' other rooms, the root chain.
fn found_elsewhere(home: &Home, stores: &[Store], channel: &str, needles: &Needles) -> usize {
    let mut found = BTreeSet::new();
    let mut tell = |needle| {
        found.insert(needle);
    };
    let of_channel = stores.iter().filter(|store| store.card.name == channel);
    let insiders: BTreeSet<&str> = of_channel.map(|store| store.member.as_str()).collect();
    needles.search_files(&home.path().join("root"), &mut tell).expect("files can be read");
    needles.search_files(&home.regulator_directory(), &mut tell).expect("files can be read");
    for member in home.members().iter().filter(|member| !insiders.contains(member.name.as_str())) {
        let directory = home.member_directory(&member.name).expect("a member has its directory");
        needles.search_files(directory.path(), &mut tell).expect("files can be read");
    }
    for store in stores.iter().filter(|store| store.card.name != channel) {
        needles
            .search_files(&store.directory.database(&store.card.name), &mut tell)
            .expect("files can be read");
        needles.search_opened(&store.open(), &mut tell).expect("a store can be read");
    }
    found.len()
}

#[test]
fn two_channels_share_nothing_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(&folder.path().join("home"));
    let stores = stores(&home);
    assert_eq!(stores.len(), 8);
    let mut leaks = BTreeMap::new();
    for channel in ["trade-a", "trade-b"] {
        let needles = needles(&stores, channel);
        assert!(needles.len() > 200, "only {} needles", needles.len());
        assert_eq!(found_at_home(&stores, channel, &needles), needles.len(), "the search is blind");
        leaks.insert(channel, found_elsewhere(&home, &stores, channel, &needles));
    }
    assert_eq!(leaks, BTreeMap::from([("trade-a", 0), ("trade-b", 0)]));
}

#[test]
fn a_planted_leak_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(&folder.path().join("home"));
    let stores = stores(&home);
    let needles = needles(&stores, "trade-a");
    assert_eq!(found_elsewhere(&home, &stores, "trade-a", &needles), 0);
    // A value in the clear, in a file of somebody who is not a member.
    let planted = home.path().join("members/bank-2/channels/banks/db/planted");
    std::fs::write(&planted, format!("..{}..", support::supplier_id("ALPHA-3"))).unwrap();
    assert_eq!(found_elsewhere(&home, &stores, "trade-a", &needles), 1);
    std::fs::remove_file(&planted).unwrap();
    // A whole sealed row of another channel, in the other room of one of its own members.
    let source = home.path().join("members/buyer/channels/trade-a/db");
    let row = parclose_store::hazmat::raw_rows(&source).unwrap();
    let longest = row.into_iter().map(|(_, value)| value).max_by_key(Vec::len).unwrap();
    std::fs::write(home.path().join("members/buyer/channels/trade-b/db/planted"), longest).unwrap();
    assert!(found_elsewhere(&home, &stores, "trade-a", &needles) > 0);
}

#[test]
fn one_members_channels_have_neither_key_nor_name_in_common() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(&folder.path().join("home"));
    let stores = stores(&home);
    let of_buyer: Vec<Channel> = stores.iter().filter(|s| s.member == "buyer").map(Store::open).collect();
    let [a, b] = of_buyer.as_slice() else { panic!("the buyer has two channels") };
    assert_ne!((a.id(), a.tag()), (b.id(), b.tag()));
    assert!(a.pseudonym().public() != b.pseudonym().public());
    let pseudonyms = |channel: &Channel| channel.config().pseudonyms().into_iter().collect::<BTreeSet<_>>();
    assert!(pseudonyms(a).is_disjoint(&pseudonyms(b)));
    let cards: Vec<String> = home.members().iter().map(|card| card.identity.clone()).collect();
    assert!(
        pseudonyms(a).iter().all(|pseudonym| !cards.contains(&pseudonym.to_string())),
        "no identity key serves in a channel"
    );
    let audiences = |channel: &Channel| {
        let governance = channel.governance();
        let deals = governance.deals_of(governance.latest().configuration);
        deals.map(|row| row.deal.audience).collect::<BTreeSet<_>>()
    };
    assert!(!audiences(a).is_empty() && !audiences(b).is_empty());
    assert!(audiences(a).is_disjoint(&audiences(b)));
}
