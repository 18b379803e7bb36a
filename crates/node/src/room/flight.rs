//! A batch on its way: proposed, being endorsed, anchored. A member has one at a time per channel.

use std::collections::BTreeMap;

use parclose_channel::Proposal;
use parclose_channel::propose::Pooled;
use parclose_exchange::Message;
use parclose_root::certificate::verify_endorsement;
use parclose_root::{Endorsement, RootTransaction};
use parclose_transaction::UnverifiedTransaction;
use parclose_types::{ChannelCommitment, Failure, Height, PublicKey, TransactionDigest, encode};

use super::{Order, Room};
use crate::submission::SubmitError;

pub(super) struct Flight {
    proposal: Proposal,
    pub(super) commitment: ChannelCommitment,
    pub(super) transactions: Vec<TransactionDigest>,
    endorsements: BTreeMap<PublicKey, Endorsement>,
    refusals: BTreeMap<PublicKey, String>,
    submitted: bool,
    attempt: u8,
    /// when the silent were asked last
    asked: Height,
}

/// How often a batch is anchored anew after the root chain refused it: its height had passed, or the
/// block was full of others.
const ATTEMPTS_MAX: u8 = 3;
/// Heights after which a member that has not answered is asked again: a frame may be lost on its way.
const SILENCE_MAX: u64 = 2;

/// Until when a batch can be ordered that is proposed now.
///
/// # Rules
///
/// > NOD-32: a batch is proposed for three quarters of the window, so that members can endorse it whose root chain is behind by up to a quarter.
const fn last_height(head: Height, window: u64) -> Height {
    Height(head.0.saturating_add(window - window / 4))
}

impl Room {
    /// Proposes a batch to all other members.
    ///
    /// # Rules
    ///
    /// > NOD-04: a member has one unfinal anchor for each channel, and its batches go to all members.
    /// > NOD-09: a member that cannot be reached counts as one that does not endorse this batch.
    pub(super) fn propose(&mut self, pooled: Vec<Pooled>) {
        self.propose_again(pooled, 0);
    }

    fn propose_again(&mut self, pooled: Vec<Pooled>, attempt: u8) {
        let last_height = last_height(self.parts.root.head(), self.parts.root.genesis().parameters().window);
        let proposal = match self.channel.propose(pooled, last_height, &mut self.rng) {
            Ok(proposal) => proposal,
            Err(error) => {
                self.stopped = Some(error);
                return self.give_up();
            }
        };
        let digest = |bytes: &Vec<u8>| UnverifiedTransaction::decode(bytes).ok().map(|tx| tx.digest());
        let own = self.channel.endorse_own(&proposal);
        let message = Message::Propose { tag: self.channel.tag(), proposal: encode(&proposal) };
        let commitment = proposal.commitment();
        self.flight = Some(Flight {
            commitment,
            transactions: proposal.batch.permanent.iter().filter_map(digest).collect(),
            endorsements: BTreeMap::from([(own.0, own)]),
            refusals: BTreeMap::new(),
            submitted: false,
            attempt,
            asked: self.parts.root.head(),
            proposal,
        });
        let unreachable = self.send_to_others(&message);
        self.submit_anchor();
        for member in unreachable {
            self.on_refuse(commitment, member, "NOD-09".into());
        }
    }

    pub(super) fn on_endorse(&mut self, commitment: ChannelCommitment, endorsement: Endorsement) {
        let (tag, endorsers) = (self.channel.tag(), self.channel.endorsers());
        let Some(flight) = self.flight.as_mut().filter(|flight| flight.commitment == commitment) else {
            return;
        };
        let signed = flight.proposal.statement(tag).signing_bytes();
        if verify_endorsement(endorsers, &signed, &endorsement).is_some() {
            flight.endorsements.insert(endorsement.0, endorsement);
            self.submit_anchor();
        }
    }

    /// A member does not endorse; once too few are left, the batch is given up.
    ///
    /// # Rules
    ///
    /// > NOD-01: a batch that too few members endorse is never ordered, and its submitters are told the rule.
    pub(super) fn on_refuse(&mut self, commitment: ChannelCommitment, from: PublicKey, rule: String) {
        let members = self.channel.config().members.len();
        let threshold = usize::from(self.channel.endorsers().threshold());
        let Some(flight) = self.flight.as_mut().filter(|flight| flight.commitment == commitment) else {
            return;
        };
        flight.refusals.insert(from, rule.clone());
        if !flight.submitted && members - flight.refusals.len() < threshold {
            self.fail_flight(&rule);
        }
    }

