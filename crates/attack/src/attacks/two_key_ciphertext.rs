//! ChaCha20-Poly1305 does not commit to its key. The tag is a polynomial over a prime field in the blocks of the ciphertext,
//! so that whoever knows two keys solves one linear equation for one block, and the tag is right under both.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use num_bigint::BigUint;
use parclose_crypto::Secret;
use parclose_crypto::seal::{SealKeys, open, seal};

use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "two-key-ciphertext",
    tries: "as a writer who knows two keys: makes one ciphertext that the cipher authenticates under both, so that two readers would read two amounts",
    notices: &[by("SEA-03", "DOES_NOT_OPEN")],
    rooms: &[],
    act,
};

const LABEL: &str = "seal";
const CONTEXT: &[u8; 16] = b"one sealed field";
const BLOCK: usize = 16;
/// Chosen, counted up, solved for, left alone.
const BLOCKS: usize = 4;
const SOLVED: usize = 2;

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let secrets = [Secret::generate(&mut stage.rng), Secret::generate(&mut stage.rng)];
    let readings = secrets.each_ref().map(Reading::of);
    let notice = by("SEA-03", "DOES_NOT_OPEN");
    let mut answers = Vec::new();
    let bytes = if hand.is_adverse() { ambiguous(&readings)? } else { Vec::new() };
    for (owner, other) in [(0, 1), (1, 0)] {
        // What the writer commits to, each of the two in turn.
        let (commitment, bytes, reader) = if hand.is_adverse() {
            (readings[owner].commitment, bytes.clone(), other)
        } else {
            let sealed = seal(&secrets[owner], LABEL, CONTEXT, &[7; BLOCK * BLOCKS]);
            (sealed.commitment, sealed.ciphertext, owner)
        };
        if hand.is_adverse() && open(&secrets[owner], LABEL, CONTEXT, &commitment, &bytes).is_err() {
            return Err("the ciphertext has to open under the key that it commits to".into());
        }
        let opened = open(&secrets[reader], LABEL, CONTEXT, &commitment, &bytes);
        let what = format!("reader {reader} opens what commits to key {owner}");
        let detail = "the key commitment is of another key, whatever the tag says";
        answers.push(Answer::seen(what, "the reader, before it decrypts", (notice, opened.is_err()), detail));
    }
    Ok(answers)
}

/// What a key gives for the context: the stream, with the key of the tag before it, and the commitment.
struct Reading {
    stream: Vec<u8>,
    commitment: [u8; 32],
}

impl Reading {
    fn of(secret: &Secret) -> Self {
        SealKeys::derive(secret, LABEL, CONTEXT).expose(|key, nonce, commitment| {
            let mut stream = vec![0; 64 + BLOCK * BLOCKS];
            ChaCha20::new(&(*key).into(), &(*nonce).into()).apply_keystream(&mut stream);
            Self { stream, commitment: *commitment }
        })
    }

    /// The point at which the polynomial is taken, clamped as the cipher does.
    fn point(&self) -> BigUint {
        let mask = 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff_u128;
        let mut half = [0; BLOCK];
        half.copy_from_slice(&self.stream[..BLOCK]);
        BigUint::from(u128::from_le_bytes(half) & mask)
    }

    fn summand(&self) -> BigUint {
        BigUint::from_bytes_le(&self.stream[BLOCK..2 * BLOCK])
    }

    fn polynomial(&self, blocks: &[BigUint]) -> BigUint {
        let (point, prime) = (self.point(), prime());
        blocks.iter().fold(BigUint::ZERO, |sum, block| (sum + block) * &point % &prime)
    }

    fn tag(&self, blocks: &[BigUint]) -> BigUint {
        (self.polynomial(blocks) + self.summand()) % top()
    }
}

/// `2^130 - 5`.
fn prime() -> BigUint {
    (BigUint::from(1_u8) << 130) - 5_u8
}

fn top() -> BigUint {
    BigUint::from(1_u8) << 128
}

/// A ciphertext with a tag that is right under both.
fn ambiguous(readings: &[Reading; 2]) -> Result<Vec<u8>, Failed> {
    for count in 0..10_000_u64 {
        let mut bytes = vec![0; BLOCK * BLOCKS];
        bytes[BLOCK..BLOCK + 8].copy_from_slice(&count.to_le_bytes());
        if let Some((block, tag)) = solved(readings, &bytes) {
            bytes[SOLVED * BLOCK..][..BLOCK].copy_from_slice(&block);
            bytes.extend_from_slice(&tag);
            return Ok(bytes);
        }
    }
    Err("no block solves the equation".into())
}

/// The block for which both tags are one, and that tag.
fn solved([one, other]: &[Reading; 2], bytes: &[u8]) -> Option<([u8; BLOCK], [u8; BLOCK])> {
    let lengths = [(CONTEXT.len() as u64).to_le_bytes(), (bytes.len() as u64).to_le_bytes()].concat();
    let all = [&CONTEXT[..], bytes, &lengths].concat();
    let mut blocks: Vec<BigUint> =
        all.as_chunks::<BLOCK>().0.iter().map(|block| BigUint::from_bytes_le(block) + top()).collect();
    let at = 1 + SOLVED;
    blocks[at] = BigUint::ZERO;
    let (prime, power) = (prime(), BigUint::from(blocks.len() - at));
    let slope = |reading: &Reading| reading.point().modpow(&power, &prime);
    let slopes = (&prime + slope(other) - slope(one)) % &prime;
    let summands = (top() + one.summand() - other.summand()) % top();
    let values = one.polynomial(&blocks) + summands + &prime - other.polynomial(&blocks);
    let block = values * slopes.modinv(&prime)? % &prime;
    if block.bits() != 129 {
        return None;
    }
    blocks[at].clone_from(&block);
    let tag = one.tag(&blocks);
    (other.tag(&blocks) == tag).then(|| (fixed(&(block - top())), fixed(&tag)))
}

fn fixed(number: &BigUint) -> [u8; BLOCK] {
    let (mut bytes, digits) = ([0; BLOCK], number.to_bytes_le());
    bytes[..digits.len()].copy_from_slice(&digits);
    bytes
}
