//! Movements of notes and of what is owed, against a ledger with a few notes of two assets and a few debts in one.

use std::sync::LazyLock;

use parclose_amounts::{
    AssetTerms, Book, Discharge, Effects, Issue, Movement, Net, NewNote, NewObligation, Oblige, Opening,
    Owed, OwnerBlind, OwnerCommitment, OwnerKey, Place, RangeEngine, Spend, Transfer, UnsignedRedemption,
    verify_all,
};
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{Secret, SigningKey};
use parclose_types::limits::TRANSACTION_BYTES_MAX;
use parclose_types::{
    AssetId, ChannelId, Generation, Height, MemberId, NoteId, ObligationId, TransactionDigest, decode, encode,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::Reached;

pub(crate) const CHANNEL: ChannelId = ChannelId([5; 32]);
pub(crate) const PLACE: Place = Place {
    channel: CHANNEL,
    generation: Generation(1),
    salt_digest: [7; 32],
    expiry: Height(900),
    context: [0xC7; 32],
};
pub(crate) const ASSETS: [AssetId; 2] = [AssetId([1; 32]), AssetId([2; 32])];
pub(crate) const ENGINE: RangeEngine = RangeEngine::Bulletproofs;
/// The day on which everything is due.
const DAY: u32 = 20_000;
/// Who owes whom how much, and what is left of it.
const OWED: [(u8, u8, u64); 3] = [(1, 2, 10), (2, 3, 7), (3, 1, 4)];
const NETTED: [(u8, u8, u64); 2] = [(1, 2, 3), (1, 3, 3)];

/// Notes that can be spent, and everything that their owners did with them.
pub struct Purse {
    /// the ledger: what can be spent, and what is owed
    pub(crate) book: Book,
    /// the notes of the first asset, by the amounts in [`HELD`]; then one of the second
    pub(crate) held: Vec<Held>,
    /// movements that hold
    pub honest: Vec<Movement>,
}

impl std::fmt::Debug for Purse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Purse({} movements)", self.honest.len())
    }
}

/// The amounts of the notes that can be spent; all but the last are of the first asset.
pub(crate) const HELD: [u64; 4] = [1000, u64::MAX, 0, 77];

/// A note's secrets.
pub(crate) struct Held {
    note: NoteId,
    owner: OwnerKey,
    blind: OwnerBlind,
    opening: Opening,
}

/// The notes of this target.
pub static PURSE: LazyLock<Purse> = LazyLock::new(Purse::new);

fn key(number: u8) -> Secret {
    secret_from_bytes([number; 32])
}

fn owner(number: u8) -> OwnerKey {
    OwnerKey::derive(&key(0xEE), &CHANNEL, &[number; 32])
}

fn issuer(asset: usize) -> SigningKey {
    SigningKey::from_seed(&key(if asset == 0 { 0xA0 } else { 0xA1 }))
}

/// What a new note needs, by number: owner, leaf and amount follow from it.
pub(crate) struct Made {
    owner: OwnerCommitment,
    leaf: [u8; 32],
    opening: Opening,
}

impl Made {
    pub(crate) fn new(asset: &AssetId, value: u64, number: u8) -> Self {
        let blind = OwnerBlind::derive(&key(number));
        let owner = OwnerCommitment::new(&owner(number).public(), &blind);
        Self { owner, leaf: [number; 32], opening: Opening::derive(asset, value, &key(number)) }
    }

    pub(crate) fn note(&self) -> NewNote<'_> {
        NewNote { owner: self.owner, leaf: self.leaf, opening: &self.opening }
    }
}

impl Held {
    pub(crate) fn spend(&self) -> Spend<'_> {
        Spend { note: self.note, owner: &self.owner, blind: self.blind, opening: &self.opening }
    }
}

const MADE: &str = "an honest owner's movement holds";

impl Purse {
    fn new() -> Self {
        let mut purse = Self { book: Book::default(), held: Vec::new(), honest: Vec::new() };
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        for (number, asset) in ASSETS.iter().enumerate() {
            let terms = AssetTerms { issuer: Some(issuer(number).public()), engine: ENGINE };
            purse.book.add_asset(*asset, terms);
        }
        let [first @ .., last] = HELD;
        let held = purse.issue(0, &first, &mut rng);
        let other = purse.issue(1, &[last], &mut rng);
        purse.spend(0, &held, &mut rng);
        purse.spend(1, &other, &mut rng);
        purse.owe(&held, &mut rng);
        purse.held = held.into_iter().chain(other).collect();
        purse
    }

    fn issue(&mut self, asset: usize, values: &[u64], rng: &mut ChaCha20Rng) -> Vec<Held> {
        let id = ASSETS[asset];
        let first = if asset == 0 { 10 } else { 20 };
        let made: Vec<Made> =
            (first..).zip(values).map(|(number, value)| Made::new(&id, *value, number)).collect();
        let notes: Vec<NewNote<'_>> = made.iter().map(Made::note).collect();
        let issue = Issue::new(&PLACE, id, ENGINE, &notes, &issuer(asset), rng).expect(MADE);
        let effects = issue.verify(&PLACE, &self.book).expect(MADE);
        self.honest.push(Movement::Issue(issue));
        let transaction = TransactionDigest([first; 32]);
        self.book.apply(&effects, &CHANNEL, &transaction, 0).expect(MADE);
        let ids = effects.notes(&CHANNEL, &transaction, 0).map(|(id, _)| id);
        let held = |((note, number), value): ((NoteId, u8), &u64)| Held {
            note,
            owner: owner(number),
            blind: OwnerBlind::derive(&key(number)),
            opening: Opening::derive(&id, *value, &key(number)),
        };
        ids.zip(first..).zip(values).map(held).collect()
    }

