//! A peer that every node lets in, and that lies on each of the engine's protocols: live engines take nothing of it
//! over, keep little of it, and go on.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use bytesize::ByteSize;
use malachite_app::NetworkIdentity;
use malachite_app::app::consensus::LivenessMsg;
use malachite_app::app::engine::network::{NetworkEvent, NetworkMsg, NetworkRef, Status, Subscriber};
use malachite_app::app::engine::util::output_port::{OutputPort, OutputPortSubscriberTrait};
use malachite_app::app::engine::util::streaming::StreamContent;
use malachite_app::app::metrics::SharedRegistry;
use malachite_app::app::spawn::spawn_network_actor;
use malachite_app::app::types::codec::{Codec, HasEncodedLen};
use malachite_app::app::types::streaming::{StreamId, StreamMessage};
use malachite_app::app::types::sync::{RawDecidedValue, Request, Response};
use malachite_app::app::types::{PeerId, SignedConsensusMsg};
use malachite_core::{NilOrVal, PolkaCertificate, PolkaSignature, Round, SignedMessage};
use malachite_sync::{ValueRequest, ValueResponse};
use parclose_root::{Block, CommitCertificate, RootState};
use parclose_types::{Malformed, ValueHash, encode};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::super::start::{NOBODY, Parts, configured};
use super::*;
use crate::engine::{Address, EngineCodec, EngineHeight, Part, RootContext, Step, Verifier, Vote};

/// What all five nodes of a test, in this one process, may grow by under a flood. The network keeps what was published for
/// some seconds, to hand it on: a flood is kept as long, in each node, and the next one takes its place.
const GROWTH_BYTES_MAX: usize = 256 << 20;
/// What is left of a flood when it is forgotten may vary by so much.
const LEFT_BYTES_MAX: usize = 48 << 20;
/// Floods, and the messages of each on each protocol.
const FLOODS: (u64, u64) = (3, 60);
/// Heights after which nothing of a flood is kept any more: idle ones come no faster than every 400 ms.
const FORGOTTEN_AFTER: u64 = 15;

/// The engine's codec, but for what is to go out in place of the next message; it notes the longest that came in.
#[derive(Clone, Default)]
struct Forged(Arc<Mutex<Option<Bytes>>>, Arc<AtomicUsize>);

impl<T> Codec<T> for Forged
where
    EngineCodec: Codec<T, Error = Malformed>,
{
    type Error = Malformed;

    fn decode(&self, bytes: Bytes) -> Result<T, Malformed> {
        self.1.fetch_max(bytes.len(), Ordering::SeqCst);
        EngineCodec.decode(bytes)
    }

    fn encode(&self, message: &T) -> Result<Bytes, Malformed> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(forged) => Ok(forged),
            None => EngineCodec.encode(message),
        }
    }
}

impl HasEncodedLen<Response<RootContext>> for Forged {
    fn encoded_len(&self, response: &Response<RootContext>) -> Result<usize, Malformed> {
        EngineCodec.encoded_len(response)
    }
}

type Answer = Arc<dyn Fn(u64) -> Vec<RawDecidedValue<RootContext>> + Send + Sync>;

/// Answers whoever asks it for blocks, and notes who is there.
struct Serving {
    network: NetworkRef<RootContext>,
    answer: Answer,
    met: Arc<Mutex<BTreeSet<PeerId>>>,
    asked: Arc<AtomicUsize>,
}

impl OutputPortSubscriberTrait<NetworkEvent<RootContext>> for Serving {
    fn subscribe_to_port(&self, port: &OutputPort<NetworkEvent<RootContext>>) {
        let (answer, met, asked) = (self.answer.clone(), self.met.clone(), self.asked.clone());
        port.subscribe(self.network.clone(), move |event| match event {
            NetworkEvent::PeerSubscribed(peer, _) => {
                met.lock().unwrap().insert(peer);
                None
            }
            NetworkEvent::SyncRequest(id, _, Request::ValueRequest(request)) => {
                asked.fetch_add(1, Ordering::SeqCst);
                let from = *request.range.start();
                let response = ValueResponse::new(from, answer(from.0));
                Some(NetworkMsg::OutgoingResponse(id, Response::ValueResponse(response)))
            }
            _ => None,
        });
    }
}

