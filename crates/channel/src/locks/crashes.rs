//! Deals between two channels whose members crash at any point: both legs or neither, and nothing stays held.
//!
//! `PARCLOSE_DEAL_RUNS` says how many; a run is told by its number alone.

use std::sync::atomic::{AtomicUsize, Ordering};

use parclose_root::{DealState, RootTransaction};
use parclose_types::Height;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use crate::fixtures::{Dealt, Pair};

/// A pair of channels grows with each run, and a start reads all of it: so many runs, and another pair.
const RUNS_OF_A_PAIR: u64 = 100;

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Lock(usize),
    Prepare(usize),
    Refuse(usize),
    Crash(usize, usize),
    Wait,
}

/// How often what happened.
#[derive(Debug, Default)]
struct Seen {
    committed: u64,
    aborted: u64,
    lapsed: u64,
    crashes: u64,
    refusals: u64,
    one_leg_prepared: u64,
}

impl Seen {
    fn plus(self, other: Self) -> Self {
        Self {
            committed: self.committed + other.committed,
            aborted: self.aborted + other.aborted,
            lapsed: self.lapsed + other.lapsed,
            crashes: self.crashes + other.crashes,
            refusals: self.refusals + other.refusals,
            one_leg_prepared: self.one_leg_prepared + other.one_leg_prepared,
        }
    }
}

struct Run<'a> {
    pair: &'a mut Pair,
    dealt: Dealt,
    /// who gives, on each side
    senders: [usize; 2],
    before: [[u64; 2]; 2],
}

fn draw(rng: &mut ChaCha20Rng, below: u64) -> u64 {
    rng.next_u64() % below
}

fn pick(rng: &mut ChaCha20Rng, below: usize) -> usize {
    usize::try_from(draw(rng, below as u64)).unwrap()
}

/// Locks and prepares of both sides in any order that makes sense or none, with crashes and blocks between them.
fn script(rng: &mut ChaCha20Rng) -> Vec<Step> {
    let mut steps = vec![Step::Lock(0), Step::Lock(1), Step::Prepare(0), Step::Prepare(1)];
    // Often all is well; or something is left out, or in the wrong order.
    match draw(rng, 9) {
        0 => drop(steps.remove(pick(rng, 4))),
        1 => steps.swap(1, 3),
        2 => steps.insert(3, Step::Refuse(pick(rng, 2))),
        3 => steps.insert(2, Step::Refuse(pick(rng, 2))),
        4 => (0..pick(rng, 18)).for_each(|_| steps.insert(3, Step::Wait)),
        5 => steps.swap(0, 1),
        6 => steps.swap(2, 3),
        7 => steps.truncate(2),
        _ => {}
    }
    for _ in 0..=pick(rng, 3) {
        let at = pick(rng, steps.len() + 1);
        steps.insert(at, Step::Crash(pick(rng, 2), pick(rng, 3)));
    }
    steps
}

impl<'a> Run<'a> {
    fn begin(pair: &'a mut Pair, rng: &mut ChaCha20Rng) -> Self {
        let before = [0, 1].map(|side| [0, 1].map(|at| pair.channels[side].amounts(at).iter().sum::<u64>()));
        // Whoever has something gives: so a few notes last for ever.
        let senders = before.map(|sums| match (sums[0] > 0, sums[1] > 0) {
            (true, true) => pick(rng, 2),
            (has, _) => usize::from(!has),
        });
        let dealt = pair.open((8, 10));
        Self { pair, dealt, senders, before }
    }

    fn leg(side: usize) -> u8 {
        u8::try_from(side).unwrap()
    }

    fn open_lock(&self, side: usize) -> Option<LockRow> {
        let leg = self.dealt.leg(Self::leg(side));
        self.pair.channels[side].lock_of(leg)
    }

