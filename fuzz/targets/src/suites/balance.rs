//! F12: what goes into a movement comes out of it, in whole numbers of any size, and once.

use num_bigint::BigUint;
use parclose_amounts::{AmountCommitment, Invalid, Movement, Spend, Transfer};
use parclose_types::{AssetId, Failure, TransactionDigest};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;
use crate::value::{ASSETS, CHANNEL, ENGINE, HELD, Made, PLACE, PURSE};

static PROVE: Point = Point::decides("Transfer::new");
static VERIFY: Point = Point::decides("Checked::verify");
static APPLY: Point = Point::decides("Book::apply");
static FORGED: Point = Point::fault("an amount that was moved between commitments");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F12",
    name: "f12_balance",
    holds: "a transfer is proven and applied exactly if its amounts are in balance as big integers, of one asset and each note once",
    reach: || vec![&PROVE, &VERIFY, &APPLY, &FORGED],
    run,
    controls: &[
        Control { name: "sums that wrap at 64 bits", run: wraps },
        Control { name: "assets that are not told apart", run: any_asset },
        Control { name: "a note that is counted twice", run: twice },
    ],
    script_bytes: 96,
};

/// What a transfer spends, by the numbers of the notes, and makes.
struct Plan {
    spent: Vec<usize>,
    made: Vec<(AssetId, u64)>,
    asset: AssetId,
}

/// The model: in balance as big integers, of one asset, each note once, in counts that have a shape.
fn balances(plan: &Plan) -> bool {
    let spent: BigUint = plan.spent.iter().map(|at| BigUint::from(HELD[*at])).sum();
    let made: BigUint = plan.made.iter().map(|(_, value)| BigUint::from(*value)).sum();
    spent == made
        && of_one_asset(plan)
        && once(plan)
        && (1..=8).contains(&plan.made.len())
        && !plan.spent.is_empty()
}

fn of_one_asset(plan: &Plan) -> bool {
    let of_note = |at: &usize| ASSETS[usize::from(*at == HELD.len() - 1)];
    plan.spent
        .iter()
        .map(of_note)
        .chain(plan.made.iter().map(|(asset, _)| *asset))
        .all(|asset| asset == plan.asset)
}

