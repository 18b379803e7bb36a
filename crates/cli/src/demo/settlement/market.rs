//! The market: members, two channels, accounts, securities, and cash to begin with.

use std::collections::BTreeMap;

use parclose_documents::IsoDate;
use parclose_finance::plan::Plan;
use parclose_finance::securities::Cusip;
use parclose_finance::treasury::{BuyerClass, Leg};
use parclose_types::AssetId;
use serde_json::Value;

use super::{matured, minor};
use crate::args::{Demo, Global};
use crate::asset::units;
use crate::demo::ground::{Ground, Line};
use crate::dev::Scene;
use crate::error::CliError;
use crate::progress::Progress;

pub(super) const ISSUER: &str = "treasury";
pub(super) const CENTRAL_BANK: &str = "central-bank";
pub(super) const SECURITIES: &str = "securities";
pub(super) const CASH: &str = "cash";
pub(super) const DOLLARS: &str = "USD";

/// The issuer and six classes of buyers.
pub(super) const TRADERS: &[&str] = &[
    ISSUER,
    BuyerClass::ALL[0].member(),
    BuyerClass::ALL[1].member(),
    BuyerClass::ALL[2].member(),
    BuyerClass::ALL[3].member(),
    BuyerClass::ALL[4].member(),
    BuyerClass::ALL[5].member(),
];

const SCENE: Scene = Scene {
    members: &[ISSUER, CENTRAL_BANK, TRADERS[1], TRADERS[2], TRADERS[3], TRADERS[4], TRADERS[5], TRADERS[6]],
    channels: &[
        (
            SECURITIES,
            "dvp-securities",
            &[
                (ISSUER, "issuer+participant"),
                (TRADERS[1], "participant"),
                (TRADERS[2], "participant"),
                (TRADERS[3], "participant"),
                (TRADERS[4], "participant"),
                (TRADERS[5], "participant"),
                (TRADERS[6], "participant"),
            ],
        ),
        (
            CASH,
            "netting",
            &[
                (ISSUER, "participant"),
                (CENTRAL_BANK, "issuer+participant+agent"),
                (TRADERS[1], "participant"),
                (TRADERS[2], "participant"),
                (TRADERS[3], "participant"),
                (TRADERS[4], "participant"),
                (TRADERS[5], "participant"),
                (TRADERS[6], "participant"),
            ],
        ),
    ],
};

/// A running market.
pub(super) struct Market<'g> {
    pub(super) ground: Ground<'g>,
    pub(super) securities: BTreeMap<Cusip, AssetId>,
    /// all cash that there is, in cents
    pub(super) cash: u128,
}

impl<'g> Market<'g> {
    /// Founds everything, and gives each class the cash that it will need for one leg after the other.
    pub(super) fn open(
        (global, options): (&'g Global, &Demo),
        legs: &[Leg],
        plan: &Plan,
        last: IsoDate,
        progress: &mut Progress,
    ) -> Result<Self, CliError> {
        let ground = Ground::found(global, options, SCENE)?;
        let mut market = Self { ground, securities: BTreeMap::new(), cash: 0 };
        progress.step("opening accounts, defining securities");
        market.open_accounts()?;
        market.define(legs)?;
        progress.step("issuing securities, and cash");
        market.fund(legs, plan, last)?;
        Ok(market)
    }

    fn open_accounts(&self) -> Result<(), CliError> {
        let everywhere = SCENE.channels.iter().flat_map(|(channel, _, members)| {
            members.iter().map(|(member, _)| Line::of((member, channel), &["asset", "open"]))
        });
        self.ground.together(&everywhere.collect::<Vec<_>>()).map(drop)
    }

    fn define(&mut self, legs: &[Leg]) -> Result<(), CliError> {
        self.ground.tell((CENTRAL_BANK, CASH), &["asset", "define", "--code", DOLLARS])?;
        let all: BTreeMap<&Cusip, &Leg> = legs.iter().rev().map(|leg| (&leg.cusip, leg)).collect();
        let define = |leg: &&Leg| {
            let (code, isin, maturity) =
                (leg.cusip.to_string(), leg.isin.to_string(), leg.maturity.to_string());
            let words = ["asset", "define", "--code", &code, "--decimals", "2", "--isin", &isin];
            Line::of((ISSUER, SECURITIES), &[&words[..], &["--maturity", &maturity]].concat())
        };
        let defined = self.ground.together(&all.values().map(define).collect::<Vec<_>>())?;
        for (cusip, value) in all.into_keys().zip(defined) {
            self.securities.insert(cusip.clone(), asset(&value)?);
        }
        Ok(())
    }

    /// A note for each leg, on both sides: nobody waits for the rest of another. What the issuer pays back within the plan it
    /// borrows, so that no deal waits for another.
    fn fund(&mut self, legs: &[Leg], plan: &Plan, last: IsoDate) -> Result<(), CliError> {
        let issue = |party, asset: &str, to: &str, amount: u128| {
            let amount = units::write(amount, 2);
            Line::of(party, &["asset", "issue", "--asset", asset, "--to", to, "--amount", &amount])
        };
        let (mut lines, mut cash) = (Vec::new(), 0_u128);
        for leg in legs {
            let asset = self.asset(&leg.cusip)?.to_string();
            lines.push(issue((ISSUER, SECURITIES), &asset, ISSUER, minor(leg.par).into()));
            lines.push(issue((CENTRAL_BANK, CASH), DOLLARS, leg.class.member(), leg.cash_minor.into()));
            cash = cash.saturating_add(leg.cash_minor.into());
        }
        for cents in plan.until(last).flat_map(|day| matured::due(&day.redemptions).into_values()) {
            lines.push(issue((CENTRAL_BANK, CASH), DOLLARS, ISSUER, cents));
            cash = cash.saturating_add(cents);
        }
        self.cash = cash;
        self.ground.together(&lines).map(drop)
    }

    pub(super) fn asset(&self, cusip: &Cusip) -> Result<AssetId, CliError> {
        self.securities.get(cusip).copied().ok_or_else(|| CliError::not_found("security"))
    }
}

/// The asset that a command names in its answer.
pub(super) fn asset(value: &Value) -> Result<AssetId, CliError> {
    let id = value["asset"].as_str().and_then(|text| parclose_types::hex::decode_array(text).ok());
    id.map(AssetId).ok_or_else(|| CliError::not_found("asset"))
}
