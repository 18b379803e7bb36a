//! Each step of a receipt, broken alone; then every byte of one, and every character of its file.

use parclose_channel::commit::{head_key, head_leaf};
use parclose_channel::tables::HeadLeaf;
use parclose_channel::{OutcomeProof, Verdict};
use parclose_crypto::state_tree::memory::MemoryNodes;
use parclose_crypto::{merkle, state_tree};
use parclose_root::{Genesis, ProofInvalid};
use parclose_types::{Failure, SignatureBytes};

use super::*;
use crate::fixtures::{Consortium, genesis};

/// Three transactions in event 1 (the second one stale), one in event 2, and an empty batch that
/// attests event 2.
struct Scene {
    consortium: Consortium,
    first: Vec<TransactionDigest>,
    second: TransactionDigest,
}

fn scene() -> Scene {
    let mut consortium = Consortium::new();
    let batch = [
        consortium.statement(0, 1, 1, 10),
        consortium.statement(0, 1, 1, 11),
        consortium.statement(0, 2, 1, 12),
    ];
    let (_, first) = consortium.anchored(&batch);
    let update = consortium.statement(0, 1, 2, 13);
    let (_, second) = consortium.anchored(&[update]);
    consortium.anchored(&[]);
    Scene { consortium, first, second: second[0] }
}

impl Scene {
    fn receipt(&self, transaction: &TransactionDigest) -> Receipt {
        let consortium = &self.consortium;
        Receipt::prove(&consortium.members[1], transaction, |sequence| consortium.order_proof(sequence))
            .unwrap()
    }

    fn good(&self) -> Receipt {
        self.receipt(&self.first[2])
    }

    fn genesis(&self) -> &Genesis {
        self.consortium.genesis()
    }

    fn nth(&self, n: u64) -> Sequence {
        self.consortium.nth(n)
    }

    fn refused(&self, change: impl FnOnce(&mut Receipt)) -> ReceiptInvalid {
        let mut receipt = self.good();
        change(&mut receipt);
        receipt.verify(self.genesis()).unwrap_err()
    }
}

fn outcome(receipt: &mut Receipt) -> &mut AttestedOutcome {
    receipt.outcome.as_mut().unwrap()
}

#[test]
fn a_receipt_proves_order_and_outcome_from_the_genesis_alone() {
    let scene = scene();
    let verdicts = [Verdict::Applied, Verdict::Refused("STA-05".into()), Verdict::Applied];
    for ((digest, verdict), index) in scene.first.iter().zip(verdicts).zip(0..) {
        let receipt = scene.receipt(digest).verify(scene.genesis()).unwrap();
        assert_eq!((receipt.transaction(), receipt.index()), (digest, index));
        let sequence = scene.nth(1);
        assert_eq!((receipt.sequence(), receipt.height().0), (sequence, sequence.0 + 1));
        let outcome = receipt.outcome().unwrap();
        assert_eq!(
            (outcome.verdict(), outcome.attested(), outcome.attested_at().0),
            (&verdict, scene.nth(2), scene.nth(3).0 + 1)
        );
    }
    let receipt = scene.receipt(&scene.second);
    assert_eq!(receipt.verify(scene.genesis()).unwrap().sequence(), scene.nth(2));
    assert_eq!(Receipt::decode(&receipt.encode()), Ok(receipt));
}

