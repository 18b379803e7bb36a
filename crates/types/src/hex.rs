//! Lower-case hex, both ways. Upper case is refused: one text for one value.

/// Why a text is not the hex of the wanted length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotHex {
    /// The text has the wrong number of characters.
    #[error("expected {expected} hex characters, got {got}")]
    Length {
        /// characters wanted
        expected: usize,
        /// characters found
        got: usize,
    },
    /// A character outside `0-9a-f`.
    #[error("`{0}` is not a lower-case hex digit")]
    Digit(char),
}

/// Writes bytes as lower-case hex.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 });
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// Reads lower-case hex of any even length.
pub fn decode(text: &str) -> Result<Vec<u8>, NotHex> {
    if !text.len().is_multiple_of(2) {
        return Err(NotHex::Length { expected: text.len() + 1, got: text.len() });
    }
    let digits = text.chars().map(digit).collect::<Result<Vec<u8>, _>>()?;
    Ok(digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Reads exactly `N` bytes of lower-case hex.
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], NotHex> {
    let wrong_length = NotHex::Length { expected: N * 2, got: text.len() };
    if text.len() != N * 2 {
        return Err(wrong_length);
    }
    decode(text)?.try_into().map_err(|_| wrong_length)
}

fn digit(character: char) -> Result<u8, NotHex> {
    match character {
        '0'..='9' => Ok(character as u8 - b'0'),
        'a'..='f' => Ok(character as u8 - b'a' + 10),
        other => Err(NotHex::Digit(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_refusals() {
        assert_eq!(decode(&encode(&[0, 15, 255])), Ok(vec![0, 15, 255]));
        assert_eq!(decode("AB"), Err(NotHex::Digit('A')));
        assert!(decode("abc").is_err());
        assert!(decode_array::<2>("abcdef").is_err());
        assert!(decode("ü").is_err());
    }
}
