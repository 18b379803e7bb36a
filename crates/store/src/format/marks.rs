//! The format row and the identity row.
//!
//! ```text
//!   00 "format"    ->  u32be(version) || kind           in the clear
//!   00 "identity"  ->  seal(owner id || format row)     only the owner's cipher opens it
//! ```
//!
//! The identity row repeats the format row, so that the clear one cannot be exchanged unnoticed.

/// The version of everything this crate writes.
pub const FORMAT_VERSION: u32 = 1;

/// The table of this crate's own rows.
pub(crate) const RESERVED_TABLE: u8 = 0;
/// How errors call it.
pub(crate) const RESERVED_TABLE_NAME: &str = "store";
/// Stored key of the format row.
pub(crate) const FORMAT_ROW_KEY: &[u8] = b"\0format";
/// Stored key of the identity row.
pub(crate) const IDENTITY_ROW_KEY: &[u8] = b"\0identity";

/// The format row of this version.
pub(crate) fn format_row(kind: &str) -> Vec<u8> {
    [&FORMAT_VERSION.to_be_bytes(), kind.as_bytes()].concat()
}

/// Reads a format row of any version: its number, and the kind if the version is ours.
pub(crate) fn read_format_row(row: &[u8]) -> Option<(u32, &[u8])> {
    let (version, kind) = row.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*version), kind))
}

/// The plaintext of the identity row.
pub(crate) fn identity(owner_id: &[u8; 32], kind: &str) -> Vec<u8> {
    [owner_id.as_slice(), &format_row(kind)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_as_documented() {
        assert_eq!(format_row("channel"), b"\0\0\0\x01channel");
        assert_eq!(read_format_row(b"\0\0\0\x02?"), Some((2, b"?".as_slice())));
        assert_eq!(read_format_row(b"\0\0\0"), None);
        assert_eq!(identity(&[9; 32], "root").len(), 32 + 4 + 4);
    }
}
