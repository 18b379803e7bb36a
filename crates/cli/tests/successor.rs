//! The way on from a channel that was closed, as its members go it.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

mod support;

use serde_json::json;
use support::{Sandbox, receivable, refused, told};

/// Buyer and supplier decide that their room ends.
fn close(sandbox: &Sandbox, channel: &str) {
    let moved = sandbox.ok(&["channel", "propose", "-c", channel, "--as", "buyer", "--close"]);
    let motion = moved["motion"].as_str().unwrap();
    let passed = sandbox.ok(&["channel", "vote", "-c", channel, "--as", "supplier-a", motion]);
    assert_eq!(passed["standing"], "passed");
}

#[test]
fn a_closed_channel_is_succeeded_by_its_members_and_kept() {
    let sandbox = Sandbox::founded();
    let early = sandbox.submit("trade-a", "supplier-a", &receivable("R-1", "supplier-a", "bank-1"));
    let succeed = ["channel", "succeed", "-c", "trade-a", "--as", "bank-1"];
    assert_eq!(refused(&sandbox, &succeed), told(5, "CHANNEL_NOT_CLOSED", "SUC-01"));
    close(&sandbox, "trade-a");
    let draft = sandbox.write("draft.json", &receivable("R-2", "supplier-a", "bank-1").to_string());
    let late = ["tx", "submit", "-c", "trade-a", "--as", "supplier-a", &draft];
    assert_eq!(refused(&sandbox, &late), told(2, "CHANNEL_CLOSED", "NOD-13"));
    let taken = [&succeed[..], &["--name", "trade-a"]].concat();
    assert_eq!(refused(&sandbox, &taken), told(2, "CHANNEL_NAME_TAKEN", "HOM-08"));

    let ended = sandbox.ok(&["channel", "show", "-c", "trade-a", "--as", "buyer"]);
    let opened = sandbox.ok(&succeed);
    assert_eq!(
        (&opened["name"], &opened["schema"]),
        (&json!("trade-a-2"), &json!("parclose.channel-succeed/1"))
    );
    let reference = json!({
        "tag": ended["tag"],
        "last_event": ended["events"].as_u64().unwrap() - 1,
        "state_root": ended["state_root"],
    });
    assert_eq!(opened["predecessor"], reference);
    let shown = sandbox.ok(&["channel", "show", "-c", "trade-a-2", "--as", "supplier-a"]);
    assert_eq!((&shown["predecessor"], &shown["closed"]), (&reference, &json!(false)));
    let verified = sandbox.ok(&["channel", "verify", "-c", "trade-a-2", "--as", "buyer"]);
    assert_eq!(verified["predecessor"], reference, "compared with its own store of the other");
    // It is a room like any other; the old one is read, and its receipts verify.
    sandbox.submit("trade-a-2", "supplier-a", &receivable("R-2", "supplier-a", "bank-1"));
    assert_eq!(sandbox.records("trade-a-2", "bank-1").len(), 1);
    let receipt = sandbox.text("receipt.json");
    sandbox.ok(&["receipt", "get", "-c", "trade-a", "--as", "bank-1", &early, "--out", &receipt]);
    let genesis = sandbox.home().join("genesis.json").display().to_string();
    sandbox.ok(&["receipt", "verify", &receipt, "--genesis", &genesis]);

    let again = ["channel", "succeed", "-c", "trade-a", "--as", "buyer", "--name", "another"];
    assert_eq!(refused(&sandbox, &again), told(5, "SUCCESSOR_EXISTS", "SUC-05"));
    let members = sandbox.ok(&["channel", "members", "-c", "trade-a-2", "--as", "bank-1"]);
    let rows = members["members"].as_array().unwrap();
    assert!(rows.len() == 3 && rows.iter().all(|row| row["published_next"] == json!(true)), "{members}");
}
