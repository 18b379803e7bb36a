//! One vector per rule that breaks only that rule.

use parclose_types::Failure;

use super::*;
use crate::fixtures::{Network, key, seats};
use crate::genesis::Parameters;
use crate::transaction::{EventKind, RootTransaction};
use crate::validators::validators_tag;

fn refused(network: &Network, update: UpdateValidators) -> Option<RootReject> {
    network.refusal(RootTransaction::UpdateValidators(update))
}

/// Orders a change to these validators in a block of its own.
fn change(network: &mut Network, seats: &[usize]) -> UpdateValidators {
    let update = network.update(seats);
    network.order(vec![RootTransaction::UpdateValidators(update.clone())]);
    update
}

#[test]
fn roo_59_a_change_takes_force_two_heights_later_and_the_header_between_announces_it() {
    let mut network = Network::of_validators(4);
    let (old, new) = (network.change(&[0, 1, 2, 3]).next.digest(), network.change(&[0, 1, 2, 3, 4]).next);
    change(&mut network, &[0, 1, 2, 3, 4]);
    let named = |network: &Network| (network.state.head().validators, network.state.head().next_validators);
    assert_eq!(named(&network), (old, old), "the height that orders it");
    network.order(vec![]);
    assert_eq!(named(&network), (old, new.digest()), "the next announces");
    network.order(vec![]);
    assert_eq!(named(&network), (new.digest(), new.digest()), "the one after is signed by them");
    assert_eq!(network.state.validators().at(Height(3)), &new);
    assert_eq!(network.state.validators().at(Height(2)).digest(), old);
}

#[test]
fn changes_stand_in_a_log_of_their_own() {
    let mut network = Network::of_validators(4);
    let update = network.update(&[0, 1, 2, 3, 4]);
    let applied = network.order(vec![RootTransaction::UpdateValidators(update)]);
    let entry = applied.events[0].entry;
    assert_eq!(
        (entry.tag, entry.kind, entry.sequence),
        (validators_tag(&network.id), EventKind::Validators, Sequence(0))
    );
    assert!(applied.tags.is_empty(), "no channel has it");
    let again = applied.validators.unwrap();
    assert_eq!((again.changes, again.chain), (Sequence(1), entry.chain));
    network.order(vec![]);
    change(&mut network, &[1, 2, 3, 4]);
    assert_eq!(network.state.validators().changes, Sequence(2));
    assert_ne!(network.state.validators().chain, entry.chain);
}

#[test]
fn roo_51_a_change_counts_once_and_for_the_set_that_it_replaces() {
    let mut network = Network::of_validators(4);
    let there = network.update(&[0, 1, 2, 3, 4]);
    for other in [
        ValidatorsChange { number: Sequence(1), ..there.change.clone() },
        ValidatorsChange { replaces: Digest([1; 32]), ..there.change.clone() },
    ] {
        let refusal = refused(&network, network.signed_by_all(other)).unwrap();
        assert!(matches!(refusal, RootReject::OtherValidators { .. }), "{refusal}");
    }
    change(&mut network, &[0, 1, 2, 3, 4]);
    network.order(vec![]);
    change(&mut network, &[0, 1, 2, 3]);
    network.order(vec![]);
    // The set is the first again, and still the first change does not come back.
    let refusal = refused(&network, there.clone()).unwrap();
    assert_eq!(refusal.rule(), "ROO-51");
    let ValidatorsChange { replaces, next, .. } = there.change;
    assert_eq!(network.change(&[0]).replaces, replaces);
    let due = ValidatorsChange { next, ..network.change(&[0, 1, 2, 3, 4]) };
    assert_eq!(refused(&network, network.signed_by_all(due)), None);
}

