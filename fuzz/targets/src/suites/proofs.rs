//! F11: a range or balance proof holds for exactly what it was made for, and alone as among others.

use std::sync::LazyLock;

use parclose_amounts::{Movement, Place, RangeClaim, RangeProof, Transfer, verify_ranges};
use parclose_types::{AssetId, ChannelId, Failure, Generation, Height};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;
use crate::value::{ASSETS, ENGINE, HELD, Made, PLACE, PURSE};

static VERIFY: Point = Point::decides("Checked::verify");
static RANGES: Point = Point::decides("verify_ranges");
static PROVE: Point = Point::decides("Transfer::new");
static INPUT: Point = Point::fault("a public input");
static ELEMENT: Point = Point::fault("an element of a proof");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F11",
    name: "f11_proofs",
    holds: "a proof with any public input or element changed is refused, a shape that is none is a clean error, and a batch answers as each proof would alone",
    reach: || vec![&VERIFY, &RANGES, &PROVE, &INPUT, &ELEMENT],
    run,
    controls: &[
        Control { name: "a batch that one bad proof spoils", run: spoiled },
        Control { name: "a proof that is looked at by its shape alone", run: by_shape },
    ],
    script_bytes: 64,
};

/// Transfers of the same note into 1 to 8 others.
static TRANSFERS: LazyLock<Vec<Transfer>> =
    LazyLock::new(|| (1..=8).filter_map(|notes| transfer(notes).ok()).collect());

/// Numbers of amounts: those with a shape, those that are filled up, and those that have none.
const SHAPES: [usize; 8] = [0, 1, 2, 3, 4, 8, 16, 17];

fn transfer(notes: usize) -> Result<Transfer, &'static str> {
    let spend = PURSE.held[0].spend();
    let mut left = HELD[0];
    let made: Vec<Made> = (100..)
        .take(notes)
        .enumerate()
        .map(|(at, number)| {
            let value = if at + 1 == notes { left } else { 1 };
            left -= value;
            Made::new(&ASSETS[0], value, number)
        })
        .collect();
    let new: Vec<_> = made.iter().map(Made::note).collect();
    let mut rng = ChaCha20Rng::from_seed([11; 32]);
    Transfer::new(&PLACE, ASSETS[0], ENGINE, &[spend], &new, &mut rng).map_err(|invalid| invalid.rule())
}

/// A claim and a proof, and whether anything of them was changed.
type Question = (RangeClaim, RangeProof, bool);
/// Answers, in the order of the questions.
type Batch = fn(&[Question]) -> Vec<bool>;

/// One scenario: a whole transfer with one thing changed, or some range proofs at once.
pub fn run(bytes: &[u8]) -> Answer {
    hold(bytes, batch)
}

fn spoiled(bytes: &[u8]) -> Answer {
    hold(bytes, |questions| {
        let all = batch(questions).into_iter().all(|holds| holds);
        vec![all; questions.len()]
    })
}

fn by_shape(bytes: &[u8]) -> Answer {
    hold(bytes, |questions| questions.iter().map(|(_, proof, _)| proof.0.len() % 32 == 0).collect())
}

fn batch(questions: &[Question]) -> Vec<bool> {
    let proofs: Vec<_> = questions.iter().map(|(claim, proof, _)| (claim.clone(), proof)).collect();
    let answers = verify_ranges(&proofs);
    answers.into_iter().map(|answer| RANGES.ask(|| answer).is_ok()).collect()
}

fn hold(bytes: &[u8], batch: Batch) -> Answer {
    let mut script = Script::new(bytes);
    match script.below(5) {
        0 => shapes(&mut script),
        1 | 2 => whole(&mut script),
        _ => together(&mut script, batch),
    }
}

/// A transfer to as many notes: 1 to 8 can be proven, and anything else is refused before anything is computed.
fn shapes(script: &mut Script<'_>) -> Answer {
    let notes = *script.pick(&SHAPES);
    let proven = PROVE.ask(|| transfer(notes));
    assert_eq!(proven.is_ok(), (1..=8).contains(&notes), "{notes} amounts");
    let mut claim = TRANSFERS[0].claim(&PLACE, ENGINE);
    claim.commitments = claim.commitments.iter().copied().cycle().take(notes).collect();
    let answer = RANGES.ask(|| verify_ranges(&[(claim, &TRANSFERS[0].range)]).remove(0));
    assert_eq!(answer.is_ok(), notes == 1, "a proof over one amount shows {notes}");
    Answer::from(proven)
}

