//! The desk: what a member's node does for the deals that its member has proposed or accepted.
//!
//! ```text
//!   Proposed, Answered   read off the log of the room in which deals are agreed
//!   -> complete          all receivers have named their keys: OpenDeal
//!   -> open              the root chain has it: own legs are locked, what is to come is approved
//!   -> committed, aborted, or over its time
//! ```
//!
//! It keeps nothing of its own on the disk: instructions, answers, locks and decisions stand in the rooms and on the
//! root chain, so a node that comes back goes on where the deals stand.

mod bell;
mod case;
mod withdraw;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parclose_channel::{Agreed, ChannelError, Drafted, LegId, News, Payment, Verdict};
use parclose_consensus::RootChain;
use parclose_root::{DealOutcome, DealState, OpenDeal, RootTransaction};
use parclose_types::{DealId, Failure, Height, MemberId, NetworkId, PublicKey, RecordId, Sequence, Tag};

use crate::randomness::generator;
use crate::room::{Agreements, RoomHandle};
use crate::root_task::RootHandle;
use crate::submission::{Outcome, SubmitError};

pub use bell::Bell;
pub use case::{Case, CaseStatus, Stage};
pub use withdraw::CannotWithdraw;

/// A case: the room in which it stands, and its instruction. Ids of records are their authors' to choose, so they name
/// nothing outside their room.
pub type CaseId = (String, RecordId);

/// Verdicts that are looked through at a time.
const NEWS: usize = 1024;

/// A room of the desk's member.
#[derive(Clone, Debug)]
pub struct DeskRoom {
    /// its name
    pub name: String,
    /// its channel on the root chain
    pub tag: Tag,
    /// the way to it
    pub handle: RoomHandle,
}

/// The desk of one member.
#[derive(Debug)]
pub struct Desk {
    member: PublicKey,
    network: NetworkId,
    agreements: Agreements,
    book: Arc<Mutex<Book>>,
    /// of whoever works: a command and the node's own thread would each lock the same leg
    turn: Mutex<()>,
}

/// What a desk knows.
#[derive(Debug, Default)]
struct Book {
    /// how far each room's log is read, in verdicts and events
    read: BTreeMap<Tag, (u64, Sequence)>,
    /// rooms whose logs could not be read to their ends: the ring that was for them is not lost
    broken_off: BTreeSet<Tag>,
    cases: BTreeMap<CaseId, Case>,
    /// decisions that are executed, by room
    decided: BTreeMap<(DealId, Tag), DealOutcome>,
}

/// What the desk works with.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// the member's rooms
    pub rooms: &'a [DeskRoom],
    /// the root chain
    pub root: &'a Arc<dyn RootChain>,
    /// the way to it
    pub root_handle: &'a RootHandle,
}

impl std::fmt::Debug for Tools<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tools({} rooms)", self.rooms.len())
    }
}

impl Desk {
    /// A desk that knows nothing yet.
    #[must_use]
    pub fn new(member: PublicKey, network: NetworkId, agreements: Agreements) -> Self {
        Self { member, network, agreements, book: Arc::default(), turn: Mutex::default() }
    }

    fn own(&self) -> MemberId {
        MemberId(self.member.0)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is new and does what is due; whether anything was done.
    ///
    /// # Rules
    ///
    /// > NOD-35: a node locks its member's legs of a deal once all have agreed and the root chain has it, and only below its `allocate_before`; it opens a deal that its member has proposed once all have agreed.
    pub fn work(&self, tools: &Tools<'_>, has_news: bool) -> bool {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let news = self.read(tools, has_news);
        let cases: Vec<CaseId> = self.book().open().collect();
        let mut done = news;
        for case in cases {
            done |= self.work_on(&case, tools);
        }
        done
    }

    /// How a case stands; `None` if this member has no part in it.
    #[must_use]
    pub fn status(&self, room: &str, instruction: &RecordId) -> Option<CaseStatus> {
        self.book().cases.get(&(room.to_owned(), *instruction)).map(Case::status)
    }

    /// How all cases stand, the oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<CaseStatus> {
        let mut all: Vec<CaseStatus> = self.book().cases.values().map(Case::status).collect();
        all.sort_by_key(|status| (status.height, status.instruction));
        all
    }

