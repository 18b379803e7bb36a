use parclose_root::RootTransaction;
use parclose_store::hazmat::copy_after_power_loss;
use parclose_transaction::Change;
use parclose_types::{StateRoot, encode};

use super::*;
use crate::batch::BatchHeader;
use crate::fixtures::{Trio, WINDOW, create};
use crate::tables::EventOutcome;

/// The rule by which the second member refuses a proposal.
fn refusal(trio: &mut Trio, proposal: &Proposal) -> &'static str {
    let head = trio.head();
    let refused = trio.member_mut(1).endorse(&encode(proposal), head, WINDOW).unwrap_err();
    assert!(!trio.member(1).has_batch(&proposal.commitment()).unwrap(), "what is refused is not stored");
    refused.rule()
}

#[test]
fn end_01_what_is_no_batch_is_not_endorsed() {
    let mut trio = Trio::new();
    let garbage = trio.odd_proposal(vec![(b"no transaction".to_vec(), vec![])], |_| {});
    assert_eq!(refusal(&mut trio, &garbage), "END-01");
    let transaction = trio.statement(create(1));
    let mut unsigned = trio.propose(0, std::slice::from_ref(&transaction));
    unsigned.batch.signature.0[0] ^= 1;
    assert_eq!(refusal(&mut trio, &unsigned), "END-01");
    let (permanent, _) = transaction.encode_parts();
    let (_, other) = trio.statement(create(1)).encode_parts();
    let mixed = trio.odd_proposal(vec![(permanent, other)], |_| {});
    assert_eq!(refusal(&mut trio, &mixed), "END-01", "the sealed part of another transaction");
    let head = trio.head();
    assert_eq!(trio.member_mut(1).endorse(b"?", head, WINDOW).unwrap_err().rule(), "END-01");
}

#[test]
fn end_03_only_batches_of_this_channel_and_its_members_are_endorsed() {
    let mut trio = Trio::new();
    for change in [
        (|h| h.network.0[0] ^= 1) as fn(&mut BatchHeader),
        |h| h.channel.0[0] ^= 1,
        |h| h.generation.0 += 1,
        |h| h.sponsor.0[0] ^= 1,
    ] {
        let foreign = trio.odd_proposal(vec![], change);
        assert_eq!(refusal(&mut trio, &foreign), "END-03");
    }
}

#[test]
fn end_05_another_state_is_not_endorsed() {
    let mut trio = Trio::new();
    let wrong = trio.odd_proposal(vec![], |header| header.attested_root = StateRoot([1; 32]));
    assert_eq!(refusal(&mut trio, &wrong), "END-05");
    // The state before is not the state after, either.
    let before = trio.member(0).head().unwrap().root;
    trio.anchor(0, &[]);
    let stale = trio.odd_proposal(vec![], |header| header.attested_root = before);
    assert_eq!(refusal(&mut trio, &stale), "END-05");
}

#[test]
fn end_06_a_state_that_is_not_reached_yet_is_not_endorsed() {
    let mut trio = Trio::new();
    trio.order_batch(0, &[]);
    trio.catch_up(0).unwrap();
    let ahead = trio.propose(0, &[]);
    assert_eq!(refusal(&mut trio, &ahead), "END-06");
    trio.settle();
    let head = trio.head();
    trio.member_mut(1).endorse(&encode(&ahead), head, WINDOW).unwrap();
}

#[test]
fn end_06_a_batch_of_a_generation_that_has_not_begun_here_can_be_asked_for_again() {
    let mut trio = Trio::new();
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    trio.upkeep();
    let rotation = trio.rotation();
    trio.order(rotation);
    trio.catch_up(0).unwrap();
    let ahead = trio.propose(0, &[]);
    assert_eq!(refusal(&mut trio, &ahead), "END-06");
    trio.settle();
    let head = trio.head();
    trio.member_mut(1).endorse(&encode(&ahead), head, WINDOW).unwrap();
}

