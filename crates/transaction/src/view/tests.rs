use std::collections::BTreeMap;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::cover::Cover;
use parclose_keys::{FieldKey, ViewKey, field_leaf};
use parclose_types::{ChannelId, ClassId, MemberId};
use proptest::prelude::*;

use super::*;
use crate::body::SignedTransaction;
use crate::definition::RecordType;
use crate::draft::DraftOperation;
use crate::fixtures::{
    BILATERAL_CHANNEL, CHANNEL, EPOCH, GENERATION, RECORD, SCF_CHANNEL, TestChannel, draft, provenance,
    receivable, signed, statement, states, text,
};
use crate::key_ring::Nobody;

const PEOPLE: [&str; 3] = ["acme", "supplierco", "northbank"];

/// Reads one field of the valid transaction, with whatever the test has changed around it.
struct Reading<'a> {
    transaction: &'a SignedTransaction,
    record_type: RecordType,
    from: Provenance<'a>,
    entry: FieldEntry,
    sealed: SealedField,
}

impl<'a> Reading<'a> {
    fn of(transaction: &'a SignedTransaction, field: &str) -> Self {
        let record_type = SCF_CHANNEL.record_type("receivable").clone();
        let id = record_type.field_named(field).unwrap().id;
        let entries = &transaction.body.operations[0].fields;
        let at = entries.iter().position(|entry| entry.field == id).unwrap();
        let sealed = transaction.sealed.fields[0][at].clone();
        Self { transaction, record_type, from: provenance(transaction), entry: entries[at], sealed }
    }

    fn changed(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = Self {
            transaction: self.transaction,
            record_type: self.record_type.clone(),
            from: self.from,
            entry: self.entry,
            sealed: self.sealed.clone(),
        };
        change(&mut other);
        other
    }

    fn by(&self, reader: &dyn Perspective) -> FieldState {
        let view = open_field(reader, &self.record_type, &self.from, &self.entry, &self.sealed);
        assert_eq!(view.field, self.entry.field);
        view.state
    }
}

fn view_key(audience: &[&str], class: u32, from: u32, to: u32) -> ViewKey {
    let (audience, class) = (SCF_CHANNEL.audience(audience), ClassId(class));
    let seed = SCF_CHANNEL.person("supplierco").ring.class(&audience, class).unwrap();
    let cover = Cover::cut(&seed, Epoch(from), Epoch(to));
    ViewKey { channel: CHANNEL, generation: GENERATION, audience, class, cover }
}

fn opened(reader: &dyn Perspective) -> Vec<String> {
    let states = states(&SCF_CHANNEL, reader, &signed());
    assert!(states.values().all(|state| *state != FieldState::Malformed));
    states.into_iter().filter(|(_, state)| *state != FieldState::Sealed).map(|(name, _)| name).collect()
}

#[test]
fn vie_01_each_party_opens_what_its_audiences_hold_and_nothing_else() {
    let written = receivable(&SCF_CHANNEL).fields;
    for (name, sealed_to_it) in [("supplierco", ""), ("acme", "requested_advance"), ("northbank", "lines")] {
        for (field, state) in states(&SCF_CHANNEL, &SCF_CHANNEL.person(name).ring, &signed()) {
            let expected = if field == sealed_to_it {
                FieldState::Sealed
            } else {
                FieldState::Opened(written[&field].clone())
            };
            assert_eq!(state, expected, "{field} for {name}");
        }
    }
    assert!(opened(&Nobody).is_empty());
}

#[test]
fn vie_01_a_view_key_opens_one_class_of_one_audience_in_its_epochs() {
    let parties = ["acme", "supplierco", "northbank"];
    let epoch = EPOCH.0;
    assert_eq!(opened(&view_key(&parties, 3, epoch, epoch)), ["face_amount"]);
    assert_eq!(opened(&view_key(&parties, 4, 0, u32::MAX)), ["due_date", "issue_date"]);
    assert_eq!(opened(&view_key(&["supplierco", "northbank"], 6, epoch, epoch)), ["requested_advance"]);
    assert!(opened(&view_key(&parties, 3, epoch + 1, epoch + 9)).is_empty());
    assert!(opened(&view_key(&parties, 3, 0, epoch - 1)).is_empty());
    // Lines are sealed for buyer and supplier: that class of another audience opens none of them.
    assert!(opened(&view_key(&parties, 5, epoch, epoch)).is_empty());
    let elsewhere = ViewKey { channel: ChannelId([9; 32]), ..view_key(&parties, 3, epoch, epoch) };
    let later = ViewKey { generation: Generation(GENERATION.0 + 1), ..view_key(&parties, 3, epoch, epoch) };
    assert!(opened(&elsewhere).is_empty() && opened(&later).is_empty());
}

