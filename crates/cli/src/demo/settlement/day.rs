//! A settlement date: what matures is paid back, netted (`matured`); what was auctioned is delivered, each leg as a deal.

use parclose_finance::plan::Day;
use parclose_finance::treasury::Leg;

use super::market::{CASH, DOLLARS, ISSUER, Market, SECURITIES};
use super::{Settled, minor};
use crate::asset::units;
use crate::demo::exchange::{self, Exchange, TOGETHER};
use crate::error::CliError;

impl Market<'_> {
    /// Settles a day. What matures is delivered back before anything new is: the same note is not wanted twice.
    pub(super) fn settle(&self, day: &Day, settled: &mut Settled) -> Result<(), CliError> {
        self.pay_back(day, settled)?;
        for legs in day.deals.chunks(TOGETHER) {
            let exchanges = legs.iter().map(|leg| self.exchange(leg)).collect::<Result<Vec<_>, _>>()?;
            let committed = exchange::settle(&self.ground, SECURITIES, &exchanges)?;
            legs.iter().zip(committed).for_each(|(leg, committed)| settled.count(leg, committed));
        }
        Ok(())
    }

    /// The issuer proposes to each class.
    fn exchange(&self, leg: &Leg) -> Result<Exchange, CliError> {
        let par = units::write(minor(leg.par).into(), 2);
        let give = format!("{SECURITIES}:{}:{par}", self.asset(&leg.cusip)?);
        let get = format!("{CASH}:{DOLLARS}:{}", units::write(leg.cash_minor.into(), 2));
        Ok(Exchange { proposer: ISSUER, acceptor: leg.class.member(), give, get, reference: leg.id() })
    }
}

impl Settled {
    fn count(&mut self, leg: &Leg, committed: bool) {
        self.deals = self.deals.saturating_add(1);
        if !committed {
            self.aborted = self.aborted.saturating_add(1);
            return;
        }
        self.committed = self.committed.saturating_add(1);
        self.par = self.par.saturating_add(leg.par);
        self.cash_minor = self.cash_minor.saturating_add(leg.cash_minor);
    }
}
