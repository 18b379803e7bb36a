//! Three channels of cash among four organisations, founded once; each run begins from copies of their disks.

use std::path::PathBuf;
use std::sync::OnceLock;

use parclose_channel::setup::GENERATION;
use parclose_channel::upkeep::Due;
use parclose_channel::{Candidate, Channel, FinalEvent, Founding, Payment, Setup};
use parclose_crypto::SigningKey;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::MemberSecret;
use parclose_root::{Genesis, Parameters, RootState, RootTransaction, Validator};
use parclose_store::hazmat::{Image, Medium, on_medium};
use parclose_transaction::draft::{ActDraft, Draft};
use parclose_transaction::{Definition, DefinitionTexts, FieldValue, SignedTransaction};
use parclose_types::{AssetId, ChannelId, Digest, Height, encode};
use rand_chacha::ChaCha20Rng;

use crate::checker::Violation;
use crate::dice::Dice;

/// Which organisations belong to which channel.
pub const MEMBERS: [[usize; 3]; 3] = [[0, 1, 2], [1, 2, 3], [2, 3, 0]];
/// Organisations, each with one machine.
pub const ORGS: usize = 4;
/// What each member has at the beginning, in notes of equal amounts.
pub const NOTES: [u64; 3] = [40, 40, 40];

/// Where a channel lies on a machine's disk.
#[must_use]
pub fn path(channel: usize) -> PathBuf {
    format!("/rooms/{channel}").into()
}

/// A channel that is founded, with the secrets of its members in their places.
pub struct Founded {
    /// its id, which only members know
    pub id: ChannelId,
    /// its asset
    pub asset: AssetId,
    /// its members' masters, by place
    pub secrets: Vec<MemberSecret>,
    /// its log
    pub log: Vec<FinalEvent>,
}

impl std::fmt::Debug for Founded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Founded").field("events", &self.log.len()).finish_non_exhaustive()
    }
}

/// Everything that a run begins with.
pub struct Beginning {
    /// the root chain
    pub root: RootState,
    /// the channels
    pub channels: Vec<Founded>,
    /// the disks of the organisations
    pub images: Vec<Image>,
}

impl std::fmt::Debug for Beginning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beginning").field("channels", &self.channels.len()).finish_non_exhaustive()
    }
}

/// The beginning of all runs, made when it is first asked for.
pub fn beginning() -> Result<&'static Beginning, Violation> {
    static MADE: OnceLock<Result<Beginning, Violation>> = OnceLock::new();
    MADE.get_or_init(make).as_ref().map_err(Clone::clone)
}

pub(super) fn wrong(reason: impl std::fmt::Display) -> Violation {
    Violation(reason.to_string())
}

fn texts() -> DefinitionTexts {
    DefinitionTexts {
        channel_toml: include_str!("../../../../channels/dvp-cash/channel.toml").into(),
        policy: include_str!("../../../../channels/dvp-cash/policy.cedar").into(),
        policy_schema: include_str!("../../../../channels/dvp-cash/policy.cedarschema").into(),
    }
}

fn genesis() -> Result<Genesis, Violation> {
    let key = SigningKey::from_seed(&secret_from_bytes([9; 32])).public();
    let validators = vec![Validator { key, power: 1 }];
    Genesis::new("rooms".into(), validators, Parameters::default(), Digest([8; 32])).map_err(wrong)
}

fn make() -> Result<Beginning, Violation> {
    let mut root = RootState::new(genesis()?);
    let media: Vec<_> = (0..ORGS).map(|_| Medium::default()).collect();
    let mut channels = Vec::new();
    for number in 0..MEMBERS.len() {
        let mut making = Making::found(number, root, &media)?;
        making.prepare()?;
        root = making.root;
        channels.push(making.founded);
    }
    let images = media.iter().map(Medium::image).collect();
    Ok(Beginning { root, channels, images })
}

/// A channel on its way, whose members do everything at once.
struct Making {
    root: RootState,
    founded: Founded,
    members: Vec<Channel>,
    rng: ChaCha20Rng,
}

