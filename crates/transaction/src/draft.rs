//! Drafts: what a member wants to write, sealed and signed.
//!
//! `Draft --seal--> SealedDraft --sign--> SignedTransaction`. Sealing draws a fresh 32-byte salt for
//! every attempt: a rebuilt transaction must not share keys with the first. A draft is dropped when
//! its outcome is known; until then it can be sealed again.

mod day;
mod movement;
mod owed;

use std::collections::BTreeMap;

use parclose_keys::field::salt_digest;
use parclose_keys::{FieldKey, FieldPlace, PseudonymKey, SealedField, field_leaf, record_key_hash};
use parclose_types::{
    AudienceId, Epoch, Failure, Fault, Height, KeyedTag, MemberId, PublicKey, RecordId, limits,
};
use rand_core::CryptoRng;

use crate::act::Act;
use crate::body::{Body, FieldEntry, Operation, SealedPart, SignedTransaction, signing_bytes};
use crate::definition::{Definition, FieldSchema, RecordType};
use crate::generation::GenerationConfig;
use crate::key_ring::{KeyRing, Perspective};
use crate::opened::Openers;
use crate::value::{FieldValue, NotOfType};

pub use movement::{DraftHold, DraftMovement, DraftSpend};
pub use owed::{DraftDebt, DraftOwed};

/// One record to write.
#[derive(Clone, Debug)]
pub struct DraftOperation {
    /// `create`, `update`, …
    pub action: String,
    /// record type, by name
    pub record_type: String,
    /// record
    pub record: RecordId,
    /// version that this makes
    pub version: u64,
    /// members by slot name
    pub parties: BTreeMap<String, MemberId>,
    /// the keyed tag that a step has claimed; made with the channel's tag key, which a draft does not know
    pub keyed_tag: Option<KeyedTag>,
    /// values by field name
    pub fields: BTreeMap<String, FieldValue>,
}

/// What a member wants to write.
#[derive(Clone, Debug)]
pub struct Draft {
    /// operations, in order
    pub operations: Vec<DraftOperation>,
    /// notes that it moves, in the order of the records that stand for them
    pub movements: Vec<DraftMovement>,
    /// last root height at which it may be ordered
    pub expiry: Height,
}

/// Why a draft cannot be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftInvalid {
    /// DRA-01: names a record type, field or slot that the definition does not have
    #[error("the definition has no {what} `{name}`")]
    Unknown {
        /// kind of name
        what: &'static str,
        /// the name
        name: String,
    },
    /// DRA-02: a required field or a party is missing
    #[error("{what} `{name}` is missing")]
    Missing {
        /// field or party
        what: &'static str,
        /// its name
        name: String,
    },
    /// DRA-03: a value is not of its field's type
    #[error("field `{field}`: {reason}")]
    Value {
        /// which field
        field: String,
        /// what is wanted
        reason: NotOfType,
    },
    /// DRA-04: the writer does not belong to the audience it would seal for
    #[error("the writer does not belong to the audience of field `{field}`")]
    OutsideAudience {
        /// which field
        field: String,
    },
    /// DRA-06: the audience has no secret yet
    #[error("the secret of the audience of field `{field}` is not dealt yet")]
    NotDealt {
        /// which field
        field: String,
    },
    /// DRA-07: what it moves and the records that stand for it do not match
    #[error("{notes} records have to stand for what it moves, but {records} do, or in another order")]
    Unpaired {
        /// records that have to be there
        notes: usize,
        /// records that are
        records: usize,
    },
    /// DRA-08: a date before 1970, or none, where a public day follows from it
    #[error("field `{field}` gives no public day: it needs a date of 1970 or later")]
    NoDay {
        /// which field
        field: String,
    },
    /// a movement that cannot be proven
    #[error(transparent)]
    Movement(#[from] parclose_amounts::Invalid),
    /// DRA-05: too large
    #[error("the transaction would have {got} bytes, {} are allowed", limits::TRANSACTION_BYTES_MAX)]
    TooLarge {
        /// bytes of both parts
        got: usize,
    },
    /// DRA-05: too many operations
    #[error("the transaction would have {got} operations, {} are allowed", limits::OPERATIONS_MAX)]
    TooMany {
        /// operations of the draft
        got: usize,
    },
}

