//! Members close their channel. Nothing is written in it afterwards, everything is read on, and its successor
//! begins with them: another room, that names the end of the first and shares nothing else with it.

mod support;

use std::sync::mpsc::channel;

use parclose_channel::{Channel, SuccessorRefused};
use parclose_node::{HomeError, SubmitError};
use parclose_transaction::{Act, Change, Motion};
use parclose_types::Failure;
use support::circle::{Circle, MEMBERS, OUTSIDE, ROOM, opened_places, texts};
use support::{room, within};

const NEXT: &str = "statements-2";

/// A room with a statement in it.
fn circle() -> Circle {
    let circle = Circle::found(texts());
    circle.state(1, ["ann", "bob"]);
    circle
}

fn next_rule(circle: &Circle, member: &str, name: &str) -> &'static str {
    circle.consortium.succeed(member, ROOM, name).map_or_else(|error| error.rule(), |_| "none")
}

/// Everything of a channel that must stay as it is.
fn kept(channel: &mut Channel) -> (usize, u64, parclose_types::StateRoot, bool) {
    let head = channel.head().expect("it is opened").clone();
    (opened_places(channel, channel.keys()).len(), head.next.0, head.root, head.closed)
}

#[test]
fn a_closed_channel_takes_nothing_and_is_read_on() {
    let circle = circle();
    circle.decide(vec![Change::Close]);
    let before = MEMBERS.map(|member| circle.within(member, kept));
    assert!(before.iter().all(|kept| kept.3), "it is closed for everybody");
    assert_eq!(before.iter().map(|kept| kept.0).collect::<Vec<_>>(), [3, 3, 0]);
    for member in MEMBERS {
        let other = if member == "bob" { "ann" } else { "bob" };
        let refused = circle.room(member).submit_and_wait(circle.statement(2, [member, other]));
        let refused = refused.expect_err("it has ended");
        assert!(matches!(refused, SubmitError::Closed), "{refused}");
        assert!(refused.fix().contains("channel succeed"), "{}", refused.fix());
        let motion = Act::Move(Motion { changes: vec![Change::Rekey], blinder: [9; 32] });
        let refused = circle.room(member).act_and_wait(motion).expect_err("nothing changes either");
        assert!(matches!(refused, SubmitError::Closed), "{refused}");
    }
    circle.pass(600);
    circle.consortium.quiesce();
    assert_eq!(MEMBERS.map(|member| circle.within(member, kept)), before, "time changes nothing");
    let circle = circle.restarted();
    assert_eq!(MEMBERS.map(|member| circle.within(member, kept)), before, "nor does a restart");
    let root = circle.consortium.root().clone();
    circle.within("bob", move |channel| {
        let tag = channel.tag();
        channel
            .verify(|at| Some(root.events(&tag, at, 1).ok()?.first()?.entry.chain))
            .expect("all of it holds");
    });
    drop(circle.consortium.close());
}

#[test]
fn what_was_handed_in_before_the_end_is_written_or_refused_and_never_lost() {
    let circle = circle();
    let motion = Motion { changes: vec![Change::Close], blinder: [1; 32] };
    let moved = circle.room("ann").act_and_wait(Act::Move(motion)).expect("a verdict");
    let (told, answers) = channel();
    let hand_in = |records: std::ops::Range<u16>| {
        for record in records {
            let told = told.clone();
            let operations = circle.statement(record, ["ann", "bob"]);
            circle.room("ann").submit(operations, Box::new(move |outcome| drop(told.send(outcome))));
        }
    };
    hand_in(10..30);
    let vote = Act::Vote { motion: moved.transaction, approve: true };
    circle.room("bob").act(vote, Box::new(|_| ()));
    hand_in(30..50);
    circle.consortium.settle();
    let outcomes: Vec<_> = (0..40).map(|_| answers.recv().expect("an answer for each")).collect();
    let written = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    // What was on its way when the others had decided is told so at once; the rest once it has ended.
    let refused = |outcome: &&Result<_, SubmitError>| match outcome {
        Err(SubmitError::NotEndorsed { rule }) => rule == "END-14",
        Err(error) => error.rule() == "NOD-13" && error.definite(),
        Ok(_) => false,
    };
    assert_eq!(written + outcomes.iter().filter(refused).count(), 40, "{outcomes:?}");
    let opened = circle.within("bob", |channel| opened_places(channel, channel.keys()).len());
    assert_eq!(opened, 3 * (written + 1), "what was written is there, and nothing else");
    drop(circle.consortium.close());
}

