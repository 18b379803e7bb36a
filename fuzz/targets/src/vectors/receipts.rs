//! Faults of receipts. Where a fault stands behind the anchor's commitment, the anchor, its event and the
//! validator's certificate are made anew around it, so that nothing else is wrong.

use parclose_audit::Receipt;
use parclose_audit::receipt::AttestedOutcome;
use parclose_channel::{BatchHeader, BatchProof, Verdict};
use parclose_root::{Anchor, Certificate, OrderProof, RootTransaction};
use parclose_types::limits::RECEIPT_BYTES_MAX;
use parclose_types::{ChannelId, Height, NetworkId, Sequence, Tag, hex};

use super::root::{NOBODY, ordered};
use super::wire::form;
use super::{Vector, replaced};
use crate::world::WORLD;

pub(super) fn vectors() -> Vec<Vector> {
    [receipts(), outcomes(), files()].concat()
}

/// A receipt of an update, with its outcome.
fn honest() -> Receipt {
    WORLD.receipts.last().cloned().expect("there are receipts")
}

/// A batch with another header, ordered as such: header, blinder, sponsor's signature, anchor and event fit.
fn forged(batch: &BatchProof, tag: Tag, change: impl Fn(&mut BatchHeader)) -> (BatchProof, OrderProof) {
    let mut header = batch.header.clone();
    change(&mut header);
    let sponsor = WORLD.pseudonyms.iter().find(|key| key.public() == header.sponsor);
    let signature = sponsor.map_or(batch.signature, |key| key.sign(header.digest().as_ref()));
    let anchor = Anchor {
        tag,
        generation: header.generation,
        commitment: header.commitment(&batch.blinder),
        attested: header.attested,
        last_height: Height(99),
        certificate: Certificate { signatures: Vec::new() },
    };
    let proof = ordered(&RootTransaction::Anchor(anchor), batch.sequence);
    (BatchProof { header, signature, ..batch.clone() }, proof)
}

fn receipts() -> Vec<Vector> {
    let good = honest().encode();
    let mut vectors = form("receipt", &good, RECEIPT_BYTES_MAX);
    let changed = |rule, fault, change: &dyn Fn(&mut Receipt)| {
        let mut receipt = honest();
        change(&mut receipt);
        Vector::new("receipt", rule, fault, &good, receipt.encode())
    };
    let of_header = |receipt: &mut Receipt, change: &dyn Fn(&mut BatchHeader)| {
        let (batch, anchor) = forged(&receipt.ordered.batch, WORLD.setup.tag, change);
        (receipt.ordered.batch, receipt.anchor) = (batch, anchor);
    };
    vectors.extend([
        changed("REC-02", "an event of another network", &|receipt| {
            receipt.anchor.header.network = NetworkId([1; 32]);
        }),
        changed("REC-02", "a batch of another network, ordered here", &|receipt| {
            of_header(receipt, &|header| header.network = NetworkId([1; 32]));
        }),
        changed("REC-03", "version 2", &|receipt| receipt.version = 2),
        changed("REC-03", "version 0", &|receipt| receipt.version = 0),
        changed("REC-04", "the opening in place of an anchor", &|receipt| {
            receipt.anchor = WORLD.order_proofs[0].clone();
        }),
        changed("REC-05", "another blinder", &|receipt| receipt.ordered.batch.blinder[0] ^= 1),
        changed("REC-05", "a header that counts others", &|receipt| {
            receipt.ordered.batch.header.transactions += 1
        }),
        changed("REC-05", "the anchor of another batch", &|receipt| {
            receipt.anchor = WORLD.order_proofs[1].clone()
        }),
        changed("REC-06", "another sequence than the event's", &|receipt| {
            receipt.ordered.batch.sequence = Sequence(1);
        }),
        changed("REC-07", "a bit of the sponsor's signature", &|receipt| {
            receipt.ordered.batch.signature.0[0] ^= 1
        }),
        changed("REC-07", "a sponsor who has not signed", &|receipt| {
            of_header(receipt, &|header| header.sponsor = NOBODY);
        }),
        changed("REC-08", "another place in the batch", &|receipt| receipt.ordered.inclusion.index += 1),
        changed("REC-08", "a place beyond 2^32", &|receipt| receipt.ordered.inclusion.index = u64::MAX),
        changed("REC-08", "a batch of another length", &|receipt| receipt.ordered.inclusion.length += 1),
        changed("REC-08", "a bit of the transaction", &|receipt| receipt.ordered.permanent[70] ^= 1),
        changed("WIR-02", "a batch of what is no transaction, ordered", &|receipt| {
            let parts = vec![b"no transaction".to_vec()];
            let root = parclose_crypto::merkle::root(&parts);
            of_header(receipt, &|header| (header.permanent_root, header.transactions) = (root, 1));
            receipt.ordered.permanent = parts[0].clone();
            let list = parclose_crypto::merkle::ProvingList::new(parts);
            receipt.ordered.inclusion = list.prove(0).expect("it is in the list");
        }),
        changed("ROO-37", "a bit of the validator's signature", &|receipt| {
            receipt.anchor.certificate.signatures[0].1.0[0] ^= 1;
        }),
    ]);
    vectors
}

