use parclose_transaction::Change as Wanted;
use parclose_types::{Failure, StateRoot};

use super::*;
use crate::fixtures::{Trio, create, record};
use crate::tables::NODES;

/// The root over given rows, computed from nothing.
fn root_over(changes: &[Change]) -> StateRoot {
    state_tree::update(&state_tree::memory::MemoryNodes::default(), 0, changes).unwrap().root
}

#[test]
fn sta_02_every_event_changes_the_head_leaf_even_an_empty_one() {
    let mut trio = Trio::new();
    let mut roots = vec![trio.member(0).head().unwrap().root];
    let before = trio.prepared_verdicts();
    for sequence in trio.nth(1).0..trio.nth(4).0 {
        trio.anchor(0, &[]);
        let event = trio.member(0).event(Sequence(sequence)).unwrap().unwrap();
        assert_eq!((event.head.sequence, event.head.verdicts), (Sequence(sequence), before));
        event.head_proof.verify(&event.root, &head_key(), Some(&head_leaf(&event.head))).unwrap();
        let stale = HeadLeaf { sequence: Sequence(sequence - 1), ..event.head };
        assert!(event.head_proof.verify(&event.root, &head_key(), Some(&head_leaf(&stale))).is_err());
        assert!(!roots.contains(&event.root));
        roots.push(event.root);
    }
    let transaction = trio.statement(create(1));
    trio.anchor(0, &[transaction]);
    let head = trio.member(0).head().unwrap();
    let leaf = trio.member(0).event(trio.nth(4)).unwrap().unwrap().head;
    assert_eq!((leaf.verdicts, leaf.verdicts_root), (before + 1, head.verdicts.root()));
}

#[test]
fn sta_09_the_state_covers_governance_records_and_verdicts() {
    let mut trio = Trio::new();
    let transactions = [trio.statement(create(1)), trio.statement(create(1)), trio.statement(create(2))];
    trio.anchor(0, &transactions);
    trio.decide_on(0, vec![Wanted::Rekey], &[1]);
    let channel = trio.member(0);
    let head = channel.head().unwrap();
    let leaf = channel.event(Sequence(head.next.0 - 1)).unwrap().unwrap().head;
    let mut changes = vec![(head_key(), Some(head_leaf(&leaf)))];
    for number in 1..3 {
        let row = channel.record(&record(number)).unwrap().unwrap();
        changes.push((record_key(&row.record), Some(record_leaf(&row))));
    }
    // A generation, its definition, three next certificates, the deals, a motion, the decision.
    let deals = channel.governance().deals.len();
    let governed = governed::stored_leaves(channel.store()).unwrap();
    assert_eq!(governed.len(), 1 + 1 + 3 + deals + 1 + 1);
    changes.extend(governed);
    assert_eq!(root_over(&changes), head.root, "nothing else is in the state");
    for at in 0..changes.len() {
        let mut fewer = changes.clone();
        fewer.remove(at);
        assert_ne!(root_over(&fewer), head.root, "row {at} is in the state");
    }
    let other = HeadLeaf { verdicts_root: [0; 32], ..leaf };
    changes[0].1 = Some(head_leaf(&other));
    assert_ne!(root_over(&changes), head.root, "the verdicts are in the state");
}

#[test]
fn sta_10_an_event_that_cannot_be_written_changes_nothing() {
    let mut trio = Trio::new();
    let transaction = trio.statement(create(1));
    let event = trio.order_batch(0, std::slice::from_ref(&transaction));
    let before = trio.member(0).head().cloned();
    // The state tree is gone: the event stops half way, before anything is written.
    // Its root node is named by the event before and an empty path.
    let root_node = encode(&(trio.nth(0).0, 0_u64, Vec::<u8>::new()));
    let store = trio.member(0).store();
    let node = store.get(&NODES, &root_node).unwrap().expect("the newest root is stored");
    let mut batch = store.batch();
    batch.delete(&NODES, &root_node);
    store.commit(batch, Durability::Synced).unwrap();
    trio.reopen(0); // it has a copy in memory
    let refused = trio.member_mut(0).execute(&event).unwrap_err();
    assert_eq!(refused.rule(), "CHA-04");
    trio.reopen(0);
    let channel = trio.member(0);
    assert_eq!(channel.head().cloned(), before);
    assert_eq!(channel.record(&record(1)).unwrap(), None);
    assert!(channel.transaction(&transaction.digest()).unwrap().is_none());
    assert!(channel.verdicts(trio.prepared_verdicts(), 9).unwrap().is_empty());
    assert_eq!(channel.event(trio.nth(1)).unwrap(), None);
    let store = channel.store();
    let mut batch = store.batch();
    batch.put(&NODES, &root_node, &node);
    store.commit(batch, Durability::Synced).unwrap();
    trio.settle();
    assert_eq!(trio.verdict(&transaction), "applied", "with its tree back it goes on");
}

#[test]
fn sta_11_a_records_leaf_covers_the_whole_row() {
    let mut trio = Trio::new();
    let transaction = trio.statement(create(1));
    trio.anchor(0, &[transaction]);
    let row = trio.member(0).record(&record(1)).unwrap().unwrap();
    let leaf = record_leaf(&row);
    for change in [
        (|r| r.record.0[0] ^= 1) as fn(&mut RecordRow),
        |r| r.record_type += 1,
        |r| r.version += 1,
        |r| r.owner.0[0] ^= 1,
        |r| r.parties.swap(0, 1),
        |r| r.parties[0].0 += 1,
        |r| r.parties[1].1.0[0] ^= 1,
        |r| r.parties.truncate(1),
        |r| r.status = Some(String::new()),
        |r| r.day = Some(parclose_transaction::Day(0)),
        |r| r.keyed_tag = Some(parclose_types::KeyedTag([0; 32])),
        |r| r.fields.swap(0, 1),
        |r| r.fields.truncate(2),
        |r| r.fields[0].state.entry.field.0 += 9,
        |r| r.fields[0].state.entry.audience.0[0] ^= 1,
        |r| r.fields[0].state.entry.leaf[0] ^= 1,
        |r| r.fields[0].state.generation.0 += 1,
        |r| r.fields[0].state.epoch.0 += 1,
        |r| r.fields[0].state.transaction.0[0] ^= 1,
    ] {
        let mut changed = row.clone();
        change(&mut changed);
        assert_ne!(record_leaf(&changed), leaf);
    }
    let mut moved = row;
    moved.fields[0].place.0 += 1;
    assert_eq!(record_leaf(&moved), leaf, "where a member keeps the sealed part is its own affair");
}