#[test]
fn a_receipt_without_an_attested_state_proves_no_verdict() {
    let mut consortium = Consortium::new();
    let transaction = consortium.statement(0, 1, 1, 10);
    let (_, digests) = consortium.anchored(&[transaction]);
    let receipt =
        Receipt::prove(&consortium.members[0], &digests[0], |sequence| consortium.order_proof(sequence))
            .unwrap();
    let verified = receipt.verify(consortium.genesis()).unwrap();
    assert_eq!((verified.transaction(), verified.outcome()), (&digests[0], None));
    let text = receipt.to_json(consortium.genesis()).unwrap();
    assert!(text.contains("\"kind\": \"ordered\"") && text.contains("\"verdict\": null"), "{text}");
    assert_eq!(verify_json(&text, consortium.genesis()), Ok(verified));
    let claims = [
        text.replace("\"verdict\": null", "\"verdict\": \"applied\""),
        text.replace("\"kind\": \"ordered\"", "\"kind\": \"outcome\""),
    ];
    for claim in claims {
        assert_eq!(verify_json(&claim, consortium.genesis()).unwrap_err().rule(), "REC-15");
    }
}

#[test]
fn rec_01_a_file_has_exactly_the_members_of_its_schema() {
    let scene = scene();
    let text = scene.good().to_json(scene.genesis()).unwrap();
    assert!(verify_json(&text, scene.genesis()).is_ok());
    let rule = |text: &str| verify_json(text, scene.genesis()).unwrap_err().rule();
    let members = [
        "schema",
        "kind",
        "network",
        "tag",
        "transaction",
        "height",
        "sequence",
        "index",
        "verdict",
        "bytes",
    ];
    for member in members {
        let line = text.lines().find(|line| line.contains(&format!("\"{member}\":"))).unwrap();
        let without = text.replacen(&format!("{line}\n"), "", 1).replace(",\n}", "\n}");
        assert_eq!(rule(&without), "REC-01", "without {member}");
        assert_eq!(
            rule(&text.replacen("{", &format!("{{{}", line.trim_end_matches(',').to_owned() + ","), 1)),
            "REC-01"
        );
    }
    assert_eq!(rule(&text.replacen('{', "{\"more\": 1,", 1)), "REC-01");
    assert_eq!(rule(&text.replacen("receipt/1", "receipt/2", 1)), "REC-01");
    assert_eq!(rule(&text.replacen("\"bytes\": \"01", "\"bytes\": \"0g", 1)), "REC-01");
    assert_eq!(rule(&(text + &" ".repeat(3 << 20))), "REC-01");
}

#[test]
fn rec_02_a_receipt_of_another_network_is_foreign() {
    let mut scene = scene();
    let (ours, other) = (scene.genesis().network(), genesis(8));
    let foreign = ReceiptInvalid::Foreign { expected: other.network(), found: ours };
    assert_eq!(scene.good().verify(&other), Err(foreign.clone()));
    assert_eq!(foreign.rule(), "REC-02");
    let text = scene.good().to_json(scene.genesis()).unwrap();
    assert_eq!(verify_json(&text, &other), Err(foreign));
    // Nor does a header of another network count, if members have signed one.
    let mut receipt = scene.good();
    let (batch, anchor) = scene.consortium.collude(scene.nth(2), |header| header.network = other.network());
    (receipt.ordered.batch, receipt.anchor) = (batch, anchor);
    assert_eq!(receipt.verify(scene.genesis()).unwrap_err().rule(), "REC-02");
}

#[test]
fn rec_03_another_version_is_refused() {
    assert_eq!(scene().refused(|receipt| receipt.version = 2), ReceiptInvalid::Version { found: 2 });
}

#[test]
fn rec_04_an_opening_orders_no_batch() {
    let scene = scene();
    let open = scene.consortium.proofs[0].clone();
    let refused = scene.refused(|receipt| receipt.anchor = open.clone());
    assert_eq!(refused, ReceiptInvalid::NotAnAnchor { batch: BatchRole::Ordering });
    let refused = scene.refused(|receipt| outcome(receipt).anchor = open);
    assert_eq!(refused, ReceiptInvalid::NotAnAnchor { batch: BatchRole::Attesting });
}

