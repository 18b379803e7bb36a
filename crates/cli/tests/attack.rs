//! Attacks by the command line: what is listed, what is noticed, and that a miss ends with exit code 6.

mod support;

use serde_json::Value;
use support::Sandbox;

fn attacks(value: &Value) -> Vec<Value> {
    value["attacks"].as_array().cloned().unwrap_or_default()
}

#[test]
fn every_attack_is_listed_with_what_it_tries_and_what_should_notice_it() {
    let sandbox = Sandbox::empty();
    let listed = sandbox.ok(&["attack", "list"]);
    assert_eq!(listed["schema"], "parclose.attacks/1");
    assert!(attacks(&listed).len() >= 40);
    for attack in attacks(&listed) {
        assert!(attack["tries"].as_str().is_some_and(|tries| tries.len() > 40), "{attack}");
        assert!(attack["should_notice"].as_array().is_some_and(|rules| !rules.is_empty()), "{attack}");
    }
    let table = sandbox.run(&["attack", "list"]);
    assert!(table.stdout.contains("tamper-value") && table.stdout.contains("STO-01"), "{}", table.stdout);
}

#[test]
fn an_attack_says_which_rule_has_noticed_it_and_needs_nothing_but_the_binary() {
    let sandbox = Sandbox::empty();
    // Neither templates nor a home are where it runs.
    let mut command =
        sandbox.command(&["attack", "run", "tamper-value", "double-spend", "--json", "--quiet"]);
    let run: support::Run = command.current_dir(sandbox.path("")).output().expect("it starts").into();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let value = run.value();
    assert_eq!((&value["noticed"], &value["schema"]), (&2.into(), &"parclose.attack-run/1".into()));
    let rules: Vec<_> = attacks(&value).iter().map(|attack| attack["attempts"][0]["rule"].clone()).collect();
    assert_eq!(rules, ["STO-01", "VAL-13"]);
    assert!(attacks(&value).iter().all(|attack| attack["let_through_with_an_honest_hand"][0].is_string()));
    assert!(std::fs::read_dir(sandbox.path("")).expect("a folder").next().is_none(), "nothing is left");
}

#[test]
fn atk_01_an_attack_that_nothing_notices_ends_with_exit_code_6() {
    let sandbox = Sandbox::empty();
    let (code, error) = sandbox.json(&["attack", "run", "tamper-value", "--planted", "--quiet"]);
    assert_eq!((code, &error["code"], &error["rule"]), (6, &"VERIFICATION_FAILED".into(), &"CLI-04".into()));
    let details = &error["details"];
    assert_eq!((&details["noticed"], &details["missed"]), (&1.into(), &serde_json::json!(["planted-miss"])));
    let outcomes: Vec<_> = attacks(details).iter().map(|attack| attack["outcome"].clone()).collect();
    assert_eq!(outcomes, ["noticed", "missed"]);
    let told = sandbox.run(&["attack", "run", "--planted", "--quiet"]);
    assert_eq!(told.code, 6);
    assert!(told.stderr.contains("planted-miss (") && told.stderr.contains("let through"), "{}", told.stderr);
}

#[test]
fn an_unknown_name_is_told_the_one_that_is_meant() {
    let sandbox = Sandbox::empty();
    let run = sandbox.run(&["attack", "run", "tampr-value"]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("parclose attack run tamper-value"), "{}", run.stderr);
    assert_eq!(sandbox.run(&["attack", "run"]).code, 2, "one says which");
    assert_eq!(sandbox.run(&["attack", "run", "tamper-value", "--all"]).code, 2, "or all, and not both");
}

#[test]
fn what_is_kept_is_kept_where_it_is_said_and_over_nothing() {
    let sandbox = Sandbox::empty();
    let kept = sandbox.text("kept");
    let value = sandbox.ok(&["attack", "run", "swap-records", "--keep", &kept, "--quiet"]);
    assert_eq!(value["kept"], kept.as_str());
    for folder in ["ground/trade/bob", "swap-records-Adverse/trade/bob"] {
        assert!(sandbox.path("kept").join(folder).join("CURRENT").is_file(), "{folder}");
    }
    assert_eq!(sandbox.run(&["attack", "run", "swap-records", "--keep", &kept]).code, 2);
}
