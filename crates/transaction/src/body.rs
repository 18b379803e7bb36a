//! The bytes of a transaction: permanent part, signatures, sealed part.
//!
//! The digest is `H("transaction", borsh(Body))`; the author signs `enc("transaction-sign", digest)`, and readers that have opened
//! it sign beside it ([`crate::opened`]).
//! Field leaves in the body commit to the sealed part, which itself is outside the digest.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_amounts::{AmountCommitment, Movement, Place};
use parclose_crypto::{hash, merkle};
use parclose_keys::SealedField;
use parclose_types::{
    AssetId, AudienceId, ChannelId, Epoch, FieldId, Generation, Height, KeyedTag, MemberId, NetworkId,
    PublicKey, RecordId, SignatureBytes, TransactionDigest, enc, encode, labels,
};

use crate::act::Act;
use crate::day::Day;
use crate::opened::{Opener, Openers};

/// What a transaction says in the clear of the channel; what its digest covers.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Body {
    /// network it is for
    pub network: NetworkId,
    /// channel it is for
    pub channel: ChannelId,
    /// generation in which it was sealed
    pub generation: Generation,
    /// version of the channel's definition
    pub definition_version: u32,
    /// member whose node puts it forward
    pub sponsor: PublicKey,
    /// member that wrote and signs it
    pub author: PublicKey,
    /// last root height at which it may be ordered
    pub expiry: Height,
    /// epoch in which it was sealed
    pub epoch: Epoch,
    /// `H("salt", salt)`
    pub salt_digest: [u8; 32],
    /// records that it writes, in order
    pub operations: Vec<Operation>,
    /// notes that it moves, whose amounts are fields of these records
    pub movements: Vec<Movement>,
    /// what it does to the channel itself, in place of operations (WIR-08)
    pub act: Option<Act>,
}

/// One record written.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Operation {
    /// action, as the policy names it: `create`, `update`, …
    pub action: String,
    /// record type, from the definition
    pub record_type: u32,
    /// record
    pub record: RecordId,
    /// version that this operation makes: 1 for a new record
    pub version: u64,
    /// party slots by index of the definition, ascending
    pub parties: Vec<(u8, MemberId)>,
    /// the public day: of the calendar, or on which a new record is due
    pub day: Option<Day>,
    /// the keyed tag of what the record stands for, if its step has it claimed
    pub keyed_tag: Option<KeyedTag>,
    /// fields written, ascending
    pub fields: Vec<FieldEntry>,
}

/// What the log keeps of one sealed field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FieldEntry {
    /// field, from the definition
    pub field: FieldId,
    /// concrete audience that can open it
    pub audience: AudienceId,
    /// commitment to the sealed field
    pub leaf: [u8; 32],
}

/// The prunable part: what is needed to open the fields, and nothing that execution reads.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SealedPart {
    /// 32 fresh bytes
    pub salt: [u8; 32],
    /// sealed fields of each operation, in the order of its entries
    pub fields: Vec<Vec<SealedField>>,
    /// wrapped secrets of an act
    pub wraps: Vec<Vec<u8>>,
}

/// A signed transaction: the only thing that encodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    pub(crate) body: Body,
    pub(crate) signature: SignatureBytes,
    pub(crate) openers: Openers,
    pub(crate) sealed: SealedPart,
}

/// Body and signatures: what a batch keeps for ever.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Permanent {
    pub(crate) body: Body,
    pub(crate) signature: SignatureBytes,
    pub(crate) openers: Openers,
}

impl Body {
    /// `H("transaction", borsh(body))`.
    #[must_use]
    pub fn digest(&self) -> TransactionDigest {
        Self::digest_of(&encode(self))
    }

    /// What its movements hold for: this transaction, whatever else it says, and no other. A movement that was lifted out of
    /// it, because it was refused or not ordered yet, holds nowhere.
    #[must_use]
    pub fn place(&self) -> Place {
        let Self { channel, generation, salt_digest, expiry, .. } = *self;
        let rest = Self {
            operations: self.operations.clone(),
            movements: Vec::new(),
            act: self.act.clone(),
            ..*self
        };
        let context = hash(labels::MOVEMENT_CONTEXT, &[&encode(&rest)]);
        Place { channel, generation, salt_digest, expiry, context }
    }

    /// The asset and the commitment of the amount that one of its movements has by a field's leaf.
    #[must_use]
    pub fn amount_at(&self, leaf: &[u8; 32]) -> Option<(AssetId, AmountCommitment)> {
        let of = |movement: &Movement| {
            let owed = movement.obligations().into_iter().map(|owed| owed.output.note);
            let owed = owed.map(|note| (note.leaf, note.commitment));
            let notes = movement.outputs().iter().map(|output| (output.leaf, output.commitment));
            let redeemed = movement.redeemed().map(|amount| (amount.leaf, amount.commitment));
            let mut all = owed.chain(notes).chain(redeemed);
            let found = all.find(|(of, _)| of == leaf);
            found.map(|(_, commitment)| (movement.asset(), commitment))
        };
        self.movements.iter().find_map(of)
    }

    /// The digest of a body whose encoding is at hand.
    pub(crate) fn digest_of(encoded: &[u8]) -> TransactionDigest {
        TransactionDigest(hash(labels::TRANSACTION, &[encoded]))
    }
}

/// What the author signs.
#[must_use]
pub fn signing_bytes(digest: &TransactionDigest) -> Vec<u8> {
    enc(labels::TRANSACTION_SIGN, &[digest.as_ref()])
}

/// The RFC 9162 root over a record's field entries, in field order: one state leaf covers them all.
#[must_use]
pub fn fields_root<'a>(entries: impl IntoIterator<Item = &'a FieldEntry>) -> [u8; 32] {
    merkle::root(entries.into_iter().map(encode))
}

impl SignedTransaction {
    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> TransactionDigest {
        self.body.digest()
    }

    /// What it says.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The same, with the words of readers in place of those that it had.
    #[must_use]
    pub fn opened_by(self, mut openers: Vec<Opener>) -> Self {
        openers.sort_by_key(|opener| opener.reader);
        Self { openers: Openers(openers), ..self }
    }

    /// Permanent bytes (body, signatures) and prunable bytes (salt, sealed fields), each canonical.
    #[must_use]
    pub fn encode_parts(&self) -> (Vec<u8>, Vec<u8>) {
        let (body, signature) = (self.body.clone(), self.signature);
        let permanent = Permanent { body, signature, openers: self.openers.clone() };
        (encode(&permanent), encode(&self.sealed))
    }
}
