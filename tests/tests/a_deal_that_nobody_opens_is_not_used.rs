//! A member deals a secret that nobody can open. It never becomes active, so nothing is sealed under it;
//! another member deals once its time has passed, and who waited is served.

mod support;

use std::sync::mpsc::channel;

use parclose_channel::Verdict;
use parclose_channel::governance::{DealRow, Dealt};
use parclose_node::randomness::generator;
use parclose_transaction::Act;
use parclose_types::{AudienceId, Height};
use support::circle::{Circle, opened_places, texts};

/// The audience of ann and bob, and how its secret stands.
fn standing(circle: &Circle) -> (AudienceId, Dealt, Option<DealRow>) {
    let at = Height(circle.consortium.root().head().0 + 1);
    circle.within("cyd", move |channel| {
        let pair = channel.config().members.iter().filter(|member| member.name != "cyd");
        let pair: Vec<_> = pair.map(|member| member.certificate.pseudonym).collect();
        let audience = channel.config().audience_of(&pair);
        let governance = channel.governance();
        let configuration = governance.latest().configuration;
        let row = governance.deals_of(configuration).find(|row| row.deal.audience == audience).cloned();
        (audience, governance.dealt(configuration, &audience, at), row)
    })
}

/// `ann` deals for herself and `bob`, and sends no wrap that anybody could open.
fn deal_nothing(circle: &Circle) -> Act {
    let head = circle.consortium.root().head();
    circle.within("ann", move |channel| {
        let pair = channel.config().members.iter().filter(|member| member.name != "cyd");
        let mut pair: Vec<_> = pair.map(|member| member.certificate.pseudonym).collect();
        pair.sort_unstable();
        let due = channel.deal_on_first_use(&pair, head, &mut generator()).expect("nobody has dealt it");
        let Act::Deal { configuration, mut deal } = due.act else { panic!("it deals") };
        deal.wraps_root = parclose_crypto::merkle::root::<Vec<u8>>([]);
        let scope = channel.governance().latest().scope();
        parclose_keys::audience::hazmat::sign_deal(&mut deal, &scope, channel.pseudonym());
        Act::Deal { configuration, deal }
    })
}

#[test]
fn a_deal_that_nobody_opens_is_not_used() {
    let circle = Circle::found(texts());
    assert_eq!(standing(&circle).1, Dealt::No);
    let dealt = circle.room("ann").act_and_wait(deal_nothing(&circle)).expect("a verdict");
    assert_eq!(dealt.verdict, Verdict::Applied, "that its wraps open no rule asks");
    circle.consortium.settle();
    let (audience, stands, row) = standing(&circle);
    let bad = row.expect("it stands");
    let bob = circle.id("bob");
    assert_eq!((stands, bad.is_active(), bad.complaints.contains(&bob)), (Dealt::Waiting, false, true));

    // Whoever wants to write for that audience waits, and nothing is sealed under it.
    let (told, answer) = channel();
    let operations = circle.statement(1, ["bob", "ann"]);
    circle.room("bob").submit(operations, Box::new(move |outcome| drop(told.send(outcome))));
    circle.consortium.settle();
    assert!(answer.try_recv().is_err(), "it waits");
    assert_eq!(standing(&circle).2, Some(bad.clone()));

    let within = circle.within("ann", |channel| channel.definition().governance.deal_within);
    circle.pass(within + 1);
    let told = (0..8).find_map(|_| {
        circle.pass(8);
        answer.try_recv().ok()
    });
    let outcome = told.expect("an answer, once the deal has lapsed").expect("a verdict");
    assert_eq!(outcome.verdict, Verdict::Applied, "another deal has taken its place");
    let (_, stands, row) = standing(&circle);
    let good = row.expect("it stands");
    assert_eq!((stands, good.is_active()), (Dealt::Active, true));
    assert_ne!(good.deal, bad.deal);
    // Of the same audience, and both of its readers open what was sealed under it.
    assert_eq!(good.deal.audience, audience);
    for member in ["ann", "bob"] {
        assert_eq!(
            circle.within(member, |channel| opened_places(channel, channel.keys()).len()),
            3,
            "{member}"
        );
    }
    drop(circle.consortium.close());
}
