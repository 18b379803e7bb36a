//! The host of the root chain: what turns candidates into final events.
//!
//! [`RootChain`] is what the rest of a node sees. Behind it stands [`ClusterRoot`], which hosts the BFT
//! engine for any number of validators from one on, or [`EmbeddedRoot`]: one validator without a network,
//! which makes a block when somebody asks for one, with no thread and no clock. Certificates are over the
//! same bytes, so receipts cannot tell which of the two made them.
//!
//! ```text
//!   candidates --prepare--> block --votes--> certificate --one synced batch--> visible, final
//! ```
//!
//! What may go wrong is the disk; then nothing more is committed until the directory is opened again.

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

mod cluster;
mod embedded;
mod engine;
mod evidence;
#[cfg(test)]
mod fixtures;
pub mod hazmat;
mod ledger;
mod root_chain;
mod stepped;
mod tables;

pub use cluster::{
    ClusterOptions, ClusterRoot, ClusterStatus, Equivocation, Hop, NoRelay, Offence, OnHead, OnOrdered,
    Ordered, RootAnswer, RootRelay, Timing,
};
pub use embedded::EmbeddedRoot;
pub use evidence::{Evidence, EvidenceInvalid};
pub use root_chain::{Committed, FinalEvent, RootChain, RootUnavailable};
