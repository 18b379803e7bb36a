//! Evidence: what a member has signed and should not have, as one file that anybody can check.
//!
//! ```text
//!   contradiction   two headers of one sponsor that say different things of one state      proves itself
//!   false state     a header that says another state than t endorsers have signed          with an export of the channel
//!   certified       an anchor whose batch says another state than its accuser has          says who has signed it
//!   withheld        an anchor whose batch nobody hands out                                 says who must have it
//!   sealed          a field that does not open, or to another amount                       proves itself, with the field's key
//! ```
//!
//! The accused are named by certificates that their identity keys have signed. Of the last two kinds the signatures are proof,
//! the accusation is the accuser's word: who is right is shown by executing the log, or by handing out the batch.

use borsh::{BorshDeserialize, BorshSerialize};
use parclose_channel::misconduct::SignedHeader;
use parclose_crypto::verify;
use parclose_keys::PseudonymCertificate;
use parclose_root::{Anchor, Genesis, OrderProof, RootTransaction, Trust, changes_up_to};
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{ChannelId, Generation, Malformed, NetworkId, PublicKey, Sequence, decode, encode};

use crate::bundle::VerifiedBundle;

pub mod complaint;
mod file;
mod invalid;

pub use complaint::{Broken, Complained, Complaint, NotComplained, complaints};
pub use file::{SCHEMA, verify_json};
pub use invalid::EvidenceInvalid;

/// The form of evidence that this program writes and reads.
pub const VERSION: u8 = 1;

/// Evidence about which nothing has been checked: [`Evidence::verify`] does.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Evidence {
    /// form: [`VERSION`]
    pub version: u8,
    /// the channel of the certificates
    pub channel: ChannelId,
    /// their generation
    pub generation: Generation,
    /// who is accused, ascending by pseudonym
    pub accused: Vec<PseudonymCertificate>,
    /// of what
    pub misconduct: Misconduct,
    /// every change of the validators up to the anchor, in their order
    pub changes: Vec<OrderProof>,
}

/// What somebody has signed.
#[allow(clippy::large_enum_variant, reason = "there are few of them, and none for long")]
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Misconduct {
    /// two headers of one sponsor
    Contradiction {
        /// one
        first: SignedHeader,
        /// the other
        second: SignedHeader,
    },
    /// one header, which is false
    FalseState {
        /// the header
        said: SignedHeader,
    },
    /// an anchor whose batch says what its accuser knows to be false
    Certified {
        /// the header of the batch
        said: SignedHeader,
        /// opens the anchor's commitment
        blinder: [u8; 32],
        /// the anchor in the log
        anchor: Box<OrderProof>,
    },
    /// an anchor whose batch is not handed out
    Withheld {
        /// the anchor in the log
        anchor: Box<OrderProof>,
    },
    /// a field that its readers cannot read as it should be
    Sealed(Box<Complaint>),
}

/// How much evidence proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// the accused contradicts itself, or t endorsers of its channel
    Convicts,
    /// the accused has signed it; whether it is false is to be compared
    Signed,
}

/// Evidence, verified. Only [`Evidence::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEvidence {
    network: NetworkId,
    kind: &'static str,
    weight: Weight,
    event: Option<Sequence>,
    field: Option<Complained>,
    accused: Vec<PublicKey>,
}

impl Evidence {
    /// Against whoever holds these certificates.
    #[must_use]
    pub fn against(
        (channel, generation): (ChannelId, Generation),
        mut accused: Vec<PseudonymCertificate>,
        misconduct: Misconduct,
    ) -> Self {
        accused.sort_by_key(|certificate| certificate.pseudonym);
        Self { version: VERSION, channel, generation, accused, misconduct, changes: Vec::new() }
    }

    /// Takes up what a verifier needs of the changes of the validators, all of which are given.
    #[must_use]
    pub fn with_changes(mut self, changes: Vec<OrderProof>) -> Self {
        self.changes = match &self.misconduct {
            Misconduct::Certified { anchor, .. } | Misconduct::Withheld { anchor } => {
                changes_up_to(changes, anchor.header.height)
            }
            Misconduct::Contradiction { .. } | Misconduct::FalseState { .. } | Misconduct::Sealed(_) => {
                Vec::new()
            }
        };
        self
    }

