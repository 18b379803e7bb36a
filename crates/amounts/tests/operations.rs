//! Whole operations: each rule broken alone, each byte changed, and no bytes that panic.
#![allow(clippy::unwrap_used, reason = "what is set up well verifies; anything else fails the test")]

mod world;

use parclose_amounts::{
    AmountCommitment, Invalid, Issue, Misshapen, NotProven, NotSpendable, Opening, OwnerBlind, Place,
    Redemption, Transfer, UnsignedRedemption, verify_all,
};
use parclose_crypto::SigningKey;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_types::{
    AssetId, ChannelId, Failure, Fault, Generation, Height, NoteId, PublicKey, SignatureBytes,
    TransactionDigest, encode,
};
use proptest::prelude::*;
use world::{ASSET, Altered, CHANNEL, ENGINE, PLACE, Purse, World};

/// A transfer of two notes into two, and the world that it is valid in.
fn good() -> (World, Transfer) {
    let mut world = World::with(&[700, 300]);
    let transfer = world.any_transfer();
    (world, transfer)
}

fn good_redemption() -> (World, Redemption) {
    let mut world = World::with(&[700, 300]);
    let notes = world.notes();
    let (rest, redeemed) = (world.new_purses(&[600]), world.new_purses(&[400]));
    let redemption = world.redemption(&notes, &rest, &redeemed[0]);
    (world, redemption)
}

/// Breaks a transfer in one way.
type Change = fn(&mut Transfer);

fn refused(change: Change) -> Invalid {
    let (world, mut transfer) = good();
    change(&mut transfer);
    transfer.verify(&PLACE, &world.book).unwrap_err()
}

#[test]
fn a_transfer_is_made_encoded_decoded_verified_and_applied() {
    let (mut world, transfer) = good();
    let bytes = encode(&transfer);
    assert_eq!(Transfer::decode(&bytes), Ok(transfer.clone()));
    let effects = transfer.verify(&PLACE, &world.book).unwrap();
    assert_eq!(effects.asset(), ASSET);
    assert_eq!(effects.spent(), world.notes());
    assert_eq!(effects.made(), transfer.outputs);
    let before = world.notes();
    let transaction = TransactionDigest([9; 32]);
    world.book.apply(&effects, &CHANNEL, &transaction, 0).unwrap();
    assert_eq!(world.notes().len(), 2);
    assert!(world.notes().iter().all(|note| !before.contains(note)));
}

#[test]
fn val_05_an_operation_holds_in_its_place_only() {
    let (world, transfer) = good();
    let others = [
        Place { channel: ChannelId([0xC1; 32]), ..PLACE },
        Place { generation: Generation(8), ..PLACE },
        Place { salt_digest: [0x5C; 32], ..PLACE },
        Place { expiry: Height(4097), ..PLACE },
        Place { context: [0xC8; 32], ..PLACE },
    ];
    for other in &others {
        let refused = transfer.verify(other, &world.book).unwrap_err();
        assert_eq!(refused, NotProven::Balance.into(), "the first thing that is for a statement");
    }
    assert!(transfer.verify(&PLACE, &world.book).is_ok());
}

#[test]
fn val_05_proofs_and_signatures_cover_the_field_leaves() {
    let refused = refused(|transfer| transfer.outputs[0].leaf[0] ^= 1);
    assert_eq!(refused, NotProven::Balance.into());
}

#[test]
fn val_06_an_operation_that_makes_or_loses_an_amount_cannot_be_made_nor_verified() {
    let mut world = World::with(&[700]);
    let notes = world.notes();
    for value in [699, 701] {
        let made = world.new_purses(&[value]);
        let spends = [world.purses[&notes[0]].spend(notes[0])];
        let made = [made[0].note()];
        let made = Transfer::new(&PLACE, ASSET, ENGINE, &spends, &made, &mut world.rng);
        assert_eq!(made, Err(NotProven::Balance.into()));
    }
    // The notes are exchanged for others of other amounts, after the proof was made.
    let (mut transfer, other) = (world.any_transfer(), world.new_purses(&[5]));
    transfer.outputs[1] = other[0].note().output();
    assert_eq!(transfer.verify(&PLACE, &world.book), Err(NotProven::Balance.into()));
}

