use parclose_keys::cover::Cover;
use parclose_types::{FieldId, RecordId};

use super::*;
use crate::fixtures::{CHANNEL, EPOCH, GENERATION, SCF_CHANNEL};

fn place(audience: &[&str]) -> FieldPlace {
    FieldPlace {
        channel: CHANNEL,
        generation: GENERATION,
        epoch: EPOCH,
        audience: SCF_CHANNEL.audience(audience),
        class: ClassId(3),
        record_key: parclose_keys::record_key_hash("receivable", &RecordId([1; 32])),
        field: FieldId(5),
        salt_digest: parclose_keys::field::salt_digest(&[2; 32]),
    }
}

fn key(reader: &dyn Perspective, place: &FieldPlace) -> Option<[u8; 32]> {
    reader.field_key(place, &[2; 32], &place.context()).map(|key| key.expose(|bytes| *bytes))
}

fn ring(name: &str) -> &'static KeyRing {
    &SCF_CHANNEL.person(name).ring
}

fn view_key(from: u32, to: u32) -> ViewKey {
    let (audience, class) = (SCF_CHANNEL.audience(&["acme", "supplierco"]), ClassId(3));
    let seed = ring("acme").class(&audience, class).unwrap();
    let cover = Cover::cut(&seed, Epoch(from), Epoch(to));
    ViewKey { channel: CHANNEL, generation: GENERATION, audience, class, cover }
}

#[test]
fn members_of_an_audience_derive_one_key_and_others_none() {
    let trade = place(&["acme", "supplierco"]);
    let found = key(ring("acme"), &trade);
    assert!(found.is_some());
    assert_eq!(key(ring("supplierco"), &trade), found);
    assert_eq!(key(ring("northbank"), &trade), None);
    assert_eq!(key(&Nobody, &trade), None);
    assert!(ring("acme").holds(&trade.audience) && !ring("northbank").holds(&trade.audience));
    assert!(ring("northbank").class(&trade.audience, ClassId(3)).is_none());
}

#[test]
fn a_ring_reaches_its_channel_and_generation_only() {
    let here = place(&["acme", "supplierco"]);
    assert_eq!(key(ring("acme"), &FieldPlace { channel: ChannelId([9; 32]), ..here }), None);
    assert_eq!(key(ring("acme"), &FieldPlace { generation: Generation(9), ..here }), None);
    assert_eq!(key(ring("acme"), &FieldPlace { audience: AudienceId([9; 32]), ..here }), None);
}

#[test]
fn every_class_epoch_and_context_has_its_own_key() {
    let here = place(&["acme", "supplierco"]);
    let places = [
        here,
        FieldPlace { class: ClassId(4), ..here },
        FieldPlace { epoch: Epoch(8), ..here },
        FieldPlace { field: FieldId(6), ..here },
        place(&["acme", "northbank", "supplierco"]),
    ];
    let mut keys: Vec<_> = places.iter().map(|place| key(ring("acme"), place).unwrap()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), places.len());
}

#[test]
fn remembered_leaves_are_the_leaves_and_their_number_is_bounded() {
    let here = place(&["acme", "supplierco"]);
    let acme = SCF_CHANNEL.person("acme").ring_for(CHANNEL, GENERATION);
    let seed = acme.class(&here.audience, here.class).unwrap();
    let rounds = u32::try_from(LEAVES_MAX).unwrap() + 50;
    for epoch in (0..rounds).chain([0, 1, rounds - 1]) {
        let place = FieldPlace { epoch: Epoch(epoch), ..here };
        let fresh = FieldKey::derive(&seed.leaf(Epoch(epoch)), &[2; 32], &place.context());
        assert_eq!(key(&acme, &place), Some(fresh.expose(|bytes| *bytes)), "epoch {epoch}");
    }
    assert!(acme.leaves.lock().unwrap().leaves.len() <= LEAVES_MAX);
}

#[test]
fn a_view_key_gives_the_members_key_inside_its_scope_and_none_outside() {
    let here = place(&["acme", "supplierco"]);
    let (view, found) = (view_key(5, 9), key(ring("acme"), &here));
    assert_eq!(key(&view, &here), found);
    for epoch in 0..20 {
        let place = FieldPlace { epoch: Epoch(epoch), ..here };
        let expected = (5..=9).contains(&epoch).then(|| key(ring("acme"), &place).unwrap());
        assert_eq!(key(&view, &place), expected, "epoch {epoch}");
    }
    assert_eq!(key(&view, &FieldPlace { class: ClassId(4), ..here }), None);
    assert_eq!(key(&view, &FieldPlace { channel: ChannelId([9; 32]), ..here }), None);
    assert_eq!(key(&view, &FieldPlace { generation: Generation(9), ..here }), None);
    assert_eq!(key(&view, &place(&["acme", "northbank", "supplierco"])), None);
}

#[test]
fn a_ring_holds_every_generation_and_the_covers_that_it_was_given() {
    let here = place(&["acme", "supplierco"]);
    let found = key(ring("acme"), &here);
    let mut bank = SCF_CHANNEL.person("northbank").ring_for(CHANNEL, GENERATION);
    assert_eq!(key(&bank, &here), None);
    bank.insert_shared(view_key(5, 9));
    assert_eq!(key(&bank, &here), found, "through the cover");
    assert_eq!(key(&bank, &FieldPlace { epoch: Epoch(10), ..here }), None, "and no further");
    assert!(!bank.holds(&here.audience), "a cover makes nobody a member of the audience");
    let later = FieldPlace { generation: Generation(3), audience: AudienceId([8; 32]), ..here };
    let secret = parclose_keys::audience::hazmat::audience_from_bytes([4; 32]);
    bank.insert(Generation(3), AudienceId([8; 32]), secret);
    assert!(key(&bank, &later).is_some());
    assert_eq!(
        key(&bank, &FieldPlace { generation: GENERATION, ..later }),
        None,
        "of its own generation only"
    );
    assert_eq!(key(&bank, &here), found, "the older keys still open");
}

#[test]
fn a_ring_prints_how_much_it_holds_and_not_what() {
    assert_eq!(format!("{:?}", ring("supplierco")), "KeyRing(4 audiences, 0 covers)");
    assert_eq!(format!("{:?}", ring("acme")), "KeyRing(4 audiences, 0 covers)");
}
