//! Founding a channel: members, definition, audience secrets, and what the root chain gets of it.
//!
//! Each founder certifies its pseudonym and publishes a one-time encryption key; for every member
//! set that the definition can produce, one of its members deals a secret; each member opens its
//! wraps, compares check values and acknowledges. Only then is the channel opened. The encryption
//! keys are dropped afterwards: a later theft of a member's master opens none of the wraps.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::wrap::UnwrapKey;
use parclose_crypto::{hash, verify};
use parclose_keys::audience::DealScope;
use parclose_keys::{
    AudienceSecret, Deal, DealtWrap, MemberSecret, NotDealt, PseudonymCertificate, PseudonymKey,
};
use parclose_root::{GenerationKeys, OpenBody, OpenChannel, default_threshold};
use parclose_transaction::{Definition, GenerationConfig, MemberEntry};
use parclose_types::{
    AudienceId, ChannelId, Digest, Epoch, Failure, Fault, Generation, NetworkId, PublicKey, SignatureBytes,
    Tag, encode, labels, limits,
};
use rand_core::CryptoRng;

/// What every member keeps of how its channel was founded.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Setup {
    /// the channel's name on the root chain
    pub tag: Tag,
    /// members, threshold, epochs
    pub config: GenerationConfig,
    /// `channel.toml`
    pub channel_toml: String,
    /// `policy.cedar`
    pub policy: String,
    /// `policy.cedarschema`
    pub policy_schema: String,
    /// one deal for each producible member set, ascending by audience
    pub deals: Vec<Deal>,
    /// acknowledgements: audience, member, signature
    pub acks: Vec<(AudienceId, PublicKey, SignatureBytes)>,
    /// blinder of the genesis commitment
    pub genesis_blinder: [u8; 32],
}

/// Why a channel cannot be founded, or its setup does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupInvalid {
    /// SET-01: too few or too many members, or a role that the definition does not have
    #[error("{0}")]
    Members(String),
    /// SET-02: a deal, a wrap or an acknowledgement does not hold
    #[error(transparent)]
    NotDealt(#[from] NotDealt),
    /// SET-02: a member set without its deal, or without the acknowledgements of a majority
    #[error("not every member set has one secret that a majority of it acknowledged")]
    NotAcknowledged,
    /// SET-03: the texts are not those that the configuration names
    #[error("the definition is not the one that the configuration names")]
    Definition,
    /// SET-04: certificates, order, threshold or tag do not hold
    #[error("the configuration is not certified by its members, or not the one that was opened")]
    NotCertified,
    /// SET-05: more member sets than allowed
    #[error(
        "the definition can produce {got} audiences with these members, {} are allowed",
        limits::AUDIENCE_SETS_MAX
    )]
    Audiences {
        /// member sets
        got: usize,
    },
}

impl Failure for SetupInvalid {
    fn code(&self) -> &'static str {
        "CHANNEL_SETUP_INVALID"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Members(_) => "SET-01",
            Self::NotDealt(_) | Self::NotAcknowledged => "SET-02",
            Self::Definition => "SET-03",
            Self::NotCertified => "SET-04",
            Self::Audiences { .. } => "SET-05",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Members(_) | Self::Audiences { .. } => Fault::Operator,
            _ => Fault::Peer,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Members(_) => "name 2 to 512 members, each with roles of the template".into(),
            Self::Audiences { .. } => "use fewer members or narrower audience rules".into(),
            _ => "found the channel again; keep this setup as evidence".into(),
        }
    }
}

/// A member that founds a channel: on its own machine, with its own master.
#[derive(Debug)]
pub struct Founder {
    pseudonym: PseudonymKey,
    entry: MemberEntry,
    unwrap: UnwrapKey,
}

