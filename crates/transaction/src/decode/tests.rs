//! Valid bytes with one thing changed, written again and signed again: only the rule in question is broken.

use parclose_keys::{SealedField, field_leaf};
use parclose_types::{Failure, FieldId, MemberId, TransactionDigest, encode};
use proptest::prelude::*;
use std::sync::LazyLock;

use super::*;
use crate::authenticate::KnownSignatures;
use crate::body::{FieldEntry, SignedTransaction};
use crate::draft::hazmat::into_parts;
use crate::fixtures::{is_authentic, resigned, signed};

static VALID: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| signed().encode_parts());

fn changed(change: impl FnOnce(&mut Body, &mut SealedPart)) -> SignedTransaction {
    let (mut body, mut sealed) = into_parts(signed());
    change(&mut body, &mut sealed);
    resigned(body, sealed)
}

fn check(transaction: &SignedTransaction) -> Result<SealedPart, Malformed> {
    let (permanent, prunable) = transaction.encode_parts();
    UnverifiedTransaction::decode(&permanent)?.check_sealed(&prunable)
}

/// The rule that a change breaks; `""` for none.
fn rule(change: impl FnOnce(&mut Body, &mut SealedPart)) -> &'static str {
    check(&changed(change)).map_or_else(|malformed| malformed.rule(), |_| "")
}

fn copies<T: Clone>(list: &mut Vec<T>, count: usize) {
    *list = vec![list[0].clone(); count];
}

/// A sealed field of that many bytes in place of the first, with its leaf.
fn first_of(bytes: usize) -> impl FnOnce(&mut Body, &mut SealedPart) {
    move |body, sealed| {
        let field = SealedField { commitment: [1; 32], ciphertext: vec![0; bytes] };
        let entry = &mut body.operations[0].fields[0];
        entry.leaf = field_leaf(entry.field, &field);
        sealed.fields[0][0] = field;
    }
}

#[test]
fn a_sealed_and_signed_draft_decodes_to_itself() {
    let transaction = signed();
    let (permanent, prunable) = transaction.encode_parts();
    let decoded = UnverifiedTransaction::decode(&permanent).unwrap();
    assert_eq!(decoded.digest(), transaction.digest());
    assert_eq!(decoded.claimed_body(), transaction.body());
    assert_eq!(decoded.check_sealed(&prunable).unwrap(), transaction.sealed);
    assert_eq!(rule(|_, _| ()), "");
}

#[test]
fn wir_02_every_cut_and_every_tail_is_refused() {
    let (permanent, prunable) = &*VALID;
    let decode_rule = |bytes: &[u8]| UnverifiedTransaction::decode(bytes).unwrap_err().rule();
    let decoded = UnverifiedTransaction::decode(permanent).unwrap();
    let sealed_rule = |bytes: &[u8]| decoded.check_sealed(bytes).unwrap_err().rule();
    assert!((0..permanent.len()).all(|length| decode_rule(&permanent[..length]) == "WIR-02"));
    assert!((0..prunable.len()).all(|length| sealed_rule(&prunable[..length]) == "WIR-02"));
    assert_eq!(decode_rule(&[&permanent[..], &[0]].concat()), "WIR-02");
    assert_eq!(sealed_rule(&[&prunable[..], &[0]].concat()), "WIR-02");
}

#[test]
fn wir_03_neither_a_part_nor_both_together_exceed_a_transaction() {
    let limit = limits::TRANSACTION_BYTES_MAX;
    let oversized = UnverifiedTransaction::decode(&vec![0; limit + 1]).unwrap_err();
    assert_eq!(oversized, Malformed::TooLarge { what: "transaction", limit, got: limit + 1 });
    // Each part is within the limit; only their sum is one byte over it.
    let spread = |extra: usize| {
        changed(|body, sealed| {
            let (mut entry, mut fields) = (body.operations[0].fields[0], Vec::new());
            body.operations[0].fields.clear();
            let mut add = |bytes: usize| {
                let field = SealedField { commitment: [1; 32], ciphertext: vec![0; bytes] };
                entry.field = FieldId(entry.field.0 + 1);
                entry.leaf = field_leaf(entry.field, &field);
                body.operations[0].fields.push(entry);
                fields.push(field);
            };
            (0..3).for_each(|_| add(65_000));
            add(0);
            sealed.fields = vec![fields];
            let (permanent, prunable) = resigned(body.clone(), sealed.clone()).encode_parts();
            let field = sealed.fields[0].last_mut().unwrap();
            field.ciphertext = vec![0; limit - permanent.len() - prunable.len() + extra];
            let entry = body.operations[0].fields.last_mut().unwrap();
            entry.leaf = field_leaf(entry.field, field);
        })
    };
    check(&spread(0)).unwrap();
    assert_eq!(
        check(&spread(1)).unwrap_err(),
        Malformed::TooLarge { what: "transaction", limit, got: limit + 1 }
    );
}

