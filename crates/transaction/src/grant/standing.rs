//! Standing grants: what a channel's members agree that somebody outside may read, now and with every secret to come.
//!
//! Secrets change with each generation, and with each set of readers. So a grant that stands names a rule of the
//! definition, a class and epochs, and never a secret; the covers that follow from it each name one.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash::sha256;
use parclose_types::{
    AudienceId, ChannelId, ClassId, Digest, Epoch, Generation, MemberId, PublicKey, SignatureBytes,
    TransactionDigest,
};

use super::{GrantScope, GrantTerms};
use crate::definition::{AudienceRule, Definition, RecordType};
use crate::generation::GenerationConfig;

/// Covers of one act: check values and wraps of so many stay within a transaction.
pub const COVERS_MAX: usize = 32;
/// Members that a grant can be narrowed to.
pub const NARROWED_MAX: usize = 16;
/// Bytes of an X-Wing public key.
pub const GRANTEE_BYTES: usize = 1216;
/// Check values of a cover at most.
pub const CHECK_VALUES_MAX: usize = 62;

/// What would be granted.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StandingGrant {
    /// who shall read, for people
    pub name: String,
    /// its X-Wing public key
    pub grantee: Vec<u8>,
    /// the audience rule of the definition, by its name
    pub audience: String,
    /// class of fields
    pub class: ClassId,
    /// first epoch
    pub from: Epoch,
    /// last epoch
    pub to: Epoch,
    /// only sets of readers to which all of these belong, ascending; every set that the rule makes when there are none
    pub members: Vec<MemberId>,
    /// only the set that has no other member than these
    pub alone: bool,
}

impl StandingGrant {
    /// Whether some field of the definition has its audience rule and its class.
    #[must_use]
    pub fn has_fields(&self, definition: &Definition) -> bool {
        let mut fields = definition.records.iter().flat_map(|record| &record.fields);
        fields.any(|field| field.audience == self.audience && field.class == self.class)
    }

    /// Whether it spans a set of readers of a configuration: all members that it is narrowed to belong to the set, and its
    /// rule makes the set for some record with a field of its class. A secret is of a set, whichever rule has made it. So a
    /// set that leaves a slot of the grant's rule vacant, as after a member has left, is not spanned where another rule makes
    /// it in full: a grant of one rule does not open what another seals for fewer readers.
    #[must_use]
    pub fn spans(&self, config: &GenerationConfig, definition: &Definition, set: &[PublicKey]) -> bool {
        let stands = |member: &MemberId| {
            config.by_id(member).is_some_and(|entry| set.contains(&entry.certificate.pseudonym))
        };
        if !self.members.iter().all(stands) || (self.alone && self.members.len() != set.len()) {
            return false;
        }
        let of_class = definition.records.iter().flat_map(|record| {
            let fields = record.fields.iter().filter(|field| field.class == self.class);
            fields.filter_map(move |field| Some((definition.audience(&field.audience)?, record)))
        });
        let (mut in_part, mut by_another) = (false, false);
        for (rule, record) in of_class.filter(|(rule, record)| config.rule_produces(rule, record, set)) {
            let in_full = is_filled(config, rule, record, set);
            match rule.name == self.audience {
                true if in_full => return true,
                true => in_part = true,
                false => by_another |= in_full,
            }
        }
        in_part && !by_another
    }

    /// Whether it gives any of the epochs from `first` to `last`.
    #[must_use]
    pub fn gives(&self, first: Epoch, last: Epoch) -> bool {
        self.from <= last && first <= self.to
    }

    /// The terms of a cover that follows from it.
    #[must_use]
    pub fn terms(
        &self,
        channel: ChannelId,
        generation: Generation,
        issuer: PublicKey,
        cover: &GrantCover,
    ) -> GrantTerms {
        GrantTerms {
            scope: self.scope(channel, generation, cover.audience),
            grantee: Digest(sha256(&self.grantee)),
            check_values: cover.check_values.clone(),
            issuer,
            second_reader: cover.second_reader,
        }
    }

    /// What it gives of one audience's secret. It is of one generation whatever the epochs: those before and after it are
    /// sealed with other secrets.
    #[must_use]
    pub fn scope(&self, channel: ChannelId, generation: Generation, audience: AudienceId) -> GrantScope {
        let Self { class, from, to, .. } = *self;
        GrantScope { channel, generation, audience, class, from, to }
    }
}

/// Whether somebody of a set has the role of each slot that a rule names.
fn is_filled(config: &GenerationConfig, rule: &AudienceRule, record: &RecordType, set: &[PublicKey]) -> bool {
    let mut slots = record.slots.iter().filter(|slot| rule.slots.contains(&slot.name));
    slots.all(|slot| {
        let has = |key: &PublicKey| {
            config.member(key).is_some_and(|entry| entry.certificate.roles.contains(&slot.role))
        };
        set.iter().any(has)
    })
}

