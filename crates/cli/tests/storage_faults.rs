//! Nodes whose disk fails below them, each on a real file system of its own: what they say, and what is left after.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

mod support;

use support::Run;
use support::consortium::{Consortium, TRADERS, eventually};
use support::disk::SmallDisk;

const TRADE_A: (&str, &str, &str) = ("trade-a", "supplier-a", "bank-1");
const TRADE_B: (&str, &str, &str) = ("trade-b", "supplier-b", "bank-2");

/// What a node of a small disk may still set aside for its logs before there is no room any more: less than a log is
/// set aside at a time, for what is set aside can still be written to a disk that is full.
const LEFT_KIB: u64 = 1024;

/// A failure says by which rule, what helps, and whether it may still happen: then it ends with 7.
fn is_told(run: &Run) {
    let told = run.value();
    let has = |member: &str| told[member].as_str().is_some_and(|text| !text.is_empty());
    assert!(run.code > 1 && has("rule") && has("fix"), "{}\n{}", run.code, run.stderr);
    assert!(told["definite"] == true || run.code == 7, "{}", run.stderr);
}

fn rule(run: &Run) -> String {
    run.value()["rule"].as_str().unwrap_or_default().to_owned()
}

/// The node says that its disk has stopped its root chain, and what the disk says.
fn says_why(consortium: &Consortium, member: &str, disk: &str) {
    eventually("its root chain stops by the disk's rule", || {
        consortium.check(member, "root").is_some_and(|(ok, why)| !ok && why.ends_with("STO-12"))
    });
    let (ok, reason) = consortium.check(member, "disk").unwrap();
    assert!(!ok && reason.contains(disk), "{reason}");
}

fn goes_on(consortium: &Consortium, member: &str) {
    let least = consortium.height(member) + 2;
    eventually("blocks go on", || consortium.height(member) >= least);
}

/// Everything acknowledged is there once at each member, every row of each has its place, and more can be written.
fn is_whole(consortium: &Consortium, member: &str, acknowledged: &mut Vec<String>) {
    goes_on(consortium, member);
    acknowledged.push(consortium.issue("INV-LAST"));
    consortium.audit(acknowledged);
    eventually("all members have one state, and all of it follows from the log", || {
        let states = TRADERS.map(|member| consortium.verified(member, "trade-a"));
        states[0].is_some() && states.windows(2).all(|two| two[0] == two[1])
    });
    let mut numbers = consortium.numbers(member, "trade-a");
    let all = numbers.len();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), all, "nothing came twice");
}

#[test]
fn a_node_whose_disk_is_full_says_so_and_is_level_after_a_start_with_room() {
    let consortium = Consortium::up();
    let mut acknowledged = vec![consortium.issue("INV-0")];
    let Some(disk) = consortium.lay("supplier-a", SmallDisk::of_memory) else {
        return println!("skipped: this test may not mount a file system");
    };
    disk.fill_but(LEFT_KIB);
    assert_eq!(consortium.dev(&["restart", "supplier-a"]).code, 0);
    acknowledged.push(consortium.issue("INV-1"));
    disk.fill_up();
    says_why(&consortium, "supplier-a", "No space left");
    // Whoever writes there is told that nothing was done, or that it is not known.
    let mut number = 1;
    eventually("its channel stops by the disk's rule", || {
        number += 1;
        let told = consortium.submit(TRADE_A, &format!("INV-{number}"));
        is_told(&told);
        rule(&told) == "STO-12"
    });
    let (ok, reason) = consortium.check("supplier-a", "channels").unwrap();
    assert!(!ok && reason.contains("STO-12"), "{reason}");
    // The others go on, with each other and in other channels.
    goes_on(&consortium, "buyer");
    eventually("another channel goes on", || consortium.submit(TRADE_B, "INV-B").code == 0);
    disk.clear();
    let up = consortium.dev(&["restart", "supplier-a"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    is_whole(&consortium, "supplier-a", &mut acknowledged);
}

#[test]
fn a_node_whose_disk_turns_read_only_says_so_and_is_level_after_a_start_on_a_sound_one() {
    let consortium = Consortium::up();
    let mut acknowledged = vec![consortium.issue("INV-0")];
    let image = consortium.path("image");
    let Some(disk) = consortium.lay("bank-1", |at| SmallDisk::of_a_file(&image, at)) else {
        return println!("skipped: this test may not mount a file system that fails when it is told to");
    };
    assert_eq!(consortium.dev(&["restart", "bank-1"]).code, 0);
    acknowledged.push(consortium.issue("INV-1"));
    disk.fail();
    says_why(&consortium, "bank-1", "Read-only");
    acknowledged.push(consortium.issue("INV-2"));
    goes_on(&consortium, "buyer");
    // Without a node too, a command says that it is the disk, and does not call the home broken.
    assert_eq!(consortium.dev(&["kill", "bank-1"]).code, 0);
    is_told(&consortium.dev(&["restart", "bank-1"]));
    let told = consortium.at("bank-1", &["channel", "list", "--as", "bank-1"]);
    is_told(&told);
    assert_eq!((told.code, rule(&told).as_str()), (7, "HOM-11"), "{}", told.stderr);
    disk.mend();
    let up = consortium.dev(&["restart", "bank-1"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    is_whole(&consortium, "bank-1", &mut acknowledged);
}
