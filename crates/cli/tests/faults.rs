//! What a consortium of separate processes survives: cuts in the network between them, and kills.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]
#![allow(clippy::print_stdout, reason = "a soak says how much it has done")]

mod support;

use parclose_findings::Item;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use support::consortium::{Consortium, MEMBERS, TRADERS, eventually};
use support::journal::complaints;
use support::load::Load;
use support::{receivable, seed, seeded_replay, tell};

const SUBMIT: [&str; 5] = ["tx", "submit", "-c", "trade-a", "--as"];

fn part(consortium: &Consortium, sides: &[&str]) {
    let parted = consortium.dev(&[&["partition"], sides].concat());
    assert_eq!(parted.code, 0, "{}", parted.stderr);
}

fn heal(consortium: &Consortium) {
    assert_eq!(consortium.dev(&["heal"]).code, 0);
}

/// Blocks go on at a node: so many more than it has.
fn goes_on(consortium: &Consortium, member: &str, blocks: u64) {
    let least = consortium.height(member) + blocks;
    eventually("blocks go on", || consortium.height(member) >= least);
}

fn stands_still(consortium: &Consortium, member: &str) {
    eventually("its head grows old", || consortium.check(member, "head").is_some_and(|(ok, _)| !ok));
}

#[test]
fn lnk_01_partitions_halt_who_must_halt_and_everybody_goes_on_after_they_heal() {
    let consortium = Consortium::up();
    let mut acknowledged = vec![consortium.issue("INV-0")];
    // One of four: three go on, and it has caught up after.
    part(&consortium, &["supplier-b"]);
    stands_still(&consortium, "supplier-b");
    let stood = consortium.height("supplier-b");
    acknowledged.push(consortium.issue("INV-1"));
    assert_eq!(consortium.height("supplier-b"), stood, "it is cut off");
    heal(&consortium);
    let ahead = consortium.height("buyer");
    eventually("who was cut off has caught up", || consortium.height("supplier-b") >= ahead);
    // A member of a channel is cut off from its other members, and has its blocks from who is left.
    part(&consortium, &["bank-1", "buyer,supplier-a"]);
    eventually("its peers are gone", || {
        consortium.check("bank-1", "peers").is_some_and(|(_, reason)| reason == "3 of 5 reached")
    });
    acknowledged.push(consortium.issue("INV-2"));
    goes_on(&consortium, "bank-1", 2);
    assert!(consortium.written("bank-1").len() < acknowledged.len(), "it cannot have the batch");
    heal(&consortium);
    consortium.audit(&acknowledged);
    // Two of four on either side: nobody has more than two thirds, and nothing is ordered.
    part(&consortium, &["buyer,supplier-a", "supplier-b,bank-1,bank-2"]);
    for member in MEMBERS {
        stands_still(&consortium, member);
    }
    let stood = MEMBERS.map(|member| consortium.height(member));
    let line = [&SUBMIT[..], &["supplier-a", "-"]].concat();
    let draft = receivable("INV-3", "supplier-a", "bank-1").to_string();
    let told = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| consortium.typed("supplier-a", &line, &draft));
        // A node that is killed meanwhile is cut off still when it comes back.
        assert_eq!(consortium.dev(&["kill", "bank-1"]).code, 0);
        assert_eq!(consortium.dev(&["restart", "bank-1"]).code, 0);
        stands_still(&consortium, "bank-1");
        assert_eq!(MEMBERS.map(|member| consortium.height(member)), stood, "both sides halt");
        heal(&consortium);
        waiting.join().unwrap()
    });
    match told.code {
        0 => acknowledged.push(told.value()["tx"].as_str().unwrap().to_owned()),
        // Whoever was not answered in time does not know.
        code => assert_eq!((code, told.value()["definite"].as_bool()), (7, Some(false)), "{}", told.stderr),
    }
    for member in MEMBERS {
        goes_on(&consortium, member, 2);
    }
    acknowledged.push(consortium.issue("INV-4"));
    consortium.audit(&acknowledged);
    let lists = TRADERS.map(|member| consortium.written(member));
    assert!(lists.iter().all(|list| list.len() <= acknowledged.len() + 1), "nothing came twice");
}

/// So many acknowledgements to wait for, and kills meanwhile.
struct Audit {
    /// the test that makes it
    test: &'static str,
    acknowledgements: usize,
    kills: usize,
    seed: u64,
}

/// Clients of each writer at a time.
const CLIENTS: usize = 12;

