//! Stores that are put back: what is checked, and what a member with an old store may do.

use std::collections::BTreeSet;
use std::path::PathBuf;

use parclose_channel::tables::EventOutcome;
use parclose_store::hazmat::{Row, raw_rows};
use parclose_transaction::{Act, Change, Draft, Motion, UnverifiedTransaction};
use parclose_types::TransactionDigest;

use super::*;
use crate::backup::{self, BackupError, Checked, Manifest, Scratch};
use crate::tamper;

impl Consortium {
    fn directory(&self, member: &str) -> MemberDirectory {
        self.home().member_directory(member).unwrap()
    }

    pub(super) fn back_up(&self, member: &str, out: &Path) -> Result<Manifest, BackupError> {
        let directory = self.directory(member);
        let recipient = backup::recipient(&directory.key_file(), directory.unlock())?;
        let card = directory.channel(ROOM)?;
        let (room, network) = (self.room(member, ROOM)?, self.root().network());
        backup::create(&room, &card, network, directory.path(), (&recipient, out), &mut generator())
    }

    pub(super) fn put_back(&self, member: &str, archive: &Path) -> Result<(Manifest, Checked), BackupError> {
        let directory = self.directory(member);
        let key = backup::opening_key(&directory.key_file(), directory.unlock())?;
        backup::restore(archive, &key, &directory, self.root().as_ref(), self.cache())
    }

