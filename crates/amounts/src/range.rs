//! Range proofs: that up to eight committed amounts are numbers of 64 bits.
//!
//! One aggregated Bulletproof for all new amounts of an operation, filled up with commitments to zero until
//! their number is a power of two. Proving is the crate's; verifying is [`mod@crate::batch`]'s.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::limits::OUTPUTS_MAX;
use parclose_types::{AssetId, hex};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::asset::RangeEngine;
use crate::bulletproof::{self, BITS, Witness};
use crate::commitment::{AmountCommitment, Opening};
use crate::note::NoteOutput;
use crate::proof::NotProven;
use crate::statement::StatementDigest;
use crate::transcript;

/// An aggregated range proof, 672 to 864 bytes. Of what proof system, the asset's terms say.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RangeProof(pub Vec<u8>);

impl std::fmt::Debug for RangeProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let beginning = self.0.get(..6).unwrap_or_default();
        write!(f, "RangeProof({}.., {} bytes)", hex::encode(beginning), self.0.len())
    }
}

/// What a range proof has to show: amounts of an asset, for a statement.
#[derive(Clone, Debug)]
pub struct RangeClaim {
    /// the proof system
    pub engine: RangeEngine,
    /// the asset
    pub asset: AssetId,
    /// what it is for
    pub statement: StatementDigest,
    /// which of the proofs for that statement, where there are several
    pub part: u32,
    /// the amounts, at most eight, as they came
    pub commitments: Vec<AmountCommitment>,
}

impl RangeClaim {
    /// That the amounts of these notes are of 64 bits, for a statement.
    pub(crate) fn of(
        (engine, asset): (RangeEngine, AssetId),
        statement: StatementDigest,
        outputs: &[NoteOutput],
    ) -> Self {
        let commitments = outputs.iter().map(|output| output.commitment).collect();
        Self { engine, asset, statement, part: 0, commitments }
    }

    /// The commitments that the proof is over: a power of two of them.
    ///
    /// # Rules
    ///
    /// > VAL-07: a range proof is over 1 to 8 amounts, filled up with zeros to a power of two, of exactly that length, with canonical parts and no identity.
    pub(crate) fn padded(&self) -> Result<Vec<AmountCommitment>, NotProven> {
        let amounts = self.commitments.len();
        if !(1..=OUTPUTS_MAX).contains(&amounts) {
            return Err(NotProven::RangeShape { amounts });
        }
        let mut padded = self.commitments.clone();
        padded.resize(amounts.next_power_of_two(), AmountCommitment::zero());
        Ok(padded)
    }
}

impl RangeProof {
    /// Proves that the amounts of openings, all of `asset`, are of 64 bits: they are by their type.
    pub(crate) fn prove(
        engine: RangeEngine,
        asset: &AssetId,
        statement: &StatementDigest,
        openings: &[&Opening],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, NotProven> {
        let amounts = openings.len();
        let shape = NotProven::RangeShape { amounts };
        if !(1..=OUTPUTS_MAX).contains(&amounts) {
            return Err(shape);
        }
        let padded = amounts.next_power_of_two();
        let mut witness = Witness {
            values: Zeroizing::new(openings.iter().map(|opening| opening.value()).collect()),
            blindings: Zeroizing::new(openings.iter().map(|opening| opening.blinding().to_bytes()).collect()),
        };
        witness.values.resize(padded, 0);
        witness.blindings.resize(padded, [0; 32]);
        let mut transcript = transcript::range(engine, asset, statement);
        let (proof, _) = bulletproof::prove(&mut transcript, asset, &witness, rng).ok_or(shape)?;
        Ok(Self(proof))
    }
}

/// Bytes of a proof over a power of two of amounts.
pub(crate) fn proof_bytes(amounts: usize) -> Option<usize> {
    let rounds = amounts.checked_mul(BITS)?.checked_ilog2()?;
    usize::try_from(rounds).ok()?.checked_mul(2)?.checked_add(9)?.checked_mul(32)
}