#[test]
fn vie_01_another_channel_or_generation_is_out_of_reach() {
    let transaction = signed();
    let (reading, supplier) = (Reading::of(&transaction, "face_amount"), SCF_CHANNEL.person("supplierco"));
    let ring = |channel, generation| supplier.ring_for(channel, generation);
    assert!(matches!(reading.by(&ring(CHANNEL, GENERATION)), FieldState::Opened(_)));
    assert_eq!(reading.by(&ring(ChannelId([9; 32]), GENERATION)), FieldState::Sealed);
    assert_eq!(reading.by(&ring(CHANNEL, Generation(0))), FieldState::Sealed);
    let other = SCF_CHANNEL.audience(&["acme", "northbank"]);
    assert_eq!(reading.changed(|r| r.entry.audience = other).by(&supplier.ring), FieldState::Sealed);
}

/// Each of the eight components of a field's context, changed alone, for a reader who has the same
/// secrets at the wrong place too: in reach, and still it does not open.
#[test]
fn vie_02_a_field_that_was_moved_is_malformed_even_to_who_holds_every_key() {
    let transaction = signed();
    let (reading, supplier) = (Reading::of(&transaction, "due_date"), SCF_CHANNEL.person("supplierco"));
    let moved = |change: fn(&mut Reading<'_>)| reading.changed(change).by(&supplier.ring);
    assert!(matches!(moved(|_| ()), FieldState::Opened(_)));

    let channel = ChannelId([9; 32]);
    let state = reading.changed(|r| r.from.channel = channel).by(&supplier.ring_for(channel, GENERATION));
    assert_eq!(state, FieldState::Malformed, "channel");
    let generation = Generation(GENERATION.0 + 1);
    let state =
        reading.changed(|r| r.from.generation = generation).by(&supplier.ring_for(CHANNEL, generation));
    assert_eq!(state, FieldState::Malformed, "generation");
    assert_eq!(moved(|r| r.from.epoch = Epoch(EPOCH.0 + 1)), FieldState::Malformed, "epoch");
    let (from, to) = (reading.entry.audience, SCF_CHANNEL.audience(&["acme", "supplierco"]));
    let renamed = reading.changed(|r| r.entry.audience = to);
    assert_eq!(
        renamed.by(&supplier.ring_under(CHANNEL, GENERATION, from, to)),
        FieldState::Malformed,
        "audience"
    );
    assert_eq!(renamed.by(&supplier.ring), FieldState::Malformed, "audience, with its own secret");
    assert_eq!(moved(|r| r.record_type.fields[5].class = ClassId(5)), FieldState::Malformed, "class");
    assert_eq!(moved(|r| r.from.record = RecordId([9; 32])), FieldState::Malformed, "record");
    assert_eq!(moved(|r| r.record_type.name = "acceptance".into()), FieldState::Malformed, "record type");
    assert_eq!(moved(|r| r.entry.field = FieldId(7)), FieldState::Malformed, "field");
    assert_eq!(moved(|r| r.from.salt = &[9; 32]), FieldState::Malformed, "salt");
}

#[test]
fn vie_02_changed_bytes_are_malformed_to_the_audience_and_sealed_to_others() {
    let transaction = signed();
    let reading = Reading::of(&transaction, "lines");
    let (buyer, bank) = (&SCF_CHANNEL.person("acme").ring, &SCF_CHANNEL.person("northbank").ring);
    let changes: [fn(&mut Reading<'_>); 4] = [
        |r| r.sealed.commitment[0] ^= 1,
        |r| r.sealed.ciphertext[0] ^= 1,
        |r| r.sealed.ciphertext.truncate(47),
        |r| r.sealed.ciphertext.clear(),
    ];
    for change in changes {
        assert_eq!(reading.changed(change).by(buyer), FieldState::Malformed);
        assert_eq!(reading.changed(change).by(bank), FieldState::Sealed);
    }
}

/// Seals `plaintext` in place of a field as the writer could: right key, right place, wrong content.
fn with_plaintext<'a>(reading: &Reading<'a>, plaintext: &[u8]) -> Reading<'a> {
    let place = FieldPlace {
        channel: CHANNEL,
        generation: GENERATION,
        epoch: EPOCH,
        audience: reading.entry.audience,
        class: reading.record_type.field(reading.entry.field).unwrap().class,
        record_key: record_key_hash("receivable", &RECORD),
        field: reading.entry.field,
        salt_digest: parclose_keys::field::salt_digest(reading.from.salt),
    };
    let context = place.context();
    let key = SCF_CHANNEL.person("supplierco").ring.field_key(&place, reading.from.salt, &context).unwrap();
    let sealed = key.seal(&context, plaintext);
    reading.changed(|r| {
        r.entry.leaf = field_leaf(r.entry.field, &sealed);
        r.sealed = sealed;
    })
}

