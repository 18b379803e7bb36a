//! A channel with its root chain, driven by hand, so that each member's part can be timed.

use std::path::Path;

use parclose_channel::propose::Pooled;
use parclose_channel::setup::{GENERATION, Setup};
use parclose_channel::upkeep::Due;
use parclose_channel::{Candidate, Channel, FinalEvent, Founding};
use parclose_consensus::{EmbeddedRoot, RootChain};
use parclose_crypto::SigningKey;
use parclose_keys::MemberSecret;
use parclose_root::{Endorsement, Genesis, Parameters, RootTransaction, Validator};
use parclose_store::SharedCache;
use parclose_transaction::{Act, ActDraft, Definition, DefinitionTexts};
use parclose_types::{ChannelId, Digest, Height, Sequence, TransactionDigest, encode};
use rand_chacha::ChaCha20Rng;

use super::Failed;
use super::clock::Clock;
use crate::randomness::generator;

/// Who founds a channel: name, roles.
pub(super) type Founder = (String, Vec<String>);

/// A channel of members that are all in this process.
pub(super) struct Room {
    pub(super) root: EmbeddedRoot,
    pub(super) members: Vec<Channel>,
    pub(super) rng: ChaCha20Rng,
    /// what each member has worked
    pub(super) worked: Vec<Worked>,
    clock: Clock,
}

/// Seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Worked {
    /// sealing, checking, storing, endorsing
    pub(super) ordering: f64,
    /// executing and committing
    pub(super) executing: f64,
}

const EXPIRY: u64 = 100;
const WINDOW: u64 = 1024;
const UPKEEP_ROUNDS_MAX: usize = 8;

impl Room {
    /// Founds a channel and opens it on a root chain of its own.
    pub(super) fn found(
        directory: &Path,
        texts: DefinitionTexts,
        founders: &[Founder],
        clock: Clock,
    ) -> Result<Self, Failed> {
        let mut rng = generator();
        let cache = SharedCache::new(16 << 20);
        let validator = SigningKey::from_seed(&parclose_crypto::Secret::generate(&mut rng));
        let validators = vec![Validator { key: validator.public(), power: 1 }];
        let genesis = Genesis::new("bench".into(), validators, Parameters::default(), Digest([0; 32]))?;
        let root = EmbeddedRoot::open(directory.join("root"), genesis, validator, &cache)?;
        let channel = ChannelId([9; 32]);
        let secrets: Vec<MemberSecret> = founders.iter().map(|_| MemberSecret::generate(&mut rng)).collect();
        let mut candidates = Vec::new();
        for ((name, roles), secret) in founders.iter().zip(&secrets) {
            candidates.push(Candidate::new(name, secret, roles.clone(), &channel, GENERATION, &mut rng));
        }
        let definition = Definition::parse("channel.toml", &texts.channel_toml)?;
        let entries = candidates.iter().map(|candidate| candidate.entry().clone()).collect();
        let founding = Founding::new(root.network(), channel, texts, &definition, entries)?;
        let (setup, body) = founding.conclude(&mut rng);
        let mut signers: Vec<&Candidate> = candidates.iter().collect();
        signers.sort_by_key(|candidate| candidate.pseudonym());
        let signatures =
            signers.iter().map(|candidate| candidate.sign_open(&body, &root.network())).collect();
        root.commit(vec![RootTransaction::OpenChannel(Setup::open_channel(body, signatures))])?;
        let mut members = Vec::new();
        for ((candidate, secret), (name, _)) in candidates.iter().zip(&secrets).zip(founders) {
            let (path, key) = (directory.join(name), (GENERATION, candidate.one_time()));
            Channel::create(&path, secret, &setup, key, &cache, Box::new(generator()))?;
            members.push(Channel::open(&path, secret, &channel, &cache, Box::new(generator()))?);
        }
        let mut room = Self { root, worked: vec![Worked::default(); members.len()], members, rng, clock };
        room.execute()?;
        Ok(room)
    }

