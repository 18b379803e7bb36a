//! ChaCha20-Poly1305 against RFC 8439, called the way `seal` calls it.
//!
//! `seal` derives its key and nonce, so the published vector cannot pass through it; the second test
//! ties the two together: what `seal` writes is this cipher under the derived key and nonce.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use parclose_crypto::seal::{SealKeys, seal};
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_types::hex::{decode, decode_array};

/// Section 2.8.2.
const KEY: &str = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";
const NONCE: &str = "070000004041424344454647";
const AAD: &str = "50515253c0c1c2c3c4c5c6c7";
const PLAINTEXT: &[u8] = b"Ladies and Gentlemen of the class of '99: \
If I could offer you only one tip for the future, sunscreen would be it.";
const CIPHERTEXT: &str = "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6\
                          3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36\
                          92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc\
                          3ff4def08e4b7a9de576d26586cec64b6116";
const TAG: &str = "1ae10b594f09e26a7e902ecbd0600691";

#[test]
fn section_2_8_2_seals_opens_and_refuses_every_changed_bit() {
    let cipher = ChaCha20Poly1305::new(&Key::from(decode_array::<32>(KEY).unwrap()));
    let nonce = Nonce::from(decode_array::<12>(NONCE).unwrap());
    let aad = decode(AAD).unwrap();
    let sealed = decode(&[CIPHERTEXT, TAG].concat()).unwrap();

    assert_eq!(cipher.encrypt(&nonce, Payload { msg: PLAINTEXT, aad: &aad }).unwrap(), sealed);
    assert_eq!(cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &aad }).unwrap(), PLAINTEXT);
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(cipher.decrypt(&nonce, Payload { msg: &changed, aad: &aad }).is_err(), "bit {bit}");
    }
    for bit in 0..aad.len() * 8 {
        let mut changed = aad.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &changed }).is_err(), "bit {bit}");
    }
}

#[test]
fn a_seal_is_this_cipher_under_the_derived_key_and_nonce() {
    let secret = secret_from_bytes([0x42; 32]);
    let sealed = seal(&secret, "vector", b"context", PLAINTEXT);
    SealKeys::derive(&secret, "vector", b"context").expose(|key, nonce, commitment| {
        let cipher = ChaCha20Poly1305::new(&Key::from(*key));
        let ciphertext =
            cipher.encrypt(&Nonce::from(*nonce), Payload { msg: PLAINTEXT, aad: b"context" }).unwrap();
        assert_eq!(sealed.ciphertext, ciphertext);
        assert_eq!(sealed.commitment, *commitment);
    });
}
