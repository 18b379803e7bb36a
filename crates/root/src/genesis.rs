//! The genesis: the one file from which a verifier takes its trust.
//!
//! It names the validators and the parameters of the network; the network id is its hash, and every
//! signature of the network names that id. People read it as JSON; the hash is over its borsh bytes, so
//! spacing and the order of fields do not matter, and an unknown field is refused.

use borsh::{BorshDeserialize, BorshSerialize, io};
use parclose_crypto::hash;
use parclose_types::limits::{NAME_BYTES_MAX, ROOT_BLOCK_TRANSACTIONS_MAX};
use parclose_types::{Digest, Failure, Fault, NetworkId, PublicKey, encode, labels};
use serde::{Deserialize, Serialize};

/// Validators of one network.
pub const VALIDATORS_MAX: usize = 256;
/// A genesis file, in bytes.
pub const GENESIS_BYTES_MAX: usize = 64 << 10;
/// The longest window, in heights.
pub const WINDOW_MAX: u64 = 1 << 16;
/// The most anchors that one tag may have within their last heights.
pub const UNEXPIRED_MAX: u32 = 1 << 14;

/// Why a genesis is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenesisInvalid {
    /// ROO-32: no validators, too many, out of order, or one without power.
    #[error("a genesis names 1 to {VALIDATORS_MAX} validators, ascending by key, each with power")]
    Validators,
    /// ROO-33: a parameter outside its range.
    #[error("the genesis parameter `{name}` is {got}, allowed is 1 to {limit}")]
    Parameter {
        /// which parameter
        name: &'static str,
        /// what it may be at most
        limit: u64,
        /// what was found
        got: u64,
    },
    /// ROO-33: no name, or a long one.
    #[error("the name of a network has 1 to {NAME_BYTES_MAX} bytes, without control characters")]
    Name,
    /// ROO-33: not the JSON form of a genesis.
    #[error("not a genesis file: {reason}")]
    Json {
        /// what the parser says, with line and column
        reason: String,
    },
}

impl Failure for GenesisInvalid {
    fn code(&self) -> &'static str {
        "GENESIS_INVALID"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Validators => "ROO-32",
            Self::Parameter { .. } | Self::Name | Self::Json { .. } => "ROO-33",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Operator
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "get the genesis file of the consortium from its operator, and compare its network id with another member".into()
    }
}

/// Who votes, and with which weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// its address and its key
    pub key: PublicKey,
    /// its share of the votes
    pub power: u64,
}

/// The validators of a height, ascending by key.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, Serialize)]
pub struct ValidatorSet(Vec<Validator>);

impl ValidatorSet {
    /// Takes validators in ascending order of their keys.
    ///
    /// # Rules
    ///
    /// > ROO-32: a validator set has 1 to 256 members, in strictly ascending order of their keys, each with power above zero.
    pub fn new(validators: Vec<Validator>) -> Result<Self, GenesisInvalid> {
        let count = (1..=VALIDATORS_MAX).contains(&validators.len());
        let ascending = validators.is_sorted_by(|a, b| a.key < b.key);
        let powerful = validators.iter().all(|validator| validator.power > 0);
        if count && ascending && powerful { Ok(Self(validators)) } else { Err(GenesisInvalid::Validators) }
    }

    /// `H(VALIDATOR_SET, canonical bytes)`: what headers carry.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(hash(labels::VALIDATOR_SET, &[&encode(self)]))
    }

    /// All members, ascending by key.
    #[must_use]
    pub fn validators(&self) -> &[Validator] {
        &self.0
    }

    /// The power of a member; `None` for a stranger.
    #[must_use]
    pub fn power_of(&self, key: &PublicKey) -> Option<u64> {
        let index = self.0.binary_search_by(|validator| validator.key.cmp(key)).ok()?;
        self.0.get(index).map(|validator| validator.power)
    }

    /// The power of all members together.
    #[must_use]
    pub fn total_power(&self) -> u128 {
        self.0.iter().map(|validator| u128::from(validator.power)).sum()
    }
}

impl BorshDeserialize for ValidatorSet {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let validators = Vec::deserialize_reader(reader)?;
        Self::new(validators).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
    }
}

