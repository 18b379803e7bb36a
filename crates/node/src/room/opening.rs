//! Openings: the words of readers that a transaction of this member's needs before it is put forward, and what others ask.
//!
//! Nothing is sent for ordering until one reader of each set has signed. A transaction that waits here counts as a draft: if the
//! keys turn over or its epoch ends it is sealed again, and asked about again.

use std::collections::BTreeMap;

use parclose_channel::Reject;
use parclose_crypto::verify;
use parclose_exchange::{Message, Said};
use parclose_transaction::opened::{Opener, opened_bytes};
use parclose_transaction::{NotAuthentic, SignedTransaction, UnverifiedTransaction};
use parclose_types::{Failure, Height, PublicKey, TransactionDigest};

use super::wanted::Wanted;
use super::{BATCH_BYTES, BATCH_TRANSACTIONS, Room};
use crate::submission::{Asked, SubmitError};

/// Transactions of this member that wait for readers at a time, and their bytes.
const OPENINGS_MAX: usize = 256;
const OPENING_BYTES_MAX: usize = 4 << 20;
/// Heights after which another reader is asked in place of one that has not answered.
const SILENCE_MAX: u64 = 4;
/// Questions of others that cannot be answered yet: of all, and of one member.
const QUESTIONS_MAX: usize = 64;
const QUESTIONS_OF_ONE_MAX: usize = 16;
/// Characters of a rule's id, of what a peer says.
const RULE_SHOWN: usize = 16;

/// A transaction that waits for readers.
struct Opening {
    signed: SignedTransaction,
    parts: (Vec<u8>, Vec<u8>),
    wanted: Wanted,
    /// the sets of which a reader has to sign, each in the order in which its readers are asked
    sets: Vec<Vec<PublicKey>>,
    /// who was asked and has not answered yet, and when
    asked: BTreeMap<PublicKey, Height>,
    /// who does not sign, and what it said
    refused: BTreeMap<PublicKey, String>,
    words: BTreeMap<PublicKey, Opener>,
}

/// What comes next for a transaction that waits.
enum Step {
    Ready,
    Waits,
    Ask(PublicKey),
    /// of this set nobody signs
    Failed(Vec<PublicKey>),
}

/// What another member asks, and this one cannot answer yet.
struct Question {
    from: PublicKey,
    permanent: Vec<u8>,
    sealed: Vec<u8>,
    since: Height,
}

/// Openings on their way, this member's and others'.
#[derive(Default)]
pub(super) struct Openings {
    own: BTreeMap<TransactionDigest, Opening>,
    questions: Vec<Question>,
}

impl Opening {
    fn bytes(&self) -> usize {
        self.parts.0.len().saturating_add(self.parts.1.len())
    }

    fn step(&self) -> Step {
        let mut step = Step::Ready;
        for set in &self.sets {
            if set.iter().any(|reader| self.words.contains_key(reader)) {
                continue;
            }
            if set.iter().any(|reader| self.asked.contains_key(reader)) {
                step = Step::Waits;
                continue;
            }
            return match set.iter().find(|reader| !self.refused.contains_key(reader)) {
                Some(next) => Step::Ask(*next),
                None => Step::Failed(set.clone()),
            };
        }
        step
    }
}

impl Openings {
    pub(super) fn is_busy(&self) -> bool {
        !self.own.is_empty() || !self.questions.is_empty()
    }

    /// Whether another transaction may be sealed that may have to wait here.
    pub(super) fn have_room(&self) -> bool {
        let bytes: usize = self.own.values().map(Opening::bytes).sum();
        self.own.len() < OPENINGS_MAX && bytes < OPENING_BYTES_MAX
    }

    /// What this member wants written and nobody has opened yet; nothing of it was put forward.
    pub(super) fn take_all(&mut self) -> Vec<Wanted> {
        std::mem::take(&mut self.own).into_values().map(|opening| opening.wanted).collect()
    }
}

impl Room {
    /// Has a transaction opened by readers. The same reader is not always asked first.
    pub(super) fn have_opened(
        &mut self,
        signed: SignedTransaction,
        sets: Vec<Vec<PublicKey>>,
        wanted: Wanted,
    ) {
        let digest = signed.digest();
        let turned = |mut set: Vec<PublicKey>| {
            let first = usize::from(digest.0[0]).checked_rem(set.len()).unwrap_or(0);
            set.rotate_left(first);
            set
        };
        let opening = Opening {
            parts: signed.encode_parts(),
            signed,
            wanted,
            sets: sets.into_iter().map(turned).collect(),
            asked: BTreeMap::new(),
            refused: BTreeMap::new(),
            words: BTreeMap::new(),
        };
        self.openings.own.insert(digest, opening);
        self.go_on_opening(&digest);
    }

    /// Asks whoever is to be asked, until one of each set may answer, or gives up.
    ///
    /// # Rules
    ///
    /// > OPN-07: a transaction with fields that are to be opened is put forward once a reader of each set has signed; of a set one after the other is asked, the next when one refuses, is away or is silent for 4 heights, and when none signs nothing was put forward and the submitter is told who was asked and what each said.
    fn go_on_opening(&mut self, digest: &TransactionDigest) {
        while let Some(opening) = self.openings.own.get(digest) {
            let reader = match opening.step() {
                Step::Ready | Step::Waits => return,
                Step::Ask(reader) => reader,
                Step::Failed(set) => return self.give_up_opening(digest, &set),
            };
            let (permanent, sealed) = opening.parts.clone();
            let message = Message::AskOpened { tag: self.channel.tag(), permanent, sealed };
            let reached = self.send(&reader, &message);
            let head = self.parts.root.head();
            let Some(opening) = self.openings.own.get_mut(digest) else { return };
            if reached {
                opening.asked.insert(reader, head);
            } else {
                opening.refused.insert(reader, "was not reached".into());
            }
        }
    }

