//! F23: what is small to send and large to read is refused above the limits of its entrance: depth, lengths that lie, fields
//! without number. What is taken is within them.
//!
//! ```text
//!   a good value, and a bomb in it --entrance--> refused, in memory that follows what was sent
//!                                       \------> taken: within every limit (`limits`), and read as it stands (`reading`)
//! ```
//!
//! Not everything that looks like a bomb is one, and what is taken is no good value either. A word says what it was:
//!
//! - `harmless`: 33 or 257 of something, next to a limit and under it; or a length put where no length stands
//! - `blank`: empty lines, white space or comments, within the bytes of the text
//! - `long`: one value of a text, within the bytes that it may have: a cell of a column that nobody reads, a name in `home.json`,
//!   which only the file bounds
//! - `opaque`: bytes of a canonical value that may be any; none of the inputs here is one, for each has its length before it
//!
//! No format here is compressed, so there is nothing to blow up by a thousand; what comes nearest, a short line that
//! stands for a long one, is the repetition below.

mod limits;
mod reading;
mod text;

use std::slice::from_ref;

use super::formats::metered;
use super::{Answer, Control, Suite};
use crate::entrances::{ENTRANCES, Entrance, Form, Rule};
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
    holds: "with nesting 10^5 deep, lengths of 2^32 - 1, a million tiny fields and endless names nothing is taken that is above a limit of its entrance, or is read as anything else than what stands there; in memory that follows what was sent",
    reach: || vec![&REFUSED, &DEPTH, &LENGTH, &TINY, &LONG],
    run,
    controls: &[
        Control { name: "a reader that makes room for what a length says", run: believing },
        Control { name: "a reader of texts that knows no limit", run: boundless },
        Control { name: "a reader that hands on less than it was given", run: forgetful },
    ],
    script_bytes: 48,
};

const DEPTH_MAX: usize = 100_000;
const TINY_MAX: usize = 1_000_000;
/// What is nested: the formats of people, JSON, and the policy's.
const NESTED: [&str; 7] = ["[", "{", "(", "{\"a\":", "[[\"", "!(", "a.b="];
/// Lengths that nobody has sent, whichever byte comes first.
const LIES: [[u8; 4]; 3] = [[0xff; 4], [0xff, 0xff, 0xff, 0x7f], [0, 0, 0xff, 0xff]];
const LETTERS: &[u8; 4] = b"a\"0-";
const TINY_FIELDS: [&str; 5] = ["\n", "a=1\n", ";", "\"\":0,", "0"];

/// So many repetitions may be one.
const BOMB_MIN: usize = 10_000;
/// What is answered of a bomb that is taken: see above.
const TAKEN: [Rule; 4] = ["harmless", "blank", "long", "opaque"];

type Read = fn(&Entrance, &[u8]) -> Result<Vec<u8>, Rule>;

/// One scenario: an entrance, and a bomb behind a good beginning.
pub fn run(bytes: &[u8]) -> Answer {
    hold(bytes, |entrance, bomb| (entrance.decode)(bomb))
}

fn hold(bytes: &[u8], read: Read) -> Answer {
    let mut script = Script::new(bytes);
    let entrance = script.pick(ENTRANCES);
    let good = good_values(entrance.name);
    let good: &[u8] = if good.is_empty() { &[] } else { &good[script.below(good.len())] };
    let (bomb, repeated) = bomb(good, entrance.form, &mut script);
    metered(entrance.name, &bomb, || drop(std::hint::black_box(read(entrance, &bomb))));
    match REFUSED.ask(|| read(entrance, &bomb)) {
        Err(rule) => Answer::Refused(rule),
        Ok(written) => {
            judge(entrance, &bomb, &written);
            Answer::Refused(taken(entrance, &bomb, repeated))
        }
    }
}

/// What a bomb is that is taken.
fn taken(entrance: &Entrance, bomb: &[u8], repeated: usize) -> Rule {
    let [harmless, blank, long, opaque] = TAKEN;
    match entrance.form {
        _ if repeated < BOMB_MIN => harmless,
        Form::Canonical => opaque,
        Form::Text if limits::said_bytes(entrance.name, bomb) + BOMB_MIN <= bomb.len() => blank,
        Form::Text => long,
    }
}

/// Whether a bomb may be taken, and is read as what it is.
fn judge(entrance: &Entrance, bomb: &[u8], written: &[u8]) {
    let name = entrance.name;
    if let Some(limit) = limits::exceeded(name, bomb) {
        panic!("{name}: a bomb is taken: {limit}");
    }
    match entrance.form {
        Form::Canonical => assert!(written == bomb, "{name}: a bomb is another value"),
        Form::Text => {
            let fault = reading::fault(name, bomb, written);
            assert!(fault.is_none(), "{name}: {}", fault.unwrap_or_default());
        }
    }
}

/// A good value with a bomb in it, and how often it repeats itself.
fn bomb(good: &[u8], form: Form, script: &mut Script<'_>) -> (Vec<u8>, usize) {
    let at = script.below(good.len() + 1);
    let (begin, end) = good.split_at(at);
    let size = |most: usize, script: &mut Script<'_>| *script.pick(&[most, most / 10, 33, 257]);
    let (point, piece, times): (_, &[u8], usize) = match (form, script.below(4)) {
        (Form::Text, 0) => (&DEPTH, script.pick(&NESTED).as_bytes(), size(DEPTH_MAX, script)),
        (Form::Text, 1) => (&TINY, script.pick(&TINY_FIELDS).as_bytes(), size(TINY_MAX, script)),
        (Form::Text, _) => (&LONG, from_ref(script.pick(LETTERS)), size(TINY_MAX, script)),
        (Form::Canonical, 0) => (&TINY, &[0], size(TINY_MAX, script)),
        (Form::Canonical, 1) => (&LONG, &[0xff], size(TINY_MAX, script)),
        (Form::Canonical, _) => {
            let lie: &[u8; 4] = script.pick(&LIES);
            let rest = end.get(4..).unwrap_or_default();
            return (LENGTH.call(|| [begin, lie, rest].concat()), 1);
        }
    };
    (point.call(|| [begin, &piece.repeat(times), end].concat()), times)
}

fn believing(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    let (bomb, _) = bomb(&[0; 64], Form::Canonical, &mut script);
    let claimed = bomb.windows(4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]])).max();
    let reserved = usize::try_from(claimed.unwrap_or(0)).unwrap_or(usize::MAX);
    assert!(reserved <= (64 << 20) + bomb.len() * 64, "room for what was never sent");
    Answer::Taken
}

fn boundless(bytes: &[u8]) -> Answer {
    hold(bytes, |entrance, bomb| match entrance.form {
        Form::Text => Ok(bomb.to_vec()),
        Form::Canonical => (entrance.decode)(bomb),
    })
}

/// Hands on every text without its last byte.
fn forgetful(bytes: &[u8]) -> Answer {
    hold(bytes, |entrance, bomb| {
        let mut written = (entrance.decode)(bomb)?;
        if entrance.form == Form::Text {
            written.pop();
        }
        Ok(written)
    })
}
