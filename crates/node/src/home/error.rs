//! Why a home, or something in it, cannot be used: the broken rule.

use parclose_channel::{ChannelError, SuccessorRefused};
use parclose_root::GenesisInvalid;
use parclose_types::{Failure, Fault};

use crate::key_file::KeyFileError;
use crate::passphrase_file::PassphraseError;

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// the network between nodes does not start
    #[error(transparent)]
    Network(#[from] parclose_exchange::NetworkRefused),
    /// HOM-01: another command works in it
    #[error("another command is working in `{path}`")]
    InUse {
        /// home
        path: String,
    },
    /// HOM-02: no home there
    #[error("there is no home in `{path}`")]
    Absent {
        /// home
        path: String,
    },
    /// HOM-03: already one there
    #[error("`{path}` exists already")]
    Exists {
        /// home
        path: String,
    },
    /// HOM-04: a file is missing or not of its form
    #[error("`{path}`: {reason}")]
    Broken {
        /// file
        path: String,
        /// what is wrong
        reason: String,
    },
    /// HOM-11: the disk below takes no writes
    #[error("`{path}` cannot be written: {reason}")]
    Unwritable {
        /// file
        path: String,
        /// what the system says
        reason: String,
    },
    /// HOM-05: no such member
    #[error("there is no member `{name}`")]
    NoMember {
        /// name
        name: String,
    },
    /// HOM-06: no such channel, or not one of this member's: the same answer for both
    #[error("no such channel")]
    ChannelNotFound,
    /// HOM-07: no such template
    #[error("there is no template `{name}`")]
    NoTemplate {
        /// name
        name: String,
    },
    /// HOM-10: not a name of a channel
    #[error("`{name}` is not a channel name")]
    ChannelName {
        /// the name
        name: String,
    },
    /// HOM-08: an invitation to another network, or to a channel of the same name
    #[error("this is not an invitation to a channel of this network")]
    OtherInvitation,
    /// HOM-08: one channel of a name
    #[error("there is another channel `{name}` already")]
    NameTaken {
        /// the name
        name: String,
    },
    /// HOM-09: a card whose words are not its entry's
    #[error("this is no card of somebody who would join, or it was changed")]
    OtherCard,
    /// a key file
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// the passphrase of a development home
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// genesis.json
    #[error(transparent)]
    Genesis(#[from] GenesisInvalid),
    /// a channel
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// NOD-17: a channel that could not be opened when the node was started
    #[error(transparent)]
    Shut(Box<Shut>),
    /// a successor of a channel
    #[error(transparent)]
    Successor(#[from] SuccessorRefused),
    /// the root chain
    #[error(transparent)]
    Root(#[from] parclose_consensus::RootUnavailable),
}

impl Failure for HomeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Network(e) => e.code(),
            Self::InUse { .. } => "HOME_IN_USE",
            Self::Absent { .. } => "HOME_NOT_FOUND",
            Self::Exists { .. } => "HOME_EXISTS",
            Self::Broken { .. } => "HOME_BROKEN",
            Self::Unwritable { .. } => "HOME_UNWRITABLE",
            Self::NoMember { .. } => "MEMBER_NOT_FOUND",
            Self::ChannelNotFound => "CHANNEL_NOT_FOUND",
            Self::NoTemplate { .. } => "TEMPLATE_NOT_FOUND",
            Self::ChannelName { .. } => "CHANNEL_NAME",
            Self::OtherInvitation => "INVITATION_INVALID",
            Self::NameTaken { .. } => "CHANNEL_NAME_TAKEN",
            Self::OtherCard => "CARD_INVALID",
            Self::Key(e) => e.code(),
            Self::Passphrase(e) => e.code(),
            Self::Genesis(e) => e.code(),
            Self::Channel(e) => e.code(),
            Self::Shut(e) => e.code(),
            Self::Successor(e) => e.code(),
            Self::Root(e) => e.code(),
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Network(e) => e.rule(),
            Self::InUse { .. } => "HOM-01",
            Self::Absent { .. } => "HOM-02",
            Self::Exists { .. } => "HOM-03",
            Self::Broken { .. } => "HOM-04",
            Self::Unwritable { .. } => "HOM-11",
            Self::NoMember { .. } => "HOM-05",
            Self::ChannelNotFound => "HOM-06",
            Self::NoTemplate { .. } => "HOM-07",
            Self::ChannelName { .. } => "HOM-10",
            Self::OtherInvitation | Self::NameTaken { .. } => "HOM-08",
            Self::OtherCard => "HOM-09",
            Self::Key(e) => e.rule(),
            Self::Passphrase(e) => e.rule(),
            Self::Genesis(e) => e.rule(),
            Self::Channel(e) => e.rule(),
            Self::Shut(e) => e.rule(),
            Self::Successor(e) => e.rule(),
            Self::Root(e) => e.rule(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Network(e) => e.fault(),
            Self::Key(e) => e.fault(),
            Self::Passphrase(e) => e.fault(),
            Self::Genesis(e) => e.fault(),
            Self::Channel(e) => e.fault(),
            Self::Shut(e) => e.fault(),
            Self::Successor(e) => e.fault(),
            Self::Root(e) => e.fault(),
            Self::Broken { .. } | Self::Unwritable { .. } => Fault::Operator,
            _ => Fault::Sender,
        }
    }

    fn definite(&self) -> bool {
        match self {
            Self::Network(e) => e.definite(),
            Self::Channel(e) => e.definite(),
            Self::Shut(e) => e.definite(),
            Self::Successor(e) => e.definite(),
            Self::Root(e) => e.definite(),
            _ => true,
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::Network(e) => e.fix(),
            Self::InUse { .. } => "wait for it to end, or give another --home".into(),
            Self::Absent { .. } => "make one: parclose dev up".into(),
            Self::Exists { .. } => "remove it, or give another --home".into(),
            Self::Broken { .. } => "restore the file, or make a new home: parclose dev up --home DIR".into(),
            Self::Unwritable { .. } => {
                "free space on its disk, or make it writable again; what stands there is not damaged by this"
                    .into()
            }
            Self::NoMember { .. } => "parclose member list".into(),
            Self::ChannelNotFound => "parclose channel list --as MEMBER".into(),
            Self::NoTemplate { .. } => "give a folder of channels/, or its path".into(),
            Self::ChannelName { .. } => "use a-z, 0-9 and `-`, at most 64 of them".into(),
            Self::OtherInvitation => {
                "ask a member of the channel for a new one: parclose channel invite".into()
            }
            Self::NameTaken { .. } => "ask for an invitation under another name".into(),
            Self::OtherCard => "ask for a new one: parclose channel join".into(),
            Self::Key(e) => e.fix(),
            Self::Passphrase(e) => e.fix(),
            Self::Genesis(e) => e.fix(),
            Self::Channel(e) => e.fix(),
            Self::Shut(e) => e.fix(),
            Self::Successor(e) => e.fix(),
            Self::Root(e) => e.fix(),
        }
    }
}

/// What was wrong with a channel when the node was started, for everybody who asks for it afterwards.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Shut {
    code: &'static str,
    rule: &'static str,
    fault: Fault,
    definite: bool,
    message: String,
    fix: String,
}

impl Shut {
    pub(crate) fn by(reason: &ChannelError) -> Self {
        Self {
            code: reason.code(),
            rule: reason.rule(),
            fault: reason.fault(),
            definite: reason.definite(),
            message: reason.to_string(),
            fix: reason.fix(),
        }
    }
}

impl Failure for Shut {
    fn code(&self) -> &'static str {
        self.code
    }

    fn rule(&self) -> &'static str {
        self.rule
    }

    fn fault(&self) -> Fault {
        self.fault
    }

    fn definite(&self) -> bool {
        self.definite
    }

    fn fix(&self) -> String {
        self.fix.clone()
    }
}
