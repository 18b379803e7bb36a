//! A copy of the consortium, driven by hand, stage by stage: each member's side of each room, and the root chain.
//!
//! Founding, sealing, endorsing, executing, proving are those of the product. What the stage adds is that an
//! adversary can step in between any two of them.

mod founding;
mod money;
mod proving;
mod writing;

use std::path::{Path, PathBuf};

use parclose_channel::{Channel, ChannelError, FinalEvent};
use parclose_crypto::merkle::ProvingList;
use parclose_keys::MemberSecret;
use parclose_root::{OrderProof, RootReject, RootState, RootTransaction};
use parclose_store::SharedCache;
use parclose_types::{ChannelCommitment, ChannelId, Height, MemberId, PublicKey, Sequence, encode};
use rand_chacha::ChaCha20Rng;

use crate::attack::Failed;

pub(crate) use founding::{genesis, texts, validator};
pub(crate) use money::{BOND, GBP};
pub(crate) use writing::{record, resigned, statement};

/// A room of statements between two of its members.
pub(crate) const TRADE: &str = "trade";
/// A room of cash.
pub(crate) const CASH: &str = "cash";
/// Every member of both rooms, by its place.
pub(crate) const MEMBERS: [&str; 3] = ["ann", "bob", "cyd"];
pub(crate) const ANN: usize = 0;
pub(crate) const BOB: usize = 1;
pub(crate) const CYD: usize = 2;

/// Memory for the block cache of a stage's stores, bytes.
const CACHE_BYTES: usize = 8 << 20;
/// Heights ahead at which a batch may be ordered at last.
const ORDERED_WITHIN: u64 = 9;

/// The root chain with what it has ordered, and the proof of each event.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) root: RootState,
    pub(crate) log: Vec<FinalEvent>,
    pub(crate) proofs: Vec<OrderProof>,
}

/// One member's side of a room.
pub(crate) struct Seat {
    pub(crate) master: MemberSecret,
    pub(crate) path: PathBuf,
    channel: Option<Channel>,
    /// it was removed, and executes nothing more
    left: bool,
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seat({})", self.path.display())
    }
}

/// A room and its members' sides, in the order of [`MEMBERS`].
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: &'static str,
    pub(crate) channel: ChannelId,
    pub(crate) seats: Vec<Seat>,
}

/// A copy of the consortium for one attack.
pub struct Stage {
    pub(crate) chain: Chain,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) folder: PathBuf,
    rooms: Vec<Room>,
    cache: SharedCache,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stage({})", self.folder.display())
    }
}

impl Stage {
    /// A stage on a root chain, without rooms.
    pub(crate) fn on(folder: &Path, chain: Chain, rng: ChaCha20Rng) -> Result<Self, Failed> {
        std::fs::create_dir_all(folder)?;
        let cache = SharedCache::new(CACHE_BYTES);
        Ok(Self { chain, rng, folder: folder.to_owned(), rooms: Vec::new(), cache })
    }

    /// Copies a room at rest into this stage, and opens every side of it.
    pub(crate) fn take_copy(&mut self, room: &Room) -> Result<(), Failed> {
        let folder = self.folder.join(room.name);
        let mut seats = Vec::new();
        for (seat, member) in room.seats.iter().zip(MEMBERS) {
            let path = folder.join(member);
            copy_folder(&seat.path, &path)?;
            seats.push(Seat { master: seat.master.duplicate(), path, channel: None, left: false });
        }
        self.rooms.push(Room { name: room.name, channel: room.channel, seats });
        (0..MEMBERS.len()).try_for_each(|at| self.reopen(room.name, at))
    }

    /// The root chain and the rooms, with every store closed.
    pub(crate) fn at_rest(mut self) -> (Chain, Vec<Room>) {
        for seat in self.rooms.iter_mut().flat_map(|room| &mut room.seats) {
            seat.channel = None;
        }
        (self.chain, self.rooms)
    }

    /// Closes all stores and removes the folder.
    pub(crate) fn leave(mut self) {
        self.rooms.clear();
        // What cannot be removed is left to whoever gave the folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    pub(crate) fn room(&self, room: &str) -> &Room {
        self.rooms.iter().find(|known| known.name == room).expect("an attack names the rooms that it needs")
    }

    fn seat_mut(&mut self, room: &str, at: usize) -> &mut Seat {
        let room = self.rooms.iter_mut().find(|known| known.name == room);
        &mut room.expect("an attack names the rooms that it needs").seats[at]
    }

    /// A member's side of a room.
    pub(crate) fn side(&self, room: &str, at: usize) -> &Channel {
        self.room(room).seats[at].channel.as_ref().expect("a side is open while it is used")
    }

    pub(crate) fn side_mut(&mut self, room: &str, at: usize) -> &mut Channel {
        self.seat_mut(room, at).channel.as_mut().expect("a side is open while it is used")
    }

    /// A side together with the random numbers, for what needs both.
    pub(crate) fn side_and_rng(&mut self, room: &str, at: usize) -> (&mut Channel, &mut ChaCha20Rng) {
        let room = self.rooms.iter_mut().find(|known| known.name == room);
        let seat = &mut room.expect("an attack names the rooms that it needs").seats[at];
        (seat.channel.as_mut().expect("a side is open while it is used"), &mut self.rng)
    }

    /// Ends a member's process: where its store is.
    pub(crate) fn close(&mut self, room: &str, at: usize) -> PathBuf {
        let seat = self.seat_mut(room, at);
        seat.channel = None;
        seat.path.clone()
    }

