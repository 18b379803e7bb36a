//! The corpus: for each target inputs that get through, and inputs that must not.
//!
//! All of it follows from the honest [`crate::world`] and the shipped templates, so that it can be made
//! again when a format changes. A crash that a fuzzer finds is added to its folder by hand, under a name
//! that tells what it was; [`write_corpus`] leaves such files alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parclose_channel::Proposal;
use parclose_crypto::padding::pad;
use parclose_exchange::{Message, split};
use parclose_keys::audience::hazmat::audience_from_bytes;
use parclose_keys::{Cover, ViewKey};
use parclose_root::RootTransaction;
use parclose_transaction::grant::{GrantConfirmation, GrantCover, GrantCovers, StandingGrant};
use parclose_transaction::{Access, Act, Change, Handed, Motion, Share, SharedScope};
use parclose_types::{
    AudienceId, ChannelCommitment, ClassId, Digest, Epoch, Generation, MemberId, PublicKey, RecordId,
    SignatureBytes, Tag, TransactionDigest, encode,
};

use crate::TARGETS;
use crate::archive::{BEFORE_CHUNKS, CHUNK_BYTES, CONTENT};
use crate::dealing::DEALING;
use crate::key_files::HONEST;
use crate::ledger::join_parts;
use crate::tables::{EVERYTHING_TOML, GENERATED_TOML, sample};
use crate::value::PURSE;
use crate::world::{CHANNEL_TOML, POLICY, SCHEMA, WORLD};

/// The inputs of one target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seeds {
    /// they get through
    pub good: Vec<Vec<u8>>,
    /// they do not
    pub bad: Vec<Vec<u8>>,
}

impl Seeds {
    fn new(good: Vec<Vec<u8>>, bad: Vec<Vec<u8>>) -> Self {
        Self { good, bad }
    }

    /// Canonical bytes: what is cut short or goes on is not the same value.
    fn canonical(good: Vec<Vec<u8>>) -> Self {
        let first = good.first().cloned().unwrap_or_default();
        let cut = first[..first.len() / 2].to_vec();
        let longer = [first.as_slice(), &[0]].concat();
        Self { good, bad: vec![Vec::new(), cut, longer, vec![0xff; 64]] }
    }

    /// Canonical and signed bytes: no bit can change.
    fn signed(good: Vec<Vec<u8>>) -> Self {
        let flipped: Vec<Vec<u8>> = good
            .iter()
            .flat_map(|bytes| (1..4).map(move |quarter| flip(bytes, bytes.len() * quarter / 4)))
            .collect();
        let mut seeds = Self::canonical(good);
        seeds.bad.extend(flipped);
        seeds
    }

    fn texts(good: &[&str], bad: &[String]) -> Self {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let mut broken: Vec<Vec<u8>> = bad.iter().map(|text| bytes(text)).collect();
        broken.extend([Vec::new(), vec![0xff, 0xfe, 0x00], b"[[[[[[[[".to_vec()]);
        Self::new(good.iter().map(|text| bytes(text)).collect(), broken)
    }
}

fn flip(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    if let Some(byte) = flipped.get_mut(at) {
        *byte ^= 1;
    }
    flipped
}

/// The inputs of every target, by its name.
///
/// # Panics
///
/// If an honest member's work has no file form.
#[must_use]
pub fn all() -> BTreeMap<&'static str, Seeds> {
    TARGETS.iter().map(|target| (target.name, of(target.name))).collect()
}

