//! One channel of three members, driven by hand, stage by stage, in a real home.

use std::path::{Path, PathBuf};

use parclose_channel::propose::Pooled;
use parclose_channel::{Channel, Due, Executed, FinalEvent, Proposal};
use parclose_consensus::{EmbeddedRoot, RootChain};
use parclose_node::found::{Party, found_channel, found_consortium, read_template, template_folder};
use parclose_node::home::{MemberDirectory, read_genesis};
use parclose_node::{Unlock, consortium::open_channel, key_file};
use parclose_root::{Endorsement, RootTransaction};
use parclose_transaction::{ActDraft, Definition, Draft, DraftOperation, Setting, SignedTransaction};
use parclose_types::{Height, Sequence, encode};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

pub(crate) const MEMBERS: [&str; 3] = ["supplier", "buyer", "bank"];
pub(crate) const CHANNEL: &str = "trade";
/// The member that issues: its place in [`MEMBERS`].
pub(crate) const SUPPLIER: usize = 0;

/// A home with its root chain and each member's side of its channel opened.
pub(crate) struct Ledger {
    pub(crate) home: PathBuf,
    pub(crate) root: EmbeddedRoot,
    pub(crate) channels: Vec<Channel>,
    pub(crate) rng: ChaCha20Rng,
}

impl Ledger {
    /// Founds the home and its channel; every member has executed the opening.
    pub(crate) fn found(home: &Path) -> Self {
        let mut rng = ChaCha20Rng::from_seed([8; 32]);
        found_consortium(home, &MEMBERS, &mut rng).expect("an empty folder takes a home");
        let cache = parclose_node::shared_cache(16 << 20);
        let unlock = Unlock::of_home(home);
        let genesis = read_genesis(&home.join("genesis.json")).expect("the home has its genesis");
        let validator =
            key_file::validator(&home.join("validator.key"), &unlock).expect("it has its validator");
        let root =
            EmbeddedRoot::open(home.join("root"), genesis, validator, &cache).expect("the chain starts");
        let texts =
            read_template(&template_folder(&super::templates(), "scf-receivable")).expect("it is shipped");
        let definition = Definition::parse("channel.toml", &texts.channel_toml).expect("it is valid");
        let directories = MEMBERS.map(|name| MemberDirectory::at(&home.join("members").join(name), &unlock));
        let party = |(name, directory): (&str, &MemberDirectory)| Party {
            directory: directory.clone(),
            name: name.into(),
            roles: vec![name.into()],
        };
        let parties: Vec<Party> = MEMBERS.into_iter().zip(&directories).map(party).collect();
        let founded = found_channel(CHANNEL, root.network(), texts, &definition, &parties, &cache);
        let (open, _) = founded.expect("the three agree");
        let ordered = root.commit(vec![RootTransaction::OpenChannel(open)]).expect("the root chain runs");
        assert!(ordered.outcomes[0].is_ok());
        let open = |directory: &MemberDirectory| {
            let card = directory.channel(CHANNEL).expect("the member has its channel");
            open_channel(directory, &card, &cache).expect("the member opens its side")
        };
        let channels = directories.iter().map(open).collect();
        let mut ledger = Self { home: home.to_owned(), root, channels, rng };
        for member in 0..MEMBERS.len() {
            ledger.execute(member);
        }
        ledger.deal();
        ledger
    }

    /// The supplier deals the secrets that its receivables need; the members do what the channel needs of
    /// them until nothing is left to do.
    fn deal(&mut self) {
        let operation = super::receivable(self.supplier(), "none", 1);
        let head = self.root.head();
        let channel = &self.channels[SUPPLIER];
        let draft = Draft::of_records(vec![operation], Height(head.0 + 100));
        let audiences = draft.audiences(&channel.desk(head)).expect("the draft fits the definition");
        let deals: Vec<Due> = audiences
            .values()
            .filter_map(|members| channel.deal_on_first_use(members, head, &mut self.rng))
            .collect();
        self.act(SUPPLIER, deals);
        for _ in 0..4 {
            for member in 0..MEMBERS.len() {
                let head = self.root.head();
                let due = self.channels[member].upkeep(head, &mut self.rng).expect("the store can be read");
                self.act(member, due);
            }
        }
    }

    fn act(&mut self, member: usize, due: Vec<Due>) {
        if due.is_empty() {
            return;
        }
        let (head, mut pooled) = (self.root.head(), Vec::new());
        for Due { act, wraps } in due {
            let draft = ActDraft { act, wraps, expiry: Height(head.0 + 100) };
            let channel = &mut self.channels[member];
            let sealed = draft.seal(&channel.desk(head), &mut self.rng);
            let signed = sealed.sign(channel.pseudonym()).expect("it is small enough");
            pooled.push(channel.advise(&signed, head).expect("it can be read").expect("the stages pass"));
        }
        self.order_as(member, pooled);
    }

