//! Preparing a leg of a deal: what the channel's endorsers sign for the root chain, and its receiver approves.
//!
//! An endorser says that the lock stands in its state; only the receiver can say that what is held opens for
//! it and is what it was promised. So a leg needs both: a channel whose endorsers conspire cannot have a deal
//! committed for which nothing is held.

mod refused;

use parclose_crypto::SigningKey;
use parclose_crypto::kdf_secret;
use parclose_root::{Endorsement, PrepareStatement};
use parclose_transaction::NoteState;
use parclose_types::{Height, PublicKey, RecordId, SignatureBytes, labels};

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::locks::{LegId, LockId, LockRow};
use crate::terms::LegTerms;

pub use refused::PrepareRefused;

/// What a receiver has agreed to get by a leg.
#[derive(Clone, Debug)]
pub struct Agreed {
    /// the leg
    pub leg: LegId,
    /// what it is worth
    pub terms: LegTerms,
    /// where locking ends
    pub allocate_before: Height,
    /// where settling ends
    pub settle_before: Height,
    /// the instruction, from which the approving key is derived
    pub instruction: RecordId,
}

impl Channel {
    /// The open locks of the channel.
    pub fn open_locks(&self) -> impl Iterator<Item = &LockRow> {
        self.locks.all()
    }

    /// An open lock.
    #[must_use]
    pub fn open_lock(&self, lock: &LockId) -> Option<&LockRow> {
        self.locks.get(lock)
    }

    /// This member's open lock for a leg.
    #[must_use]
    pub fn own_lock(&self, (deal, leg): LegId) -> Option<&LockRow> {
        self.locks.get(&(deal, leg, self.own_id()))
    }

    /// What is to be signed for an open lock that is not prepared yet; `None` if it is too late.
    #[must_use]
    pub fn prepare_statement(&self, row: &LockRow, head: Height, window: u64) -> Option<PrepareStatement> {
        let (deal, leg) = row.leg();
        let last = row.hold().settle_before.0.checked_sub(1)?;
        let last_height = Height(head.0.saturating_add(window - window / 4).min(last));
        let due = row.prepared.is_none() && last_height > head;
        due.then(|| PrepareStatement {
            network: self.config().network,
            tag: self.tag(),
            generation: self.config().generation,
            deal,
            leg,
            outcome: row.outcome(),
            lock: row.sequence,
            last_height,
        })
    }

    /// Signs a prepare that another member has put together.
    ///
    /// # Rules
    ///
    /// > LOC-08: an endorser signs a prepare only for an open lock that it has executed, exactly as that lock is, and with a last height below its `settle_before` and within the window.
    pub fn sign_prepare(
        &self,
        statement: &PrepareStatement,
        head: Height,
        window: u64,
    ) -> Result<Endorsement, PrepareRefused> {
        let row = self.stated(statement)?;
        let last_height = statement.last_height;
        let within = last_height.0 <= head.0.saturating_add(window) && last_height >= head;
        if !within || last_height >= row.hold().settle_before {
            return Err(PrepareRefused::Window { last_height });
        }
        Ok((self.pseudonym.public(), self.pseudonym.sign(&statement.signing_bytes())))
    }

    /// Whether the leg of a prepare pays this member, as the record of what is held says.
    #[must_use]
    pub fn receives(&self, statement: &PrepareStatement) -> bool {
        let Ok(lock) = self.stated(statement) else { return false };
        let Ok(Some(row)) = self.record(&lock.record) else { return false };
        let slot = self.definition().record(row.record_type).and_then(|known| known.slot_index("holder"));
        row.parties.iter().any(|(at, member)| (Some(*at), *member) == (slot, self.own_id()))
    }

    fn stated(&self, statement: &PrepareStatement) -> Result<&LockRow, PrepareRefused> {
        let config = self.config();
        let here = (statement.network, statement.tag, statement.generation)
            == (config.network, self.tag(), config.generation);
        let mut rows = self.locks.of_leg((statement.deal, statement.leg)).peekable();
        rows.peek().ok_or(PrepareRefused::NoLock)?;
        let same = |row: &&LockRow| (statement.lock, statement.outcome) == (row.sequence, row.outcome());
        let row = rows.find(same).filter(|_| here && self.is_member());
        row.ok_or(PrepareRefused::OtherLock)
    }

    /// Approves a prepare as the receiver of its leg.
    ///
    /// # Rules
    ///
    /// > LOC-09: a receiver approves a prepare only of an open lock with the heights, the asset and the amount that it has agreed to, whose note opens to them and would be its own.
    pub fn approve(
        &self,
        statement: &PrepareStatement,
        agreed: &Agreed,
    ) -> Result<SignatureBytes, PrepareRefused> {
        let row = self.stated(statement)?;
        let hold = row.hold();
        let heights = (hold.allocate_before, hold.settle_before);
        if row.leg() != agreed.leg || heights != (agreed.allocate_before, agreed.settle_before) {
            return Err(PrepareRefused::OtherTerms);
        }
        let forward = row.note(parclose_root::DealOutcome::Commit);
        let state = self.view_held(&forward)?;
        let own = self.own_accounts()?.paid(&forward, &state).is_some();
        let NoteState::Opened(opened) = state else { return Err(PrepareRefused::NotOpened) };
        if !own {
            return Err(PrepareRefused::NotOwn);
        }
        if (forward.note.asset, opened.value) != (agreed.terms.asset, agreed.terms.amount) {
            return Err(PrepareRefused::OtherTerms);
        }
        Ok(self.approver(&agreed.instruction, agreed.leg.1).sign(&statement.approval_bytes()))
    }

    fn view_held(&self, note: &crate::value::NoteRow) -> Result<NoteState, ChannelError> {
        self.view_note(self.keys(), note, &mut None)
    }

    /// The key by which this member approves what it gets by an instruction: derived, so that it need not be kept, and used once, so
    /// that the root chain does not see whose it is.
    #[must_use]
    pub fn approver_key(&self, instruction: &RecordId, leg: u8) -> PublicKey {
        self.approver(instruction, leg).public()
    }

    pub(crate) fn approver(&self, instruction: &RecordId, leg: u8) -> SigningKey {
        let context: [&[u8]; 3] = [&self.id().0, &instruction.0, &[leg]];
        SigningKey::from_seed(&kdf_secret(&self.member.owner(), labels::APPROVER, &context))
    }
}

#[cfg(test)]
mod tests;
