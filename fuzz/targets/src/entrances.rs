//! Every entrance of outside bytes by its name: the bytes in, or the id of the rule that refuses them.
//!
//! The targets of this crate ask whether an input breaks a promise. Here the question is which rule an input
//! breaks: hostile vectors ([`crate::vectors`]) name the rule that has to answer, and the sweep deforms a
//! good value of each entrance in every way. `decode` reads the form alone; `take` goes on to whatever can be
//! checked in the honest world without a store.

use std::path::Path;

use parclose_audit::{Bundle, Receipt, WrappedViewKey, verify_json};
use parclose_channel::{EndorseRefused, Proposal, Setup};
use parclose_cli::contexts::file::Contexts;
use parclose_crypto::keystore::SealedKey;
use parclose_crypto::padding::{pad, unpad};
use parclose_crypto::{NotAPassphrase, Passphrase};
use parclose_exchange::{Gathering, Message};
use parclose_keys::ViewKey;
use parclose_node::home::HomeFile;
use parclose_node::joining::{self, Card, Invitation};
use parclose_node::key_file::form::KeyFile;
use parclose_node::key_file::{KeyFileError, Unusable};
use parclose_root::{
    CloseStatement, Genesis, OrderProof, RootState, RootTransaction, RotateStatement, TagProof,
};
use parclose_transaction::{Definition, KnownSignatures, UnverifiedTransaction};
use parclose_types::{Failure, decode, encode, limits};

use crate::dealing::DEALING;
use crate::key_files::HONEST;
use crate::texts::parse_policy;
use crate::world::WORLD;

/// The id of the rule that refuses an input.
pub type Rule = &'static str;

/// How the values of an entrance are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// each value has one encoding
    Canonical,
    /// people and other programs write it in more than one way
    Text,
}

/// One entrance.
#[derive(Clone, Copy)]
pub struct Entrance {
    /// its name, and that of its file of vectors
    pub name: &'static str,
    /// how its values are written
    pub form: Form,
    /// reads the form, and writes it again
    pub decode: fn(&[u8]) -> Result<Vec<u8>, Rule>,
    /// reads the form, and checks all that needs no store
    pub take: fn(&[u8]) -> Result<(), Rule>,
}

impl std::fmt::Debug for Entrance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn canonical(
    name: &'static str,
    decode: fn(&[u8]) -> Result<Vec<u8>, Rule>,
    take: fn(&[u8]) -> Result<(), Rule>,
) -> Entrance {
    Entrance { name, form: Form::Canonical, decode, take }
}

const fn text(
    name: &'static str,
    decode: fn(&[u8]) -> Result<Vec<u8>, Rule>,
    take: fn(&[u8]) -> Result<(), Rule>,
) -> Entrance {
    Entrance { name, form: Form::Text, decode, take }
}

/// All entrances.
pub const ENTRANCES: &[Entrance] = &[
    canonical("message", message, |b| message(b).map(drop)),
    canonical("frames", frames, |b| frames(b).map(drop)),
    canonical("transaction", transaction, take_transaction),
    canonical("proposal", proposal, take_proposal),
    canonical("root_opening", root_transaction, |b| take_root(b, &WORLD.fresh)),
    canonical("root_transaction", root_transaction, |b| take_root(b, &WORLD.opened)),
    canonical("root_deal", root_transaction, |b| take_root(b, &DEALING.state)),
    canonical("rotation_statement", rotation_statement, |b| rotation_statement(b).map(drop)),
    canonical("close_statement", close_statement, |b| close_statement(b).map(drop)),
    canonical("setup", setup, take_setup),
    canonical("order_proof", order_proof, take_order_proof),
    canonical("tag_proof", tag_proof, take_tag_proof),
    canonical("receipt", receipt, take_receipt),
    canonical("bundle", bundle, take_bundle),
    canonical("wrapped_view_key", wrapped_view_key, take_wrapped_view_key),
    canonical("view_key", view_key, |b| view_key(b).map(drop)),
    canonical("sealed_key", sealed_key, take_sealed_key),
    canonical("padding", padding, |b| padding(b).map(drop)),
    canonical("key_file", key_file, |b| key_file(b).map(drop)),
    canonical("archive_content", crate::archive::content, |b| crate::archive::content(b).map(drop)),
    canonical("archive", crate::archive::sealed, |b| crate::archive::sealed(b).map(drop)),
    text("receipt_json", receipt_json, |b| receipt_json(b).map(drop)),
    text("view_key_json", view_key_json, |b| view_key_json(b).map(drop)),
    text("genesis_json", genesis_json, |b| genesis_json(b).map(drop)),
    text("definition", definition, |b| definition(b).map(drop)),
    text("policy", policy, |b| policy(b).map(drop)),
    text("mapping", crate::tables::mapping_rule, |b| crate::tables::mapping_rule(b).map(drop)),
    text("table", crate::tables::table_rule, |b| crate::tables::table_rule(b).map(drop)),
    text("contexts", contexts, |b| contexts(b).map(drop)),
    text("invitation", invitation, |b| invitation(b).map(drop)),
    text("card", card, |b| card(b).map(drop)),
    text("home", home, |b| home(b).map(drop)),
    text("passphrase", passphrase, |b| passphrase(b).map(drop)),
];

