//! A command's consortium: opened, used, closed.

use parclose_channel::{Channel, ChannelError};
use parclose_node::submission::{BROKEN_OFF_FIX, SubmitError};
use parclose_node::{Consortium, Home, RoomHandle};
use parclose_types::Fault;

use crate::args::{Global, OfChannel};
use crate::error::CliError;
use crate::hosting;

/// Opens the home's consortium, runs `use_it`, closes it. In a running node it is open.
pub fn with_consortium<T>(
    global: &Global,
    use_it: impl FnOnce(&Consortium) -> Result<T, CliError>,
) -> Result<T, CliError> {
    if let Some(here) = hosting::here() {
        return use_it(&here);
    }
    let consortium = Consortium::open(global.passphrase.unlock(Home::open(&global.home)?)?)?;
    let result = use_it(&consortium);
    drop(consortium.close());
    result
}

/// Runs `read` with the home, and without opening a channel.
pub fn with_home<T>(global: &Global, read: impl FnOnce(&Home) -> Result<T, CliError>) -> Result<T, CliError> {
    match hosting::here() {
        Some(here) => read(here.home()),
        None => read(&Home::open(&global.home)?),
    }
}

/// Opens the consortium and runs `read` in one member's room of a channel.
pub fn with_channel<T: Send + 'static>(
    global: &Global,
    of: &OfChannel,
    read: impl FnOnce(&mut Channel) -> Result<T, ChannelError> + Send + 'static,
) -> Result<T, CliError> {
    with_consortium(global, |consortium| {
        let room = consortium.room(&of.member, &of.channel)?;
        Ok(in_room(&room, read)??)
    })
}

/// Runs `read` in a room.
pub fn in_room<T: Send + 'static>(
    room: &RoomHandle,
    read: impl FnOnce(&mut Channel) -> T + Send + 'static,
) -> Result<T, CliError> {
    room.call(read).ok_or_else(|| {
        if room.has_broken_off() {
            let what = SubmitError::BrokenOff.to_string();
            return CliError::new("ROOM_STOPPED", "NOD-16", Fault::Bug, what, BROKEN_OFF_FIX);
        }
        CliError::new(
            "OUTCOME_UNKNOWN",
            "NOD-02",
            Fault::Bug,
            "the room has stopped".into(),
            "run the command again",
        )
    })
}
