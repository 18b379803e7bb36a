//! Each command does what it says, as processes that follow one another in a home.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use support::{GENERATED, Sandbox, generated, receivable, repository, statement};

fn names(rows: &Value) -> Vec<&str> {
    rows.as_array().expect("rows").iter().filter_map(|row| row["name"].as_str()).collect()
}

/// Field name -> `opened` or `sealed`, of the only operation of a shown transaction.
fn states(shown: &Value) -> BTreeMap<String, String> {
    let fields = shown["operations"][0]["fields"].as_array().expect("a transaction has fields");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    fields.iter().map(|field| (text(&field["field"]), text(&field["state"]))).collect()
}

#[test]
fn dev_up_makes_five_members_and_three_channels_once() {
    let sandbox = Sandbox::empty();
    let up = sandbox.ok(&["dev", "up"]);
    assert_eq!(names(&up["members"]), ["buyer", "supplier-a", "supplier-b", "bank-1", "bank-2"]);
    assert_eq!(names(&up["channels"]), ["trade-a", "trade-b", "banks"]);
    let (code, again) = sandbox.json(&["dev", "up"]);
    assert_eq!((code, again["code"].as_str()), (5, Some("HOME_EXISTS")));
    let occupied = Sandbox::empty();
    std::fs::create_dir(occupied.home()).unwrap();
    std::fs::write(occupied.home().join("mine.txt"), "mine").unwrap();
    assert_eq!(occupied.json(&["dev", "up"]).1["code"], "HOME_EXISTS");
    assert_eq!(std::fs::read_dir(occupied.home()).unwrap().count(), 1, "nothing is written over");
}

#[test]
fn members_are_listed_and_shown_with_what_everybody_knows() {
    let sandbox = Sandbox::founded();
    let listed = sandbox.ok(&["member", "list"]);
    for card in listed["members"].as_array().unwrap() {
        let mut shown = sandbox.ok(&["member", "show", card["name"].as_str().unwrap()]);
        shown.as_object_mut().unwrap().remove("schema");
        assert_eq!(&shown, card);
        assert_eq!(card["lei"].as_str().unwrap().len(), 20);
        assert_eq!(card["identity"].as_str().unwrap().len(), 64);
    }
}

#[test]
fn a_new_channel_is_there_for_its_members_only() {
    let sandbox = Sandbox::founded();
    let members = ["--member", "buyer=member", "--member", "supplier-b=member"];
    let made =
        sandbox.ok(&[&["channel", "create", "terms", "--template", "bilateral"], &members[..]].concat());
    for member in ["buyer", "supplier-b"] {
        let listed = sandbox.ok(&["channel", "list", "--as", member]);
        let rows = listed["channels"].as_array().unwrap();
        assert!(rows.iter().any(|row| row["name"] == "terms" && row["tag"] == made["tag"]), "{member}");
        let shown = sandbox.ok(&["channel", "show", "-c", "terms", "--as", member]);
        assert_eq!((names(&shown["members"]).len(), shown["threshold"].as_u64()), (2, Some(2)));
        assert_eq!(sandbox.records("terms", member), [] as [Value; 0]);
        sandbox.ok(&["channel", "verify", "-c", "terms", "--as", member]);
    }
    let bank = sandbox.ok(&["channel", "list", "--as", "bank-2"]);
    assert_eq!(names(&bank["channels"]), ["banks", "trade-b"]);
    assert!(!sandbox.home().join("members/bank-2/channels/terms").exists());
    let mut draft = statement("2025-01");
    draft["parties"] = json!({ "preparer": "buyer", "counterparty": "supplier-b" });
    let tx = sandbox.submit("terms", "buyer", &draft);
    assert_eq!(sandbox.ok(&["tx", "show", "-c", "terms", "--as", "supplier-b", &tx])["author"], "buyer");
}

#[test]
fn a_channel_that_cannot_be_founded_leaves_nothing_behind() {
    let sandbox = Sandbox::founded();
    let create = |template: &str, members: [&str; 2]| {
        let members = ["--member", members[0], "--member", members[1]];
        sandbox.json(&[&["channel", "create", "new", "--template", template], &members[..]].concat())
    };
    assert_eq!(create("bilateral", ["buyer=member", "nobody=member"]).0, 3);
    assert_eq!(create("no-such-template", ["buyer=member", "bank-1=member"]).0, 3);
    assert_eq!(create("bilateral", ["buyer=king", "bank-1=member"]).0, 2);
    assert_eq!(create("bilateral", ["buyer=member", "buyer=member"]).0, 2);
    for member in ["buyer", "bank-1"] {
        let listed = sandbox.ok(&["channel", "list", "--as", member]);
        assert!(!names(&listed["channels"]).contains(&"new"));
    }
    assert_eq!(create("bilateral", ["buyer=member", "bank-1=member"]).0, 0, "the name is still free");
}

