//! Rotations and closes: what an endorser signs, and what execution does with what was signed anyway.

use parclose_root::{Certificate, Close, GenerationKeys, RootTransaction};
use parclose_transaction::{Act, Change, FieldState, Perspective, SignedTransaction};
use parclose_types::Generation;

use super::*;
use crate::fixtures::{self, Trio, WINDOW, create};
use crate::tables::EventOutcome;

/// Why a member does not sign a statement.
fn refused(trio: &Trio, at: usize, statement: &Statement) -> HandoverRefused {
    trio.member(at).sign_handover(statement, trio.head(), WINDOW).unwrap_err()
}

fn rotation_statement(trio: &Trio) -> RotateStatement {
    trio.member(0).rotation(trio.head(), WINDOW).unwrap()
}

#[test]
fn end_12_only_what_the_own_log_has_decided_is_signed() {
    let mut trio = Trio::new();
    assert!(trio.member(0).handover(trio.head(), WINDOW).is_none(), "nothing is decided");
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    trio.upkeep();
    let good = rotation_statement(&trio);
    let sign = |statement: &RotateStatement| {
        trio.member(1).sign_handover(&Statement::Rotate(statement.clone()), trio.head(), WINDOW)
    };
    assert!(sign(&good).is_ok());
    let changes: [fn(&mut RotateStatement); 6] = [
        |s| s.commitment.0[0] ^= 1,
        |s| s.tag.0[0] ^= 1,
        |s| s.network.0[0] ^= 1,
        |s| s.generation = Generation(1),
        |s| s.executed = Sequence(0),
        |s| {
            let keys = s.next.endorsers()[1..].to_vec();
            s.next = GenerationKeys::new(Generation(1), keys, 2).unwrap();
        },
    ];
    for change in changes {
        let mut other = good.clone();
        change(&mut other);
        assert_eq!(sign(&other).unwrap_err(), HandoverRefused::NotDecided);
    }
    let ahead = RotateStatement { executed: Sequence(good.executed.0 + 1), ..good.clone() };
    assert!(matches!(sign(&ahead).unwrap_err(), HandoverRefused::NotYet { .. }));
    let close = CloseStatement {
        network: good.network,
        tag: good.tag,
        generation: Generation(0),
        last_sequence: good.executed,
        last_height: good.last_height,
    };
    assert_eq!(refused(&trio, 1, &Statement::Close(close)), HandoverRefused::NotDecided);
    assert_eq!(HandoverRefused::NotDecided.rule(), "END-12");
}

#[test]
fn end_07_a_rotation_is_signed_for_the_time_of_its_decision() {
    let mut trio = Trio::new();
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    trio.upkeep();
    let good = rotation_statement(&trio);
    let deadline = trio.member(0).governance().decision_at(trio.next()).unwrap().deadline;
    assert!(good.last_height <= deadline);
    for last_height in [Height(deadline.0 + 1), Height(trio.head().0 - 1)] {
        let other = Statement::Rotate(RotateStatement { last_height, ..good.clone() });
        assert_eq!(refused(&trio, 1, &other), HandoverRefused::Window { last_height });
    }
}

#[test]
fn end_13_the_next_generation_starts_with_its_secrets_unless_nobody_takes_part() {
    let mut trio = Trio::new();
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    assert!(trio.member(0).rotation(trio.head(), WINDOW).is_none(), "no secret is dealt yet");
    trio.upkeep();
    let statement = Statement::Rotate(rotation_statement(&trio));
    assert!(trio.member(1).sign_handover(&statement, trio.head(), WINDOW).is_ok());

    // Nobody deals. After the time of a deal the rotation goes on without.
    let mut trio = Trio::new();
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    let within = trio.member(0).definition().governance.deal_within;
    let decided = trio.member(0).governance().decision_at(trio.next()).unwrap().decided_at;
    trio.wait(decided.0 + within - trio.next().0);
    assert!(trio.member(0).rotation(trio.head(), WINDOW).is_none());
    let early = RotateStatement {
        last_height: Height(trio.head().0 + 9),
        ..{
            trio.wait(1);
            rotation_statement(&trio)
        }
    };
    assert!(trio.member(1).sign_handover(&Statement::Rotate(early), trio.head(), WINDOW).is_ok());
    let rotation = trio.rotation();
    trio.order(rotation);
    trio.settle();
    assert_eq!(trio.member(2).config().generation, Generation(1));
}