#[test]
fn wir_04_operations_fields_parties_and_names_are_counted() {
    let operations = |count| {
        rule(|body, sealed| {
            body.operations[0].fields.clear();
            sealed.fields[0].clear();
            copies(&mut body.operations, count);
            copies(&mut sealed.fields, count);
        })
    };
    assert_eq!((operations(64), operations(65)), ("", "WIR-04"));
    let fields = |count: u32| {
        rule(|body, sealed| {
            let (entry, field) = (body.operations[0].fields[0], sealed.fields[0][0].clone());
            let number = |n| {
                let field_id = FieldId(n);
                FieldEntry { field: field_id, leaf: field_leaf(field_id, &field), ..entry }
            };
            body.operations[0].fields = (0..count).map(number).collect();
            sealed.fields[0] = vec![field.clone(); count as usize];
        })
    };
    assert_eq!((fields(256), fields(257)), ("", "WIR-04"));
    let parties = |count| {
        rule(|body, _| body.operations[0].parties = (0..count).map(|n| (n, MemberId([n; 32]))).collect())
    };
    assert_eq!((parties(16), parties(17)), ("", "WIR-04"));
    let action = |bytes| rule(|body, _| body.operations[0].action = "a".repeat(bytes));
    assert_eq!((action(64), action(65)), ("", "WIR-04"));
}

#[test]
fn wir_04_sealed_bytes_are_bounded() {
    assert_eq!((rule(first_of(SEALED_BYTES_MAX)), rule(first_of(SEALED_BYTES_MAX + 1))), ("", "WIR-04"));
    // The bound has room for the largest value that can be sealed.
    assert!(parclose_crypto::padding::padded_length(limits::FIELD_BYTES_MAX) + 16 <= SEALED_BYTES_MAX);
}

#[test]
fn wir_05_fields_and_parties_ascend_without_repetition() {
    assert_eq!(
        rule(|body, sealed| {
            body.operations[0].fields.swap(0, 1);
            sealed.fields[0].swap(0, 1);
        }),
        "WIR-05"
    );
    assert_eq!(
        rule(|body, sealed| {
            body.operations[0].fields[1] = body.operations[0].fields[0];
            sealed.fields[0][1] = sealed.fields[0][0].clone();
        }),
        "WIR-05"
    );
    assert_eq!(rule(|body, _| body.operations[0].parties.swap(0, 1)), "WIR-05");
    assert_eq!(rule(|body, _| body.operations[0].parties[1].0 = 0), "WIR-05");
}

#[test]
fn wir_08_a_transaction_writes_records_or_holds_one_act() {
    let vote = || Some(Act::Vote { motion: TransactionDigest([1; 32]), approve: true });
    let without_records = |body: &mut Body, sealed: &mut SealedPart| {
        body.operations.clear();
        sealed.fields.clear();
    };
    assert_eq!(rule(|body, _| body.act = vote()), "WIR-08", "both");
    assert_eq!(rule(without_records), "WIR-08", "neither");
    let act_only = |body: &mut Body, sealed: &mut SealedPart| {
        without_records(body, sealed);
        body.act = vote();
    };
    assert_eq!(rule(act_only), "");
}

#[test]
fn wir_06_the_sealed_part_is_the_one_the_body_commits_to() {
    assert_eq!(rule(|_, sealed| sealed.salt[0] ^= 1), "WIR-06");
    assert_eq!(rule(|_, sealed| sealed.fields[0][3].commitment[31] ^= 1), "WIR-06");
    assert_eq!(rule(|_, sealed| sealed.fields[0][3].ciphertext[0] ^= 1), "WIR-06");
    assert_eq!(rule(|_, sealed| sealed.fields[0][3].ciphertext.push(0)), "WIR-06");
    assert_eq!(rule(|_, sealed| sealed.fields[0].swap(0, 1)), "WIR-06");
    assert_eq!(rule(|body, _| body.operations[0].fields[3].leaf[0] ^= 1), "WIR-06");
    // A sealed field belongs to its field number, not to its place in the list.
    assert_eq!(rule(|body, _| body.operations[0].fields[8].field = FieldId(10)), "WIR-06");
}

#[test]
fn wir_06_no_sealed_field_is_missing_or_left_over() {
    let more = |fields: &mut Vec<SealedField>| fields.push(fields[0].clone());
    assert_eq!(rule(|_, sealed| sealed.fields[0].truncate(8)), "WIR-06");
    assert_eq!(rule(|_, sealed| more(&mut sealed.fields[0])), "WIR-06");
    assert_eq!(rule(|_, sealed| sealed.fields.clear()), "WIR-06");
    assert_eq!(rule(|_, sealed| sealed.fields.push(Vec::new())), "WIR-06");
    assert_eq!(rule(|body, _| body.operations[0].fields.truncate(8)), "WIR-06");
}

