//! What transfers, issues and redemptions share: their form, their notes, their signatures, and how many
//! of them are verified at once.
//!
//! Cheap checks come first. What is left of an operation after [`Checked`] is its range proof, three
//! quarters of the work, and range proofs are verified together.

use parclose_crypto::{NotSigned, SigningKey, verify};
use parclose_types::limits::{INPUTS_MAX, OUTPUTS_MAX};
use parclose_types::{AssetId, NoteId, PublicKey, SignatureBytes};

use crate::batch::verify_ranges;
use crate::commitment::{AmountCommitment, Opening};
use crate::invalid::{Invalid, Misshapen, NotSpendable};
use crate::known::KnownRanges;
use crate::ledger::{AssetTerms, Effects, Ledger};
use crate::note::{Input, NoteOutput, OwnerBlind, OwnerCommitment, OwnerKey};
use crate::proof::NotProven;
use crate::range::{RangeClaim, RangeProof};
use crate::statement::StatementDigest;

/// A note that its owner spends.
#[derive(Debug)]
pub struct Spend<'a> {
    /// the note
    pub note: NoteId,
    /// its owner's key
    pub owner: &'a OwnerKey,
    /// what blinded the owner commitment
    pub blind: OwnerBlind,
    /// what its amount commitment opens to
    pub opening: &'a Opening,
}

impl Spend<'_> {
    pub(crate) fn input(&self) -> Input {
        Input { note: self.note, owner: self.owner.public(), blind: self.blind }
    }
}

/// Spends in the order of their notes (VAL-11).
pub(crate) fn ordered<'a, 'b>(spends: &'b [Spend<'a>]) -> Vec<&'b Spend<'a>> {
    let mut ordered: Vec<_> = spends.iter().collect();
    ordered.sort_by_key(|spend| spend.note);
    ordered
}

/// A note that is made.
#[derive(Debug)]
pub struct NewNote<'a> {
    /// commitment to its owner's key
    pub owner: OwnerCommitment,
    /// leaf of the sealed field that holds the amount
    pub leaf: [u8; 32],
    /// what its amount commitment opens to
    pub opening: &'a Opening,
}

impl NewNote<'_> {
    /// What members see of it.
    #[must_use]
    pub fn output(&self) -> NoteOutput {
        NoteOutput { commitment: self.opening.commitment(), owner: self.owner, leaf: self.leaf }
    }
}

/// Whether openings of an asset cancel out, in whole numbers: nothing is proven that does not hold.
pub(crate) fn cancels_out(
    asset: &AssetId,
    inputs: &[&Opening],
    outputs: &[&Opening],
) -> Result<(), NotProven> {
    let sum = |of: &[&Opening]| of.iter().map(|opening| u128::from(opening.value())).sum::<u128>();
    let one_asset = inputs.iter().chain(outputs).all(|opening| opening.asset() == *asset);
    if one_asset && sum(inputs) == sum(outputs) { Ok(()) } else { Err(NotProven::Balance) }
}

/// Checks how many notes an operation spends and how many amounts it makes.
///
/// # Rules
///
/// > VAL-10: a transfer, a lock and a redemption spend 1 to 64 notes, an issue none; each makes 1 to 8 amounts, a redeemed one among them.
pub(crate) fn check_counts(spends: bool, inputs: usize, amounts: usize) -> Result<(), Misshapen> {
    let inputs_allowed = if spends { 1..=INPUTS_MAX } else { 0..=0 };
    let right = inputs_allowed.contains(&inputs) && (1..=OUTPUTS_MAX).contains(&amounts);
    if right { Ok(()) } else { Err(Misshapen::Count { inputs, amounts }) }
}

/// Checks that no note is spent twice, and that there is one order.
///
/// # Rules
///
/// > VAL-11: the notes that an operation spends stand in strictly ascending order, so none stands twice.
pub(crate) fn check_order(inputs: &[Input]) -> Result<(), Misshapen> {
    if inputs.is_sorted_by(|a, b| a.note < b.note) { Ok(()) } else { Err(Misshapen::Order) }
}

/// The terms of an operation's asset.
///
/// # Rules
///
/// > VAL-12: an operation is about an asset that the channel knows.
pub(crate) fn terms(ledger: &impl Ledger, asset: &AssetId) -> Result<AssetTerms, NotSpendable> {
    ledger.terms(asset).ok_or(NotSpendable::UnknownAsset)
}

