//! Random runs of deals against a model that only counts, over several channels and blocks.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::deal::{Decision, SETTLE_MIN};
use crate::fixtures::dealing::open_deal;
use crate::fixtures::{Channel, Network};
use crate::state::{RestoredRows, RootState};
use crate::transaction::{EventKind, RootTransaction};

const CHANNELS: usize = 3;
const DEALS: usize = 4;

/// What a run tries next.
#[derive(Clone, Debug)]
enum Step {
    Open { deal: usize },
    Prepare { deal: usize, leg: usize },
    Refuse { deal: usize, leg: usize },
    Close { channel: usize },
    Seal,
}

fn step() -> impl Strategy<Value = Step> {
    let (deal, leg) = (0..DEALS, 0..4_usize);
    prop_oneof![
        3 => deal.clone().prop_map(|deal| Step::Open { deal }),
        12 => (deal.clone(), leg.clone()).prop_map(|(deal, leg)| Step::Prepare { deal, leg }),
        1 => (deal, leg).prop_map(|(deal, leg)| Step::Refuse { deal, leg }),
        1 => (0..CHANNELS).prop_map(|channel| Step::Close { channel }),
        8 => Just(Step::Seal),
    ]
}

/// What is agreed on of each deal: the channels of its legs, and its heights counted from the start.
#[derive(Clone, Debug)]
struct Terms {
    legs: Vec<usize>,
    allocate: u64,
    settle: u64,
}

fn terms() -> impl Strategy<Value = Terms> {
    (proptest::collection::vec(0..CHANNELS, 2..5), 1..6_u64, 0..4_u64)
        .prop_map(|(legs, allocate, more)| Terms { legs, allocate, settle: allocate + SETTLE_MIN + more })
}

/// A deal by counting: who has prepared when, who has refused when, and nothing of how it is decided.
#[derive(Clone, Debug, Default)]
struct Counted {
    opened: Option<u64>,
    prepared: BTreeMap<usize, u64>,
    refused: Option<(usize, u64)>,
}

impl Counted {
    /// How the deal has ended after the block of a height, said without any order of events.
    fn ended(&self, terms: &Terms, height: u64) -> Option<DealOutcome> {
        self.opened?;
        if self.prepared.len() == terms.legs.len() {
            return Some(DealOutcome::Commit);
        }
        (self.refused.is_some() || height >= terms.settle).then_some(DealOutcome::Abort)
    }

    /// The channels that are told.
    fn told(&self, terms: &Terms) -> BTreeSet<usize> {
        let refused = self.refused.map(|(leg, _)| leg);
        self.prepared.keys().copied().chain(refused).map(|leg| terms.legs[leg]).collect()
    }
}

struct Run {
    network: Network,
    channels: Vec<Channel>,
    start: u64,
    terms: Vec<Terms>,
    deals: Vec<Deal>,
    counted: Vec<Counted>,
    closed: BTreeSet<usize>,
    /// decisions by channel and deal, with their heights
    decisions: BTreeMap<(usize, usize), Vec<(u64, DealOutcome)>>,
}

impl Run {
    fn new(terms: Vec<Terms>) -> Self {
        let mut network = Network::new();
        let channels: Vec<_> = (0..CHANNELS).map(|_| network.opened(1, 1)).collect();
        let start = network.state.head().height.0;
        let deals = terms.iter().map(|terms| {
            let legs: Vec<_> = terms.legs.iter().map(|leg| &channels[*leg]).collect();
            let (allocate, settle) = (Height(start + terms.allocate), Height(start + terms.settle));
            Deal { allocate_before: allocate, settle_before: settle, ..network.deal(&legs) }
        });
        let deals = deals.collect();
        let counted = vec![Counted::default(); terms.len()];
        let (closed, decisions) = (BTreeSet::new(), BTreeMap::new());
        Self { network, channels, start, terms, deals, counted, closed, decisions }
    }

    /// The height of the next block, counted from the start.
    fn next(&self) -> u64 {
        self.network.next().0 - self.start
    }

    /// A candidate, and whether the model takes it; if so, it is counted.
    fn candidate(&mut self, step: &Step) -> Option<(RootTransaction, bool)> {
        let height = self.next();
        match *step {
            Step::Open { deal } => {
                let counted = &mut self.counted[deal];
                let takes = counted.opened.is_none() && height < self.terms[deal].allocate;
                if takes {
                    counted.opened = Some(height);
                }
                Some((open_deal(&self.deals[deal]), takes))
            }
            Step::Prepare { deal, leg } => {
                let channel = *self.terms[deal].legs.get(leg)?;
                let takes = !self.closed.contains(&channel) && self.takes_leg(deal, leg, height);
                if takes {
                    self.counted[deal].prepared.insert(leg, height);
                }
                let leg = u8::try_from(leg).unwrap();
                Some((self.network.prepare(&self.channels[channel], &self.deals[deal], leg), takes))
            }
            Step::Refuse { deal, leg } => {
                let channel = *self.terms[deal].legs.get(leg)?;
                let takes = self.takes_leg(deal, leg, height);
                if takes {
                    self.counted[deal].refused = Some((leg, height));
                }
                let leg = u8::try_from(leg).unwrap();
                Some((self.network.refuse(&self.channels[channel], &self.deals[deal], leg), takes))
            }
            Step::Close { .. } | Step::Seal => None,
        }
    }

    fn takes_leg(&self, deal: usize, leg: usize, height: u64) -> bool {
        let (counted, terms) = (&self.counted[deal], &self.terms[deal]);
        counted.opened.is_some()
            && counted.ended(terms, height).is_none()
            && !counted.prepared.contains_key(&leg)
    }

