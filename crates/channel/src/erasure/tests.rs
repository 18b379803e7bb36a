use std::path::{Path, PathBuf};

use parclose_root::RootTransaction;
use parclose_store::hazmat::copy_after_kill;
use parclose_transaction::draft::hazmat::into_parts;
use parclose_transaction::{Act, Erasure, FieldState, Reach, SignedTransaction};
use parclose_types::{Failure, RecordId, encode};

use super::*;
use crate::channel::Channel;
use crate::fixtures::{Trio, create, receive, record, texts, update};
use crate::tables::PRUNABLE;

fn erase(number: u8) -> Act {
    Act::Erase(Erasure {
        target: ErasureTarget::Record(record(number)),
        reason: "asked by the person".into(),
    })
}

fn records(gone: &[RecordId]) -> BTreeSet<ErasureTarget> {
    gone.iter().copied().map(ErasureTarget::Record).collect()
}

/// Takes the rows of some records out, and leaves the files as they are.
fn shred_rows(channel: &Channel, gone: &[RecordId]) {
    channel.shred_parts(&Reach::new(&records(gone), [])).unwrap();
}

/// Both parties want it erased.
fn erased(trio: &mut Trio, number: u8) {
    assert_eq!(trio.act(0, erase(number)).0, "applied");
    assert_eq!(trio.act(1, erase(number)).0, "applied");
}

/// What of a sealed part must be nowhere: as the owner reads it, and as the disk holds it.
struct Traces {
    opened: Vec<Vec<u8>>,
    stored: Vec<Vec<u8>>,
}

impl Traces {
    /// Of all that a member's store has of a transaction's operation; with the salt, if that goes as well.
    fn of(channel: &Channel, signed: &SignedTransaction, operation: usize, salt: bool) -> Self {
        let (_, sealed) = into_parts(signed.clone());
        let fields = sealed.fields[operation].iter();
        let mut opened: Vec<Vec<u8>> =
            fields.flat_map(|field| [field.commitment.to_vec(), field.ciphertext.clone()]).collect();
        opened.extend(salt.then(|| sealed.salt.to_vec()));
        let mut stored = Vec::new();
        let logical_dump = channel.store().logical_dump(|row| {
            let holds = |needle: &Vec<u8>| row.plain.as_deref().is_some_and(|plain| is_in(needle, plain));
            if opened.iter().any(holds) {
                // The write-ahead log cuts long rows into blocks.
                stored.push(row.sealed[..64].to_vec());
            }
        });
        logical_dump.unwrap();
        Self { opened, stored }
    }

    /// How many of them are found, in the rows and in the files of a store.
    fn found(&self, channel: &Channel, folder: &Path) -> (usize, usize) {
        let (mut rows, mut files) = (0, 0);
        let dumped = channel.store().logical_dump(|row| {
            let plain = row.plain.as_deref().unwrap_or_default();
            rows += self.opened.iter().filter(|needle| is_in(needle, plain)).count();
        });
        dumped.unwrap();
        for entry in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            files += self.stored.iter().filter(|needle| is_in(needle, &bytes)).count();
        }
        (rows, files)
    }
}

