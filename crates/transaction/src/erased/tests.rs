use parclose_types::RecordId;

use super::*;
use crate::act::ErasureTarget;
use crate::body::SignedTransaction;
use crate::draft::Draft;
use crate::draft::hazmat::into_parts;
use crate::fixtures::{BILATERAL_CHANNEL, HEIGHT, statement};

const OTHER: RecordId = RecordId([0x77; 32]);

/// A transaction that writes two records.
fn of_two() -> SignedTransaction {
    let first = statement(&BILATERAL_CHANNEL);
    let second = crate::draft::DraftOperation { record: OTHER, ..first.clone() };
    let draft = Draft::of_records(vec![first, second], parclose_types::Height(HEIGHT.0 + 9));
    BILATERAL_CHANNEL.seal("supplierco", &draft, 1)
}

fn shredded(gone: &[RecordId]) -> (UnverifiedTransaction, Vec<u8>, ErasedPart) {
    let signed = of_two();
    let (permanent, prunable) = signed.encode_parts();
    let (body, sealed) = into_parts(signed);
    let mut part = ErasedPart::of_whole(&prunable, sealed);
    let targets = gone.iter().copied().map(ErasureTarget::Record).collect();
    let reach = Reach::new(&targets, []);
    assert!(part.shred(&body, &reach));
    assert!(!part.shred(&body, &reach), "there is nothing left of them");
    (UnverifiedTransaction::decode(&permanent).unwrap(), prunable, part)
}

fn first() -> RecordId {
    statement(&BILATERAL_CHANNEL).record
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn a_shredded_part_holds_nothing_of_what_is_gone_and_all_of_the_rest() {
    let (_, sealed) = into_parts(of_two());
    let (transaction, prunable, part) = shredded(&[OTHER]);
    assert_eq!(transaction.check_erased(&part), Ok(()));
    assert_eq!(part.leaf, merkle::leaf_hash(&prunable));
    let bytes = parclose_types::encode(&part);
    for field in &sealed.fields[1] {
        assert!(holds(&prunable, &field.ciphertext) && holds(&prunable, &field.commitment));
        assert!(!holds(&bytes, &field.ciphertext) && !holds(&bytes, &field.commitment));
    }
    assert_eq!(part.fields[0], sealed.fields[0]);
    assert!(holds(&bytes, &sealed.salt), "the other record needs it");
    assert_eq!(part.records(transaction.claimed_body()).copied().collect::<Vec<_>>(), [OTHER]);
    assert_eq!(part.rest().unwrap().fields[1], []);

    let (transaction, _, part) = shredded(&[first(), OTHER]);
    assert_eq!(transaction.check_erased(&part), Ok(()));
    assert_eq!((part.salt, part.rest()), (None, None));
    assert!(!holds(&parclose_types::encode(&part), &sealed.salt), "nothing needs it any more");
}

#[test]
fn era_05_what_is_left_is_explicit_and_corresponds_to_the_body() {
    let (transaction, _, part) = shredded(&[OTHER]);
    let (_, sealed) = into_parts(of_two());
    let refused = |bend: &dyn Fn(&mut ErasedPart)| {
        let mut bent = part.clone();
        bend(&mut bent);
        assert_ne!(bent, part);
        transaction.check_erased(&bent).is_err()
    };
    assert!(refused(&|part| part.erased.clear()), "nothing is said to be erased");
    assert!(refused(&|part| part.erased = vec![0]), "another is said to be erased");
    assert!(refused(&|part| part.erased = vec![1, 1]));
    assert!(refused(&|part| part.erased = vec![1, 2]), "of two operations");
    assert!(refused(&|part| part.fields[1].clone_from(&sealed.fields[1])), "erased, and there");
    assert!(refused(&|part| part.fields[0][0].ciphertext[0] ^= 1));
    assert!(refused(&|part| part.fields[0][0].commitment[0] ^= 1));
    assert!(refused(&|part| drop(part.fields[0].pop())));
    assert!(refused(&|part| drop(part.fields.pop())));
    assert!(refused(&|part| part.fields.push(Vec::new())));
    assert!(refused(&|part| part.salt = None), "a field is left that needs it");
    assert!(refused(&|part| part.salt = Some([0; 32])));
    let (transaction, _, none_left) = shredded(&[first(), OTHER]);
    let kept = ErasedPart { salt: Some(sealed.salt), ..none_left };
    assert!(transaction.check_erased(&kept).is_err(), "a salt that nothing needs");
}
