//! Somebody joins: what it executes, what it reads of the past, and which setup it takes.

use parclose_store::SharedCache;
use parclose_transaction::{Act, Change, DefinitionTexts, Erasure, ErasureTarget, FieldState, Perspective};
use parclose_types::{ChannelId, Epoch, Failure, Generation, Tag, TransactionDigest};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::fixtures::{CHANNEL, Trio, candidate, create, texts};

/// The template in which every member reads the month of each statement, with a history of the past.
fn template(history: &str) -> DefinitionTexts {
    let mut texts = texts();
    texts.channel_toml = texts
        .channel_toml
        .replacen("history = \"all\"", &format!("history = {history}"), 1)
        .replacen("[[record]]", "[[audience]]\nname = \"everybody\"\nroles = [\"member\"]\n[[record]]", 1)
        .replacen(
            "class = \"reference\"\naudience = \"both\"",
            "class = \"reference\"\naudience = \"everybody\"",
            1,
        );
    assert!(texts.channel_toml.contains("audience = \"everybody\""));
    texts
}

/// What a member sees of a statement: month, documents, total.
fn seen(trio: &Trio, at: usize, transaction: &TransactionDigest) -> [bool; 3] {
    let channel = trio.member(at);
    seen_with(channel, channel.keys(), transaction)
}

fn seen_with(channel: &Channel, keys: &dyn Perspective, transaction: &TransactionDigest) -> [bool; 3] {
    let stored = channel.transaction(transaction).unwrap().unwrap();
    let views = channel.view_transaction(keys, &stored).unwrap();
    let open = |at: usize| matches!(views[0][at].state, FieldState::Opened(_));
    [open(0), open(1), open(2)]
}

/// Lets somebody in: its place among the members.
fn join(trio: &mut Trio, name: &str) -> usize {
    let next = Generation(trio.member(0).config().generation.0 + 1);
    let (secret, guest) = candidate(name, next, &mut trio.rng);
    trio.decide_on(0, vec![Change::Join(guest.entry().clone())], &[1]);
    trio.upkeep();
    let rotation = trio.rotation();
    trio.order(rotation);
    let setup = trio.member(0).setup().clone();
    let at = trio.add_member(secret, &setup, (next, guest.one_time()));
    trio.settle();
    trio.upkeep();
    at
}

const NOTHING: [bool; 3] = [false; 3];
const MONTH: [bool; 3] = [true, false, false];

/// A statement in generation 0, one an epoch later, and a member that joins then.
fn joined(history: &str) -> (Trio, usize, [TransactionDigest; 2]) {
    let mut trio = Trio::with(template(history));
    let early = trio.statement(create(1));
    assert_eq!(trio.decide(&early), "applied");
    let length = trio.member(0).config().epoch_length;
    trio.wait(length);
    let late = trio.statement(create(2));
    assert_eq!(trio.decide(&late), "applied");
    let dan = join(&mut trio, "dan");
    (trio, dan, [early.digest(), late.digest()])
}

fn erase(trio: &mut Trio, members: usize, target: ErasureTarget) {
    for at in 0..members {
        let erasure = Erasure { target, reason: "its time is over".into() };
        assert_eq!(trio.act(at, Act::Erase(erasure)).0, "applied", "{at}");
    }
    trio.upkeep();
}

#[test]
fn era_17_a_joiner_gets_the_pieces_between_what_is_erased_and_loses_what_is_erased_later() {
    let mut trio = Trio::with(template("\"all\""));
    let mut written = Vec::new();
    for number in 1..=3 {
        let made = trio.statement(create(number));
        assert_eq!(trio.decide(&made), "applied");
        written.push(made.digest());
        trio.wait(trio.member(0).config().epoch_length);
    }
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    trio.rotate();
    erase(&mut trio, 3, ErasureTarget::Epoch(Epoch(1)));
    let dan = join(&mut trio, "dan");
    let sees = |trio: &Trio| [0, 1, 2].map(|at| seen(trio, dan, &written[at]));
    assert_eq!(sees(&trio), [MONTH, NOTHING, MONTH]);
    erase(&mut trio, 3, ErasureTarget::Epoch(Epoch(2)));
    assert_eq!(sees(&trio), [MONTH, NOTHING, NOTHING]);
    trio.reopen(dan);
    assert_eq!(sees(&trio), [MONTH, NOTHING, NOTHING], "opened again");
    erase(&mut trio, 3, ErasureTarget::Generation(Generation(0)));
    assert_eq!(sees(&trio), [NOTHING; 3]);
    assert_eq!(trio.member(dan).erasures().unwrap()[2].confirmed.len(), 4, "it has carried it out, too");
}

#[test]
fn a_joiner_gets_of_the_past_what_the_history_says_and_nothing_of_named_parties() {
    for (history, expected) in [
        ("\"from-join\"", [NOTHING, NOTHING]),
        ("{ from-epoch = 1 }", [NOTHING, MONTH]),
        ("\"all\"", [MONTH, MONTH]),
    ] {
        let (mut trio, dan, before) = joined(history);
        assert_eq!(before.map(|tx| seen(&trio, dan, &tx)), expected, "{history}");
        assert_eq!(before.map(|tx| seen(&trio, 0, &tx)), [[true; 3]; 2], "who was party reads on");
        assert_eq!(before.map(|tx| seen(&trio, 2, &tx)), [MONTH; 2]);
        // From now on it reads what everybody reads, and what it is party to.
        let after = trio.statement(create(3));
        assert_eq!(trio.decide(&after), "applied", "{history}");
        assert_eq!(seen(&trio, dan, &after.digest()), MONTH);
        let own = crate::fixtures::Statement { author: dan, preparer: dan, ..create(4) };
        let set = [trio.pseudonym(1), trio.pseudonym(dan)];
        trio.deal_for(dan, &set);
        let own = trio.statement(own);
        trio.anchor(dan, std::slice::from_ref(&own));
        assert_eq!(trio.verdict(&own), "applied");
        assert_eq!((seen(&trio, dan, &own.digest()), seen(&trio, 0, &own.digest())), ([true; 3], MONTH));
    }
}

