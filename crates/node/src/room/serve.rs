//! What other members ask of a room: endorsements, and batches that they miss.

use parclose_channel::handover::Handover;
use parclose_channel::{EndorseRefused, ErasedBatch, HoldingQuestion, Proposal};
use parclose_exchange::Message;
use parclose_types::{ChannelCommitment, Failure, PublicKey, encode};

use super::{Halt, Room};

/// Proposals that wait for this room to catch up; more are refused.
const DEFERRED_MAX: usize = 64;

impl Room {
    /// # Rules
    ///
    /// > NOD-28: a channel that cannot go on here still hands its batches out to members, and answers nothing else.
    pub(super) fn on_frame(&mut self, from: PublicKey, frame: &[u8]) {
        // Only members speak in a room; anything malformed is dropped with its message.
        if !self.may_speak(&from) {
            return;
        }
        let Ok(Some(bytes)) = self.gathering.entry(from).or_default().take(frame) else { return };
        let Ok(message) = Message::from_bytes(&bytes) else { return };
        if *message.tag() != self.channel.tag() {
            return;
        }
        let still = |error| Halt::of(error).is_some() && matches!(message, Message::Fetch { .. });
        if self.stopped.as_ref().is_none_or(still) {
            self.on_message(from, message);
        }
    }

    fn on_message(&mut self, from: PublicKey, message: Message) {
        match message {
            Message::Propose { proposal, .. } => self.on_propose(from, proposal),
            Message::Endorse { commitment, endorser, signature, .. } => {
                self.on_endorse(commitment, (endorser, signature));
            }
            Message::Refuse { commitment, rule, .. } => self.on_refuse(commitment, from, rule),
            Message::Fetch { commitment, .. } if self.newest.has(&from) => self.on_fetch(&from, &commitment),
            Message::Fetch { .. } => {}
            Message::Fetched { proposal, .. } => self.on_fetched(from, &proposal),
            Message::FetchedErased { batch, .. } => self.on_fetched_erased(from, &batch),
            Message::AskHandover { statement, .. } => self.on_ask_handover(from, statement),
            Message::Handover { current, next, .. } => self.on_handover(Handover { current, next }),
            Message::AskSetup { tag } if self.newest.has(&from) => {
                let setup = encode(self.channel.setup());
                self.send(&from, &Message::Setup { tag, setup });
            }
            Message::AskSetup { .. } => {}
            // Only who joins asks for it, and has no room yet.
            Message::Setup { .. } => {}
            Message::AskHolding { commitment, nonce, .. } if self.newest.has(&from) => {
                self.on_ask_holding(&from, HoldingQuestion { commitment, nonce });
            }
            Message::AskHolding { .. } => {}
            Message::Holding { holding, .. } => self.on_holding(&holding),
            Message::AskPrepares { statements, .. } => self.on_ask_prepares(from, &statements),
            Message::Prepares { signed, .. } => self.on_prepares(signed),
            Message::AskRefusal { statement, approval, .. } => {
                self.on_ask_refusal(from, &statement, &approval);
            }
            Message::Refusal { deal, leg, endorsement, .. } => self.on_refusal((deal, leg), endorsement),
            Message::AskClaims { statements, .. } => self.on_ask_claims(from, &statements),
            Message::Claims { signed, .. } => self.on_claims(&signed),
            Message::AskOpened { permanent, sealed, .. } => self.on_ask_opened(from, permanent, sealed),
            Message::Opened { transaction, said, .. } => self.on_opened(from, &transaction, said),
        }
    }

    /// Whether this room has still to execute what was ordered before it was started: its store may be
    /// an old one that was put back, and so may be its root chain's.
    ///
    /// # Rules
    ///
    /// > NOD-15: a room proposes, endorses and signs nothing until the root chain has been level with the other nodes' and everything that was ordered by then is executed.
    pub(super) fn comes_back(&self) -> bool {
        let misses = self.ordered_at_start.is_none_or(|ordered| self.executed() < ordered);
        misses && self.takes_part()
    }

