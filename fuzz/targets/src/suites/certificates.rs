//! F16: a certificate counts exactly if its signatures are ascending, known, valid and heavy enough.

use std::sync::LazyLock;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::{SigningKey, hash, verify};
use parclose_root::{
    Certificate, CommitCertificate, GenerationKeys, Validator, ValidatorSet, precommit_bytes,
};
use parclose_types::{Failure, Generation, Height, NetworkId, PublicKey, SignatureBytes, ValueHash};

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;

static COMMIT: Point = Point::decides("CommitCertificate::verify");
static CHANNEL: Point = Point::decides("Certificate::verify");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F16",
    name: "f16_certificates",
    holds: "a certificate is accepted exactly if all its signatures are valid, distinct and of known signers whose power is more than two thirds, or exactly the threshold",
    reach: || vec![&COMMIT, &CHANNEL],
    run,
    controls: &[
        Control { name: "a half is enough", run: half },
        Control { name: "a signature that is not looked at", run: unverified },
        Control { name: "a signer who counts twice", run: twice },
        Control { name: "power that is added up in 64 bits", run: wraps },
    ],
    script_bytes: 128,
};

const NETWORK: NetworkId = NetworkId([0xC6; 32]);
const VALUE: ValueHash = ValueHash([0xC7; 32]);
const HEIGHT: Height = Height(9);
const ROUND: u32 = 2;
const KEYS: usize = 8;

/// Keys in the order of their public halves, each with what it signs.
struct Signer {
    key: SigningKey,
    public: PublicKey,
    precommit: SignatureBytes,
    endorsement: SignatureBytes,
}

static SIGNERS: LazyLock<Vec<Signer>> = LazyLock::new(|| {
    let key =
        |number: u8| SigningKey::from_seed(&secret_from_bytes(hash("signer of certificates", &[&[number]])));
    let mut signers: Vec<Signer> = (0..)
        .take(KEYS)
        .map(|number| {
            let key = key(number);
            let public = key.public();
            let precommit = key.sign(&precommit_bytes(&NETWORK, HEIGHT, ROUND, &VALUE, &public));
            Signer { public, precommit, endorsement: key.sign(STATEMENT), key }
        })
        .collect();
    signers.sort_by_key(|signer| signer.public);
    signers
});

const STATEMENT: &[u8] = b"what the endorsers of a channel sign";

/// A signature as a scenario puts it in.
#[derive(Clone, Copy)]
struct Put {
    signer: usize,
    valid: bool,
}

/// The question to a certificate, and the model's answer as booleans.
struct Facts {
    ascending: bool,
    known: bool,
    valid: bool,
    heavy: bool,
}

impl Facts {
    fn hold(&self) -> bool {
        self.ascending && self.known && self.valid && self.heavy
    }
}

/// One scenario: who has a vote, who signs, and how.
pub fn run(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    let (set, puts) = committee(&mut script);
    let certificate = commit(&puts, &mut script);
    let decided = COMMIT.ask(|| certificate.verify(&NETWORK, &set));
    assert_eq!(decided.is_ok(), facts(&set, &certificate).hold(), "certificate and model differ");
    endorsed(&mut script);
    decided.map_or_else(|refused| Answer::Refused(refused.rule()), |()| Answer::Taken)
}

/// A set of validators with power at the edges, and signatures of them and of strangers.
fn committee(script: &mut Script<'_>) -> (ValidatorSet, Vec<Put>) {
    let members: Vec<usize> = (0..KEYS).filter(|_| script.below(3) > 0).collect();
    let equal = script.flag();
    let validators = members.iter().map(|at| {
        let power = if equal { 1 } else { script.edgy().max(1) };
        Validator { key: SIGNERS[*at].public, power }
    });
    let mut validators: Vec<Validator> = validators.collect();
    if validators.is_empty() {
        validators.push(Validator { key: SIGNERS[0].public, power: 1 });
    }
    let set = ValidatorSet::new(validators).expect("ascending keys with power");
    let mut puts: Vec<Put> = Vec::new();
    for signer in 0..KEYS {
        let (signs, stranger) = (script.below(6) > 0, script.below(24) == 0);
        if (members.contains(&signer) && signs) || stranger {
            puts.push(Put { signer, valid: script.below(40) > 0 });
        }
    }
    match script.below(10) {
        0 => puts.reverse(),
        1 => puts.extend(puts.first().copied()),
        2 => puts.splice(0..0, puts.first().copied()).for_each(drop),
        _ => {}
    }
    (set, puts)
}

fn commit(puts: &[Put], script: &mut Script<'_>) -> CommitCertificate {
    let signature = |put: &Put, script: &mut Script<'_>| {
        let signer = &SIGNERS[put.signer];
        if put.valid { signer.precommit } else { invalid(signer, script) }
    };
    let signatures = puts.iter().map(|put| (SIGNERS[put.signer].public, signature(put, script))).collect();
    CommitCertificate { height: HEIGHT, round: ROUND, value: VALUE, signatures }
}

