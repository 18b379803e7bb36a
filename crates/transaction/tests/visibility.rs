//! The visibility matrix in a template's README is the one that its definition makes.
//!
//! The tables are read as text and compared row by row: a field, slot or audience that changes in
//! `channel.toml` and not in the README fails here, and the other way round.

#![allow(clippy::unwrap_used, reason = "a table that cannot be read fails its test")]

use std::path::Path;

use parclose_transaction::Definition;
use parclose_transaction::definition::{FieldSchema, RecordType};

type Table = Vec<Vec<String>>;

fn read(template: &str, file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../channels").join(template);
    std::fs::read_to_string(folder.join(file)).unwrap()
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|')).unwrap();
    inner.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
}

/// The tables below headings of the form "### Record `name`", without their rulers.
fn tables(readme: &str) -> Vec<(String, Table)> {
    let mut found: Vec<(String, Table)> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        if let Some(name) = line.strip_prefix("### Record ") {
            found.push((name.trim_matches('`').to_owned(), Vec::new()));
            inside = true;
        } else if line.starts_with('#') {
            inside = false;
        } else if inside && line.starts_with('|') {
            found.last_mut().unwrap().1.push(cells(line));
        }
    }
    for (_, table) in &mut found {
        let ruler = table.remove(1);
        assert!(ruler.iter().all(|cell| cell == "---"));
    }
    found
}

/// What the table must say, from the definition alone.
fn expected(definition: &Definition, record: &RecordType) -> Table {
    let slots = record.slots.iter().map(|slot| slot.name.as_str());
    let header = ["field", "class", "type"].into_iter().chain(slots).chain(["other members", "validators"]);
    let mut table: Table = vec![header.map(str::to_owned).collect()];
    table.extend(record.fields.iter().map(|field| row(definition, record, field)));
    table
}

fn row(definition: &Definition, record: &RecordType, field: &FieldSchema) -> Vec<String> {
    let rule = definition.audience(&field.audience).unwrap();
    let clear = |sees: bool| if sees { "C" } else { "-" }.to_owned();
    let kind = serde_json::to_value(field.field_type).unwrap();
    let mut row = vec![field.name.clone(), field.class_name.clone(), kind.as_str().unwrap().to_owned()];
    row.extend(
        record
            .slots
            .iter()
            .map(|slot| clear(rule.slots.contains(&slot.name) || rule.roles.contains(&slot.role))),
    );
    row.push(if rule.roles.is_empty() { clear(false) } else { rule.roles.join(", ") });
    row.push("none".to_owned());
    row
}

fn check(template: &str) {
    let definition = Definition::parse("channel.toml", &read(template, "channel.toml")).unwrap();
    assert_eq!(definition.template, template);
    let stated = tables(&read(template, "README.md"));
    let made: Vec<(String, Table)> = definition
        .records
        .iter()
        .map(|record| (record.name.clone(), expected(&definition, record)))
        .collect();
    assert_eq!(stated, made, "README.md and channel.toml of {template} disagree");
}

#[test]
fn aud_01_the_receivables_readme_says_who_sees_what() {
    check("scf-receivable");
}

#[test]
fn aud_01_the_bilateral_readme_says_who_sees_what() {
    check("bilateral");
}

#[test]
fn aud_01_the_cash_readme_says_who_sees_what() {
    check("dvp-cash");
}

#[test]
fn aud_01_the_netting_readme_says_who_sees_what() {
    check("netting");
}

#[test]
fn aud_01_the_securities_readme_says_who_sees_what() {
    check("dvp-securities");
}

#[test]
fn every_template_has_a_checked_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../channels");
    let mut templates: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    templates.sort_unstable();
    assert_eq!(
        templates,
        ["bilateral", "dvp-cash", "dvp-securities", "netting", "scf-receivable"],
        "a new template needs its test here"
    );
}

#[test]
fn every_role_and_policy_statement_stands_in_the_readme() {
    for template in ["scf-receivable", "bilateral", "dvp-cash", "dvp-securities", "netting"] {
        let (readme, policy) = (read(template, "README.md"), read(template, "policy.cedar"));
        let definition = Definition::parse("channel.toml", &read(template, "channel.toml")).unwrap();
        let statements = policy.split("@id(\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        let names = definition.roles.iter().map(|role| role.name.as_str()).chain(statements);
        for name in names {
            assert!(readme.contains(&format!("`{name}`")), "`{name}` of {template}");
        }
    }
}

#[test]
fn a_table_that_says_something_else_is_noticed() {
    let readme = read("scf-receivable", "README.md");
    let definition = Definition::parse("channel.toml", &read("scf-receivable", "channel.toml")).unwrap();
    let stated = expected(&definition, definition.record_named("receivable").unwrap());
    let altered = readme.replacen("| lines | json | C | C | - |", "| lines | json | C | C | C |", 1);
    assert_eq!(tables(&readme)[0].1, stated);
    assert_ne!(tables(&altered)[0].1, stated);
}
