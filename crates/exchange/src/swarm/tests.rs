//! Real sockets on loopback: frames, proofs, strangers, partitions, offers.

#![allow(clippy::disallowed_methods, reason = "tests wait for engines and sockets, up to a bound")]

use std::time::Instant;

use parclose_keys::PseudonymKey;
use parclose_keys::member::hazmat::member_from_bytes;
use parclose_types::{ChannelId, Failure, Generation, SignatureBytes};

use self::ports::free_ports;
use super::wire::{Ask, Proof, Reply};
use super::*;

mod hostile;
#[path = "../../../../tests/tests/support/ports.rs"]
mod ports;

const NETWORK: NetworkId = NetworkId([1; 32]);
const TAG: Tag = Tag([7; 32]);
const CHANNEL: ChannelId = ChannelId([8; 32]);

fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn keypair(number: u8) -> Keypair {
    Keypair::ed25519_from_bytes([number; 32]).unwrap()
}

fn pseudonym(number: u8) -> PseudonymKey {
    member_from_bytes([number; 32]).pseudonym(&CHANNEL, Generation(0))
}

fn name(number: u8) -> String {
    format!("node-{number}")
}

#[derive(Default)]
struct Kept(Mutex<Vec<(PublicKey, Vec<u8>)>>);

impl Inbox for Kept {
    fn deliver(&self, from: PublicKey, frame: Vec<u8>) -> bool {
        let has_room = !frame.starts_with(b"no room");
        if has_room {
            self.0.lock().unwrap().push((from, frame));
        }
        has_room
    }
}

