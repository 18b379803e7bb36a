//! What nodes do by themselves: keys ahead, deals in turn, new keys when they are due.

use parclose_transaction::{Act, Change};
use parclose_types::Generation;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::fixtures::{Trio, create, texts};

fn due(trio: &mut Trio, at: usize) -> Vec<&'static str> {
    let head = trio.head();
    let mut rng = ChaCha20Rng::from_seed([u8::try_from(at).unwrap(); 32]);
    let due = trio.member_mut(at).upkeep(head, &mut rng).unwrap();
    due.iter().map(|due| due.act.name()).collect()
}

#[test]
fn a_member_publishes_its_next_key_once_and_rests() {
    let mut trio = Trio::founded();
    assert_eq!(due(&mut trio, 0), [""; 0], "nothing before the opening is executed");
    trio.settle();
    assert_eq!(due(&mut trio, 0), ["publish-key"]);
    trio.upkeep();
    assert_eq!(due(&mut trio, 0), [""; 0]);
    trio.reopen(0);
    assert_eq!(due(&mut trio, 0), [""; 0], "nor after a restart: the key is the stored one");
}

#[test]
fn keys_that_are_due_turn_over_without_a_vote_and_members_take_turns() {
    let mut texts = texts();
    texts.channel_toml = texts.channel_toml.replace("rekey_after_epochs = 0", "rekey_after_epochs = 1");
    let mut trio = Trio::with(texts);
    let (length, patience) = {
        let channel = trio.member(0);
        (channel.config().epoch_length, channel.definition().parameters.attest_after)
    };
    let start = trio.member(0).terms()[0].start;
    trio.wait(start.0 + length - 1 - trio.next().0);
    assert_eq!(due(&mut trio, 0), [""; 0], "the last height of its epoch");
    trio.wait(1);
    assert_eq!((due(&mut trio, 0), due(&mut trio, 1)), (vec!["move"], vec![]), "the first at once");
    trio.wait(patience);
    assert_eq!((due(&mut trio, 1), due(&mut trio, 2)), (vec!["move"], vec![]), "then the next");
    let before = trio.member(0).config().pseudonyms();
    trio.upkeep();
    let event = trio.rotate();
    let channel = trio.member(0);
    assert_eq!(
        (channel.config().generation, channel.head().unwrap().height >= event.height),
        (Generation(1), true)
    );
    assert!(channel.config().pseudonyms().iter().all(|key| !before.contains(key)), "every key is new");
}

#[test]
fn the_secrets_in_use_go_on_and_the_others_wait_for_their_first_use() {
    let mut trio = Trio::founded();
    trio.settle();
    trio.upkeep();
    let set = [trio.pseudonym(0), trio.pseudonym(1)];
    trio.deal_for(0, &set);
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    trio.rotate();
    let governance = trio.member(0).governance();
    let deals: Vec<_> = governance.deals_of(governance.latest().configuration).collect();
    assert_eq!(deals.len(), 1, "one pair was in use");
    let write = trio.statement(create(1));
    assert_eq!(trio.decide(&write), "applied");
    let set = [trio.pseudonym(1), trio.pseudonym(2)];
    trio.deal_for(1, &set);
    let other = crate::fixtures::Statement { author: 1, preparer: 1, counterparty: 2, ..create(2) };
    let write = trio.statement(other);
    trio.anchor(1, std::slice::from_ref(&write));
    assert_eq!(trio.verdict(&write), "applied");
}

#[test]
fn a_member_that_gives_no_deal_is_not_waited_for() {
    let mut trio = Trio::founded();
    trio.settle();
    trio.upkeep();
    // A pair whose first member never deals: the other one does, once it is its turn.
    let set = [trio.pseudonym(0), trio.pseudonym(1)];
    trio.deal_for(0, &set);
    trio.decide_on(1, vec![Change::Rekey], &[2]);
    let deals = |trio: &mut Trio, at| due(trio, at).into_iter().filter(|act| *act == "deal").count();
    let next = trio.member(0).governance().next_at(trio.next()).unwrap().clone();
    let place = |trio: &Trio, at: usize| {
        let key = next.by_id(&trio.id(at)).unwrap().certificate.pseudonym;
        next.pseudonyms().iter().position(|other| *other == key).unwrap()
    };
    let (first, second) = if place(&trio, 0) < place(&trio, 1) { (0, 1) } else { (1, 0) };
    assert_eq!((deals(&mut trio, first), deals(&mut trio, second)), (1, 0));
    let patience = trio.member(0).definition().parameters.attest_after;
    trio.wait(patience);
    assert_eq!(deals(&mut trio, second), 1);
}

