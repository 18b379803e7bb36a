//! Why a sealing carries a key commitment: a ciphertext that two keys authenticate.
//!
//! ChaCha20-Poly1305 does not commit to its key. Poly1305 is a polynomial over a prime field, so
//! whoever knows two keys solves one linear equation for one free block, and the tag holds under
//! both (Grubbs, Lu, Ristenpart, CRYPTO 2017; "invisible salamanders", Dodis et al., CRYPTO 2018).
//! One reader would see one plaintext, another reader another. The test builds such a ciphertext
//! with its own Poly1305 arithmetic, and shows that `open` refuses the second key.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use num_bigint::BigUint;
use parclose_crypto::Secret;
use parclose_crypto::seal::{DoesNotOpen, SealKeys, open};
use parclose_crypto::secret::hazmat::secret_from_bytes;

const LABEL: &str = "seal";
const CONTEXT: &[u8] = b"channel, record and field of one sealed value";
/// What the first key reads in the first block.
const FIRST_READING: &[u8; 16] = b"amount: 00000100";
/// Ciphertext blocks: the first is chosen, the second counts the tries, the third is solved for.
const BLOCKS: usize = 4;
const FREE_BLOCK: usize = 2;

#[test]
fn sea_03_a_two_key_ciphertext_opens_for_one_key_only() {
    let (first, second) = (secret_from_bytes([1; 32]), secret_from_bytes([2; 32]));
    let (honest, other) = (OneTime::derive(&first), OneTime::derive(&second));
    let ciphertext = two_key_ciphertext(&honest, &other);

    // Plain ChaCha20-Poly1305 authenticates it under both keys, with different plaintexts.
    let first_reading = honest.decrypt(&ciphertext).unwrap();
    let second_reading = other.decrypt(&ciphertext).unwrap();
    assert!(first_reading.starts_with(FIRST_READING));
    assert_ne!(first_reading, second_reading);

    // With either commitment, one key opens and the other is refused.
    assert_ne!(honest.commitment, other.commitment);
    let opens = |key: &Secret, commitment| open(key, LABEL, CONTEXT, commitment, &ciphertext);
    assert_eq!(opens(&first, &honest.commitment).unwrap().as_slice(), first_reading);
    assert_eq!(opens(&second, &honest.commitment), Err(DoesNotOpen));
    assert_eq!(opens(&second, &other.commitment).unwrap().as_slice(), second_reading);
    assert_eq!(opens(&first, &other.commitment), Err(DoesNotOpen));
}

/// What one sealing key gives: AEAD key and nonce, their Poly1305 key, the key commitment.
struct OneTime {
    key: [u8; 32],
    nonce: [u8; 12],
    commitment: [u8; 32],
    /// the keystream block 0 is the Poly1305 key, the blocks after it encrypt
    keystream: Vec<u8>,
}

impl OneTime {
    fn derive(secret: &Secret) -> Self {
        SealKeys::derive(secret, LABEL, CONTEXT).expose(|key, nonce, commitment| {
            let mut keystream = vec![0; 64 + BLOCKS * 16];
            ChaCha20::new(&(*key).into(), &(*nonce).into()).apply_keystream(&mut keystream);
            Self { key: *key, nonce: *nonce, commitment: *commitment, keystream }
        })
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Vec<u8>, chacha20poly1305::Error> {
        ChaCha20Poly1305::new(&Key::from(self.key))
            .decrypt(&Nonce::from(self.nonce), Payload { msg: ciphertext, aad: CONTEXT })
    }

    /// The point `r` at which the polynomial is evaluated, clamped (RFC 8439 section 2.5).
    fn r(&self) -> BigUint {
        let mut r: [u8; 16] = self.keystream[..16].try_into().expect("16 bytes");
        for position in [3, 7, 11, 15] {
            r[position] &= 15;
        }
        for position in [4, 8, 12] {
            r[position] &= 252;
        }
        BigUint::from_bytes_le(&r)
    }

    /// The number `s` that is added at the end.
    fn s(&self) -> BigUint {
        BigUint::from_bytes_le(&self.keystream[16..32])
    }

    /// The polynomial's value over these blocks, before `s` is added.
    fn accumulate(&self, blocks: &[BigUint]) -> BigUint {
        let r = self.r();
        blocks.iter().fold(BigUint::ZERO, |sum, block| (sum + block) * &r % prime())
    }
}

/// `2^130 - 5`.
fn prime() -> BigUint {
    (BigUint::from(1_u8) << 130) - 5_u8
}

/// The blocks that Poly1305 sees: padded context, ciphertext, the two lengths; each with bit 128 set.
fn blocks(ciphertext: &[u8]) -> Vec<BigUint> {
    let mut bytes = CONTEXT.to_vec();
    bytes.resize(CONTEXT.len().next_multiple_of(16), 0);
    bytes.extend_from_slice(ciphertext);
    bytes.extend_from_slice(&(CONTEXT.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&(ciphertext.len() as u64).to_le_bytes());
    let top = BigUint::from(1_u8) << 128;
    bytes.as_chunks::<16>().0.iter().map(|block| BigUint::from_bytes_le(block) + &top).collect()
}

/// Solves for the free block, counting the second block up until the solution is a block.
fn two_key_ciphertext(first: &OneTime, second: &OneTime) -> Vec<u8> {
    let mut ciphertext = vec![0; BLOCKS * 16];
    for (position, byte) in FIRST_READING.iter().enumerate() {
        ciphertext[position] = byte ^ first.keystream[64 + position];
    }
    for attempt in 0_u64..1000 {
        ciphertext[16..24].copy_from_slice(&attempt.to_le_bytes());
        if let Some((block, tag)) = solve(first, second, &ciphertext) {
            ciphertext[FREE_BLOCK * 16..][..16].copy_from_slice(&block);
            ciphertext.extend_from_slice(&tag);
            return ciphertext;
        }
    }
    panic!("about one try in eight gives a block");
}

/// The free block `x` and the tag that both keys give: with `j` blocks from `x` to the end,
/// `A2 + x*r2^j = A1 + x*r1^j + (s1 - s2)` modulo the prime, where `A` is the value with `x = 0`.
fn solve(first: &OneTime, second: &OneTime, ciphertext: &[u8]) -> Option<([u8; 16], [u8; 16])> {
    let (prime, top) = (prime(), BigUint::from(1_u8) << 128);
    let mut blocks = blocks(ciphertext);
    let free = CONTEXT.len().div_ceil(16) + FREE_BLOCK;
    let exponent = BigUint::from(blocks.len() - free);
    let difference = (&top + first.s() - second.s()) % &top;

    blocks[free] = BigUint::ZERO;
    let (base_1, base_2) = (first.accumulate(&blocks), second.accumulate(&blocks));
    let (slope_1, slope_2) = (first.r().modpow(&exponent, &prime), second.r().modpow(&exponent, &prime));
    let slope = (&prime + slope_2 - slope_1) % &prime;
    let x: BigUint = (base_1 + &difference + &prime - base_2) * slope.modinv(&prime)? % &prime;
    if x.bits() != 129 {
        return None;
    }
    blocks[free] = x.clone();
    let tag = (first.accumulate(&blocks) + first.s()) % &top;
    let same = (second.accumulate(&blocks) + second.s()) % &top == tag;
    same.then(|| (sixteen_bytes(&(x - &top)), sixteen_bytes(&tag)))
}

fn sixteen_bytes(number: &BigUint) -> [u8; 16] {
    let mut bytes = number.to_bytes_le();
    bytes.resize(16, 0);
    bytes.try_into().expect("below 2^128")
}
