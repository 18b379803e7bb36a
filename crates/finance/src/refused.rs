//! Why a computation is refused. A refusal names its rule and never an amount.

use parclose_types::{Failure, Fault};

/// The rule that an input breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// FIN-01: not a rate.
    #[error("a rate is a decimal fraction from 0 to 10 with at most six decimals")]
    Rate,
    /// FIN-01: not a price.
    #[error("a price is a decimal above zero with at most nine decimals")]
    Price,
    /// FIN-02: no convention for the currency.
    #[error("no convention says how many days a year of {currency} has")]
    NoBasis {
        /// ISO 4217
        currency: &'static str,
    },
    /// FIN-03: the due day is the earlier.
    #[error("the due day lies before the day of payment")]
    Backwards,
    /// FIN-06: nothing is paid, or for nothing.
    #[error("the face or its price is less than one minor unit")]
    NoPrice,
    /// FIN-07: beyond the range of amounts.
    #[error("the result does not fit 63 bits of minor units, or not exactly")]
    TooLarge,
    /// FIN-08: not what its terms give.
    #[error("the quote is not the one that its terms give")]
    OtherQuote,
    /// FIN-10: nothing to divide by.
    #[error("no weight of the split is above zero")]
    NoWeight,
    /// FIN-11: parts of another whole.
    #[error("the parts do not sum to the whole")]
    OtherSum,
    /// FIN-12: too small.
    #[error("a piece is smaller than the least that is allowed")]
    PieceTooSmall,
    /// FIN-12: too many, or none.
    #[error("a split has at least one piece, and no more than is allowed")]
    PieceCount,
    /// FIN-13: more than is owed.
    #[error("the payment exceeds what is outstanding")]
    Overpaid,
    /// FIN-16: not a table of rates.
    #[error("the table of penalty rates is malformed, or names a kind twice")]
    BadTable,
    /// FIN-16: a kind that is not in the table.
    #[error("the table of penalty rates has no such kind")]
    NoSuchKind,
    /// FIN-20: not a trade of this netting.
    #[error("a trade is of another day, buys from itself, or moves nothing")]
    BadTrade,
    /// FIN-20: one id for two trades.
    #[error("two trades have the same id")]
    TradeTwice,
    /// FIN-22: nets of other trades.
    #[error("the netting does not use exactly these trades, each once")]
    OtherTrades,
    /// FIN-22: what one receives nobody gives.
    #[error("the nets of a unit do not sum to zero")]
    NotZero,
    /// FIN-22: other nets.
    #[error("the nets are not those that the trades give")]
    OtherNets,
    /// FIN-30: not a CUSIP.
    #[error("a CUSIP has eight characters and the check digit that they make")]
    Cusip,
    /// FIN-31: not an ISIN.
    #[error("an ISIN has two letters, nine characters and the check digit that they make")]
    Isin,
    /// FIN-32: a table that is not read whole.
    #[error("the table of auctions is not read whole")]
    Auctions,
    /// FIN-40: nothing says when it is due.
    #[error("the document has no due day, or its dates are out of range")]
    NoDueDay,
    /// FIN-51: what is redeemed is not held.
    #[error("more is redeemed than is held")]
    NotHeld,
}

impl Failure for Refused {
    fn code(&self) -> &'static str {
        "ARITHMETIC_REFUSED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Rate | Self::Price => "FIN-01",
            Self::NoBasis { .. } => "FIN-02",
            Self::Backwards => "FIN-03",
            Self::NoPrice => "FIN-06",
            Self::TooLarge => "FIN-07",
            Self::OtherQuote => "FIN-08",
            Self::NoWeight => "FIN-10",
            Self::OtherSum => "FIN-11",
            Self::PieceTooSmall | Self::PieceCount => "FIN-12",
            Self::Overpaid => "FIN-13",
            Self::BadTable | Self::NoSuchKind => "FIN-16",
            Self::BadTrade | Self::TradeTwice => "FIN-20",
            Self::OtherTrades | Self::NotZero | Self::OtherNets => "FIN-22",
            Self::Cusip => "FIN-30",
            Self::Isin => "FIN-31",
            Self::Auctions => "FIN-32",
            Self::NoDueDay => "FIN-40",
            Self::NotHeld => "FIN-51",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Rate => "write the rate as a fraction of a year, such as `0.0525`",
            Self::Price => "write the price with a point, such as `99.781411`",
            Self::NoBasis { .. } => "state the basis, 360 or 365, in the terms",
            Self::Backwards => "pay on the due day or before it",
            Self::NoPrice => "take a lower rate, a shorter time or a larger face",
            Self::TooLarge => "compute in several smaller amounts",
            Self::OtherQuote => "ask for a new quote, and do not pay by this one",
            Self::NoWeight => "give at least one weight above zero",
            Self::OtherSum => "give parts that sum to the whole to the last minor unit",
            Self::PieceTooSmall | Self::PieceCount => "split into fewer, larger pieces, at least one",
            Self::Overpaid => "pay at most what is outstanding",
            Self::BadTable => "write each kind once, with its daily rate and its source",
            Self::NoSuchKind => "take a kind of the table, or state the rate",
            Self::BadTrade => "net the trades of one settlement date, each between two members",
            Self::TradeTwice => "give each trade its own id",
            Self::OtherTrades | Self::NotZero | Self::OtherNets => {
                "net the trades again; do not pay by this netting"
            }
            Self::Cusip | Self::Isin => "compare with the register: a character is wrong, or two are swapped",
            Self::Auctions => "import the file with the mapping `treasury.toml` and look at what is left out",
            Self::NoDueDay => "name the column with the due day as `dates.due` of the mapping",
            Self::NotHeld => "redeem what is held, once",
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_its_rule_and_a_next_step() {
        for refused in [Refused::NoBasis { currency: "JPY" }, Refused::OtherNets, Refused::NotHeld] {
            assert!(refused.rule().starts_with("FIN-") && refused.fix().len() > 10 && refused.definite());
            assert_eq!((refused.fault(), refused.code()), (Fault::Sender, "ARITHMETIC_REFUSED"));
        }
    }
}