#[test]
fn val_06_a_note_worth_another_amount_than_the_prover_says_does_not_balance() {
    let (world, transfer) = good();
    let richer = Altered {
        book: &world.book,
        note: |mut note| {
            note.commitment = note.commitment.plus(&AmountCommitment::from_bytes(&one()).unwrap());
            Some(note)
        },
        terms: Some,
    };
    assert_eq!(transfer.verify(&PLACE, &richer), Err(NotProven::Balance.into()));
}

/// Some commitment that is not the one to zero.
fn one() -> [u8; 32] {
    *Opening::derive(&ASSET, 1, &secret_from_bytes([1; 32])).commitment().as_bytes()
}

#[test]
fn val_07_val_08_the_range_proof_is_verified_last_and_always() {
    assert_eq!(refused(|t| t.range.0.truncate(672)), NotProven::RangeShape { amounts: 2 }.into());
    assert_eq!(refused(|t| t.range.0[130] ^= 1), NotProven::Range.into());
}

#[test]
fn val_10_operations_have_their_numbers_of_notes() {
    let count = |inputs, amounts| Invalid::from(Misshapen::Count { inputs, amounts });
    assert_eq!(refused(|t| t.inputs.clear()), count(0, 2));
    assert_eq!(refused(|t| t.outputs.clear()), count(2, 0));
    assert_eq!(refused(|t| t.outputs = vec![t.outputs[0]; 9]), count(2, 9));
    assert_eq!(refused(|t| t.inputs = vec![t.inputs[0]; 65]), count(65, 2));
    let mut world = World::with(&[1]);
    let none = Issue::new(&PLACE, ASSET, ENGINE, &[], &world::issuer(), &mut world.rng);
    assert_eq!(none, Err(count(0, 0)));
    let (world, mut redemption) = good_redemption();
    redemption.outputs = vec![redemption.outputs[0]; 8];
    assert_eq!(redemption.verify(&PLACE, &world.book), Err(count(2, 9)));
}

#[test]
fn val_10_the_largest_operations_verify_and_fit_their_limit() {
    let mut world = World::with(&[1; 64]);
    let (notes, made) = (world.notes(), world.new_purses(&[8; 8]));
    let transfer = world.transfer(&notes, &made);
    assert!(transfer.verify(&PLACE, &world.book).is_ok());
    assert!(encode(&transfer).len() < parclose_types::limits::TRANSFER_BYTES_MAX);
    let (rest, redeemed) = (world.new_purses(&[8; 7]), world.new_purses(&[8]));
    let redemption = world.redemption(&notes, &rest, &redeemed[0]);
    assert!(Redemption::decode(&encode(&redemption)).unwrap().verify(&PLACE, &world.book).is_ok());
}

#[test]
fn val_10_all_of_a_note_can_be_redeemed() {
    let mut world = World::with(&[700]);
    let (notes, redeemed) = (world.notes(), world.new_purses(&[700]));
    let redemption = world.redemption(&notes, &[], &redeemed[0]);
    assert!(redemption.verify(&PLACE, &world.book).is_ok());
}

#[test]
fn val_11_notes_are_spent_in_order_and_once() {
    let exchanged: Change = |transfer| {
        transfer.inputs.swap(0, 1);
        transfer.signatures.swap(0, 1);
    };
    assert_eq!(refused(exchanged), Misshapen::Order.into());
    assert_eq!(refused(|transfer| transfer.inputs[1] = transfer.inputs[0]), Misshapen::Order.into());
    let mut world = World::with(&[5]);
    let (note, made) = (world.notes()[0], world.new_purses(&[10]));
    let spends = [world.purses[&note].spend(note), world.purses[&note].spend(note)];
    let twice = Transfer::new(&PLACE, ASSET, ENGINE, &spends, &[made[0].note()], &mut world.rng);
    assert_eq!(twice, Err(Misshapen::Order.into()));
}

