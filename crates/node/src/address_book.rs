//! The address book of a consortium, `consortium.json`: every member's card, under the network that they belong to.
//!
//! The genesis does not commit to it: addresses change in the life of a network and its genesis does not. What a card
//! says is held by its own signatures, and who votes by the genesis and the changes since. A member that comes later is
//! admitted to it; a card in it gives nobody a vote.

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

use std::collections::BTreeSet;

use parclose_root::Genesis;
use parclose_types::limits::MEMBERS_MAX;
use parclose_types::{NetworkId, PublicKey};
use serde::{Deserialize, Serialize};

use crate::ceremony::{CARD_BYTES_MAX, CardFile, CeremonyError, NodeCard, check_distinct};

/// An address book, in bytes: 512 cards fit.
pub const BOOK_BYTES_MAX: usize = MEMBERS_MAX * CARD_BYTES_MAX;
/// Schema of an address book.
const SCHEMA: &str = "parclose.consortium/1";

/// The cards of all members, ascending by name; each is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressBook {
    network: NetworkId,
    cards: Vec<NodeCard>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BookFile {
    schema: String,
    network: NetworkId,
    cards: Vec<CardFile>,
}

impl AddressBook {
    /// The book of a genesis.
    pub(crate) fn new(genesis: &Genesis, cards: Vec<NodeCard>) -> Result<Self, CeremonyError> {
        let book = Self { network: genesis.network(), cards };
        book.check_against(genesis)?;
        Ok(book)
    }

    /// Reads one, and checks every card in it.
    pub fn parse(bytes: &[u8]) -> Result<Self, CeremonyError> {
        if bytes.len() > BOOK_BYTES_MAX {
            return Err(refused("it is too large"));
        }
        let file: BookFile = serde_json::from_slice(bytes).map_err(|e| refused(&e.to_string()))?;
        if file.schema != SCHEMA {
            return Err(refused("another schema"));
        }
        let cards = file.cards.into_iter().map(NodeCard::of_file).collect::<Result<Vec<_>, _>>()?;
        check_distinct(&cards)?;
        Ok(Self { network: file.network, cards })
    }

    /// Whether it is of this genesis.
    ///
    /// # Rules
    ///
    /// > CER-09: an address book has its cards ascending by name, names the network of its genesis, and has the card of every validator of the genesis.
    pub fn check_against(&self, genesis: &Genesis) -> Result<(), CeremonyError> {
        if self.network != genesis.network() {
            return Err(refused("it is of another network"));
        }
        if !self.cards.is_sorted_by(|a, b| a.claims().member < b.claims().member) {
            return Err(refused("its cards are not in order"));
        }
        let listed: BTreeSet<PublicKey> =
            self.cards.iter().filter_map(|card| card.claims().validator).collect();
        if genesis.validators().validators().iter().all(|validator| listed.contains(&validator.key)) {
            return Ok(());
        }
        Err(refused("a validator of the genesis is missing"))
    }

    /// Takes up the card of a member that comes later, or the later card of a member.
    ///
    /// # Rules
    ///
    /// As in `check_distinct` (CER-06), in [`NodeCard`] (CER-13), and:
    ///
    /// > CER-12: an address book takes up a card that it does not have yet, of a member that it has no card of or by CER-13.
    pub fn admit(mut self, card: NodeCard) -> Result<Self, CeremonyError> {
        let member = card.claims().member.clone();
        let is_full = self.cards.len() >= MEMBERS_MAX;
        match self.cards.iter_mut().find(|known| known.claims().member == member) {
            Some(known) if *known == card => return Err(CeremonyError::Admitted { member }),
            Some(known) if card.follows(known) => *known = card,
            Some(_) => return Err(CeremonyError::NotLater { member }),
            None if is_full => return Err(refused("it has room for no more members")),
            None => self.cards.push(card),
        }
        check_distinct(&self.cards)?;
        self.cards.sort_by(|a, b| a.claims().member.cmp(&b.claims().member));
        Ok(self)
    }

    /// The member whose node votes with a key, as far as it has a card.
    #[must_use]
    pub fn member_of(&self, validator: &PublicKey) -> Option<&str> {
        let card = self.cards.iter().find(|card| card.claims().validator.as_ref() == Some(validator))?;
        Some(&card.claims().member)
    }

    /// Its text.
    ///
    /// # Panics
    ///
    /// Never: its members are texts.
    #[must_use]
    pub fn to_json(&self) -> String {
        let cards = self.cards.iter().map(NodeCard::to_file).collect();
        let file = BookFile { schema: SCHEMA.into(), network: self.network, cards };
        serde_json::to_string_pretty(&file).expect("texts have a JSON form") + "\n"
    }

    /// The network that it is of.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        self.network
    }

    /// All cards, ascending by name.
    #[must_use]
    pub fn cards(&self) -> &[NodeCard] {
        &self.cards
    }

    /// A member's card.
    #[must_use]
    pub fn card(&self, member: &str) -> Option<&NodeCard> {
        self.cards.iter().find(|card| card.claims().member == member)
    }
}

fn refused(reason: &str) -> CeremonyError {
    CeremonyError::Book { reason: reason.into() }
}
