//! RFC 9180, base mode, one message, for the suite (0x647a, 0x0001, 0x0003): a second reading, out of primitives.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit as _, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use x_wing::{Decapsulate, DecapsulationKey, Decapsulator};

/// `"HPKE"`, then the numbers of KEM, KDF and AEAD (section 5.1).
const SUITE: [u8; 10] = [b'H', b'P', b'K', b'E', 0x64, 0x7a, 0x00, 0x01, 0x00, 0x03];
const ENCAPSULATED_BYTES: usize = 1120;

/// HMAC-SHA-256 over parts.
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// `LabeledExtract` (section 4).
fn extract(salt: &[u8], label: &[u8], ikm: &[u8]) -> [u8; 32] {
    hmac(salt, &[b"HPKE-v1", &SUITE, label, ikm])
}

/// The first block of `LabeledExpand` (section 4), which is all that 32 bytes need.
fn expand(secret: &[u8; 32], label: &[u8], info: &[u8], length: u16) -> Vec<u8> {
    let block = hmac(secret, &[&length.to_be_bytes(), b"HPKE-v1", &SUITE, label, info, &[1]]);
    block[..usize::from(length)].to_vec()
}

/// The cipher and the nonce of the first message (section 5.1): `key_schedule` with mode 0 and no pre-shared key.
fn schedule(shared: &[u8], info: &[u8]) -> (ChaCha20Poly1305, Nonce) {
    let context = [&[0][..], &extract(b"", b"psk_id_hash", b""), &extract(b"", b"info_hash", info)].concat();
    let secret = extract(shared, b"secret", b"");
    let key: [u8; 32] = expand(&secret, b"key", &context, 32).try_into().expect("32 bytes");
    let nonce: [u8; 12] = expand(&secret, b"base_nonce", &context, 12).try_into().expect("12 bytes");
    (ChaCha20Poly1305::new(&Key::from(key)), Nonce::from(nonce))
}

/// Opens a wrap: encapsulated key, then ciphertext and tag.
pub(super) fn open(private: &[u8; 32], info: &[u8], aad: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
    let (encapsulated, ciphertext) = wrapped.split_at_checked(ENCAPSULATED_BYTES)?;
    let shared = DecapsulationKey::from(*private).decapsulate(&encapsulated.try_into().ok()?);
    let (cipher, nonce) = schedule(&shared, info);
    cipher.decrypt(&nonce, Payload { msg: ciphertext, aad }).ok()
}

/// Wraps to the key of a private half, with the randomness of the encapsulation.
pub(super) fn seal(
    private: &[u8; 32],
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    first: [u8; 32],
    second: [u8; 32],
) -> Vec<u8> {
    let public = DecapsulationKey::from(*private).encapsulation_key().clone();
    let mut randomness = [0; 64];
    randomness[..32].copy_from_slice(&first);
    randomness[32..].copy_from_slice(&second);
    let (encapsulated, shared) = public.encapsulate_deterministic(&randomness.into());
    sealed(&encapsulated, &shared, info, aad, plaintext)
}

/// Wraps with this point in the place of an honest one. With one of low order the exchange gives zero, so that who makes
/// such a wrap needs no private key; here it is taken from the recipient's side.
pub(super) fn seal_at(
    point: &[u8; 32],
    private: &[u8; 32],
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
) -> Vec<u8> {
    let private = DecapsulationKey::from(*private);
    let (mut encapsulated, _) = private.encapsulation_key().encapsulate_deterministic(&[7; 64].into());
    let place = encapsulated.len() - point.len();
    encapsulated[place..].copy_from_slice(point);
    let shared = private.decapsulate(&encapsulated);
    sealed(&encapsulated, &shared, info, aad, plaintext)
}

fn sealed(encapsulated: &[u8], shared: &[u8], info: &[u8], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let (cipher, nonce) = schedule(shared, info);
    let ciphertext = cipher.encrypt(&nonce, Payload { msg: plaintext, aad }).expect("a short message");
    [encapsulated, &ciphertext].concat()
}
