//! Handing the channel over, or ending it: the statements that its members sign for the root chain.
//!
//! One member puts the statement together, the others look whether it is what their own state says. An
//! endorser signs only what the log that it has executed itself has decided.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_root::{CloseStatement, Endorsement, RotateStatement};
use parclose_types::{Failure, Fault, Height, PublicKey, Sequence};

use crate::channel::Channel;
use crate::governance::{Dealt, Decided, DecisionRow};

/// Why a member does not sign a rotation or a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandoverRefused {
    /// END-12: nothing of the kind is decided here
    #[error("the log of this member has not decided that")]
    NotDecided,
    /// END-12: the event that it names is not executed here yet
    #[error("event {executed} is not executed here yet")]
    NotYet {
        /// the event
        executed: Sequence,
    },
    /// END-13: a deal for the next generation is not active
    #[error("a secret that the next generation starts with is not held by a majority of its audience yet")]
    NotDealt,
    /// LOC-10: somebody would be left out whom an open lock binds
    #[error("a note is held by a member that would be left out, or for it, until height {until}")]
    Bound {
        /// where that ends
        until: Height,
    },
    /// END-07: the last height lies too far ahead, or has passed
    #[error("the last height {last_height} is not within the time of the decision")]
    Window {
        /// last height of the statement
        last_height: Height,
    },
}

impl Failure for HandoverRefused {
    fn code(&self) -> &'static str {
        "ENDORSEMENT_REFUSED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NotDecided | Self::NotYet { .. } => "END-12",
            Self::NotDealt => "END-13",
            Self::Bound { .. } => "LOC-10",
            Self::Window { .. } => "END-07",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Peer
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "wait until the member has executed the decision; it is asked again".into()
    }
}

/// What the members sign together.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Statement {
    /// another generation follows
    Rotate(RotateStatement),
    /// the channel ends
    Close(CloseStatement),
}

impl Statement {
    /// Last root height at which it can be ordered.
    #[must_use]
    pub fn last_height(&self) -> Height {
        match self {
            Self::Rotate(statement) => statement.last_height,
            Self::Close(statement) => statement.last_height,
        }
    }

    /// The signed bytes.
    #[must_use]
    pub fn signing_bytes(&self) -> Vec<u8> {
        match self {
            Self::Rotate(statement) => statement.signing_bytes(),
            Self::Close(statement) => statement.signing_bytes(),
        }
    }
}

/// A member's signatures under a rotation: of the generation that ends, and of the next if it is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handover {
    /// under the pseudonym of the generation that ends
    pub current: Endorsement,
    /// under the pseudonym of the next
    pub next: Option<Endorsement>,
}

impl Channel {
    /// The last event that this member has executed.
    #[must_use]
    pub fn executed(&self) -> Option<Sequence> {
        self.head.as_ref().and_then(|head| head.next.0.checked_sub(1)).map(Sequence)
    }

    fn decision(&self, head: Height) -> Option<&DecisionRow> {
        if self.head.as_ref().is_none_or(|head| head.closed) {
            return None;
        }
        self.governance.decision_at(Height(head.0.saturating_add(1)))
    }

    /// Whether the members have decided to end the channel, and its log has to come to rest for that.
    #[must_use]
    pub fn is_ending(&self, head: Height) -> bool {
        self.decision(head).is_some_and(|decision| decision.decided == Decided::Close)
    }

    /// What was decided and can be signed now.
    #[must_use]
    pub fn handover(&self, head: Height, window: u64) -> Option<Statement> {
        let rotation = self.rotation(head, window).map(Statement::Rotate);
        rotation.or_else(|| self.closing(head, window).map(Statement::Close))
    }

    /// Signs what another member has put together.
    pub fn sign_handover(
        &self,
        statement: &Statement,
        head: Height,
        window: u64,
    ) -> Result<Handover, HandoverRefused> {
        match statement {
            Statement::Rotate(statement) => self.sign_rotation(statement, head, window),
            Statement::Close(statement) => {
                Ok(Handover { current: self.sign_close(statement, head, window)?, next: None })
            }
        }
    }

    /// Whether it is this member's turn to put the statement together: members that stay take turns, the
    /// first at once, each further one when time has passed.
    #[must_use]
    pub fn hands_over(&self, head: Height) -> bool {
        let Some(decision) = self.decision(head) else { return false };
        let stays = |key: &PublicKey| match &decision.decided {
            Decided::Rotate { config, .. } => {
                self.config().member(key).is_some_and(|entry| config.by_id(&entry.id()).is_some())
            }
            Decided::Close => true,
        };
        let line: Vec<_> = self.config().pseudonyms().into_iter().filter(stays).collect();
        let place = line.iter().position(|key| *key == self.pseudonym.public());
        let patience = self.definition().parameters.attest_after.max(1);
        let turn = head.0.saturating_sub(decision.decided_at.0) / patience;
        place.is_some_and(|place| place as u64 <= turn)
    }

