//! Identifiers whose form can be checked without asking anybody: the LEI, and ISO dates.
//!
//! A valid check digit shows that a code was not mistyped. It is no proof that the code was ever
//! issued, nor to whom.

use std::fmt;

use parclose_types::{Failure, Fault};
use serde::{Serialize, Serializer};

/// Why a text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadIdentifier {
    /// IMP-50: not of the shape of an LEI.
    #[error("an LEI has 18 characters of `A-Z0-9` and two check digits")]
    LeiShape,
    /// IMP-51: the check digits are not those of the first 18 characters.
    #[error("the check digits of the LEI do not fit")]
    LeiCheckDigits,
    /// IMP-52: not an ISO date.
    #[error("a date is a real day, written `YYYY-MM-DD`")]
    Date,
}

impl Failure for BadIdentifier {
    fn code(&self) -> &'static str {
        "IDENTIFIER_REFUSED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::LeiShape => "IMP-50",
            Self::LeiCheckDigits => "IMP-51",
            Self::Date => "IMP-52",
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
            Self::LeiShape => "write all 20 characters in upper case, without spaces",
            Self::LeiCheckDigits => "compare with the LEI register: a character is wrong or two are swapped",
            Self::Date => "write the date as `YYYY-MM-DD`",
        }
        .into()
    }
}

/// A legal entity identifier (ISO 17442) with fitting check digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lei(String);

impl Lei {
    /// Reads an LEI.
    ///
    /// The digits are compared with those that ISO 7064 MOD 97-10 makes. Taking the whole number
    /// modulo 97 instead would let `00`, `01` and `99` pass where `97`, `98` and `02` are due.
    ///
    /// # Rules
    ///
    /// > IMP-50: an LEI is 18 characters of `A-Z0-9` and two digits.
    /// > IMP-51: the check digits of an LEI are those that its first 18 characters make.
    pub fn parse(text: &str) -> Result<Self, BadIdentifier> {
        let (base, digits) = text.split_at_checked(18).ok_or(BadIdentifier::LeiShape)?;
        if digits.len() != 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadIdentifier::LeiShape);
        }
        let made = Self::make(base)?;
        if made.0 == text { Ok(made) } else { Err(BadIdentifier::LeiCheckDigits) }
    }

    /// Completes the first 18 characters with their check digits.
    pub fn make(base: &str) -> Result<Self, BadIdentifier> {
        if base.len() != 18 || !base.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            return Err(BadIdentifier::LeiShape);
        }
        let remainder = base.bytes().chain(*b"00").fold(0, append);
        Ok(Self(format!("{base}{:02}", 98 - remainder)))
    }

    /// The 20 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Appends a character to a number modulo 97; letters count as 10 to 35.
fn append(remainder: u32, character: u8) -> u32 {
    if character.is_ascii_digit() {
        (remainder * 10 + u32::from(character - b'0')) % 97
    } else {
        (remainder * 100 + u32::from(character - b'A') + 10) % 97
    }
}

impl fmt::Display for Lei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Lei {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: [&str; 4] =
        ["5493001KJTIIGC8Y1R12", "7LTWFZYICNSX8D621K86", "HWUPKR0MPOU8FGXBT394", "213800D1EI4B9WTWWD28"];

    #[test]
    fn imp_50_other_shapes_are_no_lei() {
        for text in [
            "",
            "5493001KJTIIGC8Y1R1",
            "5493001KJTIIGC8Y1R123",
            "5493001kjtiigc8y1r12",
            "5493001KJTIIGC8Y1R1X",
            "5493001KJTIIGC8Y1 12",
            " 5493001KJTIIGC8Y1R12",
            "5493001KJTIIGC8Y1ü2",
            "ÄÄÄÄÄÄÄÄÄÄ",
        ] {
            assert_eq!(Lei::parse(text), Err(BadIdentifier::LeiShape), "{text}");
        }
        assert_eq!(Lei::make("5493001KJTIIGC8Y1R12"), Err(BadIdentifier::LeiShape));
    }

    #[test]
    fn imp_51_every_single_wrong_digit_or_letter_is_noticed() {
        for valid in VALID {
            for (at, right) in valid.bytes().enumerate() {
                // A letter in the place of a digit moves what stands before it, and may go unnoticed.
                let class = if right.is_ascii_digit() { b'0'..=b'9' } else { b'A'..=b'Z' };
                for wrong in class.filter(|wrong| *wrong != right) {
                    let mut bytes = valid.as_bytes().to_vec();
                    bytes[at] = wrong;
                    let text = String::from_utf8(bytes).unwrap();
                    assert_eq!(Lei::parse(&text), Err(BadIdentifier::LeiCheckDigits), "{text} at {at}");
                }
            }
        }
        assert_eq!(Lei::parse("5493010KJTIIGC8Y1R12"), Err(BadIdentifier::LeiCheckDigits));
    }

    #[test]
    fn imp_51_a_second_pair_of_digits_with_the_same_remainder_is_refused() {
        let (mut aliases, pairs) = (0, [("97", "00"), ("98", "01"), ("02", "99")]);
        for number in 0..2_000 {
            let made = Lei::make(&format!("0000{number:014}")).unwrap();
            for (due, alias) in pairs {
                if let Some(base) = made.as_str().strip_suffix(due).filter(|base| base.len() == 18) {
                    aliases += 1;
                    assert_eq!(Lei::parse(&format!("{base}{alias}")), Err(BadIdentifier::LeiCheckDigits));
                }
            }
        }
        assert!(aliases > 30);
    }

    #[test]
    fn known_leis_are_read_and_made() {
        for valid in VALID {
            assert_eq!(Lei::parse(valid).unwrap().as_str(), valid);
            assert_eq!(Lei::make(&valid[..18]).unwrap().to_string(), valid);
        }
    }
}
