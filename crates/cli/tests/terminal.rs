//! Passphrases typed on a terminal: a pseudo-terminal is standard input, and this test types.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

mod support;

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use support::{Run, Sandbox};

const TYPED: &str = "canary typed";

/// A terminal with this test at the keyboard.
struct Terminal {
    keyboard: File,
    /// the other end, which the command gets
    line: File,
}

/// A command at a terminal.
struct Session {
    child: Child,
    asked: Vec<u8>,
}

impl Terminal {
    fn new() -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let line = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        Self { keyboard: keyboard.into(), line }
    }

    fn start(&self, sandbox: &Sandbox, arguments: &[&str]) -> Session {
        let mut command = sandbox.command(arguments);
        let child = command.stdin(Stdio::from(self.line.try_clone().unwrap())).spawn().unwrap();
        Session { child, asked: Vec::new() }
    }

    /// Types a line once the question stands there.
    fn answer(&mut self, session: &mut Session, question: &str, line: &str) {
        let stderr = session.child.stderr.as_mut().unwrap();
        let before = session.asked.len();
        let mut byte = [0];
        while !session.asked[before..].ends_with(b": ") {
            assert_eq!(stderr.read(&mut byte).unwrap(), 1, "it ended without asking for {question}");
            session.asked.push(byte[0]);
        }
        let asked = String::from_utf8_lossy(&session.asked[before..]).into_owned();
        assert!(asked.contains(question), "{asked}");
        assert!(!tcgetattr(&self.line).unwrap().local_modes.contains(LocalModes::ECHO), "it would be shown");
        self.keyboard.write_all(line.as_bytes()).unwrap();
    }

    /// What the terminal shows, once the command has ended.
    fn shown(mut self) -> String {
        assert!(tcgetattr(&self.line).unwrap().local_modes.contains(LocalModes::ECHO), "echo is back");
        drop(self.line);
        let mut shown = Vec::new();
        // The end of a terminal whose other end is closed is an error, not an end.
        let _ = self.keyboard.read_to_end(&mut shown);
        String::from_utf8(shown).unwrap()
    }
}

impl Session {
    fn end(self) -> Run {
        self.child.wait_with_output().unwrap().into()
    }
}

#[test]
fn pas_06_a_new_passphrase_is_typed_twice_and_never_shown() {
    let sandbox = Sandbox::empty();
    let key = sandbox.text("k");
    let generate = ["key", "generate", "--out", &key, "--json"];
    let mut terminal = Terminal::new();
    let mut session = terminal.start(&sandbox, &generate);
    terminal.answer(&mut session, "New passphrase", &format!("{TYPED}\n"));
    terminal.answer(&mut session, "Once more", "canary mistyped\n");
    let run = session.end();
    assert_eq!((run.code, run.value()["code"].as_str()), (2, Some("PASSPHRASE_REFUSED")));
    assert_eq!(run.value()["rule"], "PAS-06");
    assert!(!std::path::Path::new(&key).exists(), "nothing is sealed");
    let mut session = terminal.start(&sandbox, &generate);
    terminal.answer(&mut session, "New passphrase", &format!("{TYPED}\n"));
    terminal.answer(&mut session, "Once more", &format!("{TYPED}\n"));
    let run = session.end();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(!format!("{}{}", run.stdout, run.stderr).contains("canary"));
    let shown = terminal.shown();
    assert!(!shown.contains("canary"), "{shown:?}");
    assert_eq!(shown, "\r\n".repeat(4), "the end of each line, and nothing else");
}

#[test]
fn pas_05_a_typed_passphrase_opens_a_key() {
    let sandbox = Sandbox::empty();
    let (key, new) = (sandbox.text("k"), sandbox.secret("new", "another"));
    let typed = sandbox.secret("typed", TYPED);
    sandbox.ok(&["key", "generate", "--out", &key, "--passphrase-file", &typed]);
    let change = ["key", "change-passphrase", &key, "--new-passphrase-file", &new, "--json"];
    let mut terminal = Terminal::new();
    let mut session = terminal.start(&sandbox, &change);
    terminal.answer(&mut session, &format!("Passphrase of `{key}`"), "wrong\n");
    let run = session.end();
    assert_eq!((run.code, run.value()["code"].as_str()), (8, Some("KEY_PASSPHRASE_WRONG")));
    assert!(run.stderr.contains("from the terminal"), "{}", run.stderr);
    let mut session = terminal.start(&sandbox, &change);
    terminal.answer(&mut session, "Passphrase of", "\n");
    let run = session.end();
    assert_eq!((run.code, run.value()["rule"].as_str()), (2, Some("PAS-01")), "an empty line is refused");
    let mut session = terminal.start(&sandbox, &change);
    terminal.answer(&mut session, "Passphrase of", &format!("{TYPED}\n"));
    assert_eq!(session.end().code, 0);
    assert!(!terminal.shown().contains("canary"));
}

#[test]
fn kef_05_nobody_is_asked_with_no_input_or_where_it_is_not_needed() {
    let sandbox = Sandbox::empty();
    let terminal = Terminal::new();
    let key = sandbox.text("k");
    let run = terminal.start(&sandbox, &["key", "generate", "--out", &key, "--no-input", "--json"]).end();
    assert_eq!((run.code, run.value()["code"].as_str()), (8, Some("KEY_LOCKED")));
    for arguments in [&["dev", "up"][..], &["tx", "list", "-c", "banks", "--as", "bank-1"], &["key", "list"]]
    {
        let run = terminal.start(&sandbox, arguments).end();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
    }
    let visible = terminal.start(&sandbox, &["key", "generate", "--out", &key, "--passphrase-fd", "0"]).end();
    assert_eq!(visible.code, 2, "a descriptor that is a terminal would show what is typed");
    assert_eq!(terminal.shown(), "");
}

#[test]
fn a_home_asks_once_for_all_its_keys() {
    let sandbox = Sandbox::founded();
    let own = sandbox.home().join("passphrase");
    let passphrase = std::fs::read_to_string(&own).unwrap();
    std::fs::remove_file(&own).unwrap();
    let mut terminal = Terminal::new();
    let mut session = terminal.start(&sandbox, &["tx", "list", "-c", "banks", "--as", "bank-1"]);
    terminal.answer(&mut session, "the key files in", &passphrase);
    let run = session.end();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "and no second question");
}
