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
use crate::opened::{Opener, opened_bytes};

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
    /// OPN-02: the signature of a reader does not verify
    #[error("the signature of reader {reader} does not verify")]
    Opener {
        /// the pseudonym that is said to have signed
        reader: PublicKey,
    },
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
            Self::Opener { .. } => "OPN-02",
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
    openers: Vec<PublicKey>,
}

/// What spares work in checking signatures: those that this node has verified before ordering, and the
/// authors' keys as points of the curve.
///
/// All signatures of a transaction are remembered with its digest: the digest does not cover them, and a node that
/// had seen good ones must not accept others. They serve once, when their transaction is executed.
/// Bounded; forgetting costs time only.
#[derive(Debug, Default)]
pub struct KnownSignatures {
    signatures: BTreeMap<TransactionDigest, Signatures>,
    authors: BTreeMap<PublicKey, Verifier>,
}

/// Everything that is signed under one digest: by its author, and by readers.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Signatures {
    author: SignatureBytes,
    openers: Vec<Opener>,
}

/// A transaction to verify, with the keys of who has signed it, in the order of its signatures.
struct Fresh<'t> {
    transaction: &'t UnverifiedTransaction,
    keys: Vec<Verifier>,
}

impl Fresh<'_> {
    fn is_good(&self) -> bool {
        let mut signed = self.transaction.signed().into_iter().zip(&self.keys);
        signed.all(|((_, message, signature), key)| key.verify(&message, &signature).is_ok())
    }
}

const SIGNATURES_MAX: usize = 8192;
/// Signatures that are worth a thread.
const THREAD_SIGNATURES_MIN: usize = 64;
const AUTHORS_MAX: usize = 1024;

impl KnownSignatures {
    /// Keeps the signature of a transaction that was found authentic, until it is checked again.
    pub fn remember(&mut self, transaction: &SignedTransaction) {
        let SignedTransaction { signature, openers, .. } = transaction;
        self.keep(transaction.digest(), Signatures { author: *signature, openers: openers.0.clone() });
    }

    fn keep(&mut self, transaction: TransactionDigest, signatures: Signatures) {
        if self.signatures.len() >= SIGNATURES_MAX {
            self.signatures.clear();
        }
        self.signatures.insert(transaction, signatures);
    }

    /// Verifies the signatures of a whole batch on all processors; those that verify are remembered. It only saves time:
    /// whatever is not remembered is verified when its transaction is executed.
    pub fn verify_ahead<'t>(&mut self, transactions: impl IntoIterator<Item = &'t UnverifiedTransaction>) {
        let mut fresh = Vec::new();
        for transaction in transactions {
            if self.signatures.get(&transaction.digest) == Some(&transaction.signatures()) {
                continue;
            }
            let keys = transaction.signed().into_iter().map(|(key, _, _)| self.verifier(&key).cloned());
            if let Ok(keys) = keys.collect() {
                fresh.push(Fresh { transaction, keys });
            }
        }
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = processors.min(fresh.len() / THREAD_SIGNATURES_MIN);
        if threads < 2 || self.signatures.len().saturating_add(fresh.len()) > SIGNATURES_MAX {
            return;
        }
        std::thread::scope(|scope| {
            let share = fresh.len().div_ceil(threads);
            let checked: Vec<_> = fresh
                .chunks(share)
                .filter_map(|part| {
                    let verify = move || part.iter().filter(|fresh| fresh.is_good()).collect::<Vec<_>>();
                    // A system that has no thread to give has it verified later.
                    std::thread::Builder::new().spawn_scoped(scope, verify).ok()
                })
                .collect();
            for Fresh { transaction, .. } in checked.into_iter().filter_map(|part| part.join().ok()).flatten()
            {
                self.signatures.insert(transaction.digest, transaction.signatures());
            }
        });
    }

    fn verify(&mut self, transaction: &UnverifiedTransaction) -> Result<(), NotAuthentic> {
        if self.signatures.get(&transaction.digest) == Some(&transaction.signatures()) {
            self.signatures.remove(&transaction.digest);
            return Ok(());
        }
        for (at, (key, message, signature)) in transaction.signed().into_iter().enumerate() {
            let verified = self.verifier(&key).and_then(|signer| signer.verify(&message, &signature));
            let refused =
                if at == 0 { NotAuthentic::Signature } else { NotAuthentic::Opener { reader: key } };
            verified.map_err(|_| refused)?;
        }
        Ok(())
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

    /// What it says that readers have signed; not yet authenticated.
    #[must_use]
    pub fn claimed_openers(&self) -> &[Opener] {
        &self.openers
    }

    fn signatures(&self) -> Signatures {
        Signatures { author: self.signature, openers: self.openers.clone() }
    }

    /// Who is said to have signed what, and how: its author first.
    fn signed(&self) -> Vec<(PublicKey, Vec<u8>, SignatureBytes)> {
        let author = (self.body.author, signing_bytes(&self.digest), self.signature);
        let opened = |opener: &Opener| (opener.reader, opened_bytes(&self.digest), opener.signature);
        std::iter::once(author).chain(self.openers.iter().map(opened)).collect()
    }

    /// Checks scope, time and the signatures; `is_member` knows the pseudonyms in force.
    ///
    /// # Rules
    ///
    /// > AUT-01: a transaction carries its author's signature over its digest.
    /// > AUT-03: a transaction names network, channel, generation and definition version, and counts nowhere else.
    /// > AUT-04: a transaction is not ordered after its expiry.
    /// > AUT-05: an expiry lies at most `expiry_max` heights ahead.
    /// > AUT-06: a transaction counts in the epoch in which it was sealed, and within the grace of the next.
    /// > AUT-07: author and sponsor are members of the generation in force.
    /// > OPN-02: the signature of a reader is its pseudonym's over the digest of this transaction and no other; one that does not verify has the transaction refused.
    pub fn authenticate(
        self,
        setting: &Setting,
        is_member: impl Fn(&PublicKey) -> bool,
        known: &mut KnownSignatures,
    ) -> Result<AuthenticatedTransaction, NotAuthentic> {
        self.check(setting, is_member, known)?;
        let openers = self.openers.iter().map(|opener| opener.reader).collect();
        Ok(AuthenticatedTransaction { body: self.body, digest: self.digest, openers })
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
            known.keep(self.digest, self.signatures());
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

    /// The pseudonyms of those that have signed it as its readers, ascending.
    #[must_use]
    pub fn openers(&self) -> &[PublicKey] {
        &self.openers
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
