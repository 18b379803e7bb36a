use parclose_crypto::wrap::UnwrapKey;
use parclose_types::{Digest, SignatureBytes};
use proptest::prelude::*;

use super::*;
use crate::fixtures::{
    BILATERAL, CHANNEL, GENERATION, SCF, SCF_CHANNEL, certified, configuration, rng, subsets,
};

fn key() -> UnwrapKey {
    UnwrapKey::generate(&mut rng(3))
}

/// A certified configuration whose member `n` has `roles[n]`.
fn members(toml: &str, roles: &[&[&str]]) -> (Definition, GenerationConfig) {
    let key = key();
    let member = |(n, roles): (usize, &&[&str])| {
        certified(u8::try_from(n).unwrap() + 1, &format!("m{n}"), roles, &key)
    };
    configuration(toml, roles.iter().enumerate().map(member).collect())
}

fn names(channel: &GenerationConfig, sets: &[Vec<PublicKey>]) -> BTreeSet<Vec<String>> {
    let name = |key: &PublicKey| channel.member(key).unwrap().name.clone();
    let named = |set: &Vec<PublicKey>| {
        let mut names: Vec<String> = set.iter().map(name).collect();
        names.sort_unstable();
        names
    };
    sets.iter().map(named).collect()
}

#[test]
fn members_are_found_by_pseudonym_and_by_name() {
    let config = &SCF_CHANNEL.config;
    for person in &SCF_CHANNEL.people {
        let key = person.pseudonym.public();
        assert_eq!(config.member(&key).unwrap().name, person.name);
        assert_eq!(config.named(person.name).unwrap().certificate.pseudonym, key);
    }
    assert!(config.member(&PublicKey([9; 32])).is_none() && config.named("nobody").is_none());
    assert!(config.pseudonyms().is_sorted());
}

#[test]
fn the_digest_covers_every_part_of_the_configuration() {
    let base = SCF_CHANNEL.config.digest();
    let with = |change: fn(&mut GenerationConfig)| {
        let mut config = SCF_CHANNEL.config.clone();
        change(&mut config);
        config.digest()
    };
    let others: BTreeSet<Digest> = BTreeSet::from([
        with(|c| c.network = NetworkId([9; 32])),
        with(|c| c.channel = ChannelId([9; 32])),
        with(|c| c.generation.0 += 1),
        with(|c| c.definition = DefinitionDigest([9; 32])),
        with(|c| c.definition_version += 1),
        with(|c| c.epoch_length += 1),
        with(|c| c.threshold += 1),
        with(|c| drop(c.members.pop())),
        with(|c| c.members[0].name.push('x')),
        with(|c| c.members[0].certificate.roles.push("bank".into())),
    ]);
    assert_eq!(others.len(), 10);
    assert!(!others.contains(&base));
}

#[test]
fn key_12_members_stand_ascending_each_with_a_certificate_that_verifies() {
    let certified = |change: fn(&mut GenerationConfig)| {
        let mut config = SCF_CHANNEL.config.clone();
        change(&mut config);
        config.is_certified()
    };
    assert!(certified(|_| ()));
    assert!(!certified(|c| c.members.swap(0, 1)));
    assert!(!certified(|c| c.members[1] = c.members[0].clone()));
    assert!(!certified(|c| c.members[1].certificate.roles = vec!["bank".into(), "buyer".into()]));
    assert!(!certified(|c| c.members[1].certificate.encryption_key[0] ^= 1));
    assert!(!certified(|c| c.members[1].certificate.identity_signature = SignatureBytes([0; 64])));
    assert!(!certified(|c| c.members[1].certificate.pseudonym_signature = SignatureBytes([0; 64])));
    // A certificate of another channel or generation does not carry over.
    assert!(!certified(|c| c.channel = ChannelId([9; 32])));
    assert!(!certified(|c| c.generation.0 += 1));
}

