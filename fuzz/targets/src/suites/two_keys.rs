//! F10: a ciphertext that two keys authenticate, built with live keys, opens for one reader at most.

mod salamander;

use parclose_crypto::PreparedKey;
use parclose_crypto::Secret;
use parclose_crypto::seal::{SealKeys, open, open_prepared};
use parclose_crypto::secret::hazmat::secret_from_bytes;
use parclose_keys::{FieldKey, SealedField};
use parclose_types::labels;

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;
use salamander::{OneTime, two_key_ciphertext};

static OPEN: Point = Point::decides("seal::open");
static FIELD: Point = Point::decides("FieldKey::open");
static BUILT: Point = Point::fault("a ciphertext of two keys");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F10",
    name: "f10_two_keys",
    holds: "of two readers whose keys both authenticate a ciphertext one opens it at most, whichever key commitment stands beside it",
    reach: || vec![&OPEN, &FIELD, &BUILT],
    run,
    controls: &[Control { name: "an opening that looks at no key commitment", run: without_commitment }],
    script_bytes: 128,
};

/// One scenario: two keys, one context, one ciphertext.
pub fn run(bytes: &[u8]) -> Answer {
    let scenario = Built::new(bytes);
    let Built { keys, context, ciphertext, commitments } = &scenario;
    let mut readers = 0;
    for (at, commitment) in commitments.iter().enumerate() {
        let opened: Vec<bool> = keys
            .iter()
            .map(|key| {
                let one = OPEN.ask(|| open(key, labels::SEAL, context, commitment, ciphertext)).is_ok();
                let prepared =
                    open_prepared(&PreparedKey::of(key), labels::SEAL, context, commitment, ciphertext);
                assert_eq!(prepared.is_ok(), one, "a prepared key opens otherwise");
                one
            })
            .collect();
        for (number, opened) in opened.iter().enumerate() {
            assert_eq!(*opened, number == at, "a ciphertext opens under the commitment of another key");
        }
        readers = readers.max(opened.iter().filter(|opened| **opened).count());
    }
    for key in keys {
        let field = FieldKey::of_disclosed(key.duplicate());
        for commitment in commitments {
            // Padding of random bytes is none, so a field never opens: but only its own key gets as far as that.
            let sealed = SealedField { commitment: *commitment, ciphertext: ciphertext.clone() };
            let _ = FIELD.ask(|| field.open(context, &sealed));
        }
    }
    honest(&scenario);
    assert!(readers <= 1, "two readers of one ciphertext");
    Answer::when(readers == 1, "SEA-03")
}

/// What a key seals opens for it, so that the refusals above are not for nothing.
fn honest(scenario: &Built) {
    let [first, second] = &scenario.keys;
    let sealed = FieldKey::of_disclosed(first.duplicate()).seal(&scenario.context, b"100");
    let opened = FIELD.ask(|| FieldKey::of_disclosed(first.duplicate()).open(&scenario.context, &sealed));
    assert!(opened.is_ok_and(|plain| plain.as_slice() == b"100"), "a field does not open for its key");
    let other = FIELD.ask(|| FieldKey::of_disclosed(second.duplicate()).open(&scenario.context, &sealed));
    assert!(other.is_err(), "a field opens for another key");
}

fn without_commitment(bytes: &[u8]) -> Answer {
    let Built { keys, context, ciphertext, .. } = Built::new(bytes);
    let readers =
        keys.iter().filter(|key| OneTime::derive(key, &context).decrypt(&context, &ciphertext).is_some());
    assert!(readers.count() <= 1, "two readers of one ciphertext");
    Answer::Taken
}

struct Built {
    keys: [Secret; 2],
    context: Vec<u8>,
    ciphertext: Vec<u8>,
    commitments: [[u8; 32]; 2],
}

impl Built {
    fn new(bytes: &[u8]) -> Self {
        let mut script = Script::new(bytes);
        let (first, mut second) = (script.name(), script.name());
        if first == second {
            second[0] ^= 1;
        }
        let keys = [first, second].map(secret_from_bytes);
        let context = script.bytes(60);
        let reading = script.any::<[u8; 16]>();
        let [one, other] = [0, 1].map(|at: usize| OneTime::derive(&keys[at], &context));
        let ciphertext = BUILT.call(|| two_key_ciphertext(&one, &other, &context, &reading));
        let commitments =
            [0, 1].map(|at: usize| *SealKeys::derive(&keys[at], labels::SEAL, &context).commitment());
        for one_time in [&one, &other] {
            assert!(one_time.decrypt(&context, &ciphertext).is_some(), "the ciphertext is not of two keys");
        }
        Self { keys, context, ciphertext, commitments }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its blocks lie at a distance that a counter never bridged.
    #[test]
    fn sea_03_a_ciphertext_of_two_keys_is_built_whatever_the_step_between_two_tries() {
        let input = parclose_types::hex::decode(
            "5d88d116f18a722bce6bdc4f62083253e05cbb31d7df787e68bef3b7c9cd6dafc83c755d4f",
        )
        .unwrap();
        assert_eq!(run(&input).as_str(), "taken");
    }
}
