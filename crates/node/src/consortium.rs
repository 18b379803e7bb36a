//! A consortium in one process: the root chain and a room for every member and channel.

mod deals;
mod status;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use parclose_channel::{Channel, ChannelError};
use parclose_consensus::{EmbeddedRoot, RootChain, RootUnavailable};
use parclose_exchange::{MemoryNetwork, Network};
use parclose_keys::MemberSecret;
use parclose_root::{OpenChannel, RootTransaction};
use parclose_store::SharedCache;
use parclose_transaction::MemberEntry;
use parclose_types::{Failure, Generation, Height};

use crate::desk::{Bell, Desk};
use crate::founding::{self, FoundingRefused, Part, Signatures, Signed};
use crate::home::{ChannelCard, Home, HomeError, MemberDirectory, Shut, broken};
use crate::joining::{self, Card, Invitation};
use crate::key_file;
use crate::randomness::generator;
use crate::room::{self, AWAKE_MAX, Agreements, Awake, RoomHandle, Seat, Surroundings};
use crate::root_task::{self, RootHandle};
pub use status::ConsortiumStatus;
use status::Heads;

/// Which room: member, channel.
pub type RoomKey = (String, String);

type Rooms = Arc<Mutex<BTreeMap<RoomKey, RoomHandle>>>;

/// A running consortium.
pub struct Consortium {
    home: Home,
    root: Arc<dyn RootChain>,
    root_handle: RootHandle,
    rooms: Rooms,
    /// channels that cannot be opened
    shut: Arc<Mutex<BTreeMap<RoomKey, Shut>>>,
    heads: Heads,
    /// what its members' nodes do for deals
    desks: Mutex<BTreeMap<String, Arc<Desk>>>,
    /// tells that something of a deal was executed
    bell: Bell,
    /// tells that there is a new head, for whoever waits for one
    on_heads: Mutex<Option<Receiver<()>>>,
    /// whether somebody of the home may wait to be let into a channel
    is_joining: AtomicBool,
    network: Arc<dyn Network>,
    cache: SharedCache,
    awake: Awake,
    /// what the members of the home have agreed to get by deals
    agreements: Agreements,
    masters: Mutex<BTreeMap<String, Arc<MemberSecret>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    root_task: Option<JoinHandle<()>>,
}

/// Is told every new head.
pub(crate) type OnHead = Box<dyn Fn(Height) + Send + Sync>;

/// What rooms stand on: the root chain, the way to it, and the network between members.
pub(crate) struct Ground {
    pub(crate) root: Arc<dyn RootChain>,
    pub(crate) handle: RootHandle,
    /// the thread in front of an embedded validator
    pub(crate) task: Option<JoinHandle<()>>,
    pub(crate) network: Arc<dyn Network>,
}

/// Memory for the block caches of all databases of the process, bytes.
const CACHE_BYTES: usize = 48 << 20;

/// Rounds of messages within which members that can reach each other come to rest. A rotation takes about
/// ten: vote, deals, acknowledgements, signatures, then the same for the new generation.
const SETTLING_ROUNDS_MAX: usize = 64;

impl Consortium {
    /// Opens a home and starts everything in it; returns when every room has caught up.
    pub fn open(home: Home) -> Result<Self, HomeError> {
        Self::open_with(home, AWAKE_MAX)
    }

    /// As [`Self::open`], with so many stores open at a time as far as their rooms can rest.
    pub fn open_with(home: Home, awake_max: usize) -> Result<Self, HomeError> {
        Self::open_over(home, awake_max, Arc::new(MemoryNetwork::default()))
    }

    /// As [`Self::open_with`], with a network between its members that is somebody else's: one that listens, or loses frames.
    pub fn open_over(home: Home, awake_max: usize, network: Arc<dyn Network>) -> Result<Self, HomeError> {
        Self::open_on(home, awake_max, |home, cache, on_head| {
            let root: Arc<dyn RootChain> = Arc::new(open_root(home, cache)?);
            let (handle, task) = root_task::start(root.clone(), on_head);
            Ok(Ground { root, handle, task: Some(task), network })
        })
    }

