//! What a member has signed that cannot be true here, kept as it was signed.
//!
//! A batch that attests another state than this member has is refused, and nobody executes it: only the header, by whose
//! signature its sponsor is bound, says later that it was ever put forward. The first of each sponsor is kept; what it
//! proves is shown from a file, without this store ([`parclose_audit`](../parclose_audit/index.html)).

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_crypto::verify;
use parclose_keys::PseudonymCertificate;
use parclose_store::{Durability, Table};
use parclose_types::{ChannelCommitment, Sequence, SignatureBytes, StateRoot};

use crate::batch::{BatchHeader, Proposal};
use crate::channel::Channel;
use crate::error::ChannelError;
use crate::tables::{BATCHES, EVENTS, EventOutcome};

/// The first header of each sponsor that attests another state than this member has, with the sponsor's certificate.
pub const MISCONDUCT: Table<u64, (PseudonymCertificate, SignedHeader)> =
    Table::<u64, (PseudonymCertificate, SignedHeader)>::ordered(25, "misconduct");

/// Sponsors of whom something is kept: more than a channel has members.
const ACCUSED_MAX: usize = 4096;

/// Events after one in which a batch is looked for that attests the state after it.
const ATTESTED_WITHIN: usize = 1024;

/// A batch's header with its sponsor's signature: what the sponsor says of the state after an event.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SignedHeader {
    /// the header
    pub header: BatchHeader,
    /// by its sponsor, over its digest
    pub signature: SignatureBytes,
}

impl SignedHeader {
    /// Whether its sponsor has signed it.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        verify(&self.header.sponsor, self.header.digest().as_ref(), &self.signature).is_ok()
    }

    /// Whether both say of the state after one event of one channel that it is another.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        let (a, b) = (&self.header, &other.header);
        let of_one_state = (a.network, a.channel, a.attested) == (b.network, b.channel, b.attested);
        of_one_state && a.attested_root != b.attested_root
    }
}

/// A batch that is anchored and cannot be executed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// its header
    pub signed: SignedHeader,
    /// opens the anchor's commitment
    pub blinder: [u8; 32],
}

impl Channel {
    /// Keeps what binds the sponsor of a batch that attests another state than this member has.
    ///
    /// # Rules
    ///
    /// > MIS-01: of every sponsor the first signed header is kept that attests another state than this member has, synced before the batch is refused.
    pub(crate) fn keep_misconduct(&mut self, proposal: &Proposal) -> Result<(), ChannelError> {
        let Proposal { batch, .. } = proposal;
        let signed = SignedHeader { header: batch.header.clone(), signature: batch.signature };
        let Some(member) = self.config().member(&signed.header.sponsor) else { return Ok(()) };
        let (certificate, known) = (member.certificate.clone(), self.misconduct()?);
        let is_known = known.iter().any(|(accused, _)| accused.pseudonym == certificate.pseudonym);
        // What its sponsor has not signed says nothing of the sponsor.
        if is_known || known.len() >= ACCUSED_MAX || !signed.is_signed() {
            return Ok(());
        }
        let mut write = self.store.batch();
        write.put(&MISCONDUCT, &(known.len() as u64), &(certificate, signed));
        Ok(self.store.commit(write, Durability::Synced)?)
    }

    /// What is held against members, in the order in which it was found.
    pub fn misconduct(&self) -> Result<Vec<(PseudonymCertificate, SignedHeader)>, ChannelError> {
        Ok(self.store.scan(&MISCONDUCT, &0, ACCUSED_MAX)?.into_iter().map(|(_, held)| held).collect())
    }

