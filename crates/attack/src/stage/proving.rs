//! What members and validators prove to others: certificates, receipts, exports, view keys.

use parclose_audit::bundle::OrderedEvent;
use parclose_audit::{Bundle, Grant, GrantScope, GrantTerms, Receipt, WrappedViewKey};
use parclose_channel::Channel;
use parclose_crypto::wrap::UnwrapKey;
use parclose_root::{CommitCertificate, Header, OrderProof, TagProof};
use parclose_types::{ClassId, Epoch, Sequence, TransactionDigest};

use super::{ANN, BOB, Stage, TRADE, validator};
use crate::attack::Failed;

/// Classes of the room of statements.
pub(crate) const FIGURES: ClassId = ClassId(2);

/// A regulator's key, and the view key that it was given: ann's and bob's figures of epochs 0 to 9.
pub(crate) struct Held {
    pub(crate) key: UnwrapKey,
    pub(crate) wrapped: WrappedViewKey,
}

impl Stage {
    /// Precommits of validators under a header.
    pub(crate) fn precommits(&self, header: &Header, numbers: &[u8]) -> CommitCertificate {
        let (height, value) = (header.height, header.hash());
        let one = |number: &u8| {
            CommitCertificate::of_one(&header.network, height, value, &validator(*number)).signatures
        };
        let mut signatures: Vec<_> = numbers.iter().flat_map(one).collect();
        signatures.sort_by_key(|(validator, _)| *validator);
        CommitCertificate { height, round: 0, value, signatures }
    }

    /// The proof of an event of a room's log.
    pub(crate) fn order_proof(&self, channel: &Channel, sequence: Sequence) -> Option<OrderProof> {
        let tag = channel.tag();
        let is_it = |proof: &&OrderProof| proof.entry.tag == tag && proof.entry.sequence == sequence;
        self.chain.proofs.iter().find(is_it).cloned()
    }

    /// The receipt of a transaction, as a member makes it.
    pub(crate) fn receipt(
        &self,
        (room, at): (&str, usize),
        digest: &TransactionDigest,
    ) -> Result<Receipt, Failed> {
        let side = self.side(room, at);
        Ok(Receipt::prove(side, digest, |sequence| self.order_proof(side, sequence))?)
    }

    /// The transaction that last wrote a record.
    pub(crate) fn writer(&mut self, room: &str, record: u8) -> Result<TransactionDigest, Failed> {
        let written = self.side_mut(room, ANN).history_of(&super::record(record))?;
        written.last().copied().ok_or_else(|| "the record was never written".into())
    }

    /// What the root chain says of a room, at its head.
    pub(crate) fn tag_proof(&self, room: &str) -> Result<TagProof, Failed> {
        let (tag, header) = (self.side(room, ANN).tag(), self.chain.root.head().clone());
        let state = self.chain.root.tag(&tag).ok_or("the room is open")?.clone();
        let (proof, certificate) = (self.chain.root.prove_tag(&tag), self.precommits(&header, &[0, 1, 2]));
        Ok(TagProof { tag, state, proof, certificate, header })
    }

    /// The events of a room's log, as a node of the root chain has them.
    pub(crate) fn events(&self, room: &str) -> Vec<OrderedEvent> {
        let tag = self.side(room, ANN).tag();
        let proofs = self.chain.proofs.iter().filter(|proof| proof.entry.tag == tag);
        let event =
            |p: &OrderProof| OrderedEvent { height: p.header.height, transaction: p.transaction.clone() };
        proofs.map(event).collect()
    }

    /// A member's export of a whole room.
    pub(crate) fn exported(&self, room: &str, at: usize) -> Result<Bundle, Failed> {
        Ok(Bundle::export(self.side(room, at), self.events(room), self.tag_proof(room)?, None)?)
    }

    /// What a grant of ann's and bob's figures covers.
    pub(crate) fn scope(&self) -> GrantScope {
        let config = self.side(TRADE, ANN).config();
        let mut both = vec![self.pseudonym(TRADE, ANN), self.pseudonym(TRADE, BOB)];
        both.sort_unstable();
        GrantScope {
            channel: config.channel,
            generation: config.generation,
            audience: config.audience_of(&both),
            class: FIGURES,
            from: Epoch(0),
            to: Epoch(9),
        }
    }

    /// A grant of a scope by ann and bob, for the holder of a key.
    pub(crate) fn grant(&self, scope: GrantScope, grantee: &[u8]) -> Result<Grant, Failed> {
        let [issuer, second] = [ANN, BOB].map(|at| self.side(TRADE, at));
        let (one, other) = (issuer.pseudonym(), second.pseudonym());
        let terms = GrantTerms::draw_up(issuer.keys(), scope, grantee, one.public(), other.public())?;
        let issuer_signature = terms.sign(issuer.keys(), one)?;
        let second_signature = terms.sign(second.keys(), other)?;
        Ok(Grant { terms, issuer_signature, second_signature })
    }

    /// Gives a regulator a view key.
    pub(crate) fn granted(&mut self) -> Result<Held, Failed> {
        let key = UnwrapKey::generate(&mut self.rng);
        let grant = self.grant(self.scope(), key.public())?;
        let (side, rng) = self.side_and_rng(TRADE, ANN);
        let wrapped = WrappedViewKey::issue(side.keys(), grant, key.public(), rng)?;
        Ok(Held { key, wrapped })
    }
}
