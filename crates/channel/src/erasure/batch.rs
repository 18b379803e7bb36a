//! A batch of which something is erased: as it is handed out, checked and kept.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::{merkle, verify};
use parclose_store::Durability;
use parclose_transaction::{ErasedPart, UnverifiedTransaction};
use parclose_types::canonical::{ascending, at_most, decode};
use parclose_types::{ChannelCommitment, Malformed, limits};

use super::{ERASED_PARTS, WITHHELD};
use crate::batch::{Batch, Proposal};
use crate::channel::Channel;
use crate::endorse::EndorseRefused;
use crate::error::ChannelError;
use crate::tables::{BATCHES, BatchRow, PERMANENT, PRUNABLE};

/// A batch of which something is erased, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ErasedBatch {
    /// the batch; an erased sealed part is empty, which none is by itself
    pub batch: Batch,
    /// blinder of the commitment
    pub blinder: [u8; 32],
    /// what is left of those parts, by index, ascending
    pub erased: Vec<(u32, ErasedPart)>,
}

impl ErasedBatch {
    /// Decodes what a peer sent.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("erased batch", bytes, limits::BATCH_BYTES_MAX)
    }

    /// The commitment of the batch.
    #[must_use]
    pub fn commitment(&self) -> ChannelCommitment {
        self.batch.header.commitment(&self.blinder)
    }

    /// The whole batch, if nothing of it is erased.
    #[must_use]
    pub fn whole(self) -> Option<Proposal> {
        let Self { batch, blinder, erased } = self;
        erased.is_empty().then_some(Proposal { batch, blinder, last_height: parclose_types::Height(0) })
    }

    /// Checks that every part is the header's, whole or erased, and corresponds to its permanent part; gives the transactions.
    ///
    /// # Rules
    ///
    /// > ERA-07: a batch of which something is erased has the permanent parts of its header, the leaves of whole and erased parts give the header's prunable root, and each part, or what is left of it, corresponds to its permanent part.
    pub fn check(&self) -> Result<Vec<UnverifiedTransaction>, Malformed> {
        let wrong = || Malformed::Mismatch { what: "an erased batch and its header" };
        let Batch { header, signature, permanent, prunable } = &self.batch;
        at_most("transactions of a batch", permanent.len(), limits::BATCH_TRANSACTIONS_MAX)?;
        ascending("erased parts", self.erased.iter().map(|(index, _)| index))?;
        let counted = usize::try_from(header.transactions).is_ok_and(|count| count == permanent.len());
        if !counted || prunable.len() != permanent.len() || self.erased.is_empty() {
            return Err(wrong());
        }
        let signed = verify(&header.sponsor, header.digest().as_ref(), signature).is_ok();
        let leaves = (0_u32..).zip(prunable).map(|(index, part)| match self.left_of(index) {
            Some(left) => left.leaf,
            None => merkle::leaf_hash(part),
        });
        let of_header = header.permanent_root == merkle::root(permanent)
            && header.prunable_root == merkle::root_of_hashes(leaves);
        if !signed || !of_header {
            return Err(wrong());
        }
        let last = u32::try_from(permanent.len()).unwrap_or(u32::MAX);
        if self.erased.iter().any(|(index, _)| *index >= last) {
            return Err(wrong());
        }
        let parts = (0_u32..).zip(permanent.iter().zip(prunable));
        parts
            .map(|(index, (permanent, prunable))| {
                let transaction = UnverifiedTransaction::decode(permanent)?;
                match self.left_of(index) {
                    Some(left) if prunable.is_empty() => transaction.check_erased(left)?,
                    Some(_) => return Err(wrong()),
                    None => drop(transaction.check_sealed(prunable)?),
                }
                Ok(transaction)
            })
            .collect()
    }

    /// What is left of the part of an index, if something of it is erased.
    #[must_use]
    pub fn left_of(&self, index: u32) -> Option<&ErasedPart> {
        let at = self.erased.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        self.erased.get(at).map(|(_, part)| part)
    }
}

impl Channel {
    /// A stored batch as it is handed out: whole, or with what is left of it.
    pub fn stored_batch(&self, commitment: &ChannelCommitment) -> Result<Option<ErasedBatch>, ChannelError> {
        let Some(row) = self.store.get(&BATCHES, commitment)? else { return Ok(None) };
        if row.void.is_some() {
            let whole = self.stored_proposal(commitment)?;
            return Ok(whole.map(|Proposal { batch, blinder, .. }| ErasedBatch {
                batch,
                blinder,
                erased: Vec::new(),
            }));
        }
        let missing =
            || ChannelError::Inconsistent { what: "a stored batch", sequence: parclose_types::Sequence(0) };
        let permanent = self.stored_parts(&PERMANENT, &row)?.ok_or_else(missing)?;
        let (mut prunable, mut erased) = (Vec::with_capacity(permanent.len()), Vec::new());
        for index in 0..row.header.transactions {
            let place = (row.number, index);
            match self.store.get(&PRUNABLE, &place)? {
                Some(part) => prunable.push(part),
                None => {
                    erased.push((index, self.store.get(&ERASED_PARTS, &place)?.ok_or_else(missing)?));
                    prunable.push(Vec::new());
                }
            }
        }
        let BatchRow { header, signature, blinder, .. } = row;
        Ok(Some(ErasedBatch { batch: Batch { header, signature, permanent, prunable }, blinder, erased }))
    }

    /// Keeps an anchored batch of which something is erased, fetched from a member. Whether the log erases it is not known yet
    /// here: until it does, what is lacking counts as withheld.
    pub fn receive_erased(&mut self, bytes: &[u8]) -> Result<(), EndorseRefused> {
        let received = ErasedBatch::decode(bytes)?;
        received.check().map_err(|_| EndorseRefused::NotTheBatch)?;
        let commitment = received.commitment();
        if self.has_batch(&commitment)? {
            return Ok(());
        }
        let number = self.next_batch;
        let mut batch = self.store.batch();
        let ErasedBatch { batch: Batch { header, signature, permanent, prunable }, blinder, erased } =
            received;
        for (index, (permanent, prunable)) in (0_u32..).zip(permanent.iter().zip(&prunable)) {
            batch.put(&PERMANENT, &(number, index), permanent);
            if !prunable.is_empty() {
                batch.put(&PRUNABLE, &(number, index), prunable);
            }
        }
        for (index, part) in &erased {
            batch.put(&ERASED_PARTS, &(number, *index), part);
            batch.put(&WITHHELD, &(number, *index), &commitment);
        }
        let parts = Batch { header: header.clone(), signature, permanent, prunable };
        self.note_erased(&parts, &mut batch)?;
        batch.put(&BATCHES, &commitment, &BatchRow { number, header, signature, blinder, void: None });
        self.store.commit(batch, Durability::Synced).map_err(ChannelError::from)?;
        self.next_batch += 1;
        Ok(())
    }
}
