//! What is asked of a policy: public attributes, and nothing else.
//!
//! A request has no record id and no field. Requests are ordered so that they can be the key of a
//! memory of decisions ([`crate::Decider`]). Roles come from the member list of the channel, never
//! from whoever asks.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use parclose_types::MemberId;

/// A member's roles, shared: they follow from the member list, and whoever asks often need not copy them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Roles(Arc<BTreeSet<String>>);

impl Deref for Roles {
    type Target = BTreeSet<String>;

    fn deref(&self) -> &BTreeSet<String> {
        &self.0
    }
}

impl DerefMut for Roles {
    /// Parts with whom it was shared: nobody else's roles change.
    fn deref_mut(&mut self) -> &mut BTreeSet<String> {
        Arc::make_mut(&mut self.0)
    }
}

impl From<BTreeSet<String>> for Roles {
    fn from(roles: BTreeSet<String>) -> Self {
        Self(Arc::new(roles))
    }
}

impl FromIterator<String> for Roles {
    fn from_iter<T: IntoIterator<Item = String>>(roles: T) -> Self {
        roles.into_iter().collect::<BTreeSet<String>>().into()
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Principal {
    /// the member, by its identity key
    pub id: MemberId,
    /// the member's roles in this channel
    pub roles: Roles,
}

/// Who stands in a party slot of the record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Party {
    /// the member, by its identity key
    pub id: MemberId,
    /// the member's roles in this channel
    pub roles: Roles,
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
