//! What the caller knows of notes and assets, and what a verified operation changes.
//!
//! The channel's state implements [`Ledger`]; [`Book`] is one in memory, for tools and tests. Nothing
//! here decides an order: two operations may be verified against the same notes, and the second one is
//! refused when its effects are applied.

use std::collections::BTreeMap;

use parclose_types::{AssetId, ChannelId, DealId, NoteId, ObligationId, PublicKey, TransactionDigest};

use crate::asset::RangeEngine;
use crate::invalid::{Invalid, NotOwed, NotSpendable};
use crate::lock::{HeldNote, Hold};
use crate::note::{NoteOutput, UnspentNote};
use crate::obligation::Obligation;
use crate::supply::{Supply, SupplyChange};

/// What a channel says of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetTerms {
    /// who makes its notes, and takes them back; nobody, once its issuer has left
    pub issuer: Option<PublicKey>,
    /// the proof system of its range proofs
    pub engine: RangeEngine,
}

/// The notes and assets against which an operation is verified.
pub trait Ledger {
    /// A note that is there and not spent.
    fn unspent(&self, note: &NoteId) -> Option<UnspentNote>;

    /// The terms of an asset.
    fn terms(&self, asset: &AssetId) -> Option<AssetTerms>;

    /// An obligation that is there, neither netted nor paid.
    fn obligation(&self, obligation: &ObligationId) -> Option<Obligation>;
}

/// What a verified operation changes. Only verification makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "effects that are not applied change nothing"]
pub struct Effects {
    pub(crate) asset: AssetId,
    pub(crate) spent: Vec<NoteId>,
    pub(crate) made: Vec<NoteOutput>,
    pub(crate) hold: Option<Hold>,
    pub(crate) supply: SupplyChange,
    pub(crate) ended: Vec<ObligationId>,
    pub(crate) owed: Vec<Obligation>,
}

impl Effects {
    pub(crate) const fn nothing(asset: AssetId) -> Self {
        Self {
            asset,
            spent: Vec::new(),
            made: Vec::new(),
            hold: None,
            supply: SupplyChange::None,
            ended: Vec::new(),
            owed: Vec::new(),
        }
    }

    /// The asset of everything in it.
    #[must_use]
    pub const fn asset(&self) -> AssetId {
        self.asset
    }

    /// The notes that are spent.
    #[must_use]
    pub fn spent(&self) -> &[NoteId] {
        &self.spent
    }

    /// The notes that are made, one that is held first among them.
    #[must_use]
    pub fn made(&self) -> &[NoteOutput] {
        &self.made
    }

    /// What becomes of the amount in circulation.
    #[must_use]
    pub const fn supply(&self) -> SupplyChange {
        self.supply
    }

    /// The new notes that can be spent, with their ids; `first` is the number of notes that earlier operations of the transaction make.
    pub fn notes<'a>(
        &'a self,
        channel: &'a ChannelId,
        transaction: &'a TransactionDigest,
        first: u32,
    ) -> impl Iterator<Item = (NoteId, UnspentNote)> + 'a {
        let held = usize::from(self.hold.is_some());
        (first..).zip(&self.made).skip(held).map(|(index, output)| {
            let note = UnspentNote { asset: self.asset, commitment: output.commitment, owner: output.owner };
            (output.id(channel, transaction, index), note)
        })
    }

    /// The obligations that are there no more: netted, or paid.
    #[must_use]
    pub fn ended(&self) -> &[ObligationId] {
        &self.ended
    }

    /// The new obligations, with their ids; `first` is the number of obligations that earlier operations of the transaction make.
    pub fn obligations<'a>(
        &'a self,
        channel: &'a ChannelId,
        transaction: &'a TransactionDigest,
        first: u32,
    ) -> impl Iterator<Item = (ObligationId, Obligation)> + 'a {
        (first..).zip(&self.owed).map(|(index, owed)| (owed.id(channel, transaction, index), *owed))
    }

    /// The note that is held, if one is; `first` as above.
    #[must_use]
    pub fn held(&self, channel: &ChannelId, transaction: &TransactionDigest, first: u32) -> Option<HeldNote> {
        let (hold, output) = self.hold.zip(self.made.first())?;
        Some(HeldNote::new(hold, self.asset, *output, (channel, transaction, first)))
    }
}

