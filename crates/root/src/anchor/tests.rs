//! One vector per rule that breaks only that rule.

use parclose_types::Digest;

use super::*;
use crate::certificate::NotCertified;
use crate::fixtures::{Channel, Network, commitment};
use crate::genesis::Parameters;
use crate::transaction::RootTransaction;

fn refused(network: &Network, anchor: Anchor) -> Option<RootReject> {
    network.refusal(RootTransaction::Anchor(anchor))
}

/// A network at height 1 with one channel, whose next anchor `good` is in order.
fn at_height_1() -> (Network, Channel, Anchor) {
    let mut network = Network::new();
    let channel = network.opened(5, 3);
    let good = network.anchor(&channel, 1, 0, 10);
    (network, channel, good)
}

#[test]
fn a_good_anchor_takes_the_next_sequence() {
    let (mut network, channel, good) = at_height_1();
    let applied = network.order(vec![RootTransaction::Anchor(good.clone())]);
    let entry = applied.events[0].entry;
    assert_eq!((entry.tag, entry.sequence), (channel.tag, Sequence(1)));
    let state = network.state.tag(&channel.tag).unwrap();
    assert_eq!((state.count, state.attested, state.chain), (2, Some(Sequence(0)), entry.chain));
    assert_eq!(state.recent, [(Height(10), good.commitment)]);
}

#[test]
fn roo_13_a_tag_must_be_open() {
    let (network, _, good) = at_height_1();
    let tag = Tag([9; 32]);
    assert_eq!(refused(&network, Anchor { tag, ..good }), Some(RootReject::UnknownTag { tag }));
}

#[test]
fn roo_14_a_closed_tag_takes_no_anchor() {
    let (mut network, channel, good) = at_height_1();
    network.order(vec![RootTransaction::Close(network.close(&channel, 0))]);
    assert_eq!(refused(&network, good), Some(RootReject::Closed { tag: channel.tag }));
}

#[test]
fn roo_15_another_generation_is_refused_even_when_it_is_signed() {
    let (network, channel, _) = at_height_1();
    let statement = Statement { generation: Generation(1), ..network.statement(&channel, 1, 0, 10) };
    let anchor = statement.anchor(channel.members.certify(&statement.signing_bytes()));
    let expected = RootReject::OtherGeneration { current: Generation(0), found: Generation(1) };
    assert_eq!(refused(&network, anchor), Some(expected));
}

#[test]
fn roo_16_an_anchor_is_ordered_at_its_last_height_but_not_after() {
    let (mut network, channel, _) = at_height_1();
    let anchor = network.anchor(&channel, 1, 0, 2);
    assert_eq!(refused(&network, anchor.clone()), None);
    network.order(vec![]);
    let expected = RootReject::Expired { height: Height(3), last_height: Height(2) };
    assert_eq!(refused(&network, anchor), Some(expected));
}

#[test]
fn roo_17_a_last_height_beyond_the_window_is_refused() {
    let (network, channel, _) = at_height_1();
    let horizon = 2 + network.state.genesis().parameters().window;
    assert_eq!(refused(&network, network.anchor(&channel, 1, 0, horizon)), None);
    for last_height in [horizon + 1, u64::MAX] {
        let expected = RootReject::TooFarAhead { horizon: Height(horizon), last_height: Height(last_height) };
        assert_eq!(refused(&network, network.anchor(&channel, 1, 0, last_height)), Some(expected));
    }
}

#[test]
fn roo_18_a_commitment_is_ordered_once() {
    let (mut network, channel, good) = at_height_1();
    let expected = Some(RootReject::AlreadyOrdered { commitment: good.commitment });
    network.order(vec![RootTransaction::Anchor(good.clone())]);
    assert_eq!(refused(&network, good.clone()), expected);
    // Nor by other signers, nor with other numbers, up to the last height of the first.
    while network.next() <= good.last_height {
        assert_eq!(refused(&network, network.anchor(&channel, 1, 1, 12)), expected);
        network.order(vec![]);
    }
    assert!(matches!(refused(&network, good), Some(RootReject::Expired { .. })));
}

#[test]
fn roo_18_not_twice_in_one_block_even_at_its_last_height() {
    let (network, channel, _) = at_height_1();
    let first = network.anchor(&channel, 1, 0, 2);
    let (_, rejected) = network.state.build([first.clone(), first].map(RootTransaction::Anchor));
    assert_eq!(rejected, [(1, RootReject::AlreadyOrdered { commitment: commitment(1) })]);
}

