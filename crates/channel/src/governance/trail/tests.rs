//! Notes of three members, and when the others see what they were about.

use parclose_transaction::{Access, Act, Handed};
use parclose_types::{Epoch, Failure};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::fixtures::{Trio, texts};

fn access() -> Access {
    Access { what: Handed::Export(Some((Epoch(0), Epoch(3)))), to: "authority".into(), file: Digest([9; 32]) }
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([5; 32])
}

/// A channel whose members see what was handed out after some heights.
fn after(heights: u64) -> Trio {
    let mut texts = texts();
    let line = "grant_signatures = 2 ";
    texts.channel_toml = texts.channel_toml.replace(line, &format!("access_delay = {heights}\n{line}"));
    Trio::with(texts)
}

fn noted(trio: &mut Trio, at: usize) -> TransactionDigest {
    let note = trio.member(at).note_access(&access(), &mut rng()).unwrap();
    let (verdict, note) = trio.act(at, note);
    assert_eq!(verdict, "applied");
    note
}

fn refused(trio: &mut Trio, at: usize, act: &Act) -> String {
    let height = trio.next();
    let rehearsed = trio.member_mut(at).rehearse(act, height).unwrap();
    rehearsed.map_or_else(|reject| reject.rule().to_owned(), |()| "applied".to_owned())
}

fn revealed(trio: &Trio) -> Vec<Option<Access>> {
    trio.member(2).accesses().unwrap().into_iter().map(|row| row.revealed).collect()
}

#[test]
fn what_was_handed_out_is_noted_at_once_and_revealed_of_itself_when_it_is_due() {
    let mut trio = after(40);
    noted(&mut trio, 0);
    let row = trio.member(2).accesses().unwrap().remove(0);
    assert_eq!((row.member, row.revealed, row.due.0), (trio.id(0), None, row.noted_at.0 + 40));
    trio.upkeep();
    assert_eq!(revealed(&trio), [None], "too early");
    trio.close(0);
    trio.reopen(0);
    trio.wait(41);
    trio.upkeep();
    assert_eq!(revealed(&trio), [Some(access())]);
    assert!(trio.member(0).verify(|sequence| trio.chain(sequence)).is_ok(), "the rows are under the root");
    let mut trio = Trio::new();
    noted(&mut trio, 1);
    trio.upkeep();
    assert_eq!(revealed(&trio), [Some(access())], "without a delay at once");
}

#[test]
fn tra_02_a_note_is_revealed_by_its_author_in_time_and_by_what_it_commits_to() {
    let mut trio = after(10);
    let note = noted(&mut trio, 0);
    let mut blinder = [0; 32];
    rand_core::Rng::fill_bytes(&mut rng(), &mut blinder);
    let reveal = |access, blinder| Act::Reveal { note, access, blinder };
    let good = reveal(access(), blinder);
    assert_eq!(refused(&mut trio, 0, &good), "TRA-02", "too early");
    trio.wait(11);
    assert_eq!(refused(&mut trio, 1, &good), "TRA-02", "another's");
    let other = Access { to: "nobody".into(), ..access() };
    assert_eq!(refused(&mut trio, 0, &reveal(other, blinder)), "TRA-02");
    assert_eq!(refused(&mut trio, 0, &reveal(access(), [1; 32])), "TRA-02");
    let unknown = Act::Reveal { note: TransactionDigest([1; 32]), access: access(), blinder };
    assert_eq!(refused(&mut trio, 0, &unknown), "TRA-02");
    assert_eq!(trio.act(0, good.clone()).0, "applied");
    assert_eq!(refused(&mut trio, 0, &good), "TRA-02", "once");
}

#[test]
fn tra_03_a_member_has_so_many_notes_at_once() {
    let mut trio = after(1000);
    for number in 0..NOTES_MAX {
        let commitment = Digest([u8::try_from(number).unwrap(); 32]);
        assert_eq!(trio.act(0, Act::Note { commitment }).0, "applied");
    }
    let one_more = Act::Note { commitment: Digest([7; 32]) };
    assert_eq!(refused(&mut trio, 0, &one_more), "TRA-03");
    assert_eq!(refused(&mut trio, 1, &one_more), "applied");
}
