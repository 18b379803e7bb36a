//! Lists of records: page by page, in the order in which they were made.

use parclose_transaction::Perspective;
use parclose_types::RecordId;

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::ledger::RecordView;
use crate::tables::Verdict;

/// A page of records, and where the next begins.
#[derive(Debug, Default)]
pub struct RecordPage {
    /// records as the reader sees them now, each with its place in the list
    pub records: Vec<(u64, RecordView)>,
    /// the place to go on from; `None` at the end of the log
    pub next: Option<u64>,
}

/// Verdicts that are looked at for one read of the log.
const VERDICTS_AT_ONCE: usize = 512;

impl Channel {
    /// Records from a place on that are kept, `limit` at most: each as it is now, at the place where it was
    /// made. A place stays what it is whatever is written later, so pages neither repeat nor skip a record.
    ///
    /// # Rules
    ///
    /// > LOO-03: pages of records follow each other without a gap or a repetition, whatever is written in between.
    pub fn list_records(
        &self,
        reader: &dyn Perspective,
        from: u64,
        limit: usize,
        mut keep: impl FnMut(&RecordView) -> bool,
    ) -> Result<RecordPage, ChannelError> {
        let mut page = RecordPage { records: Vec::new(), next: Some(from) };
        while let Some(next) = page.next {
            let rows = self.verdicts(next, VERDICTS_AT_ONCE)?;
            page.next = rows.last().map(|(last, _)| last + 1);
            for (at, row) in rows {
                if row.verdict != Verdict::Applied {
                    continue;
                }
                for record in self.made_by(&row.transaction)? {
                    let Some(view) = self.view_record(reader, &record)? else { continue };
                    if keep(&view) {
                        page.records.push((at, view));
                    }
                }
                // A transaction may make several records: its place is never split.
                if page.records.len() >= limit {
                    page.next = Some(at + 1);
                    return Ok(page);
                }
            }
        }
        Ok(page)
    }

    fn made_by(
        &self,
        transaction: &parclose_types::TransactionDigest,
    ) -> Result<Vec<RecordId>, ChannelError> {
        let stored = self.transaction(transaction)?;
        let operations = stored.into_iter().flat_map(|stored| stored.body.operations);
        Ok(operations.filter(|operation| operation.version == 1).map(|operation| operation.record).collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::fixtures::{Trio, create, record, update};

    #[test]
    fn loo_03_pages_follow_each_other_whatever_is_written_in_between() {
        let mut trio = Trio::new();
        for number in 1..=5 {
            let made = trio.statement(create(number));
            assert_eq!(trio.decide(&made), "applied");
        }
        let (mut seen, mut from) = (Vec::new(), Some(0));
        let mut later = 6;
        while let Some(next) = from {
            let channel = trio.member(0);
            let page = channel.list_records(channel.keys(), next, 2, |_| true).unwrap();
            assert!(page.records.len() <= 2);
            seen.extend(page.records.iter().map(|(_, view)| view.row.record));
            from = page.next;
            if later <= 7 {
                // An update of what was listed already, and a record more.
                let changed = trio.statement(update(1, u64::from(later) - 4));
                let made = trio.statement(create(later));
                assert_eq!((trio.decide(&changed), trio.decide(&made)), ("applied".into(), "applied".into()));
                later += 1;
            }
        }
        assert_eq!(seen, (1..=7).map(record).collect::<Vec<_>>());
        let channel = trio.member(0);
        let only = |number: u8| {
            let page = channel.list_records(channel.keys(), 0, 1, |view| view.row.record == record(number));
            page.unwrap().records.len()
        };
        assert_eq!((only(3), only(9)), (1, 0));
    }
}
