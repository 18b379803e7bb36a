//! Validators go and come while a consortium of processes works: every step by the commands that people type.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes, up to a bound")]

mod support;

use serde_json::Value;
use support::Run;
use support::consortium::{Consortium, eventually, parclose};

/// The members that vote, as a node knows it.
fn voters(consortium: &Consortium, at: &str) -> Vec<String> {
    let shown = consortium.at(at, &["validators", "show"]).value();
    let rows = shown["validators"].as_array().cloned().unwrap_or_default();
    let mut names: Vec<_> = rows.iter().filter_map(|row| row["member"].as_str().map(str::to_owned)).collect();
    names.sort();
    names
}

/// A change is drafted by one, signed by these, and handed in.
fn change(consortium: &Consortium, name: &str, what: [&str; 2], signers: &[&str]) -> Run {
    let file = |who: &str| consortium.path(&format!("{name}-{who}.json")).display().to_string();
    let draft = file("draft");
    let proposed = consortium.at("buyer", &["validators", "propose", what[0], what[1], "--out", &draft]);
    assert_eq!(proposed.code, 0, "{}", proposed.stderr);
    let mut submit = vec!["validators".to_owned(), "submit".into()];
    for signer in signers {
        let signed = consortium.at(signer, &["validators", "sign", &draft, "--out", &file(signer)]);
        assert_eq!(signed.code, 0, "{signer}: {}", signed.stderr);
        submit.push(file(signer));
    }
    consortium.at("bank-2", &submit.iter().map(String::as_str).collect::<Vec<_>>())
}

fn rule(told: &Run) -> Value {
    told.value()["rule"].clone()
}

#[test]
fn roo_59_a_validator_goes_and_comes_back_and_receipts_follow_it_offline() {
    let consortium = Consortium::up();
    let all = ["bank-1", "buyer", "supplier-a", "supplier-b"];
    assert_eq!(voters(&consortium, "bank-2"), all);
    let before = consortium.issue("INV-0");

    let too_few = change(&consortium, "few", ["--remove", "supplier-b"], &["buyer", "bank-1"]);
    assert_eq!((too_few.code, rule(&too_few)), (2, "ROO-56".into()), "{}", too_few.stderr);
    let gone = change(&consortium, "gone", ["--remove", "supplier-b"], &["buyer", "bank-1", "supplier-a"]);
    assert_eq!(gone.code, 0, "{}", gone.stderr);
    eventually("three vote", || voters(&consortium, "supplier-b") == all[..3]);
    let between = consortium.issue("INV-1");

    let card = consortium.path("nodes/supplier-b/card.json").display().to_string();
    let unasked = change(&consortium, "unasked", ["--add", &card], &["buyer", "bank-1", "supplier-a"]);
    assert_eq!((unasked.code, rule(&unasked)), (2, "ROO-57".into()), "it has not signed: {}", unasked.stderr);
    let back = change(&consortium, "back", ["--add", &card], &all);
    assert_eq!(back.code, 0, "{}", back.stderr);
    eventually("four vote", || voters(&consortium, "bank-2") == all);
    // Where one of the others is missing, no block is decided without the one that came back.
    assert_eq!(consortium.dev(&["kill", "buyer"]).code, 0);
    let height = consortium.height("bank-1");
    eventually("blocks are decided with it", || consortium.height("bank-1") >= height + 3);
    assert_eq!(consortium.dev(&["restart", "buyer"]).code, 0);
    let after = consortium.issue("INV-2");

    let genesis = consortium.path("nodes/bank-2/genesis.json").display().to_string();
    let elsewhere = consortium.path("nowhere");
    let checkpoint = consortium.path("checkpoint.json").display().to_string();
    let made = consortium.at("bank-2", &["receipt", "checkpoint", "--out", &checkpoint]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let trusted = parclose(&elsewhere, &["receipt", "trust", &checkpoint, "--genesis", &genesis]);
    assert_eq!(trusted.code, 0, "{}", trusted.stderr);
    let receipts = [before, between, after].map(|transaction| {
        let file = consortium.path(&format!("{transaction}.json")).display().to_string();
        let of = ["receipt", "get", "-c", "trade-a", "--as", "bank-1", &transaction, "--out", &file];
        eventually("its state is attested", || consortium.at("bank-1", &of).code == 0);
        file
    });
    for receipt in &receipts {
        let verified = parclose(&elsewhere, &["receipt", "verify", receipt, "--genesis", &genesis]);
        assert_eq!(verified.code, 0, "{}", verified.stderr);
    }
    let early = parclose(&elsewhere, &["receipt", "verify", &receipts[0], "--checkpoint", &checkpoint]);
    assert_eq!((early.code, rule(&early)), (6, "ROO-62".into()), "it lies before the checkpoint");
}
