//! Recomputes every file in `keys/vectors/key-files/`: made by a Python program that shares no code with
//! the project, from the passphrase to the text of the file.

#![allow(clippy::unwrap_used, reason = "a vector that cannot be read fails its test")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use parclose_crypto::keystore::{SealedKey, Stretched};
use parclose_crypto::{Passphrase, Secret};
use parclose_keys::member::hazmat::expose_member;
use parclose_node::key_file::form::KeyFile;
use parclose_node::key_file::{self, KeyKind};
use parclose_node::{Unlock, key_file::PublicKeyFile};
use parclose_types::hex;
use serde_json::Value;

const KNOWN: &[&str] = &[
    "passphrase",
    "kind",
    "name",
    "secret",
    "memory_kib",
    "passes",
    "lanes",
    "salt",
    "nonce",
    "prk",
    "key",
    "com",
    "public_part",
    "sealed",
    "check",
    "text",
];

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap_or_else(|| panic!("`{name}` is missing"))
}

fn passphrase(vector: &Value) -> Passphrase {
    Passphrase::read(&mut text(vector, "passphrase").as_bytes()).unwrap()
}

/// From the secret to the text, step by step.
fn seal(vector: &Value) {
    let file = KeyFile::parse(text(vector, "text").as_bytes()).unwrap();
    assert_eq!(hex::encode(&file.public.bytes()), text(vector, "public_part"));
    assert_eq!(hex::encode(&file.sealed.encode()), text(vector, "sealed"));
    let header = file.sealed.header();
    let stretched = Stretched::from_passphrase(&passphrase(vector), header).unwrap();
    let bytes = hex::decode(text(vector, "secret")).unwrap();
    let secret = Secret::locked(|secret| secret.copy_from_slice(&bytes));
    let sealed = SealedKey::seal(header.clone(), &stretched, &file.public.bytes(), &secret);
    let again = KeyFile { public: file.public, sealed };
    assert_eq!(again.to_text(), text(vector, "text"));
}

/// From the text to the secret, as a command does it.
fn open(vector: &Value) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k");
    std::fs::write(&path, text(vector, "text")).unwrap();
    let PublicKeyFile { kind, name, public, cost } = key_file::inspect(&path).unwrap();
    assert_eq!(name.as_deref(), vector["name"].as_str());
    let numbers = ["memory_kib", "passes", "lanes"].map(|name| vector[name].as_u64().unwrap());
    assert_eq!([cost.memory_kib, cost.passes, cost.lanes].map(u64::from), numbers);
    let unlock = Unlock::with(passphrase(vector), "the vector");
    match kind {
        KeyKind::Member => {
            let member = key_file::member(&path, &unlock).unwrap();
            assert_eq!(expose_member(&member, |bytes| hex::encode(bytes)), text(vector, "secret"));
            assert_eq!(member.identity().public().to_string(), public);
        }
        KeyKind::Validator => {
            assert_eq!(key_file::validator(&path, &unlock).unwrap().public().to_string(), public);
        }
        KeyKind::Regulator | KeyKind::Node => panic!("there is no vector of this kind"),
    }
}

#[test]
fn every_vector_seals_and_opens() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../keys/vectors/key-files");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let vector: Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let members: BTreeSet<&str> = vector.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, KNOWN.iter().copied().collect());
        seal(&vector);
        open(&vector);
        checked += 1;
    }
    assert!(checked >= 2, "vectors are missing");
}
