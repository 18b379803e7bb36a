//! The task that owns the swarm: calls nodes, proves and checks membership, carries frames and offers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use libp2p::request_response::{self, Message, OutboundRequestId, ResponseChannel};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent, dial_opts::DialOpts};
use libp2p::{Multiaddr, PeerId, Swarm};
use parclose_types::{NetworkId, encode};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::codec::Canonical;
use super::peer::{Attempt, Peer};
use super::proof::Meeting;
use super::shared::{Counters, Line, Place, Shared};
use super::wire::{Ask, Nonce, Offer, OfferReply, Proof, Reply};
use super::{OnOffered, RootInbox};

/// How often it is looked for what is due.
const TICK: Duration = Duration::from_millis(200);

#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub(super) members: request_response::Behaviour<Canonical<Ask, Reply>>,
    pub(super) offers: request_response::Behaviour<Canonical<Offer, OfferReply>>,
}

/// What callers want of the task.
pub(super) enum Order {
    /// places have changed
    Seats,
    Frame(PeerId, Line, Vec<u8>),
    Offer(String, Offer, OnOffered),
    Block(String, bool),
    Stop,
}

pub(super) enum Pending {
    Nonce(Place),
    Proof(Place, Proof),
    Frame(Line, usize),
}

pub(super) struct Task {
    pub(super) network: NetworkId,
    pub(super) own: PeerId,
    pub(super) swarm: Swarm<Behaviour>,
    pub(super) shared: Arc<Shared>,
    pub(super) peers: BTreeMap<PeerId, Peer>,
    pub(super) root: Option<Arc<dyn RootInbox>>,
    pending: BTreeMap<OutboundRequestId, (PeerId, Pending)>,
    offered: BTreeMap<OutboundRequestId, OnOffered>,
}

impl Task {
    pub(super) fn new(
        (network, own): (NetworkId, PeerId),
        swarm: Swarm<Behaviour>,
        shared: Arc<Shared>,
        peers: BTreeMap<PeerId, Peer>,
        root: Option<Arc<dyn RootInbox>>,
    ) -> Self {
        let (pending, offered) = (BTreeMap::new(), BTreeMap::new());
        Self { network, own, swarm, shared, peers, root, pending, offered }
    }

