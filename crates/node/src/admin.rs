//! The admin listener: health, metrics and the log level, for whoever runs the node.
//!
//! ```text
//!   GET /livez      the process answers
//!   GET /readyz     every check with its reason; 503 unless all hold
//!   GET /metrics    Prometheus text
//!   GET /log-level  PUT /log-level
//! ```
//!
//! It has no password, so it stands on loopback unless the configuration says otherwise, tells nothing that a
//! channel keeps, and changes nothing for somebody on another machine. A page in a browser on this machine is
//! somebody else too: a name that leads here is not answered.

#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::get_unwrap,
        clippy::panic,
        clippy::unreachable
    )
)]

mod error;
mod health;
mod metrics;
mod serve;

pub use error::AdminError;
pub use health::{Check, Health};
pub(crate) use serve::serve_on;
pub use serve::{Admin, Server};

#[cfg(test)]
mod tests;
