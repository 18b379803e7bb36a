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
