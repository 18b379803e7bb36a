//! The key family. Derivation goes downward only, each step by a named function with its own label.
//!
//! ```text
//! member master ─┬─ identity key            signs for the organisation
//!                ├─ channel seed ─ pseudonym per (channel, generation)
//!                │               └ record ids of business keys (PRF)
//!                └─ node master ─ storage key per channel
//!
//! audience secret R   fresh per (channel, generation, member set), wrapped to each member
//!   └─ class seed S_c        one per class of fields
//!        └─ GGM tree over epochs, depth 32        <- a view key is a cover of nodes of this tree
//!             └─ leaf L_e     one per epoch
//!                  └─ field key K_f   single use: salt and place
//! ```
//!
//! Class stands above epoch so that a coalition of view keys opens exactly the union of its grants.

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

pub mod audience;
pub mod cover;
pub mod field;
pub mod member;
pub mod pseudonym;
pub mod tree;
pub mod view_key;

pub use audience::{AudienceSecret, Deal, NotDealt};
pub use cover::{Cover, CoverNode};
pub use field::{FieldKey, FieldPlace, SealedField, field_leaf, record_key_hash};
pub use member::MemberSecret;
pub use pseudonym::{PseudonymCertificate, PseudonymKey};
pub use tree::{ClassSeed, LeafKey};
pub use view_key::{ViewKey, ViewKeyInvalid};
