//! F14: a disclosure convinces with what was written and with nothing else, from the genesis alone.

use parclose_audit::{Disclosure, DisclosureAsOf, DisclosureInvalid, VerifiedDisclosure};
use parclose_crypto::hash::sha256;
use parclose_root::{Genesis, OrderProof};
use parclose_types::{Digest, Failure, Height};

use super::{Answer, Control, Suite};
use crate::reach::Point;
use crate::script::Script;
use crate::world::{CHANNEL_TOML, WORLD};

static VERIFY: Point = Point::decides("Disclosure::verify");
static AS_OF: Point = Point::decides("DisclosureAsOf::verify");
static FORGED: Point = Point::fault("a forged part");

/// The suite.
pub const SUITE: Suite = Suite {
    id: "F14",
    name: "f14_disclosures",
    holds: "a disclosure with another plaintext, key, opening, height, signer or network is refused, and an honest one is accepted from the genesis alone",
    reach: || vec![&VERIFY, &AS_OF, &FORGED],
    run,
    controls: &[
        Control { name: "a discloser whose word is taken", run: word },
        Control { name: "a disclosure that rests on its receipt alone", run: receipt_alone },
    ],
    script_bytes: 64,
};

/// What verifies a disclosure, so that controls can believe it. Tells the value, as text.
type Verify = fn(&Disclosure, &Genesis) -> Result<String, &'static str>;

fn verify(disclosure: &Disclosure, genesis: &Genesis) -> Result<String, &'static str> {
    let known = sha256(CHANNEL_TOML.as_bytes());
    let verified = VERIFY.ask(|| disclosure.verify(genesis, Some(&known)));
    verified.map(|shown| said(&shown)).map_err(|invalid: DisclosureInvalid| invalid.rule())
}

fn said(shown: &VerifiedDisclosure) -> String {
    format!("{:?} {} {:?}", shown.record(), shown.field(), shown.value())
}

/// One scenario: a disclosure of the honest world with one part forged.
pub fn run(bytes: &[u8]) -> Answer {
    let mut script = Script::new(bytes);
    if script.below(3) == 0 { as_of(&mut script) } else { hold(bytes, verify) }
}

fn word(bytes: &[u8]) -> Answer {
    hold(bytes, |disclosure, _| Ok(format!("{:?}{:?}", disclosure.sealed.ciphertext, disclosure.key)))
}

fn receipt_alone(bytes: &[u8]) -> Answer {
    hold(bytes, |disclosure, genesis| {
        let verified = disclosure.receipt.verify(genesis).map_err(|_| "REC")?;
        Ok(format!("{:?} {} {}", verified.transaction(), disclosure.operation, disclosure.field))
    })
}

fn hold(bytes: &[u8], verify: Verify) -> Answer {
    let mut script = Script::new(bytes);
    let _ = script.below(3);
    let honest = &WORLD.disclosed.0;
    let shown = verify(honest, &WORLD.genesis).expect("an honest disclosure convinces");
    let (mut forged, mut genesis) = (honest.clone(), WORLD.genesis.clone());
    if script.below(8) > 0 {
        FORGED.call(|| forge(&mut forged, &mut genesis, &mut script));
    }
    let answer = verify(&forged, &genesis);
    if let Ok(said) = &answer {
        assert_eq!(genesis, WORLD.genesis, "a disclosure convinces under another genesis");
        assert_eq!(*said, shown, "another value is disclosed");
    }
    assert!(
        forged != *honest || genesis != WORLD.genesis || answer.is_ok(),
        "an honest disclosure is refused"
    );
    assert!(answer.is_err() || cosmetic(&forged) == cosmetic(honest), "a forged disclosure convinces");
    answer.into()
}

/// Everything that a disclosure rests on.
fn cosmetic(disclosure: &Disclosure) -> ([u8; 32], u32, u32, Vec<u8>, Vec<u8>) {
    let Disclosure { key, operation, field, sealed, receipt, .. } = disclosure;
    (*key, *operation, *field, sealed.ciphertext.clone(), receipt.anchor.encode())
}

fn forge(forged: &mut Disclosure, genesis: &mut Genesis, script: &mut Script<'_>) {
    let (bit, byte) = (1 << script.below(8), script.below(32));
    match script.below(14) {
        0 => forged.key[byte] ^= bit,
        1 => forged.sealed.commitment[byte] ^= bit,
        2 => {
            let at = script.below(forged.sealed.ciphertext.len());
            forged.sealed.ciphertext[at] ^= bit;
        }
        3 => forged.field = forged.field.wrapping_add(script.any()),
        4 => forged.operation = forged.operation.wrapping_add(script.any()),
        5 => forged.version = script.any(),
        6 => forged.definition = forged.definition.replacen("total", "other", 1),
        7 => forged.receipt = script.pick(&WORLD.receipts).clone(),
        8 => proof(&mut forged.receipt.anchor, script),
        9 => forged.receipt.anchor = script.pick(&WORLD.order_proofs).clone(),
        10 => forged.receipt.outcome = None,
        11 => forged.receipt.version = script.any(),
        12 => {
            let (name, network) =
                (genesis.name().to_owned() + "2", genesis.validators().validators().to_vec());
            let other = Genesis::new(name, network, *genesis.parameters(), Digest([1; 32]));
            *genesis = other.unwrap_or_else(|_| genesis.clone());
        }
        _ => swap_values(forged),
    }
}

/// A proof of order with its header, its certificate or its transaction changed.
fn proof(proof: &mut OrderProof, script: &mut Script<'_>) {
    match script.below(6) {
        0 => proof.header.height = Height(script.any()),
        1 => proof.certificate.height = Height(script.any()),
        2 => proof.certificate.round = script.any(),
        3 => proof
            .certificate
            .signatures
            .iter_mut()
            .for_each(|(_, signature)| signature.0[script.below(64)] ^= 1),
        4 => {
            let at = script.below(proof.transaction.len());
            proof.transaction[at] ^= 1;
        }
        _ => proof.entry.sequence.0 = proof.entry.sequence.0.wrapping_add(1),
    }
}

/// The sealing and the key of another field that was really disclosed.
fn swap_values(forged: &mut Disclosure) {
    let other = &WORLD.disclosed.1.written;
    forged.sealed = other.sealed.clone();
    forged.key = other.key;
}

/// A value as of a height, with another height or other evidence.
fn as_of(script: &mut Script<'_>) -> Answer {
    let known = sha256(CHANNEL_TOML.as_bytes());
    let honest = &WORLD.disclosed.1;
    let verify = |of: &DisclosureAsOf| AS_OF.ask(|| of.verify(&WORLD.genesis, Some(&known), None));
    let shown = verify(honest).expect("an honest value convinces");
    let mut forged = honest.clone();
    let mut genesis = WORLD.genesis.clone();
    match script.below(4) {
        0 => forged.version = script.any(),
        1 => FORGED.call(|| forge(&mut forged.written, &mut genesis, script)),
        2 => forged.written = WORLD.disclosed.0.clone(),
        _ => {}
    }
    let answer = verify(&forged);
    if let Ok(other) = &answer {
        let of = |shown: &parclose_audit::VerifiedAsOf| (shown.from(), shown.to(), said(shown.written()));
        assert_eq!(of(other), of(&shown), "another value, or as of other heights");
    }
    assert!(forged != *honest || answer.is_ok(), "an honest value is refused");
    answer.map_err(|invalid| invalid.rule()).into()
}
