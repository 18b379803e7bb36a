//! The root chain: one ordered log of small events per channel, and nothing else of a channel.
//!
//! A pure state machine (floor 2): no clock, no randomness, no I/O. It cannot name a member, a record
//! or a key of a channel, so it cannot leak one. Whoever runs it (`parclose-consensus`) hands in
//! candidates and keeps the rows that come out.
//!
//! ```text
//!   bytes --decode--> RootTransaction { OpenChannel | Anchor | Rotate | Close | UpdateValidators
//!                          |          | OpenDeal | Prepare | Refuse | ClaimTag | ReleaseTag }
//!                          | order      every rule of its kind, ROO-*
//!                      LogEntry { tag, sequence, kind, transaction, chain }
//!                          | seal       events root, state root, history
//!                      Block { Header, transactions } --hash--> ValueHash
//!                          | precommit  more than 2/3 of the validators
//!                      CommitCertificate
//!                          | prove
//!   Genesis + OrderProof --verify--> VerifiedEvent           offline, from genesis alone
//! ```
//!
//! - [`anchor`], [`open`], [`rotate`], [`close`], [`update`]: the transactions, each with its rules on one page
//! - [`deal`], [`prepare`], [`deals`]: what several channels do together or not at all, decided here
//! - [`claim`]: 32 bytes that one channel holds at a time
//! - [`keys`], [`certificate`], [`statement`]: who endorses for a channel, and what they sign
//! - [`tag`]: what the root keeps of a channel, and the hash chain over its log
//! - [`validators`], [`trust`]: who votes at which height, as the state knows it and as a verifier learns it
//! - [`state`], [`execution`]: from candidates to a block, and from a block to the next state
//! - [`genesis`], [`header`], [`block`], [`commit`], [`proof`], [`checkpoint`]: what a verifier reads

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

pub mod anchor;
pub mod block;
pub mod certificate;
pub mod checkpoint;
pub mod claim;
pub mod close;
pub mod commit;
pub mod deal;
pub mod deals;
pub mod execution;
pub mod genesis;
pub mod header;
pub mod keys;
pub mod open;
pub mod overlay;
pub mod prepare;
pub mod proof;
pub mod reject;
pub mod rotate;
pub mod state;
pub mod statement;
pub mod tag;
pub mod transaction;
pub mod trust;
pub mod update;
pub mod validators;

pub use anchor::Anchor;
pub use block::{Block, BlockInvalid};
pub use certificate::{Certificate, Endorsement, NotCertified};
pub use checkpoint::Checkpoint;
pub use claim::{ClaimTag, ReleaseTag};
pub use close::Close;
pub use commit::{CommitCertificate, NotCommitted, precommit_bytes};
pub use deal::{Deal, DealInvalid, DealOutcome, Decision, Leg, OpenDeal, SETTLE_MIN};
pub use deals::DealState;
pub use execution::{Applied, Cause, Event, Prepared};
pub use genesis::{Genesis, GenesisInvalid, Parameters, Validator, ValidatorSet};
pub use header::Header;
pub use keys::{GenerationKeys, KeysInvalid, default_threshold};
pub use open::{OpenBody, OpenChannel};
pub use overlay::Changes;
pub use prepare::{Prepare, Refuse};
pub use proof::{
    ClaimProof, DealProof, OrderProof, ProofInvalid, Standing, TagProof, VerifiedClaim, VerifiedDeal,
    VerifiedEvent, VerifiedTag,
};
pub use reject::RootReject;
pub use rotate::Rotate;
pub use state::{NotRestored, RestoredRows, RootState};
pub use statement::{
    ClaimAct, ClaimStatement, CloseStatement, PrepareStatement, RefuseStatement, RotateStatement, Statement,
};
pub use tag::{LogEntry, NextKeys, TagState};
pub use transaction::{EventKind, RootTransaction};
pub use trust::{ChangeInvalid, Trust, changes_up_to};
pub use update::{UpdateValidators, ValidatorsChange};
pub use validators::{NextValidators, Validators, in_force_from, validators_tag};

#[cfg(test)]
mod fixtures;
