//! Notes of a draft: proven when it is sealed, because blindings come from the keys of the sealed amounts.
//!
//! A draft that is sealed again has other field keys, so other commitments, and is proven again.

use std::sync::Arc;

use parclose_amounts::{
    Discharge, Hold, Issue, Lock, Movement, Net, NewNote, NewObligation, Oblige, Opening, OwnerBlind,
    OwnerCommitment, OwnerKey, Place, RangeEngine, Spend, Transfer, UnsignedRedemption,
};
use parclose_keys::FieldKey;
use parclose_types::{AssetId, DealId, Height, NoteId, PublicKey};
use rand_core::CryptoRng;

use super::owed::{DraftDebt, DraftOwed};
use super::{Draft, DraftInvalid, DraftOperation, Sealer};
use crate::body::{Body, Operation};
use crate::day::Day;
use crate::definition::ValueRole;
use crate::value::FieldValue;

/// A note to spend, with what its owner knows of it.
#[derive(Debug)]
pub struct DraftSpend {
    /// the note
    pub note: NoteId,
    /// its owner's key
    pub owner: OwnerKey,
    /// what blinded the owner commitment
    pub blind: OwnerBlind,
    /// what its amount commitment opens to
    pub opening: Opening,
}

impl DraftSpend {
    fn spend(&self) -> Spend<'_> {
        Spend { note: self.note, owner: &self.owner, blind: self.blind, opening: &self.opening }
    }
}

/// What a member wants to do with notes of one asset. The amounts are those of the draft's records.
#[derive(Clone, Debug)]
pub enum DraftMovement {
    /// makes notes, as the asset's issuer
    Issue {
        /// of which asset
        asset: AssetId,
        /// keys of the new notes' owners
        owners: Vec<PublicKey>,
    },
    /// spends notes into others
    Transfer {
        /// of which asset
        asset: AssetId,
        /// what is spent
        spends: Vec<Arc<DraftSpend>>,
        /// keys of the new notes' owners
        owners: Vec<PublicKey>,
    },
    /// takes notes out of circulation, as the asset's issuer and their owner
    Redeem {
        /// of which asset
        asset: AssetId,
        /// what is spent
        spends: Vec<Arc<DraftSpend>>,
        /// keys of the owners of the rest
        owners: Vec<PublicKey>,
    },
    /// spends notes into others, the first of which is held for a deal
    Lock {
        /// of which asset
        asset: AssetId,
        /// what is spent
        spends: Vec<Arc<DraftSpend>>,
        /// keys of the new notes' owners
        owners: Vec<PublicKey>,
        /// for what, and who gets it back
        hold: DraftHold,
    },
    /// says what the author owes
    Oblige {
        /// in which asset
        asset: AssetId,
        /// on which day
        day: Day,
        /// whom, and to which key
        debts: Vec<DraftDebt>,
    },
    /// puts obligations in the place of others that come to the same for every member
    Net {
        /// in which asset
        asset: AssetId,
        /// due on which day
        day: Day,
        /// what is netted
        taken: Vec<Arc<DraftOwed>>,
        /// who owes whom then, and to which key
        debts: Vec<DraftDebt>,
    },
    /// pays an obligation
    Discharge {
        /// in which asset
        asset: AssetId,
        /// what is paid
        owed: Arc<DraftOwed>,
        /// what is spent
        spends: Vec<Arc<DraftSpend>>,
        /// keys of the owners of the rest
        owners: Vec<PublicKey>,
    },
}

/// For what a note is to be held.
#[derive(Clone, Copy, Debug)]
pub struct DraftHold {
    /// the deal
    pub deal: DealId,
    /// which of its legs
    pub leg: u8,
    /// where locking ends
    pub allocate_before: Height,
    /// where settling ends
    pub settle_before: Height,
    /// key of whoever gets the note back
    pub back: PublicKey,
}

