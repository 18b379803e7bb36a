//! Faults of transactions, proposals and setups. Whatever is behind a signature is signed again.

use parclose_channel::{Batch, BatchHeader, Setup};
use parclose_crypto::{hash, merkle};
use parclose_transaction::{Act, Body, Change, Motion, Operation, SealedPart, SignedTransaction};
use parclose_types::limits::{BATCH_BYTES_MAX, OPERATIONS_MAX, TRANSACTION_BYTES_MAX};
use parclose_types::{
    AudienceId, Digest, Epoch, FieldId, Generation, Height, MemberId, NetworkId, PublicKey, SignatureBytes,
    Tag, TransactionDigest, decode, enc, encode, labels,
};

use super::Vector;
use super::wire::{flip, form};
use crate::ledger::join_parts;
use crate::world::WORLD;

pub(super) fn vectors() -> Vec<Vector> {
    [transactions(), authentic(), proposals(), statements(), setups()].concat()
}

/// The first statement of the world: body and sealed part.
fn honest() -> (Body, SealedPart) {
    let records = |tx: &&SignedTransaction| !tx.body().operations.is_empty();
    let signed = WORLD.transactions.iter().find(records).expect("somebody has written");
    parts_of(signed)
}

fn parts_of(signed: &SignedTransaction) -> (Body, SealedPart) {
    let (_, sealed) = signed.encode_parts();
    let sealed = decode("sealed part", &sealed, TRANSACTION_BYTES_MAX).expect("it is canonical");
    (signed.body().clone(), sealed)
}

/// A transaction of a body, signed by its author if that is a member.
fn signed(body: &Body, sealed: &SealedPart) -> Vec<u8> {
    signed_by(body, sealed, body.author)
}

fn signed_by(body: &Body, sealed: &SealedPart, signer: PublicKey) -> Vec<u8> {
    join_parts(&permanent(body, signer), &encode(sealed))
}

fn permanent(body: &Body, signer: PublicKey) -> Vec<u8> {
    let digest = hash(labels::TRANSACTION, &[&encode(body)]);
    let key = WORLD.pseudonyms.iter().find(|key| key.public() == signer);
    let key = key.unwrap_or(&WORLD.pseudonyms[0]);
    [encode(body), encode(&key.sign(&enc(labels::TRANSACTION_SIGN, &[&digest])))].concat()
}

fn transactions() -> Vec<Vector> {
    let (body, sealed) = honest();
    let good = signed(&body, &sealed);
    let with = |rule, fault, bad| Vector::new("transaction", rule, fault, &good, bad);
    let changed = |rule, fault, change: &dyn Fn(&mut Body, &mut SealedPart)| {
        let (mut body, mut sealed) = honest();
        change(&mut body, &mut sealed);
        with(rule, fault, signed(&body, &sealed))
    };
    let permanent_bytes = encode(&body).len() + 64;
    let over = TRANSACTION_BYTES_MAX + 1;
    vec![
        with("WIR-02", "a byte follows the sealed part", [good.as_slice(), &[0]].concat()),
        with("WIR-02", "the sealed part is cut short", good[..good.len() - 1].to_vec()),
        with("WIR-02", "a byte follows the permanent part", {
            let (permanent, sealed) = good[4..].split_at(permanent_bytes);
            join_parts(&[permanent, &[0]].concat(), sealed)
        }),
        with("WIR-03", "a permanent part over the limit", join_parts(&vec![0; over], &[])),
        with("WIR-03", "both parts together over the limit", {
            let (permanent, sealed) = good[4..].split_at(permanent_bytes);
            let mut long = sealed.to_vec();
            long.resize(over - permanent.len(), 0);
            join_parts(permanent, &long)
        }),
        changed("WIR-08", "neither records nor an act", &|body, sealed| {
            body.operations.clear();
            sealed.fields.clear();
        }),
        changed("WIR-08", "records and an act", &|body, _| {
            body.act = Some(Act::Vote { motion: TransactionDigest([1; 32]), approve: true });
        }),
        changed("WIR-04", "65 operations", &|body, sealed| {
            body.operations = vec![body.operations[0].clone(); OPERATIONS_MAX + 1];
            sealed.fields = vec![sealed.fields[0].clone(); OPERATIONS_MAX + 1];
        }),
        changed("WIR-04", "an action of 65 bytes", &|body, _| body.operations[0].action = "a".repeat(65)),
        changed("WIR-04", "257 fields", &|body, _| {
            let entry = body.operations[0].fields[0];
            let many = |field| parclose_transaction::FieldEntry { field: FieldId(field), ..entry };
            body.operations[0].fields = (0..257).map(many).collect();
        }),
        changed("WIR-04", "17 parties", &|body, _| {
            body.operations[0].parties = (0..17).map(|slot| (slot, MemberId([slot; 32]))).collect();
        }),
        changed("WIR-05", "two fields change places", &|body, _| body.operations[0].fields.swap(0, 1)),
        changed("WIR-05", "a field twice", &|body, sealed| {
            let (entry, field) = (body.operations[0].fields[0], sealed.fields[0][0].clone());
            body.operations[0].fields.insert(0, entry);
            sealed.fields[0].insert(0, field);
        }),
        changed("WIR-05", "two parties change places", &|body, _| body.operations[0].parties.swap(0, 1)),
        changed("WIR-05", "a party twice", &|body, _| {
            let party = body.operations[0].parties[0];
            body.operations[0].parties.insert(0, party);
        }),
        changed("WIR-06", "another salt", &|_, sealed| sealed.salt[0] ^= 1),
        changed("WIR-06", "a sealed field is missing", &|_, sealed| drop(sealed.fields[0].pop())),
        changed("WIR-06", "a sealed field more", &|_, sealed| {
            let field = sealed.fields[0][0].clone();
            sealed.fields[0].push(field);
        }),
        changed("WIR-06", "two sealed fields change places", &|_, sealed| sealed.fields[0].swap(0, 1)),
        changed("WIR-06", "another ciphertext", &|_, sealed| sealed.fields[0][0].ciphertext[0] ^= 1),
        changed("WIR-06", "another key commitment", &|_, sealed| sealed.fields[0][0].commitment[0] ^= 1),
        changed("WIR-06", "the fields of an operation that is not there", &|_, sealed| {
            sealed.fields.push(vec![])
        }),
        changed("WIR-06", "a wrap without an act", &|_, sealed| sealed.wraps.push(vec![1])),
    ]
    .into_iter()
    .chain(acts())
    .collect()
}

