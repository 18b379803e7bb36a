//! Where it takes place: members, a channel of claims, one of cash, one in which deals are agreed.

use std::sync::Arc;

use clap::Parser;
use parclose_channel::Payment;
use parclose_documents::{Currency, IsoDate};
use parclose_finance::receivables::{Course, Receivable};
use parclose_node::Consortium;
use parclose_node::randomness::generator;
use parclose_transaction::FieldValue;
use parclose_types::{AssetId, MemberId, RecordId, Tag};
use serde_json::Value;

use crate::args::{Args, Global};
use crate::context::in_room;
use crate::dev::{self, roles_of};
use crate::error::CliError;
use crate::hosting;
use crate::waiting::Waiting;

pub(super) const BUYER: &str = "buyer";
pub(super) const SUPPLIER: &str = "supplier-a";
pub(super) const TIER_2: &str = "supplier-b";
pub(super) const BANK: &str = "bank-1";
pub(super) const OTHER_BANK: &str = "bank-2";
const CENTRAL_BANK: &str = "central-bank";
pub(super) const CLAIMS: &str = "claims";
pub(super) const CASH: &str = "cash";
pub(super) const DEALS: &str = "deals";

/// Members with their roles in the channel of claims.
const MEMBERS: [(&str, &str); 5] = [
    (BUYER, "buyer+holder"),
    (SUPPLIER, "holder+supplier"),
    (TIER_2, "holder+supplier"),
    (BANK, "bank+holder+timekeeper"),
    (OTHER_BANK, "bank+holder"),
];

/// A running market of claims.
pub(super) struct Floor {
    consortium: Arc<Consortium>,
    pub(super) currency: Currency,
    pub(super) money: AssetId,
    /// of claims and of cash
    pub(super) tags: [Tag; 2],
    issued: u128,
}

impl Floor {
    /// Founds everything; the buyer has cash for every face, the bank for every price.
    pub(super) fn open(global: &Global, claims: &[Receivable], first: IsoDate) -> Result<Self, CliError> {
        let currency = claims.first().map(|claim| claim.currency);
        let currency = currency.ok_or_else(|| CliError::not_found("invoice"))?;
        let names = MEMBERS.map(|(name, _)| name);
        let all: Vec<&str> = names.into_iter().chain([CENTRAL_BANK]).collect();
        let consortium = dev::found(global, &all)?;
        let participants = |names: &[&str]| -> Vec<(String, Vec<String>)> {
            let roles = |name: &&str| {
                if **name == *CENTRAL_BANK { "issuer+participant" } else { "participant" }
            };
            names.iter().map(|name| ((*name).to_owned(), roles_of(roles(name)))).collect()
        };
        let claimants: Vec<_> =
            MEMBERS.iter().map(|(name, roles)| ((*name).to_owned(), roles_of(roles))).collect();
        let tags = [
            dev::create_channel(&consortium, global, CLAIMS, "scf-receivable", &claimants)?,
            dev::create_channel(&consortium, global, CASH, "dvp-cash", &participants(&all))?,
        ];
        dev::create_channel(&consortium, global, DEALS, "dvp-securities", &participants(&names))?;
        let consortium = Arc::new(consortium);
        hosting::host_here(Some(consortium.clone()));
        let mut floor = Self { consortium, currency, money: AssetId([0; 32]), tags, issued: 0 };
        floor.furnish(&names, claims)?;
        floor.say(&["business-date", "advance", "-c", CLAIMS, "--as", BANK, &first.to_string()])?;
        floor.say(&["tag-key", "create", "-c", CLAIMS, "--as", BANK])?;
        Ok(floor)
    }

    fn furnish(&mut self, names: &[&str], claims: &[Receivable]) -> Result<(), CliError> {
        let mut waiting = Waiting::new();
        for name in names {
            for channel in [CLAIMS, CASH] {
                let room = self.consortium.room(name, channel)?;
                let operation = in_room(&room, |channel| channel.open_account(&mut generator()))??;
                waiting.record(&room, operation);
            }
        }
        let bank = self.consortium.room(CENTRAL_BANK, CASH)?;
        let code = FieldValue::Text(self.currency.code().to_owned());
        let fields =
            vec![("code", code), ("decimals", FieldValue::Integer(u64::from(self.currency.minor_digits())))];
        let operation = in_room(&bank, |channel| channel.define_asset(fields, &mut generator()))??;
        self.money = AssetId(operation.record.0);
        waiting.record(&bank, operation);
        waiting.all_applied()?;
        self.consortium.settle();
        let mut waiting = Waiting::new();
        let (asset, buyer, financier) = (self.money, self.id(BUYER)?, self.id(BANK)?);
        for claim in claims {
            let mut paid = vec![(buyer, claim.face_minor)];
            if let Course::Discounted(quote) = &claim.course {
                paid.push((financier, quote.price_minor()));
            }
            for (to, amount) in paid {
                self.issued = self.issued.saturating_add(amount.into());
                let payment = Payment { asset, to, amount, purpose: None };
                let drafted = in_room(&bank, move |channel| channel.issue(&payment, &mut generator()))??;
                waiting.submit(&bank, drafted);
            }
        }
        waiting.all_applied()?;
        self.consortium.settle();
        Ok(())
    }

    /// Runs a line of the command line, as whoever it names.
    pub(super) fn say(&self, line: &[&str]) -> Result<Value, CliError> {
        let words = ["parclose"].into_iter().chain(line.iter().copied());
        let args = Args::try_parse_from(words);
        let args = args.map_err(|error| CliError::usage(error.to_string(), "parclose help"))?;
        let value = crate::run(&args)?;
        self.consortium.settle();
        Ok(value)
    }

    pub(super) fn consortium(&self) -> &Consortium {
        &self.consortium
    }

    pub(super) fn id(&self, member: &str) -> Result<MemberId, CliError> {
        Ok(self.consortium.member_id(member)?)
    }

    /// What a member can spend of cash.
    pub(super) fn cash_of(&self, member: &str) -> Result<u128, CliError> {
        let (room, money) = (self.consortium.room(member, CASH)?, self.money);
        Ok(in_room(&room, move |channel| {
            let notes = channel.own_notes()?;
            let cash = notes.iter().filter(|note| note.row.note.asset == money);
            Ok::<_, parclose_channel::ChannelError>(cash.map(|note| u128::from(note.opened.value)).sum())
        })??)
    }

    pub(super) fn cash_in_all(&self) -> u128 {
        self.issued
    }

    /// The state of a claim, as the buyer's node has it.
    pub(super) fn state(&self, record: RecordId) -> Result<String, CliError> {
        let room = self.consortium.room(BUYER, CLAIMS)?;
        let row = in_room(&room, move |channel| channel.record(&record))??;
        Ok(row.and_then(|row| row.status).unwrap_or_default())
    }

    pub(super) fn close(self) {
        hosting::host_here(None);
        if let Some(consortium) = Arc::into_inner(self.consortium) {
            drop(consortium.close());
        }
    }
}
