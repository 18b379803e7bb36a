//! The public day of a draft: nobody says it beside the date that is sealed, so the two agree.

use super::{DraftInvalid, DraftOperation};
use crate::day::Day;
use crate::definition::{DATE_FIELD, RecordType, ValueRole};

/// # Rules
///
/// > DRA-08: the public day of a draft follows from a date that it seals: for the calendar from its date, for a new record with a due day the first day of that day's bucket.
pub(super) fn public_day(
    draft: &DraftOperation,
    record_type: &RecordType,
) -> Result<Option<Day>, DraftInvalid> {
    let due = record_type.lifecycle.as_ref().and_then(|life| life.due.as_ref());
    let (field, bucket) = match due {
        _ if record_type.value == Some(ValueRole::Calendar) => (DATE_FIELD, 1),
        Some(due) if draft.version == 1 => (due.field.as_str(), due.bucket_days),
        _ => return Ok(None),
    };
    let day = draft.fields.get(field).and_then(Day::of_value);
    let day = day.ok_or_else(|| DraftInvalid::NoDay { field: field.into() })?;
    Ok(Some(day.bucket(bucket)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use parclose_types::RecordId;

    use super::*;
    use crate::definition::Definition;
    use crate::fixtures::{BILATERAL, SCF};
    use crate::value::FieldValue;

    fn day(
        text: &str,
        record_type: &str,
        version: u64,
        field: &str,
        date: &str,
    ) -> Result<Option<Day>, &'static str> {
        let definition = Definition::parse("channel.toml", text).map_err(|_| "no definition")?;
        let draft = DraftOperation {
            keyed_tag: None,
            action: "create".into(),
            record_type: record_type.into(),
            record: RecordId([1; 32]),
            version,
            parties: BTreeMap::new(),
            fields: [(field.to_owned(), FieldValue::Date(date.into()))].into(),
        };
        let known = definition.record_named(record_type).ok_or("no record type")?;
        public_day(&draft, known).map_err(|error| parclose_types::Failure::rule(&error))
    }

    #[test]
    fn dra_08_a_public_day_is_that_of_the_date_that_is_sealed() {
        let of = |text| Ok(Day::of(text));
        assert_eq!(day(SCF, "business-day", 1, "date", "2026-03-04"), of("2026-03-04"));
        assert_eq!(day(SCF, "business-day", 7, "date", "2026-03-05"), of("2026-03-05"));
        // A receivable is due in a bucket of seven days, and says so once.
        for date in ["2026-02-26", "2026-03-01", "2026-03-04"] {
            assert_eq!(day(SCF, "receivable", 1, "due_date", date), of("2026-02-26"), "{date}");
        }
        assert_eq!(day(SCF, "receivable", 1, "due_date", "2026-03-05"), of("2026-03-05"));
        assert_eq!(day(SCF, "receivable", 2, "due_date", "2026-03-05"), Ok(None));
        assert_eq!(day(BILATERAL, "statement", 1, "date", "2026-03-05"), Ok(None), "a statement has no day");
        for (record_type, field, date) in [
            ("receivable", "issue_date", "2026-03-05"),
            ("receivable", "due_date", "1969-12-31"),
            ("business-day", "day", "2026-03-05"),
        ] {
            assert_eq!(day(SCF, record_type, 1, field, date), Err("DRA-08"), "{date}");
        }
    }
}
