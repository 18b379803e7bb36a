//! Authentication: who signed it, for which channel, and whether it may still be ordered.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use parclose_crypto::{NotSigned, Verifier};
use parclose_types::{
    ChannelId, Epoch, Failure, Fault, Generation, Height, NetworkId, PublicKey, SignatureBytes,
    TransactionDigest,
};

use crate::body::{Body, SignedTransaction, signing_bytes};
use crate::decode::UnverifiedTransaction;

/// Where and when a transaction is looked at. All of it follows from the log and the height.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// network
    pub network: NetworkId,
    /// channel
    pub channel: ChannelId,
    /// generation in force
    pub generation: Generation,
    /// definition version in force
    pub definition_version: u32,
    /// root height of the block that orders it (before ordering: the head)
    pub height: Height,
    /// epoch of that height
    pub epoch: Epoch,
    /// heights since that epoch began
    pub into_epoch: u64,
    /// heights within which the previous epoch is still accepted (G)
    pub grace: u64,
    /// how far ahead an expiry may lie (W_tx)
    pub expiry_max: u64,
}

/// Why a transaction is not authentic here and now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAuthentic {
    /// AUT-01: the author's signature does not verify
    #[error("the author's signature does not verify")]
    Signature,
    /// AUT-03: for another network, channel, generation or definition version
    #[error("the transaction is for another {0}")]
    Scope(&'static str),
    /// AUT-04: expiry passed
    #[error("the transaction expired at height {expiry}")]
    Expired {
        /// its last height
        expiry: Height,
    },
    /// AUT-05: expiry too far ahead
    #[error("the expiry {expiry} lies more than {limit} heights ahead")]
    ExpiryTooFar {
        /// its last height
        expiry: Height,
        /// heights allowed
        limit: u64,
    },
    /// AUT-06: sealed in an epoch that is not accepted here
    #[error("sealed in epoch {sealed}, but the epoch is {current}")]
    Epoch {
        /// epoch of sealing
        sealed: Epoch,
        /// epoch in force
        current: Epoch,
    },
    /// AUT-07: the author is not a member of this generation
    #[error("the author is not a member of the channel")]
    NotMember,
}

impl Failure for NotAuthentic {
    fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "TRANSACTION_EXPIRED",
            _ => "NOT_AUTHENTIC",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Signature => "AUT-01",
            Self::Scope(_) => "AUT-03",
            Self::Expired { .. } => "AUT-04",
            Self::ExpiryTooFar { .. } => "AUT-05",
            Self::Epoch { .. } => "AUT-06",
            Self::NotMember => "AUT-07",
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
            Self::Expired { .. } | Self::Epoch { .. } => "seal the draft again and submit it".into(),
            _ => "build the transaction for this channel with the member's own key".into(),
        }
    }
}

/// A transaction whose author, scope and time are right.
#[derive(Clone, Debug)]
pub struct AuthenticatedTransaction {
    body: Body,
    digest: TransactionDigest,
}

/// What spares work in checking signatures: those that this node has verified before ordering, and the
/// authors' keys as points of the curve.
///
/// A signature is remembered with its digest: the digest does not cover the signature, and a node that
/// had seen a good one must not accept another. It serves once, when its transaction is executed.
/// Bounded; forgetting costs time only.
#[derive(Debug, Default)]
pub struct KnownSignatures {
    signatures: BTreeMap<TransactionDigest, SignatureBytes>,
    authors: BTreeMap<PublicKey, Verifier>,
}

const SIGNATURES_MAX: usize = 8192;
/// Signatures that are worth a thread.
const THREAD_SIGNATURES_MIN: usize = 64;
const AUTHORS_MAX: usize = 1024;

impl KnownSignatures {
    /// Keeps the signature of a transaction that was found authentic, until it is checked again.
    pub fn remember(&mut self, transaction: &SignedTransaction) {
        self.keep(transaction.digest(), transaction.signature);
    }

    fn keep(&mut self, transaction: TransactionDigest, signature: SignatureBytes) {
        if self.signatures.len() >= SIGNATURES_MAX {
            self.signatures.clear();
        }
        self.signatures.insert(transaction, signature);
    }

    /// Verifies the signatures of a whole batch on all processors; those that verify are remembered. It only saves time:
    /// whatever is not remembered is verified when its transaction is executed.
    pub fn verify_ahead<'t>(&mut self, transactions: impl IntoIterator<Item = &'t UnverifiedTransaction>) {
        let mut fresh = Vec::new();
        for transaction in transactions {
            let known = self.signatures.get(&transaction.digest) == Some(&transaction.signature);
            let author = (!known).then(|| self.verifier(&transaction.body.author).cloned());
            if let Some(Ok(author)) = author {
                fresh.push((transaction.digest, author, transaction.signature));
            }
        }
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = processors.min(fresh.len() / THREAD_SIGNATURES_MIN);
        if threads < 2 || self.signatures.len().saturating_add(fresh.len()) > SIGNATURES_MAX {
            return;
        }
        let good = |(digest, author, signature): &&(TransactionDigest, Verifier, SignatureBytes)| {
            author.verify(&signing_bytes(digest), signature).is_ok()
        };
        std::thread::scope(|scope| {
            let share = fresh.len().div_ceil(threads);
            let checked: Vec<_> = fresh
                .chunks(share)
                .filter_map(|part| {
                    let verify = move || part.iter().filter(good).collect::<Vec<_>>();
                    // A system that has no thread to give has it verified later.
                    std::thread::Builder::new().spawn_scoped(scope, verify).ok()
                })
                .collect();
            for (digest, _, signature) in checked.into_iter().filter_map(|part| part.join().ok()).flatten() {
                self.signatures.insert(*digest, *signature);
            }
        });
    }

    fn verify(&mut self, transaction: &UnverifiedTransaction) -> Result<(), NotAuthentic> {
        if self.signatures.get(&transaction.digest) == Some(&transaction.signature) {
            self.signatures.remove(&transaction.digest);
            return Ok(());
        }
        let message = signing_bytes(&transaction.digest);
        let verified = self
            .verifier(&transaction.body.author)
            .and_then(|author| author.verify(&message, &transaction.signature));
        verified.map_err(|_| NotAuthentic::Signature)
    }

    fn verifier(&mut self, author: &PublicKey) -> Result<&Verifier, NotSigned> {
        if self.authors.len() >= AUTHORS_MAX && !self.authors.contains_key(author) {
            self.authors.clear();
        }
        match self.authors.entry(*author) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => Ok(new.insert(Verifier::of(author)?)),
        }
    }
}