/// What the consortium agreed on for the life of its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// how far ahead an anchor's last height may lie, in heights
    pub window: u64,
    /// anchors of one tag in one block
    pub anchors_per_tag_and_block: u32,
    /// anchors of one tag within their last heights
    pub unexpired_per_tag: u32,
    /// channels opened in one block
    pub opens_per_block: u32,
}

impl Default for Parameters {
    /// Room for busy channels: a thousand blocks for a batch to be ordered in, and per tag no more to
    /// remember than 40 KiB.
    fn default() -> Self {
        Self { window: 1024, anchors_per_tag_and_block: 64, unexpired_per_tag: 1024, opens_per_block: 64 }
    }
}

impl Parameters {
    fn check(&self) -> Result<(), GenesisInvalid> {
        let block = ROOT_BLOCK_TRANSACTIONS_MAX as u64;
        let ranges = [
            ("window", self.window, WINDOW_MAX),
            ("anchors_per_tag_and_block", self.anchors_per_tag_and_block.into(), block),
            ("unexpired_per_tag", self.unexpired_per_tag.into(), UNEXPIRED_MAX.into()),
            ("opens_per_block", self.opens_per_block.into(), block),
        ];
        ranges.into_iter().try_for_each(|(name, got, limit)| {
            if (1..=limit).contains(&got) {
                Ok(())
            } else {
                Err(GenesisInvalid::Parameter { name, limit, got })
            }
        })
    }
}

/// A checked genesis.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Genesis {
    name: String,
    validators: ValidatorSet,
    parameters: Parameters,
    nonce: Digest,
}

/// The JSON form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GenesisFile {
    name: String,
    validators: Vec<Validator>,
    parameters: Parameters,
    nonce: Digest,
}

