//! What is left in this process's memory of a passphrase and a secret: read back through `/proc/self/mem`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a scan that cannot read fails its test")]

use std::io::{Read, Seek, SeekFrom};

use parclose_crypto::keystore::{Cost, Header, SealedKey, Stretched};
use parclose_crypto::locked::is_available;
use parclose_crypto::wrap::UnwrapKey;
use parclose_crypto::{Passphrase, Secret, SigningKey};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zeroize::Zeroize;

/// What is searched is kept with every bit turned, or the search would find itself.
type Turned = [u8; 32];

fn turn(bytes: &[u8]) -> Turned {
    let mut turned = [0; 32];
    for (turned, byte) in turned.iter_mut().zip(bytes) {
        *turned = !byte;
    }
    turned
}

/// Gives the bytes of a turned passphrase into the reader's own buffer.
struct Typed<'a>(&'a [u8]);

impl Read for Typed<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = self.0.len().min(into.len());
        for (into, turned) in into.iter_mut().zip(&self.0[..length]) {
            *into = !turned;
        }
        self.0 = &self.0[length..];
        Ok(length)
    }
}

/// The mappings, as `/proc/self/maps` has them, in which a needle stands: one line for each place.
fn places(needle: &Turned) -> Vec<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = std::fs::File::open("/proc/self/mem").unwrap();
    let mut buffer = vec![0_u8; 1 << 20];
    let own = buffer.as_ptr().addr()..buffer.as_ptr().addr() + buffer.len();
    let stands = |window: &[u8]| window.iter().zip(needle).all(|(byte, turned)| *byte == !turned);
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let ends = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let (mut at, to) = (address(ends.0), address(ends.1));
        while at < to {
            let length = (to - at).min(buffer.len());
            memory.seek(SeekFrom::Start(at as u64)).unwrap();
            let Ok(read) = memory.read(&mut buffer[..length]) else { break };
            let here = buffer[..read].windows(32).enumerate().filter(|(_, window)| stands(window));
            found.extend(here.filter(|(offset, _)| !own.contains(&(at + offset))).map(|_| line.to_owned()));
            // A needle on the edge of two pieces would be missed: they overlap.
            at += if read == buffer.len() { read - 31 } else { to - at };
        }
        buffer.as_mut_slice().zeroize();
    }
    found
}

fn address(hex: &str) -> usize {
    usize::from_str_radix(hex, 16).unwrap()
}

/// Whether the kernel keeps a mapping out of swap.
fn is_locked(mapping: &str) -> bool {
    let all = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let of_it = all.split_once(mapping.split(' ').next().unwrap()).unwrap().1;
    let flags = of_it.lines().find_map(|line| line.strip_prefix("VmFlags:")).unwrap();
    flags.split(' ').any(|flag| flag == "lo")
}

fn assert_in_one_locked_page(needle: &Turned, what: &str) {
    let found = places(needle);
    assert_eq!(found.len(), 1, "{what}: {found:?}");
    assert!(is_locked(&found[0]) || !is_available(), "{what}: {found:?} is not locked");
}

/// A fresh secret and what to search for; whatever drew it is gone.
fn secret(seed: u8) -> (Secret, Turned) {
    let mut rng = ChaCha20Rng::from_seed([seed; 32]);
    let secret = Secret::locked(|bytes| rng.fill_bytes(bytes));
    let needle = secret.expose(|bytes| turn(bytes));
    (secret, needle)
}

#[test]
fn a_passphrase_and_a_key_stand_in_one_locked_page_and_then_nowhere() {
    let turned: Turned = std::array::from_fn(|at| 0x5C ^ u8::try_from(at).unwrap());
    assert_eq!(places(&turned), [""; 0], "nobody has typed it yet");
    let passphrase = Passphrase::read(&mut Typed(&turned)).unwrap();
    assert_in_one_locked_page(&turned, "passphrase");
    let header = Header::fresh(Cost::FLOOR, &mut ChaCha20Rng::from_seed([1; 32])).unwrap();
    let stretched = Stretched::from_passphrase(&passphrase, &header).unwrap();
    assert_in_one_locked_page(&turned, "passphrase, stretched");
    let (fresh, needle) = secret(2);
    let sealed = SealedKey::seal(header, &stretched, b"", &fresh);
    assert_in_one_locked_page(&needle, "a secret that was sealed");
    drop(fresh);
    assert_eq!(places(&needle), [""; 0], "a sealed key does not hold it");
    let opened = sealed.open(&stretched, b"").unwrap();
    assert_in_one_locked_page(&needle, "a secret that was opened");
    drop((passphrase, stretched, opened));
    assert_eq!(places(&turned), [""; 0], "the passphrase is wiped");
    assert_eq!(places(&needle), [""; 0], "the secret is wiped");
}

#[test]
fn a_key_that_was_moved_leaves_no_copy() {
    let (seed, needle) = secret(4);
    let moved = (vec![SigningKey::from_seed(&seed)], Box::new(UnwrapKey::from_secret(&seed)));
    drop(seed);
    let moved = Box::new(moved);
    assert!(!places(&needle).is_empty(), "the keys hold their seed");
    let (signing, unwrapping) = *moved;
    drop((signing, unwrapping));
    assert_eq!(places(&needle), [""; 0]);
}

#[test]
fn what_is_not_wiped_is_found() {
    let (secret, needle) = secret(6);
    let copy = std::hint::black_box(secret.expose(|bytes| bytes.to_vec()));
    drop(secret);
    assert_eq!(places(&needle).len(), 1, "the search is not blind");
    std::hint::black_box(copy);
}
