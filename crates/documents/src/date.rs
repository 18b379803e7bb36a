//! Dates: ISO 8601 days, and the strftime formats in which tables write them.
//!
//! A format is tried out when the mapping is read, so that a format which cannot give a day is an
//! error of the mapping and not of every row. Where two formats of a mapping read one text as two
//! different days (`04/05/2022`), the text is refused rather than guessed.

use std::fmt::{self, Write as _};

use chrono::format::{Item, StrftimeItems};
use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::identifiers::BadIdentifier;

/// First and last year that a date may have: wider means a two-digit year or a typing error.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

/// A day, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct IsoDate(NaiveDate);

impl IsoDate {
    /// Reads `YYYY-MM-DD`, exactly.
    ///
    /// # Rules
    ///
    /// > IMP-52: an ISO date is ten characters, `YYYY-MM-DD`, a real day of the years 1900 to 2999.
    pub fn parse(text: &str) -> Result<Self, BadIdentifier> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shaped {
            return Err(BadIdentifier::Date);
        }
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| BadIdentifier::Date)?;
        Self::from_day(day).ok_or(BadIdentifier::Date)
    }

    /// The day that is `days` earlier, if it is in range.
    #[must_use]
    pub fn days_before(self, days: u32) -> Option<Self> {
        Self::from_day(self.0.checked_sub_days(Days::new(u64::from(days)))?)
    }

    /// The day that is `days` later, if it is in range.
    #[must_use]
    pub fn days_after(self, days: u32) -> Option<Self> {
        Self::from_day(self.0.checked_add_days(Days::new(u64::from(days)))?)
    }

    /// Calendar days from this day to another; negative when the other is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> i64 {
        (other.0 - self.0).num_days()
    }

    /// The month, `YYYY-MM`.
    #[must_use]
    pub fn month(self) -> String {
        format!("{:04}-{:02}", self.0.year(), self.0.month())
    }

    fn from_day(day: NaiveDate) -> Option<Self> {
        YEARS.contains(&day.year()).then_some(Self(day))
    }
}

impl fmt::Display for IsoDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl Serialize for IsoDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IsoDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as Deserialize>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Reads a text by strftime formats. `None` when no format reads it, or two read different days.
pub(crate) fn read(text: &str, formats: &[String]) -> Option<IsoDate> {
    let mut found = None;
    for format in formats {
        let Ok(day) = NaiveDate::parse_from_str(text, format) else { continue };
        match found {
            Some(other) if other != day => return None,
            _ => found = Some(day),
        }
    }
    IsoDate::from_day(found?)
}

/// Reads a text by one format, if that gives a day in range.
pub(crate) fn read_one(text: &str, format: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, format).ok()?;
    YEARS.contains(&day.year()).then_some(day)
}

/// Whether a format writes days such that it can read them again.
pub(crate) fn is_usable(format: &str) -> bool {
    let known = !StrftimeItems::new(format).any(|item| matches!(item, Item::Error));
    known
        && [(2021, 12, 31), (2004, 2, 29), (1996, 10, 7)]
            .into_iter()
            .all(|(y, m, d)| reads_back(format, y, m, d))
}

fn reads_back(format: &str, year: i32, month: u32, day: u32) -> bool {
    let Some(day) = NaiveDate::from_ymd_opt(year, month, day) else { return false };
    let Some(moment) = day.and_hms_opt(0, 0, 0) else { return false };
    let mut text = String::new();
    // Writing fails where the format asks for what a day in UTC does not have.
    write!(text, "{}", moment.and_utc().format(format)).is_ok()
        && NaiveDate::parse_from_str(&text, format) == Ok(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn imp_52_only_real_days_written_as_iso_are_dates() {
        for text in [
            "",
            "2022-2-01",
            "2022-02-30",
            "22-02-01",
            "2022/02/01",
            "2022-02-01T00:00:00",
            " 2022-02-1",
            "+022-02-01",
            "0022-02-01",
            "3000-01-01",
            "２０２２-1",
            "1899-12-31",
        ] {
            assert_eq!(IsoDate::parse(text), Err(BadIdentifier::Date), "{text}");
        }
        let day = IsoDate::parse("2024-02-29").unwrap();
        assert_eq!((day.to_string(), day.month()), ("2024-02-29".into(), "2024-02".into()));
        assert_eq!(day.days_before(60).unwrap().to_string(), "2023-12-31");
        assert_eq!(day.days_before(u32::MAX), None);
        assert_eq!(serde_json::from_str::<IsoDate>("\"2024-02-29\"").unwrap(), day);
        assert!(serde_json::from_str::<IsoDate>("\"2023-02-29\"").is_err());
    }

    #[test]
    fn days_are_counted_over_leap_days_and_back() {
        let day = |text| IsoDate::parse(text).unwrap();
        for (from, to, days) in [
            ("2024-02-28", "2024-03-01", 2),
            ("2023-02-28", "2023-03-01", 1),
            ("2022-08-31", "2022-08-31", 0),
            ("1900-02-28", "1900-03-01", 1),
            ("2000-02-28", "2000-03-01", 2),
        ] {
            assert_eq!(day(from).days_until(day(to)), days, "{from} to {to}");
            assert_eq!(day(to).days_until(day(from)), -days);
            assert_eq!(day(from).days_after(u32::try_from(days).unwrap()), Some(day(to)));
        }
        assert_eq!(day("2999-12-31").days_after(1), None);
        assert_eq!(day("2022-01-01").days_after(u32::MAX), None);
    }

    #[test]
    fn two_formats_that_disagree_read_nothing() {
        let both = formats(&["%d/%m/%Y", "%m/%d/%Y"]);
        assert_eq!(read("04/05/2022", &both), None);
        assert_eq!(read("05/05/2022", &both).unwrap().to_string(), "2022-05-05");
        assert_eq!(read("31/05/2022", &both).unwrap().to_string(), "2022-05-31");
    }

    #[test]
    fn formats_with_a_time_of_day_give_the_day() {
        let formats = formats(&["%Y-%m-%dT%H:%M:%S"]);
        assert_eq!(read("2022-05-04T00:00:00", &formats).unwrap().to_string(), "2022-05-04");
        assert_eq!(read("2022-05-04", &formats), None);
    }

    #[test]
    fn formats_that_cannot_give_a_day_are_not_usable() {
        for format in ["", "%Q", "%Y-%m", "%H:%M", "hello", "%"] {
            assert!(!is_usable(format), "{format}");
        }
        for format in ["%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%Y%m%d", "%Y-%m-%dT%H:%M:%S%z", "%d/%m/%y"] {
            assert!(is_usable(format), "{format}");
        }
    }
}