fn is_in(needle: &[u8], bytes: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn folder(trio: &mut Trio, at: usize) -> PathBuf {
    let path = trio.close(at).to_owned();
    trio.reopen(at);
    path
}

pub(super) fn states(channel: &Channel, number: u8) -> Vec<FieldState> {
    let view = channel.view_record(channel.keys(), &record(number)).unwrap().unwrap();
    view.fields.into_iter().map(|field| field.state).collect()
}

pub(super) fn is_open(channel: &Channel, number: u8) -> bool {
    states(channel, number).iter().all(|state| matches!(state, FieldState::Opened(_)))
}

pub(super) fn all_are(channel: &Channel, number: u8, expected: &FieldState) -> bool {
    states(channel, number).iter().all(|state| state == expected)
}

/// Executes what is final on a copy of a store, with the batches as a member hands them out.
pub(super) fn follow(trio: &Trio, channel: &mut Channel, from: usize) {
    let next = channel.head().unwrap().next;
    for event in trio.log.iter().filter(|event| event.entry.sequence >= next) {
        if let RootTransaction::Anchor(anchor) = &event.transaction
            && !channel.has_batch(&anchor.commitment).unwrap()
        {
            receive(channel, &trio.member(from).stored_batch(&anchor.commitment).unwrap().unwrap());
        }
        channel.execute(event).unwrap();
    }
}

#[test]
fn era_01_a_record_that_is_there_without_value_is_erased_for_a_reason() {
    let mut trio = Trio::new();
    assert_eq!(trio.act(0, erase(1)).0, "ERA-01", "there is no such record");
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    let target = ErasureTarget::Record(record(1));
    for reason in ["", "two\nlines"] {
        let act = Act::Erase(Erasure { target, reason: reason.into() });
        assert_eq!(trio.act(0, act).0, "ERA-01", "{reason:?}");
    }
    let long = Act::Erase(Erasure { target, reason: "x".repeat(257) });
    let long = trio.signed_act(0, crate::Due { act: long, wraps: Vec::new() });
    let (permanent, _) = long.encode_parts();
    let refused = parclose_transaction::UnverifiedTransaction::decode(&permanent).unwrap_err();
    assert_eq!(refused.rule(), "WIR-04");
    assert_eq!(trio.act(0, erase(1)).0, "applied");
}

#[test]
fn era_01_a_record_of_value_stays() {
    let (mut trio, asset) = Trio::cash();
    let of_asset =
        || Act::Erase(Erasure { target: ErasureTarget::Record(RecordId(asset.0)), reason: "no".into() });
    let issued = trio.issue(0, asset, &[(0, 5)]);
    assert_eq!(trio.decide_by(0, &issued), "applied");
    assert_eq!(trio.act(0, of_asset()).0, "ERA-01", "a note of it can be spent");
    let notes = trio.purse(0);
    let redeemed = trio.redeem(0, asset, notes, (5, &[]));
    assert_eq!(trio.decide_by(0, &redeemed), "applied");
    for member in 0..3 {
        trio.act(member, of_asset());
    }
    assert!(trio.member(0).is_erased(&ErasureTarget::Record(RecordId(asset.0))));
    let again = trio.issue(0, asset, &[(0, 5)]);
    assert_eq!(trio.decide_by(0, &again), "ERA-04", "what is erased has no new notes");
    let account = trio.account(0, 0);
    assert_eq!(trio.decide_by(0, &account), "applied");
    let target = ErasureTarget::Record(account.body().operations[0].record);
    let act = Act::Erase(Erasure { target, reason: "no".into() });
    assert_eq!(trio.act(0, act).0, "ERA-01");
}

#[test]
fn era_02_whoever_has_made_it_or_reads_all_of_it_asks_and_once() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    assert_eq!(trio.act(2, erase(1)).0, "ERA-02", "it reads nothing of it");
    assert_eq!(trio.act(0, erase(1)).0, "applied");
    assert_eq!(trio.act(0, erase(1)).0, "ERA-02", "one member is one");
    assert_eq!(trio.member(0).erasures().unwrap()[0].in_force, None);
    assert!(is_open(trio.member(1), 1));
}

#[test]
fn era_03_it_takes_force_with_the_last_approval_and_lapses_without_it() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    let (verdict, first) = trio.act(0, erase(1));
    assert_eq!(verdict, "applied");
    trio.wait(trio.member(0).definition().governance.motion_within + 1);
    let (verdict, later) = trio.act(1, erase(1));
    assert_eq!(verdict, "applied");
    let row = &trio.member(0).erasures().unwrap()[0];
    assert_eq!((row.act, row.in_force, row.needed), (later, None, 2), "the first has lapsed");
    assert_ne!(first, later);
    assert_eq!(trio.act(0, erase(1)).0, "applied");
    let row = &trio.member(2).erasures().unwrap()[0];
    assert!(row.in_force.is_some() && row.approvals.len() == 2);
    assert_eq!(trio.act(0, erase(1)).0, "ERA-04", "it is erased already");

    let mut texts = texts();
    let governance = "[governance]            # how";
    texts.channel_toml =
        texts.channel_toml.replacen(governance, "[governance]\nerasure_approvals = 1\n# how", 1);
    let mut alone = Trio::with(texts);
    let made = alone.statement(create(1));
    assert_eq!(alone.decide(&made), "applied");
    assert_eq!(alone.act(1, erase(1)).0, "applied");
    assert!(alone.member(0).erasures().unwrap()[0].in_force.is_some());
}

