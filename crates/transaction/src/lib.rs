//! One transaction, from a draft to bytes and back, and what each reader sees of it.
//!
//! ```text
//!   Draft --seal--> SealedDraft --sign--> SignedTransaction          sender
//!   bytes
//!     | decode         shape and limits                  WIR-*   here
//!   UnverifiedTransaction
//!     | authenticate   signature, scope, expiry, epoch   AUT-*   here
//!   AuthenticatedTransaction
//!     | authorize      schema, audiences, policy         ACC-*   channel
//!   AuthorizedTransaction                                        cheap checks first,
//!     | prove          commitments and proofs     AMT-* VAL-*    proofs after the right
//!   ProvenTransaction                                            to ask is settled
//!     | batch, endorse, anchor: ordered by the root chain
//!     | admit          first occurrence, versions        STA-*   channel
//!   AdmittedTransaction --apply--> Effects --commit--> state root --> Receipt
//! ```
//!
//! A transaction writes records, or holds one act by which members change their channel ([`act`]).
//! It has a permanent part, which its digest covers and execution reads, and a sealed
//! part (salt, key commitments, ciphertexts), which can be pruned. Only [`SignedTransaction`]
//! encodes; only [`UnverifiedTransaction`] decodes.

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

pub mod access;
pub mod act;
pub mod authenticate;
pub mod body;
pub mod day;
pub mod decode;
pub mod definition;
pub mod draft;
pub mod erased;
pub mod generation;
pub mod grant;
pub mod key_ring;
pub mod opened;
pub mod tag;
pub mod term;
pub mod value;
pub mod view;

#[cfg(test)]
mod fixtures;

pub use access::{Access, Handed};
pub use act::{Act, Change, Erasure, ErasureTarget, Motion, Share, SharedScope};
pub use authenticate::{AuthenticatedTransaction, KnownSignatures, NotAuthentic, Setting};
pub use body::{Body, FieldEntry, Operation, SealedPart, SignedTransaction};
pub use day::Day;
pub use decode::UnverifiedTransaction;
pub use definition::{Definition, DefinitionInvalid, DefinitionTexts};
pub use draft::{
    ActDraft, Draft, DraftDebt, DraftHold, DraftInvalid, DraftMovement, DraftOperation, DraftOwed, DraftSpend,
};
pub use erased::{ErasedPart, GenerationSpan, LeftWrap, Reach};
pub use generation::{GenerationConfig, MemberEntry};
pub use key_ring::{KeyRing, Perspective};
pub use opened::Opener;
pub use tag::TagKey;
pub use term::Term;
pub use value::{FieldType, FieldValue};
pub use view::{FieldState, FieldView, NoteState, OpenedNote};