impl Failure for DraftInvalid {
    fn code(&self) -> &'static str {
        "DRAFT_INVALID"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "DRA-01",
            Self::Missing { .. } => "DRA-02",
            Self::Value { .. } => "DRA-03",
            Self::OutsideAudience { .. } => "DRA-04",
            Self::TooLarge { .. } | Self::TooMany { .. } => "DRA-05",
            Self::NotDealt { .. } => "DRA-06",
            Self::Unpaired { .. } => "DRA-07",
            Self::NoDay { .. } => "DRA-08",
            Self::Movement(error) => error.rule(),
        }
    }

    fn fault(&self) -> Fault {
        Fault::Sender
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        match self {
            Self::NotDealt { .. } => "try again once the members have their shares of the secret",
            Self::Movement(error) => return error.fix(),
            _ => "compare with `parclose channel show`, which lists record types, slots and fields",
        }
        .into()
    }
}

/// Where a draft is sealed: the channel's configuration and the epoch in force.
#[derive(Debug)]
pub struct Desk<'a> {
    /// configuration of the generation in force
    pub config: &'a GenerationConfig,
    /// definition in force
    pub definition: &'a Definition,
    /// the writer's secrets
    pub keys: &'a KeyRing,
    /// the writer's pseudonym
    pub author: &'a PseudonymKey,
    /// epoch in force
    pub epoch: Epoch,
}

impl Desk<'_> {
    /// What every body of this author says, without content.
    fn body(&self, expiry: Height, salt_digest: [u8; 32]) -> Body {
        let author = self.author.public();
        Body {
            network: self.config.network,
            channel: self.config.channel,
            generation: self.config.generation,
            definition_version: self.config.definition_version,
            sponsor: author,
            author,
            expiry,
            epoch: self.epoch,
            salt_digest,
            operations: Vec::new(),
            movements: Vec::new(),
            act: None,
        }
    }
}

/// A sealed draft, not yet signed.
#[derive(Debug)]
pub struct SealedDraft {
    body: Body,
    sealed: SealedPart,
}

impl Draft {
    /// Records to write, without notes.
    #[must_use]
    pub fn of_records(operations: Vec<DraftOperation>, expiry: Height) -> Self {
        Self { operations, movements: Vec::new(), expiry }
    }

    /// Seals every field for its audience, under a fresh salt; refuses too many operations (DRA-05).
    ///
    /// # Rules
    ///
    /// > DRA-01: a draft names only record types, fields and slots of the definition.
    /// > DRA-02: a new record has every party and every required field.
    /// > DRA-03: a value is of its field's type.
    /// > DRA-04: a writer belongs to each audience it seals for.
    /// > DRA-06: a field is sealed only with the secret that was dealt for its audience.
    /// > DRA-07: a draft has one record for each note that it makes, each amount that it redeems, each obligation that it makes, each netting and each payment of an obligation, in their order.
    /// > SEA-07: the salt is 32 fresh random bytes for every attempt to seal.
    pub fn seal(&self, desk: &Desk<'_>, rng: &mut impl CryptoRng) -> Result<SealedDraft, DraftInvalid> {
        let got = self.operations.len();
        if got > limits::OPERATIONS_MAX {
            return Err(DraftInvalid::TooMany { got });
        }
        let mut salt = [0_u8; 32];
        rng.fill_bytes(&mut salt);
        let sealer = Sealer { desk, salt, salt_digest: salt_digest(&salt) };
        let mut operations = Vec::with_capacity(self.operations.len());
        let mut fields = Vec::with_capacity(self.operations.len());
        for draft in &self.operations {
            let (operation, sealed) = sealer.operation(draft)?;
            operations.push(operation);
            fields.push(sealed);
        }
        let body = Body { operations, ..desk.body(self.expiry, sealer.salt_digest) };
        let movements = sealer.movements(self, &body, rng)?;
        let body = Body { movements, ..body };
        Ok(SealedDraft { body, sealed: SealedPart { salt, fields, wraps: Vec::new() } })
    }

