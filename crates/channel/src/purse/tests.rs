//! What is at hand is what a look at every note would find.

use crate::fixtures::Trio;

fn at_hand(trio: &Trio, at: usize, asset: &parclose_types::AssetId) -> Vec<u64> {
    let mut values: Vec<u64> = trio.member(at).coins(asset).unwrap().iter().map(|coin| coin.value).collect();
    values.sort_unstable();
    values
}

#[test]
fn what_is_at_hand_follows_every_event() {
    let (mut trio, asset) = Trio::cash();
    let agree = |trio: &Trio| {
        for at in 0..3 {
            assert_eq!(at_hand(trio, at, &asset), trio.amounts(at), "{at}");
        }
    };
    agree(&trio);
    let issue = trio.issue(0, asset, &[(0, 1000), (1, 250), (1, 5)]);
    assert_eq!(trio.decide(&issue), "applied");
    agree(&trio);
    let notes = trio.purse(1);
    let payment = trio.pay(1, asset, notes, &[(2, 100), (1, 155)]);
    assert_eq!(trio.decide_by(1, &payment), "applied");
    agree(&trio);
    let dealt = trio.open_deal([None, None], (6, 8));
    let lock = trio.lock(2, (&dealt, 0), asset, (0, 60));
    assert_eq!(trio.decide_by(2, &lock), "applied");
    agree(&trio);
    trio.pass_to(dealt.deal.settle_before);
    trio.anchor(0, &[]);
    agree(&trio);
    assert_eq!(at_hand(&trio, 2, &asset), [40, 60], "what has lapsed is back");
    // Another asset is not mixed up with it.
    let other = trio.define_asset(1, 0xB6);
    assert!(at_hand(&trio, 2, &other).is_empty());
}

#[test]
fn what_is_at_hand_survives_new_keys_a_new_account_and_a_restart() {
    let (mut trio, asset) = Trio::cash();
    let issue = trio.issue(0, asset, &[(1, 250)]);
    assert_eq!(trio.decide(&issue), "applied");
    assert_eq!(at_hand(&trio, 1, &asset), [250]);
    let account = trio.account(1, 1);
    assert_eq!(trio.decide_by(1, &account), "applied");
    let issue = trio.issue(0, asset, &[(1, 30)]);
    assert_eq!(trio.decide(&issue), "applied");
    assert_eq!(at_hand(&trio, 1, &asset), [30, 250], "paid to the new account and to the old one");
    trio.decide_on(0, vec![parclose_transaction::act::Change::Rekey], &[1]);
    trio.rotate();
    assert_eq!(at_hand(&trio, 1, &asset), [30, 250]);
    trio.reopen(1);
    assert_eq!(at_hand(&trio, 1, &asset), [30, 250]);
}
