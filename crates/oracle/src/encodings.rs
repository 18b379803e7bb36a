//! How a secret may be written where it does not belong.
//!
//! A text, an amount and a key each have several forms; each form is searched for as it stands. Forms shorter
//! than eight bytes would be found by chance and are left out: there are none for the canaries that are drawn.

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::canary::Value;

/// A way to write bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// the bytes themselves
    Raw,
    /// hex, small letters
    HexLower,
    /// hex, capitals
    HexUpper,
    /// base64, by the alignment of its first byte in what surrounds it
    Base64(u8),
    /// base64 for URLs, as above
    Base64Url(u8),
    /// decimal digits
    Decimal,
    /// decimal digits with the point before the minor units
    Major,
    /// decimal digits in groups of three, with the point
    Grouped,
    /// eight bytes, lowest first
    LittleEndian,
    /// eight bytes, highest first
    BigEndian,
    /// groups of seven bits, lowest first
    Varint,
    /// two bytes a character, lowest first
    Utf16Little,
    /// two bytes a character, highest first
    Utf16Big,
    /// last byte first
    Reversed,
    /// as a JSON text, what is not plain escaped
    Json,
    /// as a JSON text in ASCII
    JsonAscii,
}

/// A form and how it came about.
pub type Form = (Encoding, Vec<u8>);

/// The shortest form that is searched for, bytes.
pub const FORM_BYTES_MIN: usize = 8;

/// All forms of a value, each once.
pub fn forms(value: &Value) -> Vec<Form> {
    let mut forms = match value {
        Value::Text(text) => text_forms(text),
        Value::Amount(minor) => amount_forms(*minor),
        Value::Key(bytes) => byte_forms(bytes),
    };
    forms.retain(|(_, form)| form.len() >= FORM_BYTES_MIN);
    forms.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
    forms.dedup_by(|a, b| a.1 == b.1);
    forms
}

fn text_forms(text: &str) -> Vec<Form> {
    let mut forms = byte_forms(text.as_bytes());
    let wide: Vec<u16> = text.encode_utf16().collect();
    forms.push((Encoding::Utf16Little, wide.iter().flat_map(|unit| unit.to_le_bytes()).collect()));
    forms.push((Encoding::Utf16Big, wide.iter().flat_map(|unit| unit.to_be_bytes()).collect()));
    forms.push((Encoding::Json, json(text, false)));
    forms.push((Encoding::JsonAscii, json(text, true)));
    forms
}

fn amount_forms(minor: u64) -> Vec<Form> {
    let digits = minor.to_string();
    let (major, cents) = (minor / 100, minor % 100);
    let mut forms = vec![
        (Encoding::LittleEndian, minor.to_le_bytes().to_vec()),
        (Encoding::BigEndian, minor.to_be_bytes().to_vec()),
        (Encoding::Varint, varint(minor)),
        (Encoding::Decimal, digits.clone().into_bytes()),
        (Encoding::Major, format!("{major}.{cents:02}").into_bytes()),
        (Encoding::Grouped, format!("{}.{cents:02}", grouped(major)).into_bytes()),
    ];
    for bytes in [minor.to_be_bytes(), minor.to_le_bytes()] {
        forms.extend(byte_forms(&bytes).into_iter().filter(|(encoding, _)| *encoding != Encoding::Raw));
    }
    forms.extend(text_forms(&digits));
    forms
}

fn byte_forms(bytes: &[u8]) -> Vec<Form> {
    let lower = parclose_types::hex::encode(bytes);
    let mut forms = vec![
        (Encoding::Raw, bytes.to_vec()),
        (Encoding::HexUpper, lower.to_ascii_uppercase().into_bytes()),
        (Encoding::HexLower, lower.into_bytes()),
        (Encoding::Reversed, bytes.iter().rev().copied().collect()),
    ];
    for alignment in 0..3 {
        forms.push((Encoding::Base64(alignment), base64_core(&STANDARD_NO_PAD, bytes, alignment)));
        forms.push((Encoding::Base64Url(alignment), base64_core(&URL_SAFE_NO_PAD, bytes, alignment)));
    }
    forms
}

