//! HKDF-SHA-256 against RFC 5869, and `kdf` against the definition written out.
//!
//! `kdf` is the expand step alone; the definition of section 2.3 is repeated here over HMAC, so that
//! layout, label encoding and block counting are checked by other code than the one used.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use parclose_crypto::kdf;
use parclose_types::enc;
use parclose_types::hex::decode;
use proptest::prelude::*;
use sha2::Sha256;

#[test]
fn appendix_a_1_extract_and_expand() {
    let salt = decode("000102030405060708090a0b0c").unwrap();
    let (extracted, _) = Hkdf::<Sha256>::extract(Some(&salt), &[0x0b; 22]);
    assert_eq!(extracted.as_slice(), prk());
    assert_eq!(expand_with_the_crate(&prk(), &info(), 42), okm());
}

#[test]
fn appendix_a_1_expand_by_definition() {
    assert_eq!(expand_by_definition(&prk(), &info(), 42), okm());
}

fn prk() -> Vec<u8> {
    decode("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5").expect("constant")
}

fn info() -> Vec<u8> {
    (0xf0..=0xf9).collect()
}

fn okm() -> Vec<u8> {
    decode("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        .expect("constant")
}

fn expand_with_the_crate(prk: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    Hkdf::<Sha256>::from_prk(prk).expect("32 bytes").expand(info, &mut out).expect("short");
    out
}

/// `T(i) = HMAC(PRK, T(i-1) || info || i)`, the first `length` bytes of `T(1) || T(2) || …`.
fn expand_by_definition(prk: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let (mut out, mut previous) = (Vec::new(), Vec::new());
    for counter in 1_u8.. {
        if out.len() >= length {
            break;
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(prk).expect("any length is a key");
        mac.update(&previous);
        mac.update(info);
        mac.update(&[counter]);
        previous = mac.finalize().into_bytes().to_vec();
        out.extend_from_slice(&previous);
    }
    out.truncate(length);
    out
}

proptest! {
    #[test]
    fn kdf_is_the_expand_step_over_enc(
        prk in any::<[u8; 32]>(),
        label in "[a-z-]{1,32}",
        fields in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..4),
    ) {
        let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
        let info = enc(&label, &fields);
        prop_assert_eq!(kdf::<1>(&prk, &label, &fields).to_vec(), expand_by_definition(&prk, &info, 1));
        prop_assert_eq!(kdf::<32>(&prk, &label, &fields).to_vec(), expand_by_definition(&prk, &info, 32));
        prop_assert_eq!(kdf::<33>(&prk, &label, &fields).to_vec(), expand_by_definition(&prk, &info, 33));
        prop_assert_eq!(kdf::<76>(&prk, &label, &fields).to_vec(), expand_by_definition(&prk, &info, 76));
    }
}
