//! A deal between ann and bob, for attacks on it: 400 of ann's asset against 30 of bob's.

use parclose_channel::locks::LockRow;
use parclose_channel::{Agreed, LegTerms};
use parclose_root::{Deal as RootDeal, Leg, OpenDeal};
use rand_chacha::rand_core::Rng;

use super::*;

/// An open deal of two legs in the room of cash.
pub(super) struct Dealt {
    pub(super) id: DealId,
    allocate_before: Height,
    pub(super) settle_before: Height,
}

impl Dealt {
    pub(super) fn open(stage: &mut Stage) -> Result<Self, Failed> {
        let mut nonce = [0; 32];
        stage.rng.fill_bytes(&mut nonce);
        let tag = stage.side(CASH, ANN).tag();
        let leg = Leg { tag, terms: nonce, approver: None };
        let allocate_before = Height(stage.next().0 + 12);
        let settle_before = Height(allocate_before.0 + 16);
        let deal = RootDeal { nonce, allocate_before, settle_before, legs: vec![leg, leg] };
        let id = deal.id(stage.chain.root.network());
        stage.order(RootTransaction::OpenDeal(OpenDeal { deal }))??;
        Ok(Self { id, allocate_before, settle_before })
    }

    /// A side locks what it gives: ann for leg 0, bob for leg 1.
    pub(super) fn lock(&self, stage: &mut Stage, leg: u8) -> Result<(), Failed> {
        let gives = if leg == 0 { (GBP, BOB, 400) } else { (BOND, ANN, 30) };
        self.lock_of(stage, leg, gives)
    }

    fn lock_of(&self, stage: &mut Stage, leg: u8, gives: (AssetId, usize, u64)) -> Result<(), Failed> {
        let (at, heights) = (usize::from(leg), (self.allocate_before, self.settle_before));
        let signed = stage.locked(at, (self.id, leg), heights, gives)?;
        stage.applied(CASH, at, &signed)
    }

    fn row(&self, stage: &Stage, leg: u8) -> Result<LockRow, Failed> {
        let row = stage.side(CASH, ANN).open_locks().find(|row| row.leg() == (self.id, leg)).copied();
        row.ok_or_else(|| "a lock is open".into())
    }

    fn statement(&self, stage: &Stage, leg: u8) -> Result<PrepareStatement, Failed> {
        let (row, head, window) = (self.row(stage, leg)?, stage.head(), stage.window());
        let statement = stage.side(CASH, ANN).prepare_statement(&row, head, window);
        statement.ok_or_else(|| "the lock can be prepared".into())
    }

    /// The members certify a leg that is locked, and it is ordered and executed.
    pub(super) fn prepare(&self, stage: &mut Stage, leg: u8) -> Result<(), Failed> {
        let statement = self.statement(stage, leg)?;
        let (head, window) = (stage.head(), stage.window());
        let mut signed = Vec::new();
        for at in 0..MEMBERS.len() {
            signed.push(stage.side(CASH, at).sign_prepare(&statement, head, window)?);
        }
        let certificate = Certificate::assemble(stage.side(CASH, ANN).endorsers(), &signed);
        let certificate = certificate.ok_or("enough members sign")?;
        stage.order(RootTransaction::Prepare(statement.prepare(None, certificate)))??;
        stage.settle(CASH)
    }

    /// Bob asks for signatures under his leg, for which he has locked nothing.
    pub(super) fn without_a_lock(&self, stage: &mut Stage) -> Result<Answer, Failed> {
        let statement = PrepareStatement { leg: 1, ..self.last_statement(stage)? };
        let (head, window) = (stage.head(), stage.window());
        let signed = stage.side(CASH, CYD).sign_prepare(&statement, head, window);
        Ok(Answer::of("bob's leg without a lock", "every member that is asked to sign", signed))
    }

    /// What the prepare of ann's leg said.
    fn last_statement(&self, stage: &Stage) -> Result<PrepareStatement, Failed> {
        match stage
            .chain
            .log
            .iter()
            .rev()
            .map(|event| &event.transaction)
            .find(|t| matches!(t, RootTransaction::Prepare(_)))
        {
            Some(RootTransaction::Prepare(prepare)) => Ok(prepare.statement(stage.chain.root.network())),
            _ => Err("ann's leg is prepared".into()),
        }
    }

    /// Bob locks 3 in the place of 30, and asks ann to approve.
    pub(super) fn with_a_smaller_one(&self, stage: &mut Stage) -> Result<Answer, Failed> {
        self.lock_of(stage, 1, (BOND, ANN, 3))?;
        let statement = self.statement(stage, 1)?;
        let (sender, receiver) = (stage.id(CASH, BOB), stage.id(CASH, ANN));
        let tag = stage.side(CASH, ANN).tag();
        let agreed = Agreed {
            leg: (self.id, 1),
            terms: LegTerms { tag, sender, receiver, asset: BOND, amount: 30 },
            allocate_before: self.allocate_before,
            settle_before: self.settle_before,
            instruction: record(99),
        };
        let approved = stage.side(CASH, ANN).approve(&statement, &agreed);
        Ok(Answer::of("a lock of 3 in the place of 30", "ann, who is to receive it", approved))
    }
}
