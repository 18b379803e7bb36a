use parclose_root::RootTransaction;
use parclose_store::hazmat::{copy_after_power_loss, unsynced_bytes};
use parclose_types::{StateRoot, encode};

use super::*;
use crate::fixtures::{Statement, Trio, create, record, update};

#[test]
fn cha_01_events_execute_in_order() {
    let mut trio = Trio::new();
    let (first, second) = (trio.order_batch(0, &[]), trio.order_batch(1, &[]));
    let refused = |trio: &mut Trio, event| trio.member_mut(0).execute(event).unwrap_err().rule();
    assert_eq!(refused(&mut trio, &second), "CHA-01", "one is missing before it");
    trio.settle();
    assert_eq!(refused(&mut trio, &first), "CHA-01", "executed already");
    let mut foreign = trio.order_batch(0, &[]);
    foreign.entry.tag.0[0] ^= 1;
    assert_eq!(refused(&mut trio, &foreign), "CHA-01", "of another channel");
}

#[test]
fn cha_02_a_batch_that_is_not_here_is_waited_for() {
    let mut trio = Trio::new();
    let transaction = trio.statement(create(1));
    let event = trio.order_batch(0, std::slice::from_ref(&transaction));
    let before = trio.member(2).head().unwrap().clone();
    let missing = trio.member_mut(2).execute(&event).unwrap_err();
    assert_eq!(missing.rule(), "CHA-02");
    assert_eq!(*trio.member(2).head().unwrap(), before);
    let RootTransaction::Anchor(anchor) = &event.transaction else { panic!("an anchor") };
    let proposal = trio.member(1).stored_proposal(&anchor.commitment).unwrap().unwrap();
    trio.member_mut(2).receive_anchored(&encode(&proposal)).unwrap();
    let executed = trio.member_mut(2).execute(&event).unwrap();
    assert_eq!(executed.verdicts, [(transaction.digest(), Verdict::Applied)]);
    trio.settle();
}

#[test]
fn cha_03_a_wrong_root_in_an_anchored_batch_stops_the_channel() {
    let mut trio = Trio::new();
    let wrong = trio.odd_proposal(vec![], |header| header.attested_root = StateRoot([1; 32]));
    let anchor = trio.collude(&wrong, trio.nth(0));
    trio.order(anchor);
    trio.member_mut(2).receive_anchored(&encode(&wrong)).unwrap();
    let before = trio.member(2).head().unwrap().clone();
    for _ in 0..2 {
        let diverged = trio.catch_up(2).unwrap_err();
        assert_eq!(diverged.rule(), "CHA-03");
        assert_eq!(*trio.member(2).head().unwrap(), before);
        trio.reopen(2);
    }
    assert!(trio.member(2).has_batch(&wrong.commitment()).unwrap(), "the evidence is kept");
}

#[test]
fn end_10_a_batch_that_attests_another_event_than_its_anchor_is_void() {
    let mut trio = Trio::new();
    trio.anchor(0, &[]);
    let transaction = trio.statement(create(1));
    let opened = trio.member(0).event(trio.nth(0)).unwrap().unwrap().root;
    // Each attests what is true or not decided yet, so none of them is a divergence.
    let attests = [(trio.nth(0), opened), (trio.nth(2), StateRoot([1; 32])), (Sequence(900), opened)];
    for (attested, root) in attests {
        let proposal = trio.odd_proposal(vec![transaction.encode_parts()], |header| {
            (header.attested, header.attested_root) = (attested, root);
        });
        let anchor = trio.collude(&proposal, trio.nth(1));
        trio.order(anchor);
        for at in 0..3 {
            trio.member_mut(at).receive_anchored(&encode(&proposal)).unwrap();
            let executed = trio.catch_up(at).unwrap().pop().unwrap();
            let EventOutcome::Void { rule, endorsers, .. } = executed.outcome else { panic!("not void") };
            assert_eq!((rule.as_str(), endorsers.len()), ("END-10", 2));
        }
        trio.settle();
    }
    assert_eq!(trio.verdict(&transaction), "none");
    assert_eq!(trio.decide(&transaction), "applied");
}

