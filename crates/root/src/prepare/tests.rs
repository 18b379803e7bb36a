//! Preparing and refusing, rule by rule.

use parclose_types::PublicKey;

use super::*;
use crate::certificate::NotCertified;
use crate::deal::{Deal, DealOutcome};
use crate::fixtures::dealing::{open_deal, prepare_of};
use crate::fixtures::{Channel, Network, key};
use crate::transaction::RootTransaction;

/// A network with two channels of three members, and a deal of a leg each.
fn dealt() -> (Network, [Channel; 2], Deal) {
    let mut network = Network::new();
    let channels = [network.opened(3, 2), network.opened(3, 2)];
    let deal = network.dealt(&[&channels[0], &channels[1]]);
    (network, channels, deal)
}

/// Why a prepare of leg 0 is refused whose statement is changed before it is signed.
fn changed(
    (network, channels, deal): &(Network, [Channel; 2], Deal),
    change: impl FnOnce(&mut PrepareStatement),
) -> Option<RootReject> {
    let mut statement = network.prepare_statement(&channels[0], deal, 0);
    change(&mut statement);
    network.refusal(prepare_of(&channels[0], &statement))
}

#[test]
fn a_prepare_is_ordered_and_noted_with_its_event() {
    let (mut network, channels, deal) = dealt();
    let applied = network.order(vec![network.prepare(&channels[0], &deal, 0)]);
    let entry = applied.events[0].entry;
    assert_eq!(
        (entry.tag, entry.sequence, entry.kind.to_string().as_str()),
        (channels[0].tag, Sequence(1), "prepare")
    );
    let prepared = vec![Some(Sequence(1)), None];
    let state = network.state.deal(&deal.id(&network.id)).cloned();
    assert_eq!(state, Some(DealState::Open { deal, prepared }));
}

#[test]
fn roo_13_a_prepare_names_a_tag_that_is_open() {
    let mut network = Network::new();
    let (open, (later, opening)) = (network.opened(1, 1), network.open(1, 1));
    let deal = network.dealt(&[&open, &later]);
    let prepare = network.prepare(&later, &deal, 1);
    assert_eq!(network.refusal(prepare.clone()), Some(RootReject::UnknownTag { tag: later.tag }));
    network.order(vec![opening, prepare]);
}

#[test]
fn roo_14_a_closed_tag_takes_no_prepare_but_may_refuse() {
    let (mut network, channels, deal) = dealt();
    network.order(vec![RootTransaction::Close(network.close(&channels[0], 0))]);
    let closed = RootReject::Closed { tag: channels[0].tag };
    assert_eq!(network.refusal(network.prepare(&channels[0], &deal, 0)), Some(closed));
    network.order(vec![network.refuse(&channels[0], &deal, 0)]);
    let outcome = network.state.deal(&deal.id(&network.id)).unwrap().outcome();
    assert_eq!(outcome, Some(DealOutcome::Abort));
}

#[test]
fn roo_15_a_prepare_and_a_refusal_name_the_current_generation() {
    let made = dealt();
    let (current, found) = (Generation(0), Generation(1));
    let other = Some(RootReject::OtherGeneration { current, found });
    assert_eq!(changed(&made, |statement| statement.generation = found), other);
    let (network, channels, deal) = made;
    let mut statement = network.refuse_statement(&channels[0], &deal, 0);
    statement.generation = found;
    let certificate = channels[0].members.certify(&statement.signing_bytes());
    assert_eq!(network.refusal(RootTransaction::Refuse(statement.refuse(certificate))), other);
}

#[test]
fn roo_16_roo_17_a_prepare_lapses_and_is_bounded() {
    let made = dealt();
    let (height, window) = (made.0.next(), made.0.state.genesis().parameters().window);
    let past = Height(height.0 - 1);
    assert_eq!(
        changed(&made, |statement| statement.last_height = past),
        Some(RootReject::Expired { height, last_height: past })
    );
    let horizon = Height(height.0 + window);
    let beyond = Height(horizon.0 + 1);
    assert_eq!(changed(&made, |statement| statement.last_height = horizon), None);
    assert_eq!(
        changed(&made, |statement| statement.last_height = beyond),
        Some(RootReject::TooFarAhead { horizon, last_height: beyond })
    );
}

