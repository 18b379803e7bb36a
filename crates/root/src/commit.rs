//! Commit certificates: more than two thirds of the validators have signed a block's header hash.
//!
//! The signed bytes are those of the BFT engine's precommit, also where one embedded validator signs
//! alone, and the engine verifies by the same strict rule as everybody: whatever it counts, receipts hold.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::{SigningKey, verify};
use parclose_types::{Failure, Fault, Height, NetworkId, PublicKey, SignatureBytes, ValueHash, enc, labels};

use crate::genesis::ValidatorSet;

/// Why a certificate does not commit a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCommitted {
    /// ROO-35: a validator twice, or out of order.
    #[error("the precommits are not in strictly ascending order of their validators")]
    Unsorted,
    /// ROO-36: somebody who is not a validator.
    #[error("`{validator}` is not a validator of this height")]
    UnknownValidator {
        /// its key
        validator: PublicKey,
    },
    /// ROO-37: a signature that does not verify.
    #[error("the precommit of validator `{validator}` does not verify")]
    Signature {
        /// its key
        validator: PublicKey,
    },
    /// ROO-38: too little power.
    #[error("the precommits have {signed} of {total} votes, not more than two thirds")]
    Power {
        /// power of those who signed
        signed: u128,
        /// power of all
        total: u128,
    },
}

impl Failure for NotCommitted {
    fn code(&self) -> &'static str {
        "NOT_COMMITTED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Unsorted => "ROO-35",
            Self::UnknownValidator { .. } => "ROO-36",
            Self::Signature { .. } => "ROO-37",
            Self::Power { .. } => "ROO-38",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Peer
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "fetch the block's certificate from another validator of this network".into()
    }
}

/// The precommits that made a block final.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CommitCertificate {
    /// height of the block
    pub height: Height,
    /// round in which it was decided
    pub round: u32,
    /// hash of its header
    pub value: ValueHash,
    /// validator and its precommit, strictly ascending by key
    pub signatures: Vec<(PublicKey, SignatureBytes)>,
}

/// What a validator's precommit signs: `enc(PRECOMMIT, network, height, round, value, address)`.
#[must_use]
pub fn precommit_bytes(
    network: &NetworkId,
    height: Height,
    round: u32,
    value: &ValueHash,
    validator: &PublicKey,
) -> Vec<u8> {
    enc(
        labels::PRECOMMIT,
        &[
            network.as_ref(),
            &height.0.to_be_bytes(),
            &round.to_be_bytes(),
            value.as_ref(),
            validator.as_ref(),
        ],
    )
}

impl CommitCertificate {
    /// The certificate of one validator that decides alone.
    #[must_use]
    pub fn of_one(network: &NetworkId, height: Height, value: ValueHash, key: &SigningKey) -> Self {
        let (round, validator) = (0, key.public());
        let signature = key.sign(&precommit_bytes(network, height, round, &value, &validator));
        Self { height, round, value, signatures: vec![(validator, signature)] }
    }