impl Making {
    fn found(number: usize, root: RootState, media: &[Medium]) -> Result<Self, Violation> {
        let mut dice = Dice::of(number as u64, 77);
        let rng = dice.rng();
        let mut id = [0; 32];
        rand_chacha::rand_core::Rng::fill_bytes(rng, &mut id);
        let id = ChannelId(id);
        let definition = Definition::parse("channel.toml", &texts().channel_toml).map_err(wrong)?;
        let mut roles: Vec<String> = definition.roles.iter().map(|role| role.name.clone()).collect();
        roles.sort_unstable();
        let mut candidates: Vec<_> = ["ann", "bob", "cyd"]
            .iter()
            .map(|name| {
                let member = MemberSecret::generate(rng);
                let candidate = Candidate::new(name, &member, roles.clone(), &id, GENERATION, rng);
                (member, candidate)
            })
            .collect();
        candidates.sort_by_key(|(_, candidate)| candidate.pseudonym());
        let entries = candidates.iter().map(|(_, candidate)| candidate.entry().clone()).collect();
        let network = *root.network();
        let founding = Founding::new(network, id, texts(), &definition, entries).map_err(wrong)?;
        let (setup, body) = founding.conclude(rng);
        let mut members = Vec::new();
        for ((secret, candidate), org) in candidates.iter().zip(MEMBERS.get(number).into_iter().flatten()) {
            let Some(medium) = media.get(*org) else { continue };
            let (at, cache) = (path(number), on_medium(medium));
            let salts = |dice: &mut Dice| Box::new(dice.rng().clone());
            let key = (GENERATION, candidate.one_time());
            let mut own = Dice::of(number as u64, 100 + *org as u64);
            Channel::create(&at, secret, &setup, key, &cache, salts(&mut own)).map_err(wrong)?;
            let mut again = Dice::of(number as u64, 200 + *org as u64);
            members.push(Channel::open(&at, secret, &id, &cache, salts(&mut again)).map_err(wrong)?);
        }
        let signatures =
            candidates.iter().map(|(_, candidate)| candidate.sign_open(&body, &network)).collect();
        let open = Setup::open_channel(body, signatures);
        let secrets = candidates.into_iter().map(|(secret, _)| secret).collect();
        let founded = Founded { id, asset: AssetId([0; 32]), secrets, log: Vec::new() };
        let mut making = Self { root, founded, members, rng: dice.rng().clone() };
        making.order(RootTransaction::OpenChannel(open))?;
        Ok(making)
    }

    fn order(&mut self, transaction: RootTransaction) -> Result<(), Violation> {
        let (block, rejected) = self.root.build([transaction]);
        if let Some((_, reason)) = rejected.first() {
            return Err(wrong(reason));
        }
        for event in self.root.apply(&block).map_err(wrong)?.events {
            let Some(transaction) = event.content(&block) else { continue };
            let event = FinalEvent { height: block.header.height, entry: event.entry, transaction };
            for member in &mut self.members {
                member.execute(&event).map_err(wrong)?;
            }
            self.founded.log.push(event);
        }
        Ok(())
    }

    fn head(&self) -> Height {
        self.root.head().height
    }

    /// Orders transactions of a member as one batch, endorsed and stored by all.
    fn anchor(&mut self, at: usize, transactions: &[SignedTransaction]) -> Result<(), Violation> {
        let head = self.head();
        let next = Height(head.0 + 1);
        let Some(sponsor) = self.members.get_mut(at) else { return Ok(()) };
        let mut pooled = Vec::new();
        for transaction in transactions {
            pooled.push(sponsor.advise(transaction, next).map_err(wrong)?.map_err(wrong)?);
        }
        let proposal = sponsor.propose(pooled, Height(head.0 + 20), &mut self.rng).map_err(wrong)?;
        let mut endorsements = vec![sponsor.endorse_own(&proposal)];
        let bytes = encode(&proposal);
        let window = Parameters::default().window;
        for (other, member) in self.members.iter_mut().enumerate() {
            if other != at {
                endorsements.push(member.endorse(&bytes, head, window).map_err(wrong)?.1);
            }
        }
        let anchor = self.members.get(at).and_then(|sponsor| sponsor.anchor(&proposal, &endorsements));
        self.order(RootTransaction::Anchor(anchor.ok_or_else(|| wrong("no anchor"))?))
    }