/// An entrance by its name.
#[must_use]
pub fn entrance(name: &str) -> Option<&'static Entrance> {
    ENTRANCES.iter().find(|entrance| entrance.name == name)
}

/// A rule, whichever stage names it.
pub(crate) fn rule(failure: impl Failure) -> Rule {
    failure.rule()
}

/// Text, or the rule that refuses an entrance's other bytes.
pub(crate) fn utf_8(bytes: &[u8], otherwise: Rule) -> Result<&str, Rule> {
    std::str::from_utf8(bytes).map_err(|_| otherwise)
}

fn message(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    Message::from_bytes(bytes).map(|message| message.to_bytes()).map_err(rule)
}

/// Frames of one peer, each behind its length as `u32be`; the last one completes a message.
fn frames(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let (mut gathering, mut rest, mut whole) = (Gathering::default(), bytes, None);
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<4>().ok_or("WIR-07")?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| "WIR-07")?;
        let (frame, after) = after.split_at_checked(length).ok_or("WIR-07")?;
        whole = gathering.take(frame).map_err(rule)?;
        rest = after;
    }
    whole.map(|_| bytes.to_vec()).ok_or("WIR-07")
}

/// As the target of this name: `u32be length of the permanent part, permanent part, sealed part`.
fn two_parts(input: &[u8]) -> Result<(&[u8], &[u8]), Rule> {
    let (length, rest) = input.split_first_chunk::<4>().ok_or("WIR-02")?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| "WIR-03")?;
    rest.split_at_checked(length).ok_or("WIR-02")
}

fn transaction(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let (permanent, prunable) = two_parts(bytes)?;
    let transaction = UnverifiedTransaction::decode(permanent).map_err(rule)?;
    let sealed = transaction.check_sealed(prunable).map_err(rule)?;
    let body = encode(transaction.claimed_body());
    let signature = permanent.get(body.len()..).unwrap_or_default();
    Ok(crate::ledger::join_parts(&[&body, signature].concat(), &encode(&sealed)))
}

fn take_transaction(bytes: &[u8]) -> Result<(), Rule> {
    transaction(bytes)?;
    let transaction = UnverifiedTransaction::decode(two_parts(bytes)?.0).map_err(rule)?;
    let is_member = |key: &_| WORLD.members.contains(key);
    transaction.authenticate(&WORLD.setting, is_member, &mut KnownSignatures::default()).map_err(rule)?;
    Ok(())
}

fn proposal(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    Proposal::decode(bytes).map(|proposal| encode(&proposal)).map_err(rule)
}

fn take_proposal(bytes: &[u8]) -> Result<(), Rule> {
    let refused = |malformed| EndorseRefused::from(malformed).rule();
    let batch = Proposal::decode(bytes).map_err(rule)?.batch;
    batch.check_form().map_err(refused)?;
    for (permanent, prunable) in batch.permanent.iter().zip(&batch.prunable) {
        UnverifiedTransaction::decode(permanent).and_then(|tx| tx.check_sealed(prunable)).map_err(refused)?;
    }
    Ok(())
}

fn root_transaction(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    RootTransaction::decode(bytes).map(|transaction| transaction.encode()).map_err(rule)
}

fn take_root(bytes: &[u8], state: &RootState) -> Result<(), Rule> {
    let transaction = RootTransaction::decode(bytes).map_err(rule)?;
    let (_, rejected) = state.build([transaction]);
    rejected.into_iter().next().map_or(Ok(()), |(_, reject)| Err(reject.rule()))
}

fn rotation_statement(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let limit = limits::ROOT_TRANSACTION_BYTES_MAX;
    decode::<RotateStatement>("statement", bytes, limit).map(|s| encode(&s)).map_err(rule)
}

fn close_statement(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let limit = limits::ROOT_TRANSACTION_BYTES_MAX;
    decode::<CloseStatement>("statement", bytes, limit).map(|s| encode(&s)).map_err(rule)
}

fn setup(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    decode::<Setup>("setup", bytes, limits::BATCH_BYTES_MAX).map(|setup| encode(&setup)).map_err(rule)
}

fn take_setup(bytes: &[u8]) -> Result<(), Rule> {
    let setup = decode::<Setup>("setup", bytes, limits::BATCH_BYTES_MAX).map_err(rule)?;
    setup.check().map(drop).map_err(rule)
}

fn order_proof(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    OrderProof::decode(bytes).map(|proof| proof.encode()).map_err(rule)
}

