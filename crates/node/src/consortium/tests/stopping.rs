//! A fault in one room, or in one channel's store: it is told there, and nothing else stops.

use super::*;

const OTHER: &str = "other";

/// As [`consortium`], with a second channel of the first two.
fn with_another_channel() -> (tempfile::TempDir, Consortium) {
    let (folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let open = consortium.found_named(OTHER, &["ann", "bob"]);
    consortium.open_on_root(OTHER, &["ann".into(), "bob".into()], open).unwrap();
    (folder, consortium)
}

/// What the first of two members states to the second in a room, submitted by the first.
fn applied(consortium: &Consortium, room: &str, record: u8, parties: [&str; 2]) {
    let of = |member: &str| consortium.room(member, room).unwrap();
    let ids = parties.map(|member| of(member).call(|channel| channel.own_id()).unwrap());
    let outcome = of(parties[0]).submit_and_wait(statement_of(record, ids)).unwrap();
    assert_eq!(outcome.verdict, Verdict::Applied, "{parties:?} in {room}");
}

/// The seam is the one by which every reader works in a room: what it is handed runs in the room's own thread.
fn inject_panic(room: &RoomHandle) {
    assert_eq!(room.call(|_| -> () { panic!("injected by a test") }), None);
}

#[test]
fn nod_16_a_panic_in_a_room_ends_that_room_and_no_other() {
    let (folder, consortium) = with_another_channel();
    let room = consortium.room("ann", ROOM).unwrap();
    let statement = consortium.statement(9, ["ann", "bob"]);
    assert!(!room.has_broken_off());
    consortium.stand_in("bob", None);
    consortium.stand_in("cyd", None);
    let waiting = consortium.submit(1);
    inject_panic(&room);

    let unknown = waiting.recv().unwrap().unwrap_err();
    assert_eq!((unknown.rule(), unknown.definite()), ("NOD-02", false), "its batch may be ordered yet");
    assert!(room.has_broken_off());
    let refused = room.submit_and_wait(statement).unwrap_err();
    assert_eq!((refused.rule(), refused.code(), refused.definite()), ("NOD-16", "ROOM_STOPPED", true));
    assert_eq!(room.call(|channel| channel.tag()), None, "its memory is not read any more");
    room.quiesce();

    consortium.connect("bob");
    consortium.connect("cyd");
    // The others of the same channel are as many as a certificate needs.
    applied(&consortium, ROOM, 2, ["bob", "cyd"]);
    applied(&consortium, OTHER, 1, ["ann", "bob"]);
    assert!(!consortium.room("ann", OTHER).unwrap().has_broken_off());
    drop(consortium.close());

    // The disk is whole: the next start goes on from it.
    let consortium = Consortium::open(Home::open(&folder.path().join("home")).unwrap()).unwrap();
    assert_eq!(consortium.state("ann"), consortium.state("bob"));
    applied(&consortium, ROOM, 3, ["ann", "cyd"]);
    drop(consortium.close());
}

#[test]
fn nod_16_a_panic_at_every_start_stops_nobody_else() {
    let (_folder, consortium) = with_another_channel();
    for member in ["ann", "bob", "cyd"] {
        inject_panic(&consortium.room(member, ROOM).unwrap());
    }
    consortium.settle();
    applied(&consortium, OTHER, 1, ["bob", "ann"]);
    consortium.quiesce();
    drop(consortium.close());
}

#[test]
fn nod_17_a_channel_that_cannot_be_opened_is_shut_alone() {
    let (folder, consortium) = with_another_channel();
    let home = consortium.close();
    let path = folder.path().join("home");
    let database = home.member_directory("ann").unwrap().database(ROOM);
    drop(home);
    let current = database.join("CURRENT");
    let whole = std::fs::read(&current).unwrap();
    std::fs::write(&current, b"MANIFEST-999999\n").unwrap();

    let consortium = Consortium::open(Home::open(&path).unwrap()).unwrap();
    let shut = consortium.room("ann", ROOM).unwrap_err();
    assert!(shut.rule().starts_with("STO-"), "{shut:?}");
    assert!(matches!(shut, HomeError::Shut(_)) && !shut.fix().is_empty());
    assert_eq!(
        consortium.room("ann", "nothing").unwrap_err().rule(),
        "HOM-06",
        "what is not there is not shut"
    );
    let bob = consortium.room("bob", ROOM).unwrap();
    assert!(bob.call(|channel| channel.head().is_some()).unwrap(), "another member's side goes on");
    let ids = consortium.room("bob", OTHER).unwrap();
    assert!(
        ids.call(|_| ()).is_some() && consortium.room("ann", OTHER).is_ok(),
        "and so does every other channel"
    );
    drop(consortium.close());

    std::fs::write(&current, whole).unwrap();
    let consortium = Consortium::open(Home::open(&path).unwrap()).unwrap();
    assert_eq!(consortium.state("ann"), consortium.state("bob"), "once it is mended it opens");
    drop(consortium.close());
}
