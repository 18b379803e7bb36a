//! A node's card: what a member tells the others of its node, signed by every key that it names.
//!
//! A [`NodeCard`] is verified: making one needs the keys, reading one checks their signatures. It is public;
//! whose identity it shows is for people to compare.

use borsh::BorshSerialize;
use libp2p::PeerId;
use parclose_crypto::{SigningKey, hash, sign};
use parclose_documents::Lei;
use parclose_types::{PublicKey, SignatureBytes, encode, hex, labels};
use serde::{Deserialize, Serialize};

use super::{CeremonyError, Endpoint};
use crate::home::check_channel_name;
use crate::node_key::{NodeKey, peer_of};

/// A card, in bytes.
pub const CARD_BYTES_MAX: usize = 4096;
/// Schema of a card.
const SCHEMA: &str = "parclose.node-card/1";

/// What a card says.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Claims {
    /// the member's name
    pub member: String,
    /// how many cards it has made before this one
    pub serial: u32,
    /// its ISO 17442 identifier
    pub lei: String,
    /// its identity key
    pub identity: PublicKey,
    /// its node's key on the network
    pub node: PublicKey,
    /// its validator key, if its node votes
    pub validator: Option<PublicKey>,
    /// where the root chain's network reaches its node
    pub consensus: Endpoint,
    /// where members of its channels reach its node
    pub exchange: Endpoint,
}

/// A card whose signatures were made or checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCard {
    claims: Claims,
    signatures: Signatures,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Signatures {
    identity: SignatureBytes,
    node: SignatureBytes,
    validator: Option<SignatureBytes>,
}

/// The JSON form, before its signatures are checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardFile {
    schema: String,
    member: String,
    serial: u32,
    lei: String,
    identity: PublicKey,
    node: PublicKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validator: Option<PublicKey>,
    consensus: Endpoint,
    exchange: Endpoint,
    signatures: SignaturesFile,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignaturesFile {
    identity: String,
    node: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validator: Option<String>,
}

impl Claims {
    /// What every key of a card signs.
    fn message(&self) -> [u8; 32] {
        hash(labels::NODE_CARD, &[&encode(self)])
    }

    /// What can be said of the claims without their signatures.
    ///
    /// # Rules
    ///
    /// > CER-01: a member of a consortium is named with a-z, 0-9 and `-`, at most 64 of them.
    /// > CER-04: a card names its member by an LEI whose check digits fit.
    pub(super) fn check(&self) -> Result<(), CeremonyError> {
        check_channel_name(&self.member).map_err(|_| CeremonyError::Name { name: self.member.clone() })?;
        match Lei::parse(&self.lei) {
            Ok(_) => Ok(()),
            Err(e) => Err(CeremonyError::Lei { member: self.member.clone(), reason: e.to_string() }),
        }
    }
}

impl NodeCard {
    /// Makes a card: each key that it names signs it. The claims are of these keys.
    pub(super) fn sign(
        claims: Claims,
        identity: &SigningKey,
        node: &NodeKey,
        validator: Option<&SigningKey>,
    ) -> Result<Self, CeremonyError> {
        claims.check()?;
        let message = claims.message();
        let signatures = Signatures {
            identity: identity.sign(&message),
            node: node.sign(&message),
            validator: validator.map(|key| key.sign(&message)),
        };
        Self { claims, signatures }.verified()
    }

    /// Reads a card.
    ///
    /// # Rules
    ///
    /// > CER-02: a card is JSON of its schema with its members and no other, at most 4096 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, CeremonyError> {
        let refused = |reason: String| CeremonyError::NotACard { reason };
        if bytes.len() > CARD_BYTES_MAX {
            return Err(refused(format!("larger than {CARD_BYTES_MAX} bytes")));
        }
        let file: CardFile = serde_json::from_slice(bytes).map_err(|e| refused(e.to_string()))?;
        Self::of_file(file)
    }

    /// Checks what was read.
    pub(crate) fn of_file(file: CardFile) -> Result<Self, CeremonyError> {
        let refused = |reason: &str| CeremonyError::NotACard { reason: reason.into() };
        if file.schema != SCHEMA {
            return Err(refused("another schema"));
        }
        let signature = |text: &str| -> Result<SignatureBytes, CeremonyError> {
            hex::decode_array(text)
                .map(SignatureBytes)
                .map_err(|_| refused("a signature is not 128 hex digits"))
        };
        let signatures = Signatures {
            identity: signature(&file.signatures.identity)?,
            node: signature(&file.signatures.node)?,
            validator: file.signatures.validator.as_deref().map(signature).transpose()?,
        };
        let CardFile { member, serial, lei, identity, node, validator, consensus, exchange, .. } = file;
        let claims = Claims { member, serial, lei, identity, node, validator, consensus, exchange };
        claims.check()?;
        Self { claims, signatures }.verified()
    }

    /// # Rules
    ///
    /// > CER-03: every key that a card names has signed the whole card, and no other has.
    fn verified(self) -> Result<Self, CeremonyError> {
        let message = self.claims.message();
        let refused = |key| CeremonyError::NotSigned { member: self.claims.member.clone(), key };
        let check = |key: &PublicKey, signature: &SignatureBytes, name| {
            sign::verify(key, &message, signature).map_err(|_| refused(name))
        };
        check(&self.claims.identity, &self.signatures.identity, "identity")?;
        check(&self.claims.node, &self.signatures.node, "node")?;
        match (&self.claims.validator, &self.signatures.validator) {
            (None, None) => {}
            (Some(key), Some(signature)) => check(key, signature, "validator")?,
            _ => return Err(refused("validator")),
        }
        Ok(self)
    }

    pub(crate) fn to_file(&self) -> CardFile {
        let Claims { member, serial, lei, identity, node, validator, consensus, exchange } =
            self.claims.clone();
        let text = |signature: &SignatureBytes| hex::encode(&signature.0);
        let signatures = SignaturesFile {
            identity: text(&self.signatures.identity),
            node: text(&self.signatures.node),
            validator: self.signatures.validator.as_ref().map(text),
        };
        let schema = SCHEMA.into();
        CardFile { schema, member, serial, lei, identity, node, validator, consensus, exchange, signatures }
    }

    /// Whether this is a later card of the same member: its node has other addresses and nothing else.
    ///
    /// # Rules
    ///
    /// > CER-13: a card takes the place of one with the same name, LEI and keys and a lower serial number, and of no other.
    #[must_use]
    pub(crate) fn follows(&self, before: &Self) -> bool {
        let Claims { serial, consensus, exchange, .. } = self.claims.clone();
        let moved = Claims { serial, consensus, exchange, ..before.claims.clone() };
        self.claims == moved && serial > before.claims.serial
    }

    /// Its one text.
    ///
    /// # Panics
    ///
    /// Never: its members are texts.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.to_file()).expect("texts have a JSON form") + "\n"
    }

    /// What it says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The name of its node on the network.
    ///
    /// # Panics
    ///
    /// Never: the key has verified a signature, so it is a key.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        peer_of(&self.claims.node).expect("a key that has signed is a key")
    }
}
