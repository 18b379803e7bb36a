//! Invitations, cards, and being let in, between rooms that run.

use parclose_channel::{ChannelError, Verdict};
use parclose_transaction::{Act, Change, Motion};
use parclose_types::Failure;

use super::*;
use crate::found::{Party, found_channel, found_consortium, read_template};
use crate::{Consortium, Home};

const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../channels/bilateral");
const ROOM: &str = "statements";

/// Three members in a channel, and a fourth outside it.
fn consortium() -> (tempfile::TempDir, Consortium) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    found_consortium(&path, &["ann", "bob", "cyd", "dan"], &mut generator()).unwrap();
    let consortium = Consortium::open(Home::open(&path).unwrap()).unwrap();
    let names = ["ann", "bob", "cyd"].map(str::to_owned);
    let texts = read_template(Path::new(TEMPLATE)).unwrap();
    let definition = parclose_transaction::Definition::parse("channel.toml", &texts.channel_toml).unwrap();
    let party = |name: &String| Party {
        directory: consortium.home().member_directory(name).unwrap(),
        name: name.clone(),
        roles: vec!["member".into()],
    };
    let parties: Vec<Party> = names.iter().map(party).collect();
    let network = consortium.root().network();
    let cache = consortium.cache().clone();
    let (open, _) = found_channel(ROOM, network, texts, &definition, &parties, &cache).unwrap();
    consortium.open_on_root(ROOM, &names, open).unwrap();
    (folder, consortium)
}

fn invitation(consortium: &Consortium) -> Invitation {
    let room = consortium.room("ann", ROOM).unwrap();
    room.call(|channel| Invitation::to(ROOM, channel)).unwrap()
}

/// Moves as the first and has the second agree; everything that follows has come to rest.
fn decide(consortium: &Consortium, changes: Vec<Change>) {
    let room = |member: &str| consortium.room(member, ROOM).unwrap();
    let moved = room("ann").act_and_wait(Act::Move(Motion { changes, blinder: [3; 32] })).unwrap();
    assert_eq!(moved.verdict, Verdict::Applied);
    let vote = Act::Vote { motion: moved.transaction, approve: true };
    assert_eq!(room("bob").act_and_wait(vote).unwrap().verdict, Verdict::Applied);
    consortium.settle();
}

fn generation(consortium: &Consortium, member: &str) -> (u64, bool) {
    let room = consortium.room(member, ROOM).unwrap();
    room.call(|channel| (channel.config().generation.0, channel.is_member())).unwrap()
}

#[test]
fn who_is_invited_and_voted_in_executes_the_whole_log_and_takes_part() {
    let (_folder, consortium) = consortium();
    let card = consortium.accept("dan", &invitation(&consortium), &["member".into()]).unwrap();
    assert_eq!(consortium.admit().unwrap(), 0, "nobody has voted");
    assert_eq!(consortium.room("dan", ROOM).unwrap_err().rule(), "HOM-06");
    decide(&consortium, vec![Change::Join(card.entry().unwrap())]);
    assert_eq!(consortium.admit().unwrap(), 1);
    assert_eq!(consortium.admit().unwrap(), 0, "once");
    consortium.quiesce();
    for member in ["ann", "bob", "cyd", "dan"] {
        assert_eq!(generation(&consortium, member), (1, true), "{member}");
    }
    let state = |member: &str| {
        let room = consortium.room(member, ROOM).unwrap();
        room.call(|channel| channel.head().map(|head| (head.next, head.root))).unwrap()
    };
    assert_eq!(state("dan"), state("ann"));
    let vote = consortium
        .room("dan", ROOM)
        .unwrap()
        .act_and_wait(Act::Move(Motion { changes: vec![Change::Rekey], blinder: [4; 32] }));
    assert_eq!(vote.unwrap().verdict, Verdict::Applied);
    let reopened = Consortium::open(consortium.close()).unwrap();
    assert_eq!(generation(&reopened, "dan"), (1, true), "it stays a member after a restart");
    drop(reopened.close());
}

