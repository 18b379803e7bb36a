//! What a member exports of its channel, once all of it is of one moment and attested.

use parclose_audit::bundle::OrderedEvent;
use parclose_audit::{Bundle, NotExported};
use parclose_types::{Epoch, Failure, Fault, Sequence};

use crate::consortium::Consortium;
use crate::home::HomeError;
use crate::room::RoomHandle;
use crate::submission::{BROKEN_OFF_FIX, SubmitError};

/// Times that the members are waited for: until they have attested what is proven, and until nothing is ordered
/// while this member looks.
const ROUNDS_MAX: usize = 8;

/// Why nothing is exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// the root chain
    #[error(transparent)]
    Home(#[from] HomeError),
    /// the channel
    #[error(transparent)]
    Channel(#[from] NotExported),
    /// the root chain does not know the channel
    #[error("there is no such tag")]
    NoTag,
    /// NOD-16: the room has broken off
    #[error(transparent)]
    BrokenOff(SubmitError),
    /// NOD-02: the room is gone
    #[error("the room has stopped")]
    Stopped,
}

/// Exports a channel with the batches of some epochs, or of all.
pub fn bundle(
    consortium: &Consortium,
    room: &RoomHandle,
    epochs: Option<(Epoch, Epoch)>,
) -> Result<Bundle, ExportError> {
    let mut rounds = 0;
    loop {
        consortium.quiesce();
        match bundle_now(consortium, room, epochs) {
            Err(error) if rounds < ROUNDS_MAX && may_pass(&error) => rounds += 1,
            made => return made,
        }
    }
}

/// Whether members that go on make it possible.
fn may_pass(error: &ExportError) -> bool {
    matches!(error.code(), "NOT_YET_ATTESTED" | "EXPORT_NOT_POSSIBLE")
}

fn bundle_now(
    consortium: &Consortium,
    room: &RoomHandle,
    epochs: Option<(Epoch, Epoch)>,
) -> Result<Bundle, ExportError> {
    let root = consortium.root().clone();
    let made = room.call(move |channel| {
        let tag = channel.tag();
        let events = root.events(&tag, Sequence(0), usize::MAX).map_err(HomeError::from)?;
        let proof = root.prove_tag(&tag).map_err(HomeError::from)?.ok_or(ExportError::NoTag)?;
        let ordered = events
            .iter()
            .map(|event| OrderedEvent { height: event.height, transaction: event.transaction.encode() });
        let bundle = Bundle::export(channel, ordered.collect(), proof, epochs)?;
        Ok(bundle.with_changes(root.prove_changes().map_err(HomeError::from)?))
    });
    let gone = || {
        if room.has_broken_off() {
            ExportError::BrokenOff(SubmitError::BrokenOff)
        } else {
            ExportError::Stopped
        }
    };
    made.ok_or_else(gone)?
}

impl ExportError {
    fn inner(&self) -> Option<&dyn Failure> {
        match self {
            Self::Home(e) => Some(e),
            Self::Channel(e) => Some(e),
            Self::NoTag | Self::BrokenOff(_) | Self::Stopped => None,
        }
    }
}

impl Failure for ExportError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoTag => "NOT_FOUND",
            Self::BrokenOff(_) => "ROOM_STOPPED",
            Self::Stopped => "OUTCOME_UNKNOWN",
            Self::Home(_) | Self::Channel(_) => self.inner().map_or("OUTCOME_UNKNOWN", Failure::code),
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NoTag => "CLI-03",
            Self::BrokenOff(_) => "NOD-16",
            Self::Stopped => "NOD-02",
            Self::Home(_) | Self::Channel(_) => self.inner().map_or("NOD-02", Failure::rule),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NoTag => Fault::Sender,
            _ => self.inner().map_or(Fault::Bug, Failure::fault),
        }
    }

    fn definite(&self) -> bool {
        self.inner().is_none_or(Failure::definite)
    }

    fn fix(&self) -> String {
        match self {
            Self::NoTag => "check the channel's name".into(),
            Self::BrokenOff(_) => BROKEN_OFF_FIX.into(),
            Self::Stopped => "run the command again".into(),
            Self::Home(_) | Self::Channel(_) => self.inner().map_or_else(String::new, Failure::fix),
        }
    }
}
