//! Days: the only dates that are public, counted from 1970-01-01.
//!
//! A day is said by a member that the policy lets say it. No clock is read to make one, or to check one.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use chrono::{Datelike, NaiveDate};
use parclose_crypto::hash;
use parclose_types::{ChannelId, RecordId, labels};

use crate::value::FieldValue;

/// A calendar day, by its number: 0 is 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Day(pub u32);

/// 1970-01-01, counted from the first day of our era.
const EPOCH_FROM_CE: i32 = 719_163;

impl Day {
    /// The day of a date that is written `YYYY-MM-DD`; `None` for one before 1970, and for what is no date.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        u32::try_from(date.num_days_from_ce().checked_sub(EPOCH_FROM_CE)?).ok().map(Self)
    }

    /// The day that a field says.
    #[must_use]
    pub fn of_value(value: &FieldValue) -> Option<Self> {
        if let FieldValue::Date(text) = value { Self::of(text) } else { None }
    }

    /// The first day of the bucket of so many days in which it lies; of its own where that is 0.
    #[must_use]
    pub const fn bucket(self, days: u32) -> Self {
        match self.0.checked_rem(days) {
            Some(into) => Self(self.0.saturating_sub(into)),
            None => self,
        }
    }

    /// So many days later.
    #[must_use]
    pub const fn after(self, days: u32) -> Self {
        Self(self.0.saturating_add(days))
    }
}

/// The record of a channel's business day: `H("calendar", channel)`, so there is one, and every member finds it.
#[must_use]
pub fn calendar_record(channel: &ChannelId) -> RecordId {
    RecordId(hash(labels::CALENDAR, &[channel.as_ref()]))
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from_ce = i32::try_from(self.0).ok().and_then(|days| days.checked_add(EPOCH_FROM_CE));
        match from_ce.and_then(NaiveDate::from_num_days_from_ce_opt) {
            Some(date) => write!(f, "{}", date.format("%Y-%m-%d")),
            None => write!(f, "day {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_counted_from_1970_and_written_as_a_date() {
        assert_eq!(Day::of("1970-01-01"), Some(Day(0)));
        assert_eq!(Day::of("1972-03-01"), Some(Day(790)), "two years of 365 days, 31, and a February of 29");
        assert_eq!(Day::of("2026-11-26").unwrap().to_string(), "2026-11-26");
        assert_eq!((Day::of("1969-12-31"), Day::of("2026-02-30"), Day::of("soon")), (None, None, None));
        assert_eq!(Day(u32::MAX).to_string(), "day 4294967295");
    }

    #[test]
    fn a_channel_has_one_calendar_and_two_have_two() {
        let record = |n| calendar_record(&ChannelId([n; 32]));
        assert_eq!(record(1), record(1));
        assert_ne!(record(1), record(2));
    }

    #[test]
    fn a_bucket_begins_at_a_multiple_of_its_length() {
        assert_eq!([20, 21, 27, 28].map(|day| Day(day).bucket(7).0), [14, 21, 21, 28]);
        assert_eq!((Day(5).bucket(1), Day(5).bucket(0)), (Day(5), Day(5)));
        assert_eq!((Day(5).after(2), Day(u32::MAX).after(1)), (Day(7), Day(u32::MAX)));
    }
}
