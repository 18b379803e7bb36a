//! Readers that open a transaction before it is ordered: which have to, and how one does.
//!
//! ```text
//!   author    seals, signs, asks a reader of each set        readers_to_ask
//!   reader    opens every field that its sets are to open    sign_opened
//!   author    puts the transaction forward with their words
//!   everyone  at execution: one word of each set             Demands::check
//! ```
//!
//! Execution does not read sealed values, and need not: that a reader has is a signature, which everybody checks.

use std::collections::{BTreeMap, BTreeSet};

use parclose_transaction::definition::{FieldSchema, RecordType};
use parclose_transaction::opened::opened_bytes;
use parclose_transaction::view::{Provenance, open_amount, open_field};
use parclose_transaction::{
    Body, FieldState, KnownSignatures, NoteState, Operation, SealedPart, SignedTransaction,
    UnverifiedTransaction,
};
use parclose_types::{AudienceId, FieldId, Height, PublicKey, SignatureBytes, TransactionDigest};

use crate::channel::Channel;
use crate::governance::InForce;
use crate::reject::OffSchema;

mod refused;

pub use refused::OpeningRefused;

/// The sets of readers of whom one has to open a transaction.
#[derive(Debug)]
pub(crate) struct Demands(BTreeMap<AudienceId, Demand>);

/// One of them.
#[derive(Debug)]
struct Demand {
    /// the first field of it
    field: FieldId,
    /// its members but for the author
    readers: Vec<PublicKey>,
}

/// A field that is to be opened, and who can.
struct ToOpen<'t> {
    schema: &'t FieldSchema,
    audience: AudienceId,
    members: Vec<PublicKey>,
}

/// The fields of an operation that are to be opened, by their place among its fields.
fn to_open<'t>(
    operation: &Operation,
    record_type: &'t RecordType,
    now: &InForce,
) -> BTreeMap<usize, ToOpen<'t>> {
    let slot = |(index, member): &(u8, _)| {
        Some((record_type.slots.get(usize::from(*index))?.name.as_str(), *member))
    };
    let parties: BTreeMap<&str, _> = operation.parties.iter().filter_map(slot).collect();
    let field = |(place, entry): (usize, &parclose_transaction::FieldEntry)| {
        let schema = record_type.field(entry.field).filter(|schema| schema.opened)?;
        let members = now.config.audience_members(now.definition.audience(&schema.audience)?, &parties);
        Some((place, ToOpen { schema, audience: now.config.audience_of(&members), members }))
    };
    operation.fields.iter().enumerate().filter_map(field).collect()
}

impl Demands {
    /// What the definition in force demands of a transaction that fits the schema.
    pub(crate) fn of(body: &Body, now: &InForce) -> Self {
        let mut demands = BTreeMap::new();
        for operation in &body.operations {
            let Some(record_type) = now.definition.record(operation.record_type) else { continue };
            for ToOpen { schema, audience, mut members } in to_open(operation, record_type, now).into_values()
            {
                members.retain(|member| *member != body.author);
                if !members.is_empty() {
                    demands.entry(audience).or_insert(Demand { field: schema.id, readers: members });
                }
            }
        }
        Self(demands)
    }

    /// Checks who has signed, whose signatures are verified, against what is demanded.
    ///
    /// # Rules
    ///
    /// > OPN-03: of each set of members for which a transaction seals a field that is to be opened, one that belongs to it in the generation in force and is not the author has signed that it has opened it, unless the author is alone in the set.
    /// > OPN-04: whoever signs a transaction beside its author is such a member of such a set.
    pub(crate) fn check(&self, openers: &[PublicKey]) -> Result<(), OffSchema> {
        let signed = |demand: &Demand| demand.readers.iter().any(|reader| openers.contains(reader));
        if let Some(demand) = self.0.values().find(|demand| !signed(demand)) {
            return Err(OffSchema::Unopened { field: demand.field.0 });
        }
        let readers: BTreeSet<&PublicKey> = self.0.values().flat_map(|demand| &demand.readers).collect();
        match openers.iter().find(|opener| !readers.contains(opener)) {
            Some(reader) => Err(OffSchema::NoReader { reader: *reader }),
            None => Ok(()),
        }
    }
}

