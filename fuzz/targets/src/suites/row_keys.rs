//! F04: keys of rows are injective, sort as their values do, and none of one channel begins another's.

use std::cmp::Ordering;

use parclose_store::{FixedRowKey, RowKey};
use parclose_types::{ChannelId, Epoch, Height, RecordId, Sequence, Tag};

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;

static WRITE: Point = Point::returns("RowKey::to_row_key");
static READ: Point = Point::decides("RowKey::from_row_key");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F04",
    name: "f04_row_keys",
    holds: "two keys have one row key exactly if they are the same, row keys sort as keys do, and no row key of a channel begins one of another's",
    reach: || vec![&WRITE, &READ],
    run,
    controls: &[
        Control { name: "integers with their lowest byte first", run: little_endian },
        Control { name: "names of any length without a boundary", run: unbounded },
    ],
    script_bytes: 192,
};

/// One scenario: two keys of each shape that a table has.
pub fn run(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    let ordering = [
        pair(&mut script, |s| s.edgy()),
        pair(&mut script, |s| Height(s.edgy())),
        pair(&mut script, |s| (ChannelId(name(s)), Sequence(s.edgy()))),
        pair(&mut script, |s| (Tag(name(s)), Epoch(s.any()), s.bytes(6))),
        pair(&mut script, |s| ((ChannelId(name(s)), RecordId(name(s))), s.any::<u16>(), Height(s.edgy()))),
        channels(&mut script),
    ];
    read(&mut script);
    Answer::when(ordering.contains(&Ordering::Equal), "differs")
}

/// Names that differ at one place at most, so that equal ones occur.
fn name(script: &mut Script<'_>) -> [u8; 32] {
    let mut name = [0; 32];
    name[script.below(32)] = *script.pick(&[0, 1, 0x7f, 0x80, 0xff]);
    name
}

fn written<K: RowKey>(key: &K) -> Vec<u8> {
    WRITE.call(|| key.to_row_key())
}

fn pair<K: RowKey + Ord>(script: &mut Script<'_>, draw: fn(&mut Script<'_>) -> K) -> Ordering {
    let (one, other) = (draw(script), draw(script));
    let ordering = one.cmp(&other);
    agree(&written(&one), &written(&other), ordering);
    let again = READ.ask(|| K::from_row_key(&written(&one)).ok_or(()));
    assert!(again.is_ok_and(|again| again == one), "a key is not what was written");
    ordering
}

fn agree(one: &[u8], other: &[u8], ordering: Ordering) {
    assert_eq!(one.cmp(other), ordering, "row keys do not sort as keys do");
}

/// Rows of two channels under keys that begin with the channel.
fn channels(script: &mut Script<'_>) -> Ordering {
    let (one, other) = (ChannelId(name(script)), ChannelId(name(script)));
    let keys = [written(&(one, script.bytes(8))), written(&(other, script.bytes(8)))];
    let begins = keys[0].starts_with(&keys[1]) || keys[1].starts_with(&keys[0]);
    assert!(one == other || !begins, "a key of one channel begins a key of another");
    one.cmp(&other)
}

/// Bytes of a width that is not the key's are no key; others are one key.
fn read(script: &mut Script<'_>) {
    type Key = (Tag, Sequence);
    let bytes = script.bytes(48);
    let key = READ.ask(|| Key::from_row_key(&bytes).ok_or(()));
    assert_eq!(key.is_ok(), bytes.len() == Key::WIDTH, "bytes of another width are a key");
    assert!(key.is_err() || key.is_ok_and(|key| written(&key) == bytes), "two row keys of one key");
}

fn little_endian(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    let (one, other) = (script.edgy(), script.edgy());
    agree(&one.to_le_bytes(), &other.to_le_bytes(), one.cmp(&other));
    Answer::Taken
}

fn unbounded(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    let draw = |script: &mut Script<'_>| (script.bytes(3), script.bytes(3));
    let (one, other) = (draw(&mut script), draw(&mut script));
    let written = |(a, b): &(Vec<u8>, Vec<u8>)| [a.as_slice(), b].concat();
    agree(&written(&one), &written(&other), one.cmp(&other));
    Answer::Taken
}
