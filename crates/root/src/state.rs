//! The state of the root chain: the head, the validators, and rows of tags, deals and claims under a Merkle root.
//!
//! `prepare` makes a block of candidates, `check` re-checks a block that somebody else made; both give a
//! [`Prepared`], and `commit` moves the state on. The tree's nodes live in memory and are rebuilt from
//! the rows: a root that comes out right proves all rows at once. Node versions count the blocks
//! since then and enter no hash.

use std::collections::BTreeMap;

use parclose_crypto::merkle::Frontier;
use parclose_crypto::state_tree::memory::MemoryNodes;
use parclose_crypto::state_tree::{self, Change, StateProof, Update};
use parclose_types::{DealId, Failure, Fault, Height, NetworkId, StateRoot, Tag, ValueHash, encode};

use crate::block::{Block, BlockInvalid};
use crate::claim::{self, Claims};
use crate::deals::{self, DealState, Deals};
use crate::execution::{Applied, Execution, Prepared};
use crate::genesis::Genesis;
use crate::header::Header;
use crate::reject::RootReject;
use crate::tag::TagState;
use crate::transaction::RootTransaction;
use crate::validators::Validators;

/// Why persisted rows are not the state that the last header commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rows of {what} do not belong to the header at height {height}")]
pub struct NotRestored {
    /// which rows
    pub what: &'static str,
    /// height of the last header
    pub height: Height,
}

impl Failure for NotRestored {
    fn code(&self) -> &'static str {
        "ROOT_STATE_DAMAGED"
    }

    fn rule(&self) -> &'static str {
        "ROO-44"
    }

    fn fault(&self) -> Fault {
        Fault::Operator
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "restore the root chain's directory from a backup, or fetch the chain from another validator".into()
    }
}

/// What a state is restored from.
#[derive(Clone, Debug)]
pub struct RestoredRows {
    /// the last header
    pub head: Header,
    /// the right edge of the tree over the header hashes before it
    pub history: Frontier,
    /// who votes
    pub validators: Validators,
    /// all tags
    pub tags: BTreeMap<Tag, TagState>,
    /// all deals
    pub deals: BTreeMap<DealId, DealState>,
    /// all claims, each with the tag that holds it
    pub claims: BTreeMap<[u8; 32], Tag>,
}

/// The root chain up to its head.
#[derive(Clone, Debug)]
pub struct RootState {
    genesis: Genesis,
    network: NetworkId,
    head: Header,
    head_hash: ValueHash,
    history: Frontier,
    validators: Validators,
    tags: BTreeMap<Tag, TagState>,
    deals: Deals,
    claims: Claims,
    nodes: MemoryNodes,
    version: u64,
}

impl RootState {
    /// The state at height 0: no tags, no deals, no claims.
    #[must_use]
    pub fn new(genesis: Genesis) -> Self {
        let head = Header::genesis(&genesis, StateRoot([0; 32]));
        let (history, validators) = (Frontier::default(), Validators::of(&genesis));
        let (tags, deals, claims) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut rows = RestoredRows { head, history, validators, tags, deals, claims };
        let tree = build_tree(&rows);
        rows.head.state_root = tree.root;
        Self::assemble(genesis, rows, &tree)
    }

    /// The state of persisted rows, all of which must be what the last header commits to.
    ///
    /// # Rules
    ///
    /// > ROO-44: a restored state has the network, the validators, the history and the state root of its last header, recomputed from every row.
    pub fn restore(genesis: Genesis, rows: RestoredRows) -> Result<Self, NotRestored> {
        let height = rows.head.height;
        let broken = |what| NotRestored { what, height };
        if rows.head.network != genesis.network() {
            return Err(broken("genesis"));
        }
        let after = Height(height.0.saturating_add(1));
        let named = (rows.head.validators, rows.head.next_validators);
        if named != (rows.validators.at(height).digest(), rows.validators.at(after).digest()) {
            return Err(broken("validators"));
        }
        if !whole(&rows.history, height) || rows.history.root() != rows.head.history.0 {
            return Err(broken("header hashes"));
        }
        let tree = build_tree(&rows);
        if tree.root != rows.head.state_root {
            return Err(broken("tags, deals and claims"));
        }
        Ok(Self::assemble(genesis, rows, &tree))
    }