fn of(target: &str) -> Seeds {
    match target {
        "decode_transaction" => transactions(),
        "decode_proposal" => Seeds::signed(WORLD.proposals.iter().map(encode).collect()),
        "root_transaction" => root_transactions(),
        "order_proof" => Seeds::signed(WORLD.order_proofs.iter().map(|proof| proof.encode()).collect()),
        "receipt_json" => receipts(),
        "disclosure_json" => disclosures(),
        "bundle" => Seeds::signed(vec![WORLD.bundle.encode()]),
        "wrapped_view_key_json" => wrapped_view_keys(),
        "genesis_json" => genesis(),
        "definition_parse" => definitions(),
        "policy_parse" => policies(),
        "mapping_parse" => mappings(),
        "csv_import" => tables(),
        "csv_layouts" => layouts(),
        "suggest_mapping" => drafted(),
        "decode_message" => Seeds::canonical(messages().iter().map(Message::to_bytes).collect()),
        "frames" => frames(),
        "unpad" => paddings(),
        "view_key" => view_keys(),
        "key_file" => key_files(),
        "governance_act" => acts(),
        "joiner_setup" => Seeds::signed(vec![encode(&WORLD.setup)]),
        "movement" => movements(),
        "card" | "invitation" | "contexts" => of_vectors(target),
        "archive_content" => archive_contents(),
        "archive_changed" => Seeds::new(vec![vec![0; 4]], changed_archives()),
        "sealed_key" => Seeds::signed(HONEST.iter().map(|honest| honest.file.sealed.encode()).collect()),
        _ => Seeds::default(),
    }
}

/// An act of every kind, and acts that are counted too high or stand out of order.
fn acts() -> Seeds {
    let of_world = WORLD.transactions.iter().filter_map(|transaction| transaction.body().act.clone());
    let (configuration, audience) = (Digest([1; 32]), AudienceId([2; 32]));
    let (member, root) = (MemberId([3; 32]), [4; 32]);
    let entry = WORLD.setup.config.members[0].clone();
    let motion = |changes| Act::Move(Motion { changes, blinder: [7; 32] });
    let scope = |class| SharedScope {
        generation: Generation(0),
        audience,
        class: ClassId(class),
        from: Epoch(1),
        to: Epoch(9),
    };
    let share = |scopes| Act::Share(Share { member, scopes, wraps_root: root });
    let acknowledge = |ids: &[u8]| Act::Acknowledge {
        configuration,
        audiences: ids.iter().map(|id| AudienceId([*id; 32])).collect(),
    };
    let grant = |members| {
        Act::Grant(Box::new(StandingGrant {
            name: "authority".into(),
            grantee: vec![6; 1216],
            audience: "both".into(),
            class: ClassId(1),
            from: Epoch(1),
            to: Epoch(9),
            members,
            alone: false,
        }))
    };
    let covered = |id: &u8, values| GrantCover {
        configuration,
        audience: AudienceId([*id; 32]),
        check_values: vec![[8; 32]; values],
        second_reader: entry.certificate.pseudonym,
        signature: SignatureBytes([9; 64]),
    };
    let cover = |ids: &[u8], values| {
        let covers = ids.iter().map(|id| covered(id, values)).collect();
        Act::Cover(GrantCovers { grant: TransactionDigest([5; 32]), covers, wraps_root: root })
    };
    let reveal = |field: &str| Act::Reveal {
        note: TransactionDigest([5; 32]),
        access: Access {
            what: Handed::Field { record: RecordId([6; 32]), field: field.into() },
            to: "authority".into(),
            file: configuration,
        },
        blinder: [7; 32],
    };
    let confirm = |ids: &[u8]| {
        let signed = |id: &u8| (configuration, AudienceId([*id; 32]), SignatureBytes([9; 64]));
        let signatures = ids.iter().map(signed).collect();
        Act::Confirm(GrantConfirmation { grant: TransactionDigest([5; 32]), signatures })
    };
    let changes = vec![
        Change::Join(entry.clone()),
        Change::Remove(member),
        Change::Roles(entry.certificate.clone()),
        Change::Redefine(Box::new(WORLD.setup.texts.clone())),
    ];
    let made = [
        motion(changes),
        motion(vec![Change::Rekey]),
        motion(vec![Change::Close]),
        Act::Vote { motion: TransactionDigest([5; 32]), approve: true },
        Act::PublishKey(entry.certificate.clone()),
        acknowledge(&[1, 2]),
        Act::Complain { configuration, audience },
        Act::Rewrap { configuration, audience, member, wraps_root: root },
        share(vec![scope(1), scope(2)]),
        grant(vec![member, MemberId([4; 32])]),
        Act::Approve { grant: TransactionDigest([5; 32]) },
        Act::Revoke { grant: TransactionDigest([5; 32]) },
        cover(&[1, 2], 62),
        confirm(&[1, 2]),
        Act::Note { commitment: configuration },
        reveal("amount"),
    ];
    let bad = [
        grant(vec![member, member]),
        grant((0..17).map(|id| MemberId([id; 32])).collect()),
        cover(&[2, 1], 1),
        cover(&[1, 2], 63),
        confirm(&[1, 1]),
        reveal(&"a".repeat(65)),
        motion(vec![Change::Rekey; 17]),
        acknowledge(&[2, 1]),
        acknowledge(&[1, 1]),
        share(vec![scope(2), scope(1)]),
        share(vec![scope(1), scope(1)]),
    ];
    let mut seeds = Seeds::canonical(made.into_iter().chain(of_world).map(|act| encode(&act)).collect());
    seeds.bad.extend(bad.iter().map(encode::<Act>));
    seeds
}