impl Kept {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[derive(Default)]
struct Offered(Mutex<Vec<(String, Vec<u8>, bool)>>);

impl RootInbox for Offered {
    fn offered(&self, from: &str, transaction: &[u8], is_handed_in: bool) -> OfferReply {
        self.0.lock().unwrap().push((from.into(), transaction.to_vec(), is_handed_in));
        if transaction.is_empty() { OfferReply::Refused("WIR-02".into()) } else { OfferReply::Taken }
    }
}

fn port() -> u16 {
    free_ports(1).start
}

fn at(port: u16) -> Multiaddr {
    format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap()
}

/// A node that knows the others, which may listen or not.
fn node(own: (u8, u16), others: &[(u8, u16)], root: Option<Arc<dyn RootInbox>>) -> SwarmNetwork {
    let contact = |(number, port): &(u8, u16)| {
        let peer = keypair(*number).public().to_peer_id();
        (name(*number), Contact { peer, addresses: vec![at(*port)] })
    };
    SwarmNetwork::start(SwarmOptions {
        network: NETWORK,
        keypair: keypair(own.0),
        listen: at(own.1),
        book: others.iter().map(contact).collect(),
        root,
    })
    .unwrap()
}

/// A seat of a node's in the channel, with everybody who may speak to it.
fn seat(network: &SwarmNetwork, number: u8, peers: &[u8], hosts: &[u8]) -> (Arc<Kept>, Arc<dyn Transport>) {
    let kept = Arc::new(Kept::default());
    let credentials = Credentials {
        tag: TAG,
        key: Arc::new(pseudonym(number)),
        peers: peers.iter().map(|number| pseudonym(*number).public()).collect(),
        hosts: hosts.iter().map(|number| name(*number)).collect(),
    };
    let transport = network.connect(credentials, kept.clone());
    (kept, transport)
}

fn proven(network: &SwarmNetwork, from: u8, to: u8) -> bool {
    network.is_proven(&TAG, &pseudonym(from).public(), &pseudonym(to).public())
}

#[test]
fn net_06_frames_arrive_in_order_under_proven_pseudonyms_both_ways() {
    let (a, b) = ((1, port()), (2, port()));
    let (one, two) = (node(a, &[b], None), node(b, &[a], None));
    let (at_one, from_one) = seat(&one, 1, &[2], &[2]);
    let (at_two, from_two) = seat(&two, 2, &[1], &[1]);
    assert!(from_one.send(&pseudonym(3).public(), vec![1]).is_err(), "nobody has proven that one");
    eventually("both have proven themselves", || proven(&one, 1, 2) && proven(&two, 2, 1));
    for number in 0..100_u8 {
        from_one.send(&pseudonym(2).public(), vec![number; 2000]).unwrap();
        from_two.send(&pseudonym(1).public(), vec![number; 2000]).unwrap();
    }
    eventually("all frames arrive", || at_one.count() == 100 && at_two.count() == 100);
    for (kept, from) in [(&at_one, 2), (&at_two, 1)] {
        let frames = kept.0.lock().unwrap();
        assert!(frames.iter().zip(0..).all(|((by, frame), number)| {
            *by == pseudonym(from).public() && frame == &vec![number; 2000]
        }));
    }
    eventually("all are answered", || one.traffic().frames_out == 100);
    // Who has no room says so: the frame counts as lost, and the way is proven anew.
    from_one.send(&pseudonym(2).public(), b"no room".to_vec()).unwrap();
    eventually("it is told", || one.traffic().dropped > 0);
    eventually("and goes on", || proven(&one, 1, 2));
    let dropped = one.traffic().dropped;
    // Who leaves is not heard any more, though the connection stands.
    let (_, _) = seat(&two, 2, &[], &[]);
    eventually("two has forgotten one", || !proven(&two, 2, 1));
    let before = at_two.count();
    eventually("one's frames are refused", || {
        let _ = from_one.send(&pseudonym(2).public(), vec![9]);
        one.traffic().dropped > dropped
    });
    assert_eq!(at_two.count(), before);
}

#[test]
fn net_07_a_node_that_is_not_in_the_address_book_gets_nothing() {
    let (a, b, stranger) = ((1, port()), (2, port()), (9, port()));
    let one = node(a, &[b], None);
    let (kept, _) = seat(&one, 1, &[2, 9], &[2, 9]);
    let outside = node(stranger, &[a], None);
    let (_, from_outside) = seat(&outside, 9, &[1], &[1]);
    eventually("it is noticed", || one.traffic().strangers > 0);
    assert!(from_outside.send(&pseudonym(1).public(), vec![1]).is_err());
    assert!(!proven(&outside, 9, 1));
    // The same key in the book gets through: it was the book.
    let two = node(b, &[a], None);
    let (_, from_two) = seat(&two, 2, &[1], &[1]);
    eventually("a node of the book is heard", || proven(&two, 2, 1));
    from_two.send(&pseudonym(1).public(), vec![1]).unwrap();
    eventually("its frame arrives", || kept.count() == 1);
}

/// A node that asks whatever it likes, and the replies.
struct Prober {
    runtime: tokio::runtime::Runtime,
    swarm: Swarm<Behaviour>,
    own: PeerId,
    asked: PeerId,
}

impl Prober {
    fn new(number: u8, other: (u8, u16)) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asked = keypair(other.0).public().to_peer_id();
        let swarm = runtime.block_on(async {
            let mut swarm = swarm(keypair(number)).unwrap();
            swarm.dial(at(other.1)).unwrap();
            swarm
        });
        Self { runtime, swarm, own: keypair(number).public().to_peer_id(), asked }
    }

    fn ask(&mut self, ask: Ask) -> Reply {
        self.runtime.block_on(async {
            loop {
                if self.swarm.is_connected(&self.asked) {
                    break;
                }
                let _ = futures::StreamExt::select_next_some(&mut self.swarm).await;
            }
            self.swarm.behaviour_mut().members.send_request(&self.asked, ask);
            loop {
                let event = futures::StreamExt::select_next_some(&mut self.swarm).await;
                if let SwarmEvent::Behaviour(task::BehaviourEvent::Members(event)) = event {
                    match event {
                        request_response::Event::Message {
                            message: request_response::Message::Response { response, .. },
                            ..
                        } => return response,
                        request_response::Event::OutboundFailure { error, .. } => panic!("{error}"),
                        _ => {}
                    }
                }
            }
        })
    }