impl Founder {
    /// Makes a founder's pseudonym, certificate and one-time encryption key.
    #[must_use]
    pub fn new(
        name: &str,
        member: &MemberSecret,
        mut roles: Vec<String>,
        channel: &ChannelId,
        rng: &mut impl CryptoRng,
    ) -> Self {
        roles.sort();
        roles.dedup();
        let pseudonym = member.pseudonym(channel, GENERATION);
        let unwrap = UnwrapKey::generate(rng);
        let certificate = PseudonymCertificate::issue(
            &member.identity(),
            &pseudonym,
            unwrap.public().to_vec(),
            roles,
            channel,
            GENERATION,
        );
        Self { pseudonym, entry: MemberEntry { name: name.into(), certificate }, unwrap }
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

    /// Deals a secret to each member set in which this founder stands first.
    pub fn deal(
        &self,
        founding: &Founding,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<(Deal, Vec<DealtWrap>)>, SetupInvalid> {
        let mine = founding.audiences.iter().filter(|set| set.first() == Some(&self.pseudonym()));
        let deal = |set: &Vec<PublicKey>| {
            let recipients: Vec<(PublicKey, &[u8])> = set
                .iter()
                .filter_map(|key| {
                    Some((*key, founding.config.member(key)?.certificate.encryption_key.as_slice()))
                })
                .collect();
            Ok(Deal::make(&founding.scope(), &self.pseudonym, &recipients, rng)?)
        };
        mine.map(deal).collect()
    }

    /// Opens this founder's wraps, compares check values, and acknowledges.
    pub fn accept(
        &self,
        founding: &Founding,
        dealt: &[(Deal, Vec<DealtWrap>)],
    ) -> Result<Accepted, SetupInvalid> {
        let mut accepted = Accepted { secrets: BTreeMap::new(), acks: Vec::new() };
        for (deal, wraps) in dealt {
            deal.verify(&founding.scope(), wraps)?;
            let Some(wrap) = wraps.iter().find(|wrap| wrap.member == self.pseudonym()) else { continue };
            let secret = deal.accept(&founding.scope(), wrap, &self.unwrap)?;
            accepted.secrets.insert(deal.audience, secret);
            let signature = self.pseudonym.sign(&deal.acknowledgement(&founding.scope()));
            accepted.acks.push((deal.audience, self.pseudonym(), signature));
        }
        Ok(accepted)
    }

    /// Signs the opening of the channel on the root chain.
    #[must_use]
    pub fn sign_open(&self, body: &OpenBody, network: &NetworkId) -> SignatureBytes {
        self.pseudonym.sign(&body.signing_bytes(network))
    }
}

/// What a founder holds once it has accepted every deal.
#[derive(Debug)]
pub struct Accepted {
    /// audience secrets, by audience
    pub secrets: BTreeMap<AudienceId, AudienceSecret>,
    /// its acknowledgements
    pub acks: Vec<(AudienceId, PublicKey, SignatureBytes)>,
}

/// The first generation.
pub const GENERATION: Generation = Generation(0);

/// The texts of a definition, as read from a template folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionTexts {
    /// `channel.toml`
    pub channel_toml: String,
    /// `policy.cedar`
    pub policy: String,
    /// `policy.cedarschema`
    pub policy_schema: String,
}

/// A channel in the making: what all founders agree on before secrets are dealt.
#[derive(Debug)]
pub struct Founding {
    config: GenerationConfig,
    texts: DefinitionTexts,
    keys: GenerationKeys,
    audiences: Vec<Vec<PublicKey>>,
}

impl Founding {
    /// Puts the founders' entries together; checks them and their certificates (SET-01, SET-04, SET-05).
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
            definition: Definition::digest(&texts.channel_toml, &texts.policy, &texts.policy_schema),
            definition_version: definition.version,
            first_epoch: Epoch(0),
            epoch_length: definition.parameters.epoch_length,
            threshold: default_threshold(u16::try_from(members.len()).unwrap_or(u16::MAX)),
            members,
        };
        let keys = generation_keys(&config)?;
        let audiences = producible(&config, definition)?;
        Ok(Self { config, texts, keys, audiences })
    }

    /// The configuration that every founder checks.
    #[must_use]
    pub fn config(&self) -> &GenerationConfig {
        &self.config
    }

    fn scope(&self) -> DealScope {
        scope_of(&self.config)
    }

    /// Ends the founding: the setup that every member keeps, and the body that all sign to open it.
    #[must_use]
    pub fn conclude(
        self,
        mut deals: Vec<Deal>,
        mut acks: Vec<(AudienceId, PublicKey, SignatureBytes)>,
        rng: &mut impl CryptoRng,
    ) -> (Setup, OpenBody) {
        deals.sort_by_key(|deal| deal.audience);
        acks.sort_by_key(|(audience, member, _)| (*audience, *member));
        let mut genesis_blinder = [0_u8; 32];
        rng.fill_bytes(&mut genesis_blinder);
        let mut setup = Setup {
            tag: Tag([0; 32]),
            config: self.config,
            channel_toml: self.texts.channel_toml,
            policy: self.texts.policy,
            policy_schema: self.texts.policy_schema,
            deals,
            acks,
            genesis_blinder,
        };
        let body = OpenBody { keys: self.keys, genesis_commitment: setup.genesis_commitment() };
        setup.tag = body.tag(&setup.config.network);
        (setup, body)
    }
}

