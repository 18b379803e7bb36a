//! A consortium whose nodes run on machines of their own, as far as the network is concerned.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

use std::process::{Command, Stdio};

use super::consortium::{Consortium, MEMBERS, eventually};
use super::namespaces::Network;

/// Ports of every node, on an address of its own.
const CONSENSUS: u16 = 27_001;
const EXCHANGE: u16 = 27_002;

fn endpoint(address: &str, port: u16) -> String {
    format!("/ip4/{address}/tcp/{port}")
}

impl Consortium {
    /// Four validators and a fifth member, all running, each in a network namespace of its own; or why that cannot be here.
    pub(crate) fn on_machines() -> Result<Self, String> {
        let network = Network::of(&MEMBERS)?;
        let mut consortium = Self::up();
        assert_eq!(consortium.dev(&["down"]).code, 0);
        for member in MEMBERS {
            // Links are cut outside the nodes: they call each other without forwarders.
            let links = consortium.home(member).join("links.json");
            std::fs::remove_file(links).map_err(|error| format!("its links cannot be taken off: {error}"))?;
            let card = consortium.card(member, &network.address(member));
            MEMBERS.iter().filter(|other| **other != member).for_each(|other| consortium.admit(other, &card));
        }
        consortium.network = Some(network);
        let started = MEMBERS.map(|member| consortium.spawn(member, &consortium.network().address(member)));
        started.into_iter().for_each(|running| running.wait());
        Ok(consortium)
    }

    pub(crate) fn network(&self) -> &Network {
        self.network.as_ref().expect("its nodes are on machines")
    }

    /// A member's next card, by which its node is at another address: the file's path.
    pub(crate) fn card(&self, member: &str, address: &str) -> String {
        let file = self.path(&format!("{member}-{address}.json")).display().to_string();
        let (consensus, exchange) = (endpoint(address, CONSENSUS), endpoint(address, EXCHANGE));
        let line = ["consortium", "card", "--consensus", &consensus, "--exchange", &exchange, "--out", &file];
        let made = self.at(member, &line);
        assert_eq!(made.code, 0, "{}", made.stderr);
        file
    }

    /// A member takes another's card into its address book.
    pub(crate) fn admit(&self, member: &str, card: &str) {
        let admitted = self.at(member, &["consortium", "admit", card]);
        assert_eq!(admitted.code, 0, "{}", admitted.stderr);
    }

    /// Starts a member's node on its machine, at an address, and waits until it runs.
    pub(crate) fn start(&self, member: &str, address: &str) {
        self.spawn(member, address).wait();
    }

    fn spawn(&self, member: &str, address: &str) -> Starting {
        let home = self.home(member);
        let running = home.join("running.json");
        let _ = std::fs::remove_file(&running);
        let log = std::fs::OpenOptions::new().create(true).append(true).open(home.join("node.log")).unwrap();
        let set = [("consensus", CONSENSUS), ("exchange", EXCHANGE)]
            .map(|(section, port)| format!("{section}.listen={}", endpoint(address, port)));
        let mut command = self.on_machine(member, env!("CARGO_BIN_EXE_parclose"));
        command
            .args(["node", "run", "--quiet", "--home"])
            .arg(&home)
            .args(["--set", &set[0], "--set", &set[1]]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let (ended, is_over) = std::sync::mpsc::channel();
        // Somebody has to ask for it, or it would stay as one that has ended.
        let mut asked = child;
        std::thread::spawn(move || ended.send(asked.wait()));
        Starting { member: member.to_owned(), running, is_over }
    }

    /// A signal to the process of a member's node.
    pub(crate) fn signal(&self, member: &str, signal: &str) {
        let running = std::fs::read(self.home(member).join("running.json")).unwrap();
        let running: serde_json::Value = serde_json::from_slice(&running).unwrap();
        let sent = Command::new("kill").args([signal, &running["pid"].to_string()]).status().unwrap();
        assert!(sent.success(), "{member}: {signal}");
    }
}

/// A node that is coming up.
struct Starting {
    member: String,
    running: std::path::PathBuf,
    is_over: std::sync::mpsc::Receiver<std::io::Result<std::process::ExitStatus>>,
}

impl Starting {
    fn wait(self) {
        eventually(&format!("the node of {} comes up", self.member), || {
            let ended = self.is_over.try_recv();
            assert!(ended.is_err(), "the node of {} has ended: {ended:?}", self.member);
            self.running.exists()
        });
    }
}
