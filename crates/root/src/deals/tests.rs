//! Opening and deciding deals, rule by rule.

use super::*;
use crate::block::BlockInvalid;
use crate::deal::{ALLOCATE_AHEAD_MAX, DealInvalid, Decision, SETTLE_MAX, SETTLE_MIN};
use crate::fixtures::dealing::{open_deal, told};
use crate::fixtures::{Channel, Network};
use crate::transaction::{EventKind, RootTransaction};

/// A network with as many open channels of one member.
fn with_channels(count: usize) -> (Network, Vec<Channel>) {
    let mut network = Network::new();
    let mut channels: Vec<Channel> = (0..count).map(|_| network.opened(1, 1)).collect();
    channels.sort_by_key(|channel| channel.tag);
    (network, channels)
}

fn outcome(network: &Network, deal: &Deal) -> Option<DealOutcome> {
    network.state.deal(&deal.id(&network.id))?.outcome()
}

#[test]
fn roo_64_the_id_covers_the_network_and_every_byte_of_the_deal() {
    let (network, channels) = with_channels(2);
    let mut deal = network.deal(&[&channels[0], &channels[1]]);
    deal.legs[0].approver = Some(crate::fixtures::key("approver", 0).public());
    let id = deal.id(&network.id);
    let bytes = encode(&deal);
    assert_eq!(id.0, parclose_crypto::hash("parclose/v1/deal-id", &[network.id.as_ref(), &bytes]));
    assert_ne!(id, deal.id(&parclose_types::NetworkId([0; 32])));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        if let Ok(other) = parclose_types::decode::<Deal>("deal", &changed, 4096) {
            assert_ne!(other.id(&network.id), id, "byte {at}");
        }
    }
}

#[test]
fn roo_65_a_deal_has_two_to_eight_legs() {
    let (network, channels) = with_channels(1);
    for legs in 0..=9 {
        let deal = network.deal(&vec![&channels[0]; legs]);
        let expected = (!(2..=8).contains(&legs)).then_some(DealInvalid::Legs { got: legs });
        assert_eq!(deal.check().err(), expected);
        assert_eq!(network.refusal(open_deal(&deal)), expected.map(RootReject::NoDeal), "{legs} legs");
    }
}

#[test]
fn roo_66_a_deal_leaves_time_to_prepare_and_ends() {
    let (network, channels) = with_channels(1);
    let good = network.deal(&[&channels[0], &channels[0]]);
    let settled = |heights: u64| {
        let settle_before = Height(good.allocate_before.0.wrapping_add(heights));
        Deal { settle_before, ..good.clone() }
    };
    for heights in [SETTLE_MIN, SETTLE_MAX] {
        assert_eq!(network.refusal(open_deal(&settled(heights))), None, "{heights} heights");
    }
    for heights in [0, SETTLE_MIN - 1, SETTLE_MAX + 1, u64::MAX] {
        let refused = network.refusal(open_deal(&settled(heights)));
        assert!(matches!(refused, Some(RootReject::NoDeal(DealInvalid::Heights { .. }))), "{refused:?}");
    }
}

#[test]
fn roo_67_a_deal_is_opened_ahead_of_its_allocation_and_not_too_far() {
    let (network, channels) = with_channels(1);
    let height = network.next();
    let allocated = |before: Height| {
        let deal = network.deal(&[&channels[0], &channels[0]]);
        let settle_before = Height(before.0 + SETTLE_MIN);
        network.refusal(open_deal(&Deal { allocate_before: before, settle_before, ..deal }))
    };
    let late = RootReject::OpensTooLate { height, allocate_before: height };
    assert_eq!(allocated(height), Some(late));
    assert_eq!(allocated(Height(height.0 + 1)), None);
    let horizon = Height(height.0 + ALLOCATE_AHEAD_MAX);
    assert_eq!(allocated(horizon), None);
    let allocate_before = Height(horizon.0 + 1);
    let early = RootReject::OpensTooEarly { horizon, allocate_before };
    assert_eq!(allocated(allocate_before), Some(early));
    assert!(early.passes_later() && !late.passes_later());
    let open = open_deal(&network.deal(&[&channels[0], &channels[0]]));
    let (last, allocate_before) = (Height(height.0 + 1), Height(height.0 + 2));
    assert_eq!((open.last_height(), open.lapsed(last)), (Some(last), None));
    let late = RootReject::OpensTooLate { height: allocate_before, allocate_before };
    assert_eq!(open.lapsed(allocate_before), Some(late), "its pool forgets it then");
}

