//! Changing the validators: the current ones hand on to the next, by more than two thirds of their power.
//!
//! A change carries the whole next set and what it replaces, so that it counts once and says all by
//! itself. Every validator that it brings signs it too: nobody enters a key that nobody holds.
//!
//! ```text
//!   UpdateValidators --is no other on its way-->                     ROO-52
//!                    --does it replace the set in force-->           ROO-51
//!                    --may it be ordered at this height-->           ROO-16, 17
//!                    --does it change little enough-->               ROO-58
//!                    --who signs: more than 2/3, and all new ones--> ROO-53, 54, 56, 57
//!                    --did they sign exactly this-->                 ROO-55
//!                    --> in force two heights later                  ROO-59
//! ```

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::{SigningKey, verify};
use parclose_types::{Digest, Height, NetworkId, PublicKey, Sequence, SignatureBytes, enc, encode, labels};

use crate::execution::Place;
use crate::genesis::{Validator, ValidatorSet};
use crate::reject::RootReject;
use crate::validators::Validators;

/// What current and new validators sign.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ValidatorsChange {
    /// its number among the changes of the network, from 0 on
    pub number: Sequence,
    /// digest of the set that it replaces
    pub replaces: Digest,
    /// who votes afterwards
    pub next: ValidatorSet,
    /// last height at which this may be ordered
    pub last_height: Height,
}

/// Changes the network's validators.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct UpdateValidators {
    /// what changes
    pub change: ValidatorsChange,
    /// signers and their signatures, ascending by key: current validators, and every new one
    pub signatures: Vec<(PublicKey, SignatureBytes)>,
}

/// What a change does to the votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shift {
    /// power that comes: of new validators, and what others have more
    added: u128,
    /// power that goes
    removed: u128,
    /// validators whose power is another afterwards
    touched: usize,
    /// the most that one of them has afterwards
    strongest: u64,
}

impl ValidatorsChange {
    /// The signed bytes: `enc(UPDATE_VALIDATORS, network, number, replaces, borsh(next), last height)`.
    #[must_use]
    pub fn signing_bytes(&self, network: &NetworkId) -> Vec<u8> {
        enc(
            labels::UPDATE_VALIDATORS,
            &[
                network.as_ref(),
                &self.number.0.to_be_bytes(),
                self.replaces.as_ref(),
                &encode(&self.next),
                &self.last_height.0.to_be_bytes(),
            ],
        )
    }

    /// Signs, as a current validator or as a new one.
    #[must_use]
    pub fn sign(&self, network: &NetworkId, key: &SigningKey) -> (PublicKey, SignatureBytes) {
        (key.public(), key.sign(&self.signing_bytes(network)))
    }

    /// # Rules
    ///
    /// > ROO-51: a change of the validators has the number of the next one, and replaces the set that is in force.
    pub fn replaces(&self, changes: Sequence, current: &ValidatorSet) -> Result<(), RootReject> {
        let current = current.digest();
        if self.number == changes && self.replaces == current {
            return Ok(());
        }
        let (next, number, found) = (changes, self.number, self.replaces);
        Err(RootReject::OtherValidators { next, number, current, found })
    }

    /// Less than a third keeps light clients able to skip. In a network so small that one seat is a third, one
    /// validator may come or go, and a newcomer never has more votes than the strongest had.
    ///
    /// # Rules
    ///
    /// > ROO-58: a change adds less than a third of the power in force and removes less than a third, and something; or it brings or removes one validator, a new one with at most the power of the strongest.
    pub fn is_bounded(&self, current: &ValidatorSet) -> Result<(), RootReject> {
        let Shift { added, removed, touched, strongest } = Shift::between(current, &self.next);
        let total = current.total_power();
        let small = |power: u128| power.saturating_mul(3) < total;
        let seats = current.validators().len().abs_diff(self.next.validators().len());
        let most = current.validators().iter().map(|validator| validator.power).max().unwrap_or_default();
        let one_seat = touched == 1 && seats == 1 && (added == 0 || strongest <= most);
        if touched > 0 && (one_seat || small(added) && small(removed)) {
            return Ok(());
        }
        Err(RootReject::ChangesTooMuch { added, removed, total })
    }