#[test]
fn rec_05_another_header_or_blinder_does_not_open_the_anchor() {
    let scene = scene();
    let ordering = ReceiptInvalid::Unopened { batch: BatchRole::Ordering };
    let attesting = ReceiptInvalid::Unopened { batch: BatchRole::Attesting };
    assert_eq!(scene.refused(|receipt| receipt.ordered.batch.blinder[0] ^= 1), ordering);
    assert_eq!(scene.refused(|receipt| receipt.ordered.batch.header.permanent_root[0] ^= 1), ordering);
    assert_eq!(scene.refused(|receipt| receipt.anchor = outcome(receipt).anchor.clone()), ordering);
    let forged = |receipt: &mut Receipt| outcome(receipt).proof.attested_by.header.attested_root.0[0] ^= 1;
    assert_eq!(scene.refused(forged), attesting);
    let older = scene.consortium.order_proof(scene.nth(2)).unwrap();
    assert_eq!(scene.refused(|receipt| outcome(receipt).anchor = older), attesting);
}

#[test]
fn rec_06_a_batch_is_that_of_its_event() {
    let mut scene = scene();
    let refused = scene.refused(|receipt| receipt.ordered.batch.sequence.0 += 1);
    assert_eq!(refused, ReceiptInvalid::OtherEvent { batch: BatchRole::Ordering });
    // A header that attests more than its anchor says is void, whoever has signed it.
    let mut receipt = scene.good();
    let after = scene.nth(3);
    let (batch, anchor) = scene.consortium.collude(scene.nth(2), |header| header.attested = after);
    (outcome(&mut receipt).proof.attested_by, outcome(&mut receipt).anchor) = (batch, anchor);
    let refused = receipt.verify(scene.genesis());
    assert_eq!(refused, Err(ReceiptInvalid::OtherEvent { batch: BatchRole::Attesting }));
}

#[test]
fn rec_07_the_sponsor_has_signed_the_header() {
    let scene = scene();
    let refused = scene.refused(|receipt| receipt.ordered.batch.signature = SignatureBytes([0; 64]));
    assert_eq!(refused, ReceiptInvalid::Sponsor { batch: BatchRole::Ordering });
    let refused = scene.refused(|receipt| outcome(receipt).proof.attested_by.signature.0[0] ^= 1);
    assert_eq!(refused, ReceiptInvalid::Sponsor { batch: BatchRole::Attesting });
}

#[test]
fn rec_08_the_transaction_stands_in_the_list_that_the_header_counts() {
    let scene = scene();
    let other = scene.receipt(&scene.first[0]).ordered.permanent;
    assert_eq!(scene.refused(|receipt| receipt.ordered.permanent = other), ReceiptInvalid::NotInBatch);
    // The same path, told for a list of two, in which the transaction would have another index.
    let told = |receipt: &mut Receipt| {
        let inclusion = &mut receipt.ordered.inclusion;
        assert_eq!((inclusion.index, inclusion.length), (2, 3));
        (inclusion.index, inclusion.length) = (1, 2);
        let header = &receipt.ordered.batch.header;
        assert!(receipt.ordered.inclusion.verify(&header.permanent_root, &receipt.ordered.permanent).is_ok());
    };
    assert_eq!(scene.refused(told), ReceiptInvalid::NotInBatch);
}

#[test]
fn rec_09_a_state_of_another_channel_says_nothing() {
    let mut scene = scene();
    let mut receipt = scene.good();
    let (batch, anchor) = scene.consortium.collude(scene.nth(2), |header| header.channel.0[0] ^= 1);
    (outcome(&mut receipt).proof.attested_by, outcome(&mut receipt).anchor) = (batch, anchor);
    assert_eq!(receipt.verify(scene.genesis()), Err(ReceiptInvalid::OtherChannel));
}

