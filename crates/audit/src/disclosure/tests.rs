//! Each step of a disclosure, broken alone; then every byte of one.

use parclose_channel::ChannelError;
use parclose_keys::{FieldPlace, record_key_hash};
use parclose_root::Genesis;
use parclose_transaction::FieldValue;
use parclose_types::Failure;
use serde_json::Value;

use super::*;
use crate::fixtures::{Consortium, genesis};

/// Event 1: two records of one batch. Event 2: an update of the first. Event 3: an empty batch that attests event 2.
struct Scene(Consortium);

const RECORD: RecordId = RecordId([1; 32]);

fn scene() -> Scene {
    let mut consortium = Consortium::new();
    let batch = [consortium.statement(0, 1, 1, 10), consortium.statement(0, 2, 1, 12)];
    consortium.anchored(&batch);
    let update = consortium.statement(0, 1, 2, 13);
    consortium.anchored(&[update]);
    consortium.anchored(&[]);
    Scene(consortium)
}

impl Scene {
    fn disclosed(&self, record: u8, field: &str) -> Disclosure {
        let consortium = &self.0;
        let proof = |sequence| consortium.order_proof(sequence);
        Disclosure::prove(&consortium.members[1], &RecordId([record; 32]), field, proof).unwrap()
    }

    fn genesis(&self) -> &Genesis {
        self.0.genesis()
    }

    fn refused(&self, change: impl FnOnce(&mut Disclosure)) -> &'static str {
        let mut disclosure = self.disclosed(1, "documents");
        change(&mut disclosure);
        disclosure.verify(self.genesis(), None).unwrap_err().rule()
    }
}

#[test]
fn a_field_is_shown_to_whoever_has_nothing_but_the_genesis() {
    let scene = scene();
    for (field, value) in [
        ("month", FieldValue::Text("2026-10".into())),
        ("documents", FieldValue::Integer(13)),
        ("total", FieldValue::Amount(1300, *b"GBP")),
    ] {
        let disclosed = scene.disclosed(1, field);
        assert_eq!(Disclosure::decode(&disclosed.encode()), Ok(disclosed.clone()));
        let verified = disclosed.verify(scene.genesis(), None).unwrap();
        assert_eq!((verified.field(), verified.value()), (field, &value));
        assert_eq!((verified.record(), verified.record_type(), verified.version()), (RECORD, "statement", 2));
        assert_eq!(verified.body().author, scene.0.pseudonym(0));
        assert_eq!(verified.template(), "bilateral");
    }
    assert_eq!(scene.disclosed(2, "documents").verify(scene.genesis(), None).unwrap().version(), 1);
}

#[test]
fn the_key_of_one_field_opens_no_other() {
    let scene = scene();
    let (one, other) = (scene.disclosed(1, "documents"), scene.disclosed(1, "total"));
    assert_ne!(one.key, other.key);
    let swapped = Disclosure { key: one.key, ..other };
    assert_eq!(swapped.verify(scene.genesis(), None).unwrap_err().rule(), "DIS-06");
}

#[test]
fn dis_12_only_what_a_member_opens_and_what_is_attested_is_disclosed() {
    let mut young = Consortium::new();
    let statement = young.statement(0, 1, 1, 10);
    young.anchored(&[statement]);
    let proof = |sequence| young.order_proof(sequence);
    let early = Disclosure::prove(&young.members[1], &RECORD, "month", proof);
    assert!(matches!(early, Err(NotDisclosed::Channel(ChannelError::NotAttested { .. }))));
    let scene = scene();
    let consortium = &scene.0;
    let proof = |sequence| consortium.order_proof(sequence);
    let absent = |record, field| Disclosure::prove(&consortium.members[1], &record, field, proof);
    assert!(matches!(absent(RecordId([9; 32]), "month"), Err(NotDisclosed::NoField)));
    assert!(matches!(absent(RECORD, "nothing"), Err(NotDisclosed::NoField)));
    assert!(matches!(absent(RECORD, "counter_total"), Err(NotDisclosed::NoField)), "never written");
}

#[test]
fn dis_02_an_unknown_version_is_refused() {
    assert_eq!(scene().refused(|disclosure| disclosure.version = 2), "DIS-02");
}

