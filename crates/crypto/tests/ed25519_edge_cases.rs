//! The strict Ed25519 rule where verifiers are known to disagree.
//!
//! The cases are the classes of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko, SSR 2020)
//! and of the C2SP edge-case vectors. Each is built here from its definition, and the two published
//! equations are evaluated beside it, so that a case is known to be what its name says:
//! cofactorless `sB = R + kA`, cofactored `8sB = 8R + 8kA`. What the rule answers is then pinned.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use parclose_crypto::verify;
use parclose_types::hex::decode_array;
use parclose_types::{PublicKey, SignatureBytes};
use sha2::{Digest, Sha512};

/// Encodings of small-order points that are not the canonical ones: `y` not reduced, or `-0`.
const NON_CANONICAL: [&str; 6] = [
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

/// The group order, little-endian.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/// A signature over a message, as it travels.
struct Case {
    key: [u8; 32],
    message: Vec<u8>,
    r: [u8; 32],
    s: [u8; 32],
}

impl Case {
    /// Ours, under test.
    fn accepted(&self) -> bool {
        let signature = [self.r, self.s].concat().try_into().expect("64 bytes");
        verify(&PublicKey(self.key), &self.message, &SignatureBytes(signature)).is_ok()
    }

    /// `R + kA - sB`, with `k` over the bytes as they travel; zero when cofactorless verification holds.
    fn residue(&self) -> EdwardsPoint {
        let point = |bytes| CompressedEdwardsY(bytes).decompress().expect("a point of the curve");
        let s = Scalar::from_bytes_mod_order(self.s);
        point(self.r) + self.k() * point(self.key) - s * ED25519_BASEPOINT_POINT
    }

    fn k(&self) -> Scalar {
        challenge(&self.r, &self.key, &self.message)
    }

    fn cofactorless(&self) -> bool {
        self.residue() == EdwardsPoint::default()
    }

    fn cofactored(&self) -> bool {
        self.residue().is_small_order()
    }
}

fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

fn secret() -> Scalar {
    Scalar::from(0x0123_4567_89ab_cdef_u64).invert()
}

fn nonce() -> Scalar {
    Scalar::from(0xfedc_ba98_7654_3210_u64).invert()
}

/// The key `aB + torsion`, the point `rB + torsion` as given, `s = r + ka`; over the first of 4096
/// messages for which the case is as wanted.
fn signed(
    key: EdwardsPoint,
    a: Scalar,
    r: Scalar,
    encoded_r: [u8; 32],
    wanted: impl Fn(&Case) -> bool,
) -> Option<Case> {
    let key = key.compress().to_bytes();
    (0_u32..4096).find_map(|counter| {
        let message = counter.to_be_bytes().to_vec();
        let s = r + challenge(&encoded_r, &key, &message) * a;
        Some(Case { key, message, r: encoded_r, s: s.to_bytes() }).filter(&wanted)
    })
}

fn honest() -> Case {
    let (a, r) = (secret(), nonce());
    let key = EdwardsPoint::mul_base(&a);
    signed(key, a, r, EdwardsPoint::mul_base(&r).compress().to_bytes(), Case::cofactorless).expect("honest")
}

#[test]
fn aut_02_the_honest_case_is_accepted() {
    assert!(honest().accepted());
}

/// Both equations hold, for a key of which nobody knows or needs a secret.
#[test]
fn aut_02_a_small_order_key_is_refused() {
    let r = nonce();
    for torsion in EIGHT_TORSION {
        let encoded = EdwardsPoint::mul_base(&r).compress().to_bytes();
        let case = signed(torsion, Scalar::ZERO, r, encoded, Case::cofactorless).expect("found");
        assert!(case.cofactorless() && case.cofactored());
        assert!(!case.accepted(), "key {:02x?}", case.key);
    }
}

/// With key and `R` of small order and `s = 0`, one signature fits many messages.
#[test]
fn aut_02_a_small_order_key_with_a_small_order_r_is_refused() {
    for key in EIGHT_TORSION {
        for r in EIGHT_TORSION {
            let encoded = r.compress().to_bytes();
            // A pair fits when R is a multiple of the key; otherwise the cofactored equation alone holds.
            let fits = (0_u8..8).any(|k| r + Scalar::from(k) * key == EdwardsPoint::default());
            let wanted = if fits { Case::cofactorless } else { Case::cofactored };
            let case = signed(key, Scalar::ZERO, Scalar::ZERO, encoded, wanted).expect("found");
            assert!(!case.accepted(), "key {:02x?}, R {:02x?}", case.key, case.r);
        }
    }
}

/// A key with a secret and a torsion part signs with a small-order `R`: both equations hold.
#[test]
fn aut_02_a_small_order_r_is_refused() {
    let a = secret();
    let key = EdwardsPoint::mul_base(&a) + EIGHT_TORSION[1];
    for torsion in EIGHT_TORSION {
        let encoded = torsion.compress().to_bytes();
        let case = signed(key, a, Scalar::ZERO, encoded, Case::cofactorless).expect("found");
        assert!(case.cofactorless() && case.cofactored());
        assert!(!case.accepted(), "R {:02x?}", case.r);
    }
}

/// `R` in an encoding that is not canonical, hashed as it travels: refused, not reduced.
#[test]
fn aut_02_a_non_canonical_r_is_refused() {
    let a = secret();
    let key = EdwardsPoint::mul_base(&a) + EIGHT_TORSION[1];
    for encoded in NON_CANONICAL.map(|hex| decode_array(hex).unwrap()) {
        let case = signed(key, a, Scalar::ZERO, encoded, Case::cofactorless).expect("found");
        let canonical = CompressedEdwardsY(encoded).decompress().unwrap().compress().to_bytes();
        assert_ne!(canonical, encoded);
        assert!(case.cofactorless() && !case.accepted(), "R {encoded:02x?}");
    }
}

#[test]
fn aut_02_a_non_canonical_key_is_refused() {
    let r = nonce();
    let encoded_r = EdwardsPoint::mul_base(&r).compress().to_bytes();
    for key in NON_CANONICAL.map(|hex| decode_array(hex).unwrap()) {
        let case = (0_u32..4096)
            .map(|counter| Case {
                key,
                message: counter.to_be_bytes().to_vec(),
                r: encoded_r,
                s: r.to_bytes(),
            })
            .find(Case::cofactorless)
            .unwrap();
        assert!(!case.accepted(), "key {key:02x?}");
    }
}

/// Where cofactored and cofactorless verifiers part: only the first accepts these.
#[test]
fn aut_02_what_only_the_cofactored_equation_accepts_is_refused() {
    let (a, r) = (secret(), nonce());
    let only_cofactored = |case: &Case| case.cofactored() && !case.cofactorless();
    for torsion in &EIGHT_TORSION[1..] {
        let (mixed_key, plain_key) = (EdwardsPoint::mul_base(&a) + torsion, EdwardsPoint::mul_base(&a));
        let plain_r = EdwardsPoint::mul_base(&r).compress().to_bytes();
        let mixed_r = (EdwardsPoint::mul_base(&r) + torsion).compress().to_bytes();
        for (key, encoded) in [(mixed_key, plain_r), (plain_key, mixed_r), (mixed_key, mixed_r)] {
            let case = signed(key, a, r, encoded, only_cofactored).expect("found");
            assert!(!case.accepted(), "key {:02x?}, R {:02x?}", case.key, case.r);
        }
    }
}

/// Key and `R` of mixed order whose torsion cancels: every verifier accepts, ours too. The rule does
/// not ask for keys of prime order; it asks that all verifiers agree.
#[test]
fn aut_02_cancelling_mixed_orders_are_accepted_by_everyone() {
    let (a, r) = (secret(), nonce());
    for torsion in &EIGHT_TORSION[1..] {
        let key = EdwardsPoint::mul_base(&a) + torsion;
        let encoded = (EdwardsPoint::mul_base(&r) + torsion).compress().to_bytes();
        let case = signed(key, a, r, encoded, Case::cofactorless).expect("found");
        assert!(case.cofactored() && case.accepted(), "key {:02x?}", case.key);
    }
}

/// `s + L`, `s + 2L`, … as far as 32 bytes reach: the same number modulo the order, other bytes.
#[test]
fn aut_02_an_unreduced_s_is_refused() {
    let order: [u8; 32] = decode_array(ORDER).unwrap();
    let mut case = honest();
    let mut tried = 0;
    while let Some(larger) = checked_add(&case.s, &order) {
        case.s = larger;
        assert!(case.cofactorless() && !case.accepted(), "s {larger:02x?}");
        tried += 1;
    }
    assert_eq!(tried, 15);
    case.s = order;
    assert!(!case.accepted());
}

#[test]
fn aut_02_bytes_off_the_curve_are_refused() {
    let off_the_curve = (2_u8..)
        .map(|y| std::array::from_fn(|position| if position == 0 { y } else { 0 }))
        .find(|bytes| CompressedEdwardsY(*bytes).decompress().is_none())
        .unwrap();
    assert!(!Case { key: off_the_curve, ..honest() }.accepted());
    assert!(!Case { r: off_the_curve, ..honest() }.accepted());
    assert!(!Case { key: [0xff; 32], message: Vec::new(), r: [0xff; 32], s: [0xff; 32] }.accepted());
    assert!(!Case { key: [0; 32], message: Vec::new(), r: [0; 32], s: [0; 32] }.accepted());
}

/// Adds little-endian numbers; `None` past 256 bits.
fn checked_add(left: &[u8; 32], right: &[u8; 32]) -> Option<[u8; 32]> {
    let (mut sum, mut carry) = ([0; 32], 0_u16);
    for position in 0..32 {
        carry += u16::from(left[position]) + u16::from(right[position]);
        sum[position] = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    (carry == 0).then_some(sum)
}