#[test]
fn end_07_the_last_height_is_within_the_window() {
    let mut trio = Trio::new();
    trio.wait(3);
    let head = trio.head();
    let mut proposal = trio.propose(0, &[]);
    for wrong in [0, head.0 - 1, head.0 + WINDOW + 1, u64::MAX] {
        proposal.last_height = Height(wrong);
        assert_eq!(refusal(&mut trio, &proposal), "END-07");
    }
    for right in [head.0, head.0 + WINDOW] {
        proposal.last_height = Height(right);
        trio.member_mut(1).endorse(&encode(&proposal), head, WINDOW).unwrap();
    }
}

#[test]
fn end_08_an_endorsed_batch_outlives_loss_of_power() {
    let mut trio = Trio::new();
    let transactions = [trio.statement(create(1)), trio.statement(create(2))];
    let proposal = trio.propose(0, &transactions);
    let anchor = trio.endorsed(0, &proposal);
    let copy = trio.fresh_path();
    copy_after_power_loss(trio.member(1).store(), &copy).unwrap();

    let event = trio.order(RootTransaction::Anchor(anchor));
    let root = trio.settle();
    let mut survivor = trio.open_at(1, &copy);
    assert_eq!(survivor.stored_proposal(&proposal.commitment()).unwrap().unwrap().batch, proposal.batch);
    survivor.execute(&event).unwrap();
    assert_eq!(survivor.head().unwrap().root, root, "it goes on to the same state");
}

#[test]
fn end_08_a_batch_that_is_only_buffered_would_be_lost() {
    let mut trio = Trio::new();
    let proposal = trio.odd_proposal(vec![], |_| {});
    let commitment = proposal.commitment();
    let row = BatchRow {
        number: 0,
        header: proposal.batch.header.clone(),
        signature: proposal.batch.signature,
        blinder: proposal.blinder,
        void: None,
    };
    for (durability, survives) in [(Durability::Buffered, false), (Durability::Synced, true)] {
        let store = trio.member(1).store();
        let mut batch = store.batch();
        batch.put(&BATCHES, &commitment, &row);
        store.commit(batch, durability).unwrap();
        let copy = trio.fresh_path();
        copy_after_power_loss(trio.member(1).store(), &copy).unwrap();
        let survivor = trio.open_at(1, &copy);
        assert_eq!(survivor.has_batch(&commitment).unwrap(), survives, "{durability:?}");
    }
}

#[test]
fn end_09_a_batch_with_what_is_no_transaction_is_void_and_names_its_endorsers() {
    let mut trio = Trio::new();
    let good = trio.statement(create(1));
    let parts = vec![good.encode_parts(), (b"no transaction".to_vec(), b"nor sealed".to_vec())];
    let proposal = trio.odd_proposal(parts, |_| {});
    let attested = proposal.batch.header.attested;
    let anchor = trio.collude(&proposal, attested);
    trio.order(anchor);
    for at in 0..3 {
        trio.member_mut(at).receive_anchored(&encode(&proposal)).unwrap();
    }
    let before = trio.member(2).head().unwrap().verdicts.len();
    let executed = trio.catch_up(2).unwrap().pop().unwrap();
    let EventOutcome::Void { commitment, rule, endorsers } = executed.outcome else { panic!("not void") };
    assert_eq!((commitment, rule.as_str()), (proposal.commitment(), "WIR-02"));
    assert_eq!(endorsers, [trio.pseudonym(0), trio.pseudonym(1)]);
    assert!(executed.verdicts.is_empty());
    trio.settle();
    assert_eq!(trio.member(2).head().unwrap().verdicts.len(), before, "it executes as empty");
    assert_eq!(trio.verdict(&good), "none");
    assert_eq!(trio.decide(&good), "applied", "a good transaction in it can be put forward again");
}