    /// Closes a channel in a block of its own, so that its last event is known.
    fn close(&mut self, channel: usize) -> Result<(), TestCaseError> {
        if !self.closed.contains(&channel) {
            let height = self.next();
            let due = (0..self.deals.len()).any(|deal| {
                let (counted, terms) = (&self.counted[deal], &self.terms[deal]);
                height == terms.settle
                    && counted.opened.is_some()
                    && counted.prepared.len() < terms.legs.len()
            });
            let last = self.network.state.tag(&self.channels[channel].tag).unwrap().count - 1;
            let close = RootTransaction::Close(self.network.close(&self.channels[channel], last));
            if due {
                return self.seal(Vec::new(), &[]);
            }
            self.closed.insert(channel);
            return self.seal(vec![close], &[true]);
        }
        Ok(())
    }

    fn seal(&mut self, candidates: Vec<RootTransaction>, expected: &[bool]) -> Result<(), TestCaseError> {
        let height = self.next();
        let (block, rejected) = self.network.state.build(candidates);
        let refused: Vec<usize> = rejected.iter().map(|(index, _)| *index).collect();
        let wanted: Vec<usize> =
            expected.iter().enumerate().filter(|(_, takes)| !**takes).map(|(index, _)| index).collect();
        prop_assert_eq!(refused, wanted, "{:?}", rejected);
        let restored = restored(&self.network.state);
        let applied =
            self.network.state.apply(&block).map_err(|invalid| TestCaseError::fail(invalid.to_string()))?;
        let mut elsewhere = restored;
        prop_assert_eq!(
            elsewhere.apply(&block),
            Ok(applied.clone()),
            "a restored state makes the same of it"
        );
        for event in &applied.events {
            if let Some(RootTransaction::Decision(decision)) = event.content(&block) {
                let channel = self.channels.iter().position(|c| c.tag == event.entry.tag).unwrap();
                let deal = self.deals.iter().position(|d| d.id(&self.network.id) == decision.deal).unwrap();
                self.decisions.entry((channel, deal)).or_default().push((height, decision.outcome));
            } else {
                prop_assert_ne!(event.entry.kind, EventKind::Decision);
            }
        }
        self.compare(height)
    }

    /// The state and all logs are what the model says after a height.
    fn compare(&self, height: u64) -> Result<(), TestCaseError> {
        for (deal, (counted, terms)) in self.counted.iter().zip(&self.terms).enumerate() {
            let state = self.network.state.deal(&self.deals[deal].id(&self.network.id));
            prop_assert_eq!(state.is_some(), counted.opened.is_some());
            let ended = counted.ended(terms, height);
            prop_assert_eq!(state.and_then(DealState::outcome), ended, "deal {} at {}", deal, height);
            let told = if ended.is_some() { counted.told(terms) } else { BTreeSet::new() };
            for channel in 0..CHANNELS {
                let decisions = self.decisions.get(&(channel, deal)).map_or(&[][..], Vec::as_slice);
                prop_assert_eq!(decisions.len(), usize::from(told.contains(&channel)), "deal {}", deal);
                for (at, outcome) in decisions {
                    prop_assert_eq!(Some(*outcome), ended);
                    let last = counted.prepared.values().max().copied();
                    let when = match outcome {
                        DealOutcome::Commit => last.unwrap(),
                        DealOutcome::Abort => counted.refused.map_or(terms.settle, |(_, at)| at),
                    };
                    prop_assert_eq!(*at, when);
                    prop_assert!(*outcome == DealOutcome::Abort || *at < terms.settle);
                }
            }
        }
        Ok(())
    }
}

fn restored(state: &RootState) -> RootState {
    let rows = RestoredRows {
        head: state.head().clone(),
        history: state.history().clone(),
        validators: state.validators().clone(),
        tags: state.tags().map(|(tag, row)| (*tag, row.clone())).collect(),
        deals: state.deals().rows().clone(),
        claims: state.claims().rows().clone(),
    };
    RootState::restore(state.genesis().clone(), rows).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn roo_80_every_deal_is_decided_once_and_as_the_model_counts(
        terms in proptest::collection::vec(terms(), DEALS),
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let mut run = Run::new(terms);
        let (mut candidates, mut expected) = (Vec::new(), Vec::new());
        let end = (0..14).map(|_| Step::Seal);
        for step in steps.into_iter().chain(end) {
            match step {
                Step::Seal => run.seal(std::mem::take(&mut candidates), &std::mem::take(&mut expected))?,
                Step::Close { channel } => {
                    run.seal(std::mem::take(&mut candidates), &std::mem::take(&mut expected))?;
                    run.close(channel)?;
                }
                step => if let Some((candidate, takes)) = run.candidate(&step) {
                    candidates.push(candidate);
                    expected.push(takes);
                },
            }
        }
        for (counted, terms) in run.counted.iter().zip(&run.terms) {
            let ended = counted.ended(terms, run.next());
            prop_assert_eq!(ended.is_some(), counted.opened.is_some(), "none stays open for ever");
        }
        for ((channel, deal), decisions) in &run.decisions {
            prop_assert_eq!(decisions.len(), 1, "deal {} in channel {}", deal, channel);
            let content = Decision { deal: run.deals[*deal].id(&run.network.id), outcome: decisions[0].1 };
            prop_assert_eq!(RootTransaction::Decision(content).kind(), Some(EventKind::Decision));
        }
    }
}
