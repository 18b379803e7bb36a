//! Whoever of a deal is killed, at whatever step, and comes back whenever: after the deadline both legs are settled or neither,
//! nothing is held any more, and nothing is made or lost. On processes of their own, with `kill -9`.
//!
//! ```text
//!   seed -> step, victim, windows, when it comes back        each step with each victim
//!   propose, accept, watch both parties until the step       polls of their nodes
//!   kill -9; restart, or not before the deadline
//!   over for both? -> holdings, locks, stores
//! ```
#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]
#![allow(clippy::print_stdout, reason = "a soak says how much it has done")]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;
use support::consortium::{Consortium, eventually};
use support::dealing::{CASH, Dealing, Holdings, PAR, PRICE, SECURITIES};

/// How far a deal has come. The root chain decides with the last prepare, so both legs are prepared when it is decided there;
/// it is decided for a party when that has executed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Proposed,
    Accepted,
    Opened,
    Locked,
    OnePrepared,
    BothPrepared,
    Decided,
    Applied,
    /// nothing changes hands: only found, never aimed at
    Dropped,
}

const STEPS: [Step; 8] = [
    Step::Proposed,
    Step::Accepted,
    Step::Opened,
    Step::Locked,
    Step::OnePrepared,
    Step::BothPrepared,
    Step::Decided,
    Step::Applied,
];

/// Either party, and a validator of the root chain that has no part in it.
const VICTIMS: [&str; 3] = ["bank-1", "bank-2", "buyer"];

impl Step {
    /// As the parties' nodes show it, as far as they answer.
    fn of(shown: &[Option<Value>]) -> Self {
        let shown: Vec<&Value> = shown.iter().flatten().collect();
        let stages = |stage: &str| shown.iter().filter(|shown| shown["stage"] == stage).count();
        let any = |is_so: fn(&Value) -> bool| shown.iter().any(|shown| is_so(shown));
        match stages("committed") {
            0 => {}
            1 => return Self::Decided,
            _ => return Self::Applied,
        }
        if any(|shown| shown["outcome"] == "commit") {
            return Self::BothPrepared;
        }
        if any(|shown| {
            shown["outcome"] == "abort" || shown["stage"] == "lapsed" || shown["stage"] == "aborted"
        }) {
            return Self::Dropped;
        }
        if any(|shown| shown["prepared"].as_u64() > Some(0)) {
            Self::OnePrepared
        } else if any(|shown| shown["locked_here"].as_u64() > Some(0)) {
            Self::Locked
        } else if any(|shown| shown["root"] == "open") {
            Self::Opened
        } else if any(|shown| shown["stage"] == "agreed" || shown["stage"] == "open") {
            Self::Accepted
        } else {
            Self::Proposed
        }
    }
}

/// What is done to one deal.
#[derive(Debug)]
struct Run {
    step: Step,
    victim: &'static str,
    /// heights within which it is locked, and then settled
    within: (u64, u64),
    /// milliseconds between the step and the kill
    late: u64,
    /// whether the victim stays away until the deadline
    away: bool,
}

impl Run {
    /// The steps in turn, and within them the victims; the rest by chance.
    fn nth(number: usize, chance: &mut ChaCha20Rng) -> Self {
        let mut below = |bound: u64| chance.next_u64() % bound;
        Self {
            step: STEPS[number % STEPS.len()],
            victim: VICTIMS[(number / STEPS.len() + number) % VICTIMS.len()],
            within: (8 + below(40), 8 + below(40)),
            late: below(4) * below(20),
            away: below(3) == 0,
        }
    }
}

/// A kill: whether a process ran until then, how far the deal had come before, and how far it was found after.
#[derive(Debug)]
struct Blow {
    hit: bool,
    seen: Step,
    found: Step,
}

/// What came of the runs.
#[derive(Default)]
struct Tally {
    committed: u64,
    dropped: u64,
    /// kills of a process that ran, by the step that was aimed at and the victim
    struck: BTreeMap<(Step, &'static str), u64>,
    missed: u64,
    /// how far deals had come when the kill was sent, and when the process had ended
    seen: BTreeMap<Step, u64>,
    found: BTreeMap<Step, u64>,
}

impl Tally {
    fn count(&mut self, run: &Run, blow: &Blow, committed: bool) {
        if blow.hit {
            *self.struck.entry((run.step, run.victim)).or_default() += 1;
        } else {
            self.missed += 1;
        }
        *self.seen.entry(blow.seen).or_default() += 1;
        *self.found.entry(blow.found).or_default() += 1;
        self.committed += u64::from(committed);
        self.dropped += u64::from(!committed);
    }

    /// A fault that never happened proves nothing.
    fn complaints(&self) -> Vec<String> {
        let of_step =
            |step: &Step| self.struck.iter().filter(|((at, _), _)| at == step).map(|(_, n)| n).sum::<u64>();
        let of_victim = |victim: &str| {
            self.struck.iter().filter(|((_, who), _)| *who == victim).map(|(_, n)| n).sum::<u64>()
        };
        let steps = STEPS.iter().filter(|step| of_step(step) == 0).map(|step| format!("no kill at {step:?}"));
        let victims = VICTIMS
            .iter()
            .filter(|victim| of_victim(victim) == 0)
            .map(|victim| format!("no kill of {victim}"));
        let outcomes = (self.committed == 0).then(|| "no deal was settled".to_owned());
        steps.chain(victims).chain(outcomes).collect()
    }
}

/// Looks at a deal between two pauses.
const LOOKS: usize = 1000;

struct Soak<'c> {
    dealing: Dealing<'c>,
    tally: Tally,
}