    /// Lets a member work, on its account.
    pub(super) fn work<T>(
        &mut self,
        at: usize,
        work: impl FnOnce(&mut Channel, Height, &mut ChaCha20Rng) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let head = self.root.head();
        let started = (self.clock)()?;
        let done = work(&mut self.members[at], head, &mut self.rng);
        self.worked[at].ordering += (self.clock)()? - started;
        done
    }

    /// Every member does what the channel needs of it, until nothing is left to do.
    pub(super) fn upkeep(&mut self) -> Result<(), Failed> {
        for _ in 0..UPKEEP_ROUNDS_MAX {
            let mut quiet = true;
            for at in 0..self.members.len() {
                let due = self.work(at, |channel, head, rng| Ok(channel.upkeep(head, rng)?))?;
                quiet &= due.is_empty();
                self.act(at, due)?;
            }
            if quiet {
                return Ok(());
            }
        }
        Err("the channel does not come to rest".into())
    }

    /// Orders acts of a member: their digests.
    pub(super) fn act(&mut self, at: usize, due: Vec<Due>) -> Result<Vec<TransactionDigest>, Failed> {
        let mut pooled = Vec::new();
        let mut digests = Vec::new();
        for due in due {
            let (digest, act) = self.work(at, |channel, head, rng| pool_act(channel, head, rng, due))?;
            digests.push(digest);
            pooled.push(act);
        }
        if !pooled.is_empty() {
            self.order(at, pooled)?;
        }
        Ok(digests)
    }

    /// Orders a plain act of a member.
    pub(super) fn act_plainly(&mut self, at: usize, act: Act) -> Result<TransactionDigest, Failed> {
        self.act(at, vec![Due { act, wraps: Vec::new() }])?.pop().ok_or_else(|| "nothing was ordered".into())
    }

    /// Orders a batch of a member: the members after it endorse it, as many as it takes, the others fetch it.
    pub(super) fn order(&mut self, sponsor: usize, pooled: Vec<Pooled>) -> Result<(), Failed> {
        let members = self.members.len();
        let proposal = self.work(sponsor, |channel, head, rng| {
            Ok(channel.propose(pooled, Height(head.0 + EXPIRY), rng)?)
        })?;
        let bytes = encode(&proposal);
        let own = self.work(sponsor, |channel, _, _| Ok(channel.endorse_own(&proposal)))?;
        let mut endorsements: Vec<Endorsement> = vec![own];
        let mut anchor = None;
        for at in (1..members).map(|step| (sponsor + step) % members) {
            if anchor.is_some() {
                self.work(at, |channel, _, _| Ok(channel.receive_anchored(&bytes)?))?;
                continue;
            }
            let endorsed = self.work(at, |channel, head, _| Ok(channel.endorse(&bytes, head, WINDOW)?));
            endorsements.push(endorsed?.1);
            anchor = self.members[sponsor].anchor(&proposal, &endorsements);
        }
        let anchor = anchor.ok_or("not enough endorsements")?;
        self.commit(RootTransaction::Anchor(anchor))
    }

    /// Orders a root transaction, and all execute it.
    pub(super) fn commit(&mut self, transaction: RootTransaction) -> Result<(), Failed> {
        self.root.commit(vec![transaction])?;
        self.execute()
    }

    fn execute(&mut self) -> Result<(), Failed> {
        for at in 0..self.members.len() {
            let channel = &self.members[at];
            let next = channel.head().map_or(Sequence(0), |head| head.next);
            for event in self.root.events(&channel.tag(), next, usize::MAX)? {
                let event =
                    FinalEvent { height: event.height, entry: event.entry, transaction: event.transaction };
                let started = (self.clock)()?;
                self.members[at].execute(&event)?;
                self.worked[at].executing += (self.clock)()? - started;
            }
        }
        Ok(())
    }
}

fn pool_act(
    channel: &mut Channel,
    head: Height,
    rng: &mut ChaCha20Rng,
    Due { act, wraps }: Due,
) -> Result<(TransactionDigest, Pooled), Failed> {
    let draft = ActDraft { act, wraps, expiry: Height(head.0 + EXPIRY) };
    let signed = draft.seal(&channel.desk(Height(head.0 + 1)), rng).sign(channel.pseudonym())?;
    Ok((signed.digest(), channel.advise(&signed, Height(head.0 + 1))??))
}
