//! What can be said of amounts without saying them: that their sum is at least, or at most, so much.
//!
//! ```text
//! at least L   Σ C − L·A_t  is to a number of 64 bits
//! at most  U   U·A_t − Σ C  is
//! between      both, in one aggregated proof
//! ```
//!
//! At most 1024 amounts below 2^64 are in a sum, so that it is below 2^74 and never wraps around: what holds modulo the
//! group's order holds of the amounts. The commitments come from who verifies, by what the ledger has accepted; that each of
//! them is to a number of 64 bits is what the ledger's own range proofs have shown.

use std::collections::BTreeSet;

use borsh::{BorshDeserialize, BorshSerialize};
use curve25519_dalek::scalar::Scalar;
use parclose_types::TransactionDigest;
use parclose_types::limits::{PURPOSE_BYTES_MAX, STATED_AMOUNTS_MAX};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::asset::{RangeEngine, value_base};
use crate::batch::verify_ranges;
use crate::commitment::{AmountCommitment, Opening};
use crate::range::{RangeClaim, RangeProof};
use crate::statement::AmountStatement;

mod refused;

pub use refused::{NotShown, NotStated};

/// Between what a sum of amounts lies, in smallest units of their asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Bounds {
    /// it is not less
    AtLeast(u64),
    /// it is not more
    AtMost(u64),
    /// neither less than the first nor more than the second
    Between(u64, u64),
}

impl Bounds {
    /// The lower bound, if there is one.
    #[must_use]
    pub const fn least(&self) -> Option<u64> {
        match self {
            Self::AtLeast(least) | Self::Between(least, _) => Some(*least),
            Self::AtMost(_) => None,
        }
    }

    /// The upper bound, if there is one.
    #[must_use]
    pub const fn most(&self) -> Option<u64> {
        match self {
            Self::AtMost(most) | Self::Between(_, most) => Some(*most),
            Self::AtLeast(_) => None,
        }
    }

    /// The number by which statements tell the kinds apart.
    pub(crate) const fn kind(&self) -> u8 {
        match self {
            Self::AtLeast(_) => 0,
            Self::AtMost(_) => 1,
            Self::Between(..) => 2,
        }
    }
}

/// An amount of which something is said: where the ledger has it, and the commitment that it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatedAmount {
    /// the transaction that wrote it
    pub transaction: TransactionDigest,
    /// which operation of the transaction
    pub operation: u32,
    /// which field of the operation
    pub field: u32,
    /// the field's leaf, by which a movement of the transaction has the amount
    pub leaf: [u8; 32],
    /// the movement's commitment to it
    pub commitment: AmountCommitment,
}

/// What a statement is for, in words of whoever has asked: at most 256 bytes, empty if it is for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Purpose(String);

impl Purpose {
    /// A purpose; nothing if it is too long, or has control characters in it.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let purpose = Self(text.to_owned());
        purpose.is_plain().then_some(purpose)
    }

    /// Whether it is one that [`Purpose::new`] makes; one that was decoded need not be.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.len() <= PURPOSE_BYTES_MAX && !self.0.chars().any(char::is_control)
    }

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AmountStatement {
    /// Proves it, with what opens the amounts, in their order.
    pub fn prove(
        &self,
        engine: RangeEngine,
        openings: &[Opening],
        rng: &mut impl CryptoRng,
    ) -> Result<RangeProof, NotStated> {
        self.check_amounts().map_err(|_| NotStated::Amounts)?;
        let opens = |(amount, opening): (&StatedAmount, &Opening)| {
            opening.asset() == self.asset && opening.commitment() == amount.commitment
        };
        if openings.len() != self.amounts.len() || !self.amounts.iter().zip(openings).all(opens) {
            return Err(NotStated::NotOpened);
        }
        let sum = openings.iter().try_fold(0_u64, |sum, opening| sum.checked_add(opening.value()));
        let sum = sum.ok_or(NotStated::Large)?;
        let blinding: Zeroizing<Scalar> = Zeroizing::new(openings.iter().map(Opening::blinding).sum());
        let above = self.bounds.least().map(|least| (sum.checked_sub(least), *blinding));
        let below = self.bounds.most().map(|most| (most.checked_sub(sum), -*blinding));
        let mut shown = Vec::new();
        for (value, blinding) in above.into_iter().chain(below) {
            shown.push(Opening::of(&self.asset, value.ok_or(NotStated::Untrue)?, blinding));
        }
        let shown: Vec<&Opening> = shown.iter().collect();
        RangeProof::prove(engine, &self.asset, &self.digest(), &shown, rng).map_err(|_| NotStated::Amounts)
    }

    /// Verifies that the proof shows it of the commitments in it.
    ///
    /// # Rules
    ///
    /// > VAL-37: that a sum of amounts is at least or at most so much is shown by one range proof for the statement, over what it is above the one bound, then what it is below the other.
    pub fn verify(&self, engine: RangeEngine, proof: &RangeProof) -> Result<(), NotShown> {
        self.check_amounts()?;
        let claim = RangeClaim {
            engine,
            asset: self.asset,
            statement: self.digest(),
            part: 0,
            commitments: self.shown(),
        };
        match verify_ranges(&[(claim, proof)]).pop() {
            Some(Ok(())) => Ok(()),
            _ => Err(NotShown::Proof),
        }
    }

    /// What is shown to be of 64 bits.
    fn shown(&self) -> Vec<AmountCommitment> {
        let commitments: Vec<_> = self.amounts.iter().map(|amount| amount.commitment).collect();
        let sum = AmountCommitment::sum(&commitments);
        let open = |value| AmountCommitment::of_point(value_base(&self.asset) * Scalar::from(value));
        let above = self.bounds.least().map(|least| sum.minus(&open(least)));
        let below = self.bounds.most().map(|most| open(most).minus(&sum));
        above.into_iter().chain(below).collect()
    }

    /// By their places for whoever reads them, by their leaves for the ledger: it has one amount by each.
    ///
    /// # Rules
    ///
    /// > VAL-36: a statement is about 1 to 1024 amounts, strictly ascending by transaction and place, no leaf of a transaction twice, and none counts twice.
    fn check_amounts(&self) -> Result<(), NotShown> {
        let place = |amount: &StatedAmount| (amount.transaction, amount.operation, amount.field);
        let ascend = self.amounts.is_sorted_by(|one, next| place(one) < place(next));
        let leaves: BTreeSet<_> =
            self.amounts.iter().map(|amount| (amount.transaction, amount.leaf)).collect();
        let count = self.amounts.len();
        if (1..=STATED_AMOUNTS_MAX).contains(&count) && ascend && leaves.len() == count {
            Ok(())
        } else {
            Err(NotShown::Amounts)
        }
    }
}

#[cfg(test)]
mod tests;
