//! Blocks: determinism, refusals, restoring, and agreement with a small model of the logs.

use std::collections::BTreeMap;

use parclose_types::{Digest, Sequence};
use proptest::prelude::*;

use super::*;
use crate::fixtures::{Channel, Network};
use crate::genesis::Parameters;
use crate::tag::{chain_start, extend_chain};
use crate::transaction::EventKind;

/// What is wrong where a row is.
const ROWS: &str = "tags, deals and claims";

/// A network at height 2 and a good block of three events for height 3.
fn next_block() -> (Network, Channel, Block) {
    let mut network = Network::new();
    let channel = network.opened(3, 2);
    network.anchored(&channel, 1, 0);
    let anchor = |number| RootTransaction::Anchor(network.anchor(&channel, number, 0, 9));
    let (block, rejected) = network.state.build([anchor(2), anchor(3), network.open(2, 2).1]);
    assert_eq!((block.header.event_count, rejected.len()), (3, 0));
    (network, channel, block)
}

fn restore(state: &RootState) -> Result<RootState, NotRestored> {
    RootState::restore(state.genesis().clone(), rows(state))
}

fn rows(state: &RootState) -> RestoredRows {
    let tags = state.tags().map(|(tag, row)| (*tag, row.clone())).collect();
    let (head, history) = (state.head().clone(), state.history().clone());
    let (deals, claims) = (state.deals.rows().clone(), state.claims.rows().clone());
    RestoredRows { head, history, validators: state.validators().clone(), tags, deals, claims }
}

#[test]
fn the_same_block_applied_twice_gives_the_same_state() {
    let (network, _, block) = next_block();
    let (mut one, mut two) = (network.state.clone(), network.state);
    assert_eq!(one.apply(&block), two.apply(&block));
    assert_eq!((one.head_hash(), one.head()), (two.head_hash(), &block.header));
    assert_eq!(one.head_hash(), &block.header.hash());
}

#[test]
fn every_block_changes_the_state_root() {
    let mut network = Network::new();
    let mut roots = vec![network.state.head().state_root];
    for _ in 0..5 {
        network.order(vec![]);
        roots.push(network.state.head().state_root);
    }
    roots.sort_unstable();
    roots.dedup();
    assert_eq!(roots.len(), 6);
}

#[test]
fn roo_27_a_block_holds_at_most_4096_transactions() {
    let all = u32::try_from(parclose_types::limits::ROOT_BLOCK_TRANSACTIONS_MAX).unwrap();
    let parameters =
        Parameters { anchors_per_tag_and_block: all, unexpired_per_tag: all, ..Parameters::default() };
    let mut network = Network::with(parameters);
    let channels: Vec<_> = (0..17).map(|_| network.opened(1, 1)).collect();
    let candidates = (0..=all as usize).map(|i| {
        let (channel, number) = (&channels[i / 255], u8::try_from(i % 255).unwrap());
        RootTransaction::Anchor(network.anchor(channel, number, 0, 30))
    });
    let (prepared, rejected) = network.state.prepare(candidates);
    assert_eq!(rejected, [(4096, RootReject::BlockFull { limit: 4096 })]);
    assert_eq!(prepared.rows().events.len(), 4096);
}

#[test]
fn roo_28_only_the_next_block_of_this_chain_follows() {
    let (mut network, _, block) = next_block();
    let changed = |change: fn(&mut Header)| {
        let mut other = block.clone();
        change(&mut other.header);
        other
    };
    let wrong = [
        changed(|header| header.height = Height(2)),
        changed(|header| header.height = Height(4)),
        changed(|header| header.height = Height(0)),
        changed(|header| header.parent = ValueHash([1; 32])),
        changed(|header| header.network = NetworkId([1; 32])),
    ];
    for other in wrong {
        assert!(matches!(network.state.check(&other), Err(BlockInvalid::NotNext { .. })));
    }
    let prepared = network.state.check(&block).unwrap();
    network.state.apply(&block).unwrap();
    assert!(matches!(network.state.apply(&block), Err(BlockInvalid::NotNext { .. })), "not twice");
    assert!(matches!(network.state.commit(prepared), Err(BlockInvalid::NotNext { .. })), "not stale");
}

#[test]
fn roo_29_one_refused_transaction_refuses_the_block() {
    let (network, channel, mut block) = next_block();
    block.transactions.push(RootTransaction::Anchor(network.anchor(&channel, 4, 9, 9)));
    let refused = network.state.check(&block);
    assert!(matches!(refused, Err(BlockInvalid::Transaction { index: 3, .. })), "{refused:?}");
}