#[test]
fn val_12_the_asset_is_known() {
    assert_eq!(refused(|transfer| transfer.asset = AssetId([0x22; 32])), NotSpendable::UnknownAsset.into());
    let (world, transfer) = good();
    let forgetful = Altered { book: &world.book, note: Some, terms: |_| None };
    assert_eq!(transfer.verify(&PLACE, &forgetful), Err(NotSpendable::UnknownAsset.into()));
}

#[test]
fn val_13_a_note_is_spent_once() {
    let (mut world, transfer) = good();
    let again = world.any_transfer();
    let effects = transfer.verify(&PLACE, &world.book).unwrap();
    let other = again.verify(&PLACE, &world.book).unwrap();
    let transaction = TransactionDigest([9; 32]);
    world.book.apply(&effects, &CHANNEL, &transaction, 0).unwrap();
    let note = effects.spent()[0];
    let refused = again.verify(&PLACE, &world.book);
    assert_eq!(refused, Err(NotSpendable::NotUnspent { note }.into()));
    let (before, supply) = (world.notes(), world.book.supply(&ASSET));
    let late = world.book.apply(&other, &CHANNEL, &TransactionDigest([8; 32]), 0);
    assert_eq!(late, Err(NotSpendable::NotUnspent { note }.into()), "verified before, applied after");
    assert_eq!((world.notes(), world.book.supply(&ASSET)), (before, supply), "nothing was applied");
}

#[test]
fn val_13_a_note_that_never_was_is_not_spent() {
    let note = NoteId([0; 32]);
    let mut transfer_with = good();
    transfer_with.1.inputs[0].note = note;
    let refused = transfer_with.1.verify(&PLACE, &transfer_with.0.book);
    assert_eq!(refused, Err(NotSpendable::NotUnspent { note }.into()));
}

#[test]
fn val_14_notes_are_of_the_operations_asset() {
    let (world, transfer) = good();
    let other = Altered {
        book: &world.book,
        note: |mut note| {
            note.asset = AssetId([0x22; 32]);
            Some(note)
        },
        terms: Some,
    };
    let note = transfer.inputs[0].note;
    assert_eq!(transfer.verify(&PLACE, &other), Err(NotSpendable::OtherAsset { note }.into()));
}

#[test]
fn val_15_an_input_names_the_owner_that_the_note_was_made_for() {
    for change in [
        (|t| t.inputs[0].owner.0[0] ^= 1) as Change,
        |t| t.inputs[0].blind = OwnerBlind([0; 32]),
        |t| {
            let (owner, blind) = (t.inputs[1].owner, t.inputs[1].blind);
            (t.inputs[0].owner, t.inputs[0].blind) = (owner, blind);
        },
    ] {
        assert!(matches!(refused(change), Invalid::Spend(NotSpendable::NotTheOwner { .. })));
    }
}

#[test]
fn val_16_every_owner_signs() {
    let unsigned = Invalid::from(NotSpendable::OwnerSignature);
    for change in [
        (|t| t.signatures.truncate(1)) as Change,
        |t| t.signatures.push(t.signatures[0]),
        |t| t.signatures.swap(0, 1),
        |t| t.signatures[1] = t.signatures[0],
        |t| t.signatures[0].0[0] ^= 1,
        |t| t.signatures[1].0[63] ^= 1,
        |t| t.signatures[0] = SignatureBytes([0; 64]),
    ] {
        assert_eq!(refused(change), unsigned);
    }
}

