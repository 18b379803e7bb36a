//! The term of a generation: from which height it is in force, and how heights become epochs there.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_types::{Epoch, Generation, Height};

/// When a generation is in force. Follows from the log: its opening or its rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Term {
    /// the generation
    pub generation: Generation,
    /// first height at which it is in force
    pub start: Height,
    /// epoch of that height
    pub first_epoch: Epoch,
    /// root heights of one epoch
    pub epoch_length: u64,
}

impl Term {
    /// The term of the generation with which a channel opened.
    #[must_use]
    pub fn first(opened_at: Height, epoch_length: u64) -> Self {
        Self { generation: Generation(0), start: opened_at, first_epoch: Epoch(0), epoch_length }
    }

    /// The term of the generation after this one, whose rotation was ordered at a height.
    ///
    /// # Rules
    ///
    /// > EPO-02: a rotation at height h puts the next generation in force at h + 1, with a new epoch; so every epoch lies in one generation.
    #[must_use]
    pub fn next(&self, rotated_at: Height, epoch_length: u64) -> Self {
        let (last, _) = self.epoch_at(rotated_at);
        Self {
            generation: Generation(self.generation.0.saturating_add(1)),
            start: Height(rotated_at.0.saturating_add(1)),
            first_epoch: Epoch(last.0.saturating_add(1)),
            epoch_length,
        }
    }

    /// The epoch of a height of this term, and the heights since it began.
    ///
    /// # Rules
    ///
    /// > EPO-01: epoch(h) = first epoch + floor((h - start) / length), by root height and nothing else.
    #[must_use]
    pub fn epoch_at(&self, height: Height) -> (Epoch, u64) {
        let since = height.0.saturating_sub(self.start.0);
        // No length of 0 gets past KEY-12, but it must not divide here.
        let length = self.epoch_length.max(1);
        let (whole, into) = (since.checked_div(length), since.checked_rem(length));
        let index = whole.and_then(|index| u32::try_from(index).ok()).unwrap_or(u32::MAX);
        (Epoch(self.first_epoch.0.saturating_add(index)), into.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn epo_01_epochs_follow_from_heights() {
        let term =
            Term { generation: Generation(2), start: Height(100), first_epoch: Epoch(5), epoch_length: 10 };
        let at = |height| term.epoch_at(Height(height));
        assert_eq!(
            [100, 109, 110, 129].map(at),
            [(Epoch(5), 0), (Epoch(5), 9), (Epoch(6), 0), (Epoch(7), 9)]
        );
        assert_eq!(at(0), (Epoch(5), 0), "before its start a term has its first epoch");
        assert_eq!(Term { epoch_length: 0, ..term }.epoch_at(Height(103)), (Epoch(8), 0));
        assert_eq!(at(u64::MAX).0, Epoch(u32::MAX));
    }

    proptest! {
        #[test]
        fn epo_02_an_epoch_lies_in_one_generation(
            opened in 0_u64..1000, lengths in proptest::collection::vec(1_u64..50, 1..6), lives in proptest::collection::vec(0_u64..200, 5),
        ) {
            let mut term = Term::first(Height(opened), lengths[0]);
            for (length, life) in lengths.iter().skip(1).zip(&lives) {
                let rotated = Height(term.start.0 + life);
                let next = term.next(rotated, *length);
                prop_assert_eq!((next.generation.0, next.start.0), (term.generation.0 + 1, rotated.0 + 1));
                let (last, _) = term.epoch_at(rotated);
                prop_assert_eq!(next.epoch_at(next.start), (Epoch(last.0 + 1), 0));
                term = next;
            }
        }
    }
}
