//! The ceremony by which members become a consortium: each makes its own keys, and only public parts are exchanged.
//!
//! ```text
//!   each member   join      home with fresh keys  ---> NodeCard, signed by every key that it names
//!   one of them   Draft     name, nonce, parameters ---> consortium.toml
//!   each member   conclude  consortium.toml + all cards ---> genesis.json, consortium.json
//!   each member   accept    both into its own home, if its own card is in them as it was made
//! ```
//!
//! A member that comes later makes its card as the others did; each of them admits it.
//!
//! Nobody is trusted with anything: whoever concludes from the same files gets the same bytes, so members
//! compare one network id, over a way that they trust. What may go wrong is a card that was changed on its way, or
//! two that claim the same thing; both are told by the name of the card.

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

mod card;
mod conclude;
mod draft;
mod endpoint;
mod error;
mod join;

pub(crate) use card::CardFile;
pub use card::{CARD_BYTES_MAX, Claims, NodeCard};
pub(crate) use conclude::check_distinct;
pub use conclude::{Concluded, conclude};
pub use draft::{DRAFT_BYTES_MAX, Draft};
pub use endpoint::{Endpoint, ListenAddress};
pub use error::CeremonyError;
pub(crate) use join::own_card;
pub use join::{Joining, accept, admit, join, join_for_development, readdress};

#[cfg(test)]
mod tests;
