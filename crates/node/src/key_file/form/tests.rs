use std::sync::LazyLock;

use parclose_crypto::keystore::{Cost, Header, Stretched};
use parclose_crypto::{Passphrase, Secret};
use parclose_types::Failure;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;

use super::*;

static EXAMPLE: LazyLock<KeyFile> = LazyLock::new(|| {
    let header = Header::fresh(Cost::FLOOR, &mut ChaCha20Rng::from_seed([1; 32])).unwrap();
    let passphrase = Passphrase::read(&mut &b"correct horse"[..]).unwrap();
    let stretched = Stretched::from_passphrase(&passphrase, &header).unwrap();
    let public = PublicPart { kind: KeyKind::Member, name: Some("bank-1".into()), public: vec![7; 32] };
    let secret = Secret::locked(|bytes| bytes.fill(9));
    let sealed = SealedKey::seal(header, &stretched, &public.bytes(), &secret);
    KeyFile { public, sealed }
});

fn rule(bytes: &[u8]) -> &'static str {
    let parsed = KeyFile::parse(bytes);
    parsed.map_or_else(|cause| cause.of(std::path::Path::new("x")).rule(), |_| "none")
}

/// The example's text with a replaced part, and a check value that fits again.
fn rewritten(change: impl FnOnce(&mut KeyFile)) -> String {
    let mut file = EXAMPLE.clone();
    change(&mut file);
    file.to_text()
}

#[test]
fn a_key_file_is_read_back_as_it_was_written() {
    let text = EXAMPLE.to_text();
    assert_eq!(KeyFile::parse(text.as_bytes()).unwrap(), *EXAMPLE);
    let nameless = rewritten(|file| file.public.name = None);
    assert_eq!(KeyFile::parse(nameless.as_bytes()).unwrap().public.name, None);
    let largest = rewritten(|file| {
        file.public = PublicPart {
            kind: KeyKind::Regulator,
            name: Some("\"".repeat(NAME_BYTES_MAX)),
            public: vec![1; PUBLIC_KEY_BYTES],
        };
    });
    assert_eq!(rule(largest.as_bytes()), "none");
    assert!(largest.len() <= KEY_FILE_BYTES_MAX, "{}", largest.len());
}

#[test]
fn kef_02_another_shape_is_no_key_file() {
    let text = EXAMPLE.to_text();
    for changed in [
        text.replace("parclose.key/2", "parclose.key/3"),
        text.replace("\"schema\"", "\"scheme\""),
        format!("[{text}]"),
        String::new(),
        "0".repeat(5000),
        format!("{}{text}", " ".repeat(KEY_FILE_BYTES_MAX)),
    ] {
        assert_eq!(rule(changed.as_bytes()), "KEF-02", "{changed}");
    }
}

#[test]
fn kef_06_every_changed_byte_is_noticed() {
    let text = EXAMPLE.to_text().into_bytes();
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut changed = text.clone();
            changed[at] ^= 1 << bit;
            assert!(
                ["KEF-06", "KEF-02"].contains(&rule(&changed)),
                "byte {at} bit {bit}: {}",
                rule(&changed)
            );
        }
    }
}

#[test]
fn kef_06_every_cut_is_noticed() {
    let text = EXAMPLE.to_text();
    let begin = text.find("key/2\"").unwrap() + 6;
    for cut in 0..text.len() {
        let expected = if cut < begin { "KEF-02" } else { "KEF-06" };
        assert_eq!(rule(&text.as_bytes()[..cut]), expected, "{cut} bytes");
    }
}

#[test]
fn kef_06_a_key_file_has_one_text() {
    let text = EXAMPLE.to_text();
    let value: Value = serde_json::from_str(&text).unwrap();
    let sealed = value["sealed"].as_str().unwrap();
    let nameless = rewritten(|file| file.public.name = None);
    for (what, changed) in [
        ("compact", value.to_string()),
        ("no line feed at the end", text.trim_end().to_owned()),
        ("two line feeds", format!("{text}\n")),
        ("much more", format!("{text}{}", " ".repeat(KEY_FILE_BYTES_MAX))),
        ("a space before", format!(" {text}")),
        ("upper case", text.replace(sealed, &sealed.to_uppercase())),
        ("an escape", text.replace("bank-1", "b\\u0061nk-1")),
        ("one more member", text.replacen("{\n", "{\n  \"more\": 1,\n", 1)),
        ("a doubled member", text.replacen("  \"kind\"", "  \"kind\": \"member\",\n  \"kind\"", 1)),
        ("a name that is null", nameless.replacen("\"public\"", "\"name\": null,\n  \"public\"", 1)),
        ("an unknown kind", text.replace("\"member\"", "\"notary\"")),
        ("a missing member", text.replace("  \"kind\": \"member\",\n", "")),
        ("two members exchanged", {
            let kind = "  \"kind\": \"member\",\n";
            text.replace(kind, "").replacen("  \"public\"", &format!("{kind}  \"public\""), 1)
        }),
    ] {
        assert_ne!(changed, text, "{what}");
        assert_eq!(rule(changed.as_bytes()), "KEF-06", "{what}");
    }
}

#[test]
fn kef_06_the_public_part_has_its_form() {
    for (what, text) in [
        ("a short key", rewritten(|file| file.public.public = vec![7; 31])),
        ("a key of another kind", rewritten(|file| file.public.public = vec![7; PUBLIC_KEY_BYTES])),
        ("another kind", rewritten(|file| file.public.kind = KeyKind::Regulator)),
        ("an empty name", rewritten(|file| file.public.name = Some(String::new()))),
        ("a long name", rewritten(|file| file.public.name = Some("n".repeat(NAME_BYTES_MAX + 1)))),
        ("a name that moves the cursor", rewritten(|file| file.public.name = Some("a\u{1b}[2J".into()))),
    ] {
        assert_eq!(rule(text.as_bytes()), "KEF-06", "{what}");
    }
}

/// A text whose check value fits bytes that no sealing made.
fn with_sealed(sealed: &[u8]) -> String {
    let check = hash(labels::KEY_FILE, &[&EXAMPLE.public.bytes(), sealed]);
    let text = Text {
        schema: SCHEMA.into(),
        kind: KeyKind::Member,
        name: EXAMPLE.public.name.clone(),
        public: hex::encode(&EXAMPLE.public.public),
        sealed: hex::encode(sealed),
        check: hex::encode(&check),
    };
    format!("{}\n", serde_json::to_string_pretty(&text).unwrap())
}

#[test]
fn kst_01_a_hostile_cost_is_refused_while_reading() {
    let sealed = EXAMPLE.sealed.encode();
    assert_eq!(rule(with_sealed(&sealed).as_bytes()), "none");
    for (at, number) in [(5, 1 << 30), (5, 1024), (9, u32::MAX), (9, 1), (13, 0), (13, 1 << 20)] {
        let mut hostile = sealed.clone();
        hostile[at..at + 4].copy_from_slice(&u32::to_be_bytes(number));
        assert_eq!(rule(with_sealed(&hostile).as_bytes()), "KST-01", "{number} at {at}");
    }
}

#[test]
fn kst_05_another_version_is_refused_while_reading() {
    let sealed = EXAMPLE.sealed.encode();
    for changed in
        [&[b"PCLK\x02", &sealed[5..]].concat(), &sealed[..152].to_vec(), &[sealed, vec![0]].concat()]
    {
        assert_eq!(rule(with_sealed(changed).as_bytes()), "KST-05");
    }
}
