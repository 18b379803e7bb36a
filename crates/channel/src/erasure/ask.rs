//! Asking for an erasure, approving it, and confirming it: what an act about one leads to.

use std::collections::{BTreeMap, BTreeSet};

use parclose_transaction::act::REASON_BYTES_MAX;
use parclose_transaction::definition::{AudienceRule, ValueRole};
use parclose_transaction::{Act, Erasure, ErasureTarget, GenerationSpan, MemberEntry};
use parclose_types::{AssetId, Height, MemberId, PublicKey, RecordId, TransactionDigest};

use super::{ErasureRefused, ErasureRow, spans};
use crate::governance::{ActRefused, InForce};
use crate::process::{Execution, Stop};
use crate::tables::{RecordRow, StateField};

impl Execution<'_> {
    /// The erasure that an act leads to; `None` for an act about something else.
    pub(crate) fn erasure_after(
        &self,
        act: &Act,
        author: MemberId,
        transaction: TransactionDigest,
    ) -> Result<Option<ErasureRow>, Stop> {
        let row = match act {
            Act::Erase(erasure) => self.asked(erasure, author, transaction)?,
            Act::Erased { target } => self.confirmed(target, author, transaction)?,
            _ => return Ok(None),
        };
        if self.governance().latest().config.generation != self.in_force.config.generation {
            return Err(ActRefused::Ended.into());
        }
        Ok(Some(row))
    }

    /// An erasure as this transaction meets it.
    pub(crate) fn erasure(&self, target: &ErasureTarget) -> Result<Option<ErasureRow>, Stop> {
        match self.erasures.get(target) {
            Some(row) => Ok(Some(row.clone())),
            None => self.state.erasure(target).map_err(Stop::Broken),
        }
    }

    /// # Rules
    ///
    /// > ERA-04: a record whose erasure is in force takes no more writes, and an asset of such a record no more movements.
    pub(crate) fn check_not_erased(&self, record: &RecordId) -> Result<(), ErasureRefused> {
        let target = ErasureTarget::Record(*record);
        let now = self.erasures.get(&target).is_some_and(|row| row.in_force.is_some());
        if now || self.erased.contains(&target) { Err(ErasureRefused::Gone) } else { Ok(()) }
    }

    /// An erasure takes force with the act that brings the last approval. What has lapsed begins anew.
    ///
    /// # Rules
    ///
    /// > ERA-01: an erasure is of a record that there is, without a part in value or an asset of which no note can be spent, with a reason that is a line of 1 to 256 bytes.
    /// > ERA-02: an erasure is asked for by members of now that have made the record, or that every audience of its type's fields includes, and by each once.
    /// > ERA-03: an erasure takes force once as many members have asked for it as the definition says, or all that may where they are fewer; one that is not in force within `motion_within` heights lapses.
    fn asked(
        &self,
        erasure: &Erasure,
        author: MemberId,
        transaction: TransactionDigest,
    ) -> Result<ErasureRow, Stop> {
        let Erasure { target, reason } = erasure;
        let line = (1..=REASON_BYTES_MAX).contains(&reason.len()) && !reason.chars().any(char::is_control);
        if !line {
            return Err(ErasureRefused::Reason.into());
        }
        let asking = match target {
            ErasureTarget::Record(record) => self.asking_of_record(record)?,
            ErasureTarget::Epoch(_) | ErasureTarget::Generation(_) => self.asking_of_keys(target)?,
        };
        if !asking.may_ask(&author) {
            return Err(asking.refused.into());
        }
        let governance = &self.in_force.definition.governance;
        let open = |row: &ErasureRow| {
            row.in_force.is_some()
                || self.height().0 <= row.asked_at.0.saturating_add(governance.motion_within)
        };
        let mut row = match self.erasure(target)?.filter(open) {
            Some(row) if row.in_force.is_some() => return Err(ErasureRefused::Gone.into()),
            Some(row) if row.approvals.iter().any(|(member, _)| *member == author) => {
                return Err(ErasureRefused::Asked.into());
            }
            Some(row) => row,
            None => begun(*target, reason, self.height(), transaction),
        };
        row.approvals.push((author, transaction));
        let approvals = usize::try_from(governance.erasure_approvals).unwrap_or(usize::MAX);
        row.needed = u16::try_from(asking.needed(approvals)).unwrap_or(u16::MAX);
        if asking.is_enough(&row.approvals, approvals) {
            // It looks at every record, so nobody has it done alone.
            self.check_nothing_rests(target)?;
            row.in_force = Some((self.sequence, self.height()));
        }
        Ok(row)
    }

    fn asking_of_record(&self, record: &RecordId) -> Result<Asking, Stop> {
        let record = self.current(record)?.ok_or(ErasureRefused::NoRecord)?;
        self.check_without_value(&record)?;
        let sets = vec![entitled(&self.in_force, &record)];
        Ok(Asking { sets, refused: ErasureRefused::NotEntitled })
    }

    /// Each set of readers agrees for what it reads: all that was sealed for it goes. What nobody of now can read, any members of
    /// now let go.
    ///
    /// # Rules
    ///
    /// > ERA-13: an epoch or a generation is erased once its generation has ended, and while no note that can be spent, is held or owed, no asset that circulates, and no account, business day or tag key rests on fields that were sealed in it.
    /// > ERA-14: the erasure of an epoch or a generation is asked for by members of now that have an active secret of that generation, and takes force once each set that has one has as many of its members of now among those who asked as an erasure needs, or all of them where they are fewer.
    fn asking_of_keys(&self, target: &ErasureTarget) -> Result<Asking, Stop> {
        let past = self.state.past();
        let spans = spans(past).map_err(Stop::Broken)?;
        let span = spans.into_iter().find(|span| match target {
            ErasureTarget::Epoch(epoch) => (span.first..=span.last).contains(epoch),
            ErasureTarget::Generation(generation) => span.generation == *generation,
            ErasureTarget::Record(_) => false,
        });
        let ended = |span: &GenerationSpan| span.generation < self.in_force.config.generation;
        let span = span.filter(ended).ok_or(ErasureRefused::NotEnded)?;
        let row = past.generation(span.generation).map_err(Stop::Broken)?.ok_or(ErasureRefused::NotEnded)?;
        let deals = past.deals(span.configuration).map_err(Stop::Broken)?;
        let of_now = |key: &PublicKey| {
            let member = row.config.member(key)?.id();
            self.in_force.config.by_id(&member).map(|_| member)
        };
        let active = deals.iter().filter(|deal| deal.is_active());
        let sets = active.map(|deal| deal.deal.members.iter().filter_map(of_now).collect());
        let mut sets: Vec<BTreeSet<MemberId>> = sets.collect();
        if sets.iter().all(BTreeSet::is_empty) {
            sets = vec![self.in_force.config.members.iter().map(MemberEntry::id).collect()];
        }
        Ok(Asking { sets, refused: ErasureRefused::NoReader })
    }

    /// Whether what counts rests on an epoch or a generation; of a record that is looked at when it is asked for.
    fn check_nothing_rests(&self, target: &ErasureTarget) -> Result<(), Stop> {
        let in_scope = |field: &StateField| match target {
            ErasureTarget::Epoch(epoch) => field.epoch == *epoch,
            ErasureTarget::Generation(generation) => field.generation == *generation,
            ErasureTarget::Record(_) => false,
        };
        if target.record().is_some() {
            return Ok(());
        }
        for (record, is_held) in self.state.resting_on(&in_scope).map_err(Stop::Broken)? {
            let role = self.in_force.definition.record(record.record_type).and_then(|known| known.value);
            let rests = is_held
                || match role {
                    Some(ValueRole::Asset) => {
                        let supply = self.circulating(&AssetId(record.record.0))?;
                        supply.is_some_and(|supply| supply.notes > 0)
                    }
                    Some(ValueRole::Account | ValueRole::Calendar | ValueRole::TagKey) => true,
                    _ => false,
                };
            if rests {
                return Err(ErasureRefused::Rests.into());
            }
        }
        Ok(())
    }

    /// Notes open with fields of their records, and holders of notes rely on what their asset's record says.
    fn check_without_value(&self, record: &RecordRow) -> Result<(), Stop> {
        let value = self.in_force.definition.record(record.record_type).map(|known| known.value);
        let held = match value.ok_or(ErasureRefused::NoRecord)? {
            None => false,
            Some(ValueRole::Asset) => {
                self.circulating(&AssetId(record.record.0))?.is_some_and(|supply| supply.notes > 0)
            }
            Some(_) => true,
        };
        if held { Err(ErasureRefused::Value.into()) } else { Ok(()) }
    }

    /// # Rules
    ///
    /// > ERA-09: a member confirms once each erasure in force, after its own store holds nothing of it any more.
    fn confirmed(
        &self,
        target: &ErasureTarget,
        author: MemberId,
        transaction: TransactionDigest,
    ) -> Result<ErasureRow, Stop> {
        let row = self.erasure(target)?.filter(|row| row.in_force.is_some());
        let mut row = row.ok_or(ErasureRefused::NotToConfirm)?;
        match row.confirmed.binary_search_by_key(&author, |(member, _)| *member) {
            Ok(_) => Err(ErasureRefused::NotToConfirm.into()),
            Err(gap) => {
                row.confirmed.insert(gap, (author, transaction));
                Ok(row)
            }
        }
    }
}

