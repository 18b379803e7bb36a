//! The configuration of a generation: who belongs to a channel, with which keys and roles.
//!
//! Kept inside the channel; its digest is the associated data of every key wrap, and the root chain
//! sees only a blinded commitment to it (specs/02-authentication.md, KEY-12).

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash;
use parclose_keys::PseudonymCertificate;
use parclose_keys::audience::audience_id;
use parclose_types::{
    AudienceId, ChannelId, DefinitionDigest, Digest, Epoch, Generation, Height, NetworkId, PublicKey, encode,
    labels, limits,
};

use crate::definition::{AudienceRule, Definition, RecordType};

/// One member of a generation.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MemberEntry {
    /// its name in the consortium
    pub name: String,
    /// identity, pseudonym, encryption key, roles; signed by both keys
    pub certificate: PseudonymCertificate,
}

/// The configuration of one generation.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GenerationConfig {
    /// network
    pub network: NetworkId,
    /// channel
    pub channel: ChannelId,
    /// generation
    pub generation: Generation,
    /// digest of the definition in force
    pub definition: DefinitionDigest,
    /// its version
    pub definition_version: u32,
    /// first epoch of this generation
    pub first_epoch: Epoch,
    /// root heights of one epoch
    pub epoch_length: u64,
    /// endorsements needed
    pub threshold: u16,
    /// members, ascending by pseudonym
    pub members: Vec<MemberEntry>,
}

impl GenerationConfig {
    /// `H("config", borsh)`.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(hash(labels::CONFIG, &[&encode(self)]))
    }

    /// Pseudonyms, ascending.
    #[must_use]
    pub fn pseudonyms(&self) -> Vec<PublicKey> {
        self.members.iter().map(|member| member.certificate.pseudonym).collect()
    }

    /// The member behind a pseudonym.
    #[must_use]
    pub fn member(&self, pseudonym: &PublicKey) -> Option<&MemberEntry> {
        let at = self.members.binary_search_by_key(pseudonym, |m| m.certificate.pseudonym).ok()?;
        self.members.get(at)
    }

    /// The member of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&MemberEntry> {
        self.members.iter().find(|member| member.name == name)
    }

    /// Whether members stand in ascending order, each once, and every certificate verifies.
    ///
    /// # Rules
    ///
    /// > KEY-12: a generation lists its members ascending by pseudonym, each organisation once, each with a certificate that verifies.
    #[must_use]
    pub fn is_certified(&self) -> bool {
        let ascending = self.members.is_sorted_by(|a, b| a.certificate.pseudonym < b.certificate.pseudonym);
        let once = |count: usize| count == self.members.len();
        ascending
            && self.epoch_length > 0
            && once(self.members.iter().map(|m| m.certificate.identity).collect::<BTreeSet<_>>().len())
            && once(self.members.iter().map(|m| &m.name).collect::<BTreeSet<_>>().len())
            && self.members.iter().all(|m| m.certificate.verify(&self.channel, self.generation).is_ok())
    }

    /// The epoch of a height, and the heights since it began; `start` is the height in force.
    ///
    /// # Rules
    ///
    /// > EPO-01: epoch(h) = first epoch + floor((h - start) / length), by root height and nothing else.
    #[must_use]
    pub fn epoch_at(&self, start: Height, height: Height) -> (Epoch, u64) {
        let since = height.0.saturating_sub(start.0);
        let length = self.epoch_length.max(1); // no length of 0 gets past KEY-12, but it must not divide here
        let index = u32::try_from(since / length).unwrap_or(u32::MAX);
        (Epoch(self.first_epoch.0.saturating_add(index)), since % length)
    }

    /// The members that an audience rule names for given party slots, ascending.
    ///
    /// # Rules
    ///
    /// > AUD-01: an audience is what the schema's rule over roles and party slots says, never what a writer says.
    #[must_use]
    pub fn audience_members(
        &self,
        rule: &AudienceRule,
        parties: &BTreeMap<&str, PublicKey>,
    ) -> Vec<PublicKey> {
        let by_slot = |member: &MemberEntry| {
            rule.slots.iter().any(|slot| parties.get(slot.as_str()) == Some(&member.certificate.pseudonym))
        };
        let by_role =
            |member: &MemberEntry| member.certificate.roles.iter().any(|role| rule.roles.contains(role));
        self.members
            .iter()
            .filter(|member| by_slot(member) || by_role(member))
            .map(|member| member.certificate.pseudonym)
            .collect()
    }

    /// The name of a concrete member set.
    #[must_use]
    pub fn audience_of(&self, members: &[PublicKey]) -> AudienceId {
        audience_id(&self.channel, self.generation, members)
    }

    /// Every member set that the definition can produce, ascending: each gets its own secret.
    ///
    /// Stops early with more than `AUDIENCE_SETS_MAX` sets, not all of them producible: so many are
    /// refused anyway, and counting on could take for ever.
    #[must_use]
    pub fn producible_audiences(&self, definition: &Definition) -> Vec<Vec<PublicKey>> {
        let mut sets = BTreeSet::new();
        for record_type in &definition.records {
            for field in &record_type.fields {
                let Some(rule) = definition.audience(&field.audience) else { continue };
                sets.extend(self.sets_of(rule, record_type));
                if sets.len() > limits::AUDIENCE_SETS_MAX {
                    return into_lists(sets);
                }
            }
        }
        into_lists(sets)
    }

    /// The sets of one rule: whoever has its roles, and with them one holder for each of its slots.
    fn sets_of(&self, rule: &AudienceRule, record_type: &RecordType) -> BTreeSet<BTreeSet<PublicKey>> {
        let by_role =
            self.audience_members(&AudienceRule { slots: Vec::new(), ..rule.clone() }, &BTreeMap::new());
        let mut sets = BTreeSet::from([by_role.into_iter().collect::<BTreeSet<_>>()]);
        for slot in record_type.slots.iter().filter(|slot| rule.slots.contains(&slot.name)) {
            let members = self.members.iter().map(|member| &member.certificate);
            let holders: Vec<PublicKey> =
                members.filter(|c| c.roles.contains(&slot.role)).map(|c| c.pseudonym).collect();
            let mut extended = BTreeSet::new();
            for (set, holder) in sets.iter().flat_map(|set| holders.iter().map(move |holder| (set, holder))) {
                extended.insert(set.iter().chain([holder]).copied().collect());
                if extended.len() > limits::AUDIENCE_SETS_MAX {
                    return extended;
                }
            }
            sets = extended;
        }
        sets
    }
}

fn into_lists(sets: BTreeSet<BTreeSet<PublicKey>>) -> Vec<Vec<PublicKey>> {
    sets.into_iter().filter(|set| !set.is_empty()).map(|set| set.into_iter().collect()).collect()
}

#[cfg(test)]
mod tests;
