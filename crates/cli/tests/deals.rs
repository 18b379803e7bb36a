//! `parclose dvp`: securities against cash, each in a channel of its own, as each party sees it.
#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]

mod support;

use serde_json::Value;
use support::Sandbox;

const SECURITY: &str = "US912828M805";

/// `bank-1` has 1,000,000.00 of a security, `bank-2` 2,000,000.00 of cash; `supplier-a` is in both channels.
fn market() -> Sandbox {
    let sandbox = Sandbox::founded();
    for (channel, template) in [("securities", "dvp-securities"), ("cash", "dvp-cash")] {
        let members = ["bank-1=issuer+participant", "bank-2=issuer+participant", "supplier-a=participant"];
        let mut line = vec!["channel", "create", channel, "--template", template];
        members.iter().for_each(|member| line.extend(["--member", member]));
        sandbox.ok(&line);
        for member in ["bank-1", "bank-2", "supplier-a"] {
            asset(&sandbox, channel, member, &["open"]);
        }
    }
    asset(&sandbox, "securities", "bank-1", &["define", "--code", SECURITY, "--decimals", "2"]);
    asset(&sandbox, "cash", "bank-2", &["define", "--code", "USD"]);
    let issue = |channel, by, code, amount| {
        asset(&sandbox, channel, by, &["issue", "--asset", code, "--to", by, "--amount", amount]);
    };
    issue("securities", "bank-1", SECURITY, "1000000.00");
    issue("cash", "bank-2", "USD", "2000000.00");
    sandbox
}

fn asset(sandbox: &Sandbox, channel: &str, member: &str, line: &[&str]) -> Value {
    let (verb, rest) = line.split_first().unwrap();
    sandbox.ok(&[&["asset", verb, "-c", channel, "--as", member], rest].concat())
}

