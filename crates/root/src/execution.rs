//! From candidates to a block: each candidate is ordered or refused, then the header is sealed.
//!
//! Nothing here changes the state. What a block would change is gathered in a [`Prepared`], so that its
//! owner can make the rows durable before the state moves on.

use std::collections::BTreeMap;

use parclose_crypto::merkle::{self, Frontier};
use parclose_crypto::state_tree::{Change, Update};
use parclose_types::limits::ROOT_BLOCK_TRANSACTIONS_MAX;
use parclose_types::{Digest, Height, NetworkId, Tag, encode};

use crate::block::Block;
use crate::genesis::Parameters;
use crate::header::Header;
use crate::reject::RootReject;
use crate::state::RootState;
use crate::tag::{LogEntry, TagState};
use crate::transaction::RootTransaction;
use crate::validators::Validators;

/// Where in the chain a transaction is to be ordered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) network: &'a NetworkId,
    pub(crate) parameters: &'a Parameters,
    /// height of the block
    pub(crate) height: Height,
    /// channels opened in this block so far
    pub(crate) opens: u32,
    /// anchors of the transaction's tag in this block so far
    pub(crate) anchors_of_tag: u32,
}

impl Place<'_> {
    /// The window bounds how long commitments are remembered.
    ///
    /// # Rules
    ///
    /// > ROO-16: an anchor, a rotation, a close or a change of the validators is not ordered after its last height.
    /// > ROO-17: its last height lies at most the genesis window ahead of the block that orders it.
    pub(crate) fn is_within(&self, last_height: Height) -> Result<(), RootReject> {
        let height = self.height;
        if last_height < height {
            return Err(RootReject::Expired { height, last_height });
        }
        let horizon = Height(height.0.saturating_add(self.parameters.window));
        if last_height > horizon {
            return Err(RootReject::TooFarAhead { horizon, last_height });
        }
        Ok(())
    }
}

/// The rows that a block changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// the block's events, in block order
    pub entries: Vec<LogEntry>,
    /// the new state of every tag that has an event in the block
    pub tags: BTreeMap<Tag, TagState>,
    /// who votes, if the block has changed it
    pub validators: Option<Validators>,
    /// the right edge of the tree over the hashes of all headers before this block's
    pub history: Frontier,
}

/// A block that follows the state it was made from, with all that it changes.
///
/// Only [`RootState`] makes one, and takes one back in [`RootState::commit`].
#[derive(Debug)]
#[must_use = "a prepared block that is not committed changes nothing"]
pub struct Prepared {
    pub(crate) block: Block,
    pub(crate) rows: Applied,
    pub(crate) update: Update,
}

impl Prepared {
    /// The block.
    #[must_use]
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// What it changes.
    #[must_use]
    pub fn rows(&self) -> &Applied {
        &self.rows
    }
}

/// One block in the making.
pub(crate) struct Execution<'a> {
    state: &'a RootState,
    height: Height,
    opens: u32,
    anchors: BTreeMap<Tag, u32>,
    tags: BTreeMap<Tag, TagState>,
    validators: Option<Validators>,
    entries: Vec<LogEntry>,
    transactions: Vec<RootTransaction>,
}

impl<'a> Execution<'a> {
    /// The block after the head.
    pub(crate) fn after(state: &'a RootState) -> Self {
        Self {
            state,
            height: Height(state.head().height.0.saturating_add(1)),
            opens: 0,
            anchors: BTreeMap::new(),
            tags: BTreeMap::new(),
            validators: None,
            entries: Vec::new(),
            transactions: Vec::new(),
        }
    }

