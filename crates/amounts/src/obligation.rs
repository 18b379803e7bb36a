//! Obligations: what a member owes another in an asset on a day.
//!
//! An obligation is a note that is owed: it says for which amount and to which owner the note will be, and who has
//! to come up with it. No note is spent for it, none is made, and it counts in no supply. It is there until a
//! netting puts others in its place, or a payment makes the note. Payer, payee, asset and day are public in the
//! channel; the amount is a sealed field of the obligation's record.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash;
use parclose_types::limits::{NET_MADE_MAX, NETTED_MAX, OUTPUTS_MAX};
use parclose_types::{AssetId, ChannelId, MemberId, ObligationId, TransactionDigest, labels};

use crate::commitment::Opening;
use crate::invalid::{Misshapen, NotOwed};
use crate::ledger::Ledger;
use crate::note::NoteOutput;
use crate::operation::NewNote;

/// An obligation as it is made: what every member of the channel sees of it, besides asset and day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ObligationOutput {
    /// who owes
    pub payer: MemberId,
    /// who is owed
    pub payee: MemberId,
    /// the note that is owed
    pub note: NoteOutput,
}

/// An obligation, as the channel's state keeps it under its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Obligation {
    /// in which asset
    pub asset: AssetId,
    /// on which day, counted from 1970-01-01
    pub day: u32,
    /// between whom, and what
    pub output: ObligationOutput,
}

impl Obligation {
    /// Its name.
    ///
    /// # Rules
    ///
    /// > VAL-25: an obligation's id binds channel, transaction, its index among the transaction's obligations, asset, day, payer, payee, amount commitment and owner commitment.
    #[must_use]
    pub fn id(&self, channel: &ChannelId, transaction: &TransactionDigest, index: u32) -> ObligationId {
        let ObligationOutput { payer, payee, note } = &self.output;
        ObligationId(hash(
            labels::OBLIGATION,
            &[
                channel.as_ref(),
                transaction.as_ref(),
                &index.to_be_bytes(),
                self.asset.as_ref(),
                &self.day.to_be_bytes(),
                payer.as_ref(),
                payee.as_ref(),
                note.commitment.as_bytes(),
                &note.owner.0,
            ],
        ))
    }
}

/// An obligation that is made.
#[derive(Debug)]
pub struct NewObligation<'a> {
    /// who owes
    pub payer: MemberId,
    /// who is owed
    pub payee: MemberId,
    /// the note that is owed
    pub note: NewNote<'a>,
}

impl NewObligation<'_> {
    /// What members see of it.
    #[must_use]
    pub fn output(&self) -> ObligationOutput {
        ObligationOutput { payer: self.payer, payee: self.payee, note: self.note.output() }
    }
}

/// An obligation that there is, opened by whoever nets it.
#[derive(Debug)]
pub struct Owed<'a> {
    /// its name
    pub id: ObligationId,
    /// who owes
    pub payer: MemberId,
    /// who is owed
    pub payee: MemberId,
    /// what its amount commitment opens to
    pub opening: &'a Opening,
}

/// The notes that obligations are for, in their order.
pub(crate) fn notes(outputs: &[ObligationOutput]) -> Vec<NoteOutput> {
    outputs.iter().map(|output| output.note).collect()
}

/// Obligations of an asset and a day, as the state keeps them.
pub(crate) fn due((asset, day): (AssetId, u32), outputs: &[ObligationOutput]) -> Vec<Obligation> {
    outputs.iter().map(|output| Obligation { asset, day, output: *output }).collect()
}

/// Checks how many obligations end, by a netting, and are made.
///
/// # Rules
///
/// > VAL-26: 1 to 8 obligations are made by who owes; a netting takes 2 to 512 and makes at most 63.
pub(crate) fn check_count(ended: Option<usize>, made: usize) -> Result<(), Misshapen> {
    let right = match ended {
        None => (1..=OUTPUTS_MAX).contains(&made),
        Some(ended) => (2..=NETTED_MAX).contains(&ended) && made <= NET_MADE_MAX,
    };
    if right { Ok(()) } else { Err(Misshapen::Obligations { ended: ended.unwrap_or(0), made }) }
}

/// Nobody owes itself (VAL-28).
pub(crate) fn check_two(outputs: &[ObligationOutput]) -> Result<(), Misshapen> {
    let two = outputs.iter().all(|output| output.payer != output.payee);
    if two { Ok(()) } else { Err(Misshapen::Sides) }
}

/// An obligation that a netting or a payment names.
///
/// # Rules
///
/// > VAL-29: each obligation that is netted or paid is among those that are owed.
/// > VAL-30: each obligation that is netted or paid is in the operation's asset, and due on the netting's day.
pub(crate) fn owed(
    ledger: &impl Ledger,
    asset: &AssetId,
    day: Option<u32>,
    obligation: ObligationId,
) -> Result<Obligation, NotOwed> {
    let owed = ledger.obligation(&obligation).ok_or(NotOwed::Unknown { obligation })?;
    let same = owed.asset == *asset && day.is_none_or(|day| owed.day == day);
    if same { Ok(owed) } else { Err(NotOwed::Other { obligation }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::OwnerCommitment;
    use crate::tests::commitment_to;

    #[test]
    fn val_25_each_part_of_an_obligation_changes_its_id() {
        let (channel, transaction) = (ChannelId([7; 32]), TransactionDigest([8; 32]));
        let note =
            NoteOutput { commitment: commitment_to(5), owner: OwnerCommitment([10; 32]), leaf: [6; 32] };
        let output = ObligationOutput { payer: MemberId([1; 32]), payee: MemberId([2; 32]), note };
        let owed = Obligation { asset: AssetId([3; 32]), day: 20_000, output };
        let id = |output| Obligation { output, ..owed }.id(&channel, &transaction, 0);
        let with = |note| id(ObligationOutput { note, ..output });
        let mut ids = vec![
            id(output),
            owed.id(&ChannelId([9; 32]), &transaction, 0),
            owed.id(&channel, &TransactionDigest([9; 32]), 0),
            owed.id(&channel, &transaction, 1),
            Obligation { asset: AssetId([4; 32]), ..owed }.id(&channel, &transaction, 0),
            Obligation { day: 20_001, ..owed }.id(&channel, &transaction, 0),
            id(ObligationOutput { payer: MemberId([5; 32]), ..output }),
            id(ObligationOutput { payee: MemberId([5; 32]), ..output }),
            id(ObligationOutput { payer: output.payee, payee: output.payer, ..output }),
            with(NoteOutput { commitment: commitment_to(6), ..note }),
            with(NoteOutput { owner: OwnerCommitment([11; 32]), ..note }),
        ];
        ids.sort_unstable();
        assert!(ids.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn val_26_counts_are_within_their_limits() {
        for (ended, made, right) in [
            (None, 0, false),
            (None, 1, true),
            (None, 8, true),
            (None, 9, false),
            (Some(1), 1, false),
            (Some(2), 0, true),
            (Some(512), 63, true),
            (Some(513), 1, false),
            (Some(2), 64, false),
        ] {
            assert_eq!(check_count(ended, made).is_ok(), right, "{ended:?} {made}");
        }
    }
}
