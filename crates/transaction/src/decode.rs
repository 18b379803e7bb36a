//! Decoding: shape and limits, nothing else. The only way from bytes to a transaction.
//!
//! Before ordering both parts are at hand and must correspond, leaf by leaf; after ordering only
//! the permanent part is read, because the sealed part may have been pruned.

use parclose_crypto::merkle;
use parclose_keys::field::salt_digest;
use parclose_keys::field_leaf;
use parclose_types::canonical::{ascending, at_most, decode};
use parclose_types::{Malformed, SignatureBytes, TransactionDigest, limits};

use crate::access::{ACCESS_RECORDS_MAX, Access, Handed};
use crate::act::{ACT_ITEMS_MAX, Act, CHANGES_MAX, REASON_BYTES_MAX};
use crate::body::{Body, Operation, Permanent, SealedPart};
use crate::definition::SLOTS_MAX;
use crate::grant::{CHECK_VALUES_MAX, COVERS_MAX, GRANTEE_BYTES, GrantCovers, NARROWED_MAX, StandingGrant};
use crate::opened::Opener;

/// A decoded transaction about which nothing has been checked but its form.
#[derive(Clone, Debug)]
pub struct UnverifiedTransaction {
    pub(crate) body: Body,
    pub(crate) signature: SignatureBytes,
    pub(crate) openers: Vec<Opener>,
    pub(crate) digest: TransactionDigest,
    permanent_bytes: usize,
}

