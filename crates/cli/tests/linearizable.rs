//! Clients of a consortium of processes read and write the same records while its nodes are killed, cut off and stopped.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]
#![allow(clippy::print_stdout, reason = "a history says how long it is")]

mod support;

use parclose_findings::Item;
use support::consortium::{Consortium, MEMBERS, eventually};
use support::history::{Chain, Did, History, Operation};
use support::registers::Registers;
use support::{seed, seeded_replay, tell};

/// Clients at a time.
const CLIENTS: usize = 6;

/// What goes wrong, in turn.
#[derive(Clone, Copy, Debug)]
enum Nemesis {
    Kill,
    CutOff,
    Stop,
}

impl Nemesis {
    const ALL: [Self; 3] = [Self::Kill, Self::CutOff, Self::Stop];

    fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill -9",
            Self::CutOff => "cut off from the others",
            Self::Stop => "stopped and continued",
        }
    }

    /// Strikes a node, and mends it once the clients have gone on for a while.
    fn strike(self, consortium: &Consortium, victim: &str, meanwhile: impl FnOnce()) {
        match self {
            Self::Kill => {
                assert!(consortium.strike(victim), "a node that runs is killed");
                meanwhile();
                let back = consortium.dev(&["restart", victim]);
                assert_eq!(back.code, 0, "{}", back.stderr);
            }
            Self::CutOff => {
                let parted = consortium.dev(&["partition", victim]);
                assert_eq!(parted.code, 0, "{}", parted.stderr);
                meanwhile();
                assert_eq!(consortium.dev(&["heal"]).code, 0);
            }
            Self::Stop => {
                consortium.signal(victim, "-STOP");
                meanwhile();
                consortium.signal(victim, "-CONT");
            }
        }
    }
}

/// A history of so many operations at least, with each nemesis so often.
fn history(operations: usize, rounds: usize, seed: u64) -> History {
    let consortium = Consortium::up();
    let registers = Registers::of(&consortium);
    let strikes = rounds * Nemesis::ALL.len();
    let each = operations / (2 * strikes + 1);
    let wait = |so_many: usize| {
        let due = registers.count() + so_many;
        eventually("clients go on", || registers.count() >= due);
    };
    registers.beside(CLIENTS, seed, || {
        for strike in 0..strikes {
            wait(each);
            let victim = MEMBERS[strike.wrapping_add(usize::try_from(seed).unwrap()) % MEMBERS.len()];
            Nemesis::ALL[strike % Nemesis::ALL.len()].strike(&consortium, victim, || wait(each));
        }
        eventually("clients go on", || registers.count() >= operations);
    });
    registers.end()
}

/// What histories of a test came to, for the reviewer's report.
fn item(test: &str, seed: u64) -> Item {
    let mut item = Item::new(
        "linearizable",
        "Writes of clients are linearizable and reads at a node sequential, whatever befalls the nodes",
        &seeded_replay("linearizable", test, seed),
    );
    item.must_reach(&["wrote", "read", "stale"]);
    for nemesis in Nemesis::ALL {
        item.must_inject(&[nemesis.name()]);
    }
    for (how, doctor) in DOCTORED {
        item.control(how, is_rejected(*doctor));
    }
    item
}

/// Looks at a history, and counts it.
fn check(history: &History, rounds: usize, item: &mut Item) {
    println!("{:?}", history.counts());
    for (did, count) in history.counts() {
        *item.reached.entry(did.to_owned()).or_default() += u64::try_from(count).unwrap();
    }
    for nemesis in Nemesis::ALL {
        *item.injected.entry(nemesis.name().to_owned()).or_default() += u64::try_from(rounds).unwrap();
    }
    item.executions += u64::try_from(history.operations.len()).unwrap();
    assert_eq!(history.complaints(), Vec::<String>::new());
}

