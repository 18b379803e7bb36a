//! Size classes of sealed fields.
//!
//! `P = u32be(len) || plaintext || 0*`, padded to 32, 64, 128, 256, 512 or 1024 bytes, above that to
//! the next Padmé size (Nikitin et al., PETS 2019): at most 12 % overhead, and a reader of the
//! ciphertext learns the class only.

use zeroize::Zeroizing;

const PREFIX: usize = 4;

/// The padded length of a plaintext of `length` bytes, prefix included.
#[must_use]
pub fn padded_length(length: usize) -> usize {
    let with_prefix = length + PREFIX;
    match with_prefix {
        0..=1024 => with_prefix.next_power_of_two().max(32),
        _ => padme(with_prefix),
    }
}

/// The next size whose binary form ends in enough zeros.
fn padme(length: usize) -> usize {
    let exponent = length.ilog2();
    let significant = exponent.ilog2() + 1;
    let mask = (1_usize << (exponent - significant)) - 1;
    (length + mask) & !mask
}

/// Pads a plaintext.
///
/// # Panics
///
/// If the plaintext is longer than 2^32-1 bytes; fields are bounded to 64 KiB before.
#[must_use]
pub fn pad(plaintext: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = u32::try_from(plaintext.len()).expect("fields are bounded by the limits");
    let mut padded = Zeroizing::new(Vec::with_capacity(padded_length(plaintext.len()) + 16));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(plaintext);
    padded.resize(padded_length(plaintext.len()), 0);
    padded
}

/// Takes the plaintext out again; `None` unless this is exactly what [`pad`] makes.
///
/// # Rules
///
/// > SEA-04: a sealed field is padded to its size class, and only the canonical padding is accepted.
#[must_use]
pub fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let (prefix, rest) = padded.split_first_chunk::<PREFIX>()?;
    let length = usize::try_from(u32::from_be_bytes(*prefix)).ok()?;
    let (plaintext, zeros) = rest.split_at_checked(length)?;
    let canonical = padded.len() == padded_length(length) && zeros.iter().all(|byte| *byte == 0);
    canonical.then_some(plaintext)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sea_04_sizes_fall_into_few_classes() {
        assert_eq!([0, 28, 29, 60, 1020].map(padded_length), [32, 32, 64, 64, 1024]);
        let classes: std::collections::BTreeSet<_> = (0..65_536).map(padded_length).collect();
        assert!(classes.len() < 210, "{}", classes.len());
        assert!((1021..65_536).all(|n| padded_length(n) >= n + 4 && padded_length(n) * 100 <= (n + 4) * 112));
    }

    #[test]
    fn sea_04_only_canonical_padding_is_accepted() {
        let mut padded = pad(b"hello").to_vec();
        assert_eq!(unpad(&padded), Some(&b"hello"[..]));
        padded.push(0);
        assert_eq!(unpad(&padded), None);
        let mut dirty = pad(b"hello").to_vec();
        *dirty.last_mut().unwrap() = 1;
        assert_eq!(unpad(&dirty), None);
        assert_eq!(unpad(&[0, 0]), None);
        assert_eq!(unpad(&[255; 32]), None);
    }

    proptest! {
        #[test]
        fn sea_04_round_trip(plaintext in proptest::collection::vec(any::<u8>(), 0..5000)) {
            let padded = pad(&plaintext);
            prop_assert_eq!(unpad(&padded), Some(&plaintext[..]));
        }
    }
}
