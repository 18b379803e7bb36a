//! The key by which a node is known on the network: its libp2p identity.
//!
//! It proves which node is at the other end of a connection and nothing else: no record, vote or statement of the
//! ledger is signed with it. A member can replace it without changing who it is.

use libp2p::PeerId;
use libp2p::identity::{Keypair, PublicKey as NetworkKey, ed25519};
use parclose_crypto::{Secret, SigningKey};
use parclose_types::{PublicKey, SignatureBytes};
use zeroize::Zeroizing;

/// A node's identity key.
pub struct NodeKey(Secret);

impl NodeKey {
    pub(crate) fn from_secret(secret: Secret) -> Self {
        Self(secret)
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.signing().public()
    }

    /// Signs a card, to show that its node has the key.
    pub(crate) fn sign(&self, message: &[u8]) -> SignatureBytes {
        self.signing().sign(message)
    }

    fn signing(&self) -> SigningKey {
        SigningKey::from_seed(&self.0)
    }

    /// The key as the network library holds it.
    ///
    /// # Panics
    ///
    /// Never: every 32 bytes are a seed.
    #[must_use]
    pub fn keypair(&self) -> Keypair {
        let mut seed = Zeroizing::new(self.0.expose(|bytes| *bytes));
        Keypair::ed25519_from_bytes(seed.as_mut_slice()).expect("32 bytes are a seed")
    }
}

impl std::fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NodeKey({})", self.public())
    }
}

/// The name of a node on the network; `None` for bytes that are no key.
#[must_use]
pub fn peer_of(node: &PublicKey) -> Option<PeerId> {
    let key = ed25519::PublicKey::try_from_bytes(&node.0).ok()?;
    Some(NetworkKey::from(key).to_peer_id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use parclose_crypto::secret::hazmat::secret_from_bytes;

    #[test]
    fn the_network_library_derives_the_same_key() {
        let key = NodeKey::from_secret(secret_from_bytes([7; 32]));
        assert_eq!(peer_of(&key.public()), Some(key.keypair().public().to_peer_id()));
        assert_ne!(
            peer_of(&key.public()),
            peer_of(&NodeKey::from_secret(secret_from_bytes([8; 32])).public())
        );
    }

    #[test]
    fn it_prints_its_public_half_only() {
        let key = NodeKey::from_secret(secret_from_bytes([7; 32]));
        assert_eq!(format!("{key:?}"), format!("NodeKey({})", key.public()));
        assert!(!format!("{key:?}").contains("0707"));
    }
}