fn once(plan: &Plan) -> bool {
    let mut sorted = plan.spent.clone();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

/// One scenario: a transfer that may be out of balance; one that holds is forged and applied twice.
pub fn run(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    let plan = plan(&mut script);
    let proven = PROVE.ask(|| prove(&plan));
    assert_eq!(proven.is_ok(), balances(&plan), "balance and big integers differ");
    let transfer = match proven {
        Ok(transfer) => transfer,
        Err(invalid) => return Answer::Refused(invalid.rule()),
    };
    let effects = verify(&transfer).expect("a transfer in balance holds");
    forge(&transfer, &mut script);
    let (mut book, transaction) = (PURSE.book.clone(), TransactionDigest([0x12; 32]));
    let before = (book.notes().count() + plan.made.len(), book.supply(&plan.asset));
    assert!(
        APPLY.ask(|| book.apply(&effects, &CHANNEL, &transaction, 0)).is_ok(),
        "what holds is not applied"
    );
    let again = APPLY.ask(|| book.apply(&effects, &CHANNEL, &transaction, 0));
    assert!(again.is_err(), "notes are spent twice");
    let after = (book.notes().count() + plan.spent.len(), book.supply(&plan.asset));
    assert_eq!(after, before, "a transfer makes or loses something");
    Answer::Taken
}

fn verify(transfer: &Transfer) -> Result<parclose_amounts::Effects, Invalid> {
    let movement = Movement::Transfer(transfer.clone());
    VERIFY.ask(|| movement.check(&PLACE, &PURSE.book).and_then(|checked| checked.verify()))
}

/// Moves an amount from one commitment into another, so that the sums stay as they are: no proof covers it.
fn forge(transfer: &Transfer, script: &mut Script<'_>) {
    let mut forged = transfer.clone();
    let amount = Made::new(&transfer.asset, script.edgy().max(1), 0xF0).note().output().commitment;
    let last = forged.outputs.len() - 1;
    let at = script.below(forged.outputs.len());
    FORGED.call(|| {
        let moved = |commitment: AmountCommitment, out: bool| {
            if out { commitment.minus(&amount) } else { commitment.plus(&amount) }
        };
        forged.outputs[at].commitment = moved(forged.outputs[at].commitment, true);
        forged.outputs[last].commitment = moved(forged.outputs[last].commitment, false);
    });
    let same = forged == *transfer;
    assert_eq!(verify(&forged).is_ok(), same, "an amount below zero, or beyond 64 bits, holds");
    let mut swapped = transfer.clone();
    swapped.asset = if swapped.asset == ASSETS[0] { ASSETS[1] } else { ASSETS[0] };
    assert!(verify(&swapped).is_err(), "an amount of one asset is one of another");
    let mut doubled = transfer.clone();
    doubled.inputs.extend(transfer.inputs.clone());
    doubled.signatures.extend(transfer.signatures.clone());
    assert!(verify(&doubled).is_err(), "a note is spent twice in one transfer");
}

fn prove(plan: &Plan) -> Result<Transfer, Invalid> {
    let spends: Vec<Spend<'_>> = plan.spent.iter().map(|at| PURSE.held[*at].spend()).collect();
    let made: Vec<Made> = plan
        .made
        .iter()
        .zip(100..)
        .map(|((asset, value), number)| Made::new(asset, *value, number))
        .collect();
    let notes: Vec<_> = made.iter().map(Made::note).collect();
    Transfer::new(&PLACE, plan.asset, ENGINE, &spends, &notes, &mut ChaCha20Rng::from_seed([12; 32]))
}

fn plan(script: &mut Script<'_>) -> Plan {
    let count = 1 + script.below(3);
    let mut spent: Vec<usize> = (0..count).map(|_| script.below(HELD.len())).collect();
    if script.below(4) > 0 {
        spent.sort_unstable();
        spent.dedup();
    }
    if script.below(4) > 0 {
        spent.retain(|at| *at != HELD.len() - 1);
        spent = if spent.is_empty() { vec![HELD.len() - 1] } else { spent };
    }
    let asset = ASSETS[usize::from(spent[0] == HELD.len() - 1)];
    let total: u128 = spent.iter().map(|at| u128::from(HELD[*at])).sum();
    let values = if script.below(4) == 0 { at_random(script) } else { split(total, script) };
    let other = |script: &mut Script<'_>| if script.below(24) == 0 { ASSETS[1] } else { asset };
    let made = values.into_iter().map(|value| (other(script), value)).collect();
    Plan { spent, made, asset }
}

fn at_random(script: &mut Script<'_>) -> Vec<u64> {
    (0..script.below(4)).map(|_| script.edgy()).collect()
}

/// A total cut into amounts of 64 bits; at times one unit short, or off by 2^64, which wraps to nothing.
fn split(total: u128, script: &mut Script<'_>) -> Vec<u64> {
    let mut left = match script.below(8) {
        0 => total.saturating_sub(1),
        1 => total.saturating_sub(1 << 64),
        2 => total.saturating_add(1 << 64),
        _ => total,
    };
    let mut values = Vec::new();
    for _ in 0..script.below(3) {
        let value = u128::from(script.edgy()).min(left).min(u128::from(u64::MAX));
        left -= value;
        values.push(u64::try_from(value).unwrap_or(u64::MAX));
    }
    while left > 0 || values.is_empty() {
        let value = u64::try_from(left).unwrap_or(u64::MAX);
        left -= u128::from(value);
        values.push(value);
    }
    values
}

fn broken(bytes: &[u8], accepts: fn(&Plan) -> bool) -> Answer {
    let plan = plan(&mut Script::new(bytes));
    assert_eq!(accepts(&plan), balances(&plan), "balance and big integers differ");
    Answer::Taken
}

fn wraps(bytes: &[u8]) -> Answer {
    broken(bytes, |plan| {
        let spent = plan.spent.iter().fold(0_u64, |sum, at| sum.wrapping_add(HELD[*at]));
        let made = plan.made.iter().fold(0_u64, |sum, (_, value)| sum.wrapping_add(*value));
        spent == made && of_one_asset(plan) && once(plan) && (1..=8).contains(&plan.made.len())
    })
}

fn any_asset(bytes: &[u8]) -> Answer {
    broken(bytes, |plan| balances(plan) || (!of_one_asset(plan) && once(plan) && sums_are_equal(plan)))
}

fn twice(bytes: &[u8]) -> Answer {
    broken(bytes, |plan| balances(plan) || (!once(plan) && of_one_asset(plan) && sums_are_equal(plan)))
}

fn sums_are_equal(plan: &Plan) -> bool {
    let spent: u128 = plan.spent.iter().map(|at| u128::from(HELD[*at])).sum();
    spent == plan.made.iter().map(|(_, value)| u128::from(*value)).sum::<u128>()
}