#[test]
fn every_transaction_of_a_batch_has_its_verdict() {
    let mut trio = Trio::new();
    let transactions = [
        trio.statement(create(1)),
        trio.statement(create(1)),
        trio.statement(Statement { counterparty: 0, ..create(2) }),
        trio.odd(create(3), |body, _| body.definition_version += 1),
        trio.odd(create(4), |body, _| body.expiry.0 += 9999),
        trio.odd(create(5), |body, _| body.epoch.0 += 1),
        trio.odd(create(6), |body, _| body.author.0[0] ^= 1),
        trio.statement(update(1, 2)),
    ];
    let event = trio.order_batch(0, &transactions);
    trio.settle();
    let wanted = ["applied", "STA-05", "ACC-03", "AUT-03", "AUT-05", "AUT-06", "AUT-07", "applied"];
    let got: Vec<String> = transactions.iter().map(|tx| trio.verdict(tx)).collect();
    assert_eq!(got, wanted);
    let before = trio.prepared_verdicts();
    let rows = trio.member(2).verdicts(before, 100).unwrap();
    assert_eq!(rows.len(), wanted.len());
    for (at, (index, row)) in rows.iter().enumerate() {
        assert_eq!((*index, row.index as usize), (before + at as u64, at));
        assert_eq!((row.sequence, row.transaction), (event.entry.sequence, transactions[at].digest()));
    }
}

#[test]
fn aut_01_a_forged_signature_is_recorded() {
    let mut trio = Trio::new();
    let (body, sealed) = trio.sealed(create(1));
    let other = trio.member(1).pseudonym();
    let forged = parclose_transaction::draft::hazmat::sign_unchecked(body.clone(), sealed.clone(), other);
    assert_eq!(trio.decide(&forged), "AUT-01");
    // The digest does not cover the signature: the forgery has taken the digest's one verdict. Only the
    // author's own node can do that to it, because a foreign sponsor's occurrence does not count.
    let honest = trio.sign(body, sealed);
    assert_eq!(honest.digest(), forged.digest());
}

#[test]
fn sta_08_what_a_foreign_sponsor_puts_forward_has_no_verdict() {
    let mut trio = Trio::new();
    let transaction = trio.statement(create(1));
    trio.anchor(1, std::slice::from_ref(&transaction));
    assert_eq!(trio.verdict(&transaction), "none");
    assert_eq!(trio.decide(&transaction), "applied", "its own sponsor still can");
}

#[test]
fn sta_08_repeated_occurrences_have_no_verdict() {
    let mut trio = Trio::new();
    let (one, refused) = (trio.statement(create(1)), trio.statement(update(9, 2)));
    trio.anchor(0, &[one.clone(), one.clone(), refused.clone()]);
    trio.anchor(0, &[refused.clone(), one.clone()]);
    let verdicts = trio.member(0).verdicts(trio.prepared_verdicts(), 100).unwrap();
    let digests: Vec<_> = verdicts.iter().map(|(_, row)| row.transaction).collect();
    assert_eq!(digests, [one.digest(), refused.digest()]);
    assert_eq!([&one, &refused].map(|tx| trio.verdict(tx)), ["applied", "STA-04"]);
}

#[test]
fn sta_08_expired_occurrences_have_no_verdict() {
    let mut trio = Trio::new();
    let next = trio.next();
    let in_time = trio.odd(create(1), |body, _| body.expiry = next);
    let expired = trio.odd(create(2), |body, _| body.expiry = Height(next.0 - 1));
    trio.anchor(0, &[in_time.clone(), expired.clone()]);
    assert_eq!([&in_time, &expired].map(|tx| trio.verdict(tx)), ["applied", "none"]);
    assert_eq!(trio.decide(&expired), "none");
}

