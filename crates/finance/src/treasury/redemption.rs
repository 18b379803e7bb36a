//! What falls due at maturity.

use std::collections::BTreeMap;

use parclose_documents::IsoDate;
use serde::Serialize;

use super::{BuyerClass, ISSUER, Leg, dollars};
use crate::amount;
use crate::netting::Trade;
use crate::refused::Refused;
use crate::securities::{Cusip, Isin};

/// Cents that are paid for a dollar of par.
const CENTS: u64 = 100;

/// A security that one class gives back against par. Redemptions compare in the order in which they are paid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Redemption {
    /// the maturity of the security
    pub date: IsoDate,
    /// of the security
    pub cusip: Cusip,
    /// who gives it back
    pub class: BuyerClass,
    /// of the security
    pub isin: Isin,
    /// dollars
    pub par: u64,
    /// what is paid for it, in cents
    pub cash_minor: u64,
}

impl Redemption {
    /// As a trade that can be netted with those of the same date.
    #[must_use]
    pub fn trade(&self) -> Trade {
        Trade {
            id: format!("{}/{}/{}/redemption", self.date, self.cusip, self.class.member()),
            settlement: self.date,
            seller: self.class.member().into(),
            buyer: ISSUER.into(),
            instrument: self.isin.to_string(),
            quantity: self.par,
            amount_minor: self.cash_minor,
            currency: dollars(),
        }
    }
}

/// What is redeemed of what legs delivered.
///
/// # Errors
///
/// FIN-07.
///
/// # Rules
///
/// > FIN-33: at maturity each class gives back all that it took of a CUSIP, in whichever auctions, against 100 cents for a dollar of par; redemptions are in the order of date, CUSIP and class.
pub fn redemptions(legs: &[Leg]) -> Result<Vec<Redemption>, Refused> {
    let mut taken: BTreeMap<(IsoDate, &Cusip, BuyerClass), (&Isin, u64)> = BTreeMap::new();
    for leg in legs {
        let (_, par) = taken.entry((leg.maturity, &leg.cusip, leg.class)).or_insert((&leg.isin, 0));
        *par = amount::sum([*par, leg.par])?;
    }
    let of = |((date, cusip, class), (isin, par)): ((IsoDate, &Cusip, BuyerClass), (&Isin, u64))| {
        let cash_minor = amount::sum([par.checked_mul(CENTS).ok_or(Refused::TooLarge)?])?;
        Ok(Redemption { date, cusip: cusip.clone(), class, isin: isin.clone(), par, cash_minor })
    };
    taken.into_iter().map(of).collect()
}

/// Cents by date and class.
pub type Due = BTreeMap<IsoDate, BTreeMap<BuyerClass, u64>>;

/// What is due to each class on each date.
///
/// # Errors
///
/// FIN-07.
///
/// # Rules
///
/// > FIN-34: what is redeemed by one class on one date is paid as one sum, over all CUSIPs.
pub fn due_by_class(redemptions: &[Redemption]) -> Result<Due, Refused> {
    let mut due = Due::new();
    for redemption in redemptions {
        let cash = due.entry(redemption.date).or_default().entry(redemption.class).or_default();
        *cash = amount::sum([*cash, redemption.cash_minor])?;
    }
    Ok(due)
}