#[test]
fn era_04_an_erased_record_takes_no_more_writes_and_what_comes_late_is_shredded() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    let late = trio.statement(update(1, 2));
    erased(&mut trio, 1);
    trio.upkeep();
    let folders: Vec<PathBuf> = (0..3).map(|at| folder(&mut trio, at)).collect();
    assert_eq!(trio.decide(&late), "ERA-04");
    let traces = Traces::of(trio.member(1), &late, 0, true);
    assert_ne!(traces.found(trio.member(1), &folders[1]), (0, 0), "the search sees it before");
    trio.upkeep();
    for (at, folder) in folders.iter().enumerate() {
        assert_eq!(traces.found(trio.member(at), folder), (0, 0), "member {at}");
    }
}

#[test]
fn era_06_nothing_is_left_in_rows_and_files_and_all_else_verifies() {
    let mut trio = Trio::new();
    let pair = trio.statements(&[create(1), create(2)]);
    let other = trio.statement(create(3));
    assert_eq!((trio.decide(&pair), trio.decide(&other)), ("applied".into(), "applied".into()));
    let changed = trio.statement(update(1, 2));
    let lost = trio.statement(update(1, 2));
    trio.anchor(0, &[changed.clone(), lost.clone()]);
    assert_ne!(trio.verdict(&lost), "applied");
    let folders: Vec<PathBuf> = (0..3).map(|at| folder(&mut trio, at)).collect();
    trio.member_mut(0).find("record 1").unwrap();
    let all = [(&pair, 0, false), (&changed, 0, true), (&lost, 0, true)];
    let traces: Vec<Vec<Traces>> = (0..3)
        .map(|at| {
            all.map(|(signed, operation, salt)| Traces::of(trio.member(at), signed, operation, salt)).into()
        })
        .collect();
    for at in 0..3 {
        for traces in &traces[at] {
            let (rows, files) = traces.found(trio.member(at), &folders[at]);
            assert!(rows >= 4 && files >= 1, "member {at}: the search sees it before");
        }
    }

    let state_of_others = states(trio.member(1), 2);
    erased(&mut trio, 1);
    // Rows that are gone are still in the files.
    shred_rows(trio.member(0), &[record(1)]);
    for traces in &traces[0] {
        let (rows, files) = traces.found(trio.member(0), &folders[0]);
        assert!(rows == 0 && files > 0, "without new files it is found");
    }
    trio.upkeep();
    for at in 0..3 {
        for traces in &traces[at] {
            assert_eq!(traces.found(trio.member(at), &folders[at]), (0, 0), "member {at}");
        }
        let mut index = 0;
        trio.member(at).store().for_each(&crate::tables::INDEX, |_, _| index += 1).unwrap();
        assert_eq!(index, 0);
    }
    assert!(all_are(trio.member(0), 1, &FieldState::Erased));
    assert!(all_are(trio.member(1), 1, &FieldState::Erased));
    assert_eq!(states(trio.member(1), 2), state_of_others, "in the same transaction");
    assert!(is_open(trio.member(1), 3));
    for at in 0..3 {
        let verified = trio.member(at).verify(|sequence| trio.chain(sequence)).unwrap();
        assert_eq!(verified.withheld, 0);
    }
    let found = trio.member_mut(0).find("record 1").unwrap();
    assert_eq!(found, [], "the index is made anew from what is left");
    assert_eq!(trio.member_mut(0).find("record 2").unwrap().len(), 1);
    let later = trio.statement(create(4));
    assert_eq!(trio.decide(&later), "applied");
    for signed in [&pair, &other, &changed] {
        trio.member(0).prove_outcome(&signed.digest()).unwrap();
        trio.member(0).prove_ordered(&signed.digest()).unwrap();
    }
}

#[test]
fn era_06_an_erasure_that_a_crash_has_cut_short_is_carried_out_later() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    erased(&mut trio, 1);
    let traces = Traces::of(trio.member(0), &made, 0, true);
    for rows_are_gone in [false, true] {
        let copy = trio.fresh_path();
        if rows_are_gone {
            shred_rows(trio.member(0), &[record(1)]);
        }
        copy_after_kill(trio.member(0).store(), &copy).unwrap();
        let mut channel = trio.open_at(0, &copy);
        assert!(channel.confirmations_due().unwrap().is_empty(), "not before it is done");
        assert!(channel.carry_out_erasures().unwrap());
        assert_eq!(traces.found(&channel, &copy), (0, 0));
        assert_eq!(channel.confirmations_due().unwrap().len(), 1);
        assert!(!channel.carry_out_erasures().unwrap(), "it is done");
    }
}

