//! A small network for tests: one validator or some, channels of members with keys derived from names.

use std::cell::Cell;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{SigningKey, hash};
use parclose_types::{
    ChannelCommitment, Digest, Generation, Height, NetworkId, PublicKey, Sequence, SignatureBytes, Tag,
};

use crate::certificate::{Certificate, Endorsement};
use crate::checkpoint::Checkpoint;
use crate::execution::{Applied, Place, Share};
use crate::genesis::{Genesis, Parameters, Validator, ValidatorSet};
use crate::keys::GenerationKeys;
use crate::open::{OpenBody, OpenChannel};
use crate::proof::{OrderProof, TagProof};
use crate::reject::RootReject;
use crate::state::RootState;
use crate::statement::{CloseStatement, RotateStatement, Statement};
use crate::transaction::RootTransaction;
use crate::update::{UpdateValidators, ValidatorsChange};
use crate::{Anchor, Close, CommitCertificate, Header, Rotate};

pub(crate) mod dealing;

/// A signing key derived from a name.
pub(crate) fn key(name: &str, index: usize) -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes(hash(name, &[&index.to_be_bytes()])))
}

/// The endorsers of one channel.
pub(crate) struct Members {
    keys: GenerationKeys,
    secrets: Vec<SigningKey>,
}

impl Members {
    pub(crate) fn new(count: usize, threshold: u16) -> Self {
        let mut secrets: Vec<_> = (0..count).map(|i| key(&format!("members of {count}"), i)).collect();
        secrets.sort_by_key(SigningKey::public);
        let endorsers: Vec<PublicKey> = secrets.iter().map(SigningKey::public).collect();
        Self { keys: GenerationKeys::new(Generation(0), endorsers, threshold).unwrap(), secrets }
    }

    /// The same members, endorsing in another generation.
    pub(crate) fn in_generation(self, generation: Generation) -> Self {
        Self { keys: self.keys_of(generation), secrets: self.secrets }
    }

    /// The keys of these members in another generation.
    pub(crate) fn keys_of(&self, generation: Generation) -> GenerationKeys {
        GenerationKeys::new(generation, self.keys.endorsers().to_vec(), self.keys.threshold()).unwrap()
    }

    pub(crate) fn keys(&self) -> &GenerationKeys {
        &self.keys
    }

    pub(crate) fn endorse(&self, index: usize, signed: &[u8]) -> Endorsement {
        let secret = &self.secrets[index];
        (secret.public(), secret.sign(signed))
    }

    pub(crate) fn endorse_all(&self, signed: &[u8]) -> Vec<Endorsement> {
        (0..self.secrets.len()).map(|index| self.endorse(index, signed)).collect()
    }

    pub(crate) fn certify(&self, signed: &[u8]) -> Certificate {
        Certificate::assemble(&self.keys, &self.endorse_all(signed)).unwrap()
    }

    pub(crate) fn open(&self, network: &NetworkId, body: OpenBody) -> OpenChannel {
        let signatures = self.secrets.iter().map(|secret| body.sign(network, secret)).collect();
        OpenChannel { body, signatures }
    }

    pub(crate) fn open_with(&self, network: &NetworkId, keys: GenerationKeys) -> OpenChannel {
        self.open(network, OpenBody { keys, genesis_commitment: Digest([3; 32]) })
    }
}

/// Any statement of these members.
pub(crate) fn statement(_: &Members) -> Statement {
    Statement {
        network: NetworkId([4; 32]),
        tag: Tag([5; 32]),
        generation: Generation(0),
        commitment: commitment(6),
        attested: Sequence(0),
        last_height: Height(7),
    }
}

pub(crate) fn commitment(number: u8) -> ChannelCommitment {
    ChannelCommitment(Digest([number; 32]))
}

pub(crate) fn open_of(transaction: &RootTransaction) -> &OpenChannel {
    match transaction {
        RootTransaction::OpenChannel(open) => open,
        other => panic!("not an opening: {other:?}"),
    }
}

/// An open channel and those who endorse for it.
pub(crate) struct Channel {
    pub(crate) tag: Tag,
    pub(crate) members: Members,
}

/// Validators by their numbers, each with its power.
pub(crate) fn seats(seats: &[(usize, u64)]) -> ValidatorSet {
    let mut validators: Vec<_> = seats
        .iter()
        .map(|(number, power)| Validator { key: key("validator", *number).public(), power: *power })
        .collect();
    validators.sort_by_key(|validator| validator.key);
    ValidatorSet::new(validators).unwrap()
}