impl Subscriber<NetworkEvent<RootContext>> for Serving {
    fn send(&self, event: NetworkEvent<RootContext>) {
        if let NetworkEvent::PeerSubscribed(peer, _) = event {
            self.met.lock().unwrap().insert(peer);
        }
    }
}

/// A node with the transport of an engine, a place in everybody's list of peers, and no engine.
struct Hostile {
    network: NetworkRef<RootContext>,
    forged: Forged,
    met: Arc<Mutex<BTreeSet<PeerId>>>,
    asked: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Hostile {
    /// Takes a node's place in a cluster, among those that run.
    fn in_place_of(cluster: &Cluster, node: usize, answer: Answer) -> Self {
        let runtime = super::super::start::runtime().unwrap();
        let options = cluster.options(node, true);
        let address = |text: &String| text.parse().unwrap();
        let parts = Parts {
            moniker: options.moniker,
            keypair: options.node_key,
            listen: address(&options.listen),
            peers: cluster.running.keys().map(|of| address(&peer_address(*of, cluster.ports[*of]))).collect(),
            wal: PathBuf::new(),
            verifier: Verifier::of(cluster.genesis.network()),
            address: NOBODY,
        };
        let forged = Forged::default();
        let mut configured = configured(&parts);
        configured.consensus.p2p.pubsub_max_size = ByteSize::mib(4);
        let identity = NetworkIdentity::new(parts.moniker, parts.keypair, None);
        let registry = SharedRegistry::new(Default::default(), None);
        let spawned = spawn_network_actor::<RootContext, _>(
            &configured.consensus,
            &configured.value_sync,
            identity,
            &registry,
            forged.clone(),
        );
        let network = runtime.block_on(spawned).unwrap();
        let (met, asked) = (Arc::<Mutex<BTreeSet<PeerId>>>::default(), Arc::<AtomicUsize>::default());
        let serving = Serving { network: network.clone(), answer, met: met.clone(), asked: asked.clone() };
        network.cast(NetworkMsg::Subscribe(Box::new(serving))).unwrap();
        let hostile = Self { network, forged, met, asked, _runtime: runtime };
        eventually("everybody has let it in", || hostile.met.lock().unwrap().len() >= cluster.running.len());
        hostile
    }

    fn cast(&self, message: NetworkMsg<RootContext>) {
        self.network.cast(message).unwrap();
    }

    /// Sends bytes in a message's place.
    fn forge(&self, message: NetworkMsg<RootContext>, bytes: Bytes) {
        *self.forged.0.lock().unwrap() = Some(bytes);
        self.cast(message);
        eventually("it has gone out", || self.forged.0.lock().unwrap().is_none());
    }

    /// The same bytes on every protocol.
    fn forge_all(&self, bytes: &Bytes, peers: &[PeerId]) {
        self.forge(NetworkMsg::PublishConsensusMsg(SignedConsensusMsg::Vote(vote(1, 1))), bytes.clone());
        self.forge(NetworkMsg::PublishLivenessMsg(LivenessMsg::Vote(vote(1, 1))), bytes.clone());
        self.forge(NetworkMsg::PublishProposalPart(message(b"s", 0, None)), bytes.clone());
        let status = Status::new(EngineHeight(1), EngineHeight(1));
        self.forge(NetworkMsg::BroadcastStatus(status), bytes.clone());
        for peer in peers {
            let (told, _wait) = oneshot::channel();
            let request = Request::ValueRequest(ValueRequest::new(EngineHeight(1)..=EngineHeight(9)));
            self.forge(NetworkMsg::OutgoingRequest(*peer, request, told.into()), bytes.clone());
        }
    }
}

/// A vote of somebody who has none.
fn vote(height: u64, number: u8) -> SignedMessage<RootContext, Vote> {
    vote_of(height, key(number).public(), |bytes| key(number).sign(bytes), NetworkId([0; 32]))
}

fn vote_of(
    height: u64,
    validator: parclose_types::PublicKey,
    sign: impl Fn(&[u8]) -> parclose_types::SignatureBytes,
    network: NetworkId,
) -> SignedMessage<RootContext, Vote> {
    let value = NilOrVal::Val(ValueHash([9; 32]));
    let (height, address) = (EngineHeight(height), Address(validator));
    let vote = Vote { step: Step::Precommit, height, round: Round::new(0), value, address };
    let signature = sign(&vote.signing_bytes(&network));
    SignedMessage::new(vote, signature)
}

fn message(stream: &'static [u8], sequence: u64, part: Option<Part>) -> StreamMessage<Part> {
    let content = part.map_or(StreamContent::Fin, StreamContent::Data);
    StreamMessage::new(StreamId::new(Bytes::from_static(stream)), sequence, content)
}

/// So many bytes, unlike those of any other number.
fn numbered(number: u64, length: usize) -> Bytes {
    let mut bytes = vec![0xee; length];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes.into()
}

/// Bytes that this process has in memory.
fn resident() -> usize {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap();
    told.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn grown(before: usize) -> usize {
    resident().saturating_sub(before)
}

fn nothing() -> Answer {
    Arc::new(|_| Vec::new())
}

/// Heights are decided meanwhile: so many more at every node.
fn goes_on(cluster: &Cluster, heights: u64) {
    let least = cluster.heads().into_iter().max().unwrap();
    cluster.reach(Height(least.0 + heights));
}

/// Nobody stopped, nobody is accused, nobody has another chain.
fn is_untouched(cluster: &Cluster) {
    for node in cluster.running.values() {
        assert_eq!(node.status().stopped, None);
        assert_eq!(node.offences().unwrap(), 0, "nobody is accused by a stranger's word");
    }
    cluster.agree();
}

#[test]
fn con_25_garbage_oversize_and_floods_on_every_protocol_hold_up_nobody() {
    let mut cluster = Cluster::new(4, 1);
    for node in 0..4 {
        cluster.start(node, true);
    }
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    // Before any handshake.
    let mut open = Vec::new();
    for port in &cluster.ports[..4] {
        for bytes in [&[0; 4096][..], &[0xff; 70_000], b"GET / HTTP/1.1\r\n\r\n", b""] {
            let mut stream = TcpStream::connect(("127.0.0.1", *port)).unwrap();
            let _ = stream.write_all(bytes);
            open.push(stream);
        }
    }
    goes_on(&cluster, 2);
    let hostile = Hostile::in_place_of(&cluster, 4, nothing());
    let peers: Vec<PeerId> = hostile.met.lock().unwrap().iter().copied().collect();
    let before = resident();
    let genuine = EngineCodec.encode(&SignedConsensusMsg::Vote(vote(1, 1))).unwrap();
    let cut = genuine.slice(..genuine.len() - 1);
    let longer = Bytes::from([&genuine[..], &[0]].concat());
    for bytes in [Bytes::new(), vec![0; 1].into(), vec![0xff; 1000].into(), cut, longer] {
        hostile.forge_all(&bytes, &peers);
    }
    goes_on(&cluster, 2);
    let mut left = Vec::new();
    for flood in 0..FLOODS.0 {
        let head = cluster.node(0).head().0;
        for number in 0..FLOODS.1 {
            hostile.forge_all(&numbered(flood * FLOODS.1 + number, 60 << 10), &[]);
            // In form, of heights to come: they are kept until those come, and no more than a bounded number.
            let early = vote(head + 50 + number, 1);
            hostile.cast(NetworkMsg::PublishConsensusMsg(SignedConsensusMsg::Vote(early)));
            let part = Part::Data(vec![0xdd; 100 << 10].into());
            hostile.cast(NetworkMsg::PublishProposalPart(message(b"long", number, Some(part))));
        }
        cluster.order(1, channel.anchor(u8::try_from(flood).unwrap() + 1, 0, 900));
        assert!(grown(before) < GROWTH_BYTES_MAX, "{} MiB", grown(before) >> 20);
        goes_on(&cluster, FORGOTTEN_AFTER);
        left.push(grown(before));
    }
    assert!(left[2] < left[0] + LEFT_BYTES_MAX, "floods are forgotten: {left:?}");
    hostile.forge_all(&numbered(0, 3 << 20), &[]);
    goes_on(&cluster, 3);
    println!("{left:?} bytes were left of floods");
    is_untouched(&cluster);
    drop(open);
}

#[test]
fn con_26_what_is_longer_than_a_message_may_be_is_not_passed_on() {
    let mut cluster = Cluster::new(1, 2);
    cluster.start(0, true);
    // Both know the validator only, and would read longer messages; what one hears of the other has gone through it.
    let hostile = Hostile::in_place_of(&cluster, 1, nothing());
    let listener = Hostile::in_place_of(&cluster, 2, nothing());
    let publish = |number, length| {
        let part = message(b"s", number, None);
        hostile.forge(NetworkMsg::PublishProposalPart(part), numbered(number, length));
    };
    let longest = || listener.forged.1.load(Ordering::SeqCst);
    let (mut number, long) = (0, 200 << 10);
    eventually("what may be so long is passed on", || {
        number += 1;
        publish(number, long);
        longest() >= long
    });
    publish(0, 300 << 10);
    publish(0, 3 << 20);
    goes_on(&cluster, FORGOTTEN_AFTER);
    assert_eq!(longest(), long, "and nothing longer");
    is_untouched(&cluster);
}

#[test]
fn con_25_votes_and_certificates_of_others_or_padded_ones_count_for_nothing() {
    let mut cluster = Cluster::new(4, 1);
    for node in 0..4 {
        cluster.start(node, true);
    }
    let hostile = Hostile::in_place_of(&cluster, 4, nothing());
    let network = cluster.genesis.network();
    let other = genesis_of(&[(200, 1), (201, 1), (202, 1), (203, 1)], 8).network();
    let validator = |number: u8| key(200 + number).public();
    for round in 0..5 {
        let head = cluster.heads().into_iter().max().unwrap().0;
        for height in head..head + 4 {
            for number in 0..4 {
                // By the validators themselves, for a network with another genesis; and by a stranger in their name.
                let foreign = vote_of(height, validator(number), |b| key(200 + number).sign(b), other);
                let borrowed = vote_of(height, validator(number), |b| key(9).sign(b), network);
                for vote in [foreign, borrowed, self::vote(height, 9)] {
                    hostile.cast(NetworkMsg::PublishConsensusMsg(SignedConsensusMsg::Vote(vote.clone())));
                    hostile.cast(NetworkMsg::PublishLivenessMsg(LivenessMsg::Vote(vote)));
                }
            }
            for signers in [&[0, 0, 0, 0][..], &[0, 1, 2, 3, 0, 1, 2, 3], &[0]] {
                let polka = polka_of(height, signers, other);
                hostile.cast(NetworkMsg::PublishLivenessMsg(LivenessMsg::PolkaCertificate(polka)));
            }
        }
        goes_on(&cluster, 1 + round % 2);
    }
    is_untouched(&cluster);
}

/// A certificate over the first votes of these validators, signed for another network.
fn polka_of(height: u64, signers: &[u8], network: NetworkId) -> PolkaCertificate<RootContext> {
    let signature = |number: &u8| {
        let signer = key(200 + number);
        let address = Address(signer.public());
        let value = NilOrVal::Val(ValueHash([9; 32]));
        let (height, round) = (EngineHeight(height), Round::new(0));
        let vote = Vote { step: Step::Prevote, height, round, value, address };
        PolkaSignature::new(address, signer.sign(&vote.signing_bytes(&network)))
    };
    PolkaCertificate {
        height: EngineHeight(height),
        round: Round::new(0),
        value_id: ValueHash([9; 32]),
        polka_signatures: signers.iter().map(signature).collect(),
    }
}

/// How an answer lies about the block of a height.
#[derive(Clone, Copy, Debug)]
enum Lie {
    /// another network's, with its validators' signatures
    OtherChain,
    /// an earlier block of this chain
    Stale,
    /// the block, with one signer as often as it takes
    Padded,
    /// the block, with strangers among the signers
    Strangers,
    /// the block, with too few
    TooFew,
    /// bytes that are no block
    NoBlock,
    /// nothing at all
    Empty,
}

const LIES: [Lie; 7] =
    [Lie::OtherChain, Lie::Stale, Lie::Padded, Lie::Strangers, Lie::TooFew, Lie::NoBlock, Lie::Empty];

/// The block of a height as another network has it: by the same validators, by another genesis.
fn other_chain(height: u64) -> (Block, CommitCertificate) {
    let genesis = genesis_of(&[(200, 1), (201, 1), (202, 1), (203, 1)], 8);
    let (network, mut state) = (genesis.network(), RootState::new(genesis));
    loop {
        let (prepared, _) = state.prepare([]);
        let block = prepared.block().clone();
        let (at, value) = (block.header.height, block.header.hash());
        if at.0 >= height {
            let signature = |number: u8| {
                let signer = key(200 + number);
                let signed = parclose_root::precommit_bytes(&network, at, 0, &value, &signer.public());
                (signer.public(), signer.sign(&signed))
            };
            let mut signatures: Vec<_> = (0..4).map(signature).collect();
            signatures.sort_unstable_by_key(|(signer, _)| *signer);
            return (block, CommitCertificate { height: at, round: 0, value, signatures });
        }
        state.commit(prepared).unwrap();
    }
}

fn tell(ledger: &Ledger, lie: Lie, height: u64) -> Vec<RawDecidedValue<RootContext>> {
    let known = ledger.head().0.max(1);
    let told = match lie {
        Lie::Empty => return Vec::new(),
        Lie::OtherChain => Some(other_chain(height)),
        Lie::Stale => ledger.block(Height(1)).unwrap(),
        _ => ledger.block(Height(height.min(known))).unwrap(),
    };
    let Some((block, mut certificate)) = told else { return Vec::new() };
    let first = certificate.signatures[0];
    match lie {
        Lie::Padded => certificate.signatures = vec![first; 4],
        Lie::Strangers => {
            certificate.signatures = vec![first];
            certificate.signatures.extend((1..=8).map(|number| (key(number).public(), first.1)));
        }
        Lie::TooFew => certificate.signatures = vec![first],
        _ => {}
    }
    // It says that it is of the height that was asked for.
    certificate.height = Height(height);
    let bytes = if matches!(lie, Lie::NoBlock) { vec![0xaa; 5000] } else { encode(&block) };
    vec![RawDecidedValue::new(bytes.into(), crate::engine::to_engine(&certificate))]
}

#[test]
fn con_25_who_is_behind_takes_over_no_block_that_its_validators_have_not_decided() {
    let mut cluster = Cluster::new(4, 1);
    for node in 0..4 {
        cluster.start(node, true);
    }
    let channel = cluster.channel(0);
    cluster.order(0, channel.open());
    let (ledger, turn) = (cluster.node(0).shared.ledger.clone(), AtomicUsize::new(0));
    let answer: Answer = Arc::new(move |height| {
        let lie = LIES[turn.fetch_add(1, Ordering::SeqCst) % LIES.len()];
        tell(&ledger, lie, height)
    });
    // It claims to be far ahead, so whoever is level asks it too.
    let hostile = Hostile::in_place_of(&cluster, 4, answer);
    let boast = || {
        let head = cluster.heads().into_iter().max().unwrap_or(Height(1));
        let status = Status::new(EngineHeight(head.0 + 1000), EngineHeight(1));
        hostile.cast(NetworkMsg::BroadcastStatus(status));
        hostile.asked.load(Ordering::SeqCst)
    };
    eventually("it is asked for every lie, twice", || boast() >= 2 * LIES.len());
    goes_on(&cluster, 2);
    cluster.stop(3);
    cluster.order(0, channel.anchor(1, 0, 900));
    goes_on(&cluster, 3);
    let head = cluster.node(0).head();
    cluster.start(3, false);
    let asked = hostile.asked.load(Ordering::SeqCst);
    let caught_up = || {
        let far = Status::new(EngineHeight(head.0 + 1000), EngineHeight(1));
        hostile.cast(NetworkMsg::BroadcastStatus(far));
        cluster.node(3).head() > head && hostile.asked.load(Ordering::SeqCst) > asked
    };
    eventually("who was away has caught up, with a liar among its peers", caught_up);
    is_untouched(&cluster);
}
