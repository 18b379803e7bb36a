//! Founding a channel: members, definition, and what the root chain gets of it.
//!
//! Each founder certifies its pseudonym and its one-time encryption key; all agree on the configuration
//! and sign the opening on the root chain. Secrets are dealt afterwards, inside the channel, when an
//! audience is first used ([`crate::governance`]).

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::wrap::UnwrapKey;
use parclose_crypto::{Secret, hash};
use parclose_keys::{MemberSecret, PseudonymCertificate, PseudonymKey};
use parclose_root::{GenerationKeys, OpenBody, OpenChannel, default_threshold};
use parclose_transaction::{Definition, DefinitionInvalid, DefinitionTexts, GenerationConfig, MemberEntry};
use parclose_types::{
    ChannelId, Digest, Failure, Fault, Generation, NetworkId, PublicKey, SignatureBytes, Tag, labels, limits,
};
use rand_core::CryptoRng;

use crate::successor::Predecessor;

/// What every member keeps of how its channel was founded.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Setup {
    /// the channel's name on the root chain
    pub tag: Tag,
    /// members, threshold, epochs
    pub config: GenerationConfig,
    /// the definition
    pub texts: DefinitionTexts,
    /// blinder of the genesis commitment
    pub genesis_blinder: [u8; 32],
    /// the channel that it goes on from, if it is the successor of one
    pub predecessor: Option<Predecessor>,
}

/// Why a channel cannot be founded, or its setup does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupInvalid {
    /// SET-01: too few or too many members, or a role that the definition does not have
    #[error("{0}")]
    Members(String),
    /// SET-03: the texts are not those that the configuration names
    #[error("the definition is not the one that the configuration names")]
    Definition,
    /// DEF-14: a definition of rules that this program does not know
    #[error(transparent)]
    Rules(DefinitionInvalid),
    /// SET-04: certificates, order, threshold or tag do not hold
    #[error("the configuration is not certified by its members, or not the one that was opened")]
    NotCertified,
}

impl From<DefinitionInvalid> for SetupInvalid {
    /// Rules that are not known here are no fault of the setup: a newer program may know them.
    fn from(reason: DefinitionInvalid) -> Self {
        match reason {
            DefinitionInvalid::Format { .. } => Self::Rules(reason),
            _ => Self::Definition,
        }
    }
}

impl Failure for SetupInvalid {
    fn code(&self) -> &'static str {
        match self {
            Self::Rules(e) => e.code(),
            _ => "CHANNEL_SETUP_INVALID",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Members(_) => "SET-01",
            Self::Definition => "SET-03",
            Self::Rules(e) => e.rule(),
            Self::NotCertified => "SET-04",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Members(_) | Self::Rules(_) => Fault::Operator,
            _ => Fault::Peer,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Rules(e) => e.fix(),
            Self::Members(_) => "name 2 to 512 members, each with roles of the template".into(),
            _ => "found the channel again; keep this setup as evidence".into(),
        }
    }
}

/// A member's part in a generation that it is to be in: certificate and one-time key.
#[derive(Debug)]
pub struct Candidate {
    pseudonym: PseudonymKey,
    entry: MemberEntry,
    one_time: Secret,
}

impl Candidate {
    /// Makes a member's pseudonym, a fresh one-time encryption key, and the certificate of both.
    #[must_use]
    pub fn new(
        name: &str,
        member: &MemberSecret,
        roles: Vec<String>,
        channel: &ChannelId,
        generation: Generation,
        rng: &mut impl CryptoRng,
    ) -> Self {
        Self::with_key(name, member, roles, channel, generation, Secret::generate(rng))
    }

    /// As [`Candidate::new`], with a one-time key that is stored already.
    #[must_use]
    pub fn with_key(
        name: &str,
        member: &MemberSecret,
        mut roles: Vec<String>,
        channel: &ChannelId,
        generation: Generation,
        one_time: Secret,
    ) -> Self {
        roles.sort();
        roles.dedup();
        let pseudonym = member.pseudonym(channel, generation);
        let certificate = PseudonymCertificate::issue(
            &member.identity(),
            &pseudonym,
            UnwrapKey::from_secret(&one_time).public().to_vec(),
            roles,
            channel,
            generation,
        );
        Self { pseudonym, entry: MemberEntry { name: name.into(), certificate }, one_time }
    }

    /// What the others see of it.
    #[must_use]
    pub fn entry(&self) -> &MemberEntry {
        &self.entry
    }

    /// Its pseudonym.
    #[must_use]
    pub fn pseudonym(&self) -> PublicKey {
        self.pseudonym.public()
    }

    /// The one-time key, for the member's own store.
    #[must_use]
    pub fn one_time(&self) -> &Secret {
        &self.one_time
    }

    /// Signs the opening of the channel on the root chain.
    #[must_use]
    pub fn sign_open(&self, body: &OpenBody, network: &NetworkId) -> SignatureBytes {
        self.pseudonym.sign(&body.signing_bytes(network))
    }
}

/// The first generation.
pub const GENERATION: Generation = Generation(0);

/// A channel in the making: what all founders agree on.
#[derive(Debug)]
pub struct Founding {
    config: GenerationConfig,
    texts: DefinitionTexts,
    keys: GenerationKeys,
    predecessor: Option<Predecessor>,
}

impl Founding {
    /// Puts the founders' entries together; checks them and their certificates (SET-01, SET-04).
    pub fn new(
        network: NetworkId,
        channel: ChannelId,
        texts: DefinitionTexts,
        definition: &Definition,
        mut members: Vec<MemberEntry>,
    ) -> Result<Self, SetupInvalid> {
        check_members(&members, definition)?;
        members.sort_by_key(|member| member.certificate.pseudonym);
        let config = GenerationConfig {
            network,
            channel,
            generation: GENERATION,
            definition: texts.digest(),
            definition_version: definition.version,
            epoch_length: definition.parameters.epoch_length,
            threshold: default_threshold(u16::try_from(members.len()).unwrap_or(u16::MAX)),
            members,
        };
        let keys = generation_keys(&config)?;
        Ok(Self { config, texts, keys, predecessor: None })
    }

