//! The listener itself.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{AdminError, Health, metrics};
use crate::log::LogLevel;
use crate::machine::{self, ClockWatch};
use crate::status::{NodeStatus, Report};

/// A body says a log level and nothing else.
const BODY_BYTES_MAX: usize = 1024;
/// For requests that are being answered when the node stops.
const STOPS_WITHIN: Duration = Duration::from_secs(5);

/// What the listener tells of.
#[derive(Clone)]
pub struct Admin(Arc<Parts>);

struct Parts {
    status: Arc<dyn NodeStatus>,
    log_level: LogLevel,
    home: PathBuf,
    clock: ClockWatch,
    started: Instant,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Admin({})", self.0.home.display())
    }
}

/// A listener that runs.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Admin {
    /// Of a node and its home.
    #[must_use]
    pub fn new(status: Arc<dyn NodeStatus>, log_level: LogLevel, home: &Path) -> Self {
        let clock = ClockWatch::start();
        Self(Arc::new(Parts { status, log_level, home: home.to_owned(), clock, started: now() }))
    }

    /// Starts to listen.
    pub async fn listen(self, address: SocketAddr) -> std::io::Result<Server> {
        serve_on(address, self.router()).await
    }

    fn router(self) -> Router {
        Router::new()
            .route("/livez", get(livez))
            .route("/readyz", get(readyz))
            .route("/metrics", get(scrape))
            .route("/log-level", get(log_level).put(set_log_level))
            .fallback(|| async { AdminError::NoPage })
            .layer(from_fn(by_address))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(self)
    }

    /// The report, made where waiting is allowed.
    async fn report(&self) -> Option<Report> {
        let status = self.0.status.clone();
        tokio::task::spawn_blocking(move || status.report()).await.ok()
    }
}

/// Listens, and answers with a router.
pub(crate) async fn serve_on(address: SocketAddr, router: Router) -> std::io::Result<Server> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let (stop, mut stopped) = watch::channel(false);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let until = async move {
        // Without a server to stop it nobody listens either.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let task = tokio::spawn(axum::serve(listener, service).with_graceful_shutdown(until).into_future());
    Ok(Server { address, stop, task })
}

#[allow(clippy::disallowed_methods, reason = "metrics tell how long the node has run")]
fn now() -> Instant {
    Instant::now()
}

impl Server {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, after what is being answered.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let abort = self.task.abort_handle();
        if tokio::time::timeout(STOPS_WITHIN, self.task).await.is_err() {
            abort.abort();
        }
    }
}

/// A page in a browser reaches this machine by a name that its owner lets lead here.
///
/// # Rules
///
/// > ADM-03: the admin listener answers whoever names it by an IP address or `localhost`, and nobody who uses another name.
async fn by_address(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(is_address) { next.run(request).await } else { AdminError::ByName.into_response() }
}

fn is_address(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    host.parse::<SocketAddr>().is_ok() || host.parse::<std::net::IpAddr>().is_ok() || {
        name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok()
    }
}

async fn livez() -> Response {
    Json(json!({ "schema": "parclose.live/1", "live": true })).into_response()
}

async fn readyz(State(admin): State<Admin>) -> Response {
    let Some(report) = admin.report().await else { return failed() };
    let health = Health::of(&report, &admin.0.home, &admin.0.clock);
    let status = if health.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

async fn scrape(State(admin): State<Admin>) -> Response {
    let Some(report) = admin.report().await else { return failed() };
    let free = machine::disk(&admin.0.home).ok();
    let text = metrics::text(&report, now().saturating_duration_since(admin.0.started), free);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// A report that panicked: told as what it is, and the process goes on.
fn failed() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

async fn log_level(State(admin): State<Admin>) -> Response {
    level_json(&admin)
}

async fn set_log_level(
    State(admin): State<Admin>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    level: String,
) -> Result<Response, AdminError> {
    change(&admin, from, level.trim())
}

/// # Rules
///
/// > ADM-02: what the admin listener changes, it changes for this machine only.
pub(super) fn change(admin: &Admin, from: SocketAddr, level: &str) -> Result<Response, AdminError> {
    if !is_local(from) {
        return Err(AdminError::NotLocal);
    }
    admin.0.log_level.set(level)?;
    tracing::info!(level = admin.0.log_level.current(), "the log level was changed");
    Ok(level_json(admin))
}

pub(super) fn is_local(from: SocketAddr) -> bool {
    from.ip().to_canonical().is_loopback()
}

fn level_json(admin: &Admin) -> Response {
    Json(json!({ "schema": "parclose.log-level/1", "level": admin.0.log_level.current() })).into_response()
}