/// Faults of acts: what is counted and ordered in them.
fn acts() -> Vec<Vector> {
    let with_act = |act: Act, wraps: Vec<Vec<u8>>| {
        let (mut body, mut sealed) = honest();
        body.operations = Vec::<Operation>::new();
        body.act = Some(act);
        (sealed.fields, sealed.wraps) = (Vec::new(), wraps);
        signed(&body, &sealed)
    };
    let audiences = |ids: &[u16]| {
        let id = |n: &u16| AudienceId([n.to_be_bytes(); 16].concat().try_into().unwrap_or([0; 32]));
        Act::Acknowledge { configuration: Digest([1; 32]), audiences: ids.iter().map(id).collect() }
    };
    let motion = |changes| Act::Move(Motion { changes, blinder: [7; 32] });
    let rewrap = |root| Act::Rewrap {
        configuration: Digest([1; 32]),
        audience: AudienceId([2; 32]),
        member: MemberId([3; 32]),
        wraps_root: root,
    };
    let wrap = vec![vec![9; 40]];
    let acknowledged = with_act(audiences(&[1, 2]), vec![]);
    let moved = with_act(motion(vec![Change::Rekey]), vec![]);
    let rewrapped = with_act(rewrap(merkle::root(&wrap)), wrap.clone());
    let dealt = WORLD.transactions.iter().find(|tx| matches!(tx.body().act, Some(Act::Deal { .. })));
    let (deal_body, deal_sealed) = parts_of(dealt.expect("somebody has dealt"));
    let deal = signed(&deal_body, &deal_sealed);
    let with = |rule, fault, good: &Vec<u8>, bad| Vector::new("transaction", rule, fault, good, bad);
    vec![
        with("WIR-04", "17 changes of a motion", &moved, with_act(motion(vec![Change::Rekey; 17]), vec![])),
        with("WIR-05", "acknowledgements change places", &acknowledged, with_act(audiences(&[2, 1]), vec![])),
        with("WIR-05", "an acknowledgement twice", &acknowledged, with_act(audiences(&[1, 1]), vec![])),
        with("WIR-04", "an audience of 513 members", &deal, {
            let mut body = deal_body.clone();
            if let Some(Act::Deal { deal, .. }) = &mut body.act {
                deal.members = vec![PublicKey([1; 32]); 513];
            }
            signed(&body, &deal_sealed)
        }),
        with("WIR-06", "a wrap that the deal does not commit to", &deal, {
            let mut sealed = deal_sealed.clone();
            sealed.wraps[0][0] ^= 1;
            signed(&deal_body, &sealed)
        }),
        with("WIR-06", "two wraps change places", &deal, {
            let mut sealed = deal_sealed;
            sealed.wraps.swap(0, 1);
            signed(&deal_body, &sealed)
        }),
        with(
            "WIR-06",
            "no wrap where one is committed to",
            &rewrapped,
            with_act(rewrap(merkle::root(&wrap)), vec![]),
        ),
        with("WIR-06", "a wrap twice", &rewrapped, {
            with_act(rewrap(merkle::root(&wrap)), [wrap.as_slice(), &wrap].concat())
        }),
    ]
}

