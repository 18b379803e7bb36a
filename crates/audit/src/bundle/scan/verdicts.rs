//! The verdicts of a bundle file, taken event by event.

use std::io::Read;

use parclose_channel::VerdictRow;
use parclose_types::Sequence;

use super::super::BundleInvalid;
use super::super::log::Verdicts;
use super::super::parts::Parts;

/// Reads verdicts, a part at a time.
#[derive(Debug)]
pub(super) struct VerdictReader<R> {
    parts: Parts<R>,
    /// what is left of the part that was read last, the next row at the end
    rows: Vec<VerdictRow>,
    /// where that part begins
    at: u64,
    /// rows of it that were used
    used: u64,
}

impl<R: Read> VerdictReader<R> {
    /// At a part of which some rows were used before.
    pub(super) fn resume(parts: Parts<R>, used: u64) -> Result<Self, BundleInvalid> {
        let mut reader = Self { at: parts.offset(), parts, rows: Vec::new(), used: 0 };
        if used > 0 {
            reader.fill()?;
            let kept = usize::try_from(used).ok().and_then(|used| reader.rows.len().checked_sub(used));
            reader.rows.truncate(kept.unwrap_or_default());
            reader.used = used;
        }
        Ok(reader)
    }

    fn fill(&mut self) -> Result<(), BundleInvalid> {
        (self.at, self.used) = (self.parts.offset(), 0);
        self.rows = self.parts.verdicts()?.unwrap_or_default();
        self.rows.reverse();
        Ok(())
    }

    /// The verdicts of an event. A row that stands where no earlier event can have left it is of none.
    ///
    /// # Rules
    ///
    /// > SCN-02: a scan takes verdicts in the order of their places, and refuses a log of them that stands in another.
    pub(super) fn of(
        &mut self,
        sequence: Sequence,
        attested: Option<Sequence>,
    ) -> Result<Verdicts, BundleInvalid> {
        let mut verdicts = Verdicts::new();
        loop {
            if self.rows.is_empty() {
                self.fill()?;
            }
            let Some(row) = self.rows.pop_if(|row| row.sequence <= sequence) else { return Ok(verdicts) };
            self.used = self.used.saturating_add(1);
            let last = verdicts.last_key_value().map(|((_, index), _)| *index);
            let placed = row.sequence == sequence && attested.is_some_and(|attested| sequence <= attested);
            if !placed || last.is_some_and(|last| row.index <= last) {
                return Err(BundleInvalid::OtherVerdict { sequence: row.sequence, index: row.index });
            }
            verdicts.insert((sequence, row.index), row);
        }
    }

    /// Holds that no verdict is left over.
    pub(super) fn finish(&mut self) -> Result<(), BundleInvalid> {
        if self.rows.is_empty() {
            self.fill()?;
        }
        match self.rows.last() {
            Some(row) => Err(BundleInvalid::OtherVerdict { sequence: row.sequence, index: row.index }),
            None => Ok(()),
        }
    }

    /// The part at which to take up, and how many of its rows were used.
    pub(super) fn place(&self) -> (u64, u64) {
        if self.rows.is_empty() { (self.parts.offset(), 0) } else { (self.at, self.used) }
    }

    #[cfg(test)]
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }
}
