//! What a member can prove to an outsider about a transaction: that it was ordered, and what became of it.
//!
//! `ordered` needs the batch's header, the transaction's place in it and the blinder; `outcome` needs
//! a later anchored batch that attests a state at or after the event, and in that state the verdict.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::merkle::{Inclusion, ProvingList};
use parclose_crypto::state_tree::StateProof;
use parclose_types::{Sequence, SignatureBytes, TransactionDigest, encode};

use crate::batch::BatchHeader;
use crate::channel::Channel;
use crate::error::ChannelError;
use crate::tables::{EVENTS, EventOutcome, EventRow, HeadLeaf, PERMANENT, VerdictRow};

/// Opens a channel commitment: header and blinder, to compare with what the root chain ordered.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BatchProof {
    /// the event that anchored it
    pub sequence: Sequence,
    /// header
    pub header: BatchHeader,
    /// sponsor's signature over it
    pub signature: SignatureBytes,
    /// blinder of the commitment
    pub blinder: [u8; 32],
}

/// A transaction's place in an ordered batch.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OrderedIn {
    /// the batch
    pub batch: BatchProof,
    /// permanent bytes of the transaction
    pub permanent: Vec<u8>,
    /// its place under the batch's permanent root
    pub inclusion: Inclusion,
}

/// A transaction's verdict under an attested state.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OutcomeProof {
    /// the batch that attests the state
    pub attested_by: BatchProof,
    /// head leaf of that state
    pub head: HeadLeaf,
    /// proof of the head leaf under the attested root
    pub head_proof: StateProof,
    /// the verdict
    pub verdict: VerdictRow,
    /// its place in the verdict log
    pub inclusion: Inclusion,
}

/// The verdict log up to an attested state, held in memory to prove many outcomes.
#[derive(Debug)]
pub struct VerdictLog {
    list: ProvingList,
    rows: Vec<VerdictRow>,
}

impl Channel {
    /// The batch of an executed event, opened.
    ///
    /// # Rules
    ///
    /// > CHA-06: what this channel has not executed has no proof and no name here.
    pub fn prove_batch(&self, sequence: Sequence) -> Result<BatchProof, ChannelError> {
        let unknown = || ChannelError::Unknown { what: "batch" };
        let event = self.store.get(&EVENTS, &sequence)?.ok_or_else(unknown)?;
        let row = self.batch_of(&event)?.ok_or_else(unknown)?;
        Ok(BatchProof { sequence, header: row.header, signature: row.signature, blinder: row.blinder })
    }

    /// A transaction's place in its batch.
    pub fn prove_ordered(&self, digest: &TransactionDigest) -> Result<OrderedIn, ChannelError> {
        let stored = self.transaction(digest)?.ok_or(ChannelError::Unknown { what: "transaction" })?;
        let batch = self.prove_batch(stored.place.sequence)?;
        let mut parts = Vec::new();
        for index in 0..batch.header.transactions {
            let part = self.store.get(&PERMANENT, &(stored.place.batch, index))?;
            parts.push(part.ok_or(ChannelError::Inconsistent {
                what: "a stored batch",
                sequence: stored.place.sequence,
            })?);
        }
        let inclusion = ProvingList::new(parts)
            .prove(u64::from(stored.place.index))
            .ok_or(ChannelError::Inconsistent { what: "a stored batch", sequence: stored.place.sequence })?;
        Ok(OrderedIn { batch, permanent: stored.permanent, inclusion })
    }

    /// The latest event whose state an anchored batch attests, with that batch's event.
    ///
    /// # Rules
    ///
    /// > CHA-07: an outcome is provable only once an anchored batch attests a state at or after it.
    pub fn latest_attested(&self) -> Result<Option<(Sequence, Sequence)>, ChannelError> {
        let mut best: Option<(Sequence, Sequence)> = None;
        let mut from =
            self.head.as_ref().map_or(Sequence(0), |head| Sequence(head.next.0.saturating_sub(64)));
        loop {
            for (sequence, event) in self.events(from, usize::MAX)? {
                // What a void batch says counts for nothing, its attestation included.
                let executed = matches!(event.outcome, EventOutcome::Executed { .. });
                if let Some(row) = self.batch_of(&event)?.filter(|_| executed) {
                    let found = (row.header.attested, sequence);
                    best = best.max(Some(found));
                }
            }
            if best.is_some() || from.0 == 0 {
                return Ok(best);
            }
            from = Sequence(0);
        }
    }

    /// The verdict log as of an executed event.
    pub fn verdict_log(&self, event: &EventRow) -> Result<VerdictLog, ChannelError> {
        let wanted = usize::try_from(event.head.verdicts).unwrap_or(usize::MAX);
        let rows: Vec<VerdictRow> = self.verdicts(0, wanted)?.into_iter().map(|(_, row)| row).collect();
        let list = ProvingList::new(rows.iter().map(encode));
        Ok(VerdictLog { list, rows })
    }

    /// A transaction's verdict under the latest attested state.
    pub fn prove_outcome(&self, digest: &TransactionDigest) -> Result<OutcomeProof, ChannelError> {
        let stored = self.transaction(digest)?.ok_or(ChannelError::Unknown { what: "transaction" })?;
        let (event, attested_by) = self.attested_event(stored.place.sequence)?;
        let log = self.verdict_log(&event)?;
        self.prove_outcome_in(&stored.place, &event, attested_by, &log)
    }

    /// The latest attested event at or after `sequence`, and the batch that attests it.
    pub fn attested_event(&self, sequence: Sequence) -> Result<(EventRow, BatchProof), ChannelError> {
        let not_attested = || ChannelError::NotAttested { sequence };
        let (attested, by) =
            self.latest_attested()?.filter(|(attested, _)| *attested >= sequence).ok_or_else(not_attested)?;
        let event = self.store.get(&EVENTS, &attested)?.ok_or_else(not_attested)?;
        Ok((event, self.prove_batch(by)?))
    }

    /// As [`Channel::prove_outcome`], with the verdict log at hand.
    pub fn prove_outcome_in(
        &self,
        place: &crate::tables::TransactionRow,
        event: &EventRow,
        attested_by: BatchProof,
        log: &VerdictLog,
    ) -> Result<OutcomeProof, ChannelError> {
        let not_attested = || ChannelError::NotAttested { sequence: place.sequence };
        let at = usize::try_from(place.verdict).map_err(|_| not_attested())?;
        Ok(OutcomeProof {
            attested_by,
            head: event.head,
            head_proof: event.head_proof.clone(),
            verdict: log.rows.get(at).cloned().ok_or_else(not_attested)?,
            inclusion: log.list.prove(place.verdict).ok_or_else(not_attested)?,
        })
    }
}

#[cfg(test)]
mod tests;