    /// Decodes canonical bytes, at most 1 MiB.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode("evidence", bytes, RECEIPT_BYTES_MAX)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Verifies it offline: from the genesis alone, and what one header says against an export of the channel, if there is one.
    ///
    /// # Rules
    ///
    /// As in [`parclose_keys::PseudonymCertificate::verify`] (KEY-04), in [`Trust::follow`] (ROO-51 to ROO-61) for the changes of the
    /// validators, in [`OrderProof::verify_under`] (ROO-35 to ROO-43), and:
    ///
    /// > MIS-02: evidence names the accused by certificates of its channel and generation, ascending by pseudonym, and at least one.
    /// > MIS-08: evidence has the version that this program knows.
    /// > MIS-11: an anchored batch is accused by a header of the evidence's channel and generation that opens the anchor's commitment.
    pub fn verify(
        &self,
        genesis: &Genesis,
        export: Option<&VerifiedBundle>,
    ) -> Result<VerifiedEvidence, EvidenceInvalid> {
        if self.version != VERSION {
            return Err(EvidenceInvalid::Version { found: self.version });
        }
        let ascending = self.accused.is_sorted_by(|a, b| a.pseudonym < b.pseudonym);
        let certified = |accused: &PseudonymCertificate| {
            accused.verify(&self.channel, self.generation).map_err(|_| EvidenceInvalid::Accused)
        };
        self.accused.iter().try_for_each(certified)?;
        if self.accused.is_empty() || !ascending {
            return Err(EvidenceInvalid::Accused);
        }
        let mut trust = Trust::of(genesis);
        trust.follow_all(&self.changes)?;
        let mut field = None;
        let (kind, weight, event) = match &self.misconduct {
            Misconduct::Contradiction { first, second } => {
                self.of_one_sponsor(genesis, &[first, second])?;
                contradict(first, second)?;
                ("contradiction", Weight::Convicts, Some(first.header.attested))
            }
            Misconduct::FalseState { said } => {
                self.of_one_sponsor(genesis, &[said])?;
                ("false state", self.compare(said, export)?, Some(said.header.attested))
            }
            Misconduct::Certified { said, blinder, anchor } => {
                let (sequence, ordered) = self.ordered(&trust, anchor)?;
                let opened = said.header.commitment(blinder) == ordered.commitment;
                let scope = (said.header.channel, said.header.generation);
                if !opened || scope != (self.channel, self.generation) {
                    return Err(EvidenceInvalid::Unopened { sequence });
                }
                ("certified state", Weight::Signed, Some(sequence))
            }
            Misconduct::Withheld { anchor } => {
                ("withheld batch", Weight::Signed, Some(self.ordered(&trust, anchor)?.0))
            }
            Misconduct::Sealed(complaint) => {
                let found = complaint.verify(&self.against_author(&genesis.network()), export)?;
                field = Some(found);
                let weight = if found.broken.is_some() { Weight::Convicts } else { Weight::Signed };
                ("sealed field", weight, None)
            }
        };
        let accused = self.accused.iter().map(|certificate| certificate.identity).collect();
        Ok(VerifiedEvidence { network: genesis.network(), kind, weight, event, field, accused })
    }

    fn against_author<'a>(&'a self, network: &'a NetworkId) -> complaint::Against<'a> {
        let Self { channel, generation, accused, .. } = self;
        complaint::Against { network, channel: *channel, generation: *generation, accused }
    }

    /// # Rules
    ///
    /// > MIS-03: a header binds the accused if it is of the genesis' network and the evidence's channel and generation, and names and is signed by the one pseudonym that is accused.
    fn of_one_sponsor(&self, genesis: &Genesis, headers: &[&SignedHeader]) -> Result<(), EvidenceInvalid> {
        let binds = |signed: &&SignedHeader| {
            let header = &signed.header;
            let scope = (header.network, header.channel, header.generation);
            scope == (genesis.network(), self.channel, self.generation)
                && self.accused.iter().map(|accused| accused.pseudonym).eq([header.sponsor])
                && signed.is_signed()
        };
        if headers.iter().all(binds) { Ok(()) } else { Err(EvidenceInvalid::NotSigned) }
    }

