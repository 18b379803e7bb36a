//! Faults of our own: each is switched on around the real code, and each must be noticed.

use std::time::Duration;

use parclose_store::hazmat::Moment;

use crate::dice::Dice;
use crate::plan::{Fault, Plan};
use crate::traitor::Manner;

/// A fault that is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// a disk says of every second sync that it is done, and does nothing
    SkippedSync,
    /// a crash keeps half of a commit
    TornCommit,
    /// more than half of the votes decide
    HalfIsEnough,
    /// signatures leave without a record of them
    NoRecord,
    /// two machines run with one key, and nobody is said to cheat
    SecretClone,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::SkippedSync, Self::TornCommit, Self::HalfIsEnough, Self::NoRecord, Self::SecretClone];

    /// What is planted.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SkippedSync => "every second sync is skipped",
            Self::TornCommit => "a crash tears a commit",
            Self::HalfIsEnough => "more than half of the votes decide",
            Self::NoRecord => "signatures leave without a record",
            Self::SecretClone => "a validator runs twice",
        }
    }

    /// What a checker says that has noticed it, one of these.
    #[must_use]
    pub fn shows_as(self) -> &'static [&'static str] {
        match self {
            Self::SkippedSync => &["as final and starts at", "does not start", "signed twice"],
            Self::TornCommit => &["does not start", "has no block"],
            Self::HalfIsEnough => &["two blocks are final", "is final with"],
            Self::NoRecord | Self::SecretClone => &["signed twice", "is convicted"],
        }
    }

    /// A run in which it must show, if its circumstances come together; several seeds are tried.
    #[must_use]
    pub fn plan(self, seed: u64) -> Plan {
        let mut dice = Dice::of(seed, 9);
        let mut plan = Plan::quiet(seed, if self == Self::HalfIsEnough { 7 } else { 4 });
        (plan.bug, plan.trouble) = (Some(self), Duration::from_secs(12));
        let at = |millis: u64| Duration::from_millis(millis);
        match self {
            Self::SkippedSync | Self::TornCommit => {
                for number in 0..9 {
                    let when = at(1_500 + number * 1_100);
                    let ahead = dice.below(4).saturating_add(1);
                    // One of them: the others go on, so it has always something to write.
                    plan.faults.push((when, Fault::PowerLossAt(0, ahead, Moment::Before)));
                }
            }
            Self::HalfIsEnough => {
                // Five are honest; each of the cheating two is heard on both sides.
                plan.traitors = vec![(5, Manner::Twins), (6, Manner::Twins)];
                plan.faults = vec![(at(450), Fault::Split(vec![0, 1, 5, 6], Duration::from_secs(11)))];
            }
            Self::NoRecord => {
                plan.faults = vec![(at(3_000), Fault::Split(vec![0, 1], Duration::from_secs(8)))];
                for number in 0..8 {
                    plan.faults.push((at(3_400 + number * 800), Fault::CutLog(dice.index(4), 0)));
                }
            }
            Self::SecretClone => {
                plan.faults = vec![(at(2_000), Fault::Split(vec![0, 1], Duration::from_secs(8)))];
            }
        }
        plan
    }
}
