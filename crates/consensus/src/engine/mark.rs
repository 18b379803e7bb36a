//! A mark on the chain that is younger than a start: a deal that nobody takes part in, under a random nonce.
//!
//! Who has lost the record of what it signed must not believe old messages that this is the present: whoever kept
//! them can play a height to it once more. A block with something that could not be foretold is no old one.

use std::sync::atomic::{AtomicU64, Ordering};

use parclose_crypto::hash;
use parclose_crypto::hash::sha256;
use parclose_root::{Deal, Leg, SETTLE_MIN};
use parclose_types::{Height, Tag, labels};

/// Heights within which a mark is ordered, or made anew.
const ORDERED_WITHIN: u64 = 16;
/// Marks are spread over so many heights, of which each has room for a few deals (ROO-70).
const SPREAD: u64 = 512;
/// Heights between the bounds of a mark: those of the shortest deal.
const OPEN_FOR: u64 = SETTLE_MIN;

/// Where random nonces come from.
#[derive(Debug)]
pub(crate) enum Nonces {
    /// the system
    System,
    /// a simulation's, in an order that can be repeated
    Seeded {
        /// another for each start
        seed: [u8; 32],
        /// how many were drawn
        drawn: AtomicU64,
    },
}

impl Nonces {
    /// The nonces of a simulation.
    pub(crate) fn seeded(seed: [u8; 32]) -> Self {
        Self::Seeded { seed, drawn: AtomicU64::new(0) }
    }

    /// The next one; `None` if the system has none.
    pub(super) fn draw(&self) -> Option<[u8; 32]> {
        let mut nonce = [0; 32];
        match self {
            Self::System => getrandom::fill(&mut nonce).ok()?,
            Self::Seeded { seed, drawn } => {
                let number = drawn.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                nonce = sha256(&[&seed[..], &number].concat());
            }
        }
        Some(nonce)
    }
}

/// A deal between tags that are nobody's, which binds nobody. That it is a mark can be seen, and not whose.
pub(super) fn mark(nonce: [u8; 32], head: Height) -> Deal {
    let drawn = |number: u8| hash(labels::MARK, &[&nonce, &[number]]);
    let legs = (0..2).map(|leg: u8| Leg { tag: Tag(drawn(leg)), terms: drawn(leg | 2), approver: None });
    let [high, low, ..] = drawn(4);
    let spread = u64::from(u16::from_be_bytes([high, low])) % SPREAD;
    let allocate_before = Height(head.0.saturating_add(ORDERED_WITHIN));
    let settle_before = Height(allocate_before.0.saturating_add(OPEN_FOR).saturating_add(spread));
    Deal { nonce, allocate_before, settle_before, legs: legs.collect() }
}
