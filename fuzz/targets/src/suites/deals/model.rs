//! Deals in plain Rust, from chapter 06 and 14 of the specification: tags and deals are numbers, signatures are booleans.

use std::collections::BTreeSet;

/// How a model errs on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quirk {
    None,
    NoApprover,
    RefusesPrepared,
    Late,
    LastLeg,
}

/// What somebody tries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Open { deal: usize },
    Prepare { deal: usize, leg: u8, tag: usize, approved: bool, certified: bool, last_height: u64, lock: u64 },
    Refuse { deal: usize, leg: u8, tag: usize, certified: bool, last_height: u64 },
    Claim { claim: u8, tag: usize, release: bool, certified: bool, last_height: u64 },
}

/// A leg: whose, whether somebody must approve it, and whether it is prepared.
#[derive(Clone, Copy, Debug)]
pub(super) struct ModelLeg {
    tag: usize,
    approver: bool,
    prepared: bool,
}

impl ModelLeg {
    pub(super) const fn new(tag: usize, approver: bool) -> Self {
        Self { tag, approver, prepared: false }
    }
}

/// A deal that is planned, open, or decided.
#[derive(Clone, Debug)]
struct ModelDeal {
    allocate_before: u64,
    settle_before: u64,
    legs: Vec<ModelLeg>,
    opened: bool,
    committed: Option<bool>,
    bound: BTreeSet<usize>,
}

/// The whole chain, as far as deals and claims go.
pub(super) struct Model {
    height: u64,
    deals: Vec<ModelDeal>,
    channels: usize,
    /// events in the log of each channel
    events: Vec<u64>,
    claims: Vec<(u8, usize)>,
    quirk: Quirk,
}

const WINDOW: u64 = 1024;

impl Model {
    pub(super) fn new(
        height: u64,
        deals: Vec<(u64, u64, Vec<ModelLeg>)>,
        channels: usize,
        quirk: Quirk,
    ) -> Self {
        let deals = deals.into_iter().map(|(allocate_before, settle_before, legs)| ModelDeal {
            allocate_before,
            settle_before,
            legs,
            opened: false,
            committed: None,
            bound: BTreeSet::new(),
        });
        Self {
            height,
            deals: deals.collect(),
            channels,
            events: vec![1; channels],
            claims: Vec::new(),
            quirk,
        }
    }

    /// The next block: what falls due, then each act in turn; tells which of them are ordered.
    pub(super) fn block(&mut self, acts: &[Act]) -> Vec<bool> {
        self.height += 1;
        let late = u64::from(self.quirk == Quirk::Late);
        for at in 0..self.deals.len() {
            let due = self.deals[at].settle_before + late == self.height;
            if due && self.is_open(at) {
                self.decide(at, false, None);
            }
        }
        acts.iter().map(|act| self.act(act)).collect()
    }

    fn act(&mut self, act: &Act) -> bool {
        match *act {
            Act::Open { deal } => self.open(deal),
            Act::Prepare { deal, leg, tag, approved, certified, last_height, lock } => {
                let Some(at) = self.leg(deal, leg, tag) else { return false };
                let found = self.deals[deal].legs[at];
                let approves = found.approver == approved || self.quirk == Quirk::NoApprover;
                let takes = !found.prepared && approves && certified && self.is_within(last_height);
                if !takes || lock >= self.events[tag] {
                    return false;
                }
                self.prepare(deal, at, tag);
                true
            }
            Act::Refuse { deal, leg, tag, certified, last_height } => {
                let Some(at) = self.leg(deal, leg, tag) else { return false };
                let prepared = self.deals[deal].legs[at].prepared && self.quirk != Quirk::RefusesPrepared;
                if prepared || !certified || !self.is_within(last_height) {
                    return false;
                }
                self.events[tag] += 1;
                self.decide(deal, false, Some(tag));
                true
            }
            Act::Claim { claim, tag, release, certified, last_height } => {
                let holder = self.holder(claim);
                let free = if release { holder == Some(tag) } else { holder.is_none() };
                if tag >= self.channels || !free || !certified || !self.is_within(last_height) {
                    return false;
                }
                self.events[tag] += 1;
                self.claims.retain(|(held, _)| *held != claim);
                if !release {
                    self.claims.push((claim, tag));
                }
                true
            }
        }
    }

    fn open(&mut self, at: usize) -> bool {
        let (height, deal) = (self.height, &mut self.deals[at]);
        let between = deal.settle_before - deal.allocate_before;
        let right = (2..=8).contains(&deal.legs.len()) && (4..=4096).contains(&between);
        let takes = right && !deal.opened && height < deal.allocate_before;
        deal.opened |= takes;
        takes
    }

    /// The leg that a prepare or a refusal is of, if it can still be either.
    fn leg(&self, deal: usize, leg: u8, tag: usize) -> Option<usize> {
        let of = &self.deals[deal];
        let late = u64::from(self.quirk == Quirk::Late);
        let at = usize::from(leg);
        let right = of.legs.get(at).is_some_and(|found| found.tag == tag) && tag < self.channels;
        (right && self.is_open(deal) && self.height < of.settle_before + late).then_some(at)
    }

    fn prepare(&mut self, deal: usize, at: usize, tag: usize) {
        self.events[tag] += 1;
        self.deals[deal].legs[at].prepared = true;
        let legs = &self.deals[deal].legs;
        let missing = legs.iter().filter(|leg| !leg.prepared).count();
        let allowed = usize::from(self.quirk == Quirk::LastLeg);
        if missing <= allowed {
            self.decide(deal, true, None);
        }
    }

    fn decide(&mut self, at: usize, committed: bool, refuser: Option<usize>) {
        let deal = &mut self.deals[at];
        deal.committed = Some(committed);
        let prepared = deal.legs.iter().filter(|leg| leg.prepared).map(|leg| leg.tag);
        deal.bound = prepared.chain(refuser).collect();
        for tag in deal.bound.clone() {
            self.events[tag] += 1;
        }
    }

    fn is_within(&self, last_height: u64) -> bool {
        (self.height..=self.height + WINDOW).contains(&last_height)
    }

    pub(super) fn is_open(&self, at: usize) -> bool {
        self.deals[at].opened && self.deals[at].committed.is_none()
    }

    /// How a deal ended: whether it was committed.
    pub(super) fn outcome(&self, at: usize) -> Option<bool> {
        self.deals[at].committed
    }

    /// The channels that are told how a deal ended.
    pub(super) fn bound(&self, at: usize) -> &BTreeSet<usize> {
        &self.deals[at].bound
    }

    pub(super) fn holder(&self, claim: u8) -> Option<usize> {
        self.claims.iter().find(|(held, _)| *held == claim).map(|(_, tag)| *tag)
    }
}
