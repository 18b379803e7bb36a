//! Terms, answers, and the deal that they make.

use parclose_types::NetworkId;
use proptest::prelude::*;

use super::*;

fn member(number: u8) -> MemberId {
    MemberId([number; 32])
}

fn leg(tag: u8, sender: u8, receiver: u8, amount: u64) -> LegTerms {
    LegTerms {
        tag: Tag([tag; 32]),
        sender: member(sender),
        receiver: member(receiver),
        asset: AssetId([9; 32]),
        amount,
    }
}

/// The first proposes: it gives 10 in one channel and gets 20 in another.
fn terms() -> Terms {
    Terms {
        allocate_before: Height(50),
        settle_before: Height(90),
        legs: vec![leg(1, 1, 2, 10), leg(2, 2, 1, 20)],
        nonce: [3; 32],
        blinder: [4; 32],
        approvers: BTreeMap::from([(1, PublicKey([5; 32]))]),
    }
}

fn accepted(leg: u8, key: u8) -> Answer {
    Answer::Accepted(BTreeMap::from([(leg, PublicKey([key; 32]))]))
}

#[test]
fn dvp_01_a_deal_is_complete_with_the_key_of_every_receiver() {
    let answer = accepted(0, 6);
    assert_eq!(terms().deal([]), None);
    assert_eq!(terms().deal([(member(2), &Answer::Refused)]), None);
    // Of another's leg nobody names the key.
    assert_eq!(terms().deal([(member(3), &answer)]), None);
    assert_eq!(terms().deal([(member(2), &accepted(1, 6))]), None);
    let deal = terms().deal([(member(2), &answer)]).unwrap();
    assert_eq!(deal.legs.len(), 2);
    assert_eq!(deal.legs[0].approver, Some(PublicKey([6; 32])));
    assert_eq!(deal.legs[1].approver, Some(PublicKey([5; 32])));
    assert_eq!((deal.nonce, deal.allocate_before, deal.settle_before), ([3; 32], Height(50), Height(90)));
    assert_eq!(deal.check(), Ok(()));
}

#[test]
fn dvp_01_an_answer_does_not_replace_the_proposers_key() {
    let keys = BTreeMap::from([(0, PublicKey([6; 32])), (1, PublicKey([7; 32]))]);
    let deal = terms().deal([(member(2), &Answer::Accepted(keys))]).unwrap();
    assert_eq!(deal.legs[1].approver, Some(PublicKey([5; 32])));
}

#[test]
fn dvp_01_every_part_of_the_terms_changes_the_deal() {
    let id =
        |terms: &Terms| terms.deal([(member(2), &accepted(0, 6))]).map(|deal| deal.id(&NetworkId([8; 32])));
    let good = id(&terms()).unwrap();
    let changes: [fn(&mut Terms); 11] = [
        |t| t.allocate_before.0 += 1,
        |t| t.settle_before.0 += 1,
        |t| t.nonce[0] ^= 1,
        |t| t.blinder[0] ^= 1,
        |t| t.approvers = BTreeMap::from([(1, PublicKey([6; 32]))]),
        |t| t.legs[0].tag.0[0] ^= 1,
        |t| t.legs[0].sender.0[0] ^= 1,
        |t| t.legs[1].sender.0[0] ^= 1,
        |t| t.legs[0].asset.0[0] ^= 1,
        |t| t.legs[0].amount += 1,
        |t| t.legs.push(leg(3, 1, 2, 1)),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut other = terms();
        change(&mut other);
        assert_ne!(id(&other), Some(good), "{number}");
    }
    // The same legs in other places hide behind other bytes.
    let mut twins = terms();
    twins.legs = vec![leg(1, 1, 2, 10), leg(1, 1, 2, 10)];
    let keys = BTreeMap::from([(0, PublicKey([6; 32])), (1, PublicKey([7; 32]))]);
    twins.approvers = BTreeMap::new();
    let deal = twins.deal([(member(2), &Answer::Accepted(keys))]).unwrap();
    assert_ne!(deal.legs[0].terms, deal.legs[1].terms);
}

#[test]
fn debug_shows_no_amount_and_no_blinder() {
    let shown = format!("{:?} {:?}", terms(), leg(1, 1, 2, 1_234_567));
    assert!(!shown.contains("1234567") && !shown.contains("04040404"), "{shown}");
}

proptest! {
    #[test]
    fn terms_and_answers_survive_their_json_and_nothing_else_is_read(
        allocate in any::<u64>(), settle in any::<u64>(), amounts in proptest::collection::vec(any::<u64>(), 0..4),
        nonce in any::<[u8; 32]>(), at in any::<u8>(),
    ) {
        let mut terms = terms();
        (terms.allocate_before, terms.settle_before, terms.nonce) = (Height(allocate), Height(settle), nonce);
        terms.legs = amounts.iter().map(|amount| leg(at, 1, 2, *amount)).collect();
        prop_assert_eq!(Terms::from_json(&terms.to_json()), Some(terms.clone()));
        for answer in [accepted(at, 1), Answer::Refused] {
            prop_assert_eq!(Answer::from_json(&answer.to_json()), Some(answer));
        }
        let mut json = terms.to_json();
        for name in ["allocate_before", "settle_before", "legs", "nonce", "blinder", "approvers"] {
            let kept = json[name].take();
            prop_assert_eq!(Terms::from_json(&json), None, "{}", name);
            json[name] = kept;
        }
    }
}
