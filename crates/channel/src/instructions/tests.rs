//! Instructions and answers as the log has them: which count, and who reads them.

use parclose_transaction::{Draft, SignedTransaction};
use parclose_types::{AssetId, Tag};

use super::*;
use crate::fixtures::{Trio, record, securities_texts};
use crate::terms::LegTerms;

fn terms(trio: &Trio, legs: &[(usize, usize)]) -> Terms {
    let leg = |(sender, receiver): &(usize, usize)| LegTerms {
        tag: Tag([1; 32]),
        sender: trio.id(*sender),
        receiver: trio.id(*receiver),
        asset: AssetId([2; 32]),
        amount: 7,
    };
    Terms {
        allocate_before: Height(50),
        settle_before: Height(90),
        legs: legs.iter().map(leg).collect(),
        nonce: [3; 32],
        blinder: [4; 32],
        approvers: BTreeMap::new(),
    }
}

/// An instruction of the first member to the second, as it drafts it.
fn proposed(trio: &Trio, terms: &Terms, number: u8) -> DraftOperation {
    let asked = (trio.id(1), trio.id(1));
    trio.member(0).propose_deal(record(number), asked, terms, Vec::new()).unwrap()
}

fn write(trio: &mut Trio, at: usize, operation: DraftOperation) -> SignedTransaction {
    let signed = trio.draft(at, Draft::of_records(vec![operation], Height(0)));
    assert_eq!(trio.decide_by(at, &signed), "applied");
    signed
}

fn news(trio: &Trio, at: usize) -> Vec<News> {
    trio.member(at).deal_news(0, usize::MAX).unwrap().1
}

fn instructions(trio: &Trio, at: usize) -> Vec<RecordId> {
    let named = |news: News| match news {
        News::Proposed(instruction) => Some(instruction.record),
        News::Answered { .. } => None,
    };
    news(trio, at).into_iter().filter_map(named).collect()
}

#[test]
fn the_parties_read_what_is_proposed_and_answered_and_nobody_else_does() {
    let mut trio = Trio::with(securities_texts());
    let good = terms(&trio, &[(0, 1), (1, 0)]);
    let operation = proposed(&trio, &good, 0x51);
    write(&mut trio, 0, operation);
    let seen = news(&trio, 1);
    let [News::Proposed(instruction)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((instruction.record, instruction.proposer), (record(0x51), trio.id(0)));
    assert_eq!((&instruction.terms, instruction.asked), (&good, [trio.id(1), trio.id(1)]));
    assert_eq!(instructions(&trio, 0), [record(0x51)]);
    assert!(news(&trio, 2).is_empty());
    let answer = trio.member(1).answer_deal(record(0x52), instruction, &Answer::Refused).unwrap();
    write(&mut trio, 1, answer);
    let seen = news(&trio, 0);
    let Some(News::Answered { instruction, member, answer }) = seen.last() else { panic!("{seen:?}") };
    assert_eq!((*instruction, *member, answer), (record(0x51), trio.id(1), &Answer::Refused));
    assert!(news(&trio, 2).is_empty());
    // Read on from where it stood, in steps of one.
    let (mut from, mut read) = (0, 0);
    loop {
        let (next, news) = trio.member(0).deal_news(from, 1).unwrap();
        read += news.len();
        if next == from {
            break;
        }
        from = next;
    }
    assert_eq!(read, 2);
}

/// A channel whose policy permits everything.
fn lax() -> Trio {
    let mut texts = securities_texts();
    texts.policy = "@id(\"all\")\npermit (principal, action, resource);\n".into();
    texts.policy_schema = texts
        .policy_schema
        .replace("resource: [Security],", "resource: [Security, Instruction, Affirmation],");
    Trio::with(texts)
}

#[test]
fn dvp_02_an_instruction_counts_as_its_proposer_has_first_written_it() {
    let mut trio = lax();
    let good = terms(&trio, &[(0, 1), (1, 0)]);
    let operation = proposed(&trio, &good, 0x51);
    write(&mut trio, 0, operation.clone());
    // Written again, by whoever may: the first version stands.
    let again = DraftOperation { keyed_tag: None, action: "update".into(), version: 2, ..operation.clone() };
    write(&mut trio, 1, again);
    assert_eq!(instructions(&trio, 1), [record(0x51)]);
    // In the name of another.
    write(&mut trio, 1, DraftOperation { keyed_tag: None, record: record(0x53), ..operation });
    // With a leg of somebody who stands in no slot.
    let strange = terms(&trio, &[(0, 1), (2, 0)]);
    let operation = proposed(&trio, &strange, 0x54);
    write(&mut trio, 0, operation);
    // With something else in the place of terms.
    let mut operation = proposed(&trio, &good, 0x55);
    operation.fields.insert("terms".into(), FieldValue::Json("{}".into()));
    write(&mut trio, 0, operation);
    assert_eq!(instructions(&trio, 1), [record(0x51)]);
    assert_eq!(instructions(&trio, 0), [record(0x51)]);
}

#[test]
fn dvp_03_an_answer_is_of_whoever_has_first_written_it() {
    let mut trio = lax();
    let good = terms(&trio, &[(0, 1), (1, 0)]);
    let operation = proposed(&trio, &good, 0x51);
    write(&mut trio, 0, operation);
    let seen = news(&trio, 1);
    let Some(News::Proposed(instruction)) = seen.first() else { panic!("{seen:?}") };
    let accepted = Answer::Accepted(BTreeMap::new());
    let answer = trio.member(1).answer_deal(record(0x52), instruction, &accepted).unwrap();
    write(&mut trio, 1, answer.clone());
    // The proposer writes it again: it stays the acceptor's first answer.
    let refused = FieldValue::Json(Answer::Refused.to_json().to_string());
    let mut again = DraftOperation { keyed_tag: None, action: "update".into(), version: 2, ..answer.clone() };
    again.fields.insert("answer".into(), refused.clone());
    write(&mut trio, 0, again);
    // What the proposer answers is the proposer's, whatever the slots say.
    let mut own = DraftOperation { keyed_tag: None, record: record(0x53), ..answer };
    own.fields.insert("answer".into(), refused);
    write(&mut trio, 0, own);
    let answers: Vec<(MemberId, Answer)> = news(&trio, 0)
        .into_iter()
        .filter_map(|news| match news {
            News::Answered { member, answer, .. } => Some((member, answer)),
            News::Proposed(_) => None,
        })
        .collect();
    assert_eq!(answers, [(trio.id(1), accepted), (trio.id(0), Answer::Refused)]);
}
