//! Ports of this machine that tests have nodes listen on, wherever those tests are.

use std::net::TcpListener;
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};

/// Where they are looked for: below those that the system gives to whoever asks for any, such as the links between nodes.
const PORTS: Range<u16> = 10_000..26_000;
/// The most that are taken at a time, in a row.
const PORTS_OF_ONE: u16 = 20;
const PLACES: u16 = (PORTS.end - PORTS.start) / PORTS_OF_ONE;
/// So far apart begin tests in processes that follow one another; it has no factor in common with the number of places.
const APART: u32 = 37;
/// Places that this process has looked at.
static LOOKED_AT: AtomicU16 = AtomicU16::new(0);

/// So many ports in a row on which nobody listens, and which this process has not been given before.
pub(crate) fn free_ports(count: u16) -> Range<u16> {
    assert!(count <= PORTS_OF_ONE, "{count} ports in a row");
    let begin = std::process::id().wrapping_mul(APART) % u32::from(PLACES);
    let begin = u16::try_from(begin).expect("it is below the number of places");
    (0..PLACES)
        .map(|_| (begin + LOOKED_AT.fetch_add(1, Ordering::Relaxed) % PLACES) % PLACES)
        .map(|place| PORTS.start + place * PORTS_OF_ONE)
        .map(|first| first..first + count)
        .find(|ports| ports.clone().all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()))
        .expect("some ports in a row are free")
}
