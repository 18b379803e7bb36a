//! F23: what is small to send and large to read is refused within the limits: depth, lengths that lie, fields without number.
//!
//! No format here is compressed, so there is nothing to blow up by a thousand; what comes nearest, a short line that
//! stands for a long one, is the repetition below.

use super::formats::metered;
use super::{Answer, Control, Suite};
use crate::entrances::{ENTRANCES, Form};
use crate::packs::good_values;
use crate::reach::Point;
use crate::script::Script;

static REFUSED: Point = Point::decides("decode");
static DEPTH: Point = Point::fault("brackets in brackets");
static LENGTH: Point = Point::fault("a length of 2^32 - 1");
static TINY: Point = Point::fault("tiny fields without number");
static LONG: Point = Point::fault("one field without end");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F23",
    name: "f23_bombs",
    holds: "nesting 10^5 deep, lengths of 2^32 - 1, a million tiny fields and endless names are refused, in memory that follows what was sent",
    reach: || vec![&REFUSED, &DEPTH, &LENGTH, &TINY, &LONG],
    run,
    controls: &[Control { name: "a reader that makes room for what a length says", run: believing }],
    script_bytes: 48,
};

const DEPTH_MAX: usize = 100_000;
const TINY_MAX: usize = 1_000_000;
/// What is nested: the formats of people, JSON, and the policy's.
const NESTED: [&str; 7] = ["[", "{", "(", "{\"a\":", "[[\"", "!(", "a.b="];
/// Lengths that nobody has sent, whichever byte comes first.
const LIES: [[u8; 4]; 3] = [[0xff; 4], [0xff, 0xff, 0xff, 0x7f], [0, 0, 0xff, 0xff]];
const TINY_FIELDS: [&str; 5] = ["\n", "a=1\n", ";", "\"\":0,", "0"];

/// One scenario: an entrance, and a bomb behind a good beginning.
pub fn run(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    let entrance = script.pick(ENTRANCES);
    let good = good_values(entrance.name);
    let good: &[u8] = if good.is_empty() { &[] } else { &good[script.below(good.len())] };
    let bomb = bomb(good, entrance.form, &mut script);
    metered(entrance.name, &bomb, || drop(std::hint::black_box((entrance.decode)(&bomb))));
    let decoded = REFUSED.ask(|| (entrance.decode)(&bomb));
    let same = decoded.as_ref().is_ok_and(|written| *written == bomb);
    assert!(
        decoded.is_err() || same || entrance.form == Form::Text,
        "{}: a bomb is another value",
        entrance.name
    );
    decoded.into()
}

fn bomb(good: &[u8], form: Form, script: &mut Script<'_>) -> Vec<u8> {
    let at = script.below(good.len() + 1);
    let (begin, end) = good.split_at(at);
    let size = |most: usize, script: &mut Script<'_>| *script.pick(&[most, most / 10, 33, 257]);
    match (form, script.below(4)) {
        (Form::Text, 0) => {
            let deep = script.pick(&NESTED).repeat(size(DEPTH_MAX, script));
            DEPTH.call(|| [begin, deep.as_bytes(), end].concat())
        }
        (Form::Text, 1) => {
            let fields = script.pick(&TINY_FIELDS).repeat(size(TINY_MAX, script));
            TINY.call(|| [begin, fields.as_bytes(), end].concat())
        }
        (Form::Text, _) => {
            let name = vec![*script.pick(b"a\"0-"); size(TINY_MAX, script)];
            LONG.call(|| [begin, &name, end].concat())
        }
        (Form::Canonical, 0) => {
            let zeros = vec![0; size(TINY_MAX, script)];
            TINY.call(|| [begin, &zeros, end].concat())
        }
        (Form::Canonical, 1) => {
            let bytes = vec![0xff; size(TINY_MAX, script)];
            LONG.call(|| [begin, &bytes, end].concat())
        }
        (Form::Canonical, _) => {
            let lie: &[u8; 4] = script.pick(&LIES);
            let rest = end.get(4..).unwrap_or_default();
            LENGTH.call(|| [begin, lie, rest].concat())
        }
    }
}

fn believing(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    let bomb = bomb(&[0; 64], Form::Canonical, &mut script);
    let claimed = bomb.windows(4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]])).max();
    let reserved = usize::try_from(claimed.unwrap_or(0)).unwrap_or(usize::MAX);
    assert!(reserved <= (64 << 20) + bomb.len() * 64, "room for what was never sent");
    Answer::Taken
}
