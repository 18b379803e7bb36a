//! Bundles: what they show, and each rule broken alone.

use parclose_channel::Verdict;
use parclose_channel::commit::{head_key, head_leaf};
use parclose_crypto::state_tree::memory::MemoryNodes;
use parclose_crypto::{merkle, state_tree};
use parclose_keys::ViewKey;
use parclose_transaction::{FieldState, FieldValue};
use parclose_types::{Failure, FieldId, RecordId, StateRoot, encode};
use proptest::prelude::*;

use super::*;
use crate::fixtures::{Consortium, genesis};

const REFERENCE: u32 = 1;
const FIGURES: u32 = 2;

/// Event 1: create, a second create of the same record, another create. Event 2: an update.
/// Event 3: an empty batch that attests event 2.
fn consortium() -> Consortium {
    let mut consortium = Consortium::new();
    let batch = [
        consortium.statement(0, 1, 1, 10),
        consortium.statement(0, 1, 1, 11),
        consortium.statement(0, 2, 1, 12),
    ];
    consortium.anchored(&batch);
    let update = consortium.statement(1, 1, 2, 13);
    // The counterparty's update, put forward by its own node, is passed over in the first member's batch.
    consortium.anchored(&[update]);
    let update = consortium.statement(0, 1, 2, 14);
    consortium.anchored(&[update]);
    consortium.anchored(&[]);
    consortium
}

/// Batches and verdicts before those of [`consortium`]'s first event.
fn preparation() -> (usize, usize) {
    static PREPARED: std::sync::OnceLock<(usize, usize)> = std::sync::OnceLock::new();
    *PREPARED.get_or_init(|| {
        let consortium = Consortium::new();
        (consortium.prepared_batches(), consortium.prepared_verdicts())
    })
}

fn prepared() -> usize {
    preparation().0
}

fn first_verdict() -> usize {
    preparation().1
}

/// The n-th event of [`consortium`].
fn nth(n: u64) -> Sequence {
    Sequence(prepared() as u64 + n)
}

fn export(consortium: &Consortium, epochs: Option<(Epoch, Epoch)>) -> Bundle {
    Bundle::export(&consortium.members[1], consortium.events(), consortium.tag_proof(), epochs).unwrap()
}

fn refused(change: impl FnOnce(&mut Bundle)) -> BundleInvalid {
    let consortium = consortium();
    let mut bundle = export(&consortium, None);
    change(&mut bundle);
    bundle.verify(consortium.genesis()).unwrap_err()
}

fn attested(bundle: &mut Bundle) -> &mut AttestedVerdicts {
    bundle.attested.as_mut().unwrap()
}

#[test]
fn a_bundle_shows_the_whole_log_with_every_verdict() {
    let consortium = consortium();
    let bundle = export(&consortium, None);
    assert_eq!(Bundle::decode(&bundle.encode()), Ok(bundle.clone()));
    let verified = bundle.verify(consortium.genesis()).unwrap();
    let last = consortium.nth(4);
    assert_eq!(verified.events(), last.0 + 1);
    assert_eq!((verified.attested(), verified.height().0), (Some(consortium.nth(3)), last.0 + 1));
    let standings: Vec<Vec<Standing>> = verified
        .batches()
        .iter()
        .skip(consortium.prepared_batches())
        .map(|batch| batch.transactions.iter().map(|t| t.standing.clone()).collect())
        .collect();
    let applied = || Standing::Decided(Verdict::Applied);
    let refused = Standing::Decided(Verdict::Refused("STA-05".into()));
    let expected =
        [vec![applied(), refused, applied()], vec![Standing::PassedOver], vec![applied()], Vec::new()];
    assert_eq!(standings, expected);
    assert!(
        [verified.void(), verified.not_shown(), verified.not_exported()].iter().all(|left| left.is_empty())
    );
}

