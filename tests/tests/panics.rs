//! Crates that see bytes of others deny the lints by which a panic can be reached, and each `expect` says why it holds.
//!
//! Clippy enforces the lints; this holds that nobody takes them away, or allows one without looking at this list.

use std::path::{Path, PathBuf};

/// Crates whose code meets outside bytes.
const CRATES: [&str; 14] = [
    "types",
    "crypto",
    "store",
    "access",
    "documents",
    "finance",
    "keys",
    "amounts",
    "root",
    "transaction",
    "channel",
    "audit",
    "exchange",
    "consensus",
];
/// Modules of the node that read files of others.
const MODULES: [&str; 7] = ["audit_desk", "backup", "bounded", "home", "joining", "key_file", "sealed"];
const LINTS: [&str; 5] = [
    "clippy::indexing_slicing",
    "clippy::string_slice",
    "clippy::get_unwrap",
    "clippy::panic",
    "clippy::unreachable",
];
/// Crates in which arithmetic is checked by the lint, too. In the others an overflow ends one room (NOD-16).
const CHECKED: [&str; 6] = ["amounts", "finance", "root", "transaction", "audit", "exchange"];
/// Files that allow one of the lints, each with its reason in the attribute.
const ALLOWED: [&str; 3] = ["access/src/difference.rs", "access/src/parts.rs", "documents/src/synthetic.rs"];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")
}

/// The lints that a file's head does not deny.
fn missing<'a>(text: &str, lints: &[&'a str]) -> Vec<&'a str> {
    let head: String =
        text.lines().take_while(|line| !line.starts_with("pub mod") && !line.starts_with("use ")).collect();
    let denied: String = head.split("deny(").skip(1).filter_map(|part| part.split(')').next()).collect();
    lints.iter().copied().filter(|lint| !head.contains("cfg_attr") || !denied.contains(lint)).collect()
}

/// Lines of production code that allow one of the lints.
fn allowing(text: &str) -> bool {
    let of =
        |line: &str| LINTS.iter().chain(&["clippy::arithmetic_side_effects"]).any(|lint| line.contains(lint));
    text.lines().any(|line| line.contains("allow(") && of(line))
}

/// `expect`s that give no reason: fewer than three words.
fn unreasoned(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let reasons = code.split(".expect(\"").skip(1).filter_map(|rest| rest.split('"').next());
    reasons.filter(|reason| reason.split_whitespace().count() < 3).map(str::to_owned).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a crate has a readable src") {
        let path = entry.expect("a folder can be read").path();
        let name = path.file_stem().unwrap_or_default().to_owned();
        if ["tests", "fixtures", "shipped", "small"].iter().any(|test| name == *test) {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn crates_that_see_outside_bytes_deny_what_can_panic() {
    let mut wrong = Vec::new();
    let lib = CRATES.iter().map(|name| format!("{name}/src/lib.rs"));
    for file in lib.chain(MODULES.iter().map(|name| format!("node/src/{name}.rs"))) {
        let text = std::fs::read_to_string(crates().join(&file)).expect("a source is UTF-8");
        wrong.extend(missing(&text, &LINTS).into_iter().map(|lint| format!("{file} does not deny {lint}")));
        let checked = CHECKED.iter().any(|name| file == format!("{name}/src/lib.rs"));
        if checked && !missing(&text, &["clippy::arithmetic_side_effects"]).is_empty() {
            wrong.push(format!("{file} does not deny arithmetic that can overflow"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn allowances_are_listed_and_each_expect_has_its_reason() {
    let (mut wrong, mut searched) = (Vec::new(), 0);
    for name in CRATES.iter().chain(&["node"]) {
        let mut files = Vec::new();
        sources(&crates().join(name).join("src"), &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a source is UTF-8");
            let shown = file.display().to_string();
            if allowing(&text) && !ALLOWED.iter().any(|allowed| shown.ends_with(allowed)) {
                wrong.push(format!("{shown} allows a lint against panics"));
            }
            wrong.extend(
                unreasoned(&text).into_iter().map(|reason| format!("{shown}: `{reason}` is no reason")),
            );
            searched += 1;
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(searched > 150, "only {searched} files were searched");
}

#[test]
fn a_head_that_denies_less_and_an_expect_without_reason_are_noticed() {
    let good =
        "//! x\n#![cfg_attr(\n    not(test),\n    deny(clippy::panic, clippy::unreachable)\n)]\npub mod a;\n";
    assert_eq!(missing(good, &["clippy::panic", "clippy::unreachable"]), Vec::<&str>::new());
    assert_eq!(missing(good, &["clippy::get_unwrap"]), ["clippy::get_unwrap"]);
    assert_eq!(missing("//! x\npub mod a;\n", &["clippy::panic"]), ["clippy::panic"]);
    assert!(allowing("#![allow(clippy::indexing_slicing, reason = \"x\")]"));
    assert!(!allowing("#[allow(clippy::too_many_lines, reason = \"x\")]"));
    assert_eq!(unreasoned("a.expect(\"oops\"); b.expect(\"a list has a head\");"), ["oops"]);
}
