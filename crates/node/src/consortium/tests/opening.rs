//! Readers that open a transaction before it is put forward: who is asked, and what becomes of it when nobody signs.

use parclose_keys::field_leaf;
use parclose_transaction::Draft;
use parclose_transaction::draft::hazmat;
use parclose_types::TransactionDigest;

use super::*;
use crate::submission::Asked;

const MEMBERS: [&str; 3] = ["ann", "bob", "cyd"];

/// Three members that all read the total of a statement, which one of the others opens first.
fn opening() -> (tempfile::TempDir, Consortium) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &MEMBERS, &mut generator()).unwrap();
    let consortium = Consortium::open(Home::open(&path).unwrap()).unwrap();
    let open = consortium.found_as(ROOM, &MEMBERS, |text| {
        let everybody = "[[audience]]\nname = \"everybody\"\nroles = [\"member\"]\n\n[[audience]]";
        let total = "name = \"total\"\nclass = \"figures\"\naudience = \"both\"";
        let opened = "name = \"total\"\nopened = true\nclass = \"figures\"\naudience = \"everybody\"";
        assert!(text.contains(total));
        text.replacen("[[audience]]", everybody, 1).replacen(total, opened, 1)
    });
    consortium.start_with(&MEMBERS, open);
    (folder, consortium)
}

impl Consortium {
    /// Who has opened a transaction, as each member has it.
    fn openers(&self, transaction: TransactionDigest) -> Vec<PublicKey> {
        let of = |member: &str| {
            let found = self.room(member, ROOM).unwrap().call(move |channel| {
                let stored = channel.transaction(&transaction).unwrap().unwrap();
                (stored.verdict.verdict, stored.openers)
            });
            let (verdict, openers) = found.unwrap();
            assert_eq!(verdict, Verdict::Applied, "{member}");
            openers
        };
        let all = MEMBERS.map(of);
        assert!(all.iter().all(|openers| *openers == all[0]));
        all[0].clone()
    }

    fn pass(&self, blocks: u64) {
        self.advance(Height(self.root().head().0 + blocks)).unwrap();
        for member in MEMBERS.repeat(2) {
            self.room(member, ROOM).unwrap().call(|_| ()).unwrap();
        }
    }
}

fn not_opened(error: &SubmitError) -> Vec<(&str, &str)> {
    assert_eq!((error.rule(), error.code(), error.definite()), ("OPN-07", "NOT_OPENED", true));
    let SubmitError::NotOpened { asked } = error else { panic!("{error}") };
    let mut said: Vec<_> =
        asked.iter().map(|Asked { member, said }| (member.as_str(), said.as_str())).collect();
    assert!(said.iter().all(|(member, said)| error.to_string().contains(&format!("{member}: {said}"))));
    said.sort_unstable();
    said
}

#[test]
fn opn_07_a_reader_opens_what_another_member_writes() {
    let (_folder, consortium) = opening();
    let readers = [consortium.pseudonym_of("bob"), consortium.pseudonym_of("cyd")];
    for record in 1..9 {
        let outcome = consortium.submit(record).recv().unwrap().unwrap();
        assert_eq!(outcome.verdict, Verdict::Applied);
        consortium.quiesce();
        let openers = consortium.openers(outcome.transaction);
        assert_eq!(openers.len(), 1, "one of the set");
        assert!(readers.contains(&openers[0]));
    }
    // Many at once: each is opened, and none is forgotten.
    let answers: Vec<_> = (20..60).map(|record| consortium.submit(record)).collect();
    for answer in answers {
        assert_eq!(answer.recv().unwrap().unwrap().verdict, Verdict::Applied);
    }
    consortium.quiesce();
    drop(consortium.close());
}

#[test]
fn opn_07_when_a_reader_is_away_another_signs_and_without_any_nothing_is_put_forward() {
    let (_folder, consortium) = opening();
    let cyd = consortium.pseudonym_of("cyd");
    consortium.disconnect("bob");
    for record in 1..7 {
        let outcome = consortium.submit(record).recv().unwrap().unwrap();
        assert_eq!(outcome.verdict, Verdict::Applied);
        let stored = consortium
            .room("ann", ROOM)
            .unwrap()
            .call(move |channel| channel.transaction(&outcome.transaction).unwrap().unwrap().openers);
        assert_eq!(stored.unwrap(), [cyd]);
    }
    consortium.quiesce();
    consortium.disconnect("cyd");
    let before = consortium.state("ann");
    let refused = consortium.submit(9).recv().unwrap().unwrap_err();
    assert_eq!(not_opened(&refused), [("bob", "was not reached"), ("cyd", "was not reached")]);
    consortium.settle();
    assert_eq!(consortium.state("ann"), before, "nothing was put forward");
    consortium.connect("bob");
    consortium.connect("cyd");
    consortium.settle();
    assert_eq!(consortium.submit(9).recv().unwrap().unwrap().verdict, Verdict::Applied);
    drop(consortium.close());
}

