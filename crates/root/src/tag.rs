//! What the root chain keeps of one channel: its tag's state, and the hash chain over its log.
//!
//! Each tag has one log. Sequence 0 is its open; every further event takes the next sequence. The chain
//! covers kind, transaction and height of all of them (R5), so whoever holds the state of a tag can
//! tell whether a list of its events is complete: recompute the chain with [`extend_chain`].

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash;
use parclose_crypto::state_tree::{leaf_key, leaf_value};
use parclose_types::{ChannelCommitment, Digest, Generation, Height, Sequence, Tag, encode, labels};
use serde::Serialize;

use crate::keys::GenerationKeys;
use crate::reject::RootReject;
use crate::transaction::EventKind;

/// The name of the tags' table in the state tree.
const TABLE: &str = "tags";

/// A channel, as far as the root chain knows it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct TagState {
    /// who endorses
    pub keys: GenerationKeys,
    /// who endorses from a later height on, once a rotation is ordered (ROO-49)
    pub next: Option<NextKeys>,
    /// height of the block that holds sequence 0
    pub opened_at: Height,
    /// events in the log, so also the next sequence
    pub count: u64,
    /// hash chain over all events of the log
    pub chain: Digest,
    /// the highest event whose state after it an anchor attested
    pub attested: Option<Sequence>,
    /// commitments whose anchor could still be ordered, each with its last height, in log order; pruned
    /// by the next event
    pub recent: Vec<(Height, ChannelCommitment)>,
    /// the last event that counts, once the channel is closed
    pub closed: Option<Sequence>,
}

/// The keys of a rotation that is ordered.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NextKeys {
    /// first height at which they endorse
    pub from: Height,
    /// who endorses then
    pub keys: GenerationKeys,
}

/// One event of a tag's log: a leaf of its block's events tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize)]
pub struct LogEntry {
    /// whose log
    pub tag: Tag,
    /// index in that log
    pub sequence: Sequence,
    /// what happened
    pub kind: EventKind,
    /// digest of the root transaction, or of the decision
    pub transaction: Digest,
    /// the log's hash chain, this event included
    pub chain: Digest,
}

impl TagState {
    /// A tag without any event yet; its open follows as sequence 0.
    pub(crate) fn new(tag: &Tag, keys: GenerationKeys, opened_at: Height) -> Self {
        let chain = chain_start(tag);
        Self {
            keys,
            next: None,
            opened_at,
            count: 0,
            chain,
            attested: None,
            recent: Vec::new(),
            closed: None,
        }
    }

    /// Who endorses at a height.
    #[must_use]
    pub fn keys_at(&self, height: Height) -> &GenerationKeys {
        match &self.next {
            Some(next) if next.from <= height => &next.keys,
            _ => &self.keys,
        }
    }

    /// Puts in force what a rotation has left for this height.
    pub(crate) fn enter(&mut self, height: Height) {
        if let Some(next) = self.next.take_if(|next| next.from <= height) {
            self.keys = next.keys;
        }
    }

    /// Whether the tag takes anything that binds it, certified under the keys of a generation. What gives back
    /// asks for [`Self::is_under`] alone: a refusal of a deal, the release of a claim. Decisions ask for nothing.
    ///
    /// # Rules
    ///
    /// > ROO-14: after its close a tag takes no anchor, rotation, prepare or claim.
    pub(crate) fn takes(&self, tag: &Tag, generation: Generation) -> Result<(), RootReject> {
        if self.closed.is_some() {
            return Err(RootReject::Closed { tag: *tag });
        }
        self.is_under(generation)
    }

    /// # Rules
    ///
    /// > ROO-15: an anchor, a prepare, a refusal, a claim and a release name the tag's current generation.
    pub(crate) fn is_under(&self, generation: Generation) -> Result<(), RootReject> {
        let current = self.keys.generation();
        if generation == current {
            Ok(())
        } else {
            Err(RootReject::OtherGeneration { current, found: generation })
        }
    }

    /// Nobody can agree on the state after what is not ordered. Two members may propose at the same time,
    /// and the one whose anchor comes second has attested less: refusing it would make one of them try
    /// again for nothing.
    ///
    /// # Rules
    ///
    /// > ROO-19: an anchor attests an event that is already in its tag's log.
    pub(crate) fn has_in_its_log(&self, attested: Sequence) -> Result<(), RootReject> {
        let next = self.next_sequence();
        if attested < next { Ok(()) } else { Err(RootReject::AttestsAhead { attested, next }) }
    }

