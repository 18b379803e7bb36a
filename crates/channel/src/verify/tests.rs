use parclose_store::{Durability, hazmat};
use parclose_transaction::Change as Wanted;
use parclose_types::{AudienceId, Failure, Generation};

use super::*;
use crate::fixtures::{Trio, create, next_texts, record, update};
use crate::governance::DealRow;
use crate::tables::{
    DEALS, DECISION, DEFINITIONS, EVENTS, HEAD, MOTIONS, ONLY, PERMANENT, PRUNABLE, PUBLISHED, SALTS, SETUP,
    TRANSACTIONS, VERDICTS, Verdict, VerdictRow,
};

/// Two records, one of them at its second version, and a refused transaction.
fn trio() -> Trio {
    let mut trio = Trio::new();
    let transactions = [trio.statement(create(1)), trio.statement(create(2)), trio.statement(create(2))];
    trio.anchor(0, &transactions);
    let next = trio.statement(update(1, 2));
    trio.anchor(0, &[next]);
    trio
}

/// The rule that the first member's store breaks.
fn rule(trio: &Trio) -> &'static str {
    let verified = trio.member(0).verify(|sequence| trio.chain(sequence));
    verified.map_or_else(|error| error.rule(), |_| "none")
}

/// Writes rows as somebody does who has the node's storage key.
fn write(trio: &Trio, rows: impl FnOnce(&mut parclose_store::Batch)) {
    let store = trio.member(0).store();
    let mut batch = store.batch();
    rows(&mut batch);
    store.commit(batch, Durability::Synced).unwrap();
}

#[test]
fn a_sound_store_is_verified_and_counted() {
    let trio = trio();
    let verified = trio.member(0).verify(|sequence| trio.chain(sequence)).unwrap();
    let counted = (verified.events, verified.records, verified.verdicts, verified.sealed);
    let prepared = (trio.nth(0).0 + 1, trio.prepared_verdicts());
    assert_eq!(counted, (prepared.0 + 2, 2, prepared.1 + 4, prepared.1 + 4));
    assert_eq!(verified.root, trio.member(1).head().unwrap().root);
    assert!(verified.rows > 20);
}

#[test]
fn cha_04_rows_that_were_swapped_do_not_open() {
    for table in [RECORDS.id(), VERDICTS.id(), PERMANENT.id(), PRUNABLE.id(), EVENTS.id()] {
        let mut trio = trio();
        let path = trio.close(0).to_owned();
        let mut keys = hazmat::raw_rows(&path).unwrap().into_iter().map(|(key, _)| key);
        let mut next = || keys.find(|key| key.first() == Some(&table)).unwrap();
        let (a, b) = (next(), next());
        hazmat::swap_values(&path, &a, &b).unwrap();
        trio.reopen(0);
        let error = trio.member(0).verify(|sequence| trio.chain(sequence)).unwrap_err();
        assert!(matches!(error, ChannelError::Store(_)), "table {table}: {error}");
        assert_eq!(error.fault(), parclose_types::Fault::Operator);
    }
}

#[test]
fn cha_04_a_record_that_was_sealed_anew_is_noticed() {
    for change in [
        (|row| row.version += 1) as fn(&mut RecordRow),
        |row| row.owner = row.parties[1].1,
        |row| row.parties.swap(0, 1),
        |row| row.fields[0].state.entry.leaf[0] ^= 1,
        |row| row.fields.truncate(2),
    ] {
        let trio = trio();
        let mut row = trio.member(0).record(&record(1)).unwrap().unwrap();
        change(&mut row);
        write(&trio, |batch| batch.put(&RECORDS, &record(1), &row));
        assert_eq!(rule(&trio), "CHA-04");
    }
}

#[test]
fn cha_04_a_record_that_was_put_back_added_or_removed_is_noticed() {
    let mut older = Trio::new();
    let made = older.statement(create(1));
    older.anchor(0, &[made]);
    let old = older.member(0).record(&record(1)).unwrap().unwrap();
    let next = older.statement(update(1, 2));
    older.anchor(0, &[next]);
    assert_eq!(rule(&older), "none");
    write(&older, |batch| batch.put(&RECORDS, &record(1), &old));
    assert_eq!(rule(&older), "CHA-04", "an older version");

    let removed = trio();
    write(&removed, |batch| batch.delete(&RECORDS, &record(2)));
    assert_eq!(rule(&removed), "CHA-04");
    let added = trio();
    let mut row = added.member(0).record(&record(2)).unwrap().unwrap();
    row.record = record(3);
    write(&added, |batch| batch.put(&RECORDS, &record(3), &row));
    assert_eq!(rule(&added), "CHA-04");
}

