//! Execution of the log: every final event of the channel's tag, strictly in order.

use parclose_amounts::RangeEngine;
use parclose_root::{
    Anchor, Certificate, ClaimTag, Decision, LogEntry, Prepare, ReleaseTag, RootTransaction, Rotate,
};
use parclose_transaction::UnverifiedTransaction;
use parclose_transaction::definition::ValueRole;
use parclose_types::{Failure, Height, KeyedTag, Malformed, PublicKey, Sequence, TransactionDigest, labels};

use crate::absent::Absent;
use crate::channel::Channel;
use crate::commit::Written;
use crate::error::ChannelError;
use crate::governance::Governance;
use crate::process::{Execution, Stop};
use crate::tables::{BATCHES, BatchRow, EVENTS, EventOutcome, PERMANENT, RecordRow, Verdict};
use crate::value::carriers;

/// An event of the channel's tag, final on the root chain.
#[derive(Clone, Debug)]
pub struct FinalEvent {
    /// height of its block
    pub height: Height,
    /// tag, sequence, kind, chain
    pub entry: LogEntry,
    /// the root transaction
    pub transaction: RootTransaction,
}

/// What an event did.
#[derive(Debug)]
pub struct Executed {
    /// the event
    pub sequence: Sequence,
    /// its outcome
    pub outcome: EventOutcome,
    /// the event whose state its batch attests
    pub attested: Option<Sequence>,
    /// transactions that got their verdict, in order
    pub verdicts: Vec<(TransactionDigest, Verdict)>,
    /// it changed the channel itself
    pub governed: bool,
    /// it has something of a deal: an instruction, an answer, a lock, a decision
    pub deals: bool,
}

impl Channel {
    /// Executes the next event.
    ///
    /// # Rules
    ///
    /// > CHA-01: events execute strictly in log order.
    /// > CHA-02: an anchored batch that is not here is fetched, never skipped.
    pub fn execute(&mut self, event: &FinalEvent) -> Result<Executed, ChannelError> {
        let expected = self.head.as_ref().map_or(Sequence(0), |head| head.next);
        if event.entry.sequence != expected || event.entry.tag != self.setup.tag {
            return Err(ChannelError::OutOfOrder { expected, got: event.entry.sequence });
        }
        let (outcome, written) = match &event.transaction {
            // It stands in the log of the network's validators, or in none, never in a channel's.
            RootTransaction::UpdateValidators(_) | RootTransaction::OpenDeal(_) => {
                return Err(ChannelError::OutOfOrder { expected, got: event.entry.sequence });
            }
            RootTransaction::OpenChannel(_) => (EventOutcome::Opened, self.execute_open(event)?),
            RootTransaction::Close(_) => (EventOutcome::Closed, self.quiet(event.height)),
            RootTransaction::Rotate(rotate) => self.execute_rotate(event, rotate)?,
            RootTransaction::Anchor(anchor) => self.execute_anchor(event, anchor)?,
            RootTransaction::Prepare(prepare) => self.execute_prepare(event, prepare),
            RootTransaction::Refuse(refuse) => {
                let outcome = EventOutcome::LegRefused { deal: refuse.deal, leg: refuse.leg };
                (outcome, self.quiet(event.height))
            }
            RootTransaction::Decision(decision) => self.execute_decision(event, decision),
            RootTransaction::ClaimTag(claim) => self.execute_claim(event, claim),
            RootTransaction::ReleaseTag(release) => self.execute_release(event, release),
        };
        let attested = match &event.transaction {
            RootTransaction::Anchor(anchor) => Some(anchor.attested),
            _ => None,
        };
        let verdicts = written.verdicts.iter().map(|v| (v.transaction, v.verdict.clone())).collect();
        let governed = written.governance.is_some() || !written.erasures.is_empty();
        let deals = self.is_of_deals(&outcome, &written);
        self.commit(event, outcome.clone(), written)?;
        Ok(Executed { sequence: expected, outcome, attested, verdicts, governed, deals })
    }

    fn execute_open(&self, event: &FinalEvent) -> Result<Written, ChannelError> {
        let definition = self.setup.check()?;
        let first = crate::opening::first_generation(&self.setup, definition, event.height);
        Ok(Written::governed(Governance::opened(first)))
    }

    fn is_of_deals(&self, outcome: &EventOutcome, written: &Written) -> bool {
        let definition = self.definition();
        let of_deals = |row: &RecordRow| {
            let value = definition.record(row.record_type).and_then(|known| known.value);
            matches!(value, Some(ValueRole::Instruction | ValueRole::Affirmation))
        };
        matches!(outcome, EventOutcome::Decided { .. })
            || !written.value.locks.is_empty()
            || written.records.values().any(of_deals)
    }

    /// What an event writes that holds no transactions.
    fn quiet(&self, height: Height) -> Written {
        Written { value: self.locks.lapsed(height), ..Written::default() }
    }