fn outcomes() -> Vec<Vector> {
    let good = honest().encode();
    let changed = |rule, fault, change: &dyn Fn(&mut AttestedOutcome)| {
        let mut receipt = honest();
        change(receipt.outcome.as_mut().expect("its outcome is proven"));
        Vector::new("receipt", rule, fault, &good, receipt.encode())
    };
    let of_header = |outcome: &mut AttestedOutcome, tag, change: &dyn Fn(&mut BatchHeader)| {
        let (batch, anchor) = forged(&outcome.proof.attested_by, tag, change);
        (outcome.proof.attested_by, outcome.anchor) = (batch, anchor);
    };
    let tag = WORLD.setup.tag;
    let others = WORLD.receipts[1].outcome.clone().expect("its outcome is proven");
    vec![
        changed("REC-04", "the opening in place of the attesting anchor", &|outcome| {
            outcome.anchor = WORLD.order_proofs[0].clone();
        }),
        changed("REC-05", "another blinder of the attesting batch", &|outcome| {
            outcome.proof.attested_by.blinder[0] ^= 1;
        }),
        changed("REC-07", "a bit of the attesting sponsor's signature", &|outcome| {
            outcome.proof.attested_by.signature.0[0] ^= 1;
        }),
        changed("REC-09", "attested by a batch of another channel", &|outcome| {
            of_header(outcome, tag, &|header| header.channel = ChannelId([1; 32]));
        }),
        changed("REC-09", "attested by an anchor of another tag", &|outcome| {
            of_header(outcome, Tag([1; 32]), &|_| {});
        }),
        changed("REC-10", "a state before the event", &|outcome| {
            of_header(outcome, tag, &|header| header.attested = Sequence(1));
        }),
        changed("REC-11", "a head of another root", &|outcome| outcome.proof.head.verdicts_root[0] ^= 1),
        changed("REC-11", "another state root", &|outcome| {
            of_header(outcome, tag, &|header| header.attested_root = parclose_types::StateRoot([1; 32]));
        }),
        changed("REC-12", "a state root of another event", &|outcome| {
            of_header(outcome, tag, &|header| header.attested.0 += 1);
        }),
        changed("REC-13", "another verdict", &|outcome| {
            outcome.proof.verdict.verdict = Verdict::Refused("STA-05".into());
        }),
        changed("REC-13", "another place in the log", &|outcome| outcome.proof.inclusion.index -= 1),
        changed("REC-13", "a log of another length", &|outcome| outcome.proof.inclusion.length += 1),
        changed("REC-14", "the verdict of another transaction", &|outcome| {
            outcome.proof.verdict = others.proof.verdict.clone();
            outcome.proof.inclusion = others.proof.inclusion.clone();
        }),
    ]
}

fn files() -> Vec<Vector> {
    let receipt = honest();
    let good = receipt.to_json(&WORLD.genesis).expect("an honest receipt verifies");
    let with = |rule, fault, bad| Vector::new("receipt_json", rule, fault, good.as_bytes(), bad);
    let mut ordered = receipt.clone();
    ordered.outcome = None;
    let ordered = ordered.to_json(&WORLD.genesis).expect("it was ordered");
    let mut long = good.clone().into_bytes();
    long.resize(2 * RECEIPT_BYTES_MAX + 4097, b' ');
    let upper = hex::encode(&receipt.encode());
    vec![
        with("REC-01", "another schema", replaced(&good, "parclose.receipt/1", "parclose.receipt/2")),
        with("REC-01", "a member more", replaced(&good, "{", "{ \"more\": 1,")),
        with("REC-01", "a member twice", replaced(&good, "\"index\": 0", "\"index\": 0, \"index\": 0")),
        with("REC-01", "a member less", replaced(&good, "  \"verdict\": \"applied\",\n", "")),
        with("REC-01", "a member of another kind", replaced(&good, "\"index\": 0", "\"index\": \"0\"")),
        with(
            "REC-01",
            "a number that is none of 32 bits",
            replaced(&good, "\"index\": 0", "\"index\": 4294967296"),
        ),
        with("REC-01", "digits in upper case", replaced(&good, &upper, &upper.to_uppercase())),
        with("REC-01", "half a digit", replaced(&good, "\"bytes\": \"", "\"bytes\": \"0")),
        with("REC-01", "over its limit", long),
        with("REC-01", "what is not UTF-8", vec![0xff; 40]),
        with("REC-01", "brackets without end", vec![b'['; 100_000]),
        with(
            "REC-15",
            "it says another place than its bytes",
            replaced(&good, "\"index\": 0", "\"index\": 1"),
        ),
        with(
            "REC-15",
            "it says another verdict than its bytes",
            replaced(&good, "applied", "refused:STA-05"),
        ),
        with(
            "REC-15",
            "it says that it proves less",
            replaced(&good, "\"kind\": \"outcome\"", "\"kind\": \"ordered\""),
        ),
        Vector::new("receipt_json", "REC-15", "a verdict without an outcome", ordered.as_bytes(), {
            replaced(&ordered, "\"verdict\": null", "\"verdict\": \"applied\"")
        }),
        with("REC-03", "version 2", replaced(&good, "\"bytes\": \"01", "\"bytes\": \"02")),
        with("WIR-02", "a byte follows its bytes", replaced(&good, "\"\n}", "00\"\n}")),
    ]
}
