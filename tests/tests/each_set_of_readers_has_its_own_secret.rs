//! Each set of members that reads something together has a secret of its own. It is dealt when something is
//! written for it first, and not again; a set that no record can have gets none.

mod support;

use std::collections::BTreeSet;

use parclose_channel::Channel;
use parclose_node::randomness::generator;
use parclose_transaction::Act;
use parclose_types::Failure;
use support::circle::{Circle, MEMBERS, opened_places, texts};

/// How many deals stand in the log, and how many secrets with different check values there are.
fn dealt(channel: &mut Channel) -> (usize, usize) {
    let mut deals = 0;
    for (_, row) in channel.verdicts(0, usize::MAX).expect("a store can be read") {
        let stored = channel.transaction(&row.transaction).expect("a store can be read");
        let act = stored.expect("what has a verdict is stored").body.act;
        deals += usize::from(matches!(act, Some(Act::Deal { .. })));
    }
    let governance = channel.governance();
    let standing = governance.deals_of(governance.latest().configuration);
    let values: BTreeSet<_> = standing.map(|row| (row.deal.members.clone(), row.deal.check_value)).collect();
    (deals, values.len())
}

#[test]
fn each_set_of_readers_has_its_own_secret_from_its_first_use_on() {
    let circle = Circle::found(texts());
    let standing = || circle.within("cyd", dealt);
    assert_eq!(standing(), (0, 0), "nobody has written anything");
    for record in 1..5 {
        circle.state(record, ["ann", "bob"]);
        assert_eq!(standing(), (1, 1), "dealt with the first, and used since");
    }
    circle.state(5, ["bob", "ann"]);
    assert_eq!(standing(), (1, 1), "whoever of them writes");
    circle.state(6, ["cyd", "ann"]);
    assert_eq!(standing(), (2, 2), "another set, another secret");
    circle.state(7, ["bob", "cyd"]);
    circle.state(8, ["cyd", "bob"]);
    assert_eq!(standing(), (3, 3));
    circle.consortium.quiesce();
    // Three fields of each statement, for its two parties: ann is in six of eight, bob in seven, cyd in three.
    for (member, statements) in MEMBERS.into_iter().zip([6, 7, 3]) {
        let opened = circle.within(member, |channel| opened_places(channel, channel.keys()).len());
        assert_eq!(opened, statements * 3, "{member}");
    }
    let circle = circle.restarted();
    circle.state(9, ["ann", "cyd"]);
    assert_eq!(circle.within("cyd", dealt), (3, 3), "a restart deals nothing anew");
    drop(circle.consortium.close());
}

#[test]
fn a_set_that_no_record_can_have_gets_no_secret() {
    let circle = Circle::found(texts());
    let head = circle.consortium.root().head();
    let deal = |members: &'static [&'static str]| {
        circle.within("ann", move |channel| {
            let entries = channel.config().members.iter();
            let chosen = entries.filter(|entry| members.contains(&entry.name.as_str()));
            let mut set: Vec<_> = chosen.map(|entry| entry.certificate.pseudonym).collect();
            set.sort_unstable();
            channel.deal_on_first_use(&set, head, &mut generator()).expect("nobody has dealt it").act
        })
    };
    // No record has three parties, and nobody deals for others.
    for set in [&["ann", "bob", "cyd"][..], &["bob", "cyd"]] {
        let refused =
            circle.room("ann").act_and_wait(deal(set)).expect_err("the definition makes no such set");
        assert_eq!((refused.rule(), refused.definite()), ("GOV-12", true), "{set:?}: {refused}");
        assert!(refused.to_string().contains("set that it can have"), "{refused}");
    }
    assert_eq!(circle.within("bob", dealt), (0, 0), "nothing of it was ordered");
    circle.state(1, ["ann", "bob"]);
    assert_eq!(circle.within("bob", dealt), (1, 1), "what a record can have is dealt");
    drop(circle.consortium.close());
}