    fn execute_prepare(&self, event: &FinalEvent, prepare: &Prepare) -> (EventOutcome, Written) {
        let mut written = self.quiet(event.height);
        let founded = written.value.prepare(&self.locks, prepare, event.entry.sequence);
        let endorsers = if founded { Vec::new() } else { self.signers(event.height, &prepare.certificate) };
        (EventOutcome::Prepared { deal: prepare.deal, leg: prepare.leg, endorsers }, written)
    }

    fn execute_decision(&self, event: &FinalEvent, decision: &Decision) -> (EventOutcome, Written) {
        let mut written = self.quiet(event.height);
        let Decision { deal, outcome } = *decision;
        let notes = written.value.decide(&self.locks, deal, outcome);
        (EventOutcome::Decided { deal, outcome, notes }, written)
    }

    fn execute_claim(&self, event: &FinalEvent, claim: &ClaimTag) -> (EventOutcome, Written) {
        let tag = KeyedTag(claim.claim);
        let row = self.claims.claimed(&tag);
        let founded = row.is_some();
        let endorsers = if founded { Vec::new() } else { self.signers(event.height, &claim.certificate) };
        let claims = row.map(|row| (tag, row)).into_iter().collect();
        let written = Written { claims, ..self.quiet(event.height) };
        (EventOutcome::Claimed { claim: tag, endorsers }, written)
    }

    fn execute_release(&self, event: &FinalEvent, release: &ReleaseTag) -> (EventOutcome, Written) {
        let tag = KeyedTag(release.claim);
        let (row, founded) = self.claims.released(&tag, event.height);
        let endorsers = if founded { Vec::new() } else { self.signers(event.height, &release.certificate) };
        let claims = row.map(|row| (tag, row)).into_iter().collect();
        let written = Written { claims, ..self.quiet(event.height) };
        (EventOutcome::Released { claim: tag, endorsers }, written)
    }

    /// The endorsers of a certificate, by the keys in force at a height.
    fn signers(&self, height: Height, certificate: &Certificate) -> Vec<PublicKey> {
        let known = self.governance.at(height).config.pseudonyms();
        let signers = certificate.signatures.iter();
        signers.filter_map(|(index, _)| known.get(usize::from(*index)).copied()).collect()
    }

    /// Another generation takes force, as it was decided. The root chain has handed the tag over already:
    /// if nobody here decided it, then t of our endorsers have signed what they had not executed.
    ///
    /// # Rules
    ///
    /// > CHA-08: a rotation that the log has not decided stops the channel, with the evidence kept.
    fn execute_rotate(
        &self,
        event: &FinalEvent,
        rotate: &Rotate,
    ) -> Result<(EventOutcome, Written), ChannelError> {
        let rotated = self.governance.rotated(rotate, event.height);
        let not_decided = ChannelError::NotDecided { sequence: event.entry.sequence };
        let (governance, generation) = rotated.ok_or(not_decided)?;
        let written = Written { value: self.locks.lapsed(event.height), ..Written::governed(governance) };
        Ok((EventOutcome::Rotated { generation }, written))
    }

    fn execute_anchor(
        &mut self,
        event: &FinalEvent,
        anchor: &Anchor,
    ) -> Result<(EventOutcome, Written), ChannelError> {
        let commitment = anchor.commitment;
        let missing = ChannelError::BatchMissing { sequence: event.entry.sequence, commitment };
        let row = self.store.get(&BATCHES, &commitment)?.ok_or(missing)?;
        if let Some(rule) = self.void_rule(event, anchor, &row)? {
            let endorsers = self.signers(event.height, &anchor.certificate);
            let outcome = EventOutcome::Void { commitment, rule, endorsers };
            return Ok((outcome, self.quiet(event.height)));
        }
        let written = self.execute_batch(event, &row)?;
        let verdicts = u32::try_from(written.verdicts.len()).unwrap_or(u32::MAX);
        Ok((EventOutcome::Executed { commitment, verdicts }, written))
    }

    /// The rule that makes an anchored batch void, if one does.
    ///
    /// # Rules
    ///
    /// > END-10: a batch whose header names another s than its anchor, or no earlier event, is void.
    fn void_rule(
        &self,
        event: &FinalEvent,
        anchor: &Anchor,
        row: &BatchRow,
    ) -> Result<Option<String>, ChannelError> {
        let attested = row.header.attested;
        if attested != anchor.attested || attested >= event.entry.sequence {
            return Ok(Some("END-10".to_owned()));
        }
        self.check_attestation(event, row)?;
        Ok(row.void.clone())
    }

    /// An anchored batch that attests another state than ours stops this channel, with the evidence kept.
    ///
    /// # Rules
    ///
    /// > CHA-03: a wrong root of an executed event in an anchored batch stops the node that disagrees, for that channel.
    fn check_attestation(&self, event: &FinalEvent, row: &BatchRow) -> Result<(), ChannelError> {
        let attested = row.header.attested;
        let ours = self.store.get(&EVENTS, &attested)?.map(|known| known.root);
        if ours == Some(row.header.attested_root) {
            Ok(())
        } else {
            Err(ChannelError::Diverged { sequence: event.entry.sequence, attested })
        }
    }