/// The stored runs of the verdict log.
fn runs(trio: &Trio) -> Vec<(u64, Vec<VerdictRow>)> {
    trio.member(0).store().scan(&VERDICTS, &0, usize::MAX).unwrap()
}

#[test]
fn cha_04_a_run_of_verdicts_that_was_dropped_moved_or_changed_is_noticed() {
    let changes: [fn(&mut Vec<VerdictRow>); 5] = [
        |run| drop(run.pop()),
        |run| drop(run.remove(0)),
        |run| run.swap(0, 1),
        |run| run.push(run[0].clone()),
        |run| run[2].verdict = Verdict::Applied,
    ];
    let sound = trio();
    let (last, run) = runs(&sound).into_iter().find(|(_, run)| run.len() == 3).unwrap();
    assert_ne!(run[2].verdict, Verdict::Applied);
    for change in changes {
        let trio = trio();
        let mut run = runs(&trio).into_iter().find(|(_, run)| run.len() == 3).unwrap().1;
        change(&mut run);
        write(&trio, |batch| batch.put(&VERDICTS, &last, &run));
        assert_eq!(rule(&trio), "CHA-04");
    }
    for (last, run) in runs(&sound) {
        let dropped = trio();
        write(&dropped, |batch| batch.delete(&VERDICTS, &last));
        assert_eq!(rule(&dropped), "CHA-04", "without the run that ends at {last}");
        let moved = trio();
        write(&moved, |batch| {
            batch.delete(&VERDICTS, &last);
            batch.put(&VERDICTS, &(last + 1), &run);
        });
        assert_eq!(rule(&moved), "CHA-04", "with the run at {last} one further");
    }
    // Even when the head is made to agree, the event's proof and the state root do not.
    let cut = trio();
    let mut head = cut.member(0).head().unwrap().clone();
    head.verdicts = Frontier::default();
    write(&cut, |batch| {
        runs(&sound).iter().for_each(|(last, _)| batch.delete(&VERDICTS, last));
        batch.put(&HEAD, &ONLY, &head);
    });
    assert_eq!(rule(&cut), "CHA-04");
}

#[test]
fn cha_04_what_execution_looks_up_agrees_with_the_verdicts() {
    let forgotten = trio();
    let digest = forgotten.member(0).verdicts(0, 1).unwrap()[0].1.transaction;
    let row = forgotten.member(0).store().get(&TRANSACTIONS, &digest).unwrap().unwrap();
    write(&forgotten, |batch| batch.delete(&TRANSACTIONS, &digest));
    assert_eq!(rule(&forgotten), "CHA-04", "it could be executed again");
    let invented = trio();
    let mut other = digest;
    other.0[0] ^= 1;
    write(&invented, |batch| batch.put(&TRANSACTIONS, &other, &row));
    assert_eq!(rule(&invented), "CHA-04", "it would be ignored when it comes");
    let unsalted = trio();
    let stored = unsalted.member(0).transaction(&digest).unwrap().unwrap();
    let salt = (stored.body.epoch, stored.body.salt_digest);
    write(&unsalted, |batch| batch.delete(&SALTS, &salt));
    assert_eq!(rule(&unsalted), "CHA-04", "its salt could be used again");
    let salted = trio();
    write(&salted, |batch| batch.put(&SALTS, &(stored.body.epoch, [9; 32]), &()));
    assert_eq!(rule(&salted), "CHA-04", "an honest salt would be refused");
}

#[test]
fn cha_04_batches_and_events_agree_with_the_log() {
    let other_sealed = trio();
    write(&other_sealed, |batch| batch.put(&PRUNABLE, &(0, 0), &b"?".to_vec()));
    assert_eq!(rule(&other_sealed), "CHA-04");
    let other_permanent = trio();
    write(&other_permanent, |batch| batch.delete(&PERMANENT, &(0, 0)));
    assert_eq!(rule(&other_permanent), "CHA-04");
    let other_root = trio();
    let mut event = other_root.member(0).event(other_root.nth(1)).unwrap().unwrap();
    event.root.0[0] ^= 1;
    write(&other_root, |batch| batch.put(&EVENTS, &other_root.nth(1), &event));
    assert_eq!(rule(&other_root), "CHA-04");
}

