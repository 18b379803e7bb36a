//! A node's configuration: one TOML file, `node.toml`, and what goes before it.
//!
//! ```text
//!   --set KEY=VALUE  >  PARCLOSE_KEY  >  node.toml  >  default        file, keys, value --resolve--> Settings --> NodeConfig
//! ```
//!
//! Every key stands in one table ([`keys::KEYS`]) with its default and its meaning; a [`Setting`] remembers where
//! its value came from. Nothing is read here: the command line brings file, variables and options as texts. A key that
//! is not in the table is an error, wherever it stands, for a misspelt key would be silently without effect.

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

mod document;
mod error;
mod file;
pub mod keys;
mod origin;
mod resolve;
mod typed;
mod value;

pub use document::document;
pub use error::{ConfigError, Refused};
pub use file::CONFIG_BYTES_MAX;
pub use origin::Origin;
pub use resolve::{Setting, Settings, Sources, resolve, variable_of};
pub use typed::{AuditDesk, Consensus, LogFormat, NodeConfig};
pub use value::Value;

#[cfg(test)]
mod tests;
