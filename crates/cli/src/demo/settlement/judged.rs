//! Whether everybody holds what the plan says: with its own keys, and with the regulator's.

use std::collections::BTreeMap;

use parclose_finance::plan::{Day, Holdings};
use parclose_finance::treasury::BuyerClass;
use parclose_types::AssetId;
use serde_json::Value;

use super::market::{CASH, ISSUER, Market, SECURITIES, TRADERS, asset};
use super::minor;
use crate::demo::supervised::Supervised;
use crate::error::CliError;

/// Notes of the securities' channel: the issuer has part in every one.
const SUPERVISED: Supervised =
    Supervised { channel: SECURITIES, members: TRADERS, quantity: "holding.quantity", exporter: ISSUER };

/// What was found.
pub(super) struct Judged {
    pub(super) securities: usize,
    /// par of everything that is held, in cents
    pub(super) held: u128,
    pub(super) confirmed: bool,
    pub(super) failures: Vec<String>,
}

/// What a member can spend in a channel, by asset.
type Balance = BTreeMap<AssetId, u128>;

/// Cents by member.
pub(super) type Cash = BTreeMap<&'static str, u128>;

/// What everybody has in the end: each class all that it was paid back, the issuer all that was paid for what it issued.
pub(super) fn cash<'p>(days: impl Iterator<Item = &'p Day>) -> Cash {
    let mut cash = Cash::new();
    let mut add = |member, cents: u128| {
        let sum = cash.entry(member).or_default();
        *sum = u128::saturating_add(*sum, cents);
    };
    for day in days {
        day.redemptions.iter().for_each(|due| add(due.class.member(), due.cash_minor.into()));
        day.deals.iter().for_each(|leg| add(ISSUER, leg.cash_minor.into()));
    }
    cash
}

/// Looks at both channels.
pub(super) fn judge(market: &Market<'_>, holdings: &Holdings, expected: &Cash) -> Result<Judged, CliError> {
    market.ground.level()?;
    let (mut failures, mut held) = (Vec::new(), 0_u128);
    for class in BuyerClass::ALL {
        let balance = market.balance(class.member(), SECURITIES, &mut failures)?;
        for (cusip, asset) in &market.securities {
            let sum = balance.get(asset).copied().unwrap_or_default();
            held = held.saturating_add(sum);
            if sum != u128::from(minor(holdings.held(cusip, class))) {
                failures.push(format!("{} holds another amount of {cusip}", class.member()));
            }
        }
    }
    market.balance(ISSUER, SECURITIES, &mut failures)?;
    let mut cash = 0_u128;
    for member in TRADERS {
        let balance = market.balance(member, CASH, &mut failures)?;
        let sum: u128 = balance.values().sum();
        cash = cash.saturating_add(sum);
        if sum != expected.get(member).copied().unwrap_or_default() {
            failures.push(format!("{member} has another amount of cash"));
        }
        market.owes_nothing(member, &mut failures)?;
    }
    if cash != market.cash {
        failures.push("cash was made or lost".to_owned());
    }
    let confirmed = market.confirmed(holdings, &mut failures)?;
    Ok(Judged { securities: market.securities.len(), held, confirmed, failures })
}

impl Market<'_> {
    /// What a member can spend; nothing may be held for a deal any more.
    fn balance(
        &self,
        member: &'static str,
        channel: &'static str,
        failures: &mut Vec<String>,
    ) -> Result<Balance, CliError> {
        let shown = self.ground.tell((member, channel), &["asset", "balance"])?;
        if shown["open_locks"] != 0 {
            failures.push(format!("locks are open in `{channel}`, as {member} has it"));
        }
        let rows = shown["assets"].as_array().map_or(&[][..], Vec::as_slice);
        let sum = |row: &Value| {
            let units: Option<u128> = row["balance_minor"].as_str().and_then(|text| text.parse().ok());
            Ok((asset(row)?, units.ok_or_else(|| CliError::not_found("balance"))?))
        };
        rows.iter().map(sum).collect()
    }

    fn owes_nothing(&self, member: &'static str, failures: &mut Vec<String>) -> Result<(), CliError> {
        let shown = self.ground.tell((member, CASH), &["netting", "show"])?;
        if shown["owed"].as_array().is_none_or(|owed| !owed.is_empty()) {
            failures.push(format!("something is owed still, as {member} has it"));
        }
        Ok(())
    }

    /// The regulator opens every amount of the securities' channel, from an export, and finds as much issued, less what was redeemed, as
    /// is held, of every security.
    fn confirmed(&self, holdings: &Holdings, failures: &mut Vec<String>) -> Result<bool, CliError> {
        let assets = SUPERVISED.audited(&self.ground)?;
        let mut confirmed = true;
        for (cusip, asset) in &self.securities {
            let expected: u128 =
                BuyerClass::ALL.map(|class| u128::from(minor(holdings.held(cusip, class)))).iter().sum();
            let found = assets.get(asset);
            let agrees = found.and_then(|audited| audited.agrees()) == Some(true);
            if !agrees || found.and_then(|audited| audited.supply) != Some(expected) {
                failures.push(format!("the regulator finds another amount of {cusip}"));
                confirmed = false;
            }
        }
        Ok(confirmed)
    }
}