#[test]
fn a_regulator_reads_the_granted_class_and_nothing_else() {
    let consortium = consortium();
    let verified = export(&consortium, None).verify(consortium.genesis()).unwrap();
    let view = verified.read(&[consortium.view_key(FIGURES, 0, 9)]);
    assert_eq!((view.opened_fields, view.sealed_fields, view.malformed.len()), (6, 3, 0));
    let first = &view.records[0];
    assert_eq!(
        (first.record, first.version, first.record_type.as_str()),
        (RecordId([1; 32]), 2, "statement")
    );
    assert_eq!(first.author, consortium.pseudonym(0));
    let expected = [
        ("month".to_owned(), FieldState::Sealed),
        ("documents".to_owned(), FieldState::Opened(FieldValue::Integer(14))),
        ("total".to_owned(), FieldState::Opened(FieldValue::Amount(1400, *b"GBP"))),
    ];
    assert_eq!(first.fields, expected);
    assert_eq!((view.records.len(), view.records[1].version), (2, 1));
    let both = [consortium.view_key(REFERENCE, 0, 0), consortium.view_key(FIGURES, 0, 0)];
    assert_eq!(verified.read(&both).opened_fields, 9);
    assert_eq!(verified.read(&[]).sealed_fields, 9);
    assert_eq!(verified.read(&[consortium.view_key(FIGURES, 1, 9)]).opened_fields, 0);
}

#[test]
fn a_field_that_was_sealed_wrongly_is_named_with_its_author() {
    let (consortium, digest) = Consortium::sealed_wrongly();
    let verified = export(&consortium, None).verify(consortium.genesis()).unwrap();
    let view = verified.read(&[consortium.view_key(FIGURES, 0, 0)]);
    let malformed = MalformedField {
        author: consortium.pseudonym(0),
        transaction: digest,
        record: RecordId([1; 32]),
        field: FieldId(2),
        signed: true,
    };
    assert_eq!(view.malformed, [malformed]);
    assert_eq!(view.records[0].fields[1], ("documents".into(), FieldState::Malformed));
    // A key that somebody made up for this scope shows nothing, and hides nothing from the right one.
    let stranger = Consortium::seeded(4);
    let made_up = || {
        let key = stranger.view_key(FIGURES, 0, 0);
        ViewKey { audience: consortium.both(), ..key }
    };
    assert_eq!(verified.read(&[made_up()]).opened_fields, 0);
    let with_right = [made_up(), consortium.view_key(FIGURES, 0, 0), made_up()];
    assert_eq!(
        (verified.read(&with_right).opened_fields, verified.read(&with_right).malformed.len()),
        (1, 1)
    );
}

#[test]
fn bun_16_what_its_author_has_not_signed_is_not_laid_to_it() {
    let (consortium, _) = Consortium::sealed_wrongly();
    let mut verified = export(&consortium, None).verify(consortium.genesis()).unwrap();
    let signed = |verified: &VerifiedBundle| {
        let view = verified.read(&[consortium.view_key(FIGURES, 0, 0)]);
        view.malformed.iter().map(|field| field.signed).collect::<Vec<_>>()
    };
    assert_eq!(signed(&verified), [true]);
    // Endorsers who collude can have applied whatever they like; they cannot sign for the author.
    let batch = consortium.prepared_batches();
    verified.hazmat_batches()[batch].transactions[0].signature.0[7] ^= 1;
    assert_eq!(signed(&verified), [false]);
}

#[test]
fn what_is_not_attested_yet_is_open_and_not_read() {
    let mut consortium = Consortium::new();
    let transaction = consortium.statement(0, 1, 1, 10);
    consortium.anchored(&[transaction]);
    let bundle = export(&consortium, None);
    let verified = bundle.verify(consortium.genesis()).unwrap();
    assert_eq!(verified.attested(), Some(consortium.nth(0)));
    let batch = consortium.prepared_batches();
    assert_eq!(verified.batches()[batch].transactions[0].standing, Standing::Open);
    assert!(verified.read(&[consortium.view_key(FIGURES, 0, 0)]).records.is_empty());
}

