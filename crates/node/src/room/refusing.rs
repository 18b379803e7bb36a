//! Refusals of deals' legs: the members' signatures, gathered by the receiver of a leg that takes no part any more.

use std::collections::BTreeMap;

use parclose_channel::LegId;
use parclose_consensus::RootChain;
use parclose_exchange::Message;
use parclose_root::certificate::verify_endorsement;
use parclose_root::{Certificate, DealState, Endorsement, RefuseStatement, RootTransaction};
use parclose_types::{DealId, Height, PublicKey, RecordId, SignatureBytes, decode, encode, limits};

use super::legs::{SILENCE_MAX, approver};
use super::{Order, Room};

/// A refusal that this member has put together, with what it has of the others.
struct Refusing {
    statement: RefuseStatement,
    approval: SignatureBytes,
    endorsements: BTreeMap<PublicKey, Endorsement>,
    submitted: bool,
    asked: Height,
}

/// Refusals on their way.
#[derive(Default)]
pub(super) struct Refusals(BTreeMap<LegId, Refusing>);

impl Refusals {
    /// Whether something is on its way here.
    pub(super) fn is_busy(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Room {
    /// Asks the others to refuse a leg that this member would receive by an instruction.
    pub(super) fn on_refuse_leg(&mut self, leg: LegId, instruction: &RecordId) {
        if self.refusals.0.contains_key(&leg) || self.comes_back() || self.stopped.is_some() {
            return;
        }
        let (head, window) = (self.parts.root.head(), self.parts.root.genesis().parameters().window);
        let statement = self.channel.refuse_statement(leg, head, window);
        let approval = self.channel.ask_refusal(&statement, instruction);
        let (endorsements, submitted) = (BTreeMap::new(), false);
        self.refusals.0.insert(leg, Refusing { statement, approval, endorsements, submitted, asked: head });
        self.ask_refusals(vec![leg]);
    }

    /// Asks those again that have not answered; what cannot be ordered any more is given up.
    pub(super) fn refuse_legs(&mut self) {
        if !self.refusals.is_busy() {
            return;
        }
        let head = self.parts.root.head();
        let (generation, root) = (self.channel.config().generation, self.parts.root.clone());
        self.refusals.0.retain(|leg, refusing| {
            let statement = &refusing.statement;
            statement.generation == generation
                && statement.last_height > head
                && is_unprepared(root.as_ref(), leg)
        });
        let silent = |refusing: &Refusing| {
            !refusing.submitted && head.0 >= refusing.asked.0.saturating_add(SILENCE_MAX)
        };
        let again = self.refusals.0.iter().filter(|(_, refusing)| silent(refusing));
        let again = again.map(|(leg, _)| *leg).collect();
        self.ask_refusals(again);
    }

    fn ask_refusals(&mut self, legs: Vec<LegId>) {
        let (head, tag) = (self.parts.root.head(), self.channel.tag());
        for leg in legs {
            let Some(refusing) = self.refusals.0.get(&leg) else { continue };
            let (statement, approval) = (refusing.statement, refusing.approval);
            let own = self.sign_refusal(&statement, &approval);
            if let Some(refusing) = self.refusals.0.get_mut(&leg) {
                refusing.asked = head;
                refusing.endorsements.extend(own.map(|own| (own.0, own)));
            }
            let _ =
                self.send_to_others(&Message::AskRefusal { tag, statement: encode(&statement), approval });
        }
        self.submit_refused();
    }

    fn sign_refusal(&self, statement: &RefuseStatement, approval: &SignatureBytes) -> Option<Endorsement> {
        let (head, window) = (self.parts.root.head(), self.parts.root.genesis().parameters().window);
        let approver = approver(self.parts.root.as_ref(), &(statement.deal, statement.leg))?;
        self.channel.sign_refusal(statement, (&approver, approval), head, window).ok()
    }

    /// Signs what the receiver of a leg has put together. Whoever cannot yet is asked again.
    pub(super) fn on_ask_refusal(&mut self, from: PublicKey, statement: &[u8], approval: &SignatureBytes) {
        let limit = limits::ROOT_TRANSACTION_BYTES_MAX;
        let Ok(statement) = decode::<RefuseStatement>("statement", statement, limit) else { return };
        if self.comes_back() {
            return;
        }
        if let Some(endorsement) = self.sign_refusal(&statement, approval) {
            let RefuseStatement { tag, deal, leg, .. } = statement;
            self.send(&from, &Message::Refusal { tag, deal, leg, endorsement });
        }
    }

    /// Takes a signature that verifies.
    pub(super) fn on_refusal(&mut self, (deal, leg): (DealId, u8), endorsement: Endorsement) {
        let keys = self.channel.endorsers();
        let Some(refusing) = self.refusals.0.get_mut(&(deal, leg)) else { return };
        if verify_endorsement(keys, &refusing.statement.signing_bytes(), &endorsement).is_some() {
            refusing.endorsements.insert(endorsement.0, endorsement);
        }
        self.submit_refused();
    }

    /// Hands in what enough members have signed.
    fn submit_refused(&mut self) {
        let keys = self.channel.endorsers();
        let mut ready = Vec::new();
        for (leg, refusing) in self.refusals.0.iter_mut().filter(|(_, refusing)| !refusing.submitted) {
            let endorsements: Vec<Endorsement> = refusing.endorsements.values().copied().collect();
            if let Some(certificate) = Certificate::assemble(keys, &endorsements) {
                refusing.submitted = true;
                ready.push((*leg, refusing.statement.refuse(certificate)));
            }
        }
        for (leg, refuse) in ready {
            let own = self.parts.own.clone();
            // Taken or not, it has come to its end.
            let done = move |_| drop(own.send(Order::Refused(leg)));
            self.parts.root_handle.submit(RootTransaction::Refuse(refuse), Box::new(done));
        }
    }

    /// The root chain has answered.
    pub(super) fn on_refused(&mut self, leg: LegId) {
        self.refusals.0.remove(&leg);
    }
}

/// Whether a leg of an open deal can still be refused.
fn is_unprepared(root: &dyn RootChain, (deal, leg): &LegId) -> bool {
    match root.deal(deal) {
        Ok(Some(DealState::Open { prepared, .. })) => prepared.get(usize::from(*leg)) == Some(&None),
        _ => false,
    }
}
