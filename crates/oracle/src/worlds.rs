//! Two worlds (F22): the same consortium twice, the same is written at the same places, and only the secret values
//! differ. Whoever may not read them must not be able to tell the worlds apart.
//!
//! Each observer's view is compared byte for byte, but for the fields that [`crate::blank`] declares pseudo-random. A
//! third world, whose one text is of another size class, must be told apart: classes of sizes are visible, and the
//! comparison would see one.

use parclose_findings::{Budget, Item};
use rand_core::Rng;

use crate::canary::Value;
use crate::content::{
    Secrets, TRADES, ids, receivable, receivable_operation, statement, statement_operation,
};
use crate::ground::{Ground, home_of};
use crate::random::rng;
use crate::view::{self, Observer, Seen, View, differences};
use crate::{Failed, add, run};

/// Records that each world writes into each channel.
const RECORDS: usize = 8;
const OBSERVERS: [(&str, Observer); 3] = [
    ("validator", Observer::Validator),
    ("non-member", Observer::NonMember),
    ("member outside the audience", Observer::Outside),
];
/// Differences that are told one by one.
const TOLD_MAX: usize = 12;

/// Which of the worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum World {
    One,
    Other,
    /// as the first, with one text that is longer by a size class
    Longer,
}

/// Runs the suite.
pub fn two_worlds(budget: &Budget) -> Item {
    let mut item = Item::new(
        "F22",
        "who may not read the values cannot tell two worlds apart that differ in nothing else",
        "parclose-review worlds",
    );
    for (name, _) in OBSERVERS {
        item.must_reach(&[name]);
    }
    run(item, budget, compare)
}

fn compare(item: &mut Item, seed: u64) -> Result<(), Failed> {
    let ground = Ground::found()?;
    let mut first = rng(seed, "before the worlds part");
    write(&ground, &mut first, 1, &mut |_, _| {})?;
    let folder = ground.close();
    let views = |world| -> Result<Vec<View>, Failed> {
        let ground = world_of(folder.path(), seed, world)?;
        let seen = OBSERVERS.iter().map(|(_, observer)| view::of(&ground, *observer));
        let mut views = seen.collect::<Result<Vec<View>, Failed>>()?;
        let folder = ground.close();
        let disk = view::of_disk(&home_of(&folder).join("root"))?;
        views.first_mut().into_iter().for_each(|view| _ = view.insert("disk".into(), disk.clone()));
        Ok(views)
    };
    let (one, other) = (views(World::One)?, views(World::Other)?);
    let longer = views(World::Longer)?;
    for (at, (name, _)) in OBSERVERS.iter().enumerate() {
        let (Some(here), Some(there)) = (one.get(at), other.get(at)) else { return Err("no view".into()) };
        let told = differences(here, there);
        for difference in told.iter().take(TOLD_MAX) {
            item.find(format!("{name}: {difference}"), item.replay.clone());
        }
        if told.len() > TOLD_MAX {
            item.find(format!("{name}: {} differences more", told.len() - TOLD_MAX), item.replay.clone());
        }
        let seen: usize = here.values().map(Vec::len).sum();
        let bytes: usize = here.values().flatten().map(|seen| seen.bytes.len()).sum();
        add(item, name, seen);
        add(item, &format!("bytes of {name}"), bytes);
        item.executions = item.executions.saturating_add(u64::try_from(seen).unwrap_or(u64::MAX));
        plant(item, name, here)?;
    }
    let outside = OBSERVERS.len() - 1;
    let caught = match (one.get(outside), longer.get(outside)) {
        (Some(here), Some(there)) => !differences(here, there).is_empty(),
        _ => false,
    };
    item.control("a world with a text of another size class", caught);
    Ok(())
}