    fn nonce(&mut self) -> [u8; 32] {
        match self.ask(Ask::Nonce) {
            Reply::Nonce(given) => given,
            other => panic!("{other:?}"),
        }
    }

    /// A proof as a pseudonym for a tag, with whatever is changed in it.
    fn proof(&mut self, number: u8, tag: Tag, change: impl FnOnce(&mut Proof)) -> Proof {
        let given = self.nonce();
        let key = pseudonym(number);
        let meeting = proof::Meeting {
            network: &NETWORK,
            caller: &self.own,
            called: &self.asked,
            tag: &tag,
            given: &given,
            own: &[5; 32],
            from: &key.public(),
        };
        let mut proof = meeting.prove(&key);
        change(&mut proof);
        proof
    }
}

#[test]
fn net_08_a_prober_cannot_tell_a_channel_that_is_here_from_one_that_is_not() {
    let (a, b) = ((1, port()), (2, port()));
    let one = node(a, &[b], None);
    let (kept, _) = seat(&one, 1, &[3], &[]);
    let mut prober = Prober::new(2, a);
    let absent = Tag([9; 32]);
    for (number, tag) in [(2, TAG), (2, absent), (3, absent)] {
        let proof = prober.proof(number, tag, |_| {});
        assert_eq!(prober.ask(Ask::Prove(proof)), Reply::Unknown, "{number} {tag:?}");
    }
    let (from, to) = (pseudonym(3).public(), pseudonym(1).public());
    let frame = Ask::Frame { tag: TAG, from, to, frame: vec![1] };
    assert_eq!(prober.ask(frame.clone()), Reply::Unknown, "not proven");
    let proof = prober.proof(3, TAG, |_| {});
    assert!(matches!(prober.ask(Ask::Prove(proof.clone())), Reply::Proven(_)), "a member is answered");
    assert_eq!(prober.ask(Ask::Prove(proof)), Reply::Unknown, "once");
    assert_eq!(prober.ask(frame), Reply::Taken);
    assert_eq!(kept.count(), 1);
    let elsewhere = Ask::Frame { tag: TAG, from: pseudonym(2).public(), to, frame: vec![1] };
    assert_eq!(prober.ask(elsewhere), Reply::Unknown, "under the proven pseudonym only");
    assert!(one.traffic().unproven >= 5);
}

#[test]
fn net_01_a_bent_or_borrowed_proof_is_refused() {
    let (a, b) = ((1, port()), (2, port()));
    let one = node(a, &[b], None);
    let (_, _) = seat(&one, 1, &[3], &[]);
    let mut prober = Prober::new(2, a);
    let mut refused = |what: &str, change: &dyn Fn(&mut Proof)| {
        let proof = prober.proof(3, TAG, |proof| change(proof));
        assert_eq!(prober.ask(Ask::Prove(proof)), Reply::Unknown, "{what}");
    };
    refused("another number than was given", &|proof| proof.given = [0; 32]);
    refused("another own number", &|proof| proof.own = [0; 32]);
    refused("another pseudonym", &|proof| proof.from = pseudonym(4).public());
    refused("another tag", &|proof| proof.tag = Tag([0; 32]));
    refused("another signature", &|proof| proof.signature = SignatureBytes([0; 64]));
    let good = prober.proof(3, TAG, |_| {});
    assert!(matches!(prober.ask(Ask::Prove(good)), Reply::Proven(_)), "unbent it is taken");
}

#[test]
fn a_partition_and_a_restart_heal() {
    let (a, b) = ((1, port()), (2, port()));
    let (one, mut two) = (node(a, &[b], None), node(b, &[a], None));
    let (_, from_one) = seat(&one, 1, &[2], &[2]);
    let (_, _) = seat(&two, 2, &[1], &[1]);
    eventually("they meet", || proven(&one, 1, 2) && proven(&two, 2, 1));
    one.block(&name(2), true);
    eventually("they are parted", || !proven(&one, 1, 2) && !proven(&two, 2, 1));
    assert!(from_one.send(&pseudonym(2).public(), vec![1]).is_err());
    one.block(&name(2), false);
    eventually("they meet again", || proven(&one, 1, 2) && proven(&two, 2, 1));
    two.stop();
    eventually("one notices", || !proven(&one, 1, 2));
    two = node(b, &[a], None);
    let (kept, _) = seat(&two, 2, &[1], &[1]);
    eventually("they meet after a restart", || proven(&one, 1, 2));
    eventually("and frames go", || {
        let _ = from_one.send(&pseudonym(2).public(), vec![2]);
        kept.count() > 0
    });
}