    pub(crate) fn supplier(&mut self) -> &mut Channel {
        &mut self.channels[SUPPLIER]
    }

    /// Seals and signs operations as the supplier.
    pub(crate) fn sign(&mut self, operations: Vec<DraftOperation>) -> SignedTransaction {
        let head = self.root.head();
        let channel = &self.channels[SUPPLIER];
        let draft = Draft::of_records(operations, Height(head.0 + 100));
        let sealed = draft.seal(&channel.desk(head), &mut self.rng).expect("the draft fits the definition");
        sealed.sign(channel.pseudonym()).expect("it is small enough")
    }

    /// Where and when a transaction is looked at now.
    pub(crate) fn setting(&self) -> Setting {
        let channel = &self.channels[SUPPLIER];
        let (config, height) = (channel.config(), self.root.head());
        let (epoch, into_epoch) = channel.epoch_at(height);
        Setting {
            network: config.network,
            channel: config.channel,
            generation: config.generation,
            definition_version: config.definition_version,
            height,
            epoch,
            into_epoch,
            grace: channel.definition().parameters.grace,
            expiry_max: channel.definition().parameters.expiry_max,
        }
    }

    pub(crate) fn pool(&mut self, operations: Vec<DraftOperation>) -> Pooled {
        let signed = self.sign(operations);
        let head = self.root.head();
        self.supplier().advise(&signed, head).expect("the store can be read").expect("the stages pass")
    }

    /// The supplier stores a batch and commits to it.
    pub(crate) fn propose(&mut self, pooled: Vec<Pooled>) -> Proposal {
        self.propose_as(SUPPLIER, pooled)
    }

    fn propose_as(&mut self, member: usize, pooled: Vec<Pooled>) -> Proposal {
        let last_height = Height(self.root.head().0 + 100);
        let (channel, rng) = (&mut self.channels[member], &mut self.rng);
        channel.propose(pooled, last_height, rng).expect("the batch is stored")
    }

    /// A member checks a batch, stores it and endorses it.
    pub(crate) fn endorse(&mut self, member: usize, proposal: &Proposal) -> Endorsement {
        let (head, window) = (self.root.head(), self.root.genesis().parameters().window);
        let endorsed = self.channels[member].endorse(&encode(proposal), head, window);
        endorsed.expect("the member endorses").1
    }

    /// Orders a batch: its anchor becomes final.
    pub(crate) fn anchor(&mut self, proposal: &Proposal, endorsements: &[Endorsement]) {
        self.anchor_as(SUPPLIER, proposal, endorsements);
    }

    fn anchor_as(&mut self, member: usize, proposal: &Proposal, endorsements: &[Endorsement]) {
        let channel = &self.channels[member];
        let endorsements = [&[channel.endorse_own(proposal)], endorsements].concat();
        let anchor = channel.anchor(proposal, &endorsements).expect("enough members endorsed");
        let ordered = self.root.commit(vec![RootTransaction::Anchor(anchor)]).expect("the root chain runs");
        assert!(ordered.outcomes[0].is_ok(), "{:?}", ordered.outcomes);
    }

    /// A member executes what is final.
    pub(crate) fn execute(&mut self, member: usize) -> Vec<Executed> {
        let channel = &mut self.channels[member];
        let next = channel.head().map_or(Sequence(0), |head| head.next);
        let events = self.root.events(&channel.tag(), next, usize::MAX).expect("the root chain runs");
        let execute = |event: parclose_consensus::FinalEvent| {
            let event =
                FinalEvent { height: event.height, entry: event.entry, transaction: event.transaction };
            channel.execute(&event).expect("the member has the batch")
        };
        events.into_iter().map(execute).collect()
    }

    /// A batch through all stages, at all members.
    pub(crate) fn order(&mut self, pooled: Vec<Pooled>) -> Vec<Executed> {
        self.order_as(SUPPLIER, pooled)
    }

    fn order_as(&mut self, sponsor: usize, pooled: Vec<Pooled>) -> Vec<Executed> {
        let proposal = self.propose_as(sponsor, pooled);
        let others = (0..MEMBERS.len()).filter(|member| *member != sponsor);
        let endorsements: Vec<_> = others.clone().map(|member| self.endorse(member, &proposal)).collect();
        self.anchor_as(sponsor, &proposal, &endorsements);
        let executed = self.execute(sponsor);
        for member in others {
            self.execute(member);
        }
        executed
    }
}
