//! The report of a pack, compared with what its fields give, line by line and sum by sum.

use serde_json::{Map, Value};

use super::{PackInvalid, VerifiedPack};

/// Members of a report that are lists of lines.
const LINES: [&str; 2] = ["records", "malformed"];

/// What was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// lines of the report
    pub lines: u64,
    /// its other members: sums, answers, and what it is a report on
    pub others: u64,
}

impl VerifiedPack {
    /// The report that the pack brings, before anything of it is compared.
    pub fn claimed(&self) -> Result<Map<String, Value>, PackInvalid> {
        serde_json::from_slice(&self.report).map_err(|_| PackInvalid::NoReport)
    }

    /// Compares the report with one that was made anew from the export and the keys of its fields.
    ///
    /// # Rules
    ///
    /// > PCK-07: every line of a pack's report is what its fields give, and none is left out or added.
    /// > PCK-08: every sum and every other statement of a pack's report is what its fields give, and none is left out or added.
    /// > PCK-09: a report is compared only by a program that makes reports of its schema.
    pub fn confirm(&self, derived: &Value) -> Result<Confirmed, PackInvalid> {
        let claimed = &self.claimed()?;
        let Value::Object(derived) = derived else { return Err(PackInvalid::NoReport) };
        if claimed.get("schema") != derived.get("schema") {
            return Err(PackInvalid::OtherSchema);
        }
        let lines = LINES.iter().try_fold(0_u64, |sum, name| {
            same_lines(name, claimed, derived).map(|count| sum.saturating_add(count))
        })?;
        let names = claimed.keys().chain(derived.keys()).filter(|name| !LINES.contains(&name.as_str()));
        for name in names {
            if claimed.get(name) != derived.get(name) {
                return Err(PackInvalid::OtherSum { member: name.clone() });
            }
        }
        let others = derived.keys().filter(|name| !LINES.contains(&name.as_str())).count() as u64;
        Ok(Confirmed { lines, others })
    }
}

fn same_lines(
    name: &'static str,
    claimed: &Map<String, Value>,
    derived: &Map<String, Value>,
) -> Result<u64, PackInvalid> {
    let list = |of: &Map<String, Value>| of.get(name).and_then(Value::as_array).cloned();
    let wrong = |number: usize| PackInvalid::OtherLine { list: name, number };
    let (claimed, derived) = (list(claimed).ok_or_else(|| wrong(0))?, list(derived).unwrap_or_default());
    let differing = claimed.iter().zip(&derived).position(|(claimed, derived)| claimed != derived);
    let shorter = claimed.len().min(derived.len());
    match differing.or_else(|| (claimed.len() != derived.len()).then_some(shorter)) {
        Some(number) => Err(wrong(number)),
        None => Ok(derived.len() as u64),
    }
}
