//! Notes of a draft: proven when it is sealed, because blindings come from the keys of the sealed amounts.
//!
//! A draft that is sealed again has other field keys, so other commitments, and is proven again.

use std::sync::Arc;

use parclose_amounts::{
    Hold, Issue, Lock, Movement, NewNote, Opening, OwnerBlind, OwnerCommitment, OwnerKey, Place, RangeEngine,
    Spend, Transfer, UnsignedRedemption,
};
use parclose_keys::FieldKey;
use parclose_types::{AssetId, DealId, Height, NoteId, PublicKey};
use rand_core::CryptoRng;

use super::{Draft, DraftInvalid, DraftOperation, Sealer};
use crate::body::{Body, Operation};
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
            | Self::Lock { asset, .. } => *asset,
        }
    }

    fn owners(&self) -> &[PublicKey] {
        match self {
            Self::Issue { owners, .. }
            | Self::Transfer { owners, .. }
            | Self::Redeem { owners, .. }
            | Self::Lock { owners, .. } => owners,
        }
    }

    fn spends(&self) -> Vec<Spend<'_>> {
        match self {
            Self::Issue { .. } => Vec::new(),
            Self::Transfer { spends, .. } | Self::Redeem { spends, .. } | Self::Lock { spends, .. } => {
                spends.iter().map(|spend| spend.spend()).collect()
            }
        }
    }

    /// Roles of the records that stand for what it makes and redeems, in order.
    fn roles(&self) -> impl Iterator<Item = ValueRole> {
        let redeems = matches!(self, Self::Redeem { .. });
        let notes = std::iter::repeat_n(ValueRole::Note, self.owners().len());
        notes.chain(redeems.then_some(ValueRole::Redemption))
    }
}

/// A sealed amount: of a note, or redeemed.
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
            let made: Vec<Carrier> = carriers.by_ref().take(movement.roles().count()).collect();
            movements.push(self.prove(movement, &made, &body.place(), rng)?);
        }
        Ok(movements)
    }

    /// The amounts of all records that stand for one, in order.
    fn carriers(&self, draft: &Draft, body: &Body) -> Result<Vec<(ValueRole, Carrier)>, DraftInvalid> {
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
    ) -> Result<Option<(ValueRole, Carrier)>, DraftInvalid> {
        let record_type = self.desk.record_type(&draft.record_type)?;
        let field = record_type.quantity_field();
        let (Some(role), Some(field)) = (record_type.value, field) else { return Ok(None) };
        let entry = sealed.fields.iter().find(|entry| entry.field == field.id);
        let (Some(entry), Some(FieldValue::Quantity(value))) = (entry, draft.fields.get(&field.name)) else {
            return Ok(None);
        };
        let place = self.place(record_type, &draft.record, field, entry.audience);
        let key = self.key(&place, &place.context(), &field.name)?;
        Ok(Some((role, Carrier { leaf: entry.leaf, value: *value, key })))
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
        let notes: Vec<NewNote<'_>> = movement
            .owners()
            .iter()
            .zip(made)
            .zip(&openings)
            .map(|((owner, carrier), opening)| NewNote {
                owner: carrier.owner(owner),
                leaf: carrier.leaf,
                opening,
            })
            .collect();
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
        })
    }
}
