//! Packages as Cargo resolves them for this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// Why the packages of a checkout cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// a program did not run or did not succeed
    #[error("`{program}` did not succeed: {says}")]
    Program {
        /// its name
        program: &'static str,
        /// the end of what it printed
        says: String,
    },
    /// packages are not on this machine, and cannot be had from elsewhere
    #[error("`{program}` cannot have the packages here: {says}")]
    Away {
        /// its name
        program: &'static str,
        /// the end of what it printed
        says: String,
    },
    /// its answer is not what is documented
    #[error("the answer of `{program}` has another form: {says}")]
    Form {
        /// its name
        program: &'static str,
        /// what was met
        says: String,
    },
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// name
    pub name: String,
    /// version
    pub version: String,
    /// the SPDX expression of its manifest
    pub license: Option<String>,
    /// where it comes from; none for what lies in a folder
    pub source: Option<String>,
    /// it has a build script, which runs when it is built
    pub has_build_script: bool,
    /// it is a procedural macro, which runs when what uses it is built
    pub is_proc_macro: bool,
}

/// All packages that a build of the workspace takes, and who asks for whom.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// packages by Cargo's id
    pub packages: BTreeMap<String, Package>,
    /// what goes into a program or runs while it is built, by id; dependencies of tests are not among it
    pub needs: BTreeMap<String, BTreeSet<String>>,
    /// ids of the workspace's own packages
    pub own: BTreeSet<String>,
}

impl Tree {
    /// Asks Cargo about the workspace in `folder`, as locked, for the machine that runs this.
    pub fn read(folder: &Path) -> Result<Self, Unreadable> {
        let host = host()?;
        let cargo = "cargo metadata";
        let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", &host];
        let told = answer(Command::new("cargo").args(arguments).current_dir(folder), cargo)?;
        let mut tree = Self::parse(&told)
            .map_err(|error| Unreadable::Form { program: cargo, says: error.to_string() })?;
        // What it tells contains what only features ask for that nobody turns on; what is built is told by another command.
        let arguments =
            ["tree", "--locked", "--workspace", "--edges", "all", "--prefix", "none", "--format", "{p}"];
        tree.keep(&answer(Command::new("cargo").args(arguments).current_dir(folder), "cargo tree")?);
        Ok(tree)
    }

    /// Keeps the packages that stand in lines `name vVERSION …`.
    fn keep(&mut self, lines: &str) {
        let pair = |line: &str| {
            let mut words = line.split(' ');
            Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
        };
        let built: BTreeSet<(String, String)> = lines.lines().filter_map(pair).collect();
        self.packages.retain(|_, package| built.contains(&(package.name.clone(), package.version.clone())));
        let packages = &self.packages;
        self.needs.retain(|id, _| packages.contains_key(id));
        self.needs.values_mut().for_each(|needs| needs.retain(|id| packages.contains_key(id)));
    }

    /// The tree in an answer of `cargo metadata`, format version 1.
    pub fn parse(answer: &str) -> serde_json::Result<Self> {
        let answer: Metadata = serde_json::from_str(answer)?;
        let packages = answer.packages.into_iter().map(|package| (package.id.clone(), package.into()));
        let nodes = answer.resolve.map(|resolve| resolve.nodes).unwrap_or_default();
        Ok(Self {
            packages: packages.collect(),
            needs: nodes.into_iter().map(|node| (node.id.clone(), node.needs())).collect(),
            own: answer.workspace_members.into_iter().collect(),
        })
    }

    /// What is in this tree and not in the other, in this version.
    #[must_use]
    pub fn beyond(mut self, other: &Self) -> Self {
        let known: BTreeSet<_> = other.packages.values().map(|p| (&p.name, &p.version)).collect();
        self.packages.retain(|_, package| !known.contains(&(&package.name, &package.version)));
        self
    }