/// Covers of audience secrets for a standing grant, by one of their readers.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GrantCovers {
    /// the grant, named by its transaction
    pub grant: TransactionDigest,
    /// which, ascending by configuration and audience
    pub covers: Vec<GrantCover>,
    /// RFC 9162 root over the wraps of the sealed part, one for each cover
    pub wraps_root: [u8; 32],
}

/// What an issuer states of one secret: all else of the terms follows from the grant and the configuration.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GrantCover {
    /// whose secret: the configuration for which it was dealt
    pub configuration: Digest,
    /// and the audience
    pub audience: AudienceId,
    /// check values of the cover's nodes, in order
    pub check_values: Vec<[u8; 32]>,
    /// the reader that is to sign the same terms
    pub second_reader: PublicKey,
    /// by the issuer, over the terms
    pub signature: SignatureBytes,
}

/// A second reader's signatures under covers.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GrantConfirmation {
    /// the grant
    pub grant: TransactionDigest,
    /// configuration, audience, and the signature over the terms; ascending
    pub signatures: Vec<(Digest, AudienceId, SignatureBytes)>,
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use parclose_crypto::wrap::UnwrapKey;

    use super::*;
    use crate::fixtures::{SCF, certified, configuration, rng, subsets};

    /// A buyer, a supplier and a bank, who all hold slices.
    static ROOM: LazyLock<(Definition, GenerationConfig)> = LazyLock::new(|| {
        let key = UnwrapKey::generate(&mut rng(3));
        let names = ["buyer", "supplier", "bank"];
        let member = |(secret, name): (u8, &str)| certified(secret, name, &[name, "holder"], &key);
        configuration(SCF, (1..).zip(names).map(member).collect())
    });

    fn grant(audience: &str) -> StandingGrant {
        StandingGrant {
            name: "authority".into(),
            grantee: vec![1; GRANTEE_BYTES],
            audience: audience.into(),
            class: ROOM.0.class_named("amount").unwrap().id,
            from: Epoch(0),
            to: Epoch(9),
            members: Vec::new(),
            alone: false,
        }
    }

    /// The sets of members of the channel that a grant spans, by their names.
    fn spanned(grant: &StandingGrant) -> Vec<String> {
        let (definition, config) = &*ROOM;
        let sets = subsets(&config.pseudonyms()).into_iter().filter(|set| !set.is_empty());
        let sets = sets.filter(|set| grant.spans(config, definition, set));
        let name = |key: &PublicKey| config.member(key).unwrap().name.clone();
        let mut named: Vec<String> = sets
            .map(|set| {
                let mut names: Vec<String> = set.iter().map(name).collect();
                names.sort_unstable();
                names.join(" ")
            })
            .collect();
        named.sort_unstable();
        named
    }

    #[test]
    fn a_grant_of_one_rule_does_not_span_what_another_seals_for_fewer_readers() {
        let parties = spanned(&grant("parties"));
        let (hops, debtors) = (spanned(&grant("hop")), spanned(&grant("debtor")));
        assert!(!parties.is_empty() && !hops.is_empty() && !debtors.is_empty());
        let has = |name: &str, role: &str| {
            ROOM.1.named(name).is_some_and(|entry| entry.certificate.roles.iter().any(|held| held == role))
        };
        let in_full = |set: &String| {
            let roles = ["buyer", "supplier", "bank"];
            roles.iter().all(|role| set.split(' ').any(|name| has(name, role)))
        };
        let by_others: Vec<&String> = hops.iter().chain(&debtors).collect();
        assert!(parties.iter().filter(|set| by_others.contains(set)).all(in_full), "{parties:?}");
        assert!(parties.iter().any(in_full) && by_others.iter().any(|set| !in_full(set)));
        assert!(spanned(&grant("nobody")).is_empty());
        let nothing = StandingGrant { class: ClassId(99), ..grant("parties") };
        assert!(spanned(&nothing).is_empty());
    }

    #[test]
    fn a_grant_is_narrowed_to_sets_with_members_and_to_the_set_of_them_alone() {
        let hops = spanned(&grant("hop"));
        let someone = ROOM.1.members[0].clone();
        let with = |alone| StandingGrant { members: vec![someone.id()], alone, ..grant("hop") };
        let expected: Vec<String> =
            hops.iter().filter(|set| set.split(' ').any(|name| name == someone.name)).cloned().collect();
        assert_eq!(spanned(&with(false)), expected);
        assert!(spanned(&with(true)).iter().all(|set| *set == someone.name));
    }
}
