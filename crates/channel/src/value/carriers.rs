//! The records that stand for notes and redeemed amounts: one for each, and none for nothing.

use parclose_amounts::Movement;
use parclose_transaction::definition::{Definition, ValueRole};
use parclose_transaction::{Body, Operation};
use parclose_types::RecordId;

use crate::reject::OffSchema;

/// The records that stand for the notes that a transaction makes, in the notes' order.
///
/// # Rules
///
/// > SCH-07: each note that a transaction makes and each amount that it redeems has one new record of a type with that value role, in the same order, whose quantity it is by its leaf; such records are written in no other way.
pub(crate) fn carriers(body: &Body, definition: &Definition) -> Result<Vec<RecordId>, OffSchema> {
    let stand_for = |operation: &Operation| stands_for(operation, definition);
    let carriers: Vec<_> = body.operations.iter().filter_map(stand_for).collect();
    let wanted = body.movements.iter().flat_map(amounts);
    if !carriers.iter().map(|carrier| (carrier.role, carrier.leaf)).eq(wanted) {
        return Err(OffSchema::Unpaired);
    }
    let notes = carriers.iter().filter(|carrier| carrier.role == ValueRole::Note);
    Ok(notes.map(|carrier| carrier.record).collect())
}

struct Carrier {
    role: ValueRole,
    /// `None` where no new record has a quantity: it stands for nothing then
    leaf: Option<[u8; 32]>,
    record: RecordId,
}

fn stands_for(operation: &Operation, definition: &Definition) -> Option<Carrier> {
    let record_type = definition.record(operation.record_type)?;
    let role = record_type.value.filter(|role| role.has_quantity())?;
    let quantity = record_type.quantity_field().map(|field| field.id);
    let entry = operation.fields.iter().find(|entry| Some(entry.field) == quantity);
    let leaf = entry.filter(|_| operation.version == 1).map(|entry| entry.leaf);
    Some(Carrier { role, leaf, record: operation.record })
}

/// Notes made, then the amount redeemed: role and leaf of each.
fn amounts(movement: &Movement) -> impl Iterator<Item = (ValueRole, Option<[u8; 32]>)> + '_ {
    let notes = movement.outputs().iter().map(|output| (ValueRole::Note, Some(output.leaf)));
    notes.chain(movement.redeemed().map(|amount| (ValueRole::Redemption, Some(amount.leaf))))
}
