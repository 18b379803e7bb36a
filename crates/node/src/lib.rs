//! The node: homes, rooms, and the threads that drive them. The only crate that spawns.
//!
//! A [`Consortium`] is a home opened in this process: a root chain, and for every member and channel in it a
//! [`room`]: the thread that owns this member's side of that channel. Rooms talk to each other over `exchange`
//! only, and to the root chain through its trait only. So they stand on one embedded validator and a network in
//! memory, or, in a [`Networked`] node, on a cluster of validators and a network of sockets.

pub mod address_book;
pub mod admin;
pub mod audit_desk;
pub mod backup;
pub mod bounded;
pub mod ceremony;
pub mod config;
pub mod consortium;
pub mod desk;
pub mod evidence;
pub mod export;
pub mod found;
pub mod founding;
pub mod home;
mod hosting;
pub mod joining;
pub mod key_file;
pub mod leak_scan;
pub mod links;
pub mod log;
pub mod machine;
pub mod measure;
pub mod networked;
pub mod node_home;
pub mod node_key;
pub mod passphrase_file;
pub mod preflight;
pub mod randomness;
pub mod room;
pub mod root_task;
pub mod run;
mod sealed;
pub mod status;
pub mod submission;
pub mod successor;
pub mod tamper;
pub mod unlock;
pub mod validator_change;

pub use consortium::{Consortium, RoomKey};
pub use networked::Networked;
pub use parclose_consensus::{Evidence, EvidenceInvalid, Offence, RootChain};

pub use home::{Home, HomeError};
pub use room::{Held, RoomHandle};
pub use submission::{Outcome, SubmitError};
pub use unlock::Unlock;

/// A block cache for the databases of a process, in bytes.
#[must_use]
pub fn shared_cache(bytes: usize) -> parclose_store::SharedCache {
    parclose_store::SharedCache::new(bytes)
}

/// Runs jobs at the same time and gathers their results in order; the first error wins.
///
/// # Panics
///
/// If a job panics.
pub fn in_parallel<T: Send, E: Send, J: FnOnce() -> Result<T, E> + Send, const N: usize>(
    jobs: [J; N],
) -> Result<Vec<T>, E> {
    std::thread::scope(|scope| {
        let running = jobs.map(|job| scope.spawn(job));
        running.into_iter().map(|job| job.join().expect("a job panicked")).collect()
    })
}
