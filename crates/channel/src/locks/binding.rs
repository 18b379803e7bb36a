//! Whom open locks bind: whoever has locked, and whoever stands in the record of what is held.
//!
//! New keys that leave such a member out would leave its counterparty with half of a deal: nobody would be
//! there to prepare, to approve, or to use what is delivered. So its removal, once decided, waits. It waits for locks that
//! there are, each of which binds below its `settle_before` only, and no new one may name the member: it ends.

use std::collections::BTreeSet;

use parclose_transaction::{Body, GenerationConfig, MemberEntry};
use parclose_types::{Height, MemberId, RecordId};

use super::{LockRefused, LockRow};
use crate::channel::Channel;
use crate::error::ChannelError;
use crate::governance::Governance;
use crate::process::{Execution, Stop};

/// The height from which none of the locks binds any of the members; `None` if none does at all. `parties` are those of a record.
fn bound_until<'a, E>(
    locks: impl Iterator<Item = &'a LockRow>,
    members: &BTreeSet<MemberId>,
    parties: impl Fn(&RecordId) -> Result<Vec<MemberId>, E>,
) -> Result<Option<Height>, E> {
    let mut until = None;
    if members.is_empty() {
        return Ok(until);
    }
    for row in locks {
        let settle_before = Some(row.hold().settle_before);
        // Of many locks few are looked up.
        let later = settle_before > until;
        if later
            && (members.contains(&row.author) || parties(&row.record)?.iter().any(|p| members.contains(p)))
        {
            until = settle_before;
        }
    }
    Ok(until)
}

impl Governance {
    /// Members of now that a configuration leaves out.
    pub(crate) fn left_out_by(&self, next: &GenerationConfig) -> BTreeSet<MemberId> {
        let members = self.latest().config.members.iter().map(MemberEntry::id);
        members.filter(|member| next.by_id(member).is_none()).collect()
    }

    /// Members that are left out by what was decided and can still take force at a height.
    pub(crate) fn leaving_at(&self, height: Height) -> BTreeSet<MemberId> {
        self.next_at(height).map(|next| self.left_out_by(next)).unwrap_or_default()
    }
}

impl Execution<'_> {
    /// The height from which no lock binds any of the members, as this transaction meets them.
    pub(crate) fn bound_until(&self, members: &BTreeSet<MemberId>) -> Result<Option<Height>, Stop> {
        let before = self.locks.all().filter(|row| !self.value.locks.contains_key(&row.id()));
        let locks = before.chain(self.value.locks.values().flatten());
        let until = bound_until(locks, members, |record| {
            let row = self.current(record)?;
            Ok::<_, Stop>(row.into_iter().flat_map(|row| row.parties).map(|(_, member)| member).collect())
        })?;
        Ok(until.filter(|until| self.height() < *until))
    }

    /// Whether a lock may name whom it names: its author, and who stands in the record of what it holds.
    ///
    /// # Rules
    ///
    /// > LOC-11: while a decision can take force that leaves a member out, no lock is executed whose author it is, or in whose record it stands.
    pub(crate) fn check_all_stay(
        &self,
        author: MemberId,
        record: Option<&RecordId>,
        body: &Body,
    ) -> Result<(), Stop> {
        let mut leaving = self.governance().leaving_at(self.height());
        // The last block of a generation may have events after the rotation.
        let latest = &self.governance().latest().config;
        let members = self.in_force.config.members.iter().map(MemberEntry::id);
        leaving.extend(members.filter(|member| latest.by_id(member).is_none()));
        if leaving.is_empty() {
            return Ok(());
        }
        let of_record = body.operations.iter().filter(|operation| Some(&operation.record) == record);
        let parties = of_record.flat_map(|operation| operation.parties.iter().map(|(_, member)| *member));
        match std::iter::once(author).chain(parties).find(|member| leaving.contains(member)) {
            Some(member) => Err(LockRefused::Leaving { member }.into()),
            None => Ok(()),
        }
    }
}

impl Channel {
    /// The height from which no open lock keeps what was decided from taking force; `None` if none does now.
    ///
    /// # Rules
    ///
    /// > LOC-10: an endorser signs new keys that leave out a member only for heights at which no open lock binds it: below a lock's `settle_before` it binds its author and whoever stands in the record of what it holds.
    pub fn awaits_locks(&self, head: Height) -> Result<Option<Height>, ChannelError> {
        let next = Height(head.0.saturating_add(1));
        let leaving = self.governance().leaving_at(next);
        let until = bound_until(self.locks.all(), &leaving, |record| {
            let row = self.record(record)?;
            Ok::<_, ChannelError>(row.into_iter().flat_map(|row| row.parties).map(|(_, m)| m).collect())
        })?;
        Ok(until.filter(|until| next < *until))
    }
}

#[cfg(test)]
mod tests;