#[test]
fn a_deal_that_nobody_asked_for_holds_no_rotation_up() {
    let mut trio = Trio::founded();
    trio.settle();
    trio.upkeep();
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    trio.upkeep();
    // The third deals a pair that nobody used, with the other's wrap damaged, so that it stays a deal of one.
    let next = trio.member(2).governance().next_at(trio.next()).unwrap().clone();
    let configuration = next.digest();
    let mut set = vec![
        next.by_id(&trio.id(2)).unwrap().certificate.pseudonym,
        next.by_id(&trio.id(0)).unwrap().certificate.pseudonym,
    ];
    set.sort_unstable();
    let due = {
        let channel = trio.member(2);
        let governance = channel.governance();
        let target = governance.target(configuration, governance.latest(), trio.next()).unwrap();
        channel.deal(&target, &set, &mut trio.rng.clone()).unwrap()
    };
    let signed = trio.signed_act(2, due);
    trio.anchor(2, std::slice::from_ref(&signed));
    assert_eq!(trio.verdict(&signed), "applied");
    let Act::Deal { deal, .. } = signed.body().act.clone().unwrap() else { panic!("a deal") };
    let dealt = trio.member(0).governance().dealt(configuration, &deal.audience, trio.next());
    assert_eq!(dealt, Dealt::Waiting);
    assert!(trio.member(0).rotation(trio.head(), WINDOW).is_some());
}

#[test]
fn cha_08_a_rotation_that_nobody_decided_stops_the_channel() {
    let mut trio = Trio::new();
    let next = Generation(1);
    let mut keys: Vec<_> = (0..3).map(|at| trio.member(at).pseudonym_in(next).public()).collect();
    keys.sort_unstable();
    let statement = RotateStatement {
        network: *trio.root.network(),
        tag: trio.member(0).tag(),
        generation: Generation(0),
        next: GenerationKeys::new(next, keys, 2).unwrap(),
        commitment: parclose_types::Digest([1; 32]),
        executed: Sequence(0),
        last_height: Height(trio.next().0 + 9),
    };
    let signed = statement.signing_bytes();
    let current: Vec<_> =
        (0..2).map(|at| (trio.pseudonym(at), trio.member(at).pseudonym().sign(&signed))).collect();
    let certificate = Certificate::assemble(trio.member(0).endorsers(), &current).unwrap();
    let of_next: Vec<_> = (0..2)
        .map(|at| {
            let key = trio.member(at).pseudonym_in(next);
            (key.public(), key.sign(&signed))
        })
        .collect();
    let next_certificate = Certificate::assemble(&statement.next, &of_next).unwrap();
    trio.order(RootTransaction::Rotate(statement.rotate(certificate, next_certificate)));
    let error = trio.catch_up(2).unwrap_err();
    assert_eq!((error.rule(), error.fault()), ("CHA-08", Fault::Peer));
    assert_eq!(trio.member(2).config().generation, Generation(0), "it goes no further");
}

#[test]
fn cha_09_who_was_removed_belongs_to_nothing_that_follows() {
    let mut trio = Trio::new();
    assert!(trio.member(2).is_member());
    let cyd = trio.id(2);
    trio.decide_on(0, vec![Change::Remove(cyd)], &[1]);
    trio.rotate();
    assert!(!trio.member(2).is_member());
    let head = trio.head();
    let mut rng = trio.rng.clone();
    assert!(trio.member_mut(2).upkeep(head, &mut rng).unwrap().is_empty());
    let write = trio.statement(create(1));
    let proposal = trio.propose(0, std::slice::from_ref(&write));
    let bytes = parclose_types::encode(&proposal);
    let refused = trio.member_mut(2).endorse(&bytes, head, WINDOW).unwrap_err();
    assert_eq!(refused.rule(), "END-03", "nor does it endorse");
}

