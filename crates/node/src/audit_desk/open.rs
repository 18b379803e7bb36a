//! Opening a sealed export into a file, one chunk in memory.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use parclose_crypto::wrap::UnwrapKey;
use parclose_types::{Tag, TransactionDigest};

use super::SealedExportError;
use super::seal::form;
use crate::sealed::{CHUNK_BYTES, Opener, StreamError};

const LENGTH_BYTES: usize = 8;

/// Opens a sealed export into a new file, which is taken away again unless all of it has opened.
///
/// # Rules
///
/// > DSK-07: a sealed export opens with the key of the grantee, for the tag and the grant that were asked for, and for nothing else.
/// > DSK-08: a sealed export is taken whole: of one that is of another form, changed, moved, cut off or longer nothing is kept.
pub fn open(
    sealed: &Path,
    with: &UnwrapKey,
    asked: (Tag, TransactionDigest),
    out: &Path,
) -> Result<(), SealedExportError> {
    let io = |e| SealedExportError::io(sealed, &e);
    let file = File::open(sealed).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    let to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
    let to = to.map_err(|e| SealedExportError::io(out, &e))?;
    let opened = open_into((BufReader::new(file), bytes), with, asked, (BufWriter::new(to), out));
    if opened.is_err() {
        // What is told is why it did not open.
        let _ = std::fs::remove_file(out);
    }
    opened.map(drop)
}

pub(super) fn open_into<W: Write>(
    (from, bytes): (impl Read, u64),
    with: &UnwrapKey,
    asked: (Tag, TransactionDigest),
    (mut to, out): (W, &Path),
) -> Result<W, SealedExportError> {
    let io = |e| SealedExportError::io(out, &e);
    let mut opener = Opener::new(from, bytes, form(asked), with)?;
    let mut length = [0_u8; LENGTH_BYTES];
    opener.fill(&mut length)?;
    let length = u64::from_be_bytes(length);
    let chunks = length.checked_add(LENGTH_BYTES as u64).map(|all| all.div_ceil(CHUNK_BYTES as u64));
    if chunks != opener.content_bytes().checked_div(CHUNK_BYTES as u64) {
        // One that was cut off is told as such.
        while !opener.next(usize::MAX)?.is_empty() {}
        return Err(StreamError::Sizes.into());
    }
    let mut left = length;
    while left > 0 {
        let bytes = opener.next(usize::try_from(left).unwrap_or(usize::MAX))?;
        if bytes.is_empty() {
            return Err(StreamError::Sizes.into());
        }
        to.write_all(bytes).map_err(io)?;
        left = left.saturating_sub(bytes.len() as u64);
    }
    loop {
        let rest = opener.next(usize::MAX)?;
        if rest.is_empty() {
            break;
        }
        if rest.iter().any(|byte| *byte != 0) {
            return Err(StreamError::Sizes.into());
        }
    }
    to.flush().map_err(io)?;
    Ok(to)
}