#[test]
fn visibility_and_policy_are_those_of_the_template() {
    let sandbox = Sandbox::founded();
    let rows = sandbox.ok(&["channel", "visibility", "-c", "trade-a", "--as", "bank-1"]);
    let row = |field: &str| {
        let rows = rows["fields"].as_array().unwrap();
        rows.iter().find(|row| row["record"] == "receivable" && row["field"] == field).unwrap().clone()
    };
    let sees =
        |field: &str| ["buyer", "supplier", "bank"].map(|slot| row(field)[slot].as_str().unwrap().to_owned());
    assert_eq!(sees("face_amount"), ["clear", "clear", "clear"]);
    assert_eq!(sees("lines"), ["clear", "clear", "sealed"]);
    assert_eq!(sees("requested_advance"), ["sealed", "clear", "clear"]);
    let shown = sandbox.ok(&["policy", "show", "-c", "trade-a", "--as", "bank-1"]);
    let checked = sandbox.ok(&["policy", "check", "channels/scf-receivable"]);
    assert_eq!(shown["statements"], checked["statements"]);
    for statement in checked["statements"].as_array().unwrap() {
        let at = statement["at"].as_str().unwrap().strip_prefix("policy.cedar:").unwrap();
        assert!(at.parse::<u32>().is_ok());
    }
}

/// A copy of a shipped template with one text replaced in one file.
fn changed_template(sandbox: &Sandbox, file: &str, from: &str, to: &str) -> String {
    let folder = sandbox.path("template");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).unwrap();
    for name in ["channel.toml", "policy.cedar", "policy.cedarschema"] {
        let text = std::fs::read_to_string(repository().join("channels/bilateral").join(name)).unwrap();
        let text = if name == file { text.replacen(from, to, 1) } else { text };
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder.display().to_string()
}

#[test]
fn a_broken_template_is_refused_with_file_and_line() {
    let sandbox = Sandbox::empty();
    let check = |file: &str, from: &str, to: &str| {
        let folder = changed_template(&sandbox, file, from, to);
        let run = sandbox.run(&["policy", "check", &folder, "--json"]);
        assert_eq!(run.code, 2, "{}", run.stdout);
        (run.value()["code"].as_str().unwrap().to_owned(), run.stderr)
    };
    let policy = std::fs::read_to_string(repository().join("channels/bilateral/policy.cedar")).unwrap();
    let line = 1 + policy.lines().position(|line| line.contains("principal.roles")).unwrap();
    let (code, told) = check("policy.cedar", "principal.roles", "principal.rolls");
    assert!(code == "POLICY_REFUSED" && told.contains(&format!("policy.cedar:{line}")), "{code} {told}");
    let (code, told) = check("policy.cedar", "&&", "&& &&");
    assert!(code == "POLICY_REFUSED" && told.contains(&format!("policy.cedar:{line}")), "{code} {told}");
    let (code, told) = check("policy.cedarschema", "counterparty: Member", "counterpart: Member");
    assert!(
        ["POLICY_REFUSED", "USAGE"].contains(&code.as_str()) && told.contains("policy.cedar"),
        "{code} {told}"
    );
    let (code, told) = check("channel.toml", "class = \"figures\"", "class = \"figurines\"");
    assert!(code == "DEFINITION_INVALID" && told.contains("figurines"), "{code} {told}");
}

