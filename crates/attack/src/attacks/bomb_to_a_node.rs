//! A hostile node speaks the transport rightly and the protocol as it likes.

use async_trait::async_trait;
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::SwarmEvent;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, noise, tcp, yamux};

use super::sockets::{Node, NodeKey, eventually};
use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "bomb-to-a-node",
    tries: "as a node of the address book: announces four gigabytes, sends forms that nest and count without end, and bytes without a form, while others send frames",
    notices: &[by("NET-02", "NOT_ANSWERED")],
    rooms: &[TRADE],
    act,
};

const MEMBERS: StreamProtocol = StreamProtocol::new("/parclose/channel/1");

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let keys = [1, 2, 3].map(NodeKey::of);
    let [own, friend, hostile] = &keys;
    let called = Node::start(own, &[(friend, None), (hostile, None)])?;
    let calling = Node::start(friend, &[(own, Some(called.listens()))])?;
    let (ann, bob) = (stage.side(TRADE, ANN), stage.side(TRADE, BOB));
    let (kept, _way) = called.seat(ann, &[bob], &[friend]);
    let (_, way) = calling.seat(bob, &[ann], &[own]);
    let to = ann.pseudonym().public();
    eventually("a frame arrives before", || way.send(&to, vec![7]).is_ok() && kept.count() > 0)?;
    let mut answers = Vec::new();
    for (what, bytes) in sent(hand) {
        let mut speaker = Speaker::call(hostile, own.peer(), called.listens())?;
        let is_answered = speaker.say(bytes)?;
        let notice = (by("NET-02", "NOT_ANSWERED"), !is_answered);
        let detail = "it is refused by its announced length or its form, and not answered";
        answers.push(Answer::seen(what, "ann's node", notice, detail));
    }
    let before = kept.count();
    eventually("a frame arrives after", || way.send(&to, vec![8]).is_ok() && kept.count() > before)?;
    Ok(answers)
}

/// Requests as they go over the wire: a length of four bytes, and what is announced, or something else.
fn sent(hand: Hand) -> Vec<(&'static str, Vec<u8>)> {
    // A request for a number, which says nothing about a room.
    if !hand.is_adverse() {
        return vec![("a request for a number", vec![0, 0, 0, 1, 0])];
    }
    let framed =
        |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()[..], bytes].concat();
    // A frame whose content counts four gigabytes, of which there are none.
    let counted = [&[2][..], &[7; 96], &u32::MAX.to_le_bytes()].concat();
    vec![
        ("a length of four gigabytes", [&u32::MAX.to_be_bytes()[..], &[0; 512]].concat()),
        ("a frame that counts four gigabytes", framed(&counted)),
        ("a mebibyte of ones", framed(&vec![0xff; 1 << 20])),
        ("less than was announced", [&[0, 0, 1, 0][..], &[0; 64]].concat()),
        ("no form at all", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
    ]
}

/// Bytes as they are.
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
        io.take(1 << 16).read_to_end(&mut reply).await?;
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

/// A connection of the hostile node.
struct Speaker {
    runtime: tokio::runtime::Runtime,
    swarm: Swarm<request_response::Behaviour<Raw>>,
    called: PeerId,
}

impl Speaker {
    fn call(own: &NodeKey, called: PeerId, at: &Multiaddr) -> Result<Self, Failed> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let swarm = runtime.block_on(async {
            let protocols = [(MEMBERS, ProtocolSupport::Outbound)];
            let config = request_response::Config::default();
            let built = SwarmBuilder::with_existing_identity(own.pair.clone())
                .with_tokio()
                .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)?
                .with_behaviour(|_| request_response::Behaviour::with_codec(Raw, protocols, config))
                .map_err(|_| "a behaviour is made")?;
            let mut swarm = built.build();
            swarm.dial(DialOpts::peer_id(called).addresses(vec![at.clone()]).build())?;
            Ok::<_, Failed>(swarm)
        })?;
        Ok(Self { runtime, swarm, called })
    }

    /// Whether some bytes are answered.
    fn say(&mut self, bytes: Vec<u8>) -> Result<bool, Failed> {
        self.runtime.block_on(async {
            while !self.swarm.is_connected(&self.called) {
                if let SwarmEvent::OutgoingConnectionError { error, .. } = self.swarm.select_next_some().await
                {
                    return Err(error.to_string().into());
                }
            }
            self.swarm.behaviour_mut().send_request(&self.called, bytes);
            loop {
                match self.swarm.select_next_some().await {
                    SwarmEvent::Behaviour(request_response::Event::Message { .. }) => return Ok(true),
                    SwarmEvent::Behaviour(request_response::Event::OutboundFailure { .. }) => {
                        return Ok(false);
                    }
                    _ => {}
                }
            }
        })
    }
}
