//! Slices of a claim: accepted, split, merged, passed on, paid.

use parclose_channel::holdings::OwnNote;
use parclose_channel::payment::choose;
use parclose_channel::{Channel, ChannelError, Drafted, NewNote, Values};
use parclose_node::randomness::generator;
use parclose_transaction::FieldValue;
use parclose_transaction::definition::{Outstanding, Step};
use parclose_types::{AssetId, Height, RecordId};
use serde_json::{Value, json};

use super::{RECEIVABLE, Seen, amount, claimed, id, money, step_json, values, written};
use crate::args::{Global, OneReceivable, Recourse};
use crate::asset::{submit, submit_then};
use crate::error::CliError;
use crate::transaction::member_named;

const SCHEMA: &str = "parclose.receivable-slices/1";

/// What every slice of a claim says.
pub(super) fn terms(
    recourse: Recourse,
    due: &str,
    currency: &str,
    smallest: Option<&str>,
) -> Result<Values, CliError> {
    let mut terms = values([
        ("recourse", FieldValue::Text(recourse.word().into())),
        ("due_date", FieldValue::Date(due.into())),
        ("currency", FieldValue::Text(currency.into())),
    ]);
    if let Some(smallest) = smallest {
        terms.insert("smallest_piece".into(), money(amount(smallest, currency)?, currency));
    }
    Ok(terms)
}

/// The buyer accepts, and so issues the one slice that the supplier holds.
pub(super) fn accept(
    global: &Global,
    of: &OneReceivable,
    step: &'static str,
    recourse: Recourse,
    smallest: Option<&str>,
) -> Result<Value, CliError> {
    let (record, smallest) = (id(&of.record)?, smallest.map(str::to_owned));
    let drafted = move |channel: &mut Channel, _| {
        let claim = Seen::typed(channel, &record, RECEIVABLE)?;
        has_its_day(&claim)?;
        let (Some((face, currency)), Some(due), Some(supplier)) =
            (claim.amount("face_amount"), claim.text("due_date"), claim.party("supplier"))
        else {
            return Err(CliError::usage("this member cannot read the claim", "its buyer accepts it"));
        };
        let operation = channel.draft_step(&record, step, Values::new())?;
        let fields = terms(recourse, due, &currency, smallest.as_deref())?;
        let note = NewNote { to: supplier, amount: face, fields };
        let mut told = step_json(channel, &record, step)?;
        told["quantity_minor"] = json!(face.to_string());
        Ok((channel.draft_issue(operation, &note, &mut generator())?, told))
    };
    submit_then(global, &of.of, SCHEMA, drafted, move |consortium, room, value| {
        Ok(claimed::awaited(consortium, room, record, value))
    })
}

/// # Rules
///
/// > RCV-01: a member accepts no claim whose sealed due date lies outside the bucket that everybody sees.
fn has_its_day(claim: &Seen) -> Result<(), CliError> {
    if claim.due_agrees() == Some(false) {
        let told = "the due date that is sealed lies outside the bucket that everybody sees";
        return Err(CliError::verification(told.into()));
    }
    Ok(())
}

/// Slices that this member holds of a claim and that nothing on its way spends.
struct Purse {
    asset: AssetId,
    notes: Vec<OwnNote>,
    /// what each says, in the order of the notes
    said: Vec<Values>,
    currency: String,
}

impl Purse {
    fn of(channel: &mut Channel, record: &RecordId, now: Height) -> Result<Self, CliError> {
        Seen::typed(channel, record, RECEIVABLE)?;
        let asset = AssetId(record.0);
        let notes = channel.free_notes(&asset, now).map_err(CliError::from)?;
        let said = notes.iter().map(|note| {
            Ok::<_, ChannelError>(
                Seen::of(channel, &note.row.record)?.map(|seen| seen.values).unwrap_or_default(),
            )
        });
        let said = said.collect::<Result<Vec<_>, _>>()?;
        let currency = said.iter().find_map(|values| match values.get("currency") {
            Some(FieldValue::Text(currency)) => Some(currency.clone()),
            _ => None,
        });
        let none = || CliError::usage("this member holds no slice of the claim", "parclose receivable show");
        Ok(Self { asset, notes, said, currency: currency.ok_or_else(none)? })
    }

    fn units(&self, text: &str) -> Result<u64, CliError> {
        amount(text, &self.currency)
    }

    /// Slices for an amount, the rest of it, and what all of them say: slices on different terms do not become one.
    ///
    /// # Rules
    ///
    /// > RCV-02: slices that say different terms are not made into one slice.
    fn take(mut self, units: u64) -> Result<Taken, CliError> {
        let whole = self.notes.iter().map(|note| note.row.id).zip(self.said.drain(..));
        let said: std::collections::BTreeMap<_, _> = whole.collect();
        let (spent, rest) = choose(self.notes, units)?;
        let mut terms = spent.iter().filter_map(|note| said.get(&note.row.id)).map(kept);
        let first = terms.next().unwrap_or_default();
        if terms.any(|other| other != first) {
            let fix = "pass on no more than the largest slice of one kind at a time";
            return Err(CliError::usage("the slices that it takes are on different terms", fix));
        }
        Ok(Taken { asset: self.asset, spent, rest, terms: first, currency: self.currency })
    }

