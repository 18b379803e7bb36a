//! What is drafted of what is owed: by whole numbers, and by members that can open it.

use proptest::prelude::*;

use super::*;
use crate::fixtures::Trio;
use crate::payment::CannotPay;
use parclose_types::Failure;

const fn member(number: u8) -> MemberId {
    MemberId([number; 32])
}

fn nets(debts: &[Debt]) -> BTreeMap<MemberId, i128> {
    let mut nets = BTreeMap::new();
    for (payer, payee, amount) in debts {
        *nets.entry(*payee).or_insert(0) += i128::from(*amount);
        *nets.entry(*payer).or_insert(0) -= i128::from(*amount);
    }
    nets.retain(|_, net| *net != 0);
    nets
}

#[test]
fn who_owes_nobody_in_the_end_is_in_no_debt() {
    let (a, b, c) = (member(1), member(2), member(3));
    assert_eq!(settle(&[]), []);
    assert_eq!(settle(&[(a, b, 5), (b, a, 5)]), []);
    assert_eq!(settle(&[(a, b, 5), (b, c, 5)]), [(a, c, 5)]);
    assert_eq!(settle(&[(a, b, 0), (b, c, 0)]), []);
    let most = u64::MAX;
    assert_eq!(settle(&[(a, b, most), (a, b, 3)]), [(a, b, most), (a, b, 3)], "above 64 bits in pieces");
}

proptest! {
    #[test]
    fn what_is_owed_in_the_end_is_the_same_for_every_member(
        debts in proptest::collection::vec((1..7_u8, 1..7_u8, any::<u64>()), 0..40)
    ) {
        let debts: Vec<Debt> = debts
            .into_iter()
            .filter(|(payer, payee, _)| payer != payee)
            .map(|(payer, payee, amount)| (member(payer), member(payee), amount))
            .collect();
        let left = settle(&debts);
        prop_assert_eq!(nets(&left), nets(&debts));
        let owe: Vec<_> = left.iter().map(|(payer, ..)| *payer).collect();
        prop_assert!(left.iter().all(|(_, payee, amount)| *amount > 0 && !owe.contains(payee)));
    }
}

#[test]
fn obl_06_what_opens_and_names_an_account_of_the_payee_is_payable() {
    let (mut trio, asset) = Trio::netting();
    let good = trio.oblige(0, asset, &[(0, 1, 10)]);
    assert_eq!(trio.decide(&good), "applied");
    // Somebody else's key: the payer would pay itself.
    let odd = trio.oblige_to(0, asset, &[(0, 1, 10)], |_| 0);
    assert_eq!(trio.decide(&odd), "applied");
    for at in 0..3 {
        let channel = trio.member(at);
        let mut payable: Vec<bool> =
            channel.owing(channel.keys()).unwrap().iter().map(|owing| owing.payable).collect();
        payable.sort_unstable();
        assert_eq!(payable, [false, true], "{at}: payer, payee and agent see which");
    }
    assert!(
        trio.member(0).owing(&parclose_transaction::key_ring::Nobody).unwrap().iter().all(|o| !o.payable)
    );
}

#[test]
fn obl_07_an_agent_nets_all_that_it_can_open_of_one_asset_and_day() {
    let (mut trio, asset) = Trio::netting();
    let other = trio.define_asset(1, 0xB6);
    for (payer, debts) in [(0, &[(0, 1, 10)][..]), (1, &[(1, 2, 7), (1, 0, 1)])] {
        let oblige = trio.oblige(payer, asset, debts);
        assert_eq!(trio.decide_by(payer, &oblige), "applied");
    }
    let apart = trio.oblige(0, other, &[(0, 1, 99)]);
    assert_eq!(trio.decide(&apart), "applied");
    let drafted = trio.drafted(2, |channel, rng| channel.net((asset, Trio::DAY), "day 1", rng)).unwrap();
    let [DraftMovement::Net { taken, debts, .. }] = &drafted.movements[..] else { panic!("one netting") };
    // 0 owes nine in the end; of the seven that 1 owed 2, and of the nine that it is owed, two are left.
    assert_eq!((taken.len(), debts.len(), drafted.operations.len()), (3, 2, 3));
    let none = trio.drafted(2, |channel, rng| channel.net((other, Trio::DAY), "day 1", rng)).unwrap_err();
    assert!(matches!(none, CannotPay::NothingToNet { obligations: 1 }));
    assert_eq!(none.rule(), "VAL-26");
    // Who is no agent opens what it has part in, and no more: 0 has part in two of the three.
    let own = trio.drafted(0, |channel, rng| channel.net((asset, Trio::DAY), "day 1", rng)).unwrap();
    let [DraftMovement::Net { taken, .. }] = &own.movements[..] else { panic!("one netting") };
    assert_eq!(taken.len(), 2);
}

#[test]
fn what_is_not_owed_or_not_payable_is_not_paid() {
    let (mut trio, asset) = Trio::netting();
    let odd = trio.oblige_to(0, asset, &[(0, 1, 10)], |_| 0);
    assert_eq!(trio.decide(&odd), "applied");
    let id = trio.owed(0)[0].0;
    for obligation in [id, ObligationId([9; 32])] {
        let refused = trio.discharge(0, obligation).unwrap_err();
        assert!(matches!(refused, CannotPay::NotOwed), "{refused}");
        assert_eq!(refused.rule(), "VAL-29");
    }
}
