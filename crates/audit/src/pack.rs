//! Evidence packs: a report with all that it follows from, for whoever was given no view key.
//!
//! ```text
//!   report   what was found                                    PCK-07, PCK-08
//!   grants   which fields the view keys reached                PCK-04, PCK-06
//!   lines    each of these fields, with a key of its own       PCK-05, PCK-06
//!   bundle   the export that they stand in, from the genesis   BUN-*
//!   signer   who says so                                       PCK-02, PCK-03
//! ```
//!
//! A pack is as confidential as its report: whoever has it opens the fields that the report tells, and no other.
//! What a signer's word is still needed for is one thing, which is counted: that a field does not open with the
//! view key. The key that the pack brings for it does not open it; whether it is the right one nobody can see.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::hash::sha256;
use parclose_crypto::{SigningKey, verify};
use parclose_root::Trust;
use parclose_types::{Malformed, NetworkId, PublicKey, SignatureBytes, decode, enc, encode, labels};

use crate::bundle::{Bundle, FieldKeys, FieldLine, VerifiedBundle};
use crate::grant::{Grant, GrantScope};

mod confirm;
mod invalid;

pub use confirm::Confirmed;
pub use invalid::PackInvalid;

/// One pack file: an export, and as much beside it.
pub const FILE_BYTES_MAX: usize = 2 << 30;

const MAGIC: &[u8; 8] = b"PCLPACK\x01";

/// A pack, about which nothing has been checked: [`Pack::verify`] does.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Pack {
    /// the report, JSON
    pub report: Vec<u8>,
    /// the grants of the view keys that it was made with
    pub grants: Vec<Grant>,
    /// every field in their scope, in log order
    pub lines: Vec<FieldLine>,
    /// the export, in its file form
    pub bundle: Vec<u8>,
    /// whose pack it is
    pub signer: PublicKey,
    /// over all of it
    pub signature: SignatureBytes,
}

impl std::fmt::Debug for Pack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pack({} lines, by {})", self.lines.len(), self.signer)
    }
}

/// What a pack proves, but for the report: [`VerifiedPack::confirm`] compares that with what follows. Only
/// [`Pack::verify`] makes one.
#[derive(Debug)]
pub struct VerifiedPack {
    bundle: VerifiedBundle,
    keys: FieldKeys,
    report: Vec<u8>,
    signer: PublicKey,
    network: NetworkId,
    lines: u64,
    not_opening: u64,
}

impl Pack {
    /// Packs a report with what it follows from, and signs it with the identity of a member's key file.
    #[must_use]
    pub fn sign(
        report: Vec<u8>,
        grants: Vec<Grant>,
        lines: Vec<FieldLine>,
        bundle: Vec<u8>,
        identity: &SigningKey,
    ) -> Self {
        let (signer, signature) = (identity.public(), SignatureBytes([0; 64]));
        let mut pack = Self { report, grants, lines, bundle, signer, signature };
        pack.signature = identity.sign(&pack.signing_bytes());
        pack
    }

    /// What its signer signs: every part, by its hash.
    #[must_use]
    pub fn signing_bytes(&self) -> Vec<u8> {
        let hashes = [
            sha256(&self.report),
            sha256(&encode(&self.grants)),
            sha256(&encode(&self.lines)),
            sha256(&self.bundle),
        ];
        let [report, grants, lines, bundle] = &hashes;
        enc(labels::EVIDENCE_PACK, &[report, grants, lines, bundle, self.signer.as_ref()])
    }

    /// The file form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(encode(self));
        bytes
    }

    /// Reads the file form.
    ///
    /// # Rules
    ///
    /// > PCK-01: a pack file is its magic and the one encoding of its parts, within its limit.
    pub fn decode(bytes: &[u8]) -> Result<Self, PackInvalid> {
        let body = bytes.strip_prefix(MAGIC).ok_or(PackInvalid::File)?;
        decode("evidence pack", body, FILE_BYTES_MAX).map_err(|_: Malformed| PackInvalid::File)
    }

    /// Verifies everything but the report, offline: who signed, the export, the grants, every field.
    ///
    /// # Rules
    ///
    /// As in [`Bundle::verify`] for the export (BUN-02 to BUN-14), and:
    ///
    /// > PCK-02: the signer that a pack names has signed every part of it.
    /// > PCK-03: a reader who names a signer is shown nothing of a pack that another has signed.
    ///
    /// `expected` is the signer's public key as the reader has it, if it does.
    pub fn verify(
        &self,
        trust: impl Into<Trust>,
        expected: Option<&PublicKey>,
    ) -> Result<VerifiedPack, PackInvalid> {
        verify(&self.signer, &self.signing_bytes(), &self.signature).map_err(|_| PackInvalid::NotSigned)?;
        if expected.is_some_and(|expected| *expected != self.signer) {
            return Err(PackInvalid::OtherSigner { found: self.signer });
        }
        let trust = trust.into();
        let network = *trust.network();
        let bundle = Bundle::decode(&self.bundle).and_then(|bundle| bundle.verify(trust))?;
        let scopes = self.accepted(&bundle)?;
        let keys = self.checked(&bundle, &scopes)?;
        let not_opening = self.lines.iter().filter(|line| !line.opens).count() as u64;
        Ok(VerifiedPack {
            keys,
            bundle,
            report: self.report.clone(),
            signer: self.signer,
            network,
            lines: self.lines.len() as u64,
            not_opening,
        })
    }

    /// # Rules
    ///
    /// > PCK-04: each grant of a pack is one that members of the channel gave who can read its scope.
    fn accepted(&self, bundle: &VerifiedBundle) -> Result<Vec<GrantScope>, PackInvalid> {
        let scope = |grant: &Grant| {
            bundle.accept(grant)?;
            Ok(grant.terms.scope)
        };
        self.grants.iter().map(scope).collect()
    }

    /// # Rules
    ///
    /// > PCK-05: the key of each line opens the sealed field at its place, key commitment first; one that is said not to open does not.
    /// > PCK-06: the lines of a pack are the fields of applied transactions in the scope of its grants, all of them, in log order, and no other.
    fn checked(&self, bundle: &VerifiedBundle, scopes: &[GrantScope]) -> Result<FieldKeys, PackInvalid> {
        let mut lines = self.lines.iter();
        let mut found = Vec::with_capacity(self.lines.len());
        for at in bundle.placed_in(scopes) {
            let transaction = at.transaction.digest;
            let line = lines.next().filter(|line| at.is_of(line));
            let line = line.ok_or(PackInvalid::OtherLines { transaction })?;
            if at.is_opened_by(line) != line.opens {
                return Err(PackInvalid::OtherKey { transaction, operation: at.operation, field: at.field });
            }
            found.push((at, line));
        }
        match lines.next() {
            Some(line) => Err(PackInvalid::OtherLines { transaction: line.transaction }),
            None => Ok(found.into_iter().collect()),
        }
    }
}

impl VerifiedPack {
    /// The export.
    #[must_use]
    pub fn bundle(&self) -> &VerifiedBundle {
        &self.bundle
    }

    /// The keys of its fields.
    #[must_use]
    pub fn keys(&self) -> &FieldKeys {
        &self.keys
    }

    /// Who signed it.
    #[must_use]
    pub fn signer(&self) -> &PublicKey {
        &self.signer
    }

    /// The network of its export.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.network
    }

    /// Fields that stand in it.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Fields of which its signer says that they do not open.
    #[must_use]
    pub fn not_opening(&self) -> u64 {
        self.not_opening
    }
}

#[cfg(test)]
mod tests;
