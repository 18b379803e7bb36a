//! Loss of power at every stage: what is anchored is never lost, and the members go on.
//!
//! A ledger is driven by hand. After each stage the whole home is copied as a machine would find it
//! after the power failed at that moment: every store and the root chain cut to what was synced, with
//! and without a torn rest of what was not. Each copy is opened like any home.

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use parclose_channel::Verdict;
use parclose_consensus::RootChain;
use parclose_node::{Consortium, Home};
use parclose_store::hazmat;
use parclose_types::TransactionDigest;
use support::ledger::{CHANNEL, Ledger, MEMBERS, SUPPLIER};
use support::{issue, receivable, within};

/// What must hold in a copy.
struct Crash {
    what: String,
    home: PathBuf,
    /// transactions that were anchored before the crash, acknowledged or not
    anchored: BTreeSet<TransactionDigest>,
    /// transactions that the issuer was told of
    acknowledged: BTreeSet<TransactionDigest>,
}

/// What happened so far.
#[derive(Default)]
struct History {
    anchored: BTreeSet<TransactionDigest>,
    acknowledged: BTreeSet<TransactionDigest>,
    crashes: Vec<Crash>,
}

impl History {
    /// What stands in the log from the founding: the secrets that were dealt, and who has them.
    fn founded(ledger: &Ledger) -> Self {
        let rows = ledger.channels[SUPPLIER].verdicts(0, usize::MAX).expect("a store can be read");
        let anchored = rows.into_iter().map(|(_, row)| row.transaction).collect();
        Self { anchored, ..Self::default() }
    }

    /// The power fails now: once with every unsynced byte lost, once with some of them on the disk.
    fn crash(&mut self, ledger: &Ledger, copies: &Path, what: &str) {
        for kept in [0, 37] {
            let home = copies.join(self.crashes.len().to_string());
            copy_after_power_loss(ledger, &home, kept);
            self.crashes.push(Crash {
                what: format!("{what}, {kept} unsynced bytes kept"),
                home,
                anchored: self.anchored.clone(),
                acknowledged: self.acknowledged.clone(),
            });
        }
    }
}

/// Copies a home in use: plain files as they are, databases as the power loss leaves them.
fn copy_after_power_loss(ledger: &Ledger, to: &Path, kept: u64) {
    std::fs::create_dir_all(to).expect("there is room for a copy");
    for file in ["home.json", "genesis.json", "passphrase", "validator.key"] {
        std::fs::copy(ledger.home.join(file), to.join(file)).expect("the home has this file");
    }
    for (member, channel) in MEMBERS.iter().zip(&ledger.channels) {
        let below = Path::new("members").join(member);
        let room = below.join("channels").join(CHANNEL);
        std::fs::create_dir_all(to.join(&room)).expect("there is room for a copy");
        for file in [below.join("member.key"), below.join("genesis.json"), room.join("channel.json")] {
            std::fs::copy(ledger.home.join(&file), to.join(&file)).expect("the member has this file");
        }
        let database = to.join(room).join("db");
        hazmat::copy_after_power_loss_keeping(channel.store(), &database, kept)
            .expect("a store can be copied");
    }
    parclose_consensus::hazmat::copy_after_power_loss(&ledger.root, &to.join("root"))
        .expect("a chain can be copied");
}

/// Drives one batch through its stages, with a crash after each. `endorsers` store the batch before it
/// is anchored; a member that does not must fetch it.
fn one_batch(ledger: &mut Ledger, history: &mut History, copies: &Path, number: usize, endorsers: &[usize]) {
    let mut digests = BTreeSet::new();
    let mut pooled = Vec::new();
    for at in 0..3 {
        let operation = receivable(ledger.supplier(), &format!("INV-{number}-{at}"), 1000 + at);
        let signed = ledger.sign(vec![operation]);
        let head = ledger.root.head();
        digests.insert(signed.digest());
        pooled.push(
            ledger.supplier().advise(&signed, head).expect("a store can be read").expect("the stages pass"),
        );
    }
    let crash = |ledger: &Ledger, history: &mut History, what: &str| {
        history.crash(ledger, copies, &format!("batch {number} {what}"));
    };
    let proposal = ledger.propose(pooled);
    crash(ledger, history, "proposed");
    let mut endorsements = Vec::new();
    for endorser in endorsers {
        endorsements.push(ledger.endorse(*endorser, &proposal));
        crash(ledger, history, &format!("endorsed by {}", MEMBERS[*endorser]));
    }
    ledger.anchor(&proposal, &endorsements);
    history.anchored.extend(&digests);
    crash(ledger, history, "anchored");
    let executed = ledger.execute(SUPPLIER);
    let applied = executed.iter().flat_map(|event| &event.verdicts).filter(|(_, v)| *v == Verdict::Applied);
    history.acknowledged.extend(applied.map(|(digest, _)| *digest));
    assert!(digests.is_subset(&history.acknowledged));
    crash(ledger, history, "executed by its sponsor");
    for endorser in endorsers {
        ledger.execute(*endorser);
        crash(ledger, history, &format!("executed by {}", MEMBERS[*endorser]));
    }
}

