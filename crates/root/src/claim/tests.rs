//! Claiming and releasing, rule by rule.

use parclose_types::Sequence;

use super::*;
use crate::certificate::NotCertified;
use crate::fixtures::dealing::claim_of;
use crate::fixtures::{Channel, Network};
use crate::transaction::{EventKind, RootTransaction};

fn two_channels() -> (Network, [Channel; 2]) {
    let mut network = Network::new();
    let channels = [network.opened(3, 2), network.opened(3, 2)];
    (network, channels)
}

#[test]
fn a_claim_is_taken_held_and_given_back() {
    let (mut network, [one, other]) = two_channels();
    let applied = network.order(vec![network.claim(&one, 7)]);
    assert_eq!(
        (applied.events[0].entry.kind, applied.events[0].entry.sequence),
        (EventKind::Claim, Sequence(1))
    );
    assert_eq!(network.state.claim(&[7; 32]), Some(&one.tag));
    let applied = network.order(vec![network.release(&one, 7), network.claim(&other, 7)]);
    assert_eq!(applied.events[0].entry.kind, EventKind::Release);
    assert_eq!(network.state.claim(&[7; 32]), Some(&other.tag), "another may have it in the same block");
    network.order(vec![network.release(&other, 7)]);
    assert_eq!(network.state.claim(&[7; 32]), None);
    assert_eq!(network.state.claims().held.len(), 0);
}

#[test]
fn roo_84_what_somebody_holds_is_claimed_by_nobody() {
    let (mut network, [one, other]) = two_channels();
    let (_, rejected) = network.state.build([network.claim(&one, 7), network.claim(&other, 7)]);
    assert_eq!(rejected, [(1, RootReject::ClaimTaken)], "in one block the first has it");
    network.order(vec![network.claim(&one, 7)]);
    assert_eq!(network.refusal(network.claim(&other, 7)), Some(RootReject::ClaimTaken));
    assert_eq!(network.refusal(network.claim(&one, 7)), Some(RootReject::ClaimTaken), "its holder neither");
    assert_eq!(network.refusal(network.claim(&other, 8)), None);
    assert!(RootReject::ClaimTaken.passes_later() && !RootReject::ClaimTaken.is_for_now());
}

#[test]
fn roo_85_only_the_holder_releases() {
    let (mut network, [one, other]) = two_channels();
    let not_held = |channel: &Channel| Some(RootReject::ClaimNotHeld { tag: channel.tag });
    assert_eq!(network.refusal(network.release(&one, 7)), not_held(&one));
    network.order(vec![network.claim(&one, 7)]);
    assert_eq!(network.refusal(network.release(&other, 7)), not_held(&other));
    let twice = [network.release(&one, 7), network.release(&one, 7)];
    let (_, rejected) = network.state.build(twice);
    assert_eq!(rejected, [(1, not_held(&one).unwrap())]);
}

#[test]
fn roo_14_a_closed_tag_claims_nothing_but_gives_back_what_it_holds() {
    let (mut network, [one, other]) = two_channels();
    network.order(vec![network.claim(&one, 7)]);
    network.order(vec![RootTransaction::Close(network.close(&one, 1))]);
    let closed = Some(RootReject::Closed { tag: one.tag });
    assert_eq!(network.refusal(network.claim(&one, 8)), closed);
    network.order(vec![network.release(&one, 7), network.claim(&other, 7)]);
}

#[test]
fn roo_86_a_block_orders_a_bounded_number_of_claims_of_a_tag() {
    let (mut network, [one, other]) = two_channels();
    network.order(vec![network.claim(&one, 200)]);
    let limit = CLAIMS_PER_TAG_AND_BLOCK;
    let claims = (1..limit).map(|number| network.claim(&one, u8::try_from(number).unwrap()));
    let others = [network.release(&one, 200), network.claim(&one, 201), network.claim(&other, 202)];
    let (_, rejected) = network.state.build(claims.chain(others));
    let full = RootReject::BlockClaims { limit };
    assert_eq!(rejected, [(limit as usize, full)], "another tag has its own share");
    assert!(full.passes_later() && full.is_for_now());
}

#[test]
fn roo_87_a_tag_holds_a_bounded_number_of_claims() {
    let (network, [one, other]) = two_channels();
    let rows = |count: u32, tag: Tag| {
        (0..count).map(move |number| {
            let mut claim = [0; 32];
            claim[..4].copy_from_slice(&number.to_be_bytes());
            (claim, tag)
        })
    };
    let refused = |before: &Claims, channel: &Channel| {
        let RootTransaction::ClaimTag(claim) = network.claim(channel, 9) else { panic!("a claim") };
        let state = network.state.tag(&channel.tag).unwrap();
        claim.order(state, &ClaimsAhead::over(before), &network.place()).err()
    };
    let almost = Claims::of(rows(CLAIMS_PER_TAG - 1, one.tag).collect());
    assert_eq!(refused(&almost, &one), None);
    let full = Claims::of(rows(CLAIMS_PER_TAG, one.tag).collect());
    assert_eq!(refused(&full, &one), Some(RootReject::TagClaims { limit: CLAIMS_PER_TAG }));
    assert_eq!(refused(&full, &other), None, "another tag holds nothing");
    let mut ahead = ClaimsAhead::over(&almost);
    ahead.take([255; 32], one.tag);
    assert_eq!(ahead.held(&one.tag), CLAIMS_PER_TAG, "what this block takes counts");
}

#[test]
fn roo_11_every_field_of_a_claim_is_signed_and_no_claim_releases() {
    let (mut network, [one, other]) = two_channels();
    let made = network.claim_statement(&one, ClaimAct::Claim, 7);
    let others = [
        ClaimStatement { act: ClaimAct::Release, ..made },
        ClaimStatement { network: NetworkId([1; 32]), ..made },
        ClaimStatement { tag: other.tag, ..made },
        ClaimStatement { generation: Generation(1), ..made },
        ClaimStatement { claim: [8; 32], ..made },
        ClaimStatement { last_height: Height(99), ..made },
    ];
    assert!(others.iter().all(|other| other.signing_bytes() != made.signing_bytes()));
    network.order(vec![claim_of(&one, &made)]);
    let certificate = one.members.certify(&made.signing_bytes());
    let lent = ClaimStatement { act: ClaimAct::Release, ..made }.certified(certificate);
    let not_signed = RootReject::NotCertified(NotCertified::Signature { index: 0 });
    assert_eq!(network.refusal(lent), Some(not_signed));
}

#[test]
fn roo_15_roo_16_a_claim_and_a_release_are_of_their_generation_and_time() {
    let (mut network, [one, _]) = two_channels();
    network.order(vec![network.claim(&one, 7)]);
    for (act, claim) in [(ClaimAct::Claim, 8), (ClaimAct::Release, 7)] {
        let made = network.claim_statement(&one, act, claim);
        let refused = |statement: ClaimStatement| network.refusal(claim_of(&one, &statement));
        let (current, found) = (Generation(0), Generation(1));
        assert_eq!(refused(made), None, "the control");
        assert_eq!(
            refused(ClaimStatement { generation: found, ..made }),
            Some(RootReject::OtherGeneration { current, found })
        );
        let (height, last_height) = (network.next(), network.state.head().height);
        assert_eq!(
            refused(ClaimStatement { last_height, ..made }),
            Some(RootReject::Expired { height, last_height })
        );
    }
}
