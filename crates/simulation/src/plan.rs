//! What a seed means: how many validators, who cheats and how, which faults when.

use std::time::Duration;

use parclose_store::hazmat::{Moment, Refusal};

use crate::dice::Dice;
use crate::network::{CUTS, Cut};
use crate::planted::Bug;
use crate::traitor::Manner;

/// How long faults go on; then all is healed, and the chain must go on within [`PATIENCE`].
pub const TROUBLE: Duration = Duration::from_secs(16);
/// How long after the healing until every honest validator has to have gone on.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Something that goes wrong at a machine, or between machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// links are cut, and opened after a time
    Cut(Cut, Duration),
    /// these machines and the others do not reach each other for a time
    Split(Vec<usize>, Duration),
    /// the process ends
    Kill(usize),
    /// the power fails at once
    PowerLoss(usize),
    /// the power fails at a sync to come
    PowerLossAt(usize, u64, Moment),
    /// a write to come is refused
    Refuse(usize, u64, Refusal),
    /// the process ends, and the tail of the engine's log is damaged: so many of a hundred entries are left
    CutLog(usize, u64),
    /// a row has changed by itself; when it is noticed, the machine's data are lost because of it
    Damage(usize),
    /// the machine loses everything
    Wipe(usize),
    /// the clock jumps ahead: everything that was to be waited for is due
    ClockAhead(usize),
    /// the clock jumps back, or stands, for so long
    ClockBack(usize, Duration),
    /// the clock runs at so many percent
    ClockRate(usize, u64),
}

/// One run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// brings it back
    pub seed: u64,
    /// of equal power
    pub validators: usize,
    /// who of them cheats, and how
    pub traitors: Vec<(usize, Manner)>,
    /// when what goes wrong, ascending
    pub faults: Vec<(Duration, Fault)>,
    /// a fault of our own
    pub bug: Option<Bug>,
    /// how long faults go on
    pub trouble: Duration,
    /// another seed of what is drawn while it runs, for runs that share a plan
    pub stream: u64,
}

/// How many validators of `n` may cheat: fewer than a third.
#[must_use]
pub fn most_traitors(n: usize) -> usize {
    n.saturating_sub(1) / 3
}

impl Plan {
    /// The run of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed, 1);
        let validators = if seed.is_multiple_of(4) { 7 } else { 4 };
        let most = most_traitors(validators);
        let traitors = dice.index(most.saturating_add(1));
        let manners = Manner::ALL;
        let traitors: Vec<_> = dice
            .some(validators, traitors)
            .into_iter()
            .map(|at| (at, dice.pick(&manners).unwrap_or(Manner::Twins)))
            .collect();
        let mut plan =
            Self { seed, validators, traitors, faults: Vec::new(), bug: None, trouble: TROUBLE, stream: 0 };
        plan.draw_faults(&mut dice);
        plan
    }

    /// A run in which nothing goes wrong, from a seed of its messages' times.
    #[must_use]
    pub fn quiet(seed: u64, validators: usize) -> Self {
        Self {
            seed,
            validators,
            traitors: Vec::new(),
            faults: Vec::new(),
            bug: None,
            trouble: TROUBLE,
            stream: 0,
        }
    }

    fn draw_faults(&mut self, dice: &mut Dice) {
        let trouble = u64::try_from(TROUBLE.as_millis()).unwrap_or(u64::MAX);
        // What a validator has lost it cannot vouch for: those and the traitors are fewer than a third together.
        let mut losses = most_traitors(self.validators).saturating_sub(self.traitors.len());
        for _ in 0..dice.below(3).saturating_add(1) {
            let (cut, _) = dice.pick(&CUTS).unwrap_or(CUTS[0]);
            let fault = Fault::Cut(cut, dice.millis(100, 8_000));
            self.faults.push((dice.millis(500, trouble), fault));
        }
        // Whose record may come to be ahead of its log, or the other way round, may have to pass a height: those are fewer than
        // a third too. A process that ends, or power that fails between two events, does neither.
        let unlucky = dice.some(self.validators, losses);
        for _ in 0..dice.below(6).saturating_add(2) {
            let (at, bad) = (dice.index(self.validators), dice.pick(&unlucky));
            let fault = match (dice.below(16), bad) {
                (0 | 1, _) => Fault::Kill(at),
                (2 | 3, _) => Fault::PowerLoss(at),
                (4, _) => Fault::ClockAhead(at),
                (5, _) => Fault::ClockBack(at, dice.millis(500, 6_000)),
                (6, _) => Fault::ClockRate(at, dice.pick(&[40, 70, 150, 250]).unwrap_or(150)),
                (7..=9, Some(bad)) => {
                    let moment = if dice.chance(50) { Moment::Before } else { Moment::After };
                    Fault::PowerLossAt(bad, dice.below(12).saturating_add(1), moment)
                }
                (10 | 11, Some(bad)) => {
                    let refusals = [Refusal::NoSpace, Refusal::Device, Refusal::Sync];
                    let refusal = dice.pick(&refusals).unwrap_or(Refusal::Device);
                    Fault::Refuse(bad, dice.below(12).saturating_add(1), refusal)
                }
                (12 | 13, Some(bad)) => Fault::CutLog(bad, dice.below(100)),
                (_, Some(bad)) if losses > 0 => {
                    losses = losses.saturating_sub(1);
                    if dice.chance(50) { Fault::Wipe(bad) } else { Fault::Damage(bad) }
                }
                _ => Fault::Kill(at),
            };
            self.faults.push((dice.millis(200, trouble), fault));
        }
        self.faults.sort_by_key(|(when, _)| *when);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_than_a_third_cheat_or_lose_what_they_know() {
        for seed in 0..2000 {
            let plan = Plan::of(seed);
            let lost =
                plan.faults.iter().filter(|(_, f)| matches!(f, Fault::Wipe(_) | Fault::Damage(_))).count();
            assert!((plan.traitors.len() + lost) * 3 < plan.validators, "seed {seed}");
            assert!(plan.faults.is_sorted_by_key(|(when, _)| *when) && !plan.faults.is_empty());
        }
    }
}
