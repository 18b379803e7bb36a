//! F19: a deal ends once, the same for every channel that is bound by it, and as an independent model says.

mod model;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{SigningKey, hash};
use parclose_root::execution::{Applied, Cause};
use parclose_root::{
    Certificate, ClaimAct, ClaimStatement, Deal, DealOutcome, GenerationKeys, Leg, OpenBody, OpenChannel,
    OpenDeal, PrepareStatement, RefuseStatement, RootState, RootTransaction,
};
use parclose_types::{DealId, Digest, Failure, Generation, Height, PublicKey, Sequence, Tag};

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;
use crate::world::WORLD;
use model::{Act, Model, ModelLeg, Quirk};

static ORDER: Point = Point::decides("RootState::build");
static COMMITTED: Point = Point::returns("a deal that is committed");
static ABORTED: Point = Point::returns("a deal that is aborted");
static CLAIMED: Point = Point::decides("a claim");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F19",
    name: "f19_deals",
    holds: "every deal ends once and for all its channels alike, no leg is bound twice, no claim has two holders, and each step is what a model says",
    reach: || vec![&ORDER, &COMMITTED, &ABORTED, &CLAIMED],
    run,
    controls: &[
        Control { name: "a leg whose approver is not asked", run: |bytes| hold(bytes, Quirk::NoApprover) },
        Control { name: "a refusal of what was prepared", run: |bytes| hold(bytes, Quirk::RefusesPrepared) },
        Control { name: "a deal that is settled one height late", run: |bytes| hold(bytes, Quirk::Late) },
        Control { name: "a commit without the last leg", run: |bytes| hold(bytes, Quirk::LastLeg) },
    ],
    script_bytes: 320,
};

/// Channels of the root chain, and one tag more that nobody has opened.
const CHANNELS: usize = 3;
const DEALS: usize = 2;
const CLAIMS: u8 = 2;
const STEPS_MAX: usize = 18;

/// A channel of one or two endorsers.
struct Channel {
    tag: Tag,
    endorsers: Vec<SigningKey>,
}

struct Chain {
    state: RootState,
    channels: Vec<Channel>,
    approver: SigningKey,
}

static CHAIN: LazyLock<Chain> = LazyLock::new(chain);

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes(hash("endorser of deals", &[&[number]])))
}

fn chain() -> Chain {
    let mut state = RootState::new(WORLD.genesis.clone());
    let network = *state.network();
    let mut channels = Vec::new();
    let mut opens = Vec::new();
    for number in (0_u8..).take(CHANNELS) {
        let mut endorsers: Vec<SigningKey> =
            (0..=number % 2).map(|member| key(number * 4 + member)).collect();
        endorsers.sort_by_key(SigningKey::public);
        let publics: Vec<PublicKey> = endorsers.iter().map(SigningKey::public).collect();
        let threshold = u16::from(number % 2) + 1;
        let keys = GenerationKeys::new(Generation(0), publics, threshold).expect("all endorse");
        let body = OpenBody { keys, genesis_commitment: Digest([number; 32]) };
        let signatures = endorsers.iter().map(|endorser| body.sign(&network, endorser)).collect();
        channels.push(Channel { tag: body.tag(&network), endorsers });
        opens.push(RootTransaction::OpenChannel(OpenChannel { body, signatures }));
    }
    let (block, rejected) = state.build(opens);
    assert_eq!(rejected, [], "honest channels open");
    state.apply(&block).expect("a block of its own");
    Chain { state, channels, approver: key(0xAA) }
}

/// One scenario: blocks of deals, prepares, refusals and claims, beside the model.
pub fn run(bytes: &[u8]) -> Answer {
    hold(bytes, Quirk::None)
}

fn hold(bytes: &[u8], quirk: Quirk) -> Answer {
    let mut script = Script::new(bytes);
    let mut run = Run::new(&mut script, quirk);
    for _ in 0..1 + script.below(STEPS_MAX) {
        run.block(&mut script);
    }
    run.end();
    run.answer()
}

/// The root chain and the model, side by side.
struct Run {
    state: RootState,
    model: Model,
    deals: Vec<Deal>,
    /// the decisions in the log of each tag
    decisions: BTreeMap<(Tag, DealId), DealOutcome>,
    refused: Option<&'static str>,
}

