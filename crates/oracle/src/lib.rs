//! What outsiders hold: searched for canaries, compared between two worlds, attacked with a dictionary.
//!
//! ```text
//!   canary --all its forms--> search <--pieces-- surfaces of a ground that runs
//!   ground A, ground B        what (a) a non-member (b) a member (c) a validator sees --> equal but for declared bytes
//!   10^6 candidates           everything that they hold --> no match
//! ```
//!
//! Each suite reports an [`parclose_findings::Item`], and each has planted faults that it must catch in the same run:
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

/// Why a suite could not do its work: a finding, like any other.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Runs a suite's work, and reports that it broke off if it did.
pub(crate) fn run(
    mut item: parclose_findings::Item,
    budget: &parclose_findings::Budget,
    work: impl FnOnce(&mut parclose_findings::Item) -> Result<(), Failed>,
) -> parclose_findings::Item {
    let before = budget.used();
    if let Err(broken_off) = work(&mut item) {
        let replay = item.replay.clone();
        item.find(format!("it broke off: {broken_off}"), replay);
    }
    item.seconds = budget.used().saturating_sub(before).as_secs_f64();
    item
}
