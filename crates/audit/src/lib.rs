//! Receipts and exports, verified offline.
//!
//! Everything here is for somebody who runs no node and trusts nobody's word: an auditor, a regulator,
//! a court. Trust starts at the genesis file and at nothing that a proof brings along.
//!
//! ```text
//!   Receipt --verify(genesis)--> VerifiedReceipt       this transaction was ordered, and what became of it
//!   Bundle  --verify(genesis)--> VerifiedBundle        the whole log of a channel: nothing is left out
//!              | accept(grant)                         who gave the view key is entitled to it
//!              | read(view keys)
//!           AuditView                                  the fields in scope, and every field that fails
//!   export --Scannable::prove(genesis)--> Scan --finish--> ScanReport   the same of any length, in passes over the file
//!   Disclosure --verify(genesis)--> VerifiedDisclosure  one field, as it was written in one transaction
//!   Evidence --verify(genesis, bundle)--> VerifiedEvidence   what a member has signed and should not have
//!   Pack --verify(genesis)--> VerifiedPack             a report, for whoever holds no view key: every line follows
//!   WrappedViewKey --open(unwrap key)--> ViewKey       scope and check values first
//! ```
//!
//! What a batch held is believed because t endorsers signed a commitment to it that the root chain
//! ordered; a verdict, because they signed the state that holds it. A receipt without such a state says
//! `ordered` and nothing more.

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

pub mod bundle;
pub mod checkpoint;
pub mod disclosure;
pub mod evidence;
pub mod grant;
pub mod pack;
pub mod receipt;

mod readable;
mod ring;

pub use bundle::scan::{Scan, ScanInvalid, ScanReport, Scannable};
pub use bundle::{AuditView, AuditedAsset, Bundle, BundleInvalid, NotExported, VerifiedBundle};
pub use checkpoint::{CheckpointInvalid, ProvenCheckpoint};
pub use disclosure::as_of::{DisclosureAsOf, VerifiedAsOf};
pub use disclosure::sum::{SumDisclosure, VerifiedSum};
pub use disclosure::{Disclosure, DisclosureInvalid, NotDisclosed, VerifiedDisclosure};
pub use evidence::{Evidence, EvidenceInvalid, Misconduct, VerifiedEvidence};
pub use grant::{
    Grant, GrantInvalid, GrantScope, GrantTerms, GrantedKey, NarrowedViewKey, ViewKeys, WrappedViewKey,
};
pub use pack::{Pack, PackInvalid, VerifiedPack};
pub use receipt::{Receipt, ReceiptInvalid, VerifiedReceipt, verify_json};

#[cfg(test)]
mod fixtures;
