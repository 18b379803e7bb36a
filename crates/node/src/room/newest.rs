//! Who belongs to the channel now, as far as the root chain knows.
//!
//! A room that was away, or has just been let in, executes generations that are long over. It speaks to
//! the members of the newest, under its pseudonym of the newest: nobody listens to another.

use std::sync::Arc;

use parclose_channel::{Channel, ChannelError};
use parclose_consensus::RootChain;
use parclose_exchange::Credentials;
use parclose_root::GenerationKeys;
use parclose_types::{Generation, PublicKey};

use super::{Room, Seat};

/// The newest generation on the root chain.
#[derive(Debug)]
pub(super) struct Newest {
    generation: Generation,
    endorsers: Vec<PublicKey>,
    /// this member's pseudonym in it
    pub(super) own: PublicKey,
}

impl Newest {
    /// Reads it; before the root chain knows the tag it is the one that the channel has.
    pub(super) fn of(channel: &Channel, root: &dyn RootChain) -> Self {
        let known = root.tag_state(&channel.tag()).ok().flatten();
        let keys = known.map(|state| state.next.map_or(state.keys, |next| next.keys));
        let (generation, endorsers) = match keys {
            Some(keys) => (keys.generation(), keys.endorsers().to_vec()),
            None => (channel.config().generation, channel.config().pseudonyms()),
        };
        Self { own: channel.pseudonym_in(generation).public(), generation, endorsers }
    }

    /// As the root chain knows it, for a member whose store is closed.
    pub(super) fn known(seat: &Seat, keys: &GenerationKeys) -> Self {
        let generation = keys.generation();
        let own = seat.member.pseudonym(&seat.card.channel, generation).public();
        Self { generation, endorsers: keys.endorsers().to_vec(), own }
    }

    /// By what this member takes part in it. `hosts` are the nodes that are called about the channel.
    pub(super) fn credentials(&self, seat: &Seat, hosts: Vec<String>) -> Credentials {
        seat.credentials(self.generation, self.endorsers.clone(), hosts)
    }

    /// Whether a pseudonym is one of its members.
    pub(super) fn has(&self, member: &PublicKey) -> bool {
        self.endorsers.contains(member)
    }

    /// All its members but this one.
    pub(super) fn others(&self) -> Vec<PublicKey> {
        self.endorsers.iter().copied().filter(|member| *member != self.own).collect()
    }
}

/// Who belonged to the channel before its keys turned over.
pub(super) struct Before {
    pub(super) generation: Generation,
    /// identity and pseudonym of each member
    members: Vec<(PublicKey, PublicKey)>,
}

impl Before {
    pub(super) fn of(channel: &Channel) -> Self {
        let config = channel.config();
        let members = config.members.iter().map(|m| (m.certificate.identity, m.certificate.pseudonym));
        Self { generation: config.generation, members: members.collect() }
    }
}

/// The nodes of the members that are known here, by name.
pub(super) fn hosts(channel: &Channel) -> Vec<String> {
    channel.config().members.iter().map(|member| member.name.clone()).collect()
}

impl Room {
    /// Looks whether the keys have turned over on the root chain. What is sent to the pseudonym before
    /// still arrives: a peer may be an event behind.
    pub(super) fn refresh_newest(&mut self) {
        let newest = Newest::of(&self.channel, self.parts.root.as_ref());
        if newest.generation != self.newest.generation {
            let credentials = newest.credentials(&self.parts.seat, hosts(&self.channel));
            self.transport = self.parts.network.connect(credentials, Arc::new(self.parts.handle()));
            self.newest = newest;
        }
    }

    /// Listens under the pseudonym of the next generation as well. Done before this member's signature for
    /// that generation leaves it: so whoever executes the rotation first finds as many listening as must
    /// endorse its batches, though they are an event behind.
    pub(super) fn listen_as(&self, next: &GenerationKeys) {
        let (generation, peers) = (next.generation(), next.endorsers().to_vec());
        let credentials = self.parts.seat.credentials(generation, peers, hosts(&self.channel));
        let _ = self.parts.network.connect(credentials, Arc::new(self.parts.handle()));
    }

    /// The keys have turned over: under the pseudonym before only those are still listened to who stay, for
    /// they may be an event behind.
    ///
    /// # Rules
    ///
    /// > NOD-25: who is not in the next generation is not heard under the pseudonyms of the one before either, once the rotation is executed.
    pub(super) fn part_from(&self, before: &Before) {
        let stays = |identity: &PublicKey| {
            self.channel.config().members.iter().any(|member| member.certificate.identity == *identity)
        };
        let those = before.members.iter().filter(|(identity, _)| stays(identity));
        let peers = those.map(|(_, pseudonym)| *pseudonym).collect();
        let credentials = self.parts.seat.credentials(before.generation, peers, hosts(&self.channel));
        let _ = self.parts.network.connect(credentials, Arc::new(self.parts.handle()));
    }

    /// Goes on in a channel that this member has left, once it is let in again.
    pub(super) fn come_back(&mut self) {
        if matches!(self.stopped, Some(ChannelError::Left)) && self.takes_part() {
            self.stopped = None;
        }
    }

    /// Whether this member has a part in the channel: in the generation that is executed here, or in one
    /// that follows.
    pub(super) fn takes_part(&self) -> bool {
        self.channel.is_member() || self.newest.has(&self.newest.own)
    }

    /// Whether somebody may speak here: a member of the generation that is executed, or of the newest.
    pub(super) fn may_speak(&mut self, from: &PublicKey) -> bool {
        if self.channel.config().member(from).is_none() && !self.newest.has(from) {
            self.refresh_newest();
        }
        self.channel.config().member(from).is_some() || self.newest.has(from)
    }
}