    /// Notes what has to be executed first, once the root chain can tell. A channel that is not open yet
    /// begins with its opening.
    pub(super) fn look_how_far(&mut self) {
        if self.ordered_at_start.is_none() && self.parts.root.is_current() {
            let ordered = self.parts.root.tag_state(&self.channel.tag()).ok().flatten();
            self.ordered_at_start = Some(ordered.map_or(1, |tag| tag.count.max(1)));
        }
    }

    /// # Rules
    ///
    /// > NOD-07: an endorser that is more than `endorse_lag_max` events behind endorses nothing until it has caught up.
    fn on_propose(&mut self, from: PublicKey, bytes: Vec<u8>) {
        if self.comes_back() || self.is_behind() {
            if self.deferred.len() < DEFERRED_MAX {
                self.deferred.push((from, bytes));
            }
            return;
        }
        let window = self.parts.root.genesis().parameters().window;
        let tag = self.channel.tag();
        let refused = match self.channel.endorse(&bytes, self.parts.root.head(), window) {
            Ok((commitment, (endorser, signature))) => {
                self.send(&from, &Message::Endorse { tag, commitment, endorser, signature });
                return;
            }
            Err(EndorseRefused::NotYet { .. }) if self.deferred.len() < DEFERRED_MAX => {
                return self.deferred.push((from, bytes));
            }
            Err(refused) => refused,
        };
        if let Ok(proposal) = Proposal::decode(&bytes) {
            let rule = refused.rule().to_owned();
            self.send(&from, &Message::Refuse { tag, commitment: proposal.commitment(), rule });
        }
    }

    fn is_behind(&self) -> bool {
        self.behind() > self.channel.definition().parameters.endorse_lag_max
    }

    /// Looks again at proposals that were ahead of this room.
    pub(super) fn retry_deferred(&mut self) {
        for (from, bytes) in std::mem::take(&mut self.deferred) {
            self.on_propose(from, bytes);
        }
    }

    fn on_fetch(&mut self, from: &PublicKey, commitment: &ChannelCommitment) {
        let Ok(Some(stored)) = self.channel.stored_batch(commitment) else { return };
        let tag = self.channel.tag();
        let message = if stored.erased.is_empty() {
            let Some(proposal) = stored.whole() else { return };
            Message::Fetched { tag, proposal: encode(&proposal) }
        } else {
            Message::FetchedErased { tag, batch: encode(&stored) }
        };
        self.send(from, &message);
    }

    fn on_fetched(&mut self, from: PublicKey, bytes: &[u8]) {
        let Ok(proposal) = Proposal::decode(bytes) else { return };
        let commitment = proposal.commitment();
        if self.withheld.expects(&commitment) {
            let filled = self.channel.fill_whole(proposal);
            return self.on_filled(filled);
        }
        let is_missing = self.misses(&commitment);
        // Whatever arrives is kept under its own commitment, so a wrong answer costs space only.
        if !(self.ahead.takes(&commitment) || is_missing) || self.channel.receive_anchored(bytes).is_err() {
            return;
        }
        self.on_received(from, is_missing);
    }

    /// What a member has erased of a batch may be said of the log only once the log is executed; until then it counts as
    /// withheld.
    fn on_fetched_erased(&mut self, from: PublicKey, bytes: &[u8]) {
        let Ok(batch) = ErasedBatch::decode(bytes) else { return };
        let commitment = batch.commitment();
        if self.withheld.expects(&commitment) {
            let filled = self.channel.fill(&batch);
            return self.on_filled(filled);
        }
        let is_missing = self.misses(&commitment);
        if !(self.ahead.takes(&commitment) || is_missing) || self.channel.receive_erased(bytes).is_err() {
            return;
        }
        self.on_received(from, is_missing);
    }

    fn misses(&self, commitment: &ChannelCommitment) -> bool {
        self.missing.as_ref().is_some_and(|missing| missing.commitment == *commitment)
    }

    fn on_received(&mut self, from: PublicKey, is_missing: bool) {
        self.informant = Some(from);
        // Before the work: the next ones come meanwhile.
        self.ask_ahead(&from);
        if is_missing {
            self.missing = None;
            self.catch_up();
        }
    }
}
