use super::*;
use crate::decode::UnverifiedTransaction;
use crate::fixtures::{
    CHANNEL, EPOCH, GENERATION, HEIGHT, RECORD, SCF_CHANNEL, draft, receivable, rng, signed, text,
};

fn seal(draft: &Draft, author: &str) -> Result<SignedTransaction, DraftInvalid> {
    let sealed = draft.seal(&SCF_CHANNEL.desk(author), &mut rng(4))?;
    sealed.sign(&SCF_CHANNEL.person(author).pseudonym)
}

fn changed(change: impl FnOnce(&mut DraftOperation)) -> Result<SignedTransaction, DraftInvalid> {
    let mut operation = receivable(&SCF_CHANNEL);
    change(&mut operation);
    seal(&draft(operation), "supplierco")
}

/// The rule that a change breaks; `""` for none.
fn rule(change: impl FnOnce(&mut DraftOperation)) -> &'static str {
    changed(change).map_or_else(|invalid| invalid.rule(), |_| "")
}

fn unknown_name(what: &'static str, name: &str) -> DraftInvalid {
    DraftInvalid::Unknown { what, name: name.into() }
}

#[test]
fn a_sealed_draft_says_where_when_and_by_whom() {
    let transaction = signed();
    let body = transaction.body();
    assert_eq!(
        (body.network, body.channel, body.generation),
        (SCF_CHANNEL.config.network, CHANNEL, GENERATION)
    );
    assert_eq!((body.epoch, body.expiry), (EPOCH, Height(HEIGHT.0 + 50)));
    assert_eq!((body.author, body.sponsor), (SCF_CHANNEL.key_of("supplierco"), body.author));
    assert_eq!(body.salt_digest, salt_digest(&transaction.sealed.salt));
    let operation = &body.operations[0];
    assert_eq!((operation.record, operation.version, operation.parties.len()), (RECORD, 1, 3));
    let numbers: Vec<u32> = operation.fields.iter().map(|entry| entry.field.0).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn dra_01_unknown_record_types_fields_slots_and_actions_are_refused() {
    let refused = |change: fn(&mut DraftOperation)| changed(change).unwrap_err();
    assert_eq!(refused(|o| o.record_type = "payable".into()), unknown_name("record type", "payable"));
    let field = |o: &mut DraftOperation| drop(o.fields.insert("iban".into(), text("x")));
    assert_eq!(refused(field), unknown_name("field", "iban"));
    let slot = |o: &mut DraftOperation| o.parties.extend([("notary".to_owned(), MemberId([1; 32]))]);
    assert_eq!(refused(slot), unknown_name("party slot", "notary"));
    assert_eq!(refused(|o| o.action = "a".repeat(65)), unknown_name("action", &"a".repeat(64)));
    assert_eq!(refused(slot).rule(), "DRA-01");
}

#[test]
fn dra_02_a_new_record_has_every_party_and_every_required_field() {
    let record_type = SCF_CHANNEL.record_type("receivable");
    for field in &record_type.fields {
        let expected = if field.required { "DRA-02" } else { "" };
        assert_eq!(rule(|o| drop(o.fields.remove(&field.name))), expected, "{}", field.name);
    }
    for slot in &record_type.slots {
        assert_eq!(rule(|o| o.parties.retain(|name, _| *name != slot.name)), "DRA-02", "{}", slot.name);
    }
    let missing = changed(|o| drop(o.fields.remove("lines"))).unwrap_err();
    assert_eq!(missing, DraftInvalid::Missing { what: "field", name: "lines".into() });
    assert_eq!(missing.to_string(), "field `lines` is missing");
}

#[test]
fn dra_02_an_update_writes_what_it_changes_and_still_names_every_party() {
    let only = |o: &mut DraftOperation| {
        (o.version, o.action) = (2, "update".into());
        o.fields.retain(|name, _| name == "due_date");
    };
    assert_eq!(changed(only).unwrap().body().operations[0].fields.len(), 1);
    let without_party = |o: &mut DraftOperation| {
        only(o);
        o.parties.remove("bank");
    };
    assert_eq!(rule(without_party), "DRA-02");
}

#[test]
fn dra_03_a_value_is_of_its_fields_type() {
    let put = |field: &str, value: FieldValue| rule(|o| drop(o.fields.insert(field.into(), value)));
    assert_eq!(put("due_date", FieldValue::Date("2024-02-29".into())), "");
    assert_eq!(put("due_date", FieldValue::Date("2023-02-29".into())), "DRA-03");
    assert_eq!(put("due_date", text("tomorrow")), "DRA-03");
    assert_eq!(put("face_amount", FieldValue::Integer(5)), "DRA-03");
    assert_eq!(put("face_amount", FieldValue::Amount(5, *b"gbp")), "DRA-03");
    assert_eq!(put("invoice_number", text("a\u{7}b")), "DRA-03");
    assert_eq!(put("invoice_number", text(&"x".repeat(limits::FIELD_BYTES_MAX + 1))), "DRA-03");
    assert_eq!(put("lines", FieldValue::Json("{".into())), "DRA-03");
    let refused = changed(|o| drop(o.fields.insert("due_date".into(), text("my secret")))).unwrap_err();
    assert_eq!(refused.to_string(), "field `due_date`: expected a calendar date, YYYY-MM-DD");
}

#[test]
fn dra_04_a_writer_belongs_to_each_audience_it_seals_for() {
    let refused = |author, field: &str| {
        let mut operation = receivable(&SCF_CHANNEL);
        operation.version = 2;
        operation.fields.retain(|name, _| name == field);
        seal(&draft(operation), author).map_or_else(|invalid| invalid.rule(), |_| "")
    };
    for author in ["acme", "supplierco", "northbank"] {
        assert_eq!(refused(author, "face_amount"), "", "all parties read it");
    }
    assert_eq!((refused("acme", "lines"), refused("northbank", "lines")), ("", "DRA-04"));
    assert_eq!(
        (refused("acme", "requested_advance"), refused("northbank", "requested_advance")),
        ("DRA-04", "")
    );
    let whole = seal(&draft(receivable(&SCF_CHANNEL)), "northbank").unwrap_err();
    assert_eq!(whole, DraftInvalid::OutsideAudience { field: "lines".into() });
}

#[test]
fn dra_06_nothing_is_sealed_for_an_audience_whose_secret_the_writer_lacks() {
    let keys = KeyRing::new(CHANNEL);
    let desk = Desk { keys: &keys, ..SCF_CHANNEL.desk("supplierco") };
    let refused = draft(receivable(&SCF_CHANNEL)).seal(&desk, &mut rng(4)).unwrap_err();
    assert!(matches!(refused, DraftInvalid::NotDealt { .. }), "{refused}");
    assert_eq!(refused.rule(), "DRA-06");
    assert!(draft(receivable(&SCF_CHANNEL)).seal(&SCF_CHANNEL.desk("supplierco"), &mut rng(4)).is_ok());
}

#[test]
fn dra_04_an_audience_of_nobody_is_nobodys() {
    // No member of the channel stands in any slot of the field's rule.
    let strangers =
        |o: &mut DraftOperation| o.parties.values_mut().for_each(|member| *member = MemberId([7; 32]));
    assert_eq!(rule(strangers), "DRA-04");
}

#[test]
fn dra_05_what_could_not_be_ordered_is_not_signed() {
    let whole = |count: usize| {
        let mut draft = draft(receivable(&SCF_CHANNEL));
        draft.operations = vec![draft.operations[0].clone(); count];
        seal(&draft, "supplierco")
    };
    let (permanent, prunable) = whole(limits::OPERATIONS_MAX).unwrap().encode_parts();
    UnverifiedTransaction::decode(&permanent).unwrap().check_sealed(&prunable).unwrap();
    let too_many = whole(limits::OPERATIONS_MAX + 1).unwrap_err();
    assert_eq!((too_many.rule(), &too_many), ("DRA-05", &DraftInvalid::TooMany { got: 65 }));

    let long = |bytes: usize| {
        changed(|o| {
            for field in ["invoice_number", "buyer_name", "supplier_id", "supplier_name"] {
                o.fields.insert(field.into(), text(&"x".repeat(bytes)));
            }
        })
    };
    let (permanent, prunable) = long(60_000).unwrap().encode_parts();
    UnverifiedTransaction::decode(&permanent).unwrap().check_sealed(&prunable).unwrap();
    let too_large = long(65_536).unwrap_err();
    assert_eq!(too_large.rule(), "DRA-05");
    assert!(matches!(too_large, DraftInvalid::TooLarge { got } if got > limits::TRANSACTION_BYTES_MAX));
}

#[test]
fn sea_07_every_attempt_to_seal_draws_its_own_salt() {
    let draft = draft(receivable(&SCF_CHANNEL));
    let mut rng = rng(9);
    let mut attempt = || {
        let sealed = draft.seal(&SCF_CHANNEL.desk("supplierco"), &mut rng).unwrap();
        sealed.sign(&SCF_CHANNEL.person("supplierco").pseudonym).unwrap()
    };
    let (first, second) = (attempt(), attempt());
    assert_ne!(first.sealed.salt, second.sealed.salt);
    assert_ne!(first.digest(), second.digest());
    for (one, other) in first.sealed.fields[0].iter().zip(&second.sealed.fields[0]) {
        assert_ne!((one.commitment, &one.ciphertext), (other.commitment, &other.ciphertext));
    }
    for (one, other) in first.body.operations[0].fields.iter().zip(&second.body.operations[0].fields) {
        assert_eq!((one.field, one.audience), (other.field, other.audience));
        assert_ne!(one.leaf, other.leaf);
    }
}

#[test]
fn nothing_of_a_value_shows_in_the_bytes() {
    let (permanent, prunable) = signed().encode_parts();
    let shows =
        |word: &[u8]| [&permanent, &prunable].iter().any(|part| part.windows(word.len()).any(|w| w == word));
    for word in [&b"INV-1"[..], b"Acme", b"Supplier", b"2021-10-30", b"unit_price", b"GBP"] {
        assert!(!shows(word));
    }
    assert!(shows(b"create"), "actions are public within the channel");
}