#[test]
fn roo_68_a_deal_is_opened_once() {
    let (mut network, channels) = with_channels(2);
    let legs = [&channels[0], &channels[1]];
    let deal = network.deal(&legs);
    let again = RootReject::DealOpenedTwice { deal: deal.id(&network.id) };
    let (_, rejected) = network.state.build([open_deal(&deal), open_deal(&deal)]);
    assert_eq!(rejected, [(1, again)], "in one block");
    network.order(vec![open_deal(&deal)]);
    assert_eq!(network.refusal(open_deal(&deal)), Some(again));
    let deal = Deal { nonce: [99; 32], allocate_before: Height(50), settle_before: Height(60), ..deal };
    network.order(vec![open_deal(&deal)]);
    network.order(vec![network.refuse(&channels[0], &deal, 0)]);
    assert_eq!(outcome(&network, &deal), Some(DealOutcome::Abort));
    let again = RootReject::DealOpenedTwice { deal: deal.id(&network.id) };
    assert_eq!(network.refusal(open_deal(&deal)), Some(again), "nor once it is decided");
}

#[test]
fn roo_69_a_block_opens_a_bounded_number_of_deals() {
    let (mut network, channels) = with_channels(1);
    let deals: Vec<_> = (0..=DEALS_PER_BLOCK)
        .map(|number| {
            let deal = network.deal(&[&channels[0], &channels[0]]);
            open_deal(&Deal { settle_before: Height(deal.settle_before.0 + u64::from(number)), ..deal })
        })
        .collect();
    let (block, rejected) = network.state.build(deals);
    let full = RootReject::BlockDeals { limit: DEALS_PER_BLOCK };
    assert_eq!(rejected, [(DEALS_PER_BLOCK as usize, full)]);
    assert!(full.passes_later() && full.is_for_now());
    network.state.apply(&block).unwrap();
    let next = network.deal(&[&channels[0], &channels[0]]);
    assert_eq!(network.refusal(open_deal(&next)), None, "the next block opens others");
}

#[test]
fn roo_70_one_height_decides_a_bounded_number_of_deals() {
    let (mut network, channels) = with_channels(1);
    let (allocate_before, settle_before) = (Height(20), Height(30));
    let open = |network: &Network| {
        let deal = network.deal(&[&channels[0], &channels[0]]);
        open_deal(&Deal { allocate_before, settle_before, ..deal })
    };
    for _ in 0..2 {
        let half: Vec<_> = (0..DEALS_PER_BLOCK / 2).map(|_| open(&network)).collect();
        network.order(half);
    }
    let full = RootReject::HeightDeals { height: settle_before, limit: DEALS_PER_BLOCK };
    assert_eq!(network.refusal(open(&network)), Some(full));
    assert!(!full.passes_later() && !full.is_for_now(), "another height is needed");
    let other = Deal { settle_before: Height(31), ..network.deal(&[&channels[0], &channels[0]]) };
    assert_eq!(network.refusal(open_deal(&other)), None);
}

#[test]
fn roo_71_the_state_holds_a_bounded_number_of_deals() {
    let (network, channels) = with_channels(1);
    let deal = network.deal(&[&channels[0], &channels[0]]);
    let decided = |at| DealState::Decided { outcome: DealOutcome::Abort, at, settle_before: Height(9) };
    let rows = |count: u32| {
        (0..count).map(|number| {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            (DealId(id), decided(Height(1)))
        })
    };
    let open = |count| {
        let before = Deals::of(rows(count).collect());
        let (mut ahead, due) = DealsAhead::at(&before, Height(3));
        assert_eq!(due, []);
        ahead.open(deal.id(&network.id), &deal)
    };
    assert_eq!(open(DEALS_MAX - 1), Ok(()));
    let full = RootReject::DealsFull { limit: DEALS_MAX };
    assert_eq!(open(DEALS_MAX), Err(full));
    assert!(full.passes_later() && !full.is_for_now(), "no pool waits for that");
}