#[test]
fn vie_02_what_opens_but_is_not_of_its_type_is_malformed() {
    let transaction = signed();
    let buyer = &SCF_CHANNEL.person("acme").ring;
    let state = |field: &str, plaintext: &[u8]| {
        with_plaintext(&Reading::of(&transaction, field), plaintext).by(buyer)
    };
    assert_eq!(state("due_date", b"2024-02-29"), FieldState::Opened(FieldValue::Date("2024-02-29".into())));
    assert_eq!(state("due_date", b"2023-02-29"), FieldState::Malformed);
    assert_eq!(state("due_date", b""), FieldState::Malformed);
    assert_eq!(state("face_amount", &[0; 10]), FieldState::Malformed);
    assert_eq!(state("face_amount", b"\0\0\0\0\0\0\0\x05gbp"), FieldState::Malformed);
    assert_eq!(state("invoice_number", &[0xFF]), FieldState::Malformed);
    assert_eq!(state("lines", b"{"), FieldState::Malformed);
    assert_eq!(state("invoice_number", b""), FieldState::Opened(text("")));
}

#[test]
fn vie_02_a_field_that_the_definition_does_not_have_is_malformed() {
    let transaction = signed();
    let reading = Reading::of(&transaction, "due_date").changed(|r| r.entry.field = FieldId(99));
    assert_eq!(reading.by(&SCF_CHANNEL.person("acme").ring), FieldState::Malformed);
}

#[test]
fn vie_02_another_key_for_the_same_ciphertext_is_malformed() {
    struct Wrong;
    impl Perspective for Wrong {
        fn field_key(&self, _: &FieldPlace, salt: &[u8; 32], context: &[u8]) -> Option<FieldKey> {
            let class = parclose_keys::ClassSeed::derive(
                &secret_from_bytes([1; 32]),
                &CHANNEL,
                GENERATION,
                &parclose_types::AudienceId([1; 32]),
                ClassId(1),
            );
            Some(FieldKey::derive(&class.leaf(EPOCH), salt, context))
        }
    }
    assert_eq!(Reading::of(&signed(), "due_date").by(&Wrong), FieldState::Malformed);
}

/// Which members the definition lets read a field of an operation: not from any key.
fn entitled(channel: &TestChannel, operation: &DraftOperation, field: &str) -> Vec<MemberId> {
    let record_type = channel.record_type(&operation.record_type);
    let rule = channel.definition.audience(&record_type.field_named(field).unwrap().audience).unwrap();
    rule.slots.iter().map(|slot| operation.parties[slot]).collect()
}