/// What the vectors of an entrance of the same name have, but for what is too long to be kept in a corpus.
fn of_vectors(target: &str) -> Seeds {
    let vectors: Vec<_> =
        crate::vectors::all().into_iter().filter(|vector| vector.entrance == target).collect();
    let bad = vectors.iter().map(|vector| vector.bad.clone()).filter(|bad| bad.len() < 8 << 10).collect();
    Seeds::new(vectors.into_iter().take(1).map(|vector| vector.good).collect(), bad)
}

/// The contents that the vectors have, but for those that are too long to be kept in a corpus.
fn archive_contents() -> Seeds {
    Seeds { good: vec![CONTENT.clone()], ..of_vectors("archive_content") }
}

/// One change in each part of an archive, and one cut at its end.
fn changed_archives() -> Vec<Vec<u8>> {
    let places = [0, 7, 60, BEFORE_CHUNKS, BEFORE_CHUNKS + 40, BEFORE_CHUNKS + CHUNK_BYTES];
    let change =
        |place: usize| [&[0; 4], &u32::try_from(place).unwrap_or(0).to_be_bytes()[..], &[1]].concat();
    let mut bad: Vec<Vec<u8>> = places.map(change).to_vec();
    bad.push(vec![0, 0, 0, 1]);
    bad
}

fn key_files() -> Seeds {
    let good: Vec<String> = HONEST.iter().map(|honest| honest.file.to_text()).collect();
    let file = &good[0];
    // A public part that was exchanged together with the check value: only opening it tells.
    let mut exchanged = HONEST[0].file.clone();
    exchanged.public.name = Some("bank-2".into());
    let bad = [
        exchanged.to_text(),
        file.replace("parclose.key/2", "parclose.key/1"),
        file.replace("parclose.key/2", "parclose.key/3"),
        file.replace("bank-1", "bank-2"),
        file.replace("\"member\"", "\"validator\""),
        file.replacen("50434c4b01", "50434c4b02", 1),
        file.replacen("{\n", "{\n  \"more\": 1,\n", 1),
        file.replace('\n', ""),
        file[..file.len() / 2].to_owned(),
    ];
    Seeds::texts(&good.iter().map(String::as_str).collect::<Vec<_>>(), &bad)
}

fn transactions() -> Seeds {
    let parts: Vec<_> =
        WORLD.transactions.iter().map(parclose_transaction::SignedTransaction::encode_parts).collect();
    let mut seeds =
        Seeds::signed(parts.iter().map(|(permanent, sealed)| join_parts(permanent, sealed)).collect());
    if let [(permanent, _), (_, sealed), ..] = parts.as_slice() {
        seeds.bad.push(join_parts(permanent, sealed));
        seeds.bad.push(join_parts(permanent, &[]));
    }
    seeds
}

