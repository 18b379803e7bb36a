//! Bytes as a script: one string of bytes is one whole scenario, whatever it holds.
//!
//! A script that ends early goes on with zeros, so no input is too short, and each byte that a fuzzer changes
//! changes a decision and not the form.

use arbitrary::{Arbitrary, Unstructured};

/// Numbers at which arithmetic errs.
const EDGES: [u64; 8] = [0, 1, 2, u32::MAX as u64, 1 << 63, u64::MAX - 1, u64::MAX, 64];

/// The decisions of one scenario.
#[derive(Debug)]
pub struct Script<'a>(Unstructured<'a>);

impl<'a> Script<'a> {
    /// The script that these bytes are.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// Whether nothing is left but zeros.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// Any value of a type of fixed width.
    pub fn any<T: Arbitrary<'a> + Default>(&mut self) -> T {
        self.0.arbitrary().unwrap_or_default()
    }

    /// Yes or no.
    pub fn flag(&mut self) -> bool {
        self.any::<u8>() & 1 == 1
    }

    /// A number below `bound`; 0 if there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        let last = bound.saturating_sub(1);
        self.0.int_in_range(0..=last).unwrap_or_default()
    }

    /// One of these; the first ones are likelier if the script is over.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn pick<'b, T>(&mut self, of: &'b [T]) -> &'b T {
        &of[self.below(of.len())]
    }

    /// A number at an edge, near one, or any.
    pub fn edgy(&mut self) -> u64 {
        match self.below(4) {
            0 | 1 => *self.pick(&EDGES),
            2 => u64::from(self.any::<u16>()),
            _ => self.any(),
        }
    }

    /// A name of 32 bytes.
    pub fn name(&mut self) -> [u8; 32] {
        self.any()
    }

    /// Up to `most` bytes.
    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most.saturating_add(1)).min(self.0.len());
        self.0.bytes(length).map(<[u8]>::to_vec).unwrap_or_default()
    }

    /// What is left.
    #[must_use]
    pub fn rest(self) -> &'a [u8] {
        self.0.take_rest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_never_ends() {
        let mut script = Script::new(&[]);
        assert!(script.is_over());
        assert_eq!(script.any::<u64>(), 0);
        assert_eq!(script.below(7), 0);
        assert_eq!(script.name(), [0; 32]);
        assert_eq!(script.bytes(9), Vec::<u8>::new());
        assert_eq!(script.pick(&["a", "b"]), &"a");
    }

    #[test]
    fn each_byte_decides() {
        let drawn = |bytes: &[u8]| {
            let mut script = Script::new(bytes);
            (script.flag(), script.below(10), script.edgy(), script.bytes(4))
        };
        assert_eq!(drawn(&[1, 2, 3, 4, 5, 6, 7, 8]), drawn(&[1, 2, 3, 4, 5, 6, 7, 8]));
        assert_ne!(drawn(&[1, 2, 3, 4, 5, 6, 7, 8]), drawn(&[0, 2, 3, 4, 5, 6, 7, 8]));
    }
}
