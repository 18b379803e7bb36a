//! Obligations in the state: what members owe each other, until it is netted or paid.
//!
//! ```text
//!   Oblige      a member says what it owes                          OBL-01
//!   Net         obligations of a day give way to others             the proofs: VAL-26 to VAL-32
//!   Discharge   the note that was owed is made                      OBL-04, OBL-08
//! ```
//!
//! Whoever nets has to open all that it nets, and no more: the definition says for whom the quantities are sealed,
//! and the policy who may make the record of a netting. A row that is gone was netted or paid: none is twice.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_amounts::{Movement, Obligation};
use parclose_crypto::state_tree::{self, Change};
use parclose_store::{Blinded, Database, Table};
use parclose_transaction::Operation;
use parclose_transaction::definition::Definition;
use parclose_types::{Failure, Fault, MemberId, ObligationId, RecordId, encode};

use crate::error::ChannelError;

/// What is owed.
pub const OBLIGATIONS: Table<ObligationId, ObligationRow, Blinded> =
    Table::<ObligationId, ObligationRow>::blinded(29, "obligations");

/// An obligation that is neither netted nor paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ObligationRow {
    /// its name
    pub id: ObligationId,
    /// asset, day, who owes whom which note
    pub obligation: Obligation,
    /// the record whose quantity is its amount
    pub record: RecordId,
}

/// Why obligations are not taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObligationRefused {
    /// OBL-01: in another's name
    #[error("a member says what it owes itself, and nobody does for another")]
    OtherPayer,
    /// OBL-02: the record names others
    #[error("the record of an obligation names its payer and its payee in the slots that are called so")]
    OtherParties,
    /// OBL-08: the record of a payment names others
    #[error("the record of a payment names who owed and who was owed in the slots `payer` and `payee`")]
    OtherPayment,
    /// OBL-03: an asset with a life
    #[error("an asset with a life cycle is not owed: its notes move as its steps and states allow")]
    Lives,
}

impl Failure for ObligationRefused {
    fn code(&self) -> &'static str {
        "OBLIGATION_REFUSED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::OtherPayer => "OBL-01",
            Self::OtherParties => "OBL-02",
            Self::Lives => "OBL-03",
            Self::OtherPayment => "OBL-08",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::OtherPayer => "ask whoever owes to say so",
            Self::OtherParties | Self::OtherPayment => "name who owes and who is owed in the record, too",
            Self::Lives => "owe cash for it",
        }
        .into()
    }
}

/// Checks who says that something is owed, and that the records beside it say the same; `made` are its obligations with their
/// records.
///
/// # Rules
///
/// > OBL-01: only its payer makes an obligation that comes of no netting.
/// > OBL-02: the record of an obligation has the obligation's payer and payee in its slots of these names.
pub(crate) fn check_made(
    movement: &Movement,
    author: MemberId,
    made: &[ObligationRow],
    (operations, definition): (&[Operation], &Definition),
) -> Result<(), ObligationRefused> {
    let own = |row: &ObligationRow| row.obligation.output.payer == author;
    if matches!(movement, Movement::Oblige(_)) && !made.iter().all(own) {
        return Err(ObligationRefused::OtherPayer);
    }
    let agrees = |row: &ObligationRow| names(row.record, row, (operations, definition));
    if made.iter().all(agrees) { Ok(()) } else { Err(ObligationRefused::OtherParties) }
}

/// Checks that the record of a payment says between whom what is paid was owed.
///
/// # Rules
///
/// > OBL-08: the record of a payment has the payer and the payee of the obligation that it pays in its slots of these names.
pub(crate) fn check_paid(
    paid: &ObligationRow,
    payment: Option<RecordId>,
    beside: (&[Operation], &Definition),
) -> Result<(), ObligationRefused> {
    let agrees = payment.is_some_and(|record| names(record, paid, beside));
    if agrees { Ok(()) } else { Err(ObligationRefused::OtherPayment) }
}

/// Whether a record of a transaction names payer and payee of an obligation.
fn names(
    record: RecordId,
    row: &ObligationRow,
    (operations, definition): (&[Operation], &Definition),
) -> bool {
    let output = &row.obligation.output;
    let named = || {
        let operation = operations.iter().find(|operation| operation.record == record)?;
        let record_type = definition.record(operation.record_type)?;
        let in_slot = |name| {
            let slot = record_type.slot_index(name)?;
            operation.parties.iter().find(|(at, _)| *at == slot).map(|(_, member)| *member)
        };
        Some((in_slot("payer")?, in_slot("payee")?))
    };
    named() == Some((output.payer, output.payee))
}

const OBLIGATION_LEAF: &str = "obligations";

/// The state leaf's key of an obligation.
#[must_use]
pub fn obligation_key(obligation: &ObligationId) -> [u8; 32] {
    state_tree::leaf_key(OBLIGATION_LEAF, obligation.as_ref())
}

/// The state leaf that changes with an obligation.
///
/// # Rules
///
/// > OBL-05: the state has one leaf for each obligation that is neither netted nor paid, over asset, day, payer, payee, the note that is owed, and the record.
pub(crate) fn obligation_change((id, row): (&ObligationId, &Option<ObligationRow>)) -> Change {
    let leaf = |row| state_tree::leaf_value(OBLIGATION_LEAF, id.as_ref(), &encode(row));
    (obligation_key(id), row.as_ref().map(leaf))
}

/// The leaves of all stored rows; `None` if one does not stand where it is looked for.
pub(crate) fn stored_leaves(store: &Database) -> Result<Option<Vec<Change>>, ChannelError> {
    let mut rows = Vec::new();
    store.for_each(&OBLIGATIONS, |_, row: ObligationRow| rows.push(row))?;
    for row in &rows {
        if store.get(&OBLIGATIONS, &row.id)?.as_ref() != Some(row) {
            return Ok(None);
        }
    }
    Ok(Some(rows.into_iter().map(|row| obligation_change((&row.id, &Some(row)))).collect()))
}

#[cfg(test)]
mod tests;
