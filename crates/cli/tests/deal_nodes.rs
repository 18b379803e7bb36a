//! Deals between nodes of their own: each does what is due for its member, and a crash at any moment leaves neither a
//! leg without the other nor a note that nobody has.
#![allow(clippy::unwrap_used, reason = "a value that is not there fails its test")]

mod support;

use serde_json::Value;
use support::consortium::{Consortium, eventually};

const MEMBERS: [&str; 3] = ["bank-1", "bank-2", "supplier-a"];
const SECURITY: &str = "US912828M805";

/// Runs a line until it is done: a secret that another member has dealt, or an opening, may not have come yet.
fn done(consortium: &Consortium, member: &str, line: &[&str]) -> Value {
    let mut value = Value::Null;
    eventually("it is done", || {
        let run = consortium.at(member, line);
        assert!(run.code == 0 || run.value()["definite"] == true, "{line:?}: {}", run.stderr);
        value = run.value();
        run.code == 0
    });
    value
}

fn asset(consortium: &Consortium, channel: &str, member: &str, line: &[&str]) -> Value {
    let (verb, rest) = line.split_first().unwrap();
    done(consortium, member, &[&["asset", verb, "-c", channel, "--as", member], rest].concat())
}

fn dvp<'a>(member: &'a str, line: &[&'a str]) -> Vec<&'a str> {
    let (verb, rest) = line.split_first().unwrap();
    [&["dvp", verb, "-c", "securities", "--as", member], rest].concat()
}

/// Hundredths that a member can spend; `None` while its node does not answer.
fn balance(consortium: &Consortium, channel: &str, member: &str) -> Option<u64> {
    let run = consortium.at(member, &["asset", "balance", "-c", channel, "--as", member]);
    if run.code != 0 {
        return None;
    }
    let value = run.value();
    let text = value["assets"][0]["balance"].as_str()?;
    text.replace('.', "").parse().ok()
}

/// `bank-1` has a million of a security, `bank-2` two of cash; `supplier-a` endorses.
fn market() -> Consortium {
    let consortium = Consortium::up();
    let members = ["bank-1=issuer+participant", "bank-2=issuer+participant", "supplier-a=participant"];
    for (channel, template) in [("securities", "dvp-securities"), ("cash", "dvp-cash")] {
        consortium.found_channel(channel, template, &members);
        MEMBERS.iter().for_each(|member| drop(asset(&consortium, channel, member, &["open"])));
    }
    asset(&consortium, "securities", "bank-1", &["define", "--code", SECURITY, "--decimals", "2"]);
    asset(&consortium, "cash", "bank-2", &["define", "--code", "USD"]);
    let issue = |channel, by, code, amount| {
        asset(&consortium, channel, by, &["issue", "--asset", code, "--to", by, "--amount", amount]);
    };
    issue("securities", "bank-1", SECURITY, "1000000.00");
    issue("cash", "bank-2", "USD", "2000000.00");
    consortium
}

fn propose(consortium: &Consortium) -> String {
    let offer = ["propose", "--to", "bank-2", "--give", "securities:US912828M805:1000.00", "--get"];
    let offer =
        [&offer[..], &["cash:USD:999.00", "--allocate-within", "400", "--settle-within", "200"]].concat();
    let proposed = done(consortium, "bank-1", &dvp("bank-1", &offer));
    proposed["instruction"].as_str().unwrap().to_owned()
}

fn stage(consortium: &Consortium, member: &str, instruction: &str) -> Option<String> {
    let run = consortium.at(member, &dvp(member, &["status", instruction]));
    (run.code == 0).then(|| run.value()["stage"].as_str().unwrap().to_owned())
}

/// How many deals are committed, once both parties say the same of all of them and nothing is held any more.
fn settled(consortium: &Consortium, instructions: &[String]) -> u64 {
    let over = |stage: &str| ["committed", "aborted", "lapsed"].contains(&stage);
    let mut committed = 0;
    eventually("every deal is over, for both parties", || {
        committed = 0;
        instructions.iter().all(|instruction| {
            let stages = ["bank-1", "bank-2"].map(|member| stage(consortium, member, instruction));
            let [Some(first), Some(second)] = stages else { return false };
            committed += u64::from(first == "committed");
            over(&first) && first == second
        })
    });
    committed
}

/// Whoever paid has as much less as whoever was paid has more, in both channels, for as many deals.
fn conserved(consortium: &Consortium, deals: u64) {
    let expected = [
        ("securities", "bank-1", 100_000_000 - deals * 100_000),
        ("securities", "bank-2", deals * 100_000),
        ("cash", "bank-1", deals * 99_900),
        ("cash", "bank-2", 200_000_000 - deals * 99_900),
    ];
    for (channel, member, expected) in expected {
        eventually(&format!("{member} has {expected} in {channel}"), || {
            balance(consortium, channel, member) == Some(expected)
        });
    }
}

#[test]
fn loc_04_a_deal_settles_between_nodes_and_a_crash_of_either_party_halves_none() {
    let consortium = market();
    let mut instructions = vec![propose(&consortium)];
    eventually("the other party has read it", || {
        stage(&consortium, "bank-2", &instructions[0]).as_deref() == Some("proposed")
    });
    done(&consortium, "bank-2", &dvp("bank-2", &["accept", &instructions[0]]));
    assert_eq!(settled(&consortium, &instructions), 1);
    conserved(&consortium, 1);
    // Each party in turn is killed right after the answer that sets everything going.
    for victim in ["bank-1", "bank-2"] {
        let instruction = propose(&consortium);
        eventually("the other party has read it", || {
            stage(&consortium, "bank-2", &instruction).as_deref() == Some("proposed")
        });
        done(&consortium, "bank-2", &dvp("bank-2", &["accept", &instruction]));
        assert_eq!(consortium.dev(&["kill", victim]).code, 0);
        let back = consortium.dev(&["restart", victim]);
        assert_eq!(back.code, 0, "{}", back.stderr);
        instructions.push(instruction);
    }
    let committed = settled(&consortium, &instructions);
    conserved(&consortium, committed);
    for (channel, member) in [("securities", "supplier-a"), ("cash", "bank-1")] {
        let run = consortium.at(member, &["channel", "verify", "-c", channel, "--as", member]);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
}
