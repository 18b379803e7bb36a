//! Faults of view keys on their way.

use parclose_audit::{Grant, WrappedViewKey};
use parclose_crypto::wrap::wrap;
use parclose_keys::ViewKey;
use parclose_keys::audience::wrap_info;
use parclose_types::{AudienceId, ChannelId, ClassId, Digest, Epoch, Generation, SignatureBytes};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::root::NOBODY;
use super::wire::form;
use super::{Vector, replaced};
use crate::world::WORLD;

pub(super) fn vectors() -> Vec<Vector> {
    [wrapped(), files()].concat()
}

/// A grant that both readers sign as it is.
fn signed(change: impl Fn(&mut Grant)) -> Grant {
    let mut grant = WORLD.wrapped.grant.clone();
    change(&mut grant);
    let bytes = grant.terms.signing_bytes();
    let sign = |reader| {
        let key = WORLD.pseudonyms.iter().find(|key| key.public() == reader);
        key.map_or(SignatureBytes([0; 64]), |key| key.sign(&bytes))
    };
    let (issuer, second) = (sign(grant.terms.issuer), sign(grant.terms.second_reader));
    Grant { issuer_signature: issuer, second_signature: second, ..grant }
}

/// A view key wrapped to the regulator under a grant, whether they belong together or not.
fn sealed(grant: Grant, view_key: &[u8]) -> WrappedViewKey {
    let (scope, recipient) = (grant.terms.scope, WORLD.regulator.public());
    let info = wrap_info("grant", &scope.channel, scope.generation, &scope.audience, recipient);
    let mut rng = ChaCha20Rng::from_seed([0xF8; 32]);
    let wrap = wrap(recipient, &info, &grant.terms.signing_bytes(), view_key, &mut rng);
    WrappedViewKey { grant, wrap: wrap.expect("it is a key") }
}

fn view_key() -> ViewKey {
    ViewKey::from_bytes(&WORLD.view_key).expect("it was granted")
}

fn wrapped() -> Vec<Vector> {
    let good = WORLD.wrapped.encode();
    let mut vectors = form("wrapped_view_key", &good, 16 << 10);
    let with =
        |rule, fault, bad: WrappedViewKey| Vector::new("wrapped_view_key", rule, fault, &good, bad.encode());
    let granted = |rule, fault, change: &dyn Fn(&mut Grant)| {
        with(rule, fault, WrappedViewKey { grant: signed(change), ..WORLD.wrapped.clone() })
    };
    let unsigned = |rule, fault, change: &dyn Fn(&mut WrappedViewKey)| {
        let mut wrapped = WORLD.wrapped.clone();
        change(&mut wrapped);
        with(rule, fault, wrapped)
    };
    vectors.extend([
        granted("GRA-03", "of another channel", &|grant| grant.terms.scope.channel = ChannelId([1; 32])),
        granted("GRA-03", "of another generation", &|grant| grant.terms.scope.generation = Generation(1)),
        granted("GRA-03", "of another audience", &|grant| grant.terms.scope.audience = AudienceId([1; 32])),
        granted("GRA-04", "one reader is both", &|grant| grant.terms.second_reader = grant.terms.issuer),
        granted("GRA-04", "a reader who is no member", &|grant| grant.terms.second_reader = NOBODY),
        unsigned("GRA-05", "a bit of the issuer's signature", &|wrapped| {
            wrapped.grant.issuer_signature.0[0] ^= 1
        }),
        unsigned("GRA-05", "a bit of the second reader's signature", &|wrapped| {
            wrapped.grant.second_signature.0[0] ^= 1;
        }),
        unsigned("GRA-05", "an epoch more than was signed", &|wrapped| {
            wrapped.grant.terms.scope.to = Epoch(10)
        }),
        unsigned("GRA-05", "another class than was signed", &|wrapped| {
            wrapped.grant.terms.scope.class = ClassId(1)
        }),
        granted("GRA-06", "granted to somebody else", &|grant| grant.terms.grantee = Digest([1; 32])),
        unsigned("GRA-07", "a bit of the wrap", &|wrapped| wrapped.wrap[7] ^= 1),
        unsigned("GRA-07", "no wrap", &|wrapped| wrapped.wrap.clear()),
        granted("GRA-07", "a wrap that was made for other terms", &|grant| {
            grant.terms.scope.class = ClassId(1)
        }),
        with("GRA-08", "a view key of another class, wrapped for these terms", {
            let key = ViewKey { class: ClassId(1), ..view_key() };
            sealed(WORLD.wrapped.grant.clone(), &key.to_bytes())
        }),
        with("GRA-08", "a view key of another channel, wrapped for these terms", {
            let key = ViewKey { channel: ChannelId([1; 32]), ..view_key() };
            sealed(WORLD.wrapped.grant.clone(), &key.to_bytes())
        }),
        with("GRA-09", "a seed that gives another check value", {
            let mut bytes = WORLD.view_key.clone();
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
            sealed(WORLD.wrapped.grant.clone(), &bytes)
        }),
        with("GRA-09", "a check value of nothing", {
            let grant = signed(|grant| grant.terms.check_values[0] = [1; 32]);
            sealed(grant, &WORLD.view_key)
        }),
        with("KEY-11", "what is no view key, wrapped for these terms", {
            sealed(WORLD.wrapped.grant.clone(), b"no view key")
        }),
    ]);
    vectors
}

fn files() -> Vec<Vector> {
    let good = WORLD.wrapped.to_json();
    let with = |rule, fault, bad| Vector::new("view_key_json", rule, fault, good.as_bytes(), bad);
    let mut long = good.clone().into_bytes();
    long.resize((32 << 10) + 4097, b' ');
    vec![
        with("GRA-10", "another schema", replaced(&good, "parclose.viewkey/1", "parclose.viewkey/2")),
        with("GRA-10", "a member more", replaced(&good, "{", "{ \"more\": 1,")),
        with("GRA-10", "a member twice", replaced(&good, "\"to\": 9", "\"to\": 9, \"to\": 9")),
        with("GRA-10", "a member less", replaced(&good, "  \"to\": 9,\n", "")),
        with("GRA-10", "a member of another kind", replaced(&good, "\"to\": 9", "\"to\": \"9\"")),
        with("GRA-10", "half a digit", replaced(&good, "\"bytes\": \"", "\"bytes\": \"a")),
        with("GRA-10", "digits in upper case", replaced(&good, "\"bytes\": \"", "\"bytes\": \"AA")),
        with("GRA-10", "over its limit", long),
        with("GRA-11", "it says another epoch than its bytes", replaced(&good, "\"to\": 9", "\"to\": 10")),
        with(
            "GRA-11",
            "it says another class than its bytes",
            replaced(&good, "\"class\": 2", "\"class\": 1"),
        ),
        with("WIR-02", "a byte follows its bytes", replaced(&good, "\"\n}", "00\"\n}")),
    ]
}
