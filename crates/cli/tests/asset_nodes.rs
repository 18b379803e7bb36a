//! Cash between members at nodes of their own: accounts, payments and balances, across a crash.
#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]

mod support;

use support::consortium::{Consortium, eventually};

const MEMBERS: [&str; 3] = ["bank-1", "bank-2", "supplier-a"];

fn asset(consortium: &Consortium, member: &str, line: &[&str]) {
    let (verb, rest) = line.split_first().unwrap();
    let line = [&["asset", verb, "-c", "cash", "--as", member], rest].concat();
    // The channel's opening, or a secret that another member has dealt, may not have come here yet.
    eventually("it is done", || {
        let run = consortium.at(member, &line);
        assert!(run.code == 0 || run.value()["definite"] == true, "{line:?}: {}", run.stderr);
        run.code == 0
    });
}

fn balance(consortium: &Consortium, member: &str) -> Option<String> {
    let run = consortium.at(member, &["asset", "balance", "-c", "cash", "--as", member]);
    (run.code == 0).then(|| run.value()["assets"][0]["balance"].as_str().unwrap_or_default().to_owned())
}

fn have(consortium: &Consortium, expected: [&str; 3]) {
    for (member, expected) in MEMBERS.iter().zip(expected) {
        eventually("everybody has executed what was paid", || {
            balance(consortium, member).as_deref() == Some(expected)
        });
    }
}

#[test]
fn cash_goes_from_node_to_node_and_a_crash_neither_loses_nor_doubles_it() {
    let consortium = Consortium::up();
    let members = ["bank-1=issuer+participant", "bank-2=participant", "supplier-a=participant"];
    consortium.found_channel("cash", "dvp-cash", &members);
    asset(&consortium, "bank-1", &["define", "--code", "GBP"]);
    for member in MEMBERS {
        asset(&consortium, member, &["open"]);
    }
    let pay = |by: &str, verb: &str, to: &str, amount: &str| {
        asset(&consortium, by, &[verb, "--asset", "GBP", "--to", to, "--amount", amount]);
    };
    pay("bank-1", "issue", "bank-2", "1000.00");
    have(&consortium, ["0.00", "1000.00", "0.00"]);
    pay("bank-2", "transfer", "supplier-a", "250.00");
    have(&consortium, ["0.00", "750.00", "250.00"]);
    // Two of three endorse while one is down; it is paid meanwhile, and finds it when it is back.
    assert_eq!(consortium.dev(&["kill", "bank-2"]).code, 0);
    pay("supplier-a", "transfer", "bank-1", "5.00");
    pay("supplier-a", "transfer", "bank-2", "45.00");
    let back = consortium.dev(&["restart", "bank-2"]);
    assert_eq!(back.code, 0, "{}", back.stderr);
    have(&consortium, ["5.00", "795.00", "200.00"]);
    pay("bank-2", "transfer", "bank-1", "795.00");
    asset(&consortium, "bank-1", &["redeem", "--asset", "GBP", "--amount", "800.00"]);
    have(&consortium, ["0.00", "0.00", "200.00"]);
    let root = |member: &str| {
        let run = consortium.at(member, &["channel", "verify", "-c", "cash", "--as", member]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        (run.value()["notes"].clone(), run.value()["events"].clone(), run.value()["state_root"].clone())
    };
    eventually("all are level", || root("bank-1") == root("bank-2") && root("bank-2") == root("supplier-a"));
}