/// The amount commitments of the notes that an operation spends, in its order.
///
/// # Rules
///
/// > VAL-13: each note that an operation spends is among the unspent ones.
/// > VAL-14: each note that an operation spends is of the operation's asset.
/// > VAL-15: each input reveals the key and the blind to which the note's owner commitment is one.
pub(crate) fn resolve(
    ledger: &impl Ledger,
    asset: &AssetId,
    inputs: &[Input],
) -> Result<Vec<AmountCommitment>, NotSpendable> {
    let one = |input: &Input| {
        let note = input.note;
        let unspent = ledger.unspent(&note).ok_or(NotSpendable::NotUnspent { note })?;
        if unspent.asset != *asset {
            return Err(NotSpendable::OtherAsset { note });
        }
        if !input.opens(&unspent.owner) {
            return Err(NotSpendable::NotTheOwner { note });
        }
        Ok(unspent.commitment)
    };
    inputs.iter().map(one).collect()
}

/// Checks the owners' signatures.
///
/// # Rules
///
/// > VAL-16: the owner of each note that is spent signs the statement, one signature for each input, in their order.
pub(crate) fn check_owners(
    statement: &StatementDigest,
    inputs: &[Input],
    signatures: &[SignatureBytes],
) -> Result<(), NotSpendable> {
    if inputs.len() != signatures.len() {
        return Err(NotSpendable::OwnerSignature);
    }
    let mut pairs = inputs.iter().zip(signatures);
    pairs
        .try_for_each(|(input, signature)| signed(&input.owner, statement, signature))
        .map_err(|NotSigned| NotSpendable::OwnerSignature)
}

/// Checks the issuer's signature.
///
/// # Rules
///
/// > VAL-17: the issuer that the asset's terms name signs each issue and each redemption.
pub(crate) fn check_issuer(
    terms: &AssetTerms,
    statement: &StatementDigest,
    signature: &SignatureBytes,
) -> Result<(), NotSpendable> {
    let issuer = terms.issuer.ok_or(NotSpendable::IssuerSignature)?;
    signed(&issuer, statement, signature).map_err(|NotSigned| NotSpendable::IssuerSignature)
}

fn signed(key: &PublicKey, statement: &StatementDigest, signature: &SignatureBytes) -> Result<(), NotSigned> {
    verify(key, statement.as_bytes(), signature)
}

/// The issuer's signature of a statement.
pub(crate) fn sign_as_issuer(issuer: &SigningKey, statement: &StatementDigest) -> SignatureBytes {
    issuer.sign(statement.as_bytes())
}

/// An operation of which everything holds but, perhaps, its range proofs.
#[derive(Debug)]
#[must_use = "an operation is verified only with its range proof"]
pub struct Checked<'a> {
    pub(crate) ranges: Vec<(RangeClaim, &'a RangeProof)>,
    pub(crate) effects: Effects,
}

impl Checked<'_> {
    /// Verifies the range proof alone.
    pub fn verify(self) -> Result<Effects, Invalid> {
        let result = verify_all(vec![self]).pop().unwrap_or(Err(NotProven::Range));
        result.map_err(Invalid::from)
    }

    /// Takes the answer that a batch has given for this very proof, or verifies it alone.
    pub fn verify_with(self, known: &mut KnownRanges) -> Result<Effects, Invalid> {
        for (claim, proof) in &self.ranges {
            known.answer(claim, proof)?;
        }
        Ok(self.effects)
    }
}

/// Verifies the range proofs of many operations; an answer for each, in their order.
///
/// All were checked against one state. Whoever applies the effects finds out whether two spend the same note.
pub fn verify_all(operations: Vec<Checked<'_>>) -> Vec<Result<Effects, NotProven>> {
    let mut proofs = Vec::with_capacity(operations.len());
    let mut effects = Vec::with_capacity(operations.len());
    for operation in operations {
        effects.push((operation.ranges.len(), operation.effects));
        proofs.extend(operation.ranges);
    }
    let mut results = verify_ranges(&proofs).into_iter();
    let answer = |(proofs, effects): (usize, Effects)| {
        let answers: Vec<_> = results.by_ref().take(proofs).collect();
        answers.into_iter().collect::<Result<(), _>>().map(|()| effects)
    };
    effects.into_iter().map(answer).collect()
}

#[cfg(test)]
mod tests;
