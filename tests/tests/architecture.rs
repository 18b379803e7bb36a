//! The floors of the workspace, held by a machine.
//!
//! Edges come from `cargo metadata` and are compared with the table below; the sources of the floors
//! that know no clock and no thread are searched for both. Each check is a function over plain data,
//! so that a planted fault shows that it can fail.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Normal dependencies by crate; the prefix of our own crates is taken off.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// A crate imports only from lower floors.
const FLOORS: &[(&str, u8)] = &[
    ("types", 0),
    ("findings", 0),
    ("crypto", 1),
    ("store", 1),
    ("access", 1),
    ("documents", 1),
    ("keys", 2),
    ("amounts", 2),
    ("finance", 2),
    ("root", 2),
    ("transaction", 3),
    ("channel", 4),
    ("consensus", 5),
    ("exchange", 5),
    ("audit", 5),
    ("node", 6),
    ("attack", 7),
    ("cli", 8),
];

/// Packages that only test: they stand above all floors, and nothing imports them.
const ABOVE_ALL: &[&str] = &["tests", "fuzz-targets", "simulation", "oracle", "supply", "review"];

/// Up to here: no async runtime, no network, no clock, no randomness and no threads of its own.
const PURE_UP_TO: u8 = 5;

/// On a pure floor, and not pure: they host the engine and the network; a budget of the reviewer's kit ends by the clock.
const HOSTS: &[&str] = &["consensus", "exchange", "findings"];

fn is_pure(name: &str) -> bool {
    floor(name).is_some_and(|floor| floor <= PURE_UP_TO) && !HOSTS.contains(&name)
}

const OURS: &str = "parclose-";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn graph() -> Graph {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages are listed");
    packages.iter().map(|package| (short(&package["name"]), normal_dependencies(package))).collect()
}

fn short(name: &Value) -> String {
    let name = name.as_str().unwrap_or_default();
    name.strip_prefix(OURS).unwrap_or(name).to_owned()
}

fn normal_dependencies(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    dependencies
        .filter(|dependency| dependency["kind"].is_null())
        .map(|dependency| short(&dependency["name"]))
        .collect()
}

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

/// Edges that do not lead downward, and crates without a floor.
fn wrong_edges(graph: &Graph) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, dependencies) in graph.iter().filter(|(name, _)| !ABOVE_ALL.contains(&name.as_str())) {
        let Some(own) = floor(name) else {
            wrong.push(format!("`{name}` has no floor"));
            continue;
        };
        for other in dependencies.iter().filter(|other| graph.contains_key(*other)) {
            if floor(other).is_none_or(|below| below >= own) {
                wrong.push(format!("`{name}` (floor {own}) imports `{other}`"));
            }
        }
    }
    wrong
}

/// Everything that a crate reaches.
fn reach(graph: &Graph, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(name) = open.pop() {
        for next in graph.get(&name).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    reached
}

/// What must never meet, because it makes the privacy claims structural.
fn meetings(graph: &Graph) -> Vec<String> {
    let mut met = Vec::new();
    for (name, never) in [
        ("root", ["transaction", "channel", "keys", "amounts"].as_slice()),
        ("consensus", &["transaction", "channel", "keys", "amounts"]),
        ("store", &["crypto", "keys"]),
    ] {
        let reached = reach(graph, name);
        met.extend(never.iter().filter(|n| reached.contains(**n)).map(|n| format!("`{name}` reaches `{n}`")));
    }
    for (name, dependencies) in graph {
        if name != "store" && dependencies.contains("rocksdb") {
            met.push(format!("`{name}` imports rocksdb"));
        }
    }
    if graph.get("cli").is_some_and(|cli| cli.contains("store")) {
        met.push("`cli` imports `store`".into());
    }
    met
}

/// Runtimes, networks and sources of randomness on floors that must be pure.
fn impure_imports(graph: &Graph) -> Vec<String> {
    let impure = |name: &str| name == "tokio" || name == "getrandom" || name.starts_with("libp2p");
    let mut found = Vec::new();
    for (name, dependencies) in graph.iter().filter(|(name, _)| is_pure(name)) {
        found.extend(dependencies.iter().filter(|d| impure(d)).map(|d| format!("`{name}` imports {d}")));
    }
    found
}

/// Lines of production code that name a clock or start a thread; one that ends with its scope is no thread of the crate's own.
fn impure_lines(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with("#[cfg(test)]") {
            break;
        }
        let code = line.split("//").next().unwrap_or_default();
        let words: Vec<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let clock = words.iter().any(|word| ["Instant", "SystemTime"].contains(word));
        let thread = words.windows(3).any(|w| w == ["thread", "", "spawn"] || w == ["thread", "", "Builder"]);
        let scoped = words.contains(&"spawn_scoped");
        if clock || (thread && !scoped) {
            found.push(format!("{name}:{number}: {}", line.trim()));
        }
    }
    found
}

/// Whether production code reads the wall clock.
fn reads_the_wall_clock(text: &str) -> bool {
    let production = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    let mut code = production.map(|line| line.split("//").next().unwrap_or_default());
    code.any(|line| line.contains("SystemTime::now") || line.contains("Utc::now"))
}

/// Production sources of a crate: `src` without `tests.rs` and `tests/`.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a crate has a readable src") {
        let path = entry.expect("a folder can be read").path();
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn planted(edges: &[(&str, &str)]) -> Graph {
    let mut graph = graph();
    for (from, to) in edges {
        graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
    }
    graph
}

