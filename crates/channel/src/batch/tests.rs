use parclose_types::Failure;

use super::*;
use crate::fixtures::{Trio, create};

fn batch() -> (Trio, Proposal) {
    let mut trio = Trio::new();
    let transactions = [trio.statement(create(1)), trio.statement(create(2))];
    let proposal = trio.propose(0, &transactions);
    (trio, proposal)
}

#[test]
fn end_01_parts_counts_and_signature_are_those_of_the_header() {
    let (trio, proposal) = batch();
    let sound = proposal.batch;
    sound.check_form().unwrap();
    let other = SignatureBytes([0; 64]);
    for change in [
        (|b| drop(b.permanent.pop())) as fn(&mut Batch),
        |b| drop(b.prunable.pop()),
        |b| b.permanent.swap(0, 1),
        |b| b.prunable.swap(0, 1),
        |b| b.permanent[0][0] ^= 1,
        |b| b.prunable[1][0] ^= 1,
        |b| b.header.transactions += 1,
        |b| b.header.attested = Sequence(900),
        |b| b.signature.0[0] ^= 1,
    ] {
        let mut changed = sound.clone();
        change(&mut changed);
        assert!(changed.check_form().is_err());
    }
    assert!(Batch { signature: other, ..sound.clone() }.check_form().is_err());
    // What its own sponsor signs, but miscounts.
    let mut header = sound.header.clone();
    header.transactions = 1;
    let signature = trio.member(0).pseudonym().sign(header.digest().as_ref());
    let miscounted = Batch { header, signature, ..sound };
    assert!(miscounted.is_of_its_header() && miscounted.check_form().is_err());
}

#[test]
fn end_01_batches_are_within_their_limits() {
    let mut trio = Trio::new();
    let many = vec![(vec![], vec![]); limits::BATCH_TRANSACTIONS_MAX + 1];
    assert_eq!(trio.odd_proposal(many, |_| {}).batch.check_form().unwrap_err().rule(), "WIR-04");
    let half = limits::TRANSACTION_BYTES_MAX / 2;
    let large = vec![(vec![0; half], vec![0; half + 1])];
    assert_eq!(trio.odd_proposal(large, |_| {}).batch.check_form().unwrap_err().rule(), "WIR-04");
    trio.odd_proposal(vec![(vec![0; half], vec![0; half])], |_| {}).batch.check_form().unwrap();
    let bytes = vec![0; limits::BATCH_BYTES_MAX + 1];
    assert_eq!(Proposal::decode(&bytes).unwrap_err().rule(), "WIR-03");
}

#[test]
fn end_04_the_commitment_binds_every_part_of_what_is_attested() {
    let (_trio, proposal) = batch();
    let header = &proposal.batch.header;
    let commitment = proposal.commitment();
    assert_ne!(header.commitment(&[0; 32]), commitment, "blinder");
    for change in [
        (|h| h.network.0[0] ^= 1) as fn(&mut BatchHeader),
        |h| h.channel.0[0] ^= 1,
        |h| h.generation = Generation(1),
        |h| h.sponsor.0[0] ^= 1,
        |h| h.attested = Sequence(1),
        |h| h.attested_root.0[0] ^= 1,
        |h| h.transactions += 1,
        |h| h.permanent_root[0] ^= 1,
        |h| h.prunable_root[0] ^= 1,
    ] {
        let mut changed = header.clone();
        change(&mut changed);
        assert_ne!(changed.commitment(&proposal.blinder), commitment);
    }
}
