//! What people write: definitions, policies, mappings. Sizes are bounded here where the entrance's own
//! limit would make a single run slow.

use std::collections::{BTreeMap, BTreeSet};
use std::str::from_utf8;

use parclose_access::request::{Party, Principal, Request, Roles};
use parclose_access::{Effect, Policy, PolicyEpoch, PolicyError, PolicySource, decide, explain};
use parclose_documents::Mapping;
use parclose_documents::mapping::MappingFault;
use parclose_transaction::{Definition, DefinitionInvalid};
use parclose_types::MemberId;

use crate::Reached;
use crate::tables::{SAMPLE, check_import, import};
use crate::world::SCHEMA;

/// Bytes of a policy with its schema; the entrance itself takes 256 KiB of each.
const POLICY_INPUT_BYTES_MAX: usize = 8 << 10;
/// What forbids everything: no permit wins over it.
const FORBID_ALL: &str = "\n@id(\"fuzz-forbid-all\")\nforbid (principal, action, resource);\n";

/// A definition that is accepted names nothing twice and nothing that it does not define.
pub fn definition_parse(input: &[u8]) -> Reached {
    let Ok(text) = from_utf8(input) else { return Reached::Door };
    let definition = match Definition::parse("channel.toml", text) {
        Ok(definition) => definition,
        Err(DefinitionInvalid::Shape { .. }) => return Reached::Door,
        Err(_) => return Reached::Inside,
    };
    let roles: BTreeSet<&str> = definition.roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(roles.len(), definition.roles.len(), "a role is named twice");
    let classes: BTreeSet<_> = definition.classes.iter().map(|class| class.id).collect();
    assert_eq!(classes.len(), definition.classes.len(), "a class number is used twice");
    for record in &definition.records {
        assert_eq!(
            definition.record(record.id).map(|r| &r.name),
            Some(&record.name),
            "a number of two records"
        );
        for field in &record.fields {
            assert_eq!(record.field(field.id).map(|f| &f.name), Some(&field.name), "a number of two fields");
            assert!(classes.contains(&field.class), "a field of no class");
            let rule = definition.audience(&field.audience).expect("a field is for a defined audience");
            assert!(
                rule.slots.iter().all(|slot| record.slot_index(slot).is_some()),
                "an audience of no slot"
            );
            assert!(rule.roles.iter().all(|role| roles.contains(role.as_str())), "an audience of no role");
            assert!(!(rule.slots.is_empty() && rule.roles.is_empty()), "an audience of nobody");
        }
    }
    Reached::Through
}

/// A policy, then a zero byte and its schema; without one, the schema of the bilateral template.
///
/// Statements have different ids, a decision is always the same and explained as it is, no permit comes of a policy without a
/// permit statement, and a forbid over everything denies everything.
pub fn policy_parse(input: &[u8]) -> Reached {
    let Some(text) = from_utf8(input).ok().filter(|text| text.len() <= POLICY_INPUT_BYTES_MAX) else {
        return Reached::Door;
    };
    let (text, schema_text) = text.split_once('\0').unwrap_or((text, SCHEMA));
    let policy = match parse_policy(text, schema_text) {
        Ok(policy) => policy,
        Err(PolicyError::NotCedar { .. } | PolicyError::TooLarge { .. }) => return Reached::Door,
        Err(_) => return Reached::Inside,
    };
    let statements = policy.statements();
    let ids: BTreeSet<&str> = statements.iter().map(|statement| statement.id.as_str()).collect();
    assert_eq!(ids.len(), statements.len(), "two statements of one id");
    let permits = statements.iter().any(|statement| statement.effect == Effect::Permit);
    let forbidden = parse_policy(&format!("{text}{FORBID_ALL}"), schema_text).ok();
    for request in requests(&policy) {
        let allowed = decide(&policy, PolicyEpoch(1), &request).is_ok();
        assert_eq!(
            decide(&policy, PolicyEpoch(1), &request).is_ok(),
            allowed,
            "two decisions of one request"
        );
        assert_eq!(explain(&policy, &request).answer.is_ok(), allowed, "an explanation of another answer");
        assert!(permits || !allowed, "a permit without a permit statement");
        let denied = |policy: &Policy| decide(policy, PolicyEpoch(1), &request).is_err();
        assert!(forbidden.as_ref().is_none_or(denied), "a permit wins over a forbid");
    }
    Reached::Through
}

pub(crate) fn parse_policy(text: &str, schema_text: &str) -> Result<Policy, PolicyError> {
    Policy::parse(PolicySource { file_name: "policy.cedar".into(), text, schema_text })
}

/// Each member of two, as the one or the other role, on a statement: every action that it can do.
fn requests(policy: &Policy) -> Vec<Request> {
    let keys = [MemberId([1; 32]), MemberId([2; 32])];
    let roles: Roles = ["member".to_owned()].into_iter().collect();
    let slots = policy.slots("statement").into_iter().flat_map(BTreeMap::keys);
    let parties: BTreeMap<String, Party> = slots
        .zip(keys.into_iter().cycle())
        .map(|(slot, id)| (slot.clone(), Party { id, roles: roles.clone() }))
        .collect();
    let actions = policy.actions("statement").take(4).chain(["create"]);
    let asked = actions.flat_map(|action| keys.map(|id| (action.to_owned(), id)));
    asked
        .map(|(action, id)| Request {
            principal: Principal { id, roles: roles.clone() },
            action,
            record_type: "statement".into(),
            owner: keys[0],
            parties: parties.clone(),
        })
        .collect()
}

/// A mapping that is accepted reads its key, and no table breaks an import with it.
pub fn mapping_parse(input: &[u8]) -> Reached {
    let Ok(text) = from_utf8(input) else { return Reached::Door };
    let mapping = match Mapping::parse(text, "mapping.toml") {
        Ok(mapping) => mapping,
        Err(bad) => {
            let shape = matches!(
                bad.fault,
                MappingFault::TooLarge
                    | MappingFault::Toml { .. }
                    | MappingFault::Shape { .. }
                    | MappingFault::UnknownKey { .. }
            );
            return if shape { Reached::Door } else { Reached::Inside };
        }
    };
    let fields: BTreeSet<&str> = mapping.document_fields().collect();
    assert!(!mapping.key().is_empty(), "a mapping without a key");
    assert!(mapping.key().iter().all(|field| fields.contains(field.as_str())), "a key that is not read");
    assert_eq!(fields.len(), mapping.document_fields().count(), "a field is read twice");
    if let Ok(import) = import(&SAMPLE, &mapping) {
        check_import(&import);
    }
    Reached::Through
}
