//! A node of the address book that sends what it likes, and whoever has a socket: nothing of it arrives, and others go on.

use std::io::Write;

use async_trait::async_trait;
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::swarm::dial_opts::DialOpts;

use super::*;

/// What the nodes of a test, in this one process, may grow by under it.
const GROWTH_BYTES_MAX: usize = 96 << 20;
/// Requests of a flood, on each protocol.
const FLOOD: usize = 1000;

/// Bytes as they are, without a length and without a form.
#[derive(Clone)]
struct Raw;

#[async_trait]
impl request_response::Codec for Raw {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, _: &mut T) -> std::io::Result<Vec<u8>>
    where
        T: futures::AsyncRead + Unpin + Send,
    {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> std::io::Result<Vec<u8>>
    where
        T: futures::AsyncRead + Unpin + Send,
    {
        let mut reply = Vec::new();
        io.take(1 << 20).read_to_end(&mut reply).await?;
        // A stream that was closed without a word is a refusal.
        if reply.is_empty() { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(reply) }
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, ask: Vec<u8>) -> std::io::Result<()>
    where
        T: futures::AsyncWrite + Unpin + Send,
    {
        io.write_all(&ask).await?;
        io.close().await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, _: &mut T, _: Vec<u8>) -> std::io::Result<()>
    where
        T: futures::AsyncWrite + Unpin + Send,
    {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

/// A node with the right transport and key, and the wrong words.
struct Hostile {
    runtime: tokio::runtime::Runtime,
    swarm: Swarm<request_response::Behaviour<Raw>>,
    other: PeerId,
    at: Multiaddr,
}

impl Hostile {
    fn new(number: u8, other: (u8, u16), protocol: StreamProtocol) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let config = request_response::Config::default().with_max_concurrent_streams(FLOOD);
        let full = [(protocol, ProtocolSupport::Outbound)];
        let swarm = runtime.block_on(async {
            let mut swarm = SwarmBuilder::with_existing_identity(keypair(number))
                .with_tokio()
                .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
                .unwrap()
                .with_behaviour(|_| request_response::Behaviour::with_codec(Raw, full, config))
                .unwrap()
                .build();
            swarm.dial(at(other.1)).unwrap();
            swarm
        });
        let (other, at) = (keypair(other.0).public().to_peer_id(), at(other.1));
        Self { runtime, swarm, other, at }
    }

    /// Sends each of these at once: how many were answered.
    fn send(&mut self, all: Vec<Vec<u8>>) -> usize {
        let (mut open, mut answered) = (all.len(), 0);
        self.runtime.block_on(async {
            // Whoever was thrown out comes again.
            while !self.swarm.is_connected(&self.other) {
                // Where it is already being called, that is as good.
                let call = DialOpts::peer_id(self.other).addresses(vec![self.at.clone()]).build();
                let _ = self.swarm.dial(call);
                let _ = self.swarm.select_next_some().await;
            }
            for bytes in all {
                self.swarm.behaviour_mut().send_request(&self.other, bytes);
            }
            while open > 0 {
                match self.swarm.select_next_some().await {
                    SwarmEvent::Behaviour(request_response::Event::Message { .. }) => {
                        (open, answered) = (open - 1, answered + 1);
                    }
                    SwarmEvent::Behaviour(request_response::Event::OutboundFailure { .. }) => open -= 1,
                    _ => {}
                }
            }
        });
        answered
    }
}

fn resident() -> usize {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap();
    told.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// A request as the codec writes it, whatever is in it.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes()[..], bytes].concat()
}

#[test]
fn net_02_a_node_of_the_book_that_sends_garbage_and_floods_holds_up_nobody() {
    let (a, b, c) = ((1, port()), (2, port()), (3, port()));
    let offered = Arc::new(Offered::default());
    let one = node(a, &[b, c], Some(offered.clone()));
    let two = node(b, &[a], None);
    let (at_one, from_one) = seat(&one, 1, &[2], &[2]);
    let (at_two, from_two) = seat(&two, 2, &[1], &[1]);
    eventually("both have proven themselves", || proven(&one, 1, 2) && proven(&two, 2, 1));
    let mut exchanged = 0;
    let mut exchange = || {
        exchanged += 20;
        for number in 0..20_u8 {
            from_one.send(&pseudonym(2).public(), vec![number; 2000]).unwrap();
            from_two.send(&pseudonym(1).public(), vec![number; 2000]).unwrap();
        }
        let all = || at_one.count() == exchanged && at_two.count() == exchanged;
        eventually("frames of others arrive meanwhile", all);
    };
    exchange();
    let before = resident();
    // Whoever has a socket and no handshake.
    let mut open = Vec::new();
    for bytes in
        [&[0; 4096][..], &[0xff; 70_000], b"GET / HTTP/1.1\r\n\r\n", b"\x13/multistream/1.0.0\n", b""]
    {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", a.1)).unwrap();
        let _ = stream.write_all(bytes);
        open.push(stream);
    }
    exchange();
    for protocol in [MEMBERS, OFFERS] {
        let mut hostile = Hostile::new(3, a, protocol.clone());
        // Cut, of no form, longer than announced, announced longer than it may be, and really so long.
        let wrong = vec![
            vec![],
            vec![0, 0],
            framed(&[9; 100]),
            [framed(&[0]), vec![0]].concat(),
            u32::MAX.to_be_bytes().to_vec(),
            framed(&vec![0; OFFER_BYTES_MAX + ASK_BYTES_MAX]),
        ];
        let answered = hostile.send(wrong);
        assert!(answered <= 1, "a byte after a whole message is not read, and nothing else was a message");
        exchange();
        let flood = |number: usize| framed(&vec![u8::try_from(number % 251).unwrap(); 60 << 10]);
        assert_eq!(hostile.send((0..FLOOD).map(flood).collect()), 0);
        exchange();
        // What has its form is answered: it was heard all the while.
        let frame =
            Ask::Frame { tag: TAG, from: pseudonym(2).public(), to: pseudonym(1).public(), frame: vec![1] };
        let right = if protocol == MEMBERS {
            parclose_types::encode(&frame)
        } else {
            parclose_types::encode(&wire::Offer { is_handed_in: true, transaction: vec![] })
        };
        assert_eq!(hostile.send(vec![framed(&right)]), 1);
    }
    let growth = resident().saturating_sub(before);
    println!("under floods the process grew by {} MiB", growth >> 20);
    assert!(growth < GROWTH_BYTES_MAX, "{} MiB", growth >> 20);
    exchange();
    assert_eq!(one.traffic().unproven, 1, "the frame of a line that it has not proven");
    assert_eq!(offered.0.lock().unwrap().len(), 1, "and one offer in form");
    drop(open);
}
