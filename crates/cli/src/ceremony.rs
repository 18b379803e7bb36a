//! `parclose consortium`: members become a consortium, each with keys that nobody else has seen.

use std::path::Path;

use parclose_node::address_book::{AddressBook, BOOK_BYTES_MAX};
use parclose_node::bounded::read_bytes;
use parclose_node::ceremony::{
    self, CARD_BYTES_MAX, Concluded, DRAFT_BYTES_MAX, Draft, Joining, NodeCard, conclude,
};
use parclose_node::home::read_genesis;
use parclose_node::randomness::generator;
use parclose_node::{Home, node_home};
use serde_json::{Value, json};

use crate::args::{Consortium, ConsortiumJoin, Global};
use crate::error::CliError;
use crate::output::{check_new, write_text};
use crate::progress;

/// Runs `parclose consortium …`.
pub fn run(global: &Global, command: &Consortium) -> Result<Value, CliError> {
    match command {
        Consortium::Init { name, out } => init(name, out),
        Consortium::Join(options) => join(global, options),
        Consortium::Genesis { draft, out, cards } => genesis(global, draft, out, cards),
        Consortium::Accept { genesis, book } => accept(global, genesis, book),
        Consortium::Admit { card } => admit(global, card),
        Consortium::Card { consensus, exchange, out } => next_card(global, (consensus, exchange), out),
        Consortium::Show => show(global),
    }
}

fn init(name: &str, out: &Path) -> Result<Value, CliError> {
    let draft = Draft::new(name, &mut generator());
    write_text(out, &draft.to_toml())?;
    Ok(json!({
        "schema": "parclose.consortium-draft/1",
        "name": name,
        "file": out.display().to_string(),
        "next": "give it to every member; each makes its card: parclose consortium join",
    }))
}

fn join(global: &Global, options: &ConsortiumJoin) -> Result<Value, CliError> {
    let joining = Joining {
        member: options.member.clone(),
        lei: options.lei.clone(),
        validator: !options.no_validator,
        consensus: options.consensus.parse()?,
        exchange: options.exchange.parse()?,
    };
    // The card is written last; what would keep it from that is told before there is a home.
    check_new(&options.out)?;
    let key = node_home::node_key(&global.home);
    let unlock = global.passphrase.sealing(&key, &global.home)?;
    let card = ceremony::join(&unlock, &global.home, &joining, &mut generator())?;
    write_text(&options.out, &card.to_json())?;
    let mut value = card_json(&card);
    value["schema"] = json!("parclose.consortium-join/1");
    value["home"] = json!(global.home.display().to_string());
    value["card"] = json!(options.out.display().to_string());
    Ok(value)
}

fn genesis(
    global: &Global,
    draft: &Path,
    out: &Path,
    cards: &[std::path::PathBuf],
) -> Result<Value, CliError> {
    let read = |path: &Path, limit| read_bytes(path, limit).map_err(|e| CliError::file(path, &e));
    let draft = Draft::parse(&read(draft, DRAFT_BYTES_MAX)?)?;
    let card = |path: &std::path::PathBuf| Ok(NodeCard::parse(&read(path, CARD_BYTES_MAX)?)?);
    let cards = cards.iter().map(card).collect::<Result<Vec<_>, CliError>>()?;
    let concluded = conclude(&draft, cards)?;
    let warnings = concluded.warnings();
    for warning in &warnings {
        progress::note(global.quiet, warning);
    }
    let Concluded { genesis, book } = concluded;
    std::fs::create_dir_all(out).map_err(|e| CliError::file(out, &e))?;
    write_text(&out.join("genesis.json"), &genesis.to_json())?;
    write_text(&out.join("consortium.json"), &book.to_json())?;
    let mut value = book_json(&book);
    value["schema"] = json!("parclose.consortium-genesis/1");
    value["name"] = json!(genesis.name());
    value["warnings"] = json!(warnings);
    Ok(value)
}

fn accept(global: &Global, genesis: &Path, book: &Path) -> Result<Value, CliError> {
    let home = Home::open(&global.home)?;
    let genesis = read_genesis(genesis)?;
    let bytes = read_bytes(book, BOOK_BYTES_MAX).map_err(|e| CliError::file(book, &e))?;
    ceremony::accept(&home, &genesis, &AddressBook::parse(&bytes)?)?;
    Ok(json!({
        "schema": "parclose.consortium-accept/1",
        "network": genesis.network().to_string(),
        "home": global.home.display().to_string(),
        "next": "compare the network id with another member, then: parclose node preflight",
    }))
}

fn admit(global: &Global, card: &Path) -> Result<Value, CliError> {
    let home = Home::open(&global.home)?;
    let bytes = read_bytes(card, CARD_BYTES_MAX).map_err(|e| CliError::file(card, &e))?;
    let card = NodeCard::parse(&bytes)?;
    let book = ceremony::admit(&home, card.clone())?;
    let mut value = card_json(&card);
    value["schema"] = json!("parclose.consortium-admit/1");
    value["network"] = json!(book.network().to_string());
    value["next"] = json!("restart the node, so that it calls the new one");
    Ok(value)
}

fn next_card(global: &Global, (consensus, exchange): (&str, &str), out: &Path) -> Result<Value, CliError> {
    check_new(out)?;
    let home = global.passphrase.unlock(Home::open(&global.home)?)?;
    let card = ceremony::readdress(&home, consensus.parse()?, exchange.parse()?)?;
    write_text(out, &card.to_json())?;
    let mut value = card_json(&card);
    value["schema"] = json!("parclose.consortium-card/1");
    value["card"] = json!(out.display().to_string());
    value["next"] = json!(
        "set consensus.listen and exchange.listen where they differ; give the card to every member: parclose consortium admit"
    );
    Ok(value)
}

fn show(global: &Global) -> Result<Value, CliError> {
    let home = Home::open(&global.home)?;
    let book = node_home::read_address_book(home.path())?;
    book.check_against(&home.genesis()?)?;
    let mut value = book_json(&book);
    value["schema"] = json!("parclose.consortium-show/1");
    Ok(value)
}

fn book_json(book: &AddressBook) -> Value {
    let members: Vec<Value> = book.cards().iter().map(card_json).collect();
    json!({ "network": book.network().to_string(), "members": members })
}

fn card_json(card: &NodeCard) -> Value {
    let claims = card.claims();
    json!({
        "member": claims.member,
        "serial": claims.serial,
        "lei": claims.lei,
        "identity": claims.identity.to_string(),
        "peer": card.peer_id().to_string(),
        "validator": claims.validator.map(|key| key.to_string()),
        "consensus": claims.consensus.to_string(),
        "exchange": claims.exchange.to_string(),
    })
}