#[test]
fn writes_are_linearizable_and_reads_at_a_node_sequential_whatever_befalls_the_nodes() {
    let seed = seed(3);
    let mut item =
        item("writes_are_linearizable_and_reads_at_a_node_sequential_whatever_befalls_the_nodes", seed);
    check(&history(3_000, 2, seed), 2, &mut item);
    for did in ["wrote", "read", "stale"] {
        assert!(item.reached[did] > 30, "a history without `{did}` shows little: {:?}", item.reached);
    }
    tell(&item);
}

#[test]
#[ignore = "takes about an hour: make histories"]
fn ten_long_histories() {
    let first = seed(1);
    let mut item = item("ten_long_histories", first);
    for number in 0..10 {
        check(&history(50_000, 40, first.wrapping_add(number)), 40, &mut item);
    }
    tell(&item);
}

/// Two clients of one register at two nodes: version 1 is there, 2 and 3 are written, a third write is stale, a fourth unknown.
fn honest() -> History {
    let operation = |node, began, ended, did| Operation { register: 0, node, began, ended, did };
    History {
        operations: vec![
            operation("a", 10, 11, Did::Read { version: 1, value: 0 }),
            operation("a", 12, 20, Did::Wrote { version: 2, value: 100 }),
            operation("b", 13, 22, Did::Stale { version: 2, value: 101 }),
            operation("b", 23, 24, Did::Read { version: 2, value: 100 }),
            operation("b", 25, 30, Did::Wrote { version: 3, value: 102 }),
            operation("a", 26, 27, Did::Read { version: 2, value: 100 }),
            operation("a", 31, 40, Did::Unknown { version: 4, value: 103 }),
            operation("b", 41, 42, Did::Read { version: 3, value: 102 }),
        ],
        chains: vec![vec![(1, 0), (2, 100), (3, 102)]],
    }
}

#[test]
fn an_honest_history_passes_with_the_unknown_write_there_or_not() {
    assert_eq!(honest().complaints(), Vec::<String>::new());
    let mut there = honest();
    there.chains[0].push((4, 103));
    assert_eq!(there.complaints(), Vec::<String>::new());
}

/// A way to doctor a history.
type Doctor = fn(&mut Vec<Operation>, &mut Chain);

const DOCTORED: &[(&str, Doctor)] = &[
    ("an acknowledged write is lost", |_, chain| chain.truncate(2)),
    ("another value stands in its place", |_, chain| chain[2].1 = 999),
    ("a write is there twice", |_, chain| chain.push((4, 102))),
    ("a version is missing", |_, chain| _ = chain.remove(1)),
    ("a refused write is there", |_, chain| chain.push((4, 101))),
    ("two writes of one version are acknowledged", |operations, _| {
        operations[2].did = Did::Wrote { version: 2, value: 101 };
    }),
    ("a later write makes an earlier version", |operations, _| {
        (operations[4].began, operations[4].ended) = (1, 5);
    }),
    ("a node tells an earlier version than before", |operations, _| {
        operations[7].did = Did::Read { version: 2, value: 100 };
    }),
    ("a node has forgotten what it acknowledged", |operations, _| {
        operations[5].did = Did::Read { version: 1, value: 0 };
    }),
    ("a read tells what nobody wrote", |operations, _| {
        operations[3].did = Did::Read { version: 2, value: 101 }
    }),
    ("a read tells what was written after it", |operations, _| {
        operations[0].did = Did::Read { version: 2, value: 100 };
    }),
    ("a write is called stale before anybody began it", |operations, _| {
        (operations[2].began, operations[2].ended) = (1, 2);
    }),
];

fn is_rejected(doctor: Doctor) -> bool {
    let mut history = honest();
    doctor(&mut history.operations, &mut history.chains[0]);
    !history.complaints().is_empty()
}

#[test]
fn every_doctored_history_is_rejected() {
    for (how, doctor) in DOCTORED {
        assert!(is_rejected(*doctor), "{how}");
    }
}