#[test]
fn an_export_of_some_epochs_names_what_it_leaves_out() {
    let mut consortium = consortium();
    consortium.wait(130);
    let later = consortium.statement(0, 3, 1, 15);
    consortium.anchored(&[later]);
    consortium.anchored(&[]);
    let early = export(&consortium, Some((Epoch(0), Epoch(0)))).verify(consortium.genesis()).unwrap();
    let left = [consortium.nth(5), consortium.nth(6)];
    assert_eq!((early.batches().len(), early.not_exported()), (consortium.prepared_batches() + 4, &left[..]));
    let late = export(&consortium, Some((Epoch(2), Epoch(2)))).verify(consortium.genesis()).unwrap();
    assert_eq!((late.batches().len(), late.not_exported().len()), (2, consortium.prepared_batches() + 4));
    assert_eq!(late.epoch_at(late.batches()[0].height), Epoch(2));
    let view = late.read(&[consortium.view_key(FIGURES, 2, 2)]);
    assert_eq!((view.records.len(), view.opened_fields), (1, 2));
}

#[test]
fn bun_01_an_export_is_of_one_moment() {
    let mut consortium = consortium();
    let (events, proof) = (consortium.events(), consortium.tag_proof());
    let all = events.len() as u64;
    let moment = |left: NotExported| match left {
        NotExported::OtherMoment { executed, proven, given } => (executed, proven, given as u64),
        other => panic!("{other:?}"),
    };
    let one_less = events[..events.len() - 1].to_vec();
    let fewer = Bundle::export(&consortium.members[0], one_less, proof.clone(), None).unwrap_err();
    assert_eq!(moment(fewer), (all, all, all - 1));
    consortium.anchored(&[]);
    let older = Bundle::export(&consortium.members[0], events, proof, None).unwrap_err();
    assert_eq!(older.rule(), "BUN-01");
    assert_eq!(moment(older), (all + 1, all, all));
}

#[test]
fn bun_02_a_file_has_one_form() {
    let consortium = consortium();
    let bundle = export(&consortium, None);
    let bytes = bundle.encode();
    let rule = |bytes: &[u8]| Bundle::decode(bytes).unwrap_err().rule();
    assert_eq!(rule(b""), "BUN-02");
    assert_eq!(rule(&bytes[1..]), "BUN-02");
    assert_eq!(rule(&[&bytes[..], &[6, 0]].concat()), "BUN-02");
    assert_eq!(rule(&[&bytes[..], &[10, 0, 0, 0, 0]].concat()), "BUN-02");
    assert_eq!(rule(&bytes[..bytes.len() - 1]), "BUN-02");
    // An empty part of verdicts, and a part out of its order.
    assert_eq!(rule(&[&bytes[..], &[6, 0, 0, 0, 4, 0, 0, 0, 0]].concat()), "BUN-02");
    assert_eq!(rule(&[&bytes[..], &[3, 0, 0, 0, 0]].concat()), "BUN-02");
    // A length that lies is refused before anything is read.
    assert_eq!(rule(&[&bytes[..], &[6, 0xFF, 0xFF, 0xFF, 0xFF]].concat()), "BUN-02");
    let mut parted = bundle;
    parted.audiences.clear();
    let without_audiences = parted.encode();
    // A file that was cut off between two parts lacks its end.
    let cut_off = |whole: &[u8]| whole[..whole.len() - 5].to_vec();
    assert!(bytes.starts_with(&cut_off(&without_audiences)) && Bundle::decode(&without_audiences).is_ok());
    assert_eq!(rule(&cut_off(&without_audiences)), "BUN-02");
    parted.attested = None;
    let unattested = parted.encode();
    assert!(without_audiences.starts_with(&cut_off(&unattested)) && Bundle::decode(&unattested).is_ok());
    assert_eq!(rule(&cut_off(&unattested)), "BUN-02");
    assert_eq!(parted.verify(consortium.genesis()).unwrap_err().rule(), "BUN-09");
}

