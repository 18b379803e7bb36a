//! Faults of what the root chain is handed, of what it proves, and of the genesis.

use parclose_crypto::merkle::ProvingList;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{SigningKey, hash};
use parclose_root::{
    Anchor, Certificate, Close, CloseStatement, CommitCertificate, Endorsement, GenerationKeys, Header,
    LogEntry, OpenChannel, OrderProof, RootTransaction, Rotate, RotateStatement, Statement, TagProof,
};
use parclose_types::limits::{RECEIPT_BYTES_MAX, ROOT_TRANSACTION_BYTES_MAX};
use parclose_types::{
    ChannelCommitment, Digest, Generation, Height, NetworkId, PublicKey, Sequence, SignatureBytes, Tag,
    encode,
};

use super::wire::{form, set};
use super::{Vector, replaced};
use crate::world::{WORLD, validator};

pub(super) fn vectors() -> Vec<Vector> {
    [openings(), anchors(), rotations(), closes(), order_proofs(), tag_proofs(), genesis()].concat()
}

fn opening() -> OpenChannel {
    let found = WORLD.root_transactions.iter().find_map(|transaction| match transaction {
        RootTransaction::OpenChannel(open) => Some(open.clone()),
        _ => None,
    });
    found.expect("the channel was opened")
}

fn anchor() -> Anchor {
    let found = WORLD.root_transactions.iter().find_map(|transaction| match transaction {
        RootTransaction::Anchor(anchor) => Some(anchor.clone()),
        _ => None,
    });
    found.expect("a batch was ordered")
}

/// The rotation that the members signed and kept back.
pub(super) fn rotation() -> Rotate {
    let found = WORLD.root_transactions.iter().find_map(|transaction| match transaction {
        RootTransaction::Rotate(rotate) => Some(rotate.clone()),
        _ => None,
    });
    found.expect("a rotation was signed")
}

fn close() -> Close {
    let found = WORLD.root_transactions.iter().find_map(|transaction| match transaction {
        RootTransaction::Close(close) => Some(close.clone()),
        _ => None,
    });
    found.expect("a close was signed")
}

/// What all members of the generation in force sign.
fn endorsed(signed: &[u8]) -> Vec<Endorsement> {
    WORLD.pseudonyms.iter().map(|key| (key.public(), key.sign(signed))).collect()
}

fn certificate(signed: &[u8]) -> Certificate {
    let endorsements = endorsed(signed).into_iter().zip(0..);
    Certificate { signatures: endorsements.map(|((_, signature), index)| (index, signature)).collect() }
}

fn encoded(transaction: RootTransaction) -> Vec<u8> {
    transaction.encode()
}

