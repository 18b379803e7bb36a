//! The deals of a network as its state knows them: open ones whole, decided ones by their outcome.
//!
//! Every deal is a leaf of the state tree, so a header tells of each whether it is open, committed, aborted,
//! or not there. What is decided is kept for a while, so that anybody can show it, and then forgotten: what
//! validators remember is bounded, whatever is opened.
//!
//! ```text
//!   height       opened    ...    settle_before    ...    settle_before + 1024
//!   leaf         Open ------------> Decided ---------------------> none
//!                   \--last prepare, refusal--/
//! ```

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::state_tree::{Change, leaf_key, leaf_value};
use parclose_types::{DealId, Height, Sequence, Tag, encode};

use crate::deal::{Deal, DealOutcome, Leg};
use crate::overlay::{Changes, Overlay, apply};
use crate::reject::RootReject;

/// The name of the deals' table in the state tree.
const TABLE: &str = "deals";
/// Deals that a block opens, and deals that one height decides for want of time: so the events that follow
/// from a height alone are at most 256. A settlement system of a country settles fewer in a second.
pub const DEALS_PER_BLOCK: u32 = 32;
/// Deals that the state holds at most, open and decided: some 100 MB of a validator's memory if all of them have eight
/// legs, and room for the deals of 2000 full blocks.
pub const DEALS_MAX: u32 = 65_536;
/// Heights for which a decided deal is kept after its `settle_before`: whoever was away that long can still fetch
/// a proof of how it ended at the head.
pub const DEAL_KEPT: u64 = 1024;

/// A deal, as far as the root chain knows it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum DealState {
    /// not decided
    Open {
        /// the deal
        deal: Deal,
        /// for each leg the event of its tag's log that prepared it
        prepared: Vec<Option<Sequence>>,
    },
    /// decided
    Decided {
        /// how it ended
        outcome: DealOutcome,
        /// height of the block that decided it
        at: Height,
        /// the deal's `settle_before`
        settle_before: Height,
    },
}

impl DealState {
    pub(crate) fn opened(deal: Deal) -> Self {
        let prepared = vec![None; deal.legs.len()];
        Self::Open { deal, prepared }
    }

    /// The deal's `settle_before`.
    #[must_use]
    pub fn settle_before(&self) -> Height {
        match self {
            Self::Open { deal, .. } => deal.settle_before,
            Self::Decided { settle_before, .. } => *settle_before,
        }
    }

    /// How it ended; `None` while it is open.
    #[must_use]
    pub fn outcome(&self) -> Option<DealOutcome> {
        match self {
            Self::Open { .. } => None,
            Self::Decided { outcome, .. } => Some(*outcome),
        }
    }

    /// A leg that can be prepared or refused at a height.
    ///
    /// # Rules
    ///
    /// > ROO-73: a prepare or a refusal is of a deal that is not decided.
    /// > ROO-74: a prepare or a refusal is ordered at a height below the deal's `settle_before`.
    /// > ROO-75: a prepare or a refusal names a leg of the deal that is its tag's.
    /// > ROO-76: a leg is prepared once, and not refused after that.
    pub(crate) fn unprepared(&self, leg: u8, tag: &Tag, height: Height) -> Result<&Leg, RootReject> {
        let settle_before = self.settle_before();
        let (deal, prepared) = match self {
            Self::Decided { outcome, at, .. } if *at < settle_before => {
                return Err(RootReject::DealDecided { outcome: *outcome });
            }
            Self::Open { deal, prepared } if height < settle_before => (deal, prepared),
            _ => return Err(RootReject::DealTooLate { height, settle_before }),
        };
        let of_tag = deal.legs.get(usize::from(leg)).filter(|leg| leg.tag == *tag);
        let found = of_tag.ok_or(RootReject::LegMismatch { leg, tag: *tag })?;
        match prepared.get(usize::from(leg)) {
            Some(None) => Ok(found),
            _ => Err(RootReject::LegPrepared { leg }),
        }
    }

    fn leaf_key(deal: &DealId) -> [u8; 32] {
        leaf_key(TABLE, deal.as_ref())
    }

    fn leaf_value(&self, deal: &DealId) -> [u8; 32] {
        leaf_value(TABLE, deal.as_ref(), &encode(self))
    }
}

/// The leaf of a deal in the state tree, whether it is there or not.
pub(crate) fn leaf(deal: &DealId, state: Option<&DealState>) -> Change {
    (DealState::leaf_key(deal), state.map(|state| state.leaf_value(deal)))
}

/// All deals of the state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deals {
    rows: BTreeMap<DealId, DealState>,
    /// the same by `settle_before`: what falls due at a height, and what is forgotten later
    by_height: BTreeMap<Height, BTreeSet<DealId>>,
}

impl Deals {
    pub(crate) fn of(rows: BTreeMap<DealId, DealState>) -> Self {
        let mut by_height: BTreeMap<Height, BTreeSet<DealId>> = BTreeMap::new();
        for (deal, state) in &rows {
            by_height.entry(state.settle_before()).or_default().insert(*deal);
        }
        Self { rows, by_height }
    }

    pub(crate) fn rows(&self) -> &BTreeMap<DealId, DealState> {
        &self.rows
    }

