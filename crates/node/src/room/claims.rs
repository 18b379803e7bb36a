//! Claims of keyed tags: the members' signatures under what a record has asked for or gives back, gathered by whoever took the step.
//!
//! The root chain is looked at first: as long as another channel holds a tag, nobody is asked for it.

use std::collections::BTreeMap;

use parclose_channel::{ClaimRow, ClaimStage};
use parclose_exchange::{Message, SignedClaim};
use parclose_root::certificate::verify_endorsement;
use parclose_root::claim::CLAIMS_PER_TAG_AND_BLOCK;
use parclose_root::statement::ClaimStatement;
use parclose_root::{Certificate, Endorsement};
use parclose_types::{Height, KeyedTag, PublicKey, decode, encode, limits};

use super::{Order, Room};

/// Claims on their way at a time: what a block takes of a channel.
const ON_THE_WAY_MAX: usize = CLAIMS_PER_TAG_AND_BLOCK as usize;
/// Statements of one member that could not be signed when they came, and are looked at again.
const ASKED_MAX: usize = 1024;
/// Heights after which whoever has not answered is asked again.
const SILENCE_MAX: u64 = 4;

/// A claim or a release that this member has put together, with what it has of the others.
struct Claiming {
    statement: ClaimStatement,
    endorsements: BTreeMap<PublicKey, Endorsement>,
    submitted: bool,
    asked: Height,
}

/// Claims on their way, this member's and others'.
#[derive(Default)]
pub(super) struct Claims {
    own: BTreeMap<KeyedTag, Claiming>,
    /// what others have asked for and is not executed here yet
    asked: BTreeMap<(PublicKey, KeyedTag), ClaimStatement>,
    /// claims may have come or gone, or time has passed
    pub(super) wanted: bool,
    /// the root chain has refused one, and will as long as nothing changes
    refused: bool,
}

impl Claims {
    /// Of a room that has just been opened.
    pub(super) fn of_start() -> Self {
        Self { wanted: true, ..Self::default() }
    }
}

impl Room {
    /// Puts claims and releases together for the steps of this member's, and asks the others.
    ///
    /// # Rules
    ///
    /// > NOD-38: whoever has taken a step that claims a keyed tag or gives it back has the root chain told: it asks all members, and again those that have not answered, as soon as nobody else holds the tag.
    pub(super) fn make_claims(&mut self) {
        if self.comes_back() || self.stopped.is_some() || !std::mem::take(&mut self.claims.wanted) {
            return;
        }
        self.claims.refused = false;
        let (head, window) = (self.executed_through(), self.parts.root.genesis().parameters().window);
        let channel = &self.channel;
        // New keys, or another step since: what was put together before is of no use then.
        self.claims.own.retain(|tag, claiming| {
            let now = channel.claim(tag).and_then(|row| channel.claim_statement(row, head, window));
            let stands = now.is_some_and(|now| {
                (now.act, now.generation) == (claiming.statement.act, claiming.statement.generation)
            });
            claiming.statement.last_height > head && stands
        });
        let room = ON_THE_WAY_MAX.saturating_sub(self.claims.own.len());
        let fresh = channel.claims().filter(|row| !self.claims.own.contains_key(&row.tag));
        let own = fresh.filter(|row| self.is_due_here(row)).take(room);
        let statements: Vec<ClaimStatement> =
            own.filter_map(|row| channel.claim_statement(row, head, window)).collect();
        let mut asks: Vec<Vec<u8>> = statements.iter().map(encode).collect();
        for statement in statements {
            let own = self.channel.sign_claim(&statement, head, window).ok();
            let endorsements = own.into_iter().map(|own| (own.0, own)).collect();
            let claiming = Claiming { statement, endorsements, submitted: false, asked: head };
            self.claims.own.insert(KeyedTag(statement.claim), claiming);
        }
        let silent = |claiming: &&mut Claiming| {
            !claiming.submitted && head.0 >= claiming.asked.0.saturating_add(SILENCE_MAX)
        };
        for claiming in self.claims.own.values_mut().filter(silent) {
            claiming.asked = head;
            asks.push(encode(&claiming.statement));
        }
        if !asks.is_empty() {
            let message = Message::AskClaims { tag: self.channel.tag(), statements: asks };
            let _ = self.send_to_others(&message);
        }
        self.submit_claims();
    }

    /// The height up to which everything is executed here: what is signed lasts so long from there (TAG-07).
    fn executed_through(&self) -> Height {
        let head = self.parts.root.head();
        let last = self.channel.head().map_or(Height(0), |head| head.height);
        if self.behind() == 0 { head } else { last }
    }

    /// Whether a claim or a release of this member's is on its way, or could be.
    pub(super) fn is_claiming(&self) -> bool {
        let is_due = || self.channel.claims().any(|row| self.is_due_here(row));
        !self.claims.own.is_empty() || !self.claims.refused && !self.comes_back() && is_due()
    }

    /// Whether a claim of this member's is still to be made or given back, whoever holds it now; of a member that has left, whether one
    /// can be.
    pub(super) fn awaits_claims(&self) -> bool {
        let own = self.channel.own_id();
        let awaits = |row: &ClaimRow| {
            if row.author == own { self.is_own_to_do(row) } else { self.is_due_here(row) }
        };
        !self.claims.own.is_empty() || self.channel.claims().any(awaits)
    }

