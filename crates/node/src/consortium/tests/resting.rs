//! Stores are open as long as they are needed: rooms rest, wake, and miss nothing.

use super::*;

/// The home once more, with so few stores open at a time that rooms rest and wake all the while.
fn with_one_awake(consortium: Consortium) -> Consortium {
    Consortium::open_with(consortium.close(), 1).unwrap()
}

fn note(consortium: &Consortium, member: &str) -> std::path::PathBuf {
    let directory = consortium.home().member_directory(member).unwrap();
    directory.path().join("channels").join(ROOM).join("rest.json")
}

#[test]
fn nod_18_rooms_without_work_close_their_stores_and_nothing_is_missed() {
    let (_folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let consortium = with_one_awake(consortium);
    assert_eq!(consortium.awake().count(), 0, "all were at rest when the home was closed");
    let answers: Vec<_> = (0..20).map(|record| consortium.submit(record)).collect();
    for answer in answers {
        assert_eq!(answer.recv().unwrap().unwrap().verdict, Verdict::Applied);
    }
    for record in 20..24 {
        assert_eq!(consortium.submit(record).recv().unwrap().unwrap().verdict, Verdict::Applied);
        consortium.quiesce();
        assert!(consortium.awake().count() <= 1, "{:?}", consortium.awake());
    }
    let states = ["ann", "bob", "cyd"].map(|member| consortium.state(member));
    assert_eq!([states[1], states[2]], [states[0]; 2]);
    // The control: without the limit all stores stay open.
    let consortium = Consortium::open_with(consortium.close(), 3).unwrap();
    consortium.submit(30).recv().unwrap().unwrap();
    consortium.quiesce();
    assert_eq!(consortium.awake().count(), 3);
}

#[test]
fn nod_19_a_store_that_may_lack_something_is_opened_at_the_start() {
    let (_folder, consortium) = consortium(&["ann", "bob"]);
    let notes = ["ann", "bob"].map(|member| note(&consortium, member));
    assert!(notes.iter().all(|note| !note.exists()), "open stores have no note, so a crash leaves none");
    let mut home = consortium.close();
    let noted = std::fs::read_to_string(&notes[0]).unwrap();
    let executed = serde_json::from_str::<serde_json::Value>(&noted).unwrap()["executed"].as_u64().unwrap();
    // A note of an earlier time: the root chain has more than was executed then.
    let number = |of: u64| format!("\"executed\": {of}");
    let behind = noted.replace(&number(executed), &number(executed - 1));
    assert_ne!(behind, noted);
    for (text, awake) in [(behind.as_str(), 1), ("{", 1), (noted.as_str(), 0)] {
        std::fs::write(&notes[0], text).unwrap();
        let consortium = Consortium::open(home).unwrap();
        assert_eq!(consortium.awake().count(), awake, "{text}");
        home = consortium.close();
        assert_eq!(std::fs::read_to_string(&notes[0]).unwrap(), noted);
    }
}

#[test]
fn nod_18_a_room_at_rest_wakes_when_its_keys_are_to_turn_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &["ann", "bob", "cyd"], &mut generator()).unwrap();
    let consortium = Consortium::open(Home::open(&path).unwrap()).unwrap();
    let scheduled = |toml: &str| toml.replace("rekey_after_epochs = 0", "rekey_after_epochs = 2");
    let open = consortium.found_as(ROOM, &["ann", "bob"], scheduled);
    consortium.open_on_root(ROOM, &["ann".into(), "bob".into()], open).unwrap();
    consortium.quiesce();
    let consortium = with_one_awake(consortium);
    assert_eq!(consortium.awake().count(), 0);
    let head = consortium.root().head();
    consortium.advance(Height(head.0 + 64)).unwrap();
    consortium.settle();
    assert_eq!(consortium.awake().count(), 0, "there is time yet");
    consortium.advance(Height(head.0 + 160)).unwrap();
    consortium.quiesce();
    for member in ["ann", "bob"] {
        let room = consortium.room(member, ROOM).unwrap();
        assert_eq!(room.call(|channel| channel.config().generation.0), Some(1), "{member}");
    }
}

#[test]
fn nod_36_a_room_in_which_deals_are_agreed_does_not_rest() {
    let (_folder, consortium) = consortium(&["ann", "bob"]);
    let texts = read_template(&Path::new(TEMPLATE).with_file_name("dvp-securities")).unwrap();
    let definition = Definition::parse("channel.toml", &texts.channel_toml).unwrap();
    let party = |name: &str| Party {
        directory: consortium.home().member_directory(name).unwrap(),
        name: name.into(),
        roles: vec!["participant".into()],
    };
    let (names, network) = (["ann", "bob"], consortium.root().network());
    let parties = names.map(party);
    let founded = found_channel("deals", network, texts, &definition, &parties, consortium.cache()).unwrap();
    consortium.open_on_root("deals", &names.map(str::to_owned), founded.0).unwrap();
    consortium.quiesce();
    let consortium = with_one_awake(consortium);
    assert_eq!(consortium.awake().count(), 2, "the two rooms in which deals are agreed, and not the others");
}
