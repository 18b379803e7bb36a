//! What a verifier knows of a network without a node: which validators sign which height.
//!
//! It begins with the genesis, or with a checkpoint, and follows the changes of the validators one by one:
//! each is proven under the set that it replaces. Nothing is skipped, so no assumption is made about how
//! much of one set is in the next.
//!
//! What it cannot tell: whether validators whose keys have leaked since then have signed a second chain
//! over heights of long ago. Whoever begins with a checkpoint does not depend on the keys of before it.

use parclose_types::{Failure, Fault, Height, NetworkId, Sequence, ValueHash};

use crate::commit::CommitCertificate;
use crate::genesis::{Genesis, ValidatorSet};
use crate::header::Header;
use crate::proof::{OrderProof, ProofInvalid};
use crate::reject::RootReject;
use crate::transaction::RootTransaction;
use crate::validators::{Validators, in_force_from};

/// Why a change of the validators is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeInvalid {
    /// ROO-60: a change is missing, or stands in the wrong place.
    #[error("change {found} of the validators does not follow: the next one is {next}")]
    NotTheNext {
        /// number of the next change
        next: Sequence,
        /// number found
        found: Sequence,
    },
    /// ROO-35 to ROO-43: the change is not proven under the validators that it replaces.
    #[error("change {number} of the validators is not proven: {reason}")]
    NotProven {
        /// number of the change
        number: Sequence,
        /// what is wrong
        reason: ProofInvalid,
    },
    /// ROO-61: an event of something else.
    #[error("the event that is shown as change {number} of the validators is none")]
    NotAChange {
        /// number of the change
        number: Sequence,
    },
    /// ROO-51 to ROO-58: a change that no validator should have ordered.
    #[error("change {number} of the validators breaks a rule: {reason}")]
    Refused {
        /// number of the change
        number: Sequence,
        /// which
        reason: RootReject,
    },
}

impl Failure for ChangeInvalid {
    fn code(&self) -> &'static str {
        "VALIDATORS_NOT_FOLLOWED"
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::NotTheNext { .. } => "ROO-60",
            Self::NotProven { reason, .. } => reason.rule(),
            Self::NotAChange { .. } => "ROO-61",
            Self::Refused { reason, .. } => reason.rule(),
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
            Self::NotTheNext { .. } => {
                "get a proof that carries every change of the validators, in their order"
            }
            Self::NotProven { .. } | Self::NotAChange { .. } | Self::Refused { .. } => {
                "do not rely on this proof; ask another member for a new one"
            }
        }
        .into()
    }
}

/// The validators of every height that a verifier can judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    network: NetworkId,
    /// the block from which this began, if that was not the genesis
    begun: Option<(Height, ValueHash)>,
    /// changes that are accounted for, so also the number of the next
    changes: Sequence,
    first: ValidatorSet,
    /// later sets, each with the first height that it signs, ascending
    later: Vec<(Height, ValidatorSet)>,
}

impl Trust {
    /// Begins with the genesis.
    #[must_use]
    pub fn of(genesis: &Genesis) -> Self {
        let (network, first) = (genesis.network(), genesis.validators().clone());
        Self { network, begun: None, changes: Sequence(0), first, later: Vec::new() }
    }

    /// Begins with the state after a block, which its caller has verified.
    pub(crate) fn after(header: &Header, validators: &Validators) -> Self {
        let next = validators.next.iter().filter(|next| next.from > header.height);
        Self {
            network: header.network,
            begun: Some((header.height, header.hash())),
            changes: validators.changes,
            first: validators.at(header.height).clone(),
            later: next.map(|next| (next.from, next.set.clone())).collect(),
        }
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.network
    }

    /// Changes that are accounted for.
    #[must_use]
    pub fn changes(&self) -> Sequence {
        self.changes
    }

    /// The height from which this began.
    #[must_use]
    pub fn begun(&self) -> Height {
        self.begun.map_or(Height(0), |(height, _)| height)
    }

