//! What an auditor, a regulator or an operator is handed as a file.

use std::str::from_utf8;

use parclose_audit::bundle::Standing;
use parclose_audit::disclosure::{as_of, schema_of, verify_json as verify_json_of_field};
use parclose_audit::{
    Bundle, BundleInvalid, DisclosureInvalid, ReceiptInvalid, VerifiedDisclosure, WrappedViewKey, verify_json,
};
use parclose_crypto::hash::sha256;
use parclose_root::{Genesis, OrderProof};

use crate::Reached;
use crate::world::{CHANNEL_TOML, WORLD};

/// An order proof has one encoding, and proves no event but one that was ordered.
pub fn order_proof(input: &[u8]) -> Reached {
    let Ok(proof) = OrderProof::decode(input) else { return Reached::Door };
    assert_eq!(proof.encode(), input, "two encodings of one order proof");
    let Ok(event) = proof.verify(&WORLD.genesis) else { return Reached::Inside };
    let honest = WORLD.order_proofs.iter().find(|honest| honest.entry == *event.entry());
    let honest = honest.expect("an event is proven that was never ordered");
    let proven = (event.height(), &event.transaction().encode());
    assert_eq!(proven, (honest.header.height, &honest.transaction), "an event is proven elsewhere");
    Reached::Through
}

/// A receipt file proves no transaction, place or verdict but what came of it.
pub fn receipt_json(input: &[u8]) -> Reached {
    let Ok(text) = from_utf8(input) else { return Reached::Door };
    let receipt = match verify_json(text, &WORLD.genesis) {
        Ok(receipt) => receipt,
        Err(ReceiptInvalid::File { .. } | ReceiptInvalid::Malformed(_)) => return Reached::Door,
        Err(_) => return Reached::Inside,
    };
    let fate = WORLD.fates.get(receipt.transaction()).expect("a receipt of a transaction that never was");
    let (sequence, index, standing) = fate;
    assert_eq!((receipt.sequence(), receipt.index()), (*sequence, *index), "a receipt of another place");
    if let Some(outcome) = receipt.outcome() {
        assert_eq!(&Standing::Decided(outcome.verdict().clone()), standing, "a receipt of another verdict");
    }
    Reached::Through
}

/// A disclosure shows no value but one that was written, and as of no height at which it was not.
pub fn disclosure_json(input: &[u8]) -> Reached {
    let Ok(text) = from_utf8(input) else { return Reached::Door };
    let known = sha256(CHANNEL_TOML.as_bytes());
    let (written, as_of) = &WORLD.disclosed;
    let shown = if schema_of(text).as_deref() == Some(as_of::SCHEMA) {
        as_of::verify_json(text, &WORLD.genesis, Some(&known), None).map(|shown| {
            let honest = as_of.verify(&WORLD.genesis, Some(&known), None).expect("what is honest verifies");
            let heights = (honest.from(), honest.to());
            assert_eq!((shown.from(), shown.to()), heights, "a value as of other heights");
            (shown.written().clone(), honest.written().clone())
        })
    } else {
        verify_json_of_field(text, &WORLD.genesis, Some(&known)).map(|shown| {
            let honest = written.verify(&WORLD.genesis, Some(&known)).expect("what is honest verifies");
            (shown, honest)
        })
    };
    let (shown, honest) = match shown {
        Ok(both) => both,
        Err(DisclosureInvalid::File { .. } | DisclosureInvalid::Malformed(_)) => return Reached::Door,
        Err(_) => return Reached::Inside,
    };
    let of = |shown: &VerifiedDisclosure| (shown.record(), shown.field().to_owned(), shown.value().clone());
    assert_eq!(of(&shown), of(&honest), "another value than was written");
    Reached::Through
}

/// A bundle file has one form, and shows the channel's log as it is: nothing added, changed or left out.
pub fn bundle(input: &[u8]) -> Reached {
    let bundle = match Bundle::decode(input) {
        Ok(bundle) => bundle,
        Err(BundleInvalid::Malformed(_) | BundleInvalid::File { .. }) => return Reached::Door,
        Err(other) => panic!("reading from memory fails with {other}"),
    };
    assert_eq!(bundle.encode(), input, "two files of one bundle");
    let events = bundle.events.clone();
    let Ok(verified) = bundle.verify(&WORLD.genesis) else { return Reached::Inside };
    let (honest, setup) = (&WORLD.bundle, &WORLD.setup);
    assert_eq!(
        (verified.tag(), verified.config()),
        (&setup.tag, &setup.config),
        "a bundle of another channel"
    );
    assert_eq!(events, honest.events, "a bundle of another log");
    let mut shown = 0;
    for batch in verified.batches() {
        let ordered = WORLD.order_proofs.iter().find(|proof| proof.entry.sequence == batch.sequence);
        let height = ordered.map(|proof| proof.header.height);
        assert_eq!(height, Some(batch.height), "a bundle moves an event");
        for (index, transaction) in (0..).zip(&batch.transactions) {
            let fate = (batch.sequence, index, transaction.standing.clone());
            assert_eq!(WORLD.fates.get(&transaction.digest), Some(&fate), "a bundle changes a fate");
            shown += 1;
        }
    }
    let whole = [verified.void(), verified.not_shown(), verified.not_exported()].iter().all(|l| l.is_empty());
    assert!(!whole || shown == WORLD.fates.len(), "a bundle that is whole leaves a transaction out");
    Reached::Through
}

/// A view key file says what its bytes say; what opens is the key that the readers granted.
pub fn wrapped_view_key_json(input: &[u8]) -> Reached {
    let Some(wrapped) = from_utf8(input).ok().and_then(|text| WrappedViewKey::from_json(text).ok()) else {
        return Reached::Door;
    };
    assert_eq!(
        WrappedViewKey::from_json(&wrapped.to_json()).as_ref(),
        Ok(&wrapped),
        "a file changes its key"
    );
    let granted = wrapped.grant.verify(&WORLD.setup.config, &WORLD.audience).is_ok();
    assert!(!granted || wrapped.grant == WORLD.wrapped.grant, "a grant holds that no reader signed");
    let Ok(key) = wrapped.open(&WORLD.regulator) else { return Reached::Inside };
    assert_eq!(key.to_bytes().as_slice(), WORLD.view_key, "a view key opens that was never wrapped");
    if granted { Reached::Through } else { Reached::Inside }
}

/// A genesis file and what is read from it are the same network.
pub fn genesis_json(input: &[u8]) -> Reached {
    let Ok(text) = from_utf8(input) else { return Reached::Door };
    let Ok(genesis) = Genesis::from_json(text) else { return Reached::Door };
    let again = Genesis::from_json(&genesis.to_json()).expect("a written genesis is read again");
    assert_eq!((&again, again.network()), (&genesis, genesis.network()), "a file changes its network");
    assert_eq!(
        genesis == WORLD.genesis,
        genesis.network() == WORLD.genesis.network(),
        "two networks of one id"
    );
    Reached::Through
}
