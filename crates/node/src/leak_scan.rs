//! The leak scan: is anything of a channel found where it does not belong?
//!
//! Needles are the values themselves, and every row of a store both as the disk holds it and as it lies
//! after unsealing. A place is searched raw (its files) and logically (its rows after unsealing, and
//! every value that its owner can open). A needle found at home shows that the search works; found
//! anywhere else it is a leak.
//!
//! A needle is kept as a window of 8 bytes, its length and its SHA-256, so millions of them fit into
//! little memory, and a hit is a match of the whole needle.
//!
//! Files of text are full of numbers and of hex: a short run of hex digits stands there by chance, and is
//! searched for in everything else.

use std::collections::BTreeSet;
use std::path::Path;

use parclose_channel::tables::DEFINITIONS;
use parclose_channel::{Channel, ChannelError};
use parclose_crypto::hash::sha256;
use parclose_transaction::{FieldState, FieldValue};

/// Rows shorter than this say nothing about anybody: counters, empty markers.
const ROW_BYTES_MIN: usize = 24;
/// Values shorter than this occur by chance.
const VALUE_BYTES_MIN: usize = 8;
/// Runs of hex digits shorter than this occur by chance in a text of numbers: the database's own log, keys.
const HEX_BYTES_MIN: usize = 16;
const WINDOW: usize = 8;

struct Needle {
    room: u16,
    kind: Kind,
    window: u64,
    offset: u32,
    length: u32,
    tail: u64,
    digest: [u8; 32],
    /// A short run of hex digits.
    short_hex: bool,
}

/// A needle whose window is not chosen yet.
struct Candidate {
    needle: Needle,
    windows: [(u64, u32); CANDIDATES],
}

/// Windows considered for each needle: the one that fewest needles share is taken, so that text which
/// many rows have in common costs nothing.
const CANDIDATES: usize = 5;

/// What a needle is, so that a leak can be named without showing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// a row of this table as the disk holds it
    SealedRow(u8),
    /// a row of this table after unsealing
    Row(u8),
    /// an opened value
    Value,
}

/// What is searched for.
#[derive(Default)]
pub struct Needles {
    added: Vec<Candidate>,
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
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk::<WINDOW>())
        .map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

impl Needles {
    /// Adds a needle of a room.
    pub fn add(&mut self, room: u16, kind: Kind, needle: &[u8]) {
        let last = needle.len().saturating_sub(WINDOW);
        let (Ok(length), Ok(end)) = (u32::try_from(needle.len()), u32::try_from(last)) else { return };
        let windows = std::array::from_fn(|at| {
            let offset = last * at / (CANDIDATES - 1);
            (window_at(needle, offset), u32::try_from(offset).unwrap_or(end))
        });
        let needle = Needle {
            room,
            kind,
            window: 0,
            offset: 0,
            length,
            tail: window_at(needle, last),
            digest: sha256(needle),
            short_hex: needle.len() < HEX_BYTES_MIN && needle.iter().all(u8::is_ascii_hexdigit),
        };
        self.added.push(Candidate { needle, windows });
    }

