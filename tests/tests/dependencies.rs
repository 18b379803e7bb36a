//! Versions in `Cargo.lock` that security advice and interoperability ask for.
//!
//! A crate of the first list is either absent or not older than the version that fixed it; of a crate of
//! the second our own crates use exactly one version, because two would be two implementations to trust.
//! What the network library and the consensus engine bring for their own handshakes is theirs.

use std::collections::BTreeSet;
use std::path::Path;

use toml::Table;

/// Crate, the series that the advice is about (all when empty), the first good version.
const AT_LEAST: &[(&str, &str, &str)] = &[
    ("yamux", "0.13.", "0.13.10"),
    ("libp2p-gossipsub", "", "0.49.4"),
    ("quinn-proto", "", "0.11.15"),
    ("rand", "0.8.", "0.8.6"),
    ("ctutils", "", "0.4.4"),
    ("crypto-bigint", "0.7.", "0.7.6"),
];

const EXACTLY_ONE: &[&str] = &["curve25519-dalek", "chacha20poly1305", "ed25519-dalek", "rocksdb", "borsh"];

/// A second implementation that is used knowingly: the prover of range proofs computes on it, and its border is one module.
const KNOWN_SECOND: (&str, &str) = ("parclose-amounts", "curve25519-dalek 4.1.3");

type Version = (u64, u64, u64);

/// Numbers of a version; what follows `-` or `+` does not count.
fn version(text: &str) -> Option<Version> {
    let mut numbers = text.split(['-', '+']).next()?.split('.').map(str::parse);
    let version = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    numbers.next().is_none().then_some(version)
}

fn packages(lock: &str) -> Vec<(String, String)> {
    let lock: Table = lock.parse().expect("Cargo.lock is TOML");
    let packages = lock["package"].as_array().expect("Cargo.lock lists packages");
    let text = |package: &toml::Value, name: &str| {
        package[name].as_str().expect("name and version are texts").to_owned()
    };
    packages.iter().map(|package| (text(package, "name"), text(package, "version"))).collect()
}

/// Packages that are too old, or there in none or several versions.
fn complaints(lock: &str) -> Vec<String> {
    let packages = packages(lock);
    let mut wrong = Vec::new();
    for (name, series, wanted) in AT_LEAST {
        for (_, found) in packages.iter().filter(|(n, found)| n == name && found.starts_with(series)) {
            if version(found).is_none() || version(found) < version(wanted) {
                wrong.push(format!("{name} {found} is older than {wanted}"));
            }
        }
    }
    let used = used_by_ours(lock);
    for name in EXACTLY_ONE {
        let versions: BTreeSet<&String> =
            used.iter().filter(|entry| entry.split(' ').next() == Some(name)).collect();
        if versions.len() != 1 {
            wrong.push(format!("{name} is used in {} versions: {versions:?}", versions.len()));
        }
    }
    wrong
}

/// What our own crates depend on: a name, and its version where the lock file has several.
fn used_by_ours(lock: &str) -> BTreeSet<String> {
    let lock: Table = lock.parse().expect("Cargo.lock is TOML");
    let packages = lock["package"].as_array().expect("Cargo.lock lists packages").clone();
    let ours = packages.iter().filter(|p| p["name"].as_str().is_some_and(|n| n.starts_with("parclose-")));
    let of = |package: &toml::Value| -> Vec<String> {
        let list = package.get("dependencies").and_then(toml::Value::as_array);
        let names = list.into_iter().flatten().filter_map(toml::Value::as_str);
        let known = |name: &&str| (package["name"].as_str(), *name) != (Some(KNOWN_SECOND.0), KNOWN_SECOND.1);
        names.filter(known).map(str::to_owned).collect()
    };
    ours.flat_map(of).collect()
}

fn lock() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    std::fs::read_to_string(path).expect("Cargo.lock is in the repository")
}

#[test]
fn the_lock_file_has_no_version_with_known_holes_and_one_of_each_implementation() {
    assert_eq!(complaints(&lock()), Vec::<String>::new());
}

#[test]
fn an_old_version_a_second_one_and_a_missing_one_are_noticed() {
    for (name, found) in [
        ("yamux", "0.13.9"),
        ("libp2p-gossipsub", "0.49.3"),
        ("quinn-proto", "0.11.9"),
        ("rand", "0.8.5"),
        ("ctutils", "0.4.3"),
        ("crypto-bigint", "0.7.0-rc.1"),
    ] {
        let planted = format!("{}\n[[package]]\nname = \"{name}\"\nversion = \"{found}\"\n", lock());
        assert_eq!(complaints(&planted).len(), 1, "{name} {found} must not pass");
    }
    let second =
        "[[package]]\nname = \"parclose-other\"\nversion = \"0.1.0\"\ndependencies = [\"borsh 0.10.4\"]\n";
    assert_eq!(complaints(&format!("{}\n{second}", lock())).len(), 1, "a second borsh of ours must not pass");
    let elsewhere = second.replace("borsh 0.10.4", KNOWN_SECOND.1);
    assert_eq!(
        complaints(&format!("{}\n{elsewhere}", lock())).len(),
        1,
        "the prover's curve is for one crate"
    );
    let newer = format!("{}\n[[package]]\nname = \"yamux\"\nversion = \"0.13.10\"\n", lock());
    assert_eq!(complaints(&newer), Vec::<String>::new());
    assert_eq!(complaints("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n").len(), EXACTLY_ONE.len());
}

#[test]
fn versions_compare_as_numbers() {
    assert!(version("0.13.10") > version("0.13.9"));
    assert_eq!(version("0.11.0-rc.2+b"), Some((0, 11, 0)));
    assert_eq!(version("1.0"), None);
}
