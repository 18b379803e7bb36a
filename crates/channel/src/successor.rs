//! A channel that has ended, and the one that goes on from it.
//!
//! ```text
//!   end               what the close has fixed: tag, last event, state root
//!   Founding          with the predecessor: the genesis commitment covers it, so the tag does
//!   sign_successor    each member of the end compares with its own store, and signs the opening once
//! ```
//!
//! A successor is a channel like any other: its own id, keys, log and database. What ties it to the one
//! before is 32 hiding bytes on the root chain, which its members can open. Records stay where they are.

use std::collections::BTreeSet;

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_store::Durability;
use parclose_transaction::GenerationConfig;
use parclose_types::{Failure, Fault, MemberId, Sequence, SignatureBytes, StateRoot, Tag};

use crate::channel::Channel;
use crate::error::ChannelError;
use crate::setup::{GENERATION, Setup};
use crate::tables::{ONLY, SUCCESSOR};

/// The end of a channel, as the opening of its successor names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Predecessor {
    /// its tag
    pub tag: Tag,
    /// its last event: the close
    pub last_event: Sequence,
    /// the state root after it
    pub state_root: StateRoot,
}

/// Why a member does not sign for a successor, or what does not agree with one.
#[derive(Debug, thiserror::Error)]
pub enum SuccessorRefused {
    /// SUC-01: the channel has not ended
    #[error("the channel has not ended: only a channel that was closed has a successor")]
    NotEnded,
    /// SUC-02: another end than this member's store has
    #[error("the successor names another end of this channel than the store of this member has")]
    OtherEnd,
    /// SUC-03: other members, names or roles
    #[error("the successor does not begin with the members of the end, by their names and roles")]
    OtherMembers,
    /// SUC-04: another definition
    #[error("the successor does not begin with the definition that was in force at the end")]
    OtherDefinition,
    /// SUC-05: signed for another one already
    #[error("this channel has a successor already: tag `{tag}`")]
    Exists {
        /// its tag
        tag: Tag,
    },
    /// the store, or the setup of the successor
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl Failure for SuccessorRefused {
    fn code(&self) -> &'static str {
        match self {
            Self::NotEnded => "CHANNEL_NOT_CLOSED",
            Self::OtherEnd | Self::OtherMembers | Self::OtherDefinition => "SUCCESSOR_INVALID",
            Self::Exists { .. } => "SUCCESSOR_EXISTS",
            Self::Channel(e) => e.code(),
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NotEnded => "SUC-01",
            Self::OtherEnd => "SUC-02",
            Self::OtherMembers => "SUC-03",
            Self::OtherDefinition => "SUC-04",
            Self::Exists { .. } => "SUC-05",
            Self::Channel(e) => e.rule(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NotEnded | Self::Exists { .. } => Fault::Sender,
            Self::OtherEnd | Self::OtherMembers | Self::OtherDefinition => Fault::Peer,
            Self::Channel(e) => e.fault(),
        }
    }

    fn definite(&self) -> bool {
        match self {
            Self::Channel(e) => e.definite(),
            _ => true,
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::NotEnded => "close it first: parclose channel propose --close".into(),
            Self::OtherEnd => "run `parclose channel verify` on each member of the channel that ended".into(),
            Self::OtherMembers | Self::OtherDefinition => {
                "open it as the channel ended, and change it then by motions".into()
            }
            Self::Exists { .. } => "use that one: parclose channel list".into(),
            Self::Channel(e) => e.fix(),
        }
    }
}

impl Channel {
    /// What the close has fixed, for a successor to name.
    ///
    /// # Rules
    ///
    /// > SUC-01: only a channel whose close is executed has a successor.
    pub fn end(&self) -> Result<Predecessor, SuccessorRefused> {
        if !self.is_member() {
            return Err(ChannelError::Left.into());
        }
        let head = self.head().filter(|head| head.closed).ok_or(SuccessorRefused::NotEnded)?;
        let last_event = Sequence(head.next.0.saturating_sub(1));
        Ok(Predecessor { tag: self.tag(), last_event, state_root: head.root })
    }

    /// Whether a successor names the end of this channel as this member's store has it.
    ///
    /// # Rules
    ///
    /// > SUC-02: a successor is another channel of the same network, and names tag, last event and state root of its predecessor as each founder's own store has them.
    pub fn is_named_by(&self, setup: &Setup) -> Result<(), SuccessorRefused> {
        let end = self.end()?;
        let own = (Some(end), self.config().network);
        let another = setup.config.channel != self.id();
        if another && own == (setup.predecessor, setup.config.network) {
            return Ok(());
        }
        Err(SuccessorRefused::OtherEnd)
    }

    /// What a founder looks at before it signs.
    ///
    /// # Rules
    ///
    /// > SUC-03: a successor begins with the members of its predecessor's last generation, by identity, name and roles.
    /// > SUC-04: a successor begins with the definition that was in force when its predecessor ended.
    fn check_successor(&self, setup: &Setup) -> Result<(), SuccessorRefused> {
        self.is_named_by(setup)?;
        setup.check().map_err(ChannelError::from)?;
        let latest = self.governance().latest();
        if members(&setup.config) != members(&latest.config) {
            return Err(SuccessorRefused::OtherMembers);
        }
        if setup.texts != latest.texts {
            return Err(SuccessorRefused::OtherDefinition);
        }
        Ok(())
    }

    /// Signs the opening of a successor under this member's pseudonym there. Which one it was is stored,
    /// synced, before the signature leaves; `opened` says whether the root chain has a tag.
    ///
    /// # Rules
    ///
    /// > SUC-05: a member signs for one successor of a channel, and for another only if the root chain has not opened the one before.
    pub fn sign_successor(
        &mut self,
        setup: &Setup,
        opened: impl FnOnce(&Tag) -> bool,
    ) -> Result<SignatureBytes, SuccessorRefused> {
        self.check_successor(setup)?;
        let signed = self.successor()?.filter(|tag| *tag != setup.tag);
        if let Some(tag) = signed.filter(opened) {
            return Err(SuccessorRefused::Exists { tag });
        }
        let mut batch = self.store.batch();
        batch.put(&SUCCESSOR, &ONLY, &setup.tag);
        self.store.commit(batch, Durability::Synced).map_err(ChannelError::from)?;
        let body = setup.body().map_err(ChannelError::from)?;
        let pseudonym = self.member.pseudonym(&setup.config.channel, GENERATION);
        Ok(pseudonym.sign(&body.signing_bytes(&setup.config.network)))
    }

    /// The successor that this member has signed for last, whether it was opened or not.
    pub fn successor(&self) -> Result<Option<Tag>, ChannelError> {
        Ok(self.store.get(&SUCCESSOR, &ONLY)?)
    }
}

/// Who belongs to a configuration, whatever its pseudonyms: identity, name, roles.
fn members(config: &GenerationConfig) -> BTreeSet<(MemberId, &str, &[String])> {
    let members = config.members.iter();
    members.map(|entry| (entry.id(), entry.name.as_str(), entry.certificate.roles.as_slice())).collect()
}

#[cfg(test)]
mod tests;