    /// A header of the same sponsor that this member has, and that says something else of the same state.
    pub fn contradiction(&self, of: &SignedHeader) -> Result<Option<SignedHeader>, ChannelError> {
        let from = Sequence(of.header.attested.0.saturating_add(1));
        for (_, event) in self.store.scan(&EVENTS, &from, ATTESTED_WITHIN)? {
            let EventOutcome::Executed { commitment, .. } = event.outcome else { continue };
            let Some(opening) = self.opening_of(&commitment)? else { continue };
            if opening.signed.header.sponsor == of.header.sponsor && opening.signed.contradicts(of) {
                return Ok(Some(opening.signed));
            }
        }
        Ok(None)
    }

    /// What opens an anchor whose batch is stored here, executed or not.
    pub fn opening_of(&self, commitment: &ChannelCommitment) -> Result<Option<Opening>, ChannelError> {
        let row = self.store.get(&BATCHES, commitment)?;
        Ok(row.map(|row| Opening {
            signed: SignedHeader { header: row.header, signature: row.signature },
            blinder: row.blinder,
        }))
    }

    /// This member's own state after an event, if it has executed it.
    pub fn state_after(&self, sequence: Sequence) -> Result<Option<StateRoot>, ChannelError> {
        Ok(self.store.get(&EVENTS, &sequence)?.map(|event| event.root))
    }
}

#[cfg(test)]
mod tests {
    use parclose_types::encode;

    use super::*;
    use crate::fixtures::{Trio, create};

    #[test]
    fn mis_01_the_first_false_header_of_a_sponsor_is_kept_and_the_others_have_one_state() {
        let mut trio = Trio::new();
        assert!(trio.member(2).misconduct().unwrap().is_empty());
        let wrong = trio.odd_proposal(vec![], |header| header.attested_root = StateRoot([1; 32]));
        let again = trio.odd_proposal(vec![], |header| header.attested_root = StateRoot([2; 32]));
        let head = trio.head();
        for proposal in [&wrong, &again] {
            let refused = trio.member_mut(2).endorse(&encode(proposal), head, 1024).unwrap_err();
            assert_eq!(parclose_types::Failure::rule(&refused), "END-05");
        }
        let kept = trio.member(2).misconduct().unwrap();
        assert_eq!(kept.len(), 1);
        let (certificate, signed) = &kept[0];
        assert_eq!(certificate.pseudonym, wrong.batch.header.sponsor);
        assert_eq!(signed.header, wrong.batch.header);
        // It is there after a restart, and a batch of it that is right is executed as any other.
        trio.reopen(2);
        assert_eq!(trio.member(2).misconduct().unwrap(), kept);
        let transaction = trio.statement(create(1));
        trio.anchor(0, std::slice::from_ref(&transaction));
        trio.settle();
        assert_eq!(trio.verdict(&transaction), "applied");
    }

    #[test]
    fn mis_01_who_has_not_signed_is_not_held_to_it() {
        let mut trio = Trio::new();
        let mut forged = trio.odd_proposal(vec![], |header| header.attested_root = StateRoot([1; 32]));
        forged.batch.signature.0[0] ^= 1;
        let head = trio.head();
        assert!(trio.member_mut(2).endorse(&encode(&forged), head, 1024).is_err());
        assert!(trio.member(2).misconduct().unwrap().is_empty());
    }

    #[test]
    fn a_sponsor_that_says_two_things_of_one_state_contradicts_itself() {
        let mut trio = Trio::new();
        let attested = Sequence(trio.member(0).head().unwrap().next.0 - 1);
        trio.anchor(0, &[]);
        trio.settle();
        let wrong = trio.odd_proposal(vec![], |header| {
            (header.attested, header.attested_root) = (attested, StateRoot([1; 32]));
        });
        let signed = SignedHeader { header: wrong.batch.header, signature: wrong.batch.signature };
        let other = trio.member(2).contradiction(&signed).unwrap();
        let sponsor = other.as_ref().map(|other| other.header.sponsor);
        assert_eq!(sponsor, Some(signed.header.sponsor));
        assert!(other.is_some_and(|other| other.is_signed() && other.contradicts(&signed)));
    }
}
