//! Batches: transactions that one sponsor puts forward together, and the commitment to them.
//!
//! A batch has a permanent part, which digests cover and execution reads, and a prunable part
//! (salts, ciphertexts). The header covers both; the sponsor signs the header; the channel
//! commitment hides it (specs/05-state.md, specs/06-root-chain.md).

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::{hash, merkle, verify};
use parclose_keys::PseudonymKey;
use parclose_root::Statement;
use parclose_types::canonical::{at_most, decode};
use parclose_types::{
    BatchDigest, ChannelCommitment, ChannelId, Digest, Generation, Height, Malformed, NetworkId, PublicKey,
    Sequence, SignatureBytes, StateRoot, Tag, encode, labels, limits,
};

/// What a batch says about itself.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BatchHeader {
    /// network
    pub network: NetworkId,
    /// channel
    pub channel: ChannelId,
    /// generation
    pub generation: Generation,
    /// member that puts it forward
    pub sponsor: PublicKey,
    /// s: an event that the sponsor has executed
    pub attested: Sequence,
    /// state root right after s
    pub attested_root: StateRoot,
    /// transactions
    pub transactions: u32,
    /// RFC 9162 root over the permanent parts
    pub permanent_root: [u8; 32],
    /// RFC 9162 root over the prunable parts
    pub prunable_root: [u8; 32],
}

impl BatchHeader {
    /// `H("batch", borsh)`.
    #[must_use]
    pub fn digest(&self) -> BatchDigest {
        BatchDigest(hash(labels::BATCH, &[&encode(self)]))
    }

    /// The hiding commitment that the root chain orders.
    ///
    /// # Rules
    ///
    /// > END-04: a channel commitment binds blinder, channel, generation, batch, s and the state root after s.
    #[must_use]
    pub fn commitment(&self, blinder: &[u8; 32]) -> ChannelCommitment {
        ChannelCommitment(Digest(hash(
            labels::CHANNEL_COMMIT,
            &[
                blinder,
                self.channel.as_ref(),
                &self.generation.0.to_be_bytes(),
                self.digest().as_ref(),
                &self.attested.0.to_be_bytes(),
                self.attested_root.as_ref(),
            ],
        )))
    }
}

/// A batch as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Batch {
    /// header
    pub header: BatchHeader,
    /// by the sponsor, over the header's digest
    pub signature: SignatureBytes,
    /// permanent parts
    pub permanent: Vec<Vec<u8>>,
    /// prunable parts
    pub prunable: Vec<Vec<u8>>,
}

/// A batch with the blinder of its commitment and the height until which it may be anchored.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Proposal {
    /// the batch
    pub batch: Batch,
    /// blinder of the commitment: 32 fresh bytes
    pub blinder: [u8; 32],
    /// last root height at which the anchor may be ordered
    pub last_height: Height,
}

impl Batch {
    /// Makes a batch; `header` lacks counts and roots, which follow from the parts.
    #[must_use]
    pub fn assemble(mut header: BatchHeader, parts: Vec<(Vec<u8>, Vec<u8>)>, sponsor: &PseudonymKey) -> Self {
        let (permanent, prunable): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        header.transactions = u32::try_from(permanent.len()).unwrap_or(u32::MAX);
        header.permanent_root = merkle::root(&permanent);
        header.prunable_root = merkle::root(&prunable);
        let signature = sponsor.sign(header.digest().as_ref());
        Self { header, signature, permanent, prunable }
    }

    /// Checks a batch's form: counts, limits, roots, and the sponsor's signature.
    ///
    /// # Rules
    ///
    /// > END-01: a batch has the counts and roots that its header says, within the limits, and its sponsor's signature.
    pub fn check_form(&self) -> Result<(), Malformed> {
        at_most("transactions of a batch", self.permanent.len(), limits::BATCH_TRANSACTIONS_MAX)?;
        for (permanent, prunable) in self.permanent.iter().zip(&self.prunable) {
            at_most(
                "bytes of a transaction",
                permanent.len() + prunable.len(),
                limits::TRANSACTION_BYTES_MAX,
            )?;
        }
        let counted = usize::try_from(self.header.transactions).is_ok_and(|n| n == self.permanent.len())
            && self.prunable.len() == self.permanent.len();
        if counted && self.is_of_its_header() {
            Ok(())
        } else {
            Err(Malformed::Mismatch { what: "batch, header and sponsor's signature" })
        }
    }

    /// Whether the parts are those under the header's roots, and the sponsor signed the header. If not,
    /// the fault may be whoever passed the batch on: a commitment binds neither parts nor signature
    /// but through the header.
    #[must_use]
    pub fn is_of_its_header(&self) -> bool {
        self.header.permanent_root == merkle::root(&self.permanent)
            && self.header.prunable_root == merkle::root(&self.prunable)
            && verify(&self.header.sponsor, self.header.digest().as_ref(), &self.signature).is_ok()
    }
}

impl Proposal {
    /// Decodes what a peer sent.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("proposal", bytes, limits::BATCH_BYTES_MAX)
    }

    /// The commitment of its batch.
    #[must_use]
    pub fn commitment(&self) -> ChannelCommitment {
        self.batch.header.commitment(&self.blinder)
    }

    /// What endorsers sign.
    #[must_use]
    pub fn statement(&self, tag: Tag) -> Statement {
        let header = &self.batch.header;
        Statement {
            network: header.network,
            tag,
            generation: header.generation,
            commitment: self.commitment(),
            attested: header.attested,
            last_height: self.last_height,
        }
    }
}

#[cfg(test)]
mod tests;
