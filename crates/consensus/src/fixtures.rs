//! Keys, a genesis, and a channel of three members, for tests.

use parclose_crypto::SigningKey;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_root::{
    Certificate, ClaimAct, ClaimStatement, CloseStatement, GenerationKeys, Genesis, OpenBody, OpenChannel,
    Parameters, PrepareStatement, RootTransaction, Statement, UpdateValidators, Validator, ValidatorSet,
    Validators, ValidatorsChange,
};
use parclose_types::{
    ChannelCommitment, DealId, Digest, Generation, Height, NetworkId, PublicKey, Sequence, Tag,
};

pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&secret_from_bytes([number; 32]))
}

pub(crate) fn genesis_of(powers: &[(u8, u64)], nonce: u8) -> Genesis {
    let mut validators: Vec<_> = powers
        .iter()
        .map(|(number, power)| Validator { key: key(*number).public(), power: *power })
        .collect();
    validators.sort_by_key(|validator| validator.key);
    Genesis::new("test".into(), validators, Parameters::default(), Digest([nonce; 32])).unwrap()
}

/// A change to validators of power 1, by number, that everybody has signed who votes before or after it.
pub(crate) fn change_of(
    network: &NetworkId,
    now: &Validators,
    at: Height,
    numbers: &[u8],
) -> RootTransaction {
    let mut validators: Vec<_> =
        numbers.iter().map(|number| Validator { key: key(*number).public(), power: 1 }).collect();
    validators.sort_by_key(|validator| validator.key);
    let (next, current) = (ValidatorSet::new(validators).unwrap(), now.at(at));
    let change = ValidatorsChange {
        number: now.changes,
        replaces: current.digest(),
        next,
        last_height: Height(at.0 + 100),
    };
    let signs =
        |key: &SigningKey| [current, &change.next].iter().any(|set| set.power_of(&key.public()).is_some());
    let mut signatures: Vec<_> =
        (0..=255).map(key).filter(signs).map(|key| change.sign(network, &key)).collect();
    signatures.sort_by_key(|(signer, _)| *signer);
    RootTransaction::UpdateValidators(UpdateValidators { change, signatures })
}

/// Three members with a threshold of two.
pub(crate) struct Channel {
    network: NetworkId,
    members: Vec<SigningKey>,
    keys: GenerationKeys,
    body: OpenBody,
    pub(crate) tag: Tag,
}

impl Channel {
    pub(crate) fn new(network: NetworkId, number: u8) -> Self {
        let mut members: Vec<_> = (1..=3).map(|member| key(number + member)).collect();
        members.sort_by_key(SigningKey::public);
        let endorsers: Vec<PublicKey> = members.iter().map(SigningKey::public).collect();
        let keys = GenerationKeys::new(Generation(0), endorsers, 2).unwrap();
        let body = OpenBody { keys: keys.clone(), genesis_commitment: Digest([number; 32]) };
        let tag = body.tag(&network);
        Self { network, members, keys, body, tag }
    }

    pub(crate) fn open(&self) -> RootTransaction {
        let signatures = self.members.iter().map(|member| self.body.sign(&self.network, member));
        RootTransaction::OpenChannel(OpenChannel {
            body: self.body.clone(),
            signatures: signatures.collect(),
        })
    }

    pub(crate) fn anchor(&self, number: u8, attested: u64, last_height: u64) -> RootTransaction {
        let statement = Statement {
            network: self.network,
            tag: self.tag,
            generation: Generation(0),
            commitment: ChannelCommitment(Digest([number; 32])),
            attested: Sequence(attested),
            last_height: Height(last_height),
        };
        let certificate = self.certify(&statement.signing_bytes());
        RootTransaction::Anchor(statement.anchor(certificate))
    }

    /// A prepare of a leg, which names the opening as its lock.
    pub(crate) fn prepare(&self, deal: DealId, leg: u8) -> RootTransaction {
        let statement = PrepareStatement {
            network: self.network,
            tag: self.tag,
            generation: Generation(0),
            deal,
            leg,
            outcome: [leg; 32],
            lock: Sequence(0),
            last_height: Height(1000),
        };
        RootTransaction::Prepare(statement.prepare(None, self.certify(&statement.signing_bytes())))
    }

    pub(crate) fn claim(&self, claim: [u8; 32]) -> RootTransaction {
        self.claiming(ClaimAct::Claim, claim)
    }

    pub(crate) fn release(&self, claim: [u8; 32]) -> RootTransaction {
        self.claiming(ClaimAct::Release, claim)
    }

    fn claiming(&self, act: ClaimAct, claim: [u8; 32]) -> RootTransaction {
        let (network, tag, generation) = (self.network, self.tag, Generation(0));
        let statement = ClaimStatement { act, network, tag, generation, claim, last_height: Height(1000) };
        statement.certified(self.certify(&statement.signing_bytes()))
    }

    fn certify(&self, signed: &[u8]) -> Certificate {
        let endorsements: Vec<_> =
            self.members.iter().map(|member| (member.public(), member.sign(signed))).collect();
        Certificate::assemble(&self.keys, &endorsements).unwrap()
    }

    pub(crate) fn close(&self, last: u64) -> RootTransaction {
        let (tag, last_sequence) = (self.tag, Sequence(last));
        let network = self.network;
        let last_height = Height(last + 9);
        let generation = Generation(0);
        let statement = CloseStatement { network, tag, generation, last_sequence, last_height };
        let certificate = self.certify(&statement.signing_bytes());
        RootTransaction::Close(parclose_root::Close { tag, last_sequence, last_height, certificate })
    }
}