/// A way to make a view differ.
type Change = (&'static str, fn(&mut Vec<Seen>));

const CHANGES: [Change; 6] = [
    ("size: one byte more", |seen| seen.iter_mut().take(1).for_each(|seen| seen.bytes.push(0))),
    ("count: one less", |seen| _ = seen.pop()),
    ("order: the first and the last exchanged", |seen| {
        let last = seen.len().saturating_sub(1);
        seen.swap(0, last);
    }),
    ("kind: another name", |seen| seen.iter_mut().take(1).for_each(|seen| seen.what.push('!'))),
    ("a byte that is not declared", |seen| {
        seen.iter_mut().rev().take(1).for_each(|seen| {
            seen.bytes.last_mut().into_iter().for_each(|byte| *byte ^= 1);
        });
    }),
    ("one twice", |seen| seen.extend(seen.first().cloned())),
];

/// Plants every difference in the longest stream of a view that tells its items apart.
fn plant(item: &mut Item, observer: &str, view: &View) -> Result<(), Failed> {
    let tells =
        |seen: &Vec<Seen>| seen.first() != seen.last() && seen.last().is_some_and(|s| !s.bytes.is_empty());
    let longest = view.iter().filter(|(_, seen)| tells(seen)).max_by_key(|(_, seen)| seen.len());
    let Some((stream, _)) = longest else { return Err(format!("{observer} sees nothing").into()) };
    for (what, change) in CHANGES {
        let mut changed = view.clone();
        changed.entry(stream.clone()).and_modify(change);
        item.control(what, !differences(view, &changed).is_empty());
    }
    if let Some(answers) = view.get("answers") {
        let mut changed = answers.clone();
        changed.iter_mut().take(1).for_each(|seen| seen.bytes.extend_from_slice(b" (it exists)"));
        let mut other = view.clone();
        other.insert("answers".into(), changed);
        item.control("error text: one says more", !differences(view, &other).is_empty());
    }
    Ok(())
}

/// A world: both go on from the same consortium, in which every audience has its secret already.
fn world_of(from: &std::path::Path, seed: u64, world: World) -> Result<Ground, Failed> {
    let ground = Ground::as_left(from)?;
    let mut rng = rng(seed, if world == World::Other { "the other world" } else { "one world" });
    write(&ground, &mut rng, RECORDS, &mut |secrets, at| vary(secrets, world, at))?;
    Ok(ground)
}

/// Writes so many records into each channel, one after another, so that all worlds have the same order.
fn write(
    ground: &Ground,
    rng: &mut impl Rng,
    records: usize,
    vary: &mut dyn FnMut(&mut Secrets, usize),
) -> Result<(), Failed> {
    for trade in &TRADES {
        let seat = (trade.supplier, trade.channel);
        let (channel, ids) = ground.within(seat, |room| (room.id(), ids(room)))?;
        let master = ground.master(trade.supplier)?;
        for at in 0..records {
            let mut secrets = receivable(rng);
            vary(&mut secrets, at);
            let operation = receivable_operation(&secrets, trade, (&channel, &master), &ids)?;
            ground.write(seat, vec![vec![operation]])?;
            settle(ground);
        }
    }
    let seat = ("bank-1", "banks");
    let (channel, ids) = ground.within(seat, |room| (room.id(), ids(room)))?;
    let master = ground.master("bank-1")?;
    for _ in 0..records {
        let operation = statement_operation(&statement(rng), (&channel, &master), &ids)?;
        ground.write(seat, vec![vec![operation]])?;
        settle(ground);
    }
    Ok(())
}

/// Everybody has heard of what was written before anything else is.
fn settle(ground: &Ground) {
    ground.consortium().quiesce();
    ground.consortium().settle();
}

/// Values of one world differ from the other's in length, too, as far as a size class goes.
fn vary(secrets: &mut Secrets, world: World, at: usize) {
    if world == World::Other {
        if let Some(Value::Text(text)) = secrets.get_mut("supplier_id") {
            text.truncate(text.len().saturating_sub(at % 8));
        }
        if let Some(Value::Text(text)) = secrets.get_mut("supplier_name") {
            text.push_str("xx");
        }
        // From the smallest amount to one of the marked set.
        let small = u64::try_from(at).unwrap_or_default().saturating_add(1);
        secrets.insert("face_amount", Value::Amount(small));
    }
    if world == World::Longer
        && at == 3
        && let Some(Value::Text(text)) = secrets.get_mut("lines")
    {
        *text = text.repeat(4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worlds_differ_in_values_and_in_lengths_within_a_class() {
        let mut one = receivable(&mut rng(1, "one world"));
        let mut other = receivable(&mut rng(1, "the other world"));
        vary(&mut one, World::One, 3);
        vary(&mut other, World::Other, 3);
        assert!(one.iter().all(|(field, value)| other.get(field) != Some(value)));
        let length = |secrets: &Secrets, field| match secrets.get(field) {
            Some(Value::Text(text)) => text.len(),
            _ => 0,
        };
        let class = |length: usize| parclose_crypto::padding::padded_length(length);
        for field in ["supplier_id", "supplier_name"] {
            let (a, b) = (length(&one, field), length(&other, field));
            assert!(a != b && class(a) == class(b), "{field}: {a} {b}");
        }
    }
}