fn check_every_reader(channel: &TestChannel, operation: &DraftOperation, seed: u8) {
    let transaction = channel.seal("supplierco", &draft(operation.clone()), seed);
    for person in &channel.people {
        let seen: BTreeMap<String, FieldState> = states(channel, &person.ring, &transaction);
        assert_eq!(seen.len(), operation.fields.len());
        for (field, state) in seen {
            let may = entitled(channel, operation, &field).contains(&channel.id_of(person.name));
            let value = operation.fields[&field].clone();
            let expected = if may { FieldState::Opened(value) } else { FieldState::Sealed };
            assert_eq!(state, expected, "{field} for {}", person.name);
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    "[^\\p{C}]{0,60}"
}

fn any_date() -> impl Strategy<Value = FieldValue> {
    (1970_u32..9999, 1_u32..13, 1_u32..29)
        .prop_map(|(y, m, d)| FieldValue::Date(format!("{y:04}-{m:02}-{d:02}")))
}

fn any_amount() -> impl Strategy<Value = FieldValue> {
    (any::<u64>(), "[A-Z]{3}")
        .prop_map(|(minor, c)| FieldValue::Amount(minor, c.as_bytes().try_into().unwrap()))
}

fn any_json() -> impl Strategy<Value = FieldValue> {
    proptest::collection::btree_map("[a-z]{1,8}", any_text(), 0..20)
        .prop_map(|map| FieldValue::Json(serde_json::to_string(&map).unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn vie_01_receivables_open_for_their_audiences_whatever_the_values(
        texts in proptest::collection::vec(any_text(), 4),
        (due, issue) in (any_date(), any_date()),
        (face, advance) in (any_amount(), any_amount()),
        lines in any_json(),
        seed in any::<u8>(),
    ) {
        let mut operation = receivable(&SCF_CHANNEL);
        let names = ["invoice_number", "buyer_name", "supplier_id", "supplier_name"];
        let mut values: Vec<(&str, FieldValue)> = names.into_iter().zip(texts.into_iter().map(FieldValue::Text)).collect();
        values.extend([("due_date", due), ("issue_date", issue), ("face_amount", face), ("requested_advance", advance), ("lines", lines)]);
        operation.fields = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        check_every_reader(&SCF_CHANNEL, &operation, seed);
    }

    #[test]
    fn vie_01_statements_open_for_both_sides_whatever_the_values(
        month in any_text(), documents in any::<u64>(), total in any_amount(), seed in any::<u8>(),
    ) {
        let mut operation = statement(&BILATERAL_CHANNEL);
        operation.fields.insert("month".into(), FieldValue::Text(month));
        operation.fields.insert("documents".into(), FieldValue::Integer(documents));
        operation.fields.insert("total".into(), total);
        check_every_reader(&BILATERAL_CHANNEL, &operation, seed);
    }

    /// One reader, one field, any of the eight components changed or none: it opens only if none is.
    #[test]
    fn vie_01_a_field_opens_iff_reader_and_place_are_right(
        person in 0_usize..3, field in 0_usize..9, changes in proptest::bits::u8::ANY, with_every_key in any::<bool>(),
    ) {
        let transaction = signed();
        let schema = SCF_CHANNEL.record_type("receivable").fields[field].clone();
        let changed = |bit: u8| changes & (1 << bit) != 0;
        let mut reading = Reading::of(&transaction, &schema.name);
        if changed(0) { reading.from.channel = ChannelId([9; 32]); }
        if changed(1) { reading.from.generation = Generation(9); }
        if changed(2) { reading.from.epoch = Epoch(9); }
        let home = reading.entry.audience;
        if changed(3) { reading.entry.audience = SCF_CHANNEL.audience(&["acme", "northbank"]); }
        if changed(4) { reading.record_type.fields[field].class = ClassId(9); }
        if changed(5) { reading.from.record = RecordId([9; 32]); }
        if changed(6) {
            reading.record_type.fields[field].id = FieldId(10);
            reading.entry.field = FieldId(10);
        }
        if changed(7) { reading.from.salt = &[9; 32]; }
        let reader = SCF_CHANNEL.person(PEOPLE[person]);
        let may = entitled(&SCF_CHANNEL, &receivable(&SCF_CHANNEL), &schema.name).contains(&SCF_CHANNEL.id_of(reader.name));
        // With every key: the field's own secret under whatever scope the reading claims.
        let everywhere = SCF_CHANNEL.person("supplierco").ring_under(
            reading.from.channel, reading.from.generation, home, reading.entry.audience,
        );
        let state = if with_every_key { reading.by(&everywhere) } else { reading.by(&reader.ring) };
        if changes == 0 && (may || with_every_key) {
            prop_assert!(matches!(state, FieldState::Opened(_)));
        } else if with_every_key {
            prop_assert_eq!(state, FieldState::Malformed);
        } else {
            prop_assert!(!matches!(state, FieldState::Opened(_)));
        }
    }
}