    /// The sequence that the next event takes.
    #[must_use]
    pub fn next_sequence(&self) -> Sequence {
        Sequence(self.count)
    }

    /// The sequence of the last event.
    #[must_use]
    pub fn last_sequence(&self) -> Sequence {
        Sequence(self.count.saturating_sub(1))
    }

    /// The ordered commitments whose anchors are within their last heights at `at`.
    pub(crate) fn unexpired(&self, at: Height) -> impl Iterator<Item = &ChannelCommitment> {
        self.recent
            .iter()
            .filter(move |(last_height, _)| *last_height >= at)
            .map(|(_, commitment)| commitment)
    }

    /// Appends an event to the log.
    ///
    /// # Rules
    ///
    /// > ROO-23: an event takes the next sequence of its tag's log, and the log's hash chain covers kind, transaction and height of every event.
    pub(crate) fn append(&mut self, tag: Tag, kind: EventKind, transaction: Digest, at: Height) -> LogEntry {
        let sequence = self.next_sequence();
        self.chain = extend_chain(&self.chain, kind, &transaction, at);
        self.count = self.count.saturating_add(1);
        self.recent.retain(|(last_height, _)| *last_height >= at);
        LogEntry { tag, sequence, kind, transaction, chain: self.chain }
    }

    /// The leaf of a tag's state in the state tree.
    pub(crate) fn leaf_key(tag: &Tag) -> [u8; 32] {
        leaf_key(TABLE, tag.as_ref())
    }

    /// What that leaf holds.
    pub(crate) fn leaf_value(&self, tag: &Tag) -> [u8; 32] {
        leaf_value(TABLE, tag.as_ref(), &encode(self))
    }
}

/// The hash chain of a log without events.
#[must_use]
pub fn chain_start(tag: &Tag) -> Digest {
    Digest(tag.0)
}

/// The hash chain after one more event: `H(LOG_CHAIN, chain, H(LOG_EVENT, kind, transaction), height)`.
#[must_use]
pub fn extend_chain(chain: &Digest, kind: EventKind, transaction: &Digest, at: Height) -> Digest {
    let event = hash(labels::LOG_EVENT, &[&[kind as u8], transaction.as_ref()]);
    Digest(hash(labels::LOG_CHAIN, &[chain.as_ref(), &event, &at.0.to_be_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Event = (u8, [u8; 32], u64);

    fn kind(number: u8) -> EventKind {
        [EventKind::Open, EventKind::Anchor, EventKind::Rotate, EventKind::Close][usize::from(number % 4)]
    }

    fn chain(tag: Tag, events: &[Event]) -> Digest {
        events.iter().fold(chain_start(&tag), |chain, (number, transaction, at)| {
            extend_chain(&chain, kind(*number), &Digest(*transaction), Height(*at))
        })
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        proptest::collection::vec((0_u8..4, any::<[u8; 32]>(), any::<u64>()), 1..8)
    }

    proptest! {
        #[test]
        fn roo_23_any_change_of_any_event_changes_the_chain(
            events in events(), at in any::<proptest::sample::Index>(), what in 0..6, tag in any::<[u8; 32]>(),
        ) {
            let at = at.index(events.len());
            let mut changed = events.clone();
            match what {
                0 => changed[at].0 = (changed[at].0 + 1) % 4,
                1 => changed[at].1[usize::from(tag[0] % 32)] ^= 1,
                2 => changed[at].2 ^= 1 << (tag[0] % 64),
                3 => drop(changed.remove(at)),
                4 => changed.insert(at, events[at]),
                _ => changed.rotate_left(at),
            }
            prop_assert_eq!(chain(Tag(tag), &events) == chain(Tag(tag), &changed), events == changed);
            prop_assert_ne!(chain(Tag(tag), &events), chain(Tag([0; 32]), &events));
        }
    }

    #[test]
    fn roo_23_the_chain_is_as_specified() {
        let tag = Tag([7; 32]);
        let event = hash("parclose/v1/log-event", &[&[1], &[9; 32]]);
        let expected = hash("parclose/v1/log-chain", &[&[7; 32], &event, &[0, 0, 0, 0, 0, 0, 1, 2]]);
        assert_eq!(
            extend_chain(&chain_start(&tag), EventKind::Anchor, &Digest([9; 32]), Height(258)),
            Digest(expected)
        );
    }
}
