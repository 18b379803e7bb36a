//! What a claim is worth before it is due: simple discount and true yield.
//!
//! ```text
//!   simple discount   price = face x (basis - rate x days) / basis
//!   true yield        price = face x basis / (basis + rate x days)
//! ```
//!
//! Convention, basis and rounding are part of the [`Terms`], so that whoever reads a stored
//! [`Quote`] years later computes the same price. A quote that is read is computed again.

use parclose_documents::amount::product::Rounding;
use parclose_documents::{Currency, IsoDate};
use serde::{Deserialize, Serialize};

use crate::amount;
use crate::rate::Rate;
use crate::refused::Refused;

/// How a rate becomes a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// the discount is a part of the face, as for bills (FIN-04)
    SimpleDiscount,
    /// the price grows to the face at the rate (FIN-05)
    TrueYield,
}

/// Days of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    /// actual days over 360
    #[serde(rename = "360")]
    Days360,
    /// actual days over 365
    #[serde(rename = "365")]
    Days365,
}

impl Basis {
    /// The convention of a currency.
    ///
    /// Only the currencies whose convention the design names are here: a wrong default would be paid.
    ///
    /// # Rules
    ///
    /// > FIN-02: a year has 360 days in EUR and USD and 365 in GBP; for every other currency the terms state the basis.
    pub fn of(currency: Currency) -> Result<Self, Refused> {
        match currency.code() {
            "EUR" | "USD" => Ok(Self::Days360),
            "GBP" => Ok(Self::Days365),
            code => Err(Refused::NoBasis { currency: code }),
        }
    }

    /// 360 or 365.
    #[must_use]
    pub const fn days(self) -> u64 {
        match self {
            Self::Days360 => 360,
            Self::Days365 => 365,
        }
    }

    /// Days of a year times millionths: the denominator of a rate times days.
    pub(crate) const fn day_millionths(self) -> u64 {
        self.days().saturating_mul(Rate::ONE_MILLIONTHS)
    }
}

/// What two members agree on before one discounts a claim of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// of face and price
    pub currency: Currency,
    /// how the rate becomes a price
    pub method: Method,
    /// of a year
    pub rate: Rate,
    /// days of that year
    pub basis: Basis,
    /// what becomes of a part of a minor unit of the price
    pub rounding: Rounding,
    /// when the price is paid
    pub paid: IsoDate,
    /// when the face is due
    pub due: IsoDate,
}

impl Terms {
    /// Terms with the currency's own basis, rounded half up.
    ///
    /// # Errors
    ///
    /// FIN-02 where the currency has no convention.
    pub fn by_convention(
        currency: Currency,
        method: Method,
        rate: Rate,
        paid: IsoDate,
        due: IsoDate,
    ) -> Result<Self, Refused> {
        let basis = Basis::of(currency)?;
        Ok(Self { currency, method, rate, basis, rounding: Rounding::HalfUp, paid, due })
    }

    /// Days for which the face is discounted.
    ///
    /// # Rules
    ///
    /// > FIN-03: days are calendar days from the day of payment, which is not counted, to the due day, which is and is not the earlier.
    pub fn days(&self) -> Result<u32, Refused> {
        u32::try_from(self.paid.days_until(self.due)).map_err(|_| Refused::Backwards)
    }

    /// The price of a face in minor units.
    ///
    /// # Errors
    ///
    /// FIN-03, FIN-06 or FIN-07.
    ///
    /// # Rules
    ///
    /// > FIN-06: a face and its price are at least one minor unit.
    pub fn quote(&self, face_minor: u64) -> Result<Quote, Refused> {
        let days = self.days()?;
        let price_minor = match self.method {
            Method::SimpleDiscount => self.simple_discount(face_minor, days),
            Method::TrueYield => self.true_yield(face_minor, days),
        }?;
        let discount_minor = face_minor.checked_sub(price_minor).ok_or(Refused::TooLarge)?;
        if price_minor == 0 {
            return Err(Refused::NoPrice);
        }
        Ok(Quote { terms: *self, face_minor, days, price_minor, discount_minor })
    }

    /// # Rules
    ///
    /// > FIN-04: by simple discount the price is face times (basis − rate × days) / basis, rounded as the terms say.
    fn simple_discount(&self, face_minor: u64, days: u32) -> Result<u64, Refused> {
        let left = self.basis.day_millionths().checked_sub(self.rate_days(days)?).ok_or(Refused::NoPrice)?;
        let over = amount::product(&[face_minor, left]);
        amount::rounded(over, amount::product(&[self.basis.day_millionths()]), self.rounding)
    }

    /// # Rules
    ///
    /// > FIN-05: by true yield the price is face times basis / (basis + rate × days), rounded as the terms say.
    fn true_yield(&self, face_minor: u64, days: u32) -> Result<u64, Refused> {
        let grown = self.basis.day_millionths().checked_add(self.rate_days(days)?);
        let over = amount::product(&[face_minor, self.basis.day_millionths()]);
        amount::rounded(over, grown.map(i128::from), self.rounding)
    }

    /// Rate times days, in millionths.
    fn rate_days(&self, days: u32) -> Result<u64, Refused> {
        self.rate.millionths().checked_mul(u64::from(days)).ok_or(Refused::TooLarge)
    }
}

/// A face, its price, and the terms that lead from one to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredQuote")]
pub struct Quote {
    terms: Terms,
    face_minor: u64,
    days: u32,
    price_minor: u64,
    discount_minor: u64,
}

impl Quote {
    /// What it was computed by.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What is due on the due day, in minor units.
    #[must_use]
    pub const fn face_minor(&self) -> u64 {
        self.face_minor
    }

    /// Days from payment to the due day.
    #[must_use]
    pub const fn days(&self) -> u32 {
        self.days
    }

    /// What is paid for it, in minor units; at least 1, at most the face.
    #[must_use]
    pub const fn price_minor(&self) -> u64 {
        self.price_minor
    }

    /// Face less price.
    #[must_use]
    pub const fn discount_minor(&self) -> u64 {
        self.discount_minor
    }
}

/// A quote as it was stored: nothing of it is believed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredQuote {
    terms: Terms,
    face_minor: u64,
    days: u32,
    price_minor: u64,
    discount_minor: u64,
}

impl TryFrom<StoredQuote> for Quote {
    type Error = Refused;

    /// # Rules
    ///
    /// > FIN-08: a stored quote is read only if its terms and face give its days, price and discount again.
    fn try_from(stored: StoredQuote) -> Result<Self, Refused> {
        let StoredQuote { terms, face_minor, days, price_minor, discount_minor } = stored;
        let claimed = Self { terms, face_minor, days, price_minor, discount_minor };
        let computed = terms.quote(face_minor)?;
        if computed == claimed { Ok(computed) } else { Err(Refused::OtherQuote) }
    }
}

#[cfg(test)]
mod tests;
