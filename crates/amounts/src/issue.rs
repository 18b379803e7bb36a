//! Issues: the issuer of an asset makes notes out of nothing, and the supply says so.
//!
//! The amounts stay hidden; that none is negative shows the range proof, so nothing can be taken out of
//! the supply this way. Whether something stands behind the notes is between issuer and holders.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::SigningKey;
use parclose_types::limits::TRANSFER_BYTES_MAX;
use parclose_types::{AssetId, Malformed, SignatureBytes, decode};
use rand_core::CryptoRng;

use crate::asset::RangeEngine;
use crate::commitment::AmountCommitment;
use crate::invalid::Invalid;
use crate::ledger::{Effects, Ledger};
use crate::note::NoteOutput;
use crate::operation::{Checked, NewNote, check_counts, check_issuer, sign_as_issuer, terms};
use crate::range::{RangeClaim, RangeProof};
use crate::statement::{IssueStatement, Place};
use crate::supply::SupplyChange;

/// An issue as it travels inside a transaction, which says where it holds.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Issue {
    /// the asset
    pub asset: AssetId,
    /// the notes that are made
    pub outputs: Vec<NoteOutput>,
    /// that they are numbers of 64 bits
    pub range: RangeProof,
    /// of the issuer
    pub signature: SignatureBytes,
}

impl Issue {
    /// Proves and signs an issue.
    pub fn new(
        place: &Place,
        asset: AssetId,
        engine: RangeEngine,
        made: &[NewNote<'_>],
        issuer: &SigningKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Invalid> {
        check_counts(false, 0, made.len())?;
        let openings: Vec<_> = made.iter().map(|new| new.opening).collect();
        let outputs: Vec<_> = made.iter().map(NewNote::output).collect();
        let statement = statement(place, asset, &outputs).digest();
        let range = RangeProof::prove(engine, &asset, &statement, &openings, rng)?;
        Ok(Self { asset, outputs, range, signature: sign_as_issuer(issuer, &statement) })
    }

    /// Decodes an issue.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("issue", bytes, TRANSFER_BYTES_MAX)
    }

    /// What is signed and proven, in the transaction's place.
    #[must_use]
    pub fn statement(&self, place: &Place) -> IssueStatement {
        statement(place, self.asset, &self.outputs)
    }

    /// What its range proof has to show.
    #[must_use]
    pub fn claim(&self, place: &Place, engine: RangeEngine) -> RangeClaim {
        RangeClaim::of((engine, self.asset), self.statement(place).digest(), &self.outputs)
    }

    /// Checks everything but the range proof.
    pub fn check(&self, place: &Place, ledger: &impl Ledger) -> Result<Checked<'_>, Invalid> {
        check_counts(false, 0, self.outputs.len())?;
        let terms = terms(ledger, &self.asset)?;
        let claim = self.claim(place, terms.engine);
        check_issuer(&terms, &claim.statement, &self.signature)?;
        let issued = AmountCommitment::sum(&claim.commitments);
        Ok(Checked {
            ranges: vec![(claim, &self.range)],
            effects: Effects {
                made: self.outputs.clone(),
                supply: SupplyChange::Issued(issued),
                ..Effects::nothing(self.asset)
            },
        })
    }

    /// Verifies the whole issue alone.
    pub fn verify(&self, place: &Place, ledger: &impl Ledger) -> Result<Effects, Invalid> {
        self.check(place, ledger)?.verify()
    }
}

fn statement(place: &Place, asset: AssetId, outputs: &[NoteOutput]) -> IssueStatement {
    let Place { channel, generation, salt_digest, expiry, context } = *place;
    IssueStatement { channel, generation, asset, outputs: outputs.to_vec(), salt_digest, expiry, context }
}