fn openings() -> Vec<Vector> {
    let good = encoded(RootTransaction::OpenChannel(opening()));
    let mut vectors = form("root_opening", &good, ROOT_TRANSACTION_BYTES_MAX);
    let with = |rule, fault, open| {
        Vector::new("root_opening", rule, fault, &good, encoded(RootTransaction::OpenChannel(open)))
    };
    let changed = |rule, fault, change: &dyn Fn(&mut OpenChannel)| {
        let mut open = opening();
        change(&mut open);
        with(rule, fault, open)
    };
    vectors.extend([
        changed("ROO-06", "a signature is missing", &|open| open.signatures.truncate(1)),
        changed("ROO-06", "a signature too many", &|open| open.signatures.push(open.signatures[0])),
        changed("ROO-06", "signatures change places", &|open| open.signatures.swap(0, 1)),
        changed("ROO-06", "a bit of a signature", &|open| open.signatures[0].0[0] ^= 1),
        changed("ROO-06", "another genesis than the one that was signed", &|open| {
            open.body.genesis_commitment.0[0] ^= 1;
        }),
        changed("ROO-05", "keys of a later generation, signed", &|open| {
            let keys = open.body.keys.clone();
            let later = GenerationKeys::new(Generation(1), keys.endorsers().to_vec(), keys.threshold());
            open.body.keys = later.expect("only the generation differs");
            let signed = open.body.signing_bytes(&WORLD.genesis.network());
            open.signatures = WORLD.pseudonyms.iter().map(|key| key.sign(&signed)).collect();
        }),
    ]);
    // Keys stand behind the variant: generation u64, count u32, the keys, threshold u16.
    let (count, keys) = (1 + 8, 1 + 8 + 4);
    let threshold = keys + 2 * 32;
    let bytes = |rule, fault, bad| Vector::new("root_opening", rule, fault, &good, bad).reported("WIR-02");
    vectors.extend([
        bytes("ROO-02", "no endorser", [&good[..count], &[0; 4], &good[threshold..]].concat()),
        bytes("ROO-02", "513 endorsers", {
            let many: Vec<u8> =
                (0..513_u16).flat_map(|at| [&at.to_be_bytes()[..], &[0; 30]].concat()).collect();
            [&good[..count], &513_u32.to_le_bytes(), &many, &[1, 2], &good[threshold + 2..]].concat()
        }),
        bytes("ROO-03", "endorsers change places", {
            let (first, second) = (&good[keys..keys + 32], &good[keys + 32..threshold]);
            [&good[..keys], second, first, &good[threshold..]].concat()
        }),
        bytes("ROO-03", "an endorser twice", {
            let first = &good[keys..keys + 32];
            [&good[..keys], first, first, &good[threshold..]].concat()
        }),
        bytes("ROO-04", "a threshold of half", set(&good, threshold, 1)),
        bytes("ROO-04", "a threshold of more than all", set(&good, threshold, 3)),
        Vector::new("root_opening", "WIR-02", "it says that it has 2^32 - 1 endorsers", &good, {
            [&good[..count], &[0xff; 4], &good[keys..]].concat()
        }),
        Vector::new(
            "root_opening",
            "WIR-02",
            "a variant that no root transaction has",
            &good,
            set(&good, 0, 11),
        ),
        with("ROO-13", "an anchor of a tag that is not open", opening()),
    ]);
    let of_no_tag = encoded(RootTransaction::Anchor(anchor()));
    if let Some(last) = vectors.last_mut() {
        last.bad = of_no_tag;
    }
    vectors
}

/// An anchor that is signed as it is, by both members.
fn signed_anchor(change: impl Fn(&mut Statement)) -> Vec<u8> {
    let mut statement = anchor().statement(&WORLD.genesis.network());
    change(&mut statement);
    encoded(RootTransaction::Anchor(statement.anchor(certificate(&statement.signing_bytes()))))
}

fn anchors() -> Vec<Vector> {
    let good = encoded(RootTransaction::Anchor(anchor()));
    let mut vectors = form("root_transaction", &good, ROOT_TRANSACTION_BYTES_MAX);
    let with = |rule, fault, bad| Vector::new("root_transaction", rule, fault, &good, bad);
    type Signatures = Vec<(u16, SignatureBytes)>;
    let certified = |rule, fault, change: &dyn Fn(&mut Signatures)| {
        let mut anchor = anchor();
        change(&mut anchor.certificate.signatures);
        with(rule, fault, encoded(RootTransaction::Anchor(anchor)))
    };
    let window = WORLD.genesis.parameters().window;
    let head = WORLD.opened.head().height.0;
    vectors.extend([
        with("ROO-07", "a tag that is open already", encoded(RootTransaction::OpenChannel(opening()))),
        with("ROO-13", "a tag that nobody opened", signed_anchor(|anchor| anchor.tag = Tag([7; 32]))),
        with("ROO-15", "another generation", signed_anchor(|anchor| anchor.generation = Generation(1))),
        with(
            "ROO-16",
            "a last height that has passed",
            signed_anchor(|anchor| anchor.last_height = Height(head)),
        ),
        with("ROO-17", "a last height beyond the window", {
            signed_anchor(|anchor| anchor.last_height = Height(head + window + 2))
        }),
        with(
            "ROO-17",
            "the last of all heights",
            signed_anchor(|anchor| anchor.last_height = Height(u64::MAX)),
        ),
        with(
            "ROO-19",
            "an event that is not in the log",
            signed_anchor(|anchor| anchor.attested = Sequence(1)),
        ),
        certified("ROO-08", "a signature too few", &|signatures| signatures.truncate(1)),
        certified("ROO-08", "a signature too many", &|signatures| {
            signatures.push((2, SignatureBytes([0; 64])))
        }),
        certified("ROO-08", "no signature", &|signatures| signatures.clear()),
        certified("ROO-09", "signatures change places", &|signatures| signatures.swap(0, 1)),
        certified("ROO-09", "one endorser counts twice", &|signatures| signatures[1] = signatures[0]),
        certified("ROO-10", "an endorser who is not there", &|signatures| signatures[1].0 = u16::MAX),
        certified("ROO-11", "a bit of a signature", &|signatures| signatures[0].1.0[0] ^= 1),
        certified("ROO-11", "one signs for the other", &|signatures| signatures[1].1 = signatures[0].1),
        with("ROO-11", "another commitment than the one that was signed", {
            let other = Anchor { commitment: ChannelCommitment(Digest([3; 32])), ..anchor() };
            encoded(RootTransaction::Anchor(other))
        }),
    ]);
    vectors
}