    /// Ends a member's room: its store is closed when this returns.
    fn end_room(&self, member: &str) {
        let room = self.room(member, ROOM).unwrap();
        room.stop();
        while room.call(|_| ()).is_some() {}
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap());
        let (ended, others) = tasks
            .into_iter()
            .partition(|task: &JoinHandle<()>| task.thread().name() == Some(&format!("{member}/{ROOM}")));
        *self.tasks.lock().unwrap() = others;
        let ended: Vec<JoinHandle<()>> = ended;
        ended.into_iter().for_each(|task| task.join().unwrap());
    }

    fn folder(&self, member: &str) -> PathBuf {
        self.directory(member).path().join("channels").join(ROOM)
    }

    /// Ends the room, and loses the channel's directory.
    pub(super) fn lose(&self, member: &str) {
        self.end_room(member);
        std::fs::remove_dir_all(self.folder(member)).unwrap();
    }

    /// Ann and cyd decide on new keys for everybody, and the rotation is executed.
    pub(super) fn turn_keys(&self, blinder: u8) {
        let ann = self.room("ann", ROOM).unwrap();
        let generation = || ann.call(|channel| channel.config().generation).unwrap();
        let before = generation();
        let motion = Motion { changes: vec![Change::Rekey], blinder: [blinder; 32] };
        let moved = ann.act_and_wait(Act::Move(motion)).unwrap();
        let vote = Act::Vote { motion: moved.transaction, approve: true };
        self.room("cyd", ROOM).unwrap().act_and_wait(vote).unwrap();
        let turned = (0..256).any(|_| {
            self.advance(Height(self.root().head().0 + 1)).unwrap();
            self.settle();
            generation() > before
        });
        assert!(turned, "the keys have not turned over");
    }

    pub(super) fn start_again(&self, member: &str) {
        let directory = self.directory(member);
        self.start_room(member, &directory, &directory.channel(ROOM).unwrap()).unwrap();
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_store_that_was_lost_is_put_back_and_catches_up_with_the_others() {
    let (folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let archive = folder.path().join("archive");
    let before = names(consortium.directory("bob").path());
    let made = consortium.back_up("bob", &archive).unwrap();
    assert_eq!((made.next.0, made.root), consortium.state("bob"));
    for record in 1..8 {
        assert_eq!(consortium.submit(record).recv().unwrap().unwrap().verdict, Verdict::Applied);
    }
    consortium.quiesce();
    let ahead = consortium.state("ann");
    consortium.lose("bob");
    let (manifest, checked) = consortium.put_back("bob", &archive).unwrap();
    assert_eq!((manifest, checked.verified.root), (made.clone(), made.root));
    assert_eq!(checked.behind, Some(ahead.0 - made.next.0));
    assert_eq!(names(consortium.directory("bob").path()), before, "nothing unfinished is left");
    consortium.start_again("bob");
    consortium.until("bob", ahead.0);
    assert_eq!(consortium.state("bob"), ahead);
    let reopened = Consortium::open(consortium.close()).unwrap();
    assert_eq!(reopened.state("bob"), reopened.state("ann"));
    let bob = reopened.room("bob", ROOM).unwrap();
    let outcome = bob.submit_and_wait(reopened.statement(9, ["bob", "ann"])).unwrap();
    assert_eq!(outcome.verdict, Verdict::Applied, "it takes part again");
    drop(reopened.close());
}

#[test]
fn nod_15_a_store_that_was_put_back_endorses_nothing_until_it_has_caught_up() {
    let (folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let ann = consortium.room("ann", ROOM).unwrap();
    ann.submit_and_wait(consortium.statement(199, ["ann", "cyd"])).unwrap();
    consortium.quiesce();
    let archive = folder.path().join("archive");
    let made = consortium.back_up("bob", &archive).unwrap();
    consortium.disconnect("bob");
    ann.submit_and_wait(consortium.statement(1, ["ann", "cyd"])).unwrap();
    consortium.lose("bob");
    consortium.put_back("bob", &archive).unwrap();
    let lag = ann.call(|channel| channel.definition().parameters.endorse_lag_max).unwrap();
    assert!(consortium.state("ann").0 - made.next.0 <= lag, "as far behind as others may be");
    // Stand-ins: nobody gives it what it misses until they go.
    let (at_ann, _at_cyd) = (consortium.stand_in("ann", None), consortium.stand_in("cyd", None));
    consortium.start_again("bob");
    let bob = consortium.room("bob", ROOM).unwrap();
    let last_height = Height(consortium.root().head().0 + 500);
    let offered = ann.call(move |channel| attesting_the_opening(channel, 1, last_height));
    let (tag, proposal) = offered.unwrap();
    let (from, waiting) = (consortium.pseudonym_of("ann"), proposal.commitment());
    let message = Message::Propose { tag, proposal: encode(&proposal) };
    assert!(split(1, &message.to_bytes()).into_iter().all(|frame| bob.deliver(from, frame)));
    let (done, answer) = channel();
    bob.submit(consortium.statement(2, ["bob", "cyd"]), Box::new(move |o| drop(done.send(o))));
    bob.call(|_| ()).unwrap();
    assert_eq!(consortium.state("bob").0, made.next.0);
    assert_eq!(at_ann.endorsed(), [], "it endorses nothing");
    assert_eq!(at_ann.proposals(), [], "and proposes nothing");
    // It gets what it misses, and looks again.
    consortium.connect("cyd");
    consortium.until("bob", consortium.state("cyd").0);
    assert_eq!(at_ann.endorsed(), [waiting]);
    consortium.connect("ann");
    assert_eq!(answer.recv().unwrap().unwrap().verdict, Verdict::Applied);
    drop(consortium.close());
}

#[test]
fn bak_09_a_store_is_what_its_manifest_says() {
    let (folder, consortium) = consortium(&["ann", "bob"]);
    consortium.submit(1).recv().unwrap().unwrap();
    consortium.quiesce();
    let archive = folder.path().join("archive");
    consortium.back_up("ann", &archive).unwrap();
    let directory = consortium.directory("ann");
    let key = backup::opening_key(&directory.key_file(), directory.unlock()).unwrap();
    let member = key_file::member(&directory.key_file(), directory.unlock()).unwrap();
    let scratch = Scratch::within(folder.path()).unwrap();
    let database = scratch.path().join("db");
    let manifest = backup::extract(&archive, &key, &database).unwrap();
    let root = consortium.root().clone();
    let check = |manifest: &Manifest| {
        backup::check(&database, manifest, &member, Some(root.as_ref()), consortium.cache())
    };
    let checked = check(&manifest).unwrap();
    assert!(checked.all_attested && checked.attested.is_some());
    assert_eq!(checked.behind, Some(0));
    for change in [
        |m: &mut Manifest| m.root.0[0] ^= 1,
        |m: &mut Manifest| m.next.0 += 1,
        |m: &mut Manifest| m.height.0 += 1,
        |m: &mut Manifest| m.tag.0[0] ^= 1,
    ] {
        let mut other = manifest.clone();
        change(&mut other);
        assert_eq!(check(&other).unwrap_err().rule(), "BAK-09");
    }
    // A value that was exchanged under a right storage key does not follow from the log.
    let swapped = tamper::swap_records(&database).unwrap().unwrap();
    let found = check(&manifest).unwrap_err();
    assert!(["STO-01", "STO-02", "CHA-04"].contains(&found.rule()), "{found}");
    tamper::swap_back(&database, &swapped).unwrap();
    check(&manifest).unwrap();
    drop(consortium.close());
}

#[test]
fn bak_10_a_store_belongs_to_the_network_of_the_root_chain() {
    let (folder, consortium) = consortium(&["ann", "bob"]);
    let archive = folder.path().join("archive");
    consortium.back_up("ann", &archive).unwrap();
    let other = folder.path().join("other");
    found_consortium(&other, &["ann", "bob"], &mut generator()).unwrap();
    let other = Home::open(&other).unwrap();
    let foreign = open_root(&other, consortium.cache()).unwrap();
    consortium.lose("ann");
    let directory = consortium.directory("ann");
    let key = backup::opening_key(&directory.key_file(), directory.unlock()).unwrap();
    let refused = backup::restore(&archive, &key, &directory, &foreign, consortium.cache()).unwrap_err();
    assert_eq!(refused.rule(), "BAK-10");
    assert!(!consortium.folder("ann").exists(), "nothing is put there");
    // Another member's master opens none of the rows.
    let bob = consortium.directory("bob");
    consortium.lose("bob");
    let refused = backup::restore(&archive, &key, &bob, consortium.root().as_ref(), consortium.cache());
    assert_eq!(refused.unwrap_err().rule(), "STO-05");
    consortium.put_back("ann", &archive).unwrap();
    drop(consortium.close());
}

#[test]
fn bak_11_an_archive_is_written_over_nothing() {
    let (folder, consortium) = consortium(&["ann", "bob"]);
    let archive = folder.path().join("archive");
    std::fs::write(&archive, "precious").unwrap();
    assert_eq!(consortium.back_up("ann", &archive).unwrap_err().rule(), "BAK-11");
    assert_eq!(std::fs::read_to_string(&archive).unwrap(), "precious");
    let absent = folder.path().join("no/such/folder");
    assert_eq!(consortium.back_up("ann", &absent).unwrap_err().rule(), "BAK-11");
    assert!(!names(consortium.directory("ann").path()).iter().any(|name| name.starts_with("unfinished")));
    drop(consortium.close());
}

#[test]
fn bak_12_a_channel_is_restored_only_where_none_is() {
    let (folder, consortium) = consortium(&["ann", "bob"]);
    let archive = folder.path().join("archive");
    consortium.back_up("ann", &archive).unwrap();
    let refused = consortium.put_back("ann", &archive).unwrap_err();
    assert_eq!((refused.rule(), refused.code()), ("BAK-12", "CHANNEL_EXISTS"));
    consortium.lose("ann");
    let place = consortium.folder("ann");
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("note"), "precious").unwrap();
    assert_eq!(consortium.put_back("ann", &archive).unwrap_err().rule(), "BAK-12");
    assert_eq!(names(&place), BTreeSet::from(["note".to_owned()]));
    std::fs::remove_file(place.join("note")).unwrap();
    consortium.put_back("ann", &archive).unwrap();
    assert_eq!(names(&place), BTreeSet::from(["channel.json".to_owned(), "db".to_owned()]));
    drop(consortium.close());
}

#[test]
fn bak_14_a_store_that_has_executed_nothing_is_not_archived() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &["ann", "bob", "cyd"], &mut generator()).unwrap();
    let consortium = Consortium::open(Home::open(&path).unwrap()).unwrap();
    drop(consortium.found(&["ann", "bob"]));
    consortium.start_again("ann");
    let archive = folder.path().join("archive");
    assert_eq!(consortium.back_up("ann", &archive).unwrap_err().rule(), "BAK-14");
    assert!(!archive.exists());
    drop(consortium.close());
}