#[test]
fn end_09_miscounted_and_oversized_batches_are_void() {
    let mut trio = Trio::new();
    let mut miscounted = trio.odd_proposal(vec![], |_| {});
    miscounted.batch.header.transactions = 1;
    let digest = miscounted.batch.header.digest();
    miscounted.batch.signature = trio.member(0).pseudonym().sign(digest.as_ref());
    let half = parclose_types::limits::TRANSACTION_BYTES_MAX / 2 + 1;
    let oversized = trio.odd_proposal(vec![(vec![0; half], vec![0; half])], |_| {});
    for (proposal, broken) in [(miscounted, "WIR-06"), (oversized, "WIR-04")] {
        // Both attest the opening, which stays true.
        let anchor = trio.collude(&proposal, trio.nth(0));
        trio.order(anchor);
        for at in 0..3 {
            trio.member_mut(at).receive_anchored(&encode(&proposal)).unwrap();
            let executed = trio.catch_up(at).unwrap().pop().unwrap();
            assert!(matches!(executed.outcome, EventOutcome::Void { rule, .. } if rule == broken));
        }
        trio.settle();
    }
}

#[test]
fn end_09_a_void_batch_is_handed_on_as_it_was_ordered() {
    let mut trio = Trio::new();
    let parts = trio.statement(create(1)).encode_parts();
    let faults: [fn(&mut crate::Batch); 4] = [
        |batch| batch.header.transactions = u32::MAX,
        |batch| batch.header.transactions = 0,
        |batch| drop(batch.prunable.pop()),
        |batch| (batch.permanent, batch.prunable) = (vec![vec![]; 5000], vec![vec![]; 5001]),
    ];
    for fault in faults {
        let mut proposal = trio.odd_proposal(vec![parts.clone()], |_| {});
        fault(&mut proposal.batch);
        proposal.batch.header.permanent_root = parclose_crypto::merkle::root(&proposal.batch.permanent);
        proposal.batch.header.prunable_root = parclose_crypto::merkle::root(&proposal.batch.prunable);
        let digest = proposal.batch.header.digest();
        proposal.batch.signature = trio.member(0).pseudonym().sign(digest.as_ref());
        let anchor = trio.collude(&proposal, trio.nth(0));
        trio.order(anchor);
        // One member has it of who colluded; the others fetch it from that member.
        trio.member_mut(2).receive_anchored(&encode(&proposal)).unwrap();
        let handed_on = trio.member(2).stored_proposal(&proposal.commitment()).unwrap().unwrap();
        assert_eq!(handed_on.batch, proposal.batch);
        for at in 0..3 {
            trio.member_mut(at).receive_anchored(&encode(&handed_on)).unwrap();
            let executed = trio.catch_up(at).unwrap().pop().unwrap();
            assert!(matches!(executed.outcome, EventOutcome::Void { .. }));
        }
        trio.settle();
    }
    let good = trio.statement(create(1));
    assert_eq!(trio.decide(&good), "applied", "what follows a void batch is executed");
}

#[test]
fn end_11_nobody_on_the_way_can_void_a_batch() {
    let mut trio = Trio::new();
    let transactions = [trio.statement(create(1)), trio.statement(create(2))];
    let event = trio.order_batch(0, &transactions);
    let RootTransaction::Anchor(anchor) = &event.transaction else { panic!("an anchor") };
    let sound = trio.member(0).stored_proposal(&anchor.commitment).unwrap().unwrap();
    for change in [
        (|p| drop(p.batch.permanent.pop())) as fn(&mut Proposal),
        |p| p.batch.permanent[0] = b"no transaction".to_vec(),
        |p| p.batch.prunable[1] = vec![],
        |p| p.batch.prunable.clear(),
        |p| p.batch.signature.0[0] ^= 1,
    ] {
        let mut changed = sound.clone();
        change(&mut changed);
        assert_eq!(changed.commitment(), anchor.commitment, "the commitment alone does not tell");
        let refused = trio.member_mut(2).receive_anchored(&encode(&changed)).unwrap_err();
        assert_eq!(refused.rule(), "END-11");
        assert!(!trio.member(2).has_batch(&anchor.commitment).unwrap());
    }
    trio.settle();
    assert_eq!(trio.verdict(&transactions[1]), "applied");
}