    /// Needles that are searched for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.needles.len()
    }

    /// The room that a needle belongs to.
    #[must_use]
    pub fn room(&self, index: usize) -> Option<u16> {
        self.needles.get(index).map(|needle| needle.room)
    }

    /// The SHA-256 of a needle.
    #[must_use]
    pub fn digest(&self, index: usize) -> Option<[u8; 32]> {
        self.needles.get(index).map(|needle| needle.digest)
    }

    /// How many of the found needles are of each kind.
    #[must_use]
    pub fn kinds(&self, found: &BTreeSet<usize>) -> std::collections::BTreeMap<Kind, usize> {
        let mut kinds = std::collections::BTreeMap::new();
        for needle in found.iter().filter_map(|index| self.needles.get(*index)) {
            *kinds.entry(needle.kind).or_default() += 1;
        }
        kinds
    }

    /// No needles.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// Chooses windows, sorts the needles, drops doubles; call it before searching.
    pub fn prepare(&mut self) {
        let mut shared: Vec<u64> =
            self.added.iter().flat_map(|c| c.windows.map(|(window, _)| window)).collect();
        shared.sort_unstable();
        let count = |window: u64| {
            let first = shared.partition_point(|other| *other < window);
            shared.partition_point(|other| *other <= window) - first
        };
        for Candidate { mut needle, windows } in std::mem::take(&mut self.added) {
            let rarest = windows.into_iter().min_by_key(|(window, _)| count(*window));
            (needle.window, needle.offset) = rarest.unwrap_or_default();
            self.needles.push(needle);
        }
        self.needles.sort_by_key(|needle| (needle.window, needle.digest, needle.room));
        self.needles.dedup_by(|a, b| (a.window, a.digest, a.room) == (b.window, b.digest, b.room));
        self.filter = vec![0; 1 << (FILTER_BITS - 6)];
        for needle in &self.needles {
            let (word, bit) = slot(needle.window);
            self.filter[word] |= bit;
        }
    }

    /// Finds needles in a stretch of bytes; `found` gets their indexes.
    pub fn search(&self, haystack: &[u8], found: &mut dyn FnMut(usize)) {
        for at in 0..(haystack.len() + 1).saturating_sub(WINDOW) {
            let window = window_at(haystack, at);
            let (word, bit) = slot(window);
            if self.filter[word] & bit != 0 {
                self.match_at(haystack, at, window, found);
            }
        }
    }

    fn match_at(&self, haystack: &[u8], at: usize, window: u64, found: &mut dyn FnMut(usize)) {
        let first = self.needles.partition_point(|needle| needle.window < window);
        for (index, needle) in self.needles.iter().enumerate().skip(first) {
            if needle.window != window {
                return;
            }
            let (Ok(offset), Ok(length)) = (usize::try_from(needle.offset), usize::try_from(needle.length))
            else {
                continue;
            };
            let whole = at.checked_sub(offset).and_then(|start| haystack.get(start..start + length));
            let alike = |bytes: &&[u8]| window_at(bytes, length.saturating_sub(WINDOW)) == needle.tail;
            if whole.filter(alike).is_some_and(|bytes| sha256(bytes) == needle.digest) {
                found(index);
            }
        }
    }

    /// Searches every file below a folder; files of text not for short runs of hex digits.
    pub fn search_files(&self, folder: &Path, found: &mut dyn FnMut(usize)) -> std::io::Result<()> {
        if folder.is_file() {
            let bytes = std::fs::read(folder)?;
            let text = std::str::from_utf8(&bytes).is_ok();
            self.search(&bytes, &mut |index| {
                if !(text && self.needles.get(index).is_some_and(|needle| needle.short_hex)) {
                    found(index);
                }
            });
            return Ok(());
        }
        for entry in std::fs::read_dir(folder)? {
            self.search_files(&entry?.path(), found)?;
        }
        Ok(())
    }

    /// Searches a store after unsealing: its rows, and every value that its owner can open.
    pub fn search_opened(&self, channel: &Channel, found: &mut dyn FnMut(usize)) -> Result<(), ChannelError> {
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

    /// Adds every row of a store: as the disk holds it, and after unsealing; but for the definitions, which
    /// are templates that every channel may have.
    pub fn add_rows(&mut self, room: u16, channel: &Channel) -> Result<(), ChannelError> {
        channel.store().logical_dump(|row| {
            if row.table == 0 {
                return;
            }
            if row.table == DEFINITIONS.id() {
                return self.add(room, Kind::SealedRow(row.table), row.sealed);
            }
            self.add(room, Kind::SealedRow(row.table), row.sealed);
            if let Some(plain) = row.plain.as_deref().filter(|plain| plain.len() >= ROW_BYTES_MIN) {
                self.add(room, Kind::Row(row.table), plain);
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
                // A count is eight bytes, nearly all of them zero: it occurs by chance.
                let telling = !matches!(value, FieldValue::Integer(_));
                if telling && bytes.len() >= VALUE_BYTES_MIN {
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
        needles.add(0, Kind::Value, b"a secret value of some length");
        needles.add(0, Kind::Value, b"12345678");
        needles.add(0, Kind::Value, b"12345678");
        needles.prepare();
        assert_eq!(needles.len(), 2, "doubles count once");
        let search = |haystack: &[u8]| {
            let mut found = BTreeSet::new();
            needles.search(haystack, &mut |index| _ = found.insert(index));
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
        needles.search_files(dir.path(), &mut |index| _ = found.insert(index)).unwrap();
        assert_eq!(found.len(), 0, "in text, eight digits are no sign");
        std::fs::write(dir.path().join("below/file"), b"\xff\xfe12345678").unwrap();
        needles.search_files(dir.path(), &mut |index| _ = found.insert(index)).unwrap();
        assert_eq!(found.len(), 1, "in rows they are");
        std::fs::write(dir.path().join("log"), b"a secret value of some length").unwrap();
        needles.search_files(dir.path(), &mut |index| _ = found.insert(index)).unwrap();
        assert_eq!(found.len(), 2, "text is searched for all else");
    }
}
