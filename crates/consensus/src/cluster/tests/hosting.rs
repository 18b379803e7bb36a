//! The host without an engine: what it keeps, what it takes for proposed, what it gathers.

use std::net::TcpListener;

use malachite_app::app::consensus::MisbehaviorEvidence;
use malachite_app::{AppMsg, NetworkMsg};
use malachite_core::{NilOrVal, Round, SignedMessage, Validity};
use parclose_root::{Block, Deal, OpenDeal, RootState, Trust};
use parclose_types::{Digest, Failure, ValueHash, encode};
use tokio::sync::oneshot;

use super::super::host::Host;
use super::super::pool::{NotPooled, ORIGIN_BYTES_MAX, ORIGIN_OPENINGS_MAX, Pool};
use super::super::streams::{BLOCK_BYTES_MAX, Gathered, Streams, split};
use super::*;
use crate::engine::{Address, EngineHeight, Nonces, Part, RootContext, Step, Vote, parts_signing_bytes};
use crate::evidence::Evidence;

struct Alone {
    folder: TempDir,
    genesis: Genesis,
    runtime: tokio::runtime::Runtime,
}

impl Alone {
    fn new() -> Self {
        let genesis = genesis_of(&[(200, 1)], 7);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { folder: tempfile::tempdir().unwrap(), genesis, runtime }
    }

    fn host(&self) -> Host {
        let (host, sent) = self.host_and_parts();
        std::mem::forget(sent);
        host
    }

    fn host_and_parts(&self) -> (Host, tokio::sync::mpsc::Receiver<NetworkMsg<RootContext>>) {
        let database = self.folder.path().join("db");
        let ledger = Ledger::open(database, self.genesis.clone(), &SharedCache::new(1 << 20)).unwrap();
        let ledger = Arc::new(ledger);
        let guard = Arc::new(Guard::open(ledger.clone(), true, Nonces::System).unwrap());
        let network = self.genesis.network();
        let signer = Signer { network, key: Arc::new(key(200)), guard: guard.clone() };
        let shared = Arc::new(
            Shared::new(ledger, Arc::new(NoRelay), Some(key(200).public()), Box::new(|_| {})).unwrap(),
        );
        let (parts, sent) = tokio::sync::mpsc::channel(1000);
        (Host::new(shared, (Some(signer), Some(guard)), Timing::default(), parts), sent)
    }

    fn value(&self, host: &mut Host, round: u32) -> parclose_types::ValueHash {
        let (reply, mut answer) = oneshot::channel();
        let (height, round, timeout) = (EngineHeight(1), Round::new(round), Duration::from_secs(1));
        let asked = AppMsg::GetValue { height, round, timeout, reply };
        self.runtime.block_on(host.answer(asked)).unwrap();
        answer.try_recv().unwrap().value.0
    }
}

#[test]
fn con_08_a_block_is_synced_before_its_hash_is_handed_in_and_there_is_one_for_a_round() {
    let alone = Alone::new();
    let mut host = alone.host();
    let value = alone.value(&mut host, 0);
    let ledger = &host.shared.ledger;
    let lost = alone.folder.path().join("after-power-loss");
    parclose_store::hazmat::copy_after_power_loss(ledger.database(), &lost).unwrap();
    let survived = Ledger::open(lost, alone.genesis.clone(), &SharedCache::new(1 << 20)).unwrap();
    assert!(survived.check_undecided(Height(1), &value).is_ok(), "the engine may decide it at once");
    // With other work in the pool the same round has the same block, the next one another.
    let channel = Channel::new(alone.genesis.network(), 0);
    host.shared.offered("b", &channel.open().encode(), Hop::Spread);
    assert_eq!(alone.value(&mut host, 0), value);
    assert_ne!(alone.value(&mut host, 1), value);
    drop(host);
    let mut again = alone.host();
    assert_eq!(alone.value(&mut again, 0), value, "after a restart too");
}

/// Who has half of a stream from before would put a block together out of two.
#[test]
fn con_14_streams_of_one_validator_have_other_names_after_a_restart() {
    let alone = Alone::new();
    let names = || {
        let (mut host, mut sent) = alone.host_and_parts();
        alone.value(&mut host, 0);
        let mut names = std::collections::BTreeSet::new();
        while let Ok(NetworkMsg::PublishProposalPart(part)) = sent.try_recv() {
            names.insert(part.stream_id.to_bytes());
        }
        names
    };
    let (before, after) = (names(), names());
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_ne!(before, after);
}