    /// The validators that the change brings.
    pub fn newcomers<'a>(&'a self, current: &'a ValidatorSet) -> impl Iterator<Item = &'a Validator> {
        self.next.validators().iter().filter(|validator| current.power_of(&validator.key).is_none())
    }
}

impl Shift {
    fn between(current: &ValidatorSet, next: &ValidatorSet) -> Self {
        let mut shift = Self { added: 0, removed: 0, touched: 0, strongest: 0 };
        let gone = current.validators().iter().filter(|before| next.power_of(&before.key).is_none());
        for before in gone {
            shift.count(before.power, 0);
        }
        for after in next.validators() {
            shift.count(current.power_of(&after.key).unwrap_or_default(), after.power);
        }
        shift
    }

    fn count(&mut self, before: u64, after: u64) {
        if before == after {
            return;
        }
        self.touched = self.touched.saturating_add(1);
        self.added = self.added.saturating_add(after.saturating_sub(before).into());
        self.removed = self.removed.saturating_add(before.saturating_sub(after).into());
        self.strongest = self.strongest.max(after);
    }
}

impl UpdateValidators {
    /// Orders this change: all rules; what it leaves is appended by the execution.
    ///
    /// # Rules
    ///
    /// As in [`ValidatorsChange`] (ROO-51, ROO-58), [`Place::is_within`] (ROO-16, ROO-17), and:
    ///
    /// > ROO-52: a change is not ordered while the one before it is not in force.
    pub(crate) fn order(&self, validators: &Validators, at: &Place<'_>) -> Result<(), RootReject> {
        if let Some(from) = validators.changing(at.height) {
            return Err(RootReject::Changing { from });
        }
        let current = validators.at(at.height);
        self.change.replaces(validators.changes, current)?;
        at.is_within(self.change.last_height)?;
        self.change.is_bounded(current)?;
        self.is_signed(at.network, current)
    }

    /// Whether everybody has signed who must, as far as validators are known.
    pub fn is_signed(&self, network: &NetworkId, current: &ValidatorSet) -> Result<(), RootReject> {
        self.has_signers(current)?;
        let signed = self.change.signing_bytes(network);
        self.signatures.iter().try_for_each(|(signer, signature)| {
            verify(signer, &signed, signature).map_err(|_| RootReject::UpdateSignature { signer: *signer })
        })
    }

    /// Each signature is checked by [`Self::is_signed`], after what costs nothing.
    ///
    /// # Rules
    ///
    /// > ROO-53: the signatures of a change stand in strictly ascending order of their signers' keys.
    /// > ROO-54: each of its signers is a validator in force or a new one.
    /// > ROO-55: each of its signatures verifies, by the strict rule, over network, number, both sets and last height.
    /// > ROO-56: the validators in force that have signed a change have more than two thirds of all power.
    /// > ROO-57: every validator that a change brings has signed it with its own key.
    fn has_signers(&self, current: &ValidatorSet) -> Result<(), RootReject> {
        if !self.signatures.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(RootReject::UpdateUnsorted);
        }
        let (mut signed, total) = (0_u128, current.total_power());
        for (signer, _) in &self.signatures {
            match current.power_of(signer) {
                Some(power) => signed = signed.saturating_add(power.into()),
                None if self.change.next.power_of(signer).is_some() => {}
                None => return Err(RootReject::UpdateStranger { signer: *signer }),
            }
        }
        if signed.saturating_mul(3) <= total.saturating_mul(2) {
            return Err(RootReject::UpdatePower { signed, total });
        }
        let has_signed =
            |key: &PublicKey| self.signatures.binary_search_by(|(signer, _)| signer.cmp(key)).is_ok();
        match self.change.newcomers(current).find(|validator| !has_signed(&validator.key)) {
            Some(validator) => Err(RootReject::NotPossessed { validator: validator.key }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
