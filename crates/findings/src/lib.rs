//! What the suites of the reviewer's kit report.
//!
//! ```text
//!   Budget --a suite runs--> Item --many--> Report --> JSON, a page for people
//! ```
//!
//! A suite says more than "passed": which functions it reached and how often, which faults it injected and
//! how often, how many executions it made, which planted faults it caught, and what it found. [`Item::faults`]
//! turns that into a verdict: a function never reached, a fault never injected, a control missed or no execution
//! at all fails a suite exactly as a finding does, because a check that looked at nothing would pass for good.
//!
//! - [`budget`]: how long a suite may run, and its seed
//! - [`item`]: one suite's report
//! - [`report`]: all of them, as JSON and as a page

pub mod budget;
pub mod item;
pub mod report;

pub use budget::Budget;
pub use item::{Fault, Finding, Item};
pub use report::Report;
