//! Balance proofs: that commitments to the same asset cancel out, without saying any amount.
//!
//! What goes in less what comes out is `E = ρ·H_b` exactly if the amounts cancel out, because nobody knows
//! `A_t` as a multiple of `H_b`. A Schnorr proof shows that somebody knows `ρ`. Amounts could still cancel
//! out modulo the group order; the range proofs exclude it, and neither proof is worth anything alone.

use borsh::{BorshDeserialize, BorshSerialize};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul;
use parclose_types::{AssetId, hex};
use rand_core::CryptoRng;
use rand_core_06::RngCore;
use zeroize::Zeroizing;

use crate::asset::{blinding_base, value_base};
use crate::commitment::{AmountCommitment, Opening};
use crate::group;
use crate::proof::NotProven;
use crate::rand_06::Rng06;
use crate::statement::StatementDigest;
use crate::transcript;

/// A Schnorr proof: `T ‖ s`.
#[derive(Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BalanceProof(pub [u8; 64]);

impl std::fmt::Debug for BalanceProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BalanceProof({}..)", hex::encode(&self.0).get(..12).unwrap_or_default())
    }
}

/// `E = Σ inputs − Σ outputs − fee·A_t`: nothing but blinding, if the amounts cancel out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Excess(RistrettoPoint);

impl Excess {
    /// The excess of commitments of one asset.
    pub(crate) fn of(
        asset: &AssetId,
        inputs: &[AmountCommitment],
        outputs: &[AmountCommitment],
        fee: u64,
    ) -> Self {
        let sum = |of: &[AmountCommitment]| of.iter().map(AmountCommitment::point).sum::<RistrettoPoint>();
        let rest = sum(inputs) - sum(outputs);
        // A multiple of a base that is hashed to the group first costs as much as all else here: not for nothing.
        Self(if fee == 0 { rest } else { rest - value_base(asset) * Scalar::from(fee) })
    }
}

impl BalanceProof {
    /// Proves that the amounts of `inputs` are those of `outputs`, which the caller has added up.
    pub(crate) fn prove(
        statement: &StatementDigest,
        inputs: &[&Opening],
        outputs: &[&Opening],
        rng: &mut impl CryptoRng,
    ) -> Self {
        let sum = |of: &[&Opening]| of.iter().map(|opening| opening.blinding()).sum::<Scalar>();
        let blinding = Zeroizing::new(sum(inputs) - sum(outputs));
        let excess = (blinding_base() * *blinding).compress().to_bytes();
        let mut transcript = transcript::balance(statement, &excess);
        // The nonce depends on transcript and secret besides the generator: a bad generator does not betray the secret.
        let mut nonces = transcript
            .build_rng()
            .rekey_with_witness_bytes(b"blinding", blinding.as_bytes())
            .finalize(&mut Rng06(|bytes: &mut [u8]| rng.fill_bytes(bytes)));
        let mut wide = Zeroizing::new([0_u8; 64]);
        nonces.fill_bytes(wide.as_mut());
        let nonce = Zeroizing::new(Scalar::from_bytes_mod_order_wide(&wide));
        let commitment = (blinding_base() * *nonce).compress().to_bytes();
        let response = *nonce + challenge(&mut transcript, &commitment) * *blinding;
        let mut proof = [0; 64];
        let (first, second) = proof.split_at_mut(32);
        first.copy_from_slice(&commitment);
        second.copy_from_slice(response.as_bytes());
        Self(proof)
    }

    /// Checks that an excess is nothing but blinding.
    ///
    /// # Rules
    ///
    /// > VAL-06: what goes in less what comes out and the fee is a commitment to nothing, shown by a Schnorr proof for the statement.
    pub(crate) fn verify(&self, statement: &StatementDigest, excess: &Excess) -> Result<(), NotProven> {
        let ([commitment, response], []) = self.0.as_chunks::<32>() else { return Err(NotProven::Balance) };
        let nonce_point = group::point(commitment).ok_or(NotProven::Balance)?;
        let response = group::scalar(response).ok_or(NotProven::Balance)?;
        let mut transcript = transcript::balance(statement, &excess.0.compress().to_bytes());
        let challenge = challenge(&mut transcript, commitment);
        let expected =
            RistrettoPoint::vartime_multiscalar_mul([response, -challenge], [blinding_base(), excess.0]);
        if expected == nonce_point { Ok(()) } else { Err(NotProven::Balance) }
    }
}

