//! What is proven of deals and claims, and what is not.

use parclose_types::{Failure, Sequence};

use super::*;
use crate::fixtures::dealing::open_deal;
use crate::fixtures::{Channel, Network};
use crate::proof::OrderProof;
use crate::transaction::{EventKind, RootTransaction};

fn dealt() -> (Network, [Channel; 2], Deal) {
    let mut network = Network::new();
    let channels = [network.opened(1, 1), network.opened(1, 1)];
    let deal = network.dealt(&[&channels[0], &channels[1]]);
    (network, channels, deal)
}

fn standing(network: &Network, proof: StateProof) -> Standing {
    let header = network.state.head().clone();
    Standing { proof, certificate: network.certify(&header), header }
}

fn prove_deal(network: &Network, deal: &DealId) -> DealProof {
    let state = network.state.deal(deal).cloned();
    DealProof { deal: *deal, state, standing: standing(network, network.state.prove_deal(deal)) }
}

fn prove_claim(network: &Network, claim: [u8; 32]) -> ClaimProof {
    let holder = network.state.claim(&claim).copied();
    ClaimProof { claim, holder, standing: standing(network, network.state.prove_claim(&claim)) }
}

fn trust(network: &Network) -> Trust {
    Trust::of(network.state.genesis())
}

#[test]
fn roo_88_a_deal_is_proven_open_decided_and_absent() {
    let (mut network, channels, deal) = dealt();
    let id = deal.id(&network.id);
    let verified = |network: &Network, id: &DealId| {
        let proof = DealProof::decode(&prove_deal(network, id).encode()).unwrap();
        proof.verify_under(&trust(network)).unwrap()
    };
    let open = verified(&network, &id);
    assert_eq!((open.deal(), open.height(), open.state().unwrap().outcome()), (&id, Height(3), None));
    assert_eq!(verified(&network, &DealId([1; 32])).state(), None);
    network.order(vec![network.refuse(&channels[0], &deal, 0)]);
    assert_eq!(verified(&network, &id).state().unwrap().outcome(), Some(DealOutcome::Abort));
}

#[test]
fn roo_88_what_does_not_stand_in_the_state_is_not_proven() {
    let (mut network, channels, deal) = dealt();
    let id = deal.id(&network.id);
    let before = prove_deal(&network, &id);
    network.order(vec![network.prepare(&channels[0], &deal, 0), network.prepare(&channels[1], &deal, 1)]);
    let after = prove_deal(&network, &id);
    let refused = |proof: DealProof| proof.verify_under(&trust(&network)).unwrap_err();
    let not_so = ProofInvalid::OtherStanding { height: Height(4) };
    let abort =
        DealState::Decided { outcome: DealOutcome::Abort, at: Height(4), settle_before: deal.settle_before };
    assert_eq!(refused(DealProof { state: Some(abort), ..after.clone() }), not_so);
    assert_eq!(
        refused(DealProof { state: None, ..after.clone() }),
        not_so,
        "absence is not shown by silence"
    );
    assert_eq!(refused(DealProof { state: before.state.clone(), ..after.clone() }), not_so);
    assert_eq!(refused(DealProof { deal: DealId([1; 32]), ..after.clone() }), not_so);
    let mut foreign = after.clone();
    foreign.standing.header.network = NetworkId([1; 32]);
    assert_eq!(refused(foreign).rule(), "ROO-39");
    let mut unsigned = after.clone();
    unsigned.standing.certificate.signatures.clear();
    assert_eq!(refused(unsigned).rule(), "ROO-38");
    assert!(before.verify_under(&trust(&network)).is_ok(), "what stood then stood then");
    let bytes = after.encode();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let verified = DealProof::decode(&changed).map(|proof| proof.verify_under(&trust(&network)));
        assert!(!matches!(verified, Ok(Ok(_))), "byte {at} of {}", bytes.len());
    }
}