    /// The successor of a channel that has ended ([`crate::successor`]).
    #[must_use]
    pub fn after(self, predecessor: Predecessor) -> Self {
        Self { predecessor: Some(predecessor), ..self }
    }

    /// The configuration that every founder checks.
    #[must_use]
    pub fn config(&self) -> &GenerationConfig {
        &self.config
    }

    /// Ends the founding: the setup that every member keeps, and the body that all sign to open it.
    #[must_use]
    pub fn conclude(self, rng: &mut impl CryptoRng) -> (Setup, OpenBody) {
        let mut genesis_blinder = [0_u8; 32];
        rng.fill_bytes(&mut genesis_blinder);
        self.conclude_with(genesis_blinder)
    }

    /// As [`Self::conclude`], with the random blinder that the founders agreed on: the same for each of them.
    #[must_use]
    pub fn conclude_with(self, genesis_blinder: [u8; 32]) -> (Setup, OpenBody) {
        let Self { config, texts, keys, predecessor } = self;
        let mut setup = Setup { tag: Tag([0; 32]), config, texts, genesis_blinder, predecessor };
        let body = OpenBody { keys, genesis_commitment: setup.genesis_commitment() };
        setup.tag = body.tag(&setup.config.network);
        (setup, body)
    }
}

/// # Rules
///
/// > SET-01: a channel has 2 to 512 members with different names and roles of its definition.
pub(crate) fn check_members(members: &[MemberEntry], definition: &Definition) -> Result<(), SetupInvalid> {
    let invalid = |reason: String| Err(SetupInvalid::Members(reason));
    if !(2..=limits::MEMBERS_MAX).contains(&members.len()) {
        return invalid(format!("a channel has 2 to {} members, not {}", limits::MEMBERS_MAX, members.len()));
    }
    for (at, member) in members.iter().enumerate() {
        if members.iter().take(at).any(|other| other.name == member.name) {
            return invalid(format!("member `{}` is named twice", member.name));
        }
        let known = |role: &String| definition.roles.iter().any(|r| r.name == *role);
        if member.certificate.roles.is_empty() || !member.certificate.roles.iter().all(known) {
            return invalid(format!(
                "member `{}` needs roles of template `{}`",
                member.name, definition.template
            ));
        }
    }
    Ok(())
}

/// The endorsers of a generation, as the root chain knows them.
///
/// # Rules
///
/// > SET-04: every member is certified, a majority endorses, and what the root chain opened is this setup.
pub fn generation_keys(config: &GenerationConfig) -> Result<GenerationKeys, SetupInvalid> {
    let members = u16::try_from(config.members.len()).map_err(|_| SetupInvalid::NotCertified)?;
    if !config.is_certified() || config.threshold != default_threshold(members) {
        return Err(SetupInvalid::NotCertified);
    }
    GenerationKeys::new(config.generation, config.pseudonyms(), config.threshold)
        .map_err(|_| SetupInvalid::NotCertified)
}

impl Setup {
    /// `H("genesis-commit", blinder, channel, configuration)`; for a successor `H("successor-commit", …)`
    /// with the end of its predecessor, too.
    #[must_use]
    pub fn genesis_commitment(&self) -> Digest {
        let configuration = self.config.digest();
        let (blinder, channel): (&[u8], _) = (&self.genesis_blinder, self.config.channel.as_ref());
        let Some(Predecessor { tag, last_event, state_root }) = &self.predecessor else {
            return Digest(hash(labels::GENESIS_COMMIT, &[blinder, channel, configuration.as_ref()]));
        };
        let (last_event, configuration) = (last_event.0.to_be_bytes(), configuration.as_ref());
        let parts = [blinder, channel, configuration, tag.as_ref(), &last_event, state_root.as_ref()];
        Digest(hash(labels::SUCCESSOR_COMMIT, &parts))
    }

    /// What all founders sign to open the channel.
    pub fn body(&self) -> Result<OpenBody, SetupInvalid> {
        Ok(OpenBody { keys: generation_keys(&self.config)?, genesis_commitment: self.genesis_commitment() })
    }

    /// The opening transaction, once every founder has signed; signatures in the order of the keys.
    #[must_use]
    pub fn open_channel(body: OpenBody, signatures: Vec<SignatureBytes>) -> OpenChannel {
        OpenChannel { body, signatures }
    }

    /// Checks the whole setup, as every member does before it stores it and whenever it opens it.
    ///
    /// Everything here came from others, so nothing is used before it is checked: counts, then the
    /// definition, then certificates.
    ///
    /// # Rules
    ///
    /// > SET-03: texts, version and epoch length of the definition are those that the configuration names.
    pub fn check(&self) -> Result<Definition, SetupInvalid> {
        let config = &self.config;
        if config.definition != self.texts.digest() || config.generation != GENERATION {
            return Err(SetupInvalid::Definition);
        }
        let definition =
            Definition::parse("channel.toml", &self.texts.channel_toml).map_err(SetupInvalid::from)?;
        let named = (definition.version, definition.parameters.epoch_length);
        if named != (config.definition_version, config.epoch_length) {
            return Err(SetupInvalid::Definition);
        }
        check_members(&config.members, &definition)?;
        if self.body()?.tag(&config.network) != self.tag {
            return Err(SetupInvalid::NotCertified);
        }
        Ok(definition)
    }
}

#[cfg(test)]
mod tests;
