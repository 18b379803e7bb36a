//! Ports of this machine for a consortium that asks for none in particular.

use std::net::TcpListener;

use crate::error::CliError;

/// Where ports are looked for, in steps of what one consortium needs.
const PORTS: std::ops::Range<u16> = 26_700..32_000;
const PORTS_OF_ONE: usize = 10;

/// The first of as many ports in a row as a consortium needs, on which nobody listens.
pub(crate) fn free_ports() -> Result<u16, CliError> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let all_free = |first: &u16| (*first..).take(PORTS_OF_ONE).all(is_free);
    let found = PORTS.step_by(PORTS_OF_ONE).find(all_free);
    found.ok_or_else(|| CliError::usage("no ten ports in a row are free", "stop what listens there"))
}
