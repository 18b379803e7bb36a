//! `Cargo.lock`: known holes, second implementations, and where packages come from.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// Crate, the series that the advice is about (all when empty), the first good version. `cargo audit` and `cargo deny` see
/// none of those that only GHSA lists.
const AT_LEAST: &[(&str, &str, &str)] = &[
    ("yamux", "0.13.", "0.13.10"),
    ("libp2p-gossipsub", "", "0.49.4"),
    ("quinn-proto", "", "0.11.15"),
    ("rand", "0.8.", "0.8.6"),
    ("ctutils", "", "0.4.4"),
    ("crypto-bigint", "0.7.", "0.7.6"),
];

/// Of these our own crates use exactly one version, because two would be two implementations to trust.
const EXACTLY_ONE: &[&str] = &["curve25519-dalek", "chacha20poly1305", "ed25519-dalek", "rocksdb", "borsh"];

/// A second implementation that is used knowingly: the prover of range proofs computes on it, and its border is one module.
const KNOWN_SECOND: (&str, &str) = ("parclose-amounts", "curve25519-dalek 4.1.3");

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// One package of the lock file.
#[derive(Clone, Debug, Deserialize)]
pub struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// The lock file.
#[derive(Clone, Debug, Deserialize)]
pub struct Lock {
    package: Vec<Locked>,
}

type Version = (u64, u64, u64);

/// Numbers of a version; what follows `-` or `+` does not count.
fn version(text: &str) -> Option<Version> {
    let mut numbers = text.split(['-', '+']).next()?.split('.').map(str::parse);
    let version = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    numbers.next().is_none().then_some(version)
}

impl Lock {
    /// Reads the lock file.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Number of packages.
    pub fn len(&self) -> usize {
        self.package.len()
    }

    /// Whether it locks nothing.
    pub fn is_empty(&self) -> bool {
        self.package.is_empty()
    }

    /// SHA-256 of each package's archive, by name and version.
    pub fn checksums(&self) -> BTreeMap<(&str, &str), &str> {
        let sums =
            self.package.iter().map(|p| ((p.name.as_str(), p.version.as_str()), p.checksum.as_deref()));
        sums.filter_map(|(package, sum)| Some((package, sum?))).collect()
    }

    /// Packages that are too old, there in none or several versions, from elsewhere, or without a checksum.
    pub fn complaints(&self) -> Vec<String> {
        let mut wrong = self.too_old();
        wrong.extend(self.not_exactly_one());
        wrong.extend(self.of_other_sources());
        wrong
    }

    fn too_old(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, series, wanted) in AT_LEAST {
            let found = self.package.iter().filter(|p| p.name == *name && p.version.starts_with(series));
            for Locked { version: found, .. } in found {
                if version(found).is_none() || version(found) < version(wanted) {
                    wrong.push(format!("{name} {found} is older than {wanted}"));
                }
            }
        }
        wrong
    }

    fn not_exactly_one(&self) -> Vec<String> {
        let used = self.used_by_ours();
        let mut wrong = Vec::new();
        for name in EXACTLY_ONE {
            let versions: BTreeSet<&&str> =
                used.iter().filter(|entry| entry.split(' ').next() == Some(name)).collect();
            if versions.len() != 1 {
                wrong.push(format!("{name} is used in {} versions: {versions:?}", versions.len()));
            }
        }
        wrong
    }

    /// What our own crates depend on: a name, and its version where the lock file has several.
    fn used_by_ours(&self) -> BTreeSet<&str> {
        let ours = self.package.iter().filter(|package| package.is_ours());
        let of = |package: &'_ Locked, name: &str| {
            (package.name.as_str(), name) != (KNOWN_SECOND.0, KNOWN_SECOND.1)
        };
        ours.flat_map(|p| p.dependencies.iter().map(String::as_str).filter(move |name| of(p, name))).collect()
    }

    fn of_other_sources(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for package in self.package.iter().filter(|package| !package.is_ours()) {
            let Locked { name, version, .. } = package;
            match package.source.as_deref() {
                Some(REGISTRY) if package.checksum.is_some() => {}
                Some(REGISTRY) => wrong.push(format!("{name} {version} has no checksum")),
                source => wrong.push(format!("{name} {version} comes from {}", source.unwrap_or("a folder"))),
            }
        }
        wrong
    }
}

impl Locked {
    fn is_ours(&self) -> bool {
        self.source.is_none() && self.name.starts_with("parclose-")
    }
}

#[cfg(test)]
mod tests;
