//! The bytes of every final format, pinned: one SHA-256 for each, over a sample with fixed contents.
//!
//! A difference is a change of format. Approve it by running this test with `PARCLOSE_APPROVE=1`, in a
//! commit of its own with its line of the specification.
#![allow(clippy::unwrap_used, reason = "samples are fixed and valid; anything else fails the test")]
#![allow(clippy::disallowed_methods, reason = "the approval is an environment variable of whoever approves")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use parclose_amounts::{
    AmountCommitment, BalanceProof, Discharge, Input, Issue, Movement, Net, NoteOutput, Obligation,
    ObligationOutput, Oblige, Opening, OwnerBlind, OwnerCommitment, RangeProof, RedeemedAmount, Redemption,
    Supply, Transfer, UnspentNote,
};
use parclose_channel::governance::{
    DealRow, Decided, DecisionRow, GenerationRow, MotionOutcome, MotionRow, rotate_commitment,
};
use parclose_channel::tables::{HeadLeaf, StateField, Verdict, VerdictRow};
use parclose_channel::value::{NoteRow, SupplyRow};
use parclose_channel::{Batch, BatchHeader, ErasureRow, ObligationRow, Predecessor, Proposal, Setup};
use parclose_crypto::hash::sha256;
use parclose_crypto::keystore::SealedKey;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::{Deal, FieldPlace, PseudonymCertificate, SealedField};
use parclose_node::backup::{FileEntry, Manifest};
use parclose_node::key_file::KeyKind;
use parclose_node::key_file::form::{KeyFile, PublicPart};
use parclose_root::{
    Anchor, Certificate, ClaimAct, ClaimStatement, Close, CommitCertificate, DealOutcome, DealState,
    Decision, EventKind, GenerationKeys, Genesis, Header, Leg, LogEntry, NextKeys, OpenBody, OpenChannel,
    OpenDeal, Parameters, PrepareStatement, RefuseStatement, RootTransaction, RotateStatement, Statement,
    TagState, Validator,
};
use parclose_transaction::grant::{GrantConfirmation, GrantCover, GrantCovers, StandingGrant};
use parclose_transaction::{
    Access, Act, Body, Change, DefinitionTexts, ErasedPart, Erasure, ErasureTarget, FieldEntry,
    GenerationConfig, Handed, LeftWrap, MemberEntry, Motion, Operation, SealedPart, Share, SharedScope, Term,
};
use parclose_types::{
    AssetId, AudienceId, ChannelCommitment, ChannelId, ClassId, DefinitionDigest, Digest, Epoch, FieldId,
    Generation, Height, MemberId, NetworkId, NoteId, ObligationId, PublicKey, RecordId, Sequence,
    SignatureBytes, StateRoot, Tag, TransactionDigest, ValueHash, encode, hex,
};

fn b(byte: u8) -> [u8; 32] {
    [byte; 32]
}

fn signature(byte: u8) -> SignatureBytes {
    SignatureBytes([byte; 64])
}

fn keys() -> GenerationKeys {
    let endorsers = vec![PublicKey(b(1)), PublicKey(b(2)), PublicKey(b(3))];
    GenerationKeys::new(Generation(0), endorsers, 2).unwrap()
}

fn certificate() -> Certificate {
    Certificate { signatures: vec![(0, signature(1)), (2, signature(3))] }
}

fn commitment() -> ChannelCommitment {
    ChannelCommitment(Digest(b(4)))
}

fn statement() -> Statement {
    Statement {
        network: NetworkId(b(5)),
        tag: Tag(b(6)),
        generation: Generation(7),
        commitment: commitment(),
        attested: Sequence(8),
        last_height: Height(9),
    }
}

fn batch_header() -> BatchHeader {
    BatchHeader {
        network: NetworkId(b(5)),
        channel: ChannelId(b(10)),
        generation: Generation(7),
        sponsor: PublicKey(b(1)),
        attested: Sequence(8),
        attested_root: StateRoot(b(11)),
        transactions: 1,
        permanent_root: b(12),
        prunable_root: b(13),
    }
}