#[test]
fn a_transaction_is_submitted_listed_and_shown_as_each_member_sees_it() {
    let sandbox = Sandbox::founded();
    let file = sandbox.write("draft.json", &receivable("INV-1", "supplier-a", "bank-1").to_string());
    let value = sandbox.ok(&["tx", "submit", "-c", "trade-a", "--as", "supplier-a", &file]);
    assert_eq!(value["definite"].as_bool(), Some(true));
    let tx = value["tx"].as_str().unwrap();
    let sealed = |member: &str| {
        let listed = sandbox.records("trade-a", member);
        assert_eq!((listed.len(), &listed[0]["tx"]), (1, &value["tx"]), "{member} lists it");
        assert_eq!(listed[0]["sequence"], value["sequence"]);
        let shown = sandbox.ok(&["tx", "show", "-c", "trade-a", "--as", member, tx]);
        assert_eq!(
            (shown["verdict"].as_str(), shown["author"].as_str()),
            (Some("applied"), Some("supplier-a"))
        );
        assert_eq!(shown["operations"][0]["record"], value["record"]);
        let states = states(&shown);
        assert_eq!(states.len(), 7);
        states.into_iter().filter(|(_, state)| state != "opened").collect::<Vec<_>>()
    };
    let only = |field: &str| vec![(field.to_owned(), "sealed".to_owned())];
    assert_eq!(sealed("supplier-a"), []);
    assert_eq!(sealed("buyer"), only("requested_advance"));
    assert_eq!(sealed("bank-1"), only("lines"));
    assert_eq!(sandbox.json(&["tx", "show", "-c", "trade-b", "--as", "bank-2", tx]).0, 3);
    let correction = json!({
        "action": "update", "type": "receivable", "record": value["record"],
        "parties": { "buyer": "buyer", "supplier": "supplier-a", "bank": "bank-1" },
        "fields": { "face_amount": { "amount_minor": "240000", "currency": "EUR" } },
    });
    sandbox.submit("trade-a", "supplier-a", &correction);
    let written = sandbox.records("trade-a", "bank-1");
    let last = written[1]["index"].as_u64().unwrap();
    let from = last.to_string();
    let listed =
        sandbox.ok(&["tx", "list", "-c", "trade-a", "--as", "bank-1", "--from", &from, "--limit", "5"]);
    assert_eq!(
        (listed["transactions"].as_array().unwrap().len(), listed["transactions"][0]["index"].as_u64()),
        (1, Some(last))
    );
}

