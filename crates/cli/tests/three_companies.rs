//! The README's way to a consortium of three companies, run as it stands there: each company's commands in a folder of
//! its own, with nothing of the others but the files that they send.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]
#![allow(clippy::disallowed_methods, reason = "tests wait for processes, up to a bound")]

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use parclose_documents::Lei;
use support::ports::free_ports;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
const COMPANIES: [&str; 3] = ["buyer", "supplier", "bank"];
/// How long anything may take on a loaded machine.
const LONG: Duration = Duration::from_secs(180);

/// Some commands, and who runs them.
struct Section {
    who: Vec<&'static str>,
    script: String,
}

/// The block of the README, apart by its comments.
fn sections() -> Vec<Section> {
    let readme = std::fs::read_to_string(README).unwrap();
    let (_, rest) = readme.split_once("```bash\n").expect("the README has the block");
    let (block, _) = rest.split_once("```").unwrap();
    let mut sections: Vec<Section> = Vec::new();
    for line in block.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let who = match comment.split_once(':').expect("a comment says who").0 {
                "every company" => COMPANIES.to_vec(),
                one => vec![*COMPANIES.iter().find(|name| one == format!("the {name}")).expect(one)],
            };
            sections.push(Section { who, script: String::new() });
        } else {
            let section = sections.last_mut().expect("commands stand below a comment");
            section.script += &format!("{line}\n");
        }
    }
    sections
}

/// A company's machine.
struct Machine {
    name: &'static str,
    folder: PathBuf,
    lei: String,
    ports: [u16; 2],
    node: Option<Child>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(node) = &mut self.node {
            let _ = node.kill();
            let _ = node.wait();
        }
    }
}

impl Machine {
    fn new(place: &Path, number: usize, name: &'static str) -> Self {
        let folder = place.join(name);
        std::fs::create_dir(&folder).unwrap();
        symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/../../channels"), folder.join("channels")).unwrap();
        let passphrase = folder.join("parclose.passphrase");
        std::fs::write(&passphrase, format!("the passphrase of {name}")).unwrap();
        std::fs::set_permissions(&passphrase, PermissionsExt::from_mode(0o600)).unwrap();
        let lei = Lei::make(&format!("PCLD00{number:012}")).unwrap().as_str().to_owned();
        let first = free_ports(2).start;
        Self { name, folder, lei, ports: [first, first + 1], node: None }
    }

    /// What stands in the README, with this company's own values and addresses.
    fn own(&self, script: &str) -> String {
        let [consensus, exchange] = self.ports;
        script
            .replace("ME=buyer LEI=549300ABCDEFGHIJKL12", &format!("ME={} LEI={}", self.name, self.lei))
            .replace("/dns/$ME.example/tcp/27001", &format!("/ip4/127.0.0.1/tcp/{consensus}"))
            .replace("/dns/$ME.example/tcp/27002", &format!("/ip4/127.0.0.1/tcp/{exchange}"))
    }

    /// Runs lines of the README; what was exported before holds on.
    fn run(&mut self, exported: &str, script: &str) -> String {
        let bin = Path::new(env!("CARGO_BIN_EXE_parclose")).parent().unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("bash");
        for variable in ["PARCLOSE_PASSPHRASE_FILE", "PARCLOSE_CONTEXT", "PARCLOSE_CONFIG", "PARCLOSE_HOME"] {
            shell.env_remove(variable);
        }
        shell.current_dir(&self.folder).env("HOME", &self.folder).env("PATH", path).arg("-euc");
        if let Some(command) = script.trim().strip_suffix('&') {
            let log = std::fs::File::create(self.folder.join("node.log")).unwrap();
            shell
                .arg(format!("{exported}exec {command}"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log);
            self.node = Some(shell.spawn().unwrap());
            self.wait_until_it_runs();
            return String::new();
        }
        shell.arg(format!("{exported}{script}"));
        let begun = Instant::now();
        loop {
            let run = shell.output().unwrap();
            let told = String::from_utf8_lossy(&run.stdout).into_owned();
            // People take longer than a script: the others may not have heard of each other, or of what was written.
            let early =
                run.status.code() == Some(7) || (script.contains("record list") && !told.contains("INV-1"));
            if !early || begun.elapsed() > LONG {
                let complaint = String::from_utf8_lossy(&run.stderr);
                assert!(run.status.success(), "{}: {script}{told}{complaint}", self.name);
                return told;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn wait_until_it_runs(&mut self) {
        let begun = Instant::now();
        while !self.folder.join("node/running.json").exists() {
            let log = std::fs::read_to_string(self.folder.join("node.log")).unwrap_or_default();
            let ended = self.node.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < LONG, "{}: {log}", self.name);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Files that the company sends to the others.
    fn sends(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path());
        let is_sent = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            name == "consortium.toml" || name.ends_with(".json")
        };
        files.filter(is_sent).collect()
    }
}

#[test]
fn three_companies_on_three_machines_come_to_share_a_channel_as_the_readme_says() {
    let place = tempfile::tempdir().unwrap();
    let mut machines: Vec<Machine> =
        COMPANIES.iter().enumerate().map(|(number, name)| Machine::new(place.path(), number, name)).collect();
    let mut exported = vec![String::new(); machines.len()];
    let mut last = Vec::new();
    for Section { who, script } in sections() {
        last.clear();
        for (machine, exported) in machines.iter_mut().zip(&mut exported) {
            if who.contains(&machine.name) {
                let script = machine.own(&script);
                last.push(machine.run(exported, &script));
                *exported += &script
                    .lines()
                    .filter(|line| line.starts_with("export"))
                    .fold(String::new(), |all, line| all + line + "\n");
            }
        }
        send(&machines);
    }
    // The last that each of them does is to read the record.
    let [buyer, supplier, bank] = last.as_slice() else { panic!("{last:?}") };
    for (reader, told) in [("buyer", buyer), ("supplier", supplier), ("bank", bank)] {
        assert!(told.contains("INV-1") && told.contains("250000"), "{reader}: {told}");
    }
    assert!(
        supplier.contains("castings") && !bank.contains("castings"),
        "lines are not for the bank: {bank}"
    );
    let keys = |machine: &Machine| machine.folder.join("node/members").join(machine.name).join("member.key");
    assert!(machines.iter().all(|machine| keys(machine).exists()));
    for other in &machines {
        let held = std::fs::read_dir(other.folder.join("node/members")).unwrap().count();
        assert_eq!(held, 1, "{} holds its own keys only", other.name);
    }
}

/// Everybody gets what the others have made.
fn send(machines: &[Machine]) {
    for from in machines {
        for file in from.sends() {
            for to in machines {
                let copy = to.folder.join(file.file_name().unwrap());
                if !copy.exists() {
                    std::fs::copy(&file, copy).unwrap();
                }
            }
        }
    }
}
