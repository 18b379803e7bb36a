//! One vector per rule that breaks only that rule.

use super::*;
use crate::certificate::NotCertified;
use crate::fixtures::{Channel, Members, Network};
use crate::transaction::{EventKind, RootTransaction};

fn refused(network: &Network, rotate: Rotate) -> Option<RootReject> {
    network.refusal(RootTransaction::Rotate(rotate))
}

/// A channel of five, and the four that take over.
fn at_height_1() -> (Network, Channel, Members) {
    let mut network = Network::new();
    let channel = network.opened(5, 3);
    (network, channel, Members::new(4, 3))
}

#[test]
fn roo_50_a_rotation_settles_an_event_and_attests_nothing() {
    let (mut network, channel, next) = at_height_1();
    let rotate = network.rotate(&channel, &next);
    let applied = network.order(vec![RootTransaction::Rotate(rotate.clone())]);
    assert_eq!(
        (applied.events[0].entry.kind, applied.events[0].entry.sequence),
        (EventKind::Rotate, Sequence(1))
    );
    let tag = network.state.tag(&channel.tag).unwrap();
    assert_eq!((tag.count, tag.attested), (2, None));
    assert_eq!(tag.next, Some(NextKeys { from: Height(3), keys: rotate.next }));
}

#[test]
fn roo_13_a_rotation_names_an_open_tag_and_after_its_close_there_is_none() {
    let (mut network, channel, next) = at_height_1();
    let rotate = network.rotate(&channel, &next);
    let tag = Tag([9; 32]);
    assert_eq!(refused(&network, Rotate { tag, ..rotate.clone() }), Some(RootReject::UnknownTag { tag }));
    network.order(vec![RootTransaction::Close(network.close(&channel, 0))]);
    assert_eq!(refused(&network, rotate), Some(RootReject::Closed { tag: channel.tag }));
}

#[test]
fn roo_16_roo_17_a_rotation_is_ordered_within_its_time() {
    let (network, channel, next) = at_height_1();
    let with = |last: u64| {
        let keys = next.keys_of(Generation(1));
        let statement = RotateStatement { last_height: Height(last), ..network.rotation(&channel, keys) };
        refused(&network, network.rotate_to(&channel, &next, statement))
    };
    let horizon = Height(network.next().0 + network.state.genesis().parameters().window);
    assert_eq!(with(1), Some(RootReject::Expired { height: Height(2), last_height: Height(1) }));
    assert_eq!((with(2), with(horizon.0)), (None, None));
    let last_height = Height(horizon.0 + 1);
    assert_eq!(with(last_height.0), Some(RootReject::TooFarAhead { horizon, last_height }));
}

#[test]
fn roo_19_a_rotation_names_an_event_of_the_log() {
    let (network, channel, next) = at_height_1();
    let statement = network.rotation(&channel, next.keys_of(Generation(1)));
    let ahead = RotateStatement { executed: Sequence(1), ..statement };
    let rejected = refused(&network, network.rotate_to(&channel, &next, ahead));
    assert_eq!(rejected, Some(RootReject::AttestsAhead { attested: Sequence(1), next: Sequence(1) }));
}

#[test]
fn roo_46_a_rotation_leads_from_the_current_generation_to_the_next() {
    let (network, channel, next) = at_height_1();
    let lead = |from: u64, to: u64| {
        let statement = network.rotation(&channel, next.keys_of(Generation(to)));
        let statement = RotateStatement { generation: Generation(from), ..statement };
        refused(&network, network.rotate_to(&channel, &next, statement))
    };
    let expected = |from: u64, to: u64| RootReject::NotTheNextGeneration {
        current: Generation(0),
        found: Generation(from),
        next: Generation(to),
    };
    assert_eq!(lead(0, 1), None);
    for (from, to) in [(1, 1), (0, 0), (0, 2), (1, 2)] {
        assert_eq!(lead(from, to), Some(expected(from, to)));
    }
}

#[test]
fn roo_47_a_second_rotation_waits_for_the_first() {
    let (network, channel, next) = at_height_1();
    let rotate = RootTransaction::Rotate(network.rotate(&channel, &next));
    let other = RootTransaction::Rotate(network.rotate(&channel, &Members::new(3, 2)));
    let (_, rejected) = network.state.build([rotate, other]);
    assert_eq!(rejected, [(1, RootReject::Rotating { tag: channel.tag })]);
}

