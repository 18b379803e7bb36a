//! The log of a bundle: complete by the root chain's hash chain, with its attested verdicts.

use std::collections::BTreeMap;

use parclose_channel::commit::{head_key, head_leaf};
use parclose_channel::{BatchProof, VerdictRow};
use parclose_crypto::{merkle, verify};
use parclose_root::tag::{chain_start, extend_chain};
use parclose_root::{Anchor, DealOutcome, RootTransaction, Rotate, VerifiedTag};
use parclose_types::{ChannelId, DealId, Digest, Height, NetworkId, Sequence, Tag, encode};

use super::{AttestedVerdicts, Bundle, BundleInvalid, OrderedEvent};

/// The anchors and rotations of a complete log.
pub(super) struct Log {
    pub(super) start: Height,
    pub(super) anchors: BTreeMap<Sequence, (Height, Anchor)>,
    pub(super) rotations: Vec<(Sequence, Height, Rotate)>,
    pub(super) deals: Vec<DealEvent>,
}

/// What the log of a channel says of a deal that has a leg in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DealEvent {
    /// the deal
    pub deal: DealId,
    /// height of the block
    pub height: Height,
    /// what was ordered
    pub what: DealStep,
}

/// What can be ordered of a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DealStep {
    /// a leg of this channel is held
    Prepared {
        /// which
        leg: u8,
    },
    /// who would get a leg of this channel has withdrawn
    Refused {
        /// which
        leg: u8,
    },
    /// the root chain has decided all legs
    Decided(DealOutcome),
}

impl DealEvent {
    /// `None` for what is ordered of something else.
    fn of(transaction: &RootTransaction, height: Height) -> Option<Self> {
        let (deal, what) = match transaction {
            RootTransaction::Prepare(prepare) => (prepare.deal, DealStep::Prepared { leg: prepare.leg }),
            RootTransaction::Refuse(refuse) => (refuse.deal, DealStep::Refused { leg: refuse.leg }),
            RootTransaction::Decision(decision) => (decision.deal, DealStep::Decided(decision.outcome)),
            RootTransaction::OpenChannel(_)
            | RootTransaction::Anchor(_)
            | RootTransaction::Rotate(_)
            | RootTransaction::Close(_)
            | RootTransaction::UpdateValidators(_)
            | RootTransaction::OpenDeal(_)
            | RootTransaction::ClaimTag(_)
            | RootTransaction::ReleaseTag(_) => return None,
        };
        Some(Self { deal, height, what })
    }
}

/// Verdicts by event and index.
pub(super) type Verdicts = BTreeMap<(Sequence, u32), VerdictRow>;

/// A log that is read event by event.
pub(super) struct LogWalk {
    chain: Digest,
    count: u64,
    rotations: Vec<(Sequence, Height, Rotate)>,
}

impl LogWalk {
    pub(super) fn new(tag: &Tag) -> Self {
        Self { chain: chain_start(tag), count: 0, rotations: Vec::new() }
    }

    /// Takes the next event, and hands it out with its sequence, unless it is a rotation, which is kept.
    pub(super) fn take(
        &mut self,
        event: &OrderedEvent,
        proven: u64,
    ) -> Result<Option<(Sequence, RootTransaction)>, BundleInvalid> {
        let transaction = RootTransaction::decode(&event.transaction)?;
        let sequence = Sequence(self.count);
        self.count = self.count.saturating_add(1);
        // What enters no log is in none: the chain without it comes out wrong.
        let Some(kind) = transaction.kind() else {
            return Err(BundleInvalid::Incomplete { proven, found: self.count });
        };
        self.chain = extend_chain(&self.chain, kind, &transaction.digest(), event.height);
        match transaction {
            RootTransaction::Rotate(rotate) => {
                self.rotations.push((sequence, event.height, rotate));
                Ok(None)
            }
            other => Ok(Some((sequence, other))),
        }
    }

    /// The rotations of a log that was taken whole.
    ///
    /// # Rules
    ///
    /// > BUN-05: the events of a bundle have the count and the hash chain of the proven state of the tag, so none is missing, added or changed.
    pub(super) fn finish(self, tag: &VerifiedTag) -> Result<Vec<(Sequence, Height, Rotate)>, BundleInvalid> {
        let state = tag.state();
        if (self.count, self.chain) != (state.count, state.chain) {
            return Err(BundleInvalid::Incomplete { proven: state.count, found: self.count });
        }
        Ok(self.rotations)
    }
}

impl Log {
    /// Recomputes the hash chain over all events.
    pub(super) fn complete(events: &[OrderedEvent], tag: &VerifiedTag) -> Result<Self, BundleInvalid> {
        let (mut walk, mut anchors) = (LogWalk::new(tag.tag()), BTreeMap::new());
        let mut deals = Vec::new();
        for event in events {
            if let Some((sequence, transaction)) = walk.take(event, tag.state().count)? {
                deals.extend(DealEvent::of(&transaction, event.height));
                if let RootTransaction::Anchor(anchor) = transaction {
                    anchors.insert(sequence, (event.height, anchor));
                }
            }
        }
        Ok(Self { start: tag.state().opened_at, anchors, rotations: walk.finish(tag)?, deals })
    }