#[test]
fn a_flipped_bit_anywhere_is_refused_or_not_authentic() {
    let (permanent, prunable) = &*VALID;
    let mut known = KnownSignatures::default();
    assert!(is_authentic(permanent, prunable, &mut known));
    for bit in 0..permanent.len() * 8 {
        let mut flipped = permanent.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_authentic(&flipped, prunable, &mut known), "bit {bit} of the permanent part");
    }
    for bit in 0..prunable.len() * 8 {
        let mut flipped = prunable.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_authentic(permanent, &flipped, &mut known), "bit {bit} of the prunable part");
    }
}

#[test]
fn the_digest_covers_the_body_and_the_signature_stands_apart() {
    let (transaction, other) = (signed(), changed(|body, _| body.expiry.0 += 1));
    assert_ne!(transaction.digest(), other.digest());
    let (permanent, _) = transaction.encode_parts();
    let body = encode(transaction.body());
    assert_eq!(permanent, [&body[..], &transaction.signature.0].concat());
}

proptest! {
    #[test]
    fn wir_02_arbitrary_bytes_never_panic(
        permanent in proptest::collection::vec(any::<u8>(), 0..600),
        prunable in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        prop_assert!(!is_authentic(&permanent, &prunable, &mut KnownSignatures::default()));
        let decoded = UnverifiedTransaction::decode(&VALID.0).unwrap();
        prop_assert!(decoded.check_sealed(&prunable).is_err());
    }

    #[test]
    fn wir_02_mutated_bytes_never_panic_and_never_pass(
        splices in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..40, proptest::collection::vec(any::<u8>(), 0..40)), 1..5),
        of_body in any::<bool>(),
    ) {
        let (permanent, prunable) = &*VALID;
        let mut bytes = if of_body { permanent.clone() } else { prunable.clone() };
        for (at, cut, put) in &splices {
            let from = at.index(bytes.len() + 1);
            let to = (from + cut).min(bytes.len());
            bytes.splice(from..to, put.iter().copied());
        }
        let original = if of_body { permanent } else { prunable };
        let parts = if of_body { (&bytes, prunable) } else { (permanent, &bytes) };
        let authentic = is_authentic(parts.0, parts.1, &mut KnownSignatures::default());
        prop_assert_eq!(authentic, bytes == *original);
    }
}

fn openers(count: u8) -> Vec<Opener> {
    let opener = |at| Opener {
        reader: parclose_types::PublicKey([at; 32]),
        signature: parclose_types::SignatureBytes([at; 64]),
    };
    (0..count).map(opener).collect()
}

#[test]
fn wir_02_readers_that_sign_are_written_in_one_way() {
    let transaction = signed();
    let (plain, _) = transaction.encode_parts();
    let decoded = UnverifiedTransaction::decode(&plain).unwrap();
    assert_eq!(decoded.claimed_openers(), []);
    for count in [1, 2, 64] {
        let opened = transaction.clone().opened_by(openers(count));
        let (permanent, _) = opened.encode_parts();
        assert_eq!(permanent.len(), plain.len() + 4 + 96 * usize::from(count));
        assert_eq!(permanent[..plain.len()], plain, "what stands before is as it was");
        let decoded = UnverifiedTransaction::decode(&permanent).unwrap();
        assert_eq!(decoded.claimed_openers(), openers(count));
        assert_eq!(decoded.digest(), transaction.digest());
        let refused = |bytes: &[u8]| UnverifiedTransaction::decode(bytes).map_or_else(|e| e.rule(), |_| "");
        assert!((plain.len() + 1..permanent.len()).all(|end| refused(&permanent[..end]) == "WIR-02"));
        assert_eq!(refused(&[&permanent[..], &[0]].concat()), "WIR-02");
    }
    let none = [&plain[..], &[0; 4]].concat();
    assert_eq!(UnverifiedTransaction::decode(&none).unwrap_err().rule(), "WIR-02", "none has no bytes");
}

#[test]
fn wir_04_readers_that_sign_are_counted() {
    let opened = signed().opened_by(openers(65));
    assert_eq!(check(&opened).unwrap_err().rule(), "WIR-04");
}

#[test]
fn wir_05_readers_that_sign_ascend() {
    for order in [[1, 0], [1, 1]] {
        let mut opened = signed();
        let two = openers(2);
        opened.openers = crate::opened::Openers(order.map(|at: usize| two[at]).to_vec());
        assert_eq!(check(&opened).unwrap_err().rule(), "WIR-05");
    }
}
