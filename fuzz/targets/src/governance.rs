//! How a channel changes: acts of its members, and what a joiner is shown and given.

use std::path::Path;

use parclose_channel::Setup;
use parclose_channel::setup::GENERATION;
use parclose_cli::contexts::file::Contexts;
use parclose_node::joining::{self, Card, Invitation};
use parclose_transaction::act::{ACT_ITEMS_MAX, CHANGES_MAX, REASON_BYTES_MAX};
use parclose_transaction::grant::GrantCover;
use parclose_transaction::{Act, Handed, UnverifiedTransaction};
use parclose_types::{Malformed, SignatureBytes, decode, encode, limits};

use crate::Reached;
use crate::world::WORLD;

/// An act has one encoding; in a transaction of an honest author it is taken exactly if what it counts is within
/// its limits and what it lists ascends.
pub fn governance_act(input: &[u8]) -> Reached {
    let Ok(act) = decode::<Act>("act", input, limits::TRANSACTION_BYTES_MAX / 2) else {
        return Reached::Door;
    };
    assert_eq!(encode(&act), input, "two encodings of one act");
    let mut body = WORLD.transactions.first().expect("somebody has written").body().clone();
    body.operations.clear();
    let well_formed = is_well_formed(&act);
    body.act = Some(act);
    let permanent = [encode(&body), encode(&SignatureBytes([0; 64]))].concat();
    match UnverifiedTransaction::decode(&permanent) {
        Ok(transaction) => {
            assert!(well_formed, "an act beyond its limits, or out of order, is taken");
            assert_eq!(transaction.claimed_body(), &body, "another act is read");
            Reached::Through
        }
        Err(Malformed::TooMany { .. } | Malformed::Unsorted { .. }) => {
            assert!(!well_formed, "an act within its limits is refused");
            Reached::Inside
        }
        Err(other) => panic!("a canonical act is refused as {other}"),
    }
}

/// The reference.
fn is_well_formed(act: &Act) -> bool {
    match act {
        Act::Move(motion) => motion.changes.len() <= CHANGES_MAX,
        Act::Deal { deal, .. } => deal.members.len() <= limits::MEMBERS_MAX,
        Act::Acknowledge { audiences, .. } => {
            audiences.len() <= ACT_ITEMS_MAX && audiences.windows(2).all(|pair| pair[0] < pair[1])
        }
        Act::Share(share) => {
            share.scopes.len() <= ACT_ITEMS_MAX && share.scopes.windows(2).all(|pair| pair[0] < pair[1])
        }
        Act::Grant(grant) => {
            let short = grant.name.len() <= 64 && grant.audience.len() <= 64 && grant.grantee.len() <= 1216;
            short && grant.members.len() <= 16 && grant.members.windows(2).all(|pair| pair[0] < pair[1])
        }
        Act::Cover(covers) => {
            let place = |cover: &GrantCover| (cover.configuration, cover.audience);
            covers.covers.len() <= 32
                && covers.covers.iter().all(|cover| cover.check_values.len() <= 62)
                && covers.covers.windows(2).all(|pair| place(&pair[0]) < place(&pair[1]))
        }
        Act::Confirm(confirmation) => {
            let signed = &confirmation.signatures;
            signed.len() <= 32
                && signed.windows(2).all(|pair| (pair[0].0, pair[0].1) < (pair[1].0, pair[1].1))
        }
        Act::Erase(erasure) => erasure.reason.len() <= REASON_BYTES_MAX,
        Act::Vote { .. }
        | Act::PublishKey(_)
        | Act::Complain { .. }
        | Act::Rewrap { .. }
        | Act::Approve { .. }
        | Act::Revoke { .. }
        | Act::Note { .. }
        | Act::Erased { .. } => true,
        Act::Reveal { access, .. } => {
            let field = match &access.what {
                Handed::Field { field, .. } | Handed::Bounds { field, .. } => field.as_str(),
                Handed::Export(_) | Handed::ViewKeys(_) => "",
            };
            access.to.len() <= 64 && field.len() <= 64
        }
    }
}

/// What a joiner gets of a founding: one encoding, and none holds but the one that was opened.
pub fn joiner_setup(input: &[u8]) -> Reached {
    let Ok(setup) = decode::<Setup>("setup", input, limits::BATCH_BYTES_MAX) else { return Reached::Door };
    assert_eq!(encode(&setup), input, "two encodings of one setup");
    if setup.check().is_err() {
        return Reached::Inside;
    }
    assert_eq!(setup, WORLD.setup, "a setup holds that nobody founded");
    Reached::Through
}

/// A card says in words what its entry says; an entry that is certified is a member's own.
pub fn card(input: &[u8]) -> Reached {
    let Ok(card) = joining::parse::<Card>(Path::new("card"), input) else { return Reached::Door };
    let Ok(entry) = card.entry() else { return Reached::Inside };
    assert_eq!(Card::of(&entry, card.generation, card.tag), card, "two cards of one entry");
    let certified = entry.certificate.verify(&WORLD.setup.config.channel, GENERATION).is_ok();
    let honest = WORLD.setup.config.members.iter().any(|member| member.certificate == entry.certificate);
    assert!(!certified || honest, "a certificate holds that nobody signed");
    if certified { Reached::Through } else { Reached::Inside }
}

/// An invitation that is taken is to this network, and names a channel by what is no path.
pub fn invitation(input: &[u8]) -> Reached {
    let Ok(invitation) = joining::parse::<Invitation>(Path::new("invitation"), input) else {
        return Reached::Door;
    };
    if invitation.check(WORLD.genesis.network()).is_err() {
        return Reached::Inside;
    }
    assert_eq!(invitation.network, WORLD.genesis.network(), "an invitation to another network");
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = &invitation.name;
    assert!((1..=64).contains(&name.len()) && name.chars().all(plain), "a channel that is a path");
    assert_eq!(invitation.card().name, *name, "a card of another channel");
    Reached::Through
}

/// A file of contexts names each by a plain name; the current one is found by its name or not at all.
pub fn contexts(input: &[u8]) -> Reached {
    let Ok(text) = std::str::from_utf8(input) else { return Reached::Door };
    let Ok(contexts) = Contexts::parse(text, Path::new("contexts.toml")) else { return Reached::Door };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    for name in contexts.contexts.keys() {
        assert!((1..=64).contains(&name.len()) && name.chars().all(plain), "a context without a plain name");
    }
    let Some(current) = &contexts.current else { return Reached::Inside };
    let found = contexts.named(current);
    assert_eq!(found.is_ok(), contexts.contexts.contains_key(current), "another context takes its place");
    if found.is_ok() { Reached::Through } else { Reached::Inside }
}
