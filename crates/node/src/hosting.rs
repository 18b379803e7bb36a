//! The client socket of a running node: commands of this machine, each answered by the node that has the home.
//!
//! A request and its answer are each one run of bytes, ended by closing that half of the connection. Who may open the
//! socket is the file system's business: it is its owner's alone.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::home::not_written;
use crate::run::{Commands, Engine, RunError};

/// A command line, in bytes.
const REQUEST_BYTES_MAX: u64 = 1 << 20;

/// What is behind the socket.
pub(crate) struct Hosted<'a> {
    pub(crate) engine: &'a dyn Engine,
    pub(crate) commands: &'a dyn Commands,
    pub(crate) socket: Option<&'a Path>,
}

impl Hosted<'_> {
    /// Takes the socket's place; one that a crash left behind is replaced, because the home is held by this process.
    ///
    /// # Rules
    ///
    /// > NOD-23: the client socket is its owner's alone.
    pub(crate) fn listen(&self) -> Result<Option<UnixListener>, RunError> {
        let Some(path) = self.socket else { return Ok(None) };
        let _ = std::fs::remove_file(path);
        let bound = UnixListener::bind(path).and_then(|listener| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        });
        bound.map(Some).map_err(|error| RunError::Home(not_written(path, &error)))
    }

    /// Answers until it is to stop; commands that wait do not hold up others.
    pub(crate) fn serve(&self, listener: &UnixListener, stopping: &AtomicBool) {
        std::thread::scope(|scope| {
            for connection in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    break;
                }
                if let Ok(connection) = connection {
                    scope.spawn(|| {
                        if let Err(error) = self.answer(connection) {
                            tracing::debug!(%error, "a command has gone before its answer");
                        }
                    });
                }
            }
        });
        if let Some(path) = self.socket {
            let _ = std::fs::remove_file(path);
        }
    }

    /// Has [`Self::serve`] look whether it is to stop.
    pub(crate) fn wake_up(&self) {
        if let Some(path) = self.socket {
            drop(UnixStream::connect(path));
        }
    }

    fn answer(&self, mut connection: UnixStream) -> std::io::Result<()> {
        let mut request = Vec::new();
        Read::by_ref(&mut connection).take(REQUEST_BYTES_MAX).read_to_end(&mut request)?;
        if request.is_empty() {
            return Ok(());
        }
        let answer = self.commands.answer(self.engine.consortium(), &request);
        connection.write_all(&answer)
    }
}
