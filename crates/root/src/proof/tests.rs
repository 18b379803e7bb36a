//! Each step of a proof, broken alone; then every byte of a proof, one by one.

use parclose_types::{Digest, PublicKey, Sequence};

use super::*;
use crate::fixtures::{Network, key};
use crate::genesis::{Parameters, Validator};

/// A network and the proofs of a block with five events; the third is an anchor.
fn proofs() -> (Network, Vec<OrderProof>) {
    let mut network = Network::new();
    let channel = network.opened(3, 2);
    let anchor = |number| RootTransaction::Anchor(network.anchor(&channel, number, 0, 9));
    let mut transactions: Vec<_> = (1..=4).map(anchor).collect();
    transactions.push(RootTransaction::Close(network.close(&channel, 4)));
    let proofs = network.order_and_prove(transactions);
    (network, proofs)
}

fn genesis_of(validator: PublicKey, nonce: u8) -> Genesis {
    let validators = vec![Validator { key: validator, power: 1 }];
    Genesis::new("test".into(), validators, Parameters::default(), Digest([nonce; 32])).unwrap()
}

fn rule(proof: &OrderProof, genesis: &Genesis) -> &'static str {
    proof.verify(genesis).expect_err("refused").rule()
}

#[test]
fn every_event_of_a_block_is_proven_from_the_genesis_alone() {
    let (network, proofs) = proofs();
    for (proof, sequence) in proofs.iter().zip(1..) {
        let event = proof.verify(network.state.genesis()).unwrap();
        assert_eq!(event.entry().sequence, Sequence(sequence));
        assert_eq!(event.height(), Height(2));
        assert_eq!(event.network(), &network.id);
        assert_eq!(event.transaction().digest(), event.entry().transaction);
        assert_eq!(OrderProof::decode(&proof.encode()), Ok(proof.clone()));
    }
}

#[test]
fn roo_39_a_proof_of_another_network_is_refused() {
    let (_, proofs) = proofs();
    let other = genesis_of(key("validator", 0).public(), 8);
    assert_eq!(rule(&proofs[2], &other), "ROO-39");
}

#[test]
fn roo_40_a_header_with_its_own_validators_is_refused() {
    let (network, proofs) = proofs();
    let changes: [fn(&mut Header); 2] =
        [|header| header.validators = Digest([1; 32]), |header| header.next_validators = Digest([1; 32])];
    for change in changes {
        let mut proof = proofs[2].clone();
        change(&mut proof.header);
        let hash = proof.header.hash();
        proof.certificate = CommitCertificate::of_one(&network.id, Height(2), hash, &key("validator", 0));
        assert_eq!(rule(&proof, network.state.genesis()), "ROO-40");
    }
}

#[test]
fn roo_41_a_certificate_of_another_block_is_refused() {
    let (mut network, proofs) = proofs();
    let later = network.state.build([]).0;
    network.state.apply(&later).unwrap();
    let certificate = network.certify(&later.header);
    let mut proof = proofs[2].clone();
    proof.certificate = certificate;
    assert_eq!(rule(&proof, network.state.genesis()), "ROO-41");
    proof.certificate.height = Height(2);
    assert_eq!(rule(&proof, network.state.genesis()), "ROO-41");
}

#[test]
fn roo_36_a_block_that_another_validator_signed_is_refused() {
    let (network, proofs) = proofs();
    let mut proof = proofs[2].clone();
    proof.certificate =
        CommitCertificate::of_one(&network.id, Height(2), proof.header.hash(), &key("validator", 1));
    assert_eq!(rule(&proof, network.state.genesis()), "ROO-36");
}

#[test]
fn roo_42_an_event_that_is_not_in_the_block_is_refused() {
    let (network, proofs) = proofs();
    let genesis = network.state.genesis();
    let mut proof = proofs[2].clone();
    proof.entry.sequence = Sequence(9);
    assert_eq!(rule(&proof, genesis), "ROO-42");
    let mut moved = proofs[2].clone();
    moved.inclusion.index = 3;
    assert_eq!(rule(&moved, genesis), "ROO-42");
    // The same path in a tree told to be of another size.
    let mut last = proofs[4].clone();
    (last.inclusion.index, last.inclusion.length) = (1, 2);
    assert!(last.inclusion.verify(&last.header.events_root.0, &encode(&last.entry)).is_ok());
    assert_eq!(rule(&last, genesis), "ROO-42");
}

#[test]
fn roo_43_a_transaction_that_the_event_does_not_name_is_refused() {
    let (network, proofs) = proofs();
    let mut proof = proofs[2].clone();
    proof.transaction = proofs[1].transaction.clone();
    assert_eq!(rule(&proof, network.state.genesis()), "ROO-43");
}

#[test]
fn every_byte_of_an_order_proof_matters() {
    let (network, proofs) = proofs();
    let bytes = proofs[2].encode();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            let verified = OrderProof::decode(&changed).map(|proof| proof.verify(network.state.genesis()));
            assert!(!matches!(verified, Ok(Ok(_))), "byte {at} of {}", bytes.len());
        }
    }
}

#[test]
fn a_tags_state_is_proven_from_the_genesis_alone() {
    let (network, proofs) = proofs();
    let proof = network.prove_tag(&proofs[0].entry.tag);
    let verified = proof.verify(network.state.genesis()).unwrap();
    assert_eq!((verified.height(), verified.state().count), (Height(2), 6));
    assert_eq!(verified.state().chain, proofs[4].entry.chain);
    assert_eq!(verified.tag(), &proofs[0].entry.tag);
    assert_eq!(TagProof::decode(&proof.encode()), Ok(proof));
}

#[test]
fn roo_45_another_state_of_the_tag_is_refused() {
    let (network, proofs) = proofs();
    let good = network.prove_tag(&proofs[0].entry.tag);
    let refused = |change: &dyn Fn(&mut TagProof)| {
        let mut proof = good.clone();
        change(&mut proof);
        proof.verify(network.state.genesis()).unwrap_err().rule()
    };
    assert_eq!(refused(&|proof| proof.state.count -= 1), "ROO-45");
    assert_eq!(refused(&|proof| proof.state.closed = None), "ROO-45");
    assert_eq!(refused(&|proof| proof.tag = Tag([1; 32])), "ROO-45");
}

#[test]
fn every_byte_of_a_tag_proof_matters() {
    let (mut network, proofs) = proofs();
    for _ in 0..6 {
        network.opened(1, 1);
    }
    let bytes = network.prove_tag(&proofs[0].entry.tag).encode();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            let verified = TagProof::decode(&changed).map(|proof| proof.verify(network.state.genesis()));
            assert!(!matches!(verified, Ok(Ok(_))), "byte {at} of {}", bytes.len());
        }
    }
}