#[test]
fn roo_72_a_deal_that_was_not_opened_is_not_prepared() {
    let (mut network, channels, _) = dealt();
    let deal = network.deal(&[&channels[0], &channels[1]]);
    let unknown = RootReject::UnknownDeal { deal: deal.id(&network.id) };
    let prepare = network.prepare(&channels[0], &deal, 0);
    assert_eq!(network.refusal(prepare.clone()), Some(unknown));
    assert_eq!(network.refusal(network.refuse(&channels[0], &deal, 0)), Some(unknown));
    assert!(unknown.passes_later() && !unknown.is_for_now());
    network.order(vec![open_deal(&deal), prepare]);
}

#[test]
fn roo_73_a_decided_deal_takes_no_prepare_and_no_refusal() {
    for outcome in [DealOutcome::Commit, DealOutcome::Abort] {
        let (mut network, channels, deal) = dealt();
        match outcome {
            DealOutcome::Commit => {
                let both = [network.prepare(&channels[0], &deal, 0), network.prepare(&channels[1], &deal, 1)];
                network.order(both.to_vec());
            }
            DealOutcome::Abort => drop(network.order(vec![network.refuse(&channels[1], &deal, 1)])),
        }
        let decided = Some(RootReject::DealDecided { outcome });
        for leg in 0..2 {
            let channel = &channels[usize::from(leg)];
            assert_eq!(network.refusal(network.prepare(channel, &deal, leg)), decided);
            assert_eq!(network.refusal(network.refuse(channel, &deal, leg)), decided);
        }
    }
}

#[test]
fn roo_73_what_one_block_decides_is_decided_for_the_rest_of_it() {
    let (network, channels, deal) = dealt();
    let (refuse, prepare) = (network.refuse(&channels[1], &deal, 1), network.prepare(&channels[0], &deal, 0));
    let (_, rejected) = network.state.build([refuse, prepare]);
    assert_eq!(rejected, [(1, RootReject::DealDecided { outcome: DealOutcome::Abort })]);
}

#[test]
fn roo_74_at_settle_before_it_is_too_late() {
    let (mut network, channels, deal) = dealt();
    let settle_before = deal.settle_before;
    network.advance(Height(settle_before.0 - 2));
    assert_eq!(network.refusal(network.prepare(&channels[0], &deal, 0)), None, "the last height");
    network.order(vec![]);
    for height in [settle_before, Height(settle_before.0 + 1)] {
        let late = Some(RootReject::DealTooLate { height, settle_before });
        assert_eq!(network.refusal(network.prepare(&channels[0], &deal, 0)), late);
        assert_eq!(network.refusal(network.refuse(&channels[0], &deal, 0)), late);
        network.order(vec![]);
    }
}

#[test]
fn roo_75_a_tag_prepares_its_own_legs_only() {
    let made = dealt();
    let tag = made.1[0].tag;
    for leg in [1, 2, 255] {
        assert_eq!(
            changed(&made, |statement| statement.leg = leg),
            Some(RootReject::LegMismatch { leg, tag })
        );
        let refuse = made.0.refuse(&made.1[0], &made.2, leg);
        assert_eq!(made.0.refusal(refuse), Some(RootReject::LegMismatch { leg, tag }));
    }
}

#[test]
fn roo_76_a_leg_is_prepared_once_and_not_refused_after_that() {
    let (mut network, channels, deal) = dealt();
    let twice = RootReject::LegPrepared { leg: 0 };
    let (prepare, refuse) = (network.prepare(&channels[0], &deal, 0), network.refuse(&channels[0], &deal, 0));
    let (_, rejected) = network.state.build([prepare.clone(), prepare.clone(), refuse.clone()]);
    assert_eq!(rejected, [(1, twice), (2, twice)], "in one block");
    network.order(vec![prepare.clone()]);
    assert_eq!(network.refusal(prepare), Some(twice));
    assert_eq!(network.refusal(refuse), Some(twice));
    assert_eq!(network.refusal(network.refuse(&channels[1], &deal, 1)), None, "the other leg's tag may");
}

