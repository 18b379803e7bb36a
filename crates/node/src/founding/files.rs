//! What founders pass to each other.

use std::path::Path;

use parclose_channel::setup::GENERATION;
use parclose_transaction::MemberEntry;
use parclose_types::{Digest, SignatureBytes, Tag, decode, encode, hex, limits};
use serde::{Deserialize, Serialize};

use super::draft::ChannelDraft;
use super::refused::FoundingRefused;
use crate::bounded::read_bytes;
use crate::home::{ChannelCard, broken};

/// A part or a signature, in bytes.
pub const PART_BYTES_MAX: usize = 64 << 10;
/// Schema of a part.
const PART: &str = "parclose.founding-part/1";
/// Schema of a signature.
const SIGNATURE: &str = "parclose.founding-signature/1";

/// A founder's part in a draft: its entry in the first configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    schema: String,
    /// digest of the draft
    draft: Digest,
    /// the founder
    pub name: String,
    /// its entry, hex
    entry: String,
}

impl Part {
    pub(super) fn of(draft: &ChannelDraft, entry: &MemberEntry) -> Self {
        Self {
            schema: PART.into(),
            draft: draft.digest(),
            name: entry.name.clone(),
            entry: hex::encode(&encode(entry)),
        }
    }

    /// The entry that it shows.
    ///
    /// # Rules
    ///
    /// > FOU-03: a part is of this draft, and its entry is certified for the founder that it names: identity, roles, channel and first generation.
    pub(super) fn entry(&self, draft: &ChannelDraft) -> Result<MemberEntry, FoundingRefused> {
        let refused = |reason| FoundingRefused::Part { name: self.name.clone(), reason };
        if self.schema != PART || self.draft != draft.digest() {
            return Err(refused("it is of another draft"));
        }
        let founder = draft.founder(&self.name).ok_or_else(|| refused("it is of somebody else"))?;
        let not_an_entry = |()| refused("it holds no entry of a member");
        let bytes = hex::decode(&self.entry).map_err(|_| not_an_entry(()))?;
        let entry: MemberEntry =
            decode("part", &bytes, limits::TRANSACTION_BYTES_MAX).map_err(|_| not_an_entry(()))?;
        let certificate = &entry.certificate;
        let told = (&entry.name, certificate.identity, &certificate.roles);
        if told != (&founder.name, founder.identity, &founder.roles) {
            return Err(refused("its entry is not what the draft says of the founder"));
        }
        certificate.verify(&draft.channel, GENERATION).map_err(|_| refused("its entry is not certified"))?;
        Ok(entry)
    }
}

/// A founder's signature under the opening of its channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FounderSignature {
    schema: String,
    /// the channel's tag, which fixes everything about it
    pub tag: Tag,
    /// the founder
    pub name: String,
    /// hex
    signature: String,
}

impl FounderSignature {
    pub(super) fn new(card: &ChannelCard, name: &str, signature: SignatureBytes) -> Self {
        let signature = hex::encode(&signature.0);
        Self { schema: SIGNATURE.into(), tag: card.tag, name: name.into(), signature }
    }
}

/// Signatures as they came in.
#[derive(Clone, Debug, Default)]
pub struct Signatures(Vec<FounderSignature>);

impl From<Vec<FounderSignature>> for Signatures {
    fn from(signatures: Vec<FounderSignature>) -> Self {
        Self(signatures)
    }
}

impl Signatures {
    /// A founder's signature for a tag; none if it is none by its form.
    pub(super) fn of(&self, tag: &Tag, name: &str) -> Option<SignatureBytes> {
        let of = |made: &&FounderSignature| made.schema == SIGNATURE && made.tag == *tag && made.name == name;
        let made = self.0.iter().find(of)?;
        Some(SignatureBytes(hex::decode(&made.signature).ok()?.try_into().ok()?))
    }
}

/// Reads a file that another founder made, up to a limit.
pub fn read<T: for<'de> Deserialize<'de>>(path: &Path, bytes_max: usize) -> Result<T, FoundingRefused> {
    let unreadable = |reason: String| broken(path, &reason);
    let bytes = read_bytes(path, bytes_max).map_err(|e| unreadable(e.to_string()))?;
    if bytes.len() > bytes_max {
        return Err(unreadable("too large".into()).into());
    }
    Ok(serde_json::from_slice(&bytes).map_err(|e| unreadable(e.to_string()))?)
}
