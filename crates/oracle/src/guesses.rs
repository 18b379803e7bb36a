//! Guesses: every way in which a value might have been turned into what somebody holds.
//!
//! An attacker knows the project's source, so the ways are the project's own constructions without their secrets, and
//! those that others have used: plain hashes, salted hashes, commitments without a blinding.

use parclose_crypto::hash::sha256;
use parclose_crypto::kdf::kdf;
use parclose_crypto::{hash, padding};
use parclose_types::labels;
use sha2::{Digest, Sha512};
use sha3::Sha3_256;

/// A set of strings of eight bytes: whoever holds bytes holds every string inside of them.
pub struct Held {
    windows: Vec<u64>,
    filter: Vec<u64>,
    filter_bits: u32,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Held({} strings)", self.windows.len())
    }
}

/// One string in so many bits of the filter passes by chance.
const BITS_OF_A_STRING: usize = 16;

fn slot(window: u64, filter_bits: u32) -> (usize, u64) {
    let bit = window.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - filter_bits);
    (usize::try_from(bit / 64).unwrap_or(0), 1 << (bit % 64))
}

impl Held {
    /// All strings inside of these bytes.
    pub fn of<'a>(bytes: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut windows: Vec<u64> = Vec::new();
        for bytes in bytes {
            windows.extend(bytes.windows(8).filter_map(|w| w.first_chunk().map(|w| u64::from_be_bytes(*w))));
        }
        windows.sort_unstable();
        windows.dedup();
        let bits = windows.len().saturating_mul(BITS_OF_A_STRING).max(64).next_power_of_two();
        let filter_bits = bits.ilog2();
        let mut filter = vec![0; bits / 64];
        for window in &windows {
            let (word, bit) = slot(*window, filter_bits);
            if let Some(word) = filter.get_mut(word) {
                *word |= bit;
            }
        }
        Self { windows, filter, filter_bits }
    }

    /// How many strings.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// Whether a guess, or its first eight bytes, are held.
    pub fn has(&self, guess: &[u8]) -> bool {
        let Some(window) = guess.first_chunk().map(|first| u64::from_be_bytes(*first)) else { return false };
        let (word, bit) = slot(window, self.filter_bits);
        let may_be = self.filter.get(word).is_some_and(|word| word & bit != 0);
        may_be && self.windows.binary_search(&window).is_ok()
    }
}

/// How a candidate may be written before anything is done to it.
pub fn amount_forms(minor: u64) -> [Vec<u8>; 6] {
    let field = [&minor.to_be_bytes()[..], b"GBP"].concat();
    let padded = padding::pad(&field).to_vec();
    [
        field,
        minor.to_be_bytes().to_vec(),
        minor.to_le_bytes().to_vec(),
        minor.to_string().into_bytes(),
        format!("{{\"amount_minor\":\"{minor}\",\"currency\":\"GBP\"}}").into_bytes(),
        padded,
    ]
}

/// The same for a business key or a name.
pub fn text_forms(text: &str) -> [Vec<u8>; 4] {
    let key = parclose_types::encode(&vec![text.to_owned()]);
    [
        text.as_bytes().to_vec(),
        parclose_types::encode(&text.to_owned()),
        key,
        padding::pad(text.as_bytes()).to_vec(),
    ]
}

/// Labels under which a value, or what it is derived from, is hashed somewhere in the project.
pub const LIKELY: [&str; 8] = [
    labels::FIELD,
    labels::FIELD_LEAF,
    labels::RECORD_ID,
    labels::RECORD_KEY,
    labels::KEYED_TAG,
    labels::BLIND,
    labels::SEAL,
    labels::NOTE,
];

/// Ways without a salt: how many guesses were made.
pub fn plain(form: &[u8], guess: &mut dyn FnMut(&[u8])) -> u64 {
    let once = sha256(form);
    guess(&once);
    guess(&sha256(&once));
    2
}

/// Other hashes, without a salt, which cost more.
pub fn other(form: &[u8], guess: &mut dyn FnMut(&[u8])) -> u64 {
    guess(&Sha512::digest(form));
    guess(&Sha3_256::digest(form));
    2
}

/// The project's own ways, under some labels, with nothing where a secret should be.
pub fn labelled(form: &[u8], under: &[&str], guess: &mut dyn FnMut(&[u8])) -> u64 {
    for label in under {
        guess(&hash(label, &[form]));
    }
    u64::try_from(under.len()).unwrap_or(u64::MAX)
}

/// Ways with a salt that the attacker holds.
pub fn salted(form: &[u8], salt: &[u8], guess: &mut dyn FnMut(&[u8])) -> u64 {
    guess(&sha256(&[salt, form].concat()));
    guess(&sha256(&[form, salt].concat()));
    2
}

/// The project's own ways, with what the attacker holds in the place of a key, a salt, a channel or a record.
pub fn keyed(form: &[u8], salt: &[u8; 32], under: &[&str], guess: &mut dyn FnMut(&[u8])) -> u64 {
    for label in under {
        guess(kdf::<32>(salt, label, &[form]).as_slice());
        guess(&hash(label, &[salt, form]));
        guess(&hash(label, &[form, salt]));
    }
    u64::try_from(under.len()).unwrap_or(u64::MAX).saturating_mul(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_known_at_every_place_and_nothing_else_is() {
        let inside = [&[1, 2, 3][..], &sha256(b"a value"), &[4]].concat();
        let held = Held::of([inside.as_slice(), &[0; 7]]);
        assert_eq!(held.len(), inside.len() - 7);
        assert!(held.has(&sha256(b"a value")) && held.has(&sha256(b"a value")[..8]));
        assert!(!held.has(&sha256(b"another")) && !held.has(&[0; 7]) && !held.is_empty());
    }

    #[test]
    fn each_way_is_a_guess_of_its_own() {
        let mut guesses = std::collections::BTreeSet::new();
        let mut made = 0;
        for form in amount_forms(123_456) {
            let mut guess = |bytes: &[u8]| _ = guesses.insert(bytes.to_vec());
            made += plain(&form, &mut guess);
            made += other(&form, &mut guess);
            made += labelled(&form, &LIKELY, &mut guess);
            made += salted(&form, &[7; 32], &mut guess);
            made += keyed(&form, &[7; 32], &LIKELY, &mut guess);
        }
        assert_eq!(u64::try_from(guesses.len()).expect("a few"), made);
    }
}
