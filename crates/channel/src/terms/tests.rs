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

fn answers<const N: usize>(given: [(u8, Answer); N]) -> BTreeMap<MemberId, Answer> {
    given.into_iter().map(|(number, answer)| (member(number), answer)).collect()
}

fn deal<const N: usize>(terms: &Terms, given: [(u8, Answer); N]) -> Option<Deal> {
    terms.deal(member(1), &answers(given))
}

#[test]
fn dvp_01_a_deal_is_complete_once_everybody_has_agreed_and_each_receiver_has_named_its_key() {
    assert_eq!(deal(&terms(), []), None);
    assert_eq!(deal(&terms(), [(2, Answer::Refused)]), None);
    // Of another's leg nobody names the key.
    assert_eq!(deal(&terms(), [(3, accepted(0, 6))]), None);
    assert_eq!(deal(&terms(), [(2, accepted(1, 6))]), None);
    let made = deal(&terms(), [(2, accepted(0, 6))]).unwrap();
    assert_eq!(made.legs.len(), 2);
    assert_eq!(made.legs[0].approver, Some(PublicKey([6; 32])));
    assert_eq!(made.legs[1].approver, Some(PublicKey([5; 32])));
    assert_eq!((made.nonce, made.allocate_before, made.settle_before), ([3; 32], Height(50), Height(90)));
    assert_eq!(made.check(), Ok(()));
}

#[test]
fn dvp_01_nobody_names_a_key_for_another_and_an_answer_replaces_none() {
    let keys = BTreeMap::from([(0, PublicKey([6; 32])), (1, PublicKey([7; 32]))]);
    let made = deal(&terms(), [(2, Answer::Accepted(keys.clone()))]).unwrap();
    assert_eq!(made.legs[1].approver, Some(PublicKey([5; 32])), "the proposer's own");
    // The proposer names keys for both legs: the other has not agreed for that.
    let mut greedy = terms();
    greedy.approvers.insert(0, PublicKey([8; 32]));
    assert_eq!(deal(&greedy, []), None);
    let made = deal(&greedy, [(2, accepted(0, 6))]).unwrap();
    assert_eq!(made.legs[0].approver, Some(PublicKey([6; 32])));
    // What the proposer answers to itself changes nothing.
    let again = deal(&terms(), [(2, accepted(0, 6)), (1, Answer::Accepted(keys))]).unwrap();
    assert_eq!(again.legs[1].approver, Some(PublicKey([5; 32])));
}

#[test]
fn dvp_01_who_only_gives_has_to_agree_too() {
    // Both legs go from the second to the first, who names both keys.
    let mut taking = terms();
    taking.legs = vec![leg(1, 2, 1, 1_000_000), leg(2, 2, 1, 1)];
    taking.approvers.insert(0, PublicKey([8; 32]));
    assert_eq!(deal(&taking, []), None);
    assert_eq!(deal(&taking, [(2, Answer::Refused)]), None);
    assert!(deal(&taking, [(2, Answer::Accepted(BTreeMap::new()))]).is_some());
}

#[test]
fn dvp_02_terms_that_no_deal_could_have_are_none() {
    let possible = |change: fn(&mut Terms)| {
        let mut other = terms();
        change(&mut other);
        other.are_possible(Height(40))
    };
    assert!(possible(|_| ()));
    let odd: [fn(&mut Terms); 8] = [
        |t| t.legs.truncate(1),
        |t| t.legs = vec![t.legs[0]; 9],
        |t| t.legs[0].amount = 0,
        |t| t.legs[0].receiver = t.legs[0].sender,
        |t| t.settle_before.0 = t.allocate_before.0 + 3,
        |t| t.settle_before.0 = t.allocate_before.0 + 4097,
        |t| t.settle_before.0 = t.allocate_before.0 - 1,
        |t| (t.allocate_before, t.settle_before) = (Height(40 + 4097), Height(40 + 4197)),
    ];
    for (number, change) in odd.into_iter().enumerate() {
        assert!(!possible(change), "{number}");
    }
}

#[test]
fn dvp_01_every_part_of_the_terms_changes_the_deal() {
    let id = |terms: &Terms| deal(terms, [(2, accepted(0, 6))]).map(|deal| deal.id(&NetworkId([8; 32])));
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
        |t| t.legs.push(leg(3, 2, 1, 1)),
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
    let made = deal(&twins, [(2, Answer::Accepted(keys))]).unwrap();
    assert_ne!(made.legs[0].terms, made.legs[1].terms);
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
