//! The validators of a network as its state knows them: who votes, who votes next, and the log of changes.
//!
//! Changes stand in a log of their own, under a tag that no channel can have: so a change is proven, listed
//! and counted like every other event. A change that is ordered at height h takes force at h + 2; the
//! header of h + 1 announces it (R43).
//!
//! ```text
//!   height             h               h + 1               h + 2
//!   ordered            change
//!   signed by          old             old                 new
//!   next in header     old             new                 new
//! ```

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash;
use parclose_crypto::state_tree::{leaf_key, leaf_value};
use parclose_types::{Digest, Height, NetworkId, Sequence, Tag, encode, labels};

use crate::genesis::{Genesis, ValidatorSet};
use crate::tag::{LogEntry, chain_start, extend_chain};
use crate::transaction::EventKind;
use crate::update::UpdateValidators;

/// The name of the validators' leaf in the state tree.
const LEAF: &str = "validators";
/// Heights from the order of a change to its force: the header in between announces it.
const DELAY: u64 = 2;

/// Who votes, and how it came to that.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Validators {
    /// changes that were ordered, so also the number of the next
    pub changes: Sequence,
    /// hash chain over all of them
    pub chain: Digest,
    /// who votes
    pub current: ValidatorSet,
    /// who votes from a later height on, once a change is ordered
    pub next: Option<NextValidators>,
}

/// The validators of a change that is ordered.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct NextValidators {
    /// first height that they sign
    pub from: Height,
    /// who votes then
    pub set: ValidatorSet,
}

/// The tag of the log that holds the changes of a network's validators.
#[must_use]
pub fn validators_tag(network: &NetworkId) -> Tag {
    Tag(hash(labels::VALIDATORS_LOG, &[network.as_ref()]))
}

/// The first height that the validators of a change sign which was ordered at `ordered`.
///
/// # Rules
///
/// > ROO-59: a change that is ordered at height h takes force at h + 2, and the header of h + 1 names its set as the next.
#[must_use]
pub fn in_force_from(ordered: Height) -> Height {
    Height(ordered.0.saturating_add(DELAY))
}

impl Validators {
    /// Those of a genesis; no change yet.
    #[must_use]
    pub fn of(genesis: &Genesis) -> Self {
        let chain = chain_start(&validators_tag(&genesis.network()));
        Self { changes: Sequence(0), chain, current: genesis.validators().clone(), next: None }
    }

    /// Who signs a height, as far as this state can tell: that of its block's next and of the one after.
    #[must_use]
    pub fn at(&self, height: Height) -> &ValidatorSet {
        match &self.next {
            Some(next) if next.from <= height => &next.set,
            _ => &self.current,
        }
    }

    /// The height from which on a change is in force that is not in force at `height` yet.
    #[must_use]
    pub fn changing(&self, height: Height) -> Option<Height> {
        self.next.as_ref().map(|next| next.from).filter(|from| *from > height)
    }

    /// Puts in force what is due, leaves the next set for later, and appends the change to the log.
    pub(crate) fn append(
        &mut self,
        network: &NetworkId,
        update: &UpdateValidators,
        transaction: Digest,
        at: Height,
    ) -> LogEntry {
        let (kind, sequence) = (EventKind::Validators, self.changes);
        let (tag, set) = (validators_tag(network), update.change.next.clone());
        self.current = self.at(at).clone();
        self.next = Some(NextValidators { from: in_force_from(at), set });
        self.chain = extend_chain(&self.chain, kind, &transaction, at);
        self.changes = Sequence(sequence.0.saturating_add(1));
        LogEntry { tag, sequence, kind, transaction, chain: self.chain }
    }

    /// Its leaf in the state tree.
    pub(crate) fn leaf(&self) -> ([u8; 32], Option<[u8; 32]>) {
        (leaf_key(LEAF, &[]), Some(leaf_value(LEAF, &[], &encode(self))))
    }
}