#[test]
fn every_crate_imports_only_from_lower_floors() {
    let graph = graph();
    assert_eq!(wrong_edges(&graph), Vec::<String>::new());
    for (name, _) in FLOORS {
        assert!(graph.contains_key(*name), "the table names `{name}`, the workspace does not have it");
    }
}

#[test]
fn an_upward_a_level_and_an_unknown_edge_are_noticed() {
    assert_eq!(wrong_edges(&planted(&[("types", "channel")])).len(), 1);
    assert_eq!(wrong_edges(&planted(&[("consensus", "exchange")])).len(), 1);
    assert_eq!(wrong_edges(&planted(&[("gossip", "types")])).len(), 1);
    assert_eq!(wrong_edges(&planted(&[("cli", "tests")])).len(), 1, "nothing imports what only tests");
}

#[test]
fn what_must_never_meet_does_not() {
    assert_eq!(meetings(&graph()), Vec::<String>::new());
}

#[test]
fn every_forbidden_meeting_is_noticed() {
    for (from, to) in [
        ("root", "transaction"),
        ("consensus", "keys"),
        ("root", "amounts"),
        ("store", "keys"),
        ("channel", "rocksdb"),
        ("cli", "store"),
    ] {
        assert!(!meetings(&planted(&[(from, to)])).is_empty(), "{from} -> {to} must not pass");
    }
    let over_another = planted(&[("root", "between"), ("between", "channel")]);
    assert!(!meetings(&over_another).is_empty(), "a meeting over a third crate must not pass");
}

#[test]
fn the_lower_floors_import_no_runtime_network_or_randomness() {
    assert_eq!(impure_imports(&graph()), Vec::<String>::new());
    for (from, to) in [("channel", "tokio"), ("audit", "libp2p-gossipsub"), ("keys", "getrandom")] {
        assert_eq!(impure_imports(&planted(&[(from, to)])).len(), 1, "{from} -> {to} must not pass");
    }
}

#[test]
fn the_lower_floors_read_no_clock_and_start_no_thread() {
    let mut found = Vec::new();
    let mut searched = 0;
    for (name, _) in FLOORS.iter().filter(|(name, _)| is_pure(name)) {
        let mut files = Vec::new();
        sources(&workspace().join("crates").join(name).join("src"), &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a source is UTF-8");
            found.extend(impure_lines(&file.display().to_string(), &text));
            searched += 1;
        }
    }
    assert_eq!(found, Vec::<String>::new());
    assert!(searched > 100, "only {searched} files were searched");
}

#[test]
fn a_planted_clock_and_a_planted_thread_are_noticed() {
    let bad =
        "use std::time::Instant;\nlet now = std::time::SystemTime::now();\nstd::thread::spawn(|| ());\n";
    assert_eq!(impure_lines("planted.rs", bad).len(), 3);
    assert_eq!(impure_lines("planted.rs", "std::thread::Builder::new().spawn(run)").len(), 1);
    let good = "// an Instant is not read here\nlet instant = thread::scope(run);\nthread::Builder::new().spawn_scoped(scope, run);\n#[cfg(test)]\nuse std::time::Instant;\n";
    assert_eq!(impure_lines("planted.rs", good), Vec::<String>::new());
}

#[test]
fn the_wall_clock_is_read_in_one_file() {
    let mut files = Vec::new();
    for (name, _) in FLOORS {
        sources(&workspace().join("crates").join(name).join("src"), &mut files);
    }
    files.retain(|file| reads_the_wall_clock(&std::fs::read_to_string(file).expect("a source is UTF-8")));
    let machine = workspace().join("crates/node/src/machine.rs");
    assert_eq!(files, [machine], "and there it is watched for jumps");
    assert!(reads_the_wall_clock("let now = std::time::SystemTime::now();"));
    assert!(!reads_the_wall_clock("let now = Instant::now(); // no SystemTime::now()"));
}

/// What a lock file lacks of the dependencies of our crates in it: `crate: dependency`.
fn missing_in_lock(graph: &Graph, lock: &str) -> Vec<String> {
    let lock: toml::Table = lock.parse().expect("a lock file is TOML");
    let packages = lock["package"].as_array().into_iter().flatten();
    let mut missing = Vec::new();
    for package in packages {
        let Some(name) = package["name"].as_str().and_then(|name| name.strip_prefix(OURS)) else { continue };
        let listed = package.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        let listed: BTreeSet<_> = listed
            .filter_map(|entry| entry.as_str()?.split(' ').next())
            .map(|entry| entry.strip_prefix(OURS).unwrap_or(entry).to_owned())
            .collect();
        let needed = graph.get(name).into_iter().flatten();
        missing.extend(needed.filter(|one| !listed.contains(*one)).map(|one| format!("{name}: {one}")));
    }
    missing
}

/// The binaries of libFuzzer are a workspace of their own, which this one does not build.
#[test]
fn the_lock_file_of_the_fuzz_binaries_has_what_our_crates_depend_on() {
    let path = workspace().join("fuzz/libfuzzer/Cargo.lock");
    let lock = std::fs::read_to_string(path).expect("it is in the repository");
    let graph = graph();
    assert_eq!(missing_in_lock(&graph, &lock), Vec::<String>::new());
    let stale = lock.replace(" \"parclose-attack\",\n", "").replace(" \"getrandom 0.4.3\",\n", "");
    assert!(missing_in_lock(&graph, &stale).contains(&"cli: attack".to_owned()));
    assert!(missing_in_lock(&graph, &stale).contains(&"exchange: getrandom".to_owned()));
}