fn take_order_proof(bytes: &[u8]) -> Result<(), Rule> {
    OrderProof::decode(bytes).map_err(rule)?.verify(&WORLD.genesis).map(drop).map_err(rule)
}

fn tag_proof(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    TagProof::decode(bytes).map(|proof| proof.encode()).map_err(rule)
}

fn take_tag_proof(bytes: &[u8]) -> Result<(), Rule> {
    TagProof::decode(bytes).map_err(rule)?.verify(&WORLD.genesis).map(drop).map_err(rule)
}

fn receipt(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    Receipt::decode(bytes).map(|receipt| receipt.encode()).map_err(rule)
}

fn take_receipt(bytes: &[u8]) -> Result<(), Rule> {
    Receipt::decode(bytes).map_err(rule)?.verify(&WORLD.genesis).map(drop).map_err(rule)
}

fn receipt_json(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    verify_json(utf_8(bytes, "REC-01")?, &WORLD.genesis).map(|_| bytes.to_vec()).map_err(rule)
}

fn bundle(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    Bundle::decode(bytes).map(|bundle| bundle.encode()).map_err(rule)
}

/// A bundle in which nothing is shown of what it has no reason to keep back.
fn take_bundle(bytes: &[u8]) -> Result<(), Rule> {
    Bundle::decode(bytes).map_err(rule)?.verify(&WORLD.genesis).map(drop).map_err(rule)
}

fn wrapped_view_key(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    WrappedViewKey::decode(bytes).map(|wrapped| wrapped.encode()).map_err(rule)
}

fn take_wrapped_view_key(bytes: &[u8]) -> Result<(), Rule> {
    let wrapped = WrappedViewKey::decode(bytes).map_err(rule)?;
    wrapped.grant.verify(&WORLD.setup.config, &WORLD.audience).map_err(rule)?;
    wrapped.open(&WORLD.regulator).map(drop).map_err(rule)
}

fn view_key_json(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let wrapped = WrappedViewKey::from_json(utf_8(bytes, "GRA-10")?).map_err(rule)?;
    Ok(wrapped.to_json().into_bytes())
}

fn view_key(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    ViewKey::from_bytes(bytes).map(|key| key.to_bytes().to_vec()).map_err(rule)
}

fn sealed_key(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    SealedKey::decode(bytes).map(|sealed| sealed.encode()).map_err(rule)
}

/// Under the stretched passphrase of the first owner, so that an honest cost is not paid here.
fn take_sealed_key(bytes: &[u8]) -> Result<(), Rule> {
    let sealed = SealedKey::decode(bytes).map_err(rule)?;
    HONEST[0].open(&sealed).map_err(rule)
}

fn padding(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    unpad(bytes).map(|plaintext| pad(plaintext).to_vec()).ok_or("SEA-04")
}

fn key_file(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let refused = |cause: Unusable| KeyFileError { path: String::new(), cause }.rule();
    KeyFile::parse(bytes).map(|file| file.to_text().into_bytes()).map_err(refused)
}

fn genesis_json(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let genesis = Genesis::from_json(utf_8(bytes, "ROO-33")?).map_err(rule)?;
    Ok(genesis.to_json().into_bytes())
}

fn definition(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    Definition::parse("channel.toml", utf_8(bytes, "DEF-01")?).map(|_| bytes.to_vec()).map_err(rule)
}

/// A policy, a zero byte, and its schema.
fn policy(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let text = utf_8(bytes, "ACC-13")?;
    let (policy, schema) = text.split_once('\0').unwrap_or((text, crate::world::SCHEMA));
    parse_policy(policy, schema).map(|_| bytes.to_vec()).map_err(rule)
}

/// With the current context, which must be there.
fn contexts(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let contexts = Contexts::parse(utf_8(bytes, "CTX-01")?, Path::new("contexts.toml")).map_err(rule)?;
    contexts.current.iter().try_for_each(|name| contexts.named(name).map(drop)).map_err(rule)?;
    Ok(bytes.to_vec())
}

/// An invitation to the network of the honest world.
fn invitation(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let invitation = joining::parse::<Invitation>(Path::new("invitation"), bytes).map_err(rule)?;
    invitation.check(WORLD.genesis.network()).map_err(rule)?;
    Ok(bytes.to_vec())
}

fn card(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    let card = joining::parse::<Card>(Path::new("card"), bytes).map_err(rule)?;
    card.entry().map(|_| bytes.to_vec()).map_err(rule)
}

fn home(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    HomeFile::parse(Path::new("home.json"), bytes).map(|_| bytes.to_vec()).map_err(rule)
}

fn passphrase(bytes: &[u8]) -> Result<Vec<u8>, Rule> {
    match Passphrase::read(&mut &*bytes) {
        Ok(_) => Ok(bytes.to_vec()),
        Err(NotAPassphrase::Empty | NotAPassphrase::TooLong) => Err("PAS-01"),
        Err(NotAPassphrase::Unreadable(_)) => Err("PAS-03"),
    }
}
