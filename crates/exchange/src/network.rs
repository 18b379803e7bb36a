//! The seam to the network between members: who takes part in which channel, and how frames get there.

use std::sync::Arc;

use parclose_keys::PseudonymKey;
use parclose_types::{PublicKey, Tag};

use crate::transport::{Inbox, Transport};

/// By what a member takes part in a channel.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// the channel
    pub tag: Tag,
    /// its pseudonym's key: membership is proven with it
    pub key: Arc<PseudonymKey>,
    /// the pseudonyms that may speak to it
    pub peers: Vec<PublicKey>,
    /// names of the members' nodes, as far as they are known here: no other node is told of the channel
    pub hosts: Vec<String>,
}

impl Credentials {
    /// The pseudonym.
    #[must_use]
    pub fn own(&self) -> PublicKey {
        self.key.public()
    }
}

/// Connects members.
pub trait Network: Send + Sync {
    /// Takes a member's place in a channel: what arrives for it goes to `inbox`. The same pseudonym again
    /// replaces what was said before.
    fn connect(&self, credentials: Credentials, inbox: Arc<dyn Inbox>) -> Arc<dyn Transport>;

    /// Gives a place up: nobody reaches this pseudonym any more.
    fn disconnect(&self, member: &PublicKey);
}
