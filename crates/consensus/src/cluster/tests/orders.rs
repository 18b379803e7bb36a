//! What a cluster is for: it orders, everybody has the same, and proofs hold offline.

use parclose_root::{Deal, DealOutcome, Leg, OpenDeal};

use super::*;

fn verify_all(root: &ClusterRoot, genesis: &Genesis, tag: &Tag, events: usize) {
    let seen = root.events(tag, Sequence(0), 100).unwrap();
    assert_eq!(seen.len(), events);
    for (event, sequence) in seen.iter().zip(0..) {
        let proof = root.prove(tag, Sequence(sequence)).unwrap().unwrap();
        let verified = proof.verify(genesis).unwrap();
        assert_eq!((verified.height(), *verified.entry()), (event.height, event.entry));
    }
    let state = root.prove_tag(tag).unwrap().unwrap().verify(genesis).unwrap();
    assert_eq!(state.state().count, events as u64);
}

#[test]
fn one_validator_alone_orders_and_goes_on_after_a_restart() {
    let mut cluster = Cluster::all_running(1, 0);
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    cluster.order(0, channel.anchor(1, 0, 500));
    verify_all(cluster.node(0), &cluster.genesis, &channel.tag, 2);
    let head = cluster.node(0).head();
    cluster.stop(0);
    cluster.start(0, false);
    assert!(cluster.node(0).head() >= head);
    cluster.order(0, channel.anchor(2, 1, 500));
    verify_all(cluster.node(0), &cluster.genesis, &channel.tag, 3);
    cluster.agree();
}

#[test]
fn four_validators_and_a_follower_have_the_same_chain_and_prove_it() {
    let cluster = Cluster::all_running(4, 1);
    let channel = cluster.channel(0);
    cluster.order(4, channel.open());
    for (number, node) in (1_u8..=6).zip([0, 1, 2, 3, 4, 0]) {
        let entry = cluster.order(node, channel.anchor(number, 0, 500));
        assert_eq!(entry.sequence, Sequence(number.into()));
    }
    let head = cluster.node(0).head();
    cluster.reach(head);
    for node in 0..5 {
        verify_all(cluster.node(node), &cluster.genesis, &channel.tag, 7);
    }
    cluster.agree();
    let signatures =
        |height| cluster.node(4).shared.ledger.header_row(height).unwrap().certificate.signatures;
    assert!(signatures(head).len() >= 3, "more than two thirds of four");
}

#[test]
fn roo_80_a_deal_is_decided_on_all_nodes_alike_by_its_legs_and_by_time() {
    let mut cluster = Cluster::all_running(1, 1);
    let channels = [cluster.channel(0), cluster.channel(100)];
    for channel in &channels {
        cluster.order(1, channel.open());
    }
    let deal = |nonce: u8, allocate: u64| {
        let allocate_before = Height(cluster.node(0).head().0 + allocate);
        let leg = |channel: &Channel| Leg { tag: channel.tag, terms: [1; 32], approver: None };
        let settle_before = Height(allocate_before.0 + 4);
        Deal { nonce: [nonce; 32], allocate_before, settle_before, legs: channels.iter().map(leg).collect() }
    };
    let deals = [deal(1, 500), deal(2, 30)];
    let ids = deals.each_ref().map(|deal| deal.id(&cluster.genesis.network()));
    for deal in &deals {
        let open = RootTransaction::OpenDeal(OpenDeal { deal: deal.clone() });
        let committed = cluster.node(1).commit(vec![open.clone()]).unwrap();
        assert_eq!(committed.outcomes, [Ok(None)], "it enters no log");
        let again = cluster.node(1).commit(vec![open]).unwrap().outcomes[0].unwrap_err();
        assert_eq!(again.rule(), "ROO-68");
    }
    cluster.order(0, channels[0].prepare(ids[0], 0));
    cluster.order(1, channels[1].prepare(ids[0], 1));
    cluster.order(1, channels[1].prepare(ids[1], 1));
    cluster.node(0).advance(deals[1].settle_before).unwrap();
    cluster.reach(deals[1].settle_before);
    let seen = |node: usize| {
        let root = cluster.node(node);
        verify_all(root, &cluster.genesis, &channels[0].tag, 3);
        verify_all(root, &cluster.genesis, &channels[1].tag, 5);
        let decided = ids.map(|id| root.deal(&id).unwrap().unwrap().outcome());
        assert_eq!(decided, [Some(DealOutcome::Commit), Some(DealOutcome::Abort)]);
    };
    seen(0);
    seen(1);
    cluster.agree();
    // Who comes later finds the same in the blocks.
    cluster.stop(1);
    std::fs::remove_dir_all(cluster.directory(1)).unwrap();
    cluster.start(1, true);
    cluster.reach(deals[1].settle_before);
    verify_all(cluster.node(1), &cluster.genesis, &channels[1].tag, 5);
    cluster.agree();
}