impl UnverifiedTransaction {
    /// Decodes the permanent part.
    ///
    /// # Rules
    ///
    /// > WIR-04: operations, movements, fields, parties, readers that sign and sealed bytes of a transaction are within their limits.
    /// > WIR-05: fields, parties and readers that sign stand in strictly ascending order.
    /// > WIR-08: a transaction writes records, and may move notes with them, or holds one act, never both and never neither.
    pub fn decode(permanent: &[u8]) -> Result<Self, Malformed> {
        let Permanent { body, signature, openers } =
            decode("transaction", permanent, limits::TRANSACTION_BYTES_MAX)?;
        let moves_alone = !body.movements.is_empty() && body.operations.is_empty();
        if body.operations.is_empty() == body.act.is_none() || moves_alone {
            return Err(Malformed::NotOneOf { what: "records and act" });
        }
        at_most("operations", body.operations.len(), limits::OPERATIONS_MAX)?;
        at_most("movements", body.movements.len(), limits::MOVEMENTS_MAX)?;
        body.act.iter().try_for_each(check_act)?;
        body.operations.iter().try_for_each(check_operation)?;
        at_most("readers that sign", openers.0.len(), limits::OPENERS_MAX)?;
        ascending("readers that sign", openers.0.iter().map(|opener| opener.reader))?;
        // What was decoded is canonical: the signatures are its end, and all before that is the body.
        let signatures = SIGNATURE_BYTES.saturating_add(openers.bytes());
        let digest = match permanent.len().checked_sub(signatures).and_then(|end| permanent.get(..end)) {
            Some(encoded) => Body::digest_of(encoded),
            None => body.digest(),
        };
        Ok(Self { body, signature, openers: openers.0, digest, permanent_bytes: permanent.len() })
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> TransactionDigest {
        self.digest
    }

    /// Checks that a sealed part is the one that the body commits to, and that both parts together
    /// are within the limit of a transaction (WIR-03).
    ///
    /// # Rules
    ///
    /// > WIR-06: salt, sealed fields and wraps are exactly those that the body commits to.
    pub fn check_sealed(&self, prunable: &[u8]) -> Result<SealedPart, Malformed> {
        let (limit, got) =
            (limits::TRANSACTION_BYTES_MAX, self.permanent_bytes.saturating_add(prunable.len()));
        if got > limit {
            return Err(Malformed::TooLarge { what: "transaction", limit, got });
        }
        let sealed: SealedPart = decode("sealed part", prunable, limit)?;
        let same_shape = self.body.salt_digest == salt_digest(&sealed.salt)
            && self.body.operations.len() == sealed.fields.len();
        if !same_shape {
            return Err(Malformed::Mismatch { what: "sealed part and body" });
        }
        let wraps_root = self.body.act.as_ref().and_then(Act::wraps_root);
        if wraps_root.unwrap_or_else(|| merkle::root::<&[u8]>([])) != merkle::root(&sealed.wraps) {
            return Err(Malformed::Mismatch { what: "wraps and act" });
        }
        for (operation, fields) in self.body.operations.iter().zip(&sealed.fields) {
            let leaves = operation.fields.iter().map(|entry| entry.leaf);
            let sealed_leaves =
                operation.fields.iter().zip(fields).map(|(entry, field)| field_leaf(entry.field, field));
            if fields.len() != operation.fields.len() || !leaves.eq(sealed_leaves) {
                return Err(Malformed::Mismatch { what: "sealed fields and their leaves" });
            }
            for field in fields {
                at_most("bytes of a sealed field", field.ciphertext.len(), SEALED_BYTES_MAX)?;
            }
        }
        Ok(sealed)
    }
}

const SIGNATURE_BYTES: usize = size_of::<SignatureBytes>();

/// The largest padded field with its tag: 12 % over the plaintext limit at most.
pub(crate) const SEALED_BYTES_MAX: usize = limits::FIELD_BYTES_MAX + limits::FIELD_BYTES_MAX / 8 + 20;

fn check_act(act: &Act) -> Result<(), Malformed> {
    match act {
        Act::Move(motion) => at_most("changes of a motion", motion.changes.len(), CHANGES_MAX),
        Act::Deal { deal, .. } => at_most("members of an audience", deal.members.len(), limits::MEMBERS_MAX),
        Act::Acknowledge { audiences, .. } => {
            at_most("acknowledgements", audiences.len(), ACT_ITEMS_MAX)?;
            ascending("acknowledgements", audiences.iter())
        }
        Act::Share(share) => {
            at_most("shared covers", share.scopes.len(), ACT_ITEMS_MAX)?;
            ascending("shared covers", share.scopes.iter())
        }
        Act::Grant(grant) => check_grant(grant),
        Act::Cover(covers) => check_covers(covers),
        Act::Confirm(confirmation) => {
            at_most("confirmed covers", confirmation.signatures.len(), COVERS_MAX)?;
            ascending("confirmed covers", confirmation.signatures.iter().map(|(of, set, _)| (of, set)))
        }
        Act::Erase(erasure) => at_most("bytes of a reason", erasure.reason.len(), REASON_BYTES_MAX),
        Act::Vote { .. }
        | Act::PublishKey(_)
        | Act::Complain { .. }
        | Act::Rewrap { .. }
        | Act::Approve { .. }
        | Act::Revoke { .. }
        | Act::Note { .. }
        | Act::Erased { .. } => Ok(()),
        Act::Reveal { access, .. } => check_access(access),
    }
}

fn check_access(access: &Access) -> Result<(), Malformed> {
    at_most("bytes of a name", access.to.len(), limits::NAME_BYTES_MAX)?;
    match &access.what {
        Handed::Field { field, .. } => at_most("bytes of a name", field.len(), limits::NAME_BYTES_MAX),
        Handed::Bounds { records, field } => {
            at_most("records of an access", records.len(), ACCESS_RECORDS_MAX)?;
            at_most("bytes of a name", field.len(), limits::NAME_BYTES_MAX)
        }
        Handed::Export(_) | Handed::ViewKeys(_) => Ok(()),
    }
}

fn check_grant(grant: &StandingGrant) -> Result<(), Malformed> {
    at_most("bytes of a grantee's name", grant.name.len(), limits::NAME_BYTES_MAX)?;
    at_most("bytes of an audience's name", grant.audience.len(), limits::NAME_BYTES_MAX)?;
    at_most("bytes of a grantee's key", grant.grantee.len(), GRANTEE_BYTES)?;
    at_most("members of a grant", grant.members.len(), NARROWED_MAX)?;
    ascending("members of a grant", grant.members.iter())
}

fn check_covers(covers: &GrantCovers) -> Result<(), Malformed> {
    at_most("covers of an act", covers.covers.len(), COVERS_MAX)?;
    let places = covers.covers.iter().map(|cover| (cover.configuration, cover.audience));
    ascending("covers of an act", places)?;
    let mut values = covers.covers.iter().map(|cover| cover.check_values.len());
    values.try_for_each(|values| at_most("check values of a cover", values, CHECK_VALUES_MAX))
}

fn check_operation(operation: &Operation) -> Result<(), Malformed> {
    at_most("bytes of an action name", operation.action.len(), limits::NAME_BYTES_MAX)?;
    at_most("fields of a record", operation.fields.len(), limits::RECORD_FIELDS_MAX)?;
    at_most("parties of an operation", operation.parties.len(), SLOTS_MAX)?;
    ascending("parties of an operation", operation.parties.iter().map(|(slot, _)| slot))?;
    ascending("fields of an operation", operation.fields.iter().map(|entry| entry.field))
}

#[cfg(test)]
mod tests;