#[test]
fn roo_80_the_last_prepare_commits_at_once() {
    let (mut network, channels) = with_channels(3);
    let all = [&channels[0], &channels[1], &channels[2]];
    let deal = network.dealt(&all);
    let first = network.order(vec![network.prepare(&channels[2], &deal, 2)]);
    assert_eq!(told(&first, &all), [(2, EventKind::Prepare)]);
    assert_eq!(outcome(&network, &deal), None);
    let anchor = RootTransaction::Anchor(network.anchor(&channels[1], 1, 0, 9));
    let last = network.order(vec![
        network.prepare(&channels[1], &deal, 1),
        network.prepare(&channels[0], &deal, 0),
        anchor,
    ]);
    let (prepare, decision) = (EventKind::Prepare, EventKind::Decision);
    let decided = [(0, decision), (1, decision), (2, decision)];
    let expected = [&[(1, prepare), (0, prepare)][..], &decided, &[(1, EventKind::Anchor)]].concat();
    assert_eq!(told(&last, &all), expected, "right after the last prepare, before what comes next");
    assert_eq!(outcome(&network, &deal), Some(DealOutcome::Commit));
    let content =
        RootTransaction::Decision(Decision { deal: deal.id(&network.id), outcome: DealOutcome::Commit });
    for entry in last.entries().filter(|entry| entry.kind == EventKind::Decision) {
        assert_eq!(entry.transaction, content.digest());
    }
}

#[test]
fn roo_80_a_refusal_aborts_at_once() {
    let (mut network, channels) = with_channels(3);
    let all = [&channels[0], &channels[1], &channels[2]];
    let deal = network.dealt(&all);
    network.order(vec![network.prepare(&channels[2], &deal, 2)]);
    let applied = network.order(vec![network.refuse(&channels[0], &deal, 0)]);
    let decision = EventKind::Decision;
    assert_eq!(told(&applied, &all), [(0, EventKind::Refuse), (0, decision), (2, decision)]);
    assert_eq!(outcome(&network, &deal), Some(DealOutcome::Abort));
    network.advance(deal.settle_before);
    assert_eq!(outcome(&network, &deal), Some(DealOutcome::Abort));
}

#[test]
fn roo_80_time_aborts_before_anything_else_of_its_block() {
    let (mut network, channels) = with_channels(2);
    let all = [&channels[0], &channels[1]];
    let deal = network.dealt(&all);
    network.order(vec![network.prepare(&channels[1], &deal, 1)]);
    network.advance(Height(deal.settle_before.0 - 2));
    assert_eq!(outcome(&network, &deal), None);
    let (last, _) = network.state.build([network.prepare(&channels[0], &deal, 0)]);
    assert_eq!(last.header.event_count, 3, "the height before would still commit");
    network.order(vec![]);
    let anchor = RootTransaction::Anchor(network.anchor(&channels[1], 1, 0, 12));
    let applied = network.order(vec![anchor]);
    assert_eq!(network.state.head().height, deal.settle_before);
    assert_eq!(told(&applied, &all), [(1, EventKind::Decision), (1, EventKind::Anchor)]);
    assert_eq!(outcome(&network, &deal), Some(DealOutcome::Abort));
    assert_eq!(told(&network.order(vec![]), &all), [], "and once");
}

#[test]
fn roo_80_a_deal_that_nobody_prepared_ends_without_an_event() {
    let (mut network, channels) = with_channels(2);
    let deal = network.dealt(&[&channels[0], &channels[1]]);
    let before = network.state.tag(&channels[0].tag).cloned();
    network.advance(deal.settle_before);
    assert_eq!(outcome(&network, &deal), Some(DealOutcome::Abort));
    assert_eq!(network.state.tag(&channels[0].tag).cloned(), before, "it obliged nobody (R27)");
}

#[test]
fn roo_80_a_block_that_leaves_an_abort_out_is_none() {
    let (mut network, channels) = with_channels(2);
    let deal = network.dealt(&[&channels[0], &channels[1]]);
    network.order(vec![network.prepare(&channels[1], &deal, 1)]);
    network.advance(Height(deal.settle_before.0 - 1));
    let (block, _) = network.state.build([]);
    assert_eq!((block.header.event_count, block.transactions.len()), (1, 0));
    assert!(network.state.check(&block).is_ok(), "others find the same");
    let mut without = block;
    without.header.event_count = 0;
    without.header.events_root = parclose_types::Digest(parclose_crypto::merkle::empty_root());
    let invalid = BlockInvalid::Header { height: deal.settle_before };
    assert_eq!(network.state.check(&without).map(|_| ()), Err(invalid));
}

