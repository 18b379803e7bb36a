//! F01: every entrance of outside bytes has one encoding for a value, one answer for an input, and pays for no lie.
//!
//! An input is the number of an entrance and a value of its format. Reading it may allocate 128 bytes for each byte of it and
//! 2 MiB (archives: 8 MiB), which is weighed where the process has a [`Meter`]: in `tests/weighed.rs` and `fuzz_suites`, not under
//! libFuzzer. How long it takes has no bound of its own; the runner holds each input to 5 seconds.

use std::sync::{LazyLock, OnceLock};

use super::{Answer, Control, Suite};
use crate::entrances::{ENTRANCES, Entrance, Form};
use crate::reach::Point;

/// Bytes of memory for each byte of input: see `tests/memory.rs`. The parser of TOML has been seen to take 100, for a text
/// of nothing but openings.
const MULTIPLE: usize = 128;
/// Bytes that reading costs beyond that: stacks and tables of parsers, and the honest values that are compared with.
const ROOM_BYTES: usize = 2 << 20;
/// An archive is never smaller than a chunk, and the ones of this crate are sealed on their way in.
const ARCHIVE_BYTES: usize = 8 << 20;

/// Counts what is allocated. Whoever has a counting allocator hands it in; a library cannot have one of its own.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    /// starts the measurement, and tells how many bytes are in use
    pub start: fn() -> usize,
    /// the most bytes in use since
    pub peak: fn() -> usize,
}

/// The process's meter, if it has one.
pub static METER: OnceLock<Meter> = OnceLock::new();

/// One for each entrance, in their order.
static ARMS: LazyLock<Vec<Point>> =
    LazyLock::new(|| ENTRANCES.iter().map(|entrance| Point::decides(entrance.name)).collect());

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F01",
    name: "f01_formats",
    holds: "each entrance writes what it has read as it was, answers twice the same, and allocates at most 128 bytes for each that it was given, and 2 MiB (an archive: 8 MiB)",
    reach: || ARMS.iter().collect(),
    run,
    controls: &[
        Control { name: "a decoder that ignores what follows", run: careless },
        Control { name: "a decoder that believes a length", run: believing },
    ],
    script_bytes: 0,
};

/// The number of an entrance, and a value of its format.
pub fn run(input: &[u8]) -> Answer {
    let Some((number, bytes)) = input.split_first() else { return Answer::Refused("empty") };
    let at = usize::from(*number) % ENTRANCES.len();
    let (entrance, arm) = (&ENTRANCES[at], &ARMS[at]);
    metered(entrance.name, bytes, || drop(std::hint::black_box((entrance.decode)(bytes))));
    arm.ask(|| one_encoding(entrance, bytes)).into()
}

fn one_encoding(entrance: &Entrance, bytes: &[u8]) -> Result<(), crate::entrances::Rule> {
    let decoded = (entrance.decode)(bytes);
    if let (Form::Canonical, Ok(written)) = (entrance.form, &decoded) {
        assert!(written == bytes, "{}: two encodings of one value", entrance.name);
    }
    let answer = (entrance.take)(bytes);
    assert_eq!((entrance.take)(bytes), answer, "{}: two answers to one input", entrance.name);
    assert!(answer.is_err() || decoded.is_ok(), "{}: taken without its form", entrance.name);
    answer
}

/// Reads, and weighs what that allocates if the process has a [`Meter`].
pub(super) fn metered(name: &str, bytes: &[u8], read: impl FnOnce()) {
    let Some(meter) = METER.get() else { return read() };
    let before = (meter.start)();
    read();
    let spent = (meter.peak)().saturating_sub(before);
    let room = if name.starts_with("archive") { ARCHIVE_BYTES } else { ROOM_BYTES };
    let allowed = MULTIPLE * bytes.len() + room;
    assert!(spent <= allowed, "{name}: {spent} bytes of memory for an input of {}", bytes.len());
}

/// Reads a view key and drops what stands behind it.
fn careless(input: &[u8]) -> Answer {
    let decode = |bytes: &[u8]| {
        let whole = crate::world::WORLD.view_key.len();
        let first = bytes.get(..whole).unwrap_or(bytes);
        parclose_keys::ViewKey::from_bytes(first).map(|key| key.to_bytes().to_vec()).map_err(|_| "KEY-11")
    };
    let entrance = Entrance { name: "view_key", form: Form::Canonical, decode, take: |_| Err("KEY-11") };
    let longer = [crate::world::WORLD.view_key.as_slice(), input].concat();
    one_encoding(&entrance, &longer).into()
}

/// Makes room for as many bytes as the first four say, where a meter weighs it.
fn believing(input: &[u8]) -> Answer {
    let believed = || drop(std::hint::black_box(vec![1_u8; 64 << 20]));
    if METER.get().is_some() {
        metered("believing", input, believed);
    }
    // Without a meter the same check is made of what a believing decoder would have reserved.
    let reserved = usize::from(*input.first().unwrap_or(&0)) << 24;
    assert!(reserved <= MULTIPLE * input.len() + ROOM_BYTES, "room for what was never sent");
    Answer::Taken
}
