use parclose_transaction::FieldState;
use parclose_types::{Epoch, Failure, RecordId, encode};

use super::*;
use crate::bundle::{Bundle, NotExported};
use crate::fixtures::Consortium;

/// Two records, the first of them in two versions; the first is erased, in a later epoch. And what was exported before that.
fn erased() -> (Consortium, Bundle) {
    let mut consortium = Consortium::new();
    let batch = [consortium.statement(0, 1, 1, 10), consortium.statement(0, 2, 1, 12)];
    consortium.anchored(&batch);
    let update = consortium.statement(0, 1, 2, 14);
    consortium.anchored(&[update]);
    consortium.anchored(&[]);
    let whole = export(&consortium, None).unwrap();
    // So late that the acts are outside of the epochs that are exported.
    consortium.wait(200);
    consortium.erase(1);
    (consortium, whole)
}

fn export(consortium: &Consortium, epochs: Option<(Epoch, Epoch)>) -> Result<Bundle, NotExported> {
    Bundle::export(&consortium.members[1], consortium.events(), consortium.tag_proof(), epochs)
}

fn finished() -> (Consortium, Bundle) {
    let (mut consortium, whole) = erased();
    consortium.keep_up();
    consortium.anchored(&[]);
    (consortium, whole)
}

/// The batch that made both records.
fn of_two_records(bundle: &Bundle) -> &ExportedBatch {
    let writes = |permanent: &Vec<u8>| {
        let decoded = UnverifiedTransaction::decode(permanent).unwrap();
        !decoded.claimed_body().operations.is_empty()
    };
    let both = |batch: &&ExportedBatch| batch.permanent.len() == 2 && batch.permanent.iter().all(writes);
    bundle.batches.iter().find(both).unwrap()
}

fn refused(consortium: &Consortium, change: impl FnOnce(&mut Bundle)) -> &'static str {
    let mut bundle = export(consortium, None).unwrap();
    change(&mut bundle);
    bundle.verify(consortium.genesis()).unwrap_err().rule()
}

#[test]
fn an_audit_tells_what_is_erased_by_whom_and_why_and_reads_the_rest() {
    let (consortium, whole) = finished();
    let keys = [consortium.view_key(1, 0, 9), consortium.view_key(2, 0, 9)];
    let before = whole.verify(consortium.genesis()).unwrap();
    let before = before.read(&keys);
    assert_eq!((before.opened_fields, before.erased_fields), (9, 0));
    for epochs in [None, Some((Epoch(0), Epoch(0)))] {
        let bundle = export(&consortium, epochs).unwrap();
        assert_eq!(Bundle::decode(&bundle.encode()), Ok(bundle.clone()));
        let verified = bundle.verify(consortium.genesis()).unwrap();
        let view = verified.read(&keys);
        assert_eq!((view.opened_fields, view.erased_fields, view.malformed.len()), (3, 6, 0), "{epochs:?}");
        let fields = |at: usize| view.records[at].fields.iter().map(|(_, state)| state).collect::<Vec<_>>();
        assert!(fields(0).iter().all(|state| **state == FieldState::Erased));
        assert!(fields(1).iter().all(|state| matches!(state, FieldState::Opened(_))));
        let [erasure] = verified.erasures().collect::<Vec<_>>()[..] else { panic!("one") };
        assert_eq!(erasure.target, ErasureTarget::Record(RecordId([1; 32])));
        let asked: Vec<_> =
            erasure.asked.iter().map(|(author, _, reason)| (*author, reason.as_str())).collect();
        let both = [0, 1].map(|at| (consortium.pseudonym(at), "it is asked for"));
        assert_eq!(asked, both);
        assert_eq!(erasure.confirmed.len(), 2);
        assert_eq!(verified.erasure_of(&ErasureTarget::Record(RecordId([2; 32]))), None);
    }
}

#[test]
fn an_export_of_what_is_erased_waits_for_a_confirmation_that_is_attested() {
    let (mut consortium, _) = erased();
    assert!(export(&consortium, None).is_ok(), "nothing is carried out yet");
    consortium.members[1].carry_out_erasures().unwrap();
    let refused = export(&consortium, None).unwrap_err();
    assert_eq!(refused.rule(), "CHA-07");
    consortium.keep_up();
    consortium.anchored(&[]);
    assert!(export(&consortium, None).is_ok());
}

#[test]
fn era_10_what_is_lacking_is_erased_by_the_log_or_it_is_no_bundle() {
    let (consortium, whole) = finished();
    assert_eq!(refused(&consortium, |bundle| bundle.erasures.clear()), "ERA-10");
    let keep_asking = |bundle: &mut Bundle| {
        let asks = |act: &OrderedIn| {
            let decoded = UnverifiedTransaction::decode(&act.permanent).unwrap();
            matches!(decoded.claimed_body().act, Some(Act::Erase(_)))
        };
        bundle.erasures.retain(asks);
    };
    assert_eq!(refused(&consortium, keep_asking), "ERA-10", "that it was asked for is not enough");
    assert_eq!(refused(&consortium, |bundle| bundle.erased.clear()), "BUN-08");
    assert_eq!(refused(&consortium, |bundle| drop(bundle.erased.pop())), "BUN-08");
    assert_eq!(refused(&consortium, |bundle| bundle.erased[0].part.leaf[0] ^= 1), "ERA-10");
    assert_eq!(refused(&consortium, |bundle| bundle.erased[0].index += 1), "ERA-10");
    let of_no_batch = |bundle: &mut Bundle| {
        let mut remains = bundle.erased[0].clone();
        remains.sequence.0 += 90;
        bundle.erased.push(remains);
    };
    assert_eq!(refused(&consortium, of_no_batch), "ERA-10");

    // The other record is not erased: who would leave it out is found out.
    let mut bundle = export(&consortium, None).unwrap();
    let whole = of_two_records(&whole);
    let sequence = whole.proof.sequence;
    let transaction = UnverifiedTransaction::decode(&whole.permanent[1]).unwrap();
    let sealed = transaction.check_sealed(&whole.prunable[1]).unwrap();
    let mut part = parclose_transaction::ErasedPart::of_whole(&whole.prunable[1], sealed);
    let records =
        transaction.claimed_body().operations.iter().map(|of| ErasureTarget::Record(of.record)).collect();
    assert!(part.shred(transaction.claimed_body(), &parclose_transaction::Reach::new(&records, [])));
    bundle.batches.iter_mut().find(|batch| batch.proof.sequence == sequence).unwrap().prunable[1] =
        Vec::new();
    bundle.erased.push(Remains { sequence, index: 1, part });
    bundle.erased.sort_by_key(|remains| (remains.sequence, remains.index));
    assert_eq!(bundle.verify(consortium.genesis()).unwrap_err().rule(), "ERA-10");
}

