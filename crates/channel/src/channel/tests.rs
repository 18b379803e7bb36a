use parclose_transaction::Change;
use parclose_types::{Failure, Generation};

use super::*;
use crate::fixtures::{CHANNEL, Trio, create, found};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

#[test]
fn aut_06_the_previous_epoch_counts_within_the_grace_and_no_longer() {
    let mut trio = Trio::new();
    let early = trio.odd(create(1), |body, _| body.expiry.0 += 150);
    let late = trio.odd(create(2), |body, _| body.expiry.0 += 150);
    let (start, length) = (trio.member(0).terms()[0].start, trio.member(0).config().epoch_length);
    let grace = trio.member(0).definition().parameters.grace;
    let blocks = start.0 + length - trio.next().0;
    trio.wait(blocks);
    assert_eq!(trio.decide(&early), "applied", "first height of the next epoch");
    let blocks = start.0 + length + grace - trio.next().0;
    trio.wait(blocks);
    assert_eq!(trio.decide(&late), "AUT-06", "first height after the grace");
}

#[test]
fn aut_06_a_generation_grants_no_grace_to_the_one_before() {
    let mut trio = Trio::new();
    let length = trio.member(0).config().epoch_length;
    let grace = trio.member(0).definition().parameters.grace;
    trio.decide_on(0, vec![Change::Rekey], &[1]);
    let rotated = trio.rotate().height;
    let channel = trio.member(0);
    let term = channel.terms()[1];
    assert_eq!(
        (term.start, term.first_epoch),
        (Height(rotated.0 + 1), Epoch(channel.terms()[0].epoch_at(rotated).0.0 + 1))
    );
    assert_eq!(channel.setting(term.start).grace, 0);
    assert_eq!(channel.setting(Height(term.start.0 + length - 1)).grace, 0);
    let second = channel.setting(Height(term.start.0 + length));
    assert_eq!((second.epoch, second.grace), (Epoch(term.first_epoch.0 + 1), grace));
}

#[test]
fn sea_08_a_store_opens_for_its_own_member_and_channel_only() {
    let mut rng = ChaCha20Rng::from_seed([6; 32]);
    let founded = found(&mut rng);
    let folder = tempfile::tempdir().unwrap();
    let cache = SharedCache::new(1 << 20);
    let salts = || Box::new(ChaCha20Rng::from_seed([1; 32]));
    let ((member, candidate), other) = (&founded.candidates[0], &founded.candidates[1].0);
    let key = (GENERATION, candidate.one_time());
    Channel::create(folder.path(), member, &founded.setup, key, &cache, salts()).unwrap();
    let refused = Channel::open(folder.path(), other, &CHANNEL, &cache, salts()).unwrap_err();
    assert_eq!(refused.rule(), "STO-05");
    let refused = Channel::open(folder.path(), member, &ChannelId([6; 32]), &cache, salts()).unwrap_err();
    assert_eq!(refused.rule(), "STO-05");
    Channel::open(folder.path(), member, &CHANNEL, &cache, salts()).unwrap();
}

#[test]
fn set_03_no_store_is_made_for_a_setup_that_does_not_hold() {
    let mut founded = found(&mut ChaCha20Rng::from_seed([6; 32]));
    founded.setup.config.generation = Generation(1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let cache = SharedCache::new(1 << 20);
    let salts = Box::new(ChaCha20Rng::from_seed([1; 32]));
    let (member, candidate) = &founded.candidates[0];
    let key = (GENERATION, candidate.one_time());
    let refused = Channel::create(&path, member, &founded.setup, key, &cache, salts).unwrap_err();
    assert_eq!(refused.rule(), "SET-03");
    assert!(!path.exists());
}
