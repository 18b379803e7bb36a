//! What every disclosure rests on: that a transaction was applied and its author has signed it, and what a definition says of its fields.

use parclose_channel::Verdict;
use parclose_crypto::hash::sha256;
use parclose_root::Trust;
use parclose_transaction::authenticate::is_signed;
use parclose_transaction::definition::{FieldSchema, RecordType};
use parclose_transaction::{Body, Definition, FieldEntry, Operation, UnverifiedTransaction};

use super::DisclosureInvalid;
use crate::receipt::{Receipt, VerifiedReceipt};

/// A transaction that was applied, and that its author has signed.
pub(super) struct Written {
    pub(super) receipt: VerifiedReceipt,
    pub(super) body: Body,
}

impl Written {
    /// # Rules
    ///
    /// > DIS-03: the transaction has an outcome, and was applied.
    pub(super) fn of(receipt: &Receipt, trust: impl Into<Trust>) -> Result<Self, DisclosureInvalid> {
        let verified = receipt.verify(trust)?;
        if !verified.outcome().is_some_and(|outcome| *outcome.verdict() == Verdict::Applied) {
            return Err(DisclosureInvalid::NotApplied);
        }
        Ok(Self { receipt: verified, body: signed(&receipt.ordered.permanent)? })
    }
}

/// The transaction, if its author has signed it: endorsers alone could have applied what it never wrote.
///
/// # Rules
///
/// > DIS-13: the author that the transaction names has signed it.
fn signed(permanent: &[u8]) -> Result<Body, DisclosureInvalid> {
    let transaction = UnverifiedTransaction::decode(permanent)?;
    let body = transaction.claimed_body();
    if is_signed(&transaction.digest(), &body.author, transaction.claimed_signature()) {
        Ok(body.clone())
    } else {
        Err(DisclosureInvalid::NotSigned)
    }
}

/// The definition by which a disclosure names things.
pub(super) struct Names {
    pub(super) definition: Definition,
    /// SHA-256 of its text
    pub(super) digest: [u8; 32],
}

/// Where in a transaction a field stands, and what the definition says of it.
pub(super) struct Place<'a> {
    pub(super) operation: &'a Operation,
    pub(super) entry: &'a FieldEntry,
    pub(super) record_type: &'a RecordType,
    pub(super) schema: &'a FieldSchema,
}

impl Names {
    /// `known` is the SHA-256 of the text as the reader has it, if it does.
    ///
    /// # Rules
    ///
    /// > DIS-11: a reader who gives the channel's definition is shown a value only if names and types were those of exactly this definition.
    pub(super) fn of(text: &str, known: Option<&[u8; 32]>) -> Result<Self, DisclosureInvalid> {
        let digest = sha256(text.as_bytes());
        if known.is_some_and(|known| *known != digest) {
            return Err(DisclosureInvalid::OtherDefinition);
        }
        let definition = Definition::parse("channel.toml", text);
        Ok(Self { definition: definition.map_err(|_| DisclosureInvalid::Definition)?, digest })
    }

    /// # Rules
    ///
    /// > DIS-04: the definition is one of the version that the transaction names; whether it is the channel's is for a reader to compare who has that.
    /// > DIS-05: operation and field are there in the transaction, and the definition knows their types.
    pub(super) fn place<'a>(
        &'a self,
        body: &'a Body,
        (operation, field): (u32, u32),
    ) -> Result<Place<'a>, DisclosureInvalid> {
        if self.definition.version != body.definition_version {
            return Err(DisclosureInvalid::Definition);
        }
        let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let place = || {
            let operation = body.operations.get(index(operation))?;
            let entry = operation.fields.get(index(field))?;
            let record_type = self.definition.record(operation.record_type)?;
            Some(Place { operation, entry, record_type, schema: record_type.field(entry.field)? })
        };
        place().ok_or(DisclosureInvalid::NoField)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::Consortium;

    #[test]
    fn dis_13_what_its_author_has_not_signed_was_not_written_by_it() {
        let mut consortium = Consortium::new();
        let statement = consortium.statement(0, 1, 1, 1);
        let (permanent, _) = statement.encode_parts();
        assert_eq!(signed(&permanent), Ok(statement.body().clone()));
        for at in [permanent.len() - 1, permanent.len() - 40] {
            let mut forged = permanent.clone();
            forged[at] ^= 1;
            assert_eq!(signed(&forged), Err(DisclosureInvalid::NotSigned));
        }
    }
}