    /// The audiences that it would be sealed for, with their members: the secret of each has to be dealt
    /// before it can be (DRA-01, DRA-04).
    pub fn audiences(&self, desk: &Desk<'_>) -> Result<BTreeMap<AudienceId, Vec<PublicKey>>, DraftInvalid> {
        let mut audiences = BTreeMap::new();
        for draft in &self.operations {
            let record_type = desk.record_type(&draft.record_type)?;
            for name in draft.fields.keys() {
                let (_, members) = desk.audience(record_type, draft, name)?;
                audiences.insert(desk.config.audience_of(&members), members);
            }
        }
        Ok(audiences)
    }
}

/// An act that a member wants to put forward.
#[derive(Clone, Debug)]
pub struct ActDraft {
    /// what it does
    pub act: Act,
    /// wrapped secrets that the act commits to
    pub wraps: Vec<Vec<u8>>,
    /// last root height at which it may be ordered
    pub expiry: Height,
}

impl ActDraft {
    /// Draws a fresh salt, so that the same act can be put forward again.
    #[must_use]
    pub fn seal(self, desk: &Desk<'_>, rng: &mut impl CryptoRng) -> SealedDraft {
        let mut salt = [0_u8; 32];
        rng.fill_bytes(&mut salt);
        let body = Body { act: Some(self.act), ..desk.body(self.expiry, salt_digest(&salt)) };
        SealedDraft { body, sealed: SealedPart { salt, fields: Vec::new(), wraps: self.wraps } }
    }
}

impl Desk<'_> {
    fn record_type(&self, name: &str) -> Result<&RecordType, DraftInvalid> {
        self.definition.record_named(name).ok_or_else(|| unknown("record type", name))
    }

    /// A field, and the members that may read it in this record. The writer has to be one of them.
    fn audience<'t>(
        &self,
        record_type: &'t RecordType,
        draft: &DraftOperation,
        name: &str,
    ) -> Result<(&'t FieldSchema, Vec<PublicKey>), DraftInvalid> {
        let schema = record_type.field_named(name).ok_or_else(|| unknown("field", name))?;
        let rule = self
            .definition
            .audience(&schema.audience)
            .ok_or_else(|| unknown("audience", &schema.audience))?;
        let parties: BTreeMap<&str, MemberId> =
            draft.parties.iter().map(|(slot, member)| (slot.as_str(), *member)).collect();
        let members = self.config.audience_members(rule, &parties);
        if members.contains(&self.author.public()) {
            Ok((schema, members))
        } else {
            Err(DraftInvalid::OutsideAudience { field: name.into() })
        }
    }
}

impl SealedDraft {
    /// Signs; refuses what would not fit into a transaction.
    ///
    /// # Rules
    ///
    /// > DRA-05: a transaction is within the limits of bytes and operations, so that it can be ordered at all.
    pub fn sign(self, author: &PseudonymKey) -> Result<SignedTransaction, DraftInvalid> {
        let signature = author.sign(&signing_bytes(&self.body.digest()));
        let openers = Openers::default();
        let signed = SignedTransaction { body: self.body, signature, openers, sealed: self.sealed };
        let (permanent, prunable) = signed.encode_parts();
        let got = permanent.len().saturating_add(prunable.len());
        if got > limits::TRANSACTION_BYTES_MAX { Err(DraftInvalid::TooLarge { got }) } else { Ok(signed) }
    }
}

struct Sealer<'a> {
    desk: &'a Desk<'a>,
    salt: [u8; 32],
    salt_digest: [u8; 32],
}