    /// The terms of an instruction as it was first written.
    #[must_use]
    pub fn case(&self, room: &str, instruction: &RecordId) -> Option<Case> {
        self.book().cases.get(&(room.to_owned(), *instruction)).cloned()
    }

    /// Reads the logs of the rooms on, of all if one has something new, and else of those that were not read yet, or not to
    /// their ends. Where deals are agreed, or a note is held for one, no room rests (NOD-36); one that does is woken once, if
    /// a deal that is not over has a leg there.
    fn read(&self, tools: &Tools<'_>, has_news: bool) -> bool {
        let again = std::mem::take(&mut self.book().broken_off);
        let (resting, awake): (Vec<_>, Vec<_>) =
            tools.rooms.iter().partition(|room| room.handle.is_resting());
        let mut any = false;
        for room in awake {
            let is_new = !self.book().read.contains_key(&room.tag);
            if has_news || is_new || again.contains(&room.tag) {
                any |= self.read_room(room);
            }
        }
        let mut wanted = again;
        if has_news {
            wanted.extend(self.book().unread(tools.root.as_ref()));
        }
        for room in resting.into_iter().filter(|room| wanted.contains(&room.tag)) {
            any |= self.read_room(room);
        }
        any
    }

    fn read_room(&self, room: &DeskRoom) -> bool {
        let mut any = false;
        loop {
            let from = self.book().read.get(&room.tag).copied().unwrap_or_default();
            let read = room.handle.call(move |channel| {
                let (verdict, news) = channel.deal_news(from.0, NEWS)?;
                let (event, decided) = channel.decisions(from.1, NEWS)?;
                Ok::<_, ChannelError>(((verdict, event), news, decided))
            });
            let Some(Ok((next, news, decided))) = read else {
                self.book().broken_off.insert(room.tag);
                return any;
            };
            let mut book = self.book();
            book.read.insert(room.tag, next);
            any |= !news.is_empty() || !decided.is_empty();
            news.into_iter().for_each(|news| book.take(&room.name, self.own(), news));
            let decided = decided.into_iter().map(|(deal, outcome)| ((deal, room.tag), outcome));
            book.decided.extend(decided);
            if next == from {
                return any;
            }
        }
    }

    fn work_on(&self, id: &CaseId, tools: &Tools<'_>) -> bool {
        let Some(case) = self.case(&id.0, &id.1) else { return false };
        let head = tools.root.head();
        let next = Height(head.0.saturating_add(1));
        let Some((deal_id, deal)) = case.deal(&tools.root.network()) else {
            return self.expire(id, &case, next);
        };
        let Ok(known) = tools.root.deal(&deal_id) else { return false };
        let told = known.as_ref().and_then(DealState::outcome);
        if let Some(outcome) = self.outcome(&case, deal_id, told, tools) {
            return self.finish(id, &case, deal_id, outcome);
        }
        if told.is_some() {
            return false;
        }
        if next >= deal.settle_before && known.is_none() {
            return self.expire(id, &case, next);
        }
        if !case.withdrawn {
            self.agree(&case, deal_id);
        }
        if known.is_none() {
            if next >= deal.allocate_before {
                return self.expire(id, &case, next);
            }
            let opens = !case.withdrawn && case.is_opened_by(self.own(), next);
            return opens && self.open(id, &case, OpenDeal { deal }, tools);
        }
        let mut done = self.book().opened(id);
        if case.withdrawn {
            self.refuse(&case, deal_id, known.as_ref(), tools);
            return done;
        }
        if next < deal.allocate_before {
            let legs: Vec<u8> = case.instruction.terms.sent_by(self.own()).map(|(leg, _)| leg).collect();
            for leg in legs {
                done |= self.lock(id, &case, (deal_id, leg), tools);
            }
        }
        done
    }

