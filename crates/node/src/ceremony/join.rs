//! A member's part in the ceremony: its home with fresh keys, and later the genesis in it.

use std::path::Path;

use parclose_root::Genesis;
use rand_core::CryptoRng;

use super::{CARD_BYTES_MAX, CeremonyError, Claims, Endpoint, NodeCard};
use crate::address_book::AddressBook;
use crate::bounded::read_bytes;
use crate::found::{create, make_directory, write_text};
use crate::home::{Home, HomeFile, MemberCard, MemberDirectory, SCHEMA, broken, write_json};
use crate::key_file::{self, KeyKind};
use crate::node_home;
use crate::passphrase_file;
use crate::unlock::Unlock;

/// What a member says of itself when it joins.
#[derive(Clone, Debug)]
pub struct Joining {
    /// its name
    pub member: String,
    /// its ISO 17442 identifier
    pub lei: String,
    /// whether its node votes
    pub validator: bool,
    /// where the root chain's network reaches its node
    pub consensus: Endpoint,
    /// where members of its channels reach its node
    pub exchange: Endpoint,
}

/// Makes a node's home with fresh keys, sealed under a passphrase that is kept elsewhere, and its card.
pub fn join(
    unlock: &Unlock,
    path: &Path,
    joining: &Joining,
    rng: &mut impl CryptoRng,
) -> Result<NodeCard, CeremonyError> {
    make_directory(path)?;
    fill(path, joining, unlock, rng)
}

/// The same for development: the key files open with a passphrase beside them.
pub fn join_for_development(
    path: &Path,
    joining: &Joining,
    rng: &mut impl CryptoRng,
) -> Result<NodeCard, CeremonyError> {
    make_directory(path)?;
    passphrase_file::write_development(path, rng).map_err(crate::HomeError::from)?;
    fill(path, joining, &Unlock::of_home(path), rng)
}

fn fill(
    path: &Path,
    joining: &Joining,
    unlock: &Unlock,
    rng: &mut impl CryptoRng,
) -> Result<NodeCard, CeremonyError> {
    let Joining { member, lei, validator, consensus, exchange } = joining.clone();
    let (node_file, validator_file) = (node_home::node_key(path), node_home::validator_key(path));
    let unknown = parclose_types::PublicKey([0; 32]);
    let mut claims = Claims {
        member,
        serial: 0,
        lei,
        identity: unknown,
        node: unknown,
        validator: None,
        consensus,
        exchange,
    };
    // Before any key is drawn: a name is also the name of a folder.
    claims.check()?;
    let name = claims.member.as_str();
    let directory = MemberDirectory::at(&path.join("members").join(name), unlock);
    create(&directory.path().join("channels"))?;
    key_file::generate(&directory.key_file(), KeyKind::Member, Some(name), unlock, rng)?;
    key_file::generate(&node_file, KeyKind::Node, Some(name), unlock, rng)?;
    let identity = key_file::member(&directory.key_file(), unlock)?.identity();
    let node = key_file::node(&node_file, unlock)?;
    let vote = if validator {
        key_file::generate(&validator_file, KeyKind::Validator, Some(name), unlock, rng)?;
        write_text(&node_home::never_voted(path), "")?;
        Some(key_file::validator(&validator_file, unlock)?)
    } else {
        None
    };
    (claims.identity, claims.node) = (identity.public(), node.public());
    claims.validator = vote.as_ref().map(parclose_crypto::SigningKey::public);
    let card = NodeCard::sign(claims, &identity, &node, vote.as_ref())?;
    write_text(&node_home::card(path), &card.to_json())?;
    write_home(path, &card)?;
    Ok(card)
}

/// Last, because a home is what has a home.json.
fn write_home(path: &Path, card: &NodeCard) -> Result<(), CeremonyError> {
    let claims = card.claims();
    let identity = claims.identity.to_string();
    let members = vec![MemberCard { name: claims.member.clone(), lei: claims.lei.clone(), identity }];
    let file = HomeFile { schema: SCHEMA.into(), members, regulator: "regulator".into() };
    Ok(write_json(&path.join("home.json"), &file)?)
}

/// The card that a home was made with.
pub(crate) fn own_card(home: &Path) -> Result<NodeCard, CeremonyError> {
    let path = node_home::card(home);
    let bytes = read_bytes(&path, CARD_BYTES_MAX).map_err(|e| broken(&path, &e.to_string()))?;
    NodeCard::parse(&bytes)
}

/// Takes the card of a member that comes later into the home's address book; its node is known from the next start on.
pub fn admit(home: &Home, card: NodeCard) -> Result<AddressBook, CeremonyError> {
    let book = node_home::read_address_book(home.path())?;
    book.check_against(&home.genesis()?)?;
    let book = book.admit(card)?;
    replace(&node_home::address_book(home.path()), &book.to_json())?;
    Ok(book)
}

/// The whole file is there before and after.
fn replace(path: &Path, text: &str) -> Result<(), CeremonyError> {
    let next = path.with_extension("json.next");
    // What a start that was cut short has left is of no use.
    let _ = std::fs::remove_file(&next);
    write_text(&next, text)?;
    Ok(std::fs::rename(&next, path).map_err(|e| broken(path, &e.to_string()))?)
}

/// Makes the member's next card, on which its node has other addresses, and takes it into its own address book.
pub fn readdress(home: &Home, consensus: Endpoint, exchange: Endpoint) -> Result<NodeCard, CeremonyError> {
    let (path, unlock) = (home.path(), home.unlock());
    let before = own_card(path)?.claims().clone();
    let directory = home.member_directory(&before.member)?;
    let identity = key_file::member(&directory.key_file(), unlock)?.identity();
    let node = key_file::node(&node_home::node_key(path), unlock)?;
    let vote = before.validator.map(|_| key_file::validator(&node_home::validator_key(path), unlock));
    let serial = before.serial.saturating_add(1);
    let claims = Claims { serial, consensus, exchange, ..before };
    let card = NodeCard::sign(claims, &identity, &node, vote.transpose()?.as_ref())?;
    // First the card: one that was made and not taken up is followed by the next.
    replace(&node_home::card(path), &card.to_json())?;
    if node_home::address_book(path).exists() {
        admit(home, card.clone())?;
    }
    Ok(card)
}

/// Takes a genesis and its address book over into a node's home.
///
/// # Rules
///
/// > CER-10: a home takes over a genesis whose address book has the home's own card unaltered, and never another genesis after it.
pub fn accept(home: &Home, genesis: &Genesis, book: &AddressBook) -> Result<(), CeremonyError> {
    book.check_against(genesis)?;
    let own = own_card(home.path())?;
    if book.card(&own.claims().member) != Some(&own) {
        return Err(CeremonyError::NotAccepted { reason: "the address book does not have its own card" });
    }
    let target = home.path().join("genesis.json");
    if target.exists() && home.genesis()?.network() != genesis.network() {
        return Err(CeremonyError::NotAccepted { reason: "it belongs to another network already" });
    }
    let text = genesis.to_json();
    let directory = home.member_directory(&own.claims().member)?;
    write_text(&directory.path().join("genesis.json"), &text)?;
    write_text(&node_home::address_book(home.path()), &book.to_json())?;
    Ok(write_text(&target, &text)?)
}
