//! Locks: what they hold, for what, and for whom.
#![allow(clippy::unwrap_used, reason = "what is set up well verifies; anything else fails the test")]

mod world;

use parclose_amounts::{Hold, Lock, Movement, NotProven, OwnerCommitment, RangeEngine};
use parclose_types::{DealId, Height, NoteId, TransactionDigest, decode, encode};
use world::{ASSET, CHANNEL, PLACE, Purse, World};

const DEAL: DealId = DealId([0xDE; 32]);
const TRANSACTION: TransactionDigest = TransactionDigest([0x77; 32]);

/// Who gets what is held, and who gets it back, blinded alike.
fn owners() -> (Purse, OwnerCommitment) {
    let (forward, back) = (Purse::new(400, 1001), Purse::new(400, 1002));
    let owner = OwnerCommitment::new(&back.owner.public(), &forward.blind);
    (forward, owner)
}

fn hold(back: OwnerCommitment) -> Hold {
    Hold { deal: DEAL, leg: 1, allocate_before: Height(50), settle_before: Height(90), back }
}

/// 400 of 1000 are held, 600 are the rest.
fn locked() -> (World, Lock) {
    let mut world = World::with(&[700, 300]);
    let notes = world.notes();
    let (forward, back) = owners();
    let mut made = vec![forward];
    made.extend(world.new_purses(&[600]));
    let lock = world.lock(hold(back), &notes, &made);
    (world, lock)
}

#[test]
fn a_lock_is_made_encoded_decoded_and_verified() {
    let (world, lock) = locked();
    assert_eq!(Lock::decode(&encode(&lock)), Ok(lock.clone()));
    let movement = Movement::Lock(Box::new(lock.clone()));
    assert_eq!(decode::<Movement>("movement", &encode(&movement), 1 << 16), Ok(movement.clone()));
    assert_eq!((movement.name(), movement.hold(), movement.asset()), ("lock", Some(&lock.hold), ASSET));
    assert_eq!((movement.inputs().len(), movement.outputs().len(), movement.redeemed()), (2, 2, None));
    assert!(movement.check_shape().is_ok());
    assert!(movement.check(&PLACE, &world.book).unwrap().verify().is_ok());
    let [(claim, proof)] = &movement.ranges(&PLACE, RangeEngine::OF_FORMAT_1)[..] else {
        panic!("one proof")
    };
    let of_lock = lock.claim(&PLACE, RangeEngine::OF_FORMAT_1);
    assert_eq!((claim.statement, *proof), (of_lock.statement, &lock.transfer.range));
}

#[test]
fn val_23_proofs_and_signatures_are_for_one_deal_leg_heights_and_way_back() {
    let (world, good) = locked();
    let changes: [fn(&mut Hold); 5] = [
        |hold| hold.deal.0[31] ^= 1,
        |hold| hold.leg ^= 1,
        |hold| hold.allocate_before.0 += 1,
        |hold| hold.settle_before.0 += 1,
        |hold| hold.back.0[0] ^= 1,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut lock = good.clone();
        change(&mut lock.hold);
        let refused = lock.verify(&PLACE, &world.book).unwrap_err();
        assert_eq!(refused, NotProven::Balance.into(), "{number}: the first thing that is for a statement");
    }
    // A lock is no transfer, and a transfer no lock.
    assert_eq!(good.transfer.verify(&PLACE, &world.book), Err(NotProven::Balance.into()));
    let (mut world, _) = locked();
    let transfer = world.any_transfer();
    let lock = Lock { hold: good.hold, transfer };
    assert_eq!(lock.verify(&PLACE, &world.book), Err(NotProven::Balance.into()));
}

#[test]
fn val_24_what_is_held_is_of_one_amount_under_either_owner() {
    let (mut world, lock) = locked();
    let effects = lock.verify(&PLACE, &world.book).unwrap();
    let held = effects.held(&CHANNEL, &TRANSACTION, 5).unwrap();
    let first = lock.transfer.outputs[0];
    assert_eq!((held.forward.1.commitment, held.forward.1.owner), (first.commitment, first.owner));
    assert_eq!((held.back.1.commitment, held.back.1.owner), (first.commitment, lock.hold.back));
    assert_eq!((held.forward.1.asset, held.back.1.asset), (ASSET, ASSET));
    assert_eq!(held.forward.0, first.id(&CHANNEL, &TRANSACTION, 5));
    assert_ne!(held.forward.0, held.back.0);
    // The rest is a note like any other, and the only one that can be spent at once.
    let notes: Vec<NoteId> = effects.notes(&CHANNEL, &TRANSACTION, 5).map(|(id, _)| id).collect();
    assert_eq!(notes, [lock.transfer.outputs[1].id(&CHANNEL, &TRANSACTION, 6)]);

    for (committed, wanted) in [(true, held.forward), (false, held.back)] {
        let mut book = world.book.clone();
        book.apply(&effects, &CHANNEL, &TRANSACTION, 5).unwrap();
        assert_eq!(book.held().copied().collect::<Vec<_>>(), [held]);
        assert_eq!(book.notes().map(|(id, _)| *id).collect::<Vec<_>>(), notes);
        assert_eq!(book.decide(DEAL, 0, committed), None, "another leg");
        assert_eq!(book.decide(DEAL, 1, committed), Some(wanted.0));
        assert_eq!(book.notes().find(|(id, _)| **id == wanted.0).map(|(_, note)| *note), Some(wanted.1));
        assert_eq!(book.decide(DEAL, 1, committed), None, "once");
    }
    world.book.apply(&effects, &CHANNEL, &TRANSACTION, 5).unwrap();
    assert_eq!(effects.held(&CHANNEL, &TRANSACTION, 5).unwrap().hold, lock.hold);
    assert_eq!(world.any_effects_hold(), None);
}

impl World {
    /// What an ordinary transfer holds.
    fn any_effects_hold(&mut self) -> Option<Hold> {
        let mut other = Self::with(&[5]);
        let transfer = other.any_transfer();
        let effects = transfer.verify(&PLACE, &other.book).unwrap();
        effects.held(&CHANNEL, &TRANSACTION, 0).map(|held| held.hold)
    }
}
