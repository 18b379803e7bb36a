//! Encodings, ends of blocks, and sources that fail or change.
#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use std::io;

use super::*;
use crate::source::Source;

fn utf16_bytes(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(order).collect()
}

fn text(
    origin: &dyn Origin,
    encoding: Encoding,
    known: Option<&[u64]>,
) -> Result<(Vec<u8>, Prints), SourceFault> {
    let mut out = Vec::new();
    let mut text = Text::open(origin, encoding, known)?;
    while text.fill(&mut out)? {}
    Ok((out, text.into_prints()))
}

fn utf8(bytes: &[u8], encoding: Encoding) -> Result<Vec<u8>, SourceFault> {
    text(&Source { name: "a", bytes }, encoding, None).map(|(text, _)| text)
}

#[test]
fn imp_20_broken_utf_16_is_refused() {
    for (bytes, encoding) in [
        (&b"a\0b\0"[..], Encoding::Utf16),
        (b"\xff\xfea\0b", Encoding::Utf8),
        (b"\xff\xfe\x00\xd8", Encoding::Utf8),
        (b"\xff\xfe\x00\xd8a\0", Encoding::Utf8),
        (b"\xfe\xff\xdc\x00\x00a", Encoding::Utf8),
        (b"a\0b", Encoding::Utf16Le),
    ] {
        assert_eq!(utf8(bytes, encoding), Err(SourceFault::Utf16), "{bytes:?}");
    }
}

#[test]
fn marks_decide() {
    for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf16Be, Encoding::Windows1252] {
        for bytes in [
            utf16_bytes("é𝄞,x", u16::to_le_bytes),
            utf16_bytes("é𝄞,x", u16::to_be_bytes),
            "\u{feff}é𝄞,x".as_bytes().to_vec(),
        ] {
            assert_eq!(utf8(&bytes, encoding).unwrap(), "é𝄞,x".as_bytes());
        }
    }
    assert_eq!(utf8(b"plain", Encoding::Utf8).unwrap(), b"plain".as_slice());
    assert_eq!(utf8(b"", Encoding::Utf8).unwrap(), b"".as_slice());
}

#[test]
fn the_mapping_decides_where_there_is_no_mark() {
    assert_eq!(utf8(b"a\0;\0", Encoding::Utf16Le).unwrap(), b"a;");
    assert_eq!(utf8(b"\0a\0;", Encoding::Utf16Be).unwrap(), b"a;");
    assert_eq!(utf8(b"M\xfcller \x80 \x9f", Encoding::Windows1252).unwrap(), "Müller € Ÿ".as_bytes());
}

#[test]
fn blocks_may_end_anywhere() {
    for shift in 0..4 {
        let long = "x".repeat(BLOCK_BYTES / 2 - shift) + "é𝄞𝄞é";
        for bytes in [utf16_bytes(&long, u16::to_le_bytes), utf16_bytes(&long, u16::to_be_bytes)] {
            assert_eq!(utf8(&bytes, Encoding::Utf8).unwrap(), long.as_bytes());
        }
    }
    // The halves of one unit in two blocks.
    let odd = [utf16_bytes(&"é".repeat(BLOCK_BYTES), u16::to_le_bytes), vec![0x61]].concat();
    assert_eq!(utf8(&odd, Encoding::Utf8), Err(SourceFault::Utf16));
    let whole = vec![b'a'; BLOCK_BYTES * 2];
    assert_eq!(utf8(&whole, Encoding::Utf8).unwrap(), whole);
}

/// Fails once some bytes were read.
struct Torn;

impl Origin for Torn {
    fn name(&self) -> &str {
        "torn"
    }

    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        struct End;
        impl Read for End {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        Ok(Box::new(b"some".chain(End)))
    }
}

#[test]
fn imp_25_a_source_that_ends_in_an_error_is_refused() {
    let refused = SourceFault::Unreadable(io::ErrorKind::ConnectionReset);
    assert_eq!(text(&Torn, Encoding::Utf8, None).unwrap_err(), refused);
}

#[test]
fn imp_26_other_bytes_the_second_time_are_refused() {
    let first = vec![b'a'; BLOCK_BYTES + 3];
    let source = |bytes| Source { name: "a", bytes };
    let (_, prints) = text(&source(&first), Encoding::Utf8, None).unwrap();
    assert!(text(&source(&first), Encoding::Utf8, Some(&prints)).is_ok());
    let mut other = first.clone();
    other[BLOCK_BYTES + 1] = b'b';
    let longer = [first.clone(), vec![b'a'; BLOCK_BYTES]].concat();
    for changed in [&other, &longer, &first[..BLOCK_BYTES].to_vec(), &Vec::new()] {
        let read = text(&source(changed), Encoding::Utf8, Some(&prints));
        assert_eq!(read.unwrap_err(), SourceFault::Changed);
    }
}