    /// Verifies the signatures and the range proofs of a batch together, each of which costs less than alone. Range proofs only
    /// where a member has signed the transaction, its sponsor puts it forward, and a record stands for each note: nobody else has a
    /// batch verified that is refused for less.
    fn verify_ahead(
        &mut self,
        decoded: &[Result<UnverifiedTransaction, Malformed>],
        sponsor: &PublicKey,
        height: Height,
    ) {
        self.known.verify_ahead(decoded.iter().flatten());
        let (setting, in_force) = (self.setting(height), self.governance.at(height).clone());
        let is_member = |key: &PublicKey| in_force.config.member(key).is_some();
        let mut ranges = Vec::new();
        for transaction in decoded.iter().flatten() {
            let body = transaction.claimed_body();
            let gets_so_far = !body.movements.is_empty()
                && body.sponsor == *sponsor
                && carriers(body, &in_force.definition).is_ok()
                && transaction.is_authentic(&setting, is_member, &mut self.known);
            if gets_so_far {
                let place = body.place();
                let engine = RangeEngine::OF_FORMAT_1;
                ranges.extend(body.movements.iter().flat_map(|movement| movement.ranges(&place, engine)));
            }
        }
        self.ranges.verify_ahead(ranges);
    }

    fn execute_batch(&mut self, event: &FinalEvent, row: &BatchRow) -> Result<Written, ChannelError> {
        let sequence = event.entry.sequence;
        let commitment = row.header.commitment(&row.blinder);
        let missing = ChannelError::BatchMissing { sequence, commitment };
        let permanent = self.stored_parts(&PERMANENT, row)?.ok_or(missing)?;
        let decoded: Vec<_> = permanent.iter().map(|bytes| UnverifiedTransaction::decode(bytes)).collect();
        let absent = Absent::among(decoded.iter().flatten(), &self.store)?;
        self.verify_ahead(&decoded, &row.header.sponsor, event.height);
        let mut execution = self.execution(event.height)?;
        execution.absent = absent;
        let mut written = Written::default();
        let mut acted = Vec::new();
        for ((index, bytes), decoded) in (0_u32..).zip(&permanent).zip(decoded) {
            let place = (row.number, index);
            let verdict = execution.verdict_of(bytes, decoded, place, row)?;
            if let Some((digest, expiry, verdict, governed)) = verdict {
                execution.decided.insert(digest);
                written.push(sequence, place, digest, expiry, verdict);
                acted.extend(governed.then_some(place));
            }
        }
        written.records = std::mem::take(&mut execution.written);
        written.salts = std::mem::take(&mut execution.salts);
        written.value = std::mem::take(&mut execution.value);
        written.claims = std::mem::take(&mut execution.claimed);
        written.erasures = std::mem::take(&mut execution.erasures);
        written.governance = execution.changed.take();
        written.received = self.received(&acted, written.governance.as_ref(), event.height)?;
        Ok(written)
    }
}

impl Execution<'_> {
    /// The verdict of one transaction, and whether it changed the channel; `None` when this occurrence does
    /// not count.
    ///
    /// # Rules
    ///
    /// > STA-08: a repeated, expired or foreign-sponsor occurrence writes no verdict, so no digest has two.
    fn verdict_of(
        &mut self,
        bytes: &[u8],
        decoded: Result<UnverifiedTransaction, Malformed>,
        place: (u64, u32),
        row: &BatchRow,
    ) -> Result<Option<(TransactionDigest, Height, Verdict, bool)>, ChannelError> {
        let (digest, expiry) = match &decoded {
            Ok(tx) => (tx.digest(), tx.claimed_expiry()),
            Err(_) => {
                (TransactionDigest(parclose_crypto::hash(labels::TRANSACTION, &[bytes])), self.height())
            }
        };
        let foreign = decoded.as_ref().is_ok_and(|tx| tx.claimed_sponsor() != row.header.sponsor);
        if foreign || expiry < self.height() || self.is_decided(&digest).or_else(broken)? {
            return Ok(None);
        }
        let processed = decoded.map_err(Stop::from).and_then(|tx| self.process(tx, place));
        let (verdict, governed) = match processed {
            Ok(effects) => (Verdict::Applied, effects.governed),
            Err(Stop::Reject(reject)) => (Verdict::Refused(reject.rule().to_owned()), false),
            Err(Stop::Broken(error)) => return Err(error),
        };
        Ok(Some((digest, expiry, verdict, governed)))
    }
}

fn broken(stop: Stop) -> Result<bool, ChannelError> {
    match stop {
        Stop::Broken(error) => Err(error),
        Stop::Reject(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests;
