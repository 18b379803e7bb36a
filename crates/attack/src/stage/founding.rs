//! How the consortium is founded: validators, members, rooms, and the secrets that writing needs.

use std::path::Path;

use parclose_channel::setup::{GENERATION, Setup};
use parclose_channel::{Candidate, Channel, Due, Founding};
use parclose_crypto::SigningKey;
use parclose_crypto::hash::sha256;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::MemberSecret;
use parclose_root::{Genesis, Parameters, RootState, RootTransaction, Validator};
use parclose_transaction::{Act, ActDraft, Definition, DefinitionTexts, SignedTransaction};
use parclose_types::{ChannelId, Digest, Height};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;

use super::{Chain, MEMBERS, Room, Seat, Stage, TRADE};
use crate::attack::Failed;

/// Validators of the root chain, of equal power: one of them may be faulty.
const VALIDATORS: u8 = 4;
/// Rounds within which a room comes to rest.
const UPKEEP_ROUNDS_MAX: usize = 8;
const EXPIRY: u64 = 50;

/// A validator's key, by its number.
pub(crate) fn validator(number: u8) -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes(sha256(
        &[b"validator of a throw-away consortium", &[number][..]].concat(),
    )))
}

/// The definition of a room.
pub(crate) fn texts(room: &str) -> DefinitionTexts {
    let [channel_toml, policy, policy_schema] = if room == TRADE {
        [
            include_str!("../../../../channels/bilateral/channel.toml"),
            include_str!("../../../../channels/bilateral/policy.cedar"),
            include_str!("../../../../channels/bilateral/policy.cedarschema"),
        ]
    } else {
        [
            include_str!("../../../../channels/dvp-cash/channel.toml"),
            include_str!("../../../../channels/dvp-cash/policy.cedar"),
            include_str!("../../../../channels/dvp-cash/policy.cedarschema"),
        ]
    };
    DefinitionTexts {
        channel_toml: channel_toml.into(),
        policy: policy.into(),
        policy_schema: policy_schema.into(),
    }
}

fn roles(room: &str, member: &str) -> Vec<String> {
    let roles: &[&str] = match (room, member) {
        (TRADE, _) => &["member"],
        (_, "ann" | "bob") => &["issuer", "participant"],
        _ => &["participant"],
    };
    roles.iter().map(|role| (*role).to_owned()).collect()
}

/// A genesis of the validators; another nonce is another network.
pub(crate) fn genesis(nonce: u8) -> Result<Genesis, Failed> {
    let mut validators: Vec<_> =
        (0..VALIDATORS).map(|number| Validator { key: validator(number).public(), power: 1 }).collect();
    validators.sort_by_key(|validator| validator.key);
    Ok(Genesis::new("throw-away".into(), validators, Parameters::default(), Digest([nonce; 32]))?)
}

impl Stage {
    /// A root chain on which nothing is open yet.
    pub(crate) fn found(folder: &Path, rng: ChaCha20Rng) -> Result<Self, Failed> {
        let root = RootState::new(genesis(7)?);
        Self::on(folder, Chain { root, log: Vec::new(), proofs: Vec::new() }, rng)
    }

