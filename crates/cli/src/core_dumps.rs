//! No core dumps: an image of this process holds every key that it has opened.
//!
//! Two locks, because either can be lifted from outside: the limit on core files is 0, and the process is
//! marked as one not to be dumped, which also keeps other processes of the same user from attaching to it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Switches core dumps off for this process. What the system refuses is told by `parclose version`; it
/// does not stop a command.
pub fn switch_off() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Whether both locks hold.
#[must_use]
pub fn are_off() -> bool {
    getrlimit(Resource::Core).current == Some(0) && is_not_dumpable()
}

#[cfg(target_os = "linux")]
fn is_not_dumpable() -> bool {
    matches!(rustix::process::dumpable_behavior(), Ok(rustix::process::DumpableBehavior::NotDumpable))
}

#[cfg(not(target_os = "linux"))]
fn is_not_dumpable() -> bool {
    true
}