    /// What t endorsers have signed of the same state, by an export of the channel.
    ///
    /// # Rules
    ///
    /// > MIS-05: a header convicts against an export of its channel in which an ordered batch says another state after the same event, and proves nothing if that batch says the same.
    /// > MIS-09: an export that evidence is compared with is of the evidence's channel, and has the accused for its member in that generation.
    fn compare(
        &self,
        said: &SignedHeader,
        export: Option<&VerifiedBundle>,
    ) -> Result<Weight, EvidenceInvalid> {
        let Some(export) = export else { return Ok(Weight::Signed) };
        let of_generation = export.eras().iter().find(|era| era.config.generation == self.generation);
        let is_member = of_generation.is_some_and(|era| era.config.member(&said.header.sponsor).is_some());
        if *export.channel() != self.channel || !is_member {
            return Err(EvidenceInvalid::OtherChannel);
        }
        let known = export.batches().iter().find(|batch| batch.attested == said.header.attested);
        match known.map(|batch| batch.attested_root) {
            None => Ok(Weight::Signed),
            Some(root) if root == said.header.attested_root => {
                Err(EvidenceInvalid::NotFalse { event: said.header.attested })
            }
            Some(_) => Ok(Weight::Convicts),
        }
    }

    /// An anchor that the root chain has ordered, with the accused for its endorsers.
    ///
    /// # Rules
    ///
    /// > MIS-06: of an anchor exactly those are accused whose signatures stand in its certificate, all of them.
    /// > MIS-10: the event that orders a batch is an anchor of the evidence's generation.
    fn ordered(&self, trust: &Trust, proof: &OrderProof) -> Result<(Sequence, Anchor), EvidenceInvalid> {
        let event = proof.verify_under(trust).map_err(EvidenceInvalid::Order)?;
        let sequence = event.entry().sequence;
        let anchor = match event.transaction() {
            RootTransaction::Anchor(anchor) if anchor.generation == self.generation => anchor,
            _ => return Err(EvidenceInvalid::NotAnAnchor { sequence }),
        };
        let signed = anchor.statement(trust.network()).signing_bytes();
        let signatures = &anchor.certificate.signatures;
        let has_signed = |accused: &PseudonymCertificate| {
            signatures.iter().any(|(_, signature)| verify(&accused.pseudonym, &signed, signature).is_ok())
        };
        if self.accused.len() != signatures.len() || !self.accused.iter().all(has_signed) {
            return Err(EvidenceInvalid::Endorsers { sequence });
        }
        Ok((sequence, anchor.clone()))
    }
}

/// # Rules
///
/// > MIS-04: two headers contradict each other only if they say different states after the same event of the same channel.
fn contradict(first: &SignedHeader, second: &SignedHeader) -> Result<(), EvidenceInvalid> {
    let event = first.header.attested;
    if first.contradicts(second) { Ok(()) } else { Err(EvidenceInvalid::NoContradiction { event }) }
}

impl VerifiedEvidence {
    /// The network.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.network
    }

    /// What it is about, in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// How much it proves.
    #[must_use]
    pub fn weight(&self) -> Weight {
        self.weight
    }

    /// The event: the one whose state is false, or the anchor; none of a field, of whose transaction the signature is enough.
    #[must_use]
    pub fn event(&self) -> Option<Sequence> {
        self.event
    }

    /// The field, and what is wrong with it, where it is about one.
    #[must_use]
    pub fn field(&self) -> Option<&Complained> {
        self.field.as_ref()
    }

    /// Identity keys of the accused.
    #[must_use]
    pub fn accused(&self) -> &[PublicKey] {
        &self.accused
    }
}

#[cfg(test)]
mod tests;
