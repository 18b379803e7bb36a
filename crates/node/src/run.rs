//! A node as a process: it opens its home, serves health and metrics, and stops when it is told to.
//!
//! ```text
//!   signals watched -> home opened -> admin listens -> running.json -> … -> signal -> admin ends -> home closed
//! ```
//!
//! Signals are watched before the home is opened, so that whoever stops a node that is starting waits for a start and a
//! stop, and loses nothing. `running.json` says which process it is and where it answers; one that a crash left behind is
//! replaced by the next start.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parclose_types::{Failure, Fault, NetworkId};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

use crate::admin::{Admin, Server};
use crate::audit_desk::AuditDesk;
use crate::config::{NodeConfig, Origin, Settings};
use crate::consortium::Consortium;
use crate::home::{Home, HomeError, write_json};
use crate::hosting::Hosted;
use crate::log::LogLevel;
use crate::networked::Networked;
use crate::node_home;
use crate::status::NodeStatus;

/// Schema of `running.json`.
const SCHEMA: &str = "parclose.running/1";

/// `running.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    /// form of this file
    pub schema: String,
    /// the process
    pub pid: u32,
    /// the network
    pub network: NetworkId,
    /// where health and metrics are served
    pub admin: Option<SocketAddr>,
    /// where exports are handed out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_desk: Option<SocketAddr>,
    /// where commands of this machine are taken
    pub socket: Option<PathBuf>,
}

/// Why a node does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// its home
    #[error(transparent)]
    Home(#[from] HomeError),
    /// ADM-06: the admin listener cannot listen
    #[error("nothing can listen on {address}: {reason}")]
    Admin {
        /// where it should
        address: SocketAddr,
        /// what the system says
        reason: std::io::Error,
    },
    /// DSK-01: the audit desk cannot listen
    #[error("no audit desk can listen on {address}: {reason}")]
    Desk {
        /// where it should
        address: SocketAddr,
        /// what the system says
        reason: std::io::Error,
    },
    /// NOD-20: the system gives no runtime or no signals
    #[error("the system does not let a node run: {0}")]
    System(std::io::Error),
}

impl Failure for RunError {
    fn code(&self) -> &'static str {
        match self {
            Self::Home(e) => e.code(),
            Self::Admin { .. } | Self::Desk { .. } => "ADDRESS_IN_USE",
            Self::System(_) => "SYSTEM",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Home(e) => e.rule(),
            Self::Admin { .. } => "ADM-06",
            Self::Desk { .. } => "DSK-01",
            Self::System(_) => "NOD-20",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Home(e) => e.fault(),
            _ => Fault::Operator,
        }
    }

    fn definite(&self) -> bool {
        match self {
            Self::Home(e) => e.definite(),
            _ => true,
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::Home(e) => e.fix(),
            Self::Admin { .. } => "set admin.listen to a free address, or to `off`".into(),
            Self::Desk { .. } => "set audit_desk.listen to a free address, or to `off`".into(),
            Self::System(_) => "look at the limits of this process: parclose node preflight".into(),
        }
    }
}

/// What a node runs: a consortium in one process, or a member's side of one over the network.
pub trait Engine: Send + Sync {
    /// The way to ask how it is.
    fn status(&self) -> Arc<dyn NodeStatus>;
    /// What commands work on.
    fn consortium(&self) -> &Arc<Consortium>;
    /// Lets go of whoever waits for others: it could be for ever.
    fn release(&self);
    /// Ends everything, after what is on its way.
    fn stop(self: Box<Self>);
}

/// Answers the commands that come over the client socket.
pub trait Commands: Sync {
    /// Runs one command, and gives its answer.
    fn answer(&self, consortium: &Arc<Consortium>, request: &[u8]) -> Vec<u8>;
}

impl Engine for Networked {
    fn status(&self) -> Arc<dyn NodeStatus> {
        Arc::new(Self::status(self))
    }

    fn consortium(&self) -> &Arc<Consortium> {
        Self::consortium(self)
    }

    fn release(&self) {
        self.consortium().stop_rooms();
    }

    fn stop(self: Box<Self>) {
        Self::stop(*self);
    }
}

/// A consortium in one process.
#[derive(Debug)]
struct OneProcess(Arc<Consortium>);

impl Engine for OneProcess {
    fn status(&self) -> Arc<dyn NodeStatus> {
        Arc::new(self.0.status())
    }

    fn consortium(&self) -> &Arc<Consortium> {
        &self.0
    }

    /// Everybody who is waited for is in this process.
    fn release(&self) {}

    fn stop(self: Box<Self>) {
        match Arc::into_inner(self.0) {
            Some(consortium) => drop(consortium.close()),
            None => tracing::warn!("a command is still at work"),
        }
    }
}

/// Starts what a home holds.
pub fn start_engine(home: Home, config: &NodeConfig) -> Result<Box<dyn Engine>, HomeError> {
    if node_home::is_node_home(home.path()) {
        return Ok(Box::new(Networked::open(home, config)?));
    }
    let consortium = Consortium::open_with(home, config.awake_max)?;
    Ok(Box::new(OneProcess(Arc::new(consortium))))
}

