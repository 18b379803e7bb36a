//! Legs of deals: the members' signatures under the prepare of a lock, gathered by whoever has locked.
//!
//! Once a lock is executed, its author asks the others to sign that it stands in their state; its receiver
//! approves with the same answer. With both, the root chain takes the leg for prepared.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use parclose_channel::{Agreed, LegId};
use parclose_crypto::verify;
use parclose_exchange::{Message, SignedPrepare};
use parclose_root::certificate::verify_endorsement;
use parclose_root::{Certificate, DealState, Endorsement, Prepare, PrepareStatement, RootTransaction};
use parclose_types::{DealId, Height, PublicKey, SignatureBytes, decode, encode, limits};

use super::{Order, Room};

/// What the members of a process have agreed to get, by the leg of a deal. Rooms look it up before they approve.
#[derive(Clone, Debug, Default)]
pub struct Agreements(Arc<Mutex<BTreeMap<(PublicKey, LegId), Agreed>>>);

impl Agreements {
    /// Notes what a member has agreed to.
    pub fn add(&self, member: PublicKey, agreed: Agreed) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((member, agreed.leg), agreed);
    }

    /// Forgets a leg that is decided.
    pub fn remove(&self, member: PublicKey, leg: LegId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(member, leg));
    }

    fn get(&self, member: PublicKey, leg: LegId) -> Option<Agreed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(member, leg)).cloned()
    }
}

/// Statements of one message, so that it stays far below the limit of a message.
const STATEMENTS_MAX: usize = 1024;
/// Statements of one member that could not be signed or approved when they came, and are looked at again.
const ASKED_MAX: usize = 1024;
/// Below every leg.
const FIRST: LegId = (DealId([0; 32]), 0);
/// Heights after which whoever has not answered is asked again.
pub(super) const SILENCE_MAX: u64 = 4;

/// A prepare that this member has put together, with what it has of the others.
pub(super) struct Preparing {
    statement: PrepareStatement,
    /// who has to approve; `None` as long as the root chain does not know the deal
    approver: Option<PublicKey>,
    endorsements: BTreeMap<PublicKey, Endorsement>,
    approval: Option<SignatureBytes>,
    submitted: bool,
    asked: Height,
}

/// Prepares on their way, this member's and others'.
#[derive(Default)]
pub(super) struct Legs {
    own: BTreeMap<LegId, Preparing>,
    /// what others have asked for that could not be answered in full
    asked: BTreeMap<(PublicKey, LegId), Asked>,
    /// locks may have come or gone, or time has passed
    pub(super) wanted: bool,
    /// below it nobody looks again whether a lock has lapsed
    lapsed_again: Height,
}

/// What another member has asked for.
#[derive(Clone, Debug)]
struct Asked {
    statement: PrepareStatement,
    /// it has this member's signature, and waits for its approval
    is_signed: bool,
}

impl Legs {
    /// Whether something is on its way here.
    pub(super) fn is_busy(&self) -> bool {
        !self.own.is_empty()
    }
}

impl Room {
    /// Puts prepares together for the locks of this member's, and asks the others.
    ///
    /// # Rules
    ///
    /// > NOD-34: whoever has locked a note for a deal has the leg prepared: it asks all members, and again those that have not answered, until enough have or it is too late.
    pub(super) fn prepare_legs(&mut self) {
        if self.comes_back() || self.stopped.is_some() || !std::mem::take(&mut self.legs.wanted) {
            return;
        }
        let (head, window) = (self.parts.root.head(), self.parts.root.genesis().parameters().window);
        let own = self.channel.own_id();
        let channel = &self.channel;
        let generation = channel.config().generation;
        // New keys, another lock for the same leg: what was put together before is of no use then.
        let stands = |leg: &LegId, statement: &PrepareStatement| {
            let row = channel.own_lock(*leg).filter(|row| row.prepared.is_none());
            statement.generation == generation
                && row.is_some_and(|row| (row.sequence, row.outcome()) == (statement.lock, statement.outcome))
        };
        self.legs.own.retain(|leg, preparing| {
            preparing.statement.last_height > head && stands(leg, &preparing.statement)
        });
        let rows = self.channel.open_locks().filter(|row| row.author == own);
        let fresh = rows.filter(|row| !self.legs.own.contains_key(&row.leg()));
        let statements: Vec<PrepareStatement> =
            fresh.filter_map(|row| self.channel.prepare_statement(row, head, window)).collect();
        let mut asks = Vec::new();
        for statement in statements {
            asks.push(encode(&statement));
            self.begin_preparing(statement, (head, window));
        }
        let silent = |preparing: &&mut Preparing| {
            !preparing.submitted && head.0 >= preparing.asked.0.saturating_add(SILENCE_MAX)
        };
        for preparing in self.legs.own.values_mut().filter(silent) {
            preparing.asked = head;
            asks.push(encode(&preparing.statement));
        }
        for statements in asks.chunks(STATEMENTS_MAX) {
            let message = Message::AskPrepares { tag: self.channel.tag(), statements: statements.to_vec() };
            let _ = self.send_to_others(&message);
        }
        self.submit_prepared();
    }

