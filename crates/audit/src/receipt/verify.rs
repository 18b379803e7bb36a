//! Verification of a receipt, step by step, from the genesis alone, or from a checkpoint.
//!
//! No key inside a receipt is trusted before a step has led to it: the genesis names the validators, they
//! signed every change to others, those signed the header, the header holds the anchor, the anchor was certified by the channel's
//! endorsers when it was ordered, its commitment opens to the batch header, and that holds the rest.

use parclose_channel::commit::{head_key, head_leaf};
use parclose_channel::{BatchProof, OutcomeProof, Verdict};
use parclose_crypto::verify;
use parclose_root::{OrderProof, ProofInvalid, RootTransaction, Trust, VerifiedEvent};
use parclose_transaction::UnverifiedTransaction;
use parclose_types::{
    ChannelId, Generation, Height, NetworkId, PublicKey, Sequence, Tag, TransactionDigest, encode,
};

use super::{AttestedOutcome, BatchRole, Receipt, ReceiptInvalid, VERSION};

/// What a receipt proves. Only [`Receipt::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    network: NetworkId,
    tag: Tag,
    channel: ChannelId,
    generation: Generation,
    sponsor: PublicKey,
    transaction: TransactionDigest,
    height: Height,
    sequence: Sequence,
    index: u32,
    outcome: Option<VerifiedOutcome>,
}

/// A proven verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedOutcome {
    verdict: Verdict,
    attested: Sequence,
    attested_at: Height,
}

impl Receipt {
    /// Verifies every step from the genesis, or from a checkpoint, to the verdict, offline.
    ///
    /// # Rules
    ///
    /// As in [`Trust::follow`] (ROO-51 to ROO-61) for the changes of the validators, in
    /// [`OrderProof::verify_under`] (ROO-35 to ROO-43, ROO-62) for both events, in
    /// [`UnverifiedTransaction::decode`] (WIR-02 to WIR-05), in the private functions below, and:
    ///
    /// > REC-03: a receipt is of a version that the verifier knows.
    pub fn verify(&self, trust: impl Into<Trust>) -> Result<VerifiedReceipt, ReceiptInvalid> {
        if self.version != VERSION {
            return Err(ReceiptInvalid::Version { found: self.version });
        }
        let mut trust = trust.into();
        trust.follow_all(&self.changes)?;
        let batch = &self.ordered.batch;
        let event = opened(BatchRole::Ordering, batch, &self.anchor, &trust)?;
        let (transaction, index) = self.in_batch()?;
        let mut receipt = VerifiedReceipt {
            network: *event.network(),
            tag: event.entry().tag,
            channel: batch.header.channel,
            generation: batch.header.generation,
            sponsor: batch.header.sponsor,
            transaction,
            height: event.height(),
            sequence: event.entry().sequence,
            index,
            outcome: None,
        };
        receipt.outcome = match &self.outcome {
            Some(outcome) => Some(outcome.verify(&receipt, &trust)?),
            None => None,
        };
        Ok(receipt)
    }

    /// The list's length comes from the header that endorsers have committed to, never from the proof:
    /// else a path could be told for a list of another size, and an index with it.
    ///
    /// # Rules
    ///
    /// > REC-08: the transaction's bytes stand at their index under the header's permanent root, in a list of as many as the header counts.
    fn in_batch(&self) -> Result<(TransactionDigest, u32), ReceiptInvalid> {
        let (header, inclusion) = (&self.ordered.batch.header, &self.ordered.inclusion);
        let index = u32::try_from(inclusion.index).map_err(|_| ReceiptInvalid::NotInBatch)?;
        if inclusion.length != u64::from(header.transactions)
            || inclusion.verify(&header.permanent_root, &self.ordered.permanent).is_err()
        {
            return Err(ReceiptInvalid::NotInBatch);
        }
        Ok((UnverifiedTransaction::decode(&self.ordered.permanent)?.digest(), index))
    }
}