    fn assemble(genesis: Genesis, rows: RestoredRows, tree: &Update) -> Self {
        let mut nodes = MemoryNodes::default();
        nodes.apply(tree);
        let (network, head_hash) = (genesis.network(), rows.head.hash());
        let RestoredRows { head, history, validators, tags, deals, claims } = rows;
        let (deals, claims) = (Deals::of(deals), Claims::of(claims));
        Self {
            genesis,
            network,
            head,
            head_hash,
            history,
            validators,
            tags,
            deals,
            claims,
            nodes,
            version: 0,
        }
    }

    /// Makes the next block of the candidates that can be ordered, in their order; the others are
    /// returned with their index and the reason.
    pub fn prepare(
        &self,
        candidates: impl IntoIterator<Item = RootTransaction>,
    ) -> (Prepared, Vec<(usize, RootReject)>) {
        let mut execution = Execution::after(self);
        let mut rejected = Vec::new();
        for (index, candidate) in candidates.into_iter().enumerate() {
            if let Err(reason) = execution.order(candidate) {
                rejected.push((index, reason));
            }
        }
        (execution.seal(), rejected)
    }

    /// As [`Self::prepare`], for a block that is to be sent.
    #[must_use]
    pub fn build(
        &self,
        candidates: impl IntoIterator<Item = RootTransaction>,
    ) -> (Block, Vec<(usize, RootReject)>) {
        let (prepared, rejected) = self.prepare(candidates);
        (prepared.block, rejected)
    }

    /// Re-checks everything of a block that somebody else made.
    ///
    /// # Rules
    ///
    /// > ROO-28: a block has the head's network, the next height and the head's hash as its parent.
    /// > ROO-29: every transaction of a block can be ordered at its place.
    /// > ROO-30: a block's header is the one that follows from the state before and its transactions.
    pub fn check(&self, block: &Block) -> Result<Prepared, BlockInvalid> {
        let (head, header) = (&self.head, &block.header);
        let next = header.height.0.checked_sub(1) == Some(head.height.0);
        if !next || header.parent != self.head_hash || header.network != self.network {
            return Err(BlockInvalid::NotNext { head: head.height, found: header.height });
        }
        let mut execution = Execution::after(self);
        for (index, transaction) in block.transactions.iter().enumerate() {
            execution
                .order(transaction.clone())
                .map_err(|reject| BlockInvalid::Transaction { index, reject })?;
        }
        let prepared = execution.seal();
        if prepared.block.header != *header {
            return Err(BlockInvalid::Header { height: header.height });
        }
        Ok(prepared)
    }

    /// Moves on to a block that was prepared from this very state.
    pub fn commit(&mut self, prepared: Prepared) -> Result<Applied, BlockInvalid> {
        let Prepared { block, rows, update } = prepared;
        if block.header.parent != self.head_hash {
            return Err(BlockInvalid::NotNext { head: self.head.height, found: block.header.height });
        }
        self.head_hash = block.header.hash();
        self.head = block.header;
        self.history = rows.history.clone();
        if let Some(validators) = &rows.validators {
            self.validators = validators.clone();
        }
        self.tags.extend(rows.tags.iter().map(|(tag, state)| (*tag, state.clone())));
        self.deals.apply(&rows.deals);
        self.claims.apply(&rows.claims);
        self.nodes.apply(&update);
        self.version = self.version.saturating_add(1);
        Ok(rows)
    }

    /// Checks a block and moves on to it.
    pub fn apply(&mut self, block: &Block) -> Result<Applied, BlockInvalid> {
        let prepared = self.check(block)?;
        self.commit(prepared)
    }