#[test]
fn opn_07_a_reader_that_is_silent_is_passed_over_after_four_heights() {
    let (_folder, consortium) = opening();
    let bob = consortium.stand_in("bob", None);
    let asked_first = |record: &u8| {
        let before = bob.asked_to_open();
        let waiting = consortium.submit(*record);
        if bob.asked_to_open() == before {
            assert_eq!(waiting.recv().unwrap().unwrap().verdict, Verdict::Applied);
            return None;
        }
        Some(waiting)
    };
    let waiting = (1..100).find_map(|record| asked_first(&record)).expect("it is asked first sometimes");
    consortium.pass(3);
    assert!(waiting.try_recv().is_err(), "it may still answer");
    consortium.pass(1);
    assert_eq!(waiting.recv().unwrap().unwrap().verdict, Verdict::Applied);
    consortium.connect("bob");
    drop(consortium.close());
}

#[test]
fn opn_07_readers_that_refuse_or_forge_have_nothing_put_forward() {
    let (_folder, consortium) = opening();
    consortium.stand_in("bob", Some("OPN-05"));
    consortium.stand_in("cyd", Some(FORGED));
    let before = consortium.state("ann");
    let refused = consortium.submit(1).recv().unwrap().unwrap_err();
    assert_eq!(not_opened(&refused), [("bob", "OPN-05"), ("cyd", "OPN-02")]);
    // The control: with one honest reader it goes through, whoever is asked first.
    consortium.settle();
    assert_eq!(consortium.state("ann"), before);
    consortium.connect("cyd");
    for record in 2..6 {
        assert_eq!(consortium.submit(record).recv().unwrap().unwrap().verdict, Verdict::Applied);
    }
    consortium.connect("bob");
    drop(consortium.close());
}

#[test]
fn opn_07_what_waits_for_readers_when_its_room_stops_was_never_put_forward() {
    let (_folder, consortium) = opening();
    consortium.stand_in("bob", None);
    consortium.stand_in("cyd", None);
    let waiting = consortium.submit(1);
    assert!(consortium.room("ann", ROOM).unwrap().is_restless());
    consortium.room("ann", ROOM).unwrap().stop();
    let stopped = waiting.recv().unwrap().unwrap_err();
    assert!(matches!(stopped, SubmitError::Stopped { transaction: None }), "{stopped}");
    drop(consortium.close());
}

#[test]
fn opn_05_a_node_says_to_garbage_which_rule_it_breaks() {
    let (_folder, consortium) = opening();
    let statement = consortium.statement(1, ["ann", "bob"]);
    let head = consortium.root().head();
    let made = consortium.room("ann", ROOM).unwrap().call(move |channel| {
        let at = Height(head.0 + 1);
        let draft = Draft::of_records(statement, Height(at.0 + 9));
        let sealed = draft.seal(&channel.desk(at), &mut generator()).unwrap();
        let honest = sealed.sign(channel.pseudonym()).unwrap();
        let (mut body, mut part) = hazmat::into_parts(honest.clone());
        let place = body.operations[0].fields.len() - 1;
        part.fields[0][place].ciphertext[0] ^= 1;
        let entry = &mut body.operations[0].fields[place];
        entry.leaf = field_leaf(entry.field, &part.fields[0][place]);
        let garbage = hazmat::sign_unchecked(body, part, channel.pseudonym());
        (channel.tag(), [honest, garbage])
    });
    let (tag, made) = made.unwrap();
    let ann = consortium.stand_in("ann", None);
    for (signed, wanted) in made.iter().zip([None, Some("OPN-05")]) {
        let (permanent, sealed) = signed.encode_parts();
        for reader in ["bob", "cyd"] {
            let to = consortium.pseudonym_of(reader);
            ann.pass_on(
                &to,
                Message::AskOpened { tag, permanent: permanent.clone(), sealed: sealed.clone() },
            );
            consortium.room(reader, ROOM).unwrap().call(|_| ()).unwrap();
            let kept = ann.kept.lock().unwrap();
            let (from, frame) = kept.last().unwrap();
            let Some(Message::Opened { transaction, said, .. }) = whole(frame) else { panic!("no answer") };
            assert_eq!((*from, transaction), (to, signed.digest()));
            match (said, wanted) {
                (Said::Opened(signature), None) => {
                    let message = parclose_transaction::opened::opened_bytes(&transaction);
                    parclose_crypto::verify(&to, &message, &signature).unwrap();
                }
                (Said::Refused(rule), Some(wanted)) => assert_eq!(rule, wanted),
                (said, wanted) => panic!("{said:?} in place of {wanted:?}"),
            }
        }
    }
    consortium.connect("ann");
    drop(consortium.close());
}
