//! The batches of a bundle: their transactions, each with what became of it.

use parclose_channel::{Batch, ErasedBatch, Verdict};
use parclose_crypto::{merkle, verify};
use parclose_transaction::authenticate::is_signed;
use parclose_transaction::view::Provenance;
use parclose_transaction::{Body, ErasedPart, SealedPart, UnverifiedTransaction};
use parclose_types::{
    ChannelId, Height, PublicKey, RecordId, Sequence, SignatureBytes, StateRoot, TransactionDigest, encode,
};

use super::log::Verdicts;
use super::{BundleInvalid, ExportedBatch};

/// A batch of the exported epochs.
#[derive(Clone, Debug)]
pub struct VerifiedBatch {
    /// the event that ordered it
    pub sequence: Sequence,
    /// height of its block
    pub height: Height,
    /// member that put it forward
    pub sponsor: PublicKey,
    /// the event after which it says what the state is: t endorsers have signed that
    pub attested: Sequence,
    /// that state
    pub attested_root: StateRoot,
    /// its transactions, in order
    pub transactions: Vec<VerifiedTransaction>,
}

/// A transaction with its standing.
#[derive(Clone, Debug)]
pub struct VerifiedTransaction {
    /// its digest
    pub digest: TransactionDigest,
    /// what it says; true of the ledger only where it was applied
    pub body: Body,
    /// salt and sealed fields, leaf by leaf those of the body; none of operations that are erased
    pub sealed: SealedPart,
    /// operations whose fields are erased, ascending
    pub(super) erased: Vec<u16>,
    /// what became of it
    pub standing: Standing,
    /// the signature that it carries: endorsers say that it is its author's
    pub(super) signature: SignatureBytes,
}

impl VerifiedTransaction {
    /// Whether its author has signed it, without the endorsers' word for it.
    #[must_use]
    pub fn is_signed_by_author(&self) -> bool {
        is_signed(&self.digest, &self.body.author, &self.signature)
    }

    /// Whether the fields of an operation are erased.
    #[must_use]
    pub fn has_erased(&self, operation: usize) -> bool {
        u16::try_from(operation).is_ok_and(|at| self.erased.binary_search(&at).is_ok())
    }

    /// The permanent part: what it says, with the signature that it carries.
    pub(crate) fn permanent(&self) -> Vec<u8> {
        [encode(&self.body), self.signature.0.to_vec()].concat()
    }

    /// Where the fields of a record of it were sealed.
    pub(super) fn provenance(&self, channel: &ChannelId, record: RecordId) -> Provenance<'_> {
        let Body { generation, epoch, .. } = self.body;
        Provenance { channel: *channel, generation, epoch, salt: &self.sealed.salt, record }
    }
}

/// What became of a transaction, as far as it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// it has its verdict
    Decided(Verdict),
    /// it was passed over: repeated, expired, or put forward by another than its sponsor
    PassedOver,
    /// ordered after the newest attested event: its verdict cannot be proven yet
    Open,
}

/// The parts of an exported batch, against its header.
pub(super) enum Parts {
    /// the transactions, decoded
    WellFormed(Vec<Part>),
    /// the parts of the header, and they break form: every member executed the batch as empty
    Void,
    /// other parts than those of the header, or none
    NotShown,
}

/// A transaction with its sealed part, and the operations of which that lacks the fields.
pub(super) type Part = (UnverifiedTransaction, SealedPart, Vec<u16>);

impl Parts {
    /// Looks at an exported batch as every member did before it executed it; `erased` is what is left of its parts of which
    /// something is erased.
    pub(super) fn of(batch: ExportedBatch, erased: Vec<(u32, ErasedPart)>) -> Self {
        if !erased.is_empty() {
            return Self::of_erased(batch, erased);
        }
        let ExportedBatch { proof, permanent, prunable } = batch;
        let header = &proof.header;
        let shown = header.permanent_root == merkle::root(&permanent)
            && header.prunable_root == merkle::root(&prunable)
            && verify(&header.sponsor, header.digest().as_ref(), &proof.signature).is_ok();
        let batch = Batch { header: proof.header, signature: proof.signature, permanent, prunable };
        match well_formed(&batch) {
            Some(parts) => Self::WellFormed(parts),
            None if shown => Self::Void,
            None => Self::NotShown,
        }
    }
}

impl Parts {
    fn of_erased(batch: ExportedBatch, erased: Vec<(u32, ErasedPart)>) -> Self {
        let ExportedBatch { proof, permanent, prunable } = batch;
        let batch = Batch { header: proof.header, signature: proof.signature, permanent, prunable };
        let erased = ErasedBatch { batch, blinder: proof.blinder, erased };
        let Ok(transactions) = erased.check() else { return Self::NotShown };
        let part = |((index, transaction), prunable): ((u32, UnverifiedTransaction), &Vec<u8>)| {
            let Some(left) = erased.left_of(index) else {
                let sealed = transaction.check_sealed(prunable).ok()?;
                return Some((transaction, sealed, Vec::new()));
            };
            // No field needs a salt where there is none.
            let fields = left.fields.clone();
            let nothing = || SealedPart { salt: [0; 32], fields, wraps: vec![Vec::new(); left.wraps.len()] };
            Some((transaction, left.rest().unwrap_or_else(nothing), left.erased.clone()))
        };
        let parts = (0..).zip(transactions).zip(&erased.batch.prunable).map(part);
        parts.collect::<Option<_>>().map_or(Self::NotShown, Self::WellFormed)
    }
}

fn well_formed(batch: &Batch) -> Option<Vec<Part>> {
    batch.check_form().ok()?;
    let decoded = |(permanent, prunable): (&Vec<u8>, &Vec<u8>)| {
        let transaction = UnverifiedTransaction::decode(permanent).ok()?;
        let sealed = transaction.check_sealed(prunable).ok()?;
        Some((transaction, sealed, Vec::new()))
    };
    batch.permanent.iter().zip(&batch.prunable).map(decoded).collect()
}

/// # Rules
///
/// > BUN-12: a verdict is of the transaction at its index in the batch of its event, and there is one at most.
pub(super) fn standings(
    sequence: Sequence,
    parts: Vec<Part>,
    verdicts: &Verdicts,
    open: bool,
) -> Result<Vec<VerifiedTransaction>, BundleInvalid> {
    let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    if let Some(((_, index), _)) = verdicts.range((sequence, count)..=(sequence, u32::MAX)).next() {
        return Err(BundleInvalid::OtherVerdict { sequence, index: *index });
    }
    let standing = |(index, (transaction, sealed, erased)): (u32, Part)| {
        let digest = transaction.digest();
        let standing = match verdicts.get(&(sequence, index)) {
            Some(row) if row.transaction != digest => {
                return Err(BundleInvalid::OtherVerdict { sequence, index });
            }
            Some(row) => Standing::Decided(row.verdict.clone()),
            None if open => Standing::Open,
            None => Standing::PassedOver,
        };
        let (body, signature) = (transaction.claimed_body().clone(), *transaction.claimed_signature());
        Ok(VerifiedTransaction { digest, body, sealed, erased, standing, signature })
    };
    (0..).zip(parts).map(standing).collect()
}