#[test]
fn roo_30_a_header_must_follow_from_the_transactions() {
    let (network, _, block) = next_block();
    let mut wrong: Vec<Block> = Vec::new();
    let mut change = |make: &dyn Fn(&mut Block)| {
        let mut other = block.clone();
        make(&mut other);
        wrong.push(other);
    };
    change(&|block| block.header.history = Digest([1; 32]));
    change(&|block| block.header.event_count += 1);
    change(&|block| block.header.events_root = Digest([1; 32]));
    change(&|block| block.header.state_root = StateRoot([1; 32]));
    change(&|block| block.header.validators = Digest([1; 32]));
    change(&|block| block.header.next_validators = Digest([1; 32]));
    change(&|block| block.transactions.swap(0, 1));
    change(&|block| drop(block.transactions.pop()));
    for other in wrong {
        assert_eq!(network.state.check(&other).map(|_| ()), Err(BlockInvalid::Header { height: Height(3) }));
    }
    assert!(network.state.check(&block).is_ok());
}

#[test]
fn roo_44_a_restored_state_goes_on_as_if_nothing_had_happened() {
    let (mut network, channel, block) = next_block();
    let mut restored = restore(&network.state).unwrap();
    assert_eq!(restored.apply(&block), network.state.apply(&block));
    let anchor = RootTransaction::Anchor(network.anchor(&channel, 5, 2, 9));
    let (next, _) = network.state.build([anchor]);
    assert_eq!(restored.apply(&next), network.state.apply(&next));
    assert_eq!(restored.head(), network.state.head());
    assert_eq!(
        restored.prove_tag(&channel.tag).verify(
            &restored.head().state_root,
            &TagState::leaf_key(&channel.tag),
            Some(&restored.tag(&channel.tag).unwrap().leaf_value(&channel.tag)),
        ),
        Ok(())
    );
}

#[test]
fn roo_44_rows_that_the_last_header_does_not_commit_to_are_refused() {
    let (network, channel, _) = next_block();
    let state = &network.state;
    let refused = |change: &dyn Fn(&mut RestoredRows)| {
        let mut rows = rows(state);
        change(&mut rows);
        RootState::restore(state.genesis().clone(), rows).map_err(|e| e.what).unwrap_err()
    };
    assert!(restore(state).is_ok());
    assert_eq!(refused(&|rows| rows.tags.get_mut(&channel.tag).unwrap().count += 1), ROWS);
    assert_eq!(refused(&|rows| drop(rows.tags.remove(&channel.tag))), ROWS);
    assert_eq!(refused(&|rows| rows.head.height.0 += 1), "header hashes");
    assert_eq!(refused(&|rows| rows.history.push(b"more")), "header hashes");
    assert_eq!(refused(&|rows| rows.history = Frontier::default()), "header hashes");
    assert_eq!(refused(&|rows| rows.head.network = NetworkId([1; 32])), "genesis");
    assert_eq!(refused(&|rows| rows.head.validators = Digest([1; 32])), "validators");
    assert_eq!(refused(&|rows| rows.head.next_validators = Digest([1; 32])), "validators");
    assert_eq!(refused(&|rows| rows.validators.changes = Sequence(1)), ROWS);
}

#[test]
fn roo_44_a_deal_or_a_claim_that_the_last_header_does_not_commit_to_is_refused() {
    let mut network = Network::new();
    let channel = network.opened(1, 1);
    let deal = network.dealt(&[&channel, &channel]);
    network.order(vec![network.claim(&channel, 7), network.prepare(&channel, &deal, 0)]);
    let (state, id) = (&network.state, deal.id(&network.id));
    let refused = |change: &dyn Fn(&mut RestoredRows)| {
        let mut rows = rows(state);
        change(&mut rows);
        RootState::restore(state.genesis().clone(), rows).map_err(|e| e.what).unwrap_err()
    };
    assert!(restore(state).is_ok());
    assert_eq!(refused(&|rows| rows.deals.clear()), ROWS);
    assert_eq!(refused(&|rows| drop(rows.deals.insert(id, DealState::opened(deal.clone())))), ROWS);
    assert_eq!(refused(&|rows| drop(rows.deals.insert(DealId([1; 32]), rows.deals[&id].clone()))), ROWS);
    assert_eq!(refused(&|rows| rows.claims.clear()), ROWS);
    assert_eq!(refused(&|rows| rows.claims.extend([([8; 32], channel.tag)])), ROWS);
    assert_eq!(refused(&|rows| rows.claims.extend([([7; 32], Tag([1; 32]))])), ROWS);
}

#[test]
fn roo_44_a_state_is_restored_at_every_height_of_a_change() {
    let mut network = Network::of_validators(4);
    let ordered = network.update(&[0, 1, 2, 3, 4]);
    network.order(vec![RootTransaction::UpdateValidators(ordered)]);
    for _ in 0..3 {
        let restored = restore(&network.state).unwrap();
        assert_eq!(restored.build([]), network.state.build([]), "height {}", network.state.head().height);
        network.order(vec![]);
    }
}