#[test]
fn rec_10_a_stale_state_says_nothing_of_a_later_transaction() {
    let mut scene = scene();
    let second = scene.receipt(&scene.second);
    // The batch of the second event attests the first.
    let early = BatchRole::Attesting;
    assert_eq!(early.to_string(), "attesting");
    let mut receipt = second.clone();
    let attested_by = scene.consortium.members[0].prove_batch(scene.nth(2)).unwrap();
    outcome(&mut receipt).proof.attested_by = attested_by;
    outcome(&mut receipt).anchor = scene.consortium.order_proof(scene.nth(2)).unwrap();
    let refused = receipt.verify(scene.genesis());
    assert_eq!(refused, Err(ReceiptInvalid::TooEarly { attested: scene.nth(1), sequence: scene.nth(2) }));
    // A later transaction has no outcome yet, and cannot borrow one.
    let last = scene.consortium.statement(0, 9, 1, 1);
    let (_, last) = scene.consortium.anchored(&[last]);
    let mut receipt = scene.receipt(&last[0]);
    receipt.outcome = Some(second.outcome.unwrap());
    assert_eq!(receipt.verify(scene.genesis()).unwrap_err().rule(), "REC-10");
}

#[test]
fn rec_11_the_head_is_in_the_attested_state() {
    let scene = scene();
    let changes: [fn(&mut OutcomeProof); 3] = [
        |proof| proof.head.verdicts_root[0] ^= 1,
        |proof| proof.head.verdicts += 1,
        |proof| proof.head.sequence.0 += 1,
    ];
    for change in changes {
        assert_eq!(scene.refused(|receipt| change(&mut outcome(receipt).proof)), ReceiptInvalid::NotInState);
    }
}

/// An outcome under a state that colluding members have made up for event 2.
fn made_up(scene: &mut Scene, head: HeadLeaf) -> AttestedOutcome {
    let mut nodes = MemoryNodes::default();
    let update = state_tree::update(&nodes, 0, &[(head_key(), Some(head_leaf(&head)))]).unwrap();
    nodes.apply(&update);
    let head_proof = state_tree::prove(&nodes, 0, &head_key(), Some(&head_leaf(&head))).unwrap();
    let mut made = scene.good().outcome.unwrap();
    let (batch, anchor) = scene.consortium.collude(scene.nth(2), |header| header.attested_root = update.root);
    (made.proof.attested_by, made.anchor) = (batch, anchor);
    (made.proof.head, made.proof.head_proof) = (head, head_proof);
    made
}

#[test]
fn rec_12_the_head_is_the_one_after_the_attested_event() {
    let mut scene = scene();
    let head = HeadLeaf { sequence: scene.nth(1), ..scene.good().outcome.unwrap().proof.head };
    let mut receipt = scene.good();
    receipt.outcome = Some(made_up(&mut scene, head));
    let refused = receipt.verify(scene.genesis());
    assert_eq!(refused, Err(ReceiptInvalid::OtherState { attested: scene.nth(2), found: scene.nth(1) }));
}

#[test]
fn rec_13_a_forged_verdict_is_not_in_the_log() {
    let scene = scene();
    let forged =
        |receipt: &mut Receipt| outcome(receipt).proof.verdict.verdict = Verdict::Refused("ACC-03".into());
    assert_eq!(scene.refused(forged), ReceiptInvalid::NotInLog);
    let moved = |receipt: &mut Receipt| outcome(receipt).proof.inclusion.index ^= 1;
    assert_eq!(scene.refused(moved), ReceiptInvalid::NotInLog);
    let longer = |receipt: &mut Receipt| outcome(receipt).proof.inclusion.length += 1;
    assert_eq!(scene.refused(longer), ReceiptInvalid::NotInLog);
}

