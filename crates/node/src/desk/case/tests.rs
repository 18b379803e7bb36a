//! Cases: which answers make a deal, and that none makes another of it.

use parclose_channel::{LegTerms, Terms};
use parclose_types::{AssetId, PublicKey, Tag};

use super::*;

const NETWORK: NetworkId = NetworkId([9; 32]);

fn member(number: u8) -> MemberId {
    MemberId([number; 32])
}

fn leg(tag: u8, sender: u8, receiver: u8) -> LegTerms {
    let (sender, receiver) = (member(sender), member(receiver));
    LegTerms { tag: Tag([tag; 32]), sender, receiver, asset: AssetId([7; 32]), amount: 5 }
}

/// The first proposes to the second: it gives something, and gets something.
fn case() -> Case {
    let terms = Terms {
        allocate_before: Height(50),
        settle_before: Height(90),
        legs: vec![leg(1, 1, 2), leg(2, 2, 1)],
        nonce: [3; 32],
        blinder: [4; 32],
        approvers: BTreeMap::from([(1, PublicKey([5; 32]))]),
    };
    let instruction = Instruction {
        record: RecordId([6; 32]),
        proposer: member(1),
        parties: vec![member(1), member(2), member(2)],
        asked: [member(2), member(2)],
        terms,
        height: Height(10),
    };
    Case::new("securities", instruction)
}

fn accepted(leg: u8, key: u8) -> Answer {
    Answer::Accepted(BTreeMap::from([(leg, PublicKey([key; 32]))]))
}

#[test]
fn dvp_04_once_all_have_agreed_no_answer_makes_another_deal_of_it_or_ends_it() {
    let mut agreed = case();
    assert_eq!(agreed.deal(&NETWORK), None);
    agreed.answered(member(2), accepted(0, 6));
    assert_eq!(agreed.stage, Stage::Agreed);
    let deal = agreed.deal(&NETWORK).unwrap();
    for (who, answer) in [
        (1, accepted(1, 8)),
        (1, Answer::Refused),
        (2, Answer::Refused),
        (2, accepted(0, 8)),
        (3, Answer::Refused),
    ] {
        agreed.answered(member(who), answer);
        assert_eq!((agreed.stage, agreed.deal(&NETWORK)), (Stage::Agreed, Some(deal.clone())), "{who}");
    }
}

#[test]
fn dvp_04_a_refusal_ends_it_and_only_the_first_answer_of_a_party_counts() {
    for who in [1, 2] {
        let mut refused = case();
        refused.answered(member(who), Answer::Refused);
        assert_eq!(refused.stage, Stage::Refused);
        refused.answered(member(2), accepted(0, 6));
        assert_eq!((refused.stage, refused.deal(&NETWORK)), (Stage::Refused, None), "{who}");
    }
    // Whoever is no party says nothing.
    let mut open = case();
    open.answered(member(3), Answer::Refused);
    assert_eq!(open.stage, Stage::Proposed);
    // An answer without the key that it needs is the party's answer all the same.
    open.answered(member(2), accepted(1, 6));
    open.answered(member(2), accepted(0, 6));
    assert_eq!((open.stage, open.deal(&NETWORK)), (Stage::Proposed, None));
}