/// A signature of the same key under something else, or none at all.
fn invalid(signer: &Signer, script: &mut Script<'_>) -> SignatureBytes {
    let sign = |network: &NetworkId, height, round, value: &ValueHash, validator: &PublicKey| {
        signer.key.sign(&precommit_bytes(network, height, round, value, validator))
    };
    match script.below(7) {
        0 => sign(&NetworkId([1; 32]), HEIGHT, ROUND, &VALUE, &signer.public),
        1 => sign(&NETWORK, Height(HEIGHT.0 + 1), ROUND, &VALUE, &signer.public),
        2 => sign(&NETWORK, HEIGHT, ROUND + 1, &VALUE, &signer.public),
        3 => sign(&NETWORK, HEIGHT, ROUND, &ValueHash([2; 32]), &signer.public),
        4 => sign(&NETWORK, HEIGHT, ROUND, &VALUE, &PublicKey([3; 32])),
        5 => SignatureBytes([script.any(); 64]),
        _ => {
            let mut signature = signer.precommit;
            signature.0[script.below(64)] ^= 1;
            signature
        }
    }
}

/// The model: what is true of a certificate, in numbers of 128 bits.
fn facts(set: &ValidatorSet, certificate: &CommitCertificate) -> Facts {
    let power_of =
        |key: &PublicKey| set.validators().iter().find(|v| v.key == *key).map(|v| u128::from(v.power));
    let total: u128 = set.validators().iter().map(|v| u128::from(v.power)).sum();
    let signed: u128 = certificate.signatures.iter().filter_map(|(key, _)| power_of(key)).sum();
    let valid = |(key, signature): &(PublicKey, SignatureBytes)| {
        let bytes = precommit_bytes(&NETWORK, certificate.height, certificate.round, &certificate.value, key);
        verify(key, &bytes, signature).is_ok()
    };
    Facts {
        ascending: certificate.signatures.windows(2).all(|pair| pair[0].0 < pair[1].0),
        known: certificate.signatures.iter().all(|(key, _)| power_of(key).is_some()),
        valid: certificate.signatures.iter().all(valid),
        heavy: 3 * signed > 2 * total,
    }
}

/// The certificate of a channel: exactly as many signatures as its threshold.
fn endorsed(script: &mut Script<'_>) {
    let count = 1 + script.below(KEYS);
    let endorsers: Vec<PublicKey> = SIGNERS.iter().take(count).map(|signer| signer.public).collect();
    let threshold = count / 2 + 1 + script.below(count - count / 2);
    let threshold = u16::try_from(threshold.min(count)).unwrap_or(1);
    let keys = GenerationKeys::new(Generation(0), endorsers, threshold).expect("more than half");
    let mut signatures: Vec<(u16, SignatureBytes)> = Vec::new();
    for (number, signer) in (0..).zip(SIGNERS.iter()) {
        let within = number < threshold;
        if (within && script.below(12) > 0) || (!within && script.below(12) == 0) {
            let signature = if script.below(24) > 0 { signer.endorsement } else { signer.precommit };
            signatures.push((number, signature));
        }
    }
    if script.below(10) == 0 {
        signatures.reverse();
    }
    let certificate = Certificate { signatures };
    let model = certificate.signatures.len() == usize::from(threshold)
        && certificate.signatures.windows(2).all(|pair| pair[0].0 < pair[1].0)
        && certificate.signatures.iter().all(|(at, signature)| {
            usize::from(*at) < count && *signature == SIGNERS[usize::from(*at)].endorsement
        });
    let decided = CHANNEL.ask(|| certificate.verify(&keys, STATEMENT));
    assert_eq!(decided.is_ok(), model, "channel certificate and model differ");
}

fn broken(bytes: &[u8], accepts: fn(&ValidatorSet, &CommitCertificate, &Facts) -> bool) -> Answer {
    let mut script = Script::new(bytes);
    let (set, puts) = committee(&mut script);
    let certificate = commit(&puts, &mut script);
    let facts = facts(&set, &certificate);
    assert_eq!(accepts(&set, &certificate, &facts), facts.hold(), "certificate and model differ");
    Answer::Taken
}

fn half(bytes: &[u8]) -> Answer {
    broken(bytes, |set, certificate, facts| {
        let signed: u128 =
            certificate.signatures.iter().filter_map(|(key, _)| set.power_of(key)).map(u128::from).sum();
        facts.ascending && facts.known && facts.valid && 2 * signed > set.total_power()
    })
}

fn unverified(bytes: &[u8]) -> Answer {
    broken(bytes, |_, _, facts| facts.ascending && facts.known && facts.heavy)
}

fn twice(bytes: &[u8]) -> Answer {
    broken(bytes, |_, _, facts| facts.known && facts.valid && facts.heavy)
}

fn wraps(bytes: &[u8]) -> Answer {
    broken(bytes, |set, certificate, facts| {
        let powers = certificate.signatures.iter().filter_map(|(key, _)| set.power_of(key));
        let signed = powers.fold(0_u64, u64::wrapping_add);
        let total = set.validators().iter().fold(0_u64, |sum, validator| sum.wrapping_add(validator.power));
        facts.ascending && facts.known && facts.valid && signed.wrapping_mul(3) > total.wrapping_mul(2)
    })
}
