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
    AudienceId, ChannelId, DefinitionDigest, Digest, Generation, MemberId, NetworkId, PublicKey, encode,
    labels,
};

use crate::definition::{AudienceRule, Definition, RecordType, Slot};

/// One member of a generation.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MemberEntry {
    /// its name in the consortium
    pub name: String,
    /// identity, pseudonym, encryption key, roles; signed by both keys
    pub certificate: PseudonymCertificate,
}

impl MemberEntry {
    /// The member, in whatever generation.
    #[must_use]
    pub fn id(&self) -> MemberId {
        id_of(&self.certificate)
    }
}

/// The member that a certificate is of.
#[must_use]
pub fn id_of(certificate: &PseudonymCertificate) -> MemberId {
    MemberId(certificate.identity.0)
}

/// The configuration of one generation. When it is in force follows from the log ([`crate::Term`]).
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

    /// A member in this generation.
    #[must_use]
    pub fn by_id(&self, member: &MemberId) -> Option<&MemberEntry> {
        self.members.iter().find(|entry| entry.id() == *member)
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

    /// The members that an audience rule names for given party slots, ascending by pseudonym. Whoever has
    /// left the channel stands in its slots still, and reads nothing that is sealed now.
    ///
    /// # Rules
    ///
    /// > AUD-01: an audience is what the schema's rule over roles and party slots says, never what a writer says.
    #[must_use]
    pub fn audience_members(
        &self,
        rule: &AudienceRule,
        parties: &BTreeMap<&str, MemberId>,
    ) -> Vec<PublicKey> {
        let by_slot = |member: &MemberEntry| {
            rule.slots.iter().any(|slot| parties.get(slot.as_str()) == Some(&member.id()))
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

    /// The member sets of the rules that name roles only and that some field uses: they do not wait for a
    /// record to say who stands where.
    #[must_use]
    pub fn role_audiences(&self, definition: &Definition) -> BTreeSet<Vec<PublicKey>> {
        let rules = used_rules(definition).filter(|(rule, _)| rule.slots.is_empty());
        let sets = rules.map(|(rule, _)| self.audience_members(rule, &BTreeMap::new()));
        sets.filter(|set| !set.is_empty()).collect()
    }

    /// Whether the definition can produce a member set: some field's rule names all holders of its roles,
    /// and each further member stands in a slot of its own. Slots of members that have left are vacant.
    ///
    /// # Rules
    ///
    /// > AUD-02: secrets are dealt for member sets that the definition can produce, and for no others.
    #[must_use]
    pub fn can_produce(&self, definition: &Definition, set: &[PublicKey]) -> bool {
        !set.is_empty() && used_rules(definition).any(|(rule, record)| self.rule_produces(rule, record, set))
    }

    /// Whether one rule of a record type can produce a member set.
    #[must_use]
    pub fn rule_produces(&self, rule: &AudienceRule, record: &RecordType, set: &[PublicKey]) -> bool {
        let base =
            self.audience_members(&AudienceRule { slots: Vec::new(), ..rule.clone() }, &BTreeMap::new());
        if !base.iter().all(|member| set.contains(member)) {
            return false;
        }
        let further: Option<Vec<&MemberEntry>> =
            set.iter().filter(|member| !base.contains(member)).map(|member| self.member(member)).collect();
        let slots: Vec<&Slot> = record.slots.iter().filter(|slot| rule.slots.contains(&slot.name)).collect();
        further.is_some_and(|further| each_in_a_slot(&further, &slots))
    }
}

/// The audience rules that fields use, each with the record type of the field.
fn used_rules(definition: &Definition) -> impl Iterator<Item = (&AudienceRule, &RecordType)> {
    definition.records.iter().flat_map(move |record| {
        record.fields.iter().filter_map(move |field| Some((definition.audience(&field.audience)?, record)))
    })
}

/// Whether every member can stand in a slot of its own whose role it has: a bipartite matching, found by
/// augmenting paths. There are at most 16 slots, so more members than that have no place.
fn each_in_a_slot(members: &[&MemberEntry], slots: &[&Slot]) -> bool {
    let mut taken: Vec<Option<usize>> = vec![None; slots.len()];
    members.len() <= slots.len()
        && (0..members.len()).all(|member| place(member, members, slots, &mut taken, &mut BTreeSet::new()))
}

fn place(
    member: usize,
    members: &[&MemberEntry],
    slots: &[&Slot],
    taken: &mut [Option<usize>],
    tried: &mut BTreeSet<usize>,
) -> bool {
    let Some(own) = members.get(member) else { return false };
    for (at, slot) in slots.iter().enumerate() {
        if !own.certificate.roles.contains(&slot.role) || !tried.insert(at) {
            continue;
        }
        let now = taken.get(at).copied().flatten();
        if now.is_none_or(|other| place(other, members, slots, taken, tried)) {
            if let Some(seat) = taken.get_mut(at) {
                *seat = Some(member);
            }
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