    /// What has become of a deal, once it has come to pass in this member's rooms: a commit is executed in all in which it gives or
    /// gets something. A room that is not there yet has executed nothing.
    fn outcome(
        &self,
        case: &Case,
        deal: DealId,
        told: Option<DealOutcome>,
        tools: &Tools<'_>,
    ) -> Option<DealOutcome> {
        let book = self.book();
        let executed = |tag: Tag| book.decided.get(&(deal, tag)).copied();
        let legs = &case.instruction.terms.legs;
        let aborted = told == Some(DealOutcome::Abort)
            || legs.iter().any(|leg| executed(leg.tag) == Some(DealOutcome::Abort));
        if aborted {
            return Some(DealOutcome::Abort);
        }
        let own = self.own();
        let mut parts = legs.iter().filter(|leg| leg.sender == own || leg.receiver == own).peekable();
        if parts.peek().is_none() {
            return told;
        }
        let has_room = |tag: Tag| tools.rooms.iter().any(|room| room.tag == tag);
        parts
            .all(|leg| has_room(leg.tag) && executed(leg.tag) == Some(DealOutcome::Commit))
            .then_some(DealOutcome::Commit)
    }

    /// A deal that is not complete or not opened in time never will be.
    fn expire(&self, id: &CaseId, case: &Case, next: Height) -> bool {
        if next < case.instruction.terms.allocate_before {
            return false;
        }
        if let Some((deal, _)) = case.deal(&self.network) {
            self.forget(case, deal);
        }
        self.book().change(id, |case| case.stage = Stage::Lapsed)
    }

    fn forget(&self, case: &Case, deal: DealId) {
        for (leg, _) in case.instruction.terms.received_by(self.own()) {
            self.agreements.remove(self.member, (deal, leg));
        }
    }

    /// Tells the member's rooms what they may approve.
    fn agree(&self, case: &Case, deal: DealId) {
        let terms = &case.instruction.terms;
        for (leg, received) in terms.received_by(self.own()) {
            let agreed = Agreed {
                leg: (deal, leg),
                terms: *received,
                allocate_before: terms.allocate_before,
                settle_before: terms.settle_before,
                instruction: case.instruction.record,
            };
            self.agreements.add(self.member, agreed);
        }
    }

    fn open(&self, id: &CaseId, case: &Case, open: OpenDeal, tools: &Tools<'_>) -> bool {
        if case.opening {
            return false;
        }
        self.book().change(id, |case| case.opening = true);
        let (book, id) = (self.book.clone(), id.clone());
        let done = move |ordered: crate::root_task::Anchored| {
            let again = match ordered {
                Ok(Ok(_)) => false,
                // Another party was first, or it never can be: looked at again in vain at each height.
                Ok(Err(reject)) => reject.is_for_now(),
                Err(_) => true,
            };
            if again {
                let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
                book.change(&id, |case| case.opening = false);
            }
        };
        tools.root_handle.submit(RootTransaction::OpenDeal(open), Box::new(done));
        true
    }