    /// As [`Self::open_with`], on whatever ground is laid.
    pub(crate) fn open_on(
        home: Home,
        awake_max: usize,
        lay: impl FnOnce(&Home, &SharedCache, OnHead) -> Result<Ground, HomeError>,
    ) -> Result<Self, HomeError> {
        let cache = SharedCache::new(CACHE_BYTES);
        let rooms = Rooms::default();
        let (told, heads) = (rooms.clone(), Heads::default());
        let seen = heads.clone();
        let (head, on_heads) = std::sync::mpsc::sync_channel(1);
        let bell = Bell::new(head.clone());
        let on_head = Box::new(move |_: Height| {
            seen.another();
            // Whoever looks at heads looks at the newest: one that is not taken up yet stands for this one too.
            let _ = head.try_send(());
            for room in told.lock().unwrap_or_else(PoisonError::into_inner).values() {
                room.root_head();
            }
        });
        let Ground { root, handle, task, network } = lay(&home, &cache, on_head)?;
        let consortium = Self {
            home,
            root,
            root_handle: handle,
            rooms,
            shut: Arc::default(),
            heads,
            desks: Mutex::default(),
            bell,
            on_heads: Mutex::new(Some(on_heads)),
            is_joining: AtomicBool::new(true),
            network,
            cache,
            awake: Awake::at_most(awake_max),
            agreements: Agreements::default(),
            masters: Mutex::default(),
            tasks: Mutex::default(),
            root_task: task,
        };
        for member in consortium.home.members().to_vec() {
            let directory = consortium.home.member_directory(&member.name)?;
            for card in directory.channels()? {
                consortium.start_or_shut(&member.name, &directory, &card)?;
            }
        }
        consortium.settle();
        consortium.admit()?;
        Ok(consortium)
    }

    /// Starts the rooms of those who were let into a channel: how many.
    pub fn admit(&self) -> Result<usize, HomeError> {
        if !self.is_joining.swap(false, Ordering::SeqCst) {
            return Ok(0);
        }
        let mut admitted = 0;
        for member in self.home.members() {
            let directory = self.home.member_directory(&member.name)?;
            for waiting in directory.joining()? {
                self.is_joining.store(true, Ordering::SeqCst);
                let Some(state) = self.root.tag_state(&waiting.card.tag)? else { continue };
                let keys = state.next.map_or(state.keys, |next| next.keys);
                if joining::admit(&directory, &waiting, &keys, self.network.as_ref(), &self.cache)? {
                    self.start_room(&member.name, &directory, &waiting.card)?;
                    admitted += 1;
                }
            }
        }
        if admitted > 0 {
            self.settle();
        }
        Ok(admitted)
    }

