//! The home of one member's node: what it has beyond any home, by the names of its files.
//!
//! ```text
//!   HOME/card.json          its card, as it was made when it joined
//!   HOME/node.key           by which it is known on the network
//!   HOME/validator.key      by which it votes; may be absent
//!   HOME/validator.new      until it has started for the first time
//!   HOME/genesis.json       taken over when the ceremony was concluded
//!   HOME/consortium.json    the address book
//!   HOME/node.toml          its configuration; may be absent
//!   HOME/running.json       while it runs: its process and where it answers
//! ```

use std::path::{Path, PathBuf};

use crate::address_book::{AddressBook, BOOK_BYTES_MAX};
use crate::bounded::read_bytes;
use crate::ceremony::{CeremonyError, NodeCard};
use crate::home::broken;

/// Its card.
#[must_use]
pub fn card(home: &Path) -> PathBuf {
    home.join("card.json")
}

/// Its key on the network.
#[must_use]
pub fn node_key(home: &Path) -> PathBuf {
    home.join("node.key")
}

/// The key by which it votes.
#[must_use]
pub fn validator_key(home: &Path) -> PathBuf {
    home.join("validator.key")
}

/// There from the making of a validator's key to its first start: only then has it certainly signed nothing.
#[must_use]
pub fn never_voted(home: &Path) -> PathBuf {
    home.join("validator.new")
}

/// The address book.
#[must_use]
pub fn address_book(home: &Path) -> PathBuf {
    home.join("consortium.json")
}

/// Its configuration.
#[must_use]
pub fn configuration(home: &Path) -> PathBuf {
    home.join("node.toml")
}

/// What is there while it runs.
#[must_use]
pub fn running(home: &Path) -> PathBuf {
    home.join("running.json")
}

/// Whether a home is of one node, and not of a consortium in one process.
#[must_use]
pub fn is_node_home(home: &Path) -> bool {
    card(home).exists()
}

/// Reads its card.
pub fn read_card(home: &Path) -> Result<NodeCard, CeremonyError> {
    crate::ceremony::own_card(home)
}

/// Reads its address book, which is not compared with the genesis here.
pub fn read_address_book(home: &Path) -> Result<AddressBook, CeremonyError> {
    let path = address_book(home);
    let bytes = read_bytes(&path, BOOK_BYTES_MAX).map_err(|e| broken(&path, &e.to_string()))?;
    AddressBook::parse(&bytes)
}
