//! Packs: what they prove without a view key, and each step broken alone, by somebody who can sign.

use std::sync::LazyLock;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_root::Genesis;
use parclose_transaction::FieldState;
use parclose_types::{ClassId, Epoch, Failure};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::bundle::AuditView;
use crate::fixtures::{Consortium, genesis};
use crate::grant::GrantTerms;

const FIGURES: u32 = 2;

struct World {
    pack: Pack,
    genesis: Genesis,
}

fn identity(byte: u8) -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes([byte; 32]))
}

/// A report as small as one can be: a line for each record, and one sum.
fn report(view: &AuditView) -> Value {
    let line = |record: &crate::bundle::AuditedRecord| {
        let fields: Vec<String> =
            record.fields.iter().map(|(name, state)| format!("{name} {state:?}")).collect();
        json!({ "record": record.record.to_string(), "fields": fields })
    };
    let malformed = view.malformed.iter().map(|field| json!(field.transaction.to_string()));
    json!({
        "schema": "report of tests",
        "records": view.records.iter().map(line).collect::<Vec<_>>(),
        "malformed": malformed.collect::<Vec<_>>(),
        "opened_fields": view.opened_fields,
    })
}

fn grant(consortium: &Consortium, class: u32) -> Grant {
    let [issuer, second] = [&consortium.members[0], &consortium.members[1]];
    let config = issuer.config();
    let scope = GrantScope {
        channel: config.channel,
        generation: config.generation,
        audience: consortium.both(),
        class: ClassId(class),
        from: Epoch(0),
        to: Epoch(9),
    };
    let (key, other) = (issuer.pseudonym(), second.pseudonym());
    let terms = GrantTerms::draw_up(issuer.keys(), scope, &[7; 32], key.public(), other.public()).unwrap();
    let issuer_signature = terms.sign(issuer.keys(), key).unwrap();
    let second_signature = terms.sign(second.keys(), other).unwrap();
    Grant { terms, issuer_signature, second_signature }
}

/// A record with a field that does not open, and two more; one class of two is granted.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let (mut consortium, _) = Consortium::sealed_wrongly();
    for number in 2..4 {
        let statement = consortium.statement(0, number, 1, u64::from(number));
        consortium.anchored(&[statement]);
    }
    consortium.anchored(&[]);
    let bundle =
        Bundle::export(&consortium.members[1], consortium.events(), consortium.tag_proof(), None).unwrap();
    let (file, verified) = (bundle.encode(), bundle.verify(consortium.genesis()).unwrap());
    let keys = [consortium.view_key(FIGURES, 0, 9)];
    let report = serde_json::to_vec(&report(&verified.read(&keys))).unwrap();
    let (lines, grants) = (verified.field_lines(&keys), vec![grant(&consortium, FIGURES)]);
    let pack = Pack::sign(report, grants, lines, file, &identity(1));
    World { pack, genesis: consortium.genesis().clone() }
});

fn confirmed(pack: &Pack, expected: Option<&PublicKey>) -> Result<Confirmed, PackInvalid> {
    let verified = pack.verify(&WORLD.genesis, expected)?;
    verified.confirm(&report(&verified.bundle().reading_of_fields(verified.keys()).view))
}

/// The pack, bent and signed again.
fn bent(bend: impl FnOnce(&mut Pack)) -> Result<Confirmed, PackInvalid> {
    let mut pack = WORLD.pack.clone();
    bend(&mut pack);
    let Pack { report, grants, lines, bundle, .. } = pack;
    confirmed(&Pack::sign(report, grants, lines, bundle, &identity(1)), None)
}

fn bent_report(bend: impl FnOnce(&mut Value)) -> Result<Confirmed, PackInvalid> {
    bent(|pack| {
        let mut report = serde_json::from_slice(&pack.report).unwrap();
        bend(&mut report);
        pack.report = serde_json::to_vec(&report).unwrap();
    })
}

#[test]
fn a_pack_shows_without_a_view_key_what_its_report_says() {
    let pack = Pack::decode(&WORLD.pack.encode()).unwrap();
    assert_eq!(pack, WORLD.pack);
    let verified = pack.verify(&WORLD.genesis, None).unwrap();
    assert_eq!((verified.lines(), verified.not_opening(), verified.signer()), (6, 1, &identity(1).public()));
    assert_eq!(confirmed(&pack, None), Ok(Confirmed { lines: 4, others: 2 }));
    // Nothing outside the scope opens: the class that was not granted stays sealed.
    let view = verified.bundle().reading_of_fields(verified.keys()).view;
    assert_eq!((view.opened_fields, view.sealed_fields, view.malformed.len()), (5, 3, 1));
    assert!(view.records.iter().all(|record| record.fields[0].1 == FieldState::Sealed));
    assert_eq!(bent(|_| ()), confirmed(&pack, None));
    assert!(!format!("{pack:?}{:?}", pack.lines[0]).contains(&format!("{:?}", pack.lines[0].key)));
}

#[test]
fn pck_01_a_file_has_one_form() {
    let bytes = WORLD.pack.encode();
    for other in [&bytes[1..], &bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), b""] {
        assert_eq!(Pack::decode(other), Err(PackInvalid::File));
    }
}

#[test]
fn pck_02_whoever_is_named_has_signed_every_part() {
    let changes: [fn(&mut Pack); 6] = [
        |pack| pack.report.push(b' '),
        |pack| pack.grants.clear(),
        |pack| pack.lines.truncate(pack.lines.len() - 1),
        |pack| pack.bundle.push(0),
        |pack| pack.signer = identity(2).public(),
        |pack| pack.signature.0[0] ^= 1,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut pack = WORLD.pack.clone();
        change(&mut pack);
        assert_eq!(confirmed(&pack, None), Err(PackInvalid::NotSigned), "change {number}");
    }
}