    /// Opens a member's side, again if it was open.
    pub(crate) fn reopen(&mut self, room: &str, at: usize) -> Result<(), Failed> {
        let path = self.close(room, at);
        let opened = self.open_at(room, at, &path)?;
        self.seat_mut(room, at).channel = Some(opened);
        Ok(())
    }

    /// Opens some store as a member's side of a room.
    pub(crate) fn open_at(&self, room: &str, at: usize, path: &Path) -> Result<Channel, ChannelError> {
        let room = self.room(room);
        let salts = Box::new(parclose_node::randomness::generator());
        Channel::open(path, &room.seats[at].master, &room.channel, &self.cache, salts)
    }

    pub(crate) fn head(&self) -> Height {
        self.chain.root.head().height
    }

    /// The height of the next block.
    pub(crate) fn next(&self) -> Height {
        Height(self.head().0 + 1)
    }

    pub(crate) fn window(&self) -> u64 {
        self.chain.root.genesis().parameters().window
    }

    pub(crate) fn pseudonym(&self, room: &str, at: usize) -> PublicKey {
        self.side(room, at).pseudonym().public()
    }

    pub(crate) fn id(&self, room: &str, at: usize) -> MemberId {
        self.side(room, at).own_id()
    }

    /// Makes a block of what can be ordered; what cannot, and why, in the order of its numbers.
    pub(crate) fn block(
        &mut self,
        candidates: Vec<RootTransaction>,
    ) -> Result<Vec<(usize, RootReject)>, Failed> {
        let (block, rejected) = self.chain.root.build(candidates);
        let applied = self.chain.root.apply(&block)?;
        let list = ProvingList::new(applied.entries().map(encode));
        let certificate = self.precommits(&block.header, &[0, 1, 2]);
        for (index, event) in (0..).zip(&applied.events) {
            let transaction = event.content(&block).ok_or("an event is of its block")?;
            self.chain.proofs.push(OrderProof {
                entry: event.entry,
                transaction: transaction.encode(),
                inclusion: list.prove(index).ok_or("an event has its place")?,
                header: block.header.clone(),
                certificate: certificate.clone(),
            });
            let height = block.header.height;
            self.chain.log.push(FinalEvent { height, entry: event.entry, transaction });
        }
        Ok(rejected)
    }

    /// Orders one transaction in a block of its own.
    pub(crate) fn order(&mut self, transaction: RootTransaction) -> Result<Result<(), RootReject>, Failed> {
        let rejected = self.block(vec![transaction])?;
        Ok(rejected.into_iter().next().map_or(Ok(()), |(_, why)| Err(why)))
    }

    /// Lets blocks pass in which nothing happens, up to a height.
    pub(crate) fn pass_to(&mut self, height: Height) -> Result<(), Failed> {
        while self.head() < height {
            self.block(Vec::new())?;
        }
        Ok(())
    }

    /// A member executes what is final in a room; a batch that it lacks it gets from whoever has it.
    pub(crate) fn catch_up(&mut self, room: &str, at: usize) -> Result<(), ChannelError> {
        let tag = self.side(room, at).tag();
        let next = self.side(room, at).head().map_or(Sequence(0), |head| head.next);
        let is_new = |event: &&FinalEvent| event.entry.tag == tag && event.entry.sequence >= next;
        let events: Vec<FinalEvent> = self.chain.log.iter().filter(is_new).cloned().collect();
        for event in events {
            if self.room(room).seats[at].left {
                break;
            }
            if let RootTransaction::Anchor(anchor) = &event.transaction {
                self.fetch(room, at, &anchor.commitment)?;
            }
            let was_member = self.side(room, at).is_member();
            self.side_mut(room, at).execute(&event)?;
            let is_member = self.side(room, at).is_member();
            self.seat_mut(room, at).left = was_member && !is_member;
        }
        Ok(())
    }

    fn fetch(&mut self, room: &str, at: usize, commitment: &ChannelCommitment) -> Result<(), ChannelError> {
        if self.side(room, at).has_batch(commitment)? {
            return Ok(());
        }
        for other in 0..MEMBERS.len() {
            let Some(from) = &self.room(room).seats[other].channel else { continue };
            let Some(proposal) = from.stored_proposal(commitment)? else { continue };
            // What is refused here is missing when it is to be executed.
            let _ = self.side_mut(room, at).receive_anchored(&encode(&proposal));
            break;
        }
        Ok(())
    }

    /// All members of a room execute what is final, and have one state.
    pub(crate) fn settle(&mut self, room: &str) -> Result<(), Failed> {
        for at in 0..MEMBERS.len() {
            self.catch_up(room, at)?;
        }
        let states =
            self.in_room(room).into_iter().map(|at| self.side(room, at).head().map(|head| head.root));
        let states: Vec<_> = states.collect();
        if states.iter().any(|state| *state != states[0]) {
            return Err("members of one log have different states".into());
        }
        Ok(())
    }

    /// Members that belong to the newest generation.
    pub(crate) fn in_room(&self, room: &str) -> Vec<usize> {
        let is_in = |at: &usize| self.room(room).seats[*at].channel.as_ref().is_some_and(Channel::is_member);
        (0..MEMBERS.len()).filter(is_in).collect()
    }

    /// Verifies a side as a whole, as `channel verify` does.
    pub(crate) fn verify_side(&self, channel: &Channel) -> Result<(), ChannelError> {
        let tag = channel.tag();
        let chain_of = |sequence| {
            let is_it = |event: &&FinalEvent| event.entry.tag == tag && event.entry.sequence == sequence;
            self.chain.log.iter().find(is_it).map(|event| event.entry.chain)
        };
        channel.verify(chain_of).map(drop)
    }
}

/// Copies the files of a closed store.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
