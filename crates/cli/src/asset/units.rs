//! Amounts of an asset as people write them: digits, and as many decimals as the asset has.

/// Smallest units of a written amount; `None` for what is none, or too large.
pub(crate) fn read(text: &str, decimals: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let ends_early = text.ends_with('.') || whole.is_empty();
    if ends_early || fraction.len() > decimals || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<decimals$}").parse().ok()
}

/// Smallest units, written with all decimals.
pub(crate) fn write(units: u128, decimals: usize) -> String {
    let digits = format!("{units:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_digits_and_no_more_decimals_than_there_are() {
        let good = [("1000.00", 2, 100_000), ("1000", 2, 100_000), ("0.5", 2, 50), ("7", 0, 7), ("0", 3, 0)];
        for (text, decimals, units) in good {
            assert_eq!(read(text, decimals), Some(units), "{text}");
        }
        assert_eq!(read("18446744073709551615", 0), Some(u64::MAX));
        for odd in
            ["", ".", "1.", ".5", "-1", "+1", "1,000", "1.001", "1e3", " 1", "18446744073709551616", "٣"]
        {
            assert_eq!(read(odd, 2), None, "{odd}");
        }
        assert_eq!(read("1.0", 0), None);
    }

    #[test]
    fn what_is_written_reads_back() {
        for (units, decimals, text) in [(5, 2, "0.05"), (100_000, 2, "1000.00"), (7, 0, "7"), (0, 3, "0.000")]
        {
            assert_eq!(write(units, decimals), text);
            assert_eq!(read(text, decimals).map(u128::from), Some(units));
        }
    }
}