#[test]
fn bun_02_a_cut_file_never_proves_anything() {
    let consortium = consortium();
    let bytes = export(&consortium, None).encode();
    // Wherever it is cut, also between two of its last parts.
    for length in (0..bytes.len()).step_by(7).chain(bytes.len() - 512..bytes.len()) {
        let verified = Bundle::decode(&bytes[..length]).map(|bundle| bundle.verify(consortium.genesis()));
        assert!(!matches!(verified, Ok(Ok(_))), "{length} of {} bytes", bytes.len());
    }
}

#[test]
fn bun_03_a_bundle_of_another_network_is_foreign() {
    let consortium = consortium();
    let other = genesis(8);
    let foreign = BundleInvalid::Foreign { expected: other.network(), found: consortium.genesis().network() };
    assert_eq!(export(&consortium, None).verify(&other).unwrap_err(), foreign);
    assert_eq!(foreign.rule(), "BUN-03");
    let refused = refused(|bundle| bundle.tag_proof.header.network.0[0] ^= 1);
    assert_eq!(refused.rule(), "BUN-03");
}

#[test]
fn bun_04_configuration_and_tag_fit_together() {
    let threshold = |threshold| refused(|bundle| bundle.setup.config.threshold = threshold);
    assert_eq!(threshold(0), BundleInvalid::Configuration);
    assert_eq!(threshold(3), BundleInvalid::Configuration);
    assert_eq!(refused(|bundle| bundle.setup.config.members.clear()), BundleInvalid::Configuration);
    let other = Consortium::seeded(4).members[0].setup().clone();
    assert_eq!(refused(|bundle| bundle.setup = other), BundleInvalid::Configuration);
}

#[test]
fn bun_04_a_founding_that_the_tag_does_not_commit_to_is_refused() {
    let changes: [fn(&mut Setup); 4] = [
        |setup| setup.config.epoch_length = 0,
        |setup| setup.config.members[0].name.push('x'),
        |setup| setup.genesis_blinder[0] ^= 1,
        |setup| setup.texts.policy.push('\n'),
    ];
    for change in changes {
        let refused = refused(|bundle| change(&mut bundle.setup));
        assert!(matches!(refused, BundleInvalid::Setup(_)), "{refused:?}");
    }
}

#[test]
fn bun_05_an_event_that_is_dropped_added_or_changed_is_noticed() {
    let changes: [fn(&mut Bundle); 6] = [
        |bundle| drop(bundle.events.remove(3)),
        |bundle| drop(bundle.events.pop()),
        |bundle| bundle.events.swap(1, 2),
        |bundle| bundle.events[2].height.0 += 1,
        |bundle| bundle.events.push(bundle.events.last().unwrap().clone()),
        |bundle| {
            let last = bundle.events.len() - 1;
            bundle.events[last] = bundle.events[last - 1].clone();
        },
    ];
    for change in changes {
        let refused = refused(change);
        assert!(matches!(refused, BundleInvalid::Incomplete { .. }), "{refused:?}");
    }
    // A count that fits needs a proof that fits.
    let cut = |bundle: &mut Bundle| {
        bundle.events.pop();
        bundle.tag_proof.state.count -= 1;
    };
    assert_eq!(refused(cut).rule(), "ROO-45");
}

#[test]
fn bun_06_a_batch_opens_the_anchor_at_its_event() {
    let base = prepared();
    let unopened = |n| BundleInvalid::Unopened { sequence: nth(n) };
    assert_eq!(refused(|bundle| bundle.batches[base + 1].proof.blinder[0] ^= 1), unopened(2));
    assert_eq!(refused(|bundle| bundle.batches[base].proof.header.transactions = 2), unopened(1));
    assert_eq!(refused(|bundle| attested(bundle).by.blinder[0] ^= 1), unopened(4));
    assert_eq!(refused(|bundle| attested(bundle).by.signature.0[0] ^= 1), unopened(4));
    let older = |bundle: &mut Bundle| attested(bundle).by.sequence = nth(3);
    assert_eq!(refused(older), unopened(3));
}

