//! `enc(label, f1..fn)`: the input of every hash, key derivation, signature and associated data.
//!
//! `u8(len(label)) || label || for each f: u32be(len(f)) || f`. Integers are fixed-width
//! big-endian. Each label is used with one number of fields, so the encoding is injective
//! (specs/01-encoding.md, WIR-01).

/// Encodes a label and its fields.
///
/// # Rules
///
/// > WIR-01: every hashed, derived or signed input is `enc(label, fields…)`, injective, with a label of the registry.
///
/// # Panics
///
/// If the label is longer than 255 bytes or a field longer than 2^32-1: both are constants or
/// bounded by [`crate::limits`] long before.
#[must_use]
pub fn enc(label: &str, fields: &[&[u8]]) -> Vec<u8> {
    let length = 1 + label.len() + fields.iter().map(|f| 4 + f.len()).sum::<usize>();
    let mut out = Vec::with_capacity(length);
    enc_to(label, fields, |bytes| out.extend_from_slice(bytes));
    out
}

/// Feeds `enc(label, fields…)` piece by piece to `sink`, so that a hash needs no buffer.
///
/// # Panics
///
/// As [`enc`].
pub fn enc_to(label: &str, fields: &[&[u8]], mut sink: impl FnMut(&[u8])) {
    let label_length = u8::try_from(label.len()).expect("labels are short constants");
    sink(&[label_length]);
    sink(label.as_bytes());
    for field in fields {
        let length = u32::try_from(field.len()).expect("fields are bounded by the limits");
        sink(&length.to_be_bytes());
        sink(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wir_01_layout_is_as_specified() {
        assert_eq!(enc("ab", &[b"x", b""]), b"\x02ab\x00\x00\x00\x01x\x00\x00\x00\x00");
    }

    proptest! {
        #[test]
        fn wir_01_is_injective(a in proptest::collection::vec(any::<Vec<u8>>(), 3), b in proptest::collection::vec(any::<Vec<u8>>(), 3)) {
            let of = |v: &[Vec<u8>]| enc("l", &v.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(a == b, of(&a) == of(&b));
        }
    }
}