#[test]
fn roo_77_a_lock_is_an_event_of_the_log() {
    let mut made = dealt();
    let ahead = |lock| Some(RootReject::LockAhead { lock: Sequence(lock), next: Sequence(1) });
    assert_eq!(changed(&made, |statement| statement.lock = Sequence(1)), ahead(1), "not itself");
    assert_eq!(changed(&made, |statement| statement.lock = Sequence(u64::MAX)), ahead(u64::MAX));
    made.0.anchored(&made.1[0], 1, 0);
    assert_eq!(changed(&made, |statement| statement.lock = Sequence(1)), None);
}

#[test]
fn roo_78_a_leg_with_an_approver_needs_its_signature_and_one_without_takes_none() {
    let mut network = Network::new();
    let channels = [network.opened(3, 2), network.opened(3, 2)];
    let approver = key("approver", 0);
    let mut deal = network.deal(&[&channels[0], &channels[1]]);
    deal.legs[0].approver = Some(approver.public());
    network.order(vec![open_deal(&deal)]);
    let refused = |leg: u8, approval: Option<SignatureBytes>| {
        let channel = &channels[usize::from(leg)];
        let statement = network.prepare_statement(channel, &deal, leg);
        let certificate = channel.members.certify(&statement.signing_bytes());
        network.refusal(RootTransaction::Prepare(statement.prepare(approval, certificate)))
    };
    let statement = |leg: u8| network.prepare_statement(&channels[usize::from(leg)], &deal, leg);
    let good = statement(0).approve(&approver);
    assert_eq!(refused(0, Some(good)), None);
    assert_eq!(refused(1, None), None);
    let not = |leg| Some(RootReject::NotApproved { leg });
    assert_eq!(refused(0, None), not(0));
    assert_eq!(refused(1, Some(statement(1).approve(&approver))), not(1), "nobody asked for it");
    assert_eq!(refused(0, Some(statement(0).approve(&key("approver", 1)))), not(0));
    let mut bent = good;
    bent.0[63] ^= 0x40;
    assert_eq!(refused(0, Some(bent)), not(0));
    assert_eq!(refused(0, Some(approver.sign(&statement(0).signing_bytes()))), not(0), "another statement");
    let without = deal.legs[1].approver.is_none();
    assert!(without, "the control");
}

#[test]
fn roo_78_an_approval_is_of_one_outcome_and_outlives_generation_and_last_height() {
    let (network, channels, deal) = dealt();
    let made = network.prepare_statement(&channels[0], &deal, 0);
    let others = [
        PrepareStatement { network: NetworkId([1; 32]), ..made },
        PrepareStatement { tag: channels[1].tag, ..made },
        PrepareStatement { deal: DealId([1; 32]), ..made },
        PrepareStatement { leg: 1, ..made },
        PrepareStatement { outcome: [1; 32], ..made },
        PrepareStatement { lock: Sequence(1), ..made },
    ];
    assert!(others.iter().all(|other| other.approval_bytes() != made.approval_bytes()));
    let anew = PrepareStatement { generation: Generation(1), last_height: Height(99), ..made };
    assert_eq!(anew.approval_bytes(), made.approval_bytes());
}

