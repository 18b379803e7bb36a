//! For tests, simulations and demonstrations only: the root chain's directory as a crash would leave it, and a validator that is
//! stepped.

use std::path::Path;

use parclose_store::hazmat;

use crate::embedded::EmbeddedRoot;
use crate::root_chain::RootUnavailable;
pub use crate::stepped::{
    EngineLog, Out, Packet, Place, Planted, Stepped, SteppedOptions, Timer, with_blocks, with_signatures,
};

/// Copies the directory as a machine would find it after loss of power now. `to` must be empty or
/// absent.
pub fn copy_after_power_loss(root: &EmbeddedRoot, to: &Path) -> Result<(), RootUnavailable> {
    Ok(hazmat::copy_after_power_loss(root.database(), to)?)
}

/// Copies the directory as the end of the process would leave it.
pub fn copy_after_kill(root: &EmbeddedRoot, to: &Path) -> Result<(), RootUnavailable> {
    Ok(hazmat::copy_after_kill(root.database(), to)?)
}
