//! Links that can be cut, for faults on purpose: a node of the development consortium calls the others through forwarders
//! of its own.
//!
//! ```text
//!   engine, exchange --> 127.0.0.1:* (a forwarder for each other node) --> the address on its card
//!   HOME/links.json      who is cut off; without this file there is no forwarder
//!   HOME/links.sock      whoever opens it has the file read again, and it is closed when that is done
//! ```
//!
//! What is cut is a connection, below everything that the engine and the network between members do about it. Each node cuts
//! the calls that it makes, so a link is cut once the nodes at both its ends have been told.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::home::{HomeError, broken, read_json, write_json};

/// Schema of `links.json`.
const SCHEMA: &str = "parclose.links/1";

/// `links.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    schema: String,
    /// names of the nodes that are cut off
    pub cut: BTreeSet<String>,
}

impl Cut {
    /// From these nodes.
    #[must_use]
    pub fn off(cut: BTreeSet<String>) -> Self {
        Self { schema: SCHEMA.into(), cut }
    }

    /// Reads that of a home.
    pub fn read(home: &Path) -> Result<Self, HomeError> {
        let path = file(home);
        let read: Self = read_json(&path)?;
        if read.schema == SCHEMA { Ok(read) } else { Err(broken(&path, "another format")) }
    }

    /// Writes it into a home, and has the node that runs there follow it before this returns.
    pub fn impose(&self, home: &Path) -> Result<(), HomeError> {
        use std::io::Read;
        write_json(&file(home), self)?;
        // A node that does not run reads it when it starts.
        if let Ok(mut bell) = std::os::unix::net::UnixStream::connect(socket(home)) {
            let _ = bell.read_to_end(&mut Vec::new());
        }
        Ok(())
    }
}

fn file(home: &Path) -> PathBuf {
    home.join("links.json")
}

fn socket(home: &Path) -> PathBuf {
    home.join("links.sock")
}

/// The forwarders of one node.
#[derive(Debug)]
pub(crate) struct Links {
    runtime: Runtime,
    cut: watch::Sender<BTreeSet<String>>,
    socket: PathBuf,
}

