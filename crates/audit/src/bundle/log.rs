//! The log of a bundle: complete by the root chain's hash chain, with its attested verdicts.

use std::collections::BTreeMap;

use parclose_channel::commit::{head_key, head_leaf};
use parclose_channel::{BatchProof, VerdictRow};
use parclose_crypto::{merkle, verify};
use parclose_root::tag::{chain_start, extend_chain};
use parclose_root::{Anchor, RootTransaction, Rotate, VerifiedTag};
use parclose_types::{ChannelId, Height, NetworkId, Sequence, encode};

use super::{AttestedVerdicts, Bundle, BundleInvalid, OrderedEvent};

/// The anchors and rotations of a complete log.
pub(super) struct Log {
    pub(super) start: Height,
    pub(super) anchors: BTreeMap<Sequence, (Height, Anchor)>,
    pub(super) rotations: Vec<(Sequence, Height, Rotate)>,
}

/// Verdicts by event and index.
pub(super) type Verdicts = BTreeMap<(Sequence, u32), VerdictRow>;

impl Log {
    /// Recomputes the hash chain over all events.
    ///
    /// # Rules
    ///
    /// > BUN-05: the events of a bundle have the count and the hash chain of the proven state of the tag, so none is missing, added or changed.
    pub(super) fn complete(events: &[OrderedEvent], tag: &VerifiedTag) -> Result<Self, BundleInvalid> {
        let state = tag.state();
        let found = events.len() as u64;
        let incomplete = BundleInvalid::Incomplete { proven: state.count, found };
        let (mut chain, mut anchors) = (chain_start(tag.tag()), BTreeMap::new());
        let mut rotations = Vec::new();
        for (sequence, event) in (0..).map(Sequence).zip(events) {
            let transaction = RootTransaction::decode(&event.transaction)?;
            // What enters no log is in none: the chain without it comes out wrong.
            let Some(kind) = transaction.kind() else { return Err(incomplete) };
            chain = extend_chain(&chain, kind, &transaction.digest(), event.height);
            match transaction {
                RootTransaction::Anchor(anchor) => {
                    anchors.insert(sequence, (event.height, anchor));
                }
                RootTransaction::Rotate(rotate) => rotations.push((sequence, event.height, rotate)),
                RootTransaction::OpenChannel(_)
                | RootTransaction::Close(_)
                | RootTransaction::UpdateValidators(_)
                | RootTransaction::OpenDeal(_)
                | RootTransaction::Prepare(_)
                | RootTransaction::Refuse(_)
                | RootTransaction::Decision(_)
                | RootTransaction::ClaimTag(_)
                | RootTransaction::ReleaseTag(_) => {}
            }
        }
        if (found, chain) != (state.count, state.chain) {
            return Err(incomplete);
        }
        Ok(Self { start: state.opened_at, anchors, rotations })
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
        let newest = tag.state().attested;
        let found = self.attested.as_ref().map(|attested| attested.by.header.attested);
        if newest != found {
            return Err(BundleInvalid::Stale { newest, found });
        }
        let verdicts = match &self.attested {
            Some(attested) => attested.verify(log, self.scope())?,
            None => Verdicts::new(),
        };
        Ok((newest, verdicts))
    }
}

impl AttestedVerdicts {
    /// # Rules
    ///
    /// > BUN-10: the head of the verdict log is proven under the attested state root, and is the one after the attested event.
    /// > BUN-11: the verdicts have the count and the root of that head.
    fn verify(&self, log: &Log, scope: (NetworkId, ChannelId)) -> Result<Verdicts, BundleInvalid> {
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
        let found = self.verdicts.len() as u64;
        if found != head.verdicts || merkle::root(self.verdicts.iter().map(encode)) != head.verdicts_root {
            return Err(BundleInvalid::Verdicts { proven: head.verdicts, found });
        }
        self.by_place(attested, log)
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