/// # Rules
///
/// > SET-01: a channel has 2 to 512 members with different names and roles of its definition.
fn check_members(members: &[MemberEntry], definition: &Definition) -> Result<(), SetupInvalid> {
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

fn scope_of(config: &GenerationConfig) -> DealScope {
    DealScope { channel: config.channel, generation: config.generation, configuration: config.digest() }
}

/// # Rules
///
/// > SET-05: the member sets that the definition can produce are within the limit.
fn producible(
    config: &GenerationConfig,
    definition: &Definition,
) -> Result<Vec<Vec<PublicKey>>, SetupInvalid> {
    let audiences = config.producible_audiences(definition);
    let got = audiences.len();
    if got > limits::AUDIENCE_SETS_MAX { Err(SetupInvalid::Audiences { got }) } else { Ok(audiences) }
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
    /// `H("genesis-commit", blinder, channel, configuration, deals, acknowledgements)`.
    #[must_use]
    pub fn genesis_commitment(&self) -> Digest {
        Digest(hash(
            labels::GENESIS_COMMIT,
            &[
                &self.genesis_blinder,
                self.config.channel.as_ref(),
                self.config.digest().as_ref(),
                &encode(&self.deals),
                &encode(&self.acks),
            ],
        ))
    }

    /// The opening transaction, once every founder has signed; signatures in the order of the keys.
    #[must_use]
    pub fn open_channel(body: OpenBody, signatures: Vec<SignatureBytes>) -> OpenChannel {
        OpenChannel { body, signatures }
    }

    /// Checks the whole setup, as every member does before it stores it and whenever it opens it.
    ///
    /// Everything here came from others, so nothing is used before it is checked: counts, then the
    /// definition, then certificates, then what was dealt.
    ///
    /// # Rules
    ///
    /// > SET-03: texts, version and epoch length of the definition are those that the configuration names.
    pub fn check(&self) -> Result<Definition, SetupInvalid> {
        let config = &self.config;
        if config.definition != Definition::digest(&self.channel_toml, &self.policy, &self.policy_schema) {
            return Err(SetupInvalid::Definition);
        }
        let definition =
            Definition::parse("channel.toml", &self.channel_toml).map_err(|_| SetupInvalid::Definition)?;
        let named = (definition.version, definition.parameters.epoch_length);
        if named != (config.definition_version, config.epoch_length) {
            return Err(SetupInvalid::Definition);
        }
        check_members(&config.members, &definition)?;
        let body = OpenBody { keys: generation_keys(config)?, genesis_commitment: self.genesis_commitment() };
        if body.tag(&config.network) != self.tag {
            return Err(SetupInvalid::NotCertified);
        }
        self.check_deals(&definition)?;
        Ok(definition)
    }

    /// # Rules
    ///
    /// > SET-02: every producible member set has one deal, acknowledged by a majority of the set, each member once.
    fn check_deals(&self, definition: &Definition) -> Result<(), SetupInvalid> {
        let scope = scope_of(&self.config);
        let mut expected: Vec<AudienceId> =
            producible(&self.config, definition)?.iter().map(|set| self.config.audience_of(set)).collect();
        expected.sort_unstable();
        let dealt = expected.iter().eq(self.deals.iter().map(|deal| &deal.audience));
        let ascending = self.acks.is_sorted_by(|(a, m, _), (b, n, _)| (a, m) < (b, n));
        if !dealt || !ascending {
            return Err(SetupInvalid::NotAcknowledged);
        }
        for deal in &self.deals {
            deal.verify_statement(&scope)?;
            let statement = deal.acknowledgement(&scope);
            let acknowledges = |(audience, member, signature): &&(AudienceId, PublicKey, SignatureBytes)| {
                *audience == deal.audience
                    && deal.members.contains(member)
                    && verify(member, &statement, signature).is_ok()
            };
            // Each member at most once: the order of the acknowledgements is strict.
            if self.acks.iter().filter(acknowledges).count() * 2 <= deal.members.len() {
                return Err(SetupInvalid::NotAcknowledged);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