fn config() -> GenerationConfig {
    let certificate = PseudonymCertificate {
        identity: PublicKey(b(1)),
        pseudonym: PublicKey(b(2)),
        encryption_key: vec![3; 1216],
        roles: vec!["bank".into()],
        identity_signature: signature(4),
        pseudonym_signature: signature(5),
    };
    GenerationConfig {
        network: NetworkId(b(5)),
        channel: ChannelId(b(10)),
        generation: Generation(7),
        definition: DefinitionDigest(b(14)),
        definition_version: 15,
        epoch_length: 17,
        threshold: 2,
        members: vec![MemberEntry { name: "bank-1".into(), certificate }],
    }
}

fn entry() -> FieldEntry {
    FieldEntry { field: FieldId(18), audience: AudienceId(b(19)), leaf: b(20) }
}

fn body() -> Body {
    Body {
        network: NetworkId(b(5)),
        channel: ChannelId(b(10)),
        generation: Generation(7),
        definition_version: 15,
        sponsor: PublicKey(b(1)),
        author: PublicKey(b(2)),
        expiry: Height(21),
        epoch: Epoch(16),
        salt_digest: b(22),
        operations: vec![Operation {
            action: "create".into(),
            record_type: 1,
            record: RecordId(b(23)),
            version: 1,
            parties: vec![(0, member_id())],
            day: Some(parclose_transaction::Day(20_000)),
            keyed_tag: None,
            fields: vec![entry()],
        }],
        movements: Vec::new(),
        act: None,
    }
}

fn member_id() -> MemberId {
    MemberId(b(48))
}

/// One of each act, in the order of their bytes.
fn acts() -> Vec<Act> {
    let (configuration, audience) = (Digest(b(49)), AudienceId(b(19)));
    let scope = SharedScope {
        generation: Generation(7),
        audience,
        class: ClassId(24),
        from: Epoch(1),
        to: Epoch(16),
    };
    vec![
        Act::Move(motion()),
        Act::Vote { motion: TransactionDigest(b(43)), approve: true },
        Act::PublishKey(config().members.remove(0).certificate),
        Act::Deal { configuration, deal: deal() },
        Act::Acknowledge { configuration, audiences: vec![audience] },
        Act::Complain { configuration, audience },
        Act::Rewrap { configuration, audience, member: member_id(), wraps_root: b(41) },
        Act::Share(Share { member: member_id(), scopes: vec![scope], wraps_root: b(41) }),
        Act::Grant(Box::new(StandingGrant {
            name: "authority".into(),
            grantee: vec![60; 1216],
            audience: "both".into(),
            class: ClassId(24),
            from: Epoch(1),
            to: Epoch(16),
            members: vec![member_id()],
            alone: true,
        })),
        Act::Approve { grant: TransactionDigest(b(43)) },
        Act::Revoke { grant: TransactionDigest(b(43)) },
        Act::Cover(GrantCovers {
            grant: TransactionDigest(b(43)),
            covers: vec![GrantCover {
                configuration,
                audience,
                check_values: vec![b(61), b(62)],
                second_reader: PublicKey(b(1)),
                signature: signature(42),
            }],
            wraps_root: b(41),
        }),
        Act::Confirm(GrantConfirmation {
            grant: TransactionDigest(b(43)),
            signatures: vec![(configuration, audience, signature(42))],
        }),
        Act::Note { commitment: Digest(b(63)) },
        Act::Reveal {
            note: TransactionDigest(b(43)),
            access: Access {
                what: Handed::Field { record: RecordId(b(23)), field: "amount".into() },
                to: "authority".into(),
                file: Digest(b(64)),
            },
            blinder: b(50),
        },
        Act::Erase(Erasure { target: ErasureTarget::Record(RecordId(b(23))), reason: "a request".into() }),
        Act::Erased { target: ErasureTarget::Record(RecordId(b(23))) },
        Act::Erase(Erasure { target: ErasureTarget::Epoch(Epoch(9)), reason: "its time is over".into() }),
        Act::Erased { target: ErasureTarget::Generation(Generation(2)) },
    ]
}

