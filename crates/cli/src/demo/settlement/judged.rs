//! Whether everybody holds what the plan says: with its own keys, and with the regulator's.

use std::collections::BTreeMap;

use parclose_finance::plan::Holdings;
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

/// Looks at both channels.
pub(super) fn judge(market: &Market<'_>, holdings: &Holdings) -> Result<Judged, CliError> {
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
        cash = cash.saturating_add(balance.values().sum());
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
