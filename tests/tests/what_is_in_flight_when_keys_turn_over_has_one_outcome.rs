//! Three members write at the same time, and keys turn over in the midst. Whoever has handed something in is
//! told once what became of it, and it is in the log once: of the generation before, or sealed again.

mod support;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};

use parclose_channel::{Channel, Verdict};
use parclose_node::{Outcome, SubmitError};
use parclose_transaction::{Act, Change, Motion};
use parclose_types::{Generation, RecordId};
use support::circle::{Circle, MEMBERS, record_id, texts};

type Answers = Vec<(u16, Receiver<Result<Outcome, SubmitError>>)>;

/// Hands in a statement of every member for each of some numbers, and waits for none.
fn hand_in(circle: &Circle, numbers: std::ops::Range<u16>) -> Answers {
    let mut answers = Vec::new();
    for number in numbers {
        for (at, member) in (0_u16..).zip(MEMBERS) {
            let record = number * 3 + at;
            let other = if member == "bob" { "ann" } else { "bob" };
            let (told, answer) = channel();
            let operations = circle.statement(record, [member, other]);
            circle.room(member).submit(operations, Box::new(move |outcome| drop(told.send(outcome))));
            answers.push((record, answer));
        }
    }
    answers
}

/// How often a record was made, by record, and in how many of each generation.
fn made(channel: &Channel) -> (BTreeMap<RecordId, usize>, BTreeMap<Generation, usize>) {
    let (mut times, mut generations) = (BTreeMap::new(), BTreeMap::new());
    for (_, row) in channel.verdicts(0, usize::MAX).expect("a store can be read") {
        let stored = channel.transaction(&row.transaction).expect("a store can be read");
        let body = stored.expect("what has a verdict is stored").body;
        if let (Some(operation), Verdict::Applied) = (body.operations.first(), &row.verdict) {
            *times.entry(operation.record).or_default() += 1;
            *generations.entry(body.generation).or_default() += 1;
        }
    }
    (times, generations)
}

/// What is wrong with the records that were made, where each of these should be there once.
fn wrong(times: &BTreeMap<RecordId, usize>, expected: &[u16]) -> Vec<String> {
    let found = |record: &u16| times.get(&record_id(*record)).copied().unwrap_or(0);
    let once = expected.iter().filter(|record| found(record) != 1);
    let mut wrong: Vec<String> = once.map(|record| format!("{record}: {}", found(record))).collect();
    if times.len() != expected.len() {
        wrong.push(format!("{} records, and {} were handed in", times.len(), expected.len()));
    }
    wrong
}

#[test]
fn every_draft_has_one_outcome_when_keys_turn_over_in_the_midst() {
    let circle = Circle::found(texts());
    let mut answers = hand_in(&circle, 0..12);
    let motion = Motion { changes: vec![Change::Rekey], blinder: [1; 32] };
    let moved = circle.room("ann").act_and_wait(Act::Move(motion)).expect("a verdict");
    answers.extend(hand_in(&circle, 12..24));
    let (told, voted) = channel();
    let vote = Act::Vote { motion: moved.transaction, approve: true };
    circle.room("bob").act(vote, Box::new(move |outcome| drop(told.send(outcome))));
    // Nobody waits for the vote: these come while the members decide, deal and sign.
    answers.extend(hand_in(&circle, 24..36));
    assert_eq!(voted.recv().expect("an answer").expect("a verdict").verdict, Verdict::Applied);
    circle.consortium.settle();
    answers.extend(hand_in(&circle, 36..40));
    circle.consortium.quiesce();

    let expected: Vec<u16> = answers.iter().map(|(record, _)| *record).collect();
    for (record, answer) in answers {
        let outcome = answer.recv().expect("whoever handed something in is told").expect("a verdict");
        assert_eq!(outcome.verdict, Verdict::Applied, "{record}");
        assert!(answer.recv().is_err(), "and told once");
    }
    for member in MEMBERS {
        let (times, generations) = circle.within(member, |channel| made(channel));
        assert_eq!(wrong(&times, &expected), [] as [String; 0], "{member}");
        assert_eq!(generations.keys().copied().collect::<Vec<_>>(), [Generation(0), Generation(1)]);
        // The comparison notices one that is lost, one that is there twice, and one that nobody wrote.
        let mut lost = times.clone();
        lost.remove(&record_id(5));
        assert_eq!(wrong(&lost, &expected).len(), 2);
        let mut twice = times;
        twice.insert(record_id(5), 2);
        assert_eq!(wrong(&twice, &expected), ["5: 2"]);
        assert_eq!(wrong(&twice, &expected[1..]).len(), 2);
    }
    drop(circle.consortium.close());
}
