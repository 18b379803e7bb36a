//! Random lives of an asset, beside a model of numbers: what members accept conserves every unit, and
//! an auditor with the openings finds the same without looking at any proof.
#![allow(clippy::unwrap_used, reason = "what is set up well verifies; anything else fails the test")]

mod world;

use std::collections::BTreeMap;

use parclose_amounts::{AmountCommitment, NotOpened, Opening, Supply, SupplyChange, TotalOpening};
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_types::NoteId;
use proptest::prelude::*;
use world::{ASSET, PLACE, World};

/// What happens next, by numbers that the state makes sense of.
#[derive(Clone, Debug)]
enum Step {
    Issue(Vec<u64>),
    Transfer { spend: usize, pieces: usize, cut: u64 },
    Redeem { spend: usize, cut: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![Just(0), Just(1), Just(u64::MAX), any::<u64>(), 0..1000_u64];
    prop_oneof![
        proptest::collection::vec(value, 1..4).prop_map(Step::Issue),
        (1..4_usize, 1..5_usize, any::<u64>()).prop_map(|(spend, pieces, cut)| Step::Transfer {
            spend,
            pieces,
            cut
        }),
        (1..3_usize, any::<u64>()).prop_map(|(spend, cut)| Step::Redeem { spend, cut }),
    ]
}

/// A total in pieces of at most 2^64 - 1 each; nothing if that many pieces cannot hold it.
fn pieces(mut total: u128, count: usize, cut: u64) -> Option<Vec<u64>> {
    let mut values = Vec::new();
    for left in (1..=count).rev() {
        let most = u128::from(u64::MAX);
        let least = total.saturating_sub(most * (left as u128 - 1));
        let value = if left == 1 { total } else { least.max(total.min(u128::from(cut % 1000))) };
        values.push(u64::try_from(value).ok()?);
        total -= value;
    }
    (total == 0).then_some(values)
}

/// The auditor's books: openings of all that was issued and redeemed.
struct Auditor(TotalOpening);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn val_18_what_members_accept_conserves_every_unit(steps in proptest::collection::vec(step(), 1..9)) {
        let mut world = World::with(&[]);
        let mut model: BTreeMap<NoteId, u64> = BTreeMap::new();
        let mut circulating = 0_u128;
        let mut auditor = Auditor(TotalOpening::nothing(ASSET));
        for step in steps {
            let notes = world.notes();
            let total = |spent: &[NoteId]| spent.iter().map(|note| u128::from(model[note])).sum::<u128>();
            let (effects, made) = match step {
                Step::Issue(values) => {
                    let made = world.new_purses(&values);
                    made.iter().for_each(|purse| auditor.0.add(&purse.opening));
                    circulating += values.iter().map(|value| u128::from(*value)).sum::<u128>();
                    (world.issue(&made).verify(&PLACE, &world.book).unwrap(), made)
                }
                Step::Transfer { spend, pieces: count, cut } => {
                    let spent: Vec<_> = notes.into_iter().take(spend).collect();
                    let Some(values) = pieces(total(&spent), count, cut).filter(|_| !spent.is_empty()) else { continue };
                    let made = world.new_purses(&values);
                    (world.transfer(&spent, &made).verify(&PLACE, &world.book).unwrap(), made)
                }
                Step::Redeem { spend, cut } => {
                    let spent: Vec<_> = notes.into_iter().take(spend).collect();
                    let Some(values) = pieces(total(&spent), 2, cut).filter(|_| !spent.is_empty()) else { continue };
                    let (redeemed, rest) = (world.new_purses(&values[..1]), world.new_purses(&values[1..]));
                    auditor.0.subtract(&redeemed[0].opening);
                    circulating -= u128::from(values[0]);
                    let redemption = world.redemption(&spent, &rest, &redeemed[0]);
                    (redemption.verify(&PLACE, &world.book).unwrap(), rest)
                }
            };
            world.apply(&effects, made);
            model = world.purses.iter().map(|(note, purse)| (*note, purse.value)).collect();
            prop_assert_eq!(model.keys().copied().collect::<Vec<_>>(), world.notes());
            let unspent: u128 = model.values().map(|value| u128::from(*value)).sum();
            prop_assert_eq!(unspent, circulating);
            let supply = world.book.supply(&ASSET).unwrap();
            prop_assert_eq!(auditor.0.check(&supply.0), Ok(circulating));
        }
        // Each note opens to what its holder thinks it holds.
        for (note, unspent) in world.book.notes() {
            prop_assert_eq!(unspent.commitment, world.purses[note].opening.commitment());
        }
    }
}

#[test]
fn val_18_the_supply_is_what_was_issued_less_what_was_redeemed() {
    let opening = |value, key| Opening::derive(&ASSET, value, &secret_from_bytes([key; 32]));
    let (issued, redeemed) = (opening(1000, 1), opening(400, 2));
    let supply = Supply::nothing()
        .after(SupplyChange::Issued(issued.commitment()))
        .after(SupplyChange::None)
        .after(SupplyChange::Redeemed(redeemed.commitment()));
    let mut total = TotalOpening::nothing(ASSET);
    total.add(&issued);
    assert_eq!(total.check(&supply.0), Err(NotOpened));
    total.subtract(&redeemed);
    assert_eq!(total.check(&supply.0), Ok(600));
    assert_eq!(TotalOpening::nothing(ASSET).check(&AmountCommitment::zero()), Ok(0));
    assert_eq!(format!("{total:?}"), "TotalOpening(..)");
}