#[test]
fn val_16_whoever_can_only_read_a_note_cannot_spend_it() {
    // Opening and blind are known to every reader; the key is another one.
    let mut world = World::with(&[700]);
    let note = world.notes()[0];
    let (thief, made) = (Purse::new(0, 999), world.new_purses(&[700]));
    let mut spend = world.purses[&note].spend(note);
    spend.owner = &thief.owner;
    let theft = Transfer::new(&PLACE, ASSET, ENGINE, &[spend], &[made[0].note()], &mut world.rng).unwrap();
    assert_eq!(theft.verify(&PLACE, &world.book), Err(NotSpendable::NotTheOwner { note }.into()));
    // With the owner's public key, too, the signature is missing.
    let mut forged = theft;
    forged.inputs[0].owner = world.purses[&note].owner.public();
    let refused = forged.verify(&PLACE, &world.book).unwrap_err();
    assert_eq!(refused, NotProven::Balance.into(), "the proofs were for another owner");
    let mut honest = world.transfer(&[note], &made);
    honest.signatures[0] = forged.signatures[0];
    assert_eq!(honest.verify(&PLACE, &world.book), Err(NotSpendable::OwnerSignature.into()));
}

#[test]
fn val_16_weak_owner_keys_sign_nothing() {
    // The identity and other points of small order verify anything under laxer rules.
    let (mut world, _) = good();
    for owner in [[0; 32], [0xFF; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        let owner = PublicKey(owner);
        let purse = Purse::new(10, 77);
        let mut note = purse.note();
        note.owner = parclose_amounts::OwnerCommitment::new(&owner, &purse.blind);
        let issue = Issue::new(&PLACE, ASSET, ENGINE, &[note], &world::issuer(), &mut world.rng).unwrap();
        let effects = issue.verify(&PLACE, &world.book).unwrap();
        let transaction = TransactionDigest([0x33; 32]);
        world.book.apply(&effects, &CHANNEL, &transaction, 0).unwrap();
        let id = effects.made()[0].id(&CHANNEL, &transaction, 0);
        let made = world.new_purses(&[10]);
        let mut theft =
            Transfer::new(&PLACE, ASSET, ENGINE, &[purse.spend(id)], &[made[0].note()], &mut world.rng)
                .unwrap();
        theft.inputs[0].owner = owner;
        for signature in [[0; 64], {
            let mut one = [0; 64];
            one[0] = 1;
            one
        }] {
            theft.signatures[0] = SignatureBytes(signature);
            assert!(theft.verify(&PLACE, &world.book).is_err());
        }
    }
}

#[test]
fn val_17_the_issuer_signs_issues_and_redemptions() {
    let stranger = SigningKey::from_seed(&secret_from_bytes([0x66; 32]));
    let unsigned = Err(Invalid::from(NotSpendable::IssuerSignature));
    let mut world = World::with(&[1]);
    let made = world.new_purses(&[5]);
    let forged = Issue::new(&PLACE, ASSET, ENGINE, &[made[0].note()], &stranger, &mut world.rng).unwrap();
    assert_eq!(forged.verify(&PLACE, &world.book), unsigned);
    let mut changed = world.issue(&made);
    changed.outputs[0].owner.0[0] ^= 1;
    assert_eq!(changed.verify(&PLACE, &world.book), unsigned);
    let (world, redemption) = good_redemption();
    assert!(redemption.verify(&PLACE, &world.book).is_ok());
    let mut changed = redemption.clone();
    changed.issuer_signature.0[0] ^= 1;
    assert_eq!(changed.verify(&PLACE, &world.book), unsigned);
    let unsigned_yet = UnsignedRedemption::decode(&encode(&redemption)).unwrap();
    let by_stranger = unsigned_yet.clone().sign(&PLACE, &stranger);
    assert_eq!(by_stranger.verify(&PLACE, &world.book), unsigned);
    assert_eq!(unsigned_yet.sign(&PLACE, &world::issuer()), redemption);
}

#[test]
fn many_operations_are_verified_together() {
    let mut world = World::with(&[700, 300]);
    let first = world.any_transfer();
    let mut bad = world.any_transfer();
    bad.range.0[130] ^= 1;
    let made = world.new_purses(&[5]);
    let issue = world.issue(&made);
    let checked = [&first, &bad, &first].map(|transfer| transfer.check(&PLACE, &world.book).unwrap());
    let mut all = Vec::from(checked);
    all.push(issue.check(&PLACE, &world.book).unwrap());
    let results: Vec<_> = verify_all(all).into_iter().map(|result| result.map(|_| ())).collect();
    assert_eq!(results, [Ok(()), Err(NotProven::Range), Ok(()), Ok(())]);
}

#[test]
fn every_failure_says_its_code_rule_and_fix() {
    let note = NoteId([1; 32]);
    let all: [Invalid; 11] = [
        NotProven::Balance.into(),
        NotProven::RangeShape { amounts: 2 }.into(),
        NotProven::Range.into(),
        Misshapen::Count { inputs: 0, amounts: 0 }.into(),
        Misshapen::Order.into(),
        NotSpendable::UnknownAsset.into(),
        NotSpendable::NotUnspent { note }.into(),
        NotSpendable::OtherAsset { note }.into(),
        NotSpendable::NotTheOwner { note }.into(),
        NotSpendable::OwnerSignature.into(),
        NotSpendable::IssuerSignature.into(),
    ];
    let rules: Vec<_> = all.iter().map(Failure::rule).collect();
    let expected: Vec<_> = (6..=8).chain(10..=17).map(|number| format!("VAL-{number:02}")).collect();
    assert_eq!(rules, expected);
    for error in &all {
        assert!(error.definite() && error.fault() == Fault::Sender && !error.fix().is_empty());
        assert!(["NOT_PROVEN", "OPERATION_MISSHAPEN", "NOTE_NOT_SPENDABLE"].contains(&error.code()));
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn every_byte_of_an_operation_on_the_wire_matters() {
    let (world, transfer) = good();
    let bytes = encode(&transfer);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let verified =
            Transfer::decode(&changed).map(|transfer| transfer.verify(&PLACE, &world.book).is_ok());
        assert!(!matches!(verified, Ok(true)), "byte {at}");
    }
    for end in (0..bytes.len()).step_by(7) {
        assert!(Transfer::decode(&bytes[..end]).is_err());
    }
    let (world, redemption) = good_redemption();
    let bytes = encode(&redemption);
    for at in (0..bytes.len()).step_by(3) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let verified = Redemption::decode(&changed).map(|other| other.verify(&PLACE, &world.book).is_ok());
        assert!(!matches!(verified, Ok(true)), "byte {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let world = World::with(&[]);
        let _ = Transfer::decode(&bytes).map(|one| one.verify(&PLACE, &world.book).is_ok());
        let _ = Issue::decode(&bytes).map(|one| one.verify(&PLACE, &world.book).is_ok());
        let _ = Redemption::decode(&bytes).map(|one| one.verify(&PLACE, &world.book).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Real bytes with pieces overwritten, moved and repeated.
    #[test]
    fn no_bytes_that_were_an_operation_panic(
        edits in proptest::collection::vec((any::<u16>(), any::<u16>(), 0..80_usize), 1..6),
    ) {
        let (world, transfer) = good();
        let mut bytes = encode(&transfer);
        for (from, to, length) in edits {
            let (from, to) = (usize::from(from) % bytes.len(), usize::from(to) % bytes.len());
            let piece = bytes[from..bytes.len().min(from + length)].to_vec();
            bytes.splice(to..bytes.len().min(to + length), piece);
        }
        prop_assume!(bytes != encode(&transfer));
        let verified = Transfer::decode(&bytes).map(|one| one.verify(&PLACE, &world.book).is_ok());
        prop_assert!(!matches!(verified, Ok(true)));
    }
}