/// The block after genesis, signed as parts of round 0.
fn gathered(genesis: &Genesis, by: u8, change: impl FnOnce(&mut Block)) -> Gathered {
    let (prepared, _) = RootState::new(genesis.clone()).prepare([]);
    let mut block = prepared.block().clone();
    change(&mut block);
    let height = EngineHeight(1);
    let signed = parts_signing_bytes(&genesis.network(), height, 0, &block.header.hash());
    let signature = key(by).sign(&signed);
    Gathered { height, round: 0, proposer: key(by).public(), block: encode(&block), signature }
}

fn taken(
    alone: &Alone,
    host: &mut Host,
    gathered: &Gathered,
) -> Option<malachite_app::app::types::ProposedValue<crate::engine::RootContext>> {
    let parts = split(gathered).into_iter().map(Some).chain([None]);
    let mut last = None;
    for (sequence, part) in (0..).zip(parts) {
        let (reply, mut answer) = oneshot::channel();
        let content = part.map_or(
            malachite_app::app::engine::util::streaming::StreamContent::Fin,
            malachite_app::app::engine::util::streaming::StreamContent::Data,
        );
        let stream = malachite_app::app::types::streaming::StreamId::new(bytes::Bytes::from_static(b"s"));
        let part = malachite_app::app::types::streaming::StreamMessage::new(stream, sequence, content);
        let from = malachite_app::app::types::PeerId::from_bytes(&peer_bytes()).unwrap();
        let published_by = Some(from);
        let message = AppMsg::ReceivedProposalPart { from, published_by, part, reply };
        alone.runtime.block_on(host.answer(message)).unwrap();
        last = answer.try_recv().unwrap();
    }
    last
}

fn peer_bytes() -> Vec<u8> {
    Keypair::ed25519_from_bytes(&mut [5; 32]).unwrap().public().to_peer_id().to_bytes()
}

#[test]
fn con_15_only_the_proposer_of_the_round_proposes_and_only_what_follows() {
    let alone = Alone::new();
    let mut host = alone.host();
    let good = gathered(&alone.genesis, 200, |_| {});
    assert_eq!(taken(&alone, &mut host, &gathered(&alone.genesis, 1, |_| {})), None, "not its turn");
    let bent = Gathered { signature: key(1).sign(b"something else"), ..good.clone() };
    assert_eq!(taken(&alone, &mut host, &bent), None, "not its signature");
    let later = Gathered { round: 1, ..good.clone() };
    assert_eq!(taken(&alone, &mut host, &later), None, "signed for another round");
    let noise = Gathered { block: vec![7; 300], ..good.clone() };
    assert_eq!(taken(&alone, &mut host, &noise), None, "no block");
    let elsewhere = gathered(&alone.genesis, 200, |block| block.header.event_count = 1);
    let verdict = taken(&alone, &mut host, &elsewhere).unwrap();
    assert_eq!(verdict.validity, Validity::Invalid, "it does not follow");
    let verdict = taken(&alone, &mut host, &good).unwrap();
    assert_eq!(verdict.validity, Validity::Valid);
    assert!(host.shared.ledger.check_undecided(Height(1), &verdict.value.0).is_ok());
}

fn stream(name: &'static [u8]) -> bytes::Bytes {
    bytes::Bytes::from_static(name)
}

#[test]
fn con_14_parts_in_any_order_make_a_block_and_anything_else_is_dropped() {
    let genesis = genesis_of(&[(200, 1)], 7);
    let whole = Gathered { block: vec![9; 300_000], ..gathered(&genesis, 200, |_| {}) };
    let mut parts: Vec<(u64, Option<Part>)> = (0..).zip(split(&whole).into_iter().map(Some)).collect();
    parts.push((parts.len() as u64, None));
    parts.reverse();
    let mut streams = Streams::default();
    let mut gather = |parts: Vec<(u64, Option<Part>)>, name: &'static [u8]| {
        parts.into_iter().find_map(|(at, part)| streams.take(vec![1], stream(name), at, part))
    };
    assert_eq!(gather(parts.clone(), b"a"), Some(whole));
    let mut unsigned = parts.clone();
    unsigned.remove(1);
    assert_eq!(gather(unsigned, b"b"), None, "its end says that one is missing");
    let mut headless = parts.clone();
    headless.last_mut().unwrap().1 = Some(Part::Data(stream(b"no beginning")));
    assert_eq!(gather(headless, b"c"), None);
}

