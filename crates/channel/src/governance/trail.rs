//! The read trail: notes of what members hand out of the channel, and what they were about.

use parclose_transaction::Access;
use parclose_types::{Digest, Height, TransactionDigest};

use super::act::ActContext;
use super::rows::AccessRow;
use super::{ActRefused, Governance};

/// Notes of one member that are not revealed yet.
const NOTES_MAX: usize = 256;

impl Governance {
    /// Notes that are not revealed yet, by their transactions.
    pub fn notes(&self) -> impl Iterator<Item = &AccessRow> {
        self.notes.values()
    }

    /// # Rules
    ///
    /// > TRA-03: a member has at most 256 notes that are not revealed.
    pub(super) fn take_note(&mut self, commitment: Digest, of: &ActContext<'_>) -> Result<(), ActRefused> {
        let own = self.notes.values().filter(|row| row.member == of.author && row.revealed.is_none());
        if own.count() >= NOTES_MAX {
            return Err(ActRefused::TooManyNotes);
        }
        let delay = of.in_force.definition.governance.access_delay;
        let row = AccessRow {
            transaction: of.transaction,
            member: of.author,
            noted_at: of.height,
            due: Height(of.height.0.saturating_add(delay)),
            commitment,
            revealed: None,
        };
        self.notes.insert(of.transaction, row);
        Ok(())
    }

    /// # Rules
    ///
    /// > TRA-02: a note is revealed by its author, once, not before its delay has passed, and by what it commits to.
    pub(super) fn take_reveal(
        &mut self,
        note: TransactionDigest,
        access: &Access,
        blinder: &[u8; 32],
        of: &ActContext<'_>,
    ) -> Result<(), ActRefused> {
        let row = self.notes.get_mut(&note).filter(|row| row.member == of.author && row.revealed.is_none());
        let row = row.filter(|row| row.due <= of.height && row.commitment == access.commitment(blinder));
        row.ok_or(ActRefused::NotRevealed)?.revealed = Some(access.clone());
        Ok(())
    }

    pub(super) fn forget_notes(&mut self) {
        self.notes.retain(|_, row| row.revealed.is_none());
    }
}

#[cfg(test)]
mod tests;