    fn step(&mut self, step: Step, seen: &mut Seen) {
        match step {
            Step::Lock(side) => {
                let (dealt, asset) = (self.dealt.clone(), self.pair.assets[side]);
                let sender = self.senders[side];
                let trio = self.pair.with(side);
                let lock = trio.lock(sender, (&dealt, Self::leg(side)), asset, (1 - sender, 10));
                let _ = trio.decide_by(sender, &lock);
            }
            Step::Prepare(side) => {
                let height = self.pair.next();
                let Some(row) = self.open_lock(side).filter(|row| row.prepared.is_none()) else { return };
                if height >= row.hold().settle_before {
                    return;
                }
                let prepare = self.pair.with(side).prepare(&row.leg(), None);
                self.pair.block(vec![RootTransaction::Prepare(prepare)]);
                self.pair.with(side).settle();
            }
            Step::Refuse(side) => {
                let leg = self.dealt.leg(Self::leg(side));
                let refuse = self.pair.with(side).refuse(leg);
                seen.refusals += 1;
                self.pair.block(vec![RootTransaction::Refuse(refuse)]);
            }
            Step::Crash(side, at) => {
                seen.crashes += 1;
                self.pair.with(side).reopen(at);
            }
            Step::Wait => drop(self.pair.block(Vec::new())),
        }
    }

    /// Time passes, each channel has an event, and everybody looks.
    fn finish(self, seen: &mut Seen) {
        let prepared = [0, 1].map(|side| self.open_lock(side).is_some_and(|row| row.prepared.is_some()));
        seen.one_leg_prepared += u64::from(prepared[0] != prepared[1]);
        while self.pair.next() <= Height(self.dealt.deal.settle_before.0 + 1) {
            self.pair.block(Vec::new());
        }
        for side in [0, 1] {
            let trio = self.pair.with(side);
            trio.settle();
            trio.anchor(0, &[]);
        }
        let state = self.pair.with(0).root.deal(&self.dealt.id).and_then(DealState::outcome);
        let committed = state == Some(DealOutcome::Commit);
        let mut held = false;
        for side in [0, 1] {
            let (sender, before) = (self.senders[side], self.before[side]);
            let trio = &self.pair.channels[side];
            let after = [0, 1].map(|at| trio.amounts(at).iter().sum::<u64>());
            let mut expected = before;
            if committed {
                expected[sender] -= 10;
                expected[1 - sender] += 10;
            }
            assert_eq!(after, expected, "side {side}, {state:?}");
            for at in 0..3 {
                assert_eq!(trio.member(at).open_locks().count(), 0, "side {side}, member {at}");
            }
            let last = trio.member(2).head().unwrap().next.0;
            let events = trio.member(2).events(Sequence(last.saturating_sub(32)), 32).unwrap();
            held |= events.iter().any(|(_, row)| {
                matches!(row.outcome, crate::tables::EventOutcome::Decided { deal, .. } if deal == self.dealt.id)
            });
        }
        match (committed, held) {
            (true, _) => seen.committed += 1,
            (false, true) => seen.aborted += 1,
            (false, false) => seen.lapsed += 1,
        }
    }
}

/// Deals of one pair of channels, from its founding on.
fn deals(numbers: std::ops::Range<u64>, seen: &mut Seen) {
    let mut pair = Pair::new(2);
    for number in numbers {
        let mut rng = ChaCha20Rng::seed_from_u64(number);
        let steps = script(&mut rng);
        let mut run = Run::begin(&mut pair, &mut rng);
        for step in &steps {
            run.step(*step, seen);
        }
        run.finish(seen);
    }
    for side in [0, 1] {
        for at in 0..3 {
            let trio = &pair.channels[side];
            trio.member(at).verify(|sequence| trio.chain(sequence)).unwrap();
        }
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "how many runs is for whoever runs the test to say")]
fn loc_04_loc_05_a_deal_of_two_channels_is_both_legs_or_neither_whoever_crashes_when() {
    let runs: u64 = std::env::var("PARCLOSE_DEAL_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(40);
    let firsts: Vec<u64> = (0..runs).step_by(usize::try_from(RUNS_OF_A_PAIR).unwrap()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut seen = Seen::default();
        while let Some(first) = firsts.get(next.fetch_add(1, Ordering::Relaxed)) {
            deals(*first..runs.min(first + RUNS_OF_A_PAIR), &mut seen);
        }
        seen
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(firsts.len());
    let seen = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).fold(Seen::default(), Seen::plus)
    });
    println!("{runs} deals: {seen:?}");
    let counts =
        [seen.committed, seen.aborted, seen.lapsed, seen.crashes, seen.refusals, seen.one_leg_prepared];
    assert!(counts.iter().all(|count| *count > 0), "something never happened: {seen:?}");
}
