//! The host of the root chain: what turns candidates into final events.
//!
//! [`RootChain`] is what the rest of a node sees. Behind it stands [`EmbeddedRoot`]: one validator in
//! this process, which signs what a cluster would. A BFT engine takes its place without a change to
//! callers or to receipts, because certificates are over the engine's precommit bytes already.
//!
//! ```text
//!   candidates --prepare--> block --sign--> certificate --one synced batch--> visible, final
//! ```
//!
//! No threads and no clock: a block is made when somebody asks for one. What may go wrong is the disk;
//! then nothing more is committed until the directory is opened again.

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

mod embedded;
pub mod hazmat;
mod ledger;
mod root_chain;
mod tables;

pub use embedded::EmbeddedRoot;
pub use root_chain::{Committed, FinalEvent, RootChain, RootUnavailable};
