//! A member's side of one channel, as its room runs it: proposes, endorses, fetches, executes, prepares legs of deals.

use std::collections::BTreeMap;

use parclose_channel::propose::Pooled;
use parclose_channel::{Channel, ChannelError, Executed, FinalEvent, LegId, Proposal};
use parclose_exchange::{Message, SignedPrepare};
use parclose_root::certificate::verify_endorsement;
use parclose_root::{Certificate, Endorsement, PrepareStatement, RootTransaction};
use parclose_types::{ChannelCommitment, Height, PublicKey, Sequence, decode, encode};
use rand_chacha::ChaCha20Rng;

/// Heights for which a batch may wait to be ordered.
const LIFE: u64 = 12;
/// How far ahead a last height may lie, by the root chain's parameters.
pub const WINDOW: u64 = 1024;

/// A batch on its way.
#[derive(Debug)]
pub struct Flight {
    /// the batch
    pub proposal: Proposal,
    /// by what it is known
    pub commitment: ChannelCommitment,
    endorsements: Vec<Endorsement>,
}

/// A member's side of a channel.
#[derive(Debug)]
pub struct Seat {
    /// which channel
    pub number: usize,
    /// which of its members
    pub place: usize,
    /// whose machine
    pub org: usize,
    /// open, while the machine runs
    pub channel: Option<Channel>,
    /// what waits for a batch
    pub pool: Vec<Pooled>,
    /// the batch on its way
    pub flight: Option<Flight>,
    /// a batch that was anchored and is not here
    pub missing: Option<ChannelCommitment>,
    /// draws for it since its start
    pub rng: ChaCha20Rng,
    /// prepares that it puts together
    legs: BTreeMap<LegId, (PrepareStatement, Vec<Endorsement>)>,
    /// the epoch of the last event
    pub epoch: u32,
    /// signs without keeping what it signs
    pub signs_unseen: bool,
    /// hands out no batch
    pub withholds: bool,
    /// posts a batch without transactions
    pub posts_empty: bool,
    /// keeps whatever it is sent as a batch that it asked for
    pub keeps_unasked: bool,
}

/// What a seat sends: to one of its channel's members by place, or to all others.
pub type Sent = (Option<usize>, Message);

type Result<T> = std::result::Result<T, ChannelError>;

impl Seat {
    /// A seat whose machine is down.
    #[must_use]
    pub fn new(number: usize, place: usize, org: usize, rng: ChaCha20Rng) -> Self {
        Self {
            number,
            place,
            org,
            channel: None,
            pool: Vec::new(),
            flight: None,
            missing: None,
            rng,
            legs: BTreeMap::new(),
            epoch: 0,
            signs_unseen: false,
            withholds: false,
            posts_empty: false,
            keeps_unasked: false,
        }
    }

    /// The machine has gone down: what was in memory is gone.
    pub fn close(&mut self) {
        self.channel = None;
        self.pool.clear();
        self.flight = None;
        self.missing = None;
        self.legs.clear();
    }

    /// Puts a batch forward that it does not store, and for which it does not sign.
    pub fn fly(&mut self, proposal: Proposal) {
        self.flight = Some(Flight { commitment: proposal.commitment(), proposal, endorsements: Vec::new() });
    }

    /// The next event that it would execute.
    #[must_use]
    pub fn next(&self) -> Sequence {
        self.channel.as_ref().and_then(Channel::head).map_or(Sequence(0), |head| head.next)
    }

    /// Executes the next event, unless its batch is missing.
    pub fn execute(&mut self, event: &FinalEvent) -> Result<Option<Executed>> {
        let Some(channel) = self.channel.as_mut() else { return Ok(None) };
        if let RootTransaction::Anchor(anchor) = &event.transaction
            && !channel.has_batch(&anchor.commitment)?
        {
            self.missing = Some(anchor.commitment);
            return Ok(None);
        }
        let executed = channel.execute(event)?;
        if let RootTransaction::Anchor(anchor) = &event.transaction
            && self.flight.as_ref().is_some_and(|flight| flight.commitment == anchor.commitment)
        {
            self.flight = None;
        }
        Ok(Some(executed))
    }

