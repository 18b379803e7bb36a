//! Erasure as nodes do it: nothing of it is found anywhere in the home, and whoever was away loses it, too.

use std::collections::BTreeSet;

use parclose_channel::ErasureRow;
use parclose_channel::erasure::PUNCTURED;
use parclose_channel::tables::{PERMANENT, PRUNABLE, SECRETS, SHARED};
use parclose_transaction::{Act, Erasure, ErasureTarget, FieldState, SealedPart, UnverifiedTransaction};

use super::*;
use crate::leak_scan::{Kind, Needles};

const MEMBERS: [&str; 3] = ["ann", "bob", "cyd"];

impl Consortium {
    /// Both parties of a record have it erased.
    fn erase(&self, record: u8, parties: [&str; 2]) {
        let target = ErasureTarget::Record(RecordId([record; 32]));
        for member in parties {
            let act = Act::Erase(Erasure { target, reason: "asked by the person".into() });
            let outcome = self.room(member, ROOM).unwrap().act_and_wait(act).unwrap();
            assert_eq!(outcome.verdict, Verdict::Applied);
        }
    }

    fn erasures(&self, member: &str) -> Vec<ErasureRow> {
        self.room(member, ROOM).unwrap().call(|channel| channel.erasures()).unwrap().unwrap()
    }

    fn states(&self, member: &str, record: u8) -> Vec<FieldState> {
        let view = self.room(member, ROOM).unwrap().call(move |channel| {
            channel.view_record(channel.keys(), &RecordId([record; 32])).unwrap().unwrap()
        });
        view.unwrap().fields.into_iter().map(|field| field.state).collect()
    }

    /// Needles of the transaction that made a record: salt, key commitments, ciphertexts, and each member's
    /// row of it as its disk holds it.
    fn needles_of(&self, record: u8) -> Arc<Needles> {
        let mut needles = Needles::default();
        for member in MEMBERS {
            let found = self.room(member, ROOM).unwrap().call(move |channel| {
                channel.store().flush().unwrap();
                let row = channel.record(&RecordId([record; 32])).unwrap().unwrap();
                let (batch, index, ..) = row.fields[0].place;
                let part = channel.store().get(&PRUNABLE, &(batch, index)).unwrap().unwrap();
                let mut sealed_rows = Vec::new();
                channel
                    .store()
                    .logical_dump(|row| {
                        if row.table == PRUNABLE.id()
                            && row.plain.as_deref().is_some_and(|p| p.ends_with(&part))
                        {
                            sealed_rows.push(row.sealed.to_vec());
                        }
                    })
                    .unwrap();
                (part, sealed_rows)
            });
            let (part, sealed_rows) = found.unwrap();
            let sealed: SealedPart = parclose_types::decode("sealed part", &part, part.len()).unwrap();
            needles.add(0, Kind::Row(PRUNABLE.id()), &sealed.salt);
            for field in sealed.fields.iter().flatten() {
                needles.add(0, Kind::Row(PRUNABLE.id()), &field.commitment);
                needles.add(0, Kind::Row(PRUNABLE.id()), &field.ciphertext);
            }
            assert_eq!(sealed_rows.len(), 1);
            for row in &sealed_rows {
                needles.add(0, Kind::SealedRow(PRUNABLE.id()), row);
            }
        }
        needles.prepare();
        Arc::new(needles)
    }

    /// Needles of the keys of the first generation: each secret that a member holds, alone and in its row, and the wraps of
    /// every deal; each as its disk holds it, too.
    fn needles_of_keys(&self) -> Arc<Needles> {
        let mut needles = Needles::default();
        for member in MEMBERS {
            let found = self.room(member, ROOM).unwrap().call(|channel| {
                channel.store().flush().unwrap();
                let mut secrets = Vec::new();
                channel
                    .store()
                    .for_each(&SECRETS, |_, row: (Generation, _, [u8; 32])| secrets.push(row))
                    .unwrap();
                secrets.retain(|(generation, ..)| *generation == Generation(0));
                let mut wraps = Vec::new();
                for (place, permanent) in channel.store().scan(&PERMANENT, &(0, 0), usize::MAX).unwrap() {
                    let transaction = UnverifiedTransaction::decode(&permanent).unwrap();
                    if let Some(Act::Deal { .. }) = transaction.claimed_body().act {
                        let part = channel.store().get(&PRUNABLE, &place).unwrap().unwrap();
                        wraps.extend(transaction.check_sealed(&part).unwrap().wraps);
                    }
                }
                let mut rows = Vec::new();
                let dumped = channel.store().logical_dump(|row| {
                    let plain = row.plain.as_deref().unwrap_or_default();
                    if row.table == SECRETS.id() && secrets.iter().any(|(.., secret)| plain.ends_with(secret))
                    {
                        rows.push(row.sealed.to_vec());
                    }
                });
                dumped.unwrap();
                let secrets: Vec<[u8; 32]> = secrets.into_iter().map(|(.., secret)| secret).collect();
                (secrets, wraps, rows)
            });
            let (secrets, wraps, rows) = found.unwrap();
            // Who reads nothing stores what others have wrapped for each other all the same.
            assert_eq!(secrets.is_empty(), member == "cyd");
            assert!(!wraps.is_empty() && rows.len() == secrets.len(), "{member}");
            secrets.iter().for_each(|secret| needles.add(0, Kind::Row(SECRETS.id()), secret));
            wraps.iter().for_each(|wrap| needles.add(0, Kind::Row(PRUNABLE.id()), wrap));
            rows.iter().for_each(|row| needles.add(0, Kind::SealedRow(SECRETS.id()), row));
        }
        needles.prepare();
        Arc::new(needles)
    }

