//! Everything that a run draws at random.

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Dice of one purpose: what is drawn for one does not shift what is drawn for another.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha20Rng);

impl Dice {
    /// The dice of a seed for a purpose.
    #[must_use]
    pub fn of(seed: u64, purpose: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        rng.set_stream(purpose);
        Self(rng)
    }

    /// A number below `limit`; 0 if that is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64().checked_rem(limit).unwrap_or_default()
    }

    /// An index of a list of so many; 0 if there is none.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or_default()
    }

    /// True so many times of a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of a list; `None` if it is empty.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.index(of.len())).copied()
    }

    /// A time, in milliseconds from `from` on, below `to`.
    pub fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from.saturating_add(self.below(to.saturating_sub(from))))
    }

    /// Some of the numbers below `len`, ascending.
    pub fn some(&mut self, len: usize, wanted: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..len).collect();
        while all.len() > wanted {
            let gone = self.index(all.len());
            all.remove(gone);
        }
        all
    }

    /// The generator, for what is handed one.
    pub fn rng(&mut self) -> &mut ChaCha20Rng {
        &mut self.0
    }
}
