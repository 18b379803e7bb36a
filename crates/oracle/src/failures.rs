//! Errors that carry a secret into a refusal: what comes back, in every form.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use parclose_transaction::{DraftOperation, FieldValue};
use parclose_types::{Failure, RecordId};

use crate::Failed;
use crate::content::{Secrets, Trade, ids, receivable_operation};
use crate::ground::Ground;
use crate::surface::{Holder, Piece, See, Surface};

/// All that an error says: to people, to programs, to a log.
pub fn all_of<E: Display + Debug + Failure + ?Sized>(error: &E) -> String {
    format!("{error}\n{error:?}\n{error:#?}\n{}\n{}\n{}", error.code(), error.rule(), error.fix())
}

/// Shows an error.
pub fn see_error(text: &str, place: &str, see: &mut See<'_>) {
    see(Piece { surface: Surface::Errors, holder: &Holder::Anybody, place, bytes: text.as_bytes() });
}

/// A way to spoil a receivable, so that it is refused with its secrets in hand.
type Spoil = (&'static str, fn(&mut DraftOperation));

const SPOILS: [Spoil; 9] = [
    ("a value of another type", |of| swap(of, "face_amount", "invoice_number")),
    ("a text in place of JSON", |of| swap(of, "lines", "buyer_name")),
    ("a text in place of a date", |of| swap(of, "due_date", "supplier_id")),
    ("a field that there is not", |of| {
        let value = of.fields.values().next().cloned();
        value.into_iter().for_each(|value| _ = of.fields.insert("colour".into(), value));
    }),
    ("a required field less", |of| _ = of.fields.remove("supplier_id")),
    ("an action that there is not", |of| of.action = "abolish".into()),
    ("a record type that there is not", |of| of.record_type = "rumour".into()),
    ("a version that it does not have", |of| of.version = 9),
    ("a field beyond its limit", |of| {
        if let Some(FieldValue::Text(text)) = of.fields.get_mut("buyer_name") {
            *text = text.repeat(8000);
        }
    }),
];

fn swap(of: &mut DraftOperation, field: &str, with: &str) {
    let value = of.fields.get(with).cloned();
    value.into_iter().for_each(|value| _ = of.fields.insert(field.into(), value));
}

/// Hands in receivables that are refused, and shows every refusal; how many there were.
pub fn see_refusals(
    ground: &Ground,
    trade: &Trade,
    secrets: &Secrets,
    see: &mut See<'_>,
) -> Result<u64, Failed> {
    let seat = (trade.supplier, trade.channel);
    let (channel, ids) = ground.within(seat, |room| (room.id(), ids(room)))?;
    let master = ground.master(trade.supplier)?;
    let whole = receivable_operation(secrets, trade, (&channel, &master), &ids)?;
    let mut refused = 0_u64;
    let mut tell = |place: &str, member: &str, operation: DraftOperation| -> Result<(), Failed> {
        match ground.room(member, trade.channel)?.submit_and_wait(vec![operation]) {
            Ok(outcome) if outcome.verdict == parclose_channel::Verdict::Applied => {
                return Err(format!("{place}: it was applied").into());
            }
            Ok(outcome) => see_error(&format!("{outcome:?}\n{:#?}", outcome.verdict), place, see),
            Err(error) => see_error(&all_of(&error), place, see),
        }
        refused = refused.saturating_add(1);
        Ok(())
    };
    for (place, spoil) in SPOILS {
        let mut operation = whole.clone();
        operation.record = RecordId(parclose_crypto::hash::sha256(place.as_bytes()));
        spoil(&mut operation);
        tell(place, trade.supplier, operation)?;
    }
    // What is well formed, from somebody who may not write it.
    let foreign = DraftOperation { record: RecordId([0xF0; 32]), ..whole };
    tell("a writer who may not", trade.bank, foreign)?;
    Ok(refused)
}

/// What those are told who have no part in a channel, and those who ask for what is not there.
pub fn see_strangers(ground: &Ground, see: &mut See<'_>) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    for (member, channel) in
        [("supplier-b", "trade-a"), ("bank-2", "trade-a"), ("bank-1", "trade-b"), ("buyer", "banks")]
    {
        for asked in [channel, "no-such-channel"] {
            let said = match ground.consortium().room(member, asked) {
                Ok(_) => "a room".to_owned(),
                Err(error) => all_of(&error),
            };
            see_error(&said, &format!("{member} asks for {asked}"), see);
            told.insert(format!("{member} {}", asked == channel), said);
        }
    }
    told
}
