//! What this member hands out: noted in the channel before it leaves, and revealed when that is due.

use parclose_store::Durability;
use parclose_transaction::{Access, Act};
use parclose_types::Height;
use rand_core::CryptoRng;

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::governance::AccessRow;
use crate::tables::{ACCESSES, NOTED};
use crate::upkeep::Due;

impl Channel {
    /// The note of something that this member is about to hand out. What it is about is stored, synced, before anybody hears
    /// of the note: it is revealed of itself later.
    pub fn note_access(&self, access: &Access, rng: &mut impl CryptoRng) -> Result<Act, ChannelError> {
        let mut blinder = [0_u8; 32];
        rng.fill_bytes(&mut blinder);
        let commitment = access.commitment(&blinder);
        let mut batch = self.store.batch();
        batch.put(&NOTED, &commitment, &(access.clone(), blinder));
        self.store.commit(batch, Durability::Synced)?;
        Ok(Act::Note { commitment })
    }

    /// What is due to be revealed of this member's notes.
    pub(crate) fn reveals_due(&self, at: Height) -> Result<Vec<Due>, ChannelError> {
        let own = self.own_id();
        let mut due = Vec::new();
        for row in self.governance.notes().filter(|row| row.member == own && row.due <= at) {
            let Some((access, blinder)) = self.store.get(&NOTED, &row.commitment)? else { continue };
            let act = Act::Reveal { note: row.transaction, access, blinder };
            due.push(Due { act, wraps: Vec::new() });
        }
        Ok(due)
    }

    /// What members have handed out, in the order of their notes.
    pub fn accesses(&self) -> Result<Vec<AccessRow>, ChannelError> {
        let mut rows = Vec::new();
        self.store.for_each(&ACCESSES, |_, row| rows.push(row))?;
        rows.sort_by_key(|row| (row.noted_at, row.transaction));
        Ok(rows)
    }
}