/// Whether a signature over a transaction is that of a member (AUT-01), and nothing else about it.
#[must_use]
pub fn is_signed(digest: &TransactionDigest, author: &PublicKey, signature: &SignatureBytes) -> bool {
    let verifier = Verifier::of(author);
    verifier.is_ok_and(|verifier| verifier.verify(&signing_bytes(digest), signature).is_ok())
}

impl UnverifiedTransaction {
    /// The signature that it carries; [`is_signed`] says whether it is its author's.
    #[must_use]
    pub fn claimed_signature(&self) -> &SignatureBytes {
        &self.signature
    }

    /// Checks scope, time and the author's signature; `is_member` knows the pseudonyms in force.
    ///
    /// # Rules
    ///
    /// > AUT-01: a transaction carries its author's signature over its digest.
    /// > AUT-03: a transaction names network, channel, generation and definition version, and counts nowhere else.
    /// > AUT-04: a transaction is not ordered after its expiry.
    /// > AUT-05: an expiry lies at most `expiry_max` heights ahead.
    /// > AUT-06: a transaction counts in the epoch in which it was sealed, and within the grace of the next.
    /// > AUT-07: author and sponsor are members of the generation in force.
    pub fn authenticate(
        self,
        setting: &Setting,
        is_member: impl Fn(&PublicKey) -> bool,
        known: &mut KnownSignatures,
    ) -> Result<AuthenticatedTransaction, NotAuthentic> {
        self.check(setting, is_member, known)?;
        Ok(AuthenticatedTransaction { body: self.body, digest: self.digest })
    }

    /// Whether it will be found authentic: asked before work that is not done for everybody. The signature is
    /// remembered, so asking costs nothing twice.
    pub fn is_authentic(
        &self,
        setting: &Setting,
        is_member: impl Fn(&PublicKey) -> bool,
        known: &mut KnownSignatures,
    ) -> bool {
        let authentic = self.check(setting, is_member, known).is_ok();
        if authentic {
            known.keep(self.digest, self.signature);
        }
        authentic
    }

    fn check(
        &self,
        setting: &Setting,
        is_member: impl Fn(&PublicKey) -> bool,
        known: &mut KnownSignatures,
    ) -> Result<(), NotAuthentic> {
        check_scope(&self.body, setting)?;
        check_expiry(self.body.expiry, setting)?;
        check_epoch(self.body.epoch, setting)?;
        if !is_member(&self.body.author) || !is_member(&self.body.sponsor) {
            return Err(NotAuthentic::NotMember);
        }
        known.verify(self)
    }

    /// The member whose node may put it forward; not yet authenticated.
    #[must_use]
    pub fn claimed_sponsor(&self) -> PublicKey {
        self.body.sponsor
    }

    /// What it says; not yet authenticated.
    #[must_use]
    pub fn claimed_body(&self) -> &Body {
        &self.body
    }

    /// The expiry it claims; not yet authenticated.
    #[must_use]
    pub fn claimed_expiry(&self) -> Height {
        self.body.expiry
    }
}

impl AuthenticatedTransaction {
    /// What it says.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> TransactionDigest {
        self.digest
    }
}

fn check_scope(body: &Body, setting: &Setting) -> Result<(), NotAuthentic> {
    let scopes = [
        ("network", body.network == setting.network),
        ("channel", body.channel == setting.channel),
        ("generation", body.generation == setting.generation),
        ("definition version", body.definition_version == setting.definition_version),
    ];
    match scopes.iter().find(|(_, same)| !same) {
        Some((what, _)) => Err(NotAuthentic::Scope(what)),
        None => Ok(()),
    }
}

fn check_expiry(expiry: Height, setting: &Setting) -> Result<(), NotAuthentic> {
    if expiry < setting.height {
        return Err(NotAuthentic::Expired { expiry });
    }
    if expiry.0 > setting.height.0.saturating_add(setting.expiry_max) {
        return Err(NotAuthentic::ExpiryTooFar { expiry, limit: setting.expiry_max });
    }
    Ok(())
}

fn check_epoch(sealed: Epoch, setting: &Setting) -> Result<(), NotAuthentic> {
    let previous = setting.epoch.0.checked_sub(1) == Some(sealed.0);
    if sealed == setting.epoch || (previous && setting.into_epoch < setting.grace) {
        Ok(())
    } else {
        Err(NotAuthentic::Epoch { sealed, current: setting.epoch })
    }
}

#[cfg(test)]
mod tests;
