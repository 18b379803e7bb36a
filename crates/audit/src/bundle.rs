//! Bundles: what a regulator gets of a channel, to read and verify without anybody's node.
//!
//! A bundle holds how the channel was founded, every event of its log, the proof that there are no
//! more, the batches of the exported epochs as they were ordered, and every verdict up to the newest
//! attested state. It is sealed like the ledger itself: without view keys it shows who wrote which
//! record when, and no value. It holds no secret and no key.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_channel::outcome::OrderedIn;
use parclose_channel::tables::HeadLeaf;
use parclose_channel::{BatchProof, Channel, ChannelError, Setup, VerdictRow};
use parclose_crypto::state_tree::StateProof;
use parclose_root::{Anchor, OrderProof, RootTransaction, TagProof, changes_up_to};
use parclose_transaction::{ErasedPart, Term};
use parclose_types::{
    ChannelId, Epoch, Failure, Fault, Generation, Height, Malformed, NetworkId, PublicKey, Sequence,
};

pub(crate) mod amounts;
mod batch;
mod eras;
mod erasures;
mod field_keys;
mod file;
mod history;
mod invalid;
mod log;
mod parts;
mod read;
pub mod scan;
mod value;
mod verify;

pub use batch::{Standing, VerifiedBatch, VerifiedTransaction};
pub use eras::{Era, NextGeneration};
pub use erasures::ProvenErasure;
pub use field_keys::{FieldKeys, FieldLine};
pub use history::{AuditedAmount, AuditedStep, History, Moved, Reading};
pub use invalid::BundleInvalid;
pub use log::{DealEvent, DealStep};
pub use parts::FILE_BYTES_MAX;
pub use read::{AuditView, AuditedRecord, MalformedField};
pub use value::{AuditedAsset, Total};
pub use verify::VerifiedBundle;

/// An export of a channel, about which nothing has been checked: [`Bundle::verify`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// members and definition: what the channel's tag commits to
    pub setup: Setup,
    /// the generations that its rotations put in force, in their order
    pub generations: Vec<NextGeneration>,
    /// the member sets that have a secret, each with its generation
    pub audiences: Vec<(Generation, Vec<PublicKey>)>,
    /// first and last epoch whose batches are exported
    pub epochs: (Epoch, Epoch),
    /// how many events there are, and their hash chain
    pub tag_proof: TagProof,
    /// every event of the channel's log, from its opening on
    pub events: Vec<OrderedEvent>,
    /// the batches of the exported epochs, ascending by sequence
    pub batches: Vec<ExportedBatch>,
    /// the verdicts; `None` while no anchor attests a state
    pub attested: Option<AttestedVerdicts>,
    /// what is left of sealed parts of which something is erased; the part itself is empty in its batch
    pub erased: Vec<Remains>,
    /// the acts by which members erased that and confirmed it
    pub erasures: Vec<OrderedIn>,
    /// the changes of the network's validators before the block of the tag proof, in their order
    pub changes: Vec<OrderProof>,
}

/// An event of the log.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OrderedEvent {
    /// height of its block
    pub height: Height,
    /// canonical bytes of the root transaction
    pub transaction: Vec<u8>,
}

/// A batch as it was ordered.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ExportedBatch {
    /// opens the anchor's commitment
    pub proof: BatchProof,
    /// permanent parts, in order
    pub permanent: Vec<Vec<u8>>,
    /// prunable parts, in order
    pub prunable: Vec<Vec<u8>>,
}

/// What is left of a sealed part.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Remains {
    /// event of its batch
    pub sequence: Sequence,
    /// index in the batch
    pub index: u32,
    /// what is left
    pub part: ErasedPart,
}

impl Remains {
    /// By the event of their batch.
    fn by_event(remains: Vec<Self>) -> BTreeMap<Sequence, Vec<(u32, ErasedPart)>> {
        let mut by_event: BTreeMap<Sequence, Vec<(u32, ErasedPart)>> = BTreeMap::new();
        for Self { sequence, index, part } in remains {
            by_event.entry(sequence).or_default().push((index, part));
        }
        by_event
    }
}

/// Every verdict up to an attested state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestedVerdicts {
    /// the batch that attests the state
    pub by: BatchProof,
    /// head of the verdict log in that state
    pub head: HeadLeaf,
    /// its proof under the attested state root
    pub head_proof: StateProof,
    /// the whole log
    pub verdicts: Vec<VerdictRow>,
}

/// Why a member cannot export a channel.
#[derive(Debug, thiserror::Error)]
pub enum NotExported {
    /// This member's store failed, or lacks what it should hold.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The root chain's part does not decode.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Events, proof and this member's state are not of one moment.
    #[error(
        "the channel has executed {executed} events, the tag proof counts {proven}, and {given} are given"
    )]
    OtherMoment {
        /// events that this member has executed
        executed: u64,
        /// events by the tag proof
        proven: u64,
        /// events handed in
        given: usize,
    },
}

impl Failure for NotExported {
    fn code(&self) -> &'static str {
        match self {
            Self::Channel(e) => e.code(),
            Self::Malformed(e) => e.code(),
            Self::OtherMoment { .. } => "EXPORT_NOT_POSSIBLE",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Channel(e) => e.rule(),
            Self::Malformed(e) => e.rule(),
            Self::OtherMoment { .. } => "BUN-01",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Channel(e) => e.fault(),
            Self::Malformed(_) => Fault::Peer,
            Self::OtherMoment { .. } => Fault::Operator,
        }
    }

    fn definite(&self) -> bool {
        match self {
            Self::Channel(e) => e.definite(),
            _ => true,
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::Channel(e) => e.fix(),
            Self::Malformed(e) => e.fix(),
            Self::OtherMoment { .. } => {
                "wait until the channel has executed the whole log, then export again".into()
            }
        }
    }
}

