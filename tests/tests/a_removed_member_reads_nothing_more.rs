//! A member is removed. Everything that it has, its keys and its disk, opens nothing that is sealed after.

mod support;

use parclose_channel::tables::{SHARED, UNWRAP};
use parclose_channel::{Channel, ChannelError};
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::UnwrapKey;
use parclose_node::{Consortium, Home, SubmitError};
use parclose_transaction::{Act, Change, FieldState, Motion, Perspective};
use parclose_types::{Failure, Generation};
use support::forced::{Forced, secrets};
use support::{issue, opened, room, within};

const ROOM: &str = "trade-a";

fn motion(changes: Vec<Change>) -> Act {
    Act::Move(Motion { changes, blinder: [7; 32] })
}

/// Buyer and supplier remove their bank and let another in.
fn replace_the_bank(consortium: &Consortium) {
    let bank = within(consortium, ("bank-1", ROOM), |channel| channel.own_id());
    let invitation =
        within(consortium, ("buyer", ROOM), |channel| parclose_node::joining::Invitation::to(ROOM, channel));
    let card = consortium.accept("bank-2", &invitation, &["bank".into()]).expect("an invitation is accepted");
    let changes = vec![Change::Remove(bank), Change::Join(card.entry().expect("a card of its own"))];
    let moved = room(consortium, "buyer", ROOM).act_and_wait(motion(changes)).expect("a verdict");
    let vote = Act::Vote { motion: moved.transaction, approve: true };
    room(consortium, "supplier-a", ROOM).act_and_wait(vote).expect("a verdict");
    consortium.settle();
    assert_eq!(consortium.admit().expect("the new bank is let in"), 1);
    let generation = within(consortium, ("buyer", ROOM), |channel| channel.config().generation);
    assert_eq!(generation, Generation(1));
}

fn opened_at(home: &Home, member: &str) -> Channel {
    let directory = home.member_directory(member).expect("a member has its directory");
    let card = directory.channel(ROOM).expect("it has the channel");
    parclose_node::consortium::open_channel(&directory, &card, &parclose_node::shared_cache(8 << 20))
        .expect("a store opens with its own member's key")
}

/// Fields of transactions sealed after the rotation that a reader opens.
fn opened_after(channel: &Channel, reader: &dyn Perspective) -> usize {
    let rows = channel.verdicts(0, usize::MAX).expect("a store can be read");
    let mut open = 0;
    for (_, row) in rows {
        let stored = channel
            .transaction(&row.transaction)
            .expect("a store can be read")
            .expect("what has a verdict is stored");
        if stored.body.generation == Generation(0) {
            continue;
        }
        let views = channel.view_transaction(reader, &stored).expect("a store can be read");
        open += views.iter().flatten().filter(|view| matches!(view.state, FieldState::Opened(_))).count();
    }
    open
}

/// Wraps of acts after the rotation was decided that some one-time key opens, whatever they are for.
fn unwrapped(channel: &Channel, keys: &[UnwrapKey], generation: Generation) -> usize {
    let governance = channel.governance();
    let latest = governance.latest();
    assert_eq!(latest.config.generation, generation);
    let mut open = 0;
    for row in governance.deals_of(latest.configuration) {
        for (_, verdict) in channel.verdicts(0, usize::MAX).expect("a store can be read") {
            let stored = channel
                .transaction(&verdict.transaction)
                .expect("a store can be read")
                .expect("the transaction is there");
            for wrap in &stored.sealed.as_ref().map(|sealed| sealed.wraps.clone()).unwrap_or_default() {
                let accepted = |key: &&UnwrapKey| row.deal.accept(&latest.scope(), wrap, key).is_ok();
                open += keys.iter().filter(accepted).count();
            }
        }
    }
    open
}

/// Every one-time key on a member's disk.
fn one_time_keys(channel: &Channel) -> Vec<UnwrapKey> {
    let rows = channel.store().scan(&UNWRAP, &Generation(0), usize::MAX).expect("a store can be read");
    rows.into_iter().map(|(_, bytes)| UnwrapKey::from_secret(&secret_from_bytes(bytes))).collect()
}

#[test]
fn a_removed_members_complete_state_opens_nothing_that_is_sealed_later() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let consortium = support::up(&home);
    issue(&consortium, ("supplier-a", ROOM), "ALPHA-1", 100_000);
    let before = within(&consortium, ("bank-1", ROOM), |channel| opened(channel, channel.keys()).len());
    assert!(before > 0, "it read what it was party to");
    replace_the_bank(&consortium);
    issue(&consortium, ("supplier-a", ROOM), "ALPHA-2", 200_000);
    consortium.quiesce();

    // It cannot take part: not write, not vote, not even be answered.
    let refused = room(&consortium, "bank-1", ROOM)
        .act_and_wait(motion(vec![Change::Rekey]))
        .expect_err("its room has ended");
    assert!(matches!(refused, SubmitError::Channel(ChannelError::Left)), "{refused}");
    assert_eq!((refused.rule(), refused.definite()), ("CHA-09", true));
    let after = within(&consortium, ("bank-1", ROOM), |channel| opened(channel, channel.keys()).len());
    assert_eq!(after, before, "what it has read it keeps, and nothing comes to it");
    let head = |member: &str| {
        within(&consortium, (member, ROOM), |channel| channel.head().expect("it is opened").next)
    };
    assert!(head("bank-1") < head("buyer"));

    let held = consortium.close();
    let (bank, buyer, joined) =
        (opened_at(&held, "bank-1"), opened_at(&held, "buyer"), opened_at(&held, "bank-2"));
    // Everything that it has, tried on everything that the others have.
    assert_eq!(opened_after(&buyer, bank.keys()), 0);
    let keys = one_time_keys(&bank);
    assert_eq!(unwrapped(&buyer, &keys, Generation(1)), 0);
    assert!(bank.store().scan(&SHARED, &0, usize::MAX).unwrap().is_empty());
    let held = secrets(&bank);
    assert!(!held.is_empty());
    for secret in &held {
        assert_eq!(opened_after(&buyer, &Forced(secret)), 0, "not even where it does not belong");
    }
    // The same trials with the keys of those who belong to it show what they would have found.
    assert!(secrets(&joined).iter().any(|secret| opened_after(&buyer, &Forced(secret)) > 0));
    assert!(opened_after(&buyer, buyer.keys()) > 0 && opened_after(&buyer, joined.keys()) > 0);
    assert!(unwrapped(&buyer, &one_time_keys(&joined), Generation(1)) > 0);
}
