//! What lateness costs: interest on a claim that is paid late, and penalties for what is not delivered.
//!
//! Penalty rates are a table that is data (`data/penalty-rates-eu.csv`, from Annex I of Regulation (EU)
//! 2017/389): a channel may have another. A lack of cash has no rate in it, because that is the central
//! bank's overnight rate of the day: it is late interest at a stated rate.

use std::collections::BTreeMap;

use parclose_documents::Currency;
use parclose_documents::amount::product::Rounding;
use serde::Deserialize;

use crate::amount;
use crate::discount::Basis;
use crate::rate::{Price, Rate};
use crate::refused::Refused;

/// The daily rates of Annex I, rows 1 to 7.
const EU_RATES: &str = include_str!("../data/penalty-rates-eu.csv");

/// Interest on what is outstanding, for the days after the due day.
///
/// # Errors
///
/// FIN-07.
///
/// # Rules
///
/// > FIN-14: late interest is what is outstanding times the yearly rate times the days after the due day over the basis, rounded half up to the minor unit.
pub fn interest(outstanding_minor: u64, rate: Rate, basis: Basis, days: u32) -> Result<u64, Refused> {
    let over = amount::product(&[outstanding_minor, rate.millionths(), u64::from(days)]);
    amount::rounded(over, amount::product(&[basis.day_millionths()]), Rounding::HalfUp)
}

/// Daily penalty rates by kind of instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PenaltyRates(BTreeMap<String, Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    daily: Rate,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    kind: String,
    daily_rate: Rate,
    source: String,
}

/// What was not delivered, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fail {
    /// units of the instrument; for debt, units of par
    pub quantity: u64,
    /// of one unit, in the major unit of the currency
    pub reference_price: Price,
    /// of the penalty
    pub currency: Currency,
    /// business days on which the delivery failed
    pub days: u32,
}

impl PenaltyRates {
    /// Reads a table with the columns `kind`, `daily_rate` (a fraction, not basis points) and `source`.
    ///
    /// # Errors
    ///
    /// FIN-16.
    ///
    /// # Rules
    ///
    /// > FIN-16: a table of penalty rates has each kind once, each with its daily rate and its source; a kind that is not in it has no penalty that can be computed.
    pub fn read(text: &str) -> Result<Self, Refused> {
        let mut rates = BTreeMap::new();
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
            let Row { kind, daily_rate, source } = row.map_err(|_| Refused::BadTable)?;
            let whole = !kind.is_empty() && !source.is_empty();
            if !whole || rates.insert(kind, Entry { daily: daily_rate, source }).is_some() {
                return Err(Refused::BadTable);
            }
        }
        if rates.is_empty() { Err(Refused::BadTable) } else { Ok(Self(rates)) }
    }

    /// The table of the European Union.
    ///
    /// # Errors
    ///
    /// Never: it is read in a test.
    pub fn eu() -> Result<Self, Refused> {
        Self::read(EU_RATES)
    }

    /// The daily rate of a kind and where it is written.
    #[must_use]
    pub fn find(&self, kind: &str) -> Option<(Rate, &str)> {
        self.0.get(kind).map(|entry| (entry.daily, entry.source.as_str()))
    }

    /// The penalty for a failed delivery, in minor units.
    ///
    /// # Errors
    ///
    /// FIN-07 or FIN-16.
    ///
    /// # Rules
    ///
    /// > FIN-15: a penalty is the daily rate of the instrument's kind times reference price times quantity times days, rounded once, half up to the minor unit.
    pub fn penalty(&self, kind: &str, fail: &Fail) -> Result<u64, Refused> {
        let (daily, _) = self.find(kind).ok_or(Refused::NoSuchKind)?;
        let minor_per_major = 10_u64.checked_pow(fail.currency.minor_digits()).ok_or(Refused::TooLarge)?;
        let over = amount::product(&[
            fail.quantity,
            fail.reference_price.billionths(),
            daily.millionths(),
            u64::from(fail.days),
            minor_per_major,
        ]);
        let under = amount::product(&[Price::ONE_BILLIONTHS, Rate::ONE_MILLIONTHS]);
        amount::rounded(over, under, Rounding::HalfUp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{cases, number, text};

    fn fail(quantity: u64, price: &str, days: u32) -> Fail {
        let currency = Currency::find("EUR").unwrap();
        Fail { quantity, reference_price: price.parse().unwrap(), currency, days }
    }

    #[test]
    fn fin_14_late_interest_is_what_another_program_computes() {
        for case in cases("interest") {
            let basis: Basis = serde_json::from_value(case["basis"].clone()).unwrap();
            let rate = text(&case, "rate").parse().unwrap();
            let days = u32::try_from(number(&case, "days")).unwrap();
            assert_eq!(
                interest(number(&case, "outstanding_minor"), rate, basis, days),
                Ok(number(&case, "interest_minor")),
                "{case}"
            );
        }
        let rate = "0.05".parse().unwrap();
        assert_eq!(interest(1_000_000, rate, Basis::Days365, 0), Ok(0));
        let all = Rate::of_millionths(Rate::ONE_MILLIONTHS).unwrap();
        assert_eq!(interest(u64::MAX, all, Basis::Days360, 360), Err(Refused::TooLarge));
    }

    #[test]
    fn fin_15_penalties_are_what_another_program_computes() {
        let rates = PenaltyRates::eu().unwrap();
        for case in cases("penalties") {
            let currency = Currency::find(text(&case, "currency")).unwrap();
            let fail = Fail {
                quantity: number(&case, "quantity"),
                reference_price: text(&case, "reference_price").parse().unwrap(),
                currency,
                days: u32::try_from(number(&case, "days")).unwrap(),
            };
            assert_eq!(
                rates.penalty(text(&case, "kind"), &fail),
                Ok(number(&case, "penalty_minor")),
                "{case}"
            );
        }
        // 1,000,000 of public debt at 99.50 %, two days: 995,000 x 0.00001 x 2 = 19.90.
        assert_eq!(rates.penalty("public-debt", &fail(1_000_000, "0.995", 2)), Ok(1_990));
        assert_eq!(rates.penalty("public-debt", &fail(u64::MAX, "18000000000", 1)), Err(Refused::TooLarge));
    }

    #[test]
    fn fin_16_a_table_names_each_kind_once_with_rate_and_source() {
        let head = "kind,daily_rate,source\n";
        for rows in [
            "",
            "a,0.0001,x\na,0.0001,x\n",
            "a,0.0001,\n",
            ",0.0001,x\n",
            "a,1 bp,x\n",
            "a,,x\n",
            "a,0.0001\n",
            "a,-0.0001,x\n",
        ] {
            assert_eq!(PenaltyRates::read(&format!("{head}{rows}")), Err(Refused::BadTable), "{rows}");
        }
        assert_eq!(PenaltyRates::read("kind,rate,source\na,0.0001,x\n"), Err(Refused::BadTable));
        let rates = PenaltyRates::eu().unwrap();
        assert_eq!(rates.0.len(), 7);
        assert!(rates.0.values().all(|entry| entry.source.contains("2017/389, Annex I, row ")));
        assert_eq!(rates.penalty("cash", &fail(1, "1", 1)), Err(Refused::NoSuchKind));
    }

    #[test]
    fn the_rates_are_the_basis_points_that_their_source_says() {
        for (kind, entry) in PenaltyRates::eu().unwrap().0 {
            let (_, written) = entry.source.rsplit_once(": ").unwrap();
            let points: Rate = written.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(entry.daily.millionths() * 10_000, points.millionths(), "{kind}");
        }
    }
}