    pub(super) async fn run(mut self, mut orders: UnboundedReceiver<Order>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let paced_until = self.paced_until();
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_event(event),
                order = orders.recv() => match order {
                    None | Some(Order::Stop) => return,
                    Some(order) => self.follow(order),
                },
                () = tokio::time::sleep_until(paced_until.unwrap_or_else(Instant::now)), if paced_until.is_some() => self.go_on(),
                _ = ticks.tick() => self.look_around(),
            }
        }
    }

    fn follow(&mut self, order: Order) {
        match order {
            Order::Seats => self.reseat(),
            Order::Frame(peer, line, frame) => self.enqueue(peer, line, frame),
            Order::Offer(name, offer, done) => self.offer(&name, offer, done),
            Order::Block(name, is_blocked) => self.block(&name, is_blocked),
            Order::Stop => {}
        }
    }

    /// Calls who is not connected, and proves what is not proven.
    fn look_around(&mut self) {
        let now = Instant::now();
        let due = |peer: &Peer| peer.connections == 0 && !peer.is_blocked && peer.call_at <= now;
        let calls: Vec<(PeerId, Vec<Multiaddr>)> =
            self.peers.iter().filter(|(_, p)| due(p)).map(|(id, p)| (*id, p.addresses.clone())).collect();
        for (peer, addresses) in calls {
            let called = self.swarm.dial(DialOpts::peer_id(peer).addresses(addresses).build());
            if let Some(peer) = self.peers.get_mut(&peer) {
                peer.call_later();
            }
            // Already being called, or already connected: both are as good.
            drop(called);
        }
        self.prove_all();
    }

    fn prove_all(&mut self) {
        let wanted: Vec<(PeerId, Place)> = {
            let state = self.shared.state();
            let mut wanted = Vec::new();
            for (place, seat) in &state.seats {
                for (id, peer) in self.peers.iter().filter(|(_, peer)| peer.is_up()) {
                    if seat.credentials.hosts.contains(&peer.name) && peer.wants_proof(place) {
                        wanted.push((*id, *place));
                    }
                }
            }
            wanted
        };
        for (peer, place) in wanted {
            self.ask(peer, Ask::Nonce, Pending::Nonce(place));
            if let Some(peer) = self.peers.get_mut(&peer) {
                peer.attempts.insert(place, Attempt::Asked);
            }
        }
    }

    /// Places have changed: what was proven for those that are gone, or to those who may not speak any more, is
    /// forgotten.
    ///
    /// # Rules
    ///
    /// > NET-06: frames go only between pseudonyms that both ends have proven on this connection and that both ends still know as members.
    fn reseat(&mut self) {
        let mut state = self.shared.state();
        let seats: BTreeMap<Place, Vec<_>> =
            state.seats.iter().map(|(place, seat)| (*place, seat.credentials.peers.clone())).collect();
        let holds = |(tag, own, other): &Line| seats.get(&(*tag, *own)).is_some_and(|p| p.contains(other));
        state.routes.retain(|line, _| holds(line));
        drop(state);
        for peer in self.peers.values_mut() {
            peer.proven.retain(|(tag, from, to)| holds(&(*tag, *to, *from)));
            peer.attempts.retain(|place, attempt| {
                seats.contains_key(place) && !matches!(attempt, Attempt::Done | Attempt::Again(_))
            });
        }
        self.prove_all();
    }

    fn block(&mut self, name: &str, is_blocked: bool) {
        let found = self.peers.iter_mut().find(|(_, peer)| peer.name == name);
        let Some((id, peer)) = found else { return };
        peer.is_blocked = is_blocked;
        peer.call_at = Instant::now();
        let id = *id;
        if is_blocked {
            let _ = self.swarm.disconnect_peer_id(id);
        }
    }

    pub(super) fn ask(&mut self, peer: PeerId, ask: Ask, pending: Pending) {
        let id = self.swarm.behaviour_mut().members.send_request(&peer, ask);
        self.pending.insert(id, (peer, pending));
    }

    fn offer(&mut self, name: &str, offer: Offer, done: OnOffered) {
        let up = self.peers.iter().find(|(_, peer)| peer.name == name && peer.is_up());
        match up.map(|(id, _)| *id) {
            Some(id) => {
                let request = self.swarm.behaviour_mut().offers.send_request(&id, offer);
                self.offered.insert(request, done);
            }
            None => done(None),
        }
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::ConnectionEstablished { peer_id, .. } => self.on_connected(peer_id),
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } => self.on_gone(peer_id),
            SwarmEvent::Behaviour(BehaviourEvent::Members(event)) => self.on_members(event),
            SwarmEvent::Behaviour(BehaviourEvent::Offers(event)) => self.on_offers(event),
            _ => {}
        }
    }

    /// # Rules
    ///
    /// > NET-07: a node that is not in the address book is not answered, and its connection is closed.
    fn on_connected(&mut self, id: PeerId) {
        match self.peers.get_mut(&id).filter(|peer| !peer.is_blocked) {
            Some(peer) => {
                peer.connections = peer.connections.saturating_add(1);
                peer.called();
                let name = peer.name.clone();
                self.shared.state().connected.insert(name);
                self.prove_all();
            }
            None => {
                Counters::add(&self.shared.counters.strangers, 1);
                let _ = self.swarm.disconnect_peer_id(id);
            }
        }
    }

    fn on_gone(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.connections = 0;
        peer.call_at = Instant::now();
        let waited = peer.forget();
        let mut state = self.shared.state();
        state.connected.remove(&peer.name);
        state.routes.retain(|_, at| *at != id);
        state.queued.remove(&id);
        drop(state);
        self.pending.retain(|_, (peer, _)| *peer != id);
        Counters::add(&self.shared.counters.dropped, usize::from(waited > 0));
    }

    fn on_members(&mut self, event: request_response::Event<Ask, Reply>) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                Message::Request { request, channel, .. } => self.on_ask(peer, request, channel),
                Message::Response { request_id, response } => {
                    if let Some((peer, pending)) = self.pending.remove(&request_id) {
                        self.on_reply(peer, pending, response);
                    }
                }
            },
            request_response::Event::OutboundFailure { request_id, .. } => {
                if let Some((peer, pending)) = self.pending.remove(&request_id) {
                    self.on_reply(peer, pending, Reply::Unknown);
                }
            }
            _ => {}
        }
    }

    fn on_ask(&mut self, id: PeerId, ask: Ask, channel: ResponseChannel<Reply>) {
        let bytes = if let Ask::Frame { frame, .. } = &ask { frame.len() } else { 0 };
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| !peer.is_blocked) else { return };
        if !peer.may_ask(bytes) {
            Counters::add(&self.shared.counters.throttled, 1);
            return;
        }
        let reply = match ask {
            Ask::Nonce => self.give(id),
            Ask::Prove(proof) => self.answer(id, &proof),
            Ask::Frame { tag, from, to, frame } => self.take(id, (tag, from, to), frame),
        };
        if reply == Reply::Unknown {
            Counters::add(&self.shared.counters.unproven, 1);
        }
        let _ = self.swarm.behaviour_mut().members.send_response(channel, reply);
    }

    fn give(&mut self, id: PeerId) -> Reply {
        let (Some(nonce), Some(peer)) = (fresh(), self.peers.get_mut(&id)) else { return Reply::Unknown };
        peer.give(nonce);
        Reply::Nonce(nonce)
    }

    /// Checks a proof, and proves this node's own places in that channel to a caller who has one.
    ///
    /// # Rules
    ///
    /// > NET-08: to a caller without a proven place in it, a channel that is here and one that is not are the same answer.
    fn answer(&mut self, id: PeerId, proof: &Proof) -> Reply {
        let Some(peer) = self.peers.get_mut(&id) else { return Reply::Unknown };
        let meeting = Meeting {
            network: &self.network,
            caller: &id,
            called: &self.own,
            tag: &proof.tag,
            given: &proof.given,
            own: &proof.own,
            from: &proof.from,
        };
        // Checked in any case, so that the time says no more than the answer.
        let is_proven = meeting.is_proven(&proof.signature) && peer.uses(&proof.given);
        let mut answers = Vec::new();
        let mut state = self.shared.state();
        let mut lines = Vec::new();
        for ((tag, own), seat) in &state.seats {
            if is_proven && *tag == proof.tag && seat.credentials.peers.contains(&proof.from) {
                answers.push(meeting.answer(&seat.credentials.key));
                lines.push((*tag, *own, proof.from));
            }
        }
        for line in lines {
            let (tag, own, other) = line;
            peer.proven.insert((tag, other, own));
            state.routes.insert(line, id);
        }
        if answers.is_empty() { Reply::Unknown } else { Reply::Proven(answers) }
    }

    fn take(&mut self, id: PeerId, line: Line, frame: Vec<u8>) -> Reply {
        let (tag, from, to) = line;
        if !self.peers.get(&id).is_some_and(|peer| peer.proven.contains(&line)) {
            return Reply::Unknown;
        }
        let inbox = self.shared.state().seats.get(&(tag, to)).map(|seat| seat.inbox.clone());
        let Some(inbox) = inbox else { return Reply::Unknown };
        let bytes = frame.len();
        if !inbox.deliver(from, frame) {
            return Reply::Full;
        }
        Counters::add(&self.shared.counters.frames_in, 1);
        Counters::add(&self.shared.counters.bytes_in, bytes);
        Reply::Taken
    }

    fn on_reply(&mut self, id: PeerId, pending: Pending, reply: Reply) {
        match (pending, reply) {
            (Pending::Nonce(place), Reply::Nonce(given)) => self.prove(id, place, given),
            (Pending::Proof(place, proof), Reply::Proven(answers)) => {
                self.on_answers(id, place, &proof, &answers);
            }
            (Pending::Nonce(place) | Pending::Proof(place, _), _) => {
                if let Some(peer) = self.peers.get_mut(&id) {
                    peer.prove_later(place);
                }
            }
            (Pending::Frame(line, bytes), reply) => self.on_taken(id, line, bytes, &reply),
        }
    }

    fn prove(&mut self, id: PeerId, place: Place, given: Nonce) {
        let key = self.shared.state().seats.get(&place).map(|seat| seat.credentials.key.clone());
        let (Some(key), Some(own)) = (key, fresh()) else { return };
        let meeting = Meeting {
            network: &self.network,
            caller: &self.own,
            called: &id,
            tag: &place.0,
            given: &given,
            own: &own,
            from: &place.1,
        };
        let proof = meeting.prove(&key);
        self.ask(id, Ask::Prove(proof.clone()), Pending::Proof(place, proof));
    }

    fn on_answers(
        &mut self,
        id: PeerId,
        place: Place,
        proof: &Proof,
        answers: &[(parclose_types::PublicKey, parclose_types::SignatureBytes)],
    ) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let meeting = Meeting {
            network: &self.network,
            caller: &self.own,
            called: &id,
            tag: &proof.tag,
            given: &proof.given,
            own: &proof.own,
            from: &proof.from,
        };
        let (tag, own) = place;
        let mut state = self.shared.state();
        let Some(known) = state.seats.get(&place).map(|seat| seat.credentials.peers.clone()) else { return };
        let mut is_any = false;
        for (member, signature) in answers.iter().filter(|(member, _)| known.contains(member)) {
            if meeting.is_answered(member, signature) {
                is_any = true;
                peer.proven.insert((tag, *member, own));
                state.routes.insert((tag, own, *member), id);
            }
        }
        if is_any {
            peer.attempts.insert(place, Attempt::Done);
        } else {
            peer.prove_later(place);
        }
    }

    fn on_offers(&mut self, event: request_response::Event<Offer, OfferReply>) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                Message::Request { request, channel, .. } => self.on_offer(peer, &request, channel),
                Message::Response { request_id, response } => {
                    if let Some(done) = self.offered.remove(&request_id) {
                        done(Some(response));
                    }
                }
            },
            request_response::Event::OutboundFailure { request_id, .. } => {
                if let Some(done) = self.offered.remove(&request_id) {
                    done(None);
                }
            }
            _ => {}
        }
    }

    fn on_offer(&mut self, id: PeerId, offer: &Offer, channel: ResponseChannel<OfferReply>) {
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| !peer.is_blocked) else { return };
        if !peer.may_ask(encode(offer).len()) {
            Counters::add(&self.shared.counters.throttled, 1);
            return;
        }
        let reply = self.root.as_ref().map_or(OfferReply::Full, |root| {
            root.offered(&peer.name, &offer.transaction, offer.is_handed_in)
        });
        let _ = self.swarm.behaviour_mut().offers.send_response(channel, reply);
    }
}

/// A number that nobody has seen; `None` if the system has none to give.
fn fresh() -> Option<Nonce> {
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce).ok()?;
    Some(nonce)
}
