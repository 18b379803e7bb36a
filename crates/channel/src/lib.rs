//! The sub-ledger of one channel: everything that happens inside a closed room.
//!
//! ```text
//!   SignedTransaction
//!     | advise      decode authenticate authorize prove, before ordering: advice      process.rs
//!   pool
//!     | propose     batch, store synced, commit to it                                 propose.rs
//!     | endorse     the others: same checks, store synced, sign                       endorse.rs
//!   Anchor          ordered by the root chain
//!     | execute     every transaction through process, in log order                   execute.rs
//!     | commit      one atomic synced write: rows, state tree, verdicts               commit.rs
//!   state root -> the next batch attests it -> receipts                               outcome.rs
//! ```
//!
//! Execution is deterministic: a verdict is a function of the transaction's bytes, the state before
//! it and the height of its block. Nothing here reads a clock or draws randomness of its own.

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

mod absent;
pub mod admit;
pub mod apply;
pub mod at_rest;
pub mod authorize;
pub mod batch;
pub mod channel;
pub mod claims;
pub mod commit;
pub mod covering;
pub mod endorse;
pub mod erasure;
pub mod error;
pub mod execute;
pub mod field_proof;
pub mod governance;
pub mod handover;
pub mod holding;
pub mod holdings;
pub mod index;
pub mod instructions;
pub mod joining;
pub mod ledger;
pub mod life;
pub mod listing;
pub mod locks;
pub mod misconduct;
pub mod obligations;
pub mod opened;
pub mod opening;
pub mod outcome;
pub mod owing;
pub mod payment;
pub mod prepare;
pub mod process;
pub mod propose;
pub mod prove;
mod purse;
mod refusal;
pub mod reject;
pub mod setup;
pub mod steps;
pub mod successor;
pub mod tables;
pub mod terms;
pub mod trail;
mod tree;
pub mod turnover;
pub mod upkeep;
pub mod value;
pub mod verdicts;
pub mod verify;

pub use batch::{Batch, BatchHeader, Proposal};
pub use channel::Channel;
pub use claims::{CLAIM_HEIGHTS_MAX, ClaimRow, ClaimStage, ClaimUnsigned, TagConflict};
pub use endorse::EndorseRefused;
pub use erasure::{ErasedBatch, ErasureRefused, ErasureRow};
pub use error::ChannelError;
pub use execute::{Executed, FinalEvent};
pub use field_proof::{FieldProof, NotInState, RecordLeaf};
pub use governance::{ActRefused, Governance};
pub use holding::{Holding, HoldingInvalid, HoldingQuestion};
pub use instructions::{Instruction, News};
pub use joining::Applicant;
pub use ledger::{RecordView, StoredTransaction};
pub use life::LifeConflict;
pub use locks::{LegId, LockId, LockRefused, LockRow};
pub use misconduct::SignedHeader;
pub use obligations::{ObligationRefused, ObligationRow};
pub use opened::OpeningRefused;
pub use outcome::{BatchProof, OutcomeProof};
pub use owing::{Debt, Owing};
pub use payment::{CannotPay, Drafted, Payment};
pub use prepare::{Agreed, PrepareRefused};
pub use refusal::RefusalRefused;
pub use reject::Reject;
pub use setup::{Candidate, Founding, Setup, SetupInvalid};
pub use steps::{NewNote, Values};
pub use successor::{Predecessor, SuccessorRefused};
pub use tables::{Verdict, VerdictRow};
pub use terms::{Answer, LegTerms, Terms};
pub use upkeep::Due;

#[cfg(test)]
mod fixtures;
