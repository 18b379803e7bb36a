use std::sync::LazyLock;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::secret::hazmat::secret_from_bytes;

const PUBLIC: &[u8] = b"public part";

/// One sealed key with its stretched passphrase: stretching is what takes time.
struct Example {
    stretched: Stretched,
    sealed: SealedKey,
    secret: Secret,
}

static EXAMPLE: LazyLock<Example> = LazyLock::new(|| {
    let secret = secret_from_bytes([0x5E; 32]);
    let header = Header::fresh(Cost::FLOOR, &mut ChaCha20Rng::from_seed([1; 32])).unwrap();
    let stretched = Stretched::from_passphrase(&passphrase("correct horse"), &header).unwrap();
    Example { sealed: SealedKey::seal(header, &stretched, PUBLIC, &secret), stretched, secret }
});

fn passphrase(text: &str) -> Passphrase {
    Passphrase::read(&mut text.as_bytes()).unwrap()
}

fn decoded(change: impl FnOnce(&mut Vec<u8>)) -> Result<SealedKey, NotUnlocked> {
    let mut bytes = EXAMPLE.sealed.encode();
    change(&mut bytes);
    SealedKey::decode(&bytes)
}

/// What opening says of bytes with one bit changed, under the right passphrase.
fn flipped(at: usize, bit: u8) -> NotUnlocked {
    match decoded(|bytes| bytes[at] ^= 1 << bit) {
        Ok(sealed) => sealed.open(&EXAMPLE.stretched, PUBLIC).unwrap_err(),
        Err(error) => error,
    }
}

#[test]
fn a_sealed_key_opens_with_its_passphrase() {
    let again = SealedKey::decode(&EXAMPLE.sealed.encode()).unwrap();
    assert_eq!(again, EXAMPLE.sealed);
    let stretched = Stretched::from_passphrase(&passphrase("correct horse\n"), again.header()).unwrap();
    assert!(again.open(&stretched, PUBLIC).unwrap().same_as(&EXAMPLE.secret));
    assert!(!again.encode().windows(32).any(|window| window == [0x5E; 32]), "the secret lies open");
}

#[test]
fn kst_01_costs_outside_the_bounds_are_refused_before_memory_is_allocated() {
    let (floor, ceiling) = (Cost::FLOOR, Cost::CEILING);
    let hostile = [
        Cost { memory_kib: floor.memory_kib - 1, ..floor },
        Cost { passes: floor.passes - 1, ..floor },
        Cost { lanes: 0, ..floor },
        Cost { memory_kib: ceiling.memory_kib + 1, ..ceiling },
        Cost { passes: ceiling.passes + 1, ..ceiling },
        Cost { lanes: ceiling.lanes + 1, ..ceiling },
        // 1 TiB and more: were it allocated, this test would not come to its end.
        Cost { memory_kib: 1 << 30, ..floor },
        Cost { memory_kib: u32::MAX, passes: u32::MAX, lanes: u32::MAX },
    ];
    for cost in hostile {
        let asked = decoded(|bytes| {
            for (at, number) in [(5, cost.memory_kib), (9, cost.passes), (13, cost.lanes)] {
                bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
            }
        });
        assert_eq!(asked, Err(NotUnlocked::Cost(cost)));
        assert_eq!(Header::fresh(cost, &mut ChaCha20Rng::from_seed([1; 32])), Err(NotUnlocked::Cost(cost)));
    }
    for cost in [floor, Cost::STANDARD, ceiling] {
        assert_eq!(Header::fresh(cost, &mut ChaCha20Rng::from_seed([1; 32])).unwrap().cost(), cost);
    }
}

#[test]
fn kst_02_every_sealing_has_its_own_salt_and_nonce() {
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    let [a, b] = [(); 2].map(|()| Header::fresh(Cost::FLOOR, &mut rng).unwrap());
    assert!(a.salt != b.salt && a.nonce != b.nonce);
    let [a, b] = [a, b].map(|header| SealedKey::seal(header, &EXAMPLE.stretched, PUBLIC, &EXAMPLE.secret));
    assert!(a.commitment != b.commitment && a.ciphertext != b.ciphertext);
}