    /// Verifies that more than two thirds of `validators`, by power, have signed.
    ///
    /// # Rules
    ///
    /// > ROO-35: precommits stand in strictly ascending order of their validators' keys.
    /// > ROO-36: every precommit is of a validator of the height.
    /// > ROO-37: every precommit verifies over network, height, round, value and validator.
    /// > ROO-38: the validators that signed have more than two thirds of all power.
    pub fn verify(&self, network: &NetworkId, validators: &ValidatorSet) -> Result<(), NotCommitted> {
        if !self.signatures.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(NotCommitted::Unsorted);
        }
        let (mut signed, total) = (0_u128, validators.total_power());
        for (validator, _) in &self.signatures {
            let power = validators.power_of(validator);
            let power = power.ok_or(NotCommitted::UnknownValidator { validator: *validator })?;
            signed = signed.saturating_add(u128::from(power));
        }
        if signed.saturating_mul(3) <= total.saturating_mul(2) {
            return Err(NotCommitted::Power { signed, total });
        }
        self.signatures.iter().try_for_each(|(validator, signature)| {
            let bytes = precommit_bytes(network, self.height, self.round, &self.value, validator);
            verify(validator, &bytes, signature)
                .map_err(|_| NotCommitted::Signature { validator: *validator })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::key;
    use crate::genesis::Validator;

    const NETWORK: NetworkId = NetworkId([1; 32]);
    const VALUE: ValueHash = ValueHash([2; 32]);

    /// Validators with the powers given, and their keys, ascending.
    fn validators(powers: &[u64]) -> (ValidatorSet, Vec<SigningKey>) {
        let mut keys: Vec<_> = (0..powers.len()).map(|i| key("validator", i)).collect();
        keys.sort_by_key(SigningKey::public);
        let set = keys.iter().zip(powers).map(|(key, power)| Validator { key: key.public(), power: *power });
        (ValidatorSet::new(set.collect()).unwrap(), keys)
    }

    fn certificate<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> CommitCertificate {
        let signatures = keys
            .into_iter()
            .flat_map(|key| CommitCertificate::of_one(&NETWORK, Height(5), VALUE, key).signatures);
        CommitCertificate { height: Height(5), round: 0, value: VALUE, signatures: signatures.collect() }
    }

    #[test]
    fn roo_35_a_validator_counts_once() {
        let (set, keys) = validators(&[1, 1, 1]);
        let twice = certificate([&keys[0], &keys[1], &keys[1]]);
        assert_eq!(twice.verify(&NETWORK, &set), Err(NotCommitted::Unsorted));
        let swapped = certificate([&keys[1], &keys[0], &keys[2]]);
        assert_eq!(swapped.verify(&NETWORK, &set), Err(NotCommitted::Unsorted));
    }

    #[test]
    fn roo_36_a_strangers_precommit_refuses_the_certificate() {
        let (set, keys) = validators(&[1, 1, 1]);
        let mut all: Vec<&SigningKey> = keys.iter().collect();
        let stranger = key("stranger", 0);
        all.push(&stranger);
        all.sort_by_key(|key| key.public());
        let refused = certificate(all).verify(&NETWORK, &set);
        assert_eq!(refused, Err(NotCommitted::UnknownValidator { validator: stranger.public() }));
    }

    #[test]
    fn roo_37_a_precommit_binds_network_height_round_value_and_validator() {
        let (set, keys) = validators(&[1, 1, 1]);
        let good = certificate(&keys);
        assert_eq!(good.verify(&NETWORK, &set), Ok(()));
        assert!(good.verify(&NetworkId([9; 32]), &set).is_err());
        assert!(CommitCertificate { height: Height(6), ..good.clone() }.verify(&NETWORK, &set).is_err());
        assert!(CommitCertificate { round: 1, ..good.clone() }.verify(&NETWORK, &set).is_err());
        assert!(
            CommitCertificate { value: ValueHash([9; 32]), ..good.clone() }.verify(&NETWORK, &set).is_err()
        );
        let mut lent = good;
        lent.signatures[2].1 = lent.signatures[1].1;
        assert_eq!(lent.verify(&NETWORK, &set), Err(NotCommitted::Signature { validator: keys[2].public() }));
    }

    #[test]
    fn roo_38_more_than_two_thirds_of_the_power_is_needed() {
        let (set, keys) = validators(&[1, 1, 1]);
        let two = certificate(&keys[..2]).verify(&NETWORK, &set);
        assert_eq!(two, Err(NotCommitted::Power { signed: 2, total: 3 }));
        assert!(certificate([]).verify(&NETWORK, &set).is_err());

        let (set, keys) = validators(&[1, 1, 1, 1]);
        assert!(certificate(&keys[..3]).verify(&NETWORK, &set).is_ok());
        // Powers that overflow 64 bits together are still counted.
        let (set, keys) = validators(&[u64::MAX, u64::MAX, u64::MAX]);
        assert!(certificate(&keys[..2]).verify(&NETWORK, &set).is_err());
        assert!(certificate(&keys).verify(&NETWORK, &set).is_ok());
    }
}