#[test]
fn net_03_what_waits_for_a_node_is_bounded_and_its_sender_is_told() {
    let (a, b) = ((1, port()), (2, port()));
    let (one, two) = (node(a, &[b], None), node(b, &[a], None));
    let (_, from_one) = seat(&one, 1, &[2], &[2]);
    let (_, _) = seat(&two, 2, &[1], &[1]);
    eventually("they meet", || proven(&one, 1, 2));
    let line = (TAG, pseudonym(1).public(), pseudonym(2).public());
    let peer = one.shared.reserve(&line, shared::QUEUED_BYTES_MAX).unwrap();
    assert!(from_one.send(&line.2, vec![1]).is_err(), "it is full");
    one.shared.release(&peer, shared::QUEUED_BYTES_MAX);
    assert!(from_one.send(&line.2, vec![1]).is_ok());
}

#[test]
fn a_root_transaction_is_offered_and_answered_under_the_nodes_name() {
    let (a, b) = ((1, port()), (2, port()));
    let offered = Arc::new(Offered::default());
    let one = node(a, &[b], None);
    let two = node(b, &[a], Some(offered.clone()));
    let ask = |to: &str, transaction: Vec<u8>| {
        let (told, wait) = mpsc::channel();
        one.offer(to, transaction, true, Box::new(move |reply| drop(told.send(reply))));
        wait.recv().unwrap()
    };
    eventually("they meet", || one.connected() == [name(2)] && two.connected() == [name(1)]);
    assert_eq!(ask(&name(2), vec![1, 2]), Some(OfferReply::Taken));
    assert_eq!(ask(&name(2), vec![]), Some(OfferReply::Refused("WIR-02".into())));
    assert_eq!(ask("nobody", vec![1]), None);
    let seen = offered.0.lock().unwrap().clone();
    assert_eq!(seen, [(name(1), vec![1, 2], true), (name(1), vec![], true)]);
    two.stop();
    assert_eq!(ask(&name(2), vec![3]), None, "nobody answers");
}

#[test]
fn net_09_a_node_that_cannot_listen_does_not_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = SwarmNetwork::start(SwarmOptions {
        network: NETWORK,
        keypair: keypair(1),
        listen: at(taken.local_addr().unwrap().port()),
        book: BTreeMap::new(),
        root: None,
    });
    assert_eq!(refused.unwrap_err().rule(), "NET-09");
}

#[test]
fn net_10_more_than_a_nodes_share_takes_its_time_and_none_of_it_is_lost() {
    let (a, b) = ((1, port()), (2, port()));
    let (first, second) = (node(a, &[b], None), node(b, &[a], None));
    let (_, transport) = seat(&first, 1, &[2], &[2]);
    let (kept, _second_seat) = seat(&second, 2, &[1], &[1]);
    eventually("they meet", || proven(&first, 1, 2));
    let to = pseudonym(2).public();
    let mebibyte = vec![7; parclose_types::limits::FRAME_BYTES_MAX];
    let many = 48;
    for number in 0..many {
        // No more than so much waits for one node (NET-03).
        eventually("it finds room", || transport.send(&to, mebibyte.clone()).is_ok());
        assert!(first.is_proven(&TAG, &pseudonym(1).public(), &to), "the way holds: frame {number}");
    }
    eventually("all of it arrives", || kept.count() == many);
    // A frame is delivered before its answer is on its way back, and counts with its answer.
    eventually("all of it is answered", || first.traffic().frames_out == many as u64);
    assert_eq!(second.traffic().throttled, 0);
}
