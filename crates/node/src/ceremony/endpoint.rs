//! Addresses of nodes: where others reach one, and where one listens.
//!
//! Both are multiaddresses of a host and a TCP port and nothing else. A node announces what others can dial; it may
//! listen somewhere else, behind a gateway, on every interface, or on a port that the system chooses.

use std::fmt;
use std::str::FromStr;

use borsh::BorshSerialize;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::CeremonyError;

/// The longest address, in bytes: a DNS name of 253 and what stands round it.
const ADDRESS_BYTES_MAX: usize = 280;

/// Where others reach a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint(Multiaddr);

/// Where a node listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress(Multiaddr);

/// A host and a port, if that is all that there is.
fn host_and_port(text: &str) -> Option<(Multiaddr, bool, u16)> {
    if text.len() > ADDRESS_BYTES_MAX {
        return None;
    }
    let address: Multiaddr = text.parse().ok()?;
    let mut parts = address.iter();
    let (host, port) = (parts.next()?, parts.next()?);
    let anywhere = match host {
        Protocol::Ip4(ip) => ip.is_unspecified(),
        Protocol::Ip6(ip) => ip.is_unspecified(),
        Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_) => false,
        _ => return None,
    };
    let Protocol::Tcp(port) = port else { return None };
    // One address has one text, so that what is signed, compared and shown is the same.
    let whole = parts.next().is_none() && address.to_string() == text;
    whole.then_some((address.clone(), anywhere, port))
}

impl FromStr for Endpoint {
    type Err = CeremonyError;

    /// # Rules
    ///
    /// > CER-05: an address that a node announces is one host, by IP or DNS name, and one TCP port, neither of them zero.
    fn from_str(text: &str) -> Result<Self, CeremonyError> {
        match host_and_port(text) {
            Some((address, false, 1..)) => Ok(Self(address)),
            _ => Err(CeremonyError::Address { address: text.chars().take(ADDRESS_BYTES_MAX).collect() }),
        }
    }
}

impl Endpoint {
    /// The address as the network library dials it.
    #[must_use]
    pub fn multiaddr(&self) -> &Multiaddr {
        &self.0
    }

    /// Where its node listens, as far as that follows from what it announces: there, or on this port of every
    /// interface when only a name is announced.
    #[must_use]
    pub fn listen_address(&self) -> ListenAddress {
        let mut parts = self.0.iter();
        match (parts.next(), parts.next()) {
            (Some(Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_)), Some(port)) => {
                let everywhere = Protocol::Ip4(std::net::Ipv4Addr::UNSPECIFIED);
                ListenAddress([everywhere, port].into_iter().collect())
            }
            _ => ListenAddress(self.0.clone()),
        }
    }
}

impl FromStr for ListenAddress {
    type Err = CeremonyError;

    fn from_str(text: &str) -> Result<Self, CeremonyError> {
        let refused = || CeremonyError::Address { address: text.chars().take(ADDRESS_BYTES_MAX).collect() };
        let (address, _, _) = host_and_port(text).ok_or_else(refused)?;
        if matches!(address.iter().next(), Some(Protocol::Ip4(_) | Protocol::Ip6(_))) {
            Ok(Self(address))
        } else {
            Err(refused())
        }
    }
}

impl ListenAddress {
    /// The address as the network library listens on it.
    #[must_use]
    pub fn multiaddr(&self) -> &Multiaddr {
        &self.0
    }

    /// The same as a socket address; `None` never, for it is an IP and a port.
    #[must_use]
    pub fn socket(&self) -> Option<std::net::SocketAddr> {
        let mut parts = self.0.iter();
        match (parts.next(), parts.next()) {
            (Some(Protocol::Ip4(ip)), Some(Protocol::Tcp(port))) => Some((ip, port).into()),
            (Some(Protocol::Ip6(ip)), Some(Protocol::Tcp(port))) => Some((ip, port).into()),
            _ => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl BorshSerialize for Endpoint {
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        BorshSerialize::serialize(&self.to_string(), writer)
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
