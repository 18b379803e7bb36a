//! What proving and verifying cost: `cargo run --profile house -p parclose-amounts --example measure`.
//!
//! Least times of several runs, on one thread; ratios are what to compare between machines.
#![allow(clippy::print_stdout, reason = "a measurement prints what it measured")]
#![allow(clippy::disallowed_methods, reason = "the clock is what is read here")]
#![allow(clippy::unwrap_used, reason = "what is set up well verifies; anything else ends the measurement")]

use std::time::{Duration, Instant};

use parclose_amounts::{
    AssetTerms, Book, Issue, Ledger, NewNote, Opening, OwnerBlind, OwnerCommitment, OwnerKey, Place,
    RangeClaim, RangeEngine, RangeProof, Spend, Transfer, verify_all, verify_ranges,
};
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{Secret, SigningKey};
use parclose_types::{AssetId, ChannelId, Generation, Height, NoteId, TransactionDigest};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

const ASSET: AssetId = AssetId([0x11; 32]);
const CHANNEL: ChannelId = ChannelId([0xC0; 32]);
const ENGINE: RangeEngine = RangeEngine::Bulletproofs;
const PLACE: Place = Place {
    channel: CHANNEL,
    generation: Generation(1),
    salt_digest: [1; 32],
    expiry: Height(1),
    context: [0xC7; 32],
};

fn main() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    println!("range proofs: microseconds for each amount, and as a share of one amount verified alone");
    println!(
        "{:>3} {:>9} {:>12} {:>12} {:>12} {:>12}",
        "m", "prove", "alone", "8 together", "64 together", "the crate"
    );
    let mut unit = None;
    for amounts in [1, 2, 4, 8] {
        let row = range_row(amounts, rng);
        let unit = *unit.get_or_insert(row[1]);
        let cell = |time: f64| format!("{time:.0} ({:.2})", time / unit);
        let cells: Vec<_> = row.iter().map(|time| cell(*time)).collect();
        println!(
            "{amounts:>3} {:>9} {:>12} {:>12} {:>12} {:>12}",
            cells[0], cells[1], cells[2], cells[3], cells[4]
        );
    }
    transfers(rng);
}

/// Prove, verify alone, 8 and 64 together, verify by the crate.
fn range_row(amounts: usize, rng: &mut ChaCha20Rng) -> [f64; 5] {
    let openings: Vec<Opening> =
        (0..64 * amounts).map(|number| Opening::derive(&ASSET, number as u64, &key(number))).collect();
    let sets: Vec<&[Opening]> = openings.chunks(amounts).collect();
    let issue = |openings: &[Opening], rng: &mut ChaCha20Rng| {
        let owner = OwnerCommitment([2; 32]);
        let made: Vec<_> = openings.iter().map(|opening| NewNote { owner, leaf: [3; 32], opening }).collect();
        Issue::new(&PLACE, ASSET, ENGINE, &made, &issuer(), rng).unwrap()
    };
    let prove = least(3, || issue(sets[0], rng));
    let issues: Vec<Issue> = sets.iter().map(|set| issue(set, rng)).collect();
    let proofs: Vec<(RangeClaim, &RangeProof)> =
        issues.iter().map(|issue| (claim(issue), &issue.range)).collect();
    let verify = |count: usize| {
        let time = least(12, || assert!(verify_ranges(&proofs[..count]).iter().all(Result::is_ok)));
        time / count as f64
    };
    let all = [prove, verify(1), verify(8), verify(64), crates_own(amounts)];
    all.map(|time| time / amounts as f64)
}

fn claim(issue: &Issue) -> RangeClaim {
    RangeClaim {
        engine: ENGINE,
        asset: ASSET,
        statement: issue.statement(&PLACE).digest(),
        part: 0,
        commitments: issue.outputs.iter().map(|output| output.commitment).collect(),
    }
}

/// The prover's own verifier, on a proof of its own.
fn crates_own(amounts: usize) -> f64 {
    use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
    use curve25519_dalek_4::scalar::Scalar;
    let (bases, generators) = (PedersenGens::default(), BulletproofGens::new(64, amounts));
    let rng = &mut Old(ChaCha20Rng::seed_from_u64(2));
    let transcript = || merlin::Transcript::new(b"measure");
    let (values, blindings) = (vec![7; amounts], vec![Scalar::from(9_u8); amounts]);
    let made = RangeProof::prove_multiple_with_rng(
        &generators,
        &bases,
        &mut transcript(),
        &values,
        &blindings,
        64,
        rng,
    );
    let (proof, commitments) = made.unwrap();
    least(12, || {
        proof
            .verify_multiple_with_rng(&generators, &bases, &mut transcript(), &commitments, 64, rng)
            .unwrap();
    })
}

