//! A change of the validators as a file that members pass round until enough of them have signed it.
//!
//! ```text
//!   propose   the validators in force, who comes, who goes --> change file
//!   sign      each validator, and each new one, with its own key --> a copy with its signature
//!   submit    all copies --> one root transaction --> in force two heights after its block
//! ```
//!
//! A file holds no secret. Whoever signs sees the whole next set in it; nothing else is ever signed.

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

use std::collections::BTreeMap;

use parclose_crypto::{SigningKey, verify};
use parclose_root::{
    GenesisInvalid, UpdateValidators, Validator, ValidatorSet, Validators, ValidatorsChange,
};
use parclose_types::{Failure, Fault, Height, NetworkId, PublicKey, Sequence, SignatureBytes, hex};
use serde::{Deserialize, Serialize};

/// A change file, in bytes: two full sets have signed.
pub const CHANGE_BYTES_MAX: usize = 256 << 10;
/// Schema of a change file.
const SCHEMA: &str = "parclose.validator-change/1";

/// Why a change file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeFileInvalid {
    /// VCH-01: not the form of a change file.
    #[error("this is not a change of validators: {reason}")]
    Form {
        /// what is wrong
        reason: String,
    },
    /// VCH-02: a signature that does not fit.
    #[error("the signature of `{signer}` is not under this change")]
    Signature {
        /// its key
        signer: PublicKey,
    },
    /// VCH-03: a key that neither votes nor will.
    #[error("the key `{key}` neither votes now nor after the change")]
    NoPart {
        /// the key
        key: PublicKey,
    },
    /// VCH-04: copies of different changes.
    #[error("the files are copies of different changes")]
    OtherChange,
    /// VCH-05: a validator that comes twice, or goes without being there.
    #[error("`{key}` {what}")]
    Seat {
        /// the key
        key: PublicKey,
        /// what is wrong with it
        what: &'static str,
    },
    /// ROO-32: no set of validators.
    #[error(transparent)]
    Set(#[from] GenesisInvalid),
}

impl Failure for ChangeFileInvalid {
    fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } => "NOT_A_VALIDATOR_CHANGE",
            Self::Signature { .. } => "VALIDATOR_CHANGE_CHANGED",
            Self::NoPart { .. } | Self::OtherChange | Self::Seat { .. } => "VALIDATOR_CHANGE_REFUSED",
            Self::Set(reason) => reason.code(),
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Form { .. } => "VCH-01",
            Self::Signature { .. } => "VCH-02",
            Self::NoPart { .. } => "VCH-03",
            Self::OtherChange => "VCH-04",
            Self::Seat { .. } => "VCH-05",
            Self::Set(reason) => reason.rule(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Signature { .. } => Fault::Peer,
            _ => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Form { .. } => "give the file that `parclose validators propose` wrote, or a signed copy",
            Self::Signature { .. } => {
                "have it signed again: somebody has altered the change or the signature"
            }
            Self::NoPart { .. } => "sign in the home of a validator, or of one that the change brings",
            Self::OtherChange => "give copies of one change only",
            Self::Seat { .. } => "look who votes: parclose validators show",
            Self::Set(_) => "leave at least one validator, and at most 256",
        }
        .into()
    }
}

/// A change with the signatures that it has so far; each of them verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeFile {
    network: NetworkId,
    current: ValidatorSet,
    change: ValidatorsChange,
    signatures: BTreeMap<PublicKey, SignatureBytes>,
}

/// The JSON form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    schema: String,
    network: NetworkId,
    number: u64,
    replaces: Vec<Validator>,
    validators: Vec<Validator>,
    last_height: Height,
    signatures: Vec<SignatureForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureForm {
    key: PublicKey,
    signature: String,
}

/// Who comes and who goes.
#[derive(Clone, Debug, Default)]
pub struct Moves {
    /// keys that shall vote, with one vote each
    pub add: Vec<PublicKey>,
    /// keys that shall not vote any more
    pub remove: Vec<PublicKey>,
}

impl ChangeFile {
    /// Drafts a change of the validators that sign `at`.
    ///
    /// # Rules
    ///
    /// > VCH-05: a change of validators adds keys that do not vote and removes keys that do, each once.
    pub fn propose(
        network: NetworkId,
        validators: &Validators,
        at: Height,
        moves: &Moves,
        last_height: Height,
    ) -> Result<Self, ChangeFileInvalid> {
        let current = validators.at(at);
        let mut next: BTreeMap<PublicKey, u64> =
            current.validators().iter().map(|validator| (validator.key, validator.power)).collect();
        for key in &moves.remove {
            next.remove(key).ok_or(ChangeFileInvalid::Seat { key: *key, what: "does not vote" })?;
        }
        for key in &moves.add {
            if current.power_of(key).is_some() || next.insert(*key, 1).is_some() {
                return Err(ChangeFileInvalid::Seat { key: *key, what: "votes already" });
            }
        }
        let next = next.into_iter().map(|(key, power)| Validator { key, power }).collect();
        let change = ValidatorsChange {
            number: validators.changes,
            replaces: current.digest(),
            next: ValidatorSet::new(next)?,
            last_height,
        };
        Ok(Self { network, current: current.clone(), change, signatures: BTreeMap::new() })
    }

