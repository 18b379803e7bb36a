//! A regulator's view key opens one class of one channel over its epochs, and nothing else.
//!
//! The grant is for the amounts of the second of three epochs of `trade-a`. The regulator has its own
//! key, the genesis, the wrapped view key, and an export by a member that it does not trust.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use parclose_audit::bundle::OrderedEvent;
use parclose_audit::{Bundle, Grant, GrantScope, GrantTerms, VerifiedBundle, WrappedViewKey};
use parclose_keys::ViewKey;
use parclose_node::{Consortium, key_file, randomness};
use parclose_transaction::{FieldState, FieldValue};
use parclose_types::{Epoch, Height, RecordId, Sequence, hex};
use support::{issue, opened, receivable, up, within};

const ISSUER: (&str, &str) = ("supplier-a", "trade-a");
const SECOND: (&str, &str) = ("bank-1", "trade-a");
/// Records of each epoch.
const EACH: u64 = 3;

/// A consortium whose `trade-a` has records in three epochs.
struct Year {
    consortium: Consortium,
    epochs: [Epoch; 3],
    /// record -> epoch, minor units
    amounts: BTreeMap<RecordId, (Epoch, u64)>,
}

fn year(home: &Path) -> Year {
    let consortium = up(home);
    let mut amounts = BTreeMap::new();
    let epochs = [0_u64, 1, 2].map(|turn| {
        let head = consortium.root().head();
        let epoch = within(&consortium, ISSUER, move |channel| channel.epoch_at(head).0);
        for at in 0..EACH {
            let (number, minor) = (format!("INV-{turn}-{at}"), 1_000_000 * (turn + 1) + at);
            issue(&consortium, ISSUER, &number, minor);
            let named = number.clone();
            let record =
                within(&consortium, ISSUER, move |channel| receivable(channel, &named, minor).record);
            amounts.insert(record, (epoch, minor));
            // The same amounts in another channel, which the view key must not reach.
            issue(&consortium, ("supplier-b", "trade-b"), &number, minor);
        }
        next_epoch(&consortium);
        epoch
    });
    consortium.quiesce();
    Year { consortium, epochs, amounts }
}

fn next_epoch(consortium: &Consortium) {
    let head = consortium.root().head();
    let left =
        within(consortium, ISSUER, move |channel| channel.config().epoch_length - channel.epoch_at(head).1);
    consortium.advance(Height(head.0 + left)).expect("time passes");
}

/// Issuer and second reader sign a grant of the amounts of some epochs; the issuer wraps the key.
fn grant(consortium: &Consortium, grantee: &[u8], (from, to): (Epoch, Epoch)) -> WrappedViewKey {
    let second = within(consortium, SECOND, |channel| channel.pseudonym().public());
    let to_grantee = grantee.to_vec();
    let terms = within(consortium, ISSUER, move |channel| {
        let (definition, config) = (channel.definition(), channel.config());
        let field = definition.record_named("receivable").unwrap().field_named("face_amount").unwrap();
        let rule = definition.audience(&field.audience).unwrap();
        let parties = receivable(channel, "any", 1).parties;
        let parties = parties.iter().map(|(slot, member)| (slot.as_str(), *member)).collect();
        let scope = GrantScope {
            channel: channel.id(),
            generation: config.generation,
            audience: config.audience_of(&config.audience_members(rule, &parties)),
            class: definition.class_named("amount").unwrap().id,
            from,
            to,
        };
        GrantTerms::draw_up(channel.keys(), scope, &to_grantee, channel.pseudonym().public(), second).unwrap()
    });
    let signed = |by: (&str, &str)| {
        let terms = terms.clone();
        within(consortium, by, move |channel| terms.sign(channel.keys(), channel.pseudonym()).unwrap())
    };
    let grant =
        Grant { issuer_signature: signed(ISSUER), second_signature: signed(SECOND), terms: terms.clone() };
    let to_grantee = grantee.to_vec();
    within(consortium, ISSUER, move |channel| {
        WrappedViewKey::issue(channel.keys(), grant, &to_grantee, &mut randomness::generator()).unwrap()
    })
}

/// What a member exports of its channel, as bytes.
fn export(consortium: &Consortium, by: (&str, &str), epochs: Option<(Epoch, Epoch)>) -> Vec<u8> {
    let root = consortium.root().clone();
    within(consortium, by, move |channel| {
        let tag = channel.tag();
        let events = root.events(&tag, Sequence(0), usize::MAX).unwrap();
        let proof = root.prove_tag(&tag).unwrap().unwrap();
        let ordered = |event: &parclose_consensus::FinalEvent| OrderedEvent {
            height: event.height,
            transaction: event.transaction.encode(),
        };
        Bundle::export(channel, events.iter().map(ordered).collect(), proof, epochs).unwrap().encode()
    })
}

fn verified(year: &Year, bytes: &[u8]) -> VerifiedBundle {
    Bundle::decode(bytes).unwrap().verify(year.consortium.root().genesis()).unwrap()
}

