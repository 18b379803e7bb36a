//! A settlement date: what matures is paid back, what was auctioned is delivered, each as a deal of two legs.

use std::collections::BTreeMap;

use parclose_channel::{Answer, LegTerms, Terms};
use parclose_finance::plan::Day;
use parclose_node::RoomHandle;
use parclose_node::desk::Stage;
use parclose_node::randomness::generator;
use parclose_transaction::FieldValue;
use parclose_types::{AssetId, Height, PublicKey, RecordId};
use rand_core::Rng;

use super::market::{CASH, ISSUER, Market, SECURITIES};
use super::{Settled, minor};
use crate::context::in_room;
use crate::error::CliError;
use crate::waiting::Waiting;

/// Heights within which legs are locked, and then settled.
const WITHIN: u64 = 1024;
/// Deals that are on their way together: as many as a block opens.
const TOGETHER: usize = 32;

/// What is exchanged.
#[derive(Clone, Debug)]
struct Trade {
    class: &'static str,
    asset: AssetId,
    par_minor: u64,
    cash_minor: u64,
    /// the issuer pays back what it had issued
    redeems: bool,
    reference: String,
}

impl Market {
    /// Settles a day.
    pub(super) fn settle(&self, day: &Day, settled: &mut Settled) -> Result<(), CliError> {
        let mut trades = Vec::new();
        for redemption in &day.redemptions {
            trades.push(Trade {
                class: redemption.class.member(),
                asset: self.asset(&redemption.cusip)?,
                par_minor: minor(redemption.par),
                cash_minor: redemption.cash_minor,
                redeems: true,
                reference: format!("{}-{}-redemption", redemption.cusip, redemption.date),
            });
        }
        // What matures is delivered back before anything new is: the same note is not wanted twice.
        self.settle_all(&trades, settled)?;
        trades.clear();
        for leg in &day.deals {
            trades.push(Trade {
                class: leg.class.member(),
                asset: self.asset(&leg.cusip)?,
                par_minor: minor(leg.par),
                cash_minor: leg.cash_minor,
                redeems: false,
                reference: leg.id(),
            });
        }
        self.settle_all(&trades, settled)
    }

    fn settle_all(&self, trades: &[Trade], settled: &mut Settled) -> Result<(), CliError> {
        for trades in trades.chunks(TOGETHER) {
            let instructions = self.propose(trades)?;
            self.accept(&instructions, trades)?;
            self.consortium.settle_deals();
            self.count(&instructions, trades, settled)?;
        }
        let matured = trades.iter().filter(|trade| trade.redeems);
        self.redeem(matured.map(|trade| (trade.asset, trade.par_minor)).collect())
    }

    /// The issuer proposes to each class.
    fn propose(&self, trades: &[Trade]) -> Result<Vec<RecordId>, CliError> {
        let (room, own) = (self.room(ISSUER, SECURITIES)?, self.id(ISSUER)?);
        let cash = self.room(ISSUER, CASH)?;
        let head = self.consortium.root().head().0;
        let heights = (Height(head.saturating_add(WITHIN)), Height(head.saturating_add(2 * WITHIN)));
        let mut waiting = Waiting::new();
        let mut instructions = Vec::new();
        for trade in trades {
            let (record, class) = (fresh(), self.id(trade.class)?);
            let [securities, dollars] = self.tags;
            let (from, to) = if trade.redeems { (class, own) } else { (own, class) };
            let legs = vec![
                LegTerms {
                    tag: securities,
                    sender: from,
                    receiver: to,
                    asset: trade.asset,
                    amount: trade.par_minor,
                },
                LegTerms {
                    tag: dollars,
                    sender: to,
                    receiver: from,
                    asset: self.dollars,
                    amount: trade.cash_minor,
                },
            ];
            let mut terms = Terms::new(heights, legs, &mut generator());
            // What the issuer gets: the security that matured, or the cash.
            let (at, leg) = if trade.redeems { (&room, 0) } else { (&cash, 1) };
            terms.approvers = key(at, record, leg)?;
            let details = vec![("trade_reference".to_owned(), FieldValue::Text(trade.reference.clone()))];
            let operation = in_room(&room, move |channel| {
                channel.propose_deal(record, (class, class), &terms, details)
            })??;
            waiting.record(&room, operation);
            instructions.push(record);
        }
        waiting.all_applied()?;
        self.consortium.settle_deals();
        Ok(instructions)
    }

    /// Each class answers what it was asked.
    fn accept(&self, instructions: &[RecordId], trades: &[Trade]) -> Result<(), CliError> {
        let mut waiting = Waiting::new();
        for (instruction, trade) in instructions.iter().zip(trades) {
            let case = self.consortium.desk(trade.class)?.case(instruction);
            let case = case.ok_or_else(|| CliError::not_found("instruction"))?;
            let room = self.room(trade.class, SECURITIES)?;
            let (channel, leg) = if trade.redeems { (CASH, 1) } else { (SECURITIES, 0) };
            let keys = key(&self.room(trade.class, channel)?, *instruction, leg)?;
            let (record, answer) = (fresh(), Answer::Accepted(keys));
            let operation =
                in_room(&room, move |channel| channel.answer_deal(record, &case.instruction, &answer))??;
            waiting.record(&room, operation);
        }
        waiting.all_applied()
    }

    fn count(
        &self,
        instructions: &[RecordId],
        trades: &[Trade],
        settled: &mut Settled,
    ) -> Result<(), CliError> {
        let desk = self.consortium.desk(ISSUER)?;
        for (instruction, trade) in instructions.iter().zip(trades) {
            settled.deals = settled.deals.saturating_add(1);
            let stage = desk.status(instruction).map(|status| status.stage);
            if stage != Some(Stage::Committed) {
                settled.aborted = settled.aborted.saturating_add(1);
            } else if trade.redeems {
                settled.redemptions = settled.redemptions.saturating_add(1);
            } else {
                settled.committed = settled.committed.saturating_add(1);
                settled.par = settled.par.saturating_add(trade.par_minor / 100);
                settled.cash_minor = settled.cash_minor.saturating_add(trade.cash_minor);
            }
        }
        Ok(())
    }

    /// The issuer takes what it has got back out of circulation.
    fn redeem(&self, matured: Vec<(AssetId, u64)>) -> Result<(), CliError> {
        let room = self.room(ISSUER, SECURITIES)?;
        let mut waiting = Waiting::new();
        let now = self.consortium.root().head();
        for redeemed in matured {
            let drafted =
                in_room(&room, move |channel| channel.redeem(redeemed, None, now, &mut generator()))??;
            waiting.submit(&room, drafted);
        }
        waiting.all_applied()
    }
}

fn key(room: &RoomHandle, instruction: RecordId, leg: u8) -> Result<BTreeMap<u8, PublicKey>, CliError> {
    let key = in_room(room, move |channel| channel.approver_key(&instruction, leg))?;
    Ok(BTreeMap::from([(leg, key)]))
}

fn fresh() -> RecordId {
    let mut id = [0; 32];
    generator().fill_bytes(&mut id);
    RecordId(id)
}