    /// Whether an empty batch should be the event before which a lock of this member's lapses. A deal that is aborted is decided in
    /// the logs of those legs alone that were prepared: in another channel nothing may happen for long.
    ///
    /// # Rules
    ///
    /// > NOD-37: a member whose lock has lapsed posts an empty batch, and another every `attest_after` heights until one is ordered, unless an event comes first.
    pub(super) fn wants_lapse(&mut self) -> bool {
        let head = self.parts.root.head();
        if head < self.legs.lapsed_again || self.channel.head().is_none_or(|head| head.closed) {
            return false;
        }
        let own = self.channel.own_id();
        let has_lapsed = self
            .channel
            .open_locks()
            .any(|row| row.author == own && row.prepared.is_none() && row.hold().settle_before <= head);
        let pause = if has_lapsed { self.channel.definition().parameters.attest_after } else { 1 };
        self.legs.lapsed_again = Height(head.0.saturating_add(pause));
        has_lapsed
    }

    fn begin_preparing(&mut self, statement: PrepareStatement, (head, window): (Height, u64)) {
        let leg = (statement.deal, statement.leg);
        let own = self.channel.sign_prepare(&statement, head, window).ok();
        let approval = self.approval(&statement);
        let endorsements = own.into_iter().map(|own| (own.0, own)).collect();
        let (approver, submitted) = (None, false);
        let preparing = Preparing { statement, approver, endorsements, approval, submitted, asked: head };
        self.legs.own.insert(leg, preparing);
    }

    /// This member's approval of a prepare, if it is the receiver and has agreed to what is held.
    fn approval(&self, statement: &PrepareStatement) -> Option<SignatureBytes> {
        let member = self.parts.seat.member.identity().public();
        let agreed = self.parts.agreements.get(member, (statement.deal, statement.leg))?;
        match self.channel.approve(statement, &agreed) {
            Ok(approval) => Some(approval),
            Err(refused) => {
                use parclose_types::Failure;
                tracing::warn!(rule = refused.rule(), %refused, "a leg is not approved");
                None
            }
        }
    }

    /// Signs what another member has put together; what cannot be answered in full yet is kept, a limited number for each member.
    pub(super) fn on_ask_prepares(&mut self, from: PublicKey, statements: &[Vec<u8>]) {
        let (head, window) = (self.parts.root.head(), self.parts.root.genesis().parameters().window);
        let last = head.0.saturating_add(window);
        let config = self.channel.config();
        let here = (self.channel.tag(), config.generation);
        let decoded = statements.iter().take(STATEMENTS_MAX).filter_map(|bytes| {
            decode::<PrepareStatement>("statement", bytes, limits::ROOT_TRANSACTION_BYTES_MAX).ok()
        });
        let of_here = decoded.filter(|statement| {
            (statement.tag, statement.generation) == here && statement.last_height.0 <= last
        });
        let asked = of_here.map(|statement| {
            ((from, (statement.deal, statement.leg)), Asked { statement, is_signed: false })
        });
        self.answer_prepares(asked.collect());
    }

    /// Looks again at what could not be answered in full.
    pub(super) fn retry_prepares(&mut self) {
        let head = self.parts.root.head();
        let mut asked = std::mem::take(&mut self.legs.asked);
        asked.retain(|_, asked| asked.statement.last_height >= head);
        self.answer_prepares(asked);
    }