#[test]
fn bun_07_no_batch_of_the_exported_epochs_is_left_out() {
    let base = prepared();
    let other = |n| BundleInvalid::OtherBatches { sequence: nth(n) };
    assert_eq!(refused(|bundle| drop(bundle.batches.remove(base + 1))), other(2));
    assert_eq!(refused(|bundle| drop(bundle.batches.pop())), other(4));
    assert_eq!(refused(|bundle| bundle.batches.swap(base, base + 1)), other(1));
    assert_eq!(refused(|bundle| bundle.batches.push(bundle.batches[base].clone())), other(1));
    // The first batch of the log is the first that has no place.
    assert_eq!(
        refused(|bundle| bundle.epochs = (Epoch(2), Epoch(3))),
        BundleInvalid::OtherBatches { sequence: Sequence(1) }
    );
}

#[test]
fn bun_08_parts_are_those_that_were_ordered() {
    let base = prepared();
    let parts = |n| BundleInvalid::Parts { sequence: nth(n) };
    let flipped = |bundle: &mut Bundle| bundle.batches[base].permanent[2][40] ^= 1;
    assert_eq!(refused(flipped), parts(1));
    assert_eq!(refused(|bundle| bundle.batches[base].prunable[1][70] ^= 1), parts(1));
    assert_eq!(refused(|bundle| bundle.batches[base + 2].permanent.clear()), parts(3));
    assert_eq!(refused(|bundle| bundle.batches[base].proof.signature.0[0] ^= 1), parts(1));
    // The last batch has no verdicts yet, so its parts must be there.
    assert_eq!(refused(|bundle| bundle.batches[base + 3].permanent.push(Vec::new())), parts(4));
}

#[test]
fn bun_08_a_batch_without_effect_that_is_not_shown_is_named() {
    let (consortium, base) = (consortium(), prepared());
    let mut bundle = export(&consortium, None);
    bundle.batches[base + 1].permanent.clear();
    let verified = bundle.verify(consortium.genesis()).unwrap();
    assert_eq!((verified.not_shown(), verified.void().len()), (&[consortium.nth(2)][..], 0));
    assert_eq!(verified.batches().len(), base + 3);
}

#[test]
fn bun_08_a_batch_that_breaks_form_is_void_and_named() {
    let mut consortium = consortium();
    let void = consortium.anchored_void();
    let open = export(&consortium, None).verify(consortium.genesis());
    assert_eq!(open.unwrap_err(), BundleInvalid::Parts { sequence: void });
    consortium.anchored(&[]);
    let verified = export(&consortium, None).verify(consortium.genesis()).unwrap();
    assert_eq!(verified.void(), [void]);
    assert_eq!(verified.read(&[consortium.view_key(FIGURES, 0, 9)]).opened_fields, 6);
}

#[test]
fn bun_09_verdicts_of_an_older_state_are_stale() {
    let mut consortium = consortium();
    let older = export(&consortium, None).attested;
    consortium.anchored(&[]);
    let mut bundle = export(&consortium, None);
    bundle.attested = older;
    let refused = bundle.clone().verify(consortium.genesis()).unwrap_err();
    let stale = |found| BundleInvalid::Stale { newest: Some(consortium.nth(4)), found };
    assert_eq!(refused, stale(Some(consortium.nth(3))));
    bundle.attested = None;
    assert_eq!(bundle.verify(consortium.genesis()).unwrap_err(), stale(None));
}

