//! What records are to value: assets, accounts, notes, redemptions, the calendar.
//!
//! Movements of value need records beside them: a note's amount is a sealed field like any other, so that
//! whoever may read it follows from the schema, and whoever may make it from the policy. The definition
//! says which record types these are; their names, and what else they hold, are the template's.

use serde::{Deserialize, Serialize};

use super::{Definition, DefinitionInvalid, FieldSchema, RecordType};
use crate::value::FieldType;

/// What the records of a type are to value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueRole {
    /// an asset, named by the record's id; whoever stands in its issuer's slot makes its notes
    Asset,
    /// the key to which whoever stands in the slot `holder` is paid
    Account,
    /// a note that a transaction makes, with the amount
    Note,
    /// an amount that leaves circulation
    Redemption,
    /// what whoever stands in the slot `payer` owes whoever stands in the slot `payee`, with the amount
    Obligation,
    /// a netting of obligations
    Netting,
    /// a payment of an obligation
    Discharge,
    /// what whoever stands in the slot `proposer` proposes: a deal between channels
    Instruction,
    /// what another party of an instruction answers to it
    Affirmation,
    /// the channel's business day
    Calendar,
    /// the key of the channel's keyed tags
    TagKey,
}

/// The field of the calendar that holds the day as a date.
pub const DATE_FIELD: &str = "date";

/// The field of the tag key's record that holds the key, 64 hexadecimal digits.
pub const KEY_FIELD: &str = "key";
/// The field of an account that holds the key, 64 hexadecimal digits.
pub const OWNER_KEY_FIELD: &str = "owner_key";
/// The field of an instruction that holds the terms of the deal.
pub const TERMS_FIELD: &str = "terms";
/// The field of an affirmation that holds the answer.
pub const ANSWER_FIELD: &str = "answer";
/// The field of an affirmation that names the instruction, 64 hexadecimal digits.
pub const INSTRUCTION_FIELD: &str = "instruction";

impl ValueRole {
    /// Whether each record of such a type stands for one committed amount.
    #[must_use]
    pub const fn has_quantity(self) -> bool {
        matches!(self, Self::Note | Self::Redemption | Self::Obligation)
    }

    /// Whether each record of such a type stands for something that a movement does.
    #[must_use]
    pub const fn comes_with_movement(self) -> bool {
        self.has_quantity() || matches!(self, Self::Netting | Self::Discharge)
    }
}

impl std::fmt::Display for ValueRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Asset => "asset",
            Self::Account => "account",
            Self::Note => "note",
            Self::Redemption => "redemption",
            Self::Obligation => "obligation",
            Self::Netting => "netting",
            Self::Discharge => "discharge",
            Self::Instruction => "instruction",
            Self::Affirmation => "affirmation",
            Self::Calendar => "calendar",
            Self::TagKey => "tag-key",
        })
    }
}

impl RecordType {
    /// The field of the amount that its records stand for.
    #[must_use]
    pub fn quantity_field(&self) -> Option<&FieldSchema> {
        self.fields.iter().find(|field| field.field_type == FieldType::Quantity)
    }

    /// # Rules
    ///
    /// > DEF-15: an asset has the slot of its issuer, `issuer` or the one that it names; an account and a note a slot `holder`; an account a required text `owner_key`; an instruction and an affirmation slots `proposer`, `acceptor` and `third`, the one a required json `terms`, the other a required json `answer` and a required text `instruction`; an obligation and a discharge slots `payer` and `payee`; a note, a redemption and an obligation one `quantity`, required, which no other record type has; one record type at most is the calendar, with a required date `date`, and one the tag key, with a required text `key`.
    pub(super) fn check_value_role(&self) -> Result<(), DefinitionInvalid> {
        let has_slot = |name| self.slot_index(name).is_some();
        let quantities = self.fields.iter().filter(|field| field.field_type == FieldType::Quantity);
        let required = |field: &FieldSchema| field.required;
        let one_quantity = quantities.clone().count() == 1 && quantities.clone().all(required);
        let has = |name, field_type| {
            self.field_named(name).is_some_and(|field| field.required && field.field_type == field_type)
        };
        let is_date = |field: &FieldSchema| field.required && field.field_type == FieldType::Date;
        let needs = match self.value {
            role if role != Some(ValueRole::Asset) && self.issuer.is_some() => {
                Some("`value = \"asset\"` to name the slot of an issuer")
            }
            Some(ValueRole::Asset) if !has_slot(self.issuer_slot()) => {
                Some("a slot `issuer`, or `issuer = \"…\"` that names another of its slots")
            }
            Some(ValueRole::Calendar) if !self.field_named(DATE_FIELD).is_some_and(is_date) => {
                Some("a required date `date`")
            }
            Some(ValueRole::TagKey) if !has(KEY_FIELD, FieldType::Text) => Some("a required text `key`"),
            Some(ValueRole::Account | ValueRole::Note) if !has_slot("holder") => Some("a slot `holder`"),
            Some(ValueRole::Obligation | ValueRole::Discharge)
                if !["payer", "payee"].into_iter().all(has_slot) =>
            {
                Some("slots `payer` and `payee`")
            }
            Some(ValueRole::Account) if !has(OWNER_KEY_FIELD, FieldType::Text) => {
                Some("a required text `owner_key`")
            }
            Some(ValueRole::Instruction | ValueRole::Affirmation)
                if !["proposer", "acceptor", "third"].into_iter().all(has_slot) =>
            {
                Some("slots `proposer`, `acceptor` and `third`")
            }
            Some(ValueRole::Instruction) if !has(TERMS_FIELD, FieldType::Json) => {
                Some("a required json `terms`")
            }
            Some(ValueRole::Affirmation)
                if !has(ANSWER_FIELD, FieldType::Json) || !has(INSTRUCTION_FIELD, FieldType::Text) =>
            {
                Some("a required json `answer` and a required text `instruction`")
            }
            Some(role) if role.has_quantity() && !one_quantity => Some("one field `quantity`, required"),
            role if !role.is_some_and(ValueRole::has_quantity) && quantities.count() > 0 => Some(
                "`value = \"note\"`, `\"redemption\"` or `\"obligation\"` to have a field of type `quantity`",
            ),
            _ => None,
        };
        match needs {
            Some(needs) => Err(DefinitionInvalid::ValueRole { record: self.name.clone(), needs }),
            None => Ok(()),
        }
    }
}

impl Definition {
    /// There is one business day at most, and one tag key (DEF-15).
    pub(super) fn check_only_ones(&self) -> Result<(), DefinitionInvalid> {
        let only = [
            (ValueRole::Calendar, "to be no calendar: the channel has one already"),
            (ValueRole::TagKey, "to be no tag key: the channel has one already"),
        ];
        for (role, needs) in only {
            if let Some(second) = self.records.iter().filter(|record| record.value == Some(role)).nth(1) {
                return Err(DefinitionInvalid::ValueRole { record: second.name.clone(), needs });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