/// Faults that the signature covers, and of the signature.
fn authentic() -> Vec<Vector> {
    let (body, sealed) = honest();
    let good = signed(&body, &sealed);
    let setting = &WORLD.setting;
    let changed = |rule, fault, change: &dyn Fn(&mut Body)| {
        let (mut body, sealed) = honest();
        change(&mut body);
        Vector::new("transaction", rule, fault, &good, signed(&body, &sealed))
    };
    let signature_at = 4 + encode(&body).len();
    let other = WORLD.pseudonyms.iter().map(|key| key.public()).find(|key| *key != body.author);
    vec![
        Vector::new("transaction", "AUT-01", "a bit of the signature", &good, flip(&good, signature_at)),
        Vector::new("transaction", "AUT-01", "signed by another member", &good, {
            signed_by(&body, &sealed, other.expect("there are two members"))
        }),
        Vector::new("transaction", "AUT-02", "s of the signature is not below the group order", &good, {
            beyond_the_order(&good, signature_at + 32)
        })
        .reported("AUT-01"),
        changed("AUT-03", "for another network", &|body| body.network = NetworkId([1; 32])),
        changed("AUT-03", "for another channel", &|body| body.channel.0[0] ^= 1),
        changed("AUT-03", "for another generation", &|body| body.generation = Generation(7)),
        changed("AUT-03", "for another version of the definition", &|body| {
            body.definition_version = u32::MAX
        }),
        changed("AUT-04", "expired", &|body| body.expiry = Height(setting.height.0 - 1)),
        changed("AUT-05", "an expiry beyond what the channel allows", &|body| {
            body.expiry = Height(setting.height.0 + setting.expiry_max + 1);
        }),
        changed("AUT-05", "the last of all heights", &|body| body.expiry = Height(u64::MAX)),
        changed("AUT-06", "sealed in a later epoch", &|body| body.epoch = Epoch(setting.epoch.0 + 1)),
        changed("AUT-07", "an author who is no member", &|body| body.author = PublicKey([9; 32])),
        changed("AUT-07", "a sponsor who is no member", &|body| body.sponsor = PublicKey([9; 32])),
    ]
}

/// `s + L` in place of `s`: the lax equation holds, the strict rule refuses it.
fn beyond_the_order(good: &[u8], at: usize) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (mut bad, mut carry) = (good.to_vec(), 0_u16);
    for (byte, order) in bad[at..at + 32].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    bad
}