fn rotations() -> Vec<Vector> {
    let good = encoded(RootTransaction::Rotate(rotation()));
    let signed = |change: &dyn Fn(&mut RotateStatement)| {
        let mut statement = rotation().statement(&WORLD.genesis.network());
        change(&mut statement);
        let bytes = statement.signing_bytes();
        let of_next: Vec<_> =
            WORLD.next_pseudonyms.iter().map(|key| (key.public(), key.sign(&bytes))).collect();
        let next = Certificate::assemble(&statement.next, &of_next).expect("all sign");
        encoded(RootTransaction::Rotate(statement.rotate(certificate(&bytes), next)))
    };
    let with = |rule, fault, bad| Vector::new("root_transaction", rule, fault, &good, bad);
    let skipped = |statement: &mut RotateStatement| {
        let (endorsers, threshold) = (statement.next.endorsers().to_vec(), statement.next.threshold());
        statement.next =
            GenerationKeys::new(Generation(9), endorsers, threshold).expect("only the number differs");
    };
    vec![
        with("ROO-46", "a generation is passed over", signed(&skipped)),
        with("ROO-46", "from another generation", signed(&|statement| statement.generation = Generation(5))),
        with("ROO-17", "beyond the window", signed(&|statement| statement.last_height = Height(u64::MAX))),
        with(
            "ROO-16",
            "a last height that has passed",
            signed(&|statement| statement.last_height = Height(0)),
        ),
        with(
            "ROO-19",
            "an event that is not in the log",
            signed(&|statement| statement.executed = Sequence(9)),
        ),
        with("ROO-11", "another decision than the one that was signed", {
            encoded(RootTransaction::Rotate(Rotate { commitment: Digest([1; 32]), ..rotation() }))
        }),
        with("ROO-48", "the next endorsers have not signed", {
            let mut rotate = rotation();
            rotate.next_certificate.signatures.clear();
            encoded(RootTransaction::Rotate(rotate))
        }),
        with("ROO-48", "the endorsers in force sign for the next", {
            let rotate = rotation();
            encoded(RootTransaction::Rotate(Rotate {
                next_certificate: rotate.certificate.clone(),
                ..rotate
            }))
        }),
    ]
}

fn closes() -> Vec<Vector> {
    let good = encoded(RootTransaction::Close(close()));
    let signed = |change: &dyn Fn(&mut CloseStatement)| {
        let Close { tag, last_sequence, last_height, .. } = close();
        let (network, generation) = (WORLD.genesis.network(), Generation(0));
        let mut statement = CloseStatement { network, tag, generation, last_sequence, last_height };
        change(&mut statement);
        let CloseStatement { tag, last_sequence, last_height, .. } = statement;
        let certificate = certificate(&statement.signing_bytes());
        encoded(RootTransaction::Close(Close { tag, last_sequence, last_height, certificate }))
    };
    let with = |rule, fault, bad| Vector::new("root_transaction", rule, fault, &good, bad);
    vec![
        with("ROO-25", "an event that is not the last", signed(&|close| close.last_sequence = Sequence(1))),
        with("ROO-13", "a tag that nobody opened", signed(&|close| close.tag = Tag([7; 32]))),
        with("ROO-11", "signed for another network", signed(&|close| close.network = NetworkId([1; 32]))),
        with("ROO-11", "signed for another generation", signed(&|close| close.generation = Generation(1))),
    ]
}

/// The proof of an event in a block of its own, which the validator of the world certifies.
pub(super) fn ordered(transaction: &RootTransaction, sequence: Sequence) -> OrderProof {
    let kind = transaction.kind().expect("an event");
    let tag = transaction.tag(&WORLD.genesis.network()).expect("of one tag");
    let chain = Digest([5; 32]);
    proven(
        LogEntry { tag, sequence, kind, transaction: transaction.digest(), chain },
        transaction.encode(),
        |_| {},
    )
}