/// A motion with one of each change, in the order of their bytes.
fn motion() -> Motion {
    let entry = config().members.remove(0);
    let changes = vec![
        Change::Join(entry.clone()),
        Change::Remove(member_id()),
        Change::Roles(entry.certificate),
        Change::Redefine(Box::new(texts())),
        Change::Rekey,
        Change::Close,
    ];
    Motion { changes, blinder: b(50) }
}

fn texts() -> DefinitionTexts {
    DefinitionTexts { channel_toml: "a".into(), policy: "b".into(), policy_schema: "c".into() }
}

fn deal() -> Deal {
    Deal {
        audience: AudienceId(b(19)),
        members: vec![PublicKey(b(1))],
        dealer: PublicKey(b(1)),
        check_value: b(40),
        wraps_root: b(41),
        signature: signature(42),
    }
}

/// Of two operations the second is erased.
fn erased_part() -> ErasedPart {
    let sealed = SealedField { commitment: b(26), ciphertext: vec![27; 48] };
    let wraps = vec![LeftWrap::Whole(vec![61, 62]), LeftWrap::Gone(b(63))];
    ErasedPart { leaf: b(60), salt: Some(b(28)), erased: vec![1], fields: vec![vec![sealed], vec![]], wraps }
}

fn erasure_row() -> ErasureRow {
    let by = |member, act| (MemberId(b(member)), TransactionDigest(b(act)));
    ErasureRow {
        target: ErasureTarget::Record(RecordId(b(23))),
        act: TransactionDigest(b(31)),
        reason: "why".into(),
        asked_at: Height(9),
        approvals: vec![by(1, 31), by(2, 61)],
        needed: 2,
        in_force: Some((Sequence(8), Height(9))),
        confirmed: vec![by(1, 62)],
    }
}

