//! `kill -9` at many moments: what was acknowledged is still there, and the next run goes on.
//!
//! Progress is read off the size of the importer's database and of the root chain, so that each kill
//! falls into another part of the work: opening, sealing, ordering, executing, closing.

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use serde_json::Value;
use support::{GENERATED, Sandbox, generated, receivable, statement};

const DOCUMENTS: usize = 3000;
const MEMBERS: &[(&str, &[&str])] =
    &[("trade-a", &["buyer", "supplier-a", "bank-1"]), ("banks", &["bank-1", "bank-2"])];

/// Polls of a child before it counts as hanging: a minute.
const POLLS_MAX: usize = 60_000;

/// Bytes of the files in a folder; files that vanish meanwhile count as nothing.
fn bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}

fn watched(sandbox: &Sandbox) -> [PathBuf; 2] {
    [sandbox.home().join("members/supplier-a/channels/trade-a/db"), sandbox.home().join("root")]
}

/// Waits until the watched folders grew by `growth` bytes; `false` when the child ended before.
fn grown(child: &mut Child, folders: &[PathBuf], growth: u64) -> bool {
    let size = || folders.iter().map(|folder| bytes(folder)).sum::<u64>();
    let mut lowest = size();
    for _ in 0..POLLS_MAX {
        let now = size();
        // Opening moves rows from logs to sorted files, which makes the folder smaller.
        lowest = lowest.min(now);
        if now >= lowest + growth {
            return true;
        }
        if child.try_wait().expect("a child can be asked").is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the command hangs");
}

/// Starts a command and kills it once the watched folders grew; whether the kill came in time, and what was
/// told until then.
fn killed(sandbox: &Sandbox, arguments: &[&str], growth: u64) -> (bool, String) {
    let mut child = sandbox.command(arguments).spawn().expect("the command starts");
    let alive = grown(&mut child, &watched(sandbox), growth);
    // On Unix this is SIGKILL: no handler, no flush, no farewell.
    let _ = child.kill();
    let output = child.wait_with_output().expect("a child ends");
    (alive && output.status.code().is_none(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The counts of an import's progress, which never go back, nor beyond the documents that there are.
fn progress(told: &str) -> Vec<usize> {
    let count = |line: &str| line.split_once("imported: ")?.1.split_once(" of ")?.0.parse::<usize>().ok();
    let counts: Vec<usize> = told.lines().filter_map(count).collect();
    assert!(counts.is_sorted() && counts.last().is_none_or(|last| *last <= DOCUMENTS), "{told}");
    counts
}

/// Every transaction of a channel as a member lists it: digests with verdicts.
fn verdicts(sandbox: &Sandbox, channel: &str, member: &str) -> Vec<(String, String)> {
    let listed = sandbox.ok(&["tx", "list", "-c", channel, "--as", member, "--limit", "100000"]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let rows = listed["transactions"].as_array().expect("rows").iter();
    rows.map(|row| (text(&row["tx"]), text(&row["verdict"]))).collect()
}

/// All members have the same log, every value follows from it, and nothing acknowledged is missing.
fn check(sandbox: &Sandbox, acknowledged: &[(&str, String)]) {
    for (channel, members) in MEMBERS {
        let first = verdicts(sandbox, channel, members[0]);
        let digests: BTreeSet<&String> = first.iter().map(|(digest, _)| digest).collect();
        assert_eq!(digests.len(), first.len(), "no transaction has two verdicts");
        for member in *members {
            assert_eq!(verdicts(sandbox, channel, member), first, "{member} has another log of {channel}");
            sandbox.ok(&["channel", "verify", "-c", channel, "--as", member]);
        }
        for (_, tx) in acknowledged.iter().filter(|(of, _)| of == channel) {
            assert!(
                first.contains(&(tx.clone(), "applied".into())),
                "{tx} of {channel} was acknowledged and is lost"
            );
        }
    }
}

#[test]
fn imp_63_an_import_that_is_killed_again_and_again_ends_with_each_document_once() {
    let sandbox = Sandbox::founded();
    let (folder, reference) = generated(&sandbox, DOCUMENTS);
    let import = ["import", "csv", &folder, "-c", "trade-a", "--as", "supplier-a", "--mapping", GENERATED];
    let mut acknowledged: Vec<(&str, String)> = Vec::new();
    let mut in_time = 0;
    for (round, growth) in
        [0, 1, 40_000, 200_000, 500_000, 900_000, 1_400_000, 2_000_000].into_iter().enumerate()
    {
        let (alive, told) = killed(&sandbox, &import, growth);
        in_time += usize::from(alive);
        progress(&told);
        // What is acknowledged between two kills must survive the later ones.
        acknowledged.push((
            "banks",
            sandbox.submit("banks", "bank-1", &statement(&format!("2025-{:02}", round + 1))),
        ));
        let draft = receivable(&format!("HAND-{round}"), "supplier-a", "bank-1");
        acknowledged.push(("trade-a", sandbox.submit("trade-a", "supplier-a", &draft)));
    }
    assert!(in_time >= 5, "only {in_time} kills came in time");
    let already = sandbox.records("trade-a", "buyer").len() - acknowledged.len() / 2;
    assert!(already > 0, "a killed import leaves what was ordered");
    check(&sandbox, &acknowledged);
    let told = sandbox.run(&[&import[..], &["--json"]].concat());
    progress(&told.stderr);
    let last = told.value();
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(
        told.stderr.contains("documents are there already; going on at purchase-ledger-2025-"),
        "{}",
        told.stderr
    );
    assert!(
        last["resumed_at"].as_str().is_some_and(|place| place.starts_with("purchase-ledger-2025-")),
        "{last}"
    );
    assert_eq!((&last["conflicts"], &last["reconciled"]), (&serde_json::json!([]), &Value::Bool(true)));
    assert_eq!(last["documents"].as_u64(), Some(DOCUMENTS as u64));
    assert_eq!(last["already_there"].as_u64(), Some(already as u64), "what is there is recognised");
    assert_eq!(last["applied"].as_u64(), Some((DOCUMENTS - already) as u64));
    assert_eq!(last["refused"], serde_json::json!([]));
    let again = sandbox.ok(&import);
    assert_eq!(
        (again["applied"].as_u64(), again["already_there"].as_u64()),
        (Some(0), Some(DOCUMENTS as u64))
    );
    assert!(again["resumed_at"].is_null(), "there was nothing to go on with");
    check(&sandbox, &acknowledged);
    let verified = sandbox.ok(&["channel", "verify", "-c", "trade-a", "--as", "buyer"]);
    assert_eq!(verified["records"].as_u64(), Some((DOCUMENTS + acknowledged.len() / 2) as u64));
    let minor: u128 = again["totals"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|total| total["amount_minor"].as_str()?.parse::<u128>().ok())
        .sum();
    assert_eq!(minor, reference.total_minor);
}

#[test]
fn a_submission_that_is_killed_is_there_for_all_members_or_for_none() {
    let sandbox = Sandbox::founded();
    let file = sandbox.write("draft.json", &statement("2025-01").to_string());
    let submit = ["tx", "submit", "-c", "banks", "--as", "bank-1", &file, "--json"];
    let folders = [sandbox.home().join("members/bank-1/channels/banks/db"), sandbox.home().join("root")];
    for growth in [1, 500, 1_500, 3_000, 5_000] {
        let before = verdicts(&sandbox, "banks", "bank-1").len();
        let mut child = sandbox.command(&submit).spawn().unwrap();
        grown(&mut child, &folders, growth);
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        let after = verdicts(&sandbox, "banks", "bank-1");
        assert!(after.len() == before || after.len() == before + 1);
        let told = serde_json::from_slice::<Value>(&output.stdout).ok();
        let told = told.and_then(|value| Some(value["tx"].as_str()?.to_owned()));
        assert!(told.is_none_or(|tx| after.contains(&(tx, "applied".into()))), "acknowledged and lost");
        check(&sandbox, &[]);
    }
}

#[test]
fn a_channel_whose_founding_is_killed_does_not_stop_the_others() {
    let sandbox = Sandbox::founded();
    let create = [
        "channel",
        "create",
        "new",
        "--template",
        "bilateral",
        "--member",
        "buyer=member",
        "--member",
        "bank-1=member",
    ];
    let channels = sandbox.home().join("members/buyer/channels/new");
    for moment in 0..3 {
        let mut child = sandbox.command(&create).spawn().unwrap();
        for _ in 0..POLLS_MAX {
            let (folder, card) = (channels.exists(), channels.join("channel.json").exists());
            if child.try_wait().unwrap().is_some() || [folder, card, card][moment] {
                break;
            }
            std::hint::spin_loop();
        }
        let _ = child.kill();
        child.wait().unwrap();
        let listed = sandbox.json(&["channel", "list", "--as", "buyer"]);
        assert_eq!(listed.0, 0, "moment {moment}: {}", listed.1);
        sandbox.submit("banks", "bank-1", &statement("2025-01"));
        check(&sandbox, &[]);
    }
}