#[test]
fn dis_03_what_is_not_proven_to_be_applied_shows_nothing() {
    let scene = scene();
    assert_eq!(scene.refused(|disclosure| disclosure.receipt.outcome = None), "DIS-03");
    // What was refused has a receipt all the same.
    let mut consortium = Consortium::new();
    let batch = [consortium.statement(0, 1, 1, 10), consortium.statement(0, 1, 1, 11)];
    let (_, digests) = consortium.anchored(&batch);
    consortium.anchored(&[]);
    let scene = Scene(consortium);
    let proof = |sequence| scene.0.order_proof(sequence);
    let mut disclosure = scene.disclosed(1, "documents");
    disclosure.receipt = Receipt::prove(&scene.0.members[1], &digests[1], proof).unwrap();
    assert_eq!(disclosure.verify(scene.genesis(), None).unwrap_err().rule(), "DIS-03");
}

#[test]
fn rec_02_a_disclosure_of_another_network_is_foreign() {
    let scene = scene();
    let refused = scene.disclosed(1, "month").verify(&genesis(8), None).unwrap_err();
    assert_eq!((refused.code(), refused.rule()), ("RECEIPT_OF_ANOTHER_NETWORK", "REC-02"));
}

#[test]
fn dis_04_a_definition_of_another_version_is_refused() {
    let scene = scene();
    let with = |from: &str, to: &str| {
        scene.refused(|disclosure| disclosure.definition = disclosure.definition.replacen(from, to, 1))
    };
    assert_eq!(with("version = 1", "version = 2"), "DIS-04");
    assert_eq!(with("format = 1", "format = one"), "DIS-04");
    // A reader who has the channel's definition sees that this one is another.
    let known = scene.disclosed(1, "month").verify(scene.genesis(), None).unwrap();
    let mut renamed = scene.disclosed(1, "month");
    renamed.definition = renamed.definition.replacen("about", "said to be about", 1);
    assert_ne!(renamed.verify(scene.genesis(), None).unwrap().definition(), known.definition());
}

/// By a definition that calls a number a date the field does not open: whoever reads it with its own definition is told so,
/// and nobody else is told that its author has done wrong.
#[test]
fn dis_11_a_definition_that_is_not_the_channels_accuses_nobody() {
    let scene = scene();
    let known = *scene.disclosed(1, "month").verify(scene.genesis(), None).unwrap().definition();
    let good = scene.disclosed(1, "documents").verify(scene.genesis(), Some(&known)).unwrap();
    assert_eq!(good.value(), &FieldValue::Integer(13));
    let mut bent = scene.disclosed(1, "documents");
    bent.definition = bent.definition.replacen("type = \"integer\"", "type = \"date\"", 1);
    let told = bent.verify(scene.genesis(), None).unwrap_err();
    assert_eq!(told, DisclosureInvalid::NotOpened { known: false });
    assert!(told.to_string().contains("or the file brings another definition"));
    assert_eq!(bent.verify(scene.genesis(), Some(&known)).unwrap_err(), DisclosureInvalid::OtherDefinition);
}

#[test]
fn dis_05_a_place_that_is_not_there_is_refused() {
    let scene = scene();
    assert_eq!(scene.refused(|disclosure| disclosure.operation = 1), "DIS-05");
    assert_eq!(scene.refused(|disclosure| disclosure.field = 3), "DIS-05");
    assert_eq!(scene.refused(|disclosure| disclosure.field = u32::MAX), "DIS-05");
}

#[test]
fn dis_06_only_the_fields_own_key_at_its_own_place_counts() {
    let scene = scene();
    assert_eq!(scene.refused(|disclosure| disclosure.key[0] ^= 1), "DIS-06");
    assert_eq!(scene.refused(|disclosure| disclosure.sealed.commitment[0] ^= 1), "DIS-06");
    assert_eq!(scene.refused(|disclosure| disclosure.field = 2), "DIS-06", "another field of the record");
    // Told to be of another class, by a definition that says so.
    let other = |disclosure: &mut Disclosure| {
        let text = disclosure.definition.replace("class = \"figures\"", "class = \"reference\"");
        disclosure.definition = text;
    };
    assert_eq!(scene.refused(other), "DIS-06");
}