/// Every format, by name.
fn samples() -> BTreeMap<&'static str, Vec<u8>> {
    let place = FieldPlace {
        channel: ChannelId(b(10)),
        generation: Generation(7),
        epoch: Epoch(16),
        audience: AudienceId(b(19)),
        class: ClassId(24),
        record_key: b(25),
        field: FieldId(18),
        salt_digest: b(22),
    };
    let sealed = SealedField { commitment: b(26), ciphertext: vec![27; 48] };
    let sealed_part = SealedPart { salt: b(28), fields: vec![vec![sealed]], wraps: vec![] };
    let batch = Batch {
        header: batch_header(),
        signature: signature(29),
        permanent: vec![encode(&body())],
        prunable: vec![encode(&sealed_part)],
    };
    let anchor = Anchor {
        tag: Tag(b(6)),
        generation: Generation(7),
        commitment: commitment(),
        attested: Sequence(8),
        last_height: Height(9),
        certificate: certificate(),
    };
    let open = OpenBody { keys: keys(), genesis_commitment: Digest(b(30)) };
    let log_entry = LogEntry {
        tag: Tag(b(6)),
        sequence: Sequence(8),
        kind: EventKind::Anchor,
        transaction: Digest(b(31)),
        chain: Digest(b(32)),
    };
    let header = Header {
        network: NetworkId(b(5)),
        height: Height(9),
        parent: ValueHash(b(33)),
        history: Digest(b(34)),
        event_count: 1,
        events_root: Digest(b(35)),
        state_root: StateRoot(b(36)),
        validators: Digest(b(37)),
        next_validators: Digest(b(37)),
    };
    let tag_state = TagState {
        keys: keys(),
        opened_at: Height(1),
        count: 9,
        chain: Digest(b(32)),
        attested: Some(Sequence(8)),
        next: Some(NextKeys { from: Height(10), keys: keys() }),
        recent: vec![(Height(9), commitment())],
        closed: None,
    };
    let commit = CommitCertificate {
        height: Height(9),
        round: 0,
        value: header.hash(),
        signatures: vec![(PublicKey(b(1)), signature(38))],
    };
    let validators = vec![Validator { key: PublicKey(b(1)), power: 1 }];
    let genesis = Genesis::new("sample".into(), validators, Parameters::default(), Digest(b(39))).unwrap();
    let rotate = RotateStatement {
        network: NetworkId(b(5)),
        tag: Tag(b(6)),
        generation: Generation(7),
        next: keys(),
        commitment: Digest(b(51)),
        executed: Sequence(8),
        last_height: Height(9),
    };
    let generation = GenerationRow {
        term: Term { generation: Generation(7), start: Height(10), first_epoch: Epoch(16), epoch_length: 17 },
        config: config(),
        blinder: b(50),
    };
    let motion_row = MotionRow {
        transaction: TransactionDigest(b(43)),
        generation: Generation(7),
        motion: motion(),
        mover: member_id(),
        moved_at: Height(9),
        votes: vec![(member_id(), true)],
        outcome: MotionOutcome::Failed("GOV-03".into()),
    };
    let decision = DecisionRow {
        motion: TransactionDigest(b(43)),
        decided: Decided::Rotate { config: Box::new(config()), texts: Some(texts()) },
        blinder: b(50),
        sequence: Sequence(8),
        decided_at: Height(9),
        deadline: Height(90),
    };
    let deal_row = DealRow {
        deal: deal(),
        dealt_at: Height(9),
        acknowledged: vec![member_id()],
        complaints: vec![MemberId(b(52))],
        rewrapped: vec![(member_id(), MemberId(b(52)))],
    };
    let verdict = VerdictRow {
        sequence: Sequence(8),
        index: 0,
        transaction: TransactionDigest(b(43)),
        verdict: Verdict::Refused("STA-04".into()),
    };
    let state_field = StateField {
        entry: entry(),
        generation: Generation(7),
        epoch: Epoch(16),
        transaction: TransactionDigest(b(43)),
    };
    let head = HeadLeaf { sequence: Sequence(8), verdicts: 1, verdicts_root: b(44) };
    let proposal = Proposal { batch: batch.clone(), blinder: b(45), last_height: Height(9) };
    BTreeMap::from([
        ("anchor", encode(&anchor)),
        ("anchor statement, signed", statement().signing_bytes()),
        ("batch", encode(&batch)),
        ("batch header", encode(&batch_header())),
        ("batch header digest", batch_header().digest().0.to_vec()),
        ("body", encode(&body())),
        ("body digest", body().digest().0.to_vec()),
        ("certificate", encode(&certificate())),
        ("channel commitment", batch_header().commitment(&b(45)).0.0.to_vec()),
        (
            "close",
            encode(&Close {
                tag: Tag(b(6)),
                last_sequence: Sequence(8),
                last_height: Height(9),
                certificate: certificate(),
            }),
        ),
        ("archive manifest", encode(&manifest())),
        ("commit certificate", encode(&commit)),
        ("acts", acts().iter().flat_map(encode).collect()),
        ("deal", encode(&deal())),
        ("deal row", encode(&deal_row)),
        ("decision row", encode(&decision)),
        ("definition digest", texts().digest().0.to_vec()),
        ("generation row", encode(&generation)),
        ("motion row", encode(&motion_row)),
        ("movements", encode(&movements())),
        ("movements of what is owed", encode(&owing_movements())),
        ("note row", encode(&note_row())),
        ("obligation row", encode(&obligation_row())),
        ("rotate", encode(&rotate.clone().rotate(certificate(), certificate()))),
        ("rotate commitment", rotate_commitment(&b(50), &ChannelId(b(10)), &Digest(b(49))).0.to_vec()),
        ("rotate statement, signed", rotate.signing_bytes()),
        ("field context", place.context()),
        ("generation configuration", encode(&config())),
        ("generation configuration digest", config().digest().0.to_vec()),
        ("generation keys", encode(&keys())),
        ("genesis", encode(&genesis)),
        ("head leaf", encode(&head)),
        ("key file", key_file().to_text().into_bytes()),
        ("log entry", encode(&log_entry)),
        ("open channel", encode(&OpenChannel { body: open.clone(), signatures: vec![signature(46); 3] })),
        ("open channel tag", open.tag(&NetworkId(b(5))).0.to_vec()),
        ("proposal", encode(&proposal)),
        ("root header", encode(&header)),
        ("root header hash", header.hash().0.to_vec()),
        ("sealed part", encode(&sealed_part)),
        ("erased part", encode(&erased_part())),
        ("erasure row", encode(&erasure_row())),
        ("setup", encode(&setup(None))),
        ("setup of a successor", encode(&setup(Some(predecessor())))),
        ("state field", encode(&state_field)),
        ("supply row", encode(&SupplyRow { asset: AssetId(b(60)), supply: Supply(amount()), notes: 71 })),
        ("successor commitment", setup(Some(predecessor())).genesis_commitment().0.to_vec()),
        ("tag state", encode(&tag_state)),
        ("verdict", encode(&verdict)),
    ])
}

