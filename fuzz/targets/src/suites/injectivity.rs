//! F02: different structures have different hashes, wherever a byte is moved to.

use parclose_channel::Batch;
use parclose_channel::batch::BatchHeader;
use parclose_crypto::{hash, merkle};
use parclose_root::{Deal, Leg};
use parclose_types::{Height, Tag};

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;
use crate::world::WORLD;

static HASH: Point = Point::returns("hash");
static MERKLE: Point = Point::returns("merkle::root");
static BATCH: Point = Point::returns("BatchHeader::commitment");
static DEAL: Point = Point::returns("Deal::id");

const LABEL: &str = "batch";
const PARTS_MAX: usize = 5;
const PART_BYTES_MAX: usize = 24;

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F02",
    name: "f02_injectivity",
    holds: "two structures have one hash, root, commitment or id exactly if they are the same, also where bytes move across a boundary",
    reach: || vec![&HASH, &MERKLE, &BATCH, &DEAL],
    run,
    controls: &[
        Control { name: "a hash over fields without their lengths", run: without_lengths },
        Control { name: "a tree that does not tell leaves from nodes", run: leaves_as_nodes },
    ],
    script_bytes: 192,
};

type Parts = Vec<Vec<u8>>;

/// What is hashed, so that controls can hash otherwise.
struct Hashes {
    fields: fn(&[&[u8]]) -> [u8; 32],
    list: fn(&[Vec<u8>]) -> [u8; 32],
}

const HONEST: Hashes = Hashes {
    fields: |fields| HASH.call(|| hash(LABEL, fields)),
    list: |list| MERKLE.call(|| merkle::root(list)),
};

/// One scenario: a list of parts, and the same with a byte, a boundary or a part moved.
pub fn run(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    let answer = hold(&mut script, &HONEST);
    batches(&mut script);
    deals(&mut script);
    answer
}

fn without_lengths(bytes: &[u8]) -> Answer {
    let fields = |fields: &[&[u8]]| hash(LABEL, &[&fields.concat()]);
    hold(&mut Script::new(bytes), &Hashes { fields, ..HONEST })
}

fn leaves_as_nodes(bytes: &[u8]) -> Answer {
    let list = |list: &[Vec<u8>]| parclose_crypto::hash::sha256(&list.concat());
    hold(&mut Script::new(bytes), &Hashes { list, ..HONEST })
}

fn hold(script: &mut Script<'_>, hashes: &Hashes) -> Answer {
    let parts = parts(script);
    let other = moved(parts.clone(), script);
    let same = parts == other;
    let fields = |parts: &Parts| (hashes.fields)(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    assert_eq!(fields(&parts) == fields(&other), same, "one hash of two lists of fields");
    assert_eq!((hashes.list)(&parts) == (hashes.list)(&other), same, "one root of two lists");
    Answer::when(same, "differs")
}

fn parts(script: &mut Script<'_>) -> Parts {
    let count = 1 + script.below(PARTS_MAX);
    (0..count).map(|_| script.bytes(PART_BYTES_MAX)).collect()
}

/// The same bytes with other boundaries, or one part put elsewhere, or one bit of it changed.
fn moved(mut parts: Parts, script: &mut Script<'_>) -> Parts {
    let at = script.below(parts.len());
    match script.below(8) {
        0 => {}
        1 => {
            let tail = parts[at].pop();
            if let Some(next) = parts.get_mut(at + 1) {
                next.splice(0..0, tail);
            }
        }
        2 => {
            let cut = script.below(parts[at].len() + 1);
            let tail = parts[at].split_off(cut);
            parts.insert(at + 1, tail);
        }
        3 if at + 1 < parts.len() => {
            let next = parts.remove(at + 1);
            parts[at].extend(next);
        }
        4 => parts.insert(at, Vec::new()),
        5 => {
            let other = script.below(parts.len());
            parts.swap(at, other);
        }
        6 => {
            let place = script.below(parts[at].len());
            if let Some(byte) = parts[at].get_mut(place) {
                *byte ^= 1 << script.below(8);
            }
        }
        // The hash of two parts in their place: a node where leaves were.
        _ => {
            let node = merkle::root(&parts).to_vec();
            parts = vec![node];
        }
    }
    parts
}

/// A transaction that stands in the permanent part stands not in the prunable one, and in one place.
fn batches(script: &mut Script<'_>) {
    let (permanent, prunable) = (parts(script), parts(script));
    let of = |permanent: &Parts, prunable: &Parts| {
        permanent.iter().cloned().zip(prunable.iter().cloned()).collect()
    };
    let first: Vec<(Vec<u8>, Vec<u8>)> = of(&permanent, &prunable);
    let second: Vec<(Vec<u8>, Vec<u8>)> = match script.below(3) {
        0 => of(&prunable, &permanent),
        1 => of(&moved(permanent, script), &prunable),
        _ => of(&permanent, &moved(prunable, script)),
    };
    let commitment = |parts: Vec<(Vec<u8>, Vec<u8>)>| {
        let header: BatchHeader = WORLD.proposals[0].batch.header.clone();
        let batch = Batch::assemble(header, parts, &WORLD.pseudonyms[0]);
        BATCH.call(|| batch.header.commitment(&[7; 32]))
    };
    let same = first == second;
    assert_eq!(commitment(first) == commitment(second), same, "one commitment of two batches");
}

fn deals(script: &mut Script<'_>) {
    let mut one = deal(script);
    let other = deal(script);
    if script.flag() {
        one.nonce = other.nonce;
    }
    let id = |deal: &Deal| DEAL.call(|| deal.id(&WORLD.genesis.network()));
    assert_eq!(id(&one) == id(&other), one == other, "one id of two deals");
}

fn deal(script: &mut Script<'_>) -> Deal {
    let count = script.below(4);
    let leg = |script: &mut Script<'_>| Leg {
        tag: Tag([script.any(); 32]),
        terms: [script.any(); 32],
        approver: None,
    };
    Deal {
        nonce: [script.any::<u8>() & 1; 32],
        allocate_before: Height(script.edgy()),
        settle_before: Height(script.edgy()),
        legs: (0..count).map(|_| leg(script)).collect(),
    }
}
