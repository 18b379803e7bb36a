//! The command, run as a process in a home of its own.
#![allow(dead_code, reason = "each file of tests uses a part of this")]

pub(crate) mod consortium;
pub(crate) mod dealing;
pub(crate) mod disk;
pub(crate) mod flood;
pub(crate) mod history;
pub(crate) mod journal;
pub(crate) mod load;
pub(crate) mod machines;
pub(crate) mod namespaces;
#[path = "../../../../tests/tests/support/ports.rs"]
pub(crate) mod ports;
pub(crate) mod registers;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder for one test, in which a consortium may stand.
pub(crate) struct Sandbox(TempDir);

/// What a finished command left.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Sandbox {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self(TempDir::new().expect("there is room for a test"))
    }

    /// A development consortium.
    pub(crate) fn founded() -> Self {
        let sandbox = Self::empty();
        let up = sandbox.run(&["dev", "up"]);
        assert_eq!(up.code, 0, "{}", up.stderr);
        sandbox
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// A file's path as text, for arguments.
    pub(crate) fn text(&self, below: &str) -> String {
        self.path(below).display().to_string()
    }

    pub(crate) fn write(&self, below: &str, text: &str) -> String {
        std::fs::write(self.path(below), text).expect("a test writes its own folder");
        self.text(below)
    }

    /// A file that its owner alone can read, as passphrases are kept.
    pub(crate) fn secret(&self, below: &str, text: &str) -> String {
        use std::os::unix::fs::PermissionsExt;
        let path = self.write(below, text);
        let owner = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, owner).expect("a test owns its files");
        path
    }

    /// The command in this home, run from the repository, where the templates are.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parclose"));
        command.current_dir(repository());
        for variable in
            ["PARCLOSE_HOME", "PARCLOSE_TEMPLATES", "PARCLOSE_PASSPHRASE_FILE", "PARCLOSE_CONTEXT"]
        {
            command.env_remove(variable);
        }
        command.env("PARCLOSE_CONFIG", self.path("contexts.toml"));
        command.arg("--home").arg(self.home()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().expect("the command starts").into()
    }

    /// Runs with `--json`: the exit code and the one JSON value on standard output.
    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let run = self.run(&[arguments, &["--json"]].concat());
        (run.code, run.value())
    }

    /// Runs with `--json` and expects success.
    pub(crate) fn ok(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.code, 0, "{arguments:?}: {}\n{}", run.stderr, run.stdout);
        run.value()
    }

    /// The transactions of a channel that write records, as a member lists them.
    pub(crate) fn records(&self, channel: &str, member: &str) -> Vec<Value> {
        let listed = self.ok(&["tx", "list", "-c", channel, "--as", member, "--limit", "100000"]);
        let rows = listed["transactions"].as_array().expect("rows").iter();
        rows.filter(|row| row["act"].is_null()).cloned().collect()
    }

    /// Submits a draft and expects it to be applied: its digest.
    pub(crate) fn submit(&self, channel: &str, member: &str, draft: &Value) -> String {
        let file = self.write("draft.json", &draft.to_string());
        let value = self.ok(&["tx", "submit", "-c", channel, "--as", member, &file]);
        assert_eq!(value["verdict"], "applied");
        value["tx"].as_str().expect("a submission has a digest").to_owned()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the command writes UTF-8");
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Run {
    /// Standard output as one JSON value.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("{e} in {:?}\n{}", self.stdout, self.stderr))
    }
}

/// The command that runs one test, also if it is one of the long ones.
pub(crate) fn replay(binary: &str, name: &str) -> String {
    format!(
        "cargo test --locked --profile house --workspace --test {binary} -- --include-ignored --exact {name}"
    )
}

/// The same for a test that draws from a seed.
pub(crate) fn seeded_replay(binary: &str, name: &str, seed: u64) -> String {
    format!("PARCLOSE_SEED={seed} {}", replay(binary, name))
}

/// What a test draws from: the seed that the reviewer's runner sets, or the test's own.
pub(crate) fn seed(own: u64) -> u64 {
    let set = std::env::vars().find(|(name, _)| name == "PARCLOSE_SEED");
    set.map_or(own, |(_, seed)| seed.parse().expect("PARCLOSE_SEED is a number"))
}

/// Tells the reviewer's runner, which looks for this line, what a test came to.
#[allow(clippy::print_stdout, reason = "the runner reads it there")]
pub(crate) fn tell(item: &parclose_findings::Item) {
    assert_eq!(item.faults(), Vec::new());
    println!("review-item: {}", serde_json::to_string(item).expect("plain data"));
}

/// A statement of bank 1 to bank 2.
pub(crate) fn statement(month: &str) -> Value {
    serde_json::json!({
        "action": "create",
        "type": "statement",
        "parties": { "preparer": "bank-1", "counterparty": "bank-2" },
        "fields": { "month": month, "documents": 3, "total": { "amount_minor": "12345", "currency": "GBP" } },
    })
}

/// A receivable of a supplier in its room.
pub(crate) fn receivable(number: &str, supplier: &str, bank: &str) -> Value {
    let amount = |minor: &str| serde_json::json!({ "amount_minor": minor, "currency": "EUR" });
    serde_json::json!({
        "action": "create",
        "type": "receivable",
        "parties": { "buyer": "buyer", "supplier": supplier, "bank": bank },
        "fields": {
            "invoice_number": number,
            "buyer_name": "The Borough",
            "supplier_id": "S-1",
            "face_amount": amount("250000"),
            "due_date": "2025-09-30",
            "lines": [{ "description": "castings", "amount_minor": "250000" }],
            "requested_advance": amount("200000"),
        },
    })
}

/// Writes generated invoices into a folder: the files' folder, and how many documents they hold.
pub(crate) fn generated(
    sandbox: &Sandbox,
    documents: usize,
) -> (String, parclose_documents::synthetic::Reference) {
    let made = parclose_documents::synthetic::invoices(7, documents);
    let folder = sandbox.path("invoices");
    std::fs::create_dir_all(&folder).expect("a test writes its own folder");
    for (name, bytes) in &made.files {
        std::fs::write(folder.join(name), bytes).expect("a test writes its own folder");
    }
    (folder.display().to_string(), made.reference)
}

pub(crate) const GENERATED: &str = "channels/scf-receivable/mappings/generated.toml";

/// How a command is refused: exit code, code, rule.
pub(crate) fn refused(sandbox: &Sandbox, arguments: &[&str]) -> (i32, String, String) {
    let (code, value) = sandbox.json(arguments);
    let text = |member: &str| value[member].as_str().unwrap_or_default().to_owned();
    (code, text("code"), text("rule"))
}

/// The same, as it is expected.
pub(crate) fn told(exit: i32, code: &str, rule: &str) -> (i32, String, String) {
    (exit, code.into(), rule.into())
}

/// Whether a file is its owner's alone.
pub(crate) fn is_private(file: impl AsRef<Path>) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).expect("it was written").permissions().mode() & 0o777 == 0o600
}
