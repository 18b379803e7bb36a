//! Withdrawing from a deal that all have agreed to: nothing more is approved or locked for it here, and the legs that
//! this member would get are refused.

use std::sync::PoisonError;

use parclose_channel::LegId;
use parclose_root::DealState;
use parclose_types::{DealId, Failure, Fault, RecordId};

use super::{Case, Desk, Stage, Tools};

/// Why a party cannot withdraw from a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotWithdraw {
    /// DVP-04: not agreed to yet, or over
    #[error("the deal is {}", .0.name())]
    Stage(Stage),
    /// DVP-05: it only gives
    #[error("this member gets nothing by the deal, and only who gets something may withdraw from it")]
    GetsNothing,
    /// DVP-05: it has approved all that it gets, and the root chain knows
    #[error(
        "everything that this member gets is prepared already, so it cannot hold the outcome back any more"
    )]
    Prepared,
}

impl Failure for CannotWithdraw {
    fn code(&self) -> &'static str {
        match self {
            Self::Stage(Stage::Refused) => "DEAL_REFUSED",
            Self::Stage(stage) if stage.is_over() => "DEAL_ALREADY_DECIDED",
            Self::Stage(_) | Self::GetsNothing | Self::Prepared => "DEAL_AGREED",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Stage(_) => "DVP-04",
            Self::GetsNothing | Self::Prepared => "DVP-05",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::Stage(_) => "nothing is to be done: see `parclose dvp status`",
            Self::GetsNothing => {
                "ask whoever gets something to abort; else it is committed, or lapses at `settle_before`"
            }
            Self::Prepared => {
                "wait: it is committed, or lapses at `settle_before`; see `parclose dvp status`"
            }
        }
        .into()
    }
}

impl Desk {
    /// Takes this member out of a deal that all have agreed to. What comes of it is seen in its stage.
    ///
    /// # Rules
    ///
    /// > DVP-05: a party withdraws from a deal as long as something that it gets is not prepared: its node approves and locks nothing more for the deal, and has each such leg refused.
    pub fn withdraw(
        &self,
        (room, instruction): (&str, &RecordId),
        state: Option<&DealState>,
        tools: &Tools<'_>,
    ) -> Result<(), CannotWithdraw> {
        // Else the desk's own work would go on with what it has read before.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (room.to_owned(), *instruction);
        let Some(case) = self.case(room, instruction) else {
            return Err(CannotWithdraw::Stage(Stage::Proposed));
        };
        let Some((deal, _)) = case.deal(&self.network).filter(|_| !case.stage.is_over()) else {
            return Err(CannotWithdraw::Stage(case.stage));
        };
        if case.instruction.terms.received_by(self.own()).next().is_none() {
            return Err(CannotWithdraw::GetsNothing);
        }
        if self.to_refuse(&case, deal, state).is_empty() {
            return Err(CannotWithdraw::Prepared);
        }
        self.book().change(&id, |case| case.withdrawn = true);
        self.forget(&case, deal);
        if state.is_some() {
            self.refuse(&case, deal, state, tools);
        }
        Ok(())
    }

    /// The legs that this member would get and that are not prepared.
    fn to_refuse(&self, case: &Case, deal: DealId, state: Option<&DealState>) -> Vec<LegId> {
        let is_prepared = |leg: u8| match state {
            None => false,
            Some(DealState::Open { prepared, .. }) => {
                prepared.get(usize::from(leg)).is_none_or(Option::is_some)
            }
            Some(DealState::Decided { .. }) => true,
        };
        let received = case.instruction.terms.received_by(self.own());
        received.map(|(leg, _)| leg).filter(|leg| !is_prepared(*leg)).map(|leg| (deal, leg)).collect()
    }

    /// Has the rooms refuse what this member would get: one such leg is enough, so it does not matter which is first.
    pub(super) fn refuse(&self, case: &Case, deal: DealId, state: Option<&DealState>, tools: &Tools<'_>) {
        for leg in self.to_refuse(case, deal, state) {
            let Some(terms) = case.instruction.terms.legs.get(usize::from(leg.1)) else { continue };
            if let Some(room) = tools.rooms.iter().find(|room| room.tag == terms.tag) {
                room.handle.refuse_leg(leg, case.instruction.record);
            }
        }
    }
}