/// All that a member has sealed, by what names the sealing's key.
#[derive(Default)]
struct SealedBy {
    /// salts of rows
    rows: BTreeMap<[u8; 16], Row>,
    /// salts of transactions
    salts: BTreeMap<[u8; 32], TransactionDigest>,
    /// key commitments of fields: they come with key and nonce from one derivation
    fields: BTreeMap<[u8; 32], (TransactionDigest, usize)>,
}

impl SealedBy {
    /// Adds a closed store's rows. A salt may come twice only with the very same row.
    fn add_rows(&mut self, database: &Path) -> usize {
        let before = self.rows.len();
        for row in raw_rows(database).unwrap() {
            // The store's own table is in the clear.
            if row.0[0] == 0 {
                continue;
            }
            let salt = *row.1.first_chunk().unwrap();
            let known = self.rows.entry(salt).or_insert_with(|| row.clone());
            assert_eq!(*known, row, "a row's key came twice");
        }
        self.rows.len() - before
    }

    fn add(&mut self, permanent: &[u8], prunable: &[u8]) {
        let decoded = UnverifiedTransaction::decode(permanent).unwrap();
        let (digest, sealed) = (decoded.digest(), decoded.check_sealed(prunable).unwrap());
        let known = self.salts.entry(sealed.salt).or_insert(digest);
        assert_eq!(*known, digest, "a transaction's salt came twice");
        for (at, field) in sealed.fields.iter().flatten().enumerate() {
            let known = self.fields.entry(field.commitment).or_insert((digest, at));
            assert_eq!(*known, (digest, at), "a field's key and nonce came twice");
        }
    }