/// Runs a node until SIGTERM or SIGINT comes; `on_ready` is called once it can be used.
pub fn run(
    home: Home,
    config: &NodeConfig,
    log_level: LogLevel,
    commands: &dyn Commands,
    on_ready: impl FnOnce(&Running),
) -> Result<(), RunError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("admin")
        .enable_all()
        .build()
        .map_err(RunError::System)?;
    let told = runtime.block_on(async { stop_signal() }).map_err(RunError::System)?;
    run_until(&runtime, home, config, (log_level, commands), told, on_ready)
}

/// Tells of settings that this node does not follow: whoever made one believes in it.
pub fn tell_unused(settings: &Settings) {
    let used = ["admin.", "audit_desk.", "channels.", "log."];
    let unused = |name: &str| !used.iter().any(|used| name.starts_with(used));
    for setting in settings.all().iter().filter(|s| s.origin != Origin::Default && unused(s.key.name)) {
        let (key, from) = (setting.key.name, &setting.origin);
        tracing::warn!(key, %from, "this has no effect: the home's consortium runs in one process");
    }
}

/// The first of the two signals, from now on.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "stopping");
    })
}

/// Runs a node until `told`.
///
/// # Rules
///
/// > NOD-20: a node that is told to stop finishes what needs nobody else, tells whoever waits for others that the outcome is not known, closes its stores, and takes its running.json away.
fn run_until(
    runtime: &tokio::runtime::Runtime,
    home: Home,
    config: &NodeConfig,
    (log_level, commands): (LogLevel, &dyn Commands),
    told: impl Future<Output = ()>,
    on_ready: impl FnOnce(&Running),
) -> Result<(), RunError> {
    let path = home.path().to_owned();
    tracing::info!(home = %path.display(), version = env!("CARGO_PKG_VERSION"), "starting");
    let engine = start_engine(home, config)?;
    let status = engine.status();
    let admin = Admin::new(status.clone(), log_level, &path);
    // Whoever comes with a command may stand in another directory.
    let socket =
        config.client_socket.as_ref().map(std::path::absolute).transpose().map_err(RunError::System)?;
    let hosted = Hosted { engine: &*engine, commands, socket: socket.as_deref() };
    let servers = listen(runtime, admin, config.admin_listen)
        .and_then(|admin| Ok(Servers { admin, desk: listen_desk(runtime, &*engine, config)? }));
    let ended =
        servers.and_then(|servers| serve(runtime, &path, (servers, hosted), &*status, told, on_ready));
    engine.stop();
    tracing::info!("stopped");
    ended
}

/// # Rules
///
/// > ADM-06: a node whose admin listener cannot listen where the configuration says does not start.
fn listen(
    runtime: &tokio::runtime::Runtime,
    admin: Admin,
    address: Option<SocketAddr>,
) -> Result<Option<Server>, RunError> {
    let Some(address) = address else { return Ok(None) };
    let listening = runtime.block_on(admin.listen(address));
    let server = listening.map_err(|reason| RunError::Admin { address, reason })?;
    if !server.address().ip().is_loopback() {
        tracing::warn!(address = %server.address(), "health and metrics can be read from other machines");
    }
    Ok(Some(server))
}

/// Who listens, besides for commands.
struct Servers {
    admin: Option<Server>,
    desk: Option<Server>,
}

/// # Rules
///
/// > DSK-01: a node has an audit desk only if its configuration says where, and does not start if it cannot listen there.
fn listen_desk(
    runtime: &tokio::runtime::Runtime,
    engine: &dyn Engine,
    config: &NodeConfig,
) -> Result<Option<Server>, RunError> {
    let Some(limits) = &config.audit_desk else { return Ok(None) };
    let desk = AuditDesk::new(engine.consortium().clone(), limits);
    let listening = runtime.block_on(desk.listen(limits.listen));
    let server = listening.map_err(|reason| RunError::Desk { address: limits.listen, reason })?;
    tracing::info!(address = %server.address(), "the audit desk hands out sealed exports");
    Ok(Some(server))
}

fn serve(
    runtime: &tokio::runtime::Runtime,
    home: &Path,
    (servers, hosted): (Servers, Hosted<'_>),
    status: &dyn NodeStatus,
    told: impl Future<Output = ()>,
    on_ready: impl FnOnce(&Running),
) -> Result<(), RunError> {
    let report = status.report();
    let admin = servers.admin.as_ref().map(Server::address);
    let audit_desk = servers.desk.as_ref().map(Server::address);
    let socket = hosted.socket.map(Path::to_owned);
    let pid = std::process::id();
    let running = Running { schema: SCHEMA.into(), pid, network: report.network, admin, audit_desk, socket };
    let listener = hosted.listen()?;
    let file = node_home::running(home);
    write_json(&file, &running)?;
    tracing::info!(network = %report.network, height = report.head.0, channels = report.rooms.len(), "ready");
    on_ready(&running);
    let stopping = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let serving = listener.as_ref().map(|listener| scope.spawn(|| hosted.serve(listener, &stopping)));
        runtime.block_on(async {
            told.await;
            for server in servers.desk.into_iter().chain(servers.admin) {
                server.stop().await;
            }
        });
        stopping.store(true, Ordering::SeqCst);
        hosted.engine.release();
        hosted.wake_up();
        drop(serving.map(std::thread::ScopedJoinHandle::join));
    });
    // Whoever finds it afterwards finds a process that is no more.
    let _ = std::fs::remove_file(&file);
    Ok(())
}

#[cfg(test)]
mod tests;