    /// Of a member that has left, everybody takes it over: the root chain orders it once.
    fn is_own_to_do(&self, row: &ClaimRow) -> bool {
        let config = self.channel.config();
        let own = row.author == self.channel.own_id() || config.by_id(&row.author).is_none();
        let is_closed = self.channel.head().is_some_and(|head| head.closed);
        own && match row.stage {
            ClaimStage::Asked => !is_closed,
            ClaimStage::Returned => true,
            ClaimStage::Held | ClaimStage::Dropped => false,
        }
    }

    /// Whether this member can do something about a claim now.
    fn is_due_here(&self, row: &ClaimRow) -> bool {
        let holder = || self.parts.root.claim(&row.tag.0).ok();
        self.is_own_to_do(row)
            && match row.stage {
                ClaimStage::Asked => holder() == Some(None),
                _ => holder() == Some(Some(self.channel.tag())),
            }
    }

    /// Signs what another member has put together; what is not executed here yet is kept, a limited number for each member.
    pub(super) fn on_ask_claims(&mut self, from: PublicKey, statements: &[Vec<u8>]) {
        let (head, window) = (self.executed_through(), self.parts.root.genesis().parameters().window);
        let last = head.0.saturating_add(window);
        let here = (self.channel.tag(), self.channel.config().generation);
        let decoded = statements.iter().take(ASKED_MAX).filter_map(|bytes| {
            decode::<ClaimStatement>("statement", bytes, limits::ROOT_TRANSACTION_BYTES_MAX).ok()
        });
        let of_here = decoded.filter(|statement| {
            (statement.tag, statement.generation) == here && statement.last_height.0 <= last
        });
        let asked = of_here.map(|statement| ((from, KeyedTag(statement.claim)), statement));
        self.answer_claims(asked.collect());
    }

    /// Looks again at what could not be signed.
    pub(super) fn retry_claims(&mut self) {
        let head = self.executed_through();
        let mut asked = std::mem::take(&mut self.claims.asked);
        asked.retain(|_, statement| statement.last_height >= head);
        self.answer_claims(asked);
    }

    fn answer_claims(&mut self, asked: BTreeMap<(PublicKey, KeyedTag), ClaimStatement>) {
        let (head, window) = (self.executed_through(), self.parts.root.genesis().parameters().window);
        let comes_back = self.comes_back();
        let mut answers: BTreeMap<PublicKey, Vec<SignedClaim>> = BTreeMap::new();
        for ((from, claim), statement) in asked {
            let signed =
                if comes_back { None } else { self.channel.sign_claim(&statement, head, window).ok() };
            if let Some(endorsement) = signed {
                answers.entry(from).or_default().push(SignedClaim { claim, endorsement });
                continue;
            }
            let first = (from, KeyedTag([0; 32]));
            let of_member = self.claims.asked.range(first..).take_while(|((of, _), _)| *of == from);
            if of_member.count() < ASKED_MAX {
                self.claims.asked.insert((from, claim), statement);
            }
        }
        for (to, signed) in answers {
            let message = Message::Claims { tag: self.channel.tag(), signed };
            self.send(&to, &message);
        }
    }

    /// Takes signatures that verify.
    pub(super) fn on_claims(&mut self, signed: &[SignedClaim]) {
        let keys = self.channel.endorsers();
        // Nobody is asked for more at a time.
        for SignedClaim { claim, endorsement } in signed.iter().take(ON_THE_WAY_MAX) {
            let Some(claiming) = self.claims.own.get_mut(claim) else { continue };
            if claiming.submitted || claiming.endorsements.contains_key(&endorsement.0) {
                continue;
            }
            if verify_endorsement(keys, &claiming.statement.signing_bytes(), endorsement).is_some() {
                claiming.endorsements.insert(endorsement.0, *endorsement);
            }
        }
        self.submit_claims();
    }

    /// Hands in what enough members have signed.
    fn submit_claims(&mut self) {
        for (tag, claiming) in self.claims.own.iter_mut().filter(|(_, claiming)| !claiming.submitted) {
            let endorsements: Vec<Endorsement> = claiming.endorsements.values().copied().collect();
            let Some(certificate) = Certificate::assemble(self.channel.endorsers(), &endorsements) else {
                continue;
            };
            claiming.submitted = true;
            let (own, tag) = (self.parts.own.clone(), *tag);
            let done = move |ordered: crate::root_task::Anchored| {
                let for_now = match &ordered {
                    Ok(Ok(_)) => return,
                    Ok(Err(reject)) => reject.is_for_now(),
                    Err(_) => false,
                };
                let _ = own.send(Order::NotClaimed(tag, for_now));
            };
            self.parts.root_handle.submit(claiming.statement.certified(certificate), Box::new(done));
        }
    }

    /// The root chain has refused a claim or a release. If a block was full it is tried again at once; if somebody was quicker, with
    /// the next block.
    pub(super) fn on_not_claimed(&mut self, tag: &KeyedTag, for_now: bool) {
        self.claims.own.remove(tag);
        self.claims.wanted |= for_now;
        self.claims.refused |= !for_now;
    }
}
