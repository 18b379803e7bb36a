//! From a draft and the members' cards to the genesis and the address book.

use std::collections::BTreeMap;

use parclose_root::genesis::VALIDATORS_MAX;
use parclose_root::{Genesis, Validator};
use parclose_types::limits::MEMBERS_MAX;

use super::{CeremonyError, Draft, NodeCard};
use crate::address_book::AddressBook;

/// A network that can begin.
#[derive(Clone, Debug)]
pub struct Concluded {
    /// from which everything is verified
    pub genesis: Genesis,
    /// who the members are, and where their nodes are
    pub book: AddressBook,
}

/// Makes the genesis and the address book.
///
/// Each validator has one vote: members that should weigh more are a matter for another agreement than this one.
///
/// # Rules
///
/// > CER-07: a consortium has 1 to 256 validators among at most 512 members.
/// > CER-11: the same draft and the same cards give the same genesis and the same address book, in whatever order the cards come.
pub fn conclude(draft: &Draft, mut cards: Vec<NodeCard>) -> Result<Concluded, CeremonyError> {
    cards.sort_by(|a, b| a.claims().member.cmp(&b.claims().member));
    check_distinct(&cards)?;
    let keys = cards.iter().filter_map(|card| card.claims().validator);
    let mut validators: Vec<Validator> = keys.map(|key| Validator { key, power: 1 }).collect();
    validators.sort_by_key(|validator| validator.key);
    if !(1..=VALIDATORS_MAX).contains(&validators.len()) || cards.len() > MEMBERS_MAX {
        return Err(CeremonyError::Count { validators: validators.len(), members: cards.len() });
    }
    let genesis = Genesis::new(draft.name.clone(), validators, draft.parameters, draft.nonce)?;
    let book = AddressBook::new(&genesis, cards)?;
    Ok(Concluded { genesis, book })
}

/// # Rules
///
/// > CER-06: no name, LEI, key or address stands twice in a consortium, not even within one card.
pub(crate) fn check_distinct(cards: &[NodeCard]) -> Result<(), CeremonyError> {
    let mut seen: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for card in cards {
        let claims = card.claims();
        let keys = [Some(claims.identity), Some(claims.node), claims.validator];
        let keys = keys.into_iter().flatten().map(|key| ("key", key.to_string()));
        let addresses = [&claims.consensus, &claims.exchange].map(|address| ("address", address.to_string()));
        let names = [("name", claims.member.clone()), ("LEI", claims.lei.clone())];
        for (what, value) in names.into_iter().chain(keys).chain(addresses) {
            let second = claims.member.clone();
            if let Some(first) = seen.insert((what, value.clone()), &claims.member) {
                return Err(CeremonyError::Twice { first: first.into(), second, what, value });
            }
        }
    }
    Ok(())
}

impl Concluded {
    /// What the members should know before they begin, each a sentence.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let validators = self.genesis.validators().validators().len();
        let spare = validators.saturating_sub(1) / 3;
        if spare > 0 {
            return Vec::new();
        }
        vec![format!(
            "{validators} of {validators} validators must run for the network to go on; with four, one may fail"
        )]
    }
}