    fn answer_prepares(&mut self, asked: BTreeMap<(PublicKey, LegId), Asked>) {
        let (head, window) = (self.parts.root.head(), self.parts.root.genesis().parameters().window);
        let comes_back = self.comes_back();
        let mut answers: BTreeMap<PublicKey, Vec<SignedPrepare>> = BTreeMap::new();
        for ((from, leg), Asked { statement, is_signed }) in asked {
            let receives = self.channel.receives(&statement);
            let approval = if receives { self.approval(&statement) } else { None };
            // Signed once; and once more when the approval is there that was missing.
            let wanted = !comes_back && (!is_signed || approval.is_some());
            let signed = if wanted { self.channel.sign_prepare(&statement, head, window).ok() } else { None };
            if let Some(endorsement) = signed {
                let (deal, leg) = leg;
                answers.entry(from).or_default().push(SignedPrepare { deal, leg, endorsement, approval });
            }
            // Not executed here yet; or the receiver has not yet seen the answer by which the deal is complete.
            let is_signed = is_signed || signed.is_some();
            let to_come = statement.lock.0 >= self.executed();
            let later = !is_signed && (to_come || comes_back) || receives && approval.is_none();
            let of_member = self.legs.asked.range((from, FIRST)..).take_while(|((of, _), _)| *of == from);
            if later && of_member.count() < ASKED_MAX {
                self.legs.asked.insert((from, leg), Asked { statement, is_signed });
            }
        }
        for (to, signed) in answers {
            let message = Message::Prepares { tag: self.channel.tag(), signed };
            self.send(&to, &message);
        }
    }

    /// Takes signatures that verify.
    pub(super) fn on_prepares(&mut self, signed: Vec<SignedPrepare>) {
        let keys = self.channel.endorsers();
        for SignedPrepare { deal, leg, endorsement, approval } in signed {
            let Some(preparing) = self.legs.own.get_mut(&(deal, leg)) else { continue };
            if preparing.submitted {
                continue;
            }
            if verify_endorsement(keys, &preparing.statement.signing_bytes(), &endorsement).is_some() {
                preparing.endorsements.insert(endorsement.0, endorsement);
            }
            preparing.approval = preparing.approval.or(approval);
        }
        self.submit_prepared();
    }

    /// Hands in what enough members have signed and the receiver has approved.
    fn submit_prepared(&mut self) {
        let mut ready = Vec::new();
        for (leg, preparing) in &mut self.legs.own {
            if preparing.submitted {
                continue;
            }
            if preparing.approver.is_none() {
                preparing.approver = approver(self.parts.root.as_ref(), leg);
            }
            let Some(approver) = preparing.approver else { continue };
            let approved = preparing.approval.filter(|approval| {
                verify(&approver, &preparing.statement.approval_bytes(), approval).is_ok()
            });
            // Somebody else may have answered with anything.
            preparing.approval = approved;
            let endorsements: Vec<Endorsement> = preparing.endorsements.values().copied().collect();
            let certificate = Certificate::assemble(self.channel.endorsers(), &endorsements);
            let (Some(_), Some(certificate)) = (approved, certificate) else { continue };
            preparing.submitted = true;
            let PrepareStatement { tag, generation, deal, leg: number, outcome, lock, last_height, .. } =
                preparing.statement;
            let prepare = Prepare {
                tag,
                generation,
                deal,
                leg: number,
                outcome,
                lock,
                last_height,
                approval: approved,
                certificate,
            };
            ready.push((*leg, prepare));
        }
        for (leg, prepare) in ready {
            let own = self.parts.own.clone();
            let done = move |ordered: crate::root_task::Anchored| {
                if !matches!(ordered, Ok(Ok(_))) {
                    let _ = own.send(Order::NotPrepared(leg));
                }
            };
            self.parts.root_handle.submit(RootTransaction::Prepare(prepare), Box::new(done));
        }
    }

    /// The root chain has refused a prepare: what is still open is put together anew.
    pub(super) fn on_not_prepared(&mut self, leg: LegId) {
        self.legs.own.remove(&leg);
    }
}

/// Who has to approve a leg, as the root chain knows it.
pub(super) fn approver(root: &dyn parclose_consensus::RootChain, (deal, leg): &LegId) -> Option<PublicKey> {
    match root.deal(deal).ok().flatten()? {
        DealState::Open { deal, .. } => deal.legs.get(usize::from(*leg))?.approver,
        DealState::Decided { .. } => None,
    }
}
