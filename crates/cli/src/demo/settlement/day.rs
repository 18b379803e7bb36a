//! A settlement date: what matures is paid back, what was auctioned is delivered, each as a deal of two legs.

use parclose_channel::LegTerms;
use parclose_finance::plan::Day;
use parclose_node::randomness::generator;
use parclose_types::AssetId;

use super::super::exchange::{self, Exchange, TOGETHER};
use super::market::{ISSUER, Market, SECURITIES};
use super::{Settled, minor};
use crate::context::in_room;
use crate::error::CliError;
use crate::waiting::Waiting;

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
            let exchanges = trades.iter().map(|trade| self.exchange(trade)).collect::<Result<Vec<_>, _>>()?;
            let committed = exchange::settle(&self.consortium, SECURITIES, &exchanges)?;
            trades.iter().zip(committed).for_each(|(trade, committed)| settled.count(trade, committed));
        }
        let matured = trades.iter().filter(|trade| trade.redeems);
        self.redeem(matured.map(|trade| (trade.asset, trade.par_minor)).collect())
    }

    /// The issuer proposes to each class.
    fn exchange(&self, trade: &Trade) -> Result<Exchange, CliError> {
        let (own, class) = (self.id(ISSUER)?, self.id(trade.class)?);
        let (sender, receiver) = if trade.redeems { (class, own) } else { (own, class) };
        let [tag, dollars] = self.tags;
        let security = LegTerms { tag, sender, receiver, asset: trade.asset, amount: trade.par_minor };
        let cash = LegTerms {
            tag: dollars,
            sender: receiver,
            receiver: sender,
            asset: self.dollars,
            amount: trade.cash_minor,
        };
        Ok(Exchange {
            proposer: ISSUER,
            acceptor: trade.class,
            legs: vec![security, cash],
            reference: trade.reference.clone(),
        })
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

impl Settled {
    fn count(&mut self, trade: &Trade, committed: bool) {
        self.deals = self.deals.saturating_add(1);
        if !committed {
            self.aborted = self.aborted.saturating_add(1);
        } else if trade.redeems {
            self.redemptions = self.redemptions.saturating_add(1);
        } else {
            self.committed = self.committed.saturating_add(1);
            self.par = self.par.saturating_add(trade.par_minor / 100);
            self.cash_minor = self.cash_minor.saturating_add(trade.cash_minor);
        }
    }
}