#[test]
fn a_missing_tag_is_proven_missing() {
    let (network, channel, _) = next_block();
    let missing = Tag([1; 32]);
    let root = &network.state.head().state_root;
    let proof = network.state.prove_tag(&missing);
    assert_eq!(proof.verify(root, &TagState::leaf_key(&missing), None), Ok(()));
    assert!(proof.verify(root, &TagState::leaf_key(&channel.tag), None).is_err());
}

/// One tag's log as a list, and what follows from it by counting.
#[derive(Default)]
struct Model {
    events: Vec<(EventKind, Digest, Height)>,
    anchors: Vec<(u8, Height)>,
    attested: Option<u64>,
    closed: bool,
}

impl Model {
    fn takes_anchor(&self, at: Height, window: u64, number: u8, attested: u64, last: u64) -> bool {
        let seen = self.anchors.iter().any(|(other, last)| *other == number && *last >= at);
        !self.closed && (at.0..=at.0 + window).contains(&last) && !seen && attested < self.events.len() as u64
    }

    fn takes_close(&self, last: u64) -> bool {
        !self.closed && last + 1 == self.events.len() as u64
    }

    fn chain(&self, tag: &Tag) -> Digest {
        let start = chain_start(tag);
        self.events
            .iter()
            .fold(start, |chain, (kind, transaction, at)| extend_chain(&chain, *kind, transaction, *at))
    }
}

/// What a random run tries next.
#[derive(Clone, Debug)]
enum Step {
    Anchor { channel: usize, number: u8, attested: u64, ahead: u64 },
    Close { channel: usize, last: u64 },
    Seal,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..2_usize, 0..6_u8, 0..6_u64, 0..7_u64).prop_map(|(channel, number, attested, ahead)| Step::Anchor { channel, number, attested, ahead }),
        1 => (0..2_usize, 0..9_u64).prop_map(|(channel, last)| Step::Close { channel, last }),
        5 => Just(Step::Seal),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn roo_23_the_chain_agrees_with_a_list_of_events(steps in proptest::collection::vec(step(), 1..60)) {
        let parameters = Parameters { window: 4, ..Parameters::default() };
        let mut network = Network::with(parameters);
        let opened = [network.open(1, 1), network.open(3, 2)];
        let mut models: BTreeMap<usize, Model> = BTreeMap::new();
        for (index, (_, open)) in opened.iter().enumerate() {
            let event = (EventKind::Open, open.digest(), network.next());
            models.entry(index).or_default().events.push(event);
            network.order(vec![open.clone()]);
        }
        let channels = opened.map(|(channel, _)| channel);
        let mut candidates: Vec<RootTransaction> = Vec::new();
        let mut expected: Vec<bool> = Vec::new();
        for step in steps.into_iter().chain([Step::Seal]) {
            let at = network.next();
            match step {
                Step::Anchor { channel, number, attested, ahead } => {
                    let last = (at.0 + ahead).saturating_sub(1);
                    let anchor = RootTransaction::Anchor(network.anchor(&channels[channel], number, attested, last));
                    let model = models.get_mut(&channel).unwrap();
                    let taken = model.takes_anchor(at, 4, number, attested, last);
                    if taken {
                        model.events.push((EventKind::Anchor, anchor.digest(), at));
                        model.anchors.push((number, Height(last)));
                        model.attested = model.attested.max(Some(attested));
                    }
                    expected.push(taken);
                    candidates.push(anchor);
                }
                Step::Close { channel, last } => {
                    let close = RootTransaction::Close(network.close(&channels[channel], last));
                    let model = models.get_mut(&channel).unwrap();
                    let taken = model.takes_close(last);
                    if taken {
                        model.events.push((EventKind::Close, close.digest(), at));
                        model.closed = true;
                    }
                    expected.push(taken);
                    candidates.push(close);
                }
                Step::Seal => {
                    let (block, rejected) = network.state.build(std::mem::take(&mut candidates));
                    let refused: Vec<usize> = rejected.iter().map(|(index, _)| *index).collect();
                    let wanted: Vec<usize> = expected.iter().enumerate().filter(|(_, taken)| !**taken).map(|(i, _)| i).collect();
                    prop_assert_eq!(refused, wanted);
                    expected.clear();
                    network.state.apply(&block).unwrap();
                }
            }
        }
        for (index, model) in &models {
            let tag = &channels[*index].tag;
            let state = network.state.tag(tag).unwrap();
            prop_assert_eq!(state.count, model.events.len() as u64);
            prop_assert_eq!(state.chain, model.chain(tag));
            prop_assert_eq!(state.attested, model.attested.map(Sequence));
            prop_assert_eq!(state.closed.is_some(), model.closed);
        }
        let restored = restore(&network.state).unwrap();
        prop_assert_eq!(restored.head(), network.state.head());
    }
}
