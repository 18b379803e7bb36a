//! The dictionary (F22b): who knows the source and all likely values, and holds what an outsider, a validator or a member
//! outside the audience holds, finds no value.
//!
//! All candidates are tried in the ways that need no salt or one of the record's own; the true values in every way, with
//! every string of 16 and 32 bytes that stands around them: a way that finds none of these finds no candidate.

mod target;

use std::collections::BTreeMap;

use parclose_findings::{Budget, Item};
use parclose_types::labels;
use rand_core::Rng;

use crate::guesses::{Held, LIKELY, amount_forms, keyed, labelled, other, plain, salted, text_forms};
use crate::points::{bare, blinded, standard_base, value_base};
use crate::random::rng;
use crate::{Failed, add, run};
pub use target::Target;

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// candidate amounts, one after another from [`FIRST`] on
    pub amounts: u64,
    /// candidate business keys
    pub keys: u64,
}

/// What a release is measured by.
pub const FULL: Effort = Effort { amounts: 1_000_000, keys: 100_000 };
/// The smallest candidate, in minor units.
pub const FIRST: u64 = 25_000_000;

/// A business key of a well-known form.
pub fn business_key(number: u64) -> String {
    format!("INV-2031-{number:06}")
}

/// Runs the attack with all candidates.
pub fn dictionary(budget: &Budget) -> Item {
    dictionary_of(budget, FULL)
}

/// Runs the attack.
pub fn dictionary_of(budget: &Budget, effort: Effort) -> Item {
    let mut item = Item::new(
        "F22b",
        "no candidate value, in whatever way it is hashed or committed to, is found in what those hold who may not read it",
        "parclose-review dictionary",
    );
    item.must_reach(&[
        "held strings",
        "salts",
        "candidate amounts",
        "candidate keys",
        "guesses",
        "commitments held",
    ]);
    run(item, budget, |item, seed| attack(item, seed, effort))
}

fn attack(item: &mut Item, seed: u64, effort: Effort) -> Result<(), Failed> {
    let mut rng = rng(seed, "dictionary");
    let target = Target::build(&mut rng, effort)?;
    let held = Held::of(target.held.iter().map(Vec::as_slice));
    let mut trial = Trial::new(&held, planted(&target, rng.next_u64())?);
    add(item, "held strings", held.len());
    add(item, "salts", target.strings.len());
    add(item, "commitments held", target.commitments);
    add(item, "candidate amounts", effort.amounts);
    add(item, "candidate keys", effort.keys);
    every_candidate(&mut trial, &target, effort);
    true_values(&mut trial, &target);
    commitments(&mut trial, &target, effort);
    add(item, "guesses", trial.made);
    item.executions = item.executions.saturating_add(trial.made);
    for what in &trial.hits {
        item.find(format!("a guess is held: {what}"), item.replay.clone());
    }
    for (what, caught) in trial.planted.values() {
        item.control(what, *caught);
    }
    Ok(())
}

/// Guesses that are looked for.
struct Trial<'a> {
    held: &'a Held,
    traps: Held,
    /// by their first eight bytes: what was planted, and whether it was found
    planted: BTreeMap<[u8; 8], (&'static str, bool)>,
    made: u64,
    hits: Vec<String>,
}

/// So many hits are told.
const HITS_MAX: usize = 10;

impl<'a> Trial<'a> {
    fn new(held: &'a Held, planted: Vec<(&'static str, Vec<u8>)>) -> Self {
        let traps = Held::of(planted.iter().map(|(_, bytes)| bytes.get(..8).unwrap_or_default()));
        let planted =
            planted.into_iter().filter_map(|(what, bytes)| Some((*bytes.first_chunk::<8>()?, (what, false))));
        Self { held, traps, planted: planted.collect(), made: 0, hits: Vec::new() }
    }

    /// Makes guesses in one way.
    fn guess(&mut self, what: &str, make: impl FnOnce(&mut dyn FnMut(&[u8])) -> u64) {
        let (held, traps, planted, hits) = (self.held, &self.traps, &mut self.planted, &mut self.hits);
        let made = make(&mut |guess| {
            if held.has(guess) && hits.len() < HITS_MAX {
                hits.push(what.to_owned());
            }
            if traps.has(guess)
                && let Some(first) = guess.first_chunk::<8>()
                && let Some((_, caught)) = planted.get_mut(first)
            {
                *caught = true;
            }
        });
        self.made = self.made.saturating_add(made);
    }
}

/// A way to make guesses: how many there were.
type Guessing<'a> = &'a mut dyn FnMut(&mut dyn FnMut(&[u8])) -> u64;

