//! The verdict log on the disk: verdicts lie in runs, so that a batch seals a few rows and not one each.
//!
//! A run belongs to one event and is stored under the index of its *last* verdict: the first row at or
//! after an index is the run that holds it.

use std::ops::ControlFlow;

use parclose_store::Batch;

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::tables::{VERDICTS, VerdictRow};

/// Verdicts of a run at most: what is read, and opened, to look one up.
pub(crate) const RUN_MAX: usize = 64;

/// A verdict with its index in the log.
pub type Numbered = (u64, VerdictRow);

/// Appends an event's verdicts to a log of `len` verdicts.
pub(crate) fn put(batch: &mut Batch, len: u64, verdicts: &[VerdictRow]) {
    let mut next = len;
    for run in verdicts.chunks(RUN_MAX) {
        next += run.len() as u64;
        batch.put(&VERDICTS, &(next - 1), &run.to_vec());
    }
}

impl Channel {
    /// Verdicts from an index on, ascending.
    pub fn verdicts(&self, from: u64, limit: usize) -> Result<Vec<Numbered>, ChannelError> {
        let mut verdicts = Vec::new();
        self.visit_verdicts(from, |at, row| {
            if verdicts.len() < limit {
                verdicts.push((at, row));
            }
            if verdicts.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(verdicts)
    }

    /// Shows the verdicts from an index on, ascending, until told to stop. A gap in the rows shows as one in
    /// the indices.
    pub(crate) fn visit_verdicts(
        &self,
        from: u64,
        mut see: impl FnMut(u64, VerdictRow) -> ControlFlow<()>,
    ) -> Result<(), ChannelError> {
        self.store.visit(&VERDICTS, &from, |last, run| {
            let first = last.saturating_add(1).saturating_sub(run.len() as u64);
            (first..).zip(run).filter(|(at, _)| *at >= from).try_for_each(|(at, row)| see(at, row))
        })?;
        Ok(())
    }

    /// One verdict.
    pub(crate) fn verdict(&self, at: u64) -> Result<Option<VerdictRow>, ChannelError> {
        Ok(self.verdicts(at, 1)?.into_iter().find(|(found, _)| *found == at).map(|(_, row)| row))
    }
}

#[cfg(test)]
mod tests {
    use parclose_store::Durability;
    use parclose_types::{Sequence, TransactionDigest};

    use super::*;
    use crate::fixtures::Trio;
    use crate::tables::Verdict;

    fn row(at: u64) -> VerdictRow {
        let digest = TransactionDigest([u8::try_from(at % 251).unwrap(); 32]);
        VerdictRow { sequence: Sequence(9), index: 0, transaction: digest, verdict: Verdict::Applied }
    }

    #[test]
    fn verdicts_are_found_wherever_a_run_begins_or_ends() {
        let trio = Trio::new();
        let channel = trio.member(0);
        let before = trio.prepared_verdicts();
        // Events of a few verdicts, of a full run, of one more, and of none.
        let mut len = before;
        for count in [3, RUN_MAX, RUN_MAX + 1, 0, 2 * RUN_MAX, 1] {
            let rows: Vec<_> = (len..).take(count).map(row).collect();
            let mut batch = channel.store().batch();
            put(&mut batch, len, &rows);
            channel.store().commit(batch, Durability::Buffered).unwrap();
            len += count as u64;
        }
        let runs = channel.store().scan(&VERDICTS, &before, usize::MAX).unwrap();
        assert_eq!(runs.iter().map(|(_, run)| run.len()).collect::<Vec<_>>(), [3, 64, 64, 1, 64, 64, 1]);
        for at in before..len {
            assert_eq!(channel.verdict(at).unwrap(), Some(row(at)), "{at}");
            let two: Vec<_> = (at..len).take(2).map(|at| (at, row(at))).collect();
            assert_eq!(channel.verdicts(at, 2).unwrap(), two, "from {at}");
            assert_eq!(channel.verdicts(at, 0).unwrap(), []);
        }
        assert_eq!(channel.verdict(len).unwrap(), None);
        let all = channel.verdicts(before, usize::MAX).unwrap();
        assert_eq!(all, (before..len).map(|at| (at, row(at))).collect::<Vec<_>>());
    }

    #[test]
    fn a_missing_run_is_a_gap_and_no_other_verdict() {
        let trio = Trio::new();
        let channel = trio.member(0);
        let before = trio.prepared_verdicts();
        let mut batch = channel.store().batch();
        put(&mut batch, before + 5, &[row(1), row(2)]);
        channel.store().commit(batch, Durability::Buffered).unwrap();
        assert_eq!(channel.verdict(before + 4).unwrap(), None);
        assert_eq!(channel.verdict(before + 5).unwrap(), Some(row(1)));
    }
}