#[test]
fn era_06_a_store_that_is_put_back_loses_it_again() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    let (copy, traces) = (trio.fresh_path(), Traces::of(trio.member(1), &made, 0, true));
    copy_after_kill(trio.member(1).store(), &copy).unwrap();
    erased(&mut trio, 1);
    trio.upkeep();
    let mut restored = trio.open_at(1, &copy);
    assert_ne!(traces.found(&restored, &copy), (0, 0));
    follow(&trio, &mut restored, 0);
    assert!(restored.erasures().unwrap()[0].is_confirmed_by(&trio.id(1)), "it has said so before");
    assert!(restored.carry_out_erasures().unwrap());
    assert_eq!(traces.found(&restored, &copy), (0, 0));
}

/// Three records, the second of which is erased; and a copy of the third member's store from before all that.
fn behind() -> (Trio, Channel, Vec<SignedTransaction>) {
    let mut trio = Trio::new();
    let copy = trio.fresh_path();
    copy_after_kill(trio.member(1).store(), &copy).unwrap();
    let written = vec![trio.statements(&[create(1), create(2)]), trio.statement(create(3))];
    for signed in &written {
        assert_eq!(trio.decide(signed), "applied");
    }
    let channel = trio.open_at(1, &copy);
    (trio, channel, written)
}

#[test]
fn era_07_whoever_is_behind_takes_what_is_left_and_only_as_the_header_has_it() {
    let (mut trio, mut late, written) = behind();
    erased(&mut trio, 2);
    erased(&mut trio, 3);
    trio.upkeep();
    let event = trio.member(0).transaction(&written[0].digest()).unwrap().unwrap().place.sequence;
    let event = trio.member(0).event(event).unwrap().unwrap();
    let crate::tables::EventOutcome::Executed { commitment, .. } = event.outcome else { panic!("a batch") };
    assert_eq!(trio.member(0).stored_proposal(&commitment).unwrap(), None, "it is not whole");
    let good = trio.member(0).stored_batch(&commitment).unwrap().unwrap();
    assert_eq!(good.commitment(), commitment);
    assert_eq!(ErasedBatch::decode(&encode(&good)).as_ref(), Ok(&good));
    good.check().unwrap();
    let refused = |bend: &dyn Fn(&mut ErasedBatch)| {
        let mut bent = good.clone();
        bend(&mut bent);
        assert_ne!(bent, good);
        let copied = Channel::receive_erased;
        (bent.check().is_err(), copied, encode(&bent))
    };
    let bends: [&dyn Fn(&mut ErasedBatch); 9] = [
        &|batch| batch.erased[0].1.leaf[0] ^= 1,
        &|batch| batch.erased[0].1.fields[0][0].ciphertext[0] ^= 1,
        &|batch| batch.erased[0].1.erased = vec![0],
        &|batch| batch.erased[0].0 = 1,
        &|batch| batch.erased.clear(),
        &|batch| batch.batch.prunable[0] = vec![1],
        &|batch| batch.batch.permanent[0][0] ^= 1,
        &|batch| batch.batch.signature.0[0] ^= 1,
        &|batch| drop(batch.batch.prunable.pop()),
    ];
    for (at, bend) in bends.into_iter().enumerate() {
        let (is_refused, receive, bytes) = refused(bend);
        assert!(is_refused, "{at}");
        assert!(receive(&mut late, &bytes).is_err(), "{at}");
    }
    follow(&trio, &mut late, 0);
    assert_eq!(late.head().unwrap().root, trio.member(0).head().unwrap().root, "one state");
    assert!(
        is_open(&late, 1) && all_are(&late, 2, &FieldState::Erased) && all_are(&late, 3, &FieldState::Erased)
    );
    assert_eq!(late.withheld().unwrap(), [].into());
    late.carry_out_erasures().unwrap();
    assert_eq!(late.verify(|sequence| trio.chain(sequence)).unwrap().withheld, 0);
}

/// A batch as somebody hands it out who would keep some records from the others.
fn kept_back(honest: &ErasedBatch, gone: &[RecordId]) -> ErasedBatch {
    let mut lie = honest.clone();
    for (index, (permanent, prunable)) in (0..).zip(honest.batch.permanent.iter().zip(&honest.batch.prunable))
    {
        let transaction = parclose_transaction::UnverifiedTransaction::decode(permanent).unwrap();
        let mut part = match honest.left_of(index) {
            Some(left) => left.clone(),
            None => ErasedPart::of_whole(prunable, transaction.check_sealed(prunable).unwrap()),
        };
        if part.shred(transaction.claimed_body(), &Reach::new(&records(gone), [])) {
            lie.erased.retain(|(at, _)| *at != index);
            lie.erased.push((index, part));
            lie.batch.prunable[usize::try_from(index).unwrap()] = Vec::new();
        }
    }
    lie.erased.sort_by_key(|(index, _)| *index);
    lie
}