/// A batch that the root chain has ordered: the event, once its anchor's commitment is opened.
///
/// # Rules
///
/// > REC-02: a receipt counts under the genesis of its own network only.
/// > REC-04: the event of a batch is an anchor.
/// > REC-05: header and blinder open the commitment of the batch's anchor.
/// > REC-06: a batch names the sequence, the generation and the attested event that its anchor has in the log.
/// > REC-07: the sponsor has signed the batch's header.
fn opened(
    role: BatchRole,
    batch: &BatchProof,
    order: &OrderProof,
    trust: &Trust,
) -> Result<VerifiedEvent, ReceiptInvalid> {
    let event = order.verify_under(trust).map_err(|reason| match reason {
        ProofInvalid::OtherNetwork { expected, found } => ReceiptInvalid::Foreign { expected, found },
        reason => ReceiptInvalid::Order(reason),
    })?;
    let RootTransaction::Anchor(anchor) = event.transaction() else {
        return Err(ReceiptInvalid::NotAnAnchor { batch: role });
    };
    let header = &batch.header;
    if header.commitment(&batch.blinder) != anchor.commitment {
        return Err(ReceiptInvalid::Unopened { batch: role });
    }
    if header.network != *event.network() {
        return Err(ReceiptInvalid::Foreign { expected: *event.network(), found: header.network });
    }
    let named = (batch.sequence, header.generation, header.attested);
    if named != (event.entry().sequence, anchor.generation, anchor.attested) {
        return Err(ReceiptInvalid::OtherEvent { batch: role });
    }
    verify(&header.sponsor, header.digest().as_ref(), &batch.signature)
        .map_err(|_| ReceiptInvalid::Sponsor { batch: role })?;
    Ok(event)
}

impl AttestedOutcome {
    /// # Rules
    ///
    /// > REC-09: the attesting batch is of the tag and the channel of the transaction.
    /// > REC-10: the attested state is that after the transaction's event or a later one.
    fn verify(&self, receipt: &VerifiedReceipt, trust: &Trust) -> Result<VerifiedOutcome, ReceiptInvalid> {
        let attesting = &self.proof.attested_by;
        let event = opened(BatchRole::Attesting, attesting, &self.anchor, trust)?;
        if (event.entry().tag, attesting.header.channel) != (receipt.tag, receipt.channel) {
            return Err(ReceiptInvalid::OtherChannel);
        }
        let attested = attesting.header.attested;
        if attested < receipt.sequence {
            return Err(ReceiptInvalid::TooEarly { attested, sequence: receipt.sequence });
        }
        in_state(&self.proof)?;
        let row = &self.proof.verdict;
        if (row.transaction, row.sequence, row.index)
            != (receipt.transaction, receipt.sequence, receipt.index)
        {
            return Err(ReceiptInvalid::OtherVerdict);
        }
        Ok(VerifiedOutcome { verdict: row.verdict.clone(), attested, attested_at: event.height() })
    }
}

/// From the attested state root to the verdict.
///
/// # Rules
///
/// > REC-11: the head of the verdict log is proven under the attested state root.
/// > REC-12: that head is the one after the attested event.
/// > REC-13: the verdict stands at its index under the head's verdict root, in a list of as many as the head counts.
/// > REC-14: the verdict names the transaction, its event and its index in the batch.
fn in_state(proof: &OutcomeProof) -> Result<(), ReceiptInvalid> {
    let (header, head) = (&proof.attested_by.header, &proof.head);
    proof
        .head_proof
        .verify(&header.attested_root, &head_key(), Some(&head_leaf(head)))
        .map_err(|_| ReceiptInvalid::NotInState)?;
    if head.sequence != header.attested {
        return Err(ReceiptInvalid::OtherState { attested: header.attested, found: head.sequence });
    }
    let inclusion = &proof.inclusion;
    if inclusion.length != head.verdicts
        || inclusion.verify(&head.verdicts_root, &encode(&proof.verdict)).is_err()
    {
        return Err(ReceiptInvalid::NotInLog);
    }
    Ok(())
}

impl VerifiedReceipt {
    /// The network.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.network
    }

    /// The channel, as the root chain knows it.
    #[must_use]
    pub fn tag(&self) -> &Tag {
        &self.tag
    }

    /// The channel, as its members know it.
    #[must_use]
    pub fn channel(&self) -> &ChannelId {
        &self.channel
    }

    /// The generation whose endorsers certified the batch.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The member that put the batch forward, by pseudonym.
    #[must_use]
    pub fn sponsor(&self) -> &PublicKey {
        &self.sponsor
    }

    /// The transaction.
    #[must_use]
    pub fn transaction(&self) -> &TransactionDigest {
        &self.transaction
    }

    /// Height of the root block that ordered it.
    #[must_use]
    pub fn height(&self) -> Height {
        self.height
    }

    /// The event of the channel's log that ordered it.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// Its index in the batch.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// What became of it; `None` when the receipt proves only that it was ordered.
    #[must_use]
    pub fn outcome(&self) -> Option<&VerifiedOutcome> {
        self.outcome.as_ref()
    }
}

impl VerifiedOutcome {
    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The event whose state holds it.
    #[must_use]
    pub fn attested(&self) -> Sequence {
        self.attested
    }

    /// Height of the root block that ordered the attesting anchor.
    #[must_use]
    pub fn attested_at(&self) -> Height {
        self.attested_at
    }
}
