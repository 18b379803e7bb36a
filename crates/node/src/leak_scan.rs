//! The leak scan: is anything of a channel found where it does not belong?
//!
//! Needles are the values themselves, and every row of a store both as the disk holds it and as it lies
//! after unsealing. A place is searched raw (its files) and logically (its rows after unsealing, and
//! every value that its owner can open). A needle found at home shows that the search works; found
//! anywhere else it is a leak.
//!
//! A needle is kept as a window of 8 bytes, its length and its SHA-256, so millions of them fit into
//! little memory, and a hit is a match of the whole needle.

use std::collections::BTreeSet;
use std::path::Path;

use parclose_channel::{Channel, ChannelError};
use parclose_crypto::hash::sha256;
use parclose_transaction::FieldState;

/// Rows shorter than this say nothing about anybody: counters, empty markers.
const ROW_BYTES_MIN: usize = 24;
/// Values shorter than this occur by chance.
const VALUE_BYTES_MIN: usize = 8;
const WINDOW: usize = 8;

struct Needle {
    window: u64,
    offset: u32,
    length: u32,
    digest: [u8; 32],
}

/// What is searched for.
#[derive(Default)]
pub struct Needles {
    needles: Vec<Needle>,
    filter: Vec<u64>,
}

impl std::fmt::Debug for Needles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Needles({})", self.needles.len())
    }
}

const FILTER_BITS: u32 = 26;

fn slot(window: u64) -> (usize, u64) {
    let bit = window.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - FILTER_BITS);
    (usize::try_from(bit / 64).unwrap_or(0), 1 << (bit % 64))
}

fn window_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<WINDOW>()).map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

impl Needles {
    /// Adds a needle; the window lies in its middle, where rows differ most.
    pub fn add(&mut self, needle: &[u8]) {
        let offset = (needle.len().saturating_sub(WINDOW)) / 2;
        let (Ok(at), Ok(length)) = (u32::try_from(offset), u32::try_from(needle.len())) else { return };
        let window = window_at(needle, offset);
        self.needles.push(Needle { window, offset: at, length, digest: sha256(needle) });
    }

    /// Needles added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.needles.len()
    }

    /// No needles.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// Sorts the needles, drops doubles; call it before searching.
    pub fn prepare(&mut self) {
        self.needles.sort_by(|a, b| (a.window, a.digest).cmp(&(b.window, b.digest)));
        self.needles.dedup_by(|a, b| a.window == b.window && a.digest == b.digest);
        self.filter = vec![0; 1 << (FILTER_BITS - 6)];
        for needle in &self.needles {
            let (word, bit) = slot(needle.window);
            self.filter[word] |= bit;
        }
    }

    /// Finds needles in a stretch of bytes; adds their indexes to `found`.
    pub fn search(&self, haystack: &[u8], found: &mut BTreeSet<usize>) {
        for at in 0..(haystack.len() + 1).saturating_sub(WINDOW) {
            let window = window_at(haystack, at);
            let (word, bit) = slot(window);
            if self.filter[word] & bit != 0 {
                self.match_at(haystack, at, window, found);
            }
        }
    }

    fn match_at(&self, haystack: &[u8], at: usize, window: u64, found: &mut BTreeSet<usize>) {
        let first = self.needles.partition_point(|needle| needle.window < window);
        for (index, needle) in self.needles.iter().enumerate().skip(first) {
            if needle.window != window {
                return;
            }
            let (Ok(offset), Ok(length)) = (usize::try_from(needle.offset), usize::try_from(needle.length)) else {
                continue;
            };
            let whole = at.checked_sub(offset).and_then(|start| haystack.get(start..start + length));
            if whole.is_some_and(|bytes| sha256(bytes) == needle.digest) {
                found.insert(index);
            }
        }
    }

    /// Searches every file below a folder.
    pub fn search_files(&self, folder: &Path, found: &mut BTreeSet<usize>) -> std::io::Result<()> {
        if folder.is_file() {
            self.search(&std::fs::read(folder)?, found);
            return Ok(());
        }
        for entry in std::fs::read_dir(folder)? {
            self.search_files(&entry?.path(), found)?;
        }
        Ok(())
    }

    /// Searches a store after unsealing: its rows, and every value that its owner can open.
    pub fn search_opened(&self, channel: &Channel, found: &mut BTreeSet<usize>) -> Result<(), ChannelError> {
        channel.store().logical_dump(|row| {
            self.search(row.row_key, found);
            if let Some(plain) = &row.plain {
                self.search(plain, found);
            }
        })?;
        for value in opened_values(channel)? {
            self.search(&value, found);
        }
        Ok(())
    }

    /// Adds every row of a store: as the disk holds it, and after unsealing.
    pub fn add_rows(&mut self, channel: &Channel) -> Result<(), ChannelError> {
        channel.store().logical_dump(|row| {
            if row.table == 0 {
                return;
            }
            for bytes in [Some(row.sealed), row.plain.as_deref()].into_iter().flatten() {
                if bytes.len() >= ROW_BYTES_MIN {
                    self.add(bytes);
                }
            }
        })?;
        Ok(())
    }
}

/// Every value that the owner of a store can open and that is long enough to be told from chance.
pub fn opened_values(channel: &Channel) -> Result<BTreeSet<Vec<u8>>, ChannelError> {
    let mut values = BTreeSet::new();
    channel.view_records(channel.keys(), |view| {
        for field in view.fields {
            if let FieldState::Opened(value) = field.state {
                let bytes = value.to_bytes();
                if bytes.len() >= VALUE_BYTES_MIN {
                    values.insert(bytes);
                }
            }
        }
    })?;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_needle_is_found_wherever_it_stands() {
        let mut needles = Needles::default();
        needles.add(b"a secret value of some length");
        needles.add(b"12345678");
        needles.add(b"12345678");
        needles.prepare();
        assert_eq!(needles.len(), 2, "doubles count once");
        let search = |haystack: &[u8]| {
            let mut found = BTreeSet::new();
            needles.search(haystack, &mut found);
            found.len()
        };
        assert_eq!(search(b"nothing here"), 0);
        assert_eq!(search(b"..a secret value of some length.."), 1);
        assert_eq!(search(b"a secret value of some lengtX"), 0, "only a whole needle counts");
        assert_eq!(search(b"12345678"), 1);
        assert_eq!(search(b"1234567"), 0);
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("below")).unwrap();
        std::fs::write(dir.path().join("below/file"), b"xx12345678").unwrap();
        let mut found = BTreeSet::new();
        needles.search_files(dir.path(), &mut found).unwrap();
        assert_eq!(found.len(), 1);
    }
}