    /// Some anchors, where the others were passed over.
    pub(super) fn of_some(
        start: Height,
        anchors: impl IntoIterator<Item = (Sequence, Height, Anchor)>,
    ) -> Self {
        let anchors = anchors.into_iter().map(|(sequence, height, anchor)| (sequence, (height, anchor)));
        Self { start, anchors: anchors.collect(), rotations: Vec::new(), deals: Vec::new() }
    }

    /// Whether a batch is what the anchor at its sequence has committed to.
    ///
    /// # Rules
    ///
    /// > BUN-06: header and blinder of a batch open the commitment of the anchor at its sequence, for this network, channel and generation.
    pub(super) fn opens(
        &self,
        batch: &BatchProof,
        (network, channel): (NetworkId, ChannelId),
    ) -> Result<&Anchor, BundleInvalid> {
        let header = &batch.header;
        let scope = (header.network, header.channel, header.generation);
        self.anchors
            .get(&batch.sequence)
            .map(|(_, anchor)| anchor)
            .filter(|anchor| header.commitment(&batch.blinder) == anchor.commitment)
            .filter(|anchor| scope == (network, channel, anchor.generation))
            .ok_or(BundleInvalid::Unopened { sequence: batch.sequence })
    }
}

impl Bundle {
    /// The event of the newest attested state, and the verdicts in that state.
    ///
    /// # Rules
    ///
    /// > BUN-09: the verdicts are those of the newest state that an anchor of the log attests: an exporter cannot hold later ones back.
    pub(super) fn newest_verdicts(
        &self,
        log: &Log,
        tag: &VerifiedTag,
    ) -> Result<(Option<Sequence>, Verdicts), BundleInvalid> {
        let newest = self.newest_attested(tag)?;
        let verdicts = match &self.attested {
            Some(attested) => attested.verify(log, self.scope())?,
            None => Verdicts::new(),
        };
        Ok((newest, verdicts))
    }

    /// The event of the newest attested state, of which the verdicts are.
    pub(super) fn newest_attested(&self, tag: &VerifiedTag) -> Result<Option<Sequence>, BundleInvalid> {
        let newest = tag.state().attested;
        let found = self.attested.as_ref().map(|attested| attested.by.header.attested);
        if newest == found { Ok(newest) } else { Err(BundleInvalid::Stale { newest, found }) }
    }
}

impl AttestedVerdicts {
    fn verify(&self, log: &Log, scope: (NetworkId, ChannelId)) -> Result<Verdicts, BundleInvalid> {
        self.check_head(log, scope)?;
        let found = self.verdicts.len() as u64;
        self.check_list(found, merkle::root(self.verdicts.iter().map(encode)))?;
        self.by_place(self.by.header.attested, log)
    }

    /// # Rules
    ///
    /// > BUN-10: the head of the verdict log is proven under the attested state root, and is the one after the attested event.
    pub(super) fn check_head(&self, log: &Log, scope: (NetworkId, ChannelId)) -> Result<(), BundleInvalid> {
        let (header, head) = (&self.by.header, &self.head);
        let attested = header.attested;
        let anchor = log.opens(&self.by, scope)?;
        let signed = verify(&header.sponsor, header.digest().as_ref(), &self.by.signature).is_ok();
        if !signed || anchor.attested != attested {
            return Err(BundleInvalid::Unopened { sequence: self.by.sequence });
        }
        let proven = self.head_proof.verify(&header.attested_root, &head_key(), Some(&head_leaf(head)));
        if proven.is_err() || head.sequence != attested {
            return Err(BundleInvalid::NotInState { attested });
        }
        Ok(())
    }

    /// # Rules
    ///
    /// > BUN-11: the verdicts have the count and the root of that head.
    pub(super) fn check_list(&self, found: u64, root: [u8; 32]) -> Result<(), BundleInvalid> {
        if (found, root) == (self.head.verdicts, self.head.verdicts_root) {
            Ok(())
        } else {
            Err(BundleInvalid::Verdicts { proven: self.head.verdicts, found })
        }
    }

    /// Verdicts by place; each of a place that an anchor up to the attested event has, and once.
    fn by_place(&self, attested: Sequence, log: &Log) -> Result<Verdicts, BundleInvalid> {
        let mut verdicts = Verdicts::new();
        for row in &self.verdicts {
            let (sequence, index) = (row.sequence, row.index);
            let placed = sequence <= attested && log.anchors.contains_key(&sequence);
            if !placed || verdicts.insert((sequence, index), row.clone()).is_some() {
                return Err(BundleInvalid::OtherVerdict { sequence, index });
            }
        }
        Ok(verdicts)
    }
}
