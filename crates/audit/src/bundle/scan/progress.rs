//! The progress of a scan, as a file of whoever scans: what was found, and where to take up.
//!
//! ```text
//!   file = "PCLSCAN" 01 ‖ borsh (binding ‖ state) ‖ SHA-256 of all before it
//! ```
//!
//! It proves nothing to anybody: its owner wrote it for itself. It holds amounts that have opened, so it is as
//! confidential as they are; keys are in it as hashes of what their grants show.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash::sha256;
use parclose_keys::ViewKey;
use parclose_types::{Digest, Tag, decode, encode};

use super::super::parts::FILE_BYTES_MAX;
use super::{Scan, ScanInvalid, Source, State};

const MAGIC: &[u8; 8] = b"PCLSCAN\x01";

/// What a progress belongs to.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Binding {
    bundle: Digest,
    tag: Tag,
    /// SHA-256 over scope and check values of each view key, ascending
    keys: Vec<Digest>,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Progress {
    binding: Binding,
    state: State,
}

impl Binding {
    pub(super) fn of(bundle: Digest, tag: Tag, keys: &[ViewKey]) -> Self {
        let named = |key: &ViewKey| {
            let interval = (key.cover.from(), key.cover.to());
            let scope = (key.channel, key.generation, key.audience, key.class, interval);
            Digest(sha256(&encode(&(scope, key.cover.check_values()))))
        };
        let mut keys: Vec<Digest> = keys.iter().map(named).collect();
        keys.sort_unstable();
        Self { bundle, tag, keys }
    }
}

/// # Rules
///
/// > SCN-03: a progress file is of a version that the reader knows, and as it was written.
fn parse(bytes: &[u8]) -> Result<Progress, ScanInvalid> {
    let damaged = |reason| ScanInvalid::Progress { reason };
    let body =
        bytes.strip_prefix(MAGIC).ok_or_else(|| damaged("it does not begin as one of this version does"))?;
    let (body, found) = body.split_last_chunk::<32>().ok_or_else(|| damaged("it is cut off"))?;
    let hashed = bytes.get(..bytes.len().saturating_sub(32)).unwrap_or_default();
    if sha256(hashed) != *found {
        return Err(damaged("it is not as it was written"));
    }
    let limit = usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX);
    decode("progress of a scan", body, limit).map_err(|_| damaged("it is not in its form"))
}

/// # Rules
///
/// > SCN-04: the progress of a scan counts for the very file, channel and view keys that it was made with.
pub(super) fn read(bytes: &[u8], binding: &Binding) -> Result<State, ScanInvalid> {
    let progress = parse(bytes)?;
    match &progress.binding {
        of if (of.bundle, of.tag) != (binding.bundle, binding.tag) => Err(ScanInvalid::OtherBundle),
        of if of.keys != binding.keys => Err(ScanInvalid::OtherKeys),
        _ => Ok(progress.state),
    }
}

impl<S: Source> Scan<'_, S> {
    /// What another run needs to take this scan up; it tells amounts.
    #[must_use]
    pub fn progress(&self) -> Vec<u8> {
        let progress = Progress { binding: self.binding.clone(), state: self.state.clone() };
        let mut bytes = MAGIC.to_vec();
        bytes.extend(encode(&progress));
        let digest = sha256(&bytes);
        bytes.extend(digest);
        bytes
    }

    /// Whether this scan has come further than a progress that is kept. One of something else is never replaced.
    ///
    /// # Rules
    ///
    /// > SCN-05: a progress is replaced only by a later one of the same scan.
    pub fn is_beyond(&self, kept: &[u8]) -> Result<bool, ScanInvalid> {
        Ok(read(kept, &self.binding)?.next < self.state.next)
    }
}
