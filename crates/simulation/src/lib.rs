//! The real state machines under seeded faults, in one thread and virtual time.
//!
//! ```text
//!   seed --> Plan: how many validators, who cheats, which faults when
//!        --> World: machines (disk, log, validator, clock), links, events in the order of virtual time
//!        --> Checker, after each event: agreement, certificates, no honest double signature, nothing final is lost
//!        --> Outcome: faults injected, states reached, the hash of everything that happened
//! ```
//!
//! Validators are [`parclose_consensus::hazmat::Stepped`]: core of the engine, host, ledger and signing record are those of a
//! node; disks are [`parclose_store::hazmat::Medium`]. Nothing here reads a clock or draws randomness that does not come of
//! the seed, so a seed brings a run back, which is checked too.
//!
//! - [`dice`], [`trace`], [`queue`], [`network`]: the kernel
//! - [`machine`], [`world`], [`traitor`]: what runs on it
//! - [`rooms`]: channels and deals, on a root chain that goes on
//! - [`plan`]: what a seed means
//! - [`checker`]: what must hold
//! - [`planted`]: faults of our own, each of which must be noticed
//! - [`suite`]: what it reports

pub mod checker;
pub mod dice;
pub mod machine;
pub mod network;
pub mod plan;
pub mod planted;
pub mod queue;
pub mod rooms;
pub mod suite;
pub mod trace;
pub mod traitor;
pub mod world;
