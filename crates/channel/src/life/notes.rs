//! Notes of assets that have a life: issued and redeemed by steps, moved as the state allows.

use std::collections::{BTreeMap, BTreeSet};

use parclose_amounts::Movement;
use parclose_transaction::definition::{DueGuard, Holds, Outstanding, RecordType, Transfers};
use parclose_transaction::{Body, Operation};
use parclose_types::{AssetId, KeyedTag, MemberId, RecordId};

use super::{LifeConflict, Taken, allows};
use crate::claims::TagConflict;
use crate::obligations::ObligationRefused;
use crate::process::{Execution, Stop};
use crate::prove::ProvenTransaction;

/// What the movements of a transaction do with notes of one asset.
#[derive(Default)]
struct Moves {
    issues: usize,
    transfers: usize,
    redemptions: usize,
    owed: usize,
    spent: u64,
}

impl Moves {
    fn of(body: &Body, asset: &AssetId) -> Self {
        let mut moves = Self::default();
        for movement in body.movements.iter().filter(|movement| movement.asset() == *asset) {
            let count = match movement {
                Movement::Issue(_) => &mut moves.issues,
                Movement::Transfer(_) | Movement::Lock(_) => &mut moves.transfers,
                Movement::Redeem(_) => &mut moves.redemptions,
                Movement::Oblige(_) | Movement::Net(_) | Movement::Discharge(_) => &mut moves.owed,
            };
            *count = count.saturating_add(1);
            moves.spent = moves.spent.saturating_add(movement.inputs().len() as u64);
        }
        moves
    }
}

/// An asset as a transaction meets it, or makes it.
struct Met<'a> {
    record_type: &'a RecordType,
    parties: Vec<(u8, MemberId)>,
    /// `None` if the transaction makes it
    state: Option<String>,
    due: Option<parclose_transaction::Day>,
    tag: Option<KeyedTag>,
}

impl Met<'_> {
    fn issuer(&self) -> Option<MemberId> {
        in_slot(self.record_type, self.record_type.issuer_slot(), &self.parties)
    }

    /// Whether somebody is one of the parties of which the asset's tag is made.
    fn is_of_its_tag(&self, member: Option<MemberId>) -> bool {
        let by = self.record_type.lifecycle.as_ref().and_then(|life| life.tag.as_ref());
        let slots = by.into_iter().flat_map(|by| &by.slots);
        let mut parties = slots.map(|slot| in_slot(self.record_type, slot, &self.parties));
        member.is_some() && parties.any(|party| party == member)
    }
}

