//! The challenges of a range proof, from its transcript: the protocol of the crate `bulletproofs`, step by step.

use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;

use super::shape::Shaped;
use crate::bulletproof::BITS;
use crate::group::Element;
use crate::range::RangeClaim;
use crate::transcript::{self, challenge};

/// The challenges of one proof, by the names that the protocol gives them.
pub(super) struct Challenges {
    pub(super) y: Scalar,
    pub(super) z: Scalar,
    pub(super) x: Scalar,
    pub(super) w: Scalar,
    /// one of each round, in the order of the rounds
    pub(super) u: Vec<Scalar>,
}

/// Runs the verifier's side of the transcript, from what the proof is for.
pub(super) fn challenges(proof: &Shaped<'_>) -> Challenges {
    let RangeClaim { engine, asset, statement, .. } = proof.claim;
    challenges_after(transcript::range(*engine, asset, statement), proof)
}

/// The same after any transcript.
pub(super) fn challenges_after(mut transcript: Transcript, proof: &Shaped<'_>) -> Challenges {
    let amounts = proof.commitments.len();
    transcript.append_message(b"dom-sep", b"rangeproof v1");
    append_count(&mut transcript, b"n", BITS);
    append_count(&mut transcript, b"m", amounts);
    for commitment in &proof.commitments {
        transcript.append_message(b"V", commitment.as_bytes());
    }
    append_two(&mut transcript, [b"A", b"S"], &proof.parts.bits);
    let y = challenge(&mut transcript, b"y");
    let z = challenge(&mut transcript, b"z");
    append_two(&mut transcript, [b"T_1", b"T_2"], &proof.parts.polynomial);
    let x = challenge(&mut transcript, b"x");
    let labels: [&[u8]; 3] = [b"t_x", b"t_x_blinding", b"e_blinding"];
    for (label, scalar) in labels.into_iter().zip(&proof.parts.openings) {
        transcript.append_message(label, scalar.as_bytes());
    }
    let w = challenge(&mut transcript, b"w");
    transcript.append_message(b"dom-sep", b"ipp v1");
    append_count(&mut transcript, b"n", amounts.saturating_mul(BITS));
    let mut round = |sides: &[Element; 2]| {
        append_two(&mut transcript, [b"L", b"R"], sides);
        challenge(&mut transcript, b"u")
    };
    let u = proof.parts.rounds.iter().map(&mut round).collect();
    Challenges { y, z, x, w, u }
}

fn append_two(transcript: &mut Transcript, labels: [&'static [u8]; 2], elements: &[Element; 2]) {
    for (label, element) in labels.into_iter().zip(elements) {
        transcript.append_message(label, &element.encoded);
    }
}

/// As the protocol writes numbers: 8 bytes, little-endian.
fn append_count(transcript: &mut Transcript, label: &'static [u8], count: usize) {
    transcript.append_u64(label, u64::try_from(count).unwrap_or(u64::MAX));
}
