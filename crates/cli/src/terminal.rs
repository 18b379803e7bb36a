//! Asking for a passphrase on the terminal, without echo.
#![allow(clippy::print_stderr, reason = "a question goes to the person who is to answer it")]

use std::io::{Read, Write};

use parclose_crypto::Passphrase;
use parclose_node::passphrase_file;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::error::CliError;

/// What errors call it.
pub const NAME: &str = "the terminal";

/// Asks on standard input, which must be a terminal.
pub fn ask(question: &str) -> Result<Passphrase, CliError> {
    let silent =
        Silent::begin().map_err(|e| CliError::file(std::path::Path::new("/dev/stdin"), &e.into()))?;
    eprint!("{question}");
    let _ = std::io::stderr().flush();
    let answer = passphrase_file::read_from(&mut Line { ended: false }, NAME);
    drop(silent);
    Ok(answer?)
}

/// Echo is off while this lives; what was typed and not read goes with it.
struct Silent(Termios);

impl Silent {
    fn begin() -> rustix::io::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // The line's end is shown, so that what follows begins a line of its own.
        silent.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // A terminal that is gone has nothing to be put back.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}

/// One line of standard input, unbuffered, so that no buffer keeps it.
struct Line {
    ended: bool,
}

impl Read for Line {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        let read = rustix::io::read(std::io::stdin(), &mut *into)?;
        self.ended = read == 0 || into[..read].ends_with(b"\n");
        Ok(read)
    }
}
