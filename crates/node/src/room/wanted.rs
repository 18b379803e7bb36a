//! What a member wants written: kept until its outcome is known, so that it can be sealed again.
//!
//! A transaction counts in the generation in which it was sealed. One that is not ordered when the keys
//! turn over can never be: its draft is sealed again under the new keys, and its submitter does not
//! notice. A draft whose audience has no secret yet waits until the secret is dealt.

use parclose_channel::governance::Dealt;
use parclose_channel::propose::Pooled;
use parclose_channel::reject::OffSchema;
use parclose_channel::upkeep::Due;
use parclose_channel::{ChannelError, Reject};
use parclose_transaction::{Act, ActDraft, Draft, DraftMovement, DraftOperation, SignedTransaction};
use parclose_types::{Height, PublicKey, TransactionDigest};

use super::{Answer, BATCH_BYTES, BATCH_TRANSACTIONS, Room};
use crate::submission::SubmitError;

/// Something to write, and who waits for its outcome.
pub(super) struct Wanted {
    pub(super) content: Content,
    pub(super) answer: Answer,
    /// since when it waits for the secret of its audience, if it has waited before
    pub(super) since: Option<Height>,
    /// in the order in which they came: what is sealed again may build on what came before it
    pub(super) place: u64,
}

/// What to write.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// records, and the notes that move with them
    Records(Vec<DraftOperation>, Vec<DraftMovement>),
    Act(Box<Act>),
}

/// A draft that went into the pool, or why not yet, or why not.
enum Pooling {
    Pooled(TransactionDigest, Box<Pooled>),
    /// of each of these sets a reader has to open it first
    Opens(Box<SignedTransaction>, Vec<Vec<PublicKey>>),
    /// the secret of its audience has to be dealt first
    Waits,
}

impl Room {
    /// Takes what a member wants written; it comes after everything before it.
    pub(super) fn take(&mut self, wanted: Wanted) {
        self.arrived += 1;
        self.drafts.push_back(Wanted { place: self.arrived, ..wanted });
    }

