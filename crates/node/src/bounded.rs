//! Reading files that somebody else made, up to a limit.
//!
//! What the system says of a file's size is not asked: a pipe has none, and a file may grow while it is read.
//! One byte more than the limit is read, so that whoever parses the text refuses it by its own rule.

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Reads a file's bytes, at most one more than `limit`.
pub fn read_bytes(path: &Path, limit: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take((limit as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file's text, at most one byte more than `limit`.
pub fn read_text(path: &Path, limit: usize) -> std::io::Result<String> {
    let not_text = |_| std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not UTF-8, or too large");
    String::from_utf8(read_bytes(path, limit)?).map_err(not_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_and_no_size_is_read_up_to_the_limit() {
        assert_eq!(std::fs::metadata("/dev/zero").unwrap().len(), 0, "its size says nothing");
        assert_eq!(read_bytes(Path::new("/dev/zero"), 1000).unwrap().len(), 1001);
        assert_eq!(read_text(Path::new("/dev/zero"), 10).unwrap(), "\0".repeat(11));
    }

    #[test]
    fn a_text_is_read_whole_and_what_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("text");
        std::fs::write(&file, "käse").unwrap();
        assert_eq!(read_text(&file, 5).unwrap(), "käse");
        assert!(read_text(&file, 0).is_ok(), "one byte more than the limit");
        assert!(read_text(&file, 1).is_err(), "cut inside a character");
        assert!(read_text(&folder.path().join("absent"), 5).is_err());
    }
}
