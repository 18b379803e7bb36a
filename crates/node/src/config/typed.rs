//! The configuration as the node uses it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Settings, Value};
use crate::ceremony::ListenAddress;

/// What a node is run with.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// the root chain's network
    pub consensus: Consensus,
    /// where members of the own channels are listened for
    pub exchange_listen: ListenAddress,
    /// where health and metrics are served; none if they are not
    pub admin_listen: Option<SocketAddr>,
    /// where exports are handed out; none if they are not
    pub audit_desk: Option<AuditDesk>,
    /// form of the log
    pub log_format: LogFormat,
    /// least severity that is logged
    pub log_level: String,
    /// channels whose stores are open at a time
    pub awake_max: usize,
    /// where the root chain's database and its engine's log are
    pub root_directory: PathBuf,
    /// socket for the commands of this machine; none if there is none
    pub client_socket: Option<PathBuf>,
}

/// The audit desk.
#[derive(Clone, Debug)]
pub struct AuditDesk {
    /// where it listens
    pub listen: SocketAddr,
    /// an export has at most so many bytes
    pub bytes_max: u64,
    /// between two exports for one grant
    pub pause: Duration,
}

/// The root chain's network.
#[derive(Clone, Debug)]
pub struct Consensus {
    /// where it is listened for
    pub listen: ListenAddress,
    /// how long a proposal is waited for
    pub propose: Duration,
    /// how long votes are waited for
    pub vote: Duration,
    /// what each further round adds
    pub round: Duration,
    /// when an empty block is proposed
    pub heartbeat: Duration,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// for people
    Pretty,
    /// one object a line
    Json,
}

impl NodeConfig {
    /// Takes what was decided; paths are below the home unless they are absolute.
    ///
    /// # Panics
    ///
    /// Never: the table of keys gives each name the type that is asked for here, which a test holds.
    #[must_use]
    pub fn of(settings: &Settings, home: &Path) -> Self {
        let milliseconds = |name| Duration::from_millis(number(settings, name));
        let below = |path: PathBuf| home.join(path);
        Self {
            consensus: Consensus {
                listen: listen(settings, "consensus.listen"),
                propose: milliseconds("consensus.propose_ms"),
                vote: milliseconds("consensus.vote_ms"),
                round: milliseconds("consensus.round_ms"),
                heartbeat: milliseconds("consensus.heartbeat_ms"),
            },
            exchange_listen: listen(settings, "exchange.listen"),
            admin_listen: socket(settings, "admin.listen"),
            audit_desk: socket(settings, "audit_desk.listen").map(|listen| AuditDesk {
                listen,
                bytes_max: number(settings, "audit_desk.mib_max").saturating_mul(1 << 20),
                pause: Duration::from_secs(number(settings, "audit_desk.pause_s")),
            }),
            log_format: if text(settings, "log.format") == "json" {
                LogFormat::Json
            } else {
                LogFormat::Pretty
            },
            log_level: text(settings, "log.level"),
            awake_max: usize::try_from(number(settings, "channels.awake_max")).unwrap_or(usize::MAX),
            root_directory: below(path(settings, "storage.root").unwrap_or_default()),
            client_socket: path(settings, "client.socket").map(below),
        }
    }
}

const TABLE: &str = "the table of keys gives this name this type";

fn listen(settings: &Settings, name: &str) -> ListenAddress {
    match settings.value(name) {
        Some(Value::Listen(address)) => Some(address.clone()),
        _ => None,
    }
    .expect(TABLE)
}

fn socket(settings: &Settings, name: &str) -> Option<SocketAddr> {
    match settings.value(name) {
        Some(Value::Socket(address)) => *address,
        _ => None,
    }
}

fn number(settings: &Settings, name: &str) -> u64 {
    match settings.value(name) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    }
    .expect(TABLE)
}

fn text(settings: &Settings, name: &str) -> String {
    match settings.value(name) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
    .expect(TABLE)
}

fn path(settings: &Settings, name: &str) -> Option<PathBuf> {
    match settings.value(name) {
        Some(Value::Path(path)) => path.clone(),
        _ => None,
    }
}
