//! `parclose validators`: a change of who votes on the root chain, from its draft to its block.

use std::path::{Path, PathBuf};

use parclose_node::address_book::AddressBook;
use parclose_node::bounded::read_bytes;
use parclose_node::ceremony::{CARD_BYTES_MAX, NodeCard};
use parclose_node::validator_change::{CHANGE_BYTES_MAX, ChangeFile, Moves};
use parclose_node::{Consortium, Home, RootChain, key_file, node_home};
use parclose_root::{RootTransaction, ValidatorSet, in_force_from};
use parclose_types::{Height, PublicKey};
use serde_json::{Value, json};

use crate::args::{Global, Validators, ValidatorsPropose};
use crate::context::{with_consortium, with_home};
use crate::error::CliError;
use crate::hosting;
use crate::output::write_text;

/// Runs `parclose validators …`.
pub fn run(global: &Global, command: &Validators) -> Result<Value, CliError> {
    match command {
        Validators::Show => with_consortium(global, show),
        Validators::Propose(options) => with_consortium(global, |consortium| propose(consortium, options)),
        Validators::Sign { file, out } => sign(global, file, out),
        Validators::Submit { files } => with_consortium(global, |consortium| submit(consortium, files)),
    }
}

/// The address book of a node's home; a home of one process has none.
fn book(home: &Home) -> Option<AddressBook> {
    node_home::read_address_book(home.path()).ok()
}

fn next_height(root: &dyn RootChain) -> Height {
    Height(root.head().0.saturating_add(1))
}

fn show(consortium: &Consortium) -> Result<Value, CliError> {
    let (root, book) = (consortium.root(), book(consortium.home()));
    let (validators, next) = (root.validators()?, next_height(root.as_ref()));
    let coming = validators.changing(next);
    Ok(json!({
        "schema": "parclose.validators/1",
        "network": root.network().to_string(),
        "height": next.0,
        "changes": validators.changes.0,
        "set": validators.at(next).digest().to_string(),
        "validators": set_json(validators.at(next), book.as_ref()),
        "next_from_height": coming.map(|from| from.0),
        "next": coming.map(|from| set_json(validators.at(from), book.as_ref())),
    }))
}

fn set_json(set: &ValidatorSet, book: Option<&AddressBook>) -> Value {
    let validators = set.validators().iter().map(|validator| {
        json!({
            "key": validator.key.to_string(),
            "power": validator.power,
            "member": book.and_then(|book| book.member_of(&validator.key)),
        })
    });
    validators.collect()
}

fn propose(consortium: &Consortium, options: &ValidatorsPropose) -> Result<Value, CliError> {
    let (root, book) = (consortium.root(), book(consortium.home()));
    let (validators, next) = (root.validators()?, next_height(root.as_ref()));
    let window = root.genesis().parameters().window;
    let within = options.within.unwrap_or(window).min(window);
    let moves = Moves {
        add: options.add.iter().map(|path| newcomer(path)).collect::<Result<_, _>>()?,
        remove: options.remove.iter().map(|who| leaving(who, book.as_ref())).collect::<Result<_, _>>()?,
    };
    let last_height = Height(root.head().0.saturating_add(within));
    let file = ChangeFile::propose(root.network(), &validators, next, &moves, last_height)?;
    file.change().is_bounded(validators.at(next))?;
    write_text(&options.out, &file.to_json())?;
    let mut value = change_json(&file);
    value["schema"] = json!("parclose.validators-propose/1");
    value["file"] = json!(options.out.display().to_string());
    value["next"] =
        json!("more than two thirds of the validators sign it, and all new ones: parclose validators sign");
    Ok(value)
}

fn newcomer(path: &Path) -> Result<PublicKey, CliError> {
    let bytes = read_bytes(path, CARD_BYTES_MAX).map_err(|e| CliError::file(path, &e))?;
    NodeCard::parse(&bytes)?.claims().validator.ok_or_else(|| {
        let told = format!("the card `{}` names no validator key", path.display());
        CliError::usage(told, "have it made again by a node that joins with one")
    })
}

fn leaving(who: &str, book: Option<&AddressBook>) -> Result<PublicKey, CliError> {
    if let Ok(key) = who.parse() {
        return Ok(key);
    }
    let card = book.and_then(|book| book.card(who));
    card.and_then(|card| card.claims().validator).ok_or_else(|| {
        let told = format!("`{who}` is neither a key nor a member whose card names one");
        CliError::usage(told, "look who votes: parclose validators show")
    })
}

fn read(path: &Path) -> Result<ChangeFile, CliError> {
    let bytes = read_bytes(path, CHANGE_BYTES_MAX).map_err(|e| CliError::file(path, &e))?;
    Ok(ChangeFile::parse(&bytes)?)
}

/// Needs no running node; where one runs, it signs.
fn sign(global: &Global, path: &Path, out: &Path) -> Result<Value, CliError> {
    with_home(global, |home| sign_in(global, home, path, out))
}

fn sign_in(global: &Global, home: &Home, path: &Path, out: &Path) -> Result<Value, CliError> {
    let mut file = read(path)?;
    if file.network() != home.genesis()?.network() {
        let fix = "sign in the home of a node of that network";
        return Err(CliError::usage("the change is of another network than this home", fix));
    }
    let key_path = node_home::validator_key(home.path());
    let unlock = match hosting::here() {
        Some(here) => here.home().unlock().clone(),
        None => global.passphrase.opening(&key_path, &global.home)?,
    };
    let key = key_file::validator(&key_path, &unlock)?;
    file.sign(&key)?;
    write_text(out, &file.to_json())?;
    let mut value = change_json(&file);
    value["schema"] = json!("parclose.validators-sign/1");
    value["file"] = json!(out.display().to_string());
    value["signed_by"] = json!(key.public().to_string());
    Ok(value)
}

fn submit(consortium: &Consortium, paths: &[PathBuf]) -> Result<Value, CliError> {
    let mut files = paths.iter().map(|path| read(path));
    let mut gathered = files.next().ok_or_else(|| CliError::usage("no file", "give signed copies"))??;
    files.try_for_each(|file| Ok::<_, CliError>(gathered.merge(file?)?))?;
    let root = consortium.root();
    // What it lacks is told before it waits anywhere.
    let (validators, next) = (root.validators()?, next_height(root.as_ref()));
    gathered.update().is_signed(&root.network(), validators.at(next))?;
    let committed = root.commit(vec![RootTransaction::UpdateValidators(gathered.update())])?;
    let told = committed.outcomes.into_iter().next();
    let entry = told.ok_or_else(|| CliError::not_found("outcome"))??;
    let entry = entry.ok_or_else(|| CliError::not_found("event"))?;
    let ordered = root.events(&entry.tag, entry.sequence, 1)?;
    let height = ordered.first().map_or(committed.height, |event| event.height);
    let mut value = change_json(&gathered);
    value["schema"] = json!("parclose.validators-submit/1");
    value["height"] = json!(height.0);
    value["in_force_from"] = json!(in_force_from(height).0);
    Ok(value)
}

fn change_json(file: &ChangeFile) -> Value {
    let change = file.change();
    json!({
        "network": file.network().to_string(),
        "number": change.number.0,
        "last_height": change.last_height.0,
        "replaces": set_json(file.current(), None),
        "validators": set_json(&change.next, None),
        "signers": file.signers().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
