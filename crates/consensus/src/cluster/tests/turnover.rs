//! The validators change under a running cluster: who joins votes, who leaves follows, who was away comes after.

use parclose_root::OrderProof;
use parclose_types::PublicKey;

use super::*;

impl Cluster {
    /// Has these nodes vote, and waits until they do; gives the height from which on.
    fn hand_over(&self, by: usize, nodes: &[usize]) -> Height {
        let numbers: Vec<u8> = nodes.iter().map(|node| validator_number(*node)).collect();
        let root = self.node(by);
        let (now, next) = (root.validators().unwrap(), Height(root.head().0 + 1));
        self.order(by, change_of(&self.genesis.network(), &now, next, &numbers));
        root.validators().unwrap().changing(Height(0)).unwrap()
    }

    fn signers(&self, node: usize, height: Height) -> Vec<PublicKey> {
        let certificate = self.node(node).shared.ledger.header_row(height).unwrap().certificate;
        certificate.signatures.into_iter().map(|(signer, _)| signer).collect()
    }

    fn votes(&self, node: usize) -> bool {
        self.node(node).status().is_validator
    }
}

/// Four validators; the fifth node has a key and no vote, the sixth neither.
fn four_and_a_candidate() -> Cluster {
    let mut cluster = Cluster::new(4, 2);
    cluster.candidates = 1;
    for node in 0..5 {
        cluster.start(node, true);
    }
    cluster
}

#[test]
fn con_20_a_fifth_joins_the_first_leaves_and_everybody_goes_on() {
    let mut cluster = four_and_a_candidate();
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    cluster.reach(cluster.node(0).head());
    assert_eq!([3, 4].map(|node| cluster.votes(node)), [true, false], "a key without a vote follows");
    let offered = cluster.node(4).offered("b", &channel.anchor(9, 0, 900).encode(), Hop::HandedIn);
    assert_eq!(offered, RootAnswer::Full, "and takes nothing in");

    // The fifth joins. With one of the others away no block is made without it.
    let from = cluster.hand_over(1, &[0, 1, 2, 3, 4]);
    cluster.reach(from);
    assert!(cluster.votes(4), "it votes without being started anew");
    cluster.stop(0);
    cluster.order(1, channel.anchor(1, 0, 900));
    let head = cluster.node(1).head();
    assert!(cluster.signers(1, head).contains(&key(validator_number(4)).public()), "its vote is needed");
    cluster.start(0, false);

    // The first leaves, and while that is on its way everybody is started anew.
    let from = cluster.hand_over(2, &[1, 2, 3, 4]);
    for node in 0..5 {
        cluster.stop(node);
    }
    for node in 0..5 {
        cluster.start(node, false);
    }
    cluster.node(1).advance(Height(from.0 + 1)).unwrap();
    cluster.reach(Height(from.0 + 1));
    assert!(!cluster.votes(0), "it follows");
    cluster.order(0, channel.anchor(2, 0, 900));
    let head = cluster.node(0).head();
    assert!(!cluster.signers(0, head).contains(&key(validator_number(0)).public()));

    // Who was away the whole time comes after, over both changes.
    cluster.start(5, true);
    cluster.reach(head);
    assert_eq!(cluster.node(5).events(&channel.tag, Sequence(0), 9).unwrap().len(), 3);
    cluster.agree();
    let later = cluster.node(1).advance(Height(head.0 + 1)).unwrap();
    cluster.reach(later);
    proofs_hold(&cluster, &channel.tag, head);
}

/// From the genesis and the changes alone, and from a checkpoint, on any node.
fn proofs_hold(cluster: &Cluster, tag: &Tag, head: Height) {
    let trust = cluster.trust();
    let log = validators_tag(&cluster.genesis.network());
    for node in [0, 4, 5] {
        let root = cluster.node(node);
        assert_eq!(root.events(&log, Sequence(0), 9).unwrap().len(), 2);
        let last: OrderProof = root.prove(tag, Sequence(2)).unwrap().unwrap();
        assert_eq!(last.verify(&cluster.genesis).unwrap_err().rule(), "ROO-40", "without the changes");
        assert!(last.verify_under(&trust).unwrap().height() <= head);
        let checkpoint = root.checkpoint().unwrap().unwrap();
        let later = checkpoint.verify_under(&trust).unwrap();
        assert_eq!(later.changes(), trust.changes());
        assert_eq!(last.verify_under(&later).unwrap_err().rule(), "ROO-62", "it lies before the checkpoint");
    }
}

#[test]
fn one_validator_alone_takes_a_second_in_and_both_are_needed() {
    let mut cluster = Cluster::new(1, 1);
    cluster.candidates = 1;
    cluster.start(0, true);
    cluster.start(1, true);
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    let from = cluster.hand_over(0, &[0, 1]);
    cluster.reach(from);
    cluster.order(1, channel.anchor(1, 0, 900));
    let head = cluster.node(1).head();
    assert_eq!(cluster.signers(1, head).len(), 2);
    cluster.agree();
}