impl Execution<'_> {
    /// What a step asks of the notes of its record.
    ///
    /// # Rules
    ///
    /// > LIF-06: notes of an asset with a life cycle are issued once, together with a step that issues, and redeemed only together with a step that redeems; such a step is not taken without.
    /// > LIF-08: the state counts the unspent notes of each asset, and a step that demands that none or some are left is taken only if so it is after its transaction.
    /// > LIF-09: a step that demands a holder is taken only in a transaction that spends a note of the asset, or every one.
    pub(super) fn check_step_notes(&self, tx: &ProvenTransaction, taken: &Taken<'_>) -> Result<(), Stop> {
        let step = taken.step;
        if !step.issues && !step.redeems && step.outstanding.is_none() && step.holds.is_none() {
            return Ok(());
        }
        let asset = AssetId(taken.operation.record.0);
        let moves = Moves::of(tx.transaction.body(), &asset);
        let before = self.circulating(&asset)?;
        let issued_once = moves.issues == 1 && before.is_none();
        if (step.issues && !issued_once) || (step.redeems && moves.redemptions == 0) {
            return Err(LifeConflict::Unaccompanied.into());
        }
        let held = before.map_or(0, |row| row.notes);
        let left = tx.moved.notes_left(&asset).unwrap_or(held);
        if let Some(outstanding) = step.outstanding
            && (outstanding == Outstanding::None) != (left == 0)
        {
            let none = outstanding == Outstanding::None;
            return Err(LifeConflict::Outstanding { step: step.name.clone(), none }.into());
        }
        let shown = match step.holds {
            None => true,
            Some(Holds::Some) => moves.spent > 0,
            Some(Holds::All) => moves.spent > 0 && moves.spent == held,
        };
        if shown {
            Ok(())
        } else {
            let all = step.holds == Some(Holds::All);
            Err(LifeConflict::NotHolder { step: step.name.clone(), all }.into())
        }
    }

    /// What movements may do with notes of assets that have a life, in the state that they meet.
    ///
    /// # Rules
    ///
    /// > LIF-07: notes of such an asset are transferred only as the state allows that the transaction meets: not at all, to the issuer and back to whoever moves them, or to whomever.
    /// > OBL-03: what has a life cycle is not owed: no obligation, netting or payment of one is in such an asset.
    /// > TAG-04: until the root chain holds its record's tag for the channel, notes of an asset whose life cycle has a tag are issued to the parties of which the tag is made, and go to the issuer, and back to whoever moves them, and to nobody else.
    /// > LIF-11: the record of such a note names the asset's issuer in the slot that is called as the asset's own slot of its issuer.
    pub(super) fn check_movements(
        &self,
        tx: &ProvenTransaction,
        taken: &BTreeMap<RecordId, Taken<'_>>,
        author: MemberId,
    ) -> Result<(), Stop> {
        let body = tx.transaction.body();
        let in_force = self.in_force.clone();
        let assets: BTreeSet<AssetId> = body.movements.iter().map(Movement::asset).collect();
        for asset in assets {
            let Some(met) = self.met(body, &in_force.definition, &asset)? else { continue };
            let moves = Moves::of(body, &asset);
            if moves.owed > 0 {
                return Err(ObligationRefused::Lives.into());
            }
            let step = taken.get(&RecordId(asset.0)).map(|taken| taken.step);
            let comes =
                |allows: fn(&parclose_transaction::definition::Step) -> bool| step.is_some_and(allows);
            if (moves.issues > 0 && !comes(|step| step.issues))
                || (moves.redemptions > 0 && !comes(|step| step.redeems))
            {
                return Err(LifeConflict::Unaccompanied.into());
            }
            let transfers = self.transfers(&met)?;
            let is_claimed = self.is_claimed(met.record_type, met.tag, &asset);
            let frozen = || LifeConflict::Frozen { state: met.state.clone().unwrap_or_default(), transfers };
            if moves.transfers > 0 && transfers == Transfers::None {
                return Err(frozen().into());
            }
            for record in tx.moved.records_of(asset) {
                let operation = body.operations.iter().find(|operation| operation.record == record);
                let Some(operation) = operation else { continue };
                let note_type = in_force.definition.record(operation.record_type);
                let held_by = |slot: &str| in_slot(note_type?, slot, &operation.parties);
                let names_debtor = note_type.is_none_or(|known| {
                    known.slot_index(met.record_type.issuer_slot()).is_none()
                        || held_by(met.record_type.issuer_slot()) == met.issuer()
                });
                if !names_debtor {
                    return Err(LifeConflict::OtherIssuer.into());
                }
                let holder = held_by("holder");
                let back = holder == Some(author) || holder == met.issuer();
                if moves.issues == 0 && !back && transfers != Transfers::Free {
                    return Err(frozen().into());
                }
                let may = if moves.issues > 0 { met.is_of_its_tag(holder) } else { back };
                if !may && !is_claimed {
                    return Err(TagConflict::NotHeld.into());
                }
            }
        }
        Ok(())
    }

    /// How notes move in the state and on the day.
    fn transfers(&self, met: &Met<'_>) -> Result<Transfers, Stop> {
        let life = met.record_type.lifecycle.as_ref();
        let state = met.state.as_ref().zip(life).and_then(|(name, life)| life.state(name));
        let transfers = state.map_or(Transfers::None, |state| state.transfers);
        if transfers != Transfers::UntilDue {
            return Ok(transfers);
        }
        let before = match (self.business_day()?, met.due) {
            (Some(today), Some(due)) => allows(DueGuard::Before, today, due),
            _ => false,
        };
        Ok(if before { Transfers::Free } else { Transfers::ToIssuer })
    }

    /// An asset with a life; `None` for one without, which moves freely.
    fn met<'d>(
        &self,
        body: &Body,
        definition: &'d parclose_transaction::Definition,
        asset: &AssetId,
    ) -> Result<Option<Met<'d>>, Stop> {
        let record = RecordId(asset.0);
        let met = match self.current(&record)? {
            Some(row) => (row.record_type, row.parties, row.status, row.day, row.keyed_tag),
            None => match made_by(body, &record) {
                Some(made) => (made.record_type, made.parties.clone(), None, made.day, made.keyed_tag),
                None => return Ok(None),
            },
        };
        let (number, parties, state, due, tag) = met;
        // What a step claims in this very transaction is not held yet.
        let claimed = body.operations.iter().find(|step| step.record == record);
        let tag = claimed.and_then(|step| step.keyed_tag).or(tag);
        let record_type = definition.record(number).filter(|known| known.lifecycle.is_some());
        Ok(record_type.map(|record_type| Met { record_type, parties, state, due, tag }))
    }
}

/// The operation by which a transaction makes a record.
pub(crate) fn made_by<'b>(body: &'b Body, record: &RecordId) -> Option<&'b Operation> {
    body.operations.iter().find(|made| made.record == *record && made.version == 1)
}

fn in_slot(record_type: &RecordType, slot: &str, parties: &[(u8, MemberId)]) -> Option<MemberId> {
    let index = record_type.slot_index(slot)?;
    parties.iter().find(|(at, _)| *at == index).map(|(_, member)| *member)
}
