//! F09: key wraps agree with a second reading of RFC 9180, and open for nothing else.
//!
//! The key schedule and the sealing are written again from the RFC out of HMAC and ChaCha20-Poly1305; the KEM is that of
//! the crate `x-wing`, whose vectors are tested in `crates/crypto`. X-Wing takes points of low order (its secret rests on
//! ML-KEM then, and its combiner takes in the point); ours does not, at either end.

mod rfc_9180;

use std::sync::LazyLock;

use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_crypto::wrap::{ENCAPSULATED_BYTES, PUBLIC_KEY_BYTES, UnwrapKey, check_public_key, wrap};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;

static WRAP: Point = Point::decides("wrap");
static UNWRAP: Point = Point::decides("UnwrapKey::unwrap_with");
static LOW_ORDER: Point = Point::fault("a point of low order");
static CHANGED: Point = Point::fault("one part of a wrap");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F09",
    name: "f09_wraps",
    holds: "what one implementation wraps the other opens, equal bytes of both; changed in any part, or with a point of low order, it opens for nobody",
    reach: || vec![&WRAP, &UNWRAP, &LOW_ORDER, &CHANGED],
    run,
    controls: &[
        Control { name: "a key schedule without info", run: without_info },
        Control { name: "a sealing without associated data", run: without_aad },
    ],
    script_bytes: 192,
};

const OWNERS: usize = 3;
/// Bytes of the point at the end of an encapsulated key and of a public key.
const POINT_BYTES: usize = 32;

static KEYS: LazyLock<Vec<([u8; 32], UnwrapKey)>> = LazyLock::new(|| {
    let key = |seed: u8| ([seed; 32], UnwrapKey::from_secret(&secret_from_bytes([seed; 32])));
    (0x91..).take(OWNERS).map(key).collect()
});

/// The points of small order on Curve25519 and its twist, by their u-coordinates, with those beyond the prime.
const LOW_ORDER_POINTS: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// What opens a wrap, so that controls can forget a part.
type Open = fn(&[u8; 32], &[u8], &[u8], &[u8]) -> Option<Vec<u8>>;

/// One scenario: a wrap of ours and one of the RFC's, opened by both, then changed.
pub fn run(bytes: &[u8]) -> Answer {
    hold(bytes, rfc_9180::open)
}

fn without_info(bytes: &[u8]) -> Answer {
    hold(bytes, |private, _, aad, wrapped| rfc_9180::open(private, b"", aad, wrapped))
}

fn without_aad(bytes: &[u8]) -> Answer {
    hold(bytes, |private, info, _, wrapped| rfc_9180::open(private, info, b"", wrapped))
}

fn hold(bytes: &[u8], second: Open) -> Answer {
    let mut script = Script::new(bytes);
    let (private, key) = script.pick(&KEYS);
    let (info, aad, plaintext) = (script.bytes(40), script.bytes(20), script.bytes(48));
    let seed: [u8; 32] = script.any();
    let ours = WRAP.ask(|| wrap(key.public(), &info, &aad, &plaintext, &mut ChaCha20Rng::from_seed(seed)));
    let ours = ours.expect("an honest recipient");
    let theirs = rfc_9180::seal(private, &info, &aad, &plaintext, script.any(), script.any());
    assert_eq!(second(private, &info, &aad, &ours).as_ref(), Some(&plaintext), "the RFC opens otherwise");
    for wrapped in [&ours, &theirs] {
        let opened = UNWRAP.ask(|| key.unwrap_with(&info, &aad, wrapped));
        assert!(opened.is_ok_and(|opened| *opened == plaintext), "a wrap does not open");
    }
    recipients(&mut script);
    let (other, info, aad, reader) = changed(&mut script, ours.clone(), info, aad, private);
    let opened = UNWRAP.ask(|| reader.unwrap_with(&info, &aad, &other));
    let theirs = second(&secret_of(reader), &info, &aad, &other).is_some();
    assert_eq!(opened.is_ok(), theirs, "two answers to one wrap");
    let same = other == ours && opened.is_ok();
    assert!(opened.is_err() || same, "a changed wrap opens");
    weak(&low_order(&mut script), (private, key), &plaintext);
    Answer::when(opened.is_ok(), "KEY-09")
}

