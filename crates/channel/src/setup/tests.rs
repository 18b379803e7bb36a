use parclose_root::GenerationKeys;
use parclose_types::Failure;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::fixtures::{CHANNEL, candidates, definition, found, genesis, texts};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([8; 32])
}

fn setup() -> Setup {
    found(&mut rng()).setup
}

/// The rule that a setup breaks.
fn rule(setup: &Setup) -> &'static str {
    setup.check().map_or_else(|invalid| invalid.rule(), |_| "none")
}

/// Puts the name on a changed setup that the root chain would have given it.
fn named(mut setup: Setup) -> Setup {
    let config = &setup.config;
    let keys = GenerationKeys::new(config.generation, config.pseudonyms(), config.threshold).unwrap();
    let body = OpenBody { keys, genesis_commitment: setup.genesis_commitment() };
    setup.tag = body.tag(&setup.config.network);
    setup
}

fn entries(names: &[&str]) -> Vec<MemberEntry> {
    candidates(names, &definition(), &mut rng())
        .iter()
        .map(|(_, candidate)| candidate.entry().clone())
        .collect()
}

fn founding(members: Vec<MemberEntry>) -> Result<Founding, SetupInvalid> {
    Founding::new(genesis().network(), CHANNEL, texts(), &definition(), members)
}

#[test]
fn a_founded_setup_holds() {
    setup().check().unwrap();
}

#[test]
fn set_01_members_are_two_or_more_with_names_and_roles_of_the_definition() {
    let refused = |members| founding(members).unwrap_err().rule();
    assert_eq!(refused(vec![]), "SET-01");
    assert_eq!(refused(entries(&["ann"])), "SET-01");
    assert_eq!(refused(entries(&["ann", "ann"])), "SET-01");
    let mut roleless = entries(&["ann", "bob"]);
    roleless[0].certificate.roles = vec![];
    assert_eq!(refused(roleless), "SET-01");
    let mut unknown = entries(&["ann", "bob"]);
    unknown[0].certificate.roles = vec!["owner".into()];
    assert_eq!(refused(unknown), "SET-01");
    founding(entries(&["ann", "bob"])).unwrap();
}

#[test]
fn set_01_a_setup_from_elsewhere_is_counted_before_it_is_used() {
    for kept in 0..2 {
        let mut few = setup();
        few.config.members.truncate(kept);
        assert_eq!(rule(&few), "SET-01");
    }
    let mut many = setup();
    let entry = many.config.members[0].clone();
    many.config.members = (0..=limits::MEMBERS_MAX)
        .map(|at| MemberEntry { name: at.to_string(), certificate: entry.certificate.clone() })
        .collect();
    assert_eq!(rule(&many), "SET-01");
}

#[test]
fn set_03_texts_version_and_epochs_are_those_of_the_configuration() {
    for change in [
        (|s| s.texts.channel_toml.push('\n')) as fn(&mut Setup),
        |s| s.texts.policy.push('\n'),
        |s| s.texts.policy_schema.push('\n'),
        |s| s.config.definition_version += 1,
        |s| s.config.epoch_length += 1,
        |s| s.config.epoch_length = 0,
        |s| s.config.generation = Generation(1),
        |s| {
            s.texts.channel_toml = "no definition".into();
            s.config.definition = s.texts.digest();
        },
    ] {
        let mut changed = setup();
        change(&mut changed);
        assert_eq!(rule(&named(changed)), "SET-03");
    }
}

#[test]
fn set_04_a_setup_is_certified_and_the_one_that_was_opened() {
    for change in [
        (|s| s.config.members.swap(0, 1)) as fn(&mut Setup),
        |s| s.config.members[1] = MemberEntry { name: "cy".into(), ..s.config.members[0].clone() },
        |s| s.config.members[0].certificate.encryption_key[0] ^= 1,
        |s| s.config.threshold = 0,
        |s| s.config.threshold = 1,
        |s| s.config.threshold = 3,
        |s| s.config.threshold = u16::MAX,
        |s| s.tag.0[0] ^= 1,
        |s| s.genesis_blinder[0] ^= 1,
    ] {
        let mut changed = setup();
        change(&mut changed);
        assert_eq!(rule(&changed), "SET-04");
    }
}

#[test]
fn set_04_founders_come_with_their_own_certificates() {
    let mut twice = entries(&["ann", "bob"]);
    twice[1] = MemberEntry { name: "bob".into(), certificate: twice[0].certificate.clone() };
    assert_eq!(founding(twice).unwrap_err().rule(), "SET-04");
    let mut forged = entries(&["ann", "bob"]);
    forged[1].certificate.encryption_key[0] ^= 1;
    assert_eq!(founding(forged).unwrap_err().rule(), "SET-04");
}
