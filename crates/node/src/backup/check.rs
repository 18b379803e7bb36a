//! Checking what came out of an archive: the store is opened and everything in it computed again.

use std::path::Path;

use parclose_channel::Channel;
use parclose_channel::verify::Verified;
use parclose_consensus::RootChain;
use parclose_keys::MemberSecret;
use parclose_store::SharedCache;
use parclose_types::{Digest, Sequence};

use super::{BackupError, Manifest};
use crate::home::HomeError;
use crate::randomness::generator;

/// A store that is what its manifest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// what was computed again
    pub verified: Verified,
    /// the last event whose state a batch in it attests; a later batch may attest more
    pub attested: Option<Sequence>,
    /// whether no transaction was executed after that event
    pub all_attested: bool,
    /// events that the root chain has ordered and that are not in it; `None` without a root chain
    pub behind: Option<u64>,
}

/// Opens a store with its member's key and computes rows, state tree and log again; with a root chain,
/// every event must be the one that it has.
///
/// # Rules
///
/// > BAK-09: a store from an archive has the channel, the tag, the events and the state root of its manifest, computed again from its rows.
/// > BAK-10: a store from an archive belongs to the network of the root chain that it is compared with.
pub fn check(
    database: &Path,
    manifest: &Manifest,
    member: &MemberSecret,
    root: Option<&dyn RootChain>,
    cache: &SharedCache,
) -> Result<Checked, BackupError> {
    if root.is_some_and(|root| root.network() != manifest.network) {
        return Err(BackupError::OtherNetwork);
    }
    let opened = Channel::open(database, member, &manifest.channel, cache, Box::new(generator()))?;
    let state = opened.head().map(|head| (head.next, head.height, head.root));
    let stated = (manifest.next, manifest.height, manifest.root);
    let network = opened.config().network;
    if state != Some(stated) || opened.tag() != manifest.tag || network != manifest.network {
        return Err(BackupError::OtherState);
    }
    let verified = match root {
        Some(root) => opened.verify(|sequence| chain_of(root, manifest, sequence))?,
        None => {
            opened.verify(|sequence| opened.event(sequence).ok().flatten().map(|event| event.entry.chain))?
        }
    };
    let attested = opened.latest_attested()?.map(|(attested, _)| attested);
    let then = attested.map(|attested| opened.event(attested)).transpose()?.flatten();
    let all_attested = then.is_some_and(|event| event.head.verdicts == verified.verdicts);
    Ok(Checked { verified, attested, all_attested, behind: behind(root, manifest)? })
}

/// The root chain's hash chain after an event.
fn chain_of(root: &dyn RootChain, manifest: &Manifest, sequence: Sequence) -> Option<Digest> {
    let events = root.events(&manifest.tag, sequence, 1).ok()?;
    let event = events.first().filter(|event| event.entry.sequence == sequence)?;
    Some(event.entry.chain)
}

fn behind(root: Option<&dyn RootChain>, manifest: &Manifest) -> Result<Option<u64>, BackupError> {
    let Some(root) = root else { return Ok(None) };
    let known = root.tag_state(&manifest.tag).map_err(HomeError::from)?;
    Ok(Some(known.map_or(0, |tag| tag.count).saturating_sub(manifest.next.0)))
}