fn secret_of(key: &UnwrapKey) -> [u8; 32] {
    key.to_secret().expose(|bytes| *bytes)
}

/// A wrap with one part changed, for a reader who may be another.
fn changed(
    script: &mut Script<'_>,
    mut wrapped: Vec<u8>,
    mut info: Vec<u8>,
    mut aad: Vec<u8>,
    private: &[u8; 32],
) -> (Vec<u8>, Vec<u8>, Vec<u8>, &'static UnwrapKey) {
    let (at, bit) = (script.below(wrapped.len()), script.below(8));
    let own = || &KEYS.iter().find(|(seed, _)| seed == private).expect("an owner").1;
    let mut reader = own();
    match script.below(8) {
        0 => CHANGED.call(|| wrapped[at] ^= 1 << bit),
        1 => CHANGED.call(|| info.push(0)),
        2 => CHANGED.call(|| aad.push(0)),
        3 => CHANGED.call(|| wrapped.truncate(at)),
        4 => wrapped.push(0),
        5 => {
            let point = low_order(script);
            wrapped[ENCAPSULATED_BYTES - POINT_BYTES..ENCAPSULATED_BYTES].copy_from_slice(&point);
        }
        6 => {
            reader = &KEYS.iter().find(|(seed, _)| seed != private).expect("another owner").1;
        }
        _ => {}
    }
    (wrapped, info, aad, reader)
}

fn low_order(script: &mut Script<'_>) -> [u8; 32] {
    let mut point = parclose_types::hex::decode_array(LOW_ORDER_POINTS[script.below(LOW_ORDER_POINTS.len())])
        .expect("a point in hex");
    if script.flag() {
        point[31] |= 0x80;
    }
    LOW_ORDER.call(|| point)
}

/// A wrap that holds together though its point has a low order, as anybody can make one: ours does not open it.
fn weak(point: &[u8; 32], (private, key): (&[u8; 32], &UnwrapKey), plaintext: &[u8]) {
    let wrapped = rfc_9180::seal_at(point, private, b"info", b"aad", plaintext);
    let theirs = rfc_9180::open(private, b"info", b"aad", &wrapped);
    assert_eq!(theirs.as_deref(), Some(plaintext), "it does not hold together");
    let opened = UNWRAP.ask(|| key.unwrap_with(b"info", b"aad", &wrapped));
    assert!(opened.is_err(), "a wrap with a point of low order opens");
}

/// Recipients that are none: too short, or with a point of low order.
fn recipients(script: &mut Script<'_>) {
    let mut public = KEYS[0].1.public().to_vec();
    let mut rng = ChaCha20Rng::from_seed([4; 32]);
    if script.flag() {
        let length = script.below(PUBLIC_KEY_BYTES);
        let refused = WRAP.ask(|| wrap(&public[..length], b"", b"", b"", &mut rng));
        assert!(refused.is_err() && check_public_key(&public[..length]).is_err(), "a short key is one");
        return;
    }
    let point = low_order(script);
    public[PUBLIC_KEY_BYTES - POINT_BYTES..].copy_from_slice(&point);
    let refused = WRAP.ask(|| wrap(&public, b"", b"", b"secret", &mut rng)).is_err();
    assert!(refused && check_public_key(&public).is_err(), "a key with a point of low order is one");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_15_a_wrap_at_a_point_of_low_order_does_not_open_though_it_holds_together() {
        let (private, key) = &KEYS[0];
        let honest = wrap(key.public(), b"info", b"aad", b"secret", &mut ChaCha20Rng::from_seed([4; 32]));
        assert!(key.unwrap_with(b"info", b"aad", &honest.unwrap()).is_ok());
        for point in LOW_ORDER_POINTS {
            let mut point = parclose_types::hex::decode_array(point).unwrap();
            for _ in 0..2 {
                weak(&point, (private, key), b"secret");
                point[31] ^= 0x80;
            }
        }
    }
}