impl Channel {
    /// Of each set of readers of whom one has to open a transaction of this member's, those who can: ascending by pseudonym.
    #[must_use]
    pub fn readers_to_ask(&self, signed: &SignedTransaction, at: Height) -> Vec<Vec<PublicKey>> {
        let demands = Demands::of(signed.body(), self.governance().at(at));
        demands.0.into_values().map(|demand| demand.readers).collect()
    }

    /// Opens what another member is about to put forward, and signs that this member has, for that transaction only. `at` is the
    /// height for which it is looked at.
    ///
    /// # Rules
    ///
    /// > OPN-05: a reader signs a transaction only if every field that is to be opened by a set to which it belongs opens, under its own key for the set, to a value of its type, and a committed amount to its commitment.
    /// > OPN-06: a reader signs only what it is asked for by author and sponsor of the transaction, whose signature, scope and epoch are good and whose sealed part is the one that it commits to.
    pub fn sign_opened(
        &self,
        from: &PublicKey,
        (permanent, prunable): (&[u8], &[u8]),
        at: Height,
    ) -> Result<(TransactionDigest, SignatureBytes), OpeningRefused> {
        let transaction = UnverifiedTransaction::decode(permanent)?;
        let sealed = transaction.check_sealed(prunable)?;
        let now = self.governance().at(at);
        let is_member = |key: &PublicKey| now.config.member(key).is_some();
        // Nothing is remembered: what is ordered has other signatures.
        let authentic =
            transaction.authenticate(&self.setting(at), is_member, &mut KnownSignatures::default())?;
        let (body, digest) = (authentic.body(), authentic.digest());
        if (body.author, body.sponsor) != (*from, *from) {
            return Err(OpeningRefused::NotItsAuthor);
        }
        let mut opened = 0_usize;
        for (number, operation) in body.operations.iter().enumerate() {
            opened = opened.saturating_add(self.open_operation(body, &sealed, (number, operation), now)?);
        }
        if opened == 0 || self.pseudonym().public() == body.author {
            return Err(OpeningRefused::NoReader);
        }
        Ok((digest, self.pseudonym().sign(&opened_bytes(&digest))))
    }

    /// Opens the fields of an operation that this member is to open: how many.
    fn open_operation(
        &self,
        body: &Body,
        sealed: &SealedPart,
        (number, operation): (usize, &Operation),
        now: &InForce,
    ) -> Result<usize, OpeningRefused> {
        let unknown = OpeningRefused::Unreadable { field: 0 };
        let record_type = now.definition.record(operation.record_type).ok_or(unknown)?;
        let from = Provenance {
            channel: body.channel,
            generation: body.generation,
            epoch: body.epoch,
            salt: &sealed.salt,
            record: operation.record,
        };
        let own = self.pseudonym().public();
        let mut opened = 0_usize;
        for (place, wanted) in to_open(operation, record_type, now) {
            if !wanted.members.contains(&own) {
                continue;
            }
            let field = wanted.schema.id.0;
            let unreadable = OpeningRefused::Unreadable { field };
            let entry = operation.fields.get(place).ok_or_else(|| unreadable.clone())?;
            let sealed = sealed.fields.get(number).and_then(|fields| fields.get(place));
            let sealed = sealed.ok_or_else(|| unreadable.clone())?;
            if entry.audience != wanted.audience {
                return Err(unreadable);
            }
            if !self.holds_dealt(&wanted.audience) {
                return Err(OpeningRefused::NoSecret { field });
            }
            let opens = match body.amount_at(&entry.leaf) {
                Some((asset, commitment)) => {
                    let field = (entry, sealed);
                    let amount = open_amount(self.keys(), record_type, &from, field, (&asset, &commitment));
                    matches!(amount, NoteState::Opened(_))
                }
                None => {
                    let view = open_field(self.keys(), record_type, &from, entry, sealed);
                    matches!(view.state, FieldState::Opened(_))
                }
            };
            if !opens {
                return Err(unreadable);
            }
            opened = opened.saturating_add(1);
        }
        Ok(opened)
    }
}

#[cfg(test)]
mod tests;