#[test]
fn roo_52_one_change_is_on_its_way_at_a_time() {
    let mut network = Network::of_validators(4);
    let (one, other) = (network.update(&[0, 1, 2, 3, 4]), network.update(&[0, 1, 2]));
    let (block, rejected) = network.state.build([one.clone(), other].map(RootTransaction::UpdateValidators));
    assert_eq!(rejected, [(1, RootReject::Changing { from: Height(3) })], "in one block");
    network.state.apply(&block).unwrap();
    let early = ValidatorsChange {
        number: Sequence(1),
        replaces: one.change.next.digest(),
        ..network.change(&[0, 1, 2, 3])
    };
    let early = network.signed_by(early, &[0, 1, 2, 3, 4]);
    let refusal = refused(&network, early.clone()).unwrap();
    assert_eq!(refusal, RootReject::Changing { from: Height(3) });
    assert!(refusal.is_for_now() && refusal.passes_later());
    network.order(vec![]);
    assert_eq!(refused(&network, early), None, "once the first is in force");
}

#[test]
fn roo_16_roo_17_a_change_is_ordered_within_its_time() {
    let mut network = Network::of_validators(4);
    network.order(vec![]);
    let with = |last: u64| {
        let change = ValidatorsChange { last_height: Height(last), ..network.change(&[0, 1, 2, 3, 4]) };
        refused(&network, network.signed_by_all(change))
    };
    let horizon = Height(network.next().0 + network.state.genesis().parameters().window);
    assert_eq!(with(1), Some(RootReject::Expired { height: Height(2), last_height: Height(1) }));
    assert_eq!((with(2), with(horizon.0)), (None, None));
    let last_height = Height(horizon.0 + 1);
    assert_eq!(with(last_height.0), Some(RootReject::TooFarAhead { horizon, last_height }));
}

#[test]
fn roo_53_nobody_signs_twice() {
    let network = Network::of_validators(4);
    let mut update = network.update(&[0, 1, 2, 3, 4]);
    update.signatures[1] = update.signatures[0];
    assert_eq!(refused(&network, update), Some(RootReject::UpdateUnsorted));
    let mut update = network.update(&[0, 1, 2, 3, 4]);
    update.signatures.swap(0, 1);
    assert_eq!(refused(&network, update), Some(RootReject::UpdateUnsorted));
}

#[test]
fn roo_54_a_stranger_does_not_sign() {
    let network = Network::of_validators(4);
    let update = network.signed_by(network.change(&[0, 1, 2, 3, 4]), &[0, 1, 2, 3, 4, 5]);
    let signer = key("validator", 5).public();
    assert_eq!(refused(&network, update), Some(RootReject::UpdateStranger { signer }));
}

#[test]
fn roo_55_every_part_of_a_change_is_signed_and_the_network_too() {
    let network = Network::of_validators(4);
    let good = network.update(&[0, 1, 2, 3, 4]);
    let first = RootReject::UpdateSignature { signer: good.signatures[0].0 };
    assert_eq!(refused(&network, good.clone()), None);
    let signed = |change: &ValidatorsChange| change.signing_bytes(&network.id);
    for other in [
        ValidatorsChange { number: Sequence(1), ..good.change.clone() },
        ValidatorsChange { replaces: Digest([1; 32]), ..good.change.clone() },
        ValidatorsChange { next: seats(&[(0, 1)]), ..good.change.clone() },
        ValidatorsChange { last_height: Height(5), ..good.change.clone() },
    ] {
        assert_ne!(signed(&other), signed(&good.change));
    }
    let later = ValidatorsChange { last_height: Height(5), ..good.change.clone() };
    assert_eq!(refused(&network, UpdateValidators { change: later, ..good.clone() }), Some(first));
    let elsewhere = NetworkId([1; 32]);
    let mut foreign = good.clone();
    for (signer, signature) in &mut foreign.signatures {
        let number = (0..5).find(|number| key("validator", *number).public() == *signer).unwrap();
        *signature = good.change.sign(&elsewhere, &key("validator", number)).1;
    }
    assert_eq!(refused(&network, foreign), Some(first));
}