impl DraftMovement {
    fn asset(&self) -> AssetId {
        match self {
            Self::Issue { asset, .. }
            | Self::Transfer { asset, .. }
            | Self::Redeem { asset, .. }
            | Self::Lock { asset, .. }
            | Self::Oblige { asset, .. }
            | Self::Net { asset, .. }
            | Self::Discharge { asset, .. } => *asset,
        }
    }

    fn owners(&self) -> &[PublicKey] {
        match self {
            Self::Issue { owners, .. }
            | Self::Transfer { owners, .. }
            | Self::Redeem { owners, .. }
            | Self::Lock { owners, .. }
            | Self::Discharge { owners, .. } => owners,
            Self::Oblige { .. } | Self::Net { .. } => &[],
        }
    }

    fn debts(&self) -> &[DraftDebt] {
        match self {
            Self::Oblige { debts, .. } | Self::Net { debts, .. } => debts,
            _ => &[],
        }
    }

    fn spends(&self) -> Vec<Spend<'_>> {
        match self {
            Self::Issue { .. } | Self::Oblige { .. } | Self::Net { .. } => Vec::new(),
            Self::Transfer { spends, .. }
            | Self::Redeem { spends, .. }
            | Self::Lock { spends, .. }
            | Self::Discharge { spends, .. } => spends.iter().map(|spend| spend.spend()).collect(),
        }
    }

    /// Roles of the records that stand for what it does, makes and redeems, in order.
    fn roles(&self) -> impl Iterator<Item = ValueRole> {
        let own = match self {
            Self::Net { .. } => Some(ValueRole::Netting),
            Self::Discharge { .. } => Some(ValueRole::Discharge),
            _ => None,
        };
        let redeems = matches!(self, Self::Redeem { .. });
        let owed = std::iter::repeat_n(ValueRole::Obligation, self.debts().len());
        let notes = std::iter::repeat_n(ValueRole::Note, self.owners().len());
        own.into_iter().chain(owed).chain(notes).chain(redeems.then_some(ValueRole::Redemption))
    }
}

/// A sealed amount: of a note, redeemed, or owed.
struct Carrier {
    leaf: [u8; 32],
    value: u64,
    key: FieldKey,
}

impl Carrier {
    fn opening(&self, asset: &AssetId) -> Opening {
        Opening::derive(asset, self.value, self.key.secret())
    }

    fn owner(&self, key: &PublicKey) -> OwnerCommitment {
        OwnerCommitment::new(key, &OwnerBlind::derive(self.key.secret()))
    }
}

