mod model;

use parclose_types::Failure;

use parclose_transaction::{SignedTransaction, UnverifiedTransaction};

use super::Stop;
use crate::fixtures::{Trio, create};

fn decoded(transaction: &SignedTransaction) -> UnverifiedTransaction {
    UnverifiedTransaction::decode(&transaction.encode_parts().0).unwrap()
}

#[test]
fn sta_03_a_transaction_has_the_verdict_of_its_first_occurrence() {
    let mut trio = Trio::new();
    let transaction = trio.statement(create(1));
    assert_eq!(trio.decide(&transaction), "applied");
    let first = trio.member(0).transaction(&transaction.digest()).unwrap().unwrap();
    let height = trio.next();
    let again = trio.member_mut(0).execution(height).unwrap().process(decoded(&transaction), (9, 0));
    assert!(matches!(again.unwrap_err(), Stop::Reject(reject) if reject.rule() == "STA-03"));
    trio.anchor(0, std::slice::from_ref(&transaction));
    let later = trio.member(0).transaction(&transaction.digest()).unwrap().unwrap();
    assert_eq!((first.place, first.verdict), (later.place, later.verdict));
}

#[test]
fn advice_and_verdict_agree_on_everything_but_the_state() {
    let mut trio = Trio::new();
    let height = trio.next();
    let wrong = trio.odd(create(1), |body, _| body.operations[0].record_type = 9);
    let advice = trio.member_mut(0).advise(&wrong, height).unwrap().unwrap_err();
    assert_eq!(advice.rule(), trio.decide(&wrong));
    let stale = trio.statement(crate::fixtures::update(1, 2));
    let height = trio.next();
    trio.member_mut(0).advise(&stale, height).unwrap().unwrap();
    assert_eq!(trio.decide(&stale), "STA-04");
}
