//! Packages that may run code while somebody builds.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::tree::{Package, Tree};

/// Names with the versions that were looked at.
type Versions = BTreeMap<String, Vec<String>>;

/// A list as `crates/supply/allowed.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// packages whose build scripts may run
    pub build_scripts: Versions,
    /// procedural macros that may run
    pub proc_macros: Versions,
}

impl Allowed {
    /// Reads the list.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The list that lets this tree build, as text: for whoever has looked at what is new in it.
    pub fn of(tree: &Tree) -> String {
        let mut text = String::from(HEAD);
        for (title, runs) in KINDS {
            text.push_str(&format!("\n[{title}]\n"));
            for (name, versions) in running(tree, *runs) {
                text.push_str(&format!("{name} = {versions:?}\n"));
            }
        }
        text
    }

    /// What would run and is not allowed to, and what is allowed and is there no more.
    pub fn complaints(&self, tree: &Tree) -> Vec<String> {
        let mut wrong = Vec::new();
        for ((title, runs), allowed) in KINDS.iter().zip([&self.build_scripts, &self.proc_macros]) {
            let found = running(tree, *runs);
            wrong.extend(missing(&found, allowed).map(|one| format!("{one} is not in the list {title}")));
            wrong.extend(
                missing(allowed, &found).map(|one| format!("{one} is in the list {title} for nothing")),
            );
        }
        wrong
    }
}

const HEAD: &str = "# What may run code on the machine of everybody who builds. An update changes a line here: look at what its build script
# or macro does, then write the list with `PARCLOSE_APPROVE=1 cargo test --locked --profile house -p parclose-supply`.
";

/// Which packages run, of one kind.
type Runs = fn(&Package) -> bool;

const KINDS: &[(&str, Runs)] = &[
    ("build_scripts", |package| package.has_build_script),
    ("proc_macros", |package| package.is_proc_macro),
];

fn running(tree: &Tree, runs: Runs) -> Versions {
    let mut found = Versions::new();
    // Those of the workspace too: a crate in a folder of it is a member of it, whoever put it there.
    for package in tree.packages.values().filter(|package| runs(package)) {
        found.entry(package.name.clone()).or_default().push(package.version.clone());
    }
    for versions in found.values_mut() {
        versions.sort();
    }
    found
}

fn missing<'a>(those: &'a Versions, of: &'a Versions) -> impl Iterator<Item = String> {
    let pairs = those.iter().flat_map(|(name, versions)| versions.iter().map(move |version| (name, version)));
    let is_missing =
        |(name, version): &(&String, &String)| !of.get(*name).is_some_and(|known| known.contains(version));
    pairs.filter(is_missing).map(|(name, version)| format!("{name} {version}"))
}
