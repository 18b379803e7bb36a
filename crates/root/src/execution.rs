//! From candidates to a block: what falls due with its height happens, each candidate is ordered or refused,
//! then the header is sealed.
//!
//! Nothing here changes the state. What a block would change is gathered in a [`Prepared`], so that its
//! owner can make the rows durable before the state moves on.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::merkle::{self, Frontier};
use parclose_crypto::state_tree::{Change, Update};
use parclose_types::limits::ROOT_BLOCK_TRANSACTIONS_MAX;
use parclose_types::{DealId, Digest, Height, NetworkId, Tag, encode};

use crate::block::Block;
use crate::claim::ClaimsAhead;
use crate::deal::{DealOutcome, Decision};
use crate::deals::{DealState, DealsAhead};
use crate::genesis::Parameters;
use crate::header::Header;
use crate::overlay::Changes;
use crate::reject::RootReject;
use crate::state::RootState;
use crate::tag::{LogEntry, TagState};
use crate::transaction::{EventKind, RootTransaction};
use crate::update::UpdateValidators;
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
    /// what the transaction's tag has had of this block so far
    pub(crate) of_tag: Share,
}

/// What one tag has had of a block.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Share {
    pub(crate) anchors: u32,
    /// and refusals
    pub(crate) prepares: u32,
    /// and releases
    pub(crate) claims: u32,
}

impl Place<'_> {
    /// The window bounds how long commitments are remembered.
    ///
    /// # Rules
    ///
    /// > ROO-16: what names a last height is not ordered after it.
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

/// An event of a block, and what it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// its place in a log
    pub entry: LogEntry,
    /// what has caused it
    pub cause: Cause,
}

impl Event {
    /// What stands in the log: a transaction of the block that the event is of, or a decision. `None` for an event of
    /// another block.
    #[must_use]
    pub fn content(&self, block: &Block) -> Option<RootTransaction> {
        match self.cause {
            Cause::Transaction(index) => block.transactions.get(index as usize).cloned(),
            Cause::Decision(decision) => Some(RootTransaction::Decision(decision)),
        }
    }
}

/// What an event is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Cause {
    /// the transaction at this index of its block
    Transaction(u32),
    /// a decision, which is no transaction of the block
    Decision(Decision),
}

/// The rows that a block changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// the block's events, in block order
    pub events: Vec<Event>,
    /// the new state of every tag that has an event in the block
    pub tags: BTreeMap<Tag, TagState>,
    /// who votes, if the block has changed it
    pub validators: Option<Validators>,
    /// the deals that it opened, decided, or forgot
    pub deals: Changes<DealId, DealState>,
    /// the claims that it took, each with its new holder, or gave back
    pub claims: Changes<[u8; 32], Tag>,
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

    /// The log entry of each of the block's transactions, in their order; none for a deal that is opened, which
    /// enters no log.
    #[must_use]
    pub fn placed(&self) -> Vec<Option<LogEntry>> {
        let mut placed = vec![None; self.block.transactions.len()];
        for event in &self.rows.events {
            if let Cause::Transaction(index) = event.cause
                && let Some(place) = placed.get_mut(index as usize)
            {
                *place = Some(event.entry);
            }
        }
        placed
    }
}

impl Applied {
    /// The log entries of the block's events, in block order.
    pub fn entries(&self) -> impl Iterator<Item = &LogEntry> {
        self.events.iter().map(|event| &event.entry)
    }
}

/// One block in the making.
pub(crate) struct Execution<'a> {
    state: &'a RootState,
    height: Height,
    opens: u32,
    shares: BTreeMap<Tag, Share>,
    tags: BTreeMap<Tag, TagState>,
    validators: Option<Validators>,
    deals: DealsAhead<'a>,
    claims: ClaimsAhead<'a>,
    events: Vec<Event>,
    transactions: Vec<RootTransaction>,
}

impl<'a> Execution<'a> {
    /// The block after the head, with what falls due at its height.
    pub(crate) fn after(state: &'a RootState) -> Self {
        let height = Height(state.head().height.0.saturating_add(1));
        let (deals, due) = DealsAhead::at(state.deals(), height);
        let mut execution = Self {
            state,
            height,
            opens: 0,
            shares: BTreeMap::new(),
            tags: BTreeMap::new(),
            validators: None,
            deals,
            claims: ClaimsAhead::over(state.claims()),
            events: Vec::new(),
            transactions: Vec::new(),
        };
        for deal in due {
            execution.decide(&deal, DealOutcome::Abort, None);
        }
        execution
    }

