//! Every untrusted entrance as a plain function over bytes, each with an oracle of its own.
//!
//! ```text
//!   bytes --TARGET--> Reached      a broken promise is a panic, which any fuzzer notices
//! ```
//!
//! "It did not crash" is not what is checked. A target asserts what the entrance promises: one encoding
//! for each value, and nothing verified that did not happen in the one honest [`world`] whose keys no
//! input holds. Each tells how far the input came, because a target whose inputs are all turned away at
//! the door tests the door only; `tests/replay.rs` holds that every corpus gets through.
//!
//! - [`wire`]: padding, frames, messages, view keys
//! - [`value`]: movements of notes
//! - [`ledger`]: transactions, proposals, root transactions
//! - [`proofs`]: what an auditor is handed, and the genesis
//! - [`key_files`]: key files and sealed keys
//! - [`texts`]: definitions, policies, mappings
//! - [`tables`]: tables under a mapping, and without one
//! - [`archive`]: archives of a channel
//! - [`governance`]: acts, what joiners show and get, contexts
//! - [`entrances`], [`vectors`]: the same entrances by the rules that refuse, and vectors that break one rule each
//! - [`world`], [`seeds`], [`mutator`]: what happened, the corpus made of it, and its deformation

pub mod archive;
pub mod dealing;
pub mod entrances;
pub mod governance;
pub mod key_files;
pub mod ledger;
pub mod mutator;
pub mod packs;
pub mod proofs;
pub mod reach;
pub mod runner;
pub mod script;
pub mod seeds;
pub mod suites;
pub mod tables;
pub mod texts;
pub mod value;
pub mod vectors;
pub mod wire;
pub mod world;

/// How far an input came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// it has not even the outer form, so the rules behind were not asked
    Door,
    /// it has the outer form, and a later rule refused it
    Inside,
    /// everything was accepted, and the oracle has looked at it
    Through,
}

/// One entrance.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// name of the function, of its corpus folder and of its libFuzzer binary
    pub name: &'static str,
    /// the function
    pub run: fn(&[u8]) -> Reached,
}

macro_rules! targets {
    ($($module:ident :: $name:ident),* $(,)?) => {
        /// All entrances.
        pub const TARGETS: &[Target] = &[$(Target { name: stringify!($name), run: $module::$name }),*];
    };
}

targets![
    ledger::decode_transaction,
    ledger::decode_proposal,
    ledger::root_transaction,
    proofs::order_proof,
    proofs::receipt_json,
    proofs::disclosure_json,
    proofs::bundle,
    proofs::wrapped_view_key_json,
    proofs::genesis_json,
    texts::definition_parse,
    texts::policy_parse,
    texts::mapping_parse,
    tables::csv_import,
    tables::csv_layouts,
    tables::suggest_mapping,
    wire::decode_message,
    wire::frames,
    wire::unpad,
    wire::view_key,
    key_files::key_file,
    key_files::sealed_key,
    archive::archive_content,
    archive::archive_changed,
    governance::governance_act,
    governance::joiner_setup,
    governance::card,
    governance::invitation,
    governance::contexts,
    value::movement,
];
