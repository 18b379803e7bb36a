//! Members in one process: frames go straight from pseudonym to pseudonym.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use parclose_types::PublicKey;

use crate::network::{Credentials, Network};
use crate::transport::{Inbox, Transport, Unreachable};

type Inboxes = Arc<Mutex<BTreeMap<PublicKey, Arc<dyn Inbox>>>>;

/// The nodes of one process, by pseudonym.
#[derive(Clone, Default)]
pub struct MemoryNetwork(Inboxes);

impl MemoryNetwork {
    fn join(&self, member: PublicKey, inbox: Arc<dyn Inbox>) -> Arc<dyn Transport> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(member, inbox);
        Arc::new(MemoryTransport { from: member, inboxes: self.0.clone() })
    }
}

impl Network for MemoryNetwork {
    /// Whoever holds the key is the member: there is nobody in between to prove it to.
    fn connect(&self, credentials: Credentials, inbox: Arc<dyn Inbox>) -> Arc<dyn Transport> {
        self.join(credentials.own(), inbox)
    }

    fn disconnect(&self, member: &PublicKey) {
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
        if inbox.ok_or(Unreachable)?.deliver(self.from, frame) { Ok(()) } else { Err(Unreachable) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Mutex<Vec<(PublicKey, Vec<u8>)>>);

    impl Inbox for Kept {
        fn deliver(&self, from: PublicKey, frame: Vec<u8>) -> bool {
            self.0.lock().unwrap().push((from, frame));
            true
        }
    }

    impl Kept {
        fn taken(&self) -> Vec<(PublicKey, Vec<u8>)> {
            std::mem::take(&mut self.0.lock().unwrap())
        }
    }

    const ANN: PublicKey = PublicKey([1; 32]);
    const BOB: PublicKey = PublicKey([2; 32]);

    fn joined(network: &MemoryNetwork, member: PublicKey) -> (Arc<Kept>, Arc<dyn Transport>) {
        let inbox = Arc::new(Kept::default());
        (inbox.clone(), network.join(member, inbox))
    }

    #[test]
    fn frames_arrive_in_order_under_their_senders_name_at_their_receiver_only() {
        let network = MemoryNetwork::default();
        let (ann, from_ann) = joined(&network, ANN);
        let (bob, from_bob) = joined(&network, BOB);
        from_ann.send(&BOB, vec![1]).unwrap();
        from_ann.send(&BOB, vec![2]).unwrap();
        from_bob.send(&BOB, vec![3]).unwrap();
        assert_eq!(bob.taken(), [(ANN, vec![1]), (ANN, vec![2]), (BOB, vec![3])]);
        assert_eq!(ann.taken(), []);
    }

    #[test]
    fn who_is_not_connected_is_unreachable_and_gets_nothing_later() {
        let network = MemoryNetwork::default();
        let (_, from_ann) = joined(&network, ANN);
        assert_eq!(from_ann.send(&BOB, vec![1]), Err(Unreachable));
        let (bob, from_bob) = joined(&network, BOB);
        assert_eq!(bob.taken(), []);
        network.disconnect(&BOB);
        assert_eq!(from_ann.send(&BOB, vec![2]), Err(Unreachable));
        from_bob.send(&ANN, vec![3]).unwrap();
        let (again, _) = joined(&network, BOB);
        from_ann.send(&BOB, vec![4]).unwrap();
        assert_eq!((bob.taken(), again.taken()), (vec![], vec![(ANN, vec![4])]), "the inbox is replaced");
    }

    #[test]
    fn two_networks_share_nothing() {
        let (one, other) = (MemoryNetwork::default(), MemoryNetwork::default());
        let (_, from_ann) = joined(&one, ANN);
        let (bob, _) = joined(&other, BOB);
        assert_eq!(from_ann.send(&BOB, vec![1]), Err(Unreachable));
        assert_eq!(bob.taken(), []);
    }
}