#[test]
fn key_12_an_organisation_stands_in_it_once() {
    // One identity that certifies two pseudonyms would endorse twice.
    let key = key();
    let (twin, roles) =
        (parclose_keys::member::hazmat::member_from_bytes([1; 32]), vec!["member".to_owned()]);
    let other = parclose_keys::member::hazmat::member_from_bytes([2; 32]).pseudonym(&CHANNEL, GENERATION);
    let second = PseudonymCertificate::issue(
        &twin.identity(),
        &other,
        key.public().to_vec(),
        roles,
        &CHANNEL,
        GENERATION,
    );
    let first = certified(1, "acme", &["member"], &key);
    let second = MemberEntry { name: "acme-2".into(), certificate: second };
    second.certificate.verify(&CHANNEL, GENERATION).unwrap();
    assert!(!configuration(BILATERAL, vec![first.clone(), second]).1.is_certified());
    // Nor do two organisations share a pseudonym, though both certify it,
    let own = parclose_keys::member::hazmat::member_from_bytes([1; 32]).pseudonym(&CHANNEL, GENERATION);
    let partner = parclose_keys::member::hazmat::member_from_bytes([2; 32]).identity();
    let roles = vec!["member".to_owned()];
    let shared =
        PseudonymCertificate::issue(&partner, &own, key.public().to_vec(), roles, &CHANNEL, GENERATION);
    shared.verify(&CHANNEL, GENERATION).unwrap();
    let shared = MemberEntry { name: "beta".into(), certificate: shared };
    assert!(!configuration(BILATERAL, vec![first.clone(), shared]).1.is_certified());
    // nor a name.
    let namesake = certified(2, "acme", &["member"], &key);
    assert!(!configuration(BILATERAL, vec![first.clone(), namesake]).1.is_certified());
    let neighbour = certified(2, "beta", &["member"], &key);
    assert!(configuration(BILATERAL, vec![first, neighbour]).1.is_certified());
}

#[test]
fn key_12_an_epoch_has_a_length() {
    let config = GenerationConfig { epoch_length: 0, ..SCF_CHANNEL.config.clone() };
    assert!(!config.is_certified());
}

proptest! {
    #[test]
    fn aud_01_an_audience_is_the_union_of_role_holders_and_named_slots(
        holds in proptest::collection::vec(any::<bool>(), 5), stands in proptest::collection::vec(0_usize..5, 2),
    ) {
        let roles: Vec<&[&str]> = holds.iter().map(|holds| if *holds { &["bank"][..] } else { &["buyer"][..] }).collect();
        let (_, config) = members(SCF, &roles);
        let rule = AudienceRule { name: "a".into(), roles: vec!["bank".into()], slots: vec!["x".into(), "y".into()] };
        let ids: Vec<MemberId> = config.members.iter().map(MemberEntry::id).collect();
        let parties = BTreeMap::from([("x", ids[stands[0]]), ("y", ids[stands[1]]), ("z", ids[0])]);
        let expected: Vec<PublicKey> = config.members.iter()
            .filter(|m| m.certificate.roles == ["bank"] || [ids[stands[0]], ids[stands[1]]].contains(&m.id()))
            .map(|m| m.certificate.pseudonym)
            .collect();
        prop_assert_eq!(config.audience_members(&rule, &parties), expected);
    }
}

#[test]
fn aud_01_the_schema_and_not_the_writer_says_who_reads() {
    let (config, key) = (&SCF_CHANNEL.config, |name| SCF_CHANNEL.id_of(name));
    let rule = |name: &str| SCF_CHANNEL.definition.audience(name).unwrap();
    let parties =
        BTreeMap::from([("buyer", key("acme")), ("supplier", key("supplierco")), ("bank", key("northbank"))]);
    let audience = |name: &str| names(config, &[config.audience_members(rule(name), &parties)]);
    let set = |names: &[&str]| BTreeSet::from([names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()]);
    assert_eq!(audience("trade"), set(&["acme", "supplierco"]));
    assert_eq!(audience("financing"), set(&["northbank", "supplierco"]));
    assert_eq!(audience("parties"), set(&["acme", "northbank", "supplierco"]));
    // A slot that the rule does not name, and a key that is no member's, add nobody.
    let mut more = parties.clone();
    more.insert("notary", key("northbank"));
    more.insert("buyer", MemberId([9; 32]));
    assert_eq!(config.audience_members(rule("trade"), &more), [SCF_CHANNEL.key_of("supplierco")]);
    // The name of a set depends on the set, channel and generation.
    let trade = config.audience_of(&config.audience_members(rule("trade"), &parties));
    assert_ne!(trade, config.audience_of(&config.audience_members(rule("financing"), &parties)));
    let later = GenerationConfig { generation: Generation(9), ..config.clone() };
    assert_ne!(trade, later.audience_of(&later.audience_members(rule("trade"), &parties)));
}