    /// The genesis.
    #[must_use]
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The network id.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.network
    }

    /// The last header.
    #[must_use]
    pub fn head(&self) -> &Header {
        &self.head
    }

    /// The hash of the last header.
    #[must_use]
    pub fn head_hash(&self) -> &ValueHash {
        &self.head_hash
    }

    /// The right edge of the tree over the header hashes before the head.
    #[must_use]
    pub fn history(&self) -> &Frontier {
        &self.history
    }

    /// Who votes at the next height, and who after that.
    #[must_use]
    pub fn validators(&self) -> &Validators {
        &self.validators
    }

    /// A channel, as far as the root chain knows it.
    #[must_use]
    pub fn tag(&self, tag: &Tag) -> Option<&TagState> {
        self.tags.get(tag)
    }

    /// All channels, ascending by tag.
    pub fn tags(&self) -> impl Iterator<Item = (&Tag, &TagState)> {
        self.tags.iter()
    }

    /// A deal, if it is open, or was decided and is not forgotten.
    #[must_use]
    pub fn deal(&self, deal: &DealId) -> Option<&DealState> {
        self.deals.rows().get(deal)
    }

    /// Who holds a claim.
    #[must_use]
    pub fn claim(&self, claim: &[u8; 32]) -> Option<&Tag> {
        self.claims.rows().get(claim)
    }

    pub(crate) fn deals(&self) -> &Deals {
        &self.deals
    }

    pub(crate) fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Proves under the head's state root what [`Self::tag`] returns, or that there is no such tag.
    #[must_use]
    pub fn prove_tag(&self, tag: &Tag) -> StateProof {
        self.prove(&(TagState::leaf_key(tag), self.tag(tag).map(|state| state.leaf_value(tag))))
    }

    /// Proves under the head's state root what [`Self::deal`] returns, or that there is no such deal.
    #[must_use]
    pub fn prove_deal(&self, deal: &DealId) -> StateProof {
        self.prove(&deals::leaf(deal, self.deal(deal)))
    }

    /// Proves under the head's state root what [`Self::claim`] returns, or that nobody holds it.
    #[must_use]
    pub fn prove_claim(&self, claim: &[u8; 32]) -> StateProof {
        self.prove(&claim::leaf(claim, self.claim(claim)))
    }

    /// Proves under the head's state root what [`Self::validators`] returns.
    #[must_use]
    pub fn prove_validators(&self) -> StateProof {
        self.prove(&self.validators.leaf())
    }

    fn prove(&self, (key, value): &Change) -> StateProof {
        state_tree::prove(&self.nodes, self.version, key, value.as_ref())
            .expect("all nodes of the newest version are in memory")
    }

    pub(crate) fn update(&self, changes: &[Change]) -> Update {
        state_tree::update(&self.nodes, self.version.saturating_add(1), changes)
            .expect("all nodes of the newest version are in memory")
    }
}

/// The tree of rows, made at once; its root does not depend on how they came about, and not on the header's.
fn build_tree(rows: &RestoredRows) -> Update {
    let tags = rows.tags.iter().map(|(tag, state)| (TagState::leaf_key(tag), Some(state.leaf_value(tag))));
    let deals = rows.deals.iter().map(|(deal, state)| deals::leaf(deal, Some(state)));
    let claims = rows.claims.iter().map(|(claim, holder)| claim::leaf(claim, Some(holder)));
    let single = [rows.validators.leaf(), Header::head_leaf(rows.head.height)];
    let changes: Vec<Change> = tags.chain(deals).chain(claims).chain(single).collect();
    state_tree::update(&MemoryNodes::default(), 0, &changes).expect("an empty tree lacks no node")
}

/// A right edge over as many leaves as there are headers before `height`, one subtree per set bit.
fn whole(history: &Frontier, height: Height) -> bool {
    let bytes = encode(history).len();
    let prefix = encode(&Frontier::default()).len();
    let subtrees = (height.0.count_ones() as usize).saturating_mul(32);
    history.len() == height.0 && bytes == prefix.saturating_add(subtrees)
}

/// The state root of a header is where a proof of [`RootState::prove_tag`] is verified.
pub(crate) fn verify_tag(proof: &StateProof, root: &StateRoot, tag: &Tag, state: &TagState) -> bool {
    proof.verify(root, &TagState::leaf_key(tag), Some(&state.leaf_value(tag))).is_ok()
}

#[cfg(test)]
mod tests;
