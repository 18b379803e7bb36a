//! All attacks, as a suite of the reviewer's kit.

use parclose_findings::{Budget, Item};

use crate::attack::Failed;
use crate::attacks::{ALL, PLANTED};
use crate::ground::Ground;
use crate::trial::{Outcome, Trial, try_one};

/// Tries every attack once, and goes on with consortia of other seeds until the time is used.
#[must_use]
pub fn all(budget: &Budget) -> Item {
    let replay = format!("parclose attack run --all --seed {}", budget.seed);
    let mut item =
        Item::new("attacks", "every attack of the catalogue is noticed by the rules that it names", &replay);
    item.must_inject(&ALL.iter().map(|attack| attack.name).collect::<Vec<_>>());
    item.must_reach(&ALL.iter().flat_map(|a| a.notices).map(|n| n.rule).collect::<Vec<_>>());
    let mut seed = budget.seed;
    loop {
        if let Err(failed) = round(&mut item, seed) {
            item.find(
                format!("no consortium to attack: {failed}"),
                format!("parclose attack run --all --seed {seed}"),
            );
            break;
        }
        seed = seed.wrapping_add(1);
        if !budget.is_left() {
            break;
        }
    }
    item.seconds = budget.used().as_secs_f64();
    item
}

fn round(item: &mut Item, seed: u64) -> Result<(), Failed> {
    let ground = Ground::temporary(seed)?;
    for attack in ALL {
        take(item, try_one(&ground, *attack), seed);
    }
    let planted = try_one(&ground, PLANTED);
    let is_told = matches!(planted.outcome, Outcome::Missed(_));
    item.control("an attack that nothing notices is told to be missed", is_told);
    Ok(())
}

fn take(item: &mut Item, trial: Trial, seed: u64) {
    let name = trial.attack.name;
    item.control(&format!("{name}, with an honest hand, is let through"), !trial.honest.is_empty());
    let again = format!("parclose attack run {name} --seed {seed}");
    match trial.outcome {
        Outcome::Noticed(answers) => {
            item.inject(name);
            for answer in answers {
                item.executions = item.executions.saturating_add(1);
                item.reach(&answer.refused.map(|refusal| refusal.rule).unwrap_or_default());
            }
        }
        Outcome::Missed(what) => {
            item.inject(name);
            what.into_iter().for_each(|what| item.find(format!("{name}: {what}"), &again));
        }
        Outcome::Vacuous(what) => {
            let what = what.join("; ");
            item.find(format!("{name}: an honest hand is stopped, too: {what}"), again);
        }
        Outcome::NotPerformed(why) => item.find(format!("{name}: not performed: {why}"), again),
    }
}