#[test]
fn rec_13_the_log_has_the_length_that_the_state_says() {
    let mut scene = scene();
    let proof = scene.good().outcome.unwrap().proof;
    // Three verdicts, of which the third is ours: as the second of two the same path leads to the root.
    let first = scene.consortium.prepared_verdicts() as u64;
    let rows = scene.consortium.members[0].verdicts(first, 3).unwrap();
    let rows: Vec<Vec<u8>> = rows.iter().map(|(_, row)| encode(row)).collect();
    let head = HeadLeaf { verdicts: 3, verdicts_root: merkle::root(&rows), ..proof.head };
    let mut receipt = scene.good();
    let mut made = made_up(&mut scene, head);
    made.proof.inclusion = merkle::ProvingList::new(rows.clone()).prove(2).unwrap();
    receipt.outcome = Some(made.clone());
    assert!(receipt.verify(scene.genesis()).is_ok());
    (made.proof.inclusion.index, made.proof.inclusion.length) = (1, 2);
    assert!(made.proof.inclusion.verify(&head.verdicts_root, &rows[2]).is_ok());
    receipt.outcome = Some(made);
    assert_eq!(receipt.verify(scene.genesis()), Err(ReceiptInvalid::NotInLog));
}

#[test]
fn rec_14_a_verdict_of_another_transaction_or_place_is_refused() {
    let scene = scene();
    let borrowed = scene.receipt(&scene.first[0]).outcome;
    assert_eq!(scene.refused(|receipt| receipt.outcome = borrowed), ReceiptInvalid::OtherVerdict);
}

#[test]
fn rec_15_every_readable_member_is_what_the_bytes_prove() {
    let scene = scene();
    let text = scene.receipt(&scene.first[1]).to_json(scene.genesis()).unwrap();
    assert!(text.contains("\"refused:STA-05\""), "{text}");
    let verified = verify_json(&text, scene.genesis()).unwrap();
    let digest = |found: &str| format!("{}{found}", if found.starts_with('0') { "1" } else { "0" });
    let other = |found: String| digest(&found)[..64].to_owned();
    let number = |member: &str, number: u64| format!("\"{member}\": {number},");
    let (height, sequence) = (verified.height().0, verified.sequence().0);
    let changes = [
        ("kind", "\"outcome\"".to_owned(), "\"ordered\"".to_owned()),
        ("network", verified.network().to_string(), other(verified.network().to_string())),
        ("tag", verified.tag().to_string(), other(verified.tag().to_string())),
        ("transaction", verified.transaction().to_string(), other(verified.transaction().to_string())),
        ("height", number("height", height), number("height", height + 1)),
        ("sequence", number("sequence", sequence), number("sequence", sequence + 1)),
        ("index", "\"index\": 1".into(), "\"index\": 0".into()),
        ("verdict", "\"refused:STA-05\"".into(), "\"applied\"".into()),
        ("verdict", "\"refused:STA-05\"".into(), "null".into()),
    ];
    for (member, from, to) in changes {
        let refused = verify_json(&text.replacen(&from, &to, 1), scene.genesis());
        assert_eq!(refused, Err(ReceiptInvalid::Readable { member: member.into() }));
    }
}

#[test]
fn a_block_of_another_validator_is_refused_with_the_root_chains_rule() {
    let scene = scene();
    let refused = scene.refused(|receipt| receipt.anchor.certificate.round = 1);
    assert!(matches!(refused, ReceiptInvalid::Order(ProofInvalid::NotCommitted(_))), "{refused:?}");
    assert_eq!(refused.rule(), "ROO-37");
}

#[test]
fn every_byte_of_a_receipt_matters() {
    let scene = scene();
    let bytes = scene.good().encode();
    assert!(Receipt::decode(&bytes).unwrap().verify(scene.genesis()).is_ok());
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            let verified = Receipt::decode(&changed).map(|receipt| receipt.verify(scene.genesis()));
            assert!(!matches!(verified, Ok(Ok(_))), "byte {at} of {}", bytes.len());
        }
    }
}

#[test]
fn every_character_of_a_receipt_file_matters() {
    let scene = scene();
    let text = scene.good().to_json(scene.genesis()).unwrap();
    for at in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] ^= 1;
        let changed = String::from_utf8(changed).unwrap();
        assert!(verify_json(&changed, scene.genesis()).is_err(), "character {at} of {}", text.len());
    }
}
