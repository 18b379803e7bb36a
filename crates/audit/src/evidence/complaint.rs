//! Complaints: a field that its author has sealed so that its readers get nothing, or another amount than the committed one.
//!
//! ```text
//!   transaction   its author has signed the leaf of the field                            MIS-14
//!   key           the field's own, by its key commitment at its place, and its leaf's    MIS-15
//!   it does not open, or to another amount: it convicts                                  MIS-16
//!   it opens: it convicts against a definition by which it is of another type            MIS-17
//! ```
//!
//! Readers that find a key which does not give the key commitment cannot convict anybody: whether they show the right key nobody
//! else could tell, so such a complaint could frame an honest author. A field's key is used once: to reveal it shows this field only, and of an amount
//! what blinds its note's owner.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::{FieldKey, FieldPlace, PseudonymCertificate, SealedField, field_leaf, record_key_hash};
use parclose_transaction::authenticate::is_signed;
use parclose_transaction::{Body, FieldEntry, FieldValue, Operation, UnverifiedTransaction};
use parclose_types::{ChannelId, ClassId, FieldId, Generation, NetworkId, RecordId, TransactionDigest};

use super::EvidenceInvalid;
use crate::bundle::VerifiedBundle;

mod find;
mod refused;

pub use find::complaints;
pub use refused::NotComplained;

/// A field, with its key and with what its author has signed.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Complaint {
    /// permanent part of the transaction: its body with its author's signature
    pub permanent: Vec<u8>,
    /// which operation of the transaction
    pub operation: u32,
    /// which field of the operation
    pub field: u32,
    /// name of the record's type, by which the field was sealed
    pub record_type: String,
    /// class for which the field was sealed
    pub class: ClassId,
    /// the key of this field, which opens no other field
    pub key: [u8; 32],
    /// its sealed form
    pub sealed: SealedField,
}

impl std::fmt::Debug for Complaint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Complaint(operation {}, field {}, ..)", self.operation, self.field)
    }
}

/// What is wrong with a field, of which its author is convicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// it does not open under its own key
    Unreadable,
    /// it opens to another amount than the one to which the transaction commits by its leaf
    OtherAmount,
    /// it opens to no value of its type
    OtherType,
}

/// A field of a signed transaction, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complained {
    /// the transaction
    pub transaction: TransactionDigest,
    /// the record
    pub record: RecordId,
    /// the field
    pub field: FieldId,
    /// what is wrong; nothing that is shown without the channel's definition
    pub broken: Option<Broken>,
}

/// Who is said to have written it, and where.
pub(super) struct Against<'a> {
    pub(super) network: &'a NetworkId,
    pub(super) channel: ChannelId,
    pub(super) generation: Generation,
    pub(super) accused: &'a [PseudonymCertificate],
}

impl Complaint {
    /// Verifies it, offline; a field that opens is compared with the definition of an export, if there is one.
    pub(super) fn verify(
        &self,
        against: &Against<'_>,
        export: Option<&VerifiedBundle>,
    ) -> Result<Complained, EvidenceInvalid> {
        let (transaction, body) = self.signed(against)?;
        let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let operation = body.operations.get(index(self.operation)).ok_or(EvidenceInvalid::NotTheField)?;
        let entry = operation.fields.get(index(self.field)).ok_or(EvidenceInvalid::NotTheField)?;
        let broken = match self.open(&body, (operation, entry))? {
            Err(broken) => Some(broken),
            Ok(plain) => {
                export.map(|export| self.compare(against, export, (operation, entry), &plain)).transpose()?
            }
        };
        Ok(Complained { transaction, record: operation.record, field: entry.field, broken })
    }

    /// # Rules
    ///
    /// > MIS-14: a transaction binds the accused if it is of the genesis' network and the evidence's channel and generation, and its author, who has signed it, is the one pseudonym that is accused.
    fn signed(&self, against: &Against<'_>) -> Result<(TransactionDigest, Body), EvidenceInvalid> {
        let transaction = UnverifiedTransaction::decode(&self.permanent)?;
        let (digest, body) = (transaction.digest(), transaction.claimed_body());
        let scope = (&body.network, body.channel, body.generation);
        let is_accused = against.accused.iter().map(|accused| accused.pseudonym).eq([body.author]);
        if scope == (against.network, against.channel, against.generation)
            && is_accused
            && is_signed(&digest, &body.author, transaction.claimed_signature())
        {
            Ok((digest, body.clone()))
        } else {
            Err(EvidenceInvalid::NotAuthor)
        }
    }

    /// What the field opens to, or what is wrong with it whatever a definition says.
    ///
    /// # Rules
    ///
    /// > MIS-15: a revealed key is a field's only if it gives the key commitment of the field at its place, and key commitment and ciphertext are those of its leaf in the transaction; any other convicts nobody.
    /// > MIS-16: a field convicts its author if it does not open under its key, or opens to another amount than the one that a movement of the transaction has by its leaf.
    fn open(
        &self,
        body: &Body,
        (operation, entry): (&Operation, &FieldEntry),
    ) -> Result<Result<Vec<u8>, Broken>, EvidenceInvalid> {
        let place = FieldPlace {
            channel: body.channel,
            generation: body.generation,
            epoch: body.epoch,
            audience: entry.audience,
            class: self.class,
            record_key: record_key_hash(&self.record_type, &operation.record),
            field: entry.field,
            salt_digest: body.salt_digest,
        };
        let (context, key) = (place.context(), FieldKey::of_disclosed(secret_from_bytes(self.key)));
        let is_its_key = key.seal_keys(&context).commitment() == &self.sealed.commitment;
        if !is_its_key || field_leaf(entry.field, &self.sealed) != entry.leaf {
            return Err(EvidenceInvalid::NotTheField);
        }
        let Ok(plain) = key.open(&context, &self.sealed) else { return Ok(Err(Broken::Unreadable)) };
        if let Some((asset, commitment)) = body.amount_at(&entry.leaf) {
            let value = plain.as_slice().try_into().map(u64::from_be_bytes).ok();
            let opens = |value| commitment.check_opening(&asset, value, key.secret()).is_ok();
            if !value.is_some_and(opens) {
                return Ok(Err(Broken::OtherAmount));
            }
        }
        Ok(Ok(plain.to_vec()))
    }

    /// # Rules
    ///
    /// > MIS-17: a field that opens convicts its author only against an export by whose definition of that generation, with the same record type and class, it is no value of its type; else it proves nothing.
    fn compare(
        &self,
        against: &Against<'_>,
        export: &VerifiedBundle,
        (operation, entry): (&Operation, &FieldEntry),
        plain: &[u8],
    ) -> Result<Broken, EvidenceInvalid> {
        let era = export.eras().iter().find(|era| era.config.generation == against.generation);
        let member =
            |accused: &PseudonymCertificate| era.and_then(|era| era.config.member(&accused.pseudonym));
        if *export.channel() != against.channel || !against.accused.iter().all(|one| member(one).is_some()) {
            return Err(EvidenceInvalid::OtherChannel);
        }
        let record_type = era.and_then(|era| era.definition.record(operation.record_type));
        let schema = record_type.filter(|known| known.name == self.record_type);
        let schema =
            schema.and_then(|known| known.field(entry.field)).filter(|known| known.class == self.class);
        match schema.map(|schema| FieldValue::from_bytes(schema.field_type, plain)) {
            Some(Err(_)) => Ok(Broken::OtherType),
            _ => Err(EvidenceInvalid::Opens),
        }
    }
}

#[cfg(test)]
mod tests;