    /// Seals what is wanted into the pool until a batch is full: first what the channel needs of this
    /// member, then its drafts.
    pub(super) fn fill_pool(&mut self) {
        if self.is_closed() {
            return self.refuse_all();
        }
        // A channel that comes to its end takes nothing more, unless the end does not come in time.
        if self.channel.is_ending(self.parts.root.head()) {
            return;
        }
        self.pool_upkeep();
        self.pool_opened();
        while self.pool.len() < BATCH_TRANSACTIONS
            && self.pool_bytes < BATCH_BYTES
            && self.openings.have_room()
        {
            let Some(wanted) = self.drafts.pop_front() else { return };
            match self.pool_wanted(&wanted.content) {
                Ok(Pooling::Pooled(digest, pooled)) => {
                    self.add_to_pool(*pooled);
                    self.open.insert(digest, wanted);
                }
                Ok(Pooling::Opens(signed, sets)) => self.have_opened(*signed, sets, wanted),
                Ok(Pooling::Waits) => {
                    self.waiting.push((wanted.since.unwrap_or_else(|| self.parts.root.head()), wanted))
                }
                Err(error) => (wanted.answer)(Err(error)),
            }
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.channel.head().is_some_and(|head| head.closed)
    }

    /// # Rules
    ///
    /// > NOD-13: a channel that has ended takes nothing more, and whoever submits to it is told so.
    fn refuse_all(&mut self) {
        let waiting = self.waiting.drain(..).map(|(_, wanted)| wanted);
        for wanted in self.drafts.drain(..).chain(waiting).chain(self.openings.take_all()) {
            (wanted.answer)(Err(SubmitError::Closed));
        }
        // What was sealed and not ordered before the end never will be.
        self.pool.clear();
        self.pool_bytes = 0;
        if self.flight.is_none() {
            for wanted in std::mem::take(&mut self.open).into_values() {
                (wanted.answer)(Err(SubmitError::Closed));
            }
        }
    }

    pub(super) fn add_to_pool(&mut self, pooled: Pooled) {
        self.pool_bytes += pooled.bytes();
        self.pool.push(pooled);
    }

    fn pool_wanted(&mut self, content: &Content) -> Result<Pooling, SubmitError> {
        let at = self.at();
        let sealed = match content {
            Content::Act(act) => {
                self.channel.rehearse(act, at)?.map_err(SubmitError::from)?;
                let draft = ActDraft { act: (**act).clone(), wraps: Vec::new(), expiry: self.expiry(at) };
                draft.seal(&self.channel.desk(at), &mut self.rng)
            }
            Content::Records(operations, movements) => {
                let (operations, movements) = (operations.clone(), movements.clone());
                let draft = Draft { operations, movements, expiry: self.expiry(at) };
                if self.deal_first(&draft)? {
                    return Ok(Pooling::Waits);
                }
                draft.seal(&self.channel.desk(at), &mut self.rng)?
            }
        };
        let signed = sealed.sign(self.channel.pseudonym())?;
        match self.channel.advise(&signed, at)? {
            Ok(pooled) => Ok(Pooling::Pooled(signed.digest(), Box::new(pooled))),
            // What is refused for anything else is shown to no reader.
            Err(Reject::OffSchema(OffSchema::Unopened { .. })) => {
                let sets = self.channel.readers_to_ask(&signed, at);
                Ok(Pooling::Opens(Box::new(signed), sets))
            }
            Err(reject) => Err(reject.into()),
        }
    }

    /// Puts a deal forward for each audience of a draft that nobody has dealt; whether the draft waits.
    fn deal_first(&mut self, draft: &Draft) -> Result<bool, SubmitError> {
        let (at, head) = (self.at(), self.parts.root.head());
        let audiences = draft.audiences(&self.channel.desk(at))?;
        let governance = self.channel.governance();
        let configuration = governance.latest().configuration;
        let mut waits = false;
        let mut missing = Vec::new();
        for (audience, members) in audiences {
            let dealt = governance.dealt(configuration, &audience, at);
            let held = self.channel.holds_dealt(&audience);
            waits |= dealt != Dealt::Active || !held;
            if dealt == Dealt::No && self.dealing.insert((configuration, audience)) {
                missing.extend(self.channel.deal_on_first_use(&members, head, &mut self.rng));
            }
        }
        for due in missing {
            self.pool_due(due)?;
        }
        Ok(waits)
    }

    /// What the channel needs of this member, read off its state; looked at again when that has changed.
    fn pool_upkeep(&mut self) {
        if !std::mem::take(&mut self.upkeep_wanted) {
            return;
        }
        let head = self.parts.root.head();
        let due = match self.channel.upkeep(head, &mut self.rng) {
            Ok(due) => due,
            Err(error) => return self.stopped = Some(error),
        };
        for due in due {
            if self.pool_bytes >= BATCH_BYTES {
                self.upkeep_wanted = true;
                return;
            }
            if let Act::Deal { configuration, deal } = &due.act {
                self.dealing.insert((*configuration, deal.audience));
            }
            // What another member has done meanwhile is refused here, and is not wanted any more.
            let _ = self.pool_due(due);
        }
    }

    fn pool_due(&mut self, due: Due) -> Result<(), SubmitError> {
        let at = self.at();
        let draft = ActDraft { act: due.act, wraps: due.wraps, expiry: self.expiry(at) };
        let sealed = draft.seal(&self.channel.desk(at), &mut self.rng);
        let signed = sealed.sign(self.channel.pseudonym())?;
        let pooled = self.channel.advise(&signed, at)??;
        self.add_to_pool(pooled);
        Ok(())
    }

    /// The height for which drafts are sealed: the next block is the first that can order them.
    pub(super) fn at(&self) -> Height {
        Height(self.parts.root.head().0.saturating_add(1))
    }

    /// How long what is sealed for a height can be ordered. The root chain goes on meanwhile: by another height than the one for
    /// which it is looked at, it could lie too far ahead (AUT-05).
    fn expiry(&self, at: Height) -> Height {
        let head = at.0.saturating_sub(1);
        Height(head.saturating_add(self.channel.definition().parameters.expiry_max))
    }

    /// Looks again at what waits for a secret, and at what the channel needs: its state has changed.
    pub(super) fn look_again(&mut self) {
        self.upkeep_wanted = true;
        self.dealing.clear();
        self.take_up_waiting();
    }

    /// Has what waits for a secret sealed, dealt for, or put back to wait, in the order in which it came.
    fn take_up_waiting(&mut self) {
        let waiting = self.waiting.drain(..);
        self.drafts.extend(waiting.map(|(since, wanted)| Wanted { since: Some(since), ..wanted }));
        self.drafts.make_contiguous().sort_by_key(|wanted| wanted.place);
    }

    /// A block is final: it may be this member's turn now to do what nobody has done, and what has waited
    /// for a secret for as long as a transaction may wait for its block is given up.
    ///
    /// # Rules
    ///
    /// > NOD-12: a draft whose audience has no secret within `expiry_max` heights is refused.
    pub(super) fn time_passes(&mut self) {
        self.give_up_unanswered();
        self.pass_over_silent_readers();
        self.ask_the_silent();
        let (head, parameters) = (self.parts.root.head(), &self.channel.definition().parameters);
        let again = head >= self.upkeep_again;
        if again {
            self.upkeep_wanted = true;
            self.upkeep_again = Height(head.0.saturating_add(parameters.attest_after));
        }
        let (late, in_time) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(since, _)| head.0 > since.0.saturating_add(parameters.expiry_max));
        self.waiting = in_time;
        self.refuse_waiting(late, || SubmitError::NotDealt);
        if again {
            // A deal that they wait for may have lapsed, which no event tells.
            self.take_up_waiting();
        }
    }

    /// What waits for a secret that this member could not deal.
    pub(super) fn give_up_waiting(&mut self, error: impl Fn() -> SubmitError) {
        self.dealing.clear();
        let waiting = std::mem::take(&mut self.waiting);
        self.refuse_waiting(waiting, error);
    }

    fn refuse_waiting(&mut self, waiting: Vec<(Height, Wanted)>, error: impl Fn() -> SubmitError) {
        for (_, wanted) in waiting {
            (wanted.answer)(Err(error()));
        }
    }

    /// The keys have turned over, and every event of the generation before is executed: what has no
    /// verdict by now can never get one. It is sealed again; unless this member has no part any more.
    ///
    /// # Rules
    ///
    /// > NOD-10: what was not ordered when the keys turned over is sealed again by its sender, and nothing of it is lost silently.
    /// > NOD-11: a member that is not in the newest generation takes no more part, and whoever waits there is told so.
    pub(super) fn turn_over(&mut self) {
        self.pool.clear();
        self.pool_bytes = 0;
        self.flight = None;
        self.handover = None;
        self.unattested = None;
        let open = std::mem::take(&mut self.open);
        if !self.takes_part() {
            self.stopped = Some(ChannelError::Left);
            // Of its last block something may be missing here for good: what was sealed may stand in it.
            let unknown = self.missing.is_some();
            for (transaction, wanted) in open {
                (wanted.answer)(Err(if unknown {
                    SubmitError::Stopped { transaction: Some(transaction) }
                } else {
                    SubmitError::Channel(ChannelError::Left)
                }));
            }
            return self.give_up();
        }
        self.drafts.extend(open.into_values());
        self.drafts.extend(self.openings.take_all());
        self.look_again();
    }
}
