use std::collections::BTreeMap;

use parclose_crypto::wrap::UnwrapKey;
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;
use crate::fixtures::{SCF, certified, configuration, rng};

const NAMES: [&str; 3] = ["buyer", "supplier", "bank"];

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn rule(roles: &[&str], slots: &[&str]) -> AudienceRule {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    AudienceRule { name: "rule".into(), roles: words(roles), slots: words(slots) }
}

#[test]
fn a_slot_is_named_before_a_role_and_nobody_else_reads() {
    let rule = rule(&["bank", "auditor"], &["buyer"]);
    let grounds =
        |roles: &[&str], slots: &[&str]| rule.grounds(&set(roles), &set(slots)).map(|g| g.to_string());
    assert_eq!(grounds(&["bank"], &["buyer"]).as_deref(), Some("slot buyer"));
    assert_eq!(grounds(&["auditor", "bank"], &["supplier"]).as_deref(), Some("role bank"));
    assert_eq!(grounds(&["buyer", "supplier"], &["supplier"]), None, "the role of a slot is not the slot");
    assert_eq!(rule.in_words(), "slot buyer, role bank, role auditor");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn aud_01_the_grounds_of_one_member_are_those_of_the_audience(
        members in proptest::collection::vec(subsequence(NAMES.to_vec(), 1..=3), 4),
        seats in proptest::collection::vec(0..4_usize, 3),
        (roles, slots) in (subsequence(NAMES.to_vec(), 0..=3), subsequence(NAMES.to_vec(), 0..=3)),
    ) {
        let key = UnwrapKey::generate(&mut rng(3));
        let entries = members.iter().zip(1..).map(|(roles, n)| certified(n, &format!("m{n}"), roles, &key)).collect();
        let (_, config) = configuration(SCF, entries);
        let parties: BTreeMap<&str, _> =
            NAMES.into_iter().zip(&seats).map(|(slot, seat)| (slot, config.members[*seat].id())).collect();
        let rule = rule(&roles, &slots);
        let audience = config.audience_members(&rule, &parties);
        for member in &config.members {
            let own = member.certificate.pseudonym;
            let id = member.id();
            let stands = parties.iter().filter(|(_, key)| **key == id).map(|(slot, _)| (*slot).to_owned()).collect();
            let roles = member.certificate.roles.iter().cloned().collect();
            prop_assert_eq!(rule.grounds(&roles, &stands).is_some(), audience.contains(&own));
        }
    }
}
