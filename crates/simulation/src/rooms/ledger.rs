//! What must hold in channels: one state for each event, each unit of cash in one place, both legs of a deal or neither.

use std::collections::{BTreeMap, BTreeSet};

use parclose_channel::tables::Verdict;
use parclose_types::{DealId, Digest, MemberId, RecordId, Sequence, StateRoot, TransactionDigest};

use crate::checker::{Violation, broken};

/// What a transaction does, as whoever has made it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// which channel
    pub channel: usize,
    /// who pays
    pub from: MemberId,
    /// whom
    pub to: MemberId,
    /// how much; nothing is a record that moves nothing
    pub amount: u64,
    /// it is held for this deal's leg
    pub deal: Option<DealId>,
    /// the record that says so
    pub record: RecordId,
}

/// What was told to be in place.
#[derive(Debug, Default)]
pub struct Books {
    /// what a state is after an event, and what was executed then
    states: BTreeMap<(usize, Sequence), (StateRoot, Digest)>,
    /// what each transaction means that somebody has made
    wishes: BTreeMap<TransactionDigest, Wish>,
    /// those that were applied, which their authors were told
    acknowledged: BTreeMap<TransactionDigest, Wish>,
    /// salts of transactions and blinders of batches: each is used once
    fresh: BTreeMap<[u8; 32], Digest>,
    /// what each member has
    balances: BTreeMap<(usize, MemberId), u64>,
    /// what is held for each leg
    held: BTreeMap<(usize, DealId), Vec<Wish>>,
    /// how a deal has ended, in each channel that was told
    decided: BTreeMap<(usize, DealId), bool>,
    counted: BTreeSet<(usize, Sequence)>,
}

impl Books {
    /// Says what a member has at the beginning.
    pub fn begin(&mut self, channel: usize, member: MemberId, amount: u64) {
        self.balances.insert((channel, member), amount);
    }

    /// A transaction is made: its salt, and what it means.
    pub fn made(&mut self, digest: TransactionDigest, salt: [u8; 32], wish: Wish) -> Result<(), Violation> {
        self.fresh(salt, Digest(digest.0))?;
        self.wishes.insert(digest, wish);
        Ok(())
    }

    /// Something that must be fresh is used for something.
    pub fn fresh(&mut self, bytes: [u8; 32], by: Digest) -> Result<(), Violation> {
        let first = *self.fresh.entry(bytes).or_insert(by);
        if first == by { Ok(()) } else { broken("what must be fresh was used for two things") }
    }

    /// A member has executed an event.
    pub fn executed(
        &mut self,
        channel: usize,
        sequence: Sequence,
        (root, chain): (StateRoot, Digest),
        verdicts: &[(TransactionDigest, Verdict)],
    ) -> Result<(), Violation> {
        let first = *self.states.entry((channel, sequence)).or_insert((root, chain));
        if first != (root, chain) {
            return broken(format!("two members of channel {channel} differ after event {sequence}"));
        }
        if !self.counted.insert((channel, sequence)) {
            return Ok(());
        }
        for (digest, verdict) in verdicts {
            if *verdict == Verdict::Applied
                && let Some(wish) = self.wishes.get(digest).cloned()
            {
                self.applied(*digest, wish)?;
            }
        }
        Ok(())
    }

    fn applied(&mut self, digest: TransactionDigest, wish: Wish) -> Result<(), Violation> {
        if self.acknowledged.insert(digest, wish.clone()).is_some() {
            return broken("a transaction was applied twice");
        }
        let from = self.balances.entry((wish.channel, wish.from)).or_default();
        let Some(rest) = from.checked_sub(wish.amount) else {
            return broken(format!("somebody has paid more than it had in channel {}", wish.channel));
        };
        *from = rest;
        match wish.deal {
            Some(deal) => self.held.entry((wish.channel, deal)).or_default().push(wish),
            None => self.pay(&(wish.channel, wish.to), wish.amount),
        }
        Ok(())
    }

    fn pay(&mut self, to: &(usize, MemberId), amount: u64) {
        let balance = self.balances.entry(*to).or_default();
        *balance = balance.saturating_add(amount);
    }

    /// A channel was told how a deal has ended, or that what it holds has lapsed: the same everywhere.
    pub fn decided(&mut self, channel: usize, deal: DealId, is_done: bool) -> Result<(), Violation> {
        let differs = self.decided.iter().any(|((_, known), done)| *known == deal && *done != is_done);
        if differs {
            return broken("a deal is done in one channel and not in the other");
        }
        self.decided.insert((channel, deal), is_done);
        for wish in self.held.remove(&(channel, deal)).unwrap_or_default() {
            let to = if is_done { wish.to } else { wish.from };
            self.pay(&(channel, to), wish.amount);
        }
        Ok(())
    }

    /// The last event that any member of a channel has executed.
    #[must_use]
    pub fn last(&self, channel: usize) -> Option<Sequence> {
        let all = (channel, Sequence(0))..=(channel, Sequence(u64::MAX));
        self.states.range(all).next_back().map(|((_, sequence), _)| *sequence)
    }

    /// What a transaction means that was applied.
    #[must_use]
    pub fn wish(&self, digest: &TransactionDigest) -> Option<&Wish> {
        self.acknowledged.get(digest)
    }

    /// What a member should have, when nothing is held any more.
    #[must_use]
    pub fn balance(&self, channel: usize, member: MemberId) -> u64 {
        self.balances.get(&(channel, member)).copied().unwrap_or_default()
    }

    /// Whether a channel was told another end of a deal.
    #[must_use]
    pub fn is_otherwise(&self, deal: &DealId, is_done: bool) -> bool {
        self.decided.iter().any(|((_, known), done)| known == deal && *done != is_done)
    }

    /// What is still held in a channel.
    pub fn held(&self, channel: usize) -> impl Iterator<Item = DealId> {
        self.held.keys().filter(move |(at, _)| *at == channel).map(|(_, deal)| *deal)
    }

    /// Everything that was acknowledged in a channel.
    pub fn acknowledged(&self, channel: usize) -> impl Iterator<Item = (&TransactionDigest, &Wish)> {
        self.acknowledged.iter().filter(move |(_, wish)| wish.channel == channel)
    }
}