/// What channels do together, and what they claim.
fn between_channels() -> BTreeMap<&'static str, Vec<u8>> {
    let leg = |approver| Leg { tag: Tag(b(6)), terms: b(72), approver };
    let deal = parclose_root::Deal {
        nonce: b(73),
        allocate_before: Height(9),
        settle_before: Height(20),
        legs: vec![leg(None), leg(Some(PublicKey(b(74))))],
    };
    let (network, tag, generation) = (NetworkId(b(5)), Tag(b(6)), Generation(7));
    let (id, last_height) = (deal.id(&network), Height(9));
    let prepare = PrepareStatement {
        network,
        tag,
        generation,
        deal: id,
        leg: 1,
        outcome: b(75),
        lock: Sequence(8),
        last_height,
    };
    let refuse = RefuseStatement { network, tag, generation, deal: id, leg: 1, last_height };
    let claim = |act| ClaimStatement { act, network, tag, generation, claim: b(76), last_height };
    let [claimed, released] = [ClaimAct::Claim, ClaimAct::Release].map(claim);
    let decision = Decision { deal: id, outcome: DealOutcome::Abort };
    let open = DealState::Open { deal: deal.clone(), prepared: vec![Some(Sequence(8)), None] };
    let (outcome, settle_before) = (DealOutcome::Commit, deal.settle_before);
    let decided = DealState::Decided { outcome, at: Height(19), settle_before };
    let transactions = [
        RootTransaction::OpenDeal(OpenDeal { deal }),
        RootTransaction::Prepare(prepare.prepare(Some(signature(77)), certificate())),
        RootTransaction::Refuse(refuse.refuse(certificate())),
        RootTransaction::Decision(decision),
        claimed.certified(certificate()),
        released.certified(certificate()),
    ];
    BTreeMap::from([
        ("claim statements, signed", [claimed, released].map(|made| made.signing_bytes()).concat()),
        ("deal between channels, id", id.0.to_vec()),
        ("deal state", [open, decided].iter().flat_map(encode).collect()),
        ("prepare statement, signed", prepare.signing_bytes()),
        ("prepare statement, approved", prepare.approval_bytes()),
        ("refuse statement, signed", refuse.signing_bytes()),
        (
            "root transactions between channels",
            transactions.iter().flat_map(RootTransaction::encode).collect(),
        ),
    ])
}

fn amount() -> AmountCommitment {
    Opening::derive(&AssetId(b(60)), 5, &secret_from_bytes(b(61))).commitment()
}

fn output() -> NoteOutput {
    NoteOutput { commitment: amount(), owner: OwnerCommitment(b(62)), leaf: b(63) }
}

/// One of each movement, in the order of their bytes.
fn movements() -> Vec<Movement> {
    let (asset, range) = (AssetId(b(60)), RangeProof(vec![64; 3]));
    let inputs = vec![Input { note: NoteId(b(65)), owner: PublicKey(b(66)), blind: OwnerBlind(b(67)) }];
    let balance = BalanceProof([68; 64]);
    let issue = Issue { asset, outputs: vec![output()], range: range.clone(), signature: signature(69) };
    let transfer = Transfer {
        asset,
        inputs: inputs.clone(),
        outputs: vec![output()],
        range: range.clone(),
        balance,
        signatures: vec![signature(70)],
    };
    let redemption = Redemption {
        asset,
        inputs,
        outputs: vec![output()],
        redeemed: RedeemedAmount { commitment: amount(), leaf: b(71) },
        range,
        balance,
        signatures: vec![signature(70)],
        issuer_signature: signature(69),
    };
    vec![Movement::Issue(issue), Movement::Transfer(transfer), Movement::Redeem(Box::new(redemption))]
}

