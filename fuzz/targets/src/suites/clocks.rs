//! F24: epochs follow root heights and nothing else; a clock that is skewed, jumps or goes back changes none of them.
//!
//! There is no clock in what decides, so nothing can be handed a wrong one. What is held is that an epoch is the same
//! number whenever, however often and in whatever order it is asked for, that it agrees with a model in 128 bits, and
//! that a transaction counts by height: within its epoch, the grace of the next, and its expiry.

use parclose_transaction::{KnownSignatures, Setting, Term, UnverifiedTransaction};
use parclose_types::{Epoch, Failure, Generation, Height};

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;
use crate::world::WORLD;

static EPOCH: Point = Point::returns("Term::epoch_at");
static AUTHENTICATE: Point = Point::decides("UnverifiedTransaction::authenticate");
static JUMP: Point = Point::fault("a clock that jumps");
static BACK: Point = Point::fault("a clock that goes back");
static SAME: Point = Point::fault("a clock that stands");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F24",
    name: "f24_clocks",
    holds: "an epoch is a function of the root height: equal to a model, never falling, the same whatever a clock says in between",
    reach: || vec![&EPOCH, &AUTHENTICATE, &JUMP, &BACK, &SAME],
    run,
    controls: &[
        Control { name: "an epoch that a clock moves", run: by_clock },
        Control { name: "a grace that is one height too long", run: long_grace },
    ],
    script_bytes: 160,
};

/// How epochs are asked for: of a term, at a height, while a clock says so many seconds.
type Ask = fn(&Term, Height, u64) -> (Epoch, u64);

/// One scenario: heights in any order under a clock that does what it likes.
pub fn run(bytes: &[u8]) -> Answer {
    hold(bytes, |term, height, _| EPOCH.call(|| term.epoch_at(height)), 0)
}

fn by_clock(bytes: &[u8]) -> Answer {
    let ask = |term: &Term, height: Height, clock: u64| {
        let (epoch, into) = term.epoch_at(height);
        (Epoch(epoch.0.saturating_add(u32::from(clock % 7200 > 3600))), into)
    };
    hold(bytes, ask, 0)
}

fn long_grace(bytes: &[u8]) -> Answer {
    hold(bytes, |term, height, _| term.epoch_at(height), 1)
}

fn hold(bytes: &[u8], ask: Ask, more_grace: u64) -> Answer {
    let mut script = Script::new(bytes);
    let term = Term {
        generation: Generation(script.any()),
        start: Height(script.edgy()),
        first_epoch: Epoch(script.any()),
        epoch_length: script.edgy(),
    };
    let mut clock = 1_800_000_000_u64;
    let mut asked: Vec<(Height, (Epoch, u64))> = Vec::new();
    for _ in 0..1 + script.below(8) {
        clock = tick(clock, &mut script);
        let height = height(&term, &asked, &mut script);
        let answer = ask(&term, height, clock);
        assert_eq!(answer, model(&term, height), "an epoch and its model differ");
        asked.push((height, answer));
    }
    asked.sort_by_key(|(height, _)| *height);
    assert!(asked.is_sorted_by_key(|(_, (epoch, _))| *epoch), "an epoch falls while heights rise");
    for (height, answer) in &asked {
        clock = tick(clock, &mut script);
        assert_eq!(ask(&term, *height, clock), *answer, "an epoch is another one later");
    }
    rotated(&term, &asked, ask, clock);
    counts(&mut script, more_grace)
}

/// An hour to either side, any jump, or nothing at all.
fn tick(clock: u64, script: &mut Script<'_>) -> u64 {
    match script.below(5) {
        0 => SAME.call(|| clock),
        1 => BACK.call(|| clock.saturating_sub(3600)),
        2 => JUMP.call(|| clock.saturating_add(3600)),
        3 => JUMP.call(|| script.edgy()),
        _ => clock.saturating_add(1),
    }
}

fn height(term: &Term, asked: &[(Height, (Epoch, u64))], script: &mut Script<'_>) -> Height {
    let near = asked.last().map_or(term.start, |(height, _)| *height);
    match script.below(6) {
        0 => Height(script.any()),
        1 => near,
        2 => Height(near.0.saturating_sub(1)),
        3 => Height(near.0.saturating_add(term.epoch_length)),
        4 => Height(near.0.saturating_add(u64::from(script.any::<u16>()))),
        _ => Height(near.0.saturating_add(1)),
    }
}

/// first epoch + (height - start) / length, in numbers that do not end; the last epoch stands for all beyond.
fn model(term: &Term, height: Height) -> (Epoch, u64) {
    let since = u128::from(height.0).saturating_sub(u128::from(term.start.0));
    let length = u128::from(term.epoch_length).max(1);
    let epoch = (u128::from(term.first_epoch.0) + (since / length).min(u128::from(u32::MAX)))
        .min(u128::from(u32::MAX));
    let (epoch, into) = (u32::try_from(epoch), u64::try_from(since % length));
    (Epoch(epoch.unwrap_or(u32::MAX)), into.unwrap_or(u64::MAX))
}

/// A rotation begins an epoch of its own at the next height, so no epoch lies in two generations.
fn rotated(term: &Term, asked: &[(Height, (Epoch, u64))], ask: Ask, clock: u64) {
    for (height, (last, _)) in asked {
        let next = term.next(*height, term.epoch_length);
        let (first, into) = ask(&next, next.start, clock);
        let is_last = last.0 == u32::MAX;
        assert!(is_last || (first.0 == last.0 + 1 && into == 0), "an epoch of two generations");
        assert!(height.0 == u64::MAX || next.start.0 == height.0 + 1, "a rotation takes force elsewhere");
    }
}

/// A transaction of the honest world, presented at any height: it counts in its epoch, in the grace of the next, and until
/// its expiry.
fn counts(script: &mut Script<'_>, more_grace: u64) -> Answer {
    let signed = script.pick(&WORLD.transactions);
    let unverified = UnverifiedTransaction::decode(&signed.encode_parts().0).expect("an honest transaction");
    let (body, honest) = (signed.body(), WORLD.setting);
    let near = |base: u64, script: &mut Script<'_>| match script.below(4) {
        0 => base.saturating_add(1),
        1 => base.saturating_sub(1),
        2 => script.edgy(),
        _ => base,
    };
    let epoch = u32::try_from(near(body.epoch.0.into(), script)).unwrap_or(u32::MAX);
    let setting = Setting {
        height: Height(near(*script.pick(&[honest.height.0, body.expiry.0]), script)),
        epoch: Epoch(epoch),
        into_epoch: near(honest.grace, script),
        ..honest
    };
    let in_time = setting.height <= body.expiry
        && u128::from(body.expiry.0) <= u128::from(setting.height.0) + u128::from(setting.expiry_max);
    let grace = setting.grace.saturating_add(more_grace);
    let in_epoch = body.epoch == setting.epoch
        || (u64::from(body.epoch.0) + 1 == u64::from(setting.epoch.0) && setting.into_epoch < grace);
    let is_member = |key: &parclose_types::PublicKey| WORLD.members.contains(key);
    let decided =
        AUTHENTICATE.ask(|| unverified.authenticate(&setting, is_member, &mut KnownSignatures::default()));
    assert_eq!(decided.is_ok(), in_time && in_epoch, "a transaction counts at another height: {setting:?}");
    decided.map_or_else(|refused| Answer::Refused(refused.rule()), |_| Answer::Taken)
}
