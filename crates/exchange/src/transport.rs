//! The seam to the network.

use parclose_types::PublicKey;

/// A peer cannot be reached now. Whether it got something earlier is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the member cannot be reached")]
pub struct Unreachable;

/// Moves frames between the members of a channel. What arrives is untrusted bytes from a peer that
/// has proven its pseudonym; how it proves it is the transport's business.
pub trait Transport: Send + Sync {
    /// Hands a frame to a member's node.
    fn send(&self, to: &PublicKey, frame: Vec<u8>) -> Result<(), Unreachable>;
}

/// Where a transport delivers what arrives for one member of one channel.
pub trait Inbox: Send + Sync {
    /// A frame from a peer; `false` if there is no room for it: it is dropped, and who sent it is told as far as
    /// the transport can.
    fn deliver(&self, from: PublicKey, frame: Vec<u8>) -> bool;
}
