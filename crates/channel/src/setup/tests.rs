use parclose_keys::NotDealt;
use parclose_root::GenerationKeys;
use parclose_types::Failure;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::fixtures::{CHANNEL, definition, found, founders, genesis, texts};

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
    founders(names, &mut rng()).iter().map(|(_, founder)| founder.entry().clone()).collect()
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
fn set_02_every_member_set_has_its_deal() {
    let mut fewer = setup();
    fewer.deals.pop();
    assert_eq!(rule(&named(fewer)), "SET-02");
    let mut twice = setup();
    twice.deals.push(twice.deals[0].clone());
    assert_eq!(rule(&named(twice)), "SET-02");
    let mut changed = setup();
    changed.deals[0].check_value = [0; 32];
    assert_eq!(named(changed).check(), Err(SetupInvalid::NotDealt(NotDealt::Signature)));
}

#[test]
fn set_02_half_of_a_member_set_is_no_majority() {
    let whole = setup();
    for deal in &whole.deals {
        for absent in &deal.members {
            let mut fewer = whole.clone();
            fewer.acks.retain(|(audience, member, _)| (audience, member) != (&deal.audience, absent));
            // Sets have one or two members here: without one of them there is no majority.
            assert_eq!(rule(&named(fewer)), "SET-02");
        }
    }
}

#[test]
fn set_02_a_member_that_acknowledges_twice_counts_once() {
    let whole = setup();
    let pair = whole.deals.iter().find(|deal| deal.members.len() == 2).unwrap();
    let of_pair =
        |member: &PublicKey| *whole.acks.iter().find(|(a, m, _)| (a, m) == (&pair.audience, member)).unwrap();
    let (a, b) = (of_pair(&pair.members[0]), of_pair(&pair.members[1]));
    let with = |acks: &[(AudienceId, PublicKey, SignatureBytes)]| {
        let mut changed = whole.clone();
        changed.acks.retain(|(audience, _, _)| *audience != pair.audience);
        let at = changed.acks.partition_point(|(audience, _, _)| *audience < pair.audience);
        changed.acks.splice(at..at, acks.iter().copied());
        named(changed)
    };
    assert_eq!(rule(&with(&[a, a])), "SET-02");
    assert_eq!(rule(&with(&[a, b, a])), "SET-02");
    assert_eq!(rule(&with(&[b, a])), "SET-02", "out of order");
    let forged = (a.0, b.1, a.2);
    assert_eq!(rule(&with(&[a, forged])), "SET-02", "the signature of another");
    with(&[a, b]).check().unwrap();
}

#[test]
fn set_03_texts_version_and_epochs_are_those_of_the_configuration() {
    for change in [
        (|s| s.channel_toml.push('\n')) as fn(&mut Setup),
        |s| s.policy.push('\n'),
        |s| s.policy_schema.push('\n'),
        |s| s.config.definition_version += 1,
        |s| s.config.epoch_length += 1,
        |s| s.config.epoch_length = 0,
        |s| {
            s.channel_toml = "no definition".into();
            s.config.definition = Definition::digest(&s.channel_toml, &s.policy, &s.policy_schema);
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
        |s| s.config.generation = Generation(1),
        |s| s.tag.0[0] ^= 1,
        |s| s.genesis_blinder[0] ^= 1,
        |s| s.acks.truncate(3),
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

#[test]
fn set_05_member_sets_are_within_the_limit() {
    // n members make n sets of one and n (n - 1) / 2 of two.
    let names: Vec<String> = (0..23).map(|at| at.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(founding(entries(&names)).unwrap_err().rule(), "SET-05");
    assert_eq!(founding(entries(&names[..22])).unwrap().audiences.len(), 253);
}
