//! Granted view keys as files: wrapped, narrowed, and bundled.
//!
//! What a grant is, who signs it and how its view key is wrapped: [`parclose_transaction::grant`].

mod file;
mod narrowed;
mod wrapped;

pub use file::{FILE_BYTES_MAX, GrantedKey, SCHEMA, VIEW_KEYS_MAX, ViewKeys};
pub use narrowed::NarrowedViewKey;
pub use parclose_transaction::grant::{Grant, GrantInvalid, GrantScope, GrantTerms};
pub use wrapped::WrappedViewKey;

#[cfg(test)]
mod tests;