impl Soak<'_> {
    fn run(&mut self, run: &Run) {
        let dealing = &self.dealing;
        let instruction = dealing.propose(run.within);
        let mut blow = None;
        if run.step == Step::Proposed {
            blow = Some(self.strike(run, Step::Proposed, &instruction));
            // Who has to answer has to be there for it.
            if !run.away || run.victim == "bank-2" {
                self.restart(run.victim);
            }
        }
        let accepted = dealing.accept(&instruction);
        let blow = blow.unwrap_or_else(|| {
            let seen = self.watch(run.step, &instruction);
            std::thread::sleep(Duration::from_millis(run.late));
            self.strike(run, seen, &instruction)
        });
        if run.away {
            self.wait_for_the_deadline(run, &instruction);
        }
        self.restart(run.victim);
        let committed = dealing.over(&instruction);
        println!("{run:?}: accepted {accepted}, {blow:?}, committed {committed}");
        self.tally.count(run, &blow, committed);
        self.dealing.conserved(self.tally.committed);
    }

    fn step(&self, instruction: &str) -> Step {
        Step::of(&["bank-1", "bank-2"].map(|member| self.dealing.status(member, instruction)))
    }

    /// Looks until a deal has come so far, or is over, without a pause: steps follow within milliseconds.
    fn watch(&self, wanted: Step, instruction: &str) -> Step {
        let mut step = Step::Proposed;
        eventually("the deal comes so far, or is over", || {
            for _ in 0..LOOKS {
                step = self.step(instruction);
                if step >= wanted {
                    return true;
                }
            }
            false
        });
        step
    }

    fn strike(&self, run: &Run, seen: Step, instruction: &str) -> Blow {
        let hit = self.dealing.consortium.strike(run.victim);
        Blow { hit, seen, found: self.step(instruction) }
    }

    fn restart(&self, victim: &str) {
        let back = self.dealing.consortium.dev(&["restart", victim]);
        assert_eq!(back.code, 0, "{}", back.stderr);
    }

    /// Until the root chain has decided, whatever the victim would say.
    fn wait_for_the_deadline(&self, run: &Run, instruction: &str) {
        let witness = if run.victim == "bank-1" { "bank-2" } else { "bank-1" };
        eventually("the deadline passes", || {
            let shown = self.dealing.status(witness, instruction);
            shown.is_some_and(|shown| shown["head"].as_u64() >= shown["settle_before"].as_u64())
        });
    }
}

fn soak(seed: u64, runs: usize) {
    println!("seed {seed}, {runs} runs");
    let consortium = Consortium::ticking(Duration::from_millis(100));
    let mut chance = ChaCha20Rng::seed_from_u64(seed);
    let mut soak = Soak { dealing: Dealing::open(&consortium), tally: Tally::default() };
    for number in 0..runs {
        let run = Run::nth(number, &mut chance);
        soak.run(&run);
    }
    soak.dealing.verified();
    let Tally { committed, dropped, struck, missed, seen, found } = &soak.tally;
    let hits: u64 = struck.values().sum();
    println!(
        "{committed} settled, {dropped} aborted or lapsed; {hits} kills of a running process, {missed} of none"
    );
    println!("kills by step and victim: {struck:?}");
    println!("seen right before: {seen:?}");
    println!("found right after: {found:?}");
    assert_eq!(soak.tally.complaints(), Vec::<String>::new());
}

/// Each step once; every member of the deal and a validator.
#[test]
fn loc_04_whoever_is_killed_at_whatever_step_no_deal_is_halved() {
    soak(2, STEPS.len());
}

#[test]
#[ignore = "takes about half an hour: make deal-kills"]
fn soak_of_deals() {
    soak(1, 200);
}

#[test]
fn an_audit_of_holdings_notices_what_is_halved_made_lost_or_stuck() {
    let good = Holdings::after(3);
    assert_eq!(good.complaints(3), Vec::<&str>::new());
    let wrong = |change: fn(&mut Holdings)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed.complaints(3)
    };
    let delivered_and_not_paid = wrong(|held| {
        held.spendable[0][0] -= PAR;
        held.spendable[1][0] += PAR;
    });
    assert!(delivered_and_not_paid.contains(&"one leg was settled without the other"));
    let paid_and_not_delivered = wrong(|held| {
        held.spendable[0][1] += PRICE;
        held.spendable[1][1] -= PRICE;
    });
    assert!(paid_and_not_delivered.contains(&"one leg was settled without the other"));
    assert!(wrong(|held| held.spendable[0][0] -= 1).contains(&"securities were made or lost, or are held"));
    assert!(wrong(|held| held.spendable[1][1] += 1).contains(&"cash was made or lost, or is held"));
    assert_eq!(wrong(|held| held.locks = 1), ["a lock is stuck"]);
    assert_eq!(good.complaints(2), ["another number of deals was settled than committed"]);
    assert_eq!(Holdings::after(0).spendable, [[SECURITIES, 0], [0, CASH]]);
}

#[test]
fn a_soak_in_which_a_fault_never_happened_is_none() {
    let mut tally = Tally { committed: 1, ..Tally::default() };
    for (number, step) in STEPS.into_iter().enumerate() {
        tally.struck.insert((step, VICTIMS[number % VICTIMS.len()]), 1);
    }
    assert_eq!(tally.complaints(), Vec::<String>::new());
    tally.struck.remove(&(Step::Locked, "bank-1"));
    assert_eq!(tally.complaints(), ["no kill at Locked"]);
    tally.struck.retain(|(_, who), _| *who != "buyer");
    assert!(tally.complaints().contains(&"no kill of buyer".to_owned()));
    tally.committed = 0;
    assert!(tally.complaints().contains(&"no deal was settled".to_owned()));
}
