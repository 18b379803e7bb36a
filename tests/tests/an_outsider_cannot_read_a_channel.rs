//! A member of the consortium that does not belong to a channel learns nothing of it: not from its own
//! node, not with its keys, not from a stolen disk.

mod support;

use std::path::Path;

use parclose_node::consortium::open_channel;
use parclose_node::home::ChannelCard;
use parclose_node::{Consortium, Home, shared_cache};
use parclose_transaction::key_ring::Nobody;
use parclose_types::Failure;
use support::{files_with, issue, lines, opened, room, supplier_id, up, view, within};

const NUMBER: &str = "INV-SECRET-4711";
const OUTSIDERS: [&str; 2] = ["supplier-b", "bank-2"];

/// A consortium in which `trade-a` has one receivable.
fn consortium(home: &Path) -> Consortium {
    let consortium = up(home);
    issue(&consortium, ("supplier-a", "trade-a"), NUMBER, 123_456_789);
    consortium.quiesce();
    consortium
}

#[test]
fn an_outsider_gets_the_answer_of_a_channel_that_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let consortium = consortium(&folder.path().join("home"));
    for outsider in OUTSIDERS {
        let answer = |channel: &str| {
            let refused = consortium.room(outsider, channel).expect_err("no room for an outsider");
            (refused.to_string(), refused.code(), refused.rule(), refused.fix())
        };
        assert_eq!(answer("trade-a"), answer("no-such-channel"));
        let directory = consortium.home().member_directory(outsider).unwrap();
        let names: Vec<String> = directory.channels().unwrap().into_iter().map(|card| card.name).collect();
        assert!(!names.contains(&"trade-a".to_owned()) && !directory.database("trade-a").exists());
    }
    assert_eq!(room(&consortium, "buyer", "trade-a").call(|channel| channel.config().members.len()), Some(3));
    drop(consortium.close());
}

#[test]
fn the_keys_of_an_outsider_open_no_field() {
    let folder = tempfile::tempdir().unwrap();
    let home = consortium(&folder.path().join("home")).close();
    let open = |member: &str, name: &str| {
        let directory = home.member_directory(member).unwrap();
        open_channel(&directory, &directory.channel(name).unwrap(), &shared_cache(4 << 20)).unwrap()
    };
    let mine = open("supplier-a", "trade-a");
    assert_eq!(opened(&mine, mine.keys()).len(), 7, "the search is not blind: its own keys open all");
    let others = [open("supplier-b", "trade-b"), open("bank-2", "trade-b"), open("bank-2", "banks")];
    for other in &others {
        assert_eq!(opened(&mine, other.keys()), []);
    }
    // An insider's keys of another channel are no better than an outsider's.
    assert_eq!(opened(&mine, open("buyer", "trade-b").keys()), []);
    assert_eq!(opened(&mine, &Nobody), []);
    assert_eq!(view(&mine, &Nobody).len(), 7, "the fields are there, and sealed");
}

#[test]
fn a_stolen_store_does_not_open_under_another_members_master() {
    let folder = tempfile::tempdir().unwrap();
    let home = consortium(&folder.path().join("home")).close();
    let owner = home.member_directory("supplier-a").unwrap();
    for thief in ["bank-2", "buyer"] {
        let directory = home.member_directory(thief).unwrap();
        let card = ChannelCard { name: "stolen".into(), ..owner.channel("trade-a").unwrap() };
        let target = directory.database("stolen");
        std::fs::create_dir_all(&target).unwrap();
        for file in support::files(&owner.database("trade-a")) {
            std::fs::copy(&file, target.join(file.file_name().unwrap())).unwrap();
        }
        let refused = open_channel(&directory, &card, &shared_cache(4 << 20));
        assert!(refused.is_err(), "{thief} opened a stolen store");
    }
    let card = owner.channel("trade-a").unwrap();
    assert!(open_channel(&owner, &card, &shared_cache(4 << 20)).is_ok(), "the owner still opens it");
}

#[test]
fn no_file_of_the_whole_home_holds_a_sealed_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let home: Home = consortium(&path).close();
    let id = home.member_directory("buyer").unwrap().channel("trade-a").unwrap().channel;
    let texts = [NUMBER.to_owned(), supplier_id(NUMBER), lines(NUMBER), "Borough of Somewhere".into()];
    for text in &texts {
        assert_eq!(
            files_with(&path, text.as_bytes()),
            Vec::<std::path::PathBuf>::new(),
            "`{text}` lies open"
        );
    }
    // The channel's id is a name that only its members know, in whatever form.
    for outsider in OUTSIDERS {
        let directory = home.member_directory(outsider).unwrap();
        for form in [id.0.to_vec(), id.to_string().into_bytes()] {
            assert!(
                files_with(directory.path(), &form).is_empty()
                    && files_with(&path.join("root"), &form).is_empty()
            );
        }
    }
    let card = home.member_directory("buyer").unwrap().path().join("channels/trade-a/channel.json");
    assert_eq!(
        files_with(&path, id.to_string().as_bytes()).len(),
        3,
        "each member's card, as {}",
        card.display()
    );
    std::fs::write(path.join("root/planted"), format!("...{NUMBER}...")).unwrap();
    assert_eq!(files_with(&path, NUMBER.as_bytes()).len(), 1, "a planted text is found");
}

#[test]
fn an_insider_outside_the_audience_opens_none_of_its_fields() {
    let folder = tempfile::tempdir().unwrap();
    let consortium = consortium(&folder.path().join("home"));
    for (member, sealed) in
        [("supplier-a", None), ("buyer", Some("requested_advance")), ("bank-1", Some("lines"))]
    {
        let seen = within(&consortium, (member, "trade-a"), |channel| opened(channel, channel.keys()));
        let names: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), if sealed.is_some() { 6 } else { 7 }, "{member} sees {names:?}");
        assert!(sealed.is_none_or(|sealed| !names.contains(&sealed)), "{member} sees {names:?}");
    }
    drop(consortium.close());
}