#[test]
fn the_past_survives_a_restart_of_the_joiner_and_a_second_rotation() {
    let (mut trio, dan, [early, _]) = joined("\"all\"");
    trio.reopen(dan);
    assert_eq!(seen(&trio, dan, &early), MONTH);
    trio.decide_on(0, vec![Change::Rekey], &[1, 2]);
    trio.rotate();
    trio.reopen(dan);
    assert_eq!(seen(&trio, dan, &early), MONTH);
}

#[test]
fn a_past_that_was_not_given_before_the_next_rotation_is_given_after_it() {
    let mut trio = Trio::with(template("\"all\""));
    let early = trio.statement(create(1));
    assert_eq!(trio.decide(&early), "applied");
    let (secret, guest) = candidate("dan", Generation(1), &mut trio.rng);
    trio.decide_on(0, vec![Change::Join(guest.entry().clone())], &[1]);
    trio.upkeep();
    let rotation = trio.rotation();
    trio.order(rotation);
    let setup = trio.member(0).setup().clone();
    let dan = trio.add_member(secret, &setup, (Generation(1), guest.one_time()));
    trio.settle();
    // Everybody publishes its next key, and nothing else is done before the keys turn over again.
    for at in 0..4 {
        let certificate = {
            let mut rng = ChaCha20Rng::from_seed([u8::try_from(at).unwrap(); 32]);
            trio.member_mut(at).next_certificate(vec!["member".into()], &mut rng).unwrap()
        };
        assert_eq!(trio.act(at, parclose_transaction::Act::PublishKey(certificate)).0, "applied");
    }
    trio.decide_on(0, vec![Change::Rekey], &[1, 2]);
    let within = trio.member(0).definition().governance.deal_within;
    trio.wait(within + 1);
    let rotation = trio.rotation();
    trio.order(rotation);
    trio.settle();
    assert_eq!(seen(&trio, dan, &early.digest()), NOTHING);
    trio.upkeep();
    assert_eq!(seen(&trio, dan, &early.digest()), MONTH);
}

#[test]
fn who_has_left_comes_back_with_what_it_held() {
    let mut trio = Trio::with(template("\"all\""));
    let first = trio.statement(create(1));
    assert_eq!(trio.decide(&first), "applied");
    let gone = trio.id(2);
    let name = trio.member(0).config().by_id(&gone).unwrap().name.clone();
    trio.decide_on(0, vec![Change::Remove(gone)], &[1]);
    trio.rotate();
    let away = trio.statement(create(2));
    assert_eq!(trio.decide(&away), "applied");
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let certificate =
        trio.member_mut(2).certificate_for(Generation(2), &name, vec!["member".into()], &mut rng).unwrap();
    let entry = parclose_transaction::MemberEntry { name, certificate };
    trio.decide_on(0, vec![Change::Join(entry)], &[1]);
    trio.upkeep();
    let rotation = trio.rotation();
    trio.order(rotation);
    trio.come_back(2);
    trio.settle();
    trio.upkeep();
    assert!(trio.member(2).is_member());
    assert_eq!(seen(&trio, 2, &first.digest()), MONTH);
    assert_eq!(seen(&trio, 2, &away.digest()), MONTH, "the history gives what it has missed");
}

#[test]
fn cha_10_who_joins_takes_the_setup_of_the_channel_that_it_asked_to_join() {
    let trio = Trio::new();
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let (member, cache) = (MemberSecret::generate(&mut rng), SharedCache::new(1 << 20));
    let folder = tempfile::tempdir().unwrap();
    let salts = || Box::new(ChaCha20Rng::from_seed([2; 32]));
    let (setup, tag) = (trio.member(0).setup().clone(), trio.member(0).tag());
    let join = |channel: &ChannelId, tag: &Tag, setup: &Setup| {
        Channel::join(folder.path(), &member, (channel, tag), setup, &cache, salts()).map_err(|e| e.rule())
    };
    assert_eq!(join(&CHANNEL, &Tag([1; 32]), &setup), Err("SET-04"), "another tag");
    assert_eq!(join(&ChannelId([1; 32]), &tag, &setup), Err("SET-04"), "another channel");
    let mut forged = setup.clone();
    forged.texts.policy.push('\n');
    assert_eq!(join(&CHANNEL, &tag, &forged), Err("SET-03"));
    assert_eq!(join(&CHANNEL, &tag, &setup), Err("CHA-06"), "no one-time key was stored before");
    let applicant = |roles| Applicant {
        name: "dan",
        member: &member,
        roles,
        channel: CHANNEL,
        generation: Generation(1),
    };
    let roles = || vec!["member".to_owned()];
    let first = applicant(roles()).prepare(folder.path(), &cache, salts(), &mut rng).unwrap();
    let again = applicant(roles()).prepare(folder.path(), &cache, salts(), &mut rng).unwrap();
    assert_eq!(first.entry(), again.entry(), "asking twice makes one key");
    assert_eq!(join(&CHANNEL, &tag, &setup), Ok(()));
    assert_eq!(join(&CHANNEL, &tag, &setup), Ok(()), "after a crash in between it is done again");
    let opened = Channel::open(folder.path(), &member, &CHANNEL, &cache, salts()).unwrap();
    assert!(!opened.is_member() && opened.head().is_none());
}
