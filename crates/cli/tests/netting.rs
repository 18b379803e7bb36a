//! `parclose netting`: what members of a channel owe each other on a day, as each of them sees it.
#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]

mod support;

use serde_json::{Value, json};
use support::Sandbox;

const DAY: &str = "2026-03-05";
const AGENT: &str = "supplier-a";

/// Two banks with an account each, cash of the first one's, and an agent that nets and holds nothing.
fn net() -> Sandbox {
    let sandbox = Sandbox::founded();
    let members = ["bank-1=issuer+participant", "bank-2=participant", "supplier-a=agent"];
    let members: Vec<_> = members.iter().flat_map(|member| ["--member", member]).collect();
    sandbox.ok(&[&["channel", "create", "net", "--template", "netting"][..], &members].concat());
    sandbox.ok(&["asset", "define", "-c", "net", "--as", "bank-1", "--code", "GBP"]);
    for member in ["bank-1", "bank-2"] {
        sandbox.ok(&["asset", "open", "-c", "net", "--as", member]);
    }
    let issue = ["--asset", "GBP", "--to", "bank-1", "--amount", "50"];
    sandbox.ok(&[&["asset", "issue", "-c", "net", "--as", "bank-1"][..], &issue].concat());
    sandbox
}

fn owed(sandbox: &Sandbox, member: &str) -> Vec<Value> {
    let shown = sandbox.ok(&["netting", "show", "-c", "net", "--as", member, "--day", DAY]);
    shown["owed"].as_array().unwrap().clone()
}

fn balance(sandbox: &Sandbox, member: &str) -> String {
    let shown = sandbox.ok(&["asset", "balance", "-c", "net", "--as", member]);
    shown["assets"][0]["balance"].as_str().unwrap().to_owned()
}

#[test]
fn two_debts_are_netted_into_one_that_is_paid_as_the_readme_says() {
    let sandbox = net();
    let file = support::repository().join("channels/netting/README.md");
    let readme = std::fs::read_to_string(file).unwrap();
    let (_, rest) = readme.split_once("## How to net").unwrap();
    let lines = rest.lines().filter_map(|line| line.strip_prefix("parclose ")).collect::<Vec<_>>();
    assert_eq!(lines.len(), 4);
    for line in &lines[..2] {
        sandbox.ok(&line.split_whitespace().collect::<Vec<_>>());
    }
    assert_eq!(owed(&sandbox, AGENT).len(), 2);
    let netted = sandbox.ok(&lines[2].split_whitespace().collect::<Vec<_>>());
    assert_eq!(
        (&netted["netted"], &netted["left"], &netted["verdict"]),
        (&json!(2), &json!(1), &json!("applied"))
    );
    for member in ["bank-1", "bank-2", AGENT] {
        let left = owed(&sandbox, member);
        let [one] = &left[..] else { panic!("{left:?}") };
        assert_eq!((&one["payer"], &one["payee"]), (&json!("bank-1"), &json!("bank-2")));
        assert_eq!(
            (&one["quantity"], &one["payable"], &one["by"]),
            (&json!("30.00"), &json!(true), &json!(AGENT))
        );
    }
    let id = owed(&sandbox, "bank-1")[0]["obligation"].as_str().unwrap().to_owned();
    let pay = ["netting", "pay", "-c", "net", "--as", "bank-1", &id];
    assert_eq!(sandbox.ok(&pay)["verdict"], "applied");
    assert_eq!((balance(&sandbox, "bank-1"), balance(&sandbox, "bank-2")), ("20.00".into(), "30.00".into()));
    assert_eq!(owed(&sandbox, "bank-2"), Vec::<Value>::new());
    let (exit, again) = sandbox.json(&pay);
    assert_ne!(exit, 0);
    assert_eq!((&again["code"], &again["rule"]), (&json!("OBLIGATION_NOT_OWED"), &json!("VAL-29")));
}

#[test]
fn an_agent_of_no_member_nets_nothing_and_a_day_is_a_day() {
    let sandbox = net();
    let run = ["netting", "run", "-c", "net", "--as", AGENT, "--asset", "GBP", "--day"];
    let (exit, value) = sandbox.json(&[&run[..], &[DAY]].concat());
    assert_ne!(exit, 0);
    assert_eq!((&value["code"], &value["rule"]), (&json!("OBLIGATION_NOT_OWED"), &json!("VAL-26")));
    let (exit, _) = sandbox.json(&[&run[..], &["2026-02-30"]].concat());
    assert_eq!(exit, 2);
}

/// What an auditor finds of the one asset, with view keys of `bank-1` and a second reader, for these record types and parties.
fn audited(sandbox: &Sandbox, grants: &[(&str, &str, &[&str])]) -> Value {
    let (key, passphrase) = (sandbox.text("auditor.key"), sandbox.secret("passphrase", "of the auditor"));
    if !sandbox.path("auditor.key").exists() {
        let kind =
            ["key", "generate", "--kind", "regulator", "--out", &key, "--passphrase-file", &passphrase];
        sandbox.ok(&kind);
    }
    let genesis = sandbox.path("home").join("genesis.json").display().to_string();
    let bundle = sandbox.text(&format!("export-{}.bundle", grants.len()));
    sandbox.ok(&["channel", "export", "-c", "net", "--as", "bank-1", "--out", &bundle]);
    let mut line = ["audit", "report", &bundle, "--genesis", &genesis].map(str::to_owned).to_vec();
    line.extend(["--with", &key, "--passphrase-file", &passphrase].map(str::to_owned));
    for (number, (second, record, parties)) in grants.iter().enumerate() {
        let out = sandbox.text(&format!("view-{}-{number}.json", grants.len()));
        let field = format!("{record}.quantity");
        let mut issue =
            vec!["viewkey", "issue", "-c", "net", "--as", "bank-1", "--second", second, "--field", &field];
        issue.extend(["--from-epoch", "0", "--to-epoch", "99", "--to", &key, "--out", &out]);
        issue.extend(parties.iter().flat_map(|party| ["--party", party]));
        sandbox.ok(&issue);
        line.extend(["--view-key".to_owned(), out]);
    }
    sandbox.ok(&line.iter().map(String::as_str).collect::<Vec<_>>())["assets"][0].clone()
}

#[test]
fn bun_15_an_auditor_opens_what_was_paid_by_what_was_owed() {
    let sandbox = net();
    let owe = ["netting", "oblige", "-c", "net", "--as", "bank-1", "--asset", "GBP", "--to", "bank-2"];
    sandbox.ok(&[&owe[..], &["--amount", "30", "--day", DAY, "--agent", AGENT]].concat());
    let id = owed(&sandbox, "bank-1")[0]["obligation"].as_str().unwrap().to_owned();
    sandbox.ok(&["netting", "pay", "-c", "net", "--as", "bank-1", &id]);
    let own: (_, _, &[&str]) = ("bank-2", "holding", &["payer=bank-1", "holder=bank-1"]);
    let due: (_, _, &[&str]) =
        ("bank-2", "obligation", &["payer=bank-1", "payee=bank-2", "agent=supplier-a"]);
    let whole = audited(&sandbox, &[own, due]);
    let told = ["issued_minor", "supply_minor", "held_minor"].map(|name| whole[name].clone());
    assert_eq!(told, ["5000", "5000", "5000"].map(Value::from), "{whole}");
    assert_eq!((&whole["agrees"], &whole["notes"]), (&json!(true), &json!(2)));
    let less = audited(&sandbox, &[own]);
    assert_eq!((&less["supply_minor"], &less["held_minor"]), (&json!("5000"), &Value::Null), "{less}");
}
