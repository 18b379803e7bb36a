//! What outsiders hold: searched for canaries, compared between two worlds, attacked with a dictionary.
//!
//! ```text
//!   canary --all its forms--> search <--pieces-- surfaces of a ground that runs
//!   ground A, ground B        what (a) a non-member (b) a member (c) a validator sees --> equal but for declared bytes
//!   10^6 candidates           everything that they hold --> no match
//! ```
//!
//! Each suite reports an [`Item`], and each has planted faults that it must catch in the same run:
//! a search that finds nothing would else pass for good.
//!
//! - [`leak`]: the leak oracle over all members and channels, in this process
//! - [`processes`]: the leak oracle over real processes
//! - [`roles`]: commands and pages as each role (F20)
//! - [`worlds`]: two worlds (F22)
//! - [`dictionary`]: the dictionary (F22b)

pub mod blank;
pub mod canary;
pub mod commands;
pub mod content;
pub mod dictionary;
pub mod encodings;
pub mod failures;
pub mod ground;
pub mod guesses;
pub mod keys;
pub mod leak;
pub mod log;
pub mod members;
pub mod pages;
pub mod points;
pub mod processes;
pub mod random;
pub mod roles;
pub mod search;
pub mod surface;
pub mod tap;
pub mod view;
pub mod worlds;

use parclose_findings::{Budget, Item};

/// Why a suite could not do its work: a finding, like any other.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Runs a suite's work at least once, and again from the next seed until the budget is used or something was found. That
/// it broke off is a finding, too. The item comes with the command that runs the suite, which is given the seed of the last time.
pub(crate) fn run(
    mut item: Item,
    budget: &Budget,
    work: impl Fn(&mut Item, u64) -> Result<(), Failed>,
) -> Item {
    let (before, command) = (budget.used(), item.replay.clone());
    let mut seed = budget.seed;
    loop {
        item.replay = format!("{command} --seed {seed}");
        if let Err(broken_off) = work(&mut item, seed) {
            let replay = item.replay.clone();
            item.find(format!("it broke off: {broken_off}"), replay);
        }
        if !item.findings.is_empty() || !budget.is_left() {
            item.seconds = budget.used().saturating_sub(before).as_secs_f64();
            return item;
        }
        seed = seed.wrapping_add(1);
    }
}

/// Counts that so many of something were reached.
pub(crate) fn add(item: &mut Item, name: &str, count: impl TryInto<u64>) {
    let so_far = item.reached.entry(name.to_owned()).or_default();
    *so_far = so_far.saturating_add(count.try_into().unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn worked(limit: Duration, broken_from: u64) -> Item {
        let item = Item::new("F00", "nothing in particular", "make nothing");
        run(item, &Budget::new(7, limit), |item, seed| {
            item.executions += 1;
            if seed >= broken_from { Err("a fault".into()) } else { Ok(()) }
        })
    }

    #[test]
    fn work_is_done_once_in_no_time_and_goes_on_from_the_next_seed_while_there_is_some() {
        assert_eq!(worked(Duration::ZERO, 100).executions, 1);
        let item = worked(Duration::from_secs(3600), 9);
        assert_eq!((item.executions, item.findings.len()), (3, 1), "a finding ends it");
        assert_eq!(item.findings[0].replay, "make nothing --seed 9");
    }
}