/// A generator for the crate's own interface.
struct Old(ChaCha20Rng);

impl rand_core_06::RngCore for Old {
    fn next_u32(&mut self) -> u32 {
        rand_core_06::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core_06::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        use rand_chacha::rand_core::Rng;
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core_06::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl rand_core_06::CryptoRng for Old {}

/// Whole transfers of two notes into two.
fn transfers(rng: &mut ChaCha20Rng) {
    let mut book = Book::default();
    book.add_asset(ASSET, AssetTerms { issuer: Some(issuer().public()), engine: ENGINE });
    let mut owners = Vec::new();
    for number in 0..64_u8 {
        owners.extend(issue_two(&mut book, number, rng));
    }
    let all: Vec<Transfer> = owners.chunks(2).map(|two| transfer(two, rng)).collect();
    let check = least(5, || all.iter().for_each(|transfer| drop(transfer.check(&PLACE, &book).unwrap())));
    let whole = |count: usize| {
        let time = least(5, || {
            let checked =
                all[..count].iter().map(|transfer| transfer.check(&PLACE, &book).unwrap()).collect();
            assert!(verify_all(checked).iter().all(Result::is_ok));
        });
        time / count as f64
    };
    println!();
    println!("transfers of two notes into two: microseconds for each");
    println!("notes, owners, balance, signatures {:>7.0}", check / 64.0);
    for count in [1, 8, 64] {
        println!("whole, {count:>2} together                 {:>7.0}", whole(count));
    }
}

type Owned = (NoteId, OwnerKey, OwnerBlind, Opening);

fn issue_two(book: &mut Book, number: u8, rng: &mut ChaCha20Rng) -> Vec<Owned> {
    let parts = |at: u8| {
        let secret = key(usize::from(number) * 2 + usize::from(at) + 10_000);
        let owner = OwnerKey::derive(&secret, &CHANNEL, &[at; 32]);
        (owner, OwnerBlind::derive(&secret), Opening::derive(&ASSET, 500, &secret))
    };
    let two = [parts(0), parts(1)];
    let made: Vec<_> = two
        .iter()
        .map(|(owner, blind, opening)| NewNote {
            owner: OwnerCommitment::new(&owner.public(), blind),
            leaf: [3; 32],
            opening,
        })
        .collect();
    let issue = Issue::new(&PLACE, ASSET, ENGINE, &made, &issuer(), rng).unwrap();
    let (effects, transaction) = (issue.verify(&PLACE, book).unwrap(), TransactionDigest([number; 32]));
    book.apply(&effects, &CHANNEL, &transaction, 0).unwrap();
    let ids: Vec<NoteId> = effects.notes(&CHANNEL, &transaction, 0).map(|(id, _)| id).collect();
    assert!(ids.iter().all(|id| book.unspent(id).is_some()));
    ids.into_iter().zip(two).map(|(id, (owner, blind, opening))| (id, owner, blind, opening)).collect()
}

fn transfer(spent: &[Owned], rng: &mut ChaCha20Rng) -> Transfer {
    let spends: Vec<_> = spent
        .iter()
        .map(|(note, owner, blind, opening)| Spend { note: *note, owner, blind: *blind, opening })
        .collect();
    let new = [Opening::derive(&ASSET, 300, &key(1)), Opening::derive(&ASSET, 700, &key(2))];
    let made: Vec<_> = new
        .iter()
        .map(|opening| NewNote { owner: OwnerCommitment([2; 32]), leaf: [3; 32], opening })
        .collect();
    Transfer::new(&PLACE, ASSET, ENGINE, &spends, &made, rng).unwrap()
}

fn issuer() -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes([0x99; 32]))
}

fn key(number: usize) -> Secret {
    let mut bytes = [5; 32];
    bytes[..8].copy_from_slice(&(number as u64).to_le_bytes());
    secret_from_bytes(bytes)
}

/// The least of several times, in microseconds.
fn least<T>(runs: u32, mut run: impl FnMut() -> T) -> f64 {
    let mut time = || {
        let start = Instant::now();
        let made = run();
        let time = start.elapsed();
        drop(made);
        time
    };
    let least = (0..runs).map(|_| time()).min().unwrap_or(Duration::ZERO);
    least.as_secs_f64() * 1e6
}
