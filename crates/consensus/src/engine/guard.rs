//! What a validator has signed last, on its disk: it never signs two messages for one place.
//!
//! The engine's write-ahead log says the same, but it can be cut short, damaged, or lost with its
//! directory, and then the engine would vote again. This record lies in the root chain's database and is
//! synced before a signature leaves; what it cannot rule out is not signed, and the height is sat out.

use std::sync::{Arc, Mutex, PoisonError};

use borsh::{BorshDeserialize, BorshSerialize};
use malachite_core::Round;
use parclose_crypto::hash;
use parclose_root::Deal;
use parclose_store::{Durability, StoreError};
use parclose_types::{Digest, Height, labels};

use super::height::EngineHeight;
use super::mark::{Nonces, mark};
use crate::ledger::Ledger;
use crate::tables::{DEALS, SIGNED};

/// A place for one signature: the steps of a round, rounds and heights in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub(crate) struct Slot {
    height: Height,
    round: u32,
    /// 0 proposal, 1 prevote, 2 precommit
    step: u8,
}

impl Slot {
    fn new(height: EngineHeight, round: Round, step: u8) -> Self {
        Self { height: height.into(), round: round.as_u32().unwrap_or(u32::MAX), step }
    }

    pub(crate) fn proposal(height: EngineHeight, round: Round) -> Self {
        Self::new(height, round, 0)
    }

    pub(crate) fn prevote(height: EngineHeight, round: Round) -> Self {
        Self::new(height, round, 1)
    }

    pub(crate) fn precommit(height: EngineHeight, round: Round) -> Self {
        Self::new(height, round, 2)
    }
}

/// The row of [`SIGNED`]: the furthest slot, and what was signed there; none if that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct SignedRow {
    slot: Slot,
    message: Option<Digest>,
}

/// Why something is not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotSignedTwice {
    /// CON-12: the slot, or a later one, has been signed, with another message or one not known any more.
    #[error("height {}, round {} was signed already", .0.height, .0.round)]
    Signed(Slot),
    /// CON-13: this validator does not know what it has signed.
    #[error(
        "what this validator signed before is not known: it sits out until the chain is past all that it can have signed"
    )]
    SitsOut,
    /// The record cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug)]
enum Known {
    /// the furthest slot
    Last(SignedRow),
    /// the record is lost; the mark that is to show which height is later than that
    Lost(Option<Deal>),
}

/// Keeps the record of one validator.
#[derive(Debug)]
pub(crate) struct Guard {
    ledger: Arc<Ledger>,
    nonces: Nonces,
    known: Mutex<Known>,
    /// the height at which something else was asked for than was signed
    passed: Mutex<Option<Height>>,
}

impl Guard {
    /// Reads the record. `is_new` is true only for a validator that was just made and never ran: its record
    /// begins here, because one that ran and signed nothing must not be taken for one that lost it.
    pub(crate) fn open(ledger: Arc<Ledger>, is_new: bool, nonces: Nonces) -> Result<Self, StoreError> {
        let known = match ledger.database().get(&SIGNED, &())? {
            Some(row) => Known::Last(row),
            None if is_new => {
                let first = SignedRow { slot: Slot { height: Height(0), round: 0, step: 0 }, message: None };
                write(&ledger, &first)?;
                Known::Last(first)
            }
            None => Known::Lost(None),
        };
        Ok(Self { ledger, nonces, known: Mutex::new(known), passed: Mutex::default() })
    }

    /// Lets a signature through, once it is on the disk that it was given.
    ///
    /// # Rules
    ///
    /// > CON-12: a validator signs nothing for a height, round and step before the last one that it signed, and nothing but the same message for that one; its record is synced before the signature leaves.
    /// > CON-13: a validator whose record is lost signs nothing until a deal is final that it has opened since, under a random nonce, and nothing for that height and those before it.
    /// > CON-28: a validator whose engine asks for what the record rules out, or ends by itself, goes on without votes until that height is decided.
    pub(crate) fn admit(&self, slot: Slot, message: &[u8]) -> Result<(), NotSignedTwice> {
        let message = Some(Digest(hash(labels::SIGNED, &[message])));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Known::Lost(_) => return Err(NotSignedTwice::SitsOut),
            Known::Last(last) if last.slot == slot && last.message == message => return Ok(()),
            Known::Last(last) if last.slot >= slot => {
                // Power that fails between this record and the engine's log leaves a log that asks for the same again, each
                // time that it is read; and a log that has lost its end has lost what the validator was locked on.
                self.pass(last.slot.height);
                return Err(NotSignedTwice::Signed(slot));
            }
            Known::Last(_) => {}
        }
        let row = SignedRow { slot, message };
        write(&self.ledger, &row)?;
        *known = Known::Last(row);
        Ok(())
    }

    /// The engine has ended by itself at a height: this validator goes on without votes until that is decided.
    pub(crate) fn pass(&self, height: Height) {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        *passed = (*passed).max(Some(height));
    }

    /// Thirty-two bytes that nobody could foretell; `None` if the system has none.
    pub(crate) fn nonce(&self) -> Option<[u8; 32]> {
        self.nonces.draw()
    }

    /// The mark that is to be opened now, after a height that this validator has seen being decided: if its record is lost
    /// and no mark of its own can be ordered any more.
    pub(crate) fn wants_mark(&self) -> Option<Deal> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known::Lost(asked) = &mut *known else { return None };
        let head = self.ledger.head();
        if asked.as_ref().is_some_and(|deal| deal.allocate_before.0 > head.0.saturating_add(1)) {
            return None;
        }
        *asked = self.nonces.draw().map(|nonce| mark(nonce, head));
        asked.clone()
    }

    /// A height is final: who had to pass it may vote at the next one, and so may who sees its mark there.
    pub(crate) fn decided(&self, height: Height) -> Result<(), StoreError> {
        {
            let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            *passed = passed.filter(|passed| *passed > height);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Known::Lost(Some(mark)) = &*known
            && self.ledger.database().get(&DEALS, &mark.id(&self.ledger.network()))?.is_some()
        {
            // Nobody could name this deal before this validator drew its nonce. So the block that opens it is later than
            // every block that it had then, and whatever it signed was for the height after those at most.
            let slot = Slot { height, round: u32::MAX, step: u8::MAX };
            *known = Known::Last(SignedRow { slot, message: None });
        }
        Ok(())
    }

    /// Whether it is to have no votes: its record is lost, or it passes a height.
    pub(crate) fn sits_out(&self) -> bool {
        let is_lost = matches!(*self.known.lock().unwrap_or_else(PoisonError::into_inner), Known::Lost(_));
        is_lost || self.passed.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

fn write(ledger: &Ledger, row: &SignedRow) -> Result<(), StoreError> {
    let mut batch = ledger.database().batch();
    batch.put(&SIGNED, &(), row);
    ledger.database().commit(batch, Durability::Synced)
}
