//! Keys turn over when the definition says so, without a vote. Epochs go on without a gap, and a view key
//! of an interval across the boundary opens what lies in it and nothing else.

mod support;

use std::collections::BTreeMap;

use parclose_audit::GrantScope;
use parclose_channel::Channel;
use parclose_channel::governance::MotionOutcome;
use parclose_keys::ViewKey;
use parclose_types::{ClassId, Epoch, Generation, Height};
use support::circle::{Circle, MEMBERS, Place, opened_places, texts, with};

const LENGTH: u64 = 16;
/// The class of the figures, and its fields that a statement has.
const FIGURES: (ClassId, [u32; 2]) = (ClassId(2), [2, 3]);

/// A room whose keys turn over after two epochs.
fn circle() -> Circle {
    let texts = with(texts(), "epoch_length = 64", &format!("epoch_length = {LENGTH}"));
    let texts = with(texts, "grace = 16", "grace = 4");
    Circle::found(with(texts, "rekey_after_epochs = 0", "rekey_after_epochs = 2"))
}

/// Goes to the first height of the next epoch, or so many before it.
fn go(circle: &Circle, before: u64) {
    circle.consortium.quiesce();
    let head = circle.consortium.root().head();
    let left = circle
        .within("ann", move |channel| channel.config().epoch_length - channel.epoch_at(head).1 - before);
    circle.pass(left);
}

/// Generation and epoch in which each transaction that wrote a record was sealed, by its place in the log.
fn sealed_in(channel: &Channel) -> BTreeMap<u64, (Generation, Epoch)> {
    let mut sealed = BTreeMap::new();
    for (at, row) in channel.verdicts(0, usize::MAX).expect("a store can be read") {
        let stored = channel.transaction(&row.transaction).expect("a store can be read");
        let body = stored.expect("what has a verdict is stored").body;
        if !body.operations.is_empty() {
            sealed.insert(at, (body.generation, body.epoch));
        }
    }
    sealed
}

/// The view key of the figures between ann and bob, of one generation over some epochs.
fn view_key(channel: &Channel, generation: Generation, (from, to): (u32, u32)) -> ViewKey {
    let of_then = channel.kept_of(generation).expect("a store can be read").0.config;
    let pair = of_then.members.iter().filter(|member| member.name != "cyd");
    let pair: Vec<_> = pair.map(|member| member.certificate.pseudonym).collect();
    let scope = GrantScope {
        channel: channel.id(),
        generation,
        audience: of_then.audience_of(&pair),
        class: FIGURES.0,
        from: Epoch(from),
        to: Epoch(to),
    };
    scope.cut(channel.keys()).expect("ann reads it")
}

/// What a view key of a generation and an interval should open.
fn in_scope(channel: &Channel, generation: Generation, (from, to): (u32, u32)) -> Vec<Place> {
    let within = |(of, epoch): &(Generation, Epoch)| *of == generation && (from..=to).contains(&epoch.0);
    let sealed = sealed_in(channel);
    let places = sealed.iter().filter(|(_, sealed)| within(sealed)).map(|(at, _)| *at);
    places.flat_map(|at| FIGURES.1.map(|field| (at, field))).collect()
}

#[test]
fn keys_turn_over_by_themselves_when_they_are_due() {
    let circle = circle();
    let mut record = 0;
    let mut state = || {
        record += 1;
        circle.state(record, ["ann", "bob"]);
    };
    state();
    go(&circle, 0);
    state();
    // What is moved now would be ordered in the last height of the second epoch; a height later it is due.
    go(&circle, 2);
    let motions =
        |circle: &Circle| circle.within("bob", |channel| channel.motions().expect("it can be read"));
    assert_eq!((circle.generation("ann"), motions(&circle)), (Generation(0), vec![]), "it is not over");
    // Members look again after a while, and time is all that has to pass.
    let looked = circle.within("ann", |channel| channel.definition().parameters.attest_after);
    for _ in 0..looked {
        circle.pass(1);
    }
    assert_eq!(MEMBERS.map(|member| circle.generation(member)), [Generation(1); 3], "nobody was asked");
    state();
    go(&circle, 0);
    state();
    circle.consortium.quiesce();
    let motions = motions(&circle);
    let start = circle.within("ann", |channel| channel.terms()[0].start.0);
    let [motion] = &motions[..] else { panic!("one motion, and not {}", motions.len()) };
    assert_eq!(
        (&motion.outcome, motion.votes.len()),
        (&MotionOutcome::Passed, 1),
        "its mover's word is enough"
    );
    let waited = motion.moved_at.0 - start;
    assert!((2 * LENGTH..2 * LENGTH + looked + 2).contains(&waited), "moved after {waited} heights");

    // Epochs go on where the last one ended: every height has one, and each is of one generation.
    let (terms, numbered) = circle.within("cyd", |channel| {
        let head = channel.head().expect("it is opened").height.0;
        let first = channel.terms()[0].start.0;
        (
            channel.terms().to_vec(),
            (first..=head).map(|h| channel.epoch_at(Height(h)).0.0).collect::<Vec<_>>(),
        )
    });
    assert_eq!(terms.len(), 2);
    assert_eq!(
        (terms[1].first_epoch.0, numbered[0]),
        (terms[0].epoch_at(Height(terms[1].start.0 - 1)).0.0 + 1, 0)
    );
    assert!(numbered.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1), "{numbered:?}");

    // A view key across the boundary: of each generation its own part of the interval, and no more.
    circle.within("ann", |channel| {
        let sealed = sealed_in(channel);
        let epochs: Vec<(u64, u32)> = sealed.values().map(|(of, epoch)| (of.0, epoch.0)).collect();
        assert_eq!(epochs.len(), 4);
        assert!(epochs[1].0 == 0 && epochs[2].0 == 1, "two records on each side: {epochs:?}");
        let across = (epochs[1].1, epochs[2].1);
        let mut together = Vec::new();
        for generation in [Generation(0), Generation(1)] {
            let opened = opened_places(channel, &view_key(channel, generation, across));
            assert_eq!(opened, in_scope(channel, generation, across), "{generation:?}");
            assert_eq!(opened.len(), FIGURES.1.len(), "one record of this generation lies in it");
            together.extend(opened);
        }
        let all = opened_places(channel, channel.keys());
        let inside = |(at, field): &Place| {
            let (_, epoch) = sealed[at];
            FIGURES.1.contains(field) && (across.0..=across.1).contains(&epoch.0)
        };
        assert_eq!(together, all.iter().copied().filter(inside).collect::<Vec<_>>());
        assert!(all.len() > together.len(), "there is more than that to open");
        // The comparison is not blind: an interval that is an epoch longer, or shorter, opens something else.
        let whole = (epochs[0].1, epochs[3].1);
        assert_eq!(
            opened_places(channel, &view_key(channel, Generation(0), whole)).len(),
            2 * FIGURES.1.len()
        );
        let none = (epochs[1].1 + 1, epochs[1].1 + 1);
        assert_eq!(opened_places(channel, &view_key(channel, Generation(0), none)), []);
    });
    drop(circle.consortium.close());
}
