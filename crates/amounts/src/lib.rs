//! Confidential value: amounts that members check without seeing them.
//!
//! Floor 2, above `crypto` and below `transaction`: pure functions on bytes. A note holds an amount of
//! one asset as a Pedersen commitment. Who spends notes shows, without saying any amount, that nothing
//! was made or lost and that each new amount is one of 64 bits. No channel, no store, no clock; the set
//! of unspent notes and the asset's terms come from the caller, randomness is an argument.
//!
//! ```text
//! field key K_f ─┬─ blinding r ──┐
//! value v ───────┘               ├─ C = v·A_t + r·H_b        AmountCommitment
//! asset t ─────────── base A_t ──┘
//!
//! bytes --decode--> Transfer | Issue | Redemption | Lock | Oblige | Net | Discharge     WIR-*
//!         --check--> Checked       notes, owners, balance, signatures     VAL-*
//!         --verify_all--> Effects  range proofs, many in one equation     VAL-*
//! ```
//!
//! What it does not do: it does not know whether the amount that a field hides is the committed one.
//! Only its readers do ([`AmountCommitment::check_opening`]), and say so by signing.
//!
//! - [`mod@asset`]: the bases of commitments
//! - [`commitment`]: amounts, blindings, openings
//! - [`note`]: notes, their owners and ids
//! - [`statement`]: what proofs and signatures are for
//! - [`balance`], [`range`]: the two proofs; [`batch`]: many range proofs at once
//! - [`transfer`], [`issue`], [`redemption`], [`lock`]: whole operations; [`movement`]: any of them
//! - [`obligation`]: what a member owes another; [`oblige`], [`net`], [`discharge`]: how that begins and ends
//! - [`claim`]: what is said of amounts that are not said
//! - [`known`]: range proofs of which the answer is known
//! - [`ledger`]: what the caller knows, and what an operation changes; [`supply`]: how much circulates

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable,
        clippy::arithmetic_side_effects
    )
)]

pub mod asset;
pub mod balance;
pub mod batch;
mod bulletproof;
pub mod claim;
pub mod commitment;
pub mod discharge;
mod generators;
mod group;
pub mod invalid;
pub mod issue;
pub mod known;
pub mod ledger;
pub mod lock;
pub mod movement;
pub mod net;
pub mod note;
pub mod obligation;
pub mod oblige;
pub mod openings;
pub mod operation;
pub mod proof;
mod rand_06;
pub mod range;
pub mod redemption;
pub mod statement;
pub mod supply;
#[cfg(test)]
mod tests;
mod transcript;
pub mod transfer;

pub use asset::{RangeEngine, UnknownEngine};
pub use balance::BalanceProof;
pub use batch::verify_ranges;
pub use claim::{Bounds, NotShown, NotStated, Purpose, StatedAmount};
pub use commitment::{AmountCommitment, NotAPoint, NotOpened, Opening};
pub use discharge::Discharge;
pub use invalid::{Invalid, Misshapen, NotOwed, NotSpendable};
pub use issue::Issue;
pub use known::KnownRanges;
pub use ledger::{AssetTerms, Book, Effects, Ledger};
pub use lock::{HeldNote, Hold, Lock};
pub use movement::Movement;
pub use net::Net;
pub use note::{Input, NoteOutput, OwnerBlind, OwnerCommitment, OwnerKey, RedeemedAmount, UnspentNote};
pub use obligation::{NewObligation, Obligation, ObligationOutput, Owed};
pub use oblige::Oblige;
pub use openings::check_openings;
pub use operation::{Checked, NewNote, Spend, verify_all};
pub use proof::NotProven;
pub use range::{RangeClaim, RangeProof};
pub use redemption::{Redemption, UnsignedRedemption};
pub use statement::{
    AmountStatement, DischargeStatement, IssueStatement, LockStatement, NetStatement, ObligeStatement, Place,
    RedeemStatement, StatementDigest, TransferStatement,
};
pub use supply::{Supply, SupplyChange, TotalOpening};
pub use transfer::Transfer;