    /// Gives a transaction the next place, or refuses it and changes nothing.
    ///
    /// # Rules
    ///
    /// > ROO-13: an anchor, rotation or close names a tag that is open.
    /// > ROO-27: a block holds at most 4096 transactions.
    pub(crate) fn order(&mut self, transaction: RootTransaction) -> Result<(), RootReject> {
        let limit = ROOT_BLOCK_TRANSACTIONS_MAX;
        if self.transactions.len() >= limit {
            return Err(RootReject::BlockFull { limit });
        }
        let tag = transaction.tag(self.state.network());
        let entry = match &transaction {
            RootTransaction::UpdateValidators(update) => {
                let mut after = self.validators().clone();
                update.order(&after, &self.place(&tag))?;
                let entry = after.append(tag, update.change.next.clone(), transaction.digest(), self.height);
                self.validators = Some(after);
                entry
            }
            of_a_channel => {
                let mut after = self.outcome(of_a_channel, tag)?;
                let entry = after.append(tag, transaction.kind(), transaction.digest(), self.height);
                self.tags.insert(tag, after);
                entry
            }
        };
        self.entries.push(entry);
        match transaction {
            RootTransaction::OpenChannel(_) => self.opens = self.opens.saturating_add(1),
            RootTransaction::Anchor(_) => {
                let anchors = self.anchors.entry(tag).or_default();
                *anchors = anchors.saturating_add(1);
            }
            RootTransaction::Rotate(_) | RootTransaction::Close(_) | RootTransaction::UpdateValidators(_) => {
            }
        }
        self.transactions.push(transaction);
        Ok(())
    }

    fn validators(&self) -> &Validators {
        self.validators.as_ref().unwrap_or_else(|| self.state.validators())
    }

    /// The tag's state as the transaction leaves it, its event not yet appended.
    fn outcome(&self, transaction: &RootTransaction, tag: Tag) -> Result<TagState, RootReject> {
        let place = self.place(&tag);
        let before = self.tags.get(&tag).or_else(|| self.state.tag(&tag));
        let open = || {
            let mut state = before.cloned().ok_or(RootReject::UnknownTag { tag })?;
            state.enter(self.height);
            Ok::<_, RootReject>(state)
        };
        match transaction {
            RootTransaction::OpenChannel(opening) => opening.order(&place, before.is_some()),
            RootTransaction::Anchor(anchor) => {
                let mut after = open()?;
                anchor.order(&mut after, &place)?;
                Ok(after)
            }
            RootTransaction::Rotate(rotate) => {
                let mut after = open()?;
                rotate.order(&mut after, &place)?;
                Ok(after)
            }
            RootTransaction::Close(close) => {
                let mut after = open()?;
                close.order(&mut after, &place)?;
                Ok(after)
            }
            // No tag holds the validators, so none is open under theirs.
            RootTransaction::UpdateValidators(_) => open(),
        }
    }

    fn place(&self, tag: &Tag) -> Place<'_> {
        Place {
            network: self.state.network(),
            parameters: self.state.genesis().parameters(),
            height: self.height,
            opens: self.opens,
            anchors_of_tag: self.anchors.get(tag).copied().unwrap_or_default(),
        }
    }

    /// Seals the block.
    pub(crate) fn seal(self) -> Prepared {
        let update = self.state.update(&self.changes());
        let head = self.state.head();
        let after = Height(self.height.0.saturating_add(1));
        let next_validators = self.validators().at(after).digest();
        let mut history = self.state.history().clone();
        history.push(self.state.head_hash().as_ref());
        let header = Header {
            network: head.network,
            height: self.height,
            parent: *self.state.head_hash(),
            history: Digest(history.root()),
            event_count: u32::try_from(self.entries.len()).expect("a block holds at most 4096 events"),
            events_root: Digest(merkle::root(self.entries.iter().map(encode))),
            state_root: update.root,
            validators: head.next_validators,
            next_validators,
        };
        let Self { entries, tags, validators, .. } = self;
        let rows = Applied { entries, tags, validators, history };
        Prepared { block: Block { header, transactions: self.transactions }, rows, update }
    }

    fn changes(&self) -> Vec<Change> {
        let tags =
            self.tags.iter().map(|(tag, state)| (TagState::leaf_key(tag), Some(state.leaf_value(tag))));
        let validators = self.validators.as_ref().map(Validators::leaf);
        tags.chain(validators).chain([Header::head_leaf(self.height)]).collect()
    }
}