#[test]
fn era_08_what_is_said_to_be_erased_and_is_not_is_missing_until_somebody_hands_it_out() {
    let (mut trio, mut late, _) = behind();
    erased(&mut trio, 2);
    trio.upkeep();
    let mut commitments = Vec::new();
    let next = late.head().unwrap().next;
    for event in trio.log.clone().iter().filter(|event| event.entry.sequence >= next) {
        if let RootTransaction::Anchor(anchor) = &event.transaction {
            let honest = trio.member(0).stored_batch(&anchor.commitment).unwrap().unwrap();
            let lie = kept_back(&honest, &[record(1), record(2), record(3)]);
            if lie != honest {
                commitments.push(anchor.commitment);
            }
            receive(&mut late, &lie);
        }
        late.execute(event).unwrap();
    }
    assert_eq!(late.head().unwrap().root, trio.member(0).head().unwrap().root, "execution reads none of it");
    late.carry_out_erasures().unwrap();
    assert!(all_are(&late, 1, &FieldState::Missing) && all_are(&late, 3, &FieldState::Missing));
    assert!(all_are(&late, 2, &FieldState::Erased), "this one the log has erased");
    assert_eq!(late.withheld().unwrap(), commitments.iter().copied().collect());
    assert_eq!(late.verify(|sequence| trio.chain(sequence)).unwrap().withheld, 2);
    for commitment in &commitments {
        let honest = trio.member(0).stored_batch(commitment).unwrap().unwrap();
        let lie = kept_back(&honest, &[record(1), record(2), record(3)]);
        assert!(!late.fill(&lie).unwrap(), "the same again fills nothing");
        let mut bent = honest.clone();
        match bent.erased.first_mut() {
            Some((_, part)) => part.fields[0][0].ciphertext[0] ^= 1,
            None => bent.batch.prunable[0][40] ^= 1,
        }
        assert!(!late.fill(&bent).unwrap(), "nor does what the body does not commit to");
        assert!(late.fill(&honest).unwrap());
    }
    assert_eq!(late.withheld().unwrap(), [].into());
    assert!(is_open(&late, 1) && is_open(&late, 3) && all_are(&late, 2, &FieldState::Erased));
    assert_eq!(late.verify(|sequence| trio.chain(sequence)).unwrap().withheld, 0);
}

#[test]
fn era_09_a_member_confirms_once_what_is_in_force() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    let confirm = || Act::Erased { target: ErasureTarget::Record(record(1)) };
    assert_eq!(trio.act(0, erase(1)).0, "applied");
    assert_eq!(trio.act(0, confirm()).0, "ERA-09", "it is not in force");
    assert_eq!(trio.act(1, erase(1)).0, "applied");
    let due = trio.member(2).confirmations_due().unwrap();
    assert_eq!(due, [], "its store still has it");
    trio.upkeep();
    let row = &trio.member(0).erasures().unwrap()[0];
    let mut all: Vec<_> = (0..3).map(|at| trio.id(at)).collect();
    all.sort_unstable();
    assert_eq!(row.confirmed.iter().map(|(member, _)| *member).collect::<Vec<_>>(), all);
    assert_eq!(trio.act(2, confirm()).0, "ERA-09", "a second time");
    assert_eq!(trio.member(0).store().get(&PRUNABLE, &(u64::MAX, 0)).unwrap(), None);
}

#[test]
fn sta_09_an_erasure_is_a_leaf_of_the_state() {
    let mut trio = Trio::new();
    let made = trio.statement(create(1));
    assert_eq!(trio.decide(&made), "applied");
    assert_eq!(trio.act(0, erase(1)).0, "applied");
    let key = row_key(&ErasureTarget::Record(record(1)));
    let store = trio.member(0).store();
    let mut row = store.get(&ERASURES, &key).unwrap().unwrap();
    row.reason = "another".into();
    let mut batch = store.batch();
    batch.put(&ERASURES, &key, &row);
    store.commit(batch, parclose_store::Durability::Synced).unwrap();
    let refused = trio.member(0).verify(|sequence| trio.chain(sequence)).unwrap_err();
    assert_eq!(refused.rule(), "CHA-04");
}
