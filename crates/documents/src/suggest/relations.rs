//! What columns say together: how rows group, and how credit notes are written.

use std::collections::{BTreeMap, BTreeSet};

use super::dictionary::Dictionary;
use super::profile::{each_row, print};
use super::roles::Roles;
use crate::columns::text;
use crate::mapping::Layout;
use crate::record::Record;
use crate::source::{BadSource, Origin};

/// What was counted over the sample.
#[derive(Debug, Default)]
pub(super) struct Relations {
    /// different values of the number column
    numbers: Distinct,
    /// different pairs of party and number
    pairs: Distinct,
    /// type codes, and whether they mean a credit note
    pub(super) types: BTreeMap<String, bool>,
    /// rows with a type code that the dictionary does not know
    pub(super) unknown_types: u64,
    pub(super) references: u64,
    /// rows of credit notes, by whether their amount has a minus
    pub(super) below_zero: u64,
    pub(super) above_zero: u64,
}

/// A bounded set of fingerprints.
#[derive(Debug, Default)]
struct Distinct(BTreeSet<u64>);

const DISTINCT_MAX: usize = 1 << 18;

impl Distinct {
    fn see(&mut self, print: u64) {
        if self.0.len() < DISTINCT_MAX {
            self.0.insert(print);
        }
    }

    fn count(&self) -> Option<usize> {
        (self.0.len() < DISTINCT_MAX).then_some(self.0.len())
    }
}

/// Which columns are looked at together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Related {
    pub(super) number: Option<usize>,
    pub(super) party: Option<usize>,
    pub(super) amount: Option<usize>,
    kind: Option<usize>,
    reference: Option<usize>,
}

impl Related {
    pub(super) fn of(roles: &Roles) -> Self {
        let party = roles.first(&["supplier_id", "supplier_lei", "supplier_vat", "supplier_name"]);
        Self {
            number: roles.get("invoice_number"),
            party: party.map(|(_, at)| at),
            amount: roles.get("amount"),
            kind: roles.get("type"),
            reference: roles.get("reference"),
        }
    }
}

impl Relations {
    pub(super) fn take(
        origins: &[&dyn Origin],
        layout: &Layout,
        related: Related,
        dictionary: &Dictionary,
    ) -> Result<Self, BadSource> {
        let mut relations = Self::default();
        each_row(origins, layout, &mut |_, record| {
            if let Some(record) = record {
                relations.see(record, related, dictionary);
            }
        })?;
        Ok(relations)
    }

    fn see(&mut self, record: &Record<'_>, related: Related, dictionary: &Dictionary) {
        let value = |at: Option<usize>| {
            let value = text(record.cell(at?)?).ok()?.into_owned();
            (!value.is_empty() && !dictionary.is_missing(&value)).then_some(value)
        };
        if let Some(number) = value(related.number) {
            self.numbers.see(print(&number));
            self.pairs.see(print(&(value(related.party), number)));
        }
        let reference = value(related.reference);
        self.references += u64::from(reference.is_some());
        let kind = related.kind.map(|at| value(Some(at)));
        let credit_note = match kind {
            None => reference.is_some(),
            Some(code) => self.see_type(code, dictionary),
        };
        if let (true, Some(amount)) = (credit_note, value(related.amount)) {
            let negative = amount.contains(['-', '\u{2212}', '(']);
            *(if negative { &mut self.below_zero } else { &mut self.above_zero }) += 1;
        }
    }

    fn see_type(&mut self, code: Option<String>, dictionary: &Dictionary) -> bool {
        let known = code.and_then(|code| Some((dictionary.is_credit_note(&code)?, code)));
        match known {
            Some((credit_note, code)) => {
                self.types.insert(code, credit_note);
                credit_note
            }
            None => {
                self.unknown_types += 1;
                false
            }
        }
    }

    /// Why the key has a party beside the number, in a sentence.
    pub(super) fn why_both(&self) -> String {
        match (self.numbers.count(), self.pairs.count()) {
            (Some(numbers), Some(pairs)) if numbers < pairs => {
                format!(
                    "{numbers} different numbers, but {pairs} with their party: parties number on their own"
                )
            }
            (Some(numbers), Some(_)) => {
                format!("{numbers} different numbers; no two parties share one so far")
            }
            _ => "too many different numbers to count".into(),
        }
    }
}