    /// What it says of itself now, and what it submits to the root chain.
    pub fn turn(&mut self, head: Height) -> Result<(Vec<Sent>, Vec<RootTransaction>)> {
        let (mut sent, mut submitted) = (Vec::new(), Vec::new());
        let Some(channel) = self.channel.as_mut() else { return Ok((sent, submitted)) };
        let tag = channel.tag();
        if let Some(commitment) = self.missing {
            let others = (0..3).filter(|place| *place != self.place);
            sent.extend(others.map(|place| (Some(place), Message::Fetch { tag, commitment })));
        }
        if self.flight.as_ref().is_some_and(|flight| flight.proposal.last_height <= head)
            && let Some(flight) = self.flight.take()
        {
            self.pool.extend(Pooled::of(flight.proposal));
        }
        let is_wanted = !self.pool.is_empty() || self.posts_empty;
        if self.flight.is_none() && is_wanted && channel.head().is_some() {
            self.posts_empty = false;
            let pooled = std::mem::take(&mut self.pool);
            let proposal = channel.propose(pooled, Height(head.0.saturating_add(LIFE)), &mut self.rng)?;
            let endorsements = vec![channel.endorse_own(&proposal)];
            self.flight = Some(Flight { commitment: proposal.commitment(), proposal, endorsements });
        }
        if let Some(flight) = &self.flight {
            match channel.anchor(&flight.proposal, &flight.endorsements) {
                Some(anchor) => submitted.push(RootTransaction::Anchor(anchor)),
                None => sent.push((None, Message::Propose { tag, proposal: encode(&flight.proposal) })),
            }
        }
        self.prepare(head, &mut sent, &mut submitted);
        Ok((sent, submitted))
    }

    /// Puts prepares together for locks that have none: each member does, whoever comes first.
    fn prepare(&mut self, head: Height, sent: &mut Vec<Sent>, submitted: &mut Vec<RootTransaction>) {
        let Some(channel) = &self.channel else { return };
        let mut statements = Vec::new();
        for row in channel.open_locks() {
            let Some(statement) = channel.prepare_statement(row, head, WINDOW) else { continue };
            let (statement, signed) = self.legs.entry(row.leg()).or_insert_with(|| {
                let own = channel.sign_prepare(&statement, head, WINDOW).ok();
                (statement, own.into_iter().collect())
            });
            if statement.last_height <= head {
                continue;
            }
            match Certificate::assemble(channel.endorsers(), signed) {
                Some(certificate) => {
                    submitted.push(RootTransaction::Prepare(statement.prepare(None, certificate)))
                }
                None => statements.push(encode(statement)),
            }
        }
        if !statements.is_empty() {
            sent.push((None, Message::AskPrepares { tag: channel.tag(), statements }));
        }
    }

