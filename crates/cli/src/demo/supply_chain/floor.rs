//! Where it takes place: members, a channel of claims, one of cash, one in which deals are agreed.

use parclose_documents::{Currency, IsoDate};
use parclose_finance::receivables::{Course, Receivable};
use serde_json::Value;

use crate::args::{Demo, Global};
use crate::asset::units;
use crate::demo::ground::{Ground, Line};
use crate::dev::Scene;
use crate::error::CliError;

pub(super) const BUYER: &str = "buyer";
pub(super) const SUPPLIER: &str = "supplier-a";
pub(super) const TIER_2: &str = "supplier-b";
pub(super) const BANK: &str = "bank-1";
pub(super) const OTHER_BANK: &str = "bank-2";
const CENTRAL_BANK: &str = "central-bank";
pub(super) const CLAIMS: &str = "claims";
/// Another bank's channel, in which the same two trade.
pub(super) const ELSEWHERE: &str = "claims-elsewhere";
pub(super) const CASH: &str = "cash";
pub(super) const DEALS: &str = "deals";

/// Members of the channel of claims.
pub(super) const CLAIMANTS: &[&str] = &[BUYER, SUPPLIER, TIER_2, BANK, OTHER_BANK];
/// Members of the channel of cash: all of them.
pub(super) const PAYERS: &[&str] = &[BUYER, SUPPLIER, TIER_2, BANK, OTHER_BANK, CENTRAL_BANK];

const SCENE: Scene = Scene {
    members: PAYERS,
    channels: &[
        (
            CLAIMS,
            "scf-receivable",
            &[
                (BUYER, "buyer+holder"),
                (SUPPLIER, "holder+supplier"),
                (TIER_2, "holder+supplier"),
                (BANK, "bank+holder+timekeeper"),
                (OTHER_BANK, "bank+holder"),
            ],
        ),
        (
            ELSEWHERE,
            "scf-receivable",
            &[(BUYER, "buyer+holder"), (SUPPLIER, "holder+supplier"), (OTHER_BANK, "bank+holder+timekeeper")],
        ),
        (
            CASH,
            "dvp-cash",
            &[
                (BUYER, "participant"),
                (SUPPLIER, "participant"),
                (TIER_2, "participant"),
                (BANK, "participant"),
                (OTHER_BANK, "participant"),
                (CENTRAL_BANK, "issuer+participant"),
            ],
        ),
        (
            DEALS,
            "dvp-securities",
            &[
                (BUYER, "participant"),
                (SUPPLIER, "participant"),
                (TIER_2, "participant"),
                (BANK, "participant"),
                (OTHER_BANK, "participant"),
            ],
        ),
    ],
};

/// A running market of claims.
pub(super) struct Floor<'g> {
    pub(super) ground: Ground<'g>,
    pub(super) currency: Currency,
    issued: u128,
}

impl<'g> Floor<'g> {
    /// Founds everything; the buyer has cash for every face, the bank for every price.
    pub(super) fn open(
        (global, options): (&'g Global, &Demo),
        claims: &[Receivable],
        first: IsoDate,
    ) -> Result<Self, CliError> {
        let currency = claims.first().map(|claim| claim.currency);
        let currency = currency.ok_or_else(|| CliError::not_found("invoice"))?;
        let mut floor = Self { ground: Ground::found(global, options, SCENE)?, currency, issued: 0 };
        floor.furnish(claims)?;
        floor.say((BANK, CLAIMS), &["business-date", "advance", &first.to_string()])?;
        floor.say((BANK, CLAIMS), &["tag-key", "create"])?;
        Ok(floor)
    }

    fn furnish(&mut self, claims: &[Receivable]) -> Result<(), CliError> {
        let accounts = CLAIMANTS.iter().flat_map(|name| [(*name, CLAIMS), (*name, CASH)]);
        let accounts: Vec<Line> = accounts.map(|party| Line::of(party, &["asset", "open"])).collect();
        self.ground.together(&accounts)?;
        let code = self.currency.code();
        self.say((CENTRAL_BANK, CASH), &["asset", "define", "--code", code])?;
        let (mut lines, mut issued) = (Vec::new(), 0_u128);
        for claim in claims {
            let mut paid = vec![(BUYER, claim.face_minor)];
            if let Course::Discounted(quote) = &claim.course {
                paid.push((BANK, quote.price_minor()));
            }
            for (to, minor) in paid {
                issued = issued.saturating_add(minor.into());
                let words = ["asset", "issue", "--asset", code, "--to", to, "--amount", &self.money(minor)];
                lines.push(Line::of((CENTRAL_BANK, CASH), &words));
            }
        }
        self.issued = issued;
        self.ground.together(&lines).map(drop)
    }

    /// Has a party run a command.
    pub(super) fn say(&self, party: (&'static str, &'static str), words: &[&str]) -> Result<Value, CliError> {
        self.ground.tell(party, words)
    }

    pub(super) fn money(&self, minor: u64) -> String {
        let digits = usize::try_from(self.currency.minor_digits()).unwrap_or_default();
        units::write(minor.into(), digits)
    }

    /// What a member can spend of cash, and how many locks are open there.
    pub(super) fn cash_of(&self, member: &'static str) -> Result<(u128, u64), CliError> {
        let shown = self.say((member, CASH), &["asset", "balance"])?;
        let rows = shown["assets"].as_array().map_or(&[][..], Vec::as_slice);
        let cash = rows.iter().find(|row| row["code"] == self.currency.code());
        let cash = cash.and_then(|row| row["balance_minor"].as_str()?.parse().ok());
        let missing = || CliError::not_found("balance");
        Ok((cash.ok_or_else(missing)?, shown["open_locks"].as_u64().ok_or_else(missing)?))
    }

    pub(super) fn cash_in_all(&self) -> u128 {
        self.issued
    }

    /// The state of a claim, as the buyer's node has it.
    pub(super) fn state(&self, record: &str) -> Result<String, CliError> {
        let shown = self.say((BUYER, CLAIMS), &["receivable", "show", record])?;
        Ok(shown["state"].as_str().unwrap_or_default().to_owned())
    }
}