/// What is planted: each kind of mistake that this attack is there to find.
fn planted(target: &Target, draw: u64) -> Result<Vec<(&'static str, Vec<u8>)>, Failed> {
    let amount = *target.amounts.first().ok_or("no amount")?;
    let key = target.keys.first().ok_or("no key")?;
    let last = target.strings.last().ok_or("nothing is held")?;
    let some = usize::try_from(draw).unwrap_or_default() % target.strings.len();
    let string = target.strings.get(some).ok_or("nothing is held")?;
    let slice = *target.slices.first().ok_or("no slice")?;
    let asset = target.assets.first().ok_or("no asset")?;
    let mut planted = Vec::new();
    let mut plant = |what, made: Guessing<'_>, which: usize| {
        let mut all = Vec::new();
        made(&mut |guess| all.push(guess.to_vec()));
        all.into_iter().nth(which).into_iter().for_each(|guess| planted.push((what, guess)));
    };
    let [field, ..] = amount_forms(amount);
    let [text, ..] = text_forms(key);
    plant("a bare hash of an amount", &mut |guess| plain(&field, guess), 0);
    plant("a bare hash of a business key", &mut |guess| plain(&text, guess), 0);
    plant("a labelled hash of an amount without a secret", &mut |g| labelled(&field, &[labels::FIELD], g), 0);
    let salt = target.salts.first().ok_or("no salt")?;
    plant("an amount hashed with its transaction's salt", &mut |guess| salted(&field, salt, guess), 0);
    plant("a key derived from a string that is held", &mut |g| keyed(&field, string, &[labels::SEAL], g), 0);
    plant("a commitment without a blinding", &mut |guess| bare(&value_base(asset), slice, 1, guess), 0);
    plant(
        "a commitment with a blinding that is held",
        &mut |guess| blinded(&value_base(asset), slice, &[*last], guess),
        0,
    );
    Ok(planted)
}

/// All candidates, without a salt and with those of a record that holds one of them.
fn every_candidate(trial: &mut Trial<'_>, target: &Target, effort: Effort) {
    for minor in FIRST..FIRST.saturating_add(effort.amounts) {
        let forms = amount_forms(minor);
        for form in &forms {
            trial.guess("an amount, hashed", |guess| plain(form, guess));
        }
        let [field, big, _, decimal, ..] = &forms;
        for form in [field, big, decimal] {
            trial.guess("an amount, hashed in another way", |guess| other(form, guess));
        }
        for form in [field, big] {
            trial.guess("an amount under a label", |guess| labelled(form, &LIKELY, guess));
        }
        for salt in &target.salts {
            trial.guess("an amount with a salt of its record", |guess| salted(field, salt, guess));
        }
    }
    for number in 0..effort.keys {
        for form in text_forms(&business_key(number)) {
            trial.guess("a business key, hashed", |guess| plain(&form, guess) + other(&form, guess));
            trial.guess("a business key under a label", |guess| labelled(&form, &LIKELY, guess));
            for salt in &target.salts {
                trial.guess("a business key with a salt of its record", |guess| salted(&form, salt, guess));
            }
        }
    }
}

/// The true values of one record: every label, every string that is held beside them.
fn true_values(trial: &mut Trial<'_>, target: &Target) {
    let amounts = target.amounts.iter().take(TRUE_VALUES).flat_map(|minor| amount_forms(*minor));
    let texts = target.keys.iter().chain(&target.texts).take(TRUE_VALUES).flat_map(|text| text_forms(text));
    let forms: Vec<Vec<u8>> = amounts.chain(texts).collect();
    for form in &forms {
        trial.guess("a true value, hashed", |guess| plain(form, guess) + other(form, guess));
        trial.guess("a true value under a label", |guess| labelled(form, labels::ALL, guess));
        for string in &target.strings {
            trial.guess("a true value with a string that is held", |guess| {
                salted(form, string, guess) + salted(form, &string[..16], guess)
            });
            trial.guess("a true value under a key that is held", |guess| keyed(form, string, &LIKELY, guess));
        }
        for salt in &target.salts {
            trial.guess("a true value under a label, with a salt", |guess| {
                keyed(form, salt, labels::ALL, guess)
            });
        }
    }
}

/// Values that are tried in every way.
const TRUE_VALUES: usize = 4;

/// Commitments to all amounts without a blinding, and to the true ones with every string that is held.
fn commitments(trial: &mut Trial<'_>, target: &Target, effort: Effort) {
    for asset in &target.assets {
        let base = value_base(asset);
        trial.guess("a bare commitment", |guess| bare(&base, FIRST, effort.amounts, guess));
        for slice in &target.slices {
            trial.guess("a commitment with a blinding that is held", |guess| {
                blinded(&base, *slice, &target.strings, guess)
            });
        }
    }
    let base = standard_base();
    trial.guess("a bare multiple of the standard base", |guess| bare(&base, FIRST, effort.amounts, guess));
}
