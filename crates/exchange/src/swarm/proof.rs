//! Proofs of membership, bound to the two nodes of a connection and used once.

use libp2p::PeerId;
use parclose_crypto::verify;
use parclose_keys::PseudonymKey;
use parclose_types::{NetworkId, PublicKey, SignatureBytes, Tag, enc, labels};

use super::wire::{Nonce, Proof};

/// Between whom, about what, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meeting<'a> {
    pub(super) network: &'a NetworkId,
    pub(super) caller: &'a PeerId,
    pub(super) called: &'a PeerId,
    pub(super) tag: &'a Tag,
    /// the called node's number
    pub(super) given: &'a Nonce,
    /// the caller's number
    pub(super) own: &'a Nonce,
    /// the caller's pseudonym
    pub(super) from: &'a PublicKey,
}

impl Meeting<'_> {
    /// # Rules
    ///
    /// > NET-01: a proof of membership signs network, tag, the peer ids of caller and called node, a number of each, and the caller's pseudonym; the answer signs the same and the answerer's pseudonym.
    fn bytes(&self, label: &'static str, answering: &[u8]) -> Vec<u8> {
        enc(
            label,
            &[
                self.network.as_ref(),
                self.tag.as_ref(),
                &self.caller.to_bytes(),
                &self.called.to_bytes(),
                self.given,
                self.own,
                self.from.as_ref(),
                answering,
            ],
        )
    }

    pub(super) fn prove(&self, key: &PseudonymKey) -> Proof {
        let signature = key.sign(&self.bytes(labels::CHANNEL_PROOF, &[]));
        Proof { tag: *self.tag, from: *self.from, given: *self.given, own: *self.own, signature }
    }

    pub(super) fn is_proven(&self, signature: &SignatureBytes) -> bool {
        verify(self.from, &self.bytes(labels::CHANNEL_PROOF, &[]), signature).is_ok()
    }

    pub(super) fn answer(&self, key: &PseudonymKey) -> (PublicKey, SignatureBytes) {
        let own = key.public();
        (own, key.sign(&self.bytes(labels::CHANNEL_ANSWER, own.as_ref())))
    }

    pub(super) fn is_answered(&self, member: &PublicKey, signature: &SignatureBytes) -> bool {
        verify(member, &self.bytes(labels::CHANNEL_ANSWER, member.as_ref()), signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use parclose_keys::member::hazmat::member_from_bytes;
    use parclose_types::{ChannelId, Generation};

    use super::*;

    #[test]
    fn net_01_a_proof_is_of_this_meeting_and_no_other() {
        let pseudonym =
            |number| member_from_bytes([number; 32]).pseudonym(&ChannelId([1; 32]), Generation(0));
        let (key, other) = (pseudonym(1), pseudonym(2));
        let (caller, called) = (PeerId::random(), PeerId::random());
        let from = key.public();
        let meeting = Meeting {
            network: &NetworkId([1; 32]),
            caller: &caller,
            called: &called,
            tag: &Tag([2; 32]),
            given: &[3; 32],
            own: &[4; 32],
            from: &from,
        };
        let proof = meeting.prove(&key);
        let (member, answer) = meeting.answer(&other);
        assert!(meeting.is_proven(&proof.signature) && meeting.is_answered(&member, &answer));
        for elsewhere in [
            Meeting { network: &NetworkId([0; 32]), ..meeting },
            Meeting { caller: &called, ..meeting },
            Meeting { called: &caller, ..meeting },
            Meeting { tag: &Tag([0; 32]), ..meeting },
            Meeting { given: &[0; 32], ..meeting },
            Meeting { own: &[0; 32], ..meeting },
            Meeting { from: &member, ..meeting },
        ] {
            assert!(!elsewhere.is_proven(&proof.signature), "{elsewhere:?}");
            assert!(!elsewhere.is_answered(&member, &answer), "{elsewhere:?}");
        }
        assert!(!meeting.is_answered(&from, &answer), "somebody else's answer");
        assert!(!meeting.is_proven(&answer), "an answer is no proof");
    }
}