    /// The deals of a `settle_before`.
    fn settled_before(&self, height: Height) -> impl Iterator<Item = DealId> {
        self.by_height.get(&height).into_iter().flatten().copied()
    }

    pub(crate) fn apply(&mut self, changes: &Changes<DealId, DealState>) {
        for (deal, change) in changes {
            // A deal's height never changes: what is there already stays where it is.
            match (self.rows.get(deal), change) {
                (None, Some(new)) => {
                    self.by_height.entry(new.settle_before()).or_default().insert(*deal);
                }
                (Some(old), None) => {
                    let height = old.settle_before();
                    let left = self.by_height.get_mut(&height).map(|due| {
                        due.remove(deal);
                        due.len()
                    });
                    if left == Some(0) {
                        self.by_height.remove(&height);
                    }
                }
                _ => {}
            }
        }
        apply(&mut self.rows, changes);
    }
}

/// The deals while a block is in the making.
#[derive(Debug)]
pub(crate) struct DealsAhead<'a> {
    before: &'a Deals,
    rows: Overlay<'a, DealId, DealState>,
    /// those that the block opens, by `settle_before`
    opened: BTreeMap<Height, u32>,
}

impl<'a> DealsAhead<'a> {
    /// Those of the block at a height, and which of them fall due with it.
    ///
    /// # Rules
    ///
    /// > ROO-83: a decided deal stands in the state until 1024 heights after its `settle_before`, and is forgotten then.
    pub(crate) fn at(before: &'a Deals, height: Height) -> (Self, Vec<DealId>) {
        let mut rows = Overlay::over(before.rows());
        if let Some(forgotten) = height.0.checked_sub(DEAL_KEPT) {
            before.settled_before(Height(forgotten)).for_each(|deal| rows.remove(deal));
        }
        let is_open = |deal: &DealId| before.rows().get(deal).is_some_and(|state| state.outcome().is_none());
        let due = before.settled_before(height).filter(is_open).collect();
        (Self { before, rows, opened: BTreeMap::new() }, due)
    }

    /// # Rules
    ///
    /// > ROO-72: a prepare or a refusal names a deal that stands in the state.
    pub(crate) fn get(&self, deal: &DealId) -> Result<&DealState, RootReject> {
        self.rows.get(deal).ok_or(RootReject::UnknownDeal { deal: *deal })
    }

    /// Notes the event that prepared a leg; whether it was the last one missing.
    pub(crate) fn prepare(&mut self, id: &DealId, leg: u8, event: Sequence) -> bool {
        let Some(DealState::Open { deal, prepared }) = self.rows.get(id) else { return false };
        let (deal, mut prepared) = (deal.clone(), prepared.clone());
        if let Some(place) = prepared.get_mut(usize::from(leg)) {
            *place = Some(event);
        }
        let is_whole = prepared.iter().all(Option::is_some);
        self.rows.put(*id, DealState::Open { deal, prepared });
        is_whole
    }

    /// Decides an open deal; the tags that have prepared a leg of it. `None` if it is not open.
    pub(crate) fn decide(&mut self, id: &DealId, outcome: DealOutcome, at: Height) -> Option<BTreeSet<Tag>> {
        let Some(DealState::Open { deal, prepared }) = self.rows.get(id) else { return None };
        let legs = deal.legs.iter().zip(prepared);
        let bound = legs.filter(|(_, event)| event.is_some()).map(|(leg, _)| leg.tag).collect();
        let settle_before = deal.settle_before;
        self.rows.put(*id, DealState::Decided { outcome, at, settle_before });
        Some(bound)
    }

    /// Opens a deal whose form is checked.
    ///
    /// # Rules
    ///
    /// > ROO-68: a deal is opened once.
    /// > ROO-69: a block opens at most 32 deals.
    /// > ROO-70: at most 32 deals have the same `settle_before`.
    /// > ROO-71: the state holds at most 65536 deals, open and decided ones.
    pub(crate) fn open(&mut self, id: DealId, deal: &Deal) -> Result<(), RootReject> {
        if self.rows.get(&id).is_some() {
            return Err(RootReject::DealOpenedTwice { deal: id });
        }
        let limit = DEALS_PER_BLOCK;
        if self.opened.values().sum::<u32>() >= limit {
            return Err(RootReject::BlockDeals { limit });
        }
        let height = deal.settle_before;
        let opened = self.opened.entry(height).or_default();
        let due = self.before.by_height.get(&height).map_or(0, BTreeSet::len);
        if due.saturating_add(*opened as usize) >= limit as usize {
            return Err(RootReject::HeightDeals { height, limit });
        }
        if self.rows.len() >= DEALS_MAX as usize {
            return Err(RootReject::DealsFull { limit: DEALS_MAX });
        }
        *opened = opened.saturating_add(1);
        self.rows.put(id, DealState::opened(deal.clone()));
        Ok(())
    }

    pub(crate) fn leaves(&self) -> impl Iterator<Item = Change> {
        self.rows.changes().iter().map(|(deal, state)| leaf(deal, state.as_ref()))
    }

    pub(crate) fn into_changes(self) -> Changes<DealId, DealState> {
        self.rows.into_changes()
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
