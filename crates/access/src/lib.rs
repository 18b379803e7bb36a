//! Access: policy and request to [`Permit`] or [`Denied`]; pure.
//!
//! ```text
//!   policy.cedar + policy.cedarschema --Policy::parse--> Policy        refused: PolicyError
//!   who, action, record type, owner, parties ----------> Request
//!   Policy + PolicyEpoch + Request ----decide----------> Permit        refused: Denied
//! ```
//!
//! A policy sees public attributes only: who asks, in which roles, to do what, to which type of
//! record, whose it is and who its parties are. It never sees a sealed value, and this crate has no
//! way to name one. The decision is a function of policy and request: no clock, no store, no
//! record id, so every member of a channel comes to the same one.
//!
//! What may go wrong is refused, never guessed: silence, errors while a policy is evaluated and
//! words that the schema does not know all deny.
//!
//! - [`request`]: what is asked
//! - [`policy`]: a policy that was read, checked against its schema and prepared
//! - [`decision`]: the one function that decides, and the permit it makes
//! - [`decider`]: the same, remembering its answers
//! - [`denied`]: why not, down to the condition and its line
//! - [`mod@explain`]: why yes and why no, statement by statement
//! - [`difference`]: who could newly do what under another policy

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

mod bounds;
pub mod decider;
pub mod decision;
pub mod denied;
pub mod difference;
pub mod explain;
mod nearest;
mod parts;
pub mod policy;
mod question;
pub mod request;
mod seen;
mod source;
mod statement;
pub mod vocabulary;

#[cfg(test)]
mod shipped;
#[cfg(test)]
mod small;

pub use decider::Decider;
pub use decision::{Permit, PolicyEpoch, decide};
pub use denied::Denied;
pub use difference::{Difference, compare};
pub use explain::{Bearing, Case, Condition, Explanation, Finding, explain};
pub use policy::{Policy, PolicyError, PolicySource};
pub use request::{Party, Principal, Request, Roles};
pub use seen::Seen;
pub use source::Place;
pub use statement::{Effect, Statement};
pub use vocabulary::Presence;
