//! A consortium of separate processes, run as people run it: started, used, killed, started again.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes, up to a bound")]

mod support;

use std::net::TcpListener;

use support::consortium::{Consortium, parclose};
use support::receivable;

#[test]
fn cli_11_commands_on_a_running_node_are_run_by_it_and_nothing_acknowledged_is_lost_in_crashes() {
    let consortium = Consortium::up();
    assert_eq!(consortium.running(), 5);
    let mut acknowledged = vec![consortium.issue("INV-0"), consortium.issue("INV-1")];
    for counter in ["parclose_exchange_frames_out_total", "parclose_store_synced_commits_total"] {
        assert!(consortium.metric("supplier-a", counter) > Some(0), "{counter}");
    }
    let members = consortium.at("buyer", &["member", "list"]);
    assert_eq!(members.code, 0, "a node answers about its home too: {}", members.stderr);
    // A stranger to the channel has its node, and no such channel.
    assert_eq!(consortium.at("bank-2", &["tx", "list", "-c", "trade-a", "--as", "bank-2"]).code, 3);
    consortium.audit(&acknowledged);
    let copies = |at: &str| {
        let found = consortium.at(at, &["locate", "INV-1", "--as", at]).value();
        let rows = found["found"][0]["transactions"][0]["copies"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["holds"].as_str().unwrap().to_owned())
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(copies("supplier-a"), ["here", "signed"].map(str::to_owned).into());
    assert_eq!(consortium.dev(&["kill", "bank-1"]).code, 0);
    assert_eq!(copies("supplier-a"), ["here", "no answer", "signed"].map(str::to_owned).into());
    assert_eq!(consortium.dev(&["restart", "bank-1"]).code, 0);
    for (number, victim) in (2..).zip(["bank-1", "buyer", "bank-2", "supplier-a"]) {
        assert_eq!(consortium.dev(&["kill", victim]).code, 0);
        assert_eq!(consortium.running(), 4, "{victim} is gone");
        if victim != "supplier-a" {
            acknowledged.push(consortium.issue(&format!("INV-{number}")));
        }
        let back = consortium.dev(&["restart", victim]);
        assert_eq!(back.code, 0, "{}", back.stderr);
    }
    acknowledged.push(consortium.issue("INV-9"));
    consortium.audit(&acknowledged);
    // All of them at once.
    for member in ["buyer", "supplier-a", "supplier-b", "bank-1", "bank-2"] {
        assert_eq!(consortium.dev(&["kill", member]).code, 0);
    }
    assert_eq!(consortium.running(), 0);
    let up = consortium.dev(&["up", "--validators", "4"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    acknowledged.push(consortium.issue("INV-10"));
    consortium.audit(&acknowledged);
    // What a command reads goes with it: standard input, and a path from where it was typed.
    let draft = receivable("INV-11", "supplier-a", "bank-1").to_string();
    let line = ["tx", "submit", "-c", "trade-a", "--as", "supplier-a"];
    let typed = consortium.typed("supplier-a", &[&line[..], &["-"]].concat(), &draft);
    assert_eq!(typed.value()["verdict"], "applied", "{}", typed.stderr);
    std::fs::write(consortium.path("here.json"), draft.replace("INV-11", "INV-12")).unwrap();
    let here = consortium.typed("supplier-a", &[&line[..], &["here.json"]].concat(), "");
    assert_eq!(here.value()["verdict"], "applied", "{}", here.stderr);
    // Two of four validators are gone: nothing is ordered, and who waits for it does not keep the node from stopping.
    for member in ["supplier-b", "bank-1"] {
        assert_eq!(consortium.dev(&["kill", member]).code, 0);
    }
    let waiting = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| consortium.typed("supplier-a", &[&line[..], &["-"]].concat(), &draft));
        let down = consortium.dev(&["down"]);
        assert_eq!((down.code, consortium.running()), (0, 0), "{}", down.stderr);
        waiting.join().unwrap()
    });
    assert_ne!(waiting.code, 0, "nobody said that it was written");
}

#[test]
fn cli_14_a_node_that_does_not_answer_leaves_the_outcome_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("client.sock");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let running = serde_json::json!({
        "schema": "parclose.running/1", "pid": 1, "network": "00".repeat(32), "admin": null, "socket": socket,
    });
    std::fs::write(folder.path().join("running.json"), running.to_string()).unwrap();
    let asked = std::thread::scope(|scope| {
        scope.spawn(|| drop(listener.accept().unwrap()));
        parclose(folder.path(), &["channel", "list", "--as", "buyer"])
    });
    let told = asked.value();
    assert_eq!(
        (asked.code, told["rule"].as_str(), told["definite"].as_bool()),
        (7, Some("CLI-14"), Some(false))
    );
}

#[test]
fn cli_12_a_consortium_of_processes_has_its_bounds() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [["--validators", "0"], ["--validators", "6"]] {
        let refused = parclose(folder.path(), &[&["dev", "up"], &arguments[..]].concat());
        assert_eq!((refused.code, refused.value()["rule"].as_str()), (2, Some("CLI-12")));
    }
    let ports = parclose(folder.path(), &["dev", "up", "--validators", "1", "--port-base", "65530"]);
    assert_eq!(ports.value()["rule"], "CLI-12");
    assert_eq!(parclose(folder.path(), &["dev", "status"]).code, 3, "nothing was made");
}

#[test]
fn cli_13_a_node_that_does_not_come_up_is_named() {
    let consortium = Consortium::absent();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = (taken.local_addr().unwrap().port() - 1).to_string();
    // Its second port is taken: the first member's node cannot be reached by the others.
    let up = consortium.dev(&["up", "--validators", "1", "--port-base", &base]);
    assert_eq!((up.code, up.value()["rule"].as_str()), (7, Some("CLI-13")), "{}", up.stderr);
    assert!(up.value()["fix"].as_str().unwrap().contains("buyer"), "{}", up.stderr);
}
