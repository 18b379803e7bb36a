//! Under a key of low order a signature holds for any message, if a verifier is lax; a second encoding of a key is a second name
//! for its holder.

use super::*;

pub(super) const ATTACK: Attack = Attack {
    name: "low-order-keys",
    tries: "as anybody: opens a channel under keys of low order or of a second encoding, with signatures that a lax verifier takes, and gives a wrap key that is none",
    notices: &[by("ROO-06", "OPENING_INVALID"), by("KEY-13", "NOT_A_KEY")],
    rooms: &[],
    act,
};

/// Points of small order, and encodings that are not canonical.
const KEYS: [&str; 6] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

fn act(stage: &mut Stage, hand: Hand) -> Answers {
    let network = *stage.chain.root.network();
    let mut answers = Vec::new();
    if !hand.is_adverse() {
        let key = SigningKey::from_seed(&parclose_crypto::Secret::generate(&mut stage.rng));
        let body = opening(key.public())?;
        let signatures = vec![body.sign(&network, &key)];
        let ordered = stage.order(RootTransaction::OpenChannel(OpenChannel { body, signatures }))?;
        answers.push(Answer::of("a channel under a key of its own", "the root chain", ordered));
        let public = UnwrapKey::generate(&mut stage.rng);
        let is_none = parclose_crypto::wrap::check_public_key(public.public()).is_err();
        answers.push(wrap_key("an X-Wing key", is_none));
        return Ok(answers);
    }
    for (number, text) in KEYS.iter().enumerate() {
        let bytes = parclose_types::hex::decode(text)?;
        let key = PublicKey(bytes.try_into().map_err(|_| "a key has 32 bytes")?);
        // R of order one and S of zero: what holds for every message if small orders are let through.
        let mut trivial = [0; 64];
        trivial[0] = 1;
        let body = opening(key)?;
        let open = OpenChannel { body, signatures: vec![SignatureBytes(trivial)] };
        let ordered = stage.order(RootTransaction::OpenChannel(open))?;
        answers.push(Answer::of(
            format!("key {number} with the trivial signature"),
            "the root chain",
            ordered,
        ));
    }
    let mut weak = UnwrapKey::generate(&mut stage.rng).public().to_vec();
    let at = weak.len().saturating_sub(32);
    weak.truncate(at);
    weak.extend([0; 32]);
    for (what, key) in [
        ("a wrap key that is too short", vec![7; 32]),
        ("one of bytes that are no key", vec![0xff; 1216]),
        ("one whose X25519 part has a low order", weak),
    ] {
        answers.push(wrap_key(what, parclose_crypto::wrap::check_public_key(&key).is_err()));
    }
    Ok(answers)
}

fn opening(key: PublicKey) -> Result<OpenBody, Failed> {
    let keys = GenerationKeys::new(Generation(0), vec![key], 1)?;
    Ok(OpenBody { keys, genesis_commitment: Digest([9; 32]) })
}

fn wrap_key(what: &str, is_none: bool) -> Answer {
    let notice = (by("KEY-13", "NOT_A_KEY"), is_none);
    Answer::seen(what, "whoever checks a certificate or wraps to it", notice, "it is no X-Wing public key")
}
