//! The inputs of a suite: values of formats with their faults, or scripts drawn from the suite's name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use parclose_crypto::hash::sha256;
use parclose_types::limits::PASSPHRASE_BYTES_MAX;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Entry, difference};
use crate::archive::ARCHIVE;
use crate::entrances::ENTRANCES;
use crate::mutator::{Mutator, run};
use crate::suites::{Answer, Suite};
use crate::vectors;

/// Scripts of a suite that end well, that any rule refuses, and that get one word or another: the first so many of each, as
/// far as they can be found. Nothing is minimised: a script may show what others have shown.
const TAKEN: usize = 130;
/// See [`TAKEN`].
const REFUSED: usize = 70;
/// See [`TAKEN`].
const SAID: usize = 70;
/// Scripts that are tried.
const DRAWS: usize = 1500;
/// Suites whose scenario takes tens of milliseconds, and how many of their scripts are kept at most.
const SLOW: [(&str, usize); 4] = [("F06", 60), ("F11", 150), ("F18", 90), ("F21", 120)];
/// Good inputs of each format: values of the library, then mutants of them that are taken.
const GOOD_OF_FORMAT: usize = 6;
/// Bad inputs of each format.
const BAD_OF_FORMAT: usize = 150;
/// Mutants of each format that are tried.
const MUTANTS: usize = 4000;
/// Bad inputs of one format that one rule refuses, while there are others.
const BAD_OF_RULE: usize = 40;
/// A mutant that is longer is not kept.
const KEPT_BYTES_MAX: usize = 64 << 10;

/// All inputs of a suite, with the answers of today.
///
/// # Panics
///
/// If one of them breaks a promise.
#[must_use]
pub fn make(suite: &Suite) -> Vec<Entry> {
    if suite.script_bytes == 0 { formats(suite) } else { scripts(suite) }
}

/// What everything else is a change of: good values of formats, and the first scripts.
#[must_use]
pub fn starts(suite: &Suite) -> Vec<Vec<u8>> {
    if suite.script_bytes == 0 {
        return honest().into_values().flatten().collect();
    }
    let mut rng = rng(suite.name);
    (0..8).map(|_| script(&mut rng, suite.script_bytes)).collect()
}

fn rng(name: &str) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(sha256(name.as_bytes()))
}

fn script(rng: &mut ChaCha20Rng, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; most];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn answer(suite: &Suite, bytes: &[u8]) -> Answer {
    run(suite.run, bytes).unwrap_or_else(|crash| panic!("{}: {crash:?}", suite.name))
}

fn scripts(suite: &Suite) -> Vec<Entry> {
    let (mut rng, mut entries) = (rng(suite.name), Vec::new());
    let (mut taken, mut refused, mut said) = (0, 0, BTreeMap::<String, usize>::new());
    let most = SLOW.iter().find(|(id, _)| *id == suite.id).map_or(usize::MAX, |(_, most)| *most);
    for _ in 0..DRAWS {
        let said_most = said.values().copied().max().unwrap_or(0);
        if (taken >= TAKEN && (refused >= REFUSED || said_most >= SAID)) || entries.len() >= most {
            break;
        }
        let bytes = script(&mut rng, suite.script_bytes);
        let entry = Entry { answer: answer(suite, &bytes).as_str().to_owned(), bytes };
        let (count, enough) = if entry.is_good() {
            (&mut taken, TAKEN)
        } else if entry.names_a_rule() {
            (&mut refused, REFUSED)
        } else {
            (said.entry(entry.answer.clone()).or_default(), SAID)
        };
        *count += 1;
        if *count <= enough {
            entries.push(entry);
        }
    }
    entries
}

/// The good values of every entrance, each behind the entrance's number.
fn honest() -> BTreeMap<u8, Vec<Vec<u8>>> {
    let mut good: BTreeMap<u8, Vec<Vec<u8>>> = BTreeMap::new();
    for vector in vectors::all() {
        let number = number(vector.entrance);
        let bytes = [&[number], vector.good.as_slice()].concat();
        let known = good.entry(number).or_default();
        if !known.contains(&bytes) && is_kept(&bytes) {
            known.push(bytes);
        }
    }
    good
}

/// Whether a pack can hold an input: one that is short, or the honest archive with little changed.
fn is_kept(bytes: &[u8]) -> bool {
    bytes.len() <= KEPT_BYTES_MAX || difference(&ARCHIVE, bytes).2.len() <= 64
}

/// The good values of an entrance that its vectors start from; none for an entrance without.
#[must_use]
pub fn good_values(entrance: &str) -> &'static [Vec<u8>] {
    static GOOD: LazyLock<BTreeMap<&str, Vec<Vec<u8>>>> = LazyLock::new(|| {
        let mut good: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
        for vector in vectors::all() {
            let known = good.entry(vector.entrance).or_default();
            if !known.contains(&vector.good) && vector.good.len() <= KEPT_BYTES_MAX {
                known.push(vector.good);
            }
        }
        good
    });
    GOOD.get(entrance).map_or(&[], Vec::as_slice)
}