#[test]
fn con_14_a_publisher_holds_four_streams_of_bounded_size() {
    let mut streams = Streams::default();
    let data = || Some(Part::Data(bytes::Bytes::from(vec![0; 100 << 10])));
    for at in 0..=(BLOCK_BYTES_MAX / (100 << 10)) as u64 + 1 {
        assert_eq!(streams.take(vec![1], stream(b"endless"), at, data()), None);
    }
    assert!(!format!("{streams:?}").contains("Data"), "the endless stream is dropped with its parts");
    for name in [b"a", b"b", b"c", b"d", b"e"] {
        streams.take(vec![1], stream(name), 0, data());
    }
    assert_eq!(format!("{streams:?}").matches("Stream {").count(), 1, "the fifth takes the place of all");
    assert_eq!(streams.take(vec![2], stream(b"f"), u64::MAX, data()), None);
    assert_eq!(format!("{streams:?}").matches("Stream {").count(), 1, "and no sequence is that far");
}

#[test]
fn mem_01_a_pool_has_each_transaction_once_and_room_for_everybody() {
    let genesis = genesis_of(&[(200, 1)], 7);
    let channel = Channel::new(genesis.network(), 0);
    let mut pool = Pool::default();
    let mut add = |number: u8, bytes: usize, origin: &str| {
        pool.add(
            channel.anchor(number, 0, 9),
            Digest([number; 32]),
            bytes,
            (Some(origin.into()), Hop::HandedIn),
        )
    };
    assert_eq!(add(1, 100, "a"), Ok(()));
    assert_eq!(add(1, 100, "b"), Err(NotPooled::Known));
    assert_eq!(add(2, ORIGIN_BYTES_MAX, "a"), Err(NotPooled::Full), "its share is full");
    assert_eq!(add(3, ORIGIN_BYTES_MAX - 100, "a"), Ok(()));
    for (number, origin) in [(4, "b"), (5, "c"), (6, "d")] {
        assert_eq!(add(number, ORIGIN_BYTES_MAX, origin), Ok(()));
    }
    assert_eq!(add(7, 1, "e"), Err(NotPooled::Full), "the pool is full");
    pool.remove(&Digest([3; 32]));
    assert_eq!(pool.len(), 4);
    let oldest = pool.candidates(10, 100 + ORIGIN_BYTES_MAX);
    assert_eq!(oldest.iter().map(|(digest, _)| digest.0[0]).collect::<Vec<_>>(), [1, 4]);
    pool.retain(|_| false);
    assert!(pool.is_empty());
    assert_eq!(format!("{pool:?}"), "Pool(0 transactions, 0 bytes)");
}

#[test]
fn mem_01_openings_of_one_origin_are_few_and_keep_nothing_else_of_it_out() {
    let genesis = genesis_of(&[(200, 1)], 7);
    let channel = Channel::new(genesis.network(), 0);
    let mut pool = Pool::default();
    let heights = (Height(9), Height(20));
    let deal =
        Deal { nonce: [1; 32], allocate_before: heights.0, settle_before: heights.1, legs: Vec::new() };
    let open = RootTransaction::OpenDeal(OpenDeal { deal });
    let mut add = |number: usize, transaction: &RootTransaction, origin: &str| {
        let digest = Digest(std::array::from_fn(|at| number.to_be_bytes().get(at).copied().unwrap_or(1)));
        pool.add(transaction.clone(), digest, 300, (Some(origin.into()), Hop::Spread))
    };
    for number in 0..ORIGIN_OPENINGS_MAX {
        assert_eq!(add(number, &open, "a"), Ok(()));
    }
    assert_eq!(add(500, &open, "a"), Err(NotPooled::Full));
    assert_eq!(add(501, &channel.open(), "a"), Err(NotPooled::Full), "channels count, too");
    assert_eq!(add(502, &channel.anchor(1, 0, 9), "a"), Ok(()));
    assert_eq!(add(503, &open, "b"), Ok(()), "another has its own share");
    pool.remove(&Digest(std::array::from_fn(|at| if at < 8 { 0 } else { 1 })));
    let later = pool.add(open, Digest([9; 32]), 300, (Some("a".into()), Hop::Spread));
    assert_eq!(later, Ok(()), "one is final: another may come");
}