#[test]
fn roo_48_both_generations_certify_and_neither_stands_in_for_the_other() {
    let (network, channel, next) = at_height_1();
    let good = network.rotate(&channel, &next);
    assert_eq!(refused(&network, good.clone()), None);
    let bad = NotCertified::Signature { index: 0 };
    let by_next = Rotate { certificate: good.next_certificate.clone(), ..good.clone() };
    assert_eq!(refused(&network, by_next), Some(RootReject::NotCertified(bad)));
    let by_current = Rotate { next_certificate: good.certificate.clone(), ..good.clone() };
    assert_eq!(refused(&network, by_current), Some(RootReject::NextNotCertified(bad)));
    let mut fewer = good.clone();
    fewer.next_certificate.signatures.pop();
    let count = NotCertified::Count { threshold: 3, got: 2 };
    assert_eq!(refused(&network, fewer), Some(RootReject::NextNotCertified(count)));
    let mut fewer = good;
    fewer.certificate.signatures.pop();
    assert_eq!(refused(&network, fewer), Some(RootReject::NotCertified(count)));
}

#[test]
fn roo_48_every_field_of_a_rotation_is_certified() {
    let (network, channel, next) = at_height_1();
    let good = network.rotate(&channel, &next);
    let signature = Some(RootReject::NotCertified(NotCertified::Signature { index: 0 }));
    let other_keys = Members::new(3, 2).keys_of(Generation(1));
    let changed = [
        Rotate { commitment: Digest([6; 32]), ..good.clone() },
        Rotate { last_height: Height(good.last_height.0 + 1), ..good.clone() },
        Rotate { next: other_keys, ..good.clone() },
    ];
    for rotate in changed {
        assert_eq!(refused(&network, rotate), signature);
    }
    let statement = good.statement(&network.id);
    let bytes = statement.signing_bytes();
    let others = [
        RotateStatement { network: NetworkId([1; 32]), ..statement.clone() },
        RotateStatement { tag: Tag([1; 32]), ..statement.clone() },
        RotateStatement { generation: Generation(7), ..statement.clone() },
        RotateStatement { executed: Sequence(7), ..statement },
    ];
    assert!(others.iter().all(|other| other.signing_bytes() != bytes));
}

#[test]
fn roo_49_the_current_endorsers_certify_to_the_end_of_the_block_and_the_next_from_then_on() {
    let (mut network, channel, next) = at_height_1();
    let rotate = RootTransaction::Rotate(network.rotate(&channel, &next));
    let anchor = |network: &Network, number| {
        RootTransaction::Anchor(network.anchor(&channel, number, 0, network.next().0 + 5))
    };
    // Before and after the rotation in the same block, the generation that ends is in force.
    network.order(vec![anchor(&network, 1), rotate, anchor(&network, 2)]);
    let late = network.refusal(anchor(&network, 3));
    let stale = RootReject::OtherGeneration { current: Generation(1), found: Generation(0) };
    assert_eq!(late, Some(stale));
    let tag = network.state.tag(&channel.tag).unwrap();
    assert_eq!(tag.keys_at(Height(2)).generation(), Generation(0));
    assert_eq!(tag.keys_at(Height(3)).generation(), Generation(1));
    let taken_over = Channel { tag: channel.tag, members: Members::new(4, 3) };
    let statement = crate::Statement { generation: Generation(1), ..network.statement(&channel, 4, 0, 9) };
    let first = statement.anchor(taken_over.members.certify(&statement.signing_bytes()));
    network.order(vec![RootTransaction::Anchor(first)]);
    let tag = network.state.tag(&channel.tag).unwrap();
    assert_eq!((tag.keys.generation(), tag.next.as_ref()), (Generation(1), None));
}

#[test]
fn roo_49_a_rotation_follows_a_rotation() {
    let (mut network, channel, next) = at_height_1();
    network.order(vec![RootTransaction::Rotate(network.rotate(&channel, &next))]);
    let taken_over = Channel { tag: channel.tag, members: next.in_generation(Generation(1)) };
    let third = Members::new(3, 2);
    network.order(vec![RootTransaction::Rotate(network.rotate(&taken_over, &third))]);
    let tag = network.state.tag(&channel.tag).unwrap();
    assert_eq!(tag.keys_at(network.next()).generation(), Generation(2));
}