#[test]
fn con_19_a_node_is_level_with_the_chain_once_a_height_was_decided_with_it() {
    let mut cluster = Cluster::new(1, 1);
    cluster.start(1, true);
    assert!(!cluster.node(1).is_current(), "alone it knows nothing of the chain");
    cluster.start(0, true);
    cluster.node(0).advance(Height(3)).unwrap();
    assert!(cluster.node(0).is_current());
    eventually("the follower is level", || cluster.node(1).is_current());
    cluster.stop(1);
    cluster.start(1, false);
    assert!(!cluster.node(1).is_current(), "what it knew before is not all");
}

#[test]
fn con_23_a_node_that_was_away_comes_level_with_a_chain_that_goes_on() {
    let mut cluster = Cluster::new(1, 1);
    cluster.start(0, true);
    cluster.node(0).advance(Height(40)).unwrap();
    cluster.start(1, true);
    eventually("the follower is level", || {
        let chain = cluster.node(0).head();
        // One height at each tick would keep the distance for ever.
        assert!(
            chain.0 < 80,
            "the chain has made as much again: the follower is at {}",
            cluster.node(1).head()
        );
        cluster.node(1).is_current() && cluster.node(1).head() >= chain
    });
}

#[test]
fn mem_02_a_submitter_learns_that_a_transaction_can_never_be_ordered() {
    let cluster = Cluster::all_running(1, 0);
    let channel = cluster.channel(0);
    let refused = |transaction| {
        let committed = cluster.node(0).commit(vec![transaction]).unwrap();
        committed.outcomes[0].unwrap_err().rule()
    };
    assert_eq!(refused(channel.anchor(1, 0, 500)), "ROO-13", "the tag is not open");
    cluster.order(0, channel.open());
    let anchor = channel.anchor(1, 0, 500);
    cluster.order(0, anchor.clone());
    assert_eq!(refused(anchor), "ROO-18", "ordered before");
    let soon = cluster.node(0).head().0 + 1;
    cluster.node(0).advance(Height(soon)).unwrap();
    assert_eq!(refused(channel.anchor(2, 0, soon)), "ROO-16", "its last height has passed");
}

#[test]
fn mem_02_what_nobody_takes_in_lapses_and_its_submitter_is_told() {
    // A follower whose validators do not hear it, though it hears them.
    let mut cluster = Cluster::all_running(1, 1);
    let channel = cluster.channel(0);
    cluster.order(1, channel.open());
    cluster.reach(cluster.node(0).head());
    cluster.nodes.lock().unwrap().remove(&0);
    let last = cluster.node(1).head().0 + 6;
    let (told, wait) = mpsc::channel();
    let done: OnOrdered = Box::new(move |ordered| drop(told.send(ordered)));
    cluster.node(1).submit(channel.anchor(1, 0, last), done);
    assert!(wait.try_recv().is_err(), "it is not known yet");
    let outcome = wait.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(outcome.unwrap_err().rule(), "ROO-16");
    cluster.stop(1);
    cluster.stop(0);
}

#[test]
fn mem_03_only_what_could_be_ordered_is_taken_in_and_once() {
    let cluster = Cluster::all_running(1, 0);
    let channel = cluster.channel(0);
    let node = cluster.node(0);
    assert_eq!(node.offered("b", &[9; 40], Hop::HandedIn), RootAnswer::Refused { rule: "WIR-02" });
    let anchor = channel.anchor(1, 0, 500);
    let refused = node.offered("b", &anchor.encode(), Hop::HandedIn);
    assert_eq!(refused, RootAnswer::Refused { rule: "ROO-13" });
    cluster.order(0, channel.open());
    assert_eq!(node.offered("b", &anchor.encode(), Hop::HandedIn), RootAnswer::Taken);
    eventually("it is ordered", || node.events(&channel.tag, Sequence(1), 1).unwrap().len() == 1);
    let again = node.offered("b", &anchor.encode(), Hop::Spread);
    assert_eq!(again, RootAnswer::Refused { rule: "ROO-18" });
}

#[test]
fn an_idle_chain_ticks_by_its_heartbeat_and_work_does_not_wait_for_it() {
    let mut cluster = Cluster::new(1, 0);
    cluster.timing.heartbeat = Duration::from_secs(600);
    cluster.start(0, true);
    let channel = cluster.channel(0);
    let begun = Instant::now();
    cluster.order(0, channel.open());
    cluster.order(0, channel.anchor(1, 0, 500));
    assert!(begun.elapsed() < Duration::from_secs(300), "no heartbeat is waited for");
    let head = cluster.node(0).head();
    assert_eq!(cluster.node(0).advance(Height(head.0 + 3)).unwrap(), Height(head.0 + 3));
}
