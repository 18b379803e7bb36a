//! A ciphertext that ChaCha20-Poly1305 authenticates under two keys.
//!
//! Poly1305 is a polynomial over the numbers modulo 2^130 - 5 (RFC 8439 section 2.5). Whoever knows two keys solves one
//! linear equation for one free block, and the tag is the same under both (Dodis, Grubbs, Ristenpart, Woodage 2018).

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use num_bigint::BigUint;
use parclose_crypto::Secret;
use parclose_crypto::hash::sha256;
use parclose_crypto::seal::SealKeys;
use parclose_types::labels;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Blocks of ciphertext: the first is what one reader is to read, the second is another in each try, the third is solved for.
const BLOCKS: usize = 4;
const FREE: usize = 2;
/// About one try in eight gives a block.
const TRIES: u64 = 4000;

/// What one sealing key gives.
pub(crate) struct OneTime {
    key: [u8; 32],
    nonce: [u8; 12],
    /// the first 64 bytes hold the key of Poly1305, the others encrypt
    stream: Vec<u8>,
}

impl OneTime {
    pub(crate) fn derive(secret: &Secret, context: &[u8]) -> Self {
        SealKeys::derive(secret, labels::SEAL, context).expose(|key, nonce, _| Self {
            key: *key,
            nonce: *nonce,
            stream: stream(key, nonce),
        })
    }

    pub(crate) fn decrypt(&self, context: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
        let cipher = ChaCha20Poly1305::new(&Key::from(self.key));
        cipher.decrypt(&Nonce::from(self.nonce), Payload { msg: ciphertext, aad: context }).ok()
    }

    /// The point at which the polynomial is evaluated, clamped.
    fn r(&self) -> BigUint {
        let mask =
            (BigUint::from(0x0fff_fffc_0fff_fffc_u64) << 64) + BigUint::from(0x0fff_fffc_0fff_ffff_u64);
        BigUint::from_bytes_le(&self.stream[..16]) & mask
    }

    fn s(&self) -> BigUint {
        BigUint::from_bytes_le(&self.stream[16..32])
    }

    fn polynomial(&self, blocks: &[BigUint]) -> BigUint {
        let r = self.r();
        blocks.iter().fold(BigUint::ZERO, |sum, block| (sum + block) * &r % prime())
    }
}

/// The key stream of RFC 8439, from block 0 on: the generator has the same block function, but counts blocks in 64 bits,
/// of which the nonce's first 32 are the upper half here.
fn stream(key: &[u8; 32], nonce: &[u8; 12]) -> Vec<u8> {
    let mut upper = [0; 8];
    upper[4..].copy_from_slice(&nonce[..4]);
    let mut lower = [0; 8];
    lower.copy_from_slice(&nonce[4..]);
    let mut generator = ChaCha20Rng::from_seed(*key);
    generator.set_stream(u64::from_le_bytes(lower));
    generator.set_word_pos(u128::from(u64::from_le_bytes(upper)) * 16);
    let mut bytes = vec![0; 64 + BLOCKS * 16];
    generator.fill_bytes(&mut bytes);
    bytes
}

fn prime() -> BigUint {
    (BigUint::from(1_u8) << 130) - 5_u8
}

fn top() -> BigUint {
    BigUint::from(1_u8) << 128
}

/// What Poly1305 sees: context and ciphertext, each filled up, and their lengths.
fn blocks(context: &[u8], ciphertext: &[u8]) -> Vec<BigUint> {
    let mut bytes = context.to_vec();
    bytes.resize(context.len().next_multiple_of(16), 0);
    bytes.extend_from_slice(ciphertext);
    bytes.extend_from_slice(&(context.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&(ciphertext.len() as u64).to_le_bytes());
    bytes.chunks_exact(16).map(|block| BigUint::from_bytes_le(block) + top()).collect()
}

/// A ciphertext of both keys, of which the first reads `reading` in its first block.
///
/// # Panics
///
/// If no try gives a block, which has a chance of 2^-700.
pub(crate) fn two_key_ciphertext(
    first: &OneTime,
    second: &OneTime,
    context: &[u8],
    reading: &[u8; 16],
) -> Vec<u8> {
    let mut ciphertext = vec![0; BLOCKS * 16];
    for (at, byte) in reading.iter().enumerate() {
        ciphertext[at] = byte ^ first.stream[64 + at];
    }
    for attempt in 0..TRIES {
        // Tries that only count up give blocks in equal steps, which miss for ever when a step is close to a small fraction.
        ciphertext[16..32].copy_from_slice(&sha256(&attempt.to_le_bytes())[..16]);
        if let Some((block, tag)) = solve(first, second, context, &ciphertext) {
            ciphertext[FREE * 16..(FREE + 1) * 16].copy_from_slice(&block);
            ciphertext.extend_from_slice(&tag);
            return ciphertext;
        }
    }
    panic!("about one try in eight gives a block");
}

/// The free block `x` for which `A1 + x*r1^j + s1 = A2 + x*r2^j + s2`, where `A` is the polynomial with `x = 0`.
fn solve(
    first: &OneTime,
    second: &OneTime,
    context: &[u8],
    ciphertext: &[u8],
) -> Option<([u8; 16], [u8; 16])> {
    let (prime, top) = (prime(), top());
    let mut blocks = blocks(context, ciphertext);
    let free = context.len().div_ceil(16) + FREE;
    let power = BigUint::from(blocks.len() - free);
    blocks[free] = BigUint::ZERO;
    let constants = [first, second].map(|key| key.polynomial(&blocks));
    let slopes = [first, second].map(|key| key.r().modpow(&power, &prime));
    let slope = (&prime + &slopes[1] - &slopes[0]) % &prime;
    let difference = (&top + first.s() - second.s()) % &top;
    let x: BigUint = (&constants[0] + difference + &prime - &constants[1]) * slope.modinv(&prime)? % &prime;
    if x.bits() != 129 {
        return None;
    }
    blocks[free] = x.clone();
    let tags = [first, second].map(|key| (key.polynomial(&blocks) + key.s()) % &top);
    (tags[0] == tags[1]).then(|| (sixteen(&(x - &top)), sixteen(&tags[0])))
}

fn sixteen(number: &BigUint) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().zip(number.to_bytes_le()) {
        *place = byte;
    }
    bytes
}
