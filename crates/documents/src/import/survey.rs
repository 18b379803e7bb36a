//! The first reading: how many rows each key has, so that the second knows where a document ends.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::Reading;
use crate::columns::Columns;
use crate::mapping::Mapping;
use crate::record::Records;
use crate::source::text::Prints;
use crate::source::{BadSource, Origin, SourceFault};

/// What the first reading found.
#[derive(Debug, Default)]
pub struct Survey {
    /// fingerprint of a key -> its entries; keys that share a fingerprint end together
    pub(super) entries: BTreeMap<u64, u64>,
    /// of each source
    pub(super) prints: Vec<Prints>,
}

impl Survey {
    /// Reads all sources for their keys; `tell` hears where it is. A source that cannot be read is found
    /// here, before anything is made of the others.
    ///
    /// # Rules
    ///
    /// > IMP-24: the sources of a run have different names.
    pub fn take(
        origins: &[&dyn Origin],
        mapping: &Mapping,
        tell: &mut dyn FnMut(&str, u64),
    ) -> Result<Self, BadSource> {
        let mut survey = Self::default();
        let mut names = BTreeSet::new();
        for origin in origins {
            let fresh = names.insert(origin.name());
            let read =
                if fresh { survey.look_through(*origin, mapping, tell) } else { Err(SourceFault::SameName) };
            read.map_err(|fault| BadSource { source_name: origin.name().into(), fault })?;
        }
        Ok(survey)
    }

    /// How many documents there are at most: one for each key, less those that share a fingerprint.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.entries.len()
    }

    /// Begins the second reading, of the same sources in the same order. It uses the survey up.
    pub fn read<'a>(&'a mut self, origins: &'a [&'a dyn Origin], mapping: &'a Mapping) -> Reading<'a> {
        Reading::new(self, origins, mapping)
    }

    fn look_through(
        &mut self,
        origin: &dyn Origin,
        mapping: &Mapping,
        tell: &mut dyn FnMut(&str, u64),
    ) -> Result<(), SourceFault> {
        let (mut records, columns) = open(origin, mapping, None)?;
        while let Some(record) = records.next()? {
            let Ok(record) = record else { continue };
            tell(origin.name(), record.row);
            if columns.check_width(&record).is_err() {
                continue;
            }
            let credit_note = matches!(columns.is_credit_note(&record), Ok(true));
            for part in columns.parts(&record) {
                if let Ok(key) = columns.key(&record, part, credit_note) {
                    *self.entries.entry(key.print()).or_default() += 1;
                }
            }
        }
        self.prints.push(records.into_prints());
        Ok(())
    }
}

/// Opens a source and binds the mapping to its header.
pub(super) fn open<'a>(
    origin: &'a dyn Origin,
    mapping: &'a Mapping,
    known: Option<&'a [u64]>,
) -> Result<(Records<'a>, Columns<'a>), SourceFault> {
    let mut records = Records::open(origin, &mapping.layout, known)?;
    let header = records.next()?.and_then(Result::ok).ok_or(SourceFault::Header)?;
    let columns = Columns::bind(mapping, &header)?;
    Ok((records, columns))
}
