//! Why the audit desk does not do what it was asked for.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use parclose_types::{Failure, Fault};
use serde_json::json;

/// A refused request. All but the first and [`Self::Crowded`] are told to whoever knows a grant that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskRefused {
    /// DSK-03: no such tag or grant, a grant that does not stand, or no request that there is
    #[error("there is nothing here under this tag and grant")]
    Unknown,
    /// DSK-06: an export for the grant was made a short time ago
    #[error("an export for this grant was made within the pause")]
    TooSoon {
        /// until the next is made
        seconds: u64,
    },
    /// DSK-06: more than is handed out over the network
    #[error("the export is larger than this node hands out over the network")]
    TooLarge,
    /// DSK-06: another one of the channel is under way, or it is not possible at the moment
    #[error("no export of this channel can be made at the moment")]
    NotNow,
    /// DSK-06: too many ask at once
    #[error("too many ask at once")]
    Crowded,
}

impl Failure for DeskRefused {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "NOT_FOUND",
            Self::TooSoon { .. } => "DESK_TOO_SOON",
            Self::TooLarge => "DESK_TOO_LARGE",
            Self::NotNow => "DESK_NOT_NOW",
            Self::Crowded => "DESK_CROWDED",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Unknown => "DSK-03",
            Self::TooSoon { .. } | Self::TooLarge | Self::NotNow | Self::Crowded => "DSK-06",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Unknown | Self::TooSoon { .. } => Fault::Sender,
            Self::TooLarge | Self::NotNow | Self::Crowded => Fault::Operator,
        }
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Unknown => "ask a member for tag and grant, and whether the grant stands".into(),
            Self::TooSoon { seconds } => format!("ask again in {seconds} seconds"),
            Self::TooLarge => "ask a member for a file: parclose channel export".into(),
            Self::NotNow | Self::Crowded => "ask again later".into(),
        }
    }
}

impl IntoResponse for DeskRefused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::TooSoon { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotNow | Self::Crowded => StatusCode::SERVICE_UNAVAILABLE,
        };
        let body = json!({
            "code": self.code(),
            "rule": self.rule(),
            "fault": self.fault(),
            "definite": self.definite(),
            "fix": self.fix(),
        });
        let mut response = (status, Json(body)).into_response();
        if let Self::TooSoon { seconds } = self {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