    /// Founds a room of all members, opens it, and deals every secret that they can need in it.
    pub(crate) fn add_room(&mut self, name: &'static str) -> Result<(), Failed> {
        let mut id = [0; 32];
        self.rng.fill_bytes(&mut id);
        let channel = ChannelId(id);
        let mut founders = Vec::new();
        for member in MEMBERS {
            let master = MemberSecret::generate(&mut self.rng);
            let candidate =
                Candidate::new(member, &master, roles(name, member), &channel, GENERATION, &mut self.rng);
            founders.push((master, candidate));
        }
        let texts = texts(name);
        let definition = Definition::parse("channel.toml", &texts.channel_toml)?;
        let entries = founders.iter().map(|(_, candidate)| candidate.entry().clone()).collect();
        let network = *self.chain.root.network();
        let founding = Founding::new(network, channel, texts, &definition, entries)?;
        let (setup, body) = founding.conclude(&mut self.rng);
        let mut signers: Vec<&Candidate> = founders.iter().map(|(_, candidate)| candidate).collect();
        signers.sort_by_key(|candidate| candidate.pseudonym());
        let signatures = signers.iter().map(|candidate| candidate.sign_open(&body, &network)).collect();
        let open = Setup::open_channel(body, signatures);
        let mut seats = Vec::new();
        for ((master, candidate), member) in founders.into_iter().zip(MEMBERS) {
            let path = self.folder.join(name).join(member);
            std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
            let salts = Box::new(parclose_node::randomness::generator());
            let key = (GENERATION, candidate.one_time());
            Channel::create(&path, &master, &setup, key, &self.cache, salts)?;
            seats.push(Seat { master, path, channel: None, left: false });
        }
        self.rooms.push(Room { name, channel, seats });
        (0..MEMBERS.len()).try_for_each(|at| self.reopen(name, at))?;
        self.order(RootTransaction::OpenChannel(open))??;
        self.settle(name)?;
        self.deal(name)
    }

    /// The secrets of all sets that the members can form are dealt, each by its first member.
    pub(crate) fn deal(&mut self, room: &str) -> Result<(), Failed> {
        self.upkeep(room)?;
        let keys = self.side(room, 0).config().pseudonyms();
        for bits in 1..1_u32 << keys.len() {
            let chosen = keys.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            let set: Vec<_> = chosen.map(|(_, key)| *key).collect();
            let side = self.side(room, self.in_room(room)[0]);
            if !side.config().can_produce(side.definition(), &set) {
                continue;
            }
            let dealer = self.in_room(room).into_iter().find(|at| self.pseudonym(room, *at) == set[0]);
            let Some(dealer) = dealer else { continue };
            let head = self.head();
            let (side, rng) = self.side_and_rng(room, dealer);
            let due = side.deal_on_first_use(&set, head, rng);
            self.act_all(room, dealer, due.into_iter().collect())?;
        }
        self.upkeep(room)
    }

    /// Every member does what the room needs of it, until nothing is left to do.
    pub(crate) fn upkeep(&mut self, room: &str) -> Result<(), Failed> {
        for _ in 0..UPKEEP_ROUNDS_MAX {
            let mut is_quiet = true;
            for at in self.in_room(room) {
                let head = self.head();
                let (side, rng) = self.side_and_rng(room, at);
                let due = side.upkeep(head, rng)?;
                is_quiet &= due.is_empty();
                self.act_all(room, at, due)?;
            }
            if is_quiet {
                return Ok(());
            }
        }
        Err("a room does not come to rest".into())
    }

    fn act_all(&mut self, room: &str, at: usize, due: Vec<Due>) -> Result<(), Failed> {
        if due.is_empty() {
            return Ok(());
        }
        let mut signed = Vec::new();
        for due in due {
            signed.push(self.signed_act(room, at, due)?);
        }
        self.anchored(room, at, &signed)?;
        signed.iter().try_for_each(|act| self.must_be_applied(room, act))
    }

    /// An act of a member, sealed and signed.
    pub(crate) fn signed_act(
        &mut self,
        room: &str,
        at: usize,
        Due { act, wraps }: Due,
    ) -> Result<SignedTransaction, Failed> {
        let height = self.next();
        let draft = ActDraft { act, wraps, expiry: Height(height.0 + EXPIRY) };
        let (side, rng) = self.side_and_rng(room, at);
        let sealed = draft.seal(&side.desk(height), rng);
        Ok(sealed.sign(side.pseudonym())?)
    }

    /// Orders an act of a member, which is applied.
    pub(crate) fn act(&mut self, room: &str, at: usize, act: Act) -> Result<SignedTransaction, Failed> {
        let signed = self.signed_act(room, at, Due { act, wraps: Vec::new() })?;
        self.anchored(room, at, std::slice::from_ref(&signed))?;
        self.must_be_applied(room, &signed)?;
        Ok(signed)
    }
}
