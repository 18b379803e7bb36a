use parclose_transaction::UnverifiedTransaction;
use parclose_types::Failure;

use crate::fixtures::{Trio, create, record};
use crate::process::Stop;

#[test]
fn amt_01_a_field_commitment_stands_once() {
    let mut trio = Trio::new();
    let twice = trio.odd(create(1), |body, sealed| {
        let mut copy = body.operations[0].clone();
        copy.record = record(2);
        body.operations.push(copy);
        sealed.fields.push(sealed.fields[0].clone());
    });
    assert_eq!(trio.decide(&twice), "AMT-01");
}

#[test]
fn amt_01_a_field_commitment_is_not_zero() {
    let mut trio = Trio::new();
    let zero = trio.odd(create(1), |body, _| body.operations[0].fields[0].leaf = [0; 32]);
    let height = trio.next();
    // No sealed field has this leaf, so such a transaction would void its batch; the check stands anyway.
    let decoded = UnverifiedTransaction::decode(&zero.encode_parts().0).unwrap();
    let stop = trio.member_mut(0).execution(height).unwrap().advise(decoded).unwrap_err();
    assert!(matches!(stop, Stop::Reject(reject) if reject.rule() == "AMT-01"));
}