/// The channel's opening, its first anchor and a close can be ordered; later anchors not yet.
/// Movements that hold, and each with one part changed: a proof, a signature, a note, an asset.
fn movements() -> Seeds {
    let honest: Vec<Vec<u8>> = PURSE.honest.iter().map(encode).collect();
    let changed = honest.iter().flat_map(|bytes| {
        let places = [1, 33, 40, 70, 100, 140, bytes.len() / 2, bytes.len() - 70, bytes.len() - 10];
        places.map(|at| flip(bytes, at))
    });
    let cut = honest.iter().map(|bytes| bytes.split_at(bytes.len() / 2).0.to_vec());
    let bad = changed.chain(cut).collect();
    Seeds::new(honest, bad)
}

/// Nobody signs that a deal is opened, so a flipped bit makes another deal that may be opened as well.
fn root_transactions() -> Seeds {
    let honest = WORLD.root_transactions.iter().chain(&DEALING.honest);
    let (unsigned, signed): (Vec<_>, Vec<_>) =
        honest.partition(|transaction| matches!(transaction, RootTransaction::OpenDeal(_)));
    let (now, later): (Vec<_>, Vec<_>) = signed
        .into_iter()
        .map(RootTransaction::encode)
        .partition(|bytes| crate::ledger::root_transaction(bytes) == crate::Reached::Through);
    let mut seeds = Seeds::signed(now);
    seeds.good.extend(unsigned.into_iter().map(RootTransaction::encode));
    seeds.bad.extend(later);
    seeds
}

fn receipts() -> Seeds {
    let files: Vec<String> = WORLD
        .receipts
        .iter()
        .map(|receipt| receipt.to_json(&WORLD.genesis).expect("an honest receipt verifies"))
        .collect();
    let first = &files[0];
    let bad = [
        first.replace("\"ordered\"", "\"outcome\""),
        first.replace("parclose.receipt/1", "parclose.receipt/2"),
        first.replacen("\"index\": 0", "\"index\": 1", 1),
        first.replacen("\"index\": 0", "\"index\": 0, \"index\": 0", 1),
        first.replace("\n}", ",\n  \"more\": 1\n}"),
        first.replace("\"bytes\": \"01", "\"bytes\": \"02"),
        first.replace("\"bytes\": \"01", "\"bytes\": \"0100"),
    ];
    Seeds::texts(&files.iter().map(String::as_str).collect::<Vec<_>>(), &bad)
}

fn disclosures() -> Seeds {
    let (written, as_of) = &WORLD.disclosed;
    let written = written.to_json(&WORLD.genesis).expect("an honest disclosure verifies");
    let as_of = as_of.to_json(&WORLD.genesis).expect("an honest disclosure verifies");
    let bad = [
        written.replace("was-written", "is-value-as-of"),
        written.replace("parclose.disclosure/1", "parclose.disclosure-as-of/1"),
        written.replace("\"bytes\": \"01", "\"bytes\": \"02"),
        as_of.replace("parclose.disclosure-as-of/1", "parclose.disclosure/1"),
        as_of.replacen("\"to_height\": ", "\"to_height\": 1", 1),
        as_of.replace("\n}", ",\n  \"value\": 12\n}"),
    ];
    Seeds::texts(&[&written, &as_of], &bad)
}

fn wrapped_view_keys() -> Seeds {
    let good = WORLD.wrapped.to_json();
    let bad = [
        good.replace("\"to\": 9", "\"to\": 10"),
        good.replace("parclose.viewkey/1", "parclose.viewkey/0"),
        good.replacen("\"from\": 1,", "", 1),
        good.replacen("\"bytes\": \"", "\"bytes\": \"AA", 1),
    ];
    Seeds::texts(&[&good], &bad)
}

fn genesis() -> Seeds {
    let good = WORLD.genesis.to_json();
    let bad = [
        good.replace("\"power\": 1", "\"power\": 0"),
        good.replace("\"name\": \"fuzz\"", "\"name\": \"\""),
        good.replacen('{', "{ \"more\": 1,", 1),
    ];
    Seeds::texts(&[&good], &bad)
}

