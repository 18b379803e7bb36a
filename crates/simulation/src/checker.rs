//! What must hold after every event.

use std::collections::{BTreeMap, BTreeSet};

use parclose_consensus::hazmat::{Packet, Stepped};
use parclose_crypto::verify;
use parclose_root::{Genesis, precommit_bytes};
use parclose_types::{Height, PublicKey, ValueHash};

/// Transactions that wait in one validator, at most: memory is bounded.
const POOLED_MAX: usize = 4096;

/// A promise that does not hold any more, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A violation, with its text.
pub(crate) fn broken<T>(what: impl Into<String>) -> Result<T, Violation> {
    Err(Violation(what.into()))
}

/// Where something was signed.
type Slot = (PublicKey, Height, u32, u8);

/// Everything that the honest validators of a run have shown.
#[derive(Debug)]
pub struct Checker {
    genesis: Genesis,
    /// the block of each height
    decided: BTreeMap<u64, ValueHash>,
    signed: BTreeMap<Slot, Option<ValueHash>>,
    traitors: BTreeSet<PublicKey>,
    /// the last height that each machine has shown as final
    shown: BTreeMap<usize, u64>,
}

impl Checker {
    /// Nothing has happened yet; the keys are of those who may cheat.
    #[must_use]
    pub fn new(genesis: Genesis, traitors: BTreeSet<PublicKey>) -> Self {
        let decided = BTreeMap::new();
        Self { genesis, decided, signed: BTreeMap::new(), traitors, shown: BTreeMap::new() }
    }

    /// Blocks that somebody honest holds for final.
    #[must_use]
    pub fn heights(&self) -> u64 {
        self.decided.len() as u64
    }

    /// An honest validator sends something: it signs one thing for one place.
    pub fn published(&mut self, packet: &Packet) -> Result<(), Violation> {
        let Some(place) = packet.place() else { return Ok(()) };
        let slot = (place.validator, place.height, place.round, place.step);
        if self.traitors.contains(&place.validator) {
            return Ok(());
        }
        let first = *self.signed.entry(slot).or_insert(place.value);
        if first != place.value {
            let (height, round, step) = (place.height, place.round, place.step);
            return broken(format!(
                "an honest validator signed twice at height {height}, round {round}, step {step}"
            ));
        }
        Ok(())
    }

    /// An honest validator has started: what it showed as final is there.
    pub fn started(&self, machine: usize, validator: &Stepped) -> Result<(), Violation> {
        let shown = self.shown.get(&machine).copied().unwrap_or_default();
        if validator.head().0 < shown {
            let head = validator.head();
            return broken(format!("machine {machine} showed block {shown} as final and starts at {head}"));
        }
        Ok(())
    }

    /// A machine has lost its data, which it need not have any more.
    pub fn forget(&mut self, machine: usize) {
        self.shown.remove(&machine);
    }

    /// What an honest validator holds for final is what the others do, and is certified.
    pub fn head(&mut self, machine: usize, validator: &Stepped) -> Result<u64, Violation> {
        let shown = self.shown.get(&machine).copied().unwrap_or_default();
        let head = validator.head().0;
        for height in shown.saturating_add(1)..=head {
            self.block(machine, validator, Height(height))?;
        }
        if head > shown {
            self.shown.insert(machine, head);
        }
        if validator.pooled() > POOLED_MAX {
            return broken(format!("machine {machine} holds {} transactions in memory", validator.pooled()));
        }
        Ok(head.saturating_sub(shown))
    }

    fn block(&mut self, machine: usize, validator: &Stepped, height: Height) -> Result<(), Violation> {
        let Ok(Some((block, certificate))) = validator.block(height) else {
            return broken(format!("machine {machine} has no block {height} and shows it as final"));
        };
        let value = block.header.hash();
        let first = *self.decided.entry(height.0).or_insert(value);
        if first != value {
            return broken(format!("two blocks are final at height {height}"));
        }
        let parent = self.decided.get(&height.0.saturating_sub(1)).copied();
        if parent.is_some_and(|parent| parent != block.header.parent) {
            return broken(format!("block {height} does not follow from the one before"));
        }
        // Counted here once more, by a rule of its own: each signer once, each signature over this block, more than two thirds.
        let network = self.genesis.network();
        let set = self.genesis.validators();
        let mut signers = BTreeSet::new();
        for (key, signature) in &certificate.signatures {
            let bytes = precommit_bytes(&network, height, certificate.round, &value, key);
            if set.power_of(key).is_some() && verify(key, &bytes, signature).is_ok() {
                signers.insert(*key);
            }
        }
        if signers.len().saturating_mul(3) <= set.validators().len().saturating_mul(2) {
            return broken(format!("block {height} is final with {} signatures", signers.len()));
        }
        Ok(())
    }

    /// Whom somebody blames for a block that was fetched has cheated.
    pub fn blamed(&self, peer: &PublicKey) -> Result<(), Violation> {
        if self.traitors.contains(peer) {
            Ok(())
        } else {
            broken("an honest validator is blamed for a block that was fetched")
        }
    }

    /// Whoever is convicted has cheated.
    pub fn convicted(&self, validator: &Stepped) -> Result<u64, Violation> {
        let found = validator.evidence().map_err(|reason| Violation(reason.to_string()))?;
        if found.iter().any(|of| !self.traitors.contains(&of.validator)) {
            return broken("an honest validator is convicted");
        }
        Ok(found.len() as u64)
    }
}