#[test]
fn roo_18_another_channel_cannot_keep_a_commitment_out() {
    let (mut network, _, good) = at_height_1();
    let thief = network.opened(3, 2);
    let copy = network.anchor(&thief, 1, 0, 10);
    assert_eq!(copy.commitment, good.commitment);
    network.order(vec![RootTransaction::Anchor(copy)]);
    assert_eq!(refused(&network, good), None);
}

#[test]
fn roo_19_what_is_not_in_the_log_cannot_be_attested() {
    let (network, channel, _) = at_height_1();
    let expected = RootReject::AttestsAhead { attested: Sequence(1), next: Sequence(1) };
    assert_eq!(refused(&network, network.anchor(&channel, 1, 1, 10)), Some(expected));
}

#[test]
fn roo_20_an_anchor_that_attests_less_lowers_nothing() {
    let (mut network, channel, _) = at_height_1();
    network.anchored(&channel, 2, 0);
    network.anchored(&channel, 3, 1);
    assert_eq!(refused(&network, network.anchor(&channel, 1, 1, 10)), None);
    assert_eq!(refused(&network, network.anchor(&channel, 1, 0, 10)), None);
    let applied = network.anchored(&channel, 4, 0);
    assert_eq!(applied.tags[&channel.tag].attested, Some(Sequence(1)));
}

#[test]
fn roo_21_one_tag_gets_a_bounded_share_of_a_block() {
    let parameters = Parameters { anchors_per_tag_and_block: 2, ..Parameters::default() };
    let mut network = Network::with(parameters);
    let (busy, quiet) = (network.opened(1, 1), network.opened(2, 2));
    let anchors = [(&busy, 1), (&busy, 2), (&busy, 3), (&quiet, 1), (&busy, 4)];
    let candidates =
        anchors.map(|(channel, number)| RootTransaction::Anchor(network.anchor(channel, number, 0, 10)));
    let (block, rejected) = network.state.build(candidates.clone());
    let full = RootReject::BlockAnchors { limit: 2 };
    assert_eq!(rejected, [(2, full), (4, full)]);
    network.state.apply(&block).unwrap();
    assert_eq!(network.refusal(candidates[2].clone()), None);
}

#[test]
fn roo_22_a_tag_cannot_fill_the_memory_of_the_validators() {
    let parameters = Parameters { unexpired_per_tag: 2, ..Parameters::default() };
    let mut network = Network::with(parameters);
    let channel = network.opened(1, 1);
    for (number, last_height) in [(1, 4), (2, 10)] {
        network.order(vec![RootTransaction::Anchor(network.anchor(&channel, number, 0, last_height))]);
    }
    let third = network.anchor(&channel, 3, 0, 10);
    assert_eq!(refused(&network, third.clone()), Some(RootReject::Unexpired { limit: 2 }));
    network.order(vec![]);
    assert_eq!(network.next(), Height(5), "the first commitment has expired");
    network.order(vec![RootTransaction::Anchor(third)]);
    let recent = &network.state.tag(&channel.tag).unwrap().recent;
    assert_eq!(recent[..], [(Height(10), commitment(2)), (Height(10), commitment(3))]);
}

#[test]
fn roo_11_every_field_of_an_anchor_is_certified() {
    let (mut network, channel, _) = at_height_1();
    network.anchored(&channel, 9, 0);
    let good = network.anchor(&channel, 1, 0, 10);
    let changed = [
        Anchor { commitment: ChannelCommitment(Digest([2; 32])), ..good.clone() },
        Anchor { attested: Sequence(1), ..good.clone() },
        Anchor { last_height: Height(11), ..good.clone() },
    ];
    assert_eq!(refused(&network, good), None);
    for anchor in changed {
        assert_eq!(refused(&network, anchor), Some(NotCertified::Signature { index: 0 }.into()));
    }
}

#[test]
fn roo_11_a_certificate_does_not_serve_another_tag_of_the_same_members() {
    let (mut network, _, good) = at_height_1();
    let twin = network.opened(5, 3);
    let anchor = Anchor { tag: twin.tag, ..good };
    assert_eq!(refused(&network, anchor), Some(NotCertified::Signature { index: 0 }.into()));
}

#[test]
fn a_refused_anchor_leaves_no_trace_in_its_block() {
    let (network, channel, good) = at_height_1();
    let bad = network.anchor(&channel, 2, 5, 10);
    let alone = network.state.build([RootTransaction::Anchor(good.clone())]).0;
    let beside = network.state.build([bad.clone(), good, bad].map(RootTransaction::Anchor)).0;
    assert_eq!(alone, beside);
}