fn number(entrance: &str) -> u8 {
    let at = ENTRANCES.iter().position(|known| known.name == entrance).expect("a vector of an entrance");
    u8::try_from(at).expect("there are fewer than 256 entrances")
}

fn formats(suite: &Suite) -> Vec<Entry> {
    let mut bad: BTreeMap<u8, Vec<Vec<u8>>> = BTreeMap::new();
    for vector in vectors::all() {
        let number = number(vector.entrance);
        bad.entry(number).or_default().push([&[number], vector.bad.as_slice()].concat());
    }
    let mut entries = Vec::new();
    for (number, good) in honest() {
        let mut known = bad.remove(&number).unwrap_or_default();
        known.retain(|bytes| is_kept(bytes));
        let answered =
            |bytes: &Vec<u8>| Entry { bytes: bytes.clone(), answer: answer(suite, bytes).as_str().into() };
        entries.extend(good.iter().chain(&known).map(answered));
        entries.extend(taken_mutants(suite, number, &good));
        entries.extend(mutants(suite, number, &good, known.len()));
    }
    entries
}

/// Mutants that are taken too: texts that say it in another way, other bytes where any may stand.
fn taken_mutants(suite: &Suite, number: u8, good: &[Vec<u8>]) -> Vec<Entry> {
    let values: Vec<Vec<u8>> = good.iter().map(|bytes| bytes[1..].to_vec()).collect();
    let mut mutator = Mutator::new(&values, u64::from(number));
    let (mut kept, mut seen): (Vec<Entry>, BTreeSet<Vec<u8>>) = (Vec::new(), good.iter().cloned().collect());
    for _ in 0..tries(&values) / 4 {
        if good.len() + kept.len() >= GOOD_OF_FORMAT {
            break;
        }
        let bytes = [&[number], mutator.draw().as_slice()].concat();
        if answer(suite, &bytes).is_taken() && is_kept(&bytes) && seen.insert(bytes.clone()) {
            kept.push(Entry { bytes, answer: Answer::Taken.as_str().to_owned() });
        }
    }
    kept
}

/// How many mutants are tried: fewer of what is large.
fn tries(values: &[Vec<u8>]) -> usize {
    if values.iter().any(|value| value.len() > KEPT_BYTES_MAX) { MUTANTS / 10 } else { MUTANTS }
}

/// Mutants that are refused: every rule some, and together so many.
fn mutants(suite: &Suite, number: u8, good: &[Vec<u8>], already: usize) -> Vec<Entry> {
    let values: Vec<Vec<u8>> = good.iter().map(|bytes| bytes[1..].to_vec()).collect();
    let mut mutator = Mutator::new(&values, u64::from(number));
    let (mut kept, mut spare, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut of_rule: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..tries(&values) {
        if already + kept.len() >= BAD_OF_FORMAT {
            break;
        }
        let bytes = [&[number], mutator.draw().as_slice()].concat();
        let answer = answer(suite, &bytes);
        if answer.is_taken() || !is_kept(&bytes) || !seen.insert(bytes.clone()) {
            continue;
        }
        let entry = Entry { bytes, answer: answer.as_str().to_owned() };
        let count = of_rule.entry(answer.as_str()).or_default();
        *count += 1;
        if *count <= BAD_OF_RULE { kept.push(entry) } else { spare.push(entry) }
    }
    let missing = BAD_OF_FORMAT.saturating_sub(already + kept.len());
    kept.extend(spare.into_iter().take(missing));
    // Formats that hardly refuse a mutant, or only large ones: one bit at places all over, and lengths beyond the limit.
    let evenly = good
        .iter()
        .take(1)
        .flat_map(|good| (0..BAD_OF_FORMAT).flat_map(|at| [flipped(good, at), longer(good, at)]));
    for bytes in evenly {
        if already + kept.len() >= BAD_OF_FORMAT {
            break;
        }
        let answer = answer(suite, &bytes);
        if !answer.is_taken() && is_kept(&bytes) && seen.insert(bytes.clone()) {
            kept.push(Entry { bytes, answer: answer.as_str().to_owned() });
        }
    }
    kept
}

fn flipped(good: &[u8], number: usize) -> Vec<u8> {
    let mut bytes = good.to_vec();
    let at = 1 + number * (bytes.len() - 1) / BAD_OF_FORMAT;
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1;
    }
    bytes
}

/// A value over and over, until it is longer than a line of text may be.
fn longer(good: &[u8], number: usize) -> Vec<u8> {
    let (entrance, value) = good.split_at(1);
    let cycle = value.iter().copied().cycle().take(PASSPHRASE_BYTES_MAX + 2 + number);
    entrance.iter().copied().chain(cycle).collect()
}