    /// A transfer of the first note into two, and a redemption of a part of it.
    fn spend(&mut self, asset: usize, held: &[Held], rng: &mut ChaCha20Rng) {
        let id = ASSETS[asset];
        let total = if asset == 0 { 1000 } else { 77 };
        let spends: Vec<Spend<'_>> = held.iter().take(1).map(Held::spend).collect();
        let (part, rest) = (Made::new(&id, 7, 30), Made::new(&id, total - 7, 31));
        let notes = [part.note(), rest.note()];
        let transfer = Transfer::new(&PLACE, id, ENGINE, &spends, &notes, rng).expect(MADE);
        self.honest.push(Movement::Transfer(transfer));
        let redeemed = (&part.opening, part.leaf);
        let unsigned =
            UnsignedRedemption::new(&PLACE, id, ENGINE, &spends, &[rest.note()], redeemed, rng).expect(MADE);
        self.honest.push(Movement::Redeem(Box::new(unsigned.sign(&PLACE, &issuer(asset)))));
    }

    /// Three members owe each other; that is netted, or one of them pays.
    fn owe(&mut self, held: &[Held], rng: &mut ChaCha20Rng) {
        let (place, of) = (&PLACE, (ASSETS[0], ENGINE));
        let made = debts(&OWED, 40);
        let oblige = Oblige::new(place, of, DAY, &new(&OWED, &made), rng).expect(MADE);
        let movement = Movement::Oblige(Box::new(oblige));
        let effects = movement.check(place, &self.book).and_then(|checked| checked.verify()).expect(MADE);
        let transaction = TransactionDigest([40; 32]);
        self.book.apply(&effects, &CHANNEL, &transaction, 0).expect(MADE);
        let ids: Vec<ObligationId> =
            effects.obligations(&CHANNEL, &transaction, 0).map(|(id, _)| id).collect();
        let taken = ids.iter().zip(&OWED).zip(&made).map(|((id, (payer, payee, _)), made)| Owed {
            id: *id,
            payer: MemberId([*payer; 32]),
            payee: MemberId([*payee; 32]),
            opening: &made.opening,
        });
        let netted = debts(&NETTED, 50);
        let taken: Vec<_> = taken.collect();
        let net = Net::new(place, of, DAY, &taken, &new(&NETTED, &netted), rng).expect(MADE);
        let spends: Vec<Spend<'_>> = held.iter().take(1).map(Held::spend).collect();
        let rest = Made::new(&ASSETS[0], 1000 - OWED[0].2, 60);
        let notes = [made[0].note(), rest.note()];
        let paid = Discharge::new(place, of, ids[0], &spends, &notes, rng).expect(MADE);
        let ended = [Movement::Net(Box::new(net)), Movement::Discharge(Box::new(paid))];
        self.honest.push(movement);
        self.honest.extend(ended);
    }
}

fn debts(owed: &[(u8, u8, u64)], first: u8) -> Vec<Made> {
    (first..).zip(owed).map(|(number, (.., value))| Made::new(&ASSETS[0], *value, number)).collect()
}

fn new<'a>(owed: &[(u8, u8, u64)], made: &'a [Made]) -> Vec<NewObligation<'a>> {
    let one = |((payer, payee, _), made): (&(u8, u8, u64), &'a Made)| NewObligation {
        payer: MemberId([*payer; 32]),
        payee: MemberId([*payee; 32]),
        note: made.note(),
    };
    owed.iter().zip(made).map(one).collect()
}

/// A movement of any bytes: only the very movements that the owners of the keys have made are accepted, and
/// a proof gets the same answer alone and beside a good one.
pub fn movement(input: &[u8]) -> Reached {
    let Ok(movement) = decode::<Movement>("movement", input, TRANSACTION_BYTES_MAX) else {
        return Reached::Door;
    };
    assert_eq!(encode(&movement), input, "two encodings of one movement");
    let Ok(checked) = movement.check(&PLACE, &PURSE.book) else { return Reached::Inside };
    let alone: Result<Effects, _> = checked.verify();
    let good = PURSE.honest.first().expect("somebody has issued");
    let together = [good, &movement].map(|movement| movement.check(&PLACE, &PURSE.book).expect("as before"));
    let together = verify_all(together.into());
    assert!(matches!(together.first(), Some(Ok(_))), "a bad proof spoils a good one");
    assert_eq!(together.get(1).map(Result::is_ok), Some(alone.is_ok()), "alone and together differ");
    if alone.is_err() {
        return Reached::Inside;
    }
    assert!(PURSE.honest.contains(&movement), "somebody moves notes without their owner or issuer");
    Reached::Through
}