#[test]
fn a_draft_may_come_from_standard_input() {
    use std::io::Write;
    let sandbox = Sandbox::founded();
    let mut command = sandbox.command(&["tx", "submit", "-c", "banks", "--as", "bank-1", "-", "--json"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(statement("2025-01").to_string().as_bytes()).unwrap();
    let run: support::Run = child.wait_with_output().unwrap().into();
    assert_eq!((run.code, run.value()["verdict"].as_str()), (0, Some("applied")), "{}", run.stderr);
}

#[test]
fn a_denied_submission_names_the_line_of_the_policy_and_writes_nothing() {
    let sandbox = Sandbox::founded();
    let denied = |channel: &str, member: &str, draft: &Value| {
        let file = sandbox.write("draft.json", &draft.to_string());
        let run = sandbox.run(&["tx", "submit", "-c", channel, "--as", member, &file, "--json"]);
        let value = run.value();
        assert_eq!((run.code, value["code"].as_str()), (4, Some("ACTION_DENIED")), "{}", run.stderr);
        assert_eq!(value["definite"], true);
        (value["rule"].as_str().unwrap().to_owned(), run.stderr)
    };
    let policy = std::fs::read_to_string(repository().join("channels/bilateral/policy.cedar")).unwrap();
    let line_of = |text: &str| 1 + policy.lines().position(|line| line.contains(text)).unwrap();
    let (rule, told) = denied("banks", "bank-2", &statement("2025-01"));
    let line = line_of("resource.preparer == principal &&");
    assert!(rule == "ACC-04" && told.contains(&format!("policy.cedar:{line}")), "{rule} {told}");
    let mut alone = statement("2025-01");
    alone["parties"]["counterparty"] = json!("bank-1");
    let (rule, told) = denied("banks", "bank-1", &alone);
    let told_line =
        told.split("policy.cedar:").nth(1).and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    let told_line: usize = told_line.unwrap().parse().unwrap();
    assert!(rule == "ACC-03" && told.contains("no-self-agreement"), "{rule} {told}");
    assert!(
        (line_of("@id(\"no-self-agreement\")")..=line_of("resource.preparer == resource.counterparty"))
            .contains(&told_line)
    );
    for member in ["bank-1", "bank-2"] {
        assert_eq!(sandbox.records("banks", member), [] as [Value; 0], "nothing was written");
    }
}

const IMPORT: &[&str] = &["import", "csv", "-c", "trade-a", "--as", "supplier-a", "--mapping", GENERATED];

#[test]
fn an_import_is_rehearsed_done_and_then_has_nothing_left_to_do() {
    let sandbox = Sandbox::founded();
    let (folder, reference) = generated(&sandbox, 60);
    let import = [IMPORT, &[&folder]].concat();
    let rehearsed = sandbox.ok(&[&import[..], &["--dry-run"]].concat());
    assert_eq!((rehearsed["dry_run"].as_bool(), rehearsed["documents"].as_u64()), (Some(true), Some(60)));
    let listed = || sandbox.records("trade-a", "buyer");
    assert_eq!(listed(), [] as [Value; 0], "a rehearsal writes nothing");
    let first = sandbox.ok(&import);
    let counts = |value: &Value| {
        ["applied", "already_there", "rejected_documents"].map(|name| value[name].as_u64().unwrap())
    };
    assert_eq!(counts(&first), [60, 0, 0]);
    let minor: u128 = first["totals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["amount_minor"].as_str().unwrap().parse::<u128>().unwrap())
        .sum();
    assert_eq!(minor, reference.total_minor);
    assert_eq!(first["rows"].as_u64(), Some(reference.lines));
    let second = sandbox.ok(&import);
    assert_eq!(counts(&second), [0, 60, 0]);
    assert_eq!(listed().len(), 60);
    for member in ["buyer", "supplier-a", "bank-1"] {
        let verified = sandbox.ok(&["channel", "verify", "-c", "trade-a", "--as", member]);
        assert_eq!(verified["records"], 60);
    }
}

#[test]
fn a_bad_line_is_rejected_with_row_column_and_reason_and_the_rest_is_imported() {
    let sandbox = Sandbox::founded();
    let (folder, _) = generated(&sandbox, 40);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let lines = text.lines().count();
    // A whole line of its own document, with an amount that is none.
    let sample = "Buyer AG,,31.01.2025,X-1,ODD-1,12.3.4,EUR,V-ODD,Odd Ltd,,,-,Me";
    std::fs::write(&files[0], format!("{}\n{sample}\n", text.trim_end())).unwrap();
    let rejects = sandbox.text("rejects.jsonl");
    let value = sandbox.ok(&[IMPORT, &[&folder, "--rejects", &rejects]].concat());
    assert_eq!((value["applied"].as_u64(), value["rejected_documents"].as_u64()), (Some(40), Some(1)));
    let rejection = &value["rejections"][0];
    assert_eq!(rejection["source"], files[0].file_name().unwrap().to_str().unwrap());
    assert_eq!(
        (rejection["row"].as_u64(), rejection["column"].as_str()),
        (Some(lines as u64 + 1), Some("Amount"))
    );
    assert!(rejection["rule"].as_str().unwrap().starts_with("IMP-"));
    assert!(!rejection["reason"].as_str().unwrap().is_empty());
    let written = std::fs::read_to_string(&rejects).unwrap();
    assert_eq!(serde_json::from_str::<Value>(written.lines().next().unwrap()).unwrap(), *rejection);
}

#[test]
fn an_import_as_somebody_who_may_not_is_refused_document_by_document() {
    let sandbox = Sandbox::founded();
    let (folder, _) = generated(&sandbox, 3);
    let import = ["import", "csv", &folder, "-c", "trade-a", "--as", "buyer", "--mapping", GENERATED];
    let (_, value) = sandbox.json(&import);
    assert_ne!(value["applied"].as_u64(), Some(3));
    assert_eq!(sandbox.records("trade-a", "supplier-a"), [] as [Value; 0], "nothing was written");
}

#[test]
fn a_receipt_verifies_elsewhere_with_the_genesis_alone() {
    let sandbox = Sandbox::founded();
    let tx = sandbox.submit("banks", "bank-1", &statement("2025-01"));
    let genesis = std::fs::read(sandbox.home().join("members/bank-2/genesis.json")).unwrap();
    for (kind, proves) in [("ordered", "ordered"), ("outcome", "ordered, and its outcome")] {
        let file = sandbox.text(kind);
        let got = sandbox
            .ok(&["receipt", "get", "-c", "banks", "--as", "bank-2", &tx, "--kind", kind, "--out", &file]);
        assert_eq!(got["proves"], proves);
        assert!(
            support::is_private(&file),
            "it names a channel's tag; whom it is shown is its owner's matter"
        );
        let elsewhere = Sandbox::empty();
        std::fs::copy(&file, elsewhere.path("receipt.json")).unwrap();
        std::fs::write(elsewhere.path("genesis.json"), &genesis).unwrap();
        let verify = |name: &str| {
            let files = [elsewhere.text("receipt.json"), elsewhere.text(name)];
            elsewhere.json(&["receipt", "verify", &files[0], "--genesis", &files[1]])
        };
        let (code, verified) = verify("genesis.json");
        assert_eq!((code, verified["transaction"].as_str()), (0, Some(tx.as_str())), "{verified}");
        assert_eq!(verified["verdict"], if kind == "outcome" { json!("applied") } else { Value::Null });
        let other = Sandbox::founded();
        std::fs::copy(other.home().join("genesis.json"), elsewhere.path("other.json")).unwrap();
        assert_eq!(verify("other.json").0, 6, "another network's genesis proves nothing");
        assert!(!elsewhere.home().exists());
    }
}
