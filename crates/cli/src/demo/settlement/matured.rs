//! What matures on a date: delivered back gross, and paid net, each class one sum over all its securities.
//!
//! ```text
//!   issuer        owes par of each security to each class that holds it       the agent nets it
//!   each class    sees that all of it is payable, and delivers its securities
//!   agent         nets: one obligation to each class is left
//!   issuer        pays those, and takes the securities out of circulation
//! ```

use std::collections::BTreeMap;

use parclose_finance::plan::Day;
use parclose_finance::treasury::Redemption;
use serde_json::Value;

use super::market::{CASH, CENTRAL_BANK, DOLLARS, ISSUER, Market, SECURITIES};
use super::{Settled, minor};
use crate::asset::units;
use crate::demo::ground::Line;
use crate::error::CliError;

/// Obligations that are netted at once: a netting takes twice as many.
const AT_ONCE: usize = 256;

impl Market<'_> {
    /// Pays back what matures on a day.
    pub(super) fn pay_back(&self, day: &Day, settled: &mut Settled) -> Result<(), CliError> {
        let date = day.date.to_string();
        for redemptions in day.redemptions.chunks(AT_ONCE) {
            self.owe(redemptions, &date)?;
            self.deliver_back(redemptions, &date)?;
            let payments = self.net(redemptions, &date)?;
            self.take_out(redemptions)?;
            settled.redemptions = settled.redemptions.saturating_add(redemptions.len() as u64);
            settled.payments = settled.payments.saturating_add(payments);
        }
        Ok(())
    }

    fn owe(&self, redemptions: &[Redemption], date: &str) -> Result<(), CliError> {
        let owe = |redemption: &Redemption| {
            let amount = units::write(redemption.cash_minor.into(), 2);
            let purpose = format!("{} at maturity", redemption.cusip);
            let what = ["netting", "oblige", "--asset", DOLLARS, "--amount", &amount, "--purpose", &purpose];
            let whom = ["--to", redemption.class.member(), "--day", date, "--agent", CENTRAL_BANK];
            Line::of((ISSUER, CASH), &[&what[..], &whom].concat())
        };
        self.ground.together(&redemptions.iter().map(owe).collect::<Vec<_>>()).map(drop)
    }

    /// Nobody delivers before it sees, with its own keys, that it will be paid for it.
    fn deliver_back(&self, redemptions: &[Redemption], date: &str) -> Result<(), CliError> {
        for (class, cents) in due(redemptions) {
            let shown = self.ground.tell((class, CASH), &["netting", "show", "--day", date])?;
            if payable(&shown, class) != Some(cents) {
                return Err(CliError::verification(format!("{class} is not shown as owed what matures")));
            }
        }
        let mut lines = Vec::new();
        for redemption in redemptions {
            let (asset, par) = (self.asset(&redemption.cusip)?.to_string(), par(redemption));
            let words = ["asset", "transfer", "--asset", &asset, "--amount", &par, "--to", ISSUER];
            lines.push(Line::of((redemption.class.member(), SECURITIES), &words));
        }
        self.ground.together(&lines).map(drop)
    }

    /// How many payments are left, all made.
    fn net(&self, redemptions: &[Redemption], date: &str) -> Result<u64, CliError> {
        // One alone is net already.
        if redemptions.len() > 1 {
            let words = ["netting", "run", "--asset", DOLLARS, "--day", date];
            let run = self.ground.tell((CENTRAL_BANK, CASH), &words)?;
            if run["netted"].as_u64() != Some(redemptions.len() as u64) {
                return Err(CliError::verification(format!("not all that matures on {date} was netted")));
            }
        }
        let shown = self.ground.tell((ISSUER, CASH), &["netting", "show", "--day", date])?;
        let owed = shown["owed"].as_array().map_or(&[][..], Vec::as_slice);
        let pay = |row: &Value| {
            let words = ["netting", "pay", row["obligation"].as_str()?, "--reference", date];
            Some(Line::of((ISSUER, CASH), &words))
        };
        let lines: Vec<Line> = owed.iter().filter_map(pay).collect();
        self.ground.together(&lines).map(|paid| paid.len() as u64)
    }

    /// The issuer takes what it has got back out of circulation.
    fn take_out(&self, redemptions: &[Redemption]) -> Result<(), CliError> {
        let mut lines = Vec::new();
        for redemption in redemptions {
            let (asset, par) = (self.asset(&redemption.cusip)?.to_string(), par(redemption));
            let words = ["asset", "redeem", "--asset", &asset, "--amount", &par];
            lines.push(Line::of((ISSUER, SECURITIES), &words));
        }
        self.ground.together(&lines).map(drop)
    }
}

/// Payments that redemptions should come to.
pub(super) fn payments(redemptions: &[Redemption]) -> usize {
    redemptions.chunks(AT_ONCE).map(|together| due(together).len()).sum()
}

/// Cents that are due to each class.
pub(super) fn due(redemptions: &[Redemption]) -> BTreeMap<&'static str, u128> {
    let mut due = BTreeMap::new();
    for redemption in redemptions {
        let cents: &mut u128 = due.entry(redemption.class.member()).or_default();
        *cents = cents.saturating_add(redemption.cash_minor.into());
    }
    due
}

fn par(redemption: &Redemption) -> String {
    units::write(minor(redemption.par).into(), 2)
}

/// What a class is owed, if all of it is payable.
fn payable(shown: &Value, class: &str) -> Option<u128> {
    let owed = shown["owed"].as_array()?.iter().filter(|row| row["payee"] == class);
    let cents = |row: &Value| {
        let cents: u128 = row["quantity_minor"].as_str()?.parse().ok()?;
        (row["payable"] == true).then_some(cents)
    };
    owed.map(cents).sum()
}
