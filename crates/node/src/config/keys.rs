//! Every key of a node's configuration, with its default and its meaning.

use super::value::Kind;

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// its section and its name: `section.name`
    pub name: &'static str,
    /// what its value is
    pub(super) kind: Kind,
    /// what holds when nobody sets it
    pub default: &'static str,
    /// what it means, in one sentence
    pub meaning: &'static str,
}

const fn key(name: &'static str, kind: Kind, default: &'static str, meaning: &'static str) -> Key {
    Key { name, kind, default, meaning }
}

const fn millis(least: u64, most: u64) -> Kind {
    Kind::Number { least, most, unit: "ms" }
}

/// All keys, by section.
pub const KEYS: &[Key] = &[
    key(
        "admin.listen",
        Kind::SocketOrOff,
        "127.0.0.1:0",
        "IP and port of health, metrics and log level; port 0 lets the system choose, `off` is none",
    ),
    key(
        "audit_desk.listen",
        Kind::SocketOrOff,
        "off",
        "IP and port at which exports are handed out, sealed to the grantee of a standing grant; `off` is none",
    ),
    key(
        "audit_desk.mib_max",
        Kind::Number { least: 1, most: 65_536, unit: "MiB" },
        "1024",
        "an export that is larger is not handed out over the network",
    ),
    key(
        "audit_desk.pause_s",
        Kind::Number { least: 1, most: 2_592_000, unit: "s" },
        "3600",
        "for one grant an export is made at most once in so long",
    ),
    key(
        "channels.awake_max",
        Kind::Number { least: 1, most: 4096, unit: "" },
        "16",
        "channels whose stores are open at a time, as far as the others can rest",
    ),
    key(
        "client.socket",
        Kind::PathOrOff,
        "client.sock",
        "socket for the commands of this machine, below the home; `off` is none",
    ),
    key(
        "consensus.heartbeat_ms",
        millis(100, 3_600_000),
        "10000",
        "a validator proposes an empty block when none was made for so long",
    ),
    key(
        "consensus.listen",
        Kind::Listen,
        "/ip4/127.0.0.1/tcp/27001",
        "where the root chain's network is listened for",
    ),
    key(
        "consensus.propose_ms",
        millis(50, 60_000),
        "1000",
        "how long a proposal is waited for in the first round",
    ),
    key(
        "consensus.round_ms",
        millis(0, 60_000),
        "500",
        "what each further round of one height adds to every time that is waited",
    ),
    key("consensus.vote_ms", millis(50, 60_000), "500", "how long votes are waited for in the first round"),
    key(
        "exchange.listen",
        Kind::Listen,
        "/ip4/127.0.0.1/tcp/27002",
        "where members of the own channels are listened for",
    ),
    key("log.format", Kind::OneOf(&["pretty", "json"]), "pretty", "form of the log on standard error"),
    key(
        "log.level",
        Kind::Level,
        "info",
        "least severity that is logged: a level, or directives such as `info,libp2p=debug`",
    ),
    key(
        "storage.root",
        Kind::Path,
        "root",
        "directory of the root chain, below the home unless it is absolute",
    ),
];

impl Key {
    /// What its value may be, in words.
    #[must_use]
    pub fn allowed(&self) -> String {
        self.kind.allowed()
    }
}

/// The key of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The key that was probably meant.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    parclose_types::nearest::nearest(name, KEYS.iter().map(|key| key.name))
}