impl Audit {
    fn run(&self) {
        let consortium = Consortium::up();
        let load = Load::of(&consortium);
        load.beside(CLIENTS, || self.kill(&consortium, &load));
        assert!(load.acknowledged() >= self.acknowledgements);
        let journal = load.text();
        let unknown = journal.lines().filter(|line| line.starts_with("unknown")).count();
        println!("seed {}: {} lines, {unknown} unknown", self.seed, journal.lines().count());
        load.compare();
        tell(&self.item(journal.lines().count(), load.acknowledged()));
    }

    /// What it came to, for the reviewer's report.
    fn item(&self, lines: usize, acknowledged: usize) -> Item {
        let mut item = Item::new(
            "nothing-lost",
            "Every acknowledged write is there once at every member and every unknown one at most once, however nodes are killed",
            &seeded_replay("faults", self.test, self.seed),
        );
        let count = |n: usize| u64::try_from(n).unwrap();
        item.executions = count(lines);
        item.reached.insert("acknowledged".into(), count(acknowledged));
        item.injected.insert("kill -9 of a node".into(), count(self.kills - 1));
        item.injected.insert("kill -9 of all nodes".into(), 1);
        for (how, bad) in DOCTORED {
            item.control(how, complaints(JOURNAL, &texts(bad)).len() == 1);
        }
        item
    }

    /// Kills a node now and then, by chance, and all of them in the middle.
    fn kill(&self, consortium: &Consortium, load: &Load<'_>) {
        let mut chance = ChaCha20Rng::seed_from_u64(self.seed);
        for kill in 1..=self.kills {
            let due = self.acknowledgements * kill / (self.kills + 1);
            eventually("clients are acknowledged", || load.acknowledged() >= due);
            if kill == self.kills.div_ceil(2) {
                MEMBERS.iter().for_each(|member| assert_eq!(consortium.dev(&["kill", member]).code, 0));
                let up = consortium.dev(&["up", "--validators", "4"]);
                assert_eq!(up.code, 0, "{}", up.stderr);
                continue;
            }
            let victim = MEMBERS[usize::try_from(chance.next_u64() % 5).unwrap()];
            assert_eq!(consortium.dev(&["kill", victim]).code, 0);
            let back = consortium.dev(&["restart", victim]);
            assert_eq!(back.code, 0, "{}", back.stderr);
        }
        eventually("clients are acknowledged", || load.acknowledged() >= self.acknowledgements);
    }
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_however_nodes_are_killed() {
    let test = "nothing_acknowledged_is_lost_or_doubled_however_nodes_are_killed";
    Audit { test, acknowledgements: 5000, kills: 20, seed: seed(7) }.run();
}

#[test]
#[ignore = "takes minutes: make kills"]
fn soak_of_kills() {
    Audit { test: "soak_of_kills", acknowledgements: 20_000, kills: 80, seed: seed(1) }.run();
}

const JOURNAL: &str = "acknowledged A\nunknown B\nrefused C\n";

/// What members may not have by that journal.
const DOCTORED: &[(&str, &[&str])] = &[
    ("an acknowledged write is lost", &[]),
    ("an acknowledged write is lost where an unknown one is there", &["B"]),
    ("an acknowledged write is there twice", &["A", "A"]),
    ("an unknown write is there twice", &["A", "B", "B"]),
    ("a refused write is there", &["A", "C"]),
    ("a write is there that nobody sent", &["A", "D"]),
];

fn texts(numbers: &[&str]) -> Vec<String> {
    numbers.iter().map(|n| (*n).to_owned()).collect()
}

#[test]
fn an_audit_notices_what_is_lost_doubled_or_never_sent() {
    for good in [&["A"][..], &["A", "B"]] {
        assert_eq!(complaints(JOURNAL, &texts(good)), Vec::<String>::new());
    }
    for (how, bad) in DOCTORED {
        assert_eq!(complaints(JOURNAL, &texts(bad)).len(), 1, "{how}");
    }
    assert_eq!(complaints("acknowledged A\nacknowledged A\n", &texts(&["A"])).len(), 1);
}

#[test]
fn lnk_02_a_partition_has_two_sides_of_members() {
    let consortium = Consortium::absent();
    let refused = |sides: &[&str]| {
        let told = consortium.dev(&[&["partition"], sides].concat());
        (told.code, told.value()["rule"].as_str().unwrap_or_default().to_owned())
    };
    for sides in
        [&["nobody"][..], &[","], &["buyer", "bank-3"], &["buyer,bank-1", "bank-1"], &["buyer", "buyer"]]
    {
        assert_eq!(refused(sides), (2, "LNK-02".into()), "{sides:?}");
    }
    let everybody = MEMBERS.join(",");
    assert_eq!(refused(&[&everybody]), (2, "LNK-02".into()));
    assert_eq!(refused(&["buyer"]).0, 3, "nothing was made");
    assert_eq!(consortium.dev(&["heal"]).code, 3);
}