fn proven(entry: LogEntry, transaction: Vec<u8>, change: impl Fn(&mut Header)) -> OrderProof {
    let list = ProvingList::new([encode(&entry)]);
    let honest = &WORLD.order_proofs[0].header;
    let mut header = Header { event_count: 1, events_root: Digest(list.root()), ..honest.clone() };
    change(&mut header);
    let certificate = certified(&header);
    OrderProof {
        entry,
        transaction,
        inclusion: list.prove(0).expect("it is in the list"),
        header,
        certificate,
    }
}

fn certified(header: &Header) -> CommitCertificate {
    CommitCertificate::of_one(&WORLD.genesis.network(), header.height, header.hash(), &validator())
}

fn stranger() -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes(hash("a stranger", &[])))
}

/// Ways in which a certificate commits to nothing; `of` makes the proof with another certificate.
fn commitments(
    entrance: &'static str,
    good: &[u8],
    (header, certificate): (&Header, &CommitCertificate),
    of: &dyn Fn(CommitCertificate) -> Vec<u8>,
) -> Vec<Vector> {
    let with = |rule, fault, certificate| Vector::new(entrance, rule, fault, good, of(certificate));
    let signed = |signatures| CommitCertificate { signatures, ..certificate.clone() };
    let (network, height, value) = (WORLD.genesis.network(), header.height, header.hash());
    let one = certificate.signatures[0];
    vec![
        with("ROO-35", "a validator counts twice", signed(vec![one, one])),
        with("ROO-36", "a stranger signs", CommitCertificate::of_one(&network, height, value, &stranger())),
        with("ROO-36", "a stranger signs, too", {
            let other = CommitCertificate::of_one(&network, height, value, &stranger()).signatures[0];
            let mut both = vec![one, other];
            both.sort_unstable_by_key(|(validator, _)| *validator);
            signed(both)
        }),
        with("ROO-37", "a bit of a signature", signed(vec![(one.0, SignatureBytes([one.1.0[0] ^ 1; 64]))])),
        with("ROO-37", "another round", CommitCertificate { round: 1, ..certificate.clone() }),
        with("ROO-38", "nobody signs", signed(vec![])),
        with(
            "ROO-41",
            "a certificate of another height",
            CommitCertificate { height: Height(99), ..certificate.clone() },
        ),
        with("ROO-41", "a certificate of another block", {
            CommitCertificate::of_one(&network, height, parclose_types::ValueHash([1; 32]), &validator())
        }),
    ]
}

fn order_proofs() -> Vec<Vector> {
    let honest = &WORLD.order_proofs[1];
    let good = honest.encode();
    let mut vectors = form("order_proof", &good, RECEIPT_BYTES_MAX);
    let with = |rule, fault, bad: OrderProof| Vector::new("order_proof", rule, fault, &good, bad.encode());
    let changed = |rule, fault, change: &dyn Fn(&mut OrderProof)| {
        let mut proof = honest.clone();
        change(&mut proof);
        with(rule, fault, proof)
    };
    let headed = |change: &dyn Fn(&mut Header)| proven(honest.entry, honest.transaction.clone(), change);
    vectors.extend(commitments(
        "order_proof",
        &good,
        (&honest.header, &honest.certificate),
        &|certificate| OrderProof { certificate, ..honest.clone() }.encode(),
    ));
    vectors.extend([
        with("ROO-39", "a header of another network", headed(&|header| header.network = NetworkId([1; 32]))),
        with(
            "ROO-40",
            "a header with its own validators",
            headed(&|header| header.validators = Digest([1; 32])),
        ),
        with("ROO-40", "a header with its own next validators", {
            headed(&|header| header.next_validators = Digest([1; 32]))
        }),
        changed("ROO-41", "another header under the certificate", &|proof| proof.header.event_count += 1),
        changed("ROO-42", "another place in the block", &|proof| proof.inclusion.index += 1),
        changed("ROO-42", "the last of all places", &|proof| proof.inclusion.index = u64::MAX),
        changed("ROO-42", "a list of another length", &|proof| proof.inclusion.length += 1),
        changed("ROO-42", "a path that is too long", &|proof| proof.inclusion.siblings = vec![[1; 32]; 64]),
        changed("ROO-42", "another sequence", &|proof| proof.entry.sequence = Sequence(7)),
        with("ROO-42", "a block of other events", headed(&|header| header.events_root = Digest([1; 32]))),
        changed("ROO-43", "the transaction of another event", &|proof| {
            proof.transaction = WORLD.order_proofs[2].transaction.clone();
        }),
        with("ROO-43", "an event of another tag", {
            let entry = LogEntry { tag: Tag([1; 32]), ..honest.entry };
            proven(entry, honest.transaction.clone(), |_| {})
        }),
        with("ROO-43", "an event of another kind", {
            let entry = LogEntry { kind: parclose_root::EventKind::Close, ..honest.entry };
            proven(entry, honest.transaction.clone(), |_| {})
        }),
        changed("WIR-02", "what is no root transaction", &|proof| proof.transaction.push(0)),
    ]);
    vectors
}

