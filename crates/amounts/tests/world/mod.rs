//! A channel of one issuer and one holder, and every note's secrets.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "the world is set up well, or the test fails")]

use std::collections::BTreeMap;

use parclose_amounts::{
    AssetTerms, Book, Effects, Hold, Issue, Lock, NewNote, Obligation, Opening, OwnerBlind, OwnerCommitment,
    OwnerKey, Place, RangeEngine, Redemption, Spend, Transfer, UnsignedRedemption, UnspentNote,
};
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{Secret, SigningKey};
use parclose_types::{AssetId, ChannelId, Generation, Height, NoteId, ObligationId, TransactionDigest};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

pub(crate) const ASSET: AssetId = AssetId([0x11; 32]);
pub(crate) const ENGINE: RangeEngine = RangeEngine::Bulletproofs;
pub(crate) const CHANNEL: ChannelId = ChannelId([0xC0; 32]);
pub(crate) const PLACE: Place = Place {
    channel: CHANNEL,
    generation: Generation(7),
    salt_digest: [0x5B; 32],
    expiry: Height(4096),
    context: [0xC7; 32],
};

/// What the holder of a note keeps, or can derive.
pub(crate) struct Purse {
    pub(crate) value: u64,
    pub(crate) opening: Opening,
    pub(crate) owner: OwnerKey,
    pub(crate) blind: OwnerBlind,
}

impl Purse {
    pub(crate) fn new(value: u64, number: u64) -> Self {
        let mut bytes = [3; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        let key = secret_from_bytes(bytes);
        Self {
            value,
            opening: Opening::derive(&ASSET, value, &key),
            owner: OwnerKey::derive(&master(), &CHANNEL, &bytes),
            blind: OwnerBlind::derive(&key),
        }
    }

    pub(crate) fn note(&self) -> NewNote<'_> {
        let owner = OwnerCommitment::new(&self.owner.public(), &self.blind);
        NewNote { owner, leaf: [0xF1; 32], opening: &self.opening }
    }

    pub(crate) fn spend(&self, note: NoteId) -> Spend<'_> {
        Spend { note, owner: &self.owner, blind: self.blind, opening: &self.opening }
    }
}

fn master() -> Secret {
    secret_from_bytes([0x4D; 32])
}

pub(crate) fn issuer() -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes([0x99; 32]))
}

pub(crate) fn terms() -> AssetTerms {
    AssetTerms { issuer: Some(issuer().public()), engine: ENGINE }
}

pub(crate) struct World {
    pub(crate) book: Book,
    pub(crate) purses: BTreeMap<NoteId, Purse>,
    pub(crate) rng: ChaCha20Rng,
    numbers: u64,
    transactions: u8,
}

impl World {
    /// A channel in which notes of these values were issued.
    pub(crate) fn with(values: &[u64]) -> Self {
        let mut book = Book::default();
        book.add_asset(ASSET, terms());
        let rng = ChaCha20Rng::seed_from_u64(1);
        let mut world = Self { book, purses: BTreeMap::new(), rng, numbers: 0, transactions: 0 };
        for values in values.chunks(8) {
            let purses = world.new_purses(values);
            let issue = world.issue(&purses);
            let effects = issue.verify(&PLACE, &world.book).unwrap();
            world.apply(&effects, purses);
        }
        world
    }

    pub(crate) fn new_purses(&mut self, values: &[u64]) -> Vec<Purse> {
        let mut number = || {
            self.numbers += 1;
            self.numbers
        };
        values.iter().map(|value| Purse::new(*value, number())).collect()
    }

    pub(crate) fn issue(&mut self, made: &[Purse]) -> Issue {
        let made: Vec<_> = made.iter().map(Purse::note).collect();
        Issue::new(&PLACE, ASSET, ENGINE, &made, &issuer(), &mut self.rng).unwrap()
    }

    /// Spends notes into others.
    pub(crate) fn transfer(&mut self, spent: &[NoteId], made: &[Purse]) -> Transfer {
        let spends: Vec<_> = spent.iter().map(|note| self.purses[note].spend(*note)).collect();
        let made: Vec<_> = made.iter().map(Purse::note).collect();
        Transfer::new(&PLACE, ASSET, ENGINE, &spends, &made, &mut self.rng).unwrap()
    }

    /// Spends notes into others, the first of which is held.
    pub(crate) fn lock(&mut self, hold: Hold, spent: &[NoteId], made: &[Purse]) -> Lock {
        let spends: Vec<_> = spent.iter().map(|note| self.purses[note].spend(*note)).collect();
        let made: Vec<_> = made.iter().map(Purse::note).collect();
        Lock::new(&PLACE, (ASSET, ENGINE), hold, &spends, &made, &mut self.rng).unwrap()
    }

    pub(crate) fn redemption(&mut self, spent: &[NoteId], rest: &[Purse], redeemed: &Purse) -> Redemption {
        let spends: Vec<_> = spent.iter().map(|note| self.purses[note].spend(*note)).collect();
        let rest: Vec<_> = rest.iter().map(Purse::note).collect();
        let redeemed = (&redeemed.opening, [0xF2; 32]);
        let unsigned =
            UnsignedRedemption::new(&PLACE, ASSET, ENGINE, &spends, &rest, redeemed, &mut self.rng).unwrap();
        unsigned.sign(&PLACE, &issuer())
    }

    /// Applies effects as a transaction of its own.
    pub(crate) fn apply(&mut self, effects: &Effects, made: Vec<Purse>) {
        self.transactions += 1;
        let transaction = TransactionDigest([self.transactions; 32]);
        self.book.apply(effects, &CHANNEL, &transaction, 0).unwrap();
        effects.spent().iter().for_each(|note| drop(self.purses.remove(note)));
        let ids: Vec<NoteId> = effects.notes(&CHANNEL, &transaction, 0).map(|(id, _)| id).collect();
        self.purses.extend(ids.into_iter().zip(made));
    }

    /// The unspent notes, ascending.
    pub(crate) fn notes(&self) -> Vec<NoteId> {
        self.book.notes().map(|(id, _)| *id).collect()
    }

    /// A transfer of all notes into the same number of equal ones and the rest.
    pub(crate) fn any_transfer(&mut self) -> Transfer {
        let notes = self.notes();
        let total: u64 = notes.iter().map(|note| self.purses[note].value).sum();
        let made = self.new_purses(&[1, total - 1]);
        self.transfer(&notes, &made)
    }
}

/// A ledger that answers otherwise for some notes or all assets.
pub(crate) struct Altered<'a> {
    pub(crate) book: &'a Book,
    pub(crate) note: fn(UnspentNote) -> Option<UnspentNote>,
    pub(crate) terms: fn(AssetTerms) -> Option<AssetTerms>,
}

impl parclose_amounts::Ledger for Altered<'_> {
    fn unspent(&self, note: &NoteId) -> Option<UnspentNote> {
        self.book.unspent(note).and_then(self.note)
    }

    fn terms(&self, asset: &AssetId) -> Option<AssetTerms> {
        self.book.terms(asset).and_then(self.terms)
    }

    fn obligation(&self, obligation: &ObligationId) -> Option<Obligation> {
        self.book.obligation(obligation)
    }
}