    fn sum(&self) -> Result<u64, CliError> {
        let sum = self.notes.iter().map(|note| u128::from(note.opened.value)).sum::<u128>();
        u64::try_from(sum).map_err(|_| CliError::usage("the slices are worth too much together", "split"))
    }
}

/// What a piece of a slice says as the slice does.
fn kept(values: &Values) -> Values {
    let kept = |(name, _): &(&String, &FieldValue)| {
        ["recourse", "due_date", "currency", "pay_to", "smallest_piece"].contains(&name.as_str())
    };
    values.iter().filter(kept).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Slices that are about to be spent.
struct Taken {
    asset: AssetId,
    spent: Vec<OwnNote>,
    rest: u64,
    terms: Values,
    currency: String,
}

impl Taken {
    /// A piece that stays with this member.
    fn own(&self, channel: &Channel, amount: u64) -> NewNote {
        NewNote { to: channel.own_id(), amount, fields: self.terms.clone() }
    }

    fn rest(&self, channel: &Channel) -> Vec<NewNote> {
        (self.rest > 0).then(|| self.own(channel, self.rest)).into_iter().collect()
    }

    fn told(&self, units: u64) -> Value {
        json!({
            "receivable": self.asset.to_string(),
            "quantity_minor": units.to_string(),
            "quantity": written(units.into(), &self.currency),
            "currency": self.currency,
        })
    }
}

/// Splits slices of this member's.
pub(super) fn split(global: &Global, of: &OneReceivable, pieces: &[String]) -> Result<Value, CliError> {
    let (record, pieces) = (id(&of.record)?, pieces.to_vec());
    submit(global, &of.of, SCHEMA, move |channel, now| {
        let purse = Purse::of(channel, &record, now)?;
        let units = pieces.iter().map(|text| purse.units(text)).collect::<Result<Vec<u64>, _>>()?;
        let sum = units.iter().try_fold(0_u64, |sum, units| sum.checked_add(*units));
        let sum =
            sum.ok_or_else(|| CliError::usage("the pieces are worth too much together", "--into 1000.00"))?;
        let taken = purse.take(sum)?;
        let mut notes: Vec<NewNote> = units.iter().map(|units| taken.own(channel, *units)).collect();
        notes.extend(taken.rest(channel));
        let mut told = taken.told(sum);
        told["slices"] = json!(notes.len());
        Ok((channel.draft_moves(taken.asset, taken.spent, &notes, now, &mut generator())?, told))
    })
}

/// Merges all slices of this member's.
pub(super) fn merge(global: &Global, of: &OneReceivable) -> Result<Value, CliError> {
    let record = id(&of.record)?;
    submit(global, &of.of, SCHEMA, move |channel, now| {
        let purse = Purse::of(channel, &record, now)?;
        let sum = purse.sum()?;
        let taken = purse.take(sum)?;
        let (notes, told) = (vec![taken.own(channel, sum)], taken.told(sum));
        Ok((channel.draft_moves(taken.asset, taken.spent, &notes, now, &mut generator())?, told))
    })
}

/// Passes slices on.
///
/// # Rules
///
/// > RCV-03: whoever passes a slice on says each time whether it answers for the buyer; nothing stands for having said so.
pub(super) fn transfer(
    global: &Global,
    of: &OneReceivable,
    (to, units): (&str, &str),
    recourse: Recourse,
    pay_to: Option<&str>,
) -> Result<Value, CliError> {
    let record = id(&of.record)?;
    let (to, units, pay_to) = (to.to_owned(), units.to_owned(), pay_to.map(str::to_owned));
    submit(global, &of.of, SCHEMA, move |channel, now| {
        let member = member_named(channel, &to)?;
        let purse = Purse::of(channel, &record, now)?;
        let units = purse.units(&units)?;
        let taken = purse.take(units)?;
        let mut fields = taken.terms.clone();
        fields.insert("recourse".into(), FieldValue::Text(recourse.word().into()));
        fields.remove("pay_to");
        fields.extend(pay_to.map(|text| ("pay_to".to_owned(), FieldValue::Text(text))));
        let mut notes = vec![NewNote { to: member, amount: units, fields }];
        notes.extend(taken.rest(channel));
        let mut told = taken.told(units);
        told["to"] = json!(to);
        told["recourse"] = json!(recourse.word());
        Ok((channel.draft_moves(taken.asset, taken.spent, &notes, now, &mut generator())?, told))
    })
}

/// Declares something as a holder, who shows its slices.
pub(super) fn declare(global: &Global, of: &OneReceivable, step: &'static str) -> Result<Value, CliError> {
    let record = id(&of.record)?;
    submit(global, &of.of, "parclose.receivable-step/1", move |channel, now| {
        let operation = channel.draft_step(&record, step, Values::new())?;
        let purse = Purse::of(channel, &record, now)?;
        // Each slice becomes itself again: they may be on different terms.
        let notes: Vec<NewNote> = purse
            .notes
            .iter()
            .zip(&purse.said)
            .map(|(note, said)| NewNote {
                to: channel.own_id(),
                amount: note.opened.value,
                fields: kept(said),
            })
            .collect();
        let told = step_json(channel, &record, step)?;
        let Drafted { mut operations, movements, set_aside } =
            channel.draft_moves(purse.asset, purse.notes, &notes, now, &mut generator())?;
        operations.push(operation);
        Ok((Drafted { operations, movements, set_aside }, told))
    })
}

/// The buyer takes slices back that it holds.
pub(super) fn settle(global: &Global, of: &OneReceivable, units: Option<&str>) -> Result<Value, CliError> {
    let (record, units) = (id(&of.record)?, units.map(str::to_owned));
    submit(global, &of.of, "parclose.receivable-settle/1", move |channel, now| {
        let purse = Purse::of(channel, &record, now)?;
        let units = match &units {
            Some(text) => purse.units(text)?,
            None => purse.sum()?,
        };
        let taken = if units == purse.sum()? {
            let asset = purse.asset;
            // What leaves circulation needs no common terms.
            let (terms, currency) = (Values::new(), purse.currency);
            Taken { asset, spent: purse.notes, rest: 0, terms, currency }
        } else {
            purse.take(units)?
        };
        let rest = taken.rest(channel);
        let step = paying_step(channel, &record, taken.spent.len(), rest.len())?;
        let operation = channel.draft_step(&record, &step.name, Values::new())?;
        let mut told = step_json(channel, &record, &step.name)?;
        for (name, value) in taken.told(units).as_object().into_iter().flatten() {
            told[name] = value.clone();
        }
        let drafted =
            channel.draft_redemption(operation, (taken.spent, units), &rest, now, &mut generator())?;
        Ok((drafted, told))
    })
}

/// The step by which slices are taken back now: another one if any is left than if none is.
fn paying_step(channel: &Channel, record: &RecordId, spent: usize, made: usize) -> Result<Step, CliError> {
    let row = channel.record(record)?.ok_or(ChannelError::Unknown { what: "record" })?;
    let held = channel.circulating(&AssetId(record.0))?.map_or(0, |row| row.notes);
    let left = held.saturating_add(made as u64).saturating_sub(spent as u64);
    let wanted = if left == 0 { Outstanding::None } else { Outstanding::Some };
    let steps = channel.open_steps(&row)?;
    let step = steps.into_iter().find(|step| step.redeems && step.outstanding.is_none_or(|of| of == wanted));
    step.ok_or_else(|| {
        let told = format!("nothing is paid in the state `{}`", row.status.unwrap_or_default());
        CliError::new(
            "STATE_CONFLICT",
            "LIF-01",
            parclose_types::Fault::Sender,
            told,
            "parclose receivable show",
        )
    })
}

#[cfg(test)]
mod tests {
    use parclose_channel::tables::RecordRow;
    use parclose_transaction::{Day, Definition};
    use parclose_types::MemberId;

    use super::*;

    fn claim(date: &str, day: Option<Day>) -> Seen {
        let text = include_str!("../../../../channels/scf-receivable/channel.toml");
        let definition = Definition::parse("channel.toml", text).unwrap();
        let row = RecordRow {
            record: RecordId([1; 32]),
            record_type: 1,
            version: 1,
            owner: MemberId([2; 32]),
            parties: Vec::new(),
            status: Some("pending".into()),
            keyed_tag: None,
            day,
            fields: Vec::new(),
        };
        let record_type = definition.record(1).unwrap().clone();
        let values = values([("due_date", FieldValue::Date(date.into()))]);
        Seen { row, record_type, values, malformed: Vec::new() }
    }

    #[test]
    fn rcv_01_a_due_date_outside_its_bucket_is_not_accepted() {
        let bucket = Day::of("2026-02-26");
        for date in ["2026-02-26", "2026-03-04"] {
            assert!(has_its_day(&claim(date, bucket)).is_ok(), "{date}");
        }
        for date in ["2026-02-25", "2026-03-05", "2027-02-26"] {
            let refused = has_its_day(&claim(date, bucket)).unwrap_err();
            assert_eq!(refused.code(), "VERIFICATION_FAILED", "{date}");
        }
        let mut sealed = claim("2027-02-26", bucket);
        sealed.values.clear();
        assert!(has_its_day(&sealed).is_ok(), "who cannot read it cannot tell");
    }

    #[test]
    fn rcv_02_a_piece_keeps_the_terms_of_its_slice_and_nothing_else() {
        let mut said = terms(Recourse::With, "2026-03-04", "GBP", Some("50")).unwrap();
        let text = |text: &str| FieldValue::Text(text.into());
        said.extend([("pay_to".to_owned(), text("GB33")), ("purpose".to_owned(), text("rent"))]);
        said.insert("quantity".into(), FieldValue::Quantity(7));
        let kept: Vec<String> = kept(&said).into_keys().collect();
        assert_eq!(kept, ["currency", "due_date", "pay_to", "recourse", "smallest_piece"]);
    }
}