/// The regulator's own key file.
fn regulator_key(year: &Year) -> std::path::PathBuf {
    year.consortium.home().regulator_directory().join("regulator.key")
}

/// The view key as the regulator unwraps it, for one epoch.
fn view_key(year: &Year, epoch: Epoch) -> (WrappedViewKey, ViewKey) {
    let file = regulator_key(year);
    let grantee = hex::decode(&key_file::inspect(&file).unwrap().public).unwrap();
    let wrapped =
        WrappedViewKey::from_json(&grant(&year.consortium, &grantee, (epoch, epoch)).to_json()).unwrap();
    let key = wrapped.open(&key_file::regulator(&file, year.consortium.home().unlock()).unwrap()).unwrap();
    (wrapped, key)
}

#[test]
fn a_regulator_sees_only_granted_fields() {
    let folder = tempfile::tempdir().unwrap();
    let year = year(&folder.path().join("home"));
    let granted = year.epochs[1];
    let (wrapped, key) = view_key(&year, granted);
    // Even a whole export opens no more than the grant.
    for epochs in [None, Some((granted, granted))] {
        let bundle = verified(&year, &export(&year.consortium, SECOND, epochs));
        bundle.accept(&wrapped.grant).unwrap();
        let audit = bundle.read(std::slice::from_ref(&key));
        assert!(audit.malformed.is_empty());
        assert_eq!(audit.opened_fields, EACH, "one field of each record of the epoch");
        let mut sum = 0;
        for record in &audit.records {
            let (epoch, minor) = year.amounts[&record.record];
            for (name, state) in &record.fields {
                let expected = FieldState::Opened(FieldValue::Amount(minor, *b"GBP"));
                let in_scope = epoch == granted && name == "face_amount";
                assert_eq!(
                    *state,
                    if in_scope { expected } else { FieldState::Sealed },
                    "{name} of {epoch:?}"
                );
                sum += if in_scope { minor } else { 0 };
            }
        }
        assert_eq!(sum, (0..EACH).map(|at| 2_000_000 + at).sum::<u64>());
    }
    drop(year.consortium.close());
}

#[test]
fn the_view_key_opens_nothing_in_any_store_outside_its_scope() {
    let folder = tempfile::tempdir().unwrap();
    let year = year(&folder.path().join("home"));
    let (_, key) = view_key(&year, year.epochs[1]);
    let key = std::sync::Arc::new(key);
    for (member, channel) in
        [ISSUER, SECOND, ("buyer", "trade-a"), ("buyer", "trade-b"), ("bank-2", "trade-b")]
    {
        let reader = key.clone();
        let seen = within(&year.consortium, (member, channel), move |channel| opened(channel, &*reader));
        assert!(seen.iter().all(|(name, _)| name == "face_amount"));
        assert_eq!(seen.len() as u64, if channel == "trade-a" { EACH } else { 0 }, "{member}'s {channel}");
    }
    let own = within(&year.consortium, ISSUER, |channel| opened(channel, channel.keys()));
    assert_eq!(own.len() as u64, 3 * EACH * 7, "the search is not blind: the issuer opens everything");
    drop(year.consortium.close());
}

#[test]
fn a_wrapped_key_a_grant_and_an_export_do_not_serve_anybody_else() {
    let folder = tempfile::tempdir().unwrap();
    let year = year(&folder.path().join("home"));
    let (wrapped, _) = view_key(&year, year.epochs[1]);
    let unlock = year.consortium.home().unlock();
    let other = year.consortium.home().path().join("other.key");
    let kind = key_file::KeyKind::Regulator;
    key_file::generate(&other, kind, None, unlock, &mut randomness::generator()).unwrap();
    let other = key_file::regulator(&other, unlock).unwrap();
    assert!(wrapped.open(&other).is_err(), "another regulator's key opens it");
    let foreign = verified(&year, &export(&year.consortium, ("buyer", "trade-b"), None));
    assert!(foreign.accept(&wrapped.grant).is_err(), "a grant serves in another channel");
    let mut longer = wrapped.grant;
    longer.terms.scope.to = year.epochs[2];
    let bytes = export(&year.consortium, SECOND, None);
    assert!(verified(&year, &bytes).accept(&longer).is_err(), "a stretched grant is accepted");
    let genesis = year.consortium.root().genesis().clone();
    let whole = verified(&year, &bytes);
    assert!(whole.not_shown().is_empty(), "the whole export shows everything");
    let step = bytes.len() / 64;
    for at in (0..bytes.len()).step_by(step) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let Ok(held) = Bundle::decode(&changed).map(|bundle| bundle.verify(&genesis)) else {
            continue;
        };
        // What an exporter may say otherwise is how much it shows (BUN-07, BUN-08), and then it is told.
        let told = |held: &VerifiedBundle| !held.not_shown().is_empty() || held.epochs() != whole.epochs();
        assert!(held.as_ref().map_or(true, told), "an export with byte {at} changed verifies");
    }
    drop(year.consortium.close());
}