    /// Takes in a message of another member; what it answers, and the rule by which it refuses.
    pub fn hear(
        &mut self,
        from: usize,
        message: Message,
        head: Height,
    ) -> Result<(Vec<Sent>, Option<String>)> {
        let Some(channel) = self.channel.as_mut() else { return Ok((Vec::new(), None)) };
        let tag = channel.tag();
        if *message.tag() != tag {
            return Ok((Vec::new(), Some("another channel".into())));
        }
        let mut answer = Vec::new();
        match message {
            Message::Propose { proposal, .. } => return self.proposed(from, &proposal, head),
            Message::Endorse { commitment, endorser, signature, .. } => {
                self.endorsed(commitment, (endorser, signature));
            }
            Message::Fetch { .. } if self.withholds => {}
            Message::Fetch { commitment, .. } => {
                if let Some(proposal) = channel.stored_proposal(&commitment)? {
                    answer.push((Some(from), Message::Fetched { tag, proposal: encode(&proposal) }));
                }
            }
            Message::Fetched { proposal, .. } => return self.fetched(&proposal),
            Message::AskPrepares { statements, .. } => {
                let mut signed = Vec::new();
                for bytes in statements {
                    let Ok(statement) = decode::<PrepareStatement>("statement", &bytes, bytes.len()) else {
                        continue;
                    };
                    if let Ok(endorsement) = channel.sign_prepare(&statement, head, WINDOW) {
                        let (deal, leg) = (statement.deal, statement.leg);
                        signed.push(SignedPrepare { deal, leg, endorsement, approval: None });
                    }
                }
                if !signed.is_empty() {
                    answer.push((Some(from), Message::Prepares { tag, signed }));
                }
            }
            Message::Prepares { signed, .. } => {
                for one in signed {
                    let Some((statement, known)) = self.legs.get_mut(&(one.deal, one.leg)) else { continue };
                    let bytes = statement.signing_bytes();
                    let is_new = known.iter().all(|(key, _)| *key != one.endorsement.0);
                    if is_new && verify_endorsement(channel.endorsers(), &bytes, &one.endorsement).is_some() {
                        known.push(one.endorsement);
                    }
                }
            }
            _ => {}
        }
        Ok((answer, None))
    }

    fn proposed(&mut self, from: usize, bytes: &[u8], head: Height) -> Result<(Vec<Sent>, Option<String>)> {
        use parclose_types::Failure;
        let Some(channel) = self.channel.as_mut() else { return Ok((Vec::new(), None)) };
        let tag = channel.tag();
        if self.signs_unseen
            && let Ok(proposal) = Proposal::decode(bytes)
        {
            let (commitment, (endorser, signature)) = (proposal.commitment(), channel.endorse_own(&proposal));
            let message = Message::Endorse { tag, commitment, endorser, signature };
            return Ok((vec![(Some(from), message)], None));
        }
        match channel.endorse(bytes, head, WINDOW) {
            Ok((commitment, (endorser, signature))) => {
                let message = Message::Endorse { tag, commitment, endorser, signature };
                Ok((vec![(Some(from), message)], None))
            }
            Err(parclose_channel::EndorseRefused::Broken(reason)) => Err(reason),
            Err(refused) => Ok((Vec::new(), Some(refused.rule().to_owned()))),
        }
    }

    fn endorsed(
        &mut self,
        commitment: ChannelCommitment,
        endorsement: (PublicKey, parclose_types::SignatureBytes),
    ) {
        let (Some(channel), Some(flight)) = (&self.channel, &mut self.flight) else { return };
        let bytes = flight.proposal.statement(channel.tag()).signing_bytes();
        let is_new = flight.endorsements.iter().all(|(key, _)| *key != endorsement.0);
        if flight.commitment == commitment
            && is_new
            && verify_endorsement(channel.endorsers(), &bytes, &endorsement).is_some()
        {
            flight.endorsements.push(endorsement);
        }
    }

    fn fetched(&mut self, bytes: &[u8]) -> Result<(Vec<Sent>, Option<String>)> {
        let Some(channel) = self.channel.as_mut() else { return Ok((Vec::new(), None)) };
        let Ok(proposal) = Proposal::decode(bytes) else { return Ok((Vec::new(), Some("END-01".into()))) };
        if self.missing != Some(proposal.commitment()) && !self.keeps_unasked {
            return Ok((Vec::new(), Some("not asked for".into())));
        }
        match channel.receive_anchored(bytes) {
            Ok(()) => {
                self.missing = None;
                Ok((Vec::new(), None))
            }
            Err(parclose_channel::EndorseRefused::Broken(reason)) => Err(reason),
            Err(refused) => Ok((Vec::new(), Some(parclose_types::Failure::rule(&refused).to_owned()))),
        }
    }
}
