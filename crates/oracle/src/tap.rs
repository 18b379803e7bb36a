//! A tap on the network between members: everything that arrives at a node, after decryption of the connection.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parclose_exchange::{Credentials, Gathering, Inbox, MemoryNetwork, Network, Transport};
use parclose_types::PublicKey;

/// A message that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// pseudonym of the receiver
    pub to: PublicKey,
    /// pseudonym of the sender
    pub from: PublicKey,
    /// the whole message
    pub message: Vec<u8>,
}

#[derive(Default)]
struct Heard {
    gathering: BTreeMap<(PublicKey, PublicKey), Gathering>,
    packets: Vec<Packet>,
    /// frames that belong to no whole message
    odd: Vec<Packet>,
}

/// The network of a process, with the tap on it.
#[derive(Clone, Default)]
pub struct Tap {
    network: MemoryNetwork,
    heard: Arc<Mutex<Heard>>,
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tap({} packets)", self.lock().packets.len())
    }
}

impl Tap {
    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has arrived so far, in its order; what belongs to no whole message comes last.
    pub fn packets(&self) -> Vec<Packet> {
        let heard = self.lock();
        heard.packets.iter().chain(&heard.odd).cloned().collect()
    }

    /// Forgets what has arrived.
    pub fn clear(&self) {
        *self.lock() = Heard::default();
    }
}

impl Network for Tap {
    fn connect(&self, credentials: Credentials, inbox: Arc<dyn Inbox>) -> Arc<dyn Transport> {
        let own = credentials.own();
        let tapped = Tapped { own, inbox, heard: self.heard.clone() };
        self.network.connect(credentials, Arc::new(tapped))
    }

    fn disconnect(&self, member: &PublicKey) {
        self.network.disconnect(member);
    }
}

struct Tapped {
    own: PublicKey,
    inbox: Arc<dyn Inbox>,
    heard: Arc<Mutex<Heard>>,
}

impl Inbox for Tapped {
    fn deliver(&self, from: PublicKey, frame: Vec<u8>) -> bool {
        {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let whole = heard.gathering.entry((self.own, from)).or_default().take(&frame);
            let packet = |message| Packet { to: self.own, from, message };
            match whole {
                Ok(Some(message)) => heard.packets.push(packet(message)),
                Ok(None) => {}
                Err(_) => heard.odd.push(packet(frame.clone())),
            }
        }
        self.inbox.deliver(from, frame)
    }
}
