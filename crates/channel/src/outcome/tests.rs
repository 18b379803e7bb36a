use parclose_types::{Failure, encode};

use super::*;
use crate::commit::{head_key, head_leaf};
use crate::fixtures::{Trio, create};

#[test]
fn cha_06_what_was_not_executed_is_unknown() {
    let mut trio = Trio::new();
    let transaction = trio.statement(create(1));
    let (digest, channel) = (transaction.digest(), trio.member(0));
    assert_eq!(channel.prove_batch(trio.nth(9)).unwrap_err().rule(), "CHA-06");
    assert_eq!(channel.prove_batch(Sequence(0)).unwrap_err().rule(), "CHA-06", "an opening has no batch");
    assert_eq!(channel.prove_ordered(&digest).unwrap_err().rule(), "CHA-06");
    assert_eq!(channel.prove_outcome(&digest).unwrap_err().rule(), "CHA-06");
    assert!(channel.transaction(&digest).unwrap().is_none());
}

#[test]
fn cha_07_an_outcome_is_provable_once_it_is_attested() {
    let mut trio = Trio::new();
    let transactions = [trio.statement(create(1)), trio.statement(create(1))];
    let sequence = trio.anchor(0, &transactions);
    let digest = transactions[1].digest();
    assert_eq!(trio.member(0).prove_outcome(&digest).unwrap_err().rule(), "CHA-07");
    let attesting = trio.anchor(1, &[]);
    let proof = trio.member(0).prove_outcome(&digest).unwrap();
    assert_eq!((proof.attested_by.sequence, proof.head.sequence), (attesting, sequence));
    let attested = &proof.attested_by.header;
    proof.head_proof.verify(&attested.attested_root, &head_key(), Some(&head_leaf(&proof.head))).unwrap();
    proof.inclusion.verify(&proof.head.verdicts_root, &encode(&proof.verdict)).unwrap();
    assert_eq!(proof.verdict.verdict, crate::tables::Verdict::Refused("STA-05".into()));
    let ordered = trio.member(2).prove_ordered(&digest).unwrap();
    assert_eq!(ordered.permanent, transactions[1].encode_parts().0);
    ordered.inclusion.verify(&ordered.batch.header.permanent_root, &ordered.permanent).unwrap();
}

#[test]
fn cha_07_a_void_batch_attests_nothing() {
    let mut trio = Trio::new();
    let transaction = trio.statement(create(1));
    let sequence = trio.anchor(0, std::slice::from_ref(&transaction));
    let void = trio.odd_proposal(vec![(vec![], vec![])], |_| {});
    let anchor = trio.collude(&void, sequence);
    trio.order(anchor);
    for at in 0..3 {
        trio.member_mut(at).receive_anchored(&encode(&void)).unwrap();
    }
    trio.settle();
    let latest = trio.member(0).latest_attested().unwrap();
    assert_eq!(latest, Some((trio.nth(0), sequence)));
    assert_eq!(trio.member(0).prove_outcome(&transaction.digest()).unwrap_err().rule(), "CHA-07");
    trio.anchor(2, &[]);
    trio.member(0).prove_outcome(&transaction.digest()).unwrap();
}
