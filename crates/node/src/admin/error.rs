//! Why the admin listener does not do what it was asked for.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use parclose_types::{Failure, Fault};
use serde_json::json;

use crate::log::NotALevel;

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// ADM-02: a change from another machine
    #[error("the log level is changed from this machine only")]
    NotLocal,
    /// ADM-03: asked by a name
    #[error("this listener is asked by its address, not by a name")]
    ByName,
    /// ADM-05: not a level
    #[error(transparent)]
    Level(#[from] NotALevel),
    /// no such page
    #[error("there is no such page")]
    NoPage,
}

impl Failure for AdminError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotLocal => "ADMIN_NOT_LOCAL",
            Self::ByName => "ADMIN_BY_NAME",
            Self::Level(e) => e.code(),
            Self::NoPage => "NOT_FOUND",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NotLocal => "ADM-02",
            Self::ByName => "ADM-03",
            Self::Level(e) => e.rule(),
            Self::NoPage => "CLI-03",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::NotLocal => "ask on the machine that the node runs on".into(),
            Self::ByName => "use the IP address, or localhost".into(),
            Self::Level(e) => e.fix(),
            Self::NoPage => "there are /livez, /readyz, /metrics and /log-level".into(),
        }
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotLocal | Self::ByName => StatusCode::FORBIDDEN,
            Self::Level(_) => StatusCode::BAD_REQUEST,
            Self::NoPage => StatusCode::NOT_FOUND,
        };
        let body = json!({
            "code": self.code(),
            "rule": self.rule(),
            "fault": self.fault(),
            "definite": self.definite(),
            "fix": self.fix(),
        });
        (status, Json(body)).into_response()
    }
}