    /// Packages that come from elsewhere.
    pub fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|(id, _)| !self.own.contains(*id)).map(|(_, package)| package)
    }

    /// Ids of all that the package of this name needs, with itself.
    pub fn reach(&self, name: &str) -> BTreeSet<&str> {
        let root = self.packages.iter().filter(|(id, p)| p.name == name && self.own.contains(*id));
        let mut open: Vec<&str> = root.map(|(id, _)| id.as_str()).collect();
        let mut reached = BTreeSet::new();
        while let Some(id) = open.pop() {
            if reached.insert(id) {
                open.extend(self.needs.get(id).into_iter().flatten().map(String::as_str));
            }
        }
        reached
    }
}

/// The triple of the machine that runs this.
fn host() -> Result<String, Unreadable> {
    let answer = answer(Command::new("rustc").arg("-vV"), "rustc")?;
    let host = answer.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Unreadable::Form { program: "rustc", says: "no line `host:`".into() })
}

fn answer(command: &mut Command, program: &'static str) -> Result<String, Unreadable> {
    let failed = |says: String| Unreadable::Program { program, says };
    let output = command.output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return String::from_utf8(output.stdout).map_err(|error| failed(error.to_string()));
    }
    let all = String::from_utf8_lossy(&output.stderr);
    let says = all.lines().last().unwrap_or_default().trim().to_owned();
    Err(if is_of_network(&all) { Unreadable::Away { program, says } } else { failed(says) })
}

/// Whether Cargo says that it could not load what it does not have.
fn is_of_network(says: &str) -> bool {
    ["failed to download", "download of", "offline mode (--offline)", "--offline was specified"]
        .iter()
        .any(|text| says.contains(text))
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Listed>,
    workspace_members: Vec<String>,
    resolve: Option<Resolve>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Node {
    fn needs(self) -> BTreeSet<String> {
        let is_needed = |edge: &Edge| edge.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"));
        self.deps.into_iter().filter(is_needed).map(|edge| edge.pkg).collect()
    }
}

impl From<Listed> for Package {
    fn from(listed: Listed) -> Self {
        let is = |kind: &str| listed.targets.iter().any(|target| target.kind.iter().any(|k| k == kind));
        Self {
            has_build_script: is("custom-build"),
            is_proc_macro: is("proc-macro"),
            name: listed.name,
            version: listed.version,
            license: listed.license,
            source: listed.source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_loaded_is_told_from_what_does_not_hold() {
        for text in [
            "error: failed to get `a`\n\nCaused by:\n  download of config.json failed",
            "error: no matching package named `a` found\nAs a reminder, you're using offline mode (--offline) which",
            "error: failed to download `a v1.0.0`\n\nCaused by:\n  attempting to make an HTTP request, but --offline was specified",
        ] {
            assert!(is_of_network(text), "{text}");
        }
        for text in [
            "error: cannot update the lock file /a/Cargo.lock because --locked was passed to prevent this",
            "error: failed to parse manifest at `/a/Cargo.toml`",
        ] {
            assert!(!is_of_network(text), "{text}");
        }
    }

    #[test]
    fn beyond_another_tree_is_what_that_does_not_have_in_this_version() {
        let tree = |packages: &[(&str, &str)]| {
            let package = |(name, version): &(&str, &str)| {
                let package = Package {
                    name: (*name).into(),
                    version: (*version).into(),
                    license: None,
                    source: None,
                    has_build_script: false,
                    is_proc_macro: false,
                };
                (format!("{name} {version}"), package)
            };
            Tree { packages: packages.iter().map(package).collect(), ..Tree::default() }
        };
        let beyond = tree(&[("a", "1.0.0"), ("b", "1.0.0"), ("c", "1.0.0")])
            .beyond(&tree(&[("a", "1.0.0"), ("b", "2.0.0")]));
        assert_eq!(beyond.packages.keys().collect::<Vec<_>>(), ["b 1.0.0", "c 1.0.0"]);
    }
}