    /// Gives a transaction the next place, or refuses it and changes nothing.
    ///
    /// # Rules
    ///
    /// > ROO-27: a block holds at most 4096 transactions.
    pub(crate) fn order(&mut self, transaction: RootTransaction) -> Result<(), RootReject> {
        let limit = ROOT_BLOCK_TRANSACTIONS_MAX;
        if self.transactions.len() >= limit {
            return Err(RootReject::BlockFull { limit });
        }
        match &transaction {
            RootTransaction::OpenDeal(open) => {
                let place = self.place(Share::default());
                open.order(&mut self.deals, &place)?;
            }
            RootTransaction::UpdateValidators(update) => self.change_validators(update, &transaction)?,
            event => self.order_event(event)?,
        }
        self.transactions.push(transaction);
        Ok(())
    }

    fn change_validators(
        &mut self,
        update: &UpdateValidators,
        transaction: &RootTransaction,
    ) -> Result<(), RootReject> {
        let mut after = self.validators().clone();
        update.order(&after, &self.place(Share::default()))?;
        let entry = after.append(self.state.network(), update, transaction.digest(), self.height);
        self.validators = Some(after);
        self.push_event(entry);
        Ok(())
    }

    /// Orders an event of one channel, and what follows from it.
    ///
    /// # Rules
    ///
    /// > ROO-82: nobody submits a decision: a block has none among its transactions.
    fn order_event(&mut self, transaction: &RootTransaction) -> Result<(), RootReject> {
        let (Some(tag), Some(kind)) = (transaction.tag(self.state.network()), transaction.kind()) else {
            return Err(RootReject::NotSubmitted);
        };
        let mut after = self.outcome(transaction, tag)?;
        let entry = after.append(tag, kind, transaction.digest(), self.height);
        self.tags.insert(tag, after);
        self.push_event(entry);
        self.follow(transaction, &entry);
        Ok(())
    }

    fn validators(&self) -> &Validators {
        self.validators.as_ref().unwrap_or_else(|| self.state.validators())
    }

    fn tag(&self, tag: &Tag) -> Option<&TagState> {
        self.tags.get(tag).or_else(|| self.state.tag(tag))
    }

    /// The tag's state as the transaction leaves it, its event not yet appended.
    ///
    /// # Rules
    ///
    /// > ROO-13: a transaction of a channel, except its opening, names a tag that is open.
    fn outcome(&self, transaction: &RootTransaction, tag: Tag) -> Result<TagState, RootReject> {
        let place = self.place(self.shares.get(&tag).copied().unwrap_or_default());
        let before = self.tag(&tag);
        if let RootTransaction::OpenChannel(opening) = transaction {
            return opening.order(&place, before.is_some());
        }
        let mut after = before.cloned().ok_or(RootReject::UnknownTag { tag })?;
        after.enter(self.height);
        match transaction {
            RootTransaction::Anchor(anchor) => anchor.order(&mut after, &place)?,
            RootTransaction::Rotate(rotate) => rotate.order(&mut after, &place)?,
            RootTransaction::Close(close) => close.order(&mut after, &place)?,
            RootTransaction::Prepare(prepare) => {
                prepare.order(&after, self.deals.get(&prepare.deal)?, &place)?;
            }
            RootTransaction::Refuse(refuse) => refuse.order(&after, self.deals.get(&refuse.deal)?, &place)?,
            RootTransaction::ClaimTag(claim) => claim.order(&after, &self.claims, &place)?,
            RootTransaction::ReleaseTag(release) => release.order(&after, &self.claims, &place)?,
            // None of these is an event of one channel; the opening was ordered above.
            RootTransaction::OpenChannel(_)
            | RootTransaction::UpdateValidators(_)
            | RootTransaction::OpenDeal(_)
            | RootTransaction::Decision(_) => return Err(RootReject::NotSubmitted),
        }
        Ok(after)
    }