/// Precommits of validators, by number, under a header.
pub(crate) fn precommits(header: &Header, signers: impl IntoIterator<Item = usize>) -> CommitCertificate {
    let (height, value) = (header.height, header.hash());
    let mut signatures: Vec<(PublicKey, SignatureBytes)> = signers
        .into_iter()
        .flat_map(|number| {
            CommitCertificate::of_one(&header.network, height, value, &key("validator", number)).signatures
        })
        .collect();
    signatures.sort_by_key(|(validator, _)| *validator);
    CommitCertificate { height, round: 0, value, signatures }
}

/// A network of one validator, or some.
pub(crate) struct Network {
    pub(crate) id: NetworkId,
    pub(crate) state: RootState,
    opened: Cell<u8>,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self::with(Parameters::default())
    }

    pub(crate) fn with(parameters: Parameters) -> Self {
        Self::founded(&seats(&[(0, 1)]), parameters)
    }

    /// A network of the validators 0 to `count`, each with power 1.
    pub(crate) fn of_validators(count: usize) -> Self {
        let all: Vec<_> = (0..count).map(|number| (number, 1)).collect();
        Self::founded(&seats(&all), Parameters::default())
    }

    pub(crate) fn founded(validators: &ValidatorSet, parameters: Parameters) -> Self {
        let validators = validators.validators().to_vec();
        let genesis = Genesis::new("test".into(), validators, parameters, Digest([7; 32])).unwrap();
        Self { id: genesis.network(), state: RootState::new(genesis), opened: Cell::new(0) }
    }

    pub(crate) fn members(&self, count: usize, threshold: u16) -> Members {
        Members::new(count, threshold)
    }

    /// An opening that differs from all earlier ones, and the channel that it opens.
    pub(crate) fn open(&self, count: usize, threshold: u16) -> (Channel, RootTransaction) {
        let members = Members::new(count, threshold);
        self.opened.set(self.opened.get() + 1);
        let genesis_commitment = Digest([self.opened.get(); 32]);
        let body = OpenBody { keys: members.keys().clone(), genesis_commitment };
        let channel = Channel { tag: body.tag(&self.id), members };
        let open = channel.members.open(&self.id, body);
        (channel, RootTransaction::OpenChannel(open))
    }

    pub(crate) fn opened(&mut self, count: usize, threshold: u16) -> Channel {
        let (channel, open) = self.open(count, threshold);
        self.order(vec![open]);
        channel
    }

    pub(crate) fn statement(
        &self,
        channel: &Channel,
        number: u8,
        attested: u64,
        last_height: u64,
    ) -> Statement {
        Statement {
            network: self.id,
            tag: channel.tag,
            generation: Generation(0),
            commitment: commitment(number),
            attested: Sequence(attested),
            last_height: Height(last_height),
        }
    }

    /// A certified anchor of commitment `number`.
    pub(crate) fn anchor(&self, channel: &Channel, number: u8, attested: u64, last_height: u64) -> Anchor {
        let statement = self.statement(channel, number, attested, last_height);
        statement.anchor(channel.members.certify(&statement.signing_bytes()))
    }

    pub(crate) fn close(&self, channel: &Channel, last: u64) -> Close {
        let (tag, last_sequence) = (channel.tag, Sequence(last));
        let generation = channel.members.keys().generation();
        let last_height = Height(self.next().0 + 2);
        let statement = CloseStatement { network: self.id, tag, generation, last_sequence, last_height };
        Close {
            tag,
            last_sequence,
            last_height,
            certificate: channel.members.certify(&statement.signing_bytes()),
        }
    }

    /// A certified rotation from a channel's members to others.
    pub(crate) fn rotate(&self, channel: &Channel, to: &Members) -> Rotate {
        let generation = channel.members.keys().generation();
        let next = to.keys_of(Generation(generation.0 + 1));
        self.rotate_to(channel, to, self.rotation(channel, next))
    }

    /// What a rotation at the next height states.
    pub(crate) fn rotation(&self, channel: &Channel, next: GenerationKeys) -> RotateStatement {
        RotateStatement {
            network: self.id,
            tag: channel.tag,
            generation: channel.members.keys().generation(),
            next,
            commitment: Digest([5; 32]),
            executed: Sequence(0),
            last_height: Height(self.next().0 + 5),
        }
    }

    pub(crate) fn rotate_to(&self, from: &Channel, to: &Members, statement: RotateStatement) -> Rotate {
        let signed = statement.signing_bytes();
        let (now, next) = (from.members.certify(&signed), to.certify(&signed));
        statement.rotate(now, next)
    }

    /// What a change to validators of power 1, by number, at the next height says.
    pub(crate) fn change(&self, next: &[usize]) -> ValidatorsChange {
        let next: Vec<_> = next.iter().map(|number| (*number, 1)).collect();
        self.change_to(seats(&next))
    }

    pub(crate) fn change_to(&self, next: ValidatorSet) -> ValidatorsChange {
        let (validators, at) = (self.state.validators(), self.next());
        ValidatorsChange {
            number: validators.changes,
            replaces: validators.at(at).digest(),
            next,
            last_height: Height(at.0 + 9),
        }
    }

    /// A change that everybody has signed who votes before or after it.
    pub(crate) fn update(&self, next: &[usize]) -> UpdateValidators {
        self.signed_by_all(self.change(next))
    }

    pub(crate) fn signed_by_all(&self, change: ValidatorsChange) -> UpdateValidators {
        let current = self.state.validators().at(self.next());
        let votes = |key: &PublicKey| [current, &change.next].iter().any(|set| set.power_of(key).is_some());
        let signers: Vec<_> = (0..260).filter(|number| votes(&key("validator", *number).public())).collect();
        self.signed_by(change, &signers)
    }

    pub(crate) fn signed_by(&self, change: ValidatorsChange, signers: &[usize]) -> UpdateValidators {
        let sign = |number: &usize| change.sign(&self.id, &key("validator", *number));
        let mut signatures: Vec<_> = signers.iter().map(sign).collect();
        signatures.sort_by_key(|(signer, _)| *signer);
        UpdateValidators { change, signatures }
    }

    /// The head's checkpoint.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let header = self.state.head().clone();
        Checkpoint {
            validators: self.state.validators().clone(),
            proof: self.state.prove_validators(),
            certificate: self.certify(&header),
            header,
        }
    }

    /// Orders an anchor in a block of its own.
    pub(crate) fn anchored(&mut self, channel: &Channel, number: u8, attested: u64) -> Applied {
        let anchor = self.anchor(channel, number, attested, self.next().0 + 5);
        self.order(vec![RootTransaction::Anchor(anchor)])
    }

    /// A place in the next block, the first.
    pub(crate) fn place(&self) -> Place<'_> {
        let (parameters, height) = (self.state.genesis().parameters(), self.next());
        Place { network: &self.id, parameters, height, opens: 0, of_tag: Share::default() }
    }

    /// The height of the next block.
    pub(crate) fn next(&self) -> Height {
        Height(self.state.head().height.0 + 1)
    }

    /// Orders all of these in one block, which must succeed.
    pub(crate) fn order(&mut self, transactions: Vec<RootTransaction>) -> Applied {
        let (block, rejected) = self.state.build(transactions);
        assert_eq!(rejected, [], "height {}", block.header.height);
        self.state.apply(&block).unwrap()
    }

    /// Why this would not be ordered in the next block.
    pub(crate) fn refusal(&self, transaction: RootTransaction) -> Option<RootReject> {
        let (_, rejected) = self.state.build([transaction]);
        rejected.first().map(|(_, reason)| *reason)
    }

    /// The precommits of all validators of the newest block, or the one before.
    pub(crate) fn certify(&self, header: &Header) -> CommitCertificate {
        let set = self.state.validators().at(header.height);
        let votes = |number: &usize| set.power_of(&key("validator", *number).public()).is_some();
        precommits(header, (0..260).filter(votes))
    }

    /// Orders these in one block and proves each of its events.
    pub(crate) fn order_and_prove(&mut self, transactions: Vec<RootTransaction>) -> Vec<OrderProof> {
        let (block, _) = self.state.build(transactions);
        let applied = self.state.apply(&block).unwrap();
        let list = parclose_crypto::merkle::ProvingList::new(applied.entries().map(parclose_types::encode));
        let proofs = applied.events.iter().zip(0..).map(|(event, index)| OrderProof {
            entry: event.entry,
            transaction: event.content(&block).unwrap().encode(),
            inclusion: list.prove(index).unwrap(),
            header: block.header.clone(),
            certificate: self.certify(&block.header),
        });
        proofs.collect()
    }

    /// Proves a tag's state at the head.
    pub(crate) fn prove_tag(&self, tag: &Tag) -> TagProof {
        let header = self.state.head().clone();
        TagProof {
            tag: *tag,
            state: self.state.tag(tag).unwrap().clone(),
            proof: self.state.prove_tag(tag),
            certificate: self.certify(&header),
            header,
        }
    }
}
