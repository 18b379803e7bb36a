//! What becomes of a claim: kept, split and passed on, or discounted; and paid when it is due.

use parclose_channel::LegTerms;
use parclose_documents::IsoDate;
use parclose_finance::receivables::{Course, Receivable};
use parclose_types::{AssetId, RecordId};
use serde_json::Value;

use super::super::exchange::{self, Exchange, TOGETHER};
use super::Counted;
use super::floor::{BANK, BUYER, CLAIMS, DEALS, Floor, OTHER_BANK, SUPPLIER, TIER_2};
use crate::error::CliError;

/// A claim on its way.
pub(super) struct Living {
    pub(super) record: RecordId,
    due: IsoDate,
    /// who holds how much of it
    held: Vec<(&'static str, u64)>,
    /// what the bank pays for it, until it has
    price: Option<u64>,
}

fn text<'v>(value: &'v Value, name: &str) -> Result<&'v str, CliError> {
    value[name].as_str().ok_or_else(|| CliError::not_found("record"))
}

impl Floor {
    fn money(&self, minor: u64) -> String {
        let digits = usize::try_from(self.currency.minor_digits()).unwrap_or_default();
        crate::asset::units::write(minor.into(), digits)
    }

    /// Issued by the supplier, accepted by the buyer, and led up to where cash is wanted.
    pub(super) fn begin(&self, claim: &Receivable, counted: &mut Counted) -> Result<Living, CliError> {
        let (face, due, issued) =
            (self.money(claim.face_minor), claim.due.to_string(), claim.issue.to_string());
        let invoice = claim.key.join(" ");
        let of = ["-c", CLAIMS, "--as"];
        let made = self.say(
            &[
                &["receivable", "issue"],
                &of[..],
                &[SUPPLIER, "--buyer", BUYER, "--bank", BANK, "--invoice", &invoice, "--amount", &face],
                &["--currency", self.currency.code(), "--due", &due, "--issued", &issued],
            ]
            .concat(),
        )?;
        let id = text(&made, "receivable")?.to_owned();
        let accept = [&["receivable", "accept"], &of[..], &[BUYER, &id, "--recourse", "without"]].concat();
        self.say(&accept)?;
        counted.accepted += 1;
        let record: RecordId = id.parse().map_err(|_| CliError::not_found("record"))?;
        let mut living =
            Living { record, due: claim.due, held: vec![(SUPPLIER, claim.face_minor)], price: None };
        match &claim.course {
            Course::Held => {}
            Course::PassedOn(at) => self.pass_on(claim, *at, &id, &mut living, counted)?,
            Course::Discounted(quote) => {
                self.auction(&id, &face, quote.price_minor())?;
                living.price = Some(quote.price_minor());
            }
        }
        Ok(living)
    }

    /// Split by the lines of its invoice; one piece goes to a supplier of the supplier.
    fn pass_on(
        &self,
        claim: &Receivable,
        at: usize,
        id: &str,
        living: &mut Living,
        counted: &mut Counted,
    ) -> Result<(), CliError> {
        let of = ["-c", CLAIMS, "--as", SUPPLIER, id];
        let passed = claim.pieces.get(at).map_or(claim.face_minor, |piece| piece.amount_minor);
        if claim.pieces.len() > 1 {
            let pieces: Vec<String> =
                claim.pieces.iter().map(|piece| self.money(piece.amount_minor)).collect();
            let mut split = [&["receivable", "split"], &of[..]].concat();
            pieces.iter().for_each(|piece| split.extend(["--into", piece]));
            self.say(&split)?;
            counted.split += 1;
        }
        let amount = self.money(passed);
        let pass = ["--to", TIER_2, "--amount", &amount, "--recourse", "without"];
        self.say(&[&["receivable", "transfer"], &of[..], &pass].concat())?;
        counted.passed_on += 1;
        living.held = vec![(TIER_2, passed)];
        let kept = claim.face_minor.saturating_sub(passed);
        living.held.extend((kept > 0).then_some((SUPPLIER, kept)));
        Ok(())
    }