/// Records in two epochs of a generation that has ended, and view keys of it from before that; then the first epoch is
/// erased, and confirmed.
fn with_an_epoch_less() -> (Consortium, [parclose_keys::ViewKey; 2], Bundle) {
    let mut consortium = Consortium::new();
    let first = consortium.statement(0, 1, 1, 10);
    consortium.anchored(&[first]);
    consortium.wait(200);
    let second = consortium.statement(0, 2, 1, 14);
    consortium.anchored(&[second]);
    let keys = [consortium.view_key(1, 0, 900), consortium.view_key(2, 0, 900)];
    consortium.rotate();
    consortium.anchored(&[]);
    let whole = export(&consortium, None).unwrap();
    consortium.erase_all_of(ErasureTarget::Epoch(Epoch(0)));
    consortium.keep_up();
    consortium.anchored(&[]);
    (consortium, keys, whole)
}

/// A part that is erased by now, as it was exported before.
fn whole_part(before: &Bundle, remains: &Remains) -> Vec<u8> {
    let batch = before.batches.iter().find(|batch| batch.proof.sequence == remains.sequence).unwrap();
    batch.prunable[usize::try_from(remains.index).unwrap()].clone()
}

#[test]
fn era_10_an_epoch_that_is_erased_is_told_from_one_that_is_kept_back() {
    let (consortium, keys, whole) = with_an_epoch_less();
    let before = whole.clone().verify(consortium.genesis()).unwrap().read(&keys);
    assert_eq!((before.opened_fields, before.erased_fields), (6, 0));
    let bundle = export(&consortium, None).unwrap();
    assert_eq!(Bundle::decode(&bundle.encode()), Ok(bundle.clone()));
    let gone: usize = bundle.erased.iter().map(|remains| remains.part.gone_wraps().count()).sum();
    assert!(gone > 0, "the wraps of its keys are gone as well");
    let verified = bundle.verify(consortium.genesis()).unwrap();
    // A key that was taken along before opens nothing of it: it is not there.
    let view = verified.read(&keys);
    assert_eq!((view.opened_fields, view.erased_fields, view.malformed.len()), (3, 3, 0));
    let [erasure] = verified.erasures().collect::<Vec<_>>()[..] else { panic!("one") };
    assert_eq!((erasure.target, erasure.confirmed.len()), (ErasureTarget::Epoch(Epoch(0)), 2));

    // Neither fields nor wraps pass without the acts that prove it.
    assert_eq!(refused(&consortium, |bundle| bundle.erasures.clear()), "ERA-10");
    let only = |bundle: &mut Bundle, wraps: bool| {
        bundle.erasures.clear();
        let kept = bundle.erased.iter().position(|of| (of.part.gone_wraps().count() > 0) == wraps).unwrap();
        let kept = bundle.erased.swap_remove(kept);
        for remains in std::mem::replace(&mut bundle.erased, vec![kept]) {
            let batch = bundle.batches.iter_mut().find(|of| of.proof.sequence == remains.sequence).unwrap();
            let held = whole_part(&whole, &remains);
            batch.prunable[usize::try_from(remains.index).unwrap()] = held;
        }
    };
    for wraps in [false, true] {
        assert_eq!(refused(&consortium, |bundle| only(bundle, wraps)), "ERA-10", "wraps: {wraps}");
    }
}

#[test]
fn era_11_acts_about_an_erasure_are_applied_where_they_stand() {
    let (consortium, whole) = finished();
    let bend = |change: &dyn Fn(&mut OrderedIn)| {
        refused(&consortium, |bundle| {
            let before = encode(&bundle.erasures);
            change(bundle.erasures.last_mut().unwrap());
            assert_ne!(encode(&bundle.erasures), before);
        })
    };
    assert_eq!(bend(&|act| act.batch.blinder[0] ^= 1), "BUN-06");
    assert_eq!(bend(&|act| act.batch.sequence.0 -= 1), "BUN-06");
    assert_eq!(bend(&|act| act.inclusion.index += 1), "ERA-10");
    assert_eq!(bend(&|act| act.permanent[10] ^= 1), "ERA-10");
    // A transaction that was applied, and is no such act.
    let permanent = of_two_records(&whole).permanent[0].clone();
    let digest = UnverifiedTransaction::decode(&permanent).unwrap().digest();
    let other = consortium.members[0].prove_ordered(&digest).unwrap();
    assert_eq!(refused(&consortium, |bundle| bundle.erasures.push(other)), "ERA-10");
}