#[test]
fn the_successor_begins_with_the_members_of_the_end_and_shares_nothing_but_the_reference() {
    let circle = circle();
    assert_eq!(next_rule(&circle, "ann", NEXT), "SUC-01", "the room has not ended");
    circle.decide(vec![Change::Close]);
    assert_eq!(next_rule(&circle, OUTSIDE, NEXT), "HOM-06", "who is outside has no such channel");
    assert_eq!(next_rule(&circle, "ann", ROOM), "HOM-08", "the name is that of the one that ended");
    let setup = circle.consortium.succeed("cyd", ROOM, NEXT).expect("all of them sign");
    let end = circle.within("bob", |channel| channel.end().expect("it has ended"));
    assert_eq!(setup.predecessor, Some(end));
    let consortium = &circle.consortium;
    for member in MEMBERS {
        let compared = consortium.compare_predecessor(member, NEXT).expect("it is the end in its own store");
        assert_eq!(compared, Some(end), "{member}");
        assert_eq!(consortium.compare_predecessor(member, ROOM).expect("it has none"), None);
    }
    let roles = |channel: &mut Channel| {
        let entries = channel.config().members.iter();
        let mut roles: Vec<_> =
            entries.map(|entry| (entry.id(), entry.name.clone(), entry.certificate.roles.clone())).collect();
        roles.sort();
        roles
    };
    let (old, new) = (circle.within("ann", roles), within(consortium, ("ann", NEXT), roles));
    assert_eq!(old, new);
    let keys = |channel: &mut Channel| channel.config().pseudonyms();
    let (old, new) = (circle.within("ann", keys), within(consortium, ("ann", NEXT), keys));
    assert!(old.iter().all(|key| !new.contains(key)), "the root chain cannot tell that they are the same");
    assert!(within(consortium, ("ann", NEXT), |channel| channel.keys().is_empty()), "no secret goes over");

    let stated = room(consortium, "ann", NEXT).submit_and_wait(circle.statement(1, ["ann", "bob"]));
    stated.expect("the room is open: even the record's name is free there");
    consortium.quiesce();
    // A second one is refused by everybody who has signed for the first.
    for member in MEMBERS {
        let refused = circle.consortium.succeed(member, ROOM, "statements-3").expect_err("there is one");
        let exists = HomeError::Successor(SuccessorRefused::Exists { tag: setup.tag });
        assert_eq!((refused.rule(), refused.to_string()), ("SUC-05", exists.to_string()), "{member}");
    }
    let circle = circle.restarted();
    assert_eq!(next_rule(&circle, "bob", "statements-3"), "SUC-05", "after a restart, too");
    assert!(circle.consortium.room("ann", "statements-3").is_err(), "and nothing of it is left");

    // Neither room's keys open anything of the other.
    let home = circle.consortium.close();
    let open = |name: &str| {
        let directory = home.member_directory("ann").expect("a member has its directory");
        let card = directory.channel(name).expect("it has the channel");
        let cache = parclose_node::shared_cache(8 << 20);
        parclose_node::consortium::open_channel(&directory, &card, &cache).expect("it opens")
    };
    let (old, new) = (open(ROOM), open(NEXT));
    assert_eq!((opened_places(&old, new.keys()), opened_places(&new, old.keys())), (vec![], vec![]));
    assert_eq!((opened_places(&old, old.keys()).len(), opened_places(&new, new.keys()).len()), (3, 3));
}

#[test]
fn a_successor_that_was_signed_for_and_never_opened_keeps_nobody_from_another() {
    let circle = circle();
    circle.decide(vec![Change::Close]);
    // The founders sign for one whose opening is lost on the way.
    let lost = parclose_types::Tag([5; 32]);
    let signed = circle.within("ann", move |channel| {
        use parclose_channel::tables::{ONLY, SUCCESSOR};
        let mut batch = channel.store().batch();
        batch.put(&SUCCESSOR, &ONLY, &lost);
        channel.store().commit(batch, parclose_store::Durability::Synced).expect("it is written");
        channel.successor().expect("a store can be read")
    });
    assert_eq!(signed, Some(lost));
    let setup = circle.consortium.succeed("bob", ROOM, NEXT).expect("the root chain has not got the first");
    assert_eq!(circle.within("ann", |channel| channel.successor().expect("it is read")), Some(setup.tag));
    // It is a channel like any other: it is closed and succeeded in its turn.
    let ann = room(&circle.consortium, "ann", NEXT);
    let motion = Motion { changes: vec![Change::Close], blinder: [2; 32] };
    let moved = ann.act_and_wait(Act::Move(motion)).expect("a verdict");
    let vote = Act::Vote { motion: moved.transaction, approve: true };
    room(&circle.consortium, "cyd", NEXT).act_and_wait(vote).expect("a verdict");
    circle.consortium.settle();
    let third = circle.consortium.succeed("ann", NEXT, "statements-3").expect("it has ended");
    assert_eq!(third.predecessor.map(|end| end.tag), Some(setup.tag));
    drop(circle.consortium.close());
}
