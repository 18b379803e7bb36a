//! Ports of this machine for a consortium that asks for none in particular.

use std::net::TcpListener;

use crate::error::CliError;

/// Where ports are looked for.
const PORTS: std::ops::Range<u16> = 26_700..32_000;
/// For consensus and for exchange.
const PORTS_OF_EACH: usize = 2;

/// The first of as many ports in a row as so many members need, on which nobody listens.
pub(crate) fn free_ports(members: usize) -> Result<u16, CliError> {
    let wanted = PORTS_OF_EACH * members;
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let all_free = |first: &u16| (*first..).take(wanted).all(is_free);
    let found = PORTS.step_by(wanted).find(all_free);
    let told = || CliError::usage(format!("no {wanted} ports in a row are free"), "stop what listens there");
    found.ok_or_else(told)
}
