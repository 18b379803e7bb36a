//! Corpora as packs: one text file for each suite, an input a line, each with the answer that it gets.
//!
//! ```text
//!   parclose.corpus/1 f03_mutation
//!   taken whole 00af…                  an input in hex
//!   ROO-11 12 17 3 aabb                as input 12, but from byte 17 on 3 bytes cut and these put in
//!   BAK-04 archive 0 0 07              the honest archive, which is large and made again
//! ```
//!
//! The answer is `taken`, the rule that refuses, or a word where there is none: `differs`, `prefix`. Only the first are good
//! inputs, and only the second are bad ones. They are kept by quota, so many of each answer, and not minimised.
//!
//! Everything follows from the suite's name and the honest world, so [`write()`] makes the same files again after a
//! format has changed. A crash that a fuzzer finds becomes a unit test at the code that is mended, and needs no line here.

mod make;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parclose_types::hex;

use crate::archive::ARCHIVE;
use crate::suites::{Answer, SUITES, Suite};
pub use make::{good_values, make, starts};

const HEAD: &str = "parclose.corpus/1";

/// An input and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// the input
    pub bytes: Vec<u8>,
    /// what came of it, as [`crate::suites::Answer::as_str`] says it
    pub answer: String,
}

impl Entry {
    /// Whether the honest thing was done.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.answer == Answer::Taken.as_str()
    }

    /// Whether the answer is the id of a rule (`ROO-11`), and no word.
    #[must_use]
    pub fn names_a_rule(&self) -> bool {
        self.answer.split_once('-').is_some_and(|(area, number)| {
            let is_area = area.len() == 3 && area.bytes().all(|byte| byte.is_ascii_uppercase());
            is_area && number.len() >= 2 && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    }
}

/// The folder of the packs.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../suites")
}

/// The file of a suite.
#[must_use]
pub fn file(suite: &Suite) -> PathBuf {
    folder().join(format!("{}.txt", suite.name))
}

/// The inputs of a suite, as its file has them.
///
/// # Panics
///
/// If the file is missing or none: a suite without inputs would pass for good.
#[must_use]
pub fn read(suite: &Suite) -> Vec<Entry> {
    let path = file(suite);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    from_text(suite.name, &text).unwrap_or_else(|line| panic!("{}:{line} is no input", path.display()))
}

/// Makes the files of all suites, or of one, anew.
///
/// # Errors
///
/// What the file system says.
pub fn write(only: Option<&str>) -> std::io::Result<()> {
    std::fs::create_dir_all(folder())?;
    for suite in SUITES.iter().filter(|suite| only.is_none_or(|name| name == suite.name || name == suite.id))
    {
        std::fs::write(file(suite), to_text(suite.name, &make(suite)))?;
    }
    Ok(())
}

/// Unpacks a suite's inputs into a folder, for a fuzzer that wants a file for each.
///
/// # Errors
///
/// What the file system says.
pub fn unpack(suite: &Suite, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for (at, entry) in read(suite).iter().enumerate() {
        std::fs::write(to.join(format!("{at:05}")), &entry.bytes)?;
    }
    Ok(())
}

/// The text of a pack.
#[must_use]
pub fn to_text(name: &str, entries: &[Entry]) -> String {
    let mut bases: BTreeMap<usize, &[u8]> = BTreeMap::new();
    let mut text = format!("{HEAD} {name}\n");
    for (at, entry) in entries.iter().enumerate() {
        let (answer, bytes) = (&entry.answer, &entry.bytes);
        let change = bases.iter().map(|(base, of)| (base.to_string(), difference(of, bytes)));
        let change = change.chain([("archive".to_owned(), difference(&ARCHIVE, bytes))]);
        let (base, change) = change.min_by_key(|(_, (.., insert))| insert.len()).unwrap_or_default();
        let (from, cut, insert) = change;
        if insert.len() + 16 < bytes.len() {
            text.push_str(&format!("{answer} {base} {from} {cut} {}\n", hex::encode(insert)));
        } else {
            bases.insert(at, bytes);
            text.push_str(&format!("{answer} whole {}\n", hex::encode(bytes)));
        }
    }
    text
}

