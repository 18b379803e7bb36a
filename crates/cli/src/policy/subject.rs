//! What a question is about: a definition with its policy, and members by name.
//!
//! Either a channel in force, with its members, or a template folder, with members that the command
//! line names. Both are read from the same three texts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use parclose_access::difference::{Side, SlotRoles};
use parclose_access::{Party, Policy, PolicySource, Principal};
use parclose_node::found::read_template;
use parclose_transaction::definition::RecordType;
use parclose_transaction::{Change, Definition, DefinitionTexts};
use parclose_types::{MemberId, RecordId};

use crate::args::{Global, OfChannel};
use crate::context::with_channel;
use crate::error::CliError;
use crate::governance::parse_motion;
use crate::member::with_roles;

/// Reads definition and policy.
pub(super) fn parse(texts: &DefinitionTexts) -> Result<(Definition, Policy), CliError> {
    let definition = Definition::parse("channel.toml", &texts.channel_toml)?;
    let source = PolicySource {
        file_name: "policy.cedar".into(),
        text: &texts.policy,
        schema_text: &texts.policy_schema,
    };
    Ok((definition, Policy::parse(source)?))
}

/// A member, as policies know it.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) id: MemberId,
    pub(super) roles: BTreeSet<String>,
}

/// A definition, its policy and its members.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) texts: DefinitionTexts,
    pub(super) definition: Definition,
    pub(super) policy: Policy,
    pub(super) members: Vec<Member>,
    /// what its parties demand and its members can have
    slot_roles: SlotRoles,
    roles: BTreeSet<String>,
}

/// A record that is there: its type, owner and parties, by index.
#[derive(Debug)]
pub(super) struct Existing {
    pub(super) record_type: u32,
    pub(super) owner: MemberId,
    pub(super) parties: Vec<(u8, MemberId)>,
}

impl Subject {
    /// A channel in force, and a record of it.
    pub(super) fn in_force(
        global: &Global,
        of: &OfChannel,
        record: Option<RecordId>,
    ) -> Result<(Self, Option<Existing>), CliError> {
        let (texts, members, existing) = with_channel(global, of, move |channel| {
            let texts = channel.governance().latest().texts.clone();
            let member = |member: &parclose_transaction::MemberEntry| Member {
                name: member.name.clone(),
                id: member.id(),
                roles: member.certificate.roles.iter().cloned().collect(),
            };
            let members = channel.config().members.iter().map(member).collect();
            let row = record.map(|id| channel.record(&id)).transpose()?.flatten();
            let existing = row.map(|row| Existing {
                record_type: row.record_type,
                owner: row.owner,
                parties: row.parties,
            });
            Ok((texts, members, existing))
        })?;
        if record.is_some() && existing.is_none() {
            return Err(CliError::not_found("record"));
        }
        Ok((Self::new(texts, members)?, existing))
    }

    /// What a motion would put in force.
    pub(super) fn of_motion(global: &Global, of: &OfChannel, motion: &str) -> Result<Self, CliError> {
        let motion = parse_motion(motion)?;
        let row = with_channel(global, of, move |channel| channel.motion(&motion))?;
        let changes = row.ok_or_else(|| CliError::not_found("motion"))?.motion.changes;
        let texts = changes.into_iter().find_map(|change| match change {
            Change::Redefine(texts) => Some(*texts),
            _ => None,
        });
        let none = || CliError::usage("the motion changes no definition", "parclose channel motions");
        Self::new(texts.ok_or_else(none)?, Vec::new())
    }

    /// A template folder, and members with roles of it.
    pub(super) fn of_template(folder: &Path, members: &[String]) -> Result<Self, CliError> {
        let mut subject = Self::new(read_template(folder)?, Vec::new())?;
        for text in members {
            let (name, roles) = with_roles(text)?;
            let roles: BTreeSet<String> = roles.into_iter().collect();
            if let Some(role) = roles.iter().find(|role| !subject.roles.contains(*role)) {
                return Err(CliError::usage(
                    format!("template `{}` has no role `{role}`", subject.definition.template),
                    "use the roles of its channel.toml",
                ));
            }
            if subject.members.iter().any(|member| member.name == name) {
                return Err(CliError::usage(format!("member `{name}` is named twice"), "name it once"));
            }
            let id = name.parse().unwrap_or_else(|_| numbered(subject.members.len()));
            subject.members.push(Member { name, id, roles });
        }
        Ok(subject)
    }

