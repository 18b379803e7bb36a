//! The files of `deploy/`: every call in them is one that the command takes, every variable one that it reads.

mod support;

use std::collections::BTreeSet;
use std::process::Command;

use clap::CommandFactory;
use parclose_node::config::keys::KEYS;
use parclose_node::config::variable_of;
use support::repository;

fn file(name: &str) -> String {
    std::fs::read_to_string(repository().join("deploy").join(name)).expect("the file is there")
}

/// Calls in a unit, a Dockerfile's lists or a compose file's: the words after the binary.
fn calls(text: &str) -> Vec<Vec<String>> {
    let quoted = |list: &str| list.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some((_, call)) = line.split_once("=/usr/bin/parclose ") {
            found.push(call.split_whitespace().map(str::to_owned).collect());
        } else if let Some(list) = line.strip_prefix("command: [").or_else(|| line.strip_prefix("CMD [")) {
            found.push(quoted(list));
        } else if let Some(list) = line.strip_prefix("test: [") {
            found.push(quoted(list).into_iter().skip(2).collect());
        } else if let Some(list) = line.strip_prefix("ENTRYPOINT [") {
            // An entry point is the beginning of every call.
            found.push([quoted(list)[1..].to_vec(), vec!["node".into(), "run".into()]].concat());
        }
    }
    found
}

fn refusals(text: &str) -> Vec<String> {
    let parse = |words: &Vec<String>| {
        let line = std::iter::once("parclose".to_owned()).chain(words.iter().cloned());
        parclose_cli::args::Args::command().try_get_matches_from(line).err()
    };
    calls(text).iter().filter_map(|words| Some(format!("{words:?}: {}", parse(words)?))).collect()
}

/// Variables of this program that a text sets.
fn variables(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("PARCLOSE_")).map(str::to_owned).collect()
}

fn unknown(text: &str) -> Vec<String> {
    let mut known: BTreeSet<String> = KEYS.iter().map(variable_of).collect();
    known.extend(["PARCLOSE_HOME", "PARCLOSE_TEMPLATES", "PARCLOSE_PASSPHRASE_FILE"].map(str::to_owned));
    variables(text).difference(&known).cloned().collect()
}

const FILES: [(&str, usize); 3] = [("parclose.service", 2), ("Dockerfile", 2), ("compose.yaml", 2)];

#[test]
fn every_call_and_variable_is_one_that_the_command_knows() {
    for (name, expected) in FILES {
        let text = file(name);
        assert_eq!(calls(&text).len(), expected, "{name}: {:?}", calls(&text));
        assert_eq!(refusals(&text), [] as [String; 0], "{name}");
        assert!(!variables(&text).is_empty(), "{name}");
        assert_eq!(unknown(&text), [] as [String; 0], "{name}");
    }
}

#[test]
fn a_call_and_a_variable_that_do_not_exist_are_noticed() {
    assert_eq!(refusals("ExecStart=/usr/bin/parclose node fly\n").len(), 1);
    assert_eq!(refusals("  command: [\"node\", \"run\", \"--loud\"]\n").len(), 1);
    assert_eq!(refusals("test: [\"CMD\", \"/usr/bin/parclose\", \"nod\"]\n").len(), 1);
    assert_eq!(refusals("ENTRYPOINT [\"/usr/bin/parclose\", \"--nothing\"]\n").len(), 1);
    assert_eq!(unknown("Environment=PARCLOSE_LOG_LEVLE=info"), ["PARCLOSE_LOG_LEVLE"]);
}

#[test]
fn containers_run_without_rights_and_with_a_file_system_that_cannot_be_written() {
    let compose = file("compose.yaml");
    for line in ["read_only: true", "user: \"10001:10001\"", "cap_drop: [\"ALL\"]", "no-new-privileges:true"]
    {
        assert!(compose.contains(line), "{line}");
    }
    let dockerfile = file("Dockerfile");
    let last_user = dockerfile.lines().rfind(|line| line.starts_with("USER "));
    assert_eq!(last_user, Some("USER 10001:10001"));
    let services = compose.lines().filter(|line| line.trim() == "<<: *node").count();
    assert_eq!(services, 3);
}

#[test]
fn a_node_has_a_gibibyte_of_memory_and_no_swap() {
    for (name, lines) in [
        ("parclose.service", ["MemoryMax=1G", "MemorySwapMax=0"]),
        ("compose.yaml", ["  mem_limit: 1g", "  memswap_limit: 1g"]),
    ] {
        let text = file(name);
        assert!(lines.iter().all(|wanted| text.lines().any(|line| line.starts_with(wanted))), "{name}");
    }
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let folder = tempfile::tempdir().expect("there is room for a test");
    let verify = |text: &str| {
        let path = folder.path().join("parclose.service");
        // The binary that was built, in the place of the installed one.
        let text = text.replace("/usr/bin/parclose", env!("CARGO_BIN_EXE_parclose"));
        std::fs::write(&path, text).expect("a test writes its own folder");
        Command::new("systemd-analyze").arg("verify").arg("--man=no").arg(&path).output()
    };
    let unit = file("parclose.service");
    let Ok(verified) = verify(&unit) else {
        println!("skipped: systemd-analyze is not installed");
        return;
    };
    let told = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success(), "{told}");
    assert!(!told.contains("parclose.service:"), "{told}");
    let broken = verify(&unit.replace("TimeoutStopSec=120", "TimeoutStopSecs=120")).expect("it ran before");
    assert!(String::from_utf8_lossy(&broken.stderr).contains("TimeoutStopSecs"), "it notices");
}