#[test]
fn who_is_let_in_while_its_node_is_off_is_admitted_when_it_starts() {
    let (_folder, consortium) = consortium();
    let card = consortium.accept("dan", &invitation(&consortium), &["member".into()]).unwrap();
    decide(&consortium, vec![Change::Join(card.entry().unwrap())]);
    // Much later, and a long way behind: what is missing is fetched, however old it is.
    consortium.advance(parclose_types::Height(consortium.root().head().0 + 600)).unwrap();
    let reopened = Consortium::open(consortium.close()).unwrap();
    assert_eq!(generation(&reopened, "dan"), (1, true));
    drop(reopened.close());
}

#[test]
fn nod_11_who_is_removed_is_told_and_may_come_back() {
    let (_folder, consortium) = consortium();
    let cyd = consortium.room("cyd", ROOM).unwrap();
    let id = cyd.call(|channel| channel.own_id()).unwrap();
    decide(&consortium, vec![Change::Remove(id)]);
    assert_eq!(generation(&consortium, "ann"), (1, true));
    assert_eq!(generation(&consortium, "cyd"), (1, false));
    let motion = || Act::Move(Motion { changes: vec![Change::Rekey], blinder: [5; 32] });
    let told = cyd.act_and_wait(motion()).unwrap_err();
    assert!(matches!(told, crate::SubmitError::Channel(ChannelError::Left)), "{told}");
    decide(&consortium, vec![Change::Rekey]);
    assert_eq!(
        (generation(&consortium, "ann").0, generation(&consortium, "cyd").0),
        (2, 1),
        "it gets nothing"
    );
    let card = consortium.accept("cyd", &invitation(&consortium), &["member".into()]).unwrap();
    decide(&consortium, vec![Change::Join(card.entry().unwrap())]);
    assert_eq!(generation(&consortium, "cyd"), (3, true), "it has executed what it missed");
    assert_eq!(cyd.act_and_wait(motion()).unwrap().verdict, Verdict::Applied);
    drop(consortium.close());
}

#[test]
fn hom_08_an_invitation_is_of_this_network_and_to_one_channel_of_a_name() {
    let (_folder, consortium) = consortium();
    let good = invitation(&consortium);
    let accept = |member: &str, change: fn(&mut Invitation)| {
        let mut invitation = good.clone();
        change(&mut invitation);
        consortium.accept(member, &invitation, &["member".into()]).map(drop).map_err(|e| e.rule())
    };
    assert_eq!(accept("dan", |i| i.network.0[0] ^= 1), Err("HOM-08"));
    assert_eq!(accept("dan", |i| i.schema.push('0')), Err("HOM-08"));
    assert_eq!(accept("dan", |_| ()), Ok(()));
    assert_eq!(accept("dan", |_| ()), Ok(()), "asked twice, it is the same");
    assert_eq!(accept("dan", |i| i.channel.0[0] ^= 1), Err("HOM-08"), "another channel of that name");
    drop(consortium.close());
}

#[test]
fn hom_09_a_card_says_in_words_what_its_entry_says() {
    let (_folder, consortium) = consortium();
    let card = consortium.accept("dan", &invitation(&consortium), &["member".into()]).unwrap();
    assert!(card.entry().is_ok());
    let changes: [fn(&mut Card); 5] = [
        |card| card.name = "ann".into(),
        |card| card.roles.push("owner".into()),
        |card| card.schema.push('0'),
        |card| card.entry.push_str("00"),
        |card| card.entry.truncate(10),
    ];
    for change in changes {
        let mut other = card.clone();
        change(&mut other);
        assert_eq!(other.entry().unwrap_err().rule(), "HOM-09");
    }
    drop(consortium.close());
}

#[test]
fn hom_10_a_channels_name_is_no_path() {
    use crate::home::check_channel_name;
    for name in ["trade-a", "a", &"x".repeat(64)] {
        assert!(check_channel_name(name).is_ok(), "{name}");
    }
    for name in ["", "../x", "/x", "A", "a b", "a\0", &"x".repeat(65)] {
        assert_eq!(check_channel_name(name).unwrap_err().rule(), "HOM-10", "{name}");
    }
    let (folder, consortium) = consortium();
    let mut invitation = invitation(&consortium);
    invitation.name = "../../../../outside".into();
    assert_eq!(consortium.accept("dan", &invitation, &["member".into()]).unwrap_err().rule(), "HOM-10");
    assert!(!folder.path().join("outside").exists());
    drop(consortium.close());
}