/// Who may ask for an erasure: of each set, enough have to.
struct Asking {
    sets: Vec<BTreeSet<MemberId>>,
    /// what somebody else is told
    refused: ErasureRefused,
}

impl Asking {
    fn may_ask(&self, member: &MemberId) -> bool {
        self.sets.iter().any(|set| set.contains(member))
    }

    /// Members of the set of which most are needed.
    fn needed(&self, approvals: usize) -> usize {
        self.sets.iter().map(|set| set.len().min(approvals)).max().unwrap_or(approvals)
    }

    fn is_enough(&self, asked: &[(MemberId, TransactionDigest)], approvals: usize) -> bool {
        self.sets.iter().all(|set| {
            let of_set = asked.iter().filter(|(member, _)| set.contains(member)).count();
            of_set >= set.len().min(approvals)
        })
    }
}

fn begun(target: ErasureTarget, reason: &str, at: Height, act: TransactionDigest) -> ErasureRow {
    ErasureRow {
        target,
        act,
        reason: reason.to_owned(),
        asked_at: at,
        approvals: Vec::new(),
        needed: 0,
        in_force: None,
        confirmed: Vec::new(),
    }
}

/// The members that may ask for the erasure of a record: who has made it, and who reads every field that its type can have.
fn entitled(in_force: &InForce, record: &RecordRow) -> BTreeSet<MemberId> {
    let (definition, config) = (&in_force.definition, &in_force.config);
    let Some(record_type) = definition.record(record.record_type) else { return BTreeSet::new() };
    let slot = |(index, member): &(u8, MemberId)| {
        Some((record_type.slots.get(usize::from(*index))?.name.as_str(), *member))
    };
    let parties: BTreeMap<&str, MemberId> = record.parties.iter().filter_map(slot).collect();
    let rules: BTreeSet<&str> = record_type.fields.iter().map(|field| field.audience.as_str()).collect();
    let rules: Option<Vec<&AudienceRule>> = rules.into_iter().map(|name| definition.audience(name)).collect();
    let audiences: Vec<_> = rules.unwrap_or_default();
    let audiences: Vec<_> =
        audiences.into_iter().map(|rule| config.audience_members(rule, &parties)).collect();
    let reads_all = |key| !audiences.is_empty() && audiences.iter().all(|members| members.contains(key));
    let may = config
        .members
        .iter()
        .filter(|entry| entry.id() == record.owner || reads_all(&entry.certificate.pseudonym));
    may.map(MemberEntry::id).collect()
}
