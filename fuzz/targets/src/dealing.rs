//! The world's channel with a part in deals, and with a claim, on a root chain of its own.
//!
//! Nothing here is executed by a channel: the root chain does not know what a lock is.

use std::sync::LazyLock;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{SigningKey, hash};
use parclose_root::{
    Certificate, ClaimAct, ClaimStatement, Deal, Leg, OpenDeal, PrepareStatement, RefuseStatement, RootState,
    RootTransaction,
};
use parclose_types::{DealId, Generation, Height, Sequence, Tag};

use crate::world::WORLD;

const MADE: &str = "an honest channel meets no refusal";

/// The root chain with the deals; made at the first use.
pub static DEALING: LazyLock<Dealing> = LazyLock::new(Dealing::make);

/// Deals of the world's channel, which has four legs in each; the last is of another tag, which nobody opened.
#[derive(Debug)]
pub struct Dealing {
    /// the root chain at height 7
    pub state: RootState,
    /// the channel
    pub tag: Tag,
    /// open; leg 0 asks for the approver, leg 1 is prepared, leg 2 is neither
    pub open: Deal,
    /// aborted by a refusal
    pub refused: Deal,
    /// aborted by its height, which was the last one
    pub late: Deal,
    /// what the channel holds
    pub held: [u8; 32],
    /// what can be ordered next: all that the members have signed, and a deal that nobody needs to sign
    pub honest: Vec<RootTransaction>,
}

/// Who approves leg 0 of the deals.
#[must_use]
pub fn approver() -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes(hash("an approver", &[])))
}

/// What the members of the generation in force make of a statement.
#[must_use]
pub fn certificate(signed: &[u8]) -> Certificate {
    let signatures = WORLD.pseudonyms.iter().map(|key| key.sign(signed));
    Certificate { signatures: (0..).zip(signatures).collect() }
}

/// What is stated of a leg, to be ordered at height 8.
#[must_use]
pub fn prepare_statement(tag: Tag, deal: DealId, leg: u8) -> PrepareStatement {
    PrepareStatement {
        network: WORLD.genesis.network(),
        tag,
        generation: Generation(0),
        deal,
        leg,
        outcome: [leg; 32],
        lock: Sequence(0),
        last_height: Height(20),
    }
}

/// A prepare that the members have certified as it is, and the approver has signed if asked.
#[must_use]
pub fn prepare(statement: &PrepareStatement, approved: bool) -> RootTransaction {
    let approval = approved.then(|| statement.approve(&approver()));
    RootTransaction::Prepare(statement.prepare(approval, certificate(&statement.signing_bytes())))
}

/// A refusal that the members have certified.
#[must_use]
pub fn refuse(of: &PrepareStatement) -> RootTransaction {
    let PrepareStatement { network, tag, generation, deal, leg, last_height, .. } = *of;
    let statement = RefuseStatement { network, tag, generation, deal, leg, last_height };
    RootTransaction::Refuse(statement.refuse(certificate(&statement.signing_bytes())))
}

/// A claim or a release that the members have certified.
#[must_use]
pub fn claim(act: ClaimAct, tag: Tag, claim: [u8; 32]) -> RootTransaction {
    let (network, generation, last_height) = (WORLD.genesis.network(), Generation(0), Height(20));
    let statement = ClaimStatement { act, network, tag, generation, claim, last_height };
    statement.certified(certificate(&statement.signing_bytes()))
}

/// Opens a deal.
#[must_use]
pub fn open(deal: &Deal) -> RootTransaction {
    RootTransaction::OpenDeal(OpenDeal { deal: deal.clone() })
}

fn deal(tag: Tag, number: u8, (allocate_before, settle_before): (u64, u64)) -> Deal {
    let leg = |tag, approver| Leg { tag, terms: [number; 32], approver };
    let approved = leg(tag, Some(approver().public()));
    Deal {
        nonce: [number; 32],
        allocate_before: Height(allocate_before),
        settle_before: Height(settle_before),
        legs: vec![approved, leg(tag, None), leg(tag, None), leg(Tag([7; 32]), None)],
    }
}

impl Dealing {
    fn make() -> Self {
        let (tag, _) = WORLD.opened.tags().next().expect("the channel was opened");
        let (tag, network) = (*tag, WORLD.genesis.network());
        let [open_one, refused] = [1, 2].map(|number| deal(tag, number, (100, 200)));
        let (late, held) = (deal(tag, 3, (3, 7)), [9; 32]);
        let of = |deal: &Deal, leg| prepare_statement(tag, deal.id(&network), leg);
        let first = [open(&open_one), open(&refused), open(&late), claim(ClaimAct::Claim, tag, held)];
        let second = [prepare(&of(&open_one, 1), false), refuse(&of(&refused, 0))];
        let mut state = WORLD.opened.clone();
        for block in [first.to_vec(), second.to_vec(), vec![], vec![], vec![], vec![]] {
            let (block, rejected) = state.build(block);
            assert_eq!(rejected, [], "{MADE}");
            state.apply(&block).expect(MADE);
        }
        let honest = vec![
            open(&deal(tag, 4, (100, 200))),
            prepare(&of(&open_one, 0), true),
            prepare(&of(&open_one, 2), false),
            refuse(&of(&open_one, 2)),
            claim(ClaimAct::Claim, tag, [10; 32]),
            claim(ClaimAct::Release, tag, held),
        ];
        Self { state, tag, open: open_one, refused, late, held, honest }
    }
}