#[test]
fn bun_10_the_head_is_in_the_attested_state() {
    let wrong = BundleInvalid::NotInState { attested: nth(3) };
    assert_eq!(refused(|bundle| attested(bundle).head.verdicts -= 1), wrong);
    assert_eq!(refused(|bundle| attested(bundle).head.sequence.0 -= 1), wrong);
    assert_eq!(refused(|bundle| attested(bundle).head.verdicts_root[0] ^= 1), wrong);
}

#[test]
fn bun_11_a_forged_or_missing_verdict_is_noticed() {
    let changes: [fn(&mut Vec<VerdictRow>); 6] = [
        |rows| rows[first_verdict() + 1].verdict = Verdict::Applied,
        |rows| rows[0].verdict = Verdict::Refused("ACC-04".into()),
        |rows| drop(rows.remove(1)),
        |rows| drop(rows.pop()),
        |rows| rows.swap(0, 1),
        |rows| rows.push(rows[0].clone()),
    ];
    for change in changes {
        let refused = refused(|bundle| change(&mut attested(bundle).verdicts));
        assert!(matches!(refused, BundleInvalid::Verdicts { .. }), "{refused:?}");
    }
}

/// A bundle in which colluding members attest a verdict log of their own for event 3.
fn colluded(change: impl FnOnce(&mut Vec<VerdictRow>)) -> BundleInvalid {
    let mut consortium = consortium();
    let mut bundle = export(&consortium, None);
    let (root, mut made) = made_up(attested(&mut bundle).clone(), change);
    let (batch, _) = consortium.collude(consortium.nth(3), |header| header.attested_root = root);
    made.by = batch.clone();
    bundle.attested = Some(made);
    bundle.batches.push(ExportedBatch { proof: batch, permanent: Vec::new(), prunable: Vec::new() });
    (bundle.events, bundle.tag_proof) = (consortium.events(), consortium.tag_proof());
    bundle.verify(consortium.genesis()).unwrap_err()
}

fn made_up(
    mut verdicts: AttestedVerdicts,
    change: impl FnOnce(&mut Vec<VerdictRow>),
) -> (StateRoot, AttestedVerdicts) {
    change(&mut verdicts.verdicts);
    verdicts.head.verdicts = verdicts.verdicts.len() as u64;
    verdicts.head.verdicts_root = merkle::root(verdicts.verdicts.iter().map(encode));
    let (key, value) = (head_key(), head_leaf(&verdicts.head));
    let mut nodes = MemoryNodes::default();
    let update = state_tree::update(&nodes, 0, &[(key, Some(value))]).unwrap();
    nodes.apply(&update);
    verdicts.head_proof = state_tree::prove(&nodes, 0, &key, Some(&value)).unwrap();
    (update.root, verdicts)
}

#[test]
fn bun_12_a_verdict_is_of_the_transaction_at_its_place() {
    let other = |sequence, index| BundleInvalid::OtherVerdict { sequence, index };
    let at = first_verdict();
    let swapped = |rows: &mut Vec<VerdictRow>| {
        let first = rows[at].transaction;
        rows[at].transaction = rows[at + 2].transaction;
        rows[at + 2].transaction = first;
    };
    assert_eq!(colluded(swapped), other(nth(1), 0));
    assert_eq!(colluded(|rows| rows.push(rows[at].clone())), other(nth(1), 0));
    assert_eq!(colluded(|rows| rows[at + 3].sequence = Sequence(0)), other(Sequence(0), 0));
    assert_eq!(colluded(|rows| rows[at + 3].sequence = nth(4)), other(nth(4), 0));
    assert_eq!(colluded(|rows| rows[at + 3].index = 7), other(nth(3), 7));
    // Without a change the colluding batch itself is the first thing that does not hold.
    assert_eq!(colluded(|_| ()), BundleInvalid::Parts { sequence: nth(5) });
}