    fn give_up_opening(&mut self, digest: &TransactionDigest, set: &[PublicKey]) {
        let Some(opening) = self.openings.own.remove(digest) else { return };
        let config = self.channel.config();
        let asked = set.iter().filter_map(|reader| {
            let member = config.member(reader).map(|member| member.name.clone())?;
            Some(Asked { member, said: opening.refused.get(reader)?.clone() })
        });
        (opening.wanted.answer)(Err(SubmitError::NotOpened { asked: asked.collect() }));
    }

    /// A reader has answered.
    pub(super) fn on_opened(&mut self, from: PublicKey, digest: &TransactionDigest, said: Said) {
        let Some(opening) = self.openings.own.get_mut(digest) else { return };
        if !opening.sets.iter().flatten().any(|reader| *reader == from) {
            return;
        }
        match said {
            Said::Opened(signature) if verify(&from, &opened_bytes(digest), &signature).is_ok() => {
                opening.words.insert(from, Opener { reader: from, signature });
            }
            Said::Opened(_) => _ = opening.refused.insert(from, "OPN-02".into()),
            Said::Refused(rule) => {
                let shown = rule.chars().filter(char::is_ascii_graphic).take(RULE_SHOWN);
                opening.refused.insert(from, shown.collect());
            }
        }
        opening.asked.remove(&from);
        self.go_on_opening(digest);
    }

    /// Asks others in place of those that have not answered.
    pub(super) fn pass_over_silent_readers(&mut self) {
        let head = self.parts.root.head();
        let mut late = Vec::new();
        for (digest, opening) in &mut self.openings.own {
            let silent = |(_, since): &(&PublicKey, &Height)| head.0 >= since.0.saturating_add(SILENCE_MAX);
            let silent: Vec<PublicKey> =
                opening.asked.iter().filter(silent).map(|(reader, _)| *reader).collect();
            for reader in &silent {
                opening.asked.remove(reader);
                opening.refused.insert(*reader, "did not answer".into());
            }
            late.extend((!silent.is_empty()).then_some(*digest));
        }
        for digest in late {
            self.go_on_opening(&digest);
        }
    }

    /// Puts what readers have opened into the pool, as long as a batch has room.
    pub(super) fn pool_opened(&mut self) {
        let is_ready = |(_, opening): &(&TransactionDigest, &Opening)| matches!(opening.step(), Step::Ready);
        let ready: Vec<_> = self.openings.own.iter().filter(is_ready).map(|(digest, _)| *digest).collect();
        for digest in ready {
            if self.pool.len() >= BATCH_TRANSACTIONS || self.pool_bytes >= BATCH_BYTES {
                return;
            }
            let Some(Opening { signed, words, wanted, .. }) = self.openings.own.remove(&digest) else {
                return;
            };
            let opened = signed.opened_by(words.into_values().collect());
            match self.channel.advise(&opened, self.at()) {
                Ok(Ok(pooled)) => {
                    self.add_to_pool(pooled);
                    self.open.insert(digest, wanted);
                }
                // It has waited too long: it is sealed again.
                Ok(Err(Reject::NotAuthentic(
                    NotAuthentic::Scope(_) | NotAuthentic::Epoch { .. } | NotAuthentic::Expired { .. },
                ))) => self.drafts.push_front(wanted),
                Ok(Err(reject)) => (wanted.answer)(Err(reject.into())),
                Err(error) => (wanted.answer)(Err(error.into())),
            }
        }
    }

    /// Opens what another member is about to put forward, and says so, or what is wrong with it.
    pub(super) fn on_ask_opened(&mut self, from: PublicKey, permanent: Vec<u8>, sealed: Vec<u8>) {
        let since = self.parts.root.head();
        self.answer_opening(Question { from, permanent, sealed, since });
    }

    /// Looks again at what could not be answered.
    pub(super) fn retry_openings(&mut self) {
        for question in std::mem::take(&mut self.openings.questions) {
            self.answer_opening(question);
        }
    }

    fn answer_opening(&mut self, question: Question) {
        let Question { from, permanent, sealed, since } = &question;
        let of_one = self.openings.questions.iter().filter(|other| other.from == *from).count();
        let may_wait = self.parts.root.head().0 < since.0.saturating_add(SILENCE_MAX)
            && of_one < QUESTIONS_OF_ONE_MAX
            && self.openings.questions.len() < QUESTIONS_MAX;
        if self.comes_back() {
            self.openings.questions.extend(may_wait.then_some(question));
            return;
        }
        let said = match self.channel.sign_opened(from, (permanent, sealed), self.at()) {
            Err(refused) if refused.is_for_now() && may_wait => {
                return self.openings.questions.push(question);
            }
            Err(refused) => Said::Refused(refused.rule().into()),
            Ok((_, signature)) => Said::Opened(signature),
        };
        // What is no transaction has no name by which it could be answered.
        let Ok(transaction) = UnverifiedTransaction::decode(permanent) else { return };
        let transaction = transaction.digest();
        self.send(from, &Message::Opened { tag: self.channel.tag(), transaction, said });
    }
}