impl Genesis {
    /// Takes the parts; `nonce` is random, so that two networks of one consortium differ.
    ///
    /// # Rules
    ///
    /// > ROO-33: a genesis has a name, parameters within their ranges, and no part that this program does not know.
    pub fn new(
        name: String,
        validators: Vec<Validator>,
        parameters: Parameters,
        nonce: Digest,
    ) -> Result<Self, GenesisInvalid> {
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
            return Err(GenesisInvalid::Name);
        }
        parameters.check()?;
        Ok(Self { name, validators: ValidatorSet::new(validators)?, parameters, nonce })
    }

    /// Reads the JSON form.
    pub fn from_json(text: &str) -> Result<Self, GenesisInvalid> {
        if text.len() > GENESIS_BYTES_MAX {
            let reason = format!("larger than {GENESIS_BYTES_MAX} bytes");
            return Err(GenesisInvalid::Json { reason });
        }
        let file: GenesisFile =
            serde_json::from_str(text).map_err(|e| GenesisInvalid::Json { reason: e.to_string() })?;
        Self::new(file.name, file.validators, file.parameters, file.nonce)
    }

    /// Writes the JSON form, indented, with a final line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        let file = GenesisFile {
            name: self.name.clone(),
            validators: self.validators.0.clone(),
            parameters: self.parameters,
            nonce: self.nonce,
        };
        serde_json::to_string_pretty(&file).expect("names, keys and numbers have a JSON form") + "\n"
    }

    /// The network id: `H(GENESIS, canonical bytes)`.
    ///
    /// # Rules
    ///
    /// > ROO-34: the network id is the hash of the whole genesis.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        NetworkId(hash(labels::GENESIS, &[&encode(self)]))
    }

    /// The consortium's name for its network.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who votes from the first block on.
    #[must_use]
    pub fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// What was agreed on.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validator(byte: u8, power: u64) -> Validator {
        Validator { key: PublicKey([byte; 32]), power }
    }

    fn genesis(validators: Vec<Validator>, parameters: Parameters) -> Result<Genesis, GenesisInvalid> {
        Genesis::new("test".into(), validators, parameters, Digest([7; 32]))
    }

    #[test]
    fn roo_32_validators_ascend_and_have_power() {
        let with = |validators| genesis(validators, Parameters::default());
        assert!(with(vec![validator(1, 1), validator(2, u64::MAX)]).is_ok());
        assert_eq!(with(vec![]), Err(GenesisInvalid::Validators));
        assert_eq!(with(vec![validator(1, 0)]), Err(GenesisInvalid::Validators));
        assert_eq!(with(vec![validator(2, 1), validator(1, 1)]), Err(GenesisInvalid::Validators));
        assert_eq!(with(vec![validator(1, 1), validator(1, 1)]), Err(GenesisInvalid::Validators));
        let many = |n: u16| {
            (0..n).map(|i| Validator {
                key: PublicKey(
                    [[i.to_be_bytes()[0]; 16], [i.to_be_bytes()[1]; 16]].concat().try_into().unwrap(),
                ),
                power: 1,
            })
        };
        assert!(with(many(256).collect()).is_ok());
        assert_eq!(with(many(257).collect()), Err(GenesisInvalid::Validators));
    }

    #[test]
    fn roo_32_decoding_checks_the_same_rule() {
        let set = ValidatorSet::new(vec![validator(1, 1), validator(2, 1)]).unwrap();
        let bytes = encode(&set);
        assert_eq!(parclose_types::decode("validators", &bytes, 1024), Ok(set));
        let unordered = encode(&vec![validator(2, 1), validator(1, 1)]);
        assert!(parclose_types::decode::<ValidatorSet>("validators", &unordered, 1024).is_err());
    }

    #[test]
    fn roo_33_parameters_and_name_are_bounded() {
        let base = Parameters::default();
        let one = || vec![validator(1, 1)];
        let wrong = [
            Parameters { window: 0, ..base },
            Parameters { window: WINDOW_MAX + 1, ..base },
            Parameters { anchors_per_tag_and_block: 0, ..base },
            Parameters { anchors_per_tag_and_block: 4097, ..base },
            Parameters { unexpired_per_tag: 0, ..base },
            Parameters { unexpired_per_tag: UNEXPIRED_MAX + 1, ..base },
            Parameters { opens_per_block: 0, ..base },
            Parameters { opens_per_block: 4097, ..base },
        ];
        for parameters in wrong {
            assert!(
                matches!(genesis(one(), parameters), Err(GenesisInvalid::Parameter { .. })),
                "{parameters:?}"
            );
        }
        for name in ["", "a\nb", &"x".repeat(65)] {
            let made = Genesis::new(name.into(), one(), base, Digest([0; 32]));
            assert_eq!(made, Err(GenesisInvalid::Name));
        }
    }

    #[test]
    fn roo_33_the_json_form_round_trips_and_takes_nothing_unknown() {
        let made = genesis(vec![validator(1, 3), validator(2, 4)], Parameters::default()).unwrap();
        let text = made.to_json();
        assert_eq!(Genesis::from_json(&text), Ok(made));
        assert!(Genesis::from_json(&text.replacen("\"name\"", "\"extra\": 1, \"name\"", 1)).is_err());
        assert!(Genesis::from_json(&text.replacen("\"power\"", "\"weight\"", 1)).is_err());
        assert!(Genesis::from_json(&text.replacen("\"window\": 1024", "\"window\": 0", 1)).is_err());
        assert!(Genesis::from_json(&(text + &" ".repeat(GENESIS_BYTES_MAX))).is_err());
    }

    #[test]
    fn roo_34_every_part_of_the_genesis_is_in_the_network_id() {
        let base = Parameters::default();
        let of = |name: &str, power, parameters, nonce| {
            Genesis::new(name.into(), vec![validator(1, power)], parameters, Digest([nonce; 32]))
                .unwrap()
                .network()
        };
        let network = of("a", 1, base, 0);
        let others = [
            of("b", 1, base, 0),
            of("a", 2, base, 0),
            of("a", 1, base, 1),
            of("a", 1, Parameters { window: 9, ..base }, 0),
            of("a", 1, Parameters { anchors_per_tag_and_block: 9, ..base }, 0),
            of("a", 1, Parameters { unexpired_per_tag: 9, ..base }, 0),
            of("a", 1, Parameters { opens_per_block: 9, ..base }, 0),
        ];
        assert!(others.iter().all(|other| *other != network));
        assert_eq!(of("a", 1, base, 0), network);
    }
}
