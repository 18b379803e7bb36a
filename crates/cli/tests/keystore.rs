//! Key files and their passphrases, as processes use them: every source, every refusal, nothing leaked.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use parclose_crypto::keystore::{Header, Stretched};
use parclose_crypto::{Passphrase, Secret};
use parclose_node::key_file::form::KeyFile;
use parclose_types::hex;
use serde_json::Value;
use support::{Run, Sandbox, statement};

const RIGHT: &str = "canary: correct horse";
const WRONG: &str = "canary: battery staple";

/// Polls of a child before it counts as hanging: two minutes.
const POLLS_MAX: usize = 24_000;

/// Runs a command that may wait for nobody.
fn ended(mut command: Command) -> Run {
    let mut child = command.spawn().unwrap();
    for _ in 0..POLLS_MAX {
        if child.try_wait().unwrap().is_some() {
            return child.wait_with_output().unwrap().into();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    panic!("{command:?} hangs");
}

/// Exit code and word code of a command that fails; its prose must say the same.
fn refused(run: &Run) -> (i32, String) {
    let value = run.value();
    let code = value["code"].as_str().unwrap().to_owned();
    assert!(run.stderr.contains(&format!("error[{code}]")), "{}", run.stderr);
    (run.code, code)
}

fn code(exit: i32, word: &str) -> (i32, String) {
    (exit, word.to_owned())
}

/// A key outside of any home, under [`RIGHT`].
struct Locked {
    sandbox: Sandbox,
    key: String,
    right: String,
    wrong: String,
}

impl Locked {
    fn new() -> Self {
        let sandbox = Sandbox::empty();
        let (right, wrong) = (sandbox.secret("right", RIGHT), sandbox.secret("wrong", WRONG));
        let key = sandbox.text("member.key");
        sandbox.ok(&["key", "generate", "--name", "bank-1", "--out", &key, "--passphrase-file", &right]);
        Self { sandbox, key, right, wrong }
    }

    /// A command that must open the key, and then fails to write: the quickest way to see it open.
    fn opening(&self, options: &[&str]) -> Command {
        let out = self.sandbox.text("absent/out.key");
        let new = ["--new-passphrase-file", &self.wrong];
        self.sandbox
            .command(&[&["key", "export", &self.key, "--out", &out, "--json"], options, &new].concat())
    }

    fn opens(&self, options: &[&str]) -> (i32, String) {
        refused(&ended(self.opening(options)))
    }
}

/// It opened, and the copy could not be written.
fn opened() -> (i32, String) {
    code(2, "KEY_FILE")
}

#[test]
fn pas_05_a_file_opens_a_key() {
    let locked = Locked::new();
    assert_eq!(locked.opens(&["--passphrase-file", &locked.right]), opened());
    assert_eq!(locked.opens(&["--passphrase-file", &locked.wrong]), code(8, "KEY_PASSPHRASE_WRONG"));
    let with_line_feed = locked.sandbox.secret("line", &format!("{RIGHT}\n"));
    assert_eq!(locked.opens(&["--passphrase-file", &with_line_feed]), opened());
    let with_two = locked.sandbox.secret("lines", &format!("{RIGHT}\n\n"));
    assert_eq!(locked.opens(&["--passphrase-file", &with_two]), code(8, "KEY_PASSPHRASE_WRONG"));
    for (name, text) in [("empty", ""), ("blank", "\n"), ("long", &*"x".repeat(2000))] {
        let file = locked.sandbox.secret(name, text);
        assert_eq!(locked.opens(&["--passphrase-file", &file]), code(2, "PASSPHRASE_REFUSED"), "{name}");
    }
    let shared = locked.sandbox.write("shared", RIGHT);
    assert_eq!(locked.opens(&["--passphrase-file", &shared]), code(2, "PASSPHRASE_REFUSED"));
    let absent = locked.sandbox.text("nowhere");
    assert_eq!(locked.opens(&["--passphrase-file", &absent]), code(3, "FILE_NOT_FOUND"));
}

#[test]
fn pas_05_a_descriptor_opens_a_key() {
    let locked = Locked::new();
    let with_stdin = |path: &str, options: &[&str]| {
        let mut command = locked.opening(options);
        command.stdin(std::fs::File::open(path).unwrap());
        refused(&ended(command))
    };
    assert_eq!(with_stdin(&locked.right, &["--passphrase-fd", "0"]), opened());
    assert_eq!(with_stdin(&locked.wrong, &["--passphrase-fd", "0"]), code(8, "KEY_PASSPHRASE_WRONG"));
    // A pipe on descriptor 3, as shells make one.
    let arguments: Vec<_> = locked.opening(&["--passphrase-fd", "3"]).get_args().map(PathBuf::from).collect();
    let mut shell = Command::new("sh");
    shell.args(["-c", "file=$1; shift; { cat \"$file\" | \"$@\" 3<&0 0</dev/null; }", "sh", &locked.right]);
    shell.arg(env!("CARGO_BIN_EXE_parclose")).args(arguments).current_dir(support::repository());
    shell.env_remove("PARCLOSE_PASSPHRASE_FILE").stdout(Stdio::piped()).stderr(Stdio::piped());
    assert_eq!(refused(&ended(shell)), opened());
    assert_eq!(locked.opens(&["--passphrase-fd", "99"]), code(3, "FILE_NOT_FOUND"));
    let mut empty = locked.opening(&["--passphrase-fd", "0"]);
    empty.stdin(Stdio::null());
    assert_eq!(refused(&ended(empty)), code(2, "PASSPHRASE_REFUSED"));
}

#[test]
fn pas_05_the_file_that_the_variable_names_opens_a_key_and_options_come_first() {
    let locked = Locked::new();
    let with_variable = |path: &str, options: &[&str]| {
        let mut command = locked.opening(options);
        command.env("PARCLOSE_PASSPHRASE_FILE", path);
        refused(&ended(command))
    };
    let (right, wrong) = (&locked.right, &locked.wrong);
    assert_eq!(with_variable(right, &[]), opened());
    assert_eq!(with_variable(wrong, &[]), code(8, "KEY_PASSPHRASE_WRONG"));
    assert_eq!(with_variable("", &[]), code(8, "KEY_LOCKED"), "an empty variable is none");
    assert_eq!(with_variable(wrong, &["--passphrase-file", right]), opened());
    let asked_for = with_variable(right, &["--passphrase-file", wrong]);
    assert_eq!(asked_for, code(8, "KEY_PASSPHRASE_WRONG"), "nothing else is tried");
    let absent = locked.sandbox.text("nowhere");
    assert_eq!(with_variable(&absent, &["--passphrase-fd", "0"]), code(2, "PASSPHRASE_REFUSED"));
    assert_eq!(with_variable(&absent, &[]), code(3, "FILE_NOT_FOUND"));
}

#[test]
fn pas_05_a_passphrase_is_never_an_argument_or_the_value_of_a_variable() {
    let locked = Locked::new();
    for variable in ["PARCLOSE_PASSPHRASE", "PASSPHRASE", "PARCLOSE_KEY_PASSPHRASE"] {
        let mut command = locked.opening(&[]);
        command.env(variable, RIGHT);
        assert_eq!(refused(&ended(command)), code(8, "KEY_LOCKED"), "{variable}");
    }
    for option in ["--passphrase", "--password", "--pass"] {
        assert_eq!(ended(locked.opening(&[option, RIGHT])).code, 2, "{option}");
    }
    let file = ["--passphrase-file", &locked.right];
    let both = [&file[..], &["key", "inspect", &locked.key, "--passphrase-fd", "0", "--json"]].concat();
    assert_eq!(locked.sandbox.json(&both).1["code"], "USAGE", "two sources");
}

#[test]
fn kef_05_without_a_source_a_key_is_locked_and_nothing_waits() {
    let locked = Locked::new();
    assert_eq!(locked.opens(&[]), code(8, "KEY_LOCKED"));
    let (key, out) = (&locked.key, locked.sandbox.text("out.key"));
    let commands: &[&[&str]] = &[
        &["key", "generate", "--out", &out],
        &["key", "change-passphrase", key],
        &["key", "export", key, "--out", &out],
        &["key", "import", key, "--out", &out],
        &["key", "change-passphrase", key, "--passphrase-file", &locked.right],
    ];
    for arguments in commands {
        for no_input in [&[][..], &["--no-input"]] {
            let mut command = locked.sandbox.command(&[arguments, no_input, &["--json"]].concat());
            // A pipe that stays open and empty: whoever reads it would wait for ever.
            command.stdin(Stdio::piped());
            assert_eq!(refused(&ended(command)), code(8, "KEY_LOCKED"), "{arguments:?}");
        }
    }
    assert!(!Path::new(&out).exists());
    assert_eq!(locked.sandbox.ok(&["key", "inspect", key])["name"], "bank-1", "to look at it needs none");
}

#[test]
fn a_home_founded_under_a_passphrase_needs_it_for_every_key_and_has_none_of_its_own() {
    let sandbox = Sandbox::empty();
    let right = sandbox.secret("right", RIGHT);
    let with = ["--passphrase-file", &right];
    let up = sandbox.ok(&[&["dev", "up"], &with[..]].concat());
    assert_eq!(up["passphrase"], "as given");
    assert!(!sandbox.home().join("passphrase").exists());
    let list = ["tx", "list", "-c", "banks", "--as", "bank-1"];
    for arguments in [&list[..], &["channel", "show", "-c", "banks", "--as", "bank-2"]] {
        assert_eq!(refused(&sandbox.run(&[arguments, &["--json"]].concat())), code(8, "KEY_LOCKED"));
    }
    sandbox.ok(&[&list, &with[..]].concat());
    let wrong = sandbox.secret("wrong", WRONG);
    let run = sandbox.run(&[&list[..], &["--passphrase-file", &wrong, "--json"]].concat());
    assert_eq!(refused(&run), code(8, "KEY_PASSPHRASE_WRONG"));
    assert!(run.stderr.contains(&wrong), "it says which source was wrong: {}", run.stderr);
    sandbox.ok(&["member", "list"]);
    sandbox.ok(&["channel", "list", "--as", "bank-1"]);
}

#[test]
fn pas_04_a_development_home_needs_nobody_until_its_passphrase_is_taken_away() {
    let sandbox = Sandbox::founded();
    let list = ["tx", "list", "-c", "banks", "--as", "bank-1"];
    sandbox.ok(&list);
    let outside = sandbox.text("outside.key");
    let lone = sandbox.run(&["key", "generate", "--out", &outside, "--json"]);
    assert_eq!(refused(&lone), code(8, "KEY_LOCKED"), "it does not seal what lies elsewhere");
    let inside = sandbox.home().join("inside.key").display().to_string();
    sandbox.ok(&["key", "generate", "--out", &inside]);
    let unchanged = sandbox.run(&["key", "change-passphrase", &inside, "--json"]);
    assert_eq!(refused(&unchanged), code(8, "KEY_LOCKED"), "a change is to something that is named");
    let own = sandbox.home().join("passphrase");
    let carried = std::fs::read_to_string(&own).unwrap();
    assert!(carried.starts_with("for-development-only-"));
    std::fs::remove_file(&own).unwrap();
    assert_eq!(refused(&sandbox.run(&[&list[..], &["--json"]].concat())), code(8, "KEY_LOCKED"));
    let carried = sandbox.secret("carried", &carried);
    sandbox.ok(&[&list[..], &["--passphrase-file", &carried]].concat());
    let tx = sandbox.write("draft.json", &statement("2025-01").to_string());
    let mut command = sandbox.command(&["tx", "submit", "-c", "banks", "--as", "bank-1", &tx, "--json"]);
    command.env("PARCLOSE_PASSPHRASE_FILE", &carried);
    assert_eq!(ended(command).value()["verdict"], "applied");
}

#[test]
fn wrong_file_wrong_passphrase_and_damage_are_three_errors() {
    let locked = Locked::new();
    let right = ["--passphrase-file", &locked.right];
    let text = std::fs::read_to_string(&locked.key).unwrap();
    let said = |text: &str| {
        std::fs::write(&locked.key, text).unwrap();
        let run = ended(locked.opening(&right));
        (refused(&run), run.stderr)
    };
    assert_eq!(said(&text).0, opened());
    let (told, prose) = said("not a key");
    assert_eq!(told, code(2, "NOT_A_KEY_FILE"), "{prose}");
    let public = locked.sandbox.run(&["key", "inspect", &locked.key, "--json"]);
    assert_eq!(refused(&public), code(2, "NOT_A_KEY_FILE"));
    std::fs::write(&locked.key, &text).unwrap();
    let public = locked.sandbox.run(&["key", "inspect", &locked.key, "--json"]).stdout;
    let (told, prose) = said(&public);
    assert_eq!(told, code(2, "NOT_A_KEY_FILE"));
    assert!(prose.contains("is a member's public key, not a key file"), "{prose}");
    assert_eq!(said(&text[..text.len() / 2]).0, code(6, "KEY_FILE_DAMAGED"));
    assert_eq!(said(&text.replacen("bank-1", "bank-2", 1)).0, code(6, "KEY_FILE_DAMAGED"));
    std::fs::write(&locked.key, &text).unwrap();
    assert_eq!(locked.opens(&["--passphrase-file", &locked.wrong]), code(8, "KEY_PASSPHRASE_WRONG"));
    // The wrong kind, in a home.
    let sandbox = Sandbox::founded();
    let member = sandbox.home().join("members/bank-1/member.key");
    std::fs::copy(sandbox.home().join("validator.key"), &member).unwrap();
    let run = sandbox.run(&["tx", "list", "-c", "banks", "--as", "bank-1", "--json"]);
    assert_eq!(refused(&run), code(2, "KEY_WRONG_KIND"));
    assert!(run.stderr.contains("is a validator key; a member key is needed"), "{}", run.stderr);
}

#[test]
fn key_files_are_generated_inspected_listed_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::empty();
    let right = sandbox.secret("right", RIGHT);
    for kind in ["member", "regulator", "validator"] {
        let file = sandbox.text(&format!("{kind}.key"));
        let generate = ["key", "generate", "--kind", kind, "--out", &file, "--passphrase-file", &right];
        let made = sandbox.ok(&generate);
        let inspected = sandbox.ok(&["key", "inspect", &file]);
        assert_eq!(made, inspected);
        assert_eq!(inspected["kind"], kind);
        assert!(inspected["protection"].as_str().unwrap().contains("65536 KiB, 3 passes, 4 lanes"));
        assert_eq!(sandbox.json(&generate).1["code"], "KEY_FILE", "a key is never overwritten");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    sandbox.write("broken.key", "broken");
    let listed = sandbox.ok(&["key", "list", &sandbox.text("")]);
    let rows: Vec<(&str, bool)> = listed["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["file"].as_str().unwrap().rsplit('/').next().unwrap(), row["problem"].is_null()))
        .collect();
    let whole = [("member.key", true), ("regulator.key", true), ("validator.key", true)];
    assert_eq!(rows, [&[("broken.key", false)], &whole[..]].concat());
    let home = Sandbox::founded();
    let of_home = home.ok(&["key", "list"]);
    assert_eq!(of_home["keys"].as_array().unwrap().len(), 7, "five members, the regulator, the validator");
    let names: Vec<&str> =
        of_home["keys"].as_array().unwrap().iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["bank-1", "bank-2", "buyer", "supplier-a", "supplier-b", "regulator"]);
}

#[test]
fn a_passphrase_is_changed_and_a_key_is_carried_to_another_home() {
    let locked = Locked::new();
    let (right, new) = (&locked.right, locked.sandbox.secret("new", "canary: a third one"));
    let public = locked.sandbox.ok(&["key", "inspect", &locked.key])["public"].clone();
    let change = ["key", "change-passphrase", &locked.key, "--passphrase-file", right];
    let changed = locked.sandbox.ok(&[&change[..], &["--new-passphrase-file", &new]].concat());
    assert_eq!(changed["public"], public);
    assert_eq!(locked.opens(&["--passphrase-file", right]), code(8, "KEY_PASSPHRASE_WRONG"));
    assert_eq!(locked.opens(&["--passphrase-file", &new]), opened());
    // Into a development home: sealed under its own passphrase, so nobody is needed any more.
    let home = Sandbox::founded();
    let inside = home.home().join("carried.key").display().to_string();
    let import = ["key", "import", &locked.key, "--out", &inside, "--passphrase-file", &new];
    assert_eq!(home.ok(&import)["public"], public);
    let out = home.text("copy.key");
    let copied = home.ok(&["key", "export", &inside, "--out", &out, "--new-passphrase-file", right]);
    assert_eq!(copied["public"], public);
    let mut from_pipe =
        home.command(&["key", "change-passphrase", &out, "--passphrase-file", right, "--json"]);
    from_pipe.args(["--new-passphrase-fd", "0"]).stdin(std::fs::File::open(&new).unwrap());
    assert_eq!(ended(from_pipe).value()["public"], public);
}

#[test]
fn kef_07_a_key_in_clear_text_is_refused_with_the_command_that_takes_it_over() {
    let sandbox = Sandbox::founded();
    let secret = Secret::locked(|bytes| bytes.fill(0x5E));
    let member = parclose_keys::member::hazmat::member_from_secret(secret.duplicate());
    let (public, hidden) = (member.identity().public(), secret.expose(|bytes| hex::encode(bytes)));
    let text =
        format!(r#"{{"schema":"parclose.key/1","kind":"member","public":"{public}","secret":"{hidden}"}}"#);
    let old = sandbox.secret("old.key", &text);
    let run = sandbox.run(&["key", "inspect", &old, "--json"]);
    assert_eq!(refused(&run), code(2, "KEY_FILE_CLEAR"));
    assert!(run.stderr.contains(&format!("parclose key import {old}")), "{}", run.stderr);
    let listed = sandbox.ok(&["key", "list", &sandbox.text("")]);
    assert!(listed.to_string().contains("KEY_FILE_CLEAR"));
    let out = sandbox.home().join("new.key").display().to_string();
    let taken = sandbox.run(&["key", "import", &old, "--out", &out, "--json"]);
    assert_eq!(taken.value()["public"], public.to_string());
    assert!(taken.value()["next"].as_str().unwrap().starts_with("wipe"));
    for shown in [&run, &taken] {
        assert!(!shown.stdout.contains(&hidden[..12]) && !shown.stderr.contains(&hidden[..12]));
    }
    assert!(!std::fs::read_to_string(out).unwrap().contains(&hidden[..12]));
}

/// A key file with other numbers in its header, and a check value that fits.
fn with_cost(key: &str, memory_kib: u32) -> String {
    use parclose_crypto::hash;
    use parclose_types::labels;
    let text = std::fs::read_to_string(key).unwrap();
    let file = KeyFile::parse(text.as_bytes()).unwrap();
    let before = file.sealed.encode();
    let mut after = before.clone();
    after[5..9].copy_from_slice(&memory_kib.to_be_bytes());
    let check = |sealed: &[u8]| hex::encode(&hash(labels::KEY_FILE, &[&file.public.bytes(), sealed]));
    text.replace(&hex::encode(&before), &hex::encode(&after)).replace(&check(&before), &check(&after))
}

#[test]
fn kst_01_a_file_that_asks_for_a_tebibyte_is_refused_at_once() {
    let locked = Locked::new();
    std::fs::write(&locked.key, with_cost(&locked.key, 1 << 30)).unwrap();
    assert_eq!(locked.opens(&["--passphrase-file", &locked.right]), code(2, "KEY_COST_REFUSED"));
    let inspected = locked.sandbox.run(&["key", "inspect", &locked.key, "--json"]);
    assert_eq!(refused(&inspected), code(2, "KEY_COST_REFUSED"));
}

#[test]
fn kst_06_memory_that_is_not_there_is_an_error() {
    let locked = Locked::new();
    std::fs::write(&locked.key, with_cost(&locked.key, 1 << 20)).unwrap();
    let opening = locked.opening(&["--passphrase-file", &locked.right]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -v 900000 && exec \"$@\"", "sh"]).arg(opening.get_program());
    limited.args(opening.get_args()).stdout(Stdio::piped()).stderr(Stdio::piped());
    assert_eq!(refused(&ended(limited)), code(1, "KEY_NO_MEMORY"));
}

#[test]
fn kef_08_a_change_that_is_killed_leaves_the_old_passphrase_or_the_new_one() {
    let sandbox = Sandbox::founded();
    let key = sandbox.home().join("members/bank-1/member.key").display().to_string();
    let own = sandbox.home().join("passphrase").display().to_string();
    let new = sandbox.secret("new", "a new one");
    let stretched = |file: &str, header: &Header| {
        let passphrase = Passphrase::read(&mut std::fs::File::open(file).unwrap()).unwrap();
        Stretched::from_passphrase(&passphrase, header).unwrap()
    };
    let opens = |passphrase: &str| {
        let file = KeyFile::parse(&std::fs::read(&key).unwrap()).unwrap();
        file.sealed.open(&stretched(passphrase, file.sealed.header()), &file.public.bytes()).is_ok()
    };
    let (mut old_left, mut killed) = (0, 0);
    let mut passphrases = [&own, &new];
    for round in 0..12_u64 {
        let [from, to] = passphrases;
        let change =
            ["key", "change-passphrase", &key, "--passphrase-file", from, "--new-passphrase-file", to];
        let mut child = sandbox.command(&change).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(round * 60));
        let _ = child.kill();
        killed += usize::from(child.wait().unwrap().code().is_none());
        let (old, new) = (opens(from), opens(to));
        assert!(old != new, "round {round}: the file opens with one of the two, and with one only");
        old_left += usize::from(old);
        if new {
            passphrases.reverse();
        }
    }
    assert!(killed > 1 && old_left > 0, "{killed} kills came in time, {old_left} files were left");
}

#[test]
fn core_dumps_are_off_from_the_start() {
    let sandbox = Sandbox::empty();
    let version = sandbox.ok(&["version"]);
    assert_eq!(version["core_dumps"], "off");
    assert!(version["locked_memory"].is_string());
    // A process that waits for its passphrase, seen from outside.
    let key = sandbox.text("k");
    let mut waiting = sandbox.command(&["key", "generate", "--out", &key, "--passphrase-fd", "0"]);
    let mut child = waiting.stdin(Stdio::piped()).spawn().unwrap();
    let limits = format!("/proc/{}/limits", child.id());
    let core = || {
        let limits = std::fs::read_to_string(&limits).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        line.split_whitespace().skip(4).take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut seen = core();
    for _ in 0..POLLS_MAX {
        if seen == ["0", "0"] {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
        seen = core();
    }
    assert_eq!(seen, ["0", "0"]);
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(2), "an empty passphrase is refused");
}

#[test]
fn memory_that_cannot_be_locked_is_told_and_stops_nothing() {
    let sandbox = Sandbox::empty();
    let right = sandbox.secret("right", RIGHT);
    let limited = |arguments: &[&str]| {
        let command = sandbox.command(arguments);
        let mut limited = Command::new("sh");
        // Who may lock without a limit must be somebody who may not.
        let as_nobody = "[ $(id -u) = 0 ] && exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"";
        limited.args(["-c", &format!("ulimit -l 0; {as_nobody}; exec \"$@\""), "sh"]);
        limited.arg(command.get_program()).args(command.get_args());
        ended({
            limited.stdout(Stdio::piped()).stderr(Stdio::piped());
            limited
        })
    };
    let version = limited(&["version", "--json"]);
    assert!(version.value()["locked_memory"].as_str().unwrap().starts_with("refused"), "{}", version.stdout);
    let key = sandbox.text("k");
    let made = limited(&["key", "generate", "--out", &key, "--passphrase-file", &right, "--json"]);
    assert_eq!((made.code, made.stderr.as_str()), (0, ""));
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn stands(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn no_passphrase_and_no_secret_stands_in_any_output_or_in_another_file() {
    let sandbox = Sandbox::empty();
    let (right, wrong) = (sandbox.secret("right", RIGHT), sandbox.secret("wrong", WRONG));
    let with =
        |arguments: &[&str], file: &str| sandbox.run(&[arguments, &["--passphrase-file", file]].concat());
    let key = sandbox.home().join("members/bank-1/member.key").display().to_string();
    let out = sandbox.text("out.key");
    let new = ["--new-passphrase-file", &wrong];
    let runs = [
        with(&["dev", "up"], &right),
        with(&["tx", "list", "-c", "banks", "--as", "bank-1", "--json"], &wrong),
        with(&["tx", "list", "-c", "banks", "--as", "bank-1"], &right),
        with(&[&["key", "export", &key, "--out", &out, "--json"], &new[..]].concat(), &right),
        with(&[&["key", "change-passphrase", &key], &new[..]].concat(), &right),
        with(&["key", "inspect", &key], &right),
        with(&["key", "generate", "--out", &key], &wrong),
        with(&["key", "list"], &right),
    ];
    assert_eq!(runs.each_ref().map(|run| run.code), [0, 8, 0, 0, 0, 0, 2, 0]);
    let mut secrets = Vec::new();
    for file in files(&sandbox.home()).into_iter().filter(|file| file.extension().is_some_and(|e| e == "key"))
    {
        let parsed = KeyFile::parse(&std::fs::read(&file).unwrap()).unwrap();
        let passphrase = if file == Path::new(&key) { WRONG } else { RIGHT };
        let passphrase = Passphrase::read(&mut passphrase.as_bytes()).unwrap();
        let stretched = Stretched::from_passphrase(&passphrase, parsed.sealed.header()).unwrap();
        let secret = parsed.sealed.open(&stretched, &parsed.public.bytes()).unwrap();
        secrets.push(secret.expose(|bytes| bytes.to_vec()));
    }
    assert_eq!(secrets.len(), 7, "five members, the regulator, the validator");
    let mut needles: Vec<Vec<u8>> = vec![b"canary".to_vec(), b"correct horse".to_vec(), b"battery".to_vec()];
    for secret in &secrets {
        needles.push(secret[..12].to_vec());
        needles.push(hex::encode(&secret[..12]).into_bytes());
    }
    let mut searched = 0;
    for file in files(&sandbox.home()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!needles.iter().any(|needle| stands(&bytes, needle)), "{} holds a secret", file.display());
        searched += 1;
    }
    assert!(searched > 30, "only {searched} files were searched");
    for run in &runs {
        let shown = format!("{}{}", run.stdout, run.stderr).into_bytes();
        assert!(!needles.iter().any(|needle| stands(&shown, needle)), "{}{}", run.stdout, run.stderr);
    }
    std::fs::write(sandbox.home().join("planted"), [b"...", &secrets[0][..], b"..."].concat()).unwrap();
    let found = |file: &Path| needles.iter().any(|needle| stands(&std::fs::read(file).unwrap(), needle));
    assert_eq!(files(&sandbox.home()).iter().filter(|file| found(file)).count(), 1, "a planted one is found");
}

#[test]
fn every_command_takes_the_options_of_passphrases() {
    use clap::CommandFactory;
    fn leaves(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        let path = format!("{path} {}", command.get_name());
        if command.get_subcommands().next().is_none() {
            for option in ["passphrase-file", "passphrase-fd", "no-input"] {
                let takes = command.get_arguments().any(|argument| argument.get_long() == Some(option));
                assert!(takes, "{path} does not take --{option}");
            }
            found.push(path.clone());
        }
        command.get_subcommands().for_each(|below| leaves(below, &path, found));
    }
    let mut command = parclose_cli::args::Args::command();
    command.build();
    let mut found = Vec::new();
    leaves(&command, "", &mut found);
    assert!(found.len() > 20, "{found:?}");
}

#[test]
fn a_json_error_has_all_its_members() {
    let locked = Locked::new();
    let value: Value = ended(locked.opening(&[])).value();
    for member in ["code", "rule", "fault", "definite", "fix", "correlation_id"] {
        assert!(!value[member].is_null(), "no `{member}`");
    }
    assert_eq!((value["rule"].as_str(), value["definite"].as_bool()), (Some("KEF-05"), Some(true)));
}
