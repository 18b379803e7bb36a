//! Every good value of every entrance, deformed in every simple way: cut off anywhere, one byte longer, each bit
//! changed, each length in it a lie, and as large as it may be. Nothing panics, what is accepted is canonical,
//! and memory stays within a multiple of the input.

use std::collections::BTreeMap;

use parclose_fuzz_targets::entrances::{ENTRANCES, Entrance, Form, entrance};
use parclose_fuzz_targets::vectors::{self, Vector};

/// Positions of a value that are looked at; of a longer one, as many, evenly spread.
const POSITIONS_MAX: usize = 800;
/// Positions of a text: each is parsed as a whole.
const TEXT_POSITIONS_MAX: usize = 150;
/// Positions at which a length may be a lie: so close together that none of a value of a few KiB stands between two.
const LIES_MAX: usize = POSITIONS_MAX / 4;
/// Positions whose deformation goes through all checks, and not through the form only.
const CHECKED_MAX: usize = 60;
/// An archive is at least 1 MiB, and each opening writes it to the disk.
const ARCHIVE_POSITIONS_MAX: usize = 16;
/// Values in which every bit counts for itself, so that another value comes of each change.
const WITHOUT_REDUNDANCY: [&str; 2] = ["close_statement", "passphrase"];

/// Good values of each entrance, each once.
fn good() -> BTreeMap<&'static str, Vec<Vec<u8>>> {
    let mut values: BTreeMap<&'static str, Vec<Vec<u8>>> = BTreeMap::new();
    for Vector { entrance, good, .. } in vectors::all() {
        let known = values.entry(entrance).or_default();
        if !known.contains(&good) {
            known.push(good);
        }
    }
    values
}

fn positions(entrance: &Entrance, length: usize, most: usize) -> impl Iterator<Item = usize> {
    let slow = entrance.name.starts_with("archive");
    let most = match entrance.form {
        _ if slow => most.min(ARCHIVE_POSITIONS_MAX),
        Form::Text => most.min(TEXT_POSITIONS_MAX),
        Form::Canonical => most,
    };
    let step = length.div_ceil(most).max(1);
    // The first bytes are headers: all of them. An odd step meets every place within a repeated part.
    (0..length.min(if slow { 8 } else { 64 })).chain((64..length).step_by(step | 1))
}

/// What an entrance makes of bytes: they are refused by a rule, or written again exactly as they came.
fn outcome(entrance: &Entrance, bytes: &[u8]) -> Result<(), String> {
    match (entrance.decode)(bytes) {
        Err(_) => Ok(()),
        Ok(again) if entrance.form == Form::Text || again == bytes => Ok(()),
        Ok(_) => Err(format!("{}: a second encoding is accepted", entrance.name)),
    }
}

/// Refusals among deformations, and all of them; each was looked at.
#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    tried: usize,
}

fn try_all(entrance: &Entrance, tally: &mut Tally, deformed: impl Iterator<Item = Vec<u8>>) {
    for bytes in deformed {
        outcome(entrance, &bytes).expect("what is accepted is canonical");
        tally.tried += 1;
        tally.refused += usize::from((entrance.decode)(&bytes).is_err());
    }
}

#[test]
fn what_is_cut_off_or_goes_on_is_refused() {
    let mut tried = 0;
    for (name, values) in good() {
        let entrance = entrance(name).unwrap();
        // Text may end anywhere where it is still text; zeros behind the content of an archive are its padding.
        if entrance.form == Form::Text || name == "archive_content" {
            continue;
        }
        for value in values {
            for length in positions(entrance, value.len(), POSITIONS_MAX) {
                let cut = &value[..length];
                // A bundle that ends behind a part is noticed by what it should prove.
                let refused = (entrance.decode)(cut).is_err() || (entrance.take)(cut).is_err();
                assert!(refused, "{name}: the first {length} bytes are accepted");
                tried += 1;
            }
            for more in [0, 1, 0xff] {
                let longer = [value.as_slice(), &[more]].concat();
                assert!((entrance.decode)(&longer).is_err(), "{name}: a byte {more} behind it is accepted");
            }
        }
    }
    assert!(tried > 5_000, "only {tried} were cut off");
}

#[test]
fn every_changed_bit_is_refused_or_canonical() {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for (name, values) in good() {
        let entrance = entrance(name).unwrap();
        let tally = tallies.entry(name).or_default();
        for value in values {
            let flipped = |at: usize| {
                let value = &value;
                (0..8).map(move |bit| {
                    let mut bytes = value.clone();
                    bytes[at] ^= 1 << bit;
                    bytes
                })
            };
            try_all(entrance, tally, positions(entrance, value.len(), POSITIONS_MAX).flat_map(flipped));
            for at in positions(entrance, value.len(), CHECKED_MAX) {
                flipped(at).for_each(|bytes| {
                    let _ = (entrance.take)(&bytes);
                });
            }
        }
    }
    println!("{tallies:#?}");
    let tried: usize = tallies.values().map(|tally| tally.tried).sum();
    assert!(tried > 50_000, "only {tried} bits were changed");
    for (name, tally) in &tallies {
        assert!(tally.refused > 0 || WITHOUT_REDUNDANCY.contains(name), "{name}: no changed bit is refused");
    }
}

#[test]
fn every_length_may_be_a_lie() {
    let lies = [0_u64, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 32, u64::MAX >> 1, u64::MAX];
    for (name, values) in good() {
        let entrance = entrance(name).unwrap();
        let mut tally = Tally::default();
        for value in values {
            let lied = |at: usize| {
                let value = &value;
                lies.into_iter().flat_map(move |lie| {
                    let low = u32::try_from(lie & 0xffff_ffff).unwrap_or(0);
                    let written: [Vec<u8>; 4] = [
                        low.to_le_bytes().to_vec(),
                        low.to_be_bytes().to_vec(),
                        lie.to_le_bytes().to_vec(),
                        lie.to_be_bytes().to_vec(),
                    ];
                    written.map(|written| {
                        let mut bytes = value.clone();
                        let end = (at + written.len()).min(bytes.len());
                        bytes.splice(at..end, written);
                        bytes
                    })
                })
            };
            let places = positions(entrance, value.len(), LIES_MAX);
            try_all(entrance, &mut tally, places.flat_map(lied));
        }
        let refused = tally.refused > 0 || WITHOUT_REDUNDANCY.contains(&name);
        assert!(refused, "{name}: no lie of {} is refused", tally.tried);
    }
}

#[test]
fn bytes_of_nobody_are_refused() {
    for entrance in ENTRANCES {
        for byte in [0_u8, 1, 0x7f, 0xff, b'[', b'{', b'"', b'a'] {
            for length in [0, 1, 2, 4, 7, 8, 9, 32, 64, 100, 1000, 70_000] {
                let bytes = vec![byte; length];
                outcome(entrance, &bytes).unwrap();
                let _ = (entrance.take)(&bytes);
            }
        }
    }
}

/// An entrance that would take a second encoding, and one that panics.
#[test]
fn a_second_encoding_is_noticed() {
    let careless = Entrance {
        name: "careless",
        form: Form::Canonical,
        decode: |bytes| Ok(bytes.first().copied().into_iter().collect()),
        take: |_| Ok(()),
    };
    assert!(outcome(&careless, &[1]).is_ok());
    assert!(outcome(&careless, &[1, 2]).is_err());
}
