//! Members in one process: frames go straight from pseudonym to pseudonym.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use parclose_types::PublicKey;

use crate::transport::{Inbox, Transport, Unreachable};

type Inboxes = Arc<Mutex<BTreeMap<PublicKey, Arc<dyn Inbox>>>>;

/// The nodes of one process, by pseudonym.
#[derive(Clone, Default)]
pub struct MemoryNetwork(Inboxes);

impl MemoryNetwork {
    /// Connects a member's inbox and gives it its own way out.
    #[must_use]
    pub fn connect(&self, member: PublicKey, inbox: Arc<dyn Inbox>) -> Arc<dyn Transport> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(member, inbox);
        Arc::new(MemoryTransport { from: member, inboxes: self.0.clone() })
    }

    /// Takes a member off the network: its peers cannot reach it any more.
    pub fn disconnect(&self, member: &PublicKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(member);
    }
}

impl std::fmt::Debug for MemoryNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryNetwork")
    }
}

struct MemoryTransport {
    from: PublicKey,
    inboxes: Inboxes,
}

impl Transport for MemoryTransport {
    fn send(&self, to: &PublicKey, frame: Vec<u8>) -> Result<(), Unreachable> {
        let inbox = self.inboxes.lock().unwrap_or_else(PoisonError::into_inner).get(to).cloned();
        inbox.ok_or(Unreachable)?.deliver(self.from, frame);
        Ok(())
    }
}