fn challenge(transcript: &mut merlin::Transcript, commitment: &[u8; 32]) -> Scalar {
    transcript.append_message(b"nonce", commitment);
    transcript::challenge(transcript, b"challenge")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{ASSET, opening, rng};
    use num_bigint::BigUint;
    use proptest::prelude::*;

    const STATEMENT: StatementDigest = StatementDigest::arbitrary(9);

    fn openings(values: &[u64], first_key: u8) -> Vec<Opening> {
        values.iter().zip(first_key..).map(|(value, key)| opening(*value, key)).collect()
    }

    fn commitments(of: &[Opening]) -> Vec<AmountCommitment> {
        of.iter().map(Opening::commitment).collect()
    }

    /// Proof and excess of amounts, whether they cancel out or not.
    fn proven(inputs: &[u64], outputs: &[u64], fee: u64) -> (BalanceProof, Excess) {
        let (inputs, outputs) = (openings(inputs, 1), openings(outputs, 101));
        let proof = BalanceProof::prove(
            &STATEMENT,
            &inputs.iter().collect::<Vec<_>>(),
            &outputs.iter().collect::<Vec<_>>(),
            &mut rng(1),
        );
        (proof, Excess::of(&ASSET, &commitments(&inputs), &commitments(&outputs), fee))
    }

    fn holds(inputs: &[u64], outputs: &[u64], fee: u64) -> bool {
        let (proof, excess) = proven(inputs, outputs, fee);
        proof.verify(&STATEMENT, &excess).is_ok()
    }

    #[test]
    fn val_06_amounts_cancel_out_or_the_proof_does_not_hold() {
        assert!(holds(&[7], &[3, 4], 0));
        assert!(holds(&[u64::MAX, u64::MAX], &[u64::MAX - 1, u64::MAX, 1], 0));
        assert!(holds(&[0], &[0], 0));
        assert!(holds(&[10], &[7], 3), "the fee counts");
        assert!(!holds(&[10], &[7], 2));
        assert!(!holds(&[7], &[3, 5], 0), "one made");
        assert!(!holds(&[7], &[3, 3], 0), "one lost");
        assert!(!holds(&[u64::MAX, 1], &[0], 0), "the sum does not wrap around at 2^64");
        assert!(!holds(&[0], &[1], 0));
    }

    #[test]
    fn val_06_equal_amounts_of_two_assets_do_not_cancel_out() {
        let (mine, other) = (opening(7, 1), Opening::derive(&AssetId([0x22; 32]), 7, &key(2)));
        let proof = BalanceProof::prove(&STATEMENT, &[&mine], &[&other], &mut rng(1));
        let excess = Excess::of(&ASSET, &[mine.commitment()], &[other.commitment()], 0);
        assert_eq!(proof.verify(&STATEMENT, &excess), Err(NotProven::Balance));
    }

    fn key(byte: u8) -> parclose_crypto::Secret {
        parclose_crypto::secret::hazmat::secret_from_bytes([byte; 32])
    }

    #[test]
    fn val_06_a_proof_is_for_its_statement_and_its_excess() {
        let (proof, excess) = proven(&[7], &[3, 4], 0);
        let (_, other) = proven(&[7], &[7], 0);
        assert_eq!(proof.verify(&STATEMENT, &excess), Ok(()));
        assert!(proof.verify(&StatementDigest::arbitrary(8), &excess).is_err());
        assert!(proof.verify(&STATEMENT, &other).is_err());
    }

    #[test]
    fn val_06_every_bit_of_a_proof_matters() {
        let (proof, excess) = proven(&[7], &[3, 4], 0);
        for bit in 0..512 {
            let mut changed = proof;
            changed.0[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(changed.verify(&STATEMENT, &excess), Err(NotProven::Balance), "bit {bit}");
        }
        assert!(BalanceProof([0; 64]).verify(&STATEMENT, &excess).is_err());
        assert!(BalanceProof([0xFF; 64]).verify(&STATEMENT, &excess).is_err());
    }

    #[test]
    fn val_06_the_challenge_depends_on_the_nonce_so_no_proof_is_made_backwards() {
        // Whoever knows the challenge before the nonce takes any response and computes the nonce from it.
        let (_, excess) = proven(&[0], &[1], 0);
        let mut proof = BalanceProof([0; 64]);
        let response = Scalar::from(7_u8);
        proof.0[32..].copy_from_slice(response.as_bytes());
        for guess in [[0; 32], blinding_base().compress().to_bytes()] {
            let mut transcript = transcript::balance(&STATEMENT, &excess.0.compress().to_bytes());
            let challenge = challenge(&mut transcript, &guess);
            let nonce = blinding_base() * response - excess.0 * challenge;
            proof.0[..32].copy_from_slice(nonce.compress().as_bytes());
            assert_eq!(proof.verify(&STATEMENT, &excess), Err(NotProven::Balance));
        }
    }

    #[test]
    fn val_06_a_response_above_the_group_order_is_refused() {
        let (mut proof, excess) = proven(&[7], &[3, 4], 0);
        let order = (BigUint::from(1_u8) << 252_u32)
            + "27742317777372353535851937790883648493".parse::<BigUint>().unwrap();
        let second = BigUint::from_bytes_le(&proof.0[32..]) + order;
        proof.0[32..].copy_from_slice(&second.to_bytes_le());
        assert_eq!(proof.verify(&STATEMENT, &excess), Err(NotProven::Balance));
    }

    #[test]
    fn nonces_differ_by_statement_even_from_one_generator() {
        let (first, second) = (opening(7, 1), opening(7, 2));
        let nonce = |statement| {
            BalanceProof::prove(&StatementDigest::arbitrary(statement), &[&first], &[&second], &mut rng(1)).0
                [..32]
                .to_vec()
        };
        assert_ne!(nonce(1), nonce(2));
        assert_eq!(nonce(1), nonce(1));
    }

    fn edge() -> impl Strategy<Value = u64> {
        prop_oneof![
            Just(0),
            Just(1),
            Just(u64::MAX),
            Just(u64::MAX - 1),
            Just(1 << 63),
            0..4_u64,
            any::<u64>()
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn val_06_agrees_with_whole_numbers(
            inputs in proptest::collection::vec(edge(), 1..6),
            outputs in proptest::collection::vec(edge(), 1..6),
            fee in prop_oneof![Just(0), edge()],
            rest in any::<bool>(),
        ) {
            let sum = |of: &[u64]| of.iter().fold(BigUint::ZERO, |sum, value| sum + value);
            let mut outputs = outputs;
            // Half of the cases are made to cancel out, where a last output can do it.
            let spent = sum(&outputs) + fee;
            if rest && sum(&inputs) >= spent && let Ok(last) = u64::try_from(sum(&inputs) - spent) {
                outputs.push(last);
            }
            prop_assert_eq!(holds(&inputs, &outputs, fee), sum(&inputs) == sum(&outputs) + fee);
        }
    }
}
