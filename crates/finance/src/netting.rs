//! Netting: the trades of one settlement date, as what each member has to pay and to deliver.
//!
//! ```text
//!   trades --of--> Netting { ids, nets by unit }  --verify(trades)-->  accepted | Refused
//!                                 |
//!                                 +--transfers--> who pays whom
//! ```
//!
//! A unit is a currency or an instrument. In each, what a member receives less what it gives is its
//! net; the nets sum to zero. A [`Netting`] names every trade that it used, so that whoever has the
//! trades can tell that none was left out and none counted twice.

mod transfers;

use std::collections::{BTreeMap, BTreeSet};

use parclose_documents::{Currency, IsoDate};
use serde::{Deserialize, Serialize};

use crate::amount;
use crate::refused::Refused;

pub use transfers::Transfer;

/// A delivery of an instrument against cash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trade {
    /// the same for nobody else's trade
    pub id: String,
    /// when both sides are due
    pub settlement: IsoDate,
    /// delivers, and is paid
    pub seller: String,
    /// pays, and is delivered to
    pub buyer: String,
    /// such as an ISIN
    pub instrument: String,
    /// units of the instrument
    pub quantity: u64,
    /// what the buyer pays, in minor units
    pub amount_minor: u64,
    /// of the amount
    pub currency: Currency,
}

/// What is netted: one currency or one instrument.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// minor units of a currency
    Cash(Currency),
    /// units of an instrument
    Instrument(String),
}

/// What a member receives less what it gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// of the trades
    pub member: String,
    /// negative when it gives
    pub net: i64,
}

/// The nets of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitNets {
    /// currency or instrument
    pub unit: Unit,
    /// what would move trade by trade
    pub gross: u64,
    /// what moves after netting: the sum of the nets above zero
    pub net: u64,
    /// every member that trades the unit, ascending
    pub positions: Vec<Position>,
}

/// A part of a whole, in lowest terms; nothing is `0/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fraction {
    /// numerator
    pub over: u64,
    /// denominator, at least 1
    pub under: u64,
}

impl UnitNets {
    /// How much of the gross need not move.
    ///
    /// # Rules
    ///
    /// > FIN-23: the efficiency of a netting in a unit is 1 − net / gross, an exact fraction in lowest terms.
    #[must_use]
    pub fn efficiency(&self) -> Fraction {
        let saved = self.gross.saturating_sub(self.net);
        let divisor = common_divisor(saved, self.gross);
        let reduced = |number: u64| number.checked_div(divisor);
        reduced(saved)
            .zip(reduced(self.gross))
            .map_or(Fraction { over: 0, under: 1 }, |(over, under)| Fraction { over, under })
    }

    /// The transfers that settle these nets (FIN-24).
    #[must_use]
    pub fn transfers(&self) -> Vec<Transfer> {
        transfers::settle(&self.positions)
    }

    fn sum(&self) -> i128 {
        self.positions.iter().fold(0, |sum, position| sum.saturating_add(i128::from(position.net)))
    }
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

/// The nets of the trades of one settlement date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Netting {
    /// of every trade
    pub settlement: IsoDate,
    /// the trades that were used, ascending
    pub trade_ids: Vec<String>,
    /// currencies, then instruments, ascending
    pub units: Vec<UnitNets>,
}

/// Gross, and the net of each member.
type Sums<'t> = BTreeMap<Unit, (u64, BTreeMap<&'t str, i64>)>;

impl Netting {
    /// Nets trades.
    ///
    /// # Errors
    ///
    /// FIN-07 or FIN-20.
    ///
    /// # Rules
    ///
    /// > FIN-21: in cash a member's net is what it is paid less what it pays, in an instrument what it buys less what it sells, over all trades of the date; the nets of a unit sum to zero.
    pub fn of(settlement: IsoDate, trades: &[Trade]) -> Result<Self, Refused> {
        let trade_ids = ids(settlement, trades)?.into_iter().map(str::to_owned).collect();
        let mut sums = Sums::new();
        for trade in trades {
            let (buyer, seller) = (trade.buyer.as_str(), trade.seller.as_str());
            add(&mut sums, Unit::Cash(trade.currency), (buyer, seller), trade.amount_minor)?;
            add(&mut sums, Unit::Instrument(trade.instrument.clone()), (seller, buyer), trade.quantity)?;
        }
        let units = sums.into_iter().map(|(unit, (gross, nets))| unit_nets(unit, gross, nets));
        Ok(Self { settlement, trade_ids, units: units.collect::<Result<_, _>>()? })
    }

    /// Accepts a netting that somebody else has made of these trades.
    ///
    /// # Errors
    ///
    /// FIN-22, or why the trades cannot be netted.
    ///
    /// # Rules
    ///
    /// > FIN-22: a netting holds for trades if it names exactly these, each once, its nets sum to zero in each unit, and they are those that the trades give.
    pub fn verify(&self, trades: &[Trade]) -> Result<(), Refused> {
        if !ids(self.settlement, trades)?.into_iter().eq(self.trade_ids.iter().map(String::as_str)) {
            return Err(Refused::OtherTrades);
        }
        if self.units.iter().any(|unit| unit.sum() != 0) {
            return Err(Refused::NotZero);
        }
        if Self::of(self.settlement, trades)? == *self { Ok(()) } else { Err(Refused::OtherNets) }
    }

    /// The nets of a unit.
    #[must_use]
    pub fn unit(&self, unit: &Unit) -> Option<&UnitNets> {
        self.units.iter().find(|nets| nets.unit == *unit)
    }
}

/// The ids of trades that can be netted together, ascending.
///
/// # Rules
///
/// > FIN-20: trades are netted if they are of one settlement date, no two have one id, each has two different members, and quantity and amount are above zero.
fn ids(settlement: IsoDate, trades: &[Trade]) -> Result<BTreeSet<&str>, Refused> {
    let mut ids = BTreeSet::new();
    for trade in trades {
        let moves = trade.quantity > 0 && trade.amount_minor > 0 && trade.seller != trade.buyer;
        if trade.settlement != settlement || !moves {
            return Err(Refused::BadTrade);
        }
        if !ids.insert(trade.id.as_str()) {
            return Err(Refused::TradeTwice);
        }
    }
    Ok(ids)
}

/// Moves an amount from one member to another.
fn add<'t>(
    sums: &mut Sums<'t>,
    unit: Unit,
    (from, to): (&'t str, &'t str),
    amount: u64,
) -> Result<(), Refused> {
    let signed = i64::try_from(amount).map_err(|_| Refused::TooLarge)?;
    let (gross, nets) = sums.entry(unit).or_default();
    *gross = amount::sum([*gross, amount])?;
    // No net exceeds the gross, which fits.
    let of_giver = nets.entry(from).or_default();
    *of_giver = of_giver.saturating_sub(signed);
    let of_taker = nets.entry(to).or_default();
    *of_taker = of_taker.saturating_add(signed);
    Ok(())
}

fn unit_nets(unit: Unit, gross: u64, nets: BTreeMap<&str, i64>) -> Result<UnitNets, Refused> {
    let net = amount::sum(nets.values().filter_map(|net| u64::try_from(*net).ok()))?;
    let position = |(member, net): (&str, i64)| Position { member: member.to_owned(), net };
    Ok(UnitNets { unit, gross, net, positions: nets.into_iter().map(position).collect() })
}

#[cfg(test)]
mod tests;