    /// Both readers want something erased, and all that follows from it is done.
    fn erase_for_all(&self, target: ErasureTarget) {
        for member in ["ann", "bob"] {
            let act = Act::Erase(Erasure { target, reason: "its time is over".into() });
            let outcome = self.room(member, ROOM).unwrap().act_and_wait(act).unwrap();
            assert_eq!(outcome.verdict, Verdict::Applied, "{member}");
        }
        self.quiesce();
    }

    /// Needles that are found in the home: in every file of it, and in every member's rows after unsealing.
    fn search(&self, needles: &Arc<Needles>) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        needles.search_files(self.home().path(), &mut |index| _ = found.insert(index)).unwrap();
        for member in MEMBERS {
            let needles = needles.clone();
            let rows = self.room(member, ROOM).unwrap().call(move |channel| {
                let mut rows = BTreeSet::new();
                needles.search_opened(channel, &mut |index| _ = rows.insert(index)).unwrap();
                rows
            });
            found.extend(rows.unwrap());
        }
        found
    }
}

#[test]
fn era_06_no_store_log_or_file_of_any_node_holds_what_is_erased() {
    let (_folder, consortium) = consortium(&MEMBERS);
    for record in 1..4 {
        assert_eq!(consortium.submit(record).recv().unwrap().unwrap().verdict, Verdict::Applied);
    }
    consortium.quiesce();
    let (erased, kept) = (consortium.needles_of(1), consortium.needles_of(2));
    assert_eq!(consortium.search(&erased).len(), erased.len(), "the search sees all of it before");
    consortium.erase(1, ["ann", "bob"]);
    consortium.quiesce();
    let row = consortium.erasures("cyd").remove(0);
    assert!(row.in_force.is_some());
    assert_eq!(row.confirmed.len(), 3, "every node has said that it is done");
    assert_eq!(consortium.search(&erased), BTreeSet::new());
    assert_eq!(consortium.search(&kept).len(), kept.len(), "nothing else is gone");
    assert!(consortium.states("bob", 1).iter().all(|state| *state == FieldState::Erased));
    assert!(consortium.states("bob", 2).iter().all(|state| matches!(state, FieldState::Opened(_))));
    assert_eq!(consortium.submit(4).recv().unwrap().unwrap().verdict, Verdict::Applied);
    consortium.quiesce();
    let reopened = Consortium::open(consortium.close()).unwrap();
    assert_eq!(reopened.search(&erased), BTreeSet::new(), "nor after all is opened again");
    for member in MEMBERS {
        let root = reopened.root().clone();
        let verified = reopened.room(member, ROOM).unwrap().call(move |channel| {
            let tag = channel.tag();
            channel.verify(|sequence| {
                let events = root.events(&tag, sequence, 1).ok()?;
                events.first().filter(|event| event.entry.sequence == sequence).map(|event| event.entry.chain)
            })
        });
        assert_eq!(verified.unwrap().unwrap().withheld, 0, "{member}");
    }
    drop(reopened.close());
}

