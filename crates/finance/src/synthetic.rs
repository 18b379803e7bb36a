//! A seeded generator of auctions, of the shape of the Treasury's table.
//!
//! It makes what the real table holds: several auctions for one settlement date, securities that are
//! auctioned again, classes that took nothing, prices that need rounding, and maturities that fall on
//! later settlement dates. Integers only, so that a seed gives the same bytes on every platform. The
//! sums are kept while drawing. The CUSIPs are invented; their check digits fit.

use parclose_documents::IsoDate;
use parclose_documents::synthetic::Chance;

use crate::securities::Cusip;
use crate::treasury::Totals;

const FIRST_DAY: &str = "2031-01-06";
const HEADER: &str = "\"cusip\",\"securityType\",\"securityTerm\",\"type\",\"auctionDate\",\"issueDate\",\"maturityDate\",\"pricePer100\",\"primaryDealerAccepted\",\"directBidderAccepted\",\"indirectBidderAccepted\",\"noncompetitiveAccepted\",\"fimaNoncompetitiveAccepted\",\"somaAccepted\"";
/// Type, term, weeks.
const SECURITIES: [(&str, &str, u32); 6] = [
    ("Bill", "4-Week", 4),
    ("Bill", "8-Week", 8),
    ("Bill", "13-Week", 13),
    ("Bill", "26-Week", 26),
    ("Note", "2-Year", 104),
    ("Note", "5-Year", 260),
];
/// Auctions that settle on one date.
const PER_WEEK: u32 = 3;

/// A generated table and what it sums to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auctions {
    /// a file that [`crate::treasury::read`] reads
    pub csv: String,
    /// what it must find
    pub reference: Totals,
}

/// A security that was auctioned.
struct Security {
    cusip: Cusip,
    named: (&'static str, &'static str),
    maturity: IsoDate,
}

/// Makes a table of so many auctions, at most 10,000.
///
/// # Panics
///
/// Never: the invented codes are of the right shape and the days in range.
#[must_use]
pub fn auctions(seed: u64, auctions: u32) -> Auctions {
    let mut chance = Chance::new(seed);
    let start = IsoDate::parse(FIRST_DAY).expect("a day as ISO writes it");
    let mut made = Auctions { csv: format!("{HEADER}\n"), reference: Totals::default() };
    let mut known: Vec<Security> = Vec::new();
    for number in 0..auctions.min(10_000) {
        let week = number.checked_div(PER_WEEK).unwrap_or(0);
        let slot = number.checked_rem(PER_WEEK).unwrap_or(0);
        let monday =
            start.days_after(week.saturating_mul(7)).expect("10,000 auctions end before the year 2999");
        let auction = monday.days_after(slot).expect("a day of that week");
        let issue = monday.days_after(7).expect("the Monday after it");
        let again = known.iter().rposition(|security| security.maturity > issue);
        let at = match again.filter(|_| chance.one_in(3)) {
            Some(at) => at,
            None => {
                known.push(draw(&mut chance, number, issue));
                known.len().saturating_sub(1)
            }
        };
        let Some(security) = known.get(at) else { continue };
        made.add(&mut chance, security, auction, issue);
    }
    made
}

fn draw(chance: &mut Chance, number: u32, issue: IsoDate) -> Security {
    let at = usize::try_from(chance.below(6)).unwrap_or(0);
    let (kind, term, weeks) = SECURITIES.get(at).copied().unwrap_or(("Bill", "4-Week", 4));
    Security {
        cusip: Cusip::make(&format!("PARC{number:04}")).expect("eight characters of `0-9A-Z`"),
        named: (kind, term),
        maturity: issue.days_after(weeks.saturating_mul(7)).expect("five years later is in range"),
    }
}

impl Auctions {
    fn add(&mut self, chance: &mut Chance, security: &Security, auction: IsoDate, issue: IsoDate) {
        // 95.000000 to 104.999999, in millionths.
        let price = 95_000_000_u32.saturating_add(chance.below(10_000_000));
        let mut taken = [0_u64; 6];
        for (class, par) in taken.iter_mut().enumerate() {
            // The first class takes a part always.
            if class == 0 || !chance.one_in(8) {
                *par = u64::from(chance.below(90_000_000)).saturating_add(1).saturating_mul(100);
                self.count(*par, u64::from(price));
            }
        }
        let (whole, millionths) = (price.checked_div(1_000_000), price.checked_rem(1_000_000));
        let price = format!("{}.{:06}", whole.unwrap_or(0), millionths.unwrap_or(0));
        let (kind, term) = security.named;
        let days = [auction, issue, security.maturity].map(|day| format!("{day}T00:00:00"));
        let cells = [security.cusip.as_str(), kind, term, kind].map(str::to_owned).into_iter();
        let cells = cells.chain(days).chain([price]).chain(taken.map(|par| par.to_string()));
        let cells: Vec<String> = cells.map(|cell| format!("\"{cell}\"")).collect();
        self.csv.push_str(&cells.join(","));
        self.csv.push('\n');
    }

    /// Par in hundreds times a price per hundred in millionths: cents are its ten-thousandths.
    fn count(&mut self, par: u64, price_millionths: u64) {
        let millionths = par.checked_div(100).unwrap_or(0).saturating_mul(price_millionths);
        let cents = millionths.saturating_add(5_000).checked_div(10_000).unwrap_or(0);
        self.reference.legs = self.reference.legs.saturating_add(1);
        self.reference.par = self.reference.par.saturating_add(par);
        self.reference.cash_minor = self.reference.cash_minor.saturating_add(cents);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::treasury;

    #[test]
    fn the_generated_table_is_read_with_the_sums_that_were_drawn() {
        for (seed, number) in [(1, 60), (2, 1), (3, 0), (u64::MAX, 400)] {
            let made = auctions(seed, number);
            let legs = treasury::read(made.csv.as_bytes()).unwrap();
            assert_eq!(treasury::totals(&legs).unwrap(), made.reference, "seed {seed}");
        }
    }

    #[test]
    fn the_generated_table_holds_what_the_real_one_holds() {
        let legs = treasury::read(auctions(1, 300).csv.as_bytes()).unwrap();
        let of = |pick: fn(&treasury::Leg) -> String| {
            legs.iter().map(pick).collect::<std::collections::BTreeSet<_>>()
        };
        let (dates, maturities) = (of(|leg| leg.settlement.to_string()), of(|leg| leg.maturity.to_string()));
        assert_eq!(dates.len(), 100);
        assert!(maturities.intersection(&dates).count() > 30, "redemptions meet new issues");
        assert!(of(|leg| leg.cusip.to_string()).len() < 250, "some are auctioned again");
        assert!(legs.len() < 6 * 300 && legs.len() > 5 * 300 - 100);
    }

    #[test]
    fn a_seed_gives_the_same_table_everywhere() {
        assert_eq!(auctions(42, 24), auctions(42, 24));
        assert_ne!(auctions(42, 24).csv, auctions(43, 24).csv);
        let stored = include_str!("../data/auctions-generated.csv");
        assert_eq!(auctions(42, 24).csv, stored);
        // Its sums, by Python's `csv` and `fractions`.
        let known = Totals { legs: 129, par: 568975667800, cash_minor: 57281954851739 };
        assert_eq!(treasury::totals(&treasury::read(stored.as_bytes()).unwrap()).unwrap(), known);
    }
}
