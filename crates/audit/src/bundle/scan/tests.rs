//! Scans: what they find, in which bounds, stopped anywhere; and each rule broken alone.

use std::cell::Cell;
use std::sync::LazyLock;

use parclose_channel::VerdictRow;
use parclose_root::Genesis;
use parclose_types::{Failure, Generation, TransactionDigest};
use proptest::prelude::*;

use super::*;
use crate::fixtures::{Consortium, genesis};

const FIGURES: u32 = 2;

/// An export with whatever can stand in one, and view keys of both of its generations.
struct World {
    bundle: Bundle,
    file: Vec<u8>,
    genesis: Genesis,
    keys: Vec<Vec<u8>>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let (mut consortium, _) = Consortium::sealed_wrongly();
    let batch = [
        consortium.statement(0, 2, 1, 10),
        consortium.statement(0, 2, 1, 11),
        consortium.statement(0, 3, 1, 12),
    ];
    consortium.anchored(&batch);
    let passed_over = consortium.statement(1, 3, 2, 13);
    consortium.anchored(&[passed_over]);
    consortium.anchored_void();
    consortium.wait(130);
    let later = consortium.statement(0, 4, 1, 14);
    consortium.anchored(&[later]);
    let mut keys = vec![consortium.view_key(FIGURES, 0, 9).to_bytes().to_vec()];
    consortium.rotate();
    let after = consortium.statement(0, 5, 1, 15);
    consortium.anchored(&[after]);
    consortium.anchored(&[]);
    keys.push(consortium.view_key(FIGURES, 0, 9).to_bytes().to_vec());
    let bundle = export(&consortium, None);
    World { file: bundle.encode(), bundle, genesis: consortium.genesis().clone(), keys }
});

fn export(consortium: &Consortium, epochs: Option<(Epoch, Epoch)>) -> Bundle {
    Bundle::export(&consortium.members[1], consortium.events(), consortium.tag_proof(), epochs).unwrap()
}

fn keys() -> Vec<ViewKey> {
    WORLD.keys.iter().map(|bytes| ViewKey::from_bytes(bytes).unwrap()).collect()
}

fn scanned(file: &[u8], keys: &[ViewKey]) -> Result<ScanReport, ScanInvalid> {
    Scannable::prove(file, &WORLD.genesis)?.scan(keys, None)?.finish()
}

#[test]
fn a_scan_finds_what_is_found_by_whoever_holds_the_whole_export() {
    let (report, verified) = (
        scanned(&WORLD.file, &keys()).unwrap(),
        Bundle::decode(&WORLD.file).unwrap().verify(&WORLD.genesis).unwrap(),
    );
    let view = verified.read(&keys());
    assert_eq!((report.opened_fields, report.sealed_fields), (view.opened_fields, view.sealed_fields));
    assert!(report.opened_fields > 5 && report.standings.refused == 1, "{report:?}");
    assert_eq!((report.malformed.len(), &report.malformed), (1, &view.malformed));
    assert_eq!(report.assets, verified.value(&keys()));
    let void: Vec<Sequence> = report.void.runs().iter().map(|run| run.first).collect();
    assert_eq!((void.len(), void), (1, verified.void().to_vec()));
    assert_eq!(report.batches, verified.batches().len() as u64 + 1);
    assert_eq!((report.standings.passed_over, report.standings.open), (1, 0));
    let blind = scanned(&WORLD.file, &[]).unwrap();
    assert_eq!((blind.opened_fields, blind.malformed.len(), blind.coverage.len()), (0, 0, 0));
}

