//! A case of the desk: an instruction with its answers, and how far it has come.

use std::collections::{BTreeMap, BTreeSet};

use parclose_channel::{Answer, Instruction};
use parclose_root::Deal;
use parclose_types::{DealId, Height, MemberId, NetworkId, RecordId};

/// How far a deal has come, as its party sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// answers are missing
    Proposed,
    /// all have agreed
    Agreed,
    /// the root chain has it: legs are locked and prepared
    Open,
    /// somebody has not agreed
    Refused,
    /// not complete, or not opened, in time
    Lapsed,
    /// decided: nothing changes hands
    Aborted,
    /// decided: everything changes hands
    Committed,
}

impl Stage {
    /// A word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Agreed => "agreed",
            Self::Open => "open",
            Self::Refused => "refused",
            Self::Lapsed => "lapsed",
            Self::Aborted => "aborted",
            Self::Committed => "committed",
        }
    }

    /// Whether nothing more is to be done.
    #[must_use]
    pub fn is_over(self) -> bool {
        self >= Self::Refused
    }
}

/// An instruction with its answers.
#[derive(Clone, Debug)]
pub struct Case {
    /// the room in which it stands
    pub room: String,
    /// as it was first written
    pub instruction: Instruction,
    /// first answers, by who has given them, until all have agreed
    pub answers: BTreeMap<MemberId, Answer>,
    /// what all have agreed to: it never changes again
    deal: Option<Deal>,
    /// how far it has come
    pub stage: Stage,
    /// legs of this member's that are locked
    pub locked: BTreeSet<u8>,
    /// why a leg of this member's cannot be locked at the moment
    pub hindered: Option<&'static str>,
    pub(super) locking: BTreeSet<u8>,
    pub(super) opening: bool,
    /// this member takes no part any more
    pub(super) withdrawn: bool,
}

/// How a case stands.
#[derive(Clone, Debug)]
pub struct CaseStatus {
    /// the instruction's record
    pub instruction: RecordId,
    /// the room in which it stands
    pub room: String,
    /// height of the block that has it
    pub height: Height,
    /// how far it has come
    pub stage: Stage,
    /// legs of this member's that are locked
    pub locked: usize,
    /// why a leg of this member's cannot be locked at the moment
    pub hindered: Option<&'static str>,
}

/// Heights that the others leave to the proposer to open a deal.
const PATIENCE: u64 = 4;

impl Case {
    /// Of an instruction that nobody has answered.
    #[must_use]
    pub fn new(room: &str, instruction: Instruction) -> Self {
        Self {
            room: room.to_owned(),
            instruction,
            answers: BTreeMap::new(),
            deal: None,
            stage: Stage::Proposed,
            locked: BTreeSet::new(),
            hindered: None,
            locking: BTreeSet::new(),
            opening: false,
            withdrawn: false,
        }
    }

    /// Takes the first answer of a party.
    ///
    /// # Rules
    ///
    /// > DVP-04: of a party only the first answer to an instruction counts; one refusal, the proposer's own among them, ends it; and once all have agreed the deal is what it is, whatever is answered later.
    pub fn answered(&mut self, member: MemberId, answer: Answer) {
        let is_party = self.instruction.parties.contains(&member);
        if !is_party || self.stage > Stage::Proposed || self.answers.contains_key(&member) {
            return;
        }
        if answer == Answer::Refused {
            self.stage = Stage::Refused;
        }
        self.answers.insert(member, answer);
        if self.stage == Stage::Proposed {
            self.deal = self.instruction.terms.deal(self.instruction.proposer, &self.answers);
        }
        if self.deal.is_some() {
            self.stage = Stage::Agreed;
        }
    }

    /// The deal, once all have agreed.
    #[must_use]
    pub fn deal(&self, network: &NetworkId) -> Option<(DealId, Deal)> {
        let deal = self.deal.clone()?;
        Some((deal.id(network), deal))
    }

    /// Whether a member opens the deal at a height: the proposer at once, the others when it does not.
    pub(super) fn is_opened_by(&self, own: MemberId, next: Height) -> bool {
        let late = next.0 >= self.instruction.height.0.saturating_add(PATIENCE);
        own == self.instruction.proposer || late
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> CaseStatus {
        CaseStatus {
            instruction: self.instruction.record,
            room: self.room.clone(),
            height: self.instruction.height,
            stage: self.stage,
            locked: self.locked.len(),
            hindered: self.hindered,
        }
    }
}

#[cfg(test)]
mod tests;
