//! Who can open a field: what an audience rule says of a member with some roles in some slots.
//!
//! The same as [`GenerationConfig::audience_members`](crate::GenerationConfig::audience_members), asked
//! of one member, and with the reason.

use std::collections::BTreeSet;

use super::{AudienceRule, Definition, FieldSchema, RecordType};

/// Why somebody can open a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grounds {
    /// the rule names a slot in which it stands
    Slot(String),
    /// the rule names a role that it has
    Role(String),
}

impl std::fmt::Display for Grounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Slot(slot) => write!(f, "slot {slot}"),
            Self::Role(role) => write!(f, "role {role}"),
        }
    }
}

impl AudienceRule {
    /// Why a member with such roles that stands in such slots belongs to the audience, if it does.
    #[must_use]
    pub fn grounds(&self, roles: &BTreeSet<String>, slots: &BTreeSet<String>) -> Option<Grounds> {
        let by_slot = self.slots.iter().find(|slot| slots.contains(*slot)).cloned().map(Grounds::Slot);
        let by_role = || self.roles.iter().find(|role| roles.contains(*role)).cloned().map(Grounds::Role);
        by_slot.or_else(by_role)
    }

    /// In words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let slots = self.slots.iter().map(|slot| format!("slot {slot}"));
        let roles = self.roles.iter().map(|role| format!("role {role}"));
        slots.chain(roles).collect::<Vec<_>>().join(", ")
    }
}

impl Definition {
    /// What opens a field for whoever stands in a slot, or has a role.
    pub(super) fn opens(&self, record: &RecordType, field: &FieldSchema, reader: &Grounds) -> bool {
        let Some(rule) = self.audience(&field.audience) else { return false };
        let one = |name: &String| BTreeSet::from([name.clone()]);
        let none = BTreeSet::new();
        let grounds = match reader {
            Grounds::Role(role) => rule.grounds(&one(role), &none),
            Grounds::Slot(name) => {
                let slot = record.slots.iter().find(|slot| slot.name == *name);
                slot.and_then(|slot| rule.grounds(&one(&slot.role), &one(name)))
            }
        };
        grounds.is_some()
    }
}

#[cfg(test)]
mod tests;
