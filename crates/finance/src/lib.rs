//! The arithmetic of receivables and settlement. Pure: values go in, values come out; no clock, no
//! float, no ledger. What two members must compute alike to the last minor unit is computed here.
//!
//! ```text
//!   face, Terms --quote--> Quote                         discount
//!   whole, weights | parts --split--> pieces             split
//!   trades of a day --net--> Netting --> transfers       netting
//!   table of auctions --> legs --> Plan, day by day      treasury, plan
//!   invoices --> receivables, pieces, who gets what      receivables
//! ```
//!
//! - [`rate`], [`discount`]: rates in millionths, day counts, prices before the due day
//! - [`split`]: pieces that sum to the whole, part payments over them
//! - [`late`]: late interest, and penalties for failed settlement by a table that is data
//! - [`netting`]: nets, their proof, and the transfers that settle them
//! - [`securities`]: CUSIP and ISIN
//! - [`treasury`]: auctions as delivery-versus-payment legs, and what falls due at maturity
//! - [`plan`]: settlement dates in order, and the holdings after each
//! - [`receivables`]: the rule by which invoices become receivables
//! - [`synthetic`]: a seeded generator of auctions
//!
//! Amounts are whole minor units of at most 63 bits. Each result is rounded once, at the end, from a
//! fraction of 128 bits that is exact; what does not fit is refused, never cut.

#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

mod amount;
pub mod discount;
pub mod late;
pub mod netting;
pub mod plan;
pub mod rate;
pub mod receivables;
pub mod refused;
pub mod securities;
pub mod split;
pub mod synthetic;
pub mod treasury;

pub use discount::{Basis, Method, Quote, Terms};
pub use netting::{Fraction, Netting, Trade, Transfer, Unit};
pub use plan::{Day, Holdings, Plan};
pub use rate::{Price, Rate};
pub use refused::Refused;
pub use treasury::{BuyerClass, Leg};

#[cfg(test)]
mod fixtures;
