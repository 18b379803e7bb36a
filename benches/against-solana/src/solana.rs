//! A confidential transfer as the token program of Solana verifies it.

use solana_zk_sdk::encryption::elgamal::ElGamalKeypair;
use solana_zk_sdk::encryption::grouped_elgamal::GroupedElGamal;
use solana_zk_sdk::encryption::pedersen::Pedersen;
use solana_zk_sdk::zk_elgamal_proof_program::{
    VerifyZkProof, build_batched_grouped_ciphertext_3_handles_validity_proof_data,
    build_batched_range_proof_u128_data, build_ciphertext_commitment_equality_proof_data,
};

/// The proofs of a transfer without a fee. That their contexts name the same ciphertexts is compared besides, which
/// costs next to nothing and is left out here.
pub struct Transfer {
    equality: Box<dyn VerifyZkProof>,
    validity: Box<dyn VerifyZkProof>,
    ranges: Box<dyn VerifyZkProof>,
}

impl Transfer {
    /// Somebody pays 500 and some: 16 and 32 bits of the amount are encrypted apart, as there, and what is left has 64.
    pub fn new(number: u64) -> Self {
        Self::made(number, false)
    }

    /// One whose range proof is for the same commitments in another order.
    pub fn broken(number: u64) -> Self {
        Self::made(number, true)
    }

    fn made(number: u64, is_broken: bool) -> Self {
        let [sender, receiver, auditor] = [(); 3].map(|()| ElGamalKeypair::new_rand());
        let amount = (7 << 16) + 500 + number;
        let (left, low, high) = (1_000_000 + number, amount & 0xffff, amount >> 16);
        let (left_commitment, left_opening) = Pedersen::new(left);
        let equality = build_ciphertext_commitment_equality_proof_data(
            &sender,
            &sender.pubkey().encrypt(left),
            &left_commitment,
            &left_opening,
            left,
        );
        let (low_commitment, low_opening) = Pedersen::new(low);
        let (high_commitment, high_opening) = Pedersen::new(high);
        let readers = [sender.pubkey(), receiver.pubkey(), auditor.pubkey()];
        let validity = build_batched_grouped_ciphertext_3_handles_validity_proof_data(
            readers[0],
            readers[1],
            readers[2],
            &GroupedElGamal::encrypt_with(readers, low, &low_opening),
            &GroupedElGamal::encrypt_with(readers, high, &high_opening),
            low,
            high,
            &low_opening,
            &high_opening,
        );
        let (padding_commitment, padding_opening) = Pedersen::new(0_u64);
        let ranges = build_batched_range_proof_u128_data(
            vec![&left_commitment, &low_commitment, &high_commitment, &padding_commitment],
            vec![left, low, high, 0],
            vec![64, 16, 32, 16],
            vec![&left_opening, &low_opening, &high_opening, &padding_opening],
        );
        let mut ranges = ranges.expect("it is consistent");
        if is_broken {
            ranges.context.commitments.swap(0, 1);
        }
        Self {
            equality: Box::new(equality.expect("it is consistent")),
            validity: Box::new(validity.expect("it is consistent")),
            ranges: Box::new(ranges),
        }
    }

    /// All three proofs hold.
    pub fn verify(&self) -> bool {
        [&self.equality, &self.validity, &self.ranges].iter().all(|proof| proof.verify_proof().is_ok())
    }
}
