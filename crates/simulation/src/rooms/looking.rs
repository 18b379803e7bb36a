//! What must hold at a member after each event that it executes, and where what belongs to a channel may lie.

use std::collections::BTreeSet;

use parclose_channel::tables::Verdict;
use parclose_channel::{Channel, Executed};
use parclose_transaction::FieldState;
use parclose_transaction::key_ring::Nobody;
use parclose_types::TransactionDigest;

use super::founding::{MEMBERS, ORGS, path, wrong};
use super::ledger::Wish;
use super::{Rooms, add};
use crate::checker::{Violation, broken};

impl Rooms {
    /// What was applied is there for its readers at once; whoever is not behind has what the books say, unless something is held.
    pub(super) fn look(&mut self, at: usize, executed: &Executed) -> Result<(), Violation> {
        let Some(seat) = self.seats.get(at) else { return Ok(()) };
        let Some(channel) = &seat.channel else { return Ok(()) };
        for (digest, _) in executed.verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Applied) {
            if let Some(wish) = self.books.wish(digest) {
                is_there(channel, digest, wish)?;
                add(&mut self.reached, "what was applied is read at once");
            }
        }
        let is_last = self.books.last(seat.number) == Some(executed.sequence);
        let is_held = self.books.held(seat.number).next().is_some() || channel.open_locks().next().is_some();
        if is_last && !is_held {
            self.is_balanced(at)?;
            add(&mut self.reached, "cash is compared after an event");
        }
        Ok(())
    }

    /// A member has what it should have.
    pub(super) fn is_balanced(&self, at: usize) -> Result<(), Violation> {
        let Some(seat) = self.seats.get(at) else { return Ok(()) };
        let Some(channel) = &seat.channel else { return Ok(()) };
        let own = channel.own_id();
        let has: u64 = channel.own_notes().map_err(wrong)?.iter().map(|note| note.opened.value).sum();
        let should = self.books.balance(seat.number, own);
        if has != should {
            return broken(format!("a member of channel {} has {has} and should have {should}", seat.number));
        }
        Ok(())
    }

    /// No organisation has a store of a channel that it is not in.
    pub(super) fn stores_are_members(&self) -> Result<(), Violation> {
        for (number, members) in MEMBERS.iter().enumerate() {
            for (org, machine) in (0..ORGS).zip(&self.orgs) {
                if !members.contains(&org) && !machine.medium.rows(&path(number)).is_empty() {
                    return broken(format!("organisation {org} has a store of a channel that it is not in"));
                }
            }
        }
        Ok(())
    }

    /// Nothing by which a channel is known lies in the store of another: not its id, and no digest or record of its transactions.
    pub(super) fn isolation(&mut self) -> Result<(), Violation> {
        self.stores_are_members()?;
        for (number, founded) in self.begun.channels.iter().enumerate() {
            let mut names: BTreeSet<[u8; 32]> = BTreeSet::from([founded.id.0]);
            for (digest, wish) in self.books.acknowledged(number) {
                names.extend([digest.0, wish.record.0]);
            }
            let holds = |bytes: &[u8]| bytes.windows(32).any(|window| names.contains(window));
            for seat in self.seats.iter().filter(|seat| seat.number != number) {
                let Some(channel) = &seat.channel else { continue };
                let mut found = false;
                let dumped = channel.store().logical_dump(|row| {
                    found |=
                        holds(row.row_key) || holds(row.sealed) || row.plain.as_deref().is_some_and(holds);
                });
                dumped.map_err(wrong)?;
                if found {
                    return broken(format!(
                        "a store of channel {} holds something of another channel",
                        seat.number
                    ));
                }
            }
        }
        add(&mut self.reached, "stores are searched for other channels");
        Ok(())
    }
}

/// An acknowledged write is stored, its parties open it, and nobody does without keys.
pub(super) fn is_there(channel: &Channel, digest: &TransactionDigest, wish: &Wish) -> Result<(), Violation> {
    let stored = channel.transaction(digest).map_err(wrong)?;
    if stored.is_none_or(|stored| stored.verdict.verdict != Verdict::Applied) {
        return broken(format!("an acknowledged write of channel {} is gone", wish.channel));
    }
    let own = channel.own_id();
    let is_party = wish.from == own || wish.to == own;
    let view = channel.view_record(channel.keys(), &wish.record).map_err(wrong)?;
    let opened = |state: &FieldState| matches!(state, FieldState::Opened(_));
    let Some(view) = view else { return broken("an acknowledged record is gone") };
    if is_party && !view.fields.iter().all(|field| opened(&field.state)) {
        return broken("somebody cannot open what was written for it");
    }
    let of_nobody = channel.view_record(&Nobody, &wish.record).map_err(wrong)?;
    if of_nobody.is_some_and(|view| view.fields.iter().any(|field| opened(&field.state))) {
        return broken("somebody without keys opens a record");
    }
    Ok(())
}
