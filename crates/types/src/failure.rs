//! What every error can say about itself.
//!
//! Each stage has its own error enum; a variant is a broken rule. All of them implement
//! [`Failure`], from which the command line and later the HTTP interface make their answers. A
//! failure never carries plaintext, keys or amounts.

use serde::Serialize;

/// Who erred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// whoever made the input: a user, a client, the signer of a transaction
    Sender,
    /// another member's node
    Peer,
    /// whoever runs this node: configuration, disk, keys
    Operator,
    /// this program
    Bug,
}

/// A stable description of a failure.
pub trait Failure: std::error::Error {
    /// A stable word code, such as `CHANNEL_ACCESS_DENIED`.
    fn code(&self) -> &'static str;
    /// The id of the broken rule in `specs/rules.md`, such as `ACC-03`.
    fn rule(&self) -> &'static str;
    /// Who erred.
    fn fault(&self) -> Fault;
    /// `true` when the outcome is known: nothing was written and nothing will be.
    fn definite(&self) -> bool;
    /// The next step, as a sentence or a command.
    fn fix(&self) -> String;
}
