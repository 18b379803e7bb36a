//! Refusing a leg of a deal: whoever would receive it takes no part any more, and the channel says so to the root
//! chain, which then aborts the deal at once.
//!
//! The deal names, for each leg, a key of its receiver's that nobody else has seen before. With its word, and with
//! nothing else, an endorser refuses: a lock proves no part in a deal, because every member may lock for any leg.
//! A receiver gains nothing by it but time. As long as it has not approved, the deal lapses anyway.

use parclose_crypto::verify;
use parclose_root::{Endorsement, RefuseStatement};
use parclose_types::{Failure, Fault, Height, PublicKey, RecordId, SignatureBytes};

use crate::channel::Channel;
use crate::locks::LegId;

/// Why an endorser does not sign a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusalRefused {
    /// LOC-14: of another channel, or of other keys
    #[error("the refusal is of another channel or of other keys")]
    Elsewhere,
    /// LOC-14: the leg's approver has not signed it
    #[error("the receiver of the leg has not asked for the refusal")]
    NoWord,
    /// LOC-14: the leg is prepared
    #[error("the leg is prepared")]
    Prepared,
    /// LOC-14: the last height lies too far ahead, or has passed
    #[error("the last height {last_height} is not within the window")]
    Window {
        /// last height of the statement
        last_height: Height,
    },
}

impl Failure for RefusalRefused {
    fn code(&self) -> &'static str {
        "ENDORSEMENT_REFUSED"
    }

    fn rule(&self) -> &'static str {
        "LOC-14"
    }

    fn fault(&self) -> Fault {
        Fault::Peer
    }

    fn definite(&self) -> bool {
        true
    }

    fn fix(&self) -> String {
        "nothing is to be done: the deal is decided at `settle_before` at the latest".into()
    }
}

impl Channel {
    /// What is to be signed so that a leg is refused.
    #[must_use]
    pub fn refuse_statement(&self, (deal, leg): LegId, head: Height, window: u64) -> RefuseStatement {
        RefuseStatement {
            network: self.config().network,
            tag: self.tag(),
            generation: self.config().generation,
            deal,
            leg,
            last_height: Height(head.0.saturating_add(window - window / 4)),
        }
    }

    /// This member's word, as the receiver of a leg, that it is to be refused.
    #[must_use]
    pub fn ask_refusal(&self, statement: &RefuseStatement, instruction: &RecordId) -> SignatureBytes {
        self.approver(instruction, statement.leg).sign(&statement.approval_bytes())
    }

    /// Signs that a leg will not be ready, for its receiver. `approver` is the leg's, as the root chain has the deal.
    ///
    /// # Rules
    ///
    /// > LOC-14: an endorser signs the refusal of a leg only with the signature of the leg's approver under it, as long as no lock of the leg is prepared in its state, and with a last height within the window.
    pub fn sign_refusal(
        &self,
        statement: &RefuseStatement,
        (approver, word): (&PublicKey, &SignatureBytes),
        head: Height,
        window: u64,
    ) -> Result<Endorsement, RefusalRefused> {
        let config = self.config();
        let here = (config.network, self.tag(), config.generation);
        if (statement.network, statement.tag, statement.generation) != here || !self.is_member() {
            return Err(RefusalRefused::Elsewhere);
        }
        verify(approver, &statement.approval_bytes(), word).map_err(|_| RefusalRefused::NoWord)?;
        if self.locks.of_leg((statement.deal, statement.leg)).any(|row| row.prepared.is_some()) {
            return Err(RefusalRefused::Prepared);
        }
        let last_height = statement.last_height;
        if last_height.0 > head.0.saturating_add(window) || last_height < head {
            return Err(RefusalRefused::Window { last_height });
        }
        Ok((self.pseudonym.public(), self.pseudonym.sign(&statement.signing_bytes())))
    }
}

#[cfg(test)]
mod tests;
