//! The market: members, two channels, accounts, securities, and cash to begin with.

use std::collections::BTreeMap;

use parclose_channel::Payment;
use parclose_documents::IsoDate;
use parclose_finance::plan::Plan;
use parclose_finance::securities::Cusip;
use parclose_finance::treasury::{BuyerClass, Leg};
use parclose_node::randomness::generator;
use parclose_node::{Consortium, Home, RoomHandle};
use parclose_transaction::FieldValue;
use parclose_types::{AssetId, MemberId, Tag};

use super::minor;
use crate::args::Global;
use crate::context::in_room;
use crate::dev;
use crate::error::CliError;
use crate::progress::Progress;
use crate::waiting::Waiting;

pub(super) const ISSUER: &str = "treasury";
const CENTRAL_BANK: &str = "central-bank";
pub(super) const SECURITIES: &str = "securities";
pub(super) const CASH: &str = "cash";

/// A running market.
pub(super) struct Market {
    pub(super) consortium: Consortium,
    pub(super) securities: BTreeMap<Cusip, AssetId>,
    pub(super) dollars: AssetId,
    pub(super) tags: [Tag; 2],
    /// all cash that there is, in cents
    pub(super) cash: u128,
}

impl Market {
    /// Founds everything, and gives each class the cash that it will need for one leg after the other.
    pub(super) fn open(
        global: &Global,
        legs: &[Leg],
        plan: &Plan,
        last: IsoDate,
        progress: &mut Progress,
    ) -> Result<Self, CliError> {
        let classes = BuyerClass::ALL.map(BuyerClass::member);
        let members: Vec<&str> = [ISSUER, CENTRAL_BANK].into_iter().chain(classes).collect();
        let consortium = dev::found(global, &members)?;
        let roles = |member: &&str, issuer: &str| {
            let mut roles = vec!["participant".to_owned()];
            roles.extend((*member == issuer).then(|| "issuer".to_owned()));
            roles.sort_unstable();
            ((*member).to_owned(), roles)
        };
        let traders = members.iter().filter(|member| **member != CENTRAL_BANK);
        let traders: Vec<_> = traders.map(|member| roles(member, ISSUER)).collect();
        let all: Vec<_> = members.iter().map(|member| roles(member, CENTRAL_BANK)).collect();
        let tags = [
            dev::create_channel(&consortium, global, SECURITIES, "dvp-securities", &traders)?,
            dev::create_channel(&consortium, global, CASH, "dvp-cash", &all)?,
        ];
        let dollars = AssetId([0; 32]);
        let mut market = Self { consortium, securities: BTreeMap::new(), dollars, tags, cash: 0 };
        progress.step("opening accounts, defining securities");
        market.open_accounts(&members)?;
        market.define(legs)?;
        progress.step("issuing securities, and cash");
        market.fund(legs)?;
        market.issue_what_is_due(plan, last)?;
        Ok(market)
    }

    pub(super) fn room(&self, member: &str, channel: &str) -> Result<RoomHandle, CliError> {
        Ok(self.consortium.room(member, channel)?)
    }

    pub(super) fn id(&self, member: &str) -> Result<MemberId, CliError> {
        Ok(self.consortium.member_id(member)?)
    }

    fn open_accounts(&self, members: &[&str]) -> Result<(), CliError> {
        let mut waiting = Waiting::new();
        for member in members {
            for channel in [SECURITIES, CASH] {
                if *member == CENTRAL_BANK && channel == SECURITIES {
                    continue;
                }
                let room = self.room(member, channel)?;
                let operation = in_room(&room, |channel| channel.open_account(&mut generator()))??;
                waiting.record(&room, operation);
            }
        }
        waiting.all_applied()?;
        self.consortium.settle();
        Ok(())
    }

    fn define(&mut self, legs: &[Leg]) -> Result<(), CliError> {
        let mut waiting = Waiting::new();
        let bank = self.room(CENTRAL_BANK, CASH)?;
        let fields = vec![("code", FieldValue::Text("USD".into())), ("decimals", FieldValue::Integer(2))];
        let operation = in_room(&bank, |channel| channel.define_asset(fields, &mut generator()))??;
        self.dollars = AssetId(operation.record.0);
        waiting.record(&bank, operation);
        let issuer = self.room(ISSUER, SECURITIES)?;
        for leg in legs {
            if self.securities.contains_key(&leg.cusip) {
                continue;
            }
            let text = |text: String| FieldValue::Text(text);
            let fields = vec![
                ("code", text(leg.cusip.to_string())),
                ("isin", text(leg.isin.to_string())),
                ("decimals", FieldValue::Integer(2)),
                ("maturity", FieldValue::Date(leg.maturity.to_string())),
            ];
            let operation = in_room(&issuer, |channel| channel.define_asset(fields, &mut generator()))??;
            self.securities.insert(leg.cusip.clone(), AssetId(operation.record.0));
            waiting.record(&issuer, operation);
        }
        waiting.all_applied()?;
        self.consortium.settle();
        Ok(())
    }

    fn issue(&self, waiting: &mut Waiting, room: &RoomHandle, payment: Payment) -> Result<(), CliError> {
        let drafted = in_room(room, move |channel| channel.issue(&payment, &mut generator()))??;
        waiting.submit(room, drafted);
        Ok(())
    }

    /// A note for each leg, on both sides: nobody waits for the rest of another.
    fn fund(&mut self, legs: &[Leg]) -> Result<(), CliError> {
        let (issuer, bank) = (self.room(ISSUER, SECURITIES)?, self.room(CENTRAL_BANK, CASH)?);
        let treasury = self.id(ISSUER)?;
        let mut waiting = Waiting::new();
        for leg in legs {
            let asset = self.asset(&leg.cusip)?;
            let payment = Payment { asset, to: treasury, amount: minor(leg.par), purpose: None };
            self.issue(&mut waiting, &issuer, payment)?;
            let to = self.id(leg.class.member())?;
            let payment = Payment { asset: self.dollars, to, amount: leg.cash_minor, purpose: None };
            self.cash = self.cash.saturating_add(leg.cash_minor.into());
            self.issue(&mut waiting, &bank, payment)?;
        }
        waiting.all_applied()?;
        self.consortium.settle();
        Ok(())
    }

    /// What the issuer pays back within the plan: it borrows it, so that no deal waits for another.
    fn issue_what_is_due(&mut self, plan: &Plan, last: IsoDate) -> Result<(), CliError> {
        let bank = self.room(CENTRAL_BANK, CASH)?;
        let treasury = self.id(ISSUER)?;
        let mut waiting = Waiting::new();
        for redemption in plan.until(last).flat_map(|day| &day.redemptions) {
            let amount = redemption.cash_minor;
            self.cash = self.cash.saturating_add(amount.into());
            let payment = Payment { asset: self.dollars, to: treasury, amount, purpose: None };
            self.issue(&mut waiting, &bank, payment)?;
        }
        waiting.all_applied()?;
        self.consortium.settle();
        Ok(())
    }

    pub(super) fn asset(&self, cusip: &Cusip) -> Result<AssetId, CliError> {
        self.securities.get(cusip).copied().ok_or_else(|| CliError::not_found("security"))
    }

    pub(super) fn close(self) -> Home {
        self.consortium.close()
    }
}
