//! Records in attested states, and what stays of a tree's nodes for them.

use super::*;
use crate::fixtures::{Trio, create, record, update};
use crate::tables::{NODES, REPLACED};

const FIELD: FieldId = FieldId(1);

/// Rows of the nodes' table, and of the one that says what was replaced.
fn kept(channel: &Channel) -> (usize, usize) {
    let mut nodes = 0;
    channel.store().for_each(&NODES, |_, _| nodes += 1).unwrap();
    (nodes, channel.store().scan(&REPLACED, &Sequence(0), 99).unwrap().len())
}

fn newest(channel: &Channel) -> Sequence {
    channel.latest_attested().unwrap().unwrap().0
}

fn field(channel: &Channel, number: u8) -> StateField {
    let row = channel.record(&record(number)).unwrap().unwrap();
    row.fields.iter().find(|held| held.state.entry.field == FIELD).unwrap().state
}

#[test]
fn dis_17_the_newest_attested_state_proves_what_has_not_changed_since() {
    let mut trio = Trio::new();
    let both = [trio.statement(create(1)), trio.statement(create(2))];
    trio.anchor(0, &both);
    trio.anchor(0, &[]);
    let (attested, channel) = (newest(trio.member(0)), trio.member(0));
    assert_eq!(attested, trio.nth(1));
    let root = channel.event(attested).unwrap().unwrap().root;
    assert_ne!(root, channel.head().unwrap().root, "an event has come since");
    let proof = channel.prove_field(&record(1), FIELD, attested).unwrap().unwrap();
    assert_eq!(proof.verify(&root, &record(1), &field(channel, 1)), Ok(()));
    // Of another record, in another state, or as another transaction would have written it, it proves nothing.
    assert_eq!(proof.verify(&root, &record(2), &field(channel, 1)), Err(NotInState::Record));
    let now = channel.head().unwrap().root;
    assert_eq!(proof.verify(&now, &record(1), &field(channel, 1)), Err(NotInState::Record));
    assert_eq!(proof.verify(&root, &record(1), &field(channel, 2)), Err(NotInState::Field));
    for change in [
        (|proof| proof.record.version += 1) as fn(&mut FieldProof),
        |proof| proof.record.fields += 1,
        |proof| proof.record.fields_root[0] ^= 1,
        |proof| proof.record.parties.reverse(),
    ] {
        let mut bent = proof.clone();
        change(&mut bent);
        assert_eq!(bent.verify(&root, &record(1), &field(channel, 1)), Err(NotInState::Record));
    }
    let mut bent = proof;
    bent.inclusion.length += 1;
    assert_eq!(bent.verify(&root, &record(1), &field(channel, 1)), Err(NotInState::Field));
    // What has changed since is proven as it is once that is attested, and not before.
    let later = trio.statement(update(1, 2));
    trio.anchor(0, &[later]);
    let channel = trio.member(0);
    assert!(channel.prove_field(&record(1), FIELD, newest(channel)).unwrap().is_none());
    assert!(channel.prove_field(&record(2), FIELD, newest(channel)).unwrap().is_some());
    trio.anchor(0, &[]);
    let channel = trio.member(0);
    let (attested, now) = (newest(channel), field(channel, 1));
    let root = channel.event(attested).unwrap().unwrap().root;
    let proof = channel.prove_field(&record(1), FIELD, attested).unwrap().unwrap();
    assert_eq!(proof.verify(&root, &record(1), &now), Ok(()));
    assert_eq!(proof.record.version, 2);
    assert!(channel.prove_field(&record(9), FIELD, attested).unwrap().is_none());
    assert!(channel.prove_field(&record(1), FieldId(99), attested).unwrap().is_none());
}

/// The nodes that are there are those of the newest attested state and of later ones: their number does not grow with the log.
#[test]
fn dis_17_nodes_that_no_attested_state_needs_go() {
    let mut trio = Trio::new();
    let first = trio.statement(create(1));
    trio.anchor(0, &[first]);
    trio.anchor(0, &[]);
    let before = kept(trio.member(0));
    for _ in 0..12 {
        trio.anchor(0, &[]);
        let channel = trio.member(0);
        assert!(channel.prove_field(&record(1), FIELD, newest(channel)).unwrap().is_some());
        // The state before the newest attested one is gone.
        let older = Sequence(newest(channel).0 - 1);
        assert!(channel.prove_field(&record(1), FIELD, older).unwrap().is_none());
    }
    assert_eq!(kept(trio.member(0)), before);
    assert_eq!(before.1, 1, "what the last event has replaced");
    trio.reopen(0);
    let channel = trio.member(0);
    assert!(channel.prove_field(&record(1), FIELD, newest(channel)).unwrap().is_some(), "nor in memory only");
    channel.verify(|sequence| trio.chain(sequence)).unwrap();
}