    /// Reads one, and checks every signature in it.
    ///
    /// # Rules
    ///
    /// > VCH-01: a change file is JSON of its schema with its members and no other, at most 256 KiB, its signers ascending by key.
    /// > VCH-02: every signature in a change file verifies under its change.
    pub fn parse(bytes: &[u8]) -> Result<Self, ChangeFileInvalid> {
        let refused = |reason: String| ChangeFileInvalid::Form { reason };
        if bytes.len() > CHANGE_BYTES_MAX {
            return Err(refused(format!("larger than {CHANGE_BYTES_MAX} bytes")));
        }
        let form: Form = serde_json::from_slice(bytes).map_err(|e| refused(e.to_string()))?;
        if form.schema != SCHEMA {
            return Err(refused("another schema".into()));
        }
        if !form.signatures.is_sorted_by(|a, b| a.key < b.key) {
            return Err(refused("its signers are not in order".into()));
        }
        let current = ValidatorSet::new(form.replaces)?;
        let change = ValidatorsChange {
            number: Sequence(form.number),
            replaces: current.digest(),
            next: ValidatorSet::new(form.validators)?,
            last_height: form.last_height,
        };
        let mut file = Self { network: form.network, current, change, signatures: BTreeMap::new() };
        for SignatureForm { key, signature } in form.signatures {
            let signature = hex::decode_array(&signature).map(SignatureBytes);
            let signature = signature.map_err(|_| refused("a signature is not 128 hex digits".into()))?;
            file.take(key, signature)?;
        }
        Ok(file)
    }

    fn take(&mut self, signer: PublicKey, signature: SignatureBytes) -> Result<(), ChangeFileInvalid> {
        verify(&signer, &self.change.signing_bytes(&self.network), &signature)
            .map_err(|_| ChangeFileInvalid::Signature { signer })?;
        self.signatures.insert(signer, signature);
        Ok(())
    }

    /// Signs, as a validator or as one that the change brings.
    ///
    /// # Rules
    ///
    /// > VCH-03: a change is signed by keys that vote now, or after it.
    pub fn sign(&mut self, key: &SigningKey) -> Result<(), ChangeFileInvalid> {
        let public = key.public();
        if self.current.power_of(&public).or_else(|| self.change.next.power_of(&public)).is_none() {
            return Err(ChangeFileInvalid::NoPart { key: public });
        }
        let (signer, signature) = self.change.sign(&self.network, key);
        self.take(signer, signature)
    }

    /// Takes over the signatures of another copy.
    ///
    /// # Rules
    ///
    /// > VCH-04: signatures are gathered from copies of one change.
    pub fn merge(&mut self, other: Self) -> Result<(), ChangeFileInvalid> {
        if (other.network, &other.change) != (self.network, &self.change) {
            return Err(ChangeFileInvalid::OtherChange);
        }
        self.signatures.extend(other.signatures);
        Ok(())
    }

    /// Its text.
    ///
    /// # Panics
    ///
    /// Never: its members are texts and numbers.
    #[must_use]
    pub fn to_json(&self) -> String {
        let signed = |(key, signature): (&PublicKey, &SignatureBytes)| SignatureForm {
            key: *key,
            signature: hex::encode(&signature.0),
        };
        let form = Form {
            schema: SCHEMA.into(),
            network: self.network,
            number: self.change.number.0,
            replaces: self.current.validators().to_vec(),
            validators: self.change.next.validators().to_vec(),
            last_height: self.change.last_height,
            signatures: self.signatures.iter().map(signed).collect(),
        };
        serde_json::to_string_pretty(&form).expect("texts and numbers have a JSON form") + "\n"
    }

    /// The root transaction with the signatures that there are.
    #[must_use]
    pub fn update(&self) -> UpdateValidators {
        let signatures = self.signatures.iter().map(|(key, signature)| (*key, *signature)).collect();
        UpdateValidators { change: self.change.clone(), signatures }
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        self.network
    }

    /// Who votes before the change.
    #[must_use]
    pub fn current(&self) -> &ValidatorSet {
        &self.current
    }

    /// What changes.
    #[must_use]
    pub fn change(&self) -> &ValidatorsChange {
        &self.change
    }

    /// Who has signed, ascending.
    pub fn signers(&self) -> impl Iterator<Item = &PublicKey> {
        self.signatures.keys()
    }
}

#[cfg(test)]
mod tests;