#[test]
fn pck_03_a_signer_that_is_named_is_the_one_who_signed() {
    let [one, other] = [1, 2].map(|byte| identity(byte).public());
    assert!(confirmed(&WORLD.pack, Some(&one)).is_ok());
    assert_eq!(confirmed(&WORLD.pack, Some(&other)), Err(PackInvalid::OtherSigner { found: one }));
}

#[test]
fn bun_03_a_pack_of_another_network_is_foreign() {
    let refused = WORLD.pack.verify(&genesis(8), None).map(drop).unwrap_err();
    assert!(matches!(refused, PackInvalid::Foreign { .. }), "{refused:?}");
    assert_eq!(refused.rule(), "BUN-03");
    let damaged = bent(|pack| pack.bundle[200] ^= 1).unwrap_err();
    assert!(matches!(damaged, PackInvalid::Bundle(_) | PackInvalid::Foreign { .. }), "{damaged:?}");
}

#[test]
fn pck_04_a_grant_is_one_that_members_gave() {
    let rule = |bend: fn(&mut Pack)| bent(bend).map_err(|e| e.rule());
    assert_eq!(rule(|pack| pack.grants[0].second_signature.0[0] ^= 1), Err("PCK-04"));
    assert_eq!(rule(|pack| pack.grants[0].terms.scope.to = Epoch(3)), Err("PCK-04"));
}

#[test]
fn pck_05_a_key_is_that_of_the_field_at_its_place() {
    let refused = bent(|pack| pack.lines[3].key[0] ^= 1).unwrap_err();
    assert!(matches!(refused, PackInvalid::OtherKey { .. }), "{refused:?}");
    let swapped = bent(|pack| pack.lines[3].key = pack.lines[2].key);
    assert_eq!(swapped.unwrap_err().rule(), "PCK-05", "the key of a sibling");
    // What is said not to open does not, and the other way round.
    let not_opening = WORLD.pack.lines.iter().position(|line| !line.opens).unwrap();
    assert_eq!(bent(|pack| pack.lines[not_opening].opens = true).unwrap_err().rule(), "PCK-05");
    assert_eq!(bent(|pack| pack.lines[3].opens = false).unwrap_err().rule(), "PCK-05");
}

#[test]
fn pck_06_no_field_in_scope_is_left_out_and_none_is_added() {
    let rule = |bend: fn(&mut Pack)| bent(bend).map_err(|e| e.rule());
    assert_eq!(rule(|pack| pack.lines.truncate(pack.lines.len() - 1)), Err("PCK-06"));
    assert_eq!(rule(|pack| pack.lines = pack.lines.split_off(1)), Err("PCK-06"));
    assert_eq!(rule(|pack| pack.lines.swap(2, 3)), Err("PCK-06"));
    assert_eq!(rule(|pack| pack.lines.push(pack.lines[2].clone())), Err("PCK-06"));
    assert_eq!(rule(|pack| pack.lines[3].operation = 1), Err("PCK-06"));
    // Without the grant, its fields are none that the pack may open.
    assert_eq!(rule(|pack| pack.grants.clear()), Err("PCK-06"));
    // A line that is said not to open, with a key that does not, stays the signer's word, and is counted.
    let claimed = bent(|pack| {
        pack.lines[3].opens = false;
        pack.lines[3].key[0] ^= 1;
    });
    assert_eq!(claimed.unwrap_err().rule(), "PCK-07", "the report says that it opened");
}

#[test]
fn pck_07_each_line_of_the_report_follows() {
    let at = |list, number| Err(PackInvalid::OtherLine { list, number });
    let forged = bent_report(|report| report["records"][1]["fields"][1] = json!("documents 999"));
    assert_eq!(forged, at("records", 1));
    let lines =
        |report: &mut Value, change: fn(&mut Vec<Value>)| change(report["records"].as_array_mut().unwrap());
    assert_eq!(bent_report(|report| lines(report, |all| drop(all.remove(0)))), at("records", 0));
    assert_eq!(bent_report(|report| lines(report, |all| drop(all.pop()))), at("records", 2));
    assert_eq!(bent_report(|report| lines(report, |all| all.push(all[0].clone()))), at("records", 3));
    assert_eq!(bent_report(|report| report["malformed"] = json!([])), at("malformed", 0));
    assert_eq!(
        bent_report(|report| drop(report.as_object_mut().unwrap().remove("records"))),
        at("records", 0)
    );
}

#[test]
fn pck_08_each_sum_of_the_report_follows() {
    let other = |member: &str| Err(PackInvalid::OtherSum { member: member.into() });
    assert_eq!(bent_report(|report| report["opened_fields"] = json!(6)), other("opened_fields"));
    let without = |report: &mut Value| drop(report.as_object_mut().unwrap().remove("opened_fields"));
    assert_eq!(bent_report(without), other("opened_fields"));
    assert_eq!(bent_report(|report| report["supply"] = json!(1)), other("supply"));
    assert_eq!(bent(|pack| pack.report = b"[]".to_vec()), Err(PackInvalid::NoReport));
    assert_eq!(bent(|pack| pack.report.clear()), Err(PackInvalid::NoReport));
}

#[test]
fn pck_09_a_report_is_of_a_schema_that_is_made() {
    assert_eq!(bent_report(|report| report["schema"] = json!("another")), Err(PackInvalid::OtherSchema));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn pck_02_a_pack_with_one_changed_bit_proves_nothing(at in any::<proptest::sample::Index>(), bit in 0..8_u32) {
        let mut bytes = WORLD.pack.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        prop_assert!(Pack::decode(&bytes).and_then(|pack| confirmed(&pack, None)).is_err());
    }
}