impl Run {
    fn new(script: &mut Script<'_>, quirk: Quirk) -> Self {
        let state = CHAIN.state.clone();
        let height = state.head().height.0;
        let deals: Vec<Deal> = (0_u8..).take(DEALS).map(|number| deal(script, number, height)).collect();
        let leg = |leg: &Leg| ModelLeg::new(index_of(&leg.tag), leg.approver.is_some());
        let planned = deals
            .iter()
            .map(|deal| (deal.allocate_before.0, deal.settle_before.0, deal.legs.iter().map(leg).collect()))
            .collect();
        let model = Model::new(height, planned, CHANNELS, quirk);
        Self { state, model, deals, decisions: BTreeMap::new(), refused: None }
    }

    fn height(&self) -> u64 {
        self.state.head().height.0 + 1
    }

    /// Some candidates in one block, or none and several blocks.
    fn block(&mut self, script: &mut Script<'_>) {
        if script.below(4) == 0 {
            for _ in 0..=script.below(4) {
                self.order(Vec::new());
            }
            return;
        }
        let count = 1 + script.below(3);
        let acts: Vec<Act> = (0..count).map(|_| act(script, self.height(), &self.deals)).collect();
        self.order(acts);
    }

    fn order(&mut self, acts: Vec<Act>) {
        let expected = self.model.block(&acts);
        let candidates: Vec<RootTransaction> = acts.iter().map(|act| self.transaction(act)).collect();
        let (block, rejected) = self.state.build(candidates);
        let rejected: BTreeMap<usize, &'static str> =
            rejected.iter().map(|(at, reject)| (*at, reject.rule())).collect();
        for (at, (act, expected)) in acts.iter().zip(expected).enumerate() {
            let refused = rejected.get(&at).copied();
            let point = if matches!(act, Act::Claim { .. }) { &CLAIMED } else { &ORDER };
            let _ = point.ask(|| refused.map_or(Ok(()), Err));
            assert_eq!(refused.is_none(), expected, "chain and model differ on {act:?}: {refused:?}");
            self.refused = refused.or(self.refused);
        }
        let applied = self.state.apply(&block).expect("a block of its own");
        self.decided(&applied);
        self.agree();
    }

    /// The decisions that a block has put into logs: one for each deal and tag, ever.
    fn decided(&mut self, applied: &Applied) {
        for event in &applied.events {
            if let Cause::Decision(decision) = event.cause {
                let before = self.decisions.insert((event.entry.tag, decision.deal), decision.outcome);
                assert_eq!(before, None, "a deal is decided twice in one log");
            }
        }
    }

    /// Chain and model have the same outcomes, and all logs of a deal the same.
    fn agree(&self) {
        for (number, deal) in self.deals.iter().enumerate() {
            let id = deal.id(self.state.network());
            let outcome = self.state.deal(&id).and_then(parclose_root::DealState::outcome);
            let committed = outcome.map(|outcome| outcome == DealOutcome::Commit);
            assert_eq!(committed, self.model.outcome(number), "chain and model differ on how a deal ended");
            let told: BTreeMap<Tag, DealOutcome> = self
                .decisions
                .iter()
                .filter(|((_, of), _)| *of == id)
                .map(|((tag, _), outcome)| (*tag, *outcome))
                .collect();
            assert!(told.values().all(|told| Some(*told) == outcome), "one log says commit, another abort");
            let bound: BTreeSet<Tag> = self.model.bound(number).iter().map(|tag| tag_of(*tag)).collect();
            if outcome.is_some() {
                assert_eq!(told.into_keys().collect::<BTreeSet<Tag>>(), bound, "a bound channel is not told");
            }
        }
        for claim in 0..CLAIMS {
            let holder = self.state.claim(&[claim; 32]).map(index_of);
            assert_eq!(holder, self.model.holder(claim), "chain and model differ on who holds a claim");
        }
    }

    /// Every deal ends at its height at the latest.
    fn end(&mut self) {
        let last = self.deals.iter().map(|deal| deal.settle_before.0).max().unwrap_or_default();
        while self.height() <= last {
            self.order(Vec::new());
        }
        for number in 0..self.deals.len() {
            match self.model.outcome(number) {
                Some(true) => COMMITTED.call(|| ()),
                Some(false) => ABORTED.call(|| ()),
                None => assert!(!self.model.is_open(number), "a deal does not end"),
            }
        }
    }

    fn answer(&self) -> Answer {
        let committed = (0..self.deals.len()).any(|number| self.model.outcome(number) == Some(true));
        if committed { Answer::Taken } else { Answer::Refused(self.refused.unwrap_or("aborted")) }
    }