fn dvp<'a>(member: &'a str, line: &[&'a str]) -> Vec<&'a str> {
    let (verb, rest) = line.split_first().unwrap();
    [&["dvp", verb, "-c", "securities", "--as", member], rest].concat()
}

fn balance(sandbox: &Sandbox, channel: &str, member: &str) -> String {
    let shown = asset(sandbox, channel, member, &["balance"]);
    shown["assets"][0]["balance"].as_str().unwrap().to_owned()
}

/// What everybody has: securities, then cash, of `bank-1` and `bank-2`.
fn balances(sandbox: &Sandbox) -> [String; 4] {
    [("securities", "bank-1"), ("securities", "bank-2"), ("cash", "bank-1"), ("cash", "bank-2")]
        .map(|(channel, member)| balance(sandbox, channel, member))
}

const OFFER: [&str; 7] = [
    "propose",
    "--to",
    "bank-2",
    "--give",
    "securities:US912828M805:400000.00",
    "--get",
    "cash:USD:399400.50",
];

fn propose(sandbox: &Sandbox, more: &[&str]) -> String {
    let proposed = sandbox.ok(&dvp("bank-1", &[&OFFER[..], more].concat()));
    assert_eq!(proposed["verdict"], "applied");
    proposed["instruction"].as_str().unwrap().to_owned()
}

fn stage(sandbox: &Sandbox, member: &str, instruction: &str) -> String {
    let shown = sandbox.ok(&dvp(member, &["status", instruction]));
    shown["stage"].as_str().unwrap().to_owned()
}

/// The code and the rule with which a command is refused.
fn refused(sandbox: &Sandbox, member: &str, line: &[&str]) -> (String, String) {
    let (exit, value) = sandbox.json(&dvp(member, line));
    assert_ne!(exit, 0, "{value}");
    assert!(!value["fix"].as_str().unwrap().is_empty());
    (value["code"].as_str().unwrap().to_owned(), value["rule"].as_str().unwrap().to_owned())
}

#[test]
fn nod_34_nod_35_a_security_changes_hands_against_cash_in_another_channel() {
    let sandbox = market();
    let details = ["--reference", "T-1", "--price", "99.850125", "--trade-date", "2026-11-26"];
    let instruction = propose(&sandbox, &details);
    assert_eq!(balances(&sandbox), ["1000000.00", "0.00", "0.00", "2000000.00"]);
    for member in ["bank-1", "bank-2"] {
        assert_eq!(stage(&sandbox, member, &instruction), "proposed");
    }
    let accepted = sandbox.ok(&dvp("bank-2", &["accept", &instruction]));
    assert_eq!((&accepted["verdict"], accepted["legs"].as_array().unwrap().len()), (&"applied".into(), 2));
    let watched = sandbox.ok(&dvp("bank-1", &["watch", &instruction]));
    assert_eq!(
        (&watched["stage"], &watched["root"], &watched["prepared"]),
        (&"committed".into(), &"decided".into(), &2.into())
    );
    assert_eq!(watched["outcome"], "commit");
    assert_eq!(balances(&sandbox), ["600000.00", "400000.00", "399400.50", "1600599.50"]);
    for member in ["bank-1", "bank-2"] {
        assert_eq!(stage(&sandbox, member, &instruction), "committed");
        for channel in ["securities", "cash"] {
            sandbox.ok(&["channel", "verify", "-c", channel, "--as", member]);
        }
    }
    // Whoever is no party is told nothing.
    assert_eq!(refused(&sandbox, "supplier-a", &["status", &instruction]).0, "USAGE");
    let list = sandbox.ok(&dvp("supplier-a", &["status"]));
    assert_eq!(list["deals"], serde_json::json!([]));
    // It is over: nobody takes anything back.
    let again = refused(&sandbox, "bank-2", &["accept", &instruction]);
    assert_eq!(again, ("DEAL_ALREADY_DECIDED".into(), "DVP-04".into()));
    assert_eq!(refused(&sandbox, "bank-1", &["abort", &instruction]).0, "DEAL_ALREADY_DECIDED");
    // What was delivered can be delivered on.
    let on = ["transfer", "--asset", SECURITY, "--to", "supplier-a", "--amount", "400000.00"];
    asset(&sandbox, "securities", "bank-2", &on);
    assert_eq!(balance(&sandbox, "securities", "supplier-a"), "400000.00");
}

#[test]
fn a_security_is_defined_with_its_isin_and_its_day_where_the_channel_has_them() {
    let sandbox = market();
    let define = |channel: &str, by: &str, more: &[&str]| {
        let line = ["asset", "define", "-c", channel, "--as", by, "--code", "912810TN8", "--decimals", "2"];
        sandbox.json(&[&line[..], more].concat())
    };
    let said = ["--isin", "US912810TN81", "--maturity", "2053-02-15"];
    let (code, defined) = define("securities", "bank-1", &said);
    assert_eq!(code, 0, "{defined}");
    let record = ["record", "show", "-c", "securities", "--as", "bank-2", defined["asset"].as_str().unwrap()];
    let shown = sandbox.ok(&record);
    assert_eq!(
        (&shown["fields"]["isin"], &shown["fields"]["maturity"]),
        (&"US912810TN81".into(), &"2053-02-15".into())
    );
    // Cash has neither, and a day is a day.
    assert_ne!(define("cash", "bank-2", &said).0, 0);
    let (code, refused) = define("securities", "bank-1", &["--maturity", "in 2053"]);
    assert_eq!((code, &refused["code"]), (2, &"USAGE".into()), "{refused}");
}

#[test]
fn dvp_04_a_refused_deal_locks_nothing_and_is_answered_once() {
    let sandbox = market();
    let instruction = propose(&sandbox, &[]);
    sandbox.ok(&dvp("bank-2", &["abort", &instruction]));
    for member in ["bank-1", "bank-2"] {
        assert_eq!(stage(&sandbox, member, &instruction), "refused");
    }
    assert_eq!(refused(&sandbox, "bank-2", &["accept", &instruction]).0, "DEAL_REFUSED");
    assert_eq!(refused(&sandbox, "bank-1", &["watch", &instruction]).0, "DEAL_REFUSED");
    // The proposer takes one back.
    let instruction = propose(&sandbox, &[]);
    sandbox.ok(&dvp("bank-1", &["abort", &instruction]));
    assert_eq!(stage(&sandbox, "bank-2", &instruction), "refused");
    assert_eq!(balances(&sandbox), ["1000000.00", "0.00", "0.00", "2000000.00"]);
}

#[test]
fn who_cannot_deliver_keeps_nothing_and_the_other_gets_back_what_it_locked() {
    let sandbox = market();
    let spent = ["transfer", "--asset", "USD", "--to", "supplier-a", "--amount", "1900000.00"];
    asset(&sandbox, "cash", "bank-2", &spent);
    let instruction = propose(&sandbox, &["--allocate-within", "40", "--settle-within", "8"]);
    sandbox.ok(&dvp("bank-2", &["accept", &instruction]));
    let shown = sandbox.ok(&dvp("bank-2", &["status", &instruction]));
    assert_eq!((&shown["stage"], &shown["hindered"]), (&"open".into(), &"INSUFFICIENT_VALUE".into()));
    assert_eq!(balance(&sandbox, "securities", "bank-1"), "600000.00", "400,000.00 are held");
    let open_locks = || asset(&sandbox, "securities", "supplier-a", &["balance"])["open_locks"].clone();
    assert_eq!(open_locks(), 1);
    // Time passes: each payment is a block or more.
    for _ in 0..60 {
        asset(&sandbox, "cash", "supplier-a", &["open"]);
        if stage(&sandbox, "bank-1", &instruction) == "aborted" {
            break;
        }
    }
    assert_eq!(refused(&sandbox, "bank-1", &["watch", &instruction]).0, "DEAL_ABORTED");
    let over = sandbox.ok(&dvp("bank-1", &["status", &instruction]));
    assert_eq!((&over["outcome"], &over["prepared"]), (&"abort".into(), &Value::Null));
    assert_eq!(open_locks(), 0);
    // The root chain's decision is an event of the channel that had prepared.
    assert_eq!(balance(&sandbox, "securities", "bank-1"), "1000000.00");
    assert_eq!(balance(&sandbox, "cash", "bank-2"), "100000.00");
}

#[test]
fn dvp_05_who_gets_nothing_of_it_yet_aborts_an_opened_deal_and_both_notes_come_back() {
    let sandbox = market();
    // `bank-2` locks the first of its two legs, and can never lock the second.
    let instruction = propose(&sandbox, &["--get", "cash:USD:5000000.00"]);
    sandbox.ok(&dvp("bank-2", &["accept", &instruction]));
    let shown = sandbox.ok(&dvp("bank-1", &["status", &instruction]));
    assert_eq!((&shown["stage"], &shown["prepared"]), (&"open".into(), &2.into()));
    assert_eq!(balances(&sandbox), ["600000.00", "0.00", "0.00", "1600599.50"], "both are held");
    // What it gets is prepared: it has approved that, and waits for the others.
    let late = refused(&sandbox, "bank-2", &["abort", &instruction]);
    assert_eq!(late, ("DEAL_AGREED".into(), "DVP-05".into()));
    assert_eq!(stage(&sandbox, "bank-2", &instruction), "open");
    let aborted = sandbox.ok(&dvp("bank-1", &["abort", &instruction]));
    assert_eq!((&aborted["stage"], &aborted["root"]), (&"aborted".into(), &"decided".into()));
    assert!(aborted["head"].as_u64().unwrap() < aborted["settle_before"].as_u64().unwrap());
    assert_eq!(balances(&sandbox), ["1000000.00", "0.00", "0.00", "2000000.00"]);
    for member in ["bank-1", "bank-2"] {
        assert_eq!(stage(&sandbox, member, &instruction), "aborted");
        assert_eq!(refused(&sandbox, member, &["abort", &instruction]).0, "DEAL_ALREADY_DECIDED");
        for channel in ["securities", "cash"] {
            sandbox.ok(&["channel", "verify", "-c", channel, "--as", member]);
        }
    }
    // What came back settles another deal.
    let instruction = propose(&sandbox, &[]);
    sandbox.ok(&dvp("bank-2", &["accept", &instruction]));
    assert_eq!(stage(&sandbox, "bank-1", &instruction), "committed");
}

#[test]
fn three_parties_settle_a_chain_or_nothing() {
    let sandbox = market();
    let chain = [
        "propose",
        "--to",
        "bank-2",
        "--third",
        "supplier-a",
        "--leg",
        "bank-1:supplier-a:securities:US912828M805:500.00",
        "--leg",
        "supplier-a:bank-2:securities:US912828M805:0.00",
        "--leg",
        "bank-2:bank-1:cash:USD:499.00",
    ];
    // A leg of nothing cannot be locked.
    assert_eq!(refused(&sandbox, "bank-1", &chain).0, "USAGE");
    asset(
        &sandbox,
        "cash",
        "bank-2",
        &["transfer", "--asset", "USD", "--to", "supplier-a", "--amount", "20.00"],
    );
    let chain = [
        "propose",
        "--to",
        "bank-2",
        "--third",
        "supplier-a",
        "--leg",
        "bank-1:supplier-a:securities:US912828M805:500.00",
        "--leg",
        "supplier-a:bank-2:cash:USD:20.00",
        "--leg",
        "bank-2:bank-1:cash:USD:499.00",
    ];
    let proposed = sandbox.ok(&dvp("bank-1", &chain));
    let instruction = proposed["instruction"].as_str().unwrap();
    sandbox.ok(&dvp("bank-2", &["accept", instruction]));
    assert_eq!(stage(&sandbox, "bank-1", instruction), "proposed", "one of two has answered");
    sandbox.ok(&dvp("supplier-a", &["accept", instruction]));
    let watched = sandbox.ok(&dvp("supplier-a", &["watch", instruction]));
    assert_eq!((&watched["stage"], &watched["prepared"]), (&"committed".into(), &3.into()));
    assert_eq!(balances(&sandbox), ["999500.00", "0.00", "499.00", "1999501.00"]);
    assert_eq!(balance(&sandbox, "securities", "supplier-a"), "500.00");
    assert_eq!(balance(&sandbox, "cash", "supplier-a"), "0.00");
}

#[test]
fn a_proposal_that_makes_no_sense_is_refused_before_anything_is_written() {
    let sandbox = market();
    let odd: [&[&str]; 6] = [
        &["--give", "securities:US912828M805:1.00"],
        &["--give", "nowhere:US912828M805:1.00", "--get", "cash:USD:1.00"],
        &["--give", "securities:GB00:1.00", "--get", "cash:USD:1.00"],
        &["--give", "securities:US912828M805:x", "--get", "cash:USD:1.00"],
        &["--give", "securities", "--get", "cash:USD:1.00"],
        &["--leg", "bank-1:nobody:cash:USD:1.00", "--get", "cash:USD:1.00"],
    ];
    for line in odd {
        refused(&sandbox, "bank-1", &[&["propose", "--to", "bank-2"][..], line].concat());
    }
    assert_eq!(sandbox.ok(&dvp("bank-1", &["status"]))["deals"], serde_json::json!([]));
    assert_eq!(refused(&sandbox, "bank-1", &["status", "00"]).0, "USAGE");
}

/// Lines of the template's page that are commands.
#[test]
fn the_lines_of_the_templates_readme_run_as_they_stand() {
    let readme =
        std::fs::read_to_string(support::repository().join("channels/dvp-securities/README.md")).unwrap();
    let (_, rest) = readme.split_once("## How to settle").unwrap();
    let section = rest.split("\n#").next().unwrap();
    let lines: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("parclose ")).collect();
    assert_eq!(lines.len(), 8);
    let sandbox = Sandbox::founded();
    let members = ["--member", "bank-1=issuer+participant", "--member", "bank-2=issuer+participant"];
    for (channel, template) in [("securities", "dvp-securities"), ("cash", "dvp-cash")] {
        sandbox.ok(&[&["channel", "create", channel, "--template", template][..], &members].concat());
    }
    asset(&sandbox, "cash", "bank-2", &["define", "--code", "USD"]);
    asset(&sandbox, "cash", "bank-1", &["open"]);
    asset(&sandbox, "cash", "bank-2", &["open"]);
    asset(
        &sandbox,
        "cash",
        "bank-2",
        &["issue", "--asset", "USD", "--to", "bank-2", "--amount", "998500.00"],
    );
    let mut instruction = String::new();
    for line in lines {
        let line = line.replace("INSTRUCTION", &instruction);
        let told = sandbox.ok(&line.split_whitespace().collect::<Vec<_>>());
        if let Some(named) = told["instruction"].as_str() {
            instruction = named.to_owned();
        }
    }
    assert_eq!(balances(&sandbox), ["0.00", "1000000.00", "998500.00", "0.00"]);
}