#[test]
fn era_15_no_store_log_or_file_of_any_node_holds_the_keys_of_an_erased_generation() {
    let (_folder, consortium) = consortium(&MEMBERS);
    for record in 1..3 {
        assert_eq!(consortium.submit(record).recv().unwrap().unwrap().verdict, Verdict::Applied);
    }
    consortium.quiesce();
    let (fields, keys) = (consortium.needles_of(1), consortium.needles_of_keys());
    consortium.turn_keys(9);
    consortium.quiesce();
    assert_eq!(consortium.submit(3).recv().unwrap().unwrap().verdict, Verdict::Applied);
    consortium.quiesce();
    let kept = consortium.needles_of(3);
    for needles in [&fields, &keys] {
        assert_eq!(consortium.search(needles).len(), needles.len(), "the search sees all of it before");
    }
    consortium.erase_for_all(ErasureTarget::Generation(Generation(0)));
    assert_eq!(consortium.erasures("cyd")[0].confirmed.len(), 3, "every node has said that it is done");
    for needles in [&fields, &keys] {
        assert_eq!(consortium.search(needles), BTreeSet::new());
    }
    assert_eq!(consortium.search(&kept).len(), kept.len(), "nothing else is gone");
    assert!(consortium.states("bob", 1).iter().all(|state| *state == FieldState::Erased));
    assert!(consortium.states("bob", 3).iter().all(|state| matches!(state, FieldState::Opened(_))));

    let reopened = Consortium::open(consortium.close()).unwrap();
    for needles in [&fields, &keys] {
        assert_eq!(reopened.search(needles), BTreeSet::new(), "nor after all is opened again");
    }
    assert!(reopened.states("ann", 3).iter().all(|state| matches!(state, FieldState::Opened(_))));
    drop(reopened.close());
}

/// A table that shredding forgets is found: whatever table it is.
#[test]
fn era_15_one_row_that_was_forgotten_is_found() {
    let (_folder, consortium) = consortium(&MEMBERS);
    assert_eq!(consortium.submit(1).recv().unwrap().unwrap().verdict, Verdict::Applied);
    consortium.quiesce();
    let keys = consortium.needles_of_keys();
    let secret = consortium.room("bob", ROOM).unwrap().call(|channel| {
        let mut found = None;
        channel.store().for_each(&SECRETS, |_, row: (Generation, _, [u8; 32])| found = Some(row.2)).unwrap();
        found.unwrap()
    });
    let secret = secret.unwrap();
    consortium.turn_keys(9);
    consortium.quiesce();
    consortium.erase_for_all(ErasureTarget::Generation(Generation(0)));
    assert_eq!(consortium.search(&keys), BTreeSet::new());
    for table in [&SHARED, &PUNCTURED] {
        consortium.room("bob", ROOM).unwrap().call(move |channel| {
            let mut batch = channel.store().batch();
            batch.put(table, &900, &secret.to_vec());
            channel.store().commit(batch, parclose_store::Durability::Synced).unwrap();
        });
        assert_eq!(consortium.search(&keys).len(), 1, "table {}", table.id());
        consortium.room("bob", ROOM).unwrap().call(move |channel| {
            let mut batch = channel.store().batch();
            batch.delete(table, &900);
            channel.store().commit(batch, parclose_store::Durability::Synced).unwrap();
            channel.store().shred(table, None).unwrap();
        });
        assert_eq!(consortium.search(&keys), BTreeSet::new());
    }
    drop(consortium.close());
}

#[test]
fn era_07_a_node_that_was_away_gets_what_is_left_and_confirms() {
    let (folder, consortium) = consortium(&MEMBERS);
    let archive = folder.path().join("archive");
    consortium.back_up("bob", &archive).unwrap();
    let ann = consortium.room("ann", ROOM).unwrap();
    for record in [5, 6] {
        let outcome = ann.submit_and_wait(consortium.statement(record, ["ann", "cyd"])).unwrap();
        assert_eq!(outcome.verdict, Verdict::Applied);
    }
    consortium.quiesce();
    let (erased, kept) = (consortium.needles_of(5), consortium.needles_of(6));
    consortium.lose("bob");
    consortium.erase(5, ["ann", "cyd"]);
    let row = consortium.erasures("cyd").remove(0);
    assert!(row.in_force.is_some());
    consortium.put_back("bob", &archive).unwrap();
    consortium.start_again("bob");
    consortium.until("bob", consortium.state("ann").0);
    consortium.quiesce();
    assert_eq!(consortium.state("bob").1, consortium.state("ann").1);
    assert_eq!(consortium.erasures("bob")[0].confirmed.len(), 3, "it has said so, too");
    assert_eq!(consortium.search(&erased), BTreeSet::new());
    assert!(!consortium.search(&kept).is_empty());
    let withheld = consortium.room("bob", ROOM).unwrap().call(|channel| channel.withheld().unwrap().len());
    assert_eq!(withheld, Some(0));
    drop(consortium.close());
}
