//! Obligations of a draft: those that it makes, and those that it nets or pays.

use parclose_amounts::{NewNote, NewObligation, Obligation, ObligationOutput, Opening, Owed};
use parclose_types::{MemberId, ObligationId, PublicKey};

/// What somebody is to owe. The amount is that of the record that stands for it.
#[derive(Clone, Copy, Debug)]
pub struct DraftDebt {
    /// who owes
    pub payer: MemberId,
    /// who is owed
    pub payee: MemberId,
    /// the key to which the payee is to be paid
    pub key: PublicKey,
}

impl DraftDebt {
    pub(super) fn obligation<'a>(&self, note: NewNote<'a>) -> NewObligation<'a> {
        NewObligation { payer: self.payer, payee: self.payee, note }
    }
}

/// An obligation that there is, with what it opens to.
#[derive(Debug)]
pub struct DraftOwed {
    /// its name
    pub id: ObligationId,
    /// asset, day, who owes whom which note
    pub obligation: Obligation,
    /// what its amount commitment opens to
    pub opening: Opening,
}

impl DraftOwed {
    pub(super) fn owed(&self) -> Owed<'_> {
        let ObligationOutput { payer, payee, .. } = self.obligation.output;
        Owed { id: self.id, payer, payee, opening: &self.opening }
    }

    /// The note that is owed.
    pub(super) fn note(&self) -> NewNote<'_> {
        let note = &self.obligation.output.note;
        NewNote { owner: note.owner, leaf: note.leaf, opening: &self.opening }
    }
}