/// A statement in each of two generations, the second attested.
fn rotated() -> Consortium {
    let mut consortium = Consortium::new();
    let before = consortium.statement(0, 1, 1, 10);
    consortium.anchored(&[before]);
    consortium.rotate();
    let after = consortium.statement(0, 2, 1, 20);
    consortium.anchored(&[after]);
    consortium.anchored(&[]);
    consortium
}

#[test]
fn bun_13_every_rotation_opens_to_the_generation_that_the_bundle_holds() {
    let consortium = rotated();
    let good = export(&consortium, None);
    assert_eq!(Bundle::decode(&good.encode()), Ok(good.clone()));
    let verified = good.clone().verify(consortium.genesis()).unwrap();
    assert_eq!(verified.eras().len(), 2);
    let applied = verified.batches().iter().flat_map(|batch| &batch.transactions);
    assert!(applied.clone().all(|t| t.standing == Standing::Decided(Verdict::Applied)));
    let changes: [fn(&mut Bundle); 6] = [
        |bundle| bundle.generations.clear(),
        |bundle| bundle.generations.push(bundle.generations[0].clone()),
        |bundle| bundle.generations[0].blinder[0] ^= 1,
        |bundle| bundle.generations[0].config.epoch_length += 1,
        |bundle| bundle.generations[0].config.members[0].name.push('x'),
        |bundle| bundle.generations[0].texts = Some(bundle.setup.texts.clone()),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut bundle = good.clone();
        change(&mut bundle);
        let refused = bundle.verify(consortium.genesis()).map(drop).map_err(|e| e.rule());
        // The same definition again says nothing else.
        let expected = if number == 5 { Ok(()) } else { Err("BUN-13") };
        assert_eq!(refused, expected, "change {number}");
    }
}

#[test]
fn bun_14_an_audience_is_a_set_of_members_of_its_generation() {
    let consortium = rotated();
    let good = export(&consortium, None);
    assert!(!good.audiences.is_empty());
    let changes: [fn(&mut Bundle); 4] = [
        |bundle| bundle.audiences[0].1.clear(),
        |bundle| bundle.audiences[0].1.reverse(),
        |bundle| bundle.audiences[0].1[0].0[0] ^= 1,
        |bundle| bundle.audiences[0].0 = parclose_types::Generation(9),
    ];
    for change in changes {
        let mut bundle = good.clone();
        change(&mut bundle);
        assert_eq!(bundle.verify(consortium.genesis()).map(drop).map_err(|e| e.rule()), Err("BUN-14"));
    }
}

#[test]
fn a_view_key_of_one_generation_opens_nothing_of_the_next() {
    let consortium = rotated();
    let verified = export(&consortium, None).verify(consortium.genesis()).unwrap();
    let now = consortium.view_key(FIGURES, 0, 9);
    let view = verified.read(&[now]);
    assert_eq!((view.opened_fields, view.sealed_fields, view.malformed.len()), (2, 4, 0));
}

/// The bundle of [`consortium`] as a file, and its genesis.
fn file() -> &'static (Vec<u8>, parclose_root::Genesis) {
    static FILE: std::sync::OnceLock<(Vec<u8>, parclose_root::Genesis)> = std::sync::OnceLock::new();
    FILE.get_or_init(|| {
        let consortium = consortium();
        (export(&consortium, None).encode(), consortium.genesis().clone())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn a_bundle_with_one_changed_bit_proves_nothing_else(at in any::<proptest::sample::Index>(), bit in 0..8_u32) {
        let (good, genesis) = file();
        let mut changed = good.clone();
        changed[at.index(good.len())] ^= 1_u8 << bit;
        if let Ok(bundle) = Bundle::decode(&changed) {
            // Only the interval may change, where the same batches lie in it, and the parts of a batch
            // that had no effect, which are then reported as not shown.
            let everything = bundle.epochs == (Epoch(0), Epoch(u32::MAX));
            let verified = bundle.verify(genesis);
            if let Ok(verified) = verified {
                prop_assert!(!everything || verified.not_shown() == [nth(2)]);
            }
        }
    }
}