#[test]
fn con_18_an_engine_that_cannot_start_says_so_and_leaves_the_directory_free() {
    let mut cluster = Cluster::new(1, 0);
    let mut options = cluster.options(0, true);
    options.listen = "nowhere".into();
    assert_eq!(ClusterRoot::start(options).unwrap_err().rule(), "CON-18");
    let taken = TcpListener::bind(("127.0.0.1", cluster.ports[0])).unwrap();
    assert_eq!(
        ClusterRoot::start(cluster.options(0, true)).unwrap_err().rule(),
        "CON-18",
        "its port is taken"
    );
    drop(taken);
    cluster.start(0, true);
    cluster.node(0).stop();
    assert!(cluster.node(0).status().stopped.is_some());
    let refused = cluster.node(0).commit(vec![cluster.channel(0).open()]).unwrap_err();
    assert_eq!(refused.rule(), "CON-04");
}

/// A vote of the validator, signed.
fn vote(alone: &Alone, value: NilOrVal<ValueHash>) -> SignedMessage<RootContext, Vote> {
    let (height, round, address) = (EngineHeight(5), Round::new(0), Address(key(200).public()));
    let vote = Vote { step: Step::Prevote, height, round, value, address };
    let signature = key(200).sign(&vote.signing_bytes(&alone.genesis.network()));
    SignedMessage::new(vote, signature)
}

/// What is kept once the engine has found the validator out.
fn accused(alone: &Alone, host: &Host) -> Vec<Equivocation> {
    let mut found = MisbehaviorEvidence { proposals: Default::default(), votes: Default::default() };
    found.votes.add(vote(alone, NilOrVal::Nil), vote(alone, NilOrVal::Val(ValueHash([1; 32]))));
    for (validator, pair) in super::super::evidence::pairs(&found) {
        host.shared.ledger.keep_evidence(Height(5), validator, pair).unwrap();
    }
    host.shared.ledger.evidence().unwrap()
}

#[test]
fn con_16_two_votes_for_one_place_convict_their_validator_and_nobody_else() {
    let alone = Alone::new();
    let host = alone.host();
    let kept = accused(&alone, &host);
    let twice = &kept[0];
    assert_eq!((kept.len(), twice.validator), (1, key(200).public()));
    let trust = Trust::of(&alone.genesis);
    let offence = twice.convicts(&trust).unwrap();
    assert_eq!((offence.height, offence.round, offence.step), (Height(5), 0, "prevote"));
    let told = |accused: &Equivocation| accused.convicts(&trust).unwrap_err().rule();
    let elsewhere = Trust::of(&genesis_of(&[(200, 1)], 9));
    let refused = twice.convicts(&elsewhere).unwrap_err();
    assert_eq!(refused.rule(), "CON-16", "of another network it convicts nobody");
    assert_eq!(told(&Equivocation { height: Height(6), ..twice.clone() }), "CON-16", "nor of another height");
    let mut same = MisbehaviorEvidence { proposals: Default::default(), votes: Default::default() };
    same.votes.add(vote(&alone, NilOrVal::Nil), vote(&alone, NilOrVal::Nil));
    let (validator, pair) = super::super::evidence::pairs(&same).remove(0);
    assert_eq!(
        told(&Equivocation { height: Height(5), validator, pair }),
        "CON-16",
        "nor for one vote, twice"
    );
    // Who did not vote at that height is not to be judged, whatever it has signed.
    let innocent = Equivocation { validator: key(1).public(), ..twice.clone() };
    assert_eq!(told(&innocent), "CON-21", "con_21: nor anybody else");
    let others = Trust::of(&genesis_of(&[(1, 1)], 7));
    assert_eq!(twice.convicts(&others).unwrap_err().rule(), "CON-21");
}

#[test]
fn con_21_con_22_evidence_is_a_file_that_is_judged_by_the_genesis_alone() {
    let alone = Alone::new();
    let host = alone.host();
    let found = accused(&alone, &host);
    let evidence = Evidence { found, changes: Vec::new() };
    assert_eq!(Evidence::decode(&evidence.encode()), Ok(evidence.clone()));
    assert_eq!(evidence.verify(&alone.genesis).unwrap()[0].validator, key(200).public());
    let refused = |evidence: &Evidence, genesis: &Genesis| evidence.verify(genesis).unwrap_err().rule();
    let nobody = Evidence { found: Vec::new(), changes: Vec::new() };
    assert_eq!(refused(&nobody, &alone.genesis), "CON-22");
    assert_eq!(refused(&evidence, &genesis_of(&[(1, 1)], 7)), "CON-21");
    let mut one_more = evidence.clone();
    one_more.found.push(Equivocation { height: Height(6), ..evidence.found[0].clone() });
    assert_eq!(refused(&one_more, &alone.genesis), "CON-16", "con_22: one that does not hold spoils all");
}
