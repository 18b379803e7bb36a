//! Where erasures reach in this channel: the generations that it had, and the epochs that grants give.

use std::collections::BTreeSet;

use parclose_transaction::{ErasureTarget, GenerationSpan, Reach};
use parclose_types::{Epoch, Generation};

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::governance::{GrantRow, Past};
use crate::tables::GRANTS;

/// Every generation of a channel with the epochs of its term; the newest has no last one yet.
pub(crate) fn spans(past: &dyn Past) -> Result<Vec<GenerationSpan>, ChannelError> {
    let mut spans: Vec<GenerationSpan> = Vec::new();
    for generation in (0..).map(Generation) {
        let Some(row) = past.generation(generation)? else { break };
        let first = row.term.first_epoch;
        if let Some(before) = spans.last_mut() {
            before.last = Epoch(first.0.saturating_sub(1));
        }
        let (configuration, last) = (row.config.digest(), Epoch(u32::MAX));
        spans.push(GenerationSpan { generation, configuration, first, last });
    }
    Ok(spans)
}

impl Channel {
    /// What some targets reach in this channel.
    pub(super) fn reach_of<'t>(
        &self,
        targets: &'t BTreeSet<ErasureTarget>,
    ) -> Result<Reach<'t>, ChannelError> {
        let mut grants = Vec::new();
        self.store.for_each(&GRANTS, |_, row: GrantRow| {
            grants.push((row.transaction, (row.grant.from, row.grant.to)));
        })?;
        Ok(Reach::new(targets, spans(&self.store)?).among(grants))
    }

    /// What the log has erased, and where that lies.
    pub fn reach(&self) -> Result<Reach<'_>, ChannelError> {
        self.reach_of(&self.erased)
    }
}