/// The characters that the bytes alone decide, when they begin so many bytes after a group's start.
fn base64_core(engine: &impl base64::Engine, bytes: &[u8], alignment: u8) -> Vec<u8> {
    let before = vec![0; usize::from(alignment)];
    let text = engine.encode([&before, bytes].concat());
    let first = match alignment {
        0 => 0,
        1 => 2,
        _ => 3,
    };
    let whole = (usize::from(alignment) + bytes.len()) * 8 / 6;
    text.as_bytes().get(first..whole).unwrap_or_default().to_vec()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = (number & 0x7F).to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn json(text: &str, ascii: bool) -> Vec<u8> {
    let mut written = String::new();
    for letter in text.chars() {
        match letter {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            _ if ascii && !letter.is_ascii() => {
                let mut units = [0; 2];
                let escaped = letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}"));
                written.push_str(&escaped.collect::<String>());
            }
            _ => written.push(letter),
        }
    }
    written.into_bytes()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    fn form(value: &Value, encoding: Encoding) -> Vec<u8> {
        let made = match value {
            Value::Text(text) => text_forms(text),
            Value::Amount(minor) => amount_forms(*minor),
            Value::Key(bytes) => byte_forms(bytes),
        };
        made.into_iter().find(|(of, _)| *of == encoding).map(|(_, form)| form).unwrap_or_default()
    }

    #[test]
    fn base64_is_found_wherever_it_begins_and_ends() {
        let secret = b"CanaryOf16RandomBytes!";
        for (before, after) in (0..7_usize).flat_map(|before| (0..5_usize).map(move |after| (before, after)))
        {
            let whole = [&vec![0xA7; before], &secret[..], &vec![0x5C; after]].concat();
            for (engine, of) in [(&STANDARD_NO_PAD, 0), (&URL_SAFE_NO_PAD, 1)] {
                let text = engine.encode(&whole);
                let alignment = u8::try_from(before % 3).expect("below three");
                let encoding = [Encoding::Base64(alignment), Encoding::Base64Url(alignment)][of];
                let core = form(&Value::Text(String::from_utf8_lossy(secret).into_owned()), encoding);
                let text = text.as_bytes();
                assert!(text.windows(core.len()).any(|w| w == core), "{before} {after} {encoding:?}");
            }
        }
    }

    #[test]
    fn an_amount_is_known_as_a_number_and_as_a_text() {
        let value = Value::Amount(1_234_567_890_123_456_789);
        assert_eq!(form(&value, Encoding::Decimal), b"1234567890123456789");
        assert_eq!(form(&value, Encoding::Major), b"12345678901234567.89");
        assert_eq!(form(&value, Encoding::Grouped), b"12,345,678,901,234,567.89");
        assert_eq!(form(&value, Encoding::BigEndian), 1_234_567_890_123_456_789_u64.to_be_bytes());
        assert_eq!(form(&value, Encoding::HexLower), b"112210f47de98115");
        assert_eq!(varint(300), [0xAC, 2], "as everybody writes it");
        assert_eq!(form(&value, Encoding::Varint).len(), 9);
    }

    #[test]
    fn a_text_is_known_escaped_and_in_two_bytes_a_character() {
        let value = Value::Text("abcdefgh\"é/".into());
        assert_eq!(form(&value, Encoding::Json), "abcdefgh\\\"é/".as_bytes());
        assert_eq!(form(&value, Encoding::JsonAscii), b"abcdefgh\\\"\\u00e9/");
        assert_eq!(form(&value, Encoding::Utf16Little)[..4], [b'a', 0, b'b', 0]);
        assert_eq!(form(&value, Encoding::Utf16Big)[..4], [0, b'a', 0, b'b']);
        let plain = forms(&Value::Text("AAAAAAAAAAAAAAAAAAAAAB".into()));
        let raw = plain.iter().filter(|(_, form)| form == b"AAAAAAAAAAAAAAAAAAAAAB");
        assert_eq!(raw.count(), 1, "a plain text is its own JSON, and is searched for once");
    }

    #[test]
    fn no_form_is_so_short_that_chance_writes_it() {
        let values = [Value::Text("A".repeat(22)), Value::Amount(1 << 60 | 0x5CA1), Value::Key([7; 32])];
        for value in values {
            assert!(forms(&value).iter().all(|(_, form)| form.len() >= FORM_BYTES_MIN));
        }
    }
}