    /// The rotation that was decided, once the secrets that it starts with are active; `None` as long as
    /// there is nothing to sign.
    #[must_use]
    pub fn rotation(&self, head: Height, window: u64) -> Option<RotateStatement> {
        let decision = self.decision(head)?;
        let (next, commitment) = self.governance.rotation_at(Height(head.0.saturating_add(1)))?;
        let last_height = Height(head.0.saturating_add(window)).min(decision.deadline);
        let statement = RotateStatement {
            network: self.config().network,
            tag: self.tag(),
            generation: self.config().generation,
            next,
            commitment,
            executed: self.executed()?,
            last_height,
        };
        let is_free = matches!(self.awaits_locks(head), Ok(None));
        (is_free && !self.awaits_secrets(decision, head)).then_some(statement)
    }

    /// Whether a secret of the next generation is waited for: of a set that is wanted before the rotation,
    /// not active yet, and not for longer than a deal may take. A member that takes no part, or deals what
    /// nobody asked for, must not keep the others from going on.
    fn awaits_secrets(&self, decision: &DecisionRow, head: Height) -> bool {
        let at = Height(head.0.saturating_add(1));
        let within = self.definition().governance.deal_within;
        if at.0 > decision.decided_at.0.saturating_add(within) {
            return false;
        }
        let latest = self.governance.latest();
        let target = decision.configuration().and_then(|c| self.governance.target(c, latest, at));
        let Some(target) = target else { return false };
        let dealt = |set: &Vec<PublicKey>| {
            self.governance.dealt(target.configuration, &target.config.audience_of(set), at)
        };
        self.wanted(&target).iter().any(|set| dealt(set) != Dealt::Active)
    }

    /// Signs a rotation that another member has put together.
    ///
    /// # Rules
    ///
    /// > END-12: an endorser signs a rotation or a close only for a decision of the log that it has executed, at an event after it.
    /// > END-13: an endorser signs a rotation once every secret that the next generation starts with is active, or has been waited for as long as a deal may take.
    ///
    /// And LOC-10, as in [`Channel::awaits_locks`].
    pub fn sign_rotation(
        &self,
        statement: &RotateStatement,
        head: Height,
        window: u64,
    ) -> Result<Handover, HandoverRefused> {
        let decision = self.decision(head).ok_or(HandoverRefused::NotDecided)?;
        let decided = self.governance.rotation_at(Height(head.0.saturating_add(1)));
        let (next, commitment) = decided.ok_or(HandoverRefused::NotDecided)?;
        let config = self.config();
        let same = (statement.network, statement.tag, statement.generation)
            == (config.network, self.tag(), config.generation)
            && (&statement.next, statement.commitment) == (&next, commitment);
        if !same || !self.is_member() {
            return Err(HandoverRefused::NotDecided);
        }
        self.reached(decision, statement.executed)?;
        let last_height = statement.last_height;
        if last_height > decision.deadline
            || last_height.0 > head.0.saturating_add(window)
            || last_height < head
        {
            return Err(HandoverRefused::Window { last_height });
        }
        if self.awaits_secrets(decision, head) {
            return Err(HandoverRefused::NotDealt);
        }
        match self.awaits_locks(head) {
            Ok(None) => {}
            Ok(Some(until)) => return Err(HandoverRefused::Bound { until }),
            Err(_) => return Err(HandoverRefused::NotDecided),
        }
        let signed = statement.signing_bytes();
        let next_key = self.member.pseudonym(&config.channel, next.generation());
        let is_next = next.index_of(&next_key.public()).is_some();
        Ok(Handover {
            current: (self.pseudonym.public(), self.pseudonym.sign(&signed)),
            next: is_next.then(|| (next_key.public(), next_key.sign(&signed))),
        })
    }

    /// The close that was decided, at the last event that this member has executed.
    #[must_use]
    pub fn closing(&self, head: Height, window: u64) -> Option<CloseStatement> {
        let decision = self.decision(head)?;
        (decision.decided == Decided::Close && self.is_member()).then_some(())?;
        Some(CloseStatement {
            network: self.config().network,
            tag: self.tag(),
            generation: self.config().generation,
            last_sequence: self.executed()?,
            last_height: Height(head.0.saturating_add(window)).min(decision.deadline),
        })
    }

    /// Signs a close that another member has put together.
    pub fn sign_close(
        &self,
        statement: &CloseStatement,
        head: Height,
        window: u64,
    ) -> Result<Endorsement, HandoverRefused> {
        let decision = self.decision(head).ok_or(HandoverRefused::NotDecided)?;
        let own = self.closing(head, window).ok_or(HandoverRefused::NotDecided)?;
        let CloseStatement { last_sequence, last_height, .. } = *statement;
        if (CloseStatement { last_sequence, last_height, ..own }) != *statement {
            return Err(HandoverRefused::NotDecided);
        }
        if last_height > own.last_height || last_height < head {
            return Err(HandoverRefused::Window { last_height });
        }
        self.reached(decision, last_sequence)?;
        Ok((self.pseudonym.public(), self.pseudonym.sign(&statement.signing_bytes())))
    }

    fn reached(&self, decision: &DecisionRow, named: Sequence) -> Result<(), HandoverRefused> {
        if self.executed().is_none_or(|executed| executed < named) {
            return Err(HandoverRefused::NotYet { executed: named });
        }
        if named < decision.sequence { Err(HandoverRefused::NotDecided) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