    /// What an event leaves outside its tag's state.
    fn follow(&mut self, transaction: &RootTransaction, entry: &LogEntry) {
        let share = self.shares.entry(entry.tag).or_default();
        match transaction {
            RootTransaction::OpenChannel(_) => self.opens = self.opens.saturating_add(1),
            RootTransaction::Anchor(_) => share.anchors = share.anchors.saturating_add(1),
            RootTransaction::Prepare(prepare) => {
                share.prepares = share.prepares.saturating_add(1);
                if self.deals.prepare(&prepare.deal, prepare.leg, entry.sequence) {
                    self.decide(&prepare.deal, DealOutcome::Commit, None);
                }
            }
            RootTransaction::Refuse(refuse) => {
                share.prepares = share.prepares.saturating_add(1);
                self.decide(&refuse.deal, DealOutcome::Abort, Some(refuse.tag));
            }
            RootTransaction::ClaimTag(claim) => {
                share.claims = share.claims.saturating_add(1);
                self.claims.take(claim.claim, claim.tag);
            }
            RootTransaction::ReleaseTag(release) => {
                share.claims = share.claims.saturating_add(1);
                self.claims.release(release.claim);
            }
            RootTransaction::Rotate(_)
            | RootTransaction::Close(_)
            | RootTransaction::UpdateValidators(_)
            | RootTransaction::OpenDeal(_)
            | RootTransaction::Decision(_) => {}
        }
    }

    /// Decides an open deal, and says so to every tag that has bound itself or refused.
    ///
    /// # Rules
    ///
    /// > ROO-80: a deal is committed right after the prepare of its last leg, and aborted right after a refusal, or at the start of the block of height `settle_before`; it is decided once.
    /// > ROO-81: the decision takes one place in the log of each tag that has prepared or refused a leg, in ascending order of the tags, whether the tag is closed or not.
    fn decide(&mut self, deal: &DealId, outcome: DealOutcome, refused_by: Option<Tag>) {
        let Some(bound) = self.deals.decide(deal, outcome, self.height) else { return };
        let decision = Decision { deal: *deal, outcome };
        let digest = RootTransaction::Decision(decision).digest();
        let told: BTreeSet<Tag> = bound.into_iter().chain(refused_by).collect();
        for tag in told {
            // Whoever has prepared or refused is open.
            let Some(mut after) = self.tag(&tag).cloned() else { continue };
            after.enter(self.height);
            let entry = after.append(tag, EventKind::Decision, digest, self.height);
            self.tags.insert(tag, after);
            self.events.push(Event { entry, cause: Cause::Decision(decision) });
        }
    }

    /// Adds the event of the transaction that is being ordered.
    fn push_event(&mut self, entry: LogEntry) {
        let index = u32::try_from(self.transactions.len()).unwrap_or(u32::MAX);
        self.events.push(Event { entry, cause: Cause::Transaction(index) });
    }

    fn place(&self, of_tag: Share) -> Place<'a> {
        Place {
            network: self.state.network(),
            parameters: self.state.genesis().parameters(),
            height: self.height,
            opens: self.opens,
            of_tag,
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
        let entries = self.events.iter().map(|event| encode(&event.entry));
        let header = Header {
            network: head.network,
            height: self.height,
            parent: *self.state.head_hash(),
            history: Digest(history.root()),
            event_count: u32::try_from(self.events.len()).expect("a transaction causes at most nine events"),
            events_root: Digest(merkle::root(entries)),
            state_root: update.root,
            validators: head.next_validators,
            next_validators,
        };
        let Self { events, tags, validators, deals, claims, .. } = self;
        let (deals, claims) = (deals.into_changes(), claims.into_changes());
        let rows = Applied { events, tags, validators, deals, claims, history };
        Prepared { block: Block { header, transactions: self.transactions }, rows, update }
    }

    fn changes(&self) -> Vec<Change> {
        let tags =
            self.tags.iter().map(|(tag, state)| (TagState::leaf_key(tag), Some(state.leaf_value(tag))));
        let validators = self.validators.as_ref().map(Validators::leaf);
        let others = self.deals.leaves().chain(self.claims.leaves());
        tags.chain(validators).chain(others).chain([Header::head_leaf(self.height)]).collect()
    }
}