    /// The root chain refused the anchor: its transactions go into a new batch, a few times. Executing a
    /// transaction twice is impossible, so it does no harm if the old anchor is ordered after all.
    ///
    /// # Rules
    ///
    /// > NOD-08: when the root chain takes no anchor of a transaction, its sender learns that the outcome is unknown, not that it failed.
    pub(super) fn on_not_anchored(&mut self, commitment: &ChannelCommitment, rule: &str, final_answer: bool) {
        let Some(flight) = self.flight.take_if(|flight| flight.commitment == *commitment) else { return };
        if final_answer || flight.attempt >= ATTEMPTS_MAX {
            self.flight = Some(flight);
            return self.fail_flight(rule);
        }
        // What is final by now may say why, and for good.
        self.catch_up();
        if self.is_closed() {
            return;
        }
        self.propose_again(Pooled::of(flight.proposal), flight.attempt + 1);
    }

    /// A block is final: a batch whose endorsers give no answer for so long that its anchor could not be
    /// ordered any more, and as long again, goes the way of one that the root chain has refused.
    ///
    /// # Rules
    ///
    /// > NOD-14: a batch that too few members answer within twice the window of its anchor is proposed anew, and given up after the last attempt.
    pub(super) fn give_up_unanswered(&mut self) {
        let patience = self.parts.root.genesis().parameters().window;
        let late = |flight: &&Flight| {
            !flight.submitted
                && self.parts.root.head().0 > flight.proposal.last_height.0.saturating_add(patience)
        };
        if let Some(commitment) = self.flight.as_ref().filter(late).map(|flight| flight.commitment) {
            self.on_not_anchored(&commitment, "NOD-14", false);
        }
    }

    /// # Rules
    ///
    /// > NOD-22: a batch goes again to each member that has not answered, every second height until enough have.
    pub(super) fn ask_the_silent(&mut self) {
        let (head, own) = (self.parts.root.head(), self.channel.pseudonym().public());
        let late =
            |flight: &&mut Flight| !flight.submitted && head.0 >= flight.asked.0.saturating_add(SILENCE_MAX);
        let Some(flight) = self.flight.as_mut().filter(late) else { return };
        flight.asked = head;
        let message = Message::Propose { tag: self.channel.tag(), proposal: encode(&flight.proposal) };
        let answered = |member: &PublicKey| {
            flight.endorsements.contains_key(member) || flight.refusals.contains_key(member)
        };
        let mut silent = self.channel.config().pseudonyms();
        silent.retain(|member| *member != own && !answered(member));
        for member in silent {
            self.send(&member, &message);
        }
    }

    fn fail_flight(&mut self, rule: &str) {
        let Some(flight) = self.flight.take() else { return };
        // What nobody asked for is this member's upkeep: drafts may wait for the deal in it.
        if flight.transactions.iter().any(|digest| !self.open.contains_key(digest)) {
            self.give_up_waiting(|| SubmitError::NotEndorsed { rule: rule.to_owned() });
        }
        for digest in flight.transactions {
            let rule = rule.to_owned();
            // An anchor of an earlier attempt can still be ordered by whoever has it.
            let error = if flight.submitted || flight.attempt > 0 {
                SubmitError::NotAnchored { rule, transaction: digest }
            } else {
                SubmitError::NotEndorsed { rule }
            };
            if let Some(wanted) = self.open.remove(&digest) {
                (wanted.answer)(Err(error));
            }
        }
        // Nobody attests our state: waiting longer would not change it.
        self.unattested = None;
    }

    /// Submits the anchor once enough members have endorsed.
    fn submit_anchor(&mut self) {
        let Some(flight) = self.flight.as_mut().filter(|flight| !flight.submitted) else { return };
        let endorsements: Vec<Endorsement> = flight.endorsements.values().copied().collect();
        let Some(anchor) = self.channel.anchor(&flight.proposal, &endorsements) else { return };
        flight.submitted = true;
        let (commitment, own) = (flight.commitment, self.parts.own.clone());
        let done = move |anchored: crate::root_task::Anchored| {
            let (rule, final_answer) = match anchored {
                Ok(Ok(_)) => return,
                Ok(Err(reject)) => (reject.rule().to_owned(), false),
                Err(unavailable) => (unavailable.rule().to_owned(), true),
            };
            let _ = own.send(Order::NotAnchored(commitment, rule, final_answer));
        };
        self.parts.root_handle.submit(RootTransaction::Anchor(anchor), Box::new(done));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nod_32_whoever_is_a_little_behind_can_endorse_and_the_batch_has_time() {
        let judged = |window: u64, behind: u64| {
            let last = last_height(Height(5000), window).0;
            // What END-07 asks of an endorser, and ROO-17 of the block that is next.
            (last <= 5000 - behind + window, last >= 5001, last <= 5001 + window)
        };
        assert_eq!(judged(1024, 256), (true, true, true));
        assert!(!judged(1024, 257).0);
        for window in [1, 2, 3, 4, 5, 64] {
            assert_eq!(judged(window, window / 4), (true, true, true), "{window}");
        }
    }
}
