//! The root chain as its users see it, whoever runs it.

use parclose_root::{
    Checkpoint, ClaimProof, DealProof, DealState, Genesis, LogEntry, NotCommitted, NotRestored, OrderProof,
    RootReject, RootTransaction, TagProof, TagState, Validators, validators_tag,
};
use parclose_store::StoreError;
use parclose_types::{DealId, Failure, Fault, Height, NetworkId, Sequence, Tag};

use crate::evidence::Evidence;

/// Why the root chain cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootUnavailable {
    /// The disk below.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// CON-01: the signing key does not decide alone in this network.
    #[error("the node's key has not more than two thirds of the votes")]
    NotTheValidator,
    /// CON-02: the last block on the disk is not certified by the validators of its height.
    #[error("the block at height {height} is not certified: {reason}")]
    Uncertified {
        /// height of the block
        height: Height,
        /// what is wrong with its certificate
        reason: NotCommitted,
    },
    /// CON-03: a row that another row refers to is missing, or names something else.
    #[error("the rows of the block at height {height} do not fit together")]
    Inconsistent {
        /// height of the block
        height: Height,
    },
    /// ROO-44: the rows are not the state that the last header commits to.
    #[error(transparent)]
    NotRestored(#[from] NotRestored),
    /// CON-17: too few validators take part.
    #[error("the chain stands at height {head}: no block was decided in time")]
    NoProgress {
        /// height of the head
        head: Height,
    },
    /// CON-18: the engine did not start, or has ended.
    #[error("the consensus engine does not run: {reason}")]
    Engine {
        /// what it said
        reason: String,
    },
    /// CON-04: this process broke off while it was writing a block.
    #[error("the root chain has stopped after a fault of this program")]
    Stopped,
}

impl Failure for RootUnavailable {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(reason) => reason.code(),
            Self::NotTheValidator => "NOT_THE_VALIDATOR",
            Self::Uncertified { .. } | Self::Inconsistent { .. } => "ROOT_STATE_DAMAGED",
            Self::NotRestored(reason) => reason.code(),
            Self::NoProgress { .. } => "ROOT_NO_PROGRESS",
            Self::Engine { .. } => "ROOT_ENGINE_STOPPED",
            Self::Stopped => "ROOT_STOPPED",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Store(reason) => reason.rule(),
            Self::NotTheValidator => "CON-01",
            Self::Uncertified { .. } => "CON-02",
            Self::Inconsistent { .. } => "CON-03",
            Self::NotRestored(reason) => reason.rule(),
            Self::NoProgress { .. } => "CON-17",
            Self::Engine { .. } => "CON-18",
            Self::Stopped => "CON-04",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Store(reason) => reason.fault(),
            Self::NoProgress { .. } => Fault::Peer,
            Self::Stopped => Fault::Bug,
            _ => Fault::Operator,
        }
    }

    fn definite(&self) -> bool {
        match self {
            Self::Store(reason) => reason.definite(),
            Self::NoProgress { .. } | Self::Engine { .. } | Self::Stopped => false,
            _ => true,
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::Store(reason) => reason.fix(),
            Self::NotTheValidator => "start the node with the key that alone decides, or as one of a cluster if others vote too".into(),
            Self::Uncertified { .. } | Self::Inconsistent { .. } => {
                "restore the root chain's directory from a backup".into()
            }
            Self::NotRestored(reason) => reason.fix(),
            Self::NoProgress { .. } => {
                "wait, and see with `node status` which validators are connected: more than two thirds are needed".into()
            }
            Self::Engine { .. } => "read the reason, mend it, and start the node again; its disk is not damaged by this".into(),
            Self::Stopped => "restart the node, and report its log as a bug".into(),
        }
    }
}

/// What became of candidates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// height of the block
    pub height: Height,
    /// the log entry of each candidate, or why it was not ordered; in the candidates' order. A deal that was opened
    /// has none: it enters no log.
    pub outcomes: Vec<Result<Option<LogEntry>, RootReject>>,
}

/// An event that will never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalEvent {
    /// height of its block
    pub height: Height,
    /// its place in the log
    pub entry: LogEntry,
    /// what was ordered, or decided
    pub transaction: RootTransaction,
}

/// The root chain of one network. Whatever it returns is final, and survives loss of power.
pub trait RootChain: Send + Sync {
    /// The network id.
    fn network(&self) -> NetworkId;

    /// The genesis from which its proofs are verified.
    fn genesis(&self) -> &Genesis;

    /// The last final height.
    fn head(&self) -> Height;

    /// Whether this node has been level with the chain since it started: a height was decided while it took
    /// part. Before that it may lack what was ordered long ago. What makes its blocks itself lacks nothing.
    fn is_current(&self) -> bool {
        true
    }

    /// Makes one block of whatever can be ordered of the candidates, in their order, and returns when
    /// it is final. No candidates make an empty block.
    fn commit(&self, candidates: Vec<RootTransaction>) -> Result<Committed, RootUnavailable>;

    /// Makes empty blocks up to a height, and returns the head, which is not below it. On an error the
    /// head is as before.
    fn advance(&self, to: Height) -> Result<Height, RootUnavailable>;

    /// The events of a tag's log from a sequence on, at most `limit`, ascending; none for an unknown tag.
    fn events(&self, tag: &Tag, from: Sequence, limit: usize) -> Result<Vec<FinalEvent>, RootUnavailable>;

    /// Proves an event; `None` if there is none at this place.
    fn prove(&self, tag: &Tag, sequence: Sequence) -> Result<Option<OrderProof>, RootUnavailable>;

    /// The state of a tag; `None` if it is not open.
    fn tag_state(&self, tag: &Tag) -> Result<Option<TagState>, RootUnavailable>;

    /// Proves the state of a tag at the head; `None` if it is not open.
    fn prove_tag(&self, tag: &Tag) -> Result<Option<TagProof>, RootUnavailable>;

    /// A deal; `None` if it was never opened, or is forgotten.
    fn deal(&self, deal: &DealId) -> Result<Option<DealState>, RootUnavailable>;

    /// Proves how a deal stands at the head, also that it is not there; `None` at height 0.
    fn prove_deal(&self, deal: &DealId) -> Result<Option<DealProof>, RootUnavailable>;

    /// The tag that holds a claim; `None` if nobody does.
    fn claim(&self, claim: &[u8; 32]) -> Result<Option<Tag>, RootUnavailable>;

    /// Proves who holds a claim at the head, also that nobody does; `None` at height 0.
    fn prove_claim(&self, claim: &[u8; 32]) -> Result<Option<ClaimProof>, RootUnavailable>;

    /// Who votes, and who will.
    fn validators(&self) -> Result<Validators, RootUnavailable>;

    /// The head as a checkpoint; `None` at height 0.
    fn checkpoint(&self) -> Result<Option<Checkpoint>, RootUnavailable>;

    /// Validators that this node has found out, with what a judge needs to know of the validators. One that makes
    /// its blocks alone finds out nobody.
    fn evidence(&self) -> Result<Evidence, RootUnavailable> {
        Ok(Evidence { found: Vec::new(), changes: self.prove_changes()? })
    }

    /// Proves every change of the validators, in their order. Whoever proves an event and this afterwards has
    /// all changes that the event's verifier needs.
    fn prove_changes(&self) -> Result<Vec<OrderProof>, RootUnavailable> {
        let tag = validators_tag(&self.network());
        let mut changes = Vec::new();
        while let Some(proof) = self.prove(&tag, Sequence(changes.len() as u64))? {
            changes.push(proof);
        }
        Ok(changes)
    }
}
