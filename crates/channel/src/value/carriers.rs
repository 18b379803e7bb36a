//! The records that stand for what movements make: one for each note, amount, obligation, netting and payment, and none for nothing.

use parclose_amounts::Movement;
use parclose_transaction::definition::{Definition, ValueRole};
use parclose_transaction::{Body, Operation};
use parclose_types::RecordId;

use crate::reject::OffSchema;

/// The records that stand for what a transaction makes, in its order.
#[derive(Debug, Default)]
pub(crate) struct Carriers {
    /// for its notes, but for one that was owed
    pub(crate) notes: Vec<RecordId>,
    /// for its obligations
    pub(crate) obligations: Vec<RecordId>,
    /// for its payments of obligations
    pub(crate) payments: Vec<RecordId>,
}

/// The records that stand for what a transaction's movements make, in their order.
///
/// # Rules
///
/// > SCH-07: each note that a transaction makes but one that was owed, each amount that it redeems and each obligation that it makes has one new record of a type with that value role, in the same order, whose quantity it is by its leaf, and so, without a quantity, have each netting and each payment of an obligation, before what they make; such records are written in no other way.
pub(crate) fn carriers(body: &Body, definition: &Definition) -> Result<Carriers, OffSchema> {
    let stand_for = |operation: &Operation| stands_for(operation, definition);
    let carriers: Vec<_> = body.operations.iter().filter_map(stand_for).collect();
    let wanted = body.movements.iter().flat_map(made);
    if !carriers.iter().map(|carrier| carrier.stands).eq(wanted.map(Some)) {
        return Err(OffSchema::Unpaired);
    }
    let of = |role| {
        let of_role = carriers.iter().filter(move |carrier| carrier.role == role);
        of_role.map(|carrier| carrier.record).collect()
    };
    Ok(Carriers {
        notes: of(ValueRole::Note),
        obligations: of(ValueRole::Obligation),
        payments: of(ValueRole::Discharge),
    })
}

/// A value role, and the leaf of the quantity where it has one.
type Stands = (ValueRole, Option<[u8; 32]>);

struct Carrier {
    role: ValueRole,
    /// `None` where it is not new, or lacks its quantity: it stands for nothing then
    stands: Option<Stands>,
    record: RecordId,
}

fn stands_for(operation: &Operation, definition: &Definition) -> Option<Carrier> {
    let record_type = definition.record(operation.record_type)?;
    let role = record_type.value.filter(|role| role.comes_with_movement())?;
    let quantity = record_type.quantity_field().map(|field| field.id);
    let leaf = operation.fields.iter().find(|entry| Some(entry.field) == quantity).map(|entry| entry.leaf);
    let whole = operation.version == 1 && role.has_quantity() == leaf.is_some();
    Some(Carrier { role, stands: whole.then_some((role, leaf)), record: operation.record })
}

/// What a movement makes: itself where it has a record, then obligations, notes but for one that was owed, and the amount redeemed.
fn made(movement: &Movement) -> impl Iterator<Item = Stands> + '_ {
    let own = match movement {
        Movement::Net(_) => Some(ValueRole::Netting),
        Movement::Discharge(_) => Some(ValueRole::Discharge),
        _ => None,
    };
    let owed = movement.obligations().into_iter();
    let owed = owed.map(|owed| (ValueRole::Obligation, Some(owed.output.note.leaf)));
    let paid = usize::from(movement.pays().is_some());
    let notes = movement.outputs().iter().skip(paid).map(|output| (ValueRole::Note, Some(output.leaf)));
    let redeemed = movement.redeemed().map(|amount| (ValueRole::Redemption, Some(amount.leaf)));
    own.map(|role| (role, None)).into_iter().chain(owed).chain(notes).chain(redeemed)
}