fn proposals() -> Vec<Vector> {
    let proposal = WORLD.proposals.iter().find(|p| p.batch.permanent.len() > 1).expect("a batch of several");
    let good = encode(proposal);
    let mut vectors = form("proposal", &good, BATCH_BYTES_MAX);
    let changed = |rule, fault, change: &dyn Fn(&mut Batch)| {
        let mut changed = proposal.clone();
        change(&mut changed.batch);
        Vector::new("proposal", rule, fault, &good, encode(&changed))
    };
    let lie = |bytes: &[u8]| {
        let mut bad = bytes.to_vec();
        let at = encode(&proposal.batch.header).len() + 64;
        bad[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        bad
    };
    vectors.push(Vector::new(
        "proposal",
        "WIR-02",
        "it says that it has 2^32 - 1 transactions",
        &good,
        lie(&good),
    ));
    vectors.extend([
        changed("END-01", "a bit of the sponsor's signature", &|batch| batch.signature.0[0] ^= 1),
        changed("END-01", "a transaction more", &|batch| {
            batch.permanent.push(batch.permanent[0].clone());
            batch.prunable.push(batch.prunable[0].clone());
        }),
        changed("END-01", "a transaction less", &|batch| drop((batch.permanent.pop(), batch.prunable.pop()))),
        changed("END-01", "two transactions change places", &|batch| {
            batch.permanent.swap(0, 1);
            batch.prunable.swap(0, 1);
        }),
        changed("END-01", "a sealed part is missing", &|batch| drop(batch.prunable.pop())),
        changed("END-01", "two sealed parts change places", &|batch| batch.prunable.swap(0, 1)),
        changed("END-01", "a header that counts others, signed", &|batch| {
            resigned(batch, |h| h.transactions = u32::MAX)
        }),
        changed("END-01", "another root over the parts, signed", &|batch| {
            resigned(batch, |h| h.permanent_root[0] ^= 1)
        }),
        changed("END-01", "another root over the sealed parts, signed", &|batch| {
            resigned(batch, |h| h.prunable_root[0] ^= 1);
        }),
        changed("END-01", "what is no transaction, signed", &|batch| {
            batch.permanent[0] = b"no transaction".to_vec();
            resigned(batch, |_| {});
        }),
        changed("END-01", "the sealed parts of each other, signed", &|batch| {
            batch.prunable.swap(0, 1);
            resigned(batch, |_| {});
        }),
        changed("END-01", "4097 transactions, signed", &|batch| {
            batch.permanent = vec![Vec::new(); 4097];
            batch.prunable = vec![Vec::new(); 4097];
            resigned(batch, |_| {});
        }),
        changed("END-01", "a transaction over its limit, signed", &|batch| {
            batch.permanent[0].resize(TRANSACTION_BYTES_MAX + 1, 0);
            resigned(batch, |_| {});
        }),
    ]);
    vectors
}

/// Counts and roots of the parts, then the fault, then the sponsor's signature.
fn resigned(batch: &mut Batch, fault: impl Fn(&mut BatchHeader)) {
    let header = &mut batch.header;
    header.transactions = u32::try_from(batch.permanent.len()).unwrap_or(u32::MAX);
    header.permanent_root = merkle::root(&batch.permanent);
    header.prunable_root = merkle::root(&batch.prunable);
    fault(header);
    let digest = header.digest();
    let sponsor = WORLD.pseudonyms.iter().find(|key| key.public() == batch.header.sponsor);
    batch.signature = sponsor.map_or(SignatureBytes([0; 64]), |key| key.sign(digest.as_ref()));
}

fn statements() -> Vec<Vector> {
    let rotation = super::root::rotation();
    let close = parclose_root::CloseStatement {
        network: WORLD.genesis.network(),
        tag: WORLD.setup.tag,
        generation: Generation(0),
        last_sequence: parclose_types::Sequence(3),
        last_height: Height(99),
    };
    let limit = parclose_types::limits::ROOT_TRANSACTION_BYTES_MAX;
    let rotation = encode(&rotation.statement(&WORLD.genesis.network()));
    [form("rotation_statement", &rotation, limit), form("close_statement", &encode(&close), limit)].concat()
}

fn setups() -> Vec<Vector> {
    let good = encode(&WORLD.setup);
    let mut vectors = form("setup", &good, BATCH_BYTES_MAX);
    let changed = |rule, fault, change: &dyn Fn(&mut Setup)| {
        let mut setup = WORLD.setup.clone();
        change(&mut setup);
        Vector::new("setup", rule, fault, &good, encode(&setup))
    };
    vectors.extend([
        changed("SET-01", "a channel of one", &|setup| drop(setup.config.members.pop())),
        changed("SET-01", "two members of one name", &|setup| {
            setup.config.members[1].name = setup.config.members[0].name.clone();
        }),
        changed("SET-01", "a role that the definition does not have", &|setup| {
            setup.config.members[0].certificate.roles = vec!["king".into()];
        }),
        changed("DEF-14", "a definition of a later format, as the configuration names it", &|setup| {
            setup.texts.channel_toml = setup.texts.channel_toml.replacen("format = 1", "format = 2", 1);
            setup.config.definition = setup.texts.digest();
        }),
        changed("SET-03", "another policy", &|setup| setup.texts.policy.push(' ')),
        changed("SET-03", "another version of the definition", &|setup| setup.config.definition_version += 1),
        changed("SET-03", "epochs of no length", &|setup| setup.config.epoch_length = 0),
        changed("SET-03", "a later generation", &|setup| setup.config.generation = Generation(1)),
        changed("SET-04", "a threshold that a minority reaches", &|setup| setup.config.threshold = 1),
        changed("SET-04", "another tag", &|setup| setup.tag = Tag([1; 32])),
        changed("SET-04", "another blinder", &|setup| setup.genesis_blinder[0] ^= 1),
        changed("KEY-12", "members change places", &|setup| setup.config.members.swap(0, 1))
            .reported("SET-04"),
        changed("KEY-04", "another signature of an identity", &|setup| {
            setup.config.members[0].certificate.identity_signature.0[0] ^= 1;
        })
        .reported("SET-04"),
        changed("KEY-04", "another signature of a pseudonym", &|setup| {
            setup.config.members[0].certificate.pseudonym_signature.0[0] ^= 1;
        })
        .reported("SET-04"),
        changed("KEY-13", "an encryption key that is none", &|setup| {
            setup.config.members[0].certificate.encryption_key = vec![0; 1216];
        })
        .reported("SET-04"),
        changed("KEY-13", "an encryption key of 3 bytes", &|setup| {
            setup.config.members[0].certificate.encryption_key = vec![1; 3];
        })
        .reported("SET-04"),
    ]);
    vectors
}