#[test]
fn roo_89_a_claim_is_proven_held_and_free() {
    let (mut network, channels, _) = dealt();
    network.order(vec![network.claim(&channels[0], 7)]);
    let verified =
        |proof: &ClaimProof| ClaimProof::decode(&proof.encode()).unwrap().verify_under(&trust(&network));
    let held = prove_claim(&network, [7; 32]);
    let told = verified(&held).unwrap();
    assert_eq!((told.claim(), told.holder(), told.height()), (&[7; 32], Some(&channels[0].tag), Height(4)));
    let free = prove_claim(&network, [8; 32]);
    assert_eq!(verified(&free).unwrap().holder(), None);
    let not_so = Err(ProofInvalid::OtherHolder { height: Height(4) });
    assert_eq!(verified(&ClaimProof { holder: Some(channels[1].tag), ..held.clone() }), not_so);
    assert_eq!(verified(&ClaimProof { holder: None, ..held }), not_so);
    assert_eq!(verified(&ClaimProof { holder: Some(Tag([1; 32])), ..free }), not_so);
    let bytes = prove_claim(&network, [7; 32]).encode();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let verified = ClaimProof::decode(&changed).map(|proof| proof.verify_under(&trust(&network)));
        assert!(!matches!(verified, Ok(Ok(_))), "byte {at} of {}", bytes.len());
    }
}

#[test]
fn roo_90_an_abort_shows_that_a_deal_never_commits_and_nothing_else_of_it_does() {
    let (mut network, channels, deal) = dealt();
    let id = deal.id(&network.id);
    let shows = |network: &Network, deal: &Deal| {
        let verified = prove_deal(network, &id).verify_under(&trust(network)).unwrap();
        verified.is_never_committed(deal)
    };
    assert!(!shows(&network, &deal), "it is open");
    network.advance(deal.settle_before);
    assert!(shows(&network, &deal), "nobody has prepared it");
    let other = Deal { nonce: [99; 32], ..deal };
    assert!(!shows(&network, &other), "of another deal it says nothing");

    let deal = network.dealt(&[&channels[0], &channels[1]]);
    network.order(vec![network.prepare(&channels[0], &deal, 0), network.prepare(&channels[1], &deal, 1)]);
    network.advance(deal.settle_before);
    let verified = prove_deal(&network, &deal.id(&network.id)).verify_under(&trust(&network)).unwrap();
    assert!(!verified.is_never_committed(&deal), "it was committed");
}

#[test]
fn roo_90_absence_shows_it_while_the_deal_could_not_be_forgotten() {
    let (mut network, channels, _) = dealt();
    let deal = network.deal(&[&channels[0], &channels[1]]);
    let id = deal.id(&network.id);
    let shows = |network: &Network| {
        let verified = prove_deal(network, &id).verify_under(&trust(network)).unwrap();
        verified.is_never_committed(&deal)
    };
    while network.next() < deal.allocate_before {
        assert!(!shows(&network), "it can still be opened");
        assert_eq!(network.refusal(open_deal(&deal)), None);
        network.order(vec![]);
    }
    assert!(shows(&network), "the last height before its `allocate_before`");
    network.advance(Height(deal.settle_before.0 + DEAL_KEPT - 1));
    assert!(shows(&network));
    network.order(vec![]);
    assert!(!shows(&network), "from here on a committed deal is absent, too");
    let one_leg = Deal { legs: deal.legs[..1].to_vec(), ..deal.clone() };
    let verified = prove_deal(&network, &one_leg.id(&network.id)).verify_under(&trust(&network)).unwrap();
    assert!(!verified.is_never_committed(&one_leg), "what is no deal has no heights to go by");
}

#[test]
fn roo_43_a_decision_is_proven_as_every_event_is() {
    let (mut network, channels, deal) = dealt();
    let proofs = network.order_and_prove(vec![
        network.prepare(&channels[0], &deal, 0),
        network.prepare(&channels[1], &deal, 1),
    ]);
    let verify = |proof: &OrderProof| proof.verify(network.state.genesis());
    let decisions: Vec<_> = proofs.iter().filter(|proof| proof.entry.kind == EventKind::Decision).collect();
    assert_eq!((proofs.len(), decisions.len()), (4, 2));
    for proof in &decisions {
        let event = verify(proof).unwrap();
        let RootTransaction::Decision(decision) = event.transaction() else { panic!("a decision") };
        assert_eq!((decision.deal, decision.outcome), (deal.id(&network.id), DealOutcome::Commit));
        assert!(channels.iter().any(|channel| channel.tag == event.entry().tag));
    }
    let not_this = Err(ProofInvalid::OtherTransaction { sequence: 2 });
    let told = |content: &RootTransaction| {
        let proof = OrderProof { transaction: content.encode(), ..decisions[0].clone() };
        verify(&proof).map(drop)
    };
    let abort = crate::deal::Decision { deal: deal.id(&network.id), outcome: DealOutcome::Abort };
    assert_eq!(told(&RootTransaction::Decision(abort)), not_this, "not the other outcome");
    assert_eq!(told(&open_deal(&deal)), not_this);
    assert_eq!(decisions[0].entry.sequence, Sequence(2));
}