#[test]
fn scn_01_a_scan_refuses_what_whoever_holds_the_whole_export_refuses() {
    let changes: [fn(&mut Bundle); 14] = [
        |bundle| drop(bundle.batches.remove(3)),
        |bundle| drop(bundle.batches.pop()),
        |bundle| bundle.batches.swap(2, 3),
        |bundle| bundle.batches.push(bundle.batches[3].clone()),
        |bundle| bundle.batches[3].proof.blinder[0] ^= 1,
        |bundle| drop(bundle.events.remove(3)),
        |bundle| bundle.events[2].height.0 += 1,
        |bundle| drop(bundle.attested.as_mut().unwrap().verdicts.pop()),
        |bundle| bundle.attested.as_mut().unwrap().verdicts.swap(0, 1),
        |bundle| bundle.attested.as_mut().unwrap().head.verdicts -= 1,
        |bundle| bundle.attested.as_mut().unwrap().by.blinder[0] ^= 1,
        |bundle| bundle.attested = None,
        |bundle| bundle.generations.clear(),
        |bundle| bundle.audiences[0].1.clear(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut bundle = WORLD.bundle.clone();
        change(&mut bundle);
        let whole = bundle.clone().verify(&WORLD.genesis).map(drop).unwrap_err();
        let refused = scanned(&bundle.encode(), &[]).unwrap_err();
        assert_eq!(refused, ScanInvalid::from(whole), "change {number}");
    }
    let foreign = Scannable::prove(&WORLD.file[..], &genesis(8)).map(drop).unwrap_err();
    assert_eq!(foreign.rule(), "BUN-03");
}

fn rows(places: &[(u64, u32)]) -> Vec<u8> {
    let row = |(sequence, index): &(u64, u32)| VerdictRow {
        sequence: Sequence(*sequence),
        index: *index,
        transaction: TransactionDigest([0; 32]),
        verdict: Verdict::Applied,
    };
    let part = encode(&places.iter().map(row).collect::<Vec<_>>());
    [&[6][..], &u32::try_from(part.len()).unwrap().to_be_bytes(), &part, &[10, 0, 0, 0, 0]].concat()
}

/// How many verdicts each of events 1 to 3 has, in a log whose event 3 is the attested one.
fn taken(places: &[(u64, u32)], used: u64) -> Result<Vec<usize>, BundleInvalid> {
    let bytes = rows(places);
    let mut reader = VerdictReader::resume(Parts::resume(&bytes[..], 0)?, used)?;
    let of = |event| reader.of(Sequence(event), Some(Sequence(3))).map(|verdicts| verdicts.len());
    let counts = (1..=3).map(of).collect::<Result<_, _>>()?;
    reader.finish().map(|()| counts)
}

#[test]
fn scn_02_verdicts_stand_in_the_order_of_their_places() {
    let log = [(1, 0), (1, 2), (3, 0)];
    assert_eq!(taken(&log, 0), Ok(vec![2, 0, 1]));
    assert_eq!(taken(&log, 1), Ok(vec![1, 0, 1]), "taken up where one was used");
    for (log, at) in [
        (&[(1, 2), (1, 0)][..], (1, 0)),
        (&[(1, 0), (1, 0)], (1, 0)),
        (&[(2, 0), (1, 0)], (1, 0)),
        (&[(0, 0)], (0, 0)),
        (&[(1, 0), (4, 0)], (4, 0)),
    ] {
        let other = BundleInvalid::OtherVerdict { sequence: Sequence(at.0), index: at.1 };
        assert_eq!(taken(log, 0), Err(other), "{log:?}");
    }
    // Past the attested event nothing is decided.
    let bytes = rows(&[(2, 0)]);
    let mut reader = VerdictReader::resume(Parts::resume(&bytes[..], 0).unwrap(), 0).unwrap();
    assert!(reader.of(Sequence(2), Some(Sequence(1))).is_err());
}

/// The progress after some steps.
fn progress(keys: &[ViewKey], steps: usize) -> Vec<u8> {
    let scannable = Scannable::prove(&WORLD.file[..], &WORLD.genesis).unwrap();
    let mut scan = scannable.scan(keys, None).unwrap();
    for _ in 0..steps {
        scan.step().unwrap();
    }
    scan.progress()
}

#[test]
fn scn_03_a_progress_is_as_it_was_written() {
    let (keys, good) = (keys(), progress(&keys(), 4));
    let scannable = Scannable::prove(&WORLD.file[..], &WORLD.genesis).unwrap();
    let rule = |bytes: &[u8]| scannable.scan(&keys, Some(bytes)).map(drop).map_err(|e| e.rule());
    assert_eq!(rule(&good), Ok(()));
    for at in (0..good.len()).step_by(11) {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert_eq!(rule(&changed), Err("SCN-03"), "byte {at}");
        assert_eq!(rule(&good[..at]), Err("SCN-03"), "cut at {at}");
    }
}

#[test]
fn scn_04_a_progress_is_of_one_export_and_of_its_keys() {
    let (all, good) = (keys(), progress(&keys(), 4));
    let scannable = Scannable::prove(&WORLD.file[..], &WORLD.genesis).unwrap();
    let taken_up = |keys: &[ViewKey]| scannable.scan(keys, Some(&good)).map(drop);
    let mut turned = keys();
    turned.reverse();
    assert_eq!(taken_up(&turned), Ok(()), "the same keys in another order");
    assert_eq!(taken_up(&all[..1]), Err(ScanInvalid::OtherKeys));
    assert_eq!(taken_up(&[]), Err(ScanInvalid::OtherKeys));
    let mut bundle = WORLD.bundle.clone();
    bundle.epochs = (Epoch(0), Epoch(u32::MAX - 1));
    let file = bundle.encode();
    let other = Scannable::prove(&file[..], &WORLD.genesis).unwrap();
    assert_eq!(other.scan(&all, Some(&good)).map(drop), Err(ScanInvalid::OtherBundle));
    assert_eq!((ScanInvalid::OtherBundle.rule(), ScanInvalid::OtherKeys.rule()), ("SCN-04", "SCN-04"));
}

#[test]
fn scn_05_a_progress_is_replaced_by_a_later_one_only() {
    let keys = keys();
    let scannable = Scannable::prove(&WORLD.file[..], &WORLD.genesis).unwrap();
    let mut scan = scannable.scan(&keys, Some(&progress(&keys, 3))).unwrap();
    let beyond = |scan: &Scan<'_, _>, steps| scan.is_beyond(&progress(&keys, steps));
    assert_eq!((beyond(&scan, 2), beyond(&scan, 3), beyond(&scan, 4)), (Ok(true), Ok(false), Ok(false)));
    scan.step().unwrap();
    assert_eq!((beyond(&scan, 3), beyond(&scan, 4)), (Ok(true), Ok(false)));
    assert_eq!(scan.is_beyond(&progress(&[], 1)), Err(ScanInvalid::OtherKeys));
    assert!(scan.is_beyond(b"something else").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_scan_that_was_stopped_anywhere_tells_what_one_tells_that_was_not(
        stops in proptest::collection::vec(0_usize..4, 0..12)
    ) {
        static WHOLE: LazyLock<ScanReport> = LazyLock::new(|| scanned(&WORLD.file, &keys()).unwrap());
        let keys = keys();
        let mut kept: Option<Vec<u8>> = None;
        for steps in stops {
            let scannable = Scannable::prove(&WORLD.file[..], &WORLD.genesis).unwrap();
            let mut scan = scannable.scan(&keys, kept.as_deref()).unwrap();
            for _ in 0..steps {
                scan.step().unwrap();
            }
            kept = Some(scan.progress());
        }
        let scannable = Scannable::prove(&WORLD.file[..], &WORLD.genesis).unwrap();
        let report = scannable.scan(&keys, kept.as_deref()).unwrap().finish().unwrap();
        prop_assert_eq!(&report, &*WHOLE);
    }

    #[test]
    fn a_file_with_one_changed_bit_scans_only_where_it_verifies(at in any::<proptest::sample::Index>(), bit in 0..8_u32) {
        let mut changed = WORLD.file.clone();
        changed[at.index(WORLD.file.len())] ^= 1_u8 << bit;
        let whole = Bundle::decode(&changed).and_then(|bundle| bundle.verify(&WORLD.genesis));
        prop_assert_eq!(scanned(&changed, &[]).is_ok(), whole.is_ok());
    }
}

/// What a scan holds at most, in bytes, and in rows of verdicts; of so many batches with a record each.
fn held(records: u8) -> (usize, usize) {
    let mut consortium = Consortium::new();
    for number in 0..records {
        let statement = consortium.statement(0, number, 1, 10);
        consortium.anchored(&[statement]);
    }
    consortium.anchored(&[]);
    let (file, keys) = (export(&consortium, None).encode(), [consortium.view_key(FIGURES, 0, 9)]);
    let scannable = Scannable::prove(&file[..], consortium.genesis()).unwrap();
    let mut scan = scannable.scan(&keys, None).unwrap();
    let mut most = (0, 0);
    while scan.step().unwrap() {
        let VerifiedBundle { batches, void, not_shown, not_exported, .. } = &scan.bundle;
        assert!(batches.is_empty() && void.is_empty() && not_shown.is_empty() && not_exported.is_empty());
        most = (most.0.max(encode(&scan.state).len()), most.1.max(scan.verdicts.rows()));
    }
    assert_eq!(scan.finish().unwrap().opened_fields, 2 * u64::from(records));
    most
}

#[test]
fn what_a_scan_holds_does_not_grow_with_the_log() {
    let (few, many) = (held(8), held(32));
    assert_eq!(few.0, many.0, "sums and places");
    assert!(many.1 <= super::super::parts::VERDICTS_OF_A_PART, "one part of verdicts");
}

#[test]
fn scn_06_nothing_is_claimed_of_epochs_that_are_not_held() {
    let mut consortium = Consortium::new();
    for number in 0..6 {
        let statement = consortium.statement(0, number, 1, 10);
        consortium.anchored(&[statement]);
        consortium.wait(64);
    }
    consortium.anchored(&[]);
    let generation = Generation(0);
    let covered = |consortium: &Consortium, epochs: Option<(u32, u32)>, key: &ViewKey| {
        let file = export(consortium, epochs.map(|(from, to)| (Epoch(from), Epoch(to)))).encode();
        let scannable = Scannable::prove(&file[..], consortium.genesis()).unwrap();
        let report = scannable.scan(std::slice::from_ref(key), None).unwrap().finish().unwrap();
        let coverage = report.coverage[0].clone();
        let gaps: Vec<_> = coverage.gaps.iter().map(|gap| (gap.from.0, gap.to.0, gap.why)).collect();
        (coverage.held.map(|(from, to)| (from.0, to.0)), gaps)
    };
    let key = |consortium: &Consortium, from, to| consortium.view_key(FIGURES, from, to);
    use Unheld::{NotExported, NotReached, OtherChannel, OtherGeneration, StillOpen};
    // The last event, of epoch 6, is not decided; what is sealed in epoch 5 can be ordered then.
    let whole = covered(&consortium, None, &key(&consortium, 0, 9));
    assert_eq!(whole, (Some((0, 4)), vec![(5, 6, StillOpen), (7, 9, NotReached)]));
    let part = covered(&consortium, Some((1, 2)), &key(&consortium, 0, 4));
    assert_eq!(part, (Some((1, 2)), vec![(0, 0, NotExported), (3, 4, NotExported)]));
    assert_eq!(covered(&consortium, None, &key(&consortium, 3, 3)), (Some((3, 3)), vec![]));
    let none = covered(&consortium, None, &key(&consortium, 8, 9));
    assert_eq!(none, (None, vec![(8, 9, NotReached)]));
    let stranger = ViewKey { channel: parclose_types::ChannelId([9; 32]), ..key(&consortium, 0, 4) };
    assert_eq!(covered(&consortium, None, &stranger), (None, vec![(0, 4, OtherChannel)]));
    let before = key(&consortium, 0, 9);
    consortium.rotate();
    let after = key(&consortium, 0, 9);
    assert_ne!(after.generation, generation);
    let (held, gaps) = covered(&consortium, None, &after);
    assert_eq!((held, gaps[0]), (None, (0, 6, OtherGeneration)), "{gaps:?}");
    let (held, gaps) = covered(&consortium, None, &before);
    assert_eq!((held, gaps), (Some((0, 5)), vec![(6, 6, StillOpen), (7, 9, OtherGeneration)]));
}

/// A file that is another from some reading on.
struct Changing<'a> {
    bytes: [&'a [u8]; 2],
    opened: Cell<usize>,
    from: usize,
}

impl<'a> Source for Changing<'a> {
    type Input = &'a [u8];
    fn open(&self, offset: u64) -> std::io::Result<Self::Input> {
        self.opened.set(self.opened.get() + 1);
        let [before, after] = self.bytes;
        Source::open(if self.opened.get() > self.from { &after } else { &before }, offset)
    }
}

#[test]
fn scn_07_a_file_that_changes_while_it_is_read_tells_nothing() {
    let mut other = WORLD.file.clone();
    let last = other.len() - 30;
    other[last] ^= 1;
    let of = |from| {
        let bytes = [&WORLD.file[..], &other];
        let source = Changing { bytes, opened: Cell::new(0), from };
        Scannable::prove(source, &WORLD.genesis)?.scan(&[], None)?.finish().map(drop)
    };
    assert_eq!(of(usize::MAX), Ok(()));
    // The last reading is that which compares.
    assert_eq!(of(6), Err(ScanInvalid::Changed));
    assert_eq!(ScanInvalid::Changed.rule(), "SCN-07");
}