#[test]
fn roo_11_every_field_of_a_prepare_and_of_a_refusal_is_signed() {
    let (network, channels, deal) = dealt();
    let prepare = network.prepare_statement(&channels[0], &deal, 0);
    let others = [
        PrepareStatement { network: NetworkId([1; 32]), ..prepare },
        PrepareStatement { tag: channels[1].tag, ..prepare },
        PrepareStatement { generation: Generation(1), ..prepare },
        PrepareStatement { deal: DealId([1; 32]), ..prepare },
        PrepareStatement { leg: 1, ..prepare },
        PrepareStatement { outcome: [1; 32], ..prepare },
        PrepareStatement { lock: Sequence(1), ..prepare },
        PrepareStatement { last_height: Height(99), ..prepare },
    ];
    assert!(others.iter().all(|other| other.signing_bytes() != prepare.signing_bytes()));
    let refuse = network.refuse_statement(&channels[0], &deal, 0);
    let others = [
        RefuseStatement { network: NetworkId([1; 32]), ..refuse },
        RefuseStatement { tag: channels[1].tag, ..refuse },
        RefuseStatement { generation: Generation(1), ..refuse },
        RefuseStatement { deal: DealId([1; 32]), ..refuse },
        RefuseStatement { leg: 1, ..refuse },
        RefuseStatement { last_height: Height(99), ..refuse },
    ];
    assert!(others.iter().all(|other| other.signing_bytes() != refuse.signing_bytes()));
    let not_signed = Some(RootReject::NotCertified(NotCertified::Signature { index: 0 }));
    let RootTransaction::Prepare(mut other) = network.prepare(&channels[0], &deal, 0) else { panic!() };
    other.outcome = [1; 32];
    assert_eq!(network.refusal(RootTransaction::Prepare(other)), not_signed);
    let RootTransaction::Prepare(lent) = network.prepare(&channels[0], &deal, 0) else { panic!() };
    let lent = RootTransaction::Refuse(refuse.refuse(lent.certificate));
    assert_eq!(network.refusal(lent), not_signed, "a prepare's certificate refuses nothing");
}

#[test]
fn roo_08_one_member_prepares_for_nobody() {
    let (network, channels, deal) = dealt();
    let RootTransaction::Prepare(mut alone) = network.prepare(&channels[0], &deal, 0) else { panic!() };
    alone.certificate.signatures.truncate(1);
    let few = RootReject::NotCertified(NotCertified::Count { threshold: 2, got: 1 });
    assert_eq!(network.refusal(RootTransaction::Prepare(alone)), Some(few));
}

#[test]
fn roo_79_a_block_orders_a_bounded_number_of_prepares_and_refusals_of_a_tag() {
    let mut network = Network::new();
    let channel = network.opened(1, 1);
    let deals: Vec<Deal> = (0..5)
        .map(|_| {
            let legs = vec![&channel; 8];
            let deal = network.deal(&legs);
            Deal { allocate_before: Height(20), settle_before: Height(40), ..deal }
        })
        .collect();
    network.order(deals.iter().map(open_deal).collect());
    let prepares = deals.iter().flat_map(|deal| (0..7).map(|leg| network.prepare(&channel, deal, leg)));
    let limit = PREPARES_PER_TAG_AND_BLOCK as usize;
    let refuse = network.refuse(&channel, &deals[0], 7);
    let candidates: Vec<_> =
        prepares.take(limit - 1).chain([refuse, network.prepare(&channel, &deals[4], 6)]).collect();
    let (_, rejected) = network.state.build(candidates);
    let full = RootReject::BlockPrepares { limit: PREPARES_PER_TAG_AND_BLOCK };
    assert_eq!(rejected, [(limit, full)]);
    assert!(full.passes_later() && full.is_for_now());
}

#[test]
fn an_approver_is_a_key_and_nothing_that_cannot_sign_is_one() {
    let mut network = Network::new();
    let channels = [network.opened(1, 1), network.opened(1, 1)];
    let mut deal = network.deal(&[&channels[0], &channels[1]]);
    // The neutral element: under a lax rule everything verifies with it.
    let mut weak = [0; 32];
    weak[0] = 1;
    deal.legs[0].approver = Some(PublicKey(weak));
    network.order(vec![open_deal(&deal)]);
    let statement = network.prepare_statement(&channels[0], &deal, 0);
    let certificate = channels[0].members.certify(&statement.signing_bytes());
    let forged = SignatureBytes([&weak[..], &[0; 32]].concat().try_into().unwrap());
    let prepare = RootTransaction::Prepare(statement.prepare(Some(forged), certificate));
    assert_eq!(network.refusal(prepare), Some(RootReject::NotApproved { leg: 0 }));
}