/// A transfer at another place, or with one element of it exchanged.
fn whole(script: &mut Script<'_>) -> Answer {
    let honest = script.pick(&TRANSFERS);
    let (mut transfer, mut place) = (honest.clone(), PLACE);
    match script.below(4) {
        0 => {}
        1 => INPUT.call(|| elsewhere(&mut place, script)),
        2 => INPUT.call(|| other_input(&mut transfer, script)),
        _ => ELEMENT.call(|| other_element(&mut transfer, script)),
    }
    let movement = Movement::Transfer(transfer.clone());
    let decided = VERIFY.ask(|| movement.check(&place, &PURSE.book).and_then(|checked| checked.verify()));
    let same = transfer == *honest && place == PLACE;
    assert_eq!(decided.is_ok(), same, "a changed transfer holds, or an honest one does not");
    decided.map_or_else(|invalid| Answer::Refused(invalid.rule()), |_| Answer::Taken)
}

fn elsewhere(place: &mut Place, script: &mut Script<'_>) {
    match script.below(5) {
        0 => place.channel = ChannelId(script.name()),
        1 => place.generation = Generation(script.any()),
        2 => place.salt_digest[script.below(32)] ^= 1,
        3 => place.expiry = Height(script.any()),
        _ => place.context[script.below(32)] ^= 0x80,
    }
}

fn other_input(transfer: &mut Transfer, script: &mut Script<'_>) {
    let at = script.below(transfer.outputs.len());
    let other = script.pick(&TRANSFERS).outputs[0].commitment;
    match script.below(6) {
        0 => transfer.asset = *script.pick(&[ASSETS[1], AssetId([9; 32])]),
        1 => transfer.outputs[at].commitment = other,
        2 => transfer.outputs[at].leaf[script.below(32)] ^= 1,
        3 => {
            transfer.outputs.pop();
        }
        4 => transfer.outputs.reverse(),
        _ => transfer.inputs[0].note.0[script.below(32)] ^= 1,
    }
}

fn other_element(transfer: &mut Transfer, script: &mut Script<'_>) {
    if script.flag() {
        element(&mut transfer.range.0, script);
    } else {
        let mut bytes = transfer.balance.0.to_vec();
        element(&mut bytes, script);
        bytes.resize(64, 0);
        transfer.balance.0.copy_from_slice(&bytes);
    }
}

/// One 32-byte element: a bit of it, nothing, the largest number, that of another place; or one too few or too many.
fn element(bytes: &mut Vec<u8>, script: &mut Script<'_>) {
    let count = bytes.len() / 32;
    let (at, other) = (script.below(count) * 32, script.below(count) * 32);
    match script.below(7) {
        0 => bytes[at + script.below(32)] ^= 1 << script.below(8),
        1 => bytes[at..at + 32].fill(0),
        2 => bytes[at..at + 32].fill(0xff),
        3 => bytes.copy_within(other..other + 32, at),
        4 => bytes.truncate(at),
        5 => bytes.extend_from_slice(&[0; 32]),
        // The order of the group, which stands for zero where numbers are reduced instead of refused.
        _ => bytes[at..at + 32].copy_from_slice(&ORDER),
    }
}

/// 2^252 + 27742317777372353535851937790883648493, with the lowest byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Some range proofs, a few of them changed: the batch says of each what it is.
fn together(script: &mut Script<'_>, batch: Batch) -> Answer {
    let questions: Vec<Question> = (0..1 + script.below(4)).map(|_| question(script)).collect();
    let answers = batch(&questions);
    for (at, (claim, proof, same)) in questions.iter().enumerate() {
        let alone = RANGES.ask(|| verify_ranges(&[(claim.clone(), proof)]).remove(0));
        assert_eq!(alone.is_ok(), *same, "a changed proof holds, or an honest one does not");
        assert_eq!(answers[at], alone.is_ok(), "a batch answers otherwise than the proof alone");
    }
    Answer::when(answers.into_iter().all(|holds| holds), "VAL-08")
}

fn question(script: &mut Script<'_>) -> Question {
    let transfer = script.pick(&TRANSFERS);
    let (mut claim, mut proof) = (transfer.claim(&PLACE, ENGINE), transfer.range.clone());
    let honest = (claim.clone(), proof.clone());
    match script.below(5) {
        0 => ELEMENT.call(|| element(&mut proof.0, script)),
        1 => INPUT.call(|| claim.asset = ASSETS[1]),
        2 => INPUT.call(|| {
            claim.statement = TRANSFERS[(transfer.outputs.len()) % 8].claim(&PLACE, ENGINE).statement
        }),
        3 => INPUT.call(|| {
            let other = script.pick(&TRANSFERS).outputs[0].commitment;
            let at = script.below(claim.commitments.len());
            claim.commitments[at] = other;
        }),
        _ => {}
    }
    let same = proof == honest.1
        && claim.asset == honest.0.asset
        && claim.statement == honest.0.statement
        && claim.commitments == honest.0.commitments;
    (claim, proof, same)
}
