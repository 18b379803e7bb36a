//! What becomes of a claim: kept, split and passed on, or discounted; and paid when it is due.

use parclose_documents::IsoDate;
use parclose_finance::receivables::{Course, Receivable};
use serde_json::Value;

use super::Counted;
use super::floor::{BANK, BUYER, CASH, CLAIMS, DEALS, Floor, OTHER_BANK, SUPPLIER, TIER_2};
use crate::demo::exchange::{self, Exchange, TOGETHER};
use crate::demo::ground::Line;
use crate::error::CliError;

/// A claim on its way.
pub(super) struct Living {
    /// its id
    pub(super) record: String,
    due: IsoDate,
    /// who holds how much of it
    held: Vec<(&'static str, u64)>,
    /// what the bank pays for it, until it has
    price: Option<u64>,
    split: bool,
}

fn text<'v>(value: &'v Value, name: &str) -> Result<&'v str, CliError> {
    value[name].as_str().ok_or_else(|| CliError::not_found("record"))
}

impl Floor<'_> {
    /// All claims, some at a time: nobody waits for another's.
    pub(super) fn begin_all(
        &self,
        claims: &[Receivable],
        counted: &mut Counted,
    ) -> Result<Vec<Living>, CliError> {
        let living = self.ground.each(claims, |claim| self.begin(claim))?;
        for (claim, living) in claims.iter().zip(&living) {
            counted.accepted += 1;
            counted.split += u64::from(living.split);
            counted.passed_on += u64::from(matches!(claim.course, Course::PassedOn(_)));
        }
        Ok(living)
    }

    /// Issued by the supplier, accepted by the buyer, and led up to where cash is wanted.
    fn begin(&self, claim: &Receivable) -> Result<Living, CliError> {
        let (face, due, issued) =
            (self.money(claim.face_minor), claim.due.to_string(), claim.issue.to_string());
        let invoice = claim.key.join(" ");
        let issue = ["receivable", "issue", "--buyer", BUYER, "--bank", BANK, "--invoice", &invoice];
        let terms =
            ["--amount", &face, "--currency", self.currency.code(), "--due", &due, "--issued", &issued];
        let made = self.say((SUPPLIER, CLAIMS), &[&issue[..], &terms].concat())?;
        let record = text(&made, "receivable")?.to_owned();
        self.say((BUYER, CLAIMS), &["receivable", "accept", &record, "--recourse", "without"])?;
        let held = vec![(SUPPLIER, claim.face_minor)];
        let mut living = Living { record, due: claim.due, held, price: None, split: false };
        match &claim.course {
            Course::Held => {}
            Course::PassedOn(at) => self.pass_on(claim, *at, &mut living)?,
            Course::Discounted(quote) => {
                self.auction(&living.record, &face, quote.price_minor())?;
                living.price = Some(quote.price_minor());
            }
        }
        Ok(living)
    }

    /// Split by the lines of its invoice; one piece goes to a supplier of the supplier.
    fn pass_on(&self, claim: &Receivable, at: usize, living: &mut Living) -> Result<(), CliError> {
        let supplier = (SUPPLIER, CLAIMS);
        let passed = claim.pieces.get(at).map_or(claim.face_minor, |piece| piece.amount_minor);
        if claim.pieces.len() > 1 {
            let pieces: Vec<String> =
                claim.pieces.iter().map(|piece| self.money(piece.amount_minor)).collect();
            let mut split = vec!["receivable", "split", &living.record];
            pieces.iter().for_each(|piece| split.extend(["--into", piece]));
            self.say(supplier, &split)?;
            living.split = true;
        }
        let amount = self.money(passed);
        let pass = ["--to", TIER_2, "--amount", &amount, "--recourse", "without"];
        self.say(supplier, &[&["receivable", "transfer", &living.record], &pass[..]].concat())?;
        living.held = vec![(TIER_2, passed)];
        let kept = claim.face_minor.saturating_sub(passed);
        living.held.extend((kept > 0).then_some((SUPPLIER, kept)));
        Ok(())
    }

    /// Offered to both banks; each bids sealed, and the better bid wins.
    fn auction(&self, record: &str, face: &str, price: u64) -> Result<(), CliError> {
        let supplier = (SUPPLIER, CLAIMS);
        let offer = ["receivable", "offer", record, "--amount", face, "--recourse", "without"];
        let offer = self.say(supplier, &offer)?;
        let offer = text(&offer, "offer")?;
        let mut best = String::new();
        for (bank, price) in [(OTHER_BANK, price.saturating_sub(price / 100).max(1)), (BANK, price)] {
            let bid = ["receivable", "bid", offer, "--price", &self.money(price)];
            best = text(&self.say((bank, CLAIMS), &bid)?, "bid")?.to_owned();
        }
        self.say(supplier, &["receivable", "award", offer, "--bid", &best]).map(drop)
    }

    /// Every awarded claim changes hands against its price.
    pub(super) fn finance(&self, living: &mut [Living], counted: &mut Counted) -> Result<(), CliError> {
        let mut sold: Vec<&mut Living> = living.iter_mut().filter(|claim| claim.price.is_some()).collect();
        for claims in sold.chunks_mut(TOGETHER) {
            let exchange = |claim: &&mut Living| {
                let face = claim.held.iter().map(|(_, amount)| amount).sum();
                let (give, get) = (self.claim(&claim.record, face), self.cash(claim.price.unwrap_or(face)));
                Exchange { proposer: SUPPLIER, acceptor: BANK, give, get, reference: claim.record.clone() }
            };
            let exchanges: Vec<Exchange> = claims.iter().map(exchange).collect();
            for (claim, committed) in
                claims.iter_mut().zip(exchange::settle(&self.ground, DEALS, &exchanges)?)
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

    /// A claim, or a part of one, as a leg of a deal.
    fn claim(&self, record: &str, amount: u64) -> String {
        format!("{CLAIMS}:{record}:{}", self.money(amount))
    }

    fn cash(&self, amount: u64) -> String {
        format!("{CASH}:{}:{}", self.currency.code(), self.money(amount))
    }

    /// The buyer proposes: it reads every claim, and who holds a part of one need not.
    fn payment(&self, record: &str, holder: &'static str, amount: u64) -> Exchange {
        let (give, get) = (self.cash(amount), self.claim(record, amount));
        Exchange { proposer: BUYER, acceptor: holder, give, get, reference: record.to_owned() }
    }

    /// Day after day: whoever holds is paid in full, and the buyer takes the claim back.
    pub(super) fn pay(
        &self,
        living: &[Living],
        counted: &mut Counted,
        mut told: impl FnMut(IsoDate, u64),
    ) -> Result<(), CliError> {
        let mut days: Vec<IsoDate> = living.iter().map(|claim| claim.due).collect();
        days.sort_unstable();
        days.dedup();
        for day in days {
            self.say((BANK, CLAIMS), &["business-date", "advance", &day.to_string()])?;
            let due: Vec<&Living> = living.iter().filter(|claim| claim.due == day).collect();
            let parts = due.iter().flat_map(|claim| claim.held.iter().map(|held| (&claim.record, *held)));
            let payments: Vec<Exchange> =
                parts.map(|(record, (holder, amount))| self.payment(record, holder, amount)).collect();
            for payments in payments.chunks(TOGETHER) {
                for committed in exchange::settle(&self.ground, DEALS, payments)? {
                    counted.deals += 1;
                    counted.aborted += u64::from(!committed);
                }
            }
            let settle =
                |claim: &&Living| Line::of((BUYER, CLAIMS), &["receivable", "settle", &claim.record]);
            self.ground.together(&due.iter().map(settle).collect::<Vec<_>>())?;
            counted.settled += due.len() as u64;
            told(day, counted.settled);
        }
        Ok(())
    }
}