/// One of each movement of obligations, in the order of their bytes.
fn owing_movements() -> Vec<Movement> {
    let (asset, day, range) = (AssetId(b(60)), 20_000, RangeProof(vec![64; 3]));
    let outputs = vec![obligation_row().obligation.output];
    let oblige = Oblige { asset, day, outputs: outputs.clone(), range: range.clone() };
    let inputs = vec![ObligationId(b(72)), ObligationId(b(73))];
    let (ranges, balances) = (vec![range], vec![BalanceProof([68; 64]); 2]);
    let net = Net { asset, day, inputs, outputs, ranges, balances };
    let Some(Movement::Transfer(transfer)) = movements().into_iter().nth(1) else { panic!("the second") };
    let discharge = Discharge { obligation: ObligationId(b(72)), transfer };
    vec![
        Movement::Oblige(Box::new(oblige)),
        Movement::Net(Box::new(net)),
        Movement::Discharge(Box::new(discharge)),
    ]
}

fn obligation_row() -> ObligationRow {
    let output = ObligationOutput { payer: MemberId(b(74)), payee: MemberId(b(75)), note: output() };
    let obligation = Obligation { asset: AssetId(b(60)), day: 20_000, output };
    ObligationRow { id: ObligationId(b(72)), obligation, record: RecordId(b(23)) }
}

fn note_row() -> NoteRow {
    let note = UnspentNote { asset: AssetId(b(60)), commitment: amount(), owner: OwnerCommitment(b(62)) };
    NoteRow { id: NoteId(b(65)), note, record: RecordId(b(23)) }
}

fn setup(predecessor: Option<Predecessor>) -> Setup {
    Setup { tag: Tag(b(6)), config: config(), texts: texts(), genesis_blinder: b(50), predecessor }
}

fn predecessor() -> Predecessor {
    Predecessor { tag: Tag(b(52)), last_event: Sequence(8), state_root: StateRoot(b(53)) }
}

fn manifest() -> Manifest {
    Manifest {
        network: NetworkId(b(5)),
        channel: ChannelId(b(10)),
        tag: Tag(b(52)),
        name: "r".into(),
        template: "t".into(),
        next: Sequence(9),
        height: Height(12),
        root: StateRoot(b(53)),
        files: vec![FileEntry { name: "CURRENT".into(), bytes: 16, hash: b(54) }],
    }
}

/// A key file of fixed bytes; that real ones open is for the vectors of `keys/`.
fn key_file() -> KeyFile {
    let numbers = [19_456_u32, 2, 1].map(u32::to_be_bytes).concat();
    let sealed = [b"PCLK\x01".as_slice(), &numbers, &[47; 32], &[48; 24], &[49; 32], &[50; 48]].concat();
    let public = PublicPart { kind: KeyKind::Validator, name: Some("v".into()), public: b(51).to_vec() };
    KeyFile { public, sealed: SealedKey::decode(&sealed).unwrap() }
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("conformance.toml")
}

#[test]
fn every_final_format_is_as_pinned() {
    let made: BTreeMap<String, String> = samples()
        .into_iter()
        .chain(between_channels())
        .map(|(name, bytes)| (name.to_owned(), hex::encode(&sha256(&bytes))))
        .collect();
    if std::env::var("PARCLOSE_APPROVE").is_ok() {
        let text = toml::to_string(&made).unwrap();
        std::fs::write(
            file(),
            format!("# SHA-256 of a fixed sample of each format; see tests/tests/conformance.rs.\n{text}"),
        )
        .unwrap();
    }
    let pinned: BTreeMap<String, String> = toml::from_str(&std::fs::read_to_string(file()).unwrap()).unwrap();
    assert_eq!(made, pinned);
}
