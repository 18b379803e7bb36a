//! What rooms stand on: a root chain that may lag behind other nodes', and a network that is told who may speak.

use std::sync::atomic::{AtomicBool, Ordering};

use parclose_consensus::{Committed, FinalEvent, RootUnavailable};
use parclose_exchange::MemoryNetwork;
use parclose_root::{
    Checkpoint, ClaimProof, DealProof, DealState, Genesis, OrderProof, RootTransaction, TagProof, TagState,
    Validators,
};
use parclose_transaction::{Act, Change, Motion};
use parclose_types::{DealId, NetworkId};

use super::*;

/// A root chain that does not know yet whether it has everything.
struct Lagging {
    root: EmbeddedRoot,
    is_current: Arc<AtomicBool>,
}

impl RootChain for Lagging {
    fn network(&self) -> NetworkId {
        self.root.network()
    }

    fn genesis(&self) -> &Genesis {
        self.root.genesis()
    }

    fn head(&self) -> Height {
        self.root.head()
    }

    fn is_current(&self) -> bool {
        self.is_current.load(Ordering::SeqCst)
    }

    fn commit(&self, candidates: Vec<RootTransaction>) -> Result<Committed, RootUnavailable> {
        self.root.commit(candidates)
    }

    fn advance(&self, to: Height) -> Result<Height, RootUnavailable> {
        self.root.advance(to)
    }

    fn events(&self, tag: &Tag, from: Sequence, limit: usize) -> Result<Vec<FinalEvent>, RootUnavailable> {
        self.root.events(tag, from, limit)
    }

    fn prove(&self, tag: &Tag, sequence: Sequence) -> Result<Option<OrderProof>, RootUnavailable> {
        self.root.prove(tag, sequence)
    }

    fn tag_state(&self, tag: &Tag) -> Result<Option<TagState>, RootUnavailable> {
        self.root.tag_state(tag)
    }

    fn prove_tag(&self, tag: &Tag) -> Result<Option<TagProof>, RootUnavailable> {
        self.root.prove_tag(tag)
    }

    fn deal(&self, deal: &DealId) -> Result<Option<DealState>, RootUnavailable> {
        self.root.deal(deal)
    }

    fn prove_deal(&self, deal: &DealId) -> Result<Option<DealProof>, RootUnavailable> {
        self.root.prove_deal(deal)
    }

    fn claim(&self, claim: &[u8; 32]) -> Result<Option<Tag>, RootUnavailable> {
        self.root.claim(claim)
    }

    fn prove_claim(&self, claim: &[u8; 32]) -> Result<Option<ClaimProof>, RootUnavailable> {
        self.root.prove_claim(claim)
    }

    fn validators(&self) -> Result<Validators, RootUnavailable> {
        self.root.validators()
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, RootUnavailable> {
        self.root.checkpoint()
    }
}

/// Who may speak to which pseudonym, as it was said last.
#[derive(Clone, Default)]
struct Told {
    network: MemoryNetwork,
    peers: Arc<Mutex<BTreeMap<PublicKey, Vec<PublicKey>>>>,
}

impl Network for Told {
    fn connect(&self, credentials: Credentials, inbox: Arc<dyn Inbox>) -> Arc<dyn Transport> {
        self.peers.lock().unwrap().insert(credentials.own(), credentials.peers.clone());
        self.network.connect(credentials, inbox)
    }

    fn disconnect(&self, member: &PublicKey) {
        self.network.disconnect(member);
    }
}

/// A founded consortium of three, opened on that ground.
fn on_ground(is_current: &Arc<AtomicBool>, told: &Told) -> (tempfile::TempDir, Consortium) {
    let (folder, consortium) = consortium(&["ann", "bob", "cyd"]);
    let home = consortium.close();
    let (is_current, told) = (is_current.clone(), told.clone());
    let opened = Consortium::open_on(home, 16, move |home, cache, on_head| {
        let root: Arc<dyn RootChain> = Arc::new(Lagging { root: open_root(home, cache)?, is_current });
        let (handle, task) = root_task::start(root.clone(), on_head);
        Ok(Ground { root, handle, task: Some(task), network: Arc::new(told) })
    });
    (folder, opened.unwrap())
}

#[test]
fn nod_15_while_the_root_chain_may_lack_what_was_ordered_a_room_takes_no_part() {
    let is_current = Arc::new(AtomicBool::new(false));
    let (_folder, consortium) = on_ground(&is_current, &Told::default());
    let (before, answer) = (consortium.state("ann"), consortium.submit(1));
    let head_on = || {
        consortium.advance(Height(consortium.root().head().0 + 1)).unwrap();
        consortium.settle();
    };
    (0..3).for_each(|_| head_on());
    assert!(answer.try_recv().is_err(), "it waits");
    assert_eq!(consortium.state("ann"), before, "and nothing was ordered");
    is_current.store(true, Ordering::SeqCst);
    head_on();
    assert_eq!(answer.recv().unwrap().unwrap().verdict, Verdict::Applied);
    drop(consortium.close());
}

#[test]
fn nod_25_who_was_removed_may_not_speak_to_the_pseudonyms_of_before_either() {
    let told = Told::default();
    let (_folder, consortium) = on_ground(&Arc::new(AtomicBool::new(true)), &told);
    let pseudonyms = ["ann", "bob", "cyd"].map(|member| consortium.pseudonym_of(member));
    let may_speak_to = |member: &PublicKey| told.peers.lock().unwrap()[member].clone();
    assert!(may_speak_to(&pseudonyms[0]).contains(&pseudonyms[2]));
    let motion = Motion { changes: vec![Change::Remove(consortium.id_of("cyd"))], blinder: [7; 32] };
    let moved = consortium.room("ann", ROOM).unwrap().act_and_wait(Act::Move(motion)).unwrap();
    let vote = Act::Vote { motion: moved.transaction, approve: true };
    assert_eq!(consortium.room("bob", ROOM).unwrap().act_and_wait(vote).unwrap().verdict, Verdict::Applied);
    consortium.quiesce();
    assert_ne!(consortium.pseudonym_of("ann"), pseudonyms[0], "the keys have turned over");
    for (own, other) in [(0, 1), (1, 0)] {
        let heard = may_speak_to(&pseudonyms[own]);
        assert!(heard.contains(&pseudonyms[other]), "who stays may be an event behind");
        assert!(!heard.contains(&pseudonyms[2]));
    }
    drop(consortium.close());
}
