//! Somebody joins. Of what was sealed before, its keys open what the channel's policy of history gives,
//! and not one field more: every key that it has is tried on every field of every transaction.
//!
//! The month of a statement is for everybody with the role, its figures for the two parties alone.

mod support;

use parclose_channel::Channel;
use parclose_channel::tables::SHARED;
use parclose_node::Home;
use support::circle::{Circle, OUTSIDE, ROOM, month_for_everybody, opened_places, place_of, texts, with};
use support::forced::{Forced, secrets};

/// Number of the month, which everybody reads.
const MONTH: u32 = 1;
/// Fields of a statement.
const FIELDS: usize = 3;

fn opened_at(home: &Home, member: &str) -> Channel {
    let directory = home.member_directory(member).expect("a member has its directory");
    let card = directory.channel(ROOM).expect("it has the channel");
    parclose_node::consortium::open_channel(&directory, &card, &parclose_node::shared_cache(8 << 20))
        .expect("a store opens with its own member's key")
}

/// A statement in each of two epochs, one after somebody has joined, and what of them it opens.
fn joined_under(history: &str, of_the_past: [bool; 2]) {
    let circle = Circle::found(with(month_for_everybody(texts()), "history = \"all\"", history));
    let early = circle.state(1, ["ann", "bob"]).transaction;
    let epoch = circle.within("ann", |channel| channel.config().epoch_length);
    circle.pass(epoch);
    let late = circle.state(2, ["ann", "bob"]).transaction;
    circle.let_in();
    let after = circle.state(3, ["ann", "bob"]).transaction;
    circle.consortium.quiesce();

    let home = circle.consortium.close();
    let (joiner, ann, cyd) = (opened_at(&home, OUTSIDE), opened_at(&home, "ann"), opened_at(&home, "cyd"));
    let places = [early, late, after].map(|transaction| place_of(&ann, &transaction));
    let gets = [of_the_past[0], of_the_past[1], true];
    let expected: Vec<(u64, u32)> =
        places.into_iter().zip(gets).filter(|(_, gets)| *gets).map(|(place, _)| (place, MONTH)).collect();
    for (whose, store) in [("its own", &joiner), ("a founder's", &ann)] {
        assert_eq!(opened_places(store, joiner.keys()), expected, "{whose} store, {history}");
    }
    // No secret of it opens more where it does not belong.
    let held = secrets(&joiner);
    assert!(!held.is_empty());
    for secret in &held {
        let forced = opened_places(&ann, &Forced(secret));
        assert!(forced.iter().all(|place| *place == (places[2], MONTH)), "{history}: {forced:?}");
    }
    let covers = joiner.store().scan(&SHARED, &0, usize::MAX).expect("a store can be read").len();
    assert_eq!(covers > 0, of_the_past.contains(&true), "covers of the past, where there are some to give");
    // The same search finds what there is: all of it with a party's keys, the months with a founder's.
    assert_eq!(opened_places(&joiner, ann.keys()).len(), 3 * FIELDS);
    assert_eq!(opened_places(&joiner, cyd.keys()), places.map(|place| (place, MONTH)));
    assert!(secrets(&cyd).iter().any(|secret| opened_places(&ann, &Forced(secret)).len() > 1));
}

#[test]
fn from_its_joining_it_reads_nothing_that_was_sealed_before() {
    joined_under("history = \"from-join\"", [false, false]);
}

#[test]
fn from_a_date_it_reads_what_was_sealed_since() {
    joined_under("history = { from-epoch = 1 }", [false, true]);
}

#[test]
fn with_all_of_the_past_it_reads_what_is_for_its_role_and_nothing_of_named_parties() {
    joined_under("history = \"all\"", [true, true]);
}
