//! ISO 4217 currencies and how many decimals each has, as a table.
//!
//! A code that is not in the table is refused, and so is one without minor units (gold, the test
//! code): an amount in it has no integer form. Codes withdrawn since 2020 stay, because old
//! documents name them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Codes by the number of decimals of their minor unit.
const CODES_BY_MINOR_DIGITS: [(u32, &str); 4] = [
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (
        2,
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP \
         BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR \
         FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR \
         KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR \
         MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK \
         SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN \
         UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

/// A currency of ISO 4217 that has minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Currency {
    code: &'static str,
    minor_digits: u32,
}

impl Currency {
    /// Finds a currency by its three upper-case letters; `None` when unknown or without minor units.
    #[must_use]
    pub fn find(code: &str) -> Option<Self> {
        CODES_BY_MINOR_DIGITS.iter().find_map(|&(minor_digits, codes)| {
            let code = codes.split_ascii_whitespace().find(|known| *known == code)?;
            Some(Self { code, minor_digits })
        })
    }

    /// The three letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// The three letters as bytes, as amount fields hold them.
    ///
    /// # Panics
    ///
    /// Never: every code of the table has three letters, which a test counts.
    #[must_use]
    pub fn bytes(self) -> [u8; 3] {
        self.code.as_bytes().try_into().expect("a code of the table has three letters")
    }

    /// Decimals of the minor unit: 2 for GBP, 0 for JPY.
    #[must_use]
    pub const fn minor_digits(self) -> u32 {
        self.minor_digits
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <String as Deserialize>::deserialize(deserializer)?;
        Self::find(&code).ok_or_else(|| serde::de::Error::custom("not an ISO 4217 code with minor units"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn unknown_codes_and_codes_without_minor_units_are_not_found() {
        for code in ["", "gbp", "GBP ", "ABC", "GB", "GBPX", "AED AFN"] {
            assert_eq!(Currency::find(code), None, "{code}");
        }
        for code in ["XAU", "XAG", "XPT", "XPD", "XDR", "XXX", "XTS", "XBA"] {
            assert_eq!(Currency::find(code), None, "{code}");
        }
    }

    #[test]
    fn a_code_is_read_back_and_another_is_not() {
        let pounds = Currency::find("GBP").unwrap();
        assert_eq!(serde_json::from_str::<Currency>("\"GBP\"").unwrap(), pounds);
        assert!(serde_json::from_str::<Currency>("\"XAU\"").is_err());
    }

    #[test]
    fn decimals_follow_iso_4217() {
        let digits = |code| Currency::find(code).map(Currency::minor_digits);
        assert_eq!(digits("GBP"), Some(2));
        assert_eq!(digits("JPY"), Some(0));
        assert_eq!(digits("KWD"), Some(3));
        assert_eq!(digits("CLF"), Some(4));
    }

    #[test]
    fn every_code_stands_once_and_has_three_letters() {
        let codes: Vec<&str> =
            CODES_BY_MINOR_DIGITS.iter().flat_map(|(_, codes)| codes.split_ascii_whitespace()).collect();
        assert!(codes.iter().all(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())));
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }
}