impl Sealer<'_> {
    /// Proves the movements of a draft whose operations are sealed (DRA-07).
    pub(super) fn movements(
        &self,
        draft: &Draft,
        body: &Body,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<Movement>, DraftInvalid> {
        let carriers = self.carriers(draft, body)?;
        let needed: Vec<ValueRole> = draft.movements.iter().flat_map(DraftMovement::roles).collect();
        if !needed.iter().eq(carriers.iter().map(|(role, _)| role)) {
            return Err(DraftInvalid::Unpaired { notes: needed.len(), records: carriers.len() });
        }
        let mut carriers = carriers.into_iter().map(|(_, carrier)| carrier);
        let mut movements = Vec::with_capacity(draft.movements.len());
        for movement in &draft.movements {
            let made: Vec<Carrier> = carriers.by_ref().take(movement.roles().count()).flatten().collect();
            movements.push(self.prove(movement, &made, &body.place(), rng)?);
        }
        Ok(movements)
    }

    /// The records that stand for something that a movement does, in order, with their amount where they have one.
    fn carriers(
        &self,
        draft: &Draft,
        body: &Body,
    ) -> Result<Vec<(ValueRole, Option<Carrier>)>, DraftInvalid> {
        let mut carriers = Vec::new();
        for (operation, sealed) in draft.operations.iter().zip(&body.operations) {
            carriers.extend(self.carrier(operation, sealed)?);
        }
        Ok(carriers)
    }

    fn carrier(
        &self,
        draft: &DraftOperation,
        sealed: &Operation,
    ) -> Result<Option<(ValueRole, Option<Carrier>)>, DraftInvalid> {
        let record_type = self.desk.record_type(&draft.record_type)?;
        let role = record_type.value.filter(|role| role.comes_with_movement());
        let Some(role) = role else { return Ok(None) };
        let Some(field) = record_type.quantity_field() else { return Ok(Some((role, None))) };
        let entry = sealed.fields.iter().find(|entry| entry.field == field.id);
        let (Some(entry), Some(FieldValue::Quantity(value))) = (entry, draft.fields.get(&field.name)) else {
            return Ok(None);
        };
        let place = self.place(record_type, &draft.record, field, entry.audience);
        let key = self.key(&place, &place.context(), &field.name)?;
        Ok(Some((role, Some(Carrier { leaf: entry.leaf, value: *value, key }))))
    }

    fn prove(
        &self,
        movement: &DraftMovement,
        made: &[Carrier],
        place: &Place,
        rng: &mut impl CryptoRng,
    ) -> Result<Movement, DraftInvalid> {
        let (asset, engine) = (movement.asset(), RangeEngine::OF_FORMAT_1);
        let openings: Vec<Opening> = made.iter().map(|carrier| carrier.opening(&asset)).collect();
        let amounts = || made.iter().zip(&openings);
        let note = |owner: &PublicKey, (carrier, opening)| new_note(owner, carrier, opening);
        let notes = movement.owners().iter().zip(amounts()).map(|(owner, amount)| note(owner, amount));
        let notes: Vec<NewNote<'_>> = notes.collect();
        let debt = |(debt, amount): (&DraftDebt, _)| debt.obligation(note(&debt.key, amount));
        let debts: Vec<NewObligation<'_>> = movement.debts().iter().zip(amounts()).map(debt).collect();
        let (spends, issuer) = (movement.spends(), self.desk.author.signing_key());
        Ok(match movement {
            DraftMovement::Issue { .. } => {
                Movement::Issue(Issue::new(place, asset, engine, &notes, issuer, rng)?)
            }
            DraftMovement::Transfer { .. } => {
                Movement::Transfer(Transfer::new(place, asset, engine, &spends, &notes, rng)?)
            }
            DraftMovement::Redeem { .. } => {
                let (Some(last), Some(amount)) = (made.last(), openings.last()) else {
                    return Err(DraftInvalid::Unpaired { notes: 1, records: 0 });
                };
                let redeemed = (amount, last.leaf);
                let unsigned = UnsignedRedemption::new(place, asset, engine, &spends, &notes, redeemed, rng)?;
                Movement::Redeem(Box::new(unsigned.sign(place, issuer)))
            }
            DraftMovement::Lock { hold, .. } => {
                let first = made.first().ok_or(DraftInvalid::Unpaired { notes: 1, records: 0 })?;
                let DraftHold { deal, leg, allocate_before, settle_before, back } = *hold;
                let hold = Hold { deal, leg, allocate_before, settle_before, back: first.owner(&back) };
                let lock = Lock::new(place, (asset, engine), hold, &spends, &notes, rng)?;
                Movement::Lock(Box::new(lock))
            }
            DraftMovement::Oblige { day, .. } => {
                Movement::Oblige(Box::new(Oblige::new(place, (asset, engine), day.0, &debts, rng)?))
            }
            DraftMovement::Net { day, taken, .. } => {
                let taken: Vec<_> = taken.iter().map(|owed| owed.owed()).collect();
                Movement::Net(Box::new(Net::new(place, (asset, engine), day.0, &taken, &debts, rng)?))
            }
            DraftMovement::Discharge { owed, .. } => {
                let notes: Vec<_> = std::iter::once(owed.note()).chain(notes).collect();
                let paid = Discharge::new(place, (asset, engine), owed.id, &spends, &notes, rng)?;
                Movement::Discharge(Box::new(paid))
            }
        })
    }
}

fn new_note<'a>(owner: &PublicKey, carrier: &Carrier, opening: &'a Opening) -> NewNote<'a> {
    NewNote { owner: carrier.owner(owner), leaf: carrier.leaf, opening }
}