    /// Locks what this member gives by a leg, unless that is on its way or done.
    fn lock(&self, id: &CaseId, case: &Case, leg: LegId, tools: &Tools<'_>) -> bool {
        let number = leg.1;
        let terms = &case.instruction.terms;
        let Some(given) = terms.legs.get(usize::from(number)).copied() else { return false };
        if case.locking.contains(&number) || case.locked.contains(&number) {
            return false;
        }
        let Some(room) = tools.rooms.iter().find(|room| room.tag == given.tag) else { return false };
        let heights = (terms.allocate_before, terms.settle_before);
        let (asset, to, amount) = (given.asset, given.receiver, given.amount);
        let payment = Payment { asset, to, amount, purpose: None };
        let now = tools.root.head();
        let drafted = room.handle.call(move |channel| {
            if channel.own_lock(leg).is_some() {
                return Ok(None);
            }
            channel.lock(leg, heights, &payment, now, &mut generator()).map(Some)
        });
        match drafted {
            None => false,
            Some(Ok(None)) => self.book().change(id, |case| {
                case.locked.insert(number);
            }),
            Some(Err(error)) => {
                let reason = error.code();
                self.book().change(id, |case| case.hindered = Some(reason));
                false
            }
            Some(Ok(Some(drafted))) => {
                self.book().change(id, |case| {
                    case.locking.insert(number);
                    case.hindered = None;
                });
                self.submit_lock(id, number, room, drafted);
                true
            }
        }
    }

    fn submit_lock(&self, id: &CaseId, number: u8, room: &DeskRoom, drafted: Drafted) {
        let (book, handle, id) = (self.book.clone(), room.handle.clone(), id.clone());
        let set_aside = drafted.set_aside;
        let answer = move |outcome: Result<Outcome, SubmitError>| {
            let applied = outcome.as_ref().is_ok_and(|outcome| outcome.verdict == Verdict::Applied);
            let definite = outcome.as_ref().map_or_else(Failure::definite, |_| true);
            if !applied && definite {
                handle.tell(move |channel| channel.release(&set_aside));
            }
            let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
            book.change(&id, |case| {
                case.locking.remove(&number);
                if applied {
                    case.locked.insert(number);
                }
            });
        };
        room.handle.submit_with(drafted.operations, drafted.movements, Box::new(answer));
    }

    fn finish(&self, id: &CaseId, case: &Case, deal: DealId, outcome: DealOutcome) -> bool {
        self.forget(case, deal);
        self.book().change(id, |case| {
            case.stage = match outcome {
                DealOutcome::Commit => Stage::Committed,
                DealOutcome::Abort => Stage::Aborted,
            };
        })
    }
}

impl Book {
    /// Channels of legs whose deals are not over, and whose logs were not read as far as the root chain has them: a room may have
    /// executed a decision and rest again before anybody has read of it.
    fn unread(&self, root: &dyn RootChain) -> BTreeSet<Tag> {
        let open = self.cases.values().filter(|case| !case.stage.is_over());
        let tags = open.flat_map(|case| case.instruction.terms.legs.iter().map(|leg| leg.tag));
        let ordered = |tag: &Tag| root.tag_state(tag).ok().flatten().map_or(0, |state| state.count);
        tags.filter(|tag| self.read.get(tag).is_none_or(|(_, event)| event.0 < ordered(tag))).collect()
    }

    fn open(&self) -> impl Iterator<Item = CaseId> + '_ {
        self.cases.iter().filter(|(_, case)| !case.stage.is_over()).map(|(id, _)| id.clone())
    }

    fn take(&mut self, room: &str, own: MemberId, news: News) {
        match news {
            News::Proposed(instruction) => {
                if instruction.parties.contains(&own) {
                    let id = (room.to_owned(), instruction.record);
                    self.cases.entry(id).or_insert_with(|| Case::new(room, *instruction));
                }
            }
            News::Answered { instruction, member, answer } => {
                if let Some(case) = self.cases.get_mut(&(room.to_owned(), instruction)) {
                    case.answered(member, answer);
                }
            }
        }
    }

    fn change(&mut self, id: &CaseId, change: impl FnOnce(&mut Case)) -> bool {
        let Some(case) = self.cases.get_mut(id) else { return false };
        change(case);
        true
    }

    fn opened(&mut self, id: &CaseId) -> bool {
        let is_new = self.cases.get(id).is_some_and(|case| case.stage < Stage::Open);
        is_new && self.change(id, |case| case.stage = Stage::Open)
    }
}