impl Sealer<'_> {
    fn operation(&self, draft: &DraftOperation) -> Result<(Operation, Vec<SealedField>), DraftInvalid> {
        let record_type = self.desk.record_type(&draft.record_type)?;
        if draft.action.len() > limits::NAME_BYTES_MAX {
            return Err(unknown("action", &draft.action));
        }
        check_presence(draft, record_type)?;
        let parties = parties(draft, record_type)?;
        let mut sealed: Vec<(FieldEntry, SealedField)> = draft
            .fields
            .iter()
            .map(|(name, value)| self.field(draft, record_type, name, value))
            .collect::<Result<_, _>>()?;
        let day = day::public_day(draft, record_type)?;
        sealed.sort_by_key(|(entry, _)| entry.field);
        let (fields, ciphertexts) = sealed.into_iter().unzip();
        let operation = Operation {
            action: draft.action.clone(),
            record_type: record_type.id,
            record: draft.record,
            version: draft.version,
            parties,
            day,
            keyed_tag: draft.keyed_tag,
            fields,
        };
        Ok((operation, ciphertexts))
    }

    fn field(
        &self,
        draft: &DraftOperation,
        record_type: &RecordType,
        name: &str,
        value: &FieldValue,
    ) -> Result<(FieldEntry, SealedField), DraftInvalid> {
        let (schema, members) = self.desk.audience(record_type, draft, name)?;
        FieldValue::from_bytes(schema.field_type, &value.to_bytes())
            .map_err(|reason| DraftInvalid::Value { field: name.into(), reason })?;
        let audience = self.desk.config.audience_of(&members);
        let place = self.place(record_type, &draft.record, schema, audience);
        let context = place.context();
        let sealed = self.key(&place, &context, name)?.seal(&context, &value.to_bytes());
        Ok((FieldEntry { field: schema.id, audience, leaf: field_leaf(schema.id, &sealed) }, sealed))
    }

    fn place(
        &self,
        record_type: &RecordType,
        record: &RecordId,
        schema: &FieldSchema,
        audience: AudienceId,
    ) -> FieldPlace {
        FieldPlace {
            channel: self.desk.config.channel,
            generation: self.desk.config.generation,
            epoch: self.desk.epoch,
            audience,
            class: schema.class,
            record_key: record_key_hash(&record_type.name, record),
            field: schema.id,
            salt_digest: self.salt_digest,
        }
    }

    fn key(&self, place: &FieldPlace, context: &[u8], name: &str) -> Result<FieldKey, DraftInvalid> {
        let key = self.desk.keys.field_key(place, &self.salt, context);
        key.ok_or_else(|| DraftInvalid::NotDealt { field: name.into() })
    }
}

fn check_presence(draft: &DraftOperation, record_type: &RecordType) -> Result<(), DraftInvalid> {
    let missing = |what, name: &str| DraftInvalid::Missing { what, name: name.into() };
    if let Some(slot) = record_type.slots.iter().find(|slot| !draft.parties.contains_key(&slot.name)) {
        return Err(missing("party", &slot.name));
    }
    let absent = |name: &str| !draft.fields.contains_key(name);
    match record_type.fields.iter().find(|f| f.required && draft.version == 1 && absent(&f.name)) {
        Some(field) => Err(missing("field", &field.name)),
        None => Ok(()),
    }
}

fn parties(draft: &DraftOperation, record_type: &RecordType) -> Result<Vec<(u8, MemberId)>, DraftInvalid> {
    let indexed = |(slot, member): (&String, &MemberId)| {
        let index = record_type.slot_index(slot).ok_or_else(|| unknown("party slot", slot))?;
        Ok((index, *member))
    };
    let mut parties = draft.parties.iter().map(indexed).collect::<Result<Vec<_>, DraftInvalid>>()?;
    parties.sort_by_key(|(slot, _)| *slot);
    Ok(parties)
}

fn unknown(what: &'static str, name: &str) -> DraftInvalid {
    DraftInvalid::Unknown { what, name: name.chars().take(limits::NAME_BYTES_MAX).collect() }
}

/// Builders of odd transactions, for tests of the checks that should refuse them.
pub mod hazmat {
    use super::{Body, Openers, PseudonymKey, SealedPart, SignedTransaction, signing_bytes};

    /// Signs any body with any key, without checking anything.
    #[must_use]
    pub fn sign_unchecked(body: Body, sealed: SealedPart, author: &PseudonymKey) -> SignedTransaction {
        let signature = author.sign(&signing_bytes(&body.digest()));
        SignedTransaction { body, signature, openers: Openers::default(), sealed }
    }

    /// Takes a transaction apart again.
    #[must_use]
    pub fn into_parts(transaction: SignedTransaction) -> (Body, SealedPart) {
        (transaction.body, transaction.sealed)
    }
}

#[cfg(test)]
mod tests;