impl Links {
    /// Those of a home; none if nothing in it can be cut.
    ///
    /// # Rules
    ///
    /// > LNK-01: a node calls the others through forwarders only if its home has a `links.json`, and none of them carries anything to a node that is cut off in it.
    pub(crate) fn of(home: &Path) -> Result<Option<Self>, HomeError> {
        if !file(home).exists() {
            return Ok(None);
        }
        let (cut, _) = watch::channel(Cut::read(home)?.cut);
        let failed = |e: std::io::Error| broken(&socket(home), &e.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("links")
            .enable_all()
            .build()
            .map_err(failed)?;
        let _ = std::fs::remove_file(socket(home));
        let bell = {
            let _inside = runtime.enter();
            UnixListener::bind(socket(home)).map_err(failed)?
        };
        std::fs::set_permissions(socket(home), std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        runtime.spawn(listen(bell, home.to_owned(), cut.clone()));
        Ok(Some(Self { runtime, cut, socket: socket(home) }))
    }

    /// An address of this machine that leads to a node's.
    pub(crate) fn through(&self, name: &str, to: &Multiaddr) -> std::io::Result<Multiaddr> {
        let Some(to) = on_this_machine(to) else { return Ok(to.clone()) };
        let listener = self.runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let here = listener.local_addr()?;
        self.runtime.spawn(forward(listener, to, name.to_owned(), self.cut.subscribe()));
        Ok(Multiaddr::from(here.ip()).with(Protocol::Tcp(here.port())))
    }

    /// Ends them.
    pub(crate) fn stop(self) {
        let _ = std::fs::remove_file(&self.socket);
        self.runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

/// Only nodes of the same machine are called through forwarders.
fn on_this_machine(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    match (parts.next(), parts.next()) {
        (Some(Protocol::Ip4(host)), Some(Protocol::Tcp(port))) if host.is_loopback() => {
            Some((host, port).into())
        }
        _ => None,
    }
}

/// Reads the file again whenever somebody comes. What cannot be read changes nothing.
async fn listen(bell: UnixListener, home: PathBuf, cut: watch::Sender<BTreeSet<String>>) {
    while let Ok((caller, _)) = bell.accept().await {
        match Cut::read(&home) {
            Ok(read) => {
                tracing::info!(cut = ?read.cut, "links");
                cut.send_replace(read.cut);
            }
            Err(error) => tracing::warn!(%error, "links stay as they are"),
        }
        drop(caller);
    }
}

/// Carries every connection that comes as long as the node at the other end is not cut off.
async fn forward(
    listener: TcpListener,
    to: SocketAddr,
    name: String,
    cut: watch::Receiver<BTreeSet<String>>,
) {
    while let Ok((caller, _)) = listener.accept().await {
        let (name, mut cut) = (name.clone(), cut.clone());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = cut.wait_for(|cut| cut.contains(&name)) => {}
                () = carry(caller, to) => {}
            }
        });
    }
}

async fn carry(mut caller: TcpStream, to: SocketAddr) {
    let Ok(mut called) = TcpStream::connect(to).await else { return };
    let _ = (caller.set_nodelay(true), called.set_nodelay(true));
    let _ = tokio::io::copy_bidirectional(&mut caller, &mut called).await;
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn loopback(listener: &std::net::TcpListener) -> Multiaddr {
        let at = listener.local_addr().unwrap();
        Multiaddr::from(at.ip()).with(Protocol::Tcp(at.port()))
    }

    fn echo(listener: std::net::TcpListener) {
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut back = stream.try_clone().unwrap();
                    let _ = std::io::copy(&mut &stream, &mut back);
                });
            }
        });
    }

    /// What comes back over a link; nothing if it is cut.
    fn said(stream: &mut std::net::TcpStream) -> Option<u8> {
        stream.write_all(&[7]).ok()?;
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        Some(byte[0])
    }

    #[test]
    fn lnk_01_nothing_is_carried_over_a_link_that_is_cut_and_the_others_go_on() {
        let home = tempfile::tempdir().unwrap();
        assert!(Links::of(home.path()).unwrap().is_none(), "nobody has made its links");
        Cut::off(BTreeSet::new()).impose(home.path()).unwrap();
        let links = Links::of(home.path()).unwrap().unwrap();
        let served = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = loopback(&served);
        echo(served);
        let call = |at: &Multiaddr| std::net::TcpStream::connect(on_this_machine(at).unwrap()).unwrap();
        let (a, b) = (links.through("a", &to).unwrap(), links.through("b", &to).unwrap());
        let (mut to_a, mut to_b) = (call(&a), call(&b));
        assert_eq!((said(&mut to_a), said(&mut to_b)), (Some(7), Some(7)));
        Cut::off(BTreeSet::from(["a".to_owned()])).impose(home.path()).unwrap();
        assert_eq!(said(&mut to_a).and_then(|_| said(&mut to_a)), None, "what stood is cut");
        assert_eq!(said(&mut call(&a)), None, "and nothing new gets through");
        assert_eq!(said(&mut to_b), Some(7));
        std::fs::write(file(home.path()), "{").unwrap();
        drop(std::os::unix::net::UnixStream::connect(socket(home.path())).unwrap());
        assert_eq!(
            (said(&mut call(&a)), said(&mut to_b)),
            (None, Some(7)),
            "what cannot be read changes nothing"
        );
        Cut::off(BTreeSet::new()).impose(home.path()).unwrap();
        assert_eq!(said(&mut call(&a)), Some(7), "it has healed");
        let elsewhere: Multiaddr = "/ip4/192.0.2.1/tcp/9".parse().unwrap();
        assert_eq!(
            links.through("a", &elsewhere).unwrap(),
            elsewhere,
            "no other machine is called differently"
        );
        links.stop();
        assert!(!socket(home.path()).exists());
    }
}
