//! The crate `bulletproofs`: prover of range proofs, and judge of those that the batch verifier refuses.
//!
//! The only module that names it. It computes on an older curve25519-dalek than the rest, so points and
//! scalars cross by their encodings, both ways.

use std::sync::LazyLock;

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek_4::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek_4::scalar::Scalar;
use merlin::Transcript;
use parclose_types::AssetId;
use parclose_types::limits::OUTPUTS_MAX;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::asset::{blinding_base, value_base};
use crate::commitment::AmountCommitment;
use crate::rand_06::Rng06;

/// Bits of an amount.
pub(crate) const BITS: usize = 64;

static GENERATORS: LazyLock<BulletproofGens> = LazyLock::new(|| BulletproofGens::new(BITS, OUTPUTS_MAX));

fn bases(asset: &AssetId) -> PedersenGens {
    let over = |point: curve25519_dalek::ristretto::RistrettoPoint| -> RistrettoPoint {
        let encoded = CompressedRistretto(point.compress().to_bytes());
        encoded.decompress().expect("what one version of the curve encodes the other one decodes")
    };
    PedersenGens { B: over(value_base(asset)), B_blinding: over(blinding_base()) }
}

/// Values and blindings of a proof: as many as a power of two, at most 8.
pub(crate) struct Witness {
    pub(crate) values: Zeroizing<Vec<u64>>,
    pub(crate) blindings: Zeroizing<Vec<[u8; 32]>>,
}

/// A proof with the encodings of the commitments that it is for; nothing if the witness is no proper one.
pub(crate) fn prove(
    transcript: &mut Transcript,
    asset: &AssetId,
    witness: &Witness,
    rng: &mut impl CryptoRng,
) -> Option<(Vec<u8>, Vec<[u8; 32]>)> {
    let blindings: Option<Vec<Scalar>> =
        witness.blindings.iter().map(|bytes| Scalar::from_canonical_bytes(*bytes).into_option()).collect();
    let (proof, commitments) = RangeProof::prove_multiple_with_rng(
        &GENERATORS,
        &bases(asset),
        transcript,
        &witness.values,
        &Zeroizing::new(blindings?),
        BITS,
        &mut Rng06(|bytes: &mut [u8]| rng.fill_bytes(bytes)),
    )
    .ok()?;
    Some((proof.to_bytes(), commitments.iter().map(CompressedRistretto::to_bytes).collect()))
}

/// Whether a proof of the right length holds for commitments, a power of two of them, by the crate's own verifier.
///
/// Its inner weight comes from `weights`, a transcript that has taken in everything, so that all members judge alike.
pub(crate) fn judge(
    transcript: &mut Transcript,
    asset: &AssetId,
    commitments: &[AmountCommitment],
    proof: &[u8],
    weights: &mut Transcript,
) -> bool {
    let Ok(proof) = RangeProof::from_bytes(proof) else { return false };
    let commitments: Vec<_> =
        commitments.iter().map(|commitment| CompressedRistretto(*commitment.as_bytes())).collect();
    let mut rng = Rng06(|bytes: &mut [u8]| weights.challenge_bytes(b"judge", bytes));
    proof
        .verify_multiple_with_rng(&GENERATORS, &bases(asset), transcript, &commitments, BITS, &mut rng)
        .is_ok()
}
