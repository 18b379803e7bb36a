//! Opening a channel: its tag, its first endorsers, and a commitment to its genesis that hides it.
//!
//! Every endorser signs, so nobody becomes an endorser of a channel that it did not agree to (R32).

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::{SigningKey, hash, verify};
use parclose_types::{Digest, Generation, NetworkId, SignatureBytes, Tag, enc, encode, labels};

use crate::execution::Place;
use crate::keys::GenerationKeys;
use crate::reject::RootReject;
use crate::tag::TagState;

/// What an opening fixes; the tag is its hash.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OpenBody {
    /// the endorsers of generation 0
    pub keys: GenerationKeys,
    /// blinded commitment to the channel's genesis
    pub genesis_commitment: Digest,
}

/// Opens a tag.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OpenChannel {
    /// what is fixed
    pub body: OpenBody,
    /// one signature per endorser, in index order
    pub signatures: Vec<SignatureBytes>,
}

impl OpenBody {
    /// The tag: `H(OPEN_CHANNEL, network, canonical bytes of the body)`.
    ///
    /// # Rules
    ///
    /// > ROO-01: a tag is the hash of the network and of the body that opened it, so it fixes the first endorsers, their threshold and the channel's genesis.
    #[must_use]
    pub fn tag(&self, network: &NetworkId) -> Tag {
        Tag(hash(labels::OPEN_CHANNEL, &[network.as_ref(), &encode(self)]))
    }

    /// What each endorser signs: `enc(OPEN_CHANNEL_SIGN, network, tag)`.
    #[must_use]
    pub fn signing_bytes(&self, network: &NetworkId) -> Vec<u8> {
        enc(labels::OPEN_CHANNEL_SIGN, &[network.as_ref(), self.tag(network).as_ref()])
    }

    /// Signs as one endorser.
    #[must_use]
    pub fn sign(&self, network: &NetworkId, key: &SigningKey) -> SignatureBytes {
        key.sign(&self.signing_bytes(network))
    }
}

impl OpenChannel {
    /// Orders this opening, unless its tag is taken; returns the tag's state before sequence 0.
    ///
    /// # Rules
    ///
    /// > ROO-05: a channel opens with the keys of generation 0.
    /// > ROO-06: a channel opens with the signature of every endorser, in index order.
    /// > ROO-07: a tag opens once.
    /// > ROO-12: a block opens at most as many channels as the genesis allows.
    pub(crate) fn order(&self, at: &Place<'_>, taken: bool) -> Result<TagState, RootReject> {
        let tag = self.body.tag(at.network);
        let limit = at.parameters.opens_per_block;
        if at.opens >= limit {
            return Err(RootReject::BlockOpens { limit });
        }
        if taken {
            return Err(RootReject::AlreadyOpen { tag });
        }
        if self.body.keys.generation() != Generation(0) {
            return Err(RootReject::FirstGeneration { found: self.body.keys.generation() });
        }
        self.signed_by_all(at.network)?;
        Ok(TagState::new(&tag, self.body.keys.clone(), at.height))
    }

    fn signed_by_all(&self, network: &NetworkId) -> Result<(), RootReject> {
        let endorsers = self.body.keys.endorsers();
        if self.signatures.len() != endorsers.len() {
            let (endorsers, got) = (endorsers.len(), self.signatures.len());
            return Err(RootReject::OpenSignatures { endorsers, got });
        }
        let signed = self.body.signing_bytes(network);
        endorsers.iter().zip(&self.signatures).enumerate().try_for_each(|(index, (endorser, signature))| {
            verify(endorser, &signed, signature).map_err(|_| RootReject::OpenSignature { index })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Network, open_of};
    use crate::transaction::RootTransaction;

    fn refused(network: &Network, open: OpenChannel) -> Option<RootReject> {
        network.refusal(RootTransaction::OpenChannel(open))
    }

    #[test]
    fn roo_01_the_tag_binds_network_keys_threshold_and_genesis() {
        let network = Network::new();
        let body = open_of(&network.open(3, 2).1).body.clone();
        let tag = body.tag(&network.id);
        assert_eq!(tag.0, hash("parclose/v1/open-channel", &[network.id.as_ref(), &encode(&body)]));
        assert_ne!(tag, body.tag(&NetworkId([0; 32])));
        let keys = |endorsers: &[_], threshold| {
            GenerationKeys::new(Generation(0), endorsers.to_vec(), threshold).unwrap()
        };
        let others = [
            OpenBody { genesis_commitment: Digest([9; 32]), ..body.clone() },
            OpenBody { keys: keys(body.keys.endorsers(), 3), ..body.clone() },
            OpenBody { keys: keys(&body.keys.endorsers()[..2], 2), ..body },
        ];
        assert!(others.iter().all(|other| other.tag(&network.id) != tag));
    }

    #[test]
    fn roo_05_a_later_generation_cannot_open() {
        let network = Network::new();
        let members = network.members(2, 2);
        let keys = GenerationKeys::new(Generation(1), members.keys().endorsers().to_vec(), 2).unwrap();
        let open = members.open_with(&network.id, keys);
        assert_eq!(refused(&network, open), Some(RootReject::FirstGeneration { found: Generation(1) }));
    }

    #[test]
    fn roo_06_one_missing_or_foreign_signature_refuses_the_opening() {
        let network = Network::new();
        let open = open_of(&network.open(3, 2).1).clone();
        assert_eq!(refused(&network, open.clone()), None);

        let mut missing = open.clone();
        missing.signatures.pop();
        assert_eq!(refused(&network, missing), Some(RootReject::OpenSignatures { endorsers: 3, got: 2 }));
        let mut swapped = open.clone();
        swapped.signatures.swap(0, 1);
        assert_eq!(refused(&network, swapped), Some(RootReject::OpenSignature { index: 0 }));
        let mut other_body = open;
        other_body.body.genesis_commitment = Digest([9; 32]);
        assert_eq!(refused(&network, other_body), Some(RootReject::OpenSignature { index: 0 }));
    }

    #[test]
    fn roo_06_signatures_for_another_network_do_not_count() {
        let network = Network::new();
        let members = network.members(2, 2);
        let open = members.open_with(&NetworkId([8; 32]), members.keys().clone());
        assert_eq!(refused(&network, open), Some(RootReject::OpenSignature { index: 0 }));
    }

    #[test]
    fn roo_07_a_tag_opens_once() {
        let mut network = Network::new();
        let (channel, open) = network.open(2, 2);
        network.order(vec![open.clone()]);
        assert_eq!(network.refusal(open), Some(RootReject::AlreadyOpen { tag: channel.tag }));
    }

    #[test]
    fn roo_12_a_block_opens_a_bounded_number_of_channels() {
        let network = Network::new();
        let limit = network.state.genesis().parameters().opens_per_block;
        let opens: Vec<_> = (0..=limit).map(|_| network.open(1, 1).1).collect();
        let (_, rejected) = network.state.build(opens);
        assert_eq!(rejected, [(limit as usize, RootReject::BlockOpens { limit })]);
    }
}