fn tag_proofs() -> Vec<Vector> {
    let honest = &WORLD.bundle.tag_proof;
    let good = honest.encode();
    let mut vectors = form("tag_proof", &good, RECEIPT_BYTES_MAX);
    let changed = |rule, fault, change: &dyn Fn(&mut TagProof)| {
        let mut proof = honest.clone();
        change(&mut proof);
        Vector::new("tag_proof", rule, fault, &good, proof.encode())
    };
    vectors.extend(commitments("tag_proof", &good, (&honest.header, &honest.certificate), &|certificate| {
        TagProof { certificate, ..honest.clone() }.encode()
    }));
    vectors.extend([
        changed("ROO-39", "a header of another network", &|proof| proof.header.network = NetworkId([1; 32])),
        changed("ROO-40", "a header with its own validators", &|proof| {
            proof.header.validators = Digest([1; 32])
        }),
        changed("ROO-45", "another count", &|proof| proof.state.count += 1),
        changed("ROO-45", "another tag", &|proof| proof.tag = Tag([1; 32])),
        changed("ROO-45", "another chain", &|proof| proof.state.chain = Digest([1; 32])),
        changed("ROO-45", "a state of another root, certified", &|proof| {
            proof.header.state_root = parclose_types::StateRoot([1; 32]);
            proof.certificate = certified(&proof.header);
        }),
    ]);
    vectors
}

fn genesis() -> Vec<Vector> {
    let good = WORLD.genesis.to_json();
    let with = |rule, fault, bad| Vector::new("genesis_json", rule, fault, good.as_bytes(), bad);
    let validators = {
        let from = good.find("\"validators\": [").expect("a genesis has validators");
        let to = good[from..].find(']').expect("a list ends") + from;
        good[from..=to].to_owned()
    };
    let one = &validators["\"validators\": [".len()..validators.len() - 1];
    let mut long = good.clone().into_bytes();
    long.resize(parclose_root::genesis::GENESIS_BYTES_MAX + 1, b' ');
    vec![
        with("ROO-32", "no validator", replaced(&good, &validators, "\"validators\": []")),
        with(
            "ROO-32",
            "a validator twice",
            replaced(&good, &validators, &format!("\"validators\": [{one},{one}]")),
        ),
        with("ROO-32", "a validator without power", replaced(&good, "\"power\": 1", "\"power\": 0")),
        with("ROO-33", "a part that nobody knows", replaced(&good, "{", "{ \"rules\": 2,")),
        with("ROO-33", "a part twice", replaced(&good, "\"name\"", "\"name\": \"fuzz\", \"name\"")),
        with("ROO-33", "a part of another kind", replaced(&good, "\"power\": 1", "\"power\": \"1\"")),
        with("ROO-33", "no name", replaced(&good, "\"fuzz\"", "\"\"")),
        with("ROO-33", "a name with a line feed", replaced(&good, "\"fuzz\"", "\"fu\\nzz\"")),
        with("ROO-33", "a name of 65 bytes", replaced(&good, "\"fuzz\"", &format!("\"{}\"", "f".repeat(65)))),
        with("ROO-33", "no window", replaced(&good, "\"window\": ", "\"window\": 0")),
        with("ROO-33", "a nonce in upper case", upper_nonce(&good)),
        with("ROO-33", "more than 64 KiB", long),
        with("ROO-33", "what is not UTF-8", vec![0xff, 0xfe, 0]),
        with("ROO-33", "brackets without end", vec![b'['; 60_000]),
    ]
}

fn upper_nonce(good: &str) -> Vec<u8> {
    let from = "f1".repeat(32);
    replaced(good, &from, &from.to_uppercase())
}

/// A key that is nobody's, for others that forge.
pub(super) const NOBODY: PublicKey = PublicKey([9; 32]);
