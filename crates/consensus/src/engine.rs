//! The BFT engine's types, filled in for the root chain. Nothing outside this module names the engine.

mod codec;
mod conflict;
mod context;
mod forms;
mod guard;
mod heard;
mod height;
mod mark;
mod members;
mod part;
mod proposal;
mod scheme;
mod signer;
mod value;
mod verifier;
mod vote;

pub(crate) use codec::EngineCodec;
pub(crate) use conflict::conflict;
pub(crate) use context::RootContext;
pub(crate) use forms::{from_engine, to_engine};
#[cfg(test)]
pub(crate) use guard::Slot;
pub(crate) use guard::{Guard, NotSignedTwice, SignedRow};
pub(crate) use heard::Heard;
pub(crate) use height::EngineHeight;
pub(crate) use mark::Nonces;
pub(crate) use members::{Address, Members};
pub(crate) use part::{PART_BYTES_MAX, Part, signing_bytes as parts_signing_bytes};
pub(crate) use signer::Signer;
pub(crate) use value::Value;
pub(crate) use verifier::Verifier;
pub(crate) use vote::Step;
#[cfg(test)]
pub(crate) use vote::Vote;

#[cfg(test)]
mod tests;