#[test]
fn kst_02_the_whole_header_is_in_the_derivation() {
    // Under one stretched passphrase, every changed bit that is still a header gives other keys.
    let mut headers = 0;
    for at in 5..HEADER_BYTES {
        for bit in 0..8 {
            if let Ok(changed) = decoded(|bytes| bytes[at] ^= 1 << bit) {
                let keys = Keys::derive(&EXAMPLE.stretched, changed.header());
                assert_ne!(keys.commitment(), &EXAMPLE.sealed.commitment, "byte {at} bit {bit}");
                headers += 1;
            }
        }
    }
    assert!(headers > 8 * 56, "salt, nonce and some costs: {headers}");
}

#[test]
fn kst_03_another_passphrase_is_wrong_and_gives_no_key() {
    let sealed = &EXAMPLE.sealed;
    for other in ["correct hors", "Correct horse", "correct horse ", "\n\n"] {
        let stretched = Stretched::from_passphrase(&passphrase(other), sealed.header()).unwrap();
        assert_eq!(sealed.open(&stretched, PUBLIC).unwrap_err(), NotUnlocked::WrongPassphrase, "{other:?}");
    }
}

#[test]
fn kst_03_a_changed_commitment_is_refused_although_the_ciphertext_would_open() {
    for at in HEADER_BYTES..HEADER_BYTES + 32 {
        assert_eq!(flipped(at, 0), NotUnlocked::WrongPassphrase, "byte {at}");
    }
    let keys = Keys::derive(&EXAMPLE.stretched, EXAMPLE.sealed.header());
    let mut bytes = EXAMPLE.sealed.ciphertext[..32].to_vec();
    let tag = Tag::try_from(&EXAMPLE.sealed.ciphertext[32..]).unwrap();
    let (nonce, place) = (nonce(EXAMPLE.sealed.header()), place(EXAMPLE.sealed.header(), PUBLIC));
    keys.cipher().decrypt_inout_detached(&nonce, &place, bytes.as_mut_slice().into(), &tag).unwrap();
    assert_eq!(bytes, [0x5E; 32], "the ciphertext opens without it");
}

#[test]
fn kst_04_ciphertext_tag_and_public_part_are_bound() {
    for at in HEADER_BYTES + 32..SEALED_KEY_BYTES {
        assert_eq!(flipped(at, 7), NotUnlocked::Damaged, "byte {at}");
    }
    for public in [&b"public par"[..], b"Public part", b"public part ", b""] {
        assert_eq!(EXAMPLE.sealed.open(&EXAMPLE.stretched, public).unwrap_err(), NotUnlocked::Damaged);
    }
}

#[test]
fn kst_04_the_header_is_associated_data_too() {
    // Same keys and nonce, header left out of the associated data: the tag must differ.
    let keys = Keys::derive(&EXAMPLE.stretched, EXAMPLE.sealed.header());
    let mut bytes = [0x5E; 32];
    let without = enc(labels::KEYSTORE_PLACE, &[PUBLIC]);
    let nonce = nonce(EXAMPLE.sealed.header());
    let tag = keys.cipher().encrypt_inout_detached(&nonce, &without, bytes.as_mut_slice().into()).unwrap();
    assert_eq!(bytes, EXAMPLE.sealed.ciphertext[..32]);
    assert_ne!(tag.as_slice(), &EXAMPLE.sealed.ciphertext[32..]);
}

#[test]
fn kst_05_a_sealed_key_is_exactly_its_bytes() {
    let bytes = EXAMPLE.sealed.encode();
    assert_eq!(bytes.len(), SEALED_KEY_BYTES);
    for cut in 0..bytes.len() {
        assert_eq!(SealedKey::decode(&bytes[..cut]), Err(NotUnlocked::Form), "{cut} bytes");
    }
    assert_eq!(decoded(|bytes| bytes.push(0)), Err(NotUnlocked::Form));
    for at in 0..5 {
        assert_eq!(flipped(at, 0), NotUnlocked::Form, "magic and version, byte {at}");
    }
}

#[test]
fn kst_05_no_changed_bit_opens() {
    for at in 0..SEALED_KEY_BYTES {
        for bit in 0..8 {
            // Whatever it is called, it is refused: flipped() fails where it is not.
            let _ = flipped(at, bit);
        }
    }
}

#[test]
fn what_is_secret_prints_its_name_only() {
    let Example { stretched, sealed, .. } = &*EXAMPLE;
    assert_eq!(format!("{stretched:?}"), "Stretched(..)");
    let printed = format!("{:?} {:?}", sealed, sealed.open(stretched, b"").unwrap_err());
    assert!(!printed.contains("94, 94, 94") && !printed.contains("correct"), "{printed}");
}