    /// Looks at every new head whether somebody of the home was let into a channel, and what is due for deals, in a thread of
    /// its own until there are no more heads.
    pub(crate) fn admit_on_heads(self: &Arc<Self>) {
        let on_heads = self.on_heads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(on_heads), consortium) = (on_heads, Arc::downgrade(self)) else { return };
        std::thread::spawn(move || {
            while on_heads.recv().is_ok() {
                let Some(consortium) = consortium.upgrade() else { return };
                if let Err(error) = consortium.admit() {
                    tracing::warn!(rule = error.rule(), %error, "a channel cannot be joined yet");
                }
                consortium.work_desks();
            }
        });
    }

    /// The card of a member that would join a channel, or come back to it.
    pub fn accept(&self, member: &str, invitation: &Invitation, roles: &[String]) -> Result<Card, HomeError> {
        let directory = self.home.member_directory(member)?;
        if directory.channel(&invitation.name).is_ok_and(|card| card == invitation.card()) {
            let room = self.room(member, &invitation.name)?;
            return self.show_card(member, &room, invitation.generation, roles);
        }
        let card = invitation.accept(self.root.network(), member, &directory, roles.to_vec(), &self.cache);
        self.is_joining.store(true, Ordering::SeqCst);
        card
    }

    /// The card of somebody who has a room in the channel: one that has left, or should get other roles.
    pub fn show_card(
        &self,
        member: &str,
        room: &RoomHandle,
        generation: Generation,
        roles: &[String],
    ) -> Result<Card, HomeError> {
        let (name, roles) = (member.to_owned(), roles.to_vec());
        let made = room.call(move |channel| {
            let certificate = channel.certificate_for(generation, &name, roles, &mut generator())?;
            Ok(Card::of(&MemberEntry { name, certificate }, generation, channel.tag()))
        });
        made.unwrap_or(Err(ChannelError::Left)).map_err(HomeError::from)
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

    /// Starts a room, or keeps shut what cannot be opened, with the reason for whoever asks for it.
    ///
    /// # Rules
    ///
    /// > NOD-17: a channel that cannot be opened is shut alone: whoever asks for it is told the reason, and all others go on.
    fn start_or_shut(
        &self,
        member: &str,
        directory: &MemberDirectory,
        card: &ChannelCard,
    ) -> Result<(), HomeError> {
        let started = match self.was_never_opened(directory, card) {
            Ok(true) => match directory.opening(card) {
                // Founded together with others: whoever starts first has it opened.
                Ok(Some(opening)) => {
                    let told = |ordered: root_task::Anchored| {
                        if let Ok(Err(reject)) = ordered {
                            tracing::warn!(rule = reject.rule(), %reject, "an opening is not ordered");
                        }
                    };
                    self.root_handle.submit(RootTransaction::OpenChannel(opening), Box::new(told));
                    self.start_room(member, directory, card)
                }
                // Of several nodes one may only be late to hear of the opening.
                Ok(None) if self.root_task.is_none() => self.start_room(member, directory, card),
                Ok(None) => directory.remove_channel(card),
                Err(error) => Err(error),
            },
            Ok(false) => {
                directory.forget_opening(card);
                self.start_room(member, directory, card)
            }
            Err(error) => Err(error),
        };
        let Err(HomeError::Channel(reason)) = started else { return started };
        let key = (member.to_owned(), card.name.clone());
        self.shut.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Shut::by(&reason));
        Ok(())
    }

    fn start_room(
        &self,
        member: &str,
        directory: &MemberDirectory,
        card: &ChannelCard,
    ) -> Result<(), HomeError> {
        let seat = Seat {
            directory: directory.clone(),
            card: card.clone(),
            member: self.master(member, directory)?,
            cache: self.cache.clone(),
        };
        let around = Surroundings {
            network: self.network.clone(),
            root: self.root.clone(),
            root_handle: self.root_handle.clone(),
            awake: self.awake.clone(),
            agreements: self.agreements.clone(),
            bell: self.bell.clone(),
        };
        let (handle, task) = room::start(seat, around)?;
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
        let key = (member.to_owned(), card.name.clone());
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).insert(key, handle);
        Ok(())
    }

    /// A member's master: its key file is opened once, which takes a passphrase's time.
    fn master(&self, member: &str, directory: &MemberDirectory) -> Result<Arc<MemberSecret>, HomeError> {
        let mut masters = self.masters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = masters.get(member) {
            return Ok(known.clone());
        }
        let opened = Arc::new(key_file::member(&directory.key_file(), directory.unlock())?);
        masters.insert(member.to_owned(), opened.clone());
        Ok(opened)
    }

    /// The rooms whose stores are open.
    #[must_use]
    pub fn awake(&self) -> &Awake {
        &self.awake
    }

    /// Opens a founded channel on the root chain and starts its rooms.
    pub fn open_on_root(&self, name: &str, members: &[String], open: OpenChannel) -> Result<(), HomeError> {
        self.order_opening(name, open)?;
        for member in members {
            let directory = self.home.member_directory(member)?;
            let card = directory.channel(name)?;
            self.start_room(member, &directory, &card)?;
        }
        self.settle();
        Ok(())
    }

    /// Has the opening of a channel ordered.
    fn order_opening(&self, name: &str, open: OpenChannel) -> Result<(), HomeError> {
        let (done, wait) = std::sync::mpsc::channel();
        self.root_handle.submit(RootTransaction::OpenChannel(open), Box::new(move |a| drop(done.send(a))));
        match wait.recv() {
            Ok(Ok(Ok(_))) => Ok(()),
            Ok(Ok(Err(reject))) => Err(broken(Path::new(name), &format!("{}: {reject}", reject.rule()))),
            Ok(Err(unavailable)) => Err(unavailable.into()),
            Err(_) => Err(RootUnavailable::Stopped.into()),
        }
    }

    /// Signs the opening of a channel that is founded with other nodes, and has its room wait for it.
    pub fn sign_founding(&self, member: &str, name: &str, parts: &[Part]) -> Result<Signed, FoundingRefused> {
        let signed = founding::sign(&self.home, member, name, parts, &self.cache)?;
        let key = (member.to_owned(), name.to_owned());
        let is_running = self.rooms.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&key);
        if !is_running {
            self.start_room(member, &self.home.member_directory(member)?, &signed.card)?;
        }
        Ok(signed)
    }

    /// Opens a channel that all founders have signed; `false` if another of them was first.
    pub fn open_founded(
        &self,
        member: &str,
        name: &str,
        signatures: &Signatures,
    ) -> Result<bool, FoundingRefused> {
        let directory = self.home.member_directory(member)?;
        let card = directory.channel(name)?;
        let is_open = |consortium: &Self| Ok::<_, HomeError>(consortium.root.tag_state(&card.tag)?.is_some());
        if is_open(self)? {
            return Ok(false);
        }
        let setup = self.room(member, name)?.call(|channel| channel.setup().clone());
        let opening =
            founding::opening(&setup.ok_or(RootUnavailable::Stopped).map_err(HomeError::from)?, signatures)?;
        // Kept first: if this node stops now it hands it in when it starts again.
        directory.keep_opening(&card, &opening)?;
        let ordered = self.order_opening(name, opening);
        // Somebody else may have been a moment faster.
        if !is_open(self)? {
            ordered?;
        }
        directory.forget_opening(&card);
        self.settle();
        Ok(true)
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
        let key = (member.to_owned(), channel.to_owned());
        if let Some(shut) = self.shut.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Err(HomeError::Shut(Box::new(shut.clone())));
        }
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.get(&key).cloned().ok_or(HomeError::ChannelNotFound)?;
        drop(rooms);
        room.wake().map_err(|reason| HomeError::Shut(Box::new(Shut::by(&reason))))?;
        Ok(room)
    }

    /// Makes empty blocks up to a height: time passes.
    pub fn advance(&self, to: Height) -> Result<Height, HomeError> {
        Ok(self.root_handle.advance(to)?)
    }

    /// Waits until every room has executed what was final when this was called, and until what the members
    /// need of each other for it has come to its end: deals, acknowledgements, signatures under a rotation.
    /// What cannot come to an end, because somebody is out of reach, is waited for a while only.
    pub fn settle(&self) {
        let rooms = self.all_rooms();
        let (mut rounds, mut least) = (0, u64::MAX);
        while rounds < SETTLING_ROUNDS_MAX {
            rounds += 1;
            // Who was away for long has many batches to fetch.
            let behind = rooms.iter().map(RoomHandle::behind).sum();
            if behind < least {
                (rounds, least) = (0, behind);
            }
            for room in &rooms {
                room.root_head();
            }
            // A batch that a room misses arrives by two more messages; each round of calls lets them pass.
            for _ in 0..3 {
                for room in &rooms {
                    room.pause();
                }
            }
            self.root_handle.flush();
            let restless = rooms.iter().filter(|room| room.is_restless()).count();
            if restless == 0 {
                return;
            }
        }
    }

    /// Waits until nothing is on its way and every member's transactions are attested.
    pub fn quiesce(&self) {
        self.settle();
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
    pub fn close(self) -> Home {
        self.quiesce();
        self.stop()
    }

    /// Ends everything now.
    fn stop(self) -> Home {
        self.stop_rooms();
        self.root_handle.stop();
        if let Some(task) = self.root_task {
            let _ = task.join();
        }
        self.home
    }

    /// Ends the rooms now: who waits is told that the outcome is not known (NOD-02).
    pub fn stop_rooms(&self) {
        for room in self.all_rooms() {
            room.stop();
        }
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            let _ = task.join();
        }
    }
}

impl std::fmt::Debug for Consortium {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Consortium({})", self.home.path().display())
    }
}

/// Opens the root chain of a home alone.
pub fn open_root(home: &Home, cache: &SharedCache) -> Result<EmbeddedRoot, HomeError> {
    let validator = key_file::validator(&home.path().join("validator.key"), home.unlock())?;
    Ok(EmbeddedRoot::open(home.path().join("root"), home.genesis()?, validator, cache)?)
}

/// Opens a member's side of a channel, with that member's directory alone.
pub fn open_channel(
    directory: &MemberDirectory,
    card: &ChannelCard,
    cache: &SharedCache,
) -> Result<Channel, HomeError> {
    let member = key_file::member(&directory.key_file(), directory.unlock())?;
    let opened =
        Channel::open(&directory.database(&card.name), &member, &card.channel, cache, Box::new(generator()));
    opened.map_err(|error: ChannelError| HomeError::from(error))
}

#[cfg(test)]
pub(crate) mod tests;
