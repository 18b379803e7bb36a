//! What is erased of an export, and the acts that prove it.
//!
//! An act of the log that confirms an erasure has the verdict `applied` only where the erasure is in force (ERA-09). So such an
//! act, opened in its batch, with its verdict in the attested log, proves that the members have erased the record, the epoch or
//! the generation; the acts that asked for it say who and why.

use std::collections::{BTreeMap, BTreeSet};

use parclose_channel::outcome::OrderedIn;
use parclose_channel::{Channel, ChannelError, Verdict};
use parclose_transaction::{Act, Erasure, ErasureTarget, UnverifiedTransaction};
use parclose_types::{ChannelId, NetworkId, PublicKey, Sequence, TransactionDigest};

use super::log::{Log, Verdicts};
use super::{BundleInvalid, ExportedBatch, Remains};

/// An erasure that the log proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenErasure {
    /// what
    pub target: ErasureTarget,
    /// who asked for it, by which act, and why, in the order of the export
    pub asked: Vec<(PublicKey, TransactionDigest, String)>,
    /// whose node has confirmed it, by which act
    pub confirmed: Vec<(PublicKey, TransactionDigest)>,
}

/// Erasures by what they erase.
pub(super) type Erasures = BTreeMap<ErasureTarget, ProvenErasure>;

/// The acts that prove what is erased of some batches: all that asked for it, and those that confirmed it in the attested state.
pub(super) fn exported(
    channel: &Channel,
    batches: &[ExportedBatch],
    erased: &[Remains],
    attested: Option<Sequence>,
) -> Result<Vec<OrderedIn>, ChannelError> {
    let (reach, mut targets) = (channel.reach()?, BTreeSet::new());
    for Remains { sequence, index, part } in erased {
        let batch = batches.iter().find(|batch| batch.proof.sequence == *sequence);
        let at = usize::try_from(*index).unwrap_or(usize::MAX);
        let permanent = batch.and_then(|batch| batch.permanent.get(at));
        let missing = ChannelError::Inconsistent { what: "a stored batch", sequence: *sequence };
        let decoded = permanent.and_then(|bytes| UnverifiedTransaction::decode(bytes).ok()).ok_or(missing)?;
        // What nothing explains was handed out to this member as erased, and is not.
        let by = reach.explains(part, decoded.claimed_body());
        targets.extend(
            by.ok_or(ChannelError::Unknown { what: "part of a batch, which another member withholds," })?,
        );
    }
    let mut acts = Vec::new();
    for row in channel.erasures()?.into_iter().filter(|row| targets.contains(&row.target)) {
        let (at, _) = row.in_force.ok_or(ChannelError::Unknown { what: "erasure in force" })?;
        let mut confirmed = false;
        for (of, confirms) in
            row.approvals.iter().map(|of| (of, false)).chain(row.confirmed.iter().map(|of| (of, true)))
        {
            let stored = channel.transaction(&of.1)?.ok_or(ChannelError::Unknown { what: "transaction" })?;
            if Some(stored.place.sequence) <= attested {
                acts.push(channel.prove_ordered(&of.1)?);
                confirmed |= confirms;
            }
        }
        if !confirmed {
            return Err(ChannelError::NotAttested { sequence: at });
        }
    }
    Ok(acts)
}

/// Verifies the acts of an export, each in its batch and with its verdict.
///
/// # Rules
///
/// > ERA-11: an act about an erasure counts in a bundle where it stands in the batch of an anchor, and the attested log has it applied there.
pub(super) fn verify(
    acts: &[OrderedIn],
    log: &Log,
    scope: (NetworkId, ChannelId),
    verdicts: &Verdicts,
) -> Result<Erasures, BundleInvalid> {
    let mut erasures = Erasures::new();
    for OrderedIn { batch, permanent, inclusion } in acts {
        let sequence = batch.sequence;
        let wrong = BundleInvalid::NotErased { sequence };
        log.opens(batch, scope)?;
        inclusion.verify(&batch.header.permanent_root, permanent).map_err(|_| wrong.clone())?;
        let counted = inclusion.length == u64::from(batch.header.transactions);
        let transaction = UnverifiedTransaction::decode(permanent)?;
        let digest = transaction.digest();
        let index = u32::try_from(inclusion.index).map_err(|_| wrong.clone())?;
        let applied = verdicts
            .get(&(sequence, index))
            .is_some_and(|row| row.transaction == digest && row.verdict == Verdict::Applied);
        if !(counted && applied) {
            return Err(wrong);
        }
        let body = transaction.claimed_body();
        let (author, act) = (body.author, body.act.as_ref());
        let target = match act {
            Some(Act::Erase(Erasure { target, .. }) | Act::Erased { target }) => *target,
            _ => return Err(wrong),
        };
        let erasure = erasures.entry(target).or_insert_with(|| ProvenErasure {
            target,
            asked: Vec::new(),
            confirmed: Vec::new(),
        });
        match act {
            Some(Act::Erase(Erasure { reason, .. })) => erasure.asked.push((author, digest, reason.clone())),
            _ => erasure.confirmed.push((author, digest)),
        }
    }
    Ok(erasures)
}

#[cfg(test)]
mod tests;
