//! What the members of a channel say to each other, and the seam to the network that carries it.
//!
//! ```text
//!   Message --encode--> bytes --split--> frames of at most 1 MiB --Transport--> peer
//!   frames --gather--> bytes --decode--> Message
//! ```
//!
//! [`Transport`] moves frames between pseudonyms and promises nothing else: a frame may be lost, and
//! then the sender asks again. [`MemoryNetwork`] serves a consortium in one process, [`SwarmNetwork`]
//! separate nodes, over libp2p.

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

pub mod frame;
pub mod memory;
pub mod message;
pub mod network;
pub mod swarm;
pub mod transport;

pub use frame::{Gathering, split};
pub use memory::MemoryNetwork;
pub use message::{Message, Said, SignedClaim, SignedPrepare};
pub use network::{Credentials, Network};
pub use swarm::{
    Contact, NetworkRefused, OfferReply, OnOffered, RootInbox, SwarmNetwork, SwarmOptions, Traffic,
};
pub use transport::{Inbox, Transport, Unreachable};