/// Notes, assets, supplies and obligations in memory.
#[derive(Clone, Debug, Default)]
pub struct Book {
    notes: BTreeMap<NoteId, UnspentNote>,
    assets: BTreeMap<AssetId, (AssetTerms, Option<Supply>)>,
    held: BTreeMap<(DealId, u8), HeldNote>,
    owed: BTreeMap<ObligationId, Obligation>,
}

impl Book {
    /// Adds an asset of which nothing circulates.
    pub fn add_asset(&mut self, asset: AssetId, terms: AssetTerms) {
        self.assets.entry(asset).or_insert((terms, None));
    }

    /// The amount of an asset in circulation.
    #[must_use]
    pub fn supply(&self, asset: &AssetId) -> Option<Supply> {
        self.assets.get(asset).map(|(_, supply)| supply.unwrap_or_else(Supply::nothing))
    }

    /// The notes that can be spent.
    pub fn notes(&self) -> impl Iterator<Item = (&NoteId, &UnspentNote)> {
        self.notes.iter()
    }

    /// Applies what an operation of a transaction changes, all of it or, if a note is gone by now, nothing.
    pub fn apply(
        &mut self,
        effects: &Effects,
        channel: &ChannelId,
        transaction: &TransactionDigest,
        first: u32,
    ) -> Result<(), Invalid> {
        if let Some(gone) = effects.spent.iter().find(|note| !self.notes.contains_key(note)) {
            return Err(NotSpendable::NotUnspent { note: *gone }.into());
        }
        if let Some(gone) = effects.ended.iter().find(|ended| !self.owed.contains_key(ended)) {
            return Err(NotOwed::Unknown { obligation: *gone }.into());
        }
        let (_, supply) = self.assets.get_mut(&effects.asset).ok_or(NotSpendable::UnknownAsset)?;
        *supply = Some(supply.unwrap_or_else(Supply::nothing).after(effects.supply));
        for note in &effects.spent {
            self.notes.remove(note);
        }
        self.notes.extend(effects.notes(channel, transaction, first));
        let held = effects.held(channel, transaction, first);
        self.held.extend(held.map(|held| ((held.hold.deal, held.hold.leg), held)));
        self.owed.retain(|id, _| !effects.ended.contains(id));
        self.owed.extend(effects.obligations(channel, transaction, first));
        Ok(())
    }

    /// The obligations that there are.
    pub fn obligations(&self) -> impl Iterator<Item = (&ObligationId, &Obligation)> {
        self.owed.iter()
    }

    /// The notes that are held.
    pub fn held(&self) -> impl Iterator<Item = &HeldNote> {
        self.held.values()
    }

    /// Gives a note that is held for a deal to the one owner or the other; `None` if none is.
    pub fn decide(&mut self, deal: DealId, leg: u8, committed: bool) -> Option<NoteId> {
        let held = self.held.remove(&(deal, leg))?;
        let (id, note) = if committed { held.forward } else { held.back };
        self.notes.insert(id, note);
        Some(id)
    }
}

impl Ledger for Book {
    fn unspent(&self, note: &NoteId) -> Option<UnspentNote> {
        self.notes.get(note).copied()
    }

    fn terms(&self, asset: &AssetId) -> Option<AssetTerms> {
        self.assets.get(asset).map(|(terms, _)| *terms)
    }

    fn obligation(&self, obligation: &ObligationId) -> Option<Obligation> {
        self.owed.get(obligation).copied()
    }
}
