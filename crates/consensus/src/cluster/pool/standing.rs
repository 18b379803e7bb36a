//! Deals that stand in the state or wait for it, by who has brought them here.
//!
//! A deal that is opened names nobody and is signed by nobody, so the chain itself cannot tell whose it is: it counts
//! them in a block, at a height and in all. Only the validator that is handed one knows from whom. So each of them keeps
//! a share of that room for everybody else. What it forgets when it starts anew, it counts anew.

use std::collections::BTreeMap;

use parclose_root::deals::{DEAL_KEPT, DEALS_MAX, DEALS_PER_BLOCK};
use parclose_types::Height;

use super::Origin;
use crate::cluster::relay::Hop;

/// However many validators there are, so many deals that somebody has handed in may stand.
const HANDED_IN_MIN: usize = 64;

/// Who brought a deal, and how.
type Way = (Origin, bool);

/// Deals by who has brought them.
#[derive(Debug, Default)]
pub(super) struct Standing {
    validators: usize,
    /// how many by `settle_before`
    brought: BTreeMap<Way, BTreeMap<Height, usize>>,
}

fn way(origin: &Origin, hop: Hop) -> Way {
    (origin.clone(), hop == Hop::HandedIn)
}

impl Standing {
    /// There are so many validators: each of them may be flooded by every other.
    pub(super) fn share_among(&mut self, validators: usize) {
        self.validators = validators;
    }

    /// Whether a deal of a `settle_before` finds room in the share of who brings it.
    ///
    /// # Rules
    ///
    /// > MEM-05: of n validators, each lets in 65536/n² deals, and at least 64, that one node has handed in to it and that stand or wait, n times as many that one has passed on to it, and 32/n, and at least one, of the same `settle_before` that one has handed in.
    pub(super) fn admits(&self, origin: &Origin, hop: Hop, settle_before: Height) -> bool {
        let validators = self.validators.max(1);
        let handed_in = (DEALS_MAX as usize / validators / validators).max(HANDED_IN_MIN);
        let (in_all, of_height) = match hop {
            Hop::HandedIn => (handed_in, (DEALS_PER_BLOCK as usize / validators).max(1)),
            Hop::Spread => (handed_in.saturating_mul(validators), usize::MAX),
        };
        let Some(brought) = self.brought.get(&way(origin, hop)) else { return true };
        let same = brought.get(&settle_before).copied().unwrap_or_default();
        same < of_height && brought.values().sum::<usize>() < in_all
    }

    pub(super) fn add(&mut self, origin: &Origin, hop: Hop, settle_before: Height) {
        let brought = self.brought.entry(way(origin, hop)).or_default();
        let count = brought.entry(settle_before).or_default();
        *count = count.saturating_add(1);
    }

    /// One that was let in is not opened after all.
    pub(super) fn remove(&mut self, origin: &Origin, hop: Hop, settle_before: Height) {
        let way = way(origin, hop);
        let Some(brought) = self.brought.get_mut(&way) else { return };
        if let Some(count) = brought.get_mut(&settle_before) {
            *count = count.saturating_sub(1);
        }
        brought.retain(|_, count| *count > 0);
        if brought.is_empty() {
            self.brought.remove(&way);
        }
    }

    /// Forgets what the state has forgotten by a height.
    pub(super) fn forget(&mut self, head: Height) {
        self.brought.retain(|_, brought| {
            brought.retain(|settle_before, _| settle_before.0.saturating_add(DEAL_KEPT) > head.0);
            !brought.is_empty()
        });
    }
}