/// The sets by their definition: every assignment of role holders, or of nobody, to the slots of every
/// record type.
fn by_assignment(config: &GenerationConfig, definition: &Definition) -> BTreeSet<Vec<PublicKey>> {
    let mut sets = BTreeSet::new();
    for record in &definition.records {
        let mut assignments: Vec<Vec<MemberId>> = vec![Vec::new()];
        for slot in &record.slots {
            let holders = config.members.iter().filter(|m| m.certificate.roles.contains(&slot.role));
            let holders: Vec<MemberId> = holders.map(MemberEntry::id).chain([MemberId([0; 32])]).collect();
            assignments = assignments
                .iter()
                .flat_map(|ids| holders.iter().map(|id| [&ids[..], &[*id]].concat()))
                .collect();
        }
        for ids in assignments {
            let parties = record.slots.iter().map(|slot| slot.name.as_str()).zip(ids).collect();
            let rules = record.fields.iter().map(|field| definition.audience(&field.audience).unwrap());
            sets.extend(rules.map(|rule| config.audience_members(rule, &parties)));
        }
    }
    sets.into_iter().filter(|set| !set.is_empty()).collect()
}

#[test]
fn aud_02_a_set_can_be_produced_if_some_assignment_of_members_to_slots_gives_it() {
    let all: &[&str] = &["bank", "buyer", "supplier"];
    let by_role = SCF.replace("name = \"parties\"\nslots", "name = \"parties\"\nroles = [\"bank\"]\nslots");
    assert_ne!(by_role, SCF);
    for toml in [SCF, &by_role, BILATERAL] {
        for roles in [
            &[all, all, all, &["bank"]][..],
            &[&["buyer"], &["buyer"], &["supplier"], &["bank"], &["bank"]],
            &[&["buyer", "member"], &["supplier", "member"], &["member"]],
        ] {
            let (definition, config) = members(toml, roles);
            let expected = by_assignment(&config, &definition);
            for set in subsets(&config.pseudonyms()) {
                let can = config.can_produce(&definition, &set);
                assert_eq!(can, expected.contains(&set), "{:?}", names(&config, &[set]));
            }
        }
    }
    let stranger = PublicKey([9; 32]);
    assert!(!SCF_CHANNEL.config.can_produce(&SCF_CHANNEL.definition, &[stranger]));
    assert!(!SCF_CHANNEL.config.can_produce(&SCF_CHANNEL.definition, &[]));
}

#[test]
fn aud_02_what_a_set_costs_does_not_depend_on_how_many_there_are() {
    // Sixteen slots that any of sixty members may hold: some 10^15 sets.
    let mut toml = BILATERAL.replace("[\"preparer\", \"counterparty\"]", &format!("{:?}", slots("x", 16)));
    for slot in slots("x", 16) {
        toml.push_str(&format!("[[record.slot]]\nname = {slot:?}\nrole = \"member\"\n"));
    }
    let toml = toml.replacen("[[record.slot]]\nname = \"preparer\"\nrole = \"member\"\n", "", 1).replacen(
        "[[record.slot]]\nname = \"counterparty\"\nrole = \"member\"\n",
        "",
        1,
    );
    let roles: Vec<&[&str]> = vec![&["member"]; 60];
    let (definition, config) = members(&toml, &roles);
    assert_eq!(definition.records[0].slots.len(), 16);
    let keys = config.pseudonyms();
    assert!(config.can_produce(&definition, &keys[10..26]));
    assert!(!config.can_produce(&definition, &keys[10..27]), "more members than slots");
}

#[test]
fn aud_02_role_audiences_are_those_of_rules_without_slots() {
    let auditors = SCF.replace(
        "name = \"trade\"\nslots = [\"buyer\", \"supplier\"]",
        "name = \"trade\"\nroles = [\"buyer\", \"supplier\"]",
    );
    assert_ne!(auditors, SCF);
    let (definition, config) = members(&auditors, &[&["buyer"], &["supplier"], &["bank"], &["buyer"]]);
    let sets: Vec<Vec<PublicKey>> = config.role_audiences(&definition).into_iter().collect();
    // The other is that of the tag key.
    let expected: BTreeSet<Vec<String>> = [vec!["m0", "m1", "m3"], vec!["m0", "m1", "m2", "m3"]]
        .map(|set| set.into_iter().map(String::from).collect())
        .into();
    assert_eq!(names(&config, &sets), expected);
    assert_eq!(SCF_CHANNEL.config.role_audiences(&SCF_CHANNEL.definition).len(), 1);
}

fn slots(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}{n}")).collect()
}
