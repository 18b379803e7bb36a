//! What clients did to registers at the same time, and whether one order of it all explains what they were told.
//!
//! A register is a record: its version counts its writes, and a write names the version that it makes, so it is a compare-and-set.
//! Claimed is: **writes are linearizable, reads at one node are sequential**. The versions give the one order in which the
//! writes must have happened, so no order has to be searched for, and the check is complete:
//!
//! - each version is made once, by a write that somebody began, and every acknowledged write is one of them;
//! - a write that began after another was acknowledged makes a later version;
//! - "stale" is said only when somebody had begun to make that version before;
//! - a read tells a value with the version that it was written as, begun before the read ended;
//! - at one node a later read never tells an earlier version, also of what was acknowledged there.
//!
//! A write whose outcome nobody told may be there, once, or not.

use std::collections::{BTreeMap, BTreeSet};

/// When something happened, on the one clock of the test.
pub(crate) type Moment = u64;

/// What an operation was, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    /// acknowledged
    Wrote { version: u64, value: u64 },
    /// refused for good: the version was there already
    Stale { version: u64, value: u64 },
    /// nobody has told what came of it
    Unknown { version: u64, value: u64 },
    /// a read, with what it told
    Read { version: u64, value: u64 },
}

/// One operation on one register.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) register: usize,
    /// the node that was asked
    pub(crate) node: &'static str,
    pub(crate) began: Moment,
    pub(crate) ended: Moment,
    pub(crate) did: Did,
}

/// What a register holds in the end: the value of each version, in the order of the ledger.
pub(crate) type Chain = Vec<(u64, u64)>;

/// All that was done, and what was there at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) operations: Vec<Operation>,
    /// by register
    pub(crate) chains: Vec<Chain>,
}

impl History {
    /// What no order of the operations explains.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let registers = 0..self.chains.len();
        registers.flat_map(|register| OfRegister::new(self, register).complaints()).collect()
    }

    /// Operations by what came of them.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for operation in &self.operations {
            let name = match operation.did {
                Did::Wrote { .. } => "wrote",
                Did::Stale { .. } => "stale",
                Did::Unknown { .. } => "unknown",
                Did::Read { .. } => "read",
            };
            *counts.entry(name).or_default() += 1;
        }
        counts
    }
}

/// The operations on one register.
struct OfRegister<'h> {
    register: usize,
    chain: &'h Chain,
    operations: Vec<&'h Operation>,
}

impl<'h> OfRegister<'h> {
    fn new(history: &'h History, register: usize) -> Self {
        let operations = history.operations.iter().filter(|operation| operation.register == register);
        Self { register, chain: &history.chains[register], operations: operations.collect() }
    }

    fn complaints(&self) -> Vec<String> {
        let checks =
            [self.chain_is_whole(), self.writes_are_there(), self.order_is_kept(), self.stale_is_true()];
        let mut wrong = checks.concat();
        wrong.extend(self.reads_are_true());
        wrong.extend(self.nodes_never_go_back());
        wrong.iter().map(|what| format!("register {}: {what}", self.register)).collect()
    }

    /// Versions count from 1, and whoever wrote one had begun to.
    fn chain_is_whole(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let begun: BTreeSet<(u64, u64)> =
            self.operations.iter().filter_map(|o| may_have_written(&o.did)).collect();
        for (place, entry) in (1..).zip(self.chain) {
            if entry.0 != place {
                wrong.push(format!("version {} stands in place {place}", entry.0));
            }
            // The first version is there before the clients begin.
            if place > 1 && !begun.contains(entry) {
                wrong.push(format!("version {} holds {}, which nobody wrote as it", entry.0, entry.1));
            }
        }
        wrong
    }

    fn writes_are_there(&self) -> Vec<String> {
        let is_there =
            |version: u64, value: u64| self.chain.iter().filter(|e| **e == (version, value)).count();
        let check = |operation: &&&Operation| match operation.did {
            Did::Wrote { version, value } => is_there(version, value) != 1,
            Did::Stale { value, .. } => self.chain.iter().any(|(_, held)| *held == value),
            _ => false,
        };
        self.operations
            .iter()
            .filter(check)
            .map(|operation| format!("the ledger denies {:?}", operation.did))
            .collect()
    }

    /// Among acknowledged writes: the last that ended before another began has an earlier version.
    fn order_is_kept(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let writes = || {
            self.operations.iter().filter_map(|o| match o.did {
                Did::Wrote { version, .. } => Some((o.began, o.ended, version)),
                _ => None,
            })
        };
        let mut by_end: Vec<_> = writes().collect();
        by_end.sort_by_key(|(_, ended, _)| *ended);
        for (began, _, version) in writes() {
            let before = by_end.iter().take_while(|(_, ended, _)| *ended < began).map(|(_, _, v)| *v).max();
            if before.is_some_and(|before| before >= version) {
                wrong.push(format!("version {version} was begun after a later one was acknowledged"));
            }
        }
        wrong
    }

    fn stale_is_true(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for operation in &self.operations {
            let Did::Stale { version, value } = operation.did else { continue };
            let made = |other: &&Operation| {
                may_have_written(&other.did).is_some_and(|(v, other)| v >= version && other != value)
                    && other.began < operation.ended
            };
            if version > 1 && !self.operations.iter().any(made) {
                wrong.push(format!("version {version} was called stale and nobody had begun it"));
            }
        }
        wrong
    }

    fn reads_are_true(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let began: BTreeMap<(u64, u64), Moment> =
            self.operations.iter().filter_map(|o| Some((may_have_written(&o.did)?, o.began))).collect();
        for operation in &self.operations {
            let Did::Read { version, value } = operation.did else { continue };
            if !self.chain.contains(&(version, value)) {
                wrong.push(format!("a read told {value} as version {version}, which it is not"));
            } else if began.get(&(version, value)).is_some_and(|began| *began >= operation.ended) {
                wrong.push(format!("version {version} was read before anybody wrote it"));
            }
        }
        wrong
    }

    /// At each node: what was told before something began there is not undone by it.
    fn nodes_never_go_back(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let nodes: BTreeSet<&str> = self.operations.iter().map(|operation| operation.node).collect();
        for node in nodes {
            let mut told: Vec<_> = self.operations.iter().filter(|o| o.node == node).collect();
            told.sort_by_key(|operation| operation.ended);
            for read in &told {
                let Did::Read { version, .. } = read.did else { continue };
                let before =
                    told.iter().take_while(|o| o.ended < read.began).filter_map(|o| known(&o.did)).max();
                if before.is_some_and(|before| before > version) {
                    wrong.push(format!("`{node}` told version {version} after a later one"));
                }
            }
        }
        wrong
    }
}

/// Version and value of what may be in the ledger by this operation.
fn may_have_written(did: &Did) -> Option<(u64, u64)> {
    match did {
        Did::Wrote { version, value } | Did::Unknown { version, value } => Some((*version, *value)),
        Did::Stale { .. } | Did::Read { .. } => None,
    }
}

/// The version that whoever was told this knows to be there.
fn known(did: &Did) -> Option<u64> {
    match did {
        Did::Wrote { version, .. } | Did::Read { version, .. } => Some(*version),
        Did::Stale { .. } | Did::Unknown { .. } => None,
    }
}