fn definitions() -> Seeds {
    let scf = include_str!("../../../channels/scf-receivable/channel.toml");
    let bad = [
        CHANNEL_TOML.replace("format = 1", "format = 2"),
        CHANNEL_TOML.replace("epoch_length = 64", "epoch_length = 0"),
        CHANNEL_TOML.replace("audience = \"both\"", "audience = \"all\""),
        CHANNEL_TOML.replace("id = 2\nname = \"documents\"", "id = 1\nname = \"documents\""),
        CHANNEL_TOML.replace("slots = [\"preparer\", \"counterparty\"]", ""),
        CHANNEL_TOML.replace("[parameters]", "[parameters]\nmore = 1"),
    ];
    Seeds::texts(&[CHANNEL_TOML, scf], &bad)
}

fn policies() -> Seeds {
    let scf = [
        include_str!("../../../channels/scf-receivable/policy.cedar"),
        include_str!("../../../channels/scf-receivable/policy.cedarschema"),
    ];
    let with_schema = format!("{POLICY}\0{SCHEMA}");
    let scf = scf.join("\0");
    let bad = [
        POLICY.replace("@id(\"no-self-agreement\")", "@id(\"preparer-creates\")"),
        POLICY.replace("@id(\"no-self-agreement\")", ""),
        POLICY.replace("resource.owner", "resource.nobody"),
        POLICY.replace("principal,", "principal == ?principal,"),
        POLICY.replace("when {", "when { ((((((((((((((((((((((((((((((((("),
        format!("{POLICY}\0{}", SCHEMA.replace("entity Statement", "entity Other")),
        "permit (principal, action, resource);".to_owned(),
    ];
    let scf = if scf.len() <= 8 << 10 { Some(scf) } else { None };
    let good: Vec<&str> = [POLICY, &with_schema].into_iter().chain(scf.as_deref()).collect();
    let mut seeds = Seeds::texts(&good, &bad);
    // No statement at all is a policy: it denies everything.
    seeds.bad.retain(|text| !text.is_empty());
    seeds
}

fn mappings() -> Seeds {
    let [calderdale, treasury] = [
        include_str!("../../../channels/scf-receivable/mappings/calderdale.toml"),
        include_str!("../../../channels/scf-receivable/mappings/treasury.toml"),
    ];
    let bad = [
        GENERATED_TOML.replace("key = [\"supplier_id\", \"invoice_number\"]", "key = []"),
        GENERATED_TOML.replace("decimal_mark = \".\"", "decimal_mark = \",\""),
        GENERATED_TOML.replace("%d.%m.%Y", "%d.%m"),
        GENERATED_TOML.replace("derived_from = \"due\"", "derived_from = \"issue\""),
        GENERATED_TOML.replace("missing = [\"-\"]", "missing = [\"[redacted]\"]"),
        GENERATED_TOML.replace("[tokens]", "[tokens]\nmore = 1"),
        EVERYTHING_TOML.replace("rounding = \"half-even\"", ""),
        EVERYTHING_TOML.replace("\"number\", \"class\"]", "\"number\"]"),
        EVERYTHING_TOML.replace("names = \"number\"", "names = \"place\""),
        EVERYTHING_TOML.replace("join = [\"Seller\", \"No\"]", "join = []"),
        EVERYTHING_TOML.replace("\"kr.\"", "\"-\""),
        EVERYTHING_TOML.replace("\"payer\"]", "\"nobody\"]"),
    ];
    Seeds::texts(&[GENERATED_TOML, calderdale, treasury, EVERYTHING_TOML], &bad)
}

