//! How much of an asset circulates: known to members as a commitment, to auditors as a number.
//!
//! The check that does not rely on the proofs: whoever can read all issues and redemptions opens the
//! supply, whoever can read all unspent notes adds them up, and both numbers are the same.

use borsh::{BorshDeserialize, BorshSerialize};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::MultiscalarMul;
use parclose_types::AssetId;
use zeroize::Zeroizing;

use crate::asset::{blinding_base, value_base};
use crate::commitment::{AmountCommitment, NotOpened, Opening};

/// What an operation does to the amount in circulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupplyChange {
    /// nothing: what went in came out
    None,
    /// so much is new
    Issued(AmountCommitment),
    /// so much is gone
    Redeemed(AmountCommitment),
}

/// The amount of an asset in circulation, as a commitment: its blinding is the sum of the blindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Supply(pub AmountCommitment);

impl Supply {
    /// Nothing in circulation.
    #[must_use]
    pub fn nothing() -> Self {
        Self(AmountCommitment::zero())
    }

    /// The supply after an operation.
    ///
    /// # Rules
    ///
    /// > VAL-18: an asset's supply is the sum of the issued less that of the redeemed commitments, and equals the sum of its unspent notes but for blinding.
    #[must_use]
    pub fn after(self, change: SupplyChange) -> Self {
        match change {
            SupplyChange::None => self,
            SupplyChange::Issued(amount) => Self(self.0.plus(&amount)),
            SupplyChange::Redeemed(amount) => Self(self.0.minus(&amount)),
        }
    }
}

/// The opening of a sum of commitments, gathered by whoever can open each.
pub struct TotalOpening {
    asset: AssetId,
    // Both can be negative, modulo the group order and modulo 2^128: the commitment decides.
    secret: Box<Zeroizing<(u128, Scalar)>>,
}

impl TotalOpening {
    /// The opening of the commitment to nothing.
    #[must_use]
    pub fn nothing(asset: AssetId) -> Self {
        Self { asset, secret: Box::new(Zeroizing::new((0, Scalar::ZERO))) }
    }

    /// Takes in an amount that was added.
    pub fn add(&mut self, opening: &Opening) {
        self.secret.0 = self.secret.0.wrapping_add(opening.value().into());
        self.secret.1 += opening.blinding();
    }

    /// Takes in an amount that was taken away.
    pub fn subtract(&mut self, opening: &Opening) {
        self.secret.0 = self.secret.0.wrapping_sub(opening.value().into());
        self.secret.1 -= opening.blinding();
    }

    /// The total, if it is what a commitment is to.
    pub fn check(&self, commitment: &AmountCommitment) -> Result<u128, NotOpened> {
        let scalars = Zeroizing::new([Scalar::from(self.secret.0), self.secret.1]);
        let bases = [value_base(&self.asset), blinding_base()];
        let expected = AmountCommitment::of_point(RistrettoPoint::multiscalar_mul(scalars.iter(), bases));
        if expected == *commitment { Ok(self.secret.0) } else { Err(NotOpened) }
    }
}

impl std::fmt::Debug for TotalOpening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotalOpening(..)")
    }
}
