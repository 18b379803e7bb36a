//! Recomputes every file in `keys/vectors/`: drop one in and it is checked.
//!
//! One JSON object a file, with the inputs and every derived value. A key that is not known here is
//! an error, so that a file cannot claim what nobody computes.

#![allow(clippy::unwrap_used, reason = "a vector that cannot be read fails its test")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use parclose_keys::audience::hazmat::audience_from_bytes;
use parclose_keys::cover::canonical;
use parclose_keys::field::salt_digest;
use parclose_keys::{FieldKey, FieldPlace, field_leaf};
use parclose_types::{AudienceId, ChannelId, ClassId, Epoch, FieldId, Generation, hex, labels};
use serde_json::{Value, json};

const KNOWN: &[&str] = &[
    "R",
    "channel",
    "generation",
    "audience",
    "class",
    "epoch",
    "salt",
    "field_id",
    "record_key",
    "plaintext",
    "root_kcv",
    "class_seed",
    "leaf",
    "leaf_kcv",
    "record_key_hash",
    "field_key",
    "key",
    "nonce",
    "com",
    "ciphertext",
    "field_leaf",
    "asset_id",
    "amount",
    "blind64",
    "cover_of",
    "cover",
];

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap_or_else(|| panic!("`{name}` is missing"))
}

fn bytes32(vector: &Value, name: &str) -> [u8; 32] {
    hex::decode_array(text(vector, name)).unwrap()
}

fn number(vector: &Value, name: &str) -> u64 {
    vector[name].as_u64().unwrap_or_else(|| panic!("`{name}` is missing"))
}

/// Computes every derived value of a vector from its inputs.
fn recompute(vector: &Value) -> Value {
    let channel = ChannelId(bytes32(vector, "channel"));
    let generation = Generation(number(vector, "generation"));
    let audience = AudienceId(bytes32(vector, "audience"));
    let class = ClassId(number(vector, "class").try_into().unwrap());
    let epoch = Epoch(number(vector, "epoch").try_into().unwrap());
    let field = FieldId(number(vector, "field_id").try_into().unwrap());
    let salt = bytes32(vector, "salt");
    let plaintext = hex::decode(text(vector, "plaintext")).unwrap();

    let parts: Vec<&[u8]> =
        vector["record_key"].as_array().unwrap().iter().map(|p| p.as_str().unwrap().as_bytes()).collect();
    let record_key = parclose_crypto::hash(labels::RECORD_KEY, &parts);

    let secret = audience_from_bytes(bytes32(vector, "R"));
    let seed = secret.class(&channel, generation, &audience, class);
    let leaf = seed.leaf(epoch);
    let place = FieldPlace {
        channel,
        generation,
        epoch,
        audience,
        class,
        record_key,
        field,
        salt_digest: salt_digest(&salt),
    };
    let context = place.context();
    let field_key = FieldKey::derive(&leaf, &salt, &context);
    let field_key_bytes = field_key.expose(|b| *b);
    let (key, nonce, com) = field_key.seal_keys(&context).expose(|k, n, c| (*k, *n, *c));
    let sealed = field_key.seal(&context, &plaintext);
    assert_eq!(sealed.commitment, com);

    let asset = bytes32(vector, "asset_id");
    let amount = number(vector, "amount");
    let blind = parclose_crypto::kdf::<64>(&field_key_bytes, labels::BLIND, &[&asset, &amount.to_le_bytes()]);
    let interval = |i: usize| Epoch(vector["cover_of"][i].as_u64().unwrap().try_into().unwrap());
    let cover: Vec<Value> =
        canonical(interval(0), interval(1)).iter().map(|n| json!([n.depth, n.prefix])).collect();

    json!({
        "root_kcv": hex::encode(&secret.check_value(&channel, generation, &audience)),
        "class_seed": hex::encode(&seed.expose(|b| *b)),
        "leaf": hex::encode(&leaf.expose(|b| *b)),
        "leaf_kcv": hex::encode(&leaf.check_value(epoch)),
        "record_key_hash": hex::encode(&record_key),
        "field_key": hex::encode(&field_key_bytes),
        "key": hex::encode(&key),
        "nonce": hex::encode(&nonce),
        "com": hex::encode(&com),
        "ciphertext": hex::encode(&sealed.ciphertext),
        "field_leaf": hex::encode(&field_leaf(field, &sealed)),
        "blind64": hex::encode(blind.as_slice()),
        "cover": cover,
    })
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../keys/vectors")
}

#[test]
fn key_05_every_vector_file_is_recomputed() {
    let mut checked = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let vector: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let names: BTreeSet<&str> = vector.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, KNOWN.iter().copied().collect(), "{}", path.display());
        for (name, value) in recompute(&vector).as_object().unwrap() {
            assert_eq!(&vector[name], value, "`{name}` of {}", path.display());
        }
        checked += 1;
    }
    assert!(checked >= 6, "vectors are missing");
}

#[test]
fn key_05_a_changed_input_changes_every_value_below_it() {
    let path = folder().join("001-design.json");
    let vector: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let base = recompute(&vector);
    let with = |name: &str, value: Value| {
        let mut changed = vector.clone();
        changed[name] = value;
        recompute(&changed)
    };
    let zero = json!("00".repeat(32));
    for (name, value) in [
        ("R", zero.clone()),
        ("channel", zero.clone()),
        ("audience", zero.clone()),
        ("salt", zero),
        ("generation", json!(8)),
        ("class", json!(4)),
        ("epoch", json!(123_457)),
        ("field_id", json!(12)),
        ("record_key", json!(["invoice", "INV-2"])),
    ] {
        let other = with(name, value);
        for derived in ["field_key", "key", "nonce", "com", "ciphertext", "field_leaf", "blind64"] {
            assert_ne!(base[derived], other[derived], "`{name}` does not reach `{derived}`");
        }
    }
    assert_ne!(base["blind64"], with("amount", json!(1001))["blind64"]);
}