    fn act(&mut self, at: usize, due: Vec<Due>) -> Result<(), Violation> {
        let (expiry, height) = (Height(self.head().0 + 50), Height(self.head().0 + 1));
        let Some(member) = self.members.get(at) else { return Ok(()) };
        let mut signed = Vec::new();
        for Due { act, wraps } in due {
            let sealed = ActDraft { act, wraps, expiry }.seal(&member.desk(height), &mut self.rng);
            signed.push(sealed.sign(member.pseudonym()).map_err(wrong)?);
        }
        if signed.is_empty() { Ok(()) } else { self.anchor(at, &signed) }
    }

    fn upkeep(&mut self) -> Result<(), Violation> {
        for _ in 0..8 {
            let mut is_quiet = true;
            for at in 0..self.members.len() {
                let head = self.head();
                let Some(member) = self.members.get_mut(at) else { continue };
                let due = member.upkeep(head, &mut self.rng).map_err(wrong)?;
                is_quiet &= due.is_empty();
                self.act(at, due)?;
            }
            if is_quiet {
                return Ok(());
            }
        }
        Err(wrong("a channel does not come to rest"))
    }

    fn write(&mut self, at: usize, draft: Draft) -> Result<(), Violation> {
        let (expiry, height) = (Height(self.head().0 + 50), Height(self.head().0 + 1));
        let Some(member) = self.members.get(at) else { return Ok(()) };
        let draft = Draft { expiry, ..draft };
        let signed = draft.seal(&member.desk(height), &mut self.rng).map_err(wrong)?;
        let signed = signed.sign(member.pseudonym()).map_err(wrong)?;
        self.anchor(at, &[signed])
    }

    /// Secrets are dealt; there is an asset, everybody has an account, and some cash in it.
    fn prepare(&mut self) -> Result<(), Violation> {
        let keys = self.members.first().map(|member| member.config().pseudonyms()).unwrap_or_default();
        for bits in 1..1_u32 << keys.len() {
            let set: Vec<_> =
                (0..).zip(&keys).filter(|(at, _)| bits >> at & 1 == 1).map(|(_, key)| *key).collect();
            let dealer =
                self.members.iter().position(|member| set.first() == Some(&member.pseudonym().public()));
            let Some((at, member)) = dealer.and_then(|at| Some((at, self.members.get(at)?))) else {
                continue;
            };
            if member.config().can_produce(member.definition(), &set) {
                let due = member.deal_on_first_use(&set, self.root.head().height, &mut self.rng);
                self.act(at, due.into_iter().collect())?;
            }
        }
        self.upkeep()?;
        let Some(issuer) = self.members.first() else { return Ok(()) };
        let fields = vec![("code", FieldValue::Text("GBP".into())), ("decimals", FieldValue::Integer(2))];
        let asset = issuer.define_asset(fields, &mut self.rng).map_err(wrong)?;
        self.founded.asset = AssetId(asset.record.0);
        self.write(0, Draft::of_records(vec![asset], Height(0)))?;
        for at in 0..self.members.len() {
            let Some(member) = self.members.get(at) else { continue };
            let account = member.open_account(&mut self.rng).map_err(wrong)?;
            self.write(at, Draft::of_records(vec![account], Height(0)))?;
        }
        for at in 0..self.members.len() {
            for amount in NOTES {
                let (Some(issuer), Some(to)) = (self.members.first(), self.members.get(at)) else { continue };
                let payment = Payment { asset: self.founded.asset, to: to.own_id(), amount, purpose: None };
                let drafted = issuer.issue(&payment, &mut self.rng).map_err(wrong)?;
                let (operations, movements) = (drafted.operations, drafted.movements);
                self.write(0, Draft { operations, movements, expiry: Height(0) })?;
            }
        }
        Ok(())
    }
}