    fn new(texts: DefinitionTexts, members: Vec<Member>) -> Result<Self, CliError> {
        let (definition, policy) = parse(&texts)?;
        let slots = |record: &RecordType| {
            record.slots.iter().map(|slot| (slot.name.clone(), slot.role.clone())).collect()
        };
        let slot_roles =
            definition.records.iter().map(|record| (record.name.clone(), slots(record))).collect();
        let roles = definition.roles.iter().map(|role| role.name.clone()).collect();
        Ok(Self { texts, definition, policy, members, slot_roles, roles })
    }

    /// As a comparison takes it.
    pub(super) const fn side(&self) -> Side<'_> {
        Side { policy: &self.policy, slot_roles: &self.slot_roles, roles: &self.roles }
    }

    /// Template and version.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.definition.template, self.definition.version)
    }

    /// A member by name.
    pub(super) fn member(&self, name: &str) -> Result<&Member, CliError> {
        let found = self.members.iter().find(|member| member.name == name);
        found.ok_or_else(|| {
            CliError::usage(format!("`{name}` is not a member here"), "name one of its members")
        })
    }

    /// A member's name, or its key.
    pub(super) fn name_of(&self, id: &MemberId) -> String {
        let found = self.members.iter().find(|member| member.id == *id);
        found.map_or_else(|| id.to_string(), |member| member.name.clone())
    }

    /// Parties by slot: as named, `SLOT=MEMBER`; a slot that one member's role alone fits fills itself.
    pub(super) fn parties(
        &self,
        record_type: &str,
        named: &[String],
    ) -> Result<BTreeMap<String, Member>, CliError> {
        let mut parties = BTreeMap::new();
        for text in named {
            let (slot, member) = text.split_once('=').ok_or_else(|| {
                CliError::usage(format!("`{text}` is not SLOT=MEMBER"), "for example --party bank=bank-1")
            })?;
            parties.insert(slot.to_owned(), self.member(member)?.clone());
        }
        for slot in self.definition.record_named(record_type).iter().flat_map(|record| &record.slots) {
            let mut holders = self.members.iter().filter(|member| member.roles.contains(&slot.role));
            if let (false, Some(only), None) =
                (parties.contains_key(&slot.name), holders.next(), holders.next())
            {
                parties.insert(slot.name.clone(), only.clone());
            }
        }
        Ok(parties)
    }

    /// The type of a record that is there.
    pub(super) fn record_type(&self, existing: &Existing) -> Result<&RecordType, CliError> {
        let record = self.definition.record(existing.record_type);
        record.ok_or_else(|| CliError::not_found("record type any more"))
    }

    /// Parties of a record that is there. One who has left stands in it without roles.
    pub(super) fn parties_of(&self, record: &RecordType, existing: &Existing) -> BTreeMap<String, Member> {
        let party = |(index, id): &(u8, MemberId)| {
            let slot = record.slots.get(usize::from(*index))?;
            let known = self.members.iter().find(|member| member.id == *id).cloned();
            let left = || Member { name: id.to_string(), id: *id, roles: BTreeSet::new() };
            Some((slot.name.clone(), known.unwrap_or_else(left)))
        };
        existing.parties.iter().filter_map(party).collect()
    }
}

impl Member {
    /// As the one who asks.
    pub(super) fn principal(&self) -> Principal {
        Principal { id: self.id, roles: self.roles.clone().into() }
    }

    /// As a party.
    pub(super) fn party(&self) -> Party {
        Party { id: self.id, roles: self.roles.clone().into() }
    }
}

/// A key for a member that exists in a question only.
fn numbered(n: usize) -> MemberId {
    let mut key = [0xA5; 32];
    key[24..].copy_from_slice(&(n as u64).to_be_bytes());
    MemberId(key)
}
