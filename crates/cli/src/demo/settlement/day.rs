//! A settlement date: what matures is paid back, what was auctioned is delivered, each as a deal of two legs.

use parclose_finance::plan::Day;

use super::market::{CASH, DOLLARS, ISSUER, Market, SECURITIES};
use super::{Settled, minor};
use crate::asset::units;
use crate::demo::exchange::{self, Exchange, TOGETHER};
use crate::demo::ground::Line;
use crate::error::CliError;

/// What is exchanged.
#[derive(Clone, Debug)]
struct Trade {
    class: &'static str,
    /// by its id
    asset: String,
    par_minor: u64,
    cash_minor: u64,
    /// the issuer pays back what it had issued
    redeems: bool,
    reference: String,
}

impl Market<'_> {
    /// Settles a day.
    pub(super) fn settle(&self, day: &Day, settled: &mut Settled) -> Result<(), CliError> {
        let mut trades = Vec::new();
        for redemption in &day.redemptions {
            trades.push(Trade {
                class: redemption.class.member(),
                asset: self.asset(&redemption.cusip)?.to_string(),
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
                asset: self.asset(&leg.cusip)?.to_string(),
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
            let exchanges: Vec<Exchange> = trades.iter().map(Trade::exchange).collect();
            let committed = exchange::settle(&self.ground, SECURITIES, &exchanges)?;
            trades.iter().zip(committed).for_each(|(trade, committed)| settled.count(trade, committed));
        }
        // The issuer takes what it has got back out of circulation.
        let redeem = |trade: &Trade| {
            let par = units::write(trade.par_minor.into(), 2);
            let words = ["asset", "redeem", "--asset", &trade.asset, "--amount", &par];
            Line::of((ISSUER, SECURITIES), &words)
        };
        let matured: Vec<Line> = trades.iter().filter(|trade| trade.redeems).map(redeem).collect();
        self.ground.together(&matured).map(drop)
    }
}

impl Trade {
    /// The issuer proposes to each class.
    fn exchange(&self) -> Exchange {
        let par = units::write(self.par_minor.into(), 2);
        let security = format!("{SECURITIES}:{}:{par}", self.asset);
        let cash = format!("{CASH}:{DOLLARS}:{}", units::write(self.cash_minor.into(), 2));
        let (give, get) = if self.redeems { (cash, security) } else { (security, cash) };
        let reference = self.reference.clone();
        Exchange { proposer: ISSUER, acceptor: self.class, give, get, reference }
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
