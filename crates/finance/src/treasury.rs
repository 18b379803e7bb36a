//! Auctions of the US Treasury as delivery-versus-payment legs.
//!
//! The Treasury delivers, one of six classes of buyers pays. The classes are groups of firms, and who
//! holds at maturity is not in the data: that the class which took a security still holds it then is
//! an assumption, and so are the redemptions that follow from it.
//!
//! The table is read by the mapping `treasury.toml` of the template `scf-receivable`: par × price /
//! 100, half up to the cent for each leg; accrued interest and indexation are left out.

mod redemption;

use parclose_documents::{Currency, Document, IsoDate, Mapping, Source, read_documents};
use serde::Serialize;

use crate::amount;
use crate::netting::Trade;
use crate::refused::Refused;
use crate::securities::{Cusip, Isin};

pub use redemption::{Due, Redemption, due_by_class, redemptions};

const MAPPING: &str = include_str!("../../../channels/scf-receivable/mappings/treasury.toml");

/// Who delivers in every leg.
pub const ISSUER: &str = "US-TREASURY";

/// A class of buyers; in the order of the legs of one auction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuyerClass {
    /// dealers that trade with the Federal Reserve Bank of New York
    PrimaryDealers,
    /// bidders for themselves
    DirectBidders,
    /// bidders through a dealer
    IndirectBidders,
    /// small bidders at the price that the others make
    Noncompetitive,
    /// foreign and international monetary authorities
    ForeignAuthorities,
    /// the System Open Market Account of the Federal Reserve
    OpenMarketAccount,
}

impl BuyerClass {
    /// All six, in order.
    pub const ALL: [Self; 6] = [
        Self::PrimaryDealers,
        Self::DirectBidders,
        Self::IndirectBidders,
        Self::Noncompetitive,
        Self::ForeignAuthorities,
        Self::OpenMarketAccount,
    ];

    /// The name of the member that stands for the class.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::PrimaryDealers => "primary-dealers",
            Self::DirectBidders => "direct-bidders",
            Self::IndirectBidders => "indirect-bidders",
            Self::Noncompetitive => "noncompetitive",
            Self::ForeignAuthorities => "foreign-authorities",
            Self::OpenMarketAccount => "open-market-account",
        }
    }

    /// As the mapping names it.
    const fn in_documents(self) -> &'static str {
        match self {
            Self::PrimaryDealers => "Primary dealers",
            Self::DirectBidders => "Direct bidders",
            Self::IndirectBidders => "Indirect bidders",
            Self::Noncompetitive => "Noncompetitive bidders",
            Self::ForeignAuthorities => "Foreign and international monetary authorities",
            Self::OpenMarketAccount => "Federal Reserve (SOMA)",
        }
    }
}

/// One delivery against payment. Legs compare in the order in which they are dealt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Leg {
    /// when securities and cash are due
    pub settlement: IsoDate,
    /// the day of the trade
    pub auction: IsoDate,
    /// of the security
    pub cusip: Cusip,
    /// who takes it
    pub class: BuyerClass,
    /// of the security
    pub isin: Isin,
    /// when par is paid back
    pub maturity: IsoDate,
    /// dollars
    pub par: u64,
    /// what is paid for it, in cents
    pub cash_minor: u64,
}

impl Leg {
    /// Its name, which no other leg has: a class takes part in an auction once.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.auction, self.cusip, self.class.member())
    }

    /// As a trade that can be netted.
    #[must_use]
    pub fn trade(&self) -> Trade {
        Trade {
            id: self.id(),
            settlement: self.settlement,
            seller: ISSUER.into(),
            buyer: self.class.member().into(),
            instrument: self.isin.to_string(),
            quantity: self.par,
            amount_minor: self.cash_minor,
            currency: dollars(),
        }
    }

    fn of(document: &Document) -> Option<Self> {
        let date = |name: &str| document.dates.get(name).map(|date| date.day);
        let field = |name: &str| document.fields.get(name).map(String::as_str);
        let cusip = Cusip::parse(field("cusip")?).ok()?;
        let buyer = field("buyer_name")?;
        let [line] = document.lines.as_slice() else { return None };
        Some(Self {
            settlement: date("due")?,
            auction: date("issue")?,
            class: BuyerClass::ALL.into_iter().find(|class| class.in_documents() == buyer)?,
            isin: Isin::of_us(&cusip).ok()?,
            cusip,
            maturity: date("maturity")?,
            par: line.fields.get("par")?.parse().ok()?,
            cash_minor: amount::sum([document.total_minor]).ok()?,
        })
    }
}

/// Of every leg.
///
/// # Panics
///
/// Never: the code stands in the table of currencies.
pub(crate) fn dollars() -> Currency {
    Currency::find("USD").expect("the table of currencies has USD")
}

/// Reads a table of auctions.
///
/// # Errors
///
/// FIN-32.
///
/// # Rules
///
/// > FIN-32: auctions are read whole or not at all; a leg is one class that took par, and legs are in the order of settlement date, auction date, CUSIP, and class as `BuyerClass` lists them.
pub fn read(bytes: &[u8]) -> Result<Vec<Leg>, Refused> {
    let mapping = Mapping::parse(MAPPING, "treasury.toml").map_err(|_| Refused::Auctions)?;
    let import =
        read_documents(&[Source { name: "auctions.csv", bytes }], &mapping).map_err(|_| Refused::Auctions)?;
    let legs: Option<Vec<Leg>> = import.documents.iter().map(Leg::of).collect();
    let mut legs = legs.filter(|_| import.left_out.is_empty()).ok_or(Refused::Auctions)?;
    legs.sort_unstable();
    Ok(legs)
}

/// The first legs, in order; all where there are not so many.
#[must_use]
pub fn first(legs: &[Leg], n: usize) -> &[Leg] {
    legs.get(..n).unwrap_or(legs)
}

/// What legs sum to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// how many
    pub legs: usize,
    /// dollars
    pub par: u64,
    /// cents
    pub cash_minor: u64,
}

/// The sums of legs.
///
/// # Errors
///
/// FIN-07.
pub fn totals(legs: &[Leg]) -> Result<Totals, Refused> {
    let par = amount::sum(legs.iter().map(|leg| leg.par))?;
    Ok(Totals { legs: legs.len(), par, cash_minor: amount::sum(legs.iter().map(|leg| leg.cash_minor))? })
}

#[cfg(test)]
mod tests;