type Log = Vec<(TransactionDigest, Verdict)>;

/// A member's verdict log, after checking every value of its store against the root chain.
fn log_of(consortium: &Consortium, member: &str) -> Log {
    let root = consortium.root().clone();
    within(consortium, (member, CHANNEL), move |channel| {
        let tag = channel.tag();
        let chain = |sequence| Some(root.events(&tag, sequence, 1).ok()?.first()?.entry.chain);
        channel.verify(chain).expect("every value follows from the log");
        let rows = channel.verdicts(0, usize::MAX).expect("a store can be read");
        rows.into_iter().map(|(_, row)| (row.transaction, row.verdict)).collect()
    })
}

/// The members' common log.
fn common_log(consortium: &Consortium, what: &str) -> Log {
    let logs = MEMBERS.map(|member| log_of(consortium, member));
    assert!(logs.iter().all(|log| *log == logs[0]), "{what}: the members' logs differ");
    logs.into_iter().next().unwrap_or_default()
}

/// Opens a copy, checks what it holds, lets it go on, and opens it once more.
fn recover(crash: &Crash) {
    let what = &crash.what;
    let consortium =
        Consortium::open(Home::open(&crash.home).expect("a home")).expect("it opens after the crash");
    consortium.settle();
    let log = common_log(&consortium, what);
    let held: BTreeSet<TransactionDigest> = log.iter().map(|(digest, _)| *digest).collect();
    assert!(crash.acknowledged.is_subset(&held), "{what}: an acknowledged transaction is lost");
    assert_eq!(held, crash.anchored, "{what}: what is anchored is there, and nothing else is");
    assert!(log.iter().all(|(_, verdict)| *verdict == Verdict::Applied), "{what}: a verdict changed");
    let next = issue(&consortium, ("supplier", CHANNEL), "INV-AFTER", 77).transaction;
    consortium.quiesce();
    let longer = common_log(&consortium, what);
    assert_eq!(longer[..log.len()], log[..], "{what}: the log was rewritten");
    assert_eq!(longer[log.len()..], [(next, Verdict::Applied)], "{what}: it does not go on");
    drop(consortium.close());
    let again = Consortium::open(Home::open(&crash.home).expect("a home")).expect("it opens again");
    assert_eq!(common_log(&again, what), longer, "{what}: reopening changed the log");
    drop(again.close());
}

#[test]
fn a_crash_loses_no_anchored_commitment() {
    let folder = tempfile::tempdir().unwrap();
    let copies = folder.path().join("copies");
    let mut ledger = Ledger::found(&folder.path().join("home"));
    let mut history = History::founded(&ledger);
    history.crash(&ledger, &copies, "founded");
    one_batch(&mut ledger, &mut history, &copies, 1, &[1, 2]);
    // The bank sees nothing of the second batch until it fetches it.
    one_batch(&mut ledger, &mut history, &copies, 2, &[1]);
    assert_eq!(history.acknowledged.len(), 6);
    assert!(history.crashes.len() >= 26);
    for crash in &history.crashes {
        recover(crash);
    }
}

#[test]
fn a_home_that_lost_an_anchored_batch_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let copies = folder.path().join("copies");
    let mut ledger = Ledger::found(&folder.path().join("home"));
    let mut history = History::founded(&ledger);
    one_batch(&mut ledger, &mut history, &copies, 1, &[1, 2]);
    let mut crash = history.crashes.pop().unwrap();
    crash.anchored.insert(TransactionDigest([0; 32]));
    let caught = std::panic::catch_unwind(|| recover(&crash));
    assert!(caught.is_err(), "the check must fail when a transaction is missing");
}
