//! The draft of a channel: what its founders look at before they take part.

use std::collections::BTreeSet;

use borsh::BorshSerialize;
use parclose_channel::ChannelError;
use parclose_channel::setup::SetupInvalid;
use parclose_crypto::hash;
use parclose_transaction::{Definition, DefinitionTexts, MemberEntry};
use parclose_types::limits::{DEFINITION_BYTES_MAX, MEMBERS_MAX};
use parclose_types::{ChannelId, Digest, NetworkId, PublicKey, encode, labels};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::files::Part;
use super::refused::FoundingRefused;
use crate::address_book::AddressBook;
use crate::home::{HomeError, check_channel_name};

/// A draft, in bytes: JSON may write a character of a definition as six.
pub const DRAFT_BYTES_MAX: usize = 6 * DEFINITION_BYTES_MAX + MEMBERS_MAX * 1024;
/// Schema of a draft.
const SCHEMA: &str = "parclose.channel-draft/1";

/// A member that takes part.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Founder {
    /// its name in the consortium
    pub name: String,
    /// its identity key
    pub identity: PublicKey,
    /// its roles in the channel, ascending
    pub roles: Vec<String>,
}

/// A channel to be.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelDraft {
    schema: String,
    /// what its founders call it
    pub name: String,
    /// its network
    pub network: NetworkId,
    /// its id
    pub channel: ChannelId,
    /// blinder of its genesis commitment
    pub blinder: Digest,
    channel_toml: String,
    policy: String,
    policy_schema: String,
    /// who founds it, ascending by name
    pub founders: Vec<Founder>,
}

impl ChannelDraft {
    /// Drafts a channel, with a fresh id.
    pub(super) fn new(
        name: &str,
        book: &AddressBook,
        texts: DefinitionTexts,
        founders: &[(String, Vec<String>)],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, FoundingRefused> {
        let founder = |(name, roles): &(String, Vec<String>)| {
            let card = book.card(name).ok_or_else(|| HomeError::NoMember { name: name.clone() })?;
            let roles: BTreeSet<String> = roles.iter().cloned().collect();
            Ok(Founder {
                name: name.clone(),
                identity: card.claims().identity,
                roles: roles.into_iter().collect(),
            })
        };
        let mut founders = founders.iter().map(founder).collect::<Result<Vec<_>, FoundingRefused>>()?;
        founders.sort_by(|a, b| a.name.cmp(&b.name));
        let mut drawn = || {
            let mut bytes = [0_u8; 32];
            rng.fill_bytes(&mut bytes);
            bytes
        };
        Ok(Self {
            schema: SCHEMA.into(),
            name: name.into(),
            network: book.network(),
            channel: ChannelId(drawn()),
            blinder: Digest(drawn()),
            channel_toml: texts.channel_toml,
            policy: texts.policy,
            policy_schema: texts.policy_schema,
            founders,
        })
    }

    /// Its digest: `H(CHANNEL_DRAFT, canonical bytes)`. Parts name it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(hash(labels::CHANNEL_DRAFT, &[&encode(self)]))
    }

    /// Its definition's texts.
    #[must_use]
    pub fn texts(&self) -> DefinitionTexts {
        DefinitionTexts {
            channel_toml: self.channel_toml.clone(),
            policy: self.policy.clone(),
            policy_schema: self.policy_schema.clone(),
        }
    }

    /// A founder, by its name.
    #[must_use]
    pub fn founder(&self, name: &str) -> Option<&Founder> {
        self.founders.iter().find(|founder| founder.name == name)
    }

    /// What every founder looks at before it takes part: its own address book says who is who.
    ///
    /// # Rules
    ///
    /// > FOU-01: a draft is of this network, and has 2 to 512 founders, each once, by the identity that the own address book has and with roles of the definition.
    pub fn check(&self, book: &AddressBook) -> Result<Definition, FoundingRefused> {
        if self.schema != SCHEMA || self.network != book.network() {
            return Err(refused("it is of another network or format"));
        }
        check_channel_name(&self.name)?;
        let parsed = Definition::parse("channel.toml", &self.channel_toml);
        let definition = parsed.map_err(|e| HomeError::from(ChannelError::from(SetupInvalid::from(e))))?;
        if !(2..=MEMBERS_MAX).contains(&self.founders.len()) {
            return Err(refused("a channel has 2 to 512 founders"));
        }
        if !self.founders.is_sorted_by(|a, b| a.name < b.name) {
            return Err(refused("its founders do not stand once each, ascending by name"));
        }
        for Founder { name, identity, roles } in &self.founders {
            if book.card(name).is_none_or(|card| card.claims().identity != *identity) {
                return Err(refused(&format!("`{name}` is not the member of that name in the address book")));
            }
            let known = |role: &String| definition.roles.iter().any(|r| r.name == *role);
            if roles.is_empty() || !roles.is_sorted_by(|a, b| a < b) || !roles.iter().all(known) {
                return Err(refused(&format!(
                    "`{name}` needs roles of the template `{}`",
                    definition.template
                )));
            }
        }
        Ok(definition)
    }

    /// The entries of all parts, the own one among them whether it was given again or not.
    ///
    /// # Rules
    ///
    /// > FOU-04: a draft is concluded with one part of every founder.
    pub(super) fn entries(&self, own: &Part, parts: &[Part]) -> Result<Vec<MemberEntry>, FoundingRefused> {
        let mut taken: Vec<&Part> = vec![own];
        for part in parts {
            match taken.iter().find(|other| other.name == part.name) {
                Some(other) if **other == *part => {}
                Some(_) => return Err(FoundingRefused::TwoParts { name: part.name.clone() }),
                None => taken.push(part),
            }
        }
        let entries = taken.iter().map(|part| part.entry(self)).collect::<Result<Vec<_>, _>>()?;
        let has = |founder: &&Founder| taken.iter().any(|part| part.name == founder.name);
        let missing: Vec<String> =
            self.founders.iter().filter(|founder| !has(founder)).map(|f| f.name.clone()).collect();
        if missing.is_empty() { Ok(entries) } else { Err(FoundingRefused::PartsMissing { missing }) }
    }
}

fn refused(reason: &str) -> FoundingRefused {
    FoundingRefused::Draft { reason: reason.into() }
}
