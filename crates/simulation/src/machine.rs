//! One machine: its disk, its clock, and the validator that runs on it, or does not.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parclose_consensus::hazmat::{EngineLog, Planted, Stepped, SteppedOptions, Timer};
use parclose_consensus::{Hop, RootRelay, RootUnavailable, Timing};
use parclose_crypto::SigningKey;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_root::Genesis;
use parclose_store::hazmat::{Image, Medium, on_medium};
use parclose_types::PublicKey;

use crate::dice::Dice;
use crate::traitor::Manner;

/// Transactions that leave a machine, until they are carried.
#[derive(Debug, Default)]
pub struct Outbox(Mutex<Vec<(Hop, Vec<u8>)>>);

impl Outbox {
    /// What has left.
    pub fn take(&self) -> Vec<(Hop, Vec<u8>)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, hop: Hop, transaction: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((hop, transaction.to_vec()));
    }
}

impl RootRelay for Outbox {
    fn hand_in(&self, transaction: &[u8]) -> bool {
        self.put(Hop::HandedIn, transaction);
        true
    }

    fn spread(&self, transaction: &[u8]) {
        self.put(Hop::Spread, transaction);
    }
}

/// The key of the n-th validator.
#[must_use]
pub fn key(number: usize) -> SigningKey {
    let mut seed = [0x51; 32];
    let [first, ..] = &mut seed;
    *first = u8::try_from(number).unwrap_or(u8::MAX);
    SigningKey::from_seed(&secret_from_bytes(seed))
}

/// How a clock goes.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// percent of the usual
    pub rate: u64,
    /// it stands, or is behind, until then
    pub stands_until: Duration,
}

/// A machine of a validator.
#[derive(Debug)]
pub struct Machine {
    /// which validator's key it has
    pub number: usize,
    /// that key
    pub name: PublicKey,
    /// its disk
    pub medium: Medium,
    /// the engine's log on it
    pub log: EngineLog,
    /// runs, unless the machine is down
    pub validator: Option<Stepped>,
    /// transactions on their way out
    pub outbox: Arc<Outbox>,
    /// how it cheats
    pub manner: Option<Manner>,
    /// what is broken on purpose
    pub planted: Planted,
    /// starts of it so far
    pub starts: u64,
    /// it has run before, so that its record must be there
    pub has_run: bool,
    /// timers that run: which of several of one name counts
    pub timers: BTreeMap<Timer, u64>,
    /// how its clock goes
    pub clock: Clock,
    /// whom it does not ask any more, until when
    pub avoids: BTreeMap<PublicKey, Duration>,
    /// a question for blocks is open until then
    pub asks_until: Duration,
    /// an earlier state of its disk
    pub image: Option<(Image, EngineLog)>,
    /// writes that its disk had refused when it started
    pub refused: u64,
    /// a row of its disk has changed by itself
    pub is_damaged: bool,
    /// it stopped by itself so often without such a reason
    pub stops: u64,
    /// heights that its validator has passed since it started
    pub passed: u64,
}

const DATABASE: &str = "/root/db";

impl Machine {
    /// A new machine with the key of a validator.
    #[must_use]
    pub fn new(number: usize, manner: Option<Manner>) -> Self {
        let medium = Medium::default();
        Self {
            number,
            name: key(number).public(),
            log: EngineLog::on(&medium),
            medium,
            validator: None,
            outbox: Arc::default(),
            manner,
            planted: Planted::default(),
            starts: 0,
            has_run: false,
            timers: BTreeMap::new(),
            clock: Clock { rate: 100, stands_until: Duration::ZERO },
            avoids: BTreeMap::new(),
            asks_until: Duration::ZERO,
            image: None,
            refused: 0,
            is_damaged: false,
            stops: 0,
            passed: 0,
        }
    }

    /// Where the root chain lies on its disk.
    #[must_use]
    pub fn database() -> PathBuf {
        DATABASE.into()
    }

    /// Whether it keeps the rules, as far as anybody knows.
    #[must_use]
    pub fn is_honest(&self) -> bool {
        self.manner.is_none()
    }

    /// Whether its disk has given it a reason to stop.
    #[must_use]
    pub fn disk_has_failed(&self) -> bool {
        self.medium.is_stopped() || self.medium.refused() > self.refused
    }

    /// Others for each of its starts: what a machine draws cannot be foretold.
    fn nonces(&self) -> [u8; 32] {
        let mut seed = [0x4e; 32];
        let parts = [self.number as u64, self.starts].map(u64::to_be_bytes);
        seed.iter_mut().rev().zip(parts.as_flattened()).for_each(|(byte, part)| *byte = *part);
        seed
    }

    /// Opens its validator and starts the engine.
    pub fn start(&mut self, genesis: &Genesis) -> Result<(), RootUnavailable> {
        self.starts = self.starts.saturating_add(1);
        (self.refused, self.passed) = (self.medium.refused(), 0);
        let has_forgotten = self.manner == Some(Manner::Amnesia);
        let options = SteppedOptions {
            genesis: genesis.clone(),
            directory: Self::database(),
            cache: on_medium(&self.medium),
            log: self.log.clone(),
            key: Some(key(self.number)),
            is_new: !self.has_run || has_forgotten,
            nonces: self.nonces(),
            timing: Timing::default(),
            relay: self.outbox.clone(),
            planted: self.planted,
        };
        let mut validator = Stepped::open(options)?;
        self.has_run = true;
        validator.start()?;
        self.validator = Some(validator);
        Ok(())
    }

    /// The process ends; nothing that it wrote is lost.
    pub fn end(&mut self) {
        self.validator = None;
        self.timers.clear();
        self.medium.end_process();
    }

    /// The power fails; of what was not synced the dice decide.
    pub fn lose_power(&mut self, dice: &mut Dice) {
        self.validator = None;
        self.timers.clear();
        self.medium.lose_power(|pending| dice.index(pending.saturating_add(1)));
        self.log.lose_power(|pending| dice.index(pending.saturating_add(1)));
    }

    /// Everything on its disk is gone.
    pub fn wipe(&mut self) {
        self.end();
        self.medium = Medium::default();
        self.log = EngineLog::on(&self.medium);
        self.is_damaged = false;
    }
}
