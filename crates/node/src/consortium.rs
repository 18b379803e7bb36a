//! A consortium in one process: the root chain and a room for every member and channel.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use parclose_channel::{Channel, ChannelError};
use parclose_consensus::{EmbeddedRoot, RootChain};
use parclose_exchange::MemoryNetwork;
use parclose_root::{OpenChannel, RootTransaction};
use parclose_store::SharedCache;
use parclose_types::{Failure, Height};

use crate::home::{ChannelCard, Home, HomeError, MemberDirectory, broken};
use crate::key_file;
use crate::randomness::generator;
use crate::room::{self, RoomHandle, RoomParts};
use crate::root_task::{self, RootHandle};

/// Which room: member, channel.
pub type RoomKey = (String, String);

type Rooms = Arc<Mutex<BTreeMap<RoomKey, RoomHandle>>>;

/// A running consortium.
pub struct Consortium {
    home: Home,
    root: Arc<dyn RootChain>,
    root_handle: RootHandle,
    rooms: Rooms,
    network: MemoryNetwork,
    cache: SharedCache,
    tasks: Vec<JoinHandle<()>>,
    root_task: Option<JoinHandle<()>>,
}

/// Memory for the block caches of all databases of the process, bytes.
const CACHE_BYTES: usize = 48 << 20;

impl Consortium {
    /// Opens a home and starts everything in it; returns when every room has caught up.
    pub fn open(home: Home) -> Result<Self, HomeError> {
        let cache = SharedCache::new(CACHE_BYTES);
        let validator = key_file::validator(&home.path().join("validator.key"))?;
        let root: Arc<dyn RootChain> =
            Arc::new(EmbeddedRoot::open(home.path().join("root"), home.genesis()?, validator, &cache)?);
        let rooms = Rooms::default();
        let told = rooms.clone();
        let on_head = move |_: Height| {
            for room in told.lock().unwrap_or_else(PoisonError::into_inner).values() {
                room.root_head();
            }
        };
        let (root_handle, root_task) = root_task::start(root.clone(), on_head);
        let mut consortium = Self {
            home,
            root,
            root_handle,
            rooms,
            network: MemoryNetwork::default(),
            cache,
            tasks: Vec::new(),
            root_task: Some(root_task),
        };
        for member in consortium.home.members().to_vec() {
            let directory = consortium.home.member_directory(&member.name)?;
            for card in directory.channels()? {
                if consortium.was_never_opened(&directory, &card)? {
                    directory.remove_channel(&card)?;
                } else {
                    consortium.start_room(&member.name, &directory, &card)?;
                }
            }
        }
        consortium.settle();
        Ok(consortium)
    }

    /// Whether a channel is a founding that was cut off before its opening was ordered. Both must hold:
    /// the root chain does not know it, and nothing was ever executed in it. A root chain that was put
    /// back to an earlier state forgets tags, and no member's data may go with them.
    fn was_never_opened(&self, directory: &MemberDirectory, card: &ChannelCard) -> Result<bool, HomeError> {
        if self.root.tag_state(&card.tag)?.is_some() {
            return Ok(false);
        }
        Ok(open_channel(directory, card, &self.cache)?.head().is_none())
    }

    fn start_room(
        &mut self,
        member: &str,
        directory: &MemberDirectory,
        card: &ChannelCard,
    ) -> Result<(), HomeError> {
        let channel = open_channel(directory, card, &self.cache)?;
        let parts = RoomParts {
            channel,
            network: self.network.clone(),
            root: self.root.clone(),
            root_handle: self.root_handle.clone(),
        };
        let (handle, task) = room::start(parts, &format!("{member}/{}", card.name));
        self.tasks.push(task);
        let key = (member.to_owned(), card.name.clone());
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).insert(key, handle);
        Ok(())
    }

    /// Opens a founded channel on the root chain and starts its rooms.
    pub fn open_on_root(
        &mut self,
        name: &str,
        members: &[String],
        open: OpenChannel,
    ) -> Result<(), HomeError> {
        let (done, wait) = std::sync::mpsc::channel();
        self.root_handle.submit(RootTransaction::OpenChannel(open), Box::new(move |a| drop(done.send(a))));
        match wait.recv() {
            Ok(Ok(Ok(_))) => {}
            Ok(Ok(Err(reject))) => {
                return Err(broken(Path::new(name), &format!("{}: {reject}", reject.rule())));
            }
            Ok(Err(unavailable)) => return Err(unavailable.into()),
            Err(_) => return Err(parclose_consensus::RootUnavailable::Stopped.into()),
        }
        for member in members {
            let directory = self.home.member_directory(member)?;
            let card = directory.channel(name)?;
            self.start_room(member, &directory, &card)?;
        }
        self.settle();
        Ok(())
    }

    /// Its home.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The root chain.
    #[must_use]
    pub fn root(&self) -> &Arc<dyn RootChain> {
        &self.root
    }

    /// The block cache that its databases share.
    #[must_use]
    pub fn cache(&self) -> &SharedCache {
        &self.cache
    }

    /// A member's room in a channel; the same answer when there is none and when it is not the member's.
    pub fn room(&self, member: &str, channel: &str) -> Result<RoomHandle, HomeError> {
        self.home.member(member)?;
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.get(&(member.to_owned(), channel.to_owned())).cloned().ok_or(HomeError::ChannelNotFound)
    }

    /// Makes empty blocks up to a height: time passes.
    pub fn advance(&self, to: Height) -> Result<Height, HomeError> {
        Ok(self.root_handle.advance(to)?)
    }

    /// Waits until every room has executed what was final when this was called.
    pub fn settle(&self) {
        for room in self.all_rooms() {
            room.root_head();
        }
        // A batch that a room misses arrives by two more messages; each round of calls lets them pass.
        for _ in 0..3 {
            for room in self.all_rooms() {
                room.call(|_| ());
            }
        }
    }

    /// Waits until nothing is on its way and every member's transactions are attested.
    pub fn quiesce(&self) {
        for room in self.all_rooms() {
            room.quiesce();
        }
        self.settle();
    }

    fn all_rooms(&self) -> Vec<RoomHandle> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Ends everything, after what is on its way; the home stays held until the result is dropped.
    #[must_use]
    pub fn close(mut self) -> Home {
        self.quiesce();
        for room in self.all_rooms() {
            room.stop();
        }
        for task in self.tasks.drain(..) {
            let _ = task.join();
        }
        self.root_handle.stop();
        if let Some(task) = self.root_task.take() {
            let _ = task.join();
        }
        self.home
    }
}

impl std::fmt::Debug for Consortium {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Consortium({})", self.home.path().display())
    }
}

/// Opens a member's side of a channel, with that member's directory alone.
pub fn open_channel(
    directory: &MemberDirectory,
    card: &ChannelCard,
    cache: &SharedCache,
) -> Result<Channel, HomeError> {
    let member = key_file::member(&directory.key_file())?;
    let opened =
        Channel::open(&directory.database(&card.name), &member, &card.channel, cache, Box::new(generator()));
    opened.map_err(|error: ChannelError| HomeError::from(error))
}

#[cfg(test)]
mod tests;
