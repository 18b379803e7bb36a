//! A source: a file's name and bytes, and the way from its bytes to UTF-8.
//!
//! A byte-order mark decides the encoding. Without one the text is UTF-8; cells that are not are
//! refused row by row, later. A source that cannot be read at all fails the whole run: documents
//! span files, so that leaving a file out would make wrong totals.
#![warn(clippy::indexing_slicing, clippy::string_slice, reason = "reads untrusted bytes")]

use std::borrow::Cow;

use parclose_types::{Failure, Fault};
use serde::Deserialize;

/// One file of a run.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// the name that lines and rejections refer to
    pub name: &'a str,
    /// the whole file
    pub bytes: &'a [u8],
}

/// What a source without a byte-order mark holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Encoding {
    /// UTF-8
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16: refused without a mark, because nothing says which byte comes first
    #[serde(rename = "utf-16")]
    Utf16,
}

/// Why a source cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("source `{source_name}`: {fault}")]
pub struct BadSource {
    /// the name of the source
    pub source_name: String,
    /// the broken rule
    pub fault: SourceFault,
}

/// The rule that a source breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    /// IMP-20: not text in the encoding it claims.
    #[error("the bytes are not UTF-16 with a byte-order mark")]
    Utf16,
    /// IMP-21: no header row, or one that is not a record of text.
    #[error("there is no readable header row after the skipped rows")]
    Header,
    /// IMP-22: two columns of one name.
    #[error("the header names the column `{0}` twice")]
    TwiceNamed(String),
    /// IMP-23: a column of the mapping is not in the header.
    #[error("the header has no column `{0}`, which the mapping names")]
    MissingColumn(String),
    /// IMP-24: two sources of one name.
    #[error("another source has the same name")]
    SameName,
}

impl Failure for BadSource {
    fn code(&self) -> &'static str {
        "SOURCE_REFUSED"
    }

    fn rule(&self) -> &'static str {
        match self.fault {
            SourceFault::Utf16 => "IMP-20",
            SourceFault::Header => "IMP-21",
            SourceFault::TwiceNamed(_) => "IMP-22",
            SourceFault::MissingColumn(_) => "IMP-23",
            SourceFault::SameName => "IMP-24",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match &self.fault {
            SourceFault::Utf16 => "save the file as UTF-8".into(),
            SourceFault::Header => {
                "check `skip_rows` and `separator` of the mapping, and that the file is whole".into()
            }
            SourceFault::TwiceNamed(column) => format!("rename one of the columns `{column}`"),
            SourceFault::MissingColumn(column) => {
                format!(
                    "name the column that holds what `{column}` held, in the mapping, or check its `separator`"
                )
            }
            SourceFault::SameName => "give each file once, under its own name".into(),
        }
    }
}

/// Turns the bytes into UTF-8 without a mark.
///
/// # Rules
///
/// > IMP-20: text in UTF-16 has a byte-order mark, whole code units and paired surrogates.
pub(crate) fn utf8(bytes: &[u8], encoding: Encoding) -> Result<Cow<'_, [u8]>, SourceFault> {
    match (bytes, encoding) {
        ([0xff, 0xfe, rest @ ..], _) => utf16(rest, u16::from_le_bytes),
        ([0xfe, 0xff, rest @ ..], _) => utf16(rest, u16::from_be_bytes),
        ([0xef, 0xbb, 0xbf, rest @ ..], _) | (rest, Encoding::Utf8) => Ok(Cow::Borrowed(rest)),
        (_, Encoding::Utf16) => Err(SourceFault::Utf16),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, [u8]>, SourceFault> {
    let (pairs, []) = bytes.as_chunks::<2>() else { return Err(SourceFault::Utf16) };
    let text: Result<String, _> = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    text.map(|text| Cow::Owned(text.into_bytes())).map_err(|_| SourceFault::Utf16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16_bytes(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(order).collect()
    }

    #[test]
    fn imp_20_broken_utf_16_is_refused() {
        assert_eq!(utf8(b"a\0b\0", Encoding::Utf16), Err(SourceFault::Utf16));
        assert_eq!(utf8(b"\xff\xfea\0b", Encoding::Utf8), Err(SourceFault::Utf16));
        assert_eq!(utf8(b"\xff\xfe\x00\xd8", Encoding::Utf8), Err(SourceFault::Utf16));
        assert_eq!(utf8(b"\xfe\xff\xdc\x00\x00a", Encoding::Utf8), Err(SourceFault::Utf16));
    }

    #[test]
    fn marks_decide() {
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
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
}
