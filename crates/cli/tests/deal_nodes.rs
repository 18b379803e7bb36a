//! Deals between nodes of their own: each does what is due for its member, and a crash at any moment leaves neither a
//! leg without the other nor a note that nobody has.
#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]

mod support;

use std::time::Duration;

use serde_json::Value;
use support::consortium::{Consortium, eventually};
use support::dealing::{CASH, Dealing, PRICE};

#[test]
fn loc_04_a_deal_settles_between_nodes_and_a_crash_of_either_party_halves_none() {
    let consortium = Consortium::up();
    let dealing = Dealing::open(&consortium);
    let first = dealing.propose((400, 200));
    assert!(dealing.accept(&first));
    assert!(dealing.over(&first));
    dealing.conserved(1);
    // Each party in turn is killed right after the answer that sets everything going.
    let mut committed = 1;
    for victim in ["bank-1", "bank-2"] {
        let instruction = dealing.propose((400, 200));
        assert!(dealing.accept(&instruction));
        assert!(consortium.strike(victim), "{victim} runs");
        let back = consortium.dev(&["restart", victim]);
        assert_eq!(back.code, 0, "{}", back.stderr);
        committed += u64::from(dealing.over(&instruction));
        dealing.conserved(committed);
    }
    dealing.verified();
}

/// The root chain tells a channel that a deal is aborted only if a leg is prepared there. This one is not: whoever would have to
/// approve it is gone.
#[test]
fn nod_37_what_was_locked_in_vain_goes_back_in_a_channel_in_which_nothing_else_happens() {
    let consortium = Consortium::ticking(Duration::from_millis(100));
    let dealing = Dealing::open(&consortium);
    let cash = || {
        let shown = dealing.ask(("bank-2", "cash"), &["asset", "balance"])?.ok()?;
        let spendable: u64 = shown["assets"][0]["balance_minor"].as_str()?.parse().ok()?;
        Some((spendable, shown["open_locks"].as_u64()?))
    };
    // The parties have the secrets that they share from a deal before.
    let first = dealing.propose((400, 200));
    assert!(dealing.accept(&first) && dealing.over(&first));
    dealing.conserved(1);
    let instruction = dealing.propose_by(("bank-2", "bank-1"), (60, 20));
    assert!(dealing.accept_by("bank-1", &instruction));
    assert!(consortium.strike("bank-1"), "bank-1 runs");
    let mut shown = Value::Null;
    eventually("bank-2 has locked its cash", || {
        shown = dealing.status("bank-2", &instruction).unwrap_or_default();
        assert!(!["lapsed", "aborted"].contains(&shown["stage"].as_str().unwrap_or_default()), "{shown}");
        shown["locked_here"] == 1 && cash() == Some((CASH - 2 * PRICE, 1))
    });
    assert_eq!((&shown["root"], &shown["prepared"]), (&"open".into(), &0.into()), "{shown}");
    // It is still away.
    eventually("the cash is back", || cash() == Some((CASH - PRICE, 0)));
    assert_eq!(dealing.stage("bank-2", &instruction).as_deref(), Some("aborted"));
    assert_eq!(consortium.dev(&["restart", "bank-1"]).code, 0);
    assert!(!dealing.over(&instruction));
    dealing.conserved(1);
    dealing.verified();
}