/// Where bytes differ from a base: from which byte on how many are cut, and what is put in.
fn difference<'a>(base: &[u8], bytes: &'a [u8]) -> (usize, usize, &'a [u8]) {
    let from = base.iter().zip(bytes).take_while(|(a, b)| a == b).count();
    let (left, right) = (&base[from..], &bytes[from..]);
    let same = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    (from, left.len() - same, &right[..right.len() - same])
}

/// The inputs of a text.
///
/// # Errors
///
/// The number of the first line that is none.
pub fn from_text(name: &str, text: &str) -> Result<Vec<Entry>, usize> {
    let mut lines = text.lines();
    if lines.next() != Some(&format!("{HEAD} {name}")) {
        return Err(1);
    }
    let mut entries: Vec<Entry> = Vec::new();
    for (at, line) in lines.enumerate() {
        let entry = entry(line, &entries).ok_or(at + 2)?;
        entries.push(entry);
    }
    Ok(entries)
}

fn entry(line: &str, before: &[Entry]) -> Option<Entry> {
    let mut words = line.split(' ');
    let (answer, base) = (words.next()?.to_owned(), words.next()?);
    if base == "whole" {
        return Some(Entry { bytes: hex::decode(words.next()?).ok()?, answer });
    }
    let mut bytes = match base {
        "archive" => ARCHIVE.clone(),
        number => before.get(number.parse::<usize>().ok()?)?.bytes.clone(),
    };
    let (from, cut) = (words.next()?.parse::<usize>().ok()?, words.next()?.parse::<usize>().ok()?);
    let to = from.checked_add(cut).filter(|to| *to <= bytes.len())?;
    bytes.splice(from..to, hex::decode(words.next()?).ok()?);
    Some(Entry { bytes, answer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(answer: &str, bytes: &[u8]) -> Entry {
        Entry { bytes: bytes.to_vec(), answer: answer.into() }
    }

    #[test]
    fn a_pack_reads_back_and_says_what_differs() {
        let long: Vec<u8> = (0..200).collect();
        let mut changed = long.clone();
        changed.splice(20..25, [1, 2]);
        let archive = [&[3], ARCHIVE.as_slice()].concat();
        let entries = [
            entry("taken", &long),
            entry("ROO-01", &changed),
            entry("SEA-04", b""),
            entry("BAC-01", &archive),
        ];
        let text = to_text("some", &entries);
        assert_eq!(from_text("some", &text), Ok(entries.to_vec()));
        assert!(text.contains("\nROO-01 0 20 5 0102\n"), "{text}");
        assert!(text.ends_with("BAC-01 archive 0 0 03\n"));
        assert!(text.len() < 600);
    }

    #[test]
    fn a_word_is_neither_a_good_answer_nor_a_rule() {
        let kinds =
            ["taken", "ROO-11", "differs", "inside", "A-1", "roo-11", "ROO-", "ROOT-11"].map(|answer| {
                let entry = entry(answer, b"");
                (entry.is_good(), entry.names_a_rule())
            });
        assert_eq!(kinds[..2], [(true, false), (false, true)]);
        assert!(kinds[2..].iter().all(|kind| *kind == (false, false)), "{kinds:?}");
    }

    #[test]
    fn what_is_no_pack_is_refused_by_its_line() {
        assert_eq!(from_text("other", "parclose.corpus/1 some\n"), Err(1));
        for line in ["taken", "taken whole 0", "taken 0 0 0 00", "taken whole"] {
            assert_eq!(from_text("some", &format!("parclose.corpus/1 some\n{line}\n")), Err(2), "{line}");
        }
        let text = "parclose.corpus/1 some\ntaken whole 00\ntaken 0 1 1 00\n";
        assert_eq!(from_text("some", text), Err(3));
    }
}
