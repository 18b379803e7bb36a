//! What members write: statements, batches, anchors; and the same with something changed by whoever holds the key.

use std::collections::BTreeMap;

use parclose_channel::propose::Pooled;
use parclose_channel::{Batch, BatchHeader, Proposal, Verdict};
use parclose_root::{Anchor, Certificate, Endorsement, RootTransaction};
use parclose_transaction::draft::hazmat;
use parclose_transaction::{Body, Draft, DraftOperation, FieldValue, SealedPart, SignedTransaction};
use parclose_types::{Failure, Height, RecordId, Sequence, StateRoot, TransactionDigest, encode};

use super::{ANN, MEMBERS, ORDERED_WITHIN, Stage};
use crate::attack::{Answer, Failed, Refusal};

const EXPIRY: u64 = 50;

/// A statement between two members; its figures follow from its record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    pub(crate) author: usize,
    pub(crate) counterparty: usize,
    pub(crate) record: u8,
    pub(crate) version: u64,
}

/// A new statement of one member to another.
pub(crate) fn statement(author: usize, counterparty: usize, record: u8) -> Statement {
    Statement { author, counterparty, record, version: 1 }
}

pub(crate) fn record(number: u8) -> RecordId {
    RecordId([number; 32])
}

impl Stage {
    /// Seals and signs a statement as its author.
    pub(crate) fn stated(&mut self, room: &str, of: Statement) -> Result<SignedTransaction, Failed> {
        let fields = [
            ("month", FieldValue::Text(format!("month {}", of.record))),
            ("documents", FieldValue::Integer(of.record.into())),
            ("total", FieldValue::Amount(u64::from(of.record) * 100, *b"GBP")),
        ];
        let operation = DraftOperation {
            keyed_tag: None,
            action: if of.version == 1 { "create" } else { "update" }.into(),
            record_type: "statement".into(),
            record: record(of.record),
            version: of.version,
            parties: BTreeMap::from([
                ("preparer".to_owned(), self.id(room, of.author)),
                ("counterparty".to_owned(), self.id(room, of.counterparty)),
            ]),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        self.sealed(room, of.author, Draft::of_records(vec![operation], Height(0)))
    }

    /// Seals and signs a draft as a member, with an expiry that fits.
    pub(crate) fn sealed(
        &mut self,
        room: &str,
        at: usize,
        draft: Draft,
    ) -> Result<SignedTransaction, Failed> {
        let height = self.next();
        let draft = Draft { expiry: Height(height.0 + EXPIRY), ..draft };
        let (side, rng) = self.side_and_rng(room, at);
        Ok(draft.seal(&side.desk(height), rng)?.sign(side.pseudonym())?)
    }

    /// A member's batch of these transactions, stored by it; none is looked at before.
    pub(crate) fn proposed(
        &mut self,
        room: &str,
        sponsor: usize,
        transactions: &[SignedTransaction],
    ) -> Result<Proposal, Failed> {
        let parts = transactions.iter().map(SignedTransaction::encode_parts).collect();
        let pooled = Pooled::of(self.drafted(room, sponsor, parts));
        let last_height = Height(self.next().0 + ORDERED_WITHIN);
        let (side, rng) = self.side_and_rng(room, sponsor);
        Ok(side.propose(pooled, last_height, rng)?)
    }

    /// Any parts as a member's proposal, which nobody is sent.
    fn drafted(&self, room: &str, sponsor: usize, parts: Vec<(Vec<u8>, Vec<u8>)>) -> Proposal {
        let side = self.side(room, sponsor);
        let config = side.config();
        let header = BatchHeader {
            network: config.network,
            channel: config.channel,
            generation: config.generation,
            sponsor: side.pseudonym().public(),
            attested: Sequence(0),
            attested_root: StateRoot([0; 32]),
            transactions: 0,
            permanent_root: [0; 32],
            prunable_root: [0; 32],
        };
        let batch = Batch::assemble(header, parts, side.pseudonym());
        Proposal { batch, blinder: [0; 32], last_height: self.next() }
    }

    /// The anchor of a proposal that as many others endorse as it takes.
    pub(crate) fn endorsed(
        &mut self,
        room: &str,
        sponsor: usize,
        proposal: &Proposal,
    ) -> Result<Anchor, Failed> {
        let (head, window, bytes) = (self.head(), self.window(), encode(proposal));
        let mut endorsements = vec![self.side(room, sponsor).endorse_own(proposal)];
        for step in 1..MEMBERS.len() {
            if let Some(anchor) = self.side(room, sponsor).anchor(proposal, &endorsements) {
                return Ok(anchor);
            }
            let at = (sponsor + step) % MEMBERS.len();
            if self.in_room(room).contains(&at) {
                endorsements.push(self.side_mut(room, at).endorse(&bytes, head, window)?.1);
            }
        }
        let anchor = self.side(room, sponsor).anchor(proposal, &endorsements);
        anchor.ok_or_else(|| "not enough members endorse".into())
    }

    /// Orders a batch of a member, and everybody executes it.
    pub(crate) fn anchored(
        &mut self,
        room: &str,
        sponsor: usize,
        transactions: &[SignedTransaction],
    ) -> Result<(), Failed> {
        let proposal = self.proposed(room, sponsor, transactions)?;
        let anchor = self.endorsed(room, sponsor, &proposal)?;
        self.order(RootTransaction::Anchor(anchor))??;
        self.settle(room)
    }

    /// What became of a transaction.
    pub(crate) fn fate(&self, room: &str, digest: &TransactionDigest) -> Result<Option<Verdict>, Failed> {
        let stored = self.side(room, self.in_room(room)[0]).transaction(digest)?;
        Ok(stored.map(|stored| stored.verdict.verdict))
    }

    pub(crate) fn must_be_applied(&self, room: &str, signed: &SignedTransaction) -> Result<(), Failed> {
        match self.fate(room, &signed.digest())? {
            Some(Verdict::Applied) => Ok(()),
            other => Err(format!("what an honest member writes is not applied: {other:?}").into()),
        }
    }

    /// A member puts a transaction forward whatever others advise; it is ordered, and every member decides on it.
    pub(crate) fn put_forward(
        &mut self,
        room: &str,
        sponsor: usize,
        (what, signed): (&str, &SignedTransaction),
    ) -> Result<Answer, Failed> {
        let height = self.next();
        let advised = self.side_mut(room, ANN).advise(signed, height)?.err();
        self.anchored(room, sponsor, std::slice::from_ref(signed))?;
        let by = "every member, when it executes the batch";
        match (self.fate(room, &signed.digest())?, advised) {
            (Some(Verdict::Applied), None) => Ok(Answer::let_through(what)),
            (Some(Verdict::Refused(rule)), Some(advised)) if rule == advised.rule() => {
                Ok(Answer::of(what, by, Err::<(), _>(advised)))
            }
            // What only the state shows is decided, and not advised before.
            (Some(Verdict::Refused(rule)), None) => Ok(Answer {
                what: what.into(),
                refused: Some(Refusal {
                    detail: format!("its verdict is `refused`, by {rule}"),
                    rule,
                    code: "VERDICT".into(),
                    by,
                }),
            }),
            // It has no place in this log, and gets no verdict there.
            (None, Some(advised)) => Ok(Answer::of(what, by, Err::<(), _>(advised))),
            (None, None) => {
                let detail = "its author has named another sponsor: it gets no verdict, and changes nothing";
                Ok(Answer::seen(what, by, (crate::attack::by("STA-08", "NO_VERDICT"), true), detail))
            }
            (fate, advised) => Err(format!("{what}: advised {advised:?}, decided {fate:?}").into()),
        }
    }

    /// The certificate of some members over whatever they like.
    pub(crate) fn certified(&self, room: &str, by: &[usize], signed: &[u8]) -> Result<Certificate, Failed> {
        let sign = |at: &usize| -> Endorsement {
            let key = self.side(room, *at).pseudonym();
            (key.public(), key.sign(signed))
        };
        let keys = self.side(room, by[0]).endorsers();
        let signatures: Vec<Endorsement> = by.iter().map(sign).collect();
        Certificate::assemble(keys, &signatures).ok_or_else(|| "not enough members sign".into())
    }
}

/// A transaction that is changed after it was sealed, and signed again by whoever holds the key.
pub(crate) fn resigned(
    signed: SignedTransaction,
    author: &parclose_keys::PseudonymKey,
    change: impl FnOnce(&mut Body, &mut SealedPart),
) -> SignedTransaction {
    let (mut body, mut sealed) = hazmat::into_parts(signed);
    change(&mut body, &mut sealed);
    hazmat::sign_unchecked(body, sealed, author)
}