    /// Who signs a height, by the changes that were followed.
    #[must_use]
    pub fn validators(&self, height: Height) -> &ValidatorSet {
        let later = self.later.iter().rev().find(|(from, _)| *from <= height);
        later.map_or(&self.first, |(_, set)| set)
    }

    /// Follows changes, in the order of their numbers; those that are accounted for are passed over.
    pub fn follow_all(&mut self, changes: &[OrderProof]) -> Result<(), ChangeInvalid> {
        let begun = self.changes;
        changes
            .iter()
            .skip_while(|change| change.entry.sequence < begun)
            .try_for_each(|change| self.follow(change))
    }

    /// Follows one change: the validators that it replaces have signed the block that orders it.
    ///
    /// # Rules
    ///
    /// As in [`OrderProof::verify_under`] (ROO-35 to ROO-43, ROO-62), in [`crate::update`] (ROO-51, ROO-53 to
    /// ROO-58), and:
    ///
    /// > ROO-60: a verifier follows the changes of the validators in the order of their numbers, and none is left out.
    /// > ROO-61: what it follows is a change of the validators.
    pub fn follow(&mut self, change: &OrderProof) -> Result<(), ChangeInvalid> {
        let (next, number) = (self.changes, change.entry.sequence);
        if number != next {
            return Err(ChangeInvalid::NotTheNext { next, found: number });
        }
        let event =
            change.verify_under(self).map_err(|reason| ChangeInvalid::NotProven { number, reason })?;
        let RootTransaction::UpdateValidators(update) = event.transaction() else {
            return Err(ChangeInvalid::NotAChange { number });
        };
        let current = self.validators(event.height());
        update
            .change
            .replaces(next, current)
            .and_then(|()| update.change.is_bounded(current))
            .and_then(|()| update.is_signed(&self.network, current))
            .map_err(|reason| ChangeInvalid::Refused { number, reason })?;
        self.later.push((in_force_from(event.height()), update.change.next.clone()));
        self.changes = Sequence(next.0.saturating_add(1));
        Ok(())
    }

    /// Whether more than two thirds of the validators of its height have signed a header.
    ///
    /// # Rules
    ///
    /// > ROO-39: a proof's header is of the genesis's network.
    /// > ROO-40: a proof's header names, as signers of its height and of the next, the validators of the genesis, or those of the changes that were followed.
    /// > ROO-41: a proof's certificate is for its header: the same height, the header's hash.
    /// > ROO-62: a verifier that begins with a checkpoint judges no header below it, and at its height only the checkpoint's.
    pub(crate) fn committed(
        &self,
        header: &Header,
        certificate: &CommitCertificate,
    ) -> Result<(), ProofInvalid> {
        let (network, height) = (self.network, header.height);
        if header.network != network {
            return Err(ProofInvalid::OtherNetwork { expected: network, found: header.network });
        }
        if let Some((begun, hash)) = self.begun
            && (height < begun || height == begun && header.hash() != hash)
        {
            return Err(ProofInvalid::BeforeCheckpoint { checkpoint: begun, height });
        }
        let validators = self.validators(height);
        let next = self.validators(Height(height.0.saturating_add(1)));
        if (header.validators, header.next_validators) != (validators.digest(), next.digest()) {
            return Err(ProofInvalid::OtherValidators { height });
        }
        if certificate.height != height || certificate.value != header.hash() {
            return Err(ProofInvalid::OtherBlock { height });
        }
        Ok(certificate.verify(&network, validators)?)
    }
}

impl From<&Genesis> for Trust {
    fn from(genesis: &Genesis) -> Self {
        Self::of(genesis)
    }
}

impl From<&Self> for Trust {
    fn from(trust: &Self) -> Self {
        trust.clone()
    }
}

/// Those of the changes that lead to the validators of a header and of the next.
#[must_use]
pub fn changes_up_to(mut changes: Vec<OrderProof>, height: Height) -> Vec<OrderProof> {
    changes.retain(|change| change.header.height < height);
    changes
}

#[cfg(test)]
mod tests;
