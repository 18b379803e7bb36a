//! The desk's listener.

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, Uri, header};
use axum::response::{IntoResponse, Response};
use libp2p::futures::SinkExt;
use libp2p::futures::channel::mpsc;
use parclose_types::{Tag, TransactionDigest};
use tokio::sync::Semaphore;

use super::turns::now;
use super::{AuditDesk, DeskRefused, Made};
use crate::admin::{Server, serve_on};

/// What is not there is told after so long, and not sooner, however long it took to look.
const UNKNOWN_AFTER: Duration = Duration::from_millis(500);
/// Whoever takes longer to fetch an export gets no more of it.
const SENT_WITHIN: Duration = Duration::from_secs(900);
/// Requests that are looked at, at a time.
const LOOKED_AT_MAX: usize = 16;
/// Read of a file at a time.
const PIECE_BYTES: usize = 64 << 10;

#[derive(Clone)]
struct Listening {
    desk: AuditDesk,
    places: Arc<Semaphore>,
}

impl AuditDesk {
    /// Starts to listen.
    pub async fn listen(self, address: SocketAddr) -> std::io::Result<Server> {
        serve_on(address, self.router()).await
    }

    pub(super) fn router(self) -> Router {
        let listening = Listening { desk: self, places: Arc::new(Semaphore::new(LOOKED_AT_MAX)) };
        // There are no routes: whatever is asked has one way through, so that all that is unknown looks alike.
        Router::new().fallback(answer).with_state(listening)
    }
}

/// # Rules
///
/// > DSK-03: an audit desk answers the same, and after the same time, whatever it is asked that it does not know, and of a grant that does not stand or a channel that is not open.
async fn answer(State(listening): State<Listening>, request: Request) -> Response {
    let began = now();
    let Ok(place) = listening.places.clone().try_acquire_owned() else {
        return DeskRefused::Crowded.into_response();
    };
    let made = match asked(request.method(), request.uri()) {
        Some((tag, grant)) => {
            let desk = listening.desk;
            let making = tokio::task::spawn_blocking(move || desk.make(tag, grant)).await;
            making.unwrap_or(Err(DeskRefused::NotNow))
        }
        None => Err(DeskRefused::Unknown),
    };
    drop(place);
    match made {
        Ok(made) => send(made),
        Err(DeskRefused::Unknown) => {
            tokio::time::sleep(UNKNOWN_AFTER.saturating_sub(now().saturating_duration_since(began))).await;
            DeskRefused::Unknown.into_response()
        }
        Err(refused) => refused.into_response(),
    }
}

/// # Rules
///
/// > DSK-02: an audit desk takes the tag of a channel and the digest of a grant, and neither a key nor anything else.
pub(super) fn asked(method: &Method, uri: &Uri) -> Option<(Tag, TransactionDigest)> {
    let mut parts = uri.path().strip_prefix("/export/")?.split('/');
    let (tag, grant, rest) = (parts.next()?, parts.next()?, parts.next());
    let alone = method == Method::GET && uri.query().is_none() && rest.is_none();
    let asked = (tag.parse().ok()?, grant.parse().ok()?);
    alone.then_some(asked)
}

/// The file goes out piece by piece; it and the channel's turn end with the last, or when it takes too long.
fn send(Made { mut file, bytes, turn }: Made) -> Response {
    let (mut to, body) = mpsc::channel::<std::io::Result<Bytes>>(2);
    tokio::spawn(async move {
        let sending = async {
            loop {
                let read = tokio::task::spawn_blocking(move || piece(file)).await;
                let Ok((rest, piece)) = read else { return };
                file = rest;
                let ends = piece.as_ref().map_or(true, Bytes::is_empty);
                if piece.as_ref().is_ok_and(Bytes::is_empty) || to.send(piece).await.is_err() || ends {
                    return;
                }
            }
        };
        if tokio::time::timeout(SENT_WITHIN, sending).await.is_err() {
            tracing::warn!("an export was not fetched in time");
        }
        drop(turn);
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, bytes.to_string()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(body)).into_response()
}

fn piece(mut file: File) -> (File, std::io::Result<Bytes>) {
    let mut piece = vec![0; PIECE_BYTES];
    let read = file.read(&mut piece).map(|count| {
        piece.truncate(count);
        Bytes::from(piece)
    });
    (file, read)
}
