//! Deformation without a fuzzer: seeded, so that a failure comes back, and on a stable toolchain.
//!
//! It knows no format. One to four small changes are made to a good input: a bit or a byte, a length or
//! counter, a piece cut out, doubled, or taken from another input. What it cannot find is left to
//! libFuzzer, which sees the branches that an input takes.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::catch_unwind;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::Reached;

const CHANGES_MAX: usize = 4;
/// A mutant grows by this much at most.
const GROWTH_MAX: usize = 1024;
const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// Bytes and counters at which programs err.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b'"', b'\n', b'0'];

/// Draws mutants of a set of inputs.
#[derive(Debug)]
pub struct Mutator<'a> {
    inputs: &'a [Vec<u8>],
    rng: ChaCha20Rng,
}

impl<'a> Mutator<'a> {
    /// Starts at a seed.
    ///
    /// # Panics
    ///
    /// If there is nothing to deform.
    #[must_use]
    pub fn new(inputs: &'a [Vec<u8>], seed: u64) -> Self {
        assert!(!inputs.is_empty(), "there is nothing to deform");
        Self { inputs, rng: ChaCha20Rng::seed_from_u64(seed) }
    }

    /// The next mutant.
    pub fn draw(&mut self) -> Vec<u8> {
        let mut bytes = self.inputs[self.below(self.inputs.len())].clone();
        let limit = bytes.len() + GROWTH_MAX;
        for _ in 0..=self.below(CHANGES_MAX) {
            self.change(&mut bytes);
        }
        bytes.truncate(limit);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        match self.below(10) {
            0 | 1 => self.byte(bytes, at, |rng, byte| byte ^ (1 << (rng.next_u32() % 8))),
            2 => self.byte(bytes, at, |rng, _| EDGES[usize::try_from(rng.next_u32() % 8).unwrap_or(0)]),
            3 => self.byte(bytes, at, |rng, byte| {
                byte.wrapping_add(if rng.next_u32() % 2 == 0 { 1 } else { 0xff })
            }),
            4 => self.byte(bytes, at, |rng, byte| match byte {
                // Text stays text: one digit becomes another.
                b'0'..=b'9' | b'a'..=b'f' => DIGITS[usize::try_from(rng.next_u32() % 16).unwrap_or(0)],
                other => other,
            }),
            5 => {
                let edge = EDGES[self.below(5)];
                bytes.iter_mut().skip(at).take(4).for_each(|byte| *byte = edge);
            }
            6 => bytes.truncate(at),
            7 => {
                let end = (at + 1 + self.below(32)).min(bytes.len());
                bytes.drain(at..end.max(at));
            }
            8 => {
                let from = self.below(bytes.len() + 1);
                let piece = self.piece(bytes.get(from..).unwrap_or_default());
                bytes.splice(at..at, piece);
            }
            _ => {
                let other: &'a [u8] = &self.inputs[self.below(self.inputs.len())];
                let from = self.below(other.len() + 1);
                let piece = self.piece(&other[from..]);
                let end = (at + piece.len()).min(bytes.len());
                bytes.splice(at..end, piece);
            }
        }
    }

    fn byte(&mut self, bytes: &mut [u8], at: usize, change: impl FnOnce(&mut ChaCha20Rng, u8) -> u8) {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = change(&mut self.rng, *byte);
        }
    }

    fn piece(&mut self, from: &[u8]) -> Vec<u8> {
        let length = 1 + self.below(64);
        from.iter().copied().take(length).collect()
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.rng.next_u64() % bound).unwrap_or(0)
    }
}

/// An input that broke a promise.
#[derive(Clone, PartialEq, Eq)]
pub struct Crash {
    /// the input
    pub input: Vec<u8>,
    /// what the target said
    pub message: String,
}

/// The input in hex, to be kept as a file of the corpus.
impl std::fmt::Debug for Crash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.message, parclose_types::hex::encode(&self.input))
    }
}

thread_local! {
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Prints no panic that ends a run: it is caught, and its text stands in the report. Any other ends the program, and says why.
pub fn keep_runs_quiet() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !IS_RUNNING.get() {
            before(panic);
        }
    }));
}

/// Runs a target on one input.
///
/// # Errors
///
/// The panic, caught.
pub fn run<T>(target: fn(&[u8]) -> T, input: &[u8]) -> Result<T, Crash> {
    IS_RUNNING.set(true);
    let ran = catch_unwind(|| target(input));
    IS_RUNNING.set(false);
    ran.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        Crash { input: input.to_vec(), message: said.unwrap_or("a panic without words").to_owned() }
    })
}

/// Runs a target on so many mutants; tells how far they came.
///
/// # Errors
///
/// The first mutant that breaks a promise.
pub fn campaign(
    target: fn(&[u8]) -> Reached,
    inputs: &[Vec<u8>],
    mutants: usize,
    seed: u64,
) -> Result<BTreeMap<Reached, usize>, Crash> {
    let mut mutator = Mutator::new(inputs, seed);
    let mut tally = BTreeMap::new();
    for _ in 0..mutants {
        *tally.entry(run(target, &mutator.draw())?).or_default() += 1;
    }
    Ok(tally)
}
