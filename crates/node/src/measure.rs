//! What things cost, measured on the real code; ratios of one run are what to compare.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock and nothing else does")]

mod audit;
mod channels;
mod clock;
mod load;
mod primitives;
mod record_write;
mod room;
mod rotation;
mod transfer;
mod usage;

pub use audit::audit;
pub use channels::{found_channels, open_channels};
pub use load::{LoadPlan, load};
pub use primitives::primitives;
pub use record_write::record_write;
pub use rotation::rotation;
pub use transfer::transfer;
pub use usage::usage;

type Failed = Box<dyn std::error::Error>;

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