#[test]
fn one_log_gives_one_state_to_who_restarts_and_to_who_is_late() {
    let mut trio = Trio::new();
    let mut versions = [0_u64; 3];
    for round in 0..6_usize {
        let number = round % 3;
        let of = u8::try_from(number).unwrap();
        versions[number] += 1;
        let version = versions[number];
        let fitting = trio.statement(if version == 1 { create(of) } else { update(of, version) });
        let stale = trio.statement(update(of, 9));
        trio.order_batch(0, &[fitting.clone(), stale.clone(), fitting.clone()]);
        // The first member goes on, the second restarts after every event, the third is late.
        trio.catch_up(0).unwrap();
        trio.catch_up(1).unwrap();
        trio.reopen(1);
        assert_eq!(trio.member(0).head(), trio.member(1).head());
        if round % 3 == 2 {
            trio.catch_up(2).unwrap();
            trio.reopen(2);
            assert_eq!(trio.member(0).head(), trio.member(2).head());
        }
    }
    trio.settle();
    let events = |trio: &Trio, at| trio.member(at).events(Sequence(0), usize::MAX).unwrap();
    let (a, b, c) = (events(&trio, 0), events(&trio, 1), events(&trio, 2));
    assert!(a == b && b == c, "every event has one outcome and one root");
    assert_eq!(trio.member(2).record(&record(0)).unwrap().unwrap().version, 2);
}

#[test]
fn sta_10_an_executed_event_outlives_loss_of_power_whole() {
    let mut trio = Trio::new();
    let transactions = [trio.statement(create(1)), trio.statement(create(2))];
    trio.anchor(0, &transactions);
    assert_eq!(unsynced_bytes(trio.member(0).store()).unwrap(), 0);
    let copy = trio.fresh_path();
    copy_after_power_loss(trio.member(0).store(), &copy).unwrap();
    let mut survivor = trio.open_at(0, &copy);
    assert_eq!(survivor.head(), trio.member(0).head());
    survivor.verify(|sequence| trio.chain(sequence)).unwrap();

    let next = trio.statement(update(1, 2));
    let event = trio.order_batch(1, std::slice::from_ref(&next));
    let root = trio.settle();
    let RootTransaction::Anchor(anchor) = &event.transaction else { panic!("an anchor") };
    let proposal = trio.member(1).stored_proposal(&anchor.commitment).unwrap().unwrap();
    survivor.receive_anchored(&encode(&proposal)).unwrap();
    survivor.execute(&event).unwrap();
    assert_eq!(survivor.head().unwrap().root, root, "the copy goes on to the same state");
}

#[test]
fn sta_10_power_lost_before_the_write_leaves_the_state_before_and_the_batch() {
    let mut trio = Trio::new();
    let transaction = trio.statement(create(1));
    let event = trio.order_batch(0, std::slice::from_ref(&transaction));
    let copy = trio.fresh_path();
    copy_after_power_loss(trio.member(0).store(), &copy).unwrap();
    let root = trio.settle();
    let mut survivor = trio.open_at(0, &copy);
    assert_eq!(survivor.head().unwrap().next, event.entry.sequence);
    survivor.execute(&event).unwrap();
    assert_eq!(survivor.head().unwrap().root, root);
}

#[test]
fn a_closed_channel_keeps_its_state() {
    let mut trio = Trio::new();
    let transaction = trio.statement(create(1));
    let last = trio.anchor(0, std::slice::from_ref(&transaction));
    let statement = parclose_root::CloseStatement {
        network: *trio.root.network(),
        tag: trio.member(0).tag(),
        generation: crate::setup::GENERATION,
        last_sequence: last,
        last_height: Height(trio.next().0 + 9),
    };
    let signed = statement.signing_bytes();
    let sign = |at| (trio.pseudonym(at), trio.member(at).pseudonym().sign(&signed));
    let certificate =
        parclose_root::Certificate::assemble(trio.member(0).endorsers(), &[sign(0), sign(1)]).unwrap();
    let close = parclose_root::Close {
        tag: statement.tag,
        last_sequence: last,
        last_height: statement.last_height,
        certificate,
    };
    trio.order(RootTransaction::Close(close));
    let executed = trio.catch_up(0).unwrap().pop().unwrap();
    assert_eq!((executed.outcome, executed.attested), (EventOutcome::Closed, None));
    trio.settle();
    assert_eq!(trio.verdict(&transaction), "applied");
}