#[test]
fn cha_04_every_row_of_the_governance_is_part_of_the_state() {
    let mut trio = trio();
    trio.decide_on(0, vec![Wanted::Redefine(Box::new(next_texts()))], &[1]);
    trio.rotate();
    trio.decide_on(0, vec![Wanted::Rekey], &[1]);
    assert_eq!(rule(&trio), "none");
    let channel = trio.member(0);
    let generation = Generation(1);
    let mut row = channel.store().get(&GENERATIONS, &generation).unwrap().unwrap();
    row.term.start.0 += 1;
    let mut texts = channel.store().get(&DEFINITIONS, &2).unwrap().unwrap();
    texts.policy.push('\n');
    let own = channel.own_id();
    let mut published = channel.store().get(&PUBLISHED, &own).unwrap().unwrap();
    published.encryption_key[0] ^= 1;
    let mut decision = channel.store().get(&DECISION, &ONLY).unwrap().unwrap();
    decision.deadline.0 += 1;
    let mut motion = channel.store().get(&MOTIONS, &decision.motion).unwrap().unwrap();
    motion.votes.pop();
    let (deal_key, deal) =
        channel.store().scan(&DEALS, &(Digest([0; 32]), AudienceId([0; 32])), 1).unwrap().remove(0);
    let changes: [&dyn Fn(&mut parclose_store::Batch); 9] = [
        &|b| b.put(&GENERATIONS, &generation, &row),
        &|b| b.put(&DEFINITIONS, &2, &texts),
        &|b| b.put(&PUBLISHED, &own, &published),
        &|b| b.delete(&PUBLISHED, &own),
        &|b| b.put(&DECISION, &ONLY, &decision),
        &|b| b.delete(&DECISION, &ONLY),
        &|b| b.put(&MOTIONS, &decision.motion, &motion),
        &|b| b.delete(&MOTIONS, &decision.motion),
        &|b| b.put(&DEALS, &deal_key, &DealRow { acknowledged: vec![], ..deal.clone() }),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let path = trio.fresh_path();
        hazmat::copy_after_power_loss(trio.member(0).store(), &path).unwrap();
        let copy = trio.open_at(0, &path);
        let mut batch = copy.store().batch();
        change(&mut batch);
        copy.store().commit(batch, Durability::Synced).unwrap();
        let verified = copy.verify(|sequence| trio.chain(sequence));
        assert_eq!(verified.map_or_else(|error| error.rule(), |_| "none"), "CHA-04", "change {at}");
    }
}

#[test]
fn cha_04_the_setup_is_part_of_the_state() {
    let mut trio = trio();
    let mut setup = trio.member(0).setup().clone();
    setup.config.members[0].name = "ann the second".into();
    write(&trio, |batch| batch.put(&SETUP, &ONLY, &setup));
    trio.member_mut(0).setup = setup;
    assert_eq!(rule(&trio), "CHA-04");
}

#[test]
fn cha_05_the_log_is_the_one_of_the_root_chain() {
    let trio = trio();
    let verify = |chain: &dyn Fn(Sequence) -> Option<Digest>| {
        trio.member(0).verify(chain).map_or_else(|error| error.rule(), |_| "none")
    };
    assert_eq!(verify(&|_| None), "CHA-05", "a root chain that knows nothing of it");
    assert_eq!(verify(&|_| Some(Digest([0; 32]))), "CHA-05", "another log");
    assert_eq!(verify(&|s| trio.chain(s).filter(|_| s.0 != 2)), "CHA-05", "a root chain that was put back");
    assert_eq!(verify(&|s| trio.chain(s)), "none");
    let event = trio.member(0).event(Sequence(2)).unwrap().unwrap();
    write(&trio, |batch| batch.put(&EVENTS, &trio.nth(5), &event));
    assert_eq!(rule(&trio), "CHA-05", "an event that the root chain does not have");
}