/// A table under `everything.toml`: an invoice of two classes, a line that returns, a credit note of each kind.
const LAYOUTS: &str = "junk\n#TYPE x\n-- y\n\
    Seller;No;Kind;Corrects;Dealers;Public;Price;Units;Ccy;Due;Place;Ref;Text\n\
    S1;N1;380;;€1.000,50;2;99,5;1;EUR;04.03.2025;Leeds;r1;\"a;\"\"b\"\"\"\n\
    S1;N1;380;;€1.000,50;2;99,5;1;EUR;04.03.2025;Leeds;r1;\"a;\"\"b\"\"\"\n\
    S1;C1;381;N1;10;0;100;1;EUR;;-;r2;x\n\
    S1;C2;381;;10;;100;1;EUR;;;r3;x\n\
    S2;HIDDEN;380;;-5;5;100;2;JPY;2025-03-04;Hull;;\n\
    HIDDEN;N3;380;;0;-;1;1;GBP;04.03.2025;;;\n";

fn layouts() -> Seeds {
    let crlf = LAYOUTS.replace('\n', "\r\n");
    let bad = [
        String::new(),
        LAYOUTS.lines().take(4).collect::<Vec<_>>().join("\n"),
        LAYOUTS.replace("380", "999"),
        LAYOUTS.replacen("Corrects", "Other", 1),
        LAYOUTS.replace(";EUR;", ";EURO;").replace(";JPY;", ";;"),
        LAYOUTS.replace("99,5;1;", "99,5;0;").replace("100;2;JPY", "100;0;JPY"),
        "junk\n\"".into(),
    ];
    Seeds::new(vec![LAYOUTS.into(), crlf.into()], bad.map(String::into_bytes).to_vec())
}

fn drafted() -> Seeds {
    let german = "Export\nLieferantennr.;Rechnungsnr.;Fälligkeitsdatum;Betrag;Währung;Buchungstext\n\
        L1;R-1;31.01.2025;1.234,50;EUR;Guss\nL2;R-1;01.02.2025;-12,00;EUR;k.A.\n";
    let english = "Vendor,Invoice No,Type,Original Invoice,Due Date,Amount (£)\n\
        Acme,1,380,,01/02/2025,\"£1,000.00\"\nAcme,2,381,1,03/04/2025,£20.00\nREDACTED,3,380,,05/06/2025,£5.00\n";
    let utf16: Vec<u8> = german.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bad = [
        "",
        "a,b\n",
        "a\n1\n",
        "a,b\nx,y\n",
        "Amount,Amount\n1.50,2\n",
        "a,Amount\n1,1.50\n2,\"1,50\"\n",
        "\"",
    ];
    let good = vec![sample(1, 24), german.into(), english.into(), utf16];
    Seeds::new(good, bad.map(|text| text.as_bytes().to_vec()).to_vec())
}

fn tables() -> Seeds {
    let table = sample(1, 24);
    let text = String::from_utf8_lossy(&table).into_owned();
    let utf16 = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let header: Vec<u8> = text.lines().take(2).collect::<Vec<_>>().join("\n").into_bytes();
    let bad = vec![
        Vec::new(),
        header,
        text.replacen("Vendor", "Seller", 1).into_bytes(),
        text.replacen("Buyer,", "Vendor,", 1).into_bytes(),
        text.replace("EUR", "XXX").into_bytes(),
        vec![0xff, 0xfe, 0x00],
        b"#TYPE\n\"".to_vec(),
    ];
    Seeds::new(vec![table, sample(2, 12), utf16], bad)
}

pub(crate) fn messages() -> Vec<Message> {
    let tag = Tag([3; 32]);
    let commitment = ChannelCommitment(Digest([4; 32]));
    let (endorser, signature) = (PublicKey([5; 32]), SignatureBytes([6; 64]));
    let proposal = WORLD.proposals.last().map(encode::<Proposal>).unwrap_or_default();
    vec![
        Message::Propose { tag, proposal: proposal.clone() },
        Message::Endorse { tag, commitment, endorser, signature },
        Message::Refuse { tag, commitment, rule: "END-05".into() },
        Message::Fetch { tag, commitment },
        Message::Fetched { tag, proposal },
    ]
}

