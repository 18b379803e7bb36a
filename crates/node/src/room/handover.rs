//! Handing over: the members' signatures under a rotation or a close, gathered by one of them.

use std::collections::BTreeMap;

use parclose_channel::handover::{Handover, HandoverRefused, Statement};
use parclose_exchange::Message;
use parclose_root::certificate::verify_endorsement;
use parclose_root::{Certificate, Close, Endorsement, GenerationKeys, RootTransaction};
use parclose_types::{PublicKey, decode, encode, limits};

use super::{Order, Room};

/// A statement that this member has put together, with the signatures that it has.
pub(super) struct Gathered {
    statement: Statement,
    current: BTreeMap<PublicKey, Endorsement>,
    next: BTreeMap<PublicKey, Endorsement>,
    submitted: bool,
}

impl Gathered {
    fn certificate(of: &BTreeMap<PublicKey, Endorsement>, keys: &GenerationKeys) -> Option<Certificate> {
        let endorsements: Vec<Endorsement> = of.values().copied().collect();
        Certificate::assemble(keys, &endorsements)
    }

    fn transaction(&self, keys: &GenerationKeys) -> Option<RootTransaction> {
        let certificate = Self::certificate(&self.current, keys)?;
        Some(match &self.statement {
            Statement::Rotate(statement) => {
                let next = Self::certificate(&self.next, &statement.next)?;
                RootTransaction::Rotate(statement.clone().rotate(certificate, next))
            }
            Statement::Close(statement) => RootTransaction::Close(Close {
                tag: statement.tag,
                last_sequence: statement.last_sequence,
                last_height: statement.last_height,
                certificate,
            }),
        })
    }
}

impl Room {
    /// Puts the statement of what was decided together and asks the others, if it is this member's turn.
    pub(super) fn hand_over(&mut self) {
        if !std::mem::take(&mut self.handover_wanted) || self.flight.is_some() {
            return;
        }
        let (head, window) = (self.parts.root.head(), self.parts.root.genesis().parameters().window);
        // What can not be ordered any more is put together anew, if it is still decided.
        self.handover.take_if(|gathered| gathered.statement.last_height() <= head);
        if self.handover.is_some()
            || self.unattested.is_some() && self.channel.is_ending(head)
            || !self.channel.hands_over(head)
        {
            return;
        }
        let Some(statement) = self.channel.handover(head, window) else { return };
        let Ok(own) = self.channel.sign_handover(&statement, head, window) else { return };
        if let (Some(_), Statement::Rotate(rotate)) = (&own.next, &statement) {
            self.listen_as(&rotate.next);
        }
        let bytes = encode(&statement);
        self.handover =
            Some(Gathered { statement, current: BTreeMap::new(), next: BTreeMap::new(), submitted: false });
        self.on_handover(own);
        let message = Message::AskHandover { tag: self.channel.tag(), statement: bytes };
        let _ = self.send_to_others(&message);
    }

    /// Signs what another member has put together, or remembers to look again once more is executed here.
    pub(super) fn on_ask_handover(&mut self, from: PublicKey, bytes: Vec<u8>) {
        let Ok(statement) = decode::<Statement>("statement", &bytes, limits::ROOT_TRANSACTION_BYTES_MAX)
        else {
            return;
        };
        if self.comes_back() {
            return drop(self.asked.insert(from, bytes));
        }
        let (head, window) = (self.parts.root.head(), self.parts.root.genesis().parameters().window);
        match self.channel.sign_handover(&statement, head, window) {
            Ok(Handover { current, next }) => {
                if let (Some(_), Statement::Rotate(rotate)) = (&next, &statement) {
                    self.listen_as(&rotate.next);
                }
                let message = Message::Handover { tag: self.channel.tag(), current, next };
                self.send(&from, &message);
            }
            Err(HandoverRefused::Window { .. }) => {}
            Err(_) => drop(self.asked.insert(from, bytes)),
        }
    }

    /// Looks again at what it was asked to sign too early.
    pub(super) fn retry_asked(&mut self) {
        for (from, bytes) in std::mem::take(&mut self.asked) {
            self.on_ask_handover(from, bytes);
        }
    }

    /// Takes signatures that verify; submits once there are enough.
    pub(super) fn on_handover(&mut self, Handover { current, next }: Handover) {
        let keys = self.channel.endorsers();
        let Some(gathered) = self.handover.as_mut().filter(|gathered| !gathered.submitted) else { return };
        let signed = gathered.statement.signing_bytes();
        if verify_endorsement(keys, &signed, &current).is_some() {
            gathered.current.insert(current.0, current);
        }
        if let (Statement::Rotate(statement), Some(next)) = (&gathered.statement, next)
            && verify_endorsement(&statement.next, &signed, &next).is_some()
        {
            gathered.next.insert(next.0, next);
        }
        let Some(transaction) = gathered.transaction(keys) else { return };
        gathered.submitted = true;
        let own = self.parts.own.clone();
        let done = move |anchored: crate::root_task::Anchored| {
            if !matches!(anchored, Ok(Ok(_))) {
                let _ = own.send(Order::NotHandedOver);
            }
        };
        self.parts.root_handle.submit(transaction, Box::new(done));
    }

    /// The root chain has refused it: its time had passed, or another was first. Tried again from the state
    /// as it is then.
    pub(super) fn on_not_handed_over(&mut self) {
        self.handover = None;
    }
}