#[test]
fn roo_81_a_tag_with_several_legs_hears_of_the_decision_once() {
    let (mut network, channels) = with_channels(2);
    let all = [&channels[0], &channels[1]];
    let deal = network.dealt(&[&channels[1], &channels[0], &channels[1]]);
    network.order(vec![network.prepare(&channels[1], &deal, 0), network.prepare(&channels[0], &deal, 1)]);
    let applied = network.order(vec![network.prepare(&channels[1], &deal, 2)]);
    let decision = EventKind::Decision;
    assert_eq!(told(&applied, &all), [(1, EventKind::Prepare), (0, decision), (1, decision)]);
    let count = |at: usize| network.state.tag(&channels[at].tag).unwrap().count;
    assert_eq!((count(0), count(1)), (3, 4), "it counts, and the next event follows it");
}

#[test]
fn roo_81_a_closed_tag_hears_of_the_decision_too() {
    let (mut network, channels) = with_channels(2);
    let all = [&channels[0], &channels[1]];
    let deal = network.dealt(&all);
    network.order(vec![network.prepare(&channels[0], &deal, 0)]);
    network.order(vec![RootTransaction::Close(network.close(&channels[0], 1))]);
    let applied = network.order(vec![network.prepare(&channels[1], &deal, 1)]);
    let decision = EventKind::Decision;
    assert_eq!(told(&applied, &all), [(1, EventKind::Prepare), (0, decision), (1, decision)]);
    let closed = network.state.tag(&channels[0].tag).unwrap();
    assert_eq!((closed.count, closed.closed), (4, Some(Sequence(1))));
}

#[test]
fn roo_81_a_decision_puts_next_keys_in_force_as_any_event_does() {
    let (mut network, channels) = with_channels(2);
    let deal = network.dealt(&[&channels[0], &channels[1]]);
    network.order(vec![network.prepare(&channels[0], &deal, 0)]);
    let rotate = network.rotate(&channels[0], &network.members(1, 1));
    network.order(vec![RootTransaction::Rotate(rotate)]);
    network.order(vec![network.prepare(&channels[1], &deal, 1)]);
    let state = network.state.tag(&channels[0].tag).unwrap();
    assert_eq!((state.keys.generation().0, state.next.is_none()), (1, true));
}

#[test]
fn roo_82_nobody_submits_a_decision() {
    let (mut network, channels) = with_channels(2);
    let deal = network.dealt(&[&channels[0], &channels[1]]);
    for outcome in [DealOutcome::Commit, DealOutcome::Abort] {
        let decision = RootTransaction::Decision(Decision { deal: deal.id(&network.id), outcome });
        assert_eq!(network.refusal(decision.clone()), Some(RootReject::NotSubmitted));
        let mut block = network.state.build([]).0;
        block.transactions.push(decision);
        let refused = network.state.check(&block).map(|_| ());
        let reject = RootReject::NotSubmitted;
        assert_eq!(refused, Err(BlockInvalid::Transaction { index: 0, reject }));
    }
}

#[test]
fn roo_83_a_decided_deal_is_kept_for_a_while_and_forgotten() {
    let (mut network, channels) = with_channels(2);
    let deal = network.dealt(&[&channels[0], &channels[1]]);
    network.order(vec![network.prepare(&channels[0], &deal, 0), network.prepare(&channels[1], &deal, 1)]);
    let refused = |network: &Network| network.refusal(network.refuse(&channels[0], &deal, 0));
    assert_eq!(refused(&network), Some(RootReject::DealDecided { outcome: DealOutcome::Commit }));
    let kept_until = deal.settle_before.0 + DEAL_KEPT;
    network.advance(Height(kept_until - 1));
    assert_eq!(outcome(&network, &deal), Some(DealOutcome::Commit));
    network.order(vec![]);
    let id = deal.id(&network.id);
    assert_eq!(network.state.deal(&id), None);
    assert_eq!(network.state.deals().by_height.len(), 0, "nothing is left of it");
    assert_eq!(refused(&network), Some(RootReject::UnknownDeal { deal: id }));
    let refused = network.refusal(open_deal(&deal));
    assert!(matches!(refused, Some(RootReject::OpensTooLate { .. })), "and it cannot come back: {refused:?}");
}