    /// Adds the transactions of all batches that a room has.
    fn add_batches(&mut self, room: &RoomHandle) {
        let parts = room.call(|channel| {
            let mut parts = Vec::new();
            for (_, event) in channel.events(Sequence(0), usize::MAX).unwrap() {
                if let EventOutcome::Executed { commitment, .. } = event.outcome {
                    let Batch { permanent, prunable, .. } =
                        channel.stored_proposal(&commitment).unwrap().unwrap().batch;
                    parts.extend(permanent.into_iter().zip(prunable));
                }
            }
            parts
        });
        for (permanent, prunable) in parts.unwrap() {
            self.add(&permanent, &prunable);
        }
    }

    /// Seals one draft, always the same, at one and the same state.
    fn seal_again(&mut self, consortium: &Consortium, height: Height) {
        let operations = consortium.statement(77, ["ann", "bob"]);
        let parts = consortium.room("ann", ROOM).unwrap().call(move |channel| {
            let draft = Draft::of_records(operations, Height(height.0 + 1));
            let sealed = draft.seal(&channel.desk(height), &mut generator()).unwrap();
            sealed.sign(channel.pseudonym()).unwrap().encode_parts()
        });
        let (permanent, prunable) = parts.unwrap();
        self.add(&permanent, &prunable);
    }
}

#[test]
fn a_store_that_was_put_back_repeats_no_key_of_its_other_history() {
    let (folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let (archive, mut sealed) = (folder.path().join("archive"), SealedBy::default());
    consortium.back_up("ann", &archive).unwrap();
    let height = consortium.root().head();
    // One history.
    sealed.seal_again(&consortium, height);
    for record in 1..4 {
        consortium.submit(record).recv().unwrap().unwrap();
    }
    consortium.quiesce();
    sealed.add_batches(&consortium.room("ann", ROOM).unwrap());
    consortium.end_room("ann");
    let first = sealed.add_rows(&consortium.directory("ann").database(ROOM));
    std::fs::remove_dir_all(consortium.folder("ann")).unwrap();
    // Another one, from the same store: the same is written and executed again.
    consortium.put_back("ann", &archive).unwrap();
    consortium.start_again("ann");
    sealed.seal_again(&consortium, height);
    consortium.until("ann", consortium.state("bob").0);
    for record in 4..7 {
        consortium.submit(record).recv().unwrap().unwrap();
    }
    consortium.quiesce();
    sealed.add_batches(&consortium.room("ann", ROOM).unwrap());
    consortium.end_room("ann");
    let more = sealed.add_rows(&consortium.directory("ann").database(ROOM));
    assert!(
        first > 0 && more > 20,
        "{first} rows, then {more} more: all that was executed again is sealed anew"
    );
    assert!(sealed.salts.len() >= 9 && sealed.fields.len() >= 2 * 3 + 6, "both histories were looked at");
    drop(consortium.close());
}

#[test]
fn a_store_from_before_the_keys_turned_over_follows_and_takes_part_once_they_turn_again() {
    let (folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let archive = folder.path().join("archive");
    consortium.back_up("bob", &archive).unwrap();
    // The one-time key of the second turn is younger than the archive.
    consortium.turn_keys(1);
    consortium.turn_keys(2);
    consortium.lose("bob");
    consortium.put_back("bob", &archive).unwrap();
    consortium.start_again("bob");
    consortium.until("bob", consortium.state("ann").0);
    consortium.turn_keys(3);
    let bob = consortium.room("bob", ROOM).unwrap();
    let outcome = bob.submit_and_wait(consortium.statement(9, ["bob", "ann"])).unwrap();
    assert_eq!(outcome.verdict, Verdict::Applied);
    consortium.quiesce();
    assert_eq!(consortium.state("bob"), consortium.state("ann"));
    drop(consortium.close());
}