    /// Offered to both banks; each bids sealed, and the better bid wins.
    fn auction(&self, id: &str, face: &str, price: u64) -> Result<(), CliError> {
        let of = |member: &'static str| ["-c", CLAIMS, "--as", member];
        let asked = [id, "--amount", face, "--recourse", "without"];
        let offer = self.say(&[&["receivable", "offer"], &of(SUPPLIER)[..], &asked].concat())?;
        let offer = text(&offer, "offer")?.to_owned();
        let mut best = String::new();
        for (bank, price) in [(OTHER_BANK, price.saturating_sub(price / 100).max(1)), (BANK, price)] {
            let price = self.money(price);
            let bid = [&["receivable", "bid"], &of(bank)[..], &[&offer, "--price", &price]].concat();
            best = text(&self.say(&bid)?, "bid")?.to_owned();
        }
        self.say(&[&["receivable", "award"], &of(SUPPLIER)[..], &[&offer, "--bid", &best]].concat())?;
        Ok(())
    }

    /// Every awarded claim changes hands against its price.
    pub(super) fn finance(&self, living: &mut [Living], counted: &mut Counted) -> Result<(), CliError> {
        let mut sold: Vec<&mut Living> = living.iter_mut().filter(|claim| claim.price.is_some()).collect();
        for claims in sold.chunks_mut(TOGETHER) {
            let mut exchanges = Vec::new();
            for claim in claims.iter() {
                let face = claim.held.iter().map(|(_, amount)| amount).sum();
                exchanges.push(self.exchange(
                    claim.record,
                    (SUPPLIER, BANK),
                    face,
                    claim.price.unwrap_or(face),
                )?);
            }
            for (claim, committed) in
                claims.iter_mut().zip(exchange::settle(self.consortium(), DEALS, &exchanges)?)
            {
                counted.deals += 1;
                if committed {
                    counted.discounted += 1;
                    counted.price_minor += claim.price.unwrap_or_default();
                    claim.held.iter_mut().for_each(|(holder, _)| *holder = BANK);
                } else {
                    counted.aborted += 1;
                }
            }
        }
        Ok(())
    }

    /// A claim, or a part of one, against cash.
    fn exchange(
        &self,
        record: RecordId,
        (holder, payer): (&'static str, &'static str),
        amount: u64,
        price: u64,
    ) -> Result<Exchange, CliError> {
        let (sender, receiver) = (self.id(holder)?, self.id(payer)?);
        let [claims, cash] = self.tags;
        let claim = LegTerms { tag: claims, sender, receiver, asset: AssetId(record.0), amount };
        let money =
            LegTerms { tag: cash, sender: receiver, receiver: sender, asset: self.money, amount: price };
        Ok(Exchange {
            proposer: holder,
            acceptor: payer,
            legs: vec![claim, money],
            reference: record.to_string(),
        })
    }

    /// Day after day: whoever holds is paid in full, and the buyer takes the claim back.
    pub(super) fn pay(&self, living: &[Living], counted: &mut Counted) -> Result<(), CliError> {
        let mut days: Vec<IsoDate> = living.iter().map(|claim| claim.due).collect();
        days.sort_unstable();
        days.dedup();
        for day in days {
            self.say(&["business-date", "advance", "-c", CLAIMS, "--as", BANK, &day.to_string()])?;
            let due: Vec<&Living> = living.iter().filter(|claim| claim.due == day).collect();
            let mut exchanges = Vec::new();
            for claim in &due {
                for (holder, amount) in &claim.held {
                    exchanges.push(self.exchange(claim.record, (holder, BUYER), *amount, *amount)?);
                }
            }
            for exchanges in exchanges.chunks(TOGETHER) {
                for committed in exchange::settle(self.consortium(), DEALS, exchanges)? {
                    counted.deals += 1;
                    counted.aborted += u64::from(!committed);
                }
            }
            for claim in due {
                let id = claim.record.to_string();
                self.say(&["receivable", "settle", "-c", CLAIMS, "--as", BUYER, &id])?;
                counted.settled += 1;
            }
        }
        Ok(())
    }
}