#[test]
fn roo_56_more_than_two_thirds_of_the_current_power_sign() {
    let network = Network::of_validators(4);
    let of =
        |signers: &[usize]| refused(&network, network.signed_by(network.change(&[0, 1, 2, 3, 4]), signers));
    assert_eq!(of(&[0, 1, 2, 4]), None, "three of four, and the new one");
    assert_eq!(
        of(&[0, 1, 4]),
        Some(RootReject::UpdatePower { signed: 2, total: 4 }),
        "a new one does not count"
    );
    // Exactly two thirds are not more than two thirds.
    let network = Network::of_validators(3);
    let of = |signers: &[usize]| refused(&network, network.signed_by(network.change(&[0, 1, 2, 3]), signers));
    assert_eq!(of(&[0, 1, 3]), Some(RootReject::UpdatePower { signed: 2, total: 3 }));
    assert_eq!(of(&[0, 1, 2, 3]), None);
}

#[test]
fn roo_57_nobody_enters_a_key_that_nobody_holds() {
    let network = Network::of_validators(4);
    let update = network.signed_by(network.change(&[0, 1, 2, 3, 4]), &[0, 1, 2, 3]);
    let validator = key("validator", 4).public();
    assert_eq!(refused(&network, update), Some(RootReject::NotPossessed { validator }));
    let mut lent = network.update(&[0, 1, 2, 3, 4]);
    let change = lent.change.clone();
    for (signer, signature) in &mut lent.signatures {
        if *signer == validator {
            *signature = change.sign(&network.id, &key("validator", 0)).1;
        }
    }
    assert_eq!(refused(&network, lent), Some(RootReject::UpdateSignature { signer: validator }));
}

/// What a change from one set to another is told.
fn bounds(from: &[(usize, u64)], to: &[(usize, u64)]) -> Option<&'static str> {
    let network = Network::founded(&seats(from), Parameters::default());
    let change = network.change_to(seats(to));
    refused(&network, network.signed_by_all(change)).map(|reason| reason.rule())
}

#[test]
fn roo_58_a_change_moves_less_than_a_third_of_the_power() {
    let ones = |numbers: std::ops::Range<usize>| numbers.map(|number| (number, 1)).collect::<Vec<_>>();
    assert_eq!(bounds(&ones(0..4), &ones(0..4)), Some("ROO-58"), "nothing");
    assert_eq!(bounds(&ones(0..4), &ones(0..5)), None);
    assert_eq!(bounds(&ones(0..4), &ones(1..5)), None, "one goes, another comes");
    assert_eq!(bounds(&ones(0..4), &ones(0..6)), Some("ROO-58"), "two of four come");
    assert_eq!(bounds(&ones(0..7), &ones(2..9)), None, "two of seven go, two come");
    assert_eq!(bounds(&ones(0..6), &ones(2..6)), Some("ROO-58"), "exactly a third goes");
    assert_eq!(bounds(&ones(0..4), &[(0, 2), (1, 1), (2, 1), (3, 1)]), None, "one has a vote more");
    assert_eq!(bounds(&ones(0..4), &[(0, 3), (1, 1), (2, 1), (3, 1)]), Some("ROO-58"), "two more");
    let huge = [(0, u64::MAX), (1, u64::MAX)];
    assert_eq!(bounds(&huge, &[(0, u64::MAX), (1, 1)]), Some("ROO-58"), "powers do not overflow");
}

#[test]
fn roo_58_in_a_small_network_one_validator_comes_or_goes() {
    let ones = |numbers: std::ops::Range<usize>| numbers.map(|number| (number, 1)).collect::<Vec<_>>();
    for count in 1..4 {
        assert_eq!(bounds(&ones(0..count), &ones(0..count + 1)), None, "{count} and one more");
        assert_eq!(bounds(&ones(0..count + 1), &ones(0..count)), None, "{} and one less", count + 1);
        assert_eq!(bounds(&ones(0..count), &ones(1..count + 1)), Some("ROO-58"), "not both at once");
    }
    assert_eq!(bounds(&[(0, 1)], &[(0, 1), (1, 2)]), Some("ROO-58"), "a newcomer outvotes nobody");
    assert_eq!(bounds(&[(0, 1)], &[(0, 2)]), Some("ROO-58"), "no seat, only votes");
    assert_eq!(bounds(&[(0, 5)], &[(0, 5), (1, 5)]), None);
}