#[test]
fn end_14_a_channel_that_ends_takes_only_batches_that_attest() {
    let mut trio = Trio::new();
    let write = trio.statement(create(1));
    assert_eq!(trio.decide(&write), "applied");
    trio.decide_on(0, vec![Change::Close], &[1]);
    let late = trio.statement(create(2));
    let proposal = trio.propose(0, std::slice::from_ref(&late));
    let head = trio.head();
    let refused = trio.member_mut(1).endorse(&parclose_types::encode(&proposal), head, WINDOW).unwrap_err();
    assert_eq!(refused.rule(), "END-14");
    // An empty batch attests what came before the end.
    trio.anchor(0, &[]);
    assert!(trio.member(1).latest_attested().unwrap().is_some());
    let closing = trio.member(0).closing(trio.head(), WINDOW).unwrap();
    let early = CloseStatement { last_sequence: Sequence(0), ..closing };
    assert_eq!(refused_close(&trio, early), HandoverRefused::NotDecided);
    let statement = Statement::Close(closing);
    let signed: Vec<_> = (0..2)
        .map(|at| trio.member(at).sign_handover(&statement, trio.head(), WINDOW).unwrap().current)
        .collect();
    let certificate = Certificate::assemble(trio.member(0).endorsers(), &signed).unwrap();
    let CloseStatement { tag, last_sequence, last_height, .. } = closing;
    trio.order(RootTransaction::Close(Close { tag, last_sequence, last_height, certificate }));
    let executed = trio.catch_up(0).unwrap().pop().unwrap();
    assert_eq!(executed.outcome, EventOutcome::Closed);
    trio.settle();
    assert!(trio.member(0).handover(trio.head(), WINDOW).is_none(), "it ends once");
    // Its sponsor has not seen the end yet.
    let head = trio.head();
    let refused = trio.member_mut(1).endorse(&parclose_types::encode(&proposal), head, WINDOW).unwrap_err();
    assert_eq!(refused.rule(), "END-14");
    assert_eq!(trio.verdict(&write), "applied");
}

fn refused_close(trio: &Trio, statement: CloseStatement) -> HandoverRefused {
    refused(trio, 1, &Statement::Close(statement))
}

/// A removal and a write of the member that is removed, in one block: what became of the write, and the
/// last event that everybody has executed.
fn removed_while_writing(rotation_first: bool) -> (Trio, SignedTransaction) {
    let mut trio = Trio::new();
    let removed = trio.id(2);
    trio.decide_on(0, vec![Change::Remove(removed)], &[1]);
    trio.upkeep();
    let rotation = trio.rotation();
    let write = trio.statement(fixtures::Statement { author: 2, preparer: 2, counterparty: 0, ..create(1) });
    let proposal = trio.propose(2, std::slice::from_ref(&write));
    let anchor = RootTransaction::Anchor(trio.endorsed(2, &proposal));
    trio.order_together(if rotation_first { vec![rotation, anchor] } else { vec![anchor, rotation] });
    trio.settle();
    (trio, write)
}

#[test]
fn a_removal_and_a_write_in_one_block_end_alike_in_both_orders() {
    for rotation_first in [false, true] {
        let (mut trio, write) = removed_while_writing(rotation_first);
        assert_eq!(trio.verdict(&write), "applied", "the block belongs to the generation that ends");
        let stored = trio.member(1).transaction(&write.digest()).unwrap().unwrap();
        assert_eq!(stored.body.generation, Generation(0), "sealed under the keys of before");
        assert!(!trio.member(2).is_member());
        // Nothing of what is written from the next block on reaches it, whichever came first.
        let before = trio.member(2).head().unwrap().clone();
        let later = trio.statement(create(2));
        assert_eq!(trio.decide(&later), "applied");
        assert_eq!(*trio.member(2).head().unwrap(), before);
        let stored = trio.member(0).transaction(&later.digest()).unwrap().unwrap();
        let opened = |reader: &dyn Perspective| {
            let views = trio.member(0).view_transaction(reader, &stored).unwrap();
            views.iter().flatten().filter(|view| matches!(view.state, FieldState::Opened(_))).count()
        };
        assert_eq!(opened(trio.member(2).keys()), 0);
        assert!(opened(trio.member(1).keys()) > 0, "the same trial finds what is there");
    }
}