/// A deal of the first member in which a reader gets a wrap that is not for it.
fn misdirect(trio: &Trio, due: &mut Due, reader: usize) {
    due.wraps[reader] = due.wraps[0].clone();
    let Act::Deal { deal, .. } = &mut due.act else { panic!("a deal") };
    deal.wraps_root = merkle::root(&due.wraps);
    let scope = trio.member(0).governance().latest().scope();
    parclose_keys::audience::hazmat::sign_deal(deal, &scope, trio.member(0).pseudonym());
}

#[test]
fn a_wrong_wrap_is_complained_of_and_mended_by_another_holder() {
    let mut trio = Trio::founded();
    trio.settle();
    trio.upkeep();
    let set = [trio.pseudonym(0), trio.pseudonym(1)];
    let head = trio.head();
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    let mut due = trio.member(0).deal_on_first_use(&set, head, &mut rng).unwrap();
    misdirect(&trio, &mut due, 1);
    let signed = trio.signed_act(0, due);
    trio.anchor(0, std::slice::from_ref(&signed));
    assert_eq!(super::tests::due(&mut trio, 1), ["complain"]);
    let act = {
        let head = trio.head();
        trio.member_mut(1).upkeep(head, &mut rng).unwrap().remove(0)
    };
    let complaint = trio.signed_act(1, act);
    trio.anchor(1, std::slice::from_ref(&complaint));
    assert_eq!(super::tests::due(&mut trio, 0), ["rewrap"]);
    trio.upkeep();
    let audience = trio.member(0).config().audience_of(&set);
    assert!(trio.member(1).holds_dealt(&audience));
}

/// A member does what is due now: which acts.
fn step(trio: &mut Trio, at: usize) -> Vec<&'static str> {
    let head = trio.head();
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let due = trio.member_mut(at).upkeep(head, &mut rng).unwrap();
    let names = due.iter().map(|due| due.act.name()).collect();
    let signed: Vec<_> = due.into_iter().map(|due| trio.signed_act(at, due)).collect();
    if !signed.is_empty() {
        trio.anchor(at, &signed);
    }
    names
}

#[test]
fn where_the_dealer_keeps_silent_another_holder_mends_its_wrap() {
    let mut texts = texts();
    let everybody = "[[audience]]\nname = \"everybody\"\nroles = [\"member\"]\n[[record]]";
    texts.channel_toml = texts.channel_toml.replacen("[[record]]", everybody, 1).replacen(
        "audience = \"both\"",
        "audience = \"everybody\"",
        1,
    );
    let mut trio = Trio::founded_with(texts);
    trio.settle();
    let set = [0, 1, 2].map(|at| trio.pseudonym(at));
    let (head, audience) = (trio.head(), trio.member(0).config().audience_of(&set));
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    let mut due = trio.member(0).deal_on_first_use(&set, head, &mut rng).unwrap();
    misdirect(&trio, &mut due, 2);
    let signed = trio.signed_act(0, due);
    trio.anchor(0, std::slice::from_ref(&signed));
    assert_eq!(trio.verdict(&signed), "applied");
    // From here on the dealer does nothing more.
    assert!(step(&mut trio, 1).contains(&"acknowledge"));
    assert!(step(&mut trio, 2).contains(&"complain"));
    let patience = trio.member(0).definition().parameters.attest_after;
    trio.wait(patience);
    assert!(!trio.member(2).holds_dealt(&audience), "nobody has helped it yet");
    assert_eq!(step(&mut trio, 1), ["rewrap"]);
    assert!(trio.member(2).holds_dealt(&audience));
    assert_eq!(step(&mut trio, 2), ["acknowledge"]);
    assert_eq!(step(&mut trio, 1), [""; 0], "once is enough");
}