    fn transaction(&self, act: &Act) -> RootTransaction {
        let (network, generation) = (*self.state.network(), Generation(0));
        match *act {
            Act::Open { deal } => RootTransaction::OpenDeal(OpenDeal { deal: self.deals[deal].clone() }),
            Act::Prepare { deal, leg, tag, approved, certified, last_height, lock } => {
                let statement = PrepareStatement {
                    network,
                    tag: tag_of(tag),
                    generation,
                    deal: self.deals[deal].id(&network),
                    leg,
                    outcome: [leg; 32],
                    lock: Sequence(lock),
                    last_height: Height(last_height),
                };
                let approval = approved.then(|| statement.approve(&CHAIN.approver));
                let signed = certificate(tag, &statement.signing_bytes(), certified);
                RootTransaction::Prepare(statement.prepare(approval, signed))
            }
            Act::Refuse { deal, leg, tag, certified, last_height } => {
                let (tag_id, deal) = (tag_of(tag), self.deals[deal].id(&network));
                let last_height = Height(last_height);
                let statement = RefuseStatement { network, tag: tag_id, generation, deal, leg, last_height };
                let signed = certificate(tag, &statement.signing_bytes(), certified);
                RootTransaction::Refuse(statement.refuse(signed))
            }
            Act::Claim { claim, tag, release, certified, last_height } => {
                let act = if release { ClaimAct::Release } else { ClaimAct::Claim };
                let (claim, last_height) = ([claim; 32], Height(last_height));
                let statement =
                    ClaimStatement { act, network, tag: tag_of(tag), generation, claim, last_height };
                let signed = certificate(tag, &statement.signing_bytes(), certified);
                statement.certified(signed)
            }
        }
    }
}

/// The certificate of a channel; one that is not certified is of another channel's keys.
fn certificate(tag: usize, signed: &[u8], certified: bool) -> Certificate {
    let at = if certified { tag } else { (tag + 1) % CHANNELS };
    let endorsers =
        CHAIN.channels.get(at % CHANNELS).map(|channel| channel.endorsers.as_slice()).unwrap_or_default();
    Certificate { signatures: (0..).zip(endorsers.iter().map(|endorser| endorser.sign(signed))).collect() }
}

/// The tag of a number; of the number after the last channel's, one that nobody has opened.
fn tag_of(number: usize) -> Tag {
    CHAIN.channels.get(number).map_or(Tag([0xEE; 32]), |channel| channel.tag)
}

fn index_of(tag: &Tag) -> usize {
    CHAIN.channels.iter().position(|channel| channel.tag == *tag).unwrap_or(CHANNELS)
}

/// A deal whose heights are near; now and then one that is none, or of a tag that nobody has opened.
fn deal(script: &mut Script<'_>, number: u8, height: u64) -> Deal {
    let allocate_before = height + 1 + script.below(8) as u64;
    let between = if script.below(8) == 0 { script.below(5) } else { 4 + script.below(12) };
    let count = if script.below(12) == 0 { 1 } else { 2 + script.below(2) };
    let leg = |script: &mut Script<'_>| {
        let unknown = script.below(16) == 0;
        let tag = tag_of(if unknown { CHANNELS } else { script.below(CHANNELS) });
        let approver = (script.below(4) == 0).then(|| CHAIN.approver.public());
        Leg { tag, terms: [number; 32], approver }
    };
    Deal {
        nonce: [number; 32],
        allocate_before: Height(allocate_before),
        settle_before: Height(allocate_before + between as u64),
        legs: (0..count).map(|_| leg(script)).collect(),
    }
}

/// What somebody tries: mostly what is right for the first deal, with a fault now and then.
fn act(script: &mut Script<'_>, height: u64, deals: &[Deal]) -> Act {
    let deal = if script.below(4) == 0 { script.below(DEALS) } else { 0 };
    let leg = script.any::<u8>() % 3;
    let of_deal = deals.get(deal).and_then(|deal| deal.legs.get(usize::from(leg)));
    let right = of_deal.map(|leg| (index_of(&leg.tag), leg.approver.is_some()));
    let (tag, approved) = match right {
        Some(right) if script.below(8) > 0 => right,
        _ => (script.below(CHANNELS + 1), script.flag()),
    };
    let certified = script.below(16) > 0;
    let last_height = match script.below(16) {
        0 => height - 1,
        1 => height + 2000,
        _ => height + 1,
    };
    match script.below(8) {
        0 | 1 => Act::Open { deal },
        2 if script.below(3) == 0 => Act::Refuse { deal, leg, tag, certified, last_height },
        3 => {
            let claim = script.any::<u8>() % CLAIMS;
            Act::Claim { claim, tag, release: script.flag(), certified, last_height }
        }
        _ => {
            let lock = if script.below(16) == 0 { 1000 } else { 0 };
            Act::Prepare { deal, leg, tag, approved, certified, last_height, lock }
        }
    }
}