fn frames() -> Seeds {
    let frame = |number: u64, piece: u8, pieces: u8, bytes: &[u8]| {
        [&number.to_be_bytes()[..], &[piece, pieces], bytes].concat()
    };
    let sent = |frames: &[Vec<u8>]| -> Vec<u8> {
        let length = |frame: &[u8]| u16::try_from(frame.len()).unwrap_or(u16::MAX).to_be_bytes();
        frames.iter().flat_map(|frame| [&length(frame)[..], frame].concat()).collect()
    };
    let short: Vec<Vec<u8>> = messages().iter().flat_map(|message| split(1, &message.to_bytes())).collect();
    let pieces = [frame(9, 0, 3, b"one"), frame(9, 1, 3, b"two"), frame(9, 2, 3, b"three")];
    let empty = [frame(0, 0, 1, b"")];
    let [first, second, third] = pieces.clone();
    let bad = vec![
        Vec::new(),
        sent(&[second.clone(), third.clone()]),
        sent(&[first.clone(), third.clone()]),
        sent(&[first.clone(), frame(8, 1, 2, b"two")]),
        sent(&[first.clone(), frame(9, 1, 2, b"two"), third]),
        sent(&[frame(1, 0, 6, b"six"), frame(1, 0, 0, b"none")]),
        sent(&[vec![0; 9]]),
        sent(&[first.clone(), first, second]),
    ];
    // A piece beyond the end of a message that is whole already is no message of its own.
    let beyond = [frame(9, 0, 2, b"one"), frame(9, 1, 2, b"two"), frame(9, 2, 3, b"three")];
    Seeds::new(vec![sent(&short), sent(&pieces), sent(&empty), sent(&beyond)], bad)
}

fn paddings() -> Seeds {
    let padded = |length: usize| pad(&vec![0x61; length]).to_vec();
    let good: Vec<Vec<u8>> = [0, 1, 28, 29, 1020, 1021, 5000].into_iter().map(padded).collect();
    let mut dirty = padded(5);
    if let Some(last) = dirty.last_mut() {
        *last = 1;
    }
    let mut seeds = Seeds::canonical(good);
    seeds.bad.extend([dirty, [padded(28), vec![0; 32]].concat(), vec![0; 3]]);
    seeds
}

fn view_keys() -> Seeds {
    let (channel, generation) = (WORLD.setting.channel, WORLD.setting.generation);
    let audience = AudienceId([7; 32]);
    let class = audience_from_bytes([8; 32]).class(&channel, generation, &audience, ClassId(1));
    let key = |from: u32, to: u32| {
        let cover = Cover::cut(&class, Epoch(from), Epoch(to));
        ViewKey { channel, generation, audience, class: ClassId(1), cover }.to_bytes().to_vec()
    };
    let intervals = [(0, 0), (1, 9), (0, u32::MAX), (1, u32::MAX - 1), (u32::MAX, u32::MAX)];
    let good: Vec<Vec<u8>> = intervals.into_iter().map(|(from, to)| key(from, to)).collect();
    let wider = good.iter().map(|bytes| flip(bytes, 84));
    let bad: Vec<Vec<u8>> = wider.collect();
    let mut seeds = Seeds::canonical(std::iter::once(WORLD.view_key.clone()).chain(good).collect());
    seeds.bad.extend(bad);
    seeds
}

/// The folder of the corpus, with a folder of each target's name.
#[must_use]
pub fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus")
}

/// The files of one target: `000` to the good ones, `bad-000` to the others.
#[must_use]
pub fn files(seeds: &Seeds) -> BTreeMap<String, &[u8]> {
    let good = seeds.good.iter().enumerate().map(|(at, bytes)| (format!("{at:03}"), bytes.as_slice()));
    let bad = seeds.bad.iter().enumerate().map(|(at, bytes)| (format!("bad-{at:03}"), bytes.as_slice()));
    good.chain(bad).collect()
}

/// Writes every seed; files of other names stay.
///
/// # Errors
///
/// What the file system says.
pub fn write_corpus() -> std::io::Result<()> {
    for (target, seeds) in all() {
        let folder = corpus().join(target);
        std::fs::create_dir_all(&folder)?;
        for (name, bytes) in files(&seeds) {
            std::fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}
