//! Transactions: submitted, carried between validators, ordered, and there for good once their submitter was told.

use std::sync::{Arc, Mutex, PoisonError};

use parclose_consensus::Hop;
use parclose_crypto::SigningKey;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_root::{GenerationKeys, OpenBody, OpenChannel, RootTransaction};
use parclose_types::{Digest, Generation};

use super::{Event, World, add};
use crate::checker::{Violation, broken};

/// Numbers of the transactions that are final, as their submitters were told.
pub(super) type Told = Arc<Mutex<Vec<u8>>>;

/// Transactions that each machine submits.
const EACH: u8 = 3;

fn member(number: u8, place: u8) -> SigningKey {
    let mut seed = [0x77; 32];
    let [first, second, ..] = &mut seed;
    (*first, *second) = (number, place);
    SigningKey::from_seed(&secret_from_bytes(seed))
}

impl World {
    /// When who submits what: each machine other transactions, so that blocks of two proposers differ.
    pub(super) fn plan_work(&mut self) {
        let trouble = u64::try_from(self.plan.trouble.as_millis()).unwrap_or(u64::MAX);
        let mut number = 0;
        for at in 0..self.machines.len() {
            for _ in 0..EACH {
                let when = self.dice.millis(500, trouble);
                self.queue.after(when, Event::Submit { at, number });
                number = number.saturating_add(1);
            }
        }
    }

    /// The opening of the channel of a number.
    fn opening(&mut self, number: u8) -> Result<RootTransaction, Violation> {
        let mut members: Vec<_> = (0..3).map(|place| member(number, place)).collect();
        members.sort_by_key(SigningKey::public);
        let endorsers = members.iter().map(SigningKey::public).collect();
        let keys = GenerationKeys::new(Generation(0), endorsers, 2);
        let keys = keys.map_err(|reason| Violation(reason.to_string()))?;
        let body = OpenBody { keys, genesis_commitment: Digest([number; 32]) };
        let network = self.genesis.network();
        self.opened.insert(number, body.tag(&network));
        let signatures = members.iter().map(|member| body.sign(&network, member)).collect();
        Ok(RootTransaction::OpenChannel(OpenChannel { body, signatures }))
    }

    pub(super) fn submit(&mut self, at: usize, number: u8) -> Result<(), Violation> {
        let transaction = self.opening(number)?;
        let told = self.told.clone();
        // A traitor may be ahead of all honest ones, and what it says is no promise.
        let counts = self.machines.get(at).is_some_and(crate::machine::Machine::is_honest);
        self.note(&format!("{at} submits {number}"), &[]);
        let done = move |ordered: parclose_consensus::Ordered| {
            if counts && matches!(ordered, Ok(Ok(_))) {
                told.lock().unwrap_or_else(PoisonError::into_inner).push(number);
            }
        };
        self.with(at, |validator| validator.submit(transaction, Box::new(done)))
    }

    /// Takes what a validator wants carried: to one other, or to all.
    pub(super) fn carry_out(&mut self, at: usize) {
        let carried = self.machines.get(at).map(|machine| machine.outbox.take()).unwrap_or_default();
        for (hop, transaction) in carried {
            let one = self.dice.index(self.machines.len());
            for to in (0..self.machines.len()).filter(|to| hop == Hop::Spread || *to == one) {
                let transaction = transaction.clone();
                self.send(at, to, move |from, to| Event::Carried {
                    to,
                    from,
                    hop,
                    transaction: transaction.clone(),
                });
            }
        }
    }

    pub(super) fn carried(
        &mut self,
        to: usize,
        from: usize,
        hop: Hop,
        transaction: &[u8],
    ) -> Result<(), Violation> {
        self.note(&format!("{from}->{to} transaction"), transaction);
        self.with(to, |validator| validator.offered(&from.to_string(), transaction, hop).map(drop))
    }

    /// Whatever somebody was told is final is there, with whoever honest is furthest: the others have the same blocks.
    pub(super) fn acknowledged(&mut self) -> Result<(), Violation> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let honest = self.machines.iter().filter(|machine| machine.is_honest() && !machine.is_damaged);
        let furthest =
            honest.filter_map(|machine| machine.validator.as_ref()).max_by_key(|validator| validator.head());
        let Some(validator) = furthest else { return Ok(()) };
        for number in told {
            add(&mut self.reached, "a transaction is acknowledged");
            let Some(tag) = self.opened.get(&number) else { continue };
            let found = validator.tag_state(tag).map_err(|reason| Violation(reason.to_string()))?;
            if found.is_none() {
                return broken("what was acknowledged is not there");
            }
        }
        Ok(())
    }
}
