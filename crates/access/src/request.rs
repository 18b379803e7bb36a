//! What is asked of a policy: public attributes, and nothing else.
//!
//! A request has no record id and no field. Requests are ordered so that they can be the key of a
//! memory of decisions ([`crate::Decider`]). Roles come from the member list of the channel, never
//! from whoever asks.

use std::collections::{BTreeMap, BTreeSet};

use parclose_types::MemberId;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Principal {
    /// the member, by its identity key
    pub id: MemberId,
    /// the member's roles in this channel
    pub roles: BTreeSet<String>,
}

/// Who stands in a party slot of the record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Party {
    /// the member, by its identity key
    pub id: MemberId,
    /// the member's roles in this channel
    pub roles: BTreeSet<String>,
}

/// One question: may this member do this to such a record?
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// who asks
    pub principal: Principal,
    /// what it wants to do, as the schema names it: `create`
    pub action: String,
    /// the type of the record, as the channel definition names it: `bank-statement`
    pub record_type: String,
    /// who owns the record, or will
    pub owner: MemberId,
    /// who stands in which slot of the record: `buyer`
    pub parties: BTreeMap<String, Party>,
}