impl Bundle {
    /// Exports a channel: `events` are all of its log with their heights, `tag_proof` is of the same
    /// moment. `epochs` are those in which the wanted fields were sealed; `None` exports everything.
    ///
    /// # Rules
    ///
    /// > BUN-01: an export is of one moment: the exporter has executed every event that the tag proof counts.
    pub fn export(
        channel: &Channel,
        events: Vec<OrderedEvent>,
        tag_proof: TagProof,
        epochs: Option<(Epoch, Epoch)>,
    ) -> Result<Self, NotExported> {
        let executed = channel.head().map_or(0, |head| head.next.0);
        let proven = tag_proof.state.count;
        if executed != proven || usize::try_from(proven) != Ok(events.len()) {
            return Err(NotExported::OtherMoment { executed, proven, given: events.len() });
        }
        let epochs = epochs.unwrap_or((Epoch(0), Epoch(u32::MAX)));
        let anchors = anchors(&events)?;
        let (mut batches, mut erased) = (Vec::new(), Vec::new());
        for (sequence, height, anchor) in &anchors {
            if in_export(channel.terms(), epochs, *height) {
                batches.push(exported_batch(channel, *sequence, anchor, &mut erased)?);
            }
        }
        let erasures = erasures::exported(channel, &batches, &erased, tag_proof.state.attested)?;
        let attested = match tag_proof.state.attested {
            Some(attested) => Some(attested_verdicts(channel, attested, &anchors)?),
            None => None,
        };
        let (generations, audiences) = generations(channel)?;
        Ok(Self {
            setup: channel.setup().clone(),
            generations,
            audiences,
            epochs,
            tag_proof,
            events,
            batches,
            attested,
            erased,
            erasures,
            changes: Vec::new(),
        })
    }

    /// Takes up what a verifier needs of the changes of the validators, all of which are given.
    #[must_use]
    pub fn with_changes(mut self, changes: Vec<OrderProof>) -> Self {
        self.changes = changes_up_to(changes, self.tag_proof.header.height);
        self
    }

    fn scope(&self) -> (NetworkId, ChannelId) {
        (self.setup.config.network, self.setup.config.channel)
    }
}

type Generations = (Vec<NextGeneration>, Vec<(Generation, Vec<PublicKey>)>);

/// The generations after the first, and the member sets of all that have an active secret.
fn generations(channel: &Channel) -> Result<Generations, ChannelError> {
    let (mut generations, mut audiences) = (Vec::new(), Vec::new());
    let mut before = channel.setup().config.definition;
    for term in channel.terms() {
        let (row, texts, deals) = channel.kept_of(term.generation)?;
        let active = deals.into_iter().filter(parclose_channel::governance::DealRow::is_active);
        audiences.extend(active.map(|row| (term.generation, row.deal.members)));
        if term.generation != Generation(0) {
            let texts = (row.config.definition != before).then_some(texts);
            before = row.config.definition;
            generations.push(NextGeneration { config: row.config, texts, blinder: row.blinder });
        }
    }
    Ok((generations, audiences))
}

/// Whether a batch of this height can hold fields that were sealed in the exported epochs: within the
/// grace a transaction is still ordered in the epoch after that of its sealing.
fn in_export<'a>(
    terms: impl IntoIterator<Item = &'a Term, IntoIter: DoubleEndedIterator + Clone>,
    (from, to): (Epoch, Epoch),
    height: Height,
) -> bool {
    let epoch = eras::epoch_at(terms.into_iter(), height);
    (from..=Epoch(to.0.saturating_add(1))).contains(&epoch)
}

fn anchors(events: &[OrderedEvent]) -> Result<Vec<(Sequence, Height, Anchor)>, Malformed> {
    let mut anchors = Vec::new();
    for (sequence, event) in (0..).map(Sequence).zip(events) {
        if let RootTransaction::Anchor(anchor) = RootTransaction::decode(&event.transaction)? {
            anchors.push((sequence, event.height, anchor));
        }
    }
    Ok(anchors)
}

fn exported_batch(
    channel: &Channel,
    sequence: Sequence,
    anchor: &Anchor,
    erased: &mut Vec<Remains>,
) -> Result<ExportedBatch, ChannelError> {
    let proof = channel.prove_batch(sequence)?;
    let stored = channel.stored_batch(&anchor.commitment)?.ok_or(ChannelError::Unknown { what: "batch" })?;
    erased.extend(stored.erased.into_iter().map(|(index, part)| Remains { sequence, index, part }));
    Ok(ExportedBatch { proof, permanent: stored.batch.permanent, prunable: stored.batch.prunable })
}

fn attested_verdicts(
    channel: &Channel,
    attested: Sequence,
    anchors: &[(Sequence, Height, Anchor)],
) -> Result<AttestedVerdicts, ChannelError> {
    let not_attested = || ChannelError::NotAttested { sequence: attested };
    let event = channel.event(attested)?.ok_or_else(not_attested)?;
    let mut by = None;
    for (sequence, _, anchor) in anchors.iter().filter(|(_, _, anchor)| anchor.attested == attested) {
        let batch = channel.prove_batch(*sequence)?;
        if batch.header.attested == anchor.attested {
            by = Some(batch);
            break;
        }
    }
    let wanted = usize::try_from(event.head.verdicts).unwrap_or(usize::MAX);
    Ok(AttestedVerdicts {
        by: by.ok_or_else(not_attested)?,
        head: event.head,
        head_proof: event.head_proof,
        verdicts: channel.verdicts(0, wanted)?.into_iter().map(|(_, row)| row).collect(),
    })
}

#[cfg(test)]
mod tests;
