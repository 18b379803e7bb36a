//! Network namespaces of this machine: one for each node, and links between them that fail as cables and switches do.
//!
//! ```text
//!   namespace of a member    eth0, 10.77.0.N  --veth--  its port  |
//!                                                                 +-- bridge `land`, or `island` of those that are parted
//!   namespace of the others  ...                                  |   both in a namespace of their own
//! ```
//!
//! Nothing of it is in the namespace that the tests themselves run in. What is made carries the number of this process.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which fail where they stand")]

use std::path::Path;
use std::process::Command;

const BRIDGES: [&str; 2] = ["land", "island"];
/// What the names of all namespaces begin with.
const PREFIX: &str = "parclose-";
/// A hardware address that nobody has.
const NOBODY: &str = "02:00:00:00:00:01";

/// A switch with a link to each member; it is taken apart at the end.
pub(crate) struct Network {
    members: Vec<&'static str>,
}

/// Runs `ip`; what it says if it fails.
fn ip(arguments: &[&str]) -> Result<(), String> {
    told("ip", arguments)
}

fn told(program: &str, arguments: &[&str]) -> Result<(), String> {
    let line = || format!("`{program} {}`", arguments.join(" "));
    let run = Command::new(program).args(arguments).output().map_err(|e| format!("{}: {e}", line()))?;
    let said = String::from_utf8_lossy(&run.stderr);
    if run.status.success() { Ok(()) } else { Err(format!("{}: {}", line(), said.trim())) }
}

/// The name of a namespace of a process.
fn name(process: u32, of: &str) -> String {
    format!("{PREFIX}{process}-{of}")
}

/// Takes away what a test has left that was killed.
fn sweep() {
    for entry in std::fs::read_dir("/run/netns").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            let _ = ip(&["netns", "del", &name]);
        }
    }
}

impl Network {
    /// Everybody is connected with everybody; or why that cannot be here.
    pub(crate) fn of(members: &[&'static str]) -> Result<Self, String> {
        sweep();
        // If a step fails, what was made before is taken away with this.
        let network = Self { members: members.to_vec() };
        let hub = network.hub();
        ip(&["netns", "add", &hub])?;
        for bridge in BRIDGES {
            ip(&["-n", &hub, "link", "add", bridge, "type", "bridge"])?;
            ip(&["-n", &hub, "link", "set", bridge, "up"])?;
        }
        network.members.iter().try_for_each(|member| network.join(member))?;
        Ok(network)
    }

    fn hub(&self) -> String {
        name(std::process::id(), "hub")
    }

    fn place(&self, member: &str) -> String {
        name(std::process::id(), member)
    }

    fn join(&self, member: &str) -> Result<(), String> {
        let (hub, place) = (self.hub(), self.place(member));
        ip(&["netns", "add", &place])?;
        ip(&["-n", &place, "link", "set", "lo", "up"])?;
        ip(&["link", "add", "eth0", "netns", &place, "type", "veth", "peer", "name", member, "netns", &hub])?;
        ip(&["-n", &place, "addr", "add", &format!("{}/24", self.address(member)), "dev", "eth0"])?;
        ip(&["-n", &place, "link", "set", "eth0", "up"])?;
        ip(&["-n", &hub, "link", "set", member, "master", BRIDGES[0], "up"])
    }

    /// The address that a member has at first.
    pub(crate) fn address(&self, member: &str) -> String {
        let number = self.members.iter().position(|name| *name == member).expect("a member");
        format!("10.77.0.{}", number + 1)
    }

    /// A command on a member's machine: what it runs is to be added.
    pub(crate) fn at(&self, member: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.place(member)]);
        command
    }

    /// What the admin listener of a member's node tells whoever measures on its machine.
    pub(crate) fn asked(&self, member: &str, admin: &str) -> Option<String> {
        let request = r#"exec 3<>"/dev/tcp/${0%:*}/${0##*:}" && printf 'GET /metrics HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$0" >&3 && cat <&3"#;
        let run = self.at(member).args(["bash", "-c", request, admin]).output().ok()?;
        run.status.success().then(|| String::from_utf8_lossy(&run.stdout).into_owned())
    }

    /// Switches the interface of a member's machine: while it is off its machine has no way out, and knows it.
    pub(crate) fn interface(&self, member: &str, state: &str) {
        ip(&["-n", &self.place(member), "link", "set", "eth0", state]).unwrap();
    }

    /// Switches a port of the switch: while it is off, packets in and out are lost.
    pub(crate) fn port(&self, member: &str, state: &str) {
        ip(&["-n", &self.hub(), "link", "set", member, state]).unwrap();
    }

    /// Puts these on an island: they reach each other, and nobody else.
    pub(crate) fn part(&self, members: &[&str]) {
        members.iter().for_each(|member| self.bring(member, BRIDGES[1]));
    }

    fn bring(&self, member: &str, bridge: &str) {
        ip(&["-n", &self.hub(), "link", "set", member, "master", bridge]).unwrap();
    }

    /// Packets of one member to another are lost on their way, those that come back are not.
    pub(crate) fn mute(&self, from: &str, to: &str) {
        let (place, to) = (self.place(from), self.address(to));
        ip(&["-n", &place, "neigh", "replace", &to, "lladdr", NOBODY, "dev", "eth0", "nud", "permanent"])
            .unwrap();
    }

    /// Packets between two members are lost on their way.
    pub(crate) fn sever(&self, one: &str, other: &str) {
        self.mute(one, other);
        self.mute(other, one);
    }

    /// Packets to every machine and from it go through a queue of this discipline; or why not.
    pub(crate) fn queue(&self, discipline: &[&str]) -> Result<(), String> {
        self.members.iter().try_for_each(|member| self.queue_at(member, discipline))
    }

    /// The same for one machine.
    pub(crate) fn queue_at(&self, member: &str, discipline: &[&str]) -> Result<(), String> {
        let ends = [(self.place(member), "eth0"), (self.hub(), member)];
        ends.iter().try_for_each(|(place, interface)| {
            let line = ["-n", place, "qdisc", "replace", "dev", interface, "root"];
            told("tc", &[&line[..], discipline].concat())
        })
    }

    /// A member's machine has another address from now on.
    pub(crate) fn readdress(&self, member: &str, address: &str) {
        let place = self.place(member);
        ip(&["-n", &place, "addr", "flush", "dev", "eth0"]).unwrap();
        ip(&["-n", &place, "addr", "add", &format!("{address}/24"), "dev", "eth0"]).unwrap();
    }

    /// Every link is whole.
    pub(crate) fn mend(&self) {
        for member in &self.members {
            self.interface(member, "up");
            self.port(member, "up");
            self.bring(member, BRIDGES[0]);
            // There may be nothing to take away.
            let _ = ip(&["-n", &self.place(member), "neigh", "flush", "dev", "eth0", "nud", "permanent"]);
            for (place, interface) in [(self.place(member), "eth0"), (self.hub(), *member)] {
                let _ = told("tc", &["-n", &place, "qdisc", "del", "dev", interface, "root"]);
            }
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // A link goes with the namespace of either end.
        for of in self.members.iter().copied().chain(["hub"]) {
            let _ = ip(&["netns", "del", &name(std::process::id(), of)]);
        }
    }
}
