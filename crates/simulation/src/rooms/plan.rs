//! What a seed means for rooms.

use std::time::Duration;

use parclose_store::hazmat::{Moment, Refusal};

use crate::dice::Dice;
use crate::network::{CUTS, Cut};
use crate::rooms::founding::{MEMBERS, ORGS};

/// How long faults go on.
pub const TROUBLE: Duration = Duration::from_secs(9);
/// How long after that until everything must be in place.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A fault of a machine or a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// links are cut for a time
    Cut(Cut, Duration),
    /// the process ends
    Kill(usize),
    /// the power fails
    PowerLoss(usize),
    /// the power fails at a sync to come
    PowerLossAt(usize, u64, Moment),
    /// a write to come is refused
    Refuse(usize, u64, Refusal),
    /// the disk is copied
    Backup(usize),
    /// the disk is put back to the copy
    Restore(usize),
}

/// What a member does who cheats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ill {
    /// the same transaction in two batches at once
    TwoBatches,
    /// it hands out no batch
    Withholds,
    /// what it seals is not what it commits to
    Garbage,
    /// a field says that it is sealed for others than it is
    Mislabelled,
    /// it puts forward in one channel what was made for another
    OtherChannel,
}

impl Ill {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::TwoBatches, Self::Withholds, Self::Garbage, Self::Mislabelled, Self::OtherChannel];

    /// By what it is counted.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoBatches => "member: two batches at once",
            Self::Withholds => "member: withholds a batch",
            Self::Garbage => "member: seals garbage",
            Self::Mislabelled => "member: mislabels a field",
            Self::OtherChannel => "member: replays from another channel",
        }
    }
}

/// A fault of our own in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomBug {
    /// a machine draws after a start what it drew before
    SameRandomness,
    /// one member executes an event twice
    AppliedTwice,
    /// a channel is told that a deal is done which is not
    ForgedDecision,
    /// what is fetched is not compared with what was asked for
    KeepsUnasked,
    /// members endorse what they have neither checked nor stored
    SignsUnseen,
}

impl RoomBug {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::SameRandomness,
        Self::AppliedTwice,
        Self::ForgedDecision,
        Self::KeepsUnasked,
        Self::SignsUnseen,
    ];

    /// What is planted.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SameRandomness => "a restarted machine draws the same again",
            Self::AppliedTwice => "a member executes a batch twice",
            Self::ForgedDecision => "one leg of a deal is settled alone",
            Self::KeepsUnasked => "a fetched batch is not compared with what was asked for",
            Self::SignsUnseen => "members endorse what they have not stored",
        }
    }

    /// What a check says that has noticed it, one of these.
    #[must_use]
    pub fn shows_as(self) -> &'static [&'static str] {
        match self {
            Self::SameRandomness => &["must be fresh"],
            Self::AppliedTwice => &["differ after event"],
            Self::ForgedDecision => &["and should have", "done in one channel", "decided otherwise"],
            Self::KeepsUnasked => &["of another channel"],
            Self::SignsUnseen => &["is not in place"],
        }
    }
}

/// One run of rooms.
#[derive(Clone, Debug)]
pub struct RoomPlan {
    /// brings it back
    pub seed: u64,
    /// who cheats, by channel and place, and how
    pub ill: Option<(usize, usize, Ill)>,
    /// when what goes wrong
    pub faults: Vec<(Duration, Fault)>,
    /// things that members do
    pub work: u64,
    /// what is planted
    pub bug: Option<RoomBug>,
}

impl RoomPlan {
    /// The run of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed, 41);
        let ill = dice.pick(&Ill::ALL).filter(|_| dice.chance(60));
        let ill = ill.map(|ill| (dice.index(3), dice.index(3), ill));
        let mut plan = Self { seed, ill, faults: Vec::new(), work: 5, bug: None };
        let trouble = u64::try_from(TROUBLE.as_millis()).unwrap_or(u64::MAX);
        if dice.chance(70) {
            let (cut, _) = dice.pick(&CUTS).unwrap_or(CUTS[0]);
            plan.faults.push((dice.millis(500, trouble), Fault::Cut(cut, dice.millis(500, 4_000))));
        }
        if dice.chance(30) {
            let at = dice.index(ORGS);
            let when = dice.millis(200, 4_000);
            plan.faults.push((when, Fault::Backup(at)));
            plan.faults.push((when.saturating_add(dice.millis(1_000, 4_500)), Fault::Restore(at)));
        }
        for _ in 0..dice.below(4) {
            let at = dice.index(ORGS);
            let fault = match dice.below(8) {
                0 | 1 => Fault::Kill(at),
                2 => Fault::PowerLoss(at),
                3..=5 => {
                    let moment = if dice.chance(50) { Moment::Before } else { Moment::After };
                    Fault::PowerLossAt(at, dice.below(8).saturating_add(1), moment)
                }
                _ => {
                    let refusals = [Refusal::NoSpace, Refusal::Device, Refusal::Sync];
                    let refusal = dice.pick(&refusals).unwrap_or(Refusal::Sync);
                    Fault::Refuse(at, dice.below(8).saturating_add(1), refusal)
                }
            };
            plan.faults.push((dice.millis(200, trouble), fault));
        }
        // Who vouches for a batch keeps it. One that is put back to an old backup has lost it, and counts as one that cheats: with
        // another that hands nothing out, two of three would.
        if let Some((channel, _, Ill::Withholds)) = ill
            && let Some(members) = MEMBERS.get(channel)
        {
            plan.faults.retain(|(_, fault)| !matches!(fault, Fault::Restore(at) if members.contains(at)));
        }
        plan.faults.sort_by_key(|(when, _)| *when);
        plan
    }

    /// A run with deals in which the power of an organisation in two channels fails once at most: at one of its syncs, before
    /// or after it.
    #[must_use]
    pub fn swept(point: Option<u64>) -> Self {
        let mut plan = Self { seed: 3, ill: None, faults: Vec::new(), work: 6, bug: None };
        if let Some(point) = point {
            let moment = if point.is_multiple_of(2) { Moment::Before } else { Moment::After };
            plan.faults = vec![(Duration::ZERO, Fault::PowerLossAt(0, point / 2 + 1, moment))];
        }
        plan
    }

    /// A run with a planted fault, in the circumstances in which it shows.
    #[must_use]
    pub fn planted(bug: RoomBug, seed: u64) -> Self {
        let mut plan = Self { seed, ill: None, faults: Vec::new(), work: 6, bug: Some(bug) };
        let at = |millis: u64| Duration::from_millis(millis);
        match bug {
            RoomBug::SameRandomness => {
                plan.faults = (0..ORGS).map(|org| (at(3_000 + 100 * org as u64), Fault::Kill(org))).collect();
            }
            RoomBug::KeepsUnasked => plan.ill = Some((0, 0, Ill::OtherChannel)),
            RoomBug::SignsUnseen => {
                plan.ill = Some((0, 0, Ill::Withholds));
                plan.work = 10;
            }
            RoomBug::AppliedTwice | RoomBug::ForgedDecision => plan.work = 8,
        }
        plan
    }
}
