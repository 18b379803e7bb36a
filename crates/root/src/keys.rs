//! The endorsers of a channel in one generation, as the root chain knows them: pseudonyms and a threshold.
//!
//! A value of this type is well-formed: [`GenerationKeys::new`] is the only way to one, and decoding
//! goes through it. The pseudonyms say nothing about who the members are.

use borsh::{BorshDeserialize, BorshSerialize, io};
use parclose_types::limits::MEMBERS_MAX;
use parclose_types::{Failure, Fault, Generation, PublicKey};

/// Why a set of endorsers is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysInvalid {
    /// ROO-02: none, or more than 512.
    #[error("a channel has 1 to {MEMBERS_MAX} endorsers, not {got}")]
    Count {
        /// endorsers found
        got: usize,
    },
    /// ROO-03: a key twice, or out of order.
    #[error("endorsers are not in strictly ascending order")]
    Unsorted,
    /// ROO-04: half of the endorsers or fewer, or more than all.
    #[error("a threshold of {threshold} of {endorsers} is not more than half and at most all")]
    Threshold {
        /// signatures that would be needed
        threshold: u16,
        /// endorsers there are
        endorsers: usize,
    },
}

impl Failure for KeysInvalid {
    fn code(&self) -> &'static str {
        "ENDORSERS_INVALID"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Count { .. } => "ROO-02",
            Self::Unsorted => "ROO-03",
            Self::Threshold { .. } => "ROO-04",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Count { .. } => format!("name 1 to {MEMBERS_MAX} endorsers"),
            Self::Unsorted => "name every endorser once, in ascending order of the keys".into(),
            Self::Threshold { endorsers, .. } => {
                format!("choose a threshold from {} to {endorsers}", (endorsers / 2).saturating_add(1))
            }
        }
    }
}

/// More than half of `endorsers`: the least threshold that lets no two halves both certify.
#[must_use]
pub const fn default_threshold(endorsers: u16) -> u16 {
    (endorsers / 2).saturating_add(1)
}

/// The keys that endorse for a channel in one generation, and how many of them a certificate needs.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct GenerationKeys {
    generation: Generation,
    endorsers: Vec<PublicKey>,
    threshold: u16,
}

impl GenerationKeys {
    /// Takes the endorsers, in ascending order of their keys.
    ///
    /// # Rules
    ///
    /// > ROO-02: a channel has 1 to 512 endorsers.
    /// > ROO-03: endorsers stand in strictly ascending order of their keys, so each has one index.
    /// > ROO-04: a threshold is more than half of the endorsers and at most all of them.
    pub fn new(
        generation: Generation,
        endorsers: Vec<PublicKey>,
        threshold: u16,
    ) -> Result<Self, KeysInvalid> {
        let got = endorsers.len();
        if got == 0 || got > MEMBERS_MAX {
            return Err(KeysInvalid::Count { got });
        }
        if !endorsers.is_sorted_by(|a, b| a < b) {
            return Err(KeysInvalid::Unsorted);
        }
        let needed = usize::from(threshold);
        if needed <= got / 2 || needed > got {
            return Err(KeysInvalid::Threshold { threshold, endorsers: got });
        }
        Ok(Self { generation, endorsers, threshold })
    }

    /// The generation in which these keys endorse.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// All endorsers, ascending.
    #[must_use]
    pub fn endorsers(&self) -> &[PublicKey] {
        &self.endorsers
    }

    /// Signatures that a certificate holds.
    #[must_use]
    pub fn threshold(&self) -> u16 {
        self.threshold
    }

    /// The endorser at an index.
    #[must_use]
    pub fn endorser(&self, index: u16) -> Option<&PublicKey> {
        self.endorsers.get(usize::from(index))
    }

    /// The index of an endorser.
    #[must_use]
    pub fn index_of(&self, endorser: &PublicKey) -> Option<u16> {
        let index = self.endorsers.binary_search(endorser).ok()?;
        u16::try_from(index).ok()
    }
}

impl BorshDeserialize for GenerationKeys {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        let generation = Generation::deserialize_reader(reader)?;
        let endorsers = Vec::deserialize_reader(reader)?;
        let threshold = u16::deserialize_reader(reader)?;
        Self::new(generation, endorsers, threshold).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parclose_types::{decode, encode};

    fn endorsers(count: usize) -> Vec<PublicKey> {
        (0..count)
            .map(|i| PublicKey(std::array::from_fn(|at| if at < 2 { i.to_be_bytes()[6 + at] } else { 7 })))
            .collect()
    }

    fn new(count: usize, threshold: u16) -> Result<GenerationKeys, KeysInvalid> {
        GenerationKeys::new(Generation(0), endorsers(count), threshold)
    }

    #[test]
    fn roo_02_a_channel_has_1_to_512_endorsers() {
        assert_eq!(new(0, 0), Err(KeysInvalid::Count { got: 0 }));
        assert!(new(1, 1).is_ok());
        assert!(new(512, 257).is_ok());
        assert_eq!(new(513, 257), Err(KeysInvalid::Count { got: 513 }));
    }

    #[test]
    fn roo_03_endorsers_ascend_and_none_stands_twice() {
        let mut twice = endorsers(3);
        twice[1] = twice[0];
        assert_eq!(GenerationKeys::new(Generation(0), twice, 2), Err(KeysInvalid::Unsorted));
        let mut swapped = endorsers(3);
        swapped.swap(1, 2);
        assert_eq!(GenerationKeys::new(Generation(0), swapped, 2), Err(KeysInvalid::Unsorted));
    }

    #[test]
    fn roo_04_no_two_halves_can_both_certify() {
        for count in 1..=9_u16 {
            let allowed: Vec<u16> = (0..=count + 1).filter(|t| new(count.into(), *t).is_ok()).collect();
            assert_eq!(allowed, (default_threshold(count)..=count).collect::<Vec<_>>(), "{count} endorsers");
        }
    }

    #[test]
    fn roo_04_decoding_checks_the_same_rules() {
        let keys = new(4, 3).unwrap();
        let mut bytes = encode(&keys);
        assert_eq!(decode("keys", &bytes, 1024), Ok(keys));
        let threshold = bytes.len() - 2;
        bytes[threshold] = 2;
        assert!(decode::<GenerationKeys>("keys", &bytes, 1024).is_err());
    }

    #[test]
    fn an_endorser_has_one_index() {
        let keys = new(300, 151).unwrap();
        for (index, key) in keys.endorsers().iter().enumerate() {
            assert_eq!(keys.index_of(key).map(usize::from), Some(index));
        }
        assert_eq!(keys.index_of(&PublicKey([255; 32])), None);
        assert_eq!(keys.endorser(300), None);
    }
}