#[test]
fn dis_07_a_ciphertext_that_the_transaction_does_not_commit_to_is_refused() {
    let scene = scene();
    assert_eq!(scene.refused(|disclosure| disclosure.sealed.ciphertext[0] ^= 1), "DIS-07");
    assert_eq!(scene.refused(|disclosure| disclosure.sealed.ciphertext.push(0)), "DIS-07");
    // Sealed anew with the right key: the value would open, and is not what was written.
    let forged = |disclosure: &mut Disclosure| {
        let verified = disclosure.verify(scene.genesis(), None).unwrap();
        let body = verified.body();
        let entry = &body.operations[0].fields[1];
        let place = FieldPlace {
            channel: body.channel,
            generation: body.generation,
            epoch: body.epoch,
            audience: entry.audience,
            class: parclose_types::ClassId(2),
            record_key: record_key_hash("statement", &RECORD),
            field: entry.field,
            salt_digest: body.salt_digest,
        };
        let key = parclose_crypto::secret::hazmat::secret_from_bytes(disclosure.key);
        let key = parclose_keys::FieldKey::of_disclosed(key);
        disclosure.sealed = key.seal(&place.context(), &999_u64.to_be_bytes());
    };
    assert_eq!(scene.refused(forged), "DIS-07");
}

#[test]
fn dis_08_what_its_author_sealed_wrongly_shows_no_value() {
    let scene = Scene(Consortium::sealed_wrongly().0);
    let refused = scene.disclosed(1, "documents").verify(scene.genesis(), None).unwrap_err();
    assert_eq!((refused.rule(), refused.fault()), ("DIS-08", parclose_types::Fault::Sender));
    let known = *scene.disclosed(1, "total").verify(scene.genesis(), None).unwrap().definition();
    let refused = scene.disclosed(1, "documents").verify(scene.genesis(), Some(&known)).unwrap_err();
    assert_eq!(refused, DisclosureInvalid::NotOpened { known: true }, "now it is its author's doing");
    assert!(scene.disclosed(1, "total").verify(scene.genesis(), None).is_ok(), "its other fields open");
}

#[test]
fn dis_01_dis_10_a_file_says_what_its_bytes_prove_and_no_value() {
    let scene = scene();
    let text = scene.disclosed(1, "total").to_json(scene.genesis()).unwrap();
    let verified = verify_json(&text, scene.genesis(), None).unwrap();
    assert_eq!(verified.value(), &FieldValue::Amount(1300, *b"GBP"));
    assert!(!text.contains("1300"), "the value stands nowhere in the clear");
    let file: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(file["statement"], "was-written");
    let refused = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let mut changed = file.clone();
        change(&mut changed);
        verify_json(&serde_json::to_string(&changed).unwrap(), scene.genesis(), None).unwrap_err()
    };
    for member in file.keys().filter(|member| !["bytes", "schema"].contains(&member.as_str())) {
        let other = |value: &Value| match value {
            Value::Number(number) => Value::from(number.as_u64().unwrap() + 1),
            Value::String(text) => Value::from(text.replace(text.chars().next().unwrap(), "0") + "x"),
            other => panic!("{other}"),
        };
        let rule = refused(&|file| file[member] = other(&file[member])).rule();
        assert!(["DIS-10", "DIS-01"].contains(&rule), "{member}: {rule}");
        assert_eq!(refused(&|file| drop(file.remove(member))).rule(), "DIS-01", "{member}");
    }
    assert_eq!(refused(&|file| file["statement"] = "is-the-value".into()).rule(), "DIS-10");
    assert_eq!(refused(&|file| file["schema"] = "parclose.disclosure/2".into()).rule(), "DIS-01");
    assert_eq!(refused(&|file| drop(file.insert("value".into(), "13.00".into()))).rule(), "DIS-01");
    assert_eq!(refused(&|file| file["bytes"] = "0G".into()).rule(), "DIS-01");
}

#[test]
fn every_byte_of_a_disclosure_matters() {
    let scene = scene();
    let disclosure = scene.disclosed(1, "documents");
    let known = disclosure.verify(scene.genesis(), None).unwrap();
    let bytes = disclosure.encode();
    let text = bytes.windows(8).position(|window| window == b"# Two me").unwrap();
    let definition = text..text + disclosure.definition.len();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let verified = Disclosure::decode(&changed).map_err(DisclosureInvalid::from);
        let verified = verified.and_then(|disclosure| disclosure.verify(scene.genesis(), None));
        match verified {
            // A definition that reads another way is told by its digest.
            Ok(verified) if definition.contains(&at) => {
                assert_ne!(verified.definition(), known.definition(), "{at}");
            }
            Ok(_) => panic!("byte {at} does not matter"),
            Err(_) => {}
        }
    }
}
