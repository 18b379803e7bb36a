//! One validator inside the process: the whole root chain, without a network.
//!
//! It has more than two thirds of the votes, so its own precommit makes a certificate.

use std::path::Path;

use parclose_crypto::SigningKey;
use parclose_root::{
    Checkpoint, ClaimProof, CommitCertificate, DealProof, DealState, Genesis, OrderProof, Prepared,
    RootState, RootTransaction, TagProof, TagState, ValidatorSet, Validators,
};
use parclose_store::{Batch, Database, Durability, SharedCache};
use parclose_types::{DealId, Height, NetworkId, Sequence, Tag};

use crate::ledger::{Ledger, outcomes, step};
use crate::root_chain::{Committed, FinalEvent, RootChain, RootUnavailable};
use crate::tables::put_block;

/// Empty blocks that [`RootChain::advance`] gathers into one batch.
const BLOCKS_PER_BATCH: u64 = 512;

/// The root chain of a network with one deciding validator, in one directory.
#[derive(Debug)]
pub struct EmbeddedRoot {
    ledger: Ledger,
    key: SigningKey,
}

impl EmbeddedRoot {
    /// Opens the chain in a directory, or starts it there.
    ///
    /// # Rules
    ///
    /// > CON-01: the embedded validator has more than two thirds of the votes of every height that it makes.
    pub fn open(
        path: impl AsRef<Path>,
        genesis: Genesis,
        key: SigningKey,
        cache: &SharedCache,
    ) -> Result<Self, RootUnavailable> {
        let ledger = Ledger::open(path, genesis, cache)?;
        let alone = decides_alone(&ledger.next_validators()?, &key);
        if alone { Ok(Self { ledger, key }) } else { Err(RootUnavailable::NotTheValidator) }
    }

    pub(crate) fn database(&self) -> &Database {
        self.ledger.database()
    }

    /// Signs the block after a state, while this validator still decides alone.
    fn sign(&self, state: &RootState, prepared: &Prepared) -> Result<CommitCertificate, RootUnavailable> {
        let header = &prepared.block().header;
        if !decides_alone(state.validators().at(header.height), &self.key) {
            return Err(RootUnavailable::NotTheValidator);
        }
        Ok(CommitCertificate::of_one(&self.ledger.network(), header.height, header.hash(), &self.key))
    }

    fn make_final(
        &self,
        state: &mut RootState,
        prepared: Prepared,
        durability: Durability,
    ) -> Result<(), RootUnavailable> {
        let certificate = self.sign(state, &prepared)?;
        self.ledger.make_final(state, prepared, certificate, durability)
    }

    /// Makes empty blocks on a copy of the state, which takes the state's place when all are synced.
    ///
    /// # Rules
    ///
    /// > CON-06: empty blocks up to a height are synced once, at the end, and visible only then.
    fn make_empty(&self, state: &mut RootState, to: Height) -> Result<(), RootUnavailable> {
        let (mut ahead, database) = (state.clone(), self.ledger.database());
        let mut batch: Batch = database.batch();
        while ahead.head().height < to {
            let (prepared, _) = ahead.prepare([]);
            let certificate = self.sign(&ahead, &prepared)?;
            put_block(&mut batch, &prepared, certificate);
            step(&mut ahead, prepared);
            if ahead.head().height.0.is_multiple_of(BLOCKS_PER_BATCH) {
                let full = std::mem::replace(&mut batch, database.batch());
                database.commit(full, Durability::Buffered)?;
            }
        }
        database.commit(batch, Durability::Synced)?;
        *state = ahead;
        self.ledger.show(state);
        Ok(())
    }
}

impl RootChain for EmbeddedRoot {
    fn network(&self) -> NetworkId {
        self.ledger.network()
    }

    fn genesis(&self) -> &Genesis {
        self.ledger.genesis()
    }

    fn head(&self) -> Height {
        self.ledger.head()
    }

    fn commit(&self, candidates: Vec<RootTransaction>) -> Result<Committed, RootUnavailable> {
        let mut state = self.ledger.state()?;
        let (prepared, rejected) = state.prepare(candidates);
        let height = prepared.block().header.height;
        let outcomes = outcomes(prepared.placed(), &rejected);
        self.make_final(&mut state, prepared, Durability::Synced)?;
        Ok(Committed { height, outcomes })
    }

    fn advance(&self, to: Height) -> Result<Height, RootUnavailable> {
        let mut state = self.ledger.state()?;
        let missing = to.0.saturating_sub(state.head().height.0);
        match missing {
            0 => {}
            1 => {
                let (prepared, _) = state.prepare([]);
                self.make_final(&mut state, prepared, Durability::Synced)?;
            }
            _ => self.make_empty(&mut state, to)?,
        }
        Ok(state.head().height)
    }

    fn events(&self, tag: &Tag, from: Sequence, limit: usize) -> Result<Vec<FinalEvent>, RootUnavailable> {
        self.ledger.events(tag, from, limit)
    }

    fn prove(&self, tag: &Tag, sequence: Sequence) -> Result<Option<OrderProof>, RootUnavailable> {
        self.ledger.prove(tag, sequence)
    }

    fn tag_state(&self, tag: &Tag) -> Result<Option<TagState>, RootUnavailable> {
        self.ledger.tag_state(tag)
    }

    fn prove_tag(&self, tag: &Tag) -> Result<Option<TagProof>, RootUnavailable> {
        self.ledger.prove_tag(tag)
    }

    fn deal(&self, deal: &DealId) -> Result<Option<DealState>, RootUnavailable> {
        self.ledger.deal(deal)
    }

    fn prove_deal(&self, deal: &DealId) -> Result<Option<DealProof>, RootUnavailable> {
        self.ledger.prove_deal(deal)
    }

    fn claim(&self, claim: &[u8; 32]) -> Result<Option<Tag>, RootUnavailable> {
        self.ledger.claim(claim)
    }

    fn prove_claim(&self, claim: &[u8; 32]) -> Result<Option<ClaimProof>, RootUnavailable> {
        self.ledger.prove_claim(claim)
    }

    fn validators(&self) -> Result<Validators, RootUnavailable> {
        self.ledger.validators()
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, RootUnavailable> {
        self.ledger.checkpoint()
    }
}

/// Whether one key makes a certificate of these validators.
fn decides_alone(validators: &ValidatorSet, key: &SigningKey) -> bool {
    let power = validators.power_of(&key.public()).map_or(0, u128::from);
    power * 3 > validators.total_power() * 2
}

#[cfg(test)]
mod tests;
